"""CX Value Report: from a study file to a publishable evaluation report."""

__version__ = "0.1.0"
