"""Reading a number as people write it: one rule for answers, weights, durations and logs.

``1,752`` is a thousand and more in one file and less than two in another. What one cell cannot
tell, its column can: the marks are decided per column, and what stays open is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Mark = Literal[".", ","]
Meaning = Literal["decimal", "thousands", "open"]

#: Characters written in many ways → the one used below, position by position (full-width and
#: Arabic digits, blanks that do not break, minus signs, apostrophes, brackets, currency signs).
WRITTEN = (
    "０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹．，٫٬％－−–—＋（）￥＄￡￦’‘`´＇\u00a0\u1680\u2000\u2001\u2002\u2003\u2004"
    "\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t"
)
MEANT = "0123456789" * 3 + ".,.,%----+()¥$£₩'''''" + " " * 17
_TABLE = str.maketrans(WRITTEN, MEANT)

#: Signs and codes of currencies, before or behind a number.
CURRENCY = (
    r"US\$|HK\$|NT\$|R\$|A\$|C\$|[$€£¥₩₹₽฿₫₺₴]|人民币|美元|欧元|英镑|港币|港元|日元|元|円|圆|块|"
    r"CNY|RMB|USD|EUR|GBP|JPY|HKD|TWD|KRW|CHF|AUD|CAD|SGD|INR|RUB|BRL|SEK|NOK|DKK|PLN|CZK|"
    r"MXN|ZAR|Kč|zł|kr|Rs"
)
_SAME = {"￥": "¥", "人民币": "¥", "元": "¥", "圆": "¥", "块": "¥", "CNY": "¥", "RMB": "¥",
         "USD": "$", "US$": "$", "美元": "$", "EUR": "€", "欧元": "€", "GBP": "£", "英镑": "£",
         "HKD": "HK$", "港币": "HK$", "港元": "HK$", "TWD": "NT$", "KRW": "₩", "円": "JPY",
         "日元": "JPY", "AUD": "A$", "CAD": "C$", "BRL": "R$", "INR": "₹", "RS": "₹",
         "CZK": "KČ", "PLN": "ZŁ", "RUB": "₽"}  # fmt: skip

#: What stands round a number; groups: 1 bracket, 2 sign, 3 currency, 4 sign, 5 the digits with
#: their marks, 6 currency, 7 percent, 8 sign behind, 9 bracket. RE2 and Python read it alike.
WRAPPED = (
    rf"(\(?) *([-+]?) *((?i:{CURRENCY})?) *([-+]?) *([0-9.,' ]*[0-9][.,]?(?:[eE][-+]?[0-9]+)?)"
    rf" *((?i:{CURRENCY})?) *(%?)(-*) *(\)?)"
)
_WRAPPED = re.compile(WRAPPED)


def _pattern(decimal: Mark) -> str:
    """Write the digits whose marks mean one thing in any column, for one decimal mark."""
    d, t = rf"[{decimal}]", "[,]" if decimal == "." else "[.]"
    group = r"[1-9][0-9]{0,2}"
    return "|".join(
        (
            rf"[0-9]*{d}(?:[0-9]{{1,2}}|[0-9]{{4,}})",  # 12.5, .5, 1.0625
            rf"(?:0|[0-9]{{4,}})?{d}[0-9]{{3}}",  # 0.125, 1234.567: no thousands
            rf"{group}(?:{t}[0-9]{{3}})+{d}[0-9]*",  # 1,234.50
            rf"{group}(?:{t}[0-9]{{3}}){{2,}}",  # 1,234,567
            rf"[1-9][0-9]?(?:{t}[0-9]{{2}})+{t}[0-9]{{3}}(?:{d}[0-9]*)?",  # lakhs: 12,34,567.50
            rf"{group}(?:[ '][0-9]{{3}})+{d}[0-9]*",  # 1 234.50
            rf"[0-9]*{d}[0-9]+[eE][-+]?[0-9]+",  # 1.234e5
        )
    )


#: Without a mark that could be either: 1752, 1 752, 12e3, "3." and "3,".
_BARE = r"[0-9]+[.,]?|[1-9][0-9]{0,2}(?:[ '][0-9]{3})+|[0-9]+[eE][-+]?[0-9]+"
#: Three digits behind a single mark: 1,752 and 1.752 are what the column says they are.
_THREE = {",": r"[1-9][0-9]{0,2}[,][0-9]{3}", ".": r"[1-9][0-9]{0,2}[.][0-9]{3}"}


class Refused(Exception):
    """A text that is no number, or one whose value the column does not settle.

    ``reason`` is ``"text"``, ``"open"`` (1,752 may be 1752 or 1.752), ``"currency"`` (several
    currencies in one column), ``"percent"`` (some cells with a percent sign, some without) or
    ``"large"`` (beyond what a computer holds).
    """

    def __init__(self, text: str, reason: str = "text"):
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True)
class NumberFormat:
    """How the numbers of one column are written. Made by :func:`decide_format`.

    Attributes
    ----------
    comma, point
        What the mark in ``1,752`` and in ``1.752`` is: ``"decimal"``, ``"thousands"``, or
        ``"open"``, when such cells are refused. Marks that leave no choice (``12,50``,
        ``1.234,50``, ``1 234``) are read as what they are in any column.
    declared
        The decimal mark the study declares; cells that contradict it are refused.
    currencies
        Signs of currencies seen, each in one form; with two or more, cells that bear one are
        refused, for amounts of several currencies do not add up.
    percent
        Whether every number (zeros aside) bears a percent sign; where only some do, ``"mixed"``,
        those are refused.
    percent_unit
        What one percent is: 0.01, or 1 where a scale counts in points.
    """

    comma: Meaning = "open"
    point: Meaning = "decimal"
    declared: Mark | None = None
    currencies: tuple[str, ...] = ()
    percent: Literal["none", "all", "mixed"] = "none"
    percent_unit: float = 0.01

    @cached_property
    def with_point(self) -> str:
        """A regular expression (RE2 and Python) of digits read with a decimal point."""
        parts = [] if self.declared == "," else [_pattern(".")]
        parts += [_THREE["."]] if self.point == "decimal" else []
        parts += [_THREE[","]] if self.comma == "thousands" else []
        return "|".join([_BARE, *parts])

    @cached_property
    def with_comma(self) -> str:
        """A regular expression (RE2 and Python) of digits read with a decimal comma."""
        parts = [] if self.declared == "." else [_pattern(",")]
        parts += [_THREE[","]] if self.comma == "decimal" else []
        parts += [_THREE["."]] if self.point == "thousands" else []
        return "|".join(parts) or r"[^\s\S]"

    def read(self, text: str) -> float:
        """Read one number of the column; raise :class:`Refused` for anything else.

        >>> NumberFormat().read("¥1,234.50"), NumberFormat().read("(12,5)")
        (1234.5, -12.5)
        """
        match = _WRAPPED.fullmatch(text.translate(_TABLE).strip())
        if not match or not _well_wrapped(match):
            raise Refused(text)
        digits = match[5].strip()
        value = self._value(text, digits)
        if (match[3] or match[6]) and len(self.currencies) > 1:
            raise Refused(text, "currency")
        if match[7]:
            if self.percent == "mixed" and value:
                raise Refused(text, "percent")
            value *= self.percent_unit
        return -value if "-" in _signs(match) or match[1] else value

    def _value(self, text: str, digits: str) -> float:
        if re.fullmatch(self.with_point, digits):
            plain = re.sub("[ ',]", "", digits)
        elif re.fullmatch(self.with_comma, digits):
            plain = re.sub("[ '.]", "", digits).replace(",", ".")
        else:
            open_mark = any(re.fullmatch(form, digits) for form in _THREE.values())
            raise Refused(text, "open" if open_mark else "text")
        value = float(plain) if len(plain) < 400 else float("inf")
        if value > 1e300:
            raise Refused(text, "large")
        return value


def _signs(match: re.Match) -> tuple[str, ...]:
    """Return the signs of a number; dashes behind a mark stand for no cents: 5.-, 1'200.--."""
    behind = "" if match[5].strip()[-1] in ".," and not match[6] else match[8]
    return match[2], match[4], behind


