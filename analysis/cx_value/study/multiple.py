"""Questions of which several answers may be chosen, in one column or in a column each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.base.wording import Text, in_language
from cx_value.base.words import Phrase
from cx_value.study.answers import BLANK, clean
from cx_value.study.findings import Finding
from cx_value.study.privacy import OTHER
from cx_value.study.ratings import missing_column

if TYPE_CHECKING:
    from cx_value.study.answered import Survey
    from cx_value.study.spec import Multiple, Study
    from cx_value.study.tables import RawTable

#: Marks that platforms put between the answers of one cell.
MARKS = ("┋", ";", "；", "|")
#: Option under which answers are put that few gave.
OTHER_NAME = str.__str__(OTHER)
_NOT_CHOSEN = frozenset(
    {"0", "no", "n", "false", "not selected", "unchecked", "否", "未选", "未选中"}
)
#: A column of several answers has no more different ones than this.
MOST_OPTIONS = 30
#: Share of the answers of a cell that come again; the rest are own words behind "other".
USUAL = 0.8


def part_answers(cell: object, mark: str = "auto") -> list[str]:
    """Return the answers of one cell.

    >>> part_answers("shop; web;"), part_answers("门店┋网络"), part_answers("a, b", ",")
    (['shop', 'web'], ['门店', '网络'], ['a', 'b'])
    """
    text = str(cell)
    marks = MARKS if mark == "auto" else (mark,)
    parts = re.split("|".join(map(re.escape, marks)), text)
    return [word for part in parts if (word := clean(part)) and word.casefold() not in BLANK]


def holds_several(cells: Iterable[object]) -> bool:
    """Return whether cells hold several of a few answers at a time.

    >>> holds_several(["a;b", "a", "b;a"] * 9), holds_several(["I came; I saw", "so-so"])
    (True, False)
    """
    return mark_of(cells) is not None


def mark_of(cells: Iterable[object]) -> str | None:
    """Return the mark between the answers of one cell, or None where a cell holds one answer.

    A comma is one only where the same answers stand alone and together, in many ways: "Paris,
    France" is a place. Numbers are codes where they rise within a cell, as in 1,3,4.

    >>> mark_of(["web, shop", "web", "shop, mail", "mail"] * 9), mark_of(["Lyon, F", "Nice, F"] * 9)
    (',', None)
    >>> mark_of(["1,3", "2", "1,2,3", "3"] * 9), mark_of(["1,5", "2,5", "3"] * 9)
    (',', None)
    """
    given = [str(cell) for cell in cells if clean(cell) and clean(cell).casefold() not in BLANK]
    if any(_parted(given, mark) for mark in MARKS):
        return next(mark for mark in MARKS if _parted(given, mark))
    return "," if _parted(given, ",") and _free(given) else None


def _parted(given: list[str], mark: str) -> bool:
    """Return whether a mark parts cells into a few answers that come again."""
    parts = [answers for cell in given if (answers := part_answers(cell, mark))]
    if len(parts) < 20 or sum(len(answers) > 1 for answers in parts) < 0.1 * len(parts):
        return False
    words = Counter(word for answers in parts for word in answers)
    usual = {word: count for word, count in words.items() if count > 2}
    few = 1 < len(usual) <= min(MOST_OPTIONS, 0.2 * sum(words.values()))
    return few and sum(usual.values()) >= USUAL * sum(words.values())


def _free(given: list[str]) -> bool:
    """Return whether answers parted by commas are chosen freely, each alone or with others."""
    parts = [tuple(part_answers(cell, ",")) for cell in given]
    words = Counter(word for answers in parts for word in answers)
    options = {word for word, count in words.items() if count > 2}
    alone = {answers[0] for answers in parts if len(answers) == 1}
    if all(word.isdigit() for word in options):
        rising = all([*map(int, a)] == sorted({*map(int, a)}) for a in parts)
        return rising and any(len(answers) > 2 for answers in parts)
    return len(alone & options) >= 0.5 * len(options) and len(set(parts)) > len(options)


def code_multiple(study: Study, raw: RawTable) -> tuple[dict[str, pd.DataFrame], list[Finding]]:
    """Return question → respondents × options (1 chosen, 0 not, NaN not answered).

    A question whose column is not there is left out with a warning.
    """
    coded, findings = {}, []
    for question in study.multiple:
        asked = [question.column] if question.column else list(question.columns)
        lost = [name for name in asked if name not in raw.frame]
        place = ("multiple", question.name)
        findings += [missing_column(study, raw, name, place) for name in lost]
        if len(lost) < len(asked):
            coded[question.name] = _code(study, raw, question)
    return coded, findings


def _code(study: Study, raw: RawTable, question: Multiple) -> pd.DataFrame:
    missing = {clean(code).casefold() for code in study.data.missing_codes}
    skipped = {clean(low) for ranges in raw.user_missing.values() for low, _ in ranges}
    left_out = missing | {word.casefold() for word in skipped}
    if question.column:
        chosen = _one_column(raw.frame[question.column], question, left_out)
        chosen = _fold_own_words(chosen, question, study.report.minimum_cell)
    else:
        chosen = _column_each(raw.frame, question, left_out)
    answered = chosen.sum(axis=1) > 0
    return chosen.astype(float).where(answered, np.nan)


def _one_column(cells: pd.Series, question: Multiple, left_out: set[str]) -> pd.DataFrame:
    given = [
        [word for word in part_answers(cell, question.separator) if word.casefold() not in left_out]
        for cell in cells
    ]
    seen = list(dict.fromkeys(word for words in given for word in words))
    options = [*question.options, *(word for word in seen if word not in question.options)]
    rows = [[option in words for option in options] for words in given]
    return pd.DataFrame(rows, columns=options, index=cells.index, dtype=bool)


def _fold_own_words(chosen: pd.DataFrame, question: Multiple, minimum_cell: int) -> pd.DataFrame:
    """Put answers that the study does not name and few gave under one heading.

    What stands behind "other: …" are the words of single persons.
    """
    rare = [c for c in chosen if c not in question.options and 0 < chosen[c].sum() < minimum_cell]
    if not rare:
        return chosen
    other = chosen[rare].any(axis=1)
    kept = chosen.drop(columns=rare)
    return kept.assign(**{OTHER_NAME: other | kept.get(OTHER_NAME, False)})


def _column_each(frame: pd.DataFrame, question: Multiple, left_out: set[str]) -> pd.DataFrame:
    passed = left_out | _NOT_CHOSEN | BLANK

    def ticked(column: str) -> pd.Series:
        return frame[column].map(lambda cell: clean(cell).casefold() not in passed)

    return pd.DataFrame({c: ticked(c) for c in question.columns if c in frame}, index=frame.index)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MultipleResponses(Result):
    """What was chosen where several answers were possible.

    Counts below ``minimum_cell`` are withheld (NaN). ``base`` are the respondents who chose
    anything: who chose nothing cannot be told from who was not asked.

    Columns of the table: ``question option option_zh n share_cases share_responses base``.
    ``share_cases`` is the share of those who answered who chose the option (adds up to more than
    1), ``share_responses`` its share of all choices.
    """

    template = "sample.multiple"

    frame: pd.DataFrame
    minimum_cell: int

    def facts(self) -> dict[str, Any]:
        """Return each question with its base, choices a respondent and most frequent option."""
        return {"questions": [self._question(rows) for _, rows in
                              self.frame.groupby("question", sort=False)],
                "minimum": self.minimum_cell,
                "withheld": int(self.frame["n"].isna().sum())}  # fmt: skip

    def _question(self, rows: pd.DataFrame) -> dict[str, Any]:
        top = rows.loc[rows["n"].idxmax()] if rows["n"].notna().any() else rows.iloc[0]
        return {"question": top["question"], "base": int(top["base"]),
                "choices": float(top["choices"]), "top": top["option"], "top_zh": top["option_zh"],
                "share": float(top["share_cases"])}  # fmt: skip


def describe_multiple(study: Study, survey: Survey, *, minimum_cell: int = 5) -> MultipleResponses:
    """Count what was chosen where several answers were possible.

    Parameters
    ----------
    study, survey
        ``study.multiple`` names the questions, ``survey.multiple`` holds their answers.
    minimum_cell
        Smallest count that is shown.
    """
    parts = [_describe(question, survey.multiple[question.name], minimum_cell)
             for question in study.multiple if question.name in survey.multiple]  # fmt: skip
    return MultipleResponses(
        n_used=survey.n, method=Phrase("sample.multiple_method"),
        frame=pd.concat(parts, ignore_index=True), minimum_cell=minimum_cell,
    )  # fmt: skip


def _describe(question: Multiple, chosen: pd.DataFrame, minimum_cell: int) -> pd.DataFrame:
    given = chosen.dropna(how="all")
    counts, total = given.sum(), float(given.to_numpy().sum())
    base = len(given)
    named = {OTHER_NAME: OTHER, **(question.columns or question.options)}
    labels = [named.get(option, Text(option)) for option in chosen]
    shown = (counts == 0) | (counts >= minimum_cell)
    n = counts.where(shown).to_numpy(float)
    frame = pd.DataFrame({
        "question": question.name,
        "option": [str.__str__(label) for label in labels],
        "option_zh": [in_language(label, "zh") for label in labels],
        "n": n, "share_cases": n / base if base else np.nan,
        "share_responses": n / total if total else np.nan,
        "base": base, "choices": total / base if base else np.nan,
    })  # fmt: skip
    return frame.sort_values("n", ascending=False, kind="stable", na_position="last")
