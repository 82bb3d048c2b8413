"""How often customers buy and whether they still are customers."""