def _well_wrapped(match: re.Match) -> bool:
    """Return whether what stands round a number says one thing: one sign, both brackets."""
    signs = [part for part in (match[1], *_signs(match)) if part]
    return (
        len(signs) <= 1
        and "--" not in signs
        and bool(match[1]) == bool(match[9])
        and not (match[3] and match[6])
    )


def decide_format(
    texts: Iterable[str],
    *,
    decimal: Mark | None = None,
    file_decimal: str | None = None,
    below_thousand: bool = False,
    percent_unit: float = 0.01,
) -> NumberFormat:
    """Decide how the numbers of a column are written, from all that stands in it.

    A mark that can be nothing else in one cell (``12,50``, ``1.234.567``) settles it for cells
    such as ``1,752``. Without one, in a column whose whole numbers all lie below 1,000 and reach
    100, marks before three digits are of thousands; otherwise both stay open. A column
    that proves both marks leaves both open.

    Parameters
    ----------
    texts
        The distinct cells of the column, in any order; cells that are no numbers do not count.
        The digits 1 to 8 may all be written 9, so that a large column comes as its few shapes.
    decimal
        The decimal mark, where the study declares it.
    file_decimal
        ``"."`` for a file whose cells are parted by commas: there a comma is of thousands and a
        point of decimals. Any other tells nothing.
    below_thousand
        True where no number can reach 1,000 (answers on a scale): marks are then decimal.
    percent_unit
        See :class:`NumberFormat`.

    Examples
    --------
    >>> decide_format(["1,752", "898"]).read("1,752")
    1752.0
    >>> decide_format(["1,752", "0,950"]).read("1,752")
    1.752
    """
    seen = _Evidence(texts)
    comma, point = seen.meanings(decimal, file_decimal, below_thousand)
    return NumberFormat(
        comma=comma,
        point=point,
        declared=decimal,
        currencies=tuple(sorted(seen.currencies)),
        percent="none" if not seen.percents else "mixed" if seen.bare else "all",
        percent_unit=percent_unit,
    )


