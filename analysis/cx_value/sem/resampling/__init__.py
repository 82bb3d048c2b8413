"""Bootstrap and Monte Carlo intervals."""
