"""Questions of which several answers may be chosen, in one column or in a column each."""

from __future__ import annotations

import re
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
from cx_value.study.ratings import missing_column

if TYPE_CHECKING:
    from cx_value.study.answered import Survey
    from cx_value.study.spec import Multiple, Study
    from cx_value.study.tables import RawTable

#: Marks that platforms put between the answers of one cell.
MARKS = ("┋", ";", "；", "|")
_NOT_CHOSEN = frozenset(
    {"0", "no", "n", "false", "not selected", "unchecked", "否", "未选", "未选中"}
)
#: A column of several answers has no more different ones than this.
MOST_OPTIONS = 30


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
    given = [parts for cell in cells if (parts := part_answers(cell))]
    if len(given) < 20 or sum(len(parts) > 1 for parts in given) < 0.1 * len(given):
        return False
    options = {word for parts in given for word in parts}
    return len(options) <= min(MOST_OPTIONS, 0.2 * sum(map(len, given)))


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
    """

    template = "sample.multiple"

    frame: pd.DataFrame
    minimum_cell: int

    def table(self) -> pd.DataFrame:
        """Return ``question option option_zh n share_cases share_responses base``.

        ``share_cases`` is the share of those who answered who chose the option (adds up to more
        than 1), ``share_responses`` its share of all choices.
        """
        return self.frame

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
    named = question.columns or question.options
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
