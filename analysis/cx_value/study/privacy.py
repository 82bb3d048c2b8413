"""What identifies a person and never enters a profile: names, numbers, addresses, own words."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from cx_value.base.terms import bilingual

#: What answers too few to be shown are gathered under.
OTHER = bilingual("other", "answers")
#: Kinds of cells that point to a person, and how they look.
_KINDS = {
    "IP addresses": r"(\d{1,3}\.){3}\d{1,3}(\s*[(（].*[)）])?|[0-9a-f:]*:[0-9a-f:]+:[0-9a-f:]+",
    "e-mail addresses": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "web addresses": r"https?://.*|www\..*",
    "telephone numbers": r"\+?(86)?1[3-9]\d{9}|\+\d[\d -]{7,16}|\d{3,4}-\d{7,8}",
    "identity numbers": r"\d{17}[\dXx]",
    "dates": r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?([T ].*)?|\d{1,2}[./]\d{1,2}[./]\d{4}([T ].*)?",
}
_COLUMNS = re.compile(
    r"ip|ip.?addr.*|来自ip|e?.?mail.*|电子?邮[箱件]|.*邮箱|phone.*|mobile|tel|.*(电话|手机号码?)"
    r"|(first|last|full|recipient(first|last)).?name|name|姓名|.*姓名|联系方式|.*地址|address"
    r"|location(latitude|longitude)|地理位置|openid|unionid|ua|user.?agent|微信号?|qq号?|身份证.*"
    r"|(start|end|recorded).?date|(start|completion|last modified).?time|timestamp|.*时间戳.*"
    r"|提交答卷时间|(开始|结束|提交|完成|开始答题|结束答题)时间|submitdate|datestamp|startdate"
    r"|response.?id|respondent.?id|collector.?id|externalreference|refurl|referrer",
    re.IGNORECASE,
)
#: More different answers than this, most of them given by few, are free text.
MOST_WORDS = 12


def identifies_people(name: str, words: Iterable[str]) -> str | None:
    """Return what a column holds that points to single persons, or None.

    >>> identifies_people("来自IP", []), identifies_people("q", ["1.2.3.4(广东-广州)"] * 3)
    ('names, numbers, places or times of respondents', 'IP addresses')
    """
    if _COLUMNS.fullmatch(name.strip()):
        return "names, numbers, places or times of respondents"
    words = [word for word in words if word]
    for kind, form in _KINDS.items():
        if words and sum(bool(re.fullmatch(form, word)) for word in words) > len(words) / 2:
            return kind
    return None


def is_free_text(words: pd.Series, minimum_cell: int = 5) -> bool:
    """Return whether a column holds what people wrote rather than what they chose.

    That is: many different answers, and most of the people who answered gave one that fewer than
    the minimum cell gave.

    >>> is_free_text(pd.Series([f"answer {k}" for k in range(30)]))
    True
    """
    counts = words[words != ""].value_counts()
    if len(counts) <= MOST_WORDS or pd.to_numeric(counts.index, errors="coerce").notna().all():
        return False
    return bool(counts[counts < minimum_cell].sum() > 0.5 * counts.sum())


def fold_rare(words: pd.Series, known: Iterable[str], minimum_cell: int) -> set[str]:
    """Return the answers to be gathered under one heading: own words that few gave.

    Numbers and answers that the study or the file gives a label are no person's own words.
    """
    counts = words[words != ""].value_counts()
    known = set(known)
    return {
        word
        for word, count in counts.items()
        if count < minimum_cell and word not in known and not re.fullmatch(r"[-\d.,]+", word)
    }


def suppress_small_cells(counts: np.ndarray, minimum_cell: int) -> list[str]:
    """Say which counts of one variable must be withheld: ``small``, ``complementary`` or nothing.

    Counts from 1 to below the minimum are small. One withheld cell could be worked out from the
    total, as could several whose sum is below the minimum; then the next smallest cell is
    withheld with them (complementary suppression; Hundepool et al., 2012, section 4.2).

    >>> suppress_small_cells(np.array([40, 3, 20]), 5)
    ['', 'small', 'complementary']
    >>> suppress_small_cells(np.array([40, 3, 2, 20]), 5)
    ['', 'small', 'small', '']
    """
    why = ["small" if 0 < count < minimum_cell else "" for count in counts]
    if "small" not in why:
        return why
    order = [k for k in np.argsort(counts, kind="stable") if not why[k] and counts[k] > 0]
    for k in order:
        hidden = [counts[j] for j, reason in enumerate(why) if reason]
        if len(hidden) > 1 and sum(hidden) >= minimum_cell:
            break
        why[k] = "complementary"
    return why
