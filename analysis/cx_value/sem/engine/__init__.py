"""How a model is fitted: moments, likelihood, starts, search, robust errors, fit indices."""
