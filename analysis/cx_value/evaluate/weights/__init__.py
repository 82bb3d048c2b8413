"""Weights of indicators: from experts, from the data, from the model, and combined."""
