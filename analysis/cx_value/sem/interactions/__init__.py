"""Latent interactions and simple slopes."""
