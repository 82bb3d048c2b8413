"""Results as printed tables, declared in ``report/tables/*.yml``: one source for three formats."""
