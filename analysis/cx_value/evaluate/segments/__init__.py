"""Segments: who belongs together, what they are worth, and what follows for each."""