class _Evidence:
    """What the cells of a column prove about its marks."""

    def __init__(self, texts: Iterable[str]):
        self.proved: set[Mark] = set()
        self.three: set[str] = set()
        self.currencies: set[str] = set()
        self.percents = self.bare = False
        self.largest = 0
        for text in texts:
            match = _WRAPPED.fullmatch(str(text).translate(_TABLE).strip())
            if match and _well_wrapped(match):
                self._add(match)

    def _add(self, match: re.Match) -> None:
        digits = match[5].strip()
        if sign := match[3] or match[6]:
            self.currencies.add(_SAME.get(sign.upper(), sign.upper()))
        if match[7]:
            self.percents = True
        elif digits.strip("0.,"):
            self.bare = True
        if re.fullmatch("[0-9]+", digits):
            self.largest = max(self.largest, min(len(digits.lstrip("0")), 4))
        for mark, form in _ALONE.items():
            if re.fullmatch(_THREE[mark], digits):
                self.three.add(mark)
            elif form.fullmatch(digits):
                self.proved.add(mark)

    def meanings(
        self, decimal: Mark | None, file_decimal: Mark | None, below_thousand: bool
    ) -> tuple[Meaning, Meaning]:
        """Return what a comma and a point before three digits are."""
        if below_thousand and not decimal:
            return "decimal", "decimal"
        marks = {decimal} if decimal else self.proved
        if len(marks) == 1:
            return ("thousands", "decimal") if "." in marks else ("decimal", "thousands")
        if len(marks) == 2 or len(self.three) == 2:
            return "open", "open"
        if file_decimal == ".":
            return "thousands", "decimal"
        if self.largest == 3:  # whole numbers up to 999 beside marks before three digits
            return "thousands", "thousands"
        return "open", "open"


_ALONE = {mark: re.compile(_pattern(mark)) for mark in (".", ",")}
