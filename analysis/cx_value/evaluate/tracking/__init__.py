"""Waves: what has changed, by control limits, change points and a decomposition."""
