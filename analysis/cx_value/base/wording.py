"""Words in two languages, and numbers as they are printed.

Rounding happens here and nowhere else. Computing code returns full precision; only sentences,
tables and figures call these functions.
"""

from __future__ import annotations

import math

LANGUAGES = ("en", "zh")
MINUS = "\u2212"


class Text(str):
    """A phrase in English that knows its Chinese.

    It *is* the English string wherever a string is wanted; ``in_language`` gives either.

    >>> label = Text("Satisfaction", zh="顾客满意")
    >>> label, label.in_language("zh")
    ('Satisfaction', '顾客满意')
    """

    __slots__ = ("zh",)

    def __new__(cls, en: str, *, zh: str | None = None) -> Text:
        phrase = super().__new__(cls, en)
        phrase.zh = en if zh is None else zh
        return phrase

    def in_language(self, lang: str) -> str:
        """Return the phrase in ``"en"`` or ``"zh"``."""
        return self.zh if lang == "zh" else str.__str__(self)

    def __getnewargs_ex__(self):
        return (str.__str__(self),), {"zh": self.zh}


def in_language(phrase: str, lang: str) -> str:
    """Return a plain string as it is, a Text or Phrase in the language asked for."""
    return phrase if type(phrase) is str else getattr(phrase, "in_language", lambda _: phrase)(lang)


def format_number(
    value: float, decimals: int = 2, *, bounded: bool = False, lang: str = "en"
) -> str:
    """Print a number with a true minus sign; NaN and None print as an en dash.

    ``bounded=True`` marks a statistic that cannot pass 1 in absolute value (r, α, p): APA 7
    drops its leading zero in English; Chinese usage keeps it.

    >>> format_number(-0.4321, bounded=True), format_number(-0.4321, bounded=True, lang="zh")
    ('−.43', '−0.43')
    >>> format_number(1.0, bounded=True), format_number(-0.001), format_number(float("nan"))
    ('1.00', '0.00', '–')
    >>> format_number(1794980.4, 0), format_number(9582.43)  # thousands parted
    ('1,794,980', '9,582.43')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else MINUS + "∞"
    text = f"{abs(value):,.{decimals}f}"
    is_zero = abs(value) < 1 and float(text) == 0.0
    if bounded and lang == "en" and text.startswith("0."):
        text = text[1:]
    return text if value >= 0 or is_zero else MINUS + text


def format_p(value: float, *, lang: str = "en", relation: bool = False) -> str:
    """Print a p value: exact to three decimals, never as zero and never as one.

    With ``relation`` the sign is always there, ready for a sentence.

    >>> format_p(0.0000003), format_p(0.0314), format_p(0.0314, relation=True)
    ('< .001', '.031', '= .031')
    >>> format_p(0.99999), format_p(0.0002, lang="zh")
    ('> .999', '< 0.001')
    """
    if value is None or math.isnan(value):
        return "–"
    zero = "0" if lang == "zh" else ""
    if value < 0.001:
        return f"< {zero}.001"
    if value > 0.999:
        return f"> {zero}.999"
    text = format_number(value, 3, bounded=True, lang=lang)
    return f"= {text}" if relation else text


def format_interval(
    low: float, high: float, decimals: int = 2, *, bounded: bool = False, lang: str = "en"
) -> str:
    """Print an interval in square brackets.

    >>> format_interval(0.071, 0.114, 3, bounded=True)
    '[.071, .114]'
    """
    ends = (format_number(v, decimals, bounded=bounded, lang=lang) for v in (low, high))
    return "[" + ", ".join(ends) + "]"


def format_percent(share: float, decimals: int = 0) -> str:
    """Print a share (0 to 1) as a percentage with no space, as APA 7 and GB usage have it.

    >>> format_percent(0.123, 1), format_percent(0.5), format_percent(-0.191, 1)
    ('12.3%', '50%', '−19.1%')
    """
    return "–" if math.isnan(share) else f"{100 * share:.{decimals}f}%".replace("-", MINUS)


def format_probability(share: float, decimals: int = 0) -> str:
    """Print an estimated probability as a percentage: an estimate is never 0% or 100%.

    >>> format_probability(0.62), format_probability(0.9984), format_probability(0.0004)
    ('62%', '> 99%', '< 1%')
    >>> format_probability(1.0), format_probability(0.0), format_probability(math.nan)
    ('> 99%', '< 1%', '–')
    """
    least = 10.0 ** -(decimals + 2)
    if share < least / 2:
        return f"< {format_percent(least, decimals)}"
    if share > 1 - least / 2:
        return f"> {format_percent(1 - least, decimals)}"
    return format_percent(share, decimals)


def currency_name(code: str, lang: str) -> str:
    """Return what a currency is called beside a number.

    >>> currency_name("CNY", "zh"), currency_name("CNY", "en")
    ('元', 'CNY')
    """
    return {"CNY": "元", "RMB": "元"}.get(code, code) if lang == "zh" else code


def stars(p_value: float) -> str:
    """Return ``***`` below .001, ``**`` below .01, ``*`` below .05, else nothing."""
    if math.isnan(p_value):
        return ""
    return "***" if p_value < 0.001 else "**" if p_value < 0.01 else "*" if p_value < 0.05 else ""


def join_words(words: list[str], *, lang: str = "en", most: int | None = None) -> str:
    """Join words as prose does; beyond ``most`` of them, the rest are only counted.

    >>> join_words(["a", "b", "c"]), join_words(["甲", "乙"], lang="zh")
    ('a, b and c', '甲和乙')
    >>> join_words(["a", "b", "c", "d"], most=2), join_words(["甲", "乙", "丙"], lang="zh", most=1)
    ('a, b and 2 more', '甲等 3 个')
    """
    if most is not None and len(words) > most + 1:
        if lang == "zh":
            return "、".join(words[:most]) + f"等 {len(words)} 个"
        words = [*words[:most], f"{len(words) - most} more"]
    if len(words) < 2:
        return "".join(words)
    comma, last = ("、", "和") if lang == "zh" else (", ", " and ")
    return comma.join(words[:-1]) + last + words[-1]
