"""What was found: the fit, its inference, residuals, modification indices, factor scores."""
