"""Data files as they come, one reader a kind: each returns a :class:`~.raw.RawTable`."""
