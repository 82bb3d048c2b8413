"""Several groups: invariance, paths compared, nested models."""
