"""Chapters bound to the results store."""
