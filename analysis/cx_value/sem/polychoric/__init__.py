"""Polychoric correlations and their covariance."""
