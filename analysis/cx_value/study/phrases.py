"""Small turns of phrase that the messages of this package share."""

from __future__ import annotations


def count_noun(count: int, singular: str, plural: str | None = None) -> str:
    """Write a count with its noun.

    >>> count_noun(1, "item"), count_noun(3, "item")
    ('1 item', '3 items')
    """
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"
