"""Least squares on thresholds and polychoric correlations."""
