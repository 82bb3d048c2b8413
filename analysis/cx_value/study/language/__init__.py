"""The model language, read once and alike for everybody."""
