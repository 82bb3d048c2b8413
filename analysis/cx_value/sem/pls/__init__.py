"""Partial least squares path modelling."""
