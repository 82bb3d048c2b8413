"""Customer numbers of two sources, written alike: 12000 and 12000.0, １２ and 12, 00042 and 42."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_NARROW = str.maketrans("０１２３４５６７８９", "0123456789")


def plain_ids(ids: pd.Series) -> pd.Series:
    """Return customer numbers as text: no blanks around, half-width digits, no decimals of a whole.

    The purchase log is read by the same rule (``plain_id`` of ``value.log.cleaning``).

    >>> import pandas as pd
    >>> plain_ids(pd.Series([12000.0, " １２ ", "A-7", "3.50"])).tolist()
    ['12000', '12', 'A-7', '3.50']
    """
    text = ids.astype(object).map(str).str.strip().str.translate(_NARROW)
    return text.str.replace(r"^([0-9]+)\.0+$", r"\1", regex=True)


def differ_in_zeros(one: pd.Series, other: pd.Series) -> bool:
    """Return whether 00042 and 42 may be one customer: some numbers lead with 0, of many lengths.

    >>> import pandas as pd
    >>> differ_in_zeros(pd.Series(["00042", "00101"]), pd.Series(["42", "101"]))
    True
    >>> differ_in_zeros(pd.Series(["042", "101"]), pd.Series(["042", "101"]))
    False
    """
    import pandas as pd

    digits = pd.concat([one, other], ignore_index=True)
    digits = digits[digits.str.fullmatch("[0-9]+")]
    leads = digits.str.startswith("0") & (digits.str.len() > 1)
    return bool(leads.any() and digits.str.len().min() < digits.str.len().max())


def without_zeros(ids: pd.Series) -> pd.Series:
    """Return numbers without leading zeros; what is not digits alone stays as it is.

    >>> import pandas as pd
    >>> without_zeros(pd.Series(["00042", "0", "0A"])).tolist()
    ['42', '0', '0A']
    """
    bare = ids.str.lstrip("0").where(lambda s: s != "", "0")
    return bare.where(ids.str.fullmatch("[0-9]+"), ids)


def alike(one: pd.Series, other: pd.Series) -> tuple[pd.Series, pd.Series, bool]:
    """Return the numbers of two sources as they can be joined, and whether zeros were ignored.

    >>> import pandas as pd
    >>> [list(x) for x in alike(pd.Series(["00042"]), pd.Series([42.0]))[:2]]
    [['42'], ['42']]
    """
    one, other = plain_ids(one), plain_ids(other)
    if not differ_in_zeros(one, other):
        return one, other, False
    return without_zeros(one), without_zeros(other), True
