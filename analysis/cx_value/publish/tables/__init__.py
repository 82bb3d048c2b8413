"""Tables for three formats."""
