"""Reading the project's own YAML: declarations of tables, terms, samples."""

from __future__ import annotations

from typing import Any


def read_yaml(text: str) -> Any:
    """Return what a YAML text holds, by the fast parser where PyYAML was built with it.

    >>> read_yaml("a: [1, 2]")
    {'a': [1, 2]}
    """
    import yaml

    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
