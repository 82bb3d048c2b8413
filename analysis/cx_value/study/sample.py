"""The sample: who got this far, who they are, and whether there are enough of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import CUTOFFS, Cutoff
from cx_value.base.results import Result
from cx_value.base.wording import Text, format_number, format_percent, in_language, join_words
from cx_value.study.answered import FlowStep, Survey
from cx_value.study.phrases import cite

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NO_ANSWER = Text("no answer", zh="未回答")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleFlow(Result):
    """From the rows received to the respondents analysed; every row is counted somewhere."""

    steps: tuple[FlowStep, ...]

    def table(self) -> pd.DataFrame:
        """Return one row per step: how many are left, how many left and why."""
        return pd.DataFrame(
            [
                {
                    "step": step.name,
                    "label": str(step.label),
                    "label_zh": step.label.zh,
                    "count": step.count,
                    "removed": step.removed,
                    "reason": str(step.reason) if step.reason else "",
                    "reason_zh": step.reason.zh if step.reason else "",
                }
                for step in self.steps
            ]
        )

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw the flow diagram."""
        from cx_value.study.pictures import draw_flow

        return draw_flow(self, ax, lang)

    def sentence(self, lang: str = "en") -> str:
        table = self.table()
        first, last = int(table["count"].iloc[0]), int(table["count"].iloc[-1])
        lost = table[table["removed"] > 0]
        share = format_percent(last / first if first else np.nan, 1)
        if lang == "zh":
            why = "；".join(f"{r.reason_zh} {r.removed} 份" for r in lost.itertuples())
            gone = f"剔除 {first - last} 份（{why}）" if why else "无剔除"
            return f"共收到 {first} 份问卷，{gone}，{last} 份纳入分析（{share}）。"
        why = join_words([f"{r.removed} ({r.reason})" for r in lost.itertuples()])
        gone = (
            f"{why} {'was' if first - last == 1 else 'were'} set aside" if why else "none was lost"
        )
        return f"Of {first:,} answer sheets received, {gone}; {last:,} ({share}) were analysed."


def sample_flow(survey: Survey, *further: FlowStep) -> SampleFlow:
    """Follow the sample from the rows received to the respondents analysed.

    Parameters
    ----------
    survey
        From :func:`read_survey`, before screening.
    *further
        Steps after reading, in practice ``*screening.flow()``.

    Examples
    --------
    >>> from cx_value.study import read_study, read_survey
    >>> sample_flow(read_survey(read_study("data/ecsi-mobile"))).sentence()
    'Of 250 answer sheets received, none was lost; 250 (100.0%) were analysed.'
    """
    steps = (*survey.flow, *further)
    return SampleFlow(
        n_used=steps[-1].count,
        n_dropped=survey.n_received - steps[-1].count,
        method="sample flow",
        steps=steps,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleProfile(Result):
    """Who answered: counts and shares by category, means of amounts.

    Cells below ``minimum_cell`` are withheld (NaN, ``suppressed`` says why), and where they could
    be worked out from the total a second cell with them, so that nobody can be recognised.
    """

    categories: pd.DataFrame
    amounts: pd.DataFrame
    minimum_cell: int
    weighted: bool

    def table(self) -> pd.DataFrame:
        """Return one row per category.

        Columns ``variable label label_zh category category_zh n share share_weighted
        suppressed``; ``suppressed`` is empty, ``small`` or ``complementary``.
        """
        return self.categories

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw the shares by category."""
        from cx_value.study.pictures import draw_profile

        return draw_profile(self, ax, lang)

    def sentence(self, lang: str = "en") -> str:
        if self.categories.empty and self.amounts.empty:
            return in_language(_NO_PROFILE, lang)
        parts = [
            self._largest(part, lang) for _, part in self.categories.groupby("variable", sort=False)
        ]
        parts += [_amount_words(row, lang) for row in self.amounts.itertuples()]
        hidden = int((self.categories["suppressed"] != "").sum()) if len(self.categories) else 0
        text = ("；" if lang == "zh" else "; ").join(part for part in parts if part)
        if lang == "zh":
            note = (
                f"少于 {self.minimum_cell} 人的类别不予列示（{hidden} 个单元格）。"
                if hidden
                else ""
            )
            return f"样本共 {self.n_used} 人：{text}。{note}"
        note = f" Cells below {self.minimum_cell} are withheld ({hidden})." if hidden else ""
        return f"The sample has {self.n_used:,} respondents: {text}.{note}"

    def _largest(self, part: pd.DataFrame, lang: str) -> str:
        shown = part[part["share"].notna()]
        if shown.empty:
            return ""
        row = shown.loc[shown["share"].idxmax()]
        share = format_percent(row["share"], 1)
        if lang == "zh":
            return f"{row['label_zh']}以“{row['category_zh']}”最多（{share}）"
        return f"{row['label']} is most often {row['category']} ({share})"


_NO_PROFILE = Text(
    "The data hold nothing that describes the respondents, so the sample cannot be profiled.",
    zh="数据中没有描述受访者特征的变量，无法给出样本构成。",
)


def _amount_words(row, lang: str) -> str:
    mean, sd = format_number(row.mean, 1), format_number(row.sd, 1)
    if lang == "zh":
        return f"{row.label_zh}均值 {mean}（标准差 {sd}）"
    return f"mean {row.label} {mean} (SD = {sd})"


def profile_sample(survey: Survey, *, minimum_cell: int = 5) -> SampleProfile:
    """Describe who answered, withholding counts by which a respondent could be recognised.

    Parameters
    ----------
    survey
        From :func:`read_survey`; ``survey.profile`` gives the categories, ``survey.quantities``
        the amounts, ``survey.weights`` the weighted shares.
    minimum_cell
        Smallest count that is shown (``study.report.minimum_cell``). Zero is shown.
    """
    parts = [_profile_column(survey, name, minimum_cell) for name in survey.profile]
    columns = ["variable", "label", "label_zh", "category", "category_zh", "n", "share",
               "share_weighted", "suppressed"]  # fmt: skip
    return SampleProfile(
        n_used=survey.n,
        method="sample profile",
        categories=pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns),
        amounts=_profile_amounts(survey, minimum_cell),
        minimum_cell=minimum_cell,
        weighted=survey.weights is not None,
    )


def _profile_column(survey: Survey, name: str, minimum_cell: int) -> pd.DataFrame:
    label, column = survey.labels[name], survey.profile[name]
    texts = {str.__str__(text): text for text in survey.profile_labels[name]}
    names = [*column.cat.categories, *([None] if column.isna().any() else [])]
    picks = [column.isna() if c is None else column == c for c in names]
    counts = np.array([int(pick.sum()) for pick in picks])
    why = suppress_small_cells(counts, minimum_cell)
    hidden = np.array([reason != "" for reason in why])
    weights = survey.weights
    shares = counts / survey.n if survey.n else np.full(len(counts), np.nan)
    weighted = (
        np.array([weights[pick].sum() / weights.sum() for pick in picks])
        if weights is not None
        else np.full(len(counts), np.nan)
    )
    said = [NO_ANSWER if c is None else texts[c] for c in names]
    return pd.DataFrame(
        {
            "variable": name,
            "label": str.__str__(label),
            "label_zh": in_language(label, "zh"),
            "category": [str.__str__(text) for text in said],
            "category_zh": [in_language(text, "zh") for text in said],
            "n": np.where(hidden, np.nan, counts),
            "share": np.where(hidden, np.nan, shares),
            "share_weighted": np.where(hidden, np.nan, weighted),
            "suppressed": why,
        }
    )


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


def _profile_amounts(survey: Survey, minimum_cell: int) -> pd.DataFrame:
    rows = []
    for name, column in survey.quantities.items():
        given = column.dropna()
        if len(given) < minimum_cell:
            continue
        label = survey.labels[name]
        rows.append(
            {
                "variable": name,
                "label": str.__str__(label),
                "label_zh": in_language(label, "zh"),
                "n": len(given),
                "mean": given.mean(),
                "sd": given.std(),
                "median": given.median(),
            }
        )
    columns = ["variable", "label", "label_zh", "n", "mean", "sd", "median"]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleSize(Result):
    """Whether there are enough respondents, by rules of thumb; power is computed from the model."""

    n_items: int
    n_parameters: int | None
    size: Cutoff
    ratio: Cutoff

    def table(self) -> pd.DataFrame:
        """Return one row: respondents, items, parameters, their ratios and the verdicts."""
        per_parameter = self.n_used / self.n_parameters if self.n_parameters else np.nan
        return pd.DataFrame(
            [
                {
                    "n": self.n_used,
                    "items": self.n_items,
                    "parameters": self.n_parameters or np.nan,
                    "n_per_item": self.n_used / self.n_items,
                    "n_per_parameter": per_parameter,
                    "enough": self.size.passes(self.n_used),
                    "enough_per_parameter": self.ratio.passes(per_parameter),
                }
            ]
        )

    def sentence(self, lang: str = "en") -> str:
        row = self.table().iloc[0]
        per_item, per_parameter = (
            format_number(row[name], 1) for name in ("n_per_item", "n_per_parameter")
        )
        least, ratio = f"{self.size.threshold:g}", f"{self.ratio.threshold:g}"
        size, rule = cite(self.size.said, lang), cite(self.ratio.said, lang)
        known = self.n_parameters is not None
        if lang == "zh":
            meets, also = (
                "达到" if row[name] else "低于" for name in ("enough", "enough_per_parameter")
            )
            text = f"样本量 n = {self.n_used}，每题项 {per_item} 人，"
            text += f"{meets}至少 {least} 人的建议{size}"
            more = f"；每个待估参数 {per_parameter} 人，{also} {ratio} 人的建议{rule}"
            return f"{text}{more if known else ''}。"
        meets = "meets" if row["enough"] else "falls short of"
        text = (
            f"The sample of {self.n_used:,} has {per_item} respondents per item and {meets} the "
            f"recommended minimum of {least} {size}"
        )
        meets = "meets" if row["enough_per_parameter"] else "falls short of"
        more = f"; with {per_parameter} respondents per free parameter it {meets} {ratio} {rule}"
        return f"{text}{more if known else ''}."


def judge_sample_size(
    n: int,
    n_items: int,
    n_parameters: int | None = None,
    *,
    size: Cutoff = CUTOFFS["sample_size"],
    ratio: Cutoff = CUTOFFS["cases_per_parameter"],
) -> SampleSize:
    """Judge a sample size against rules of thumb.

    Parameters
    ----------
    n, n_items : int
        Respondents analysed, and items.
    n_parameters : int, optional
        Free parameters of the main model.

    Notes
    -----
    Power to reject a badly fitting model (MacCallum et al., 1996) needs the model's degrees of
    freedom; ``cx_value.sem`` computes it.

    Examples
    --------
    >>> judge_sample_size(250, 24, 59).table()["n_per_parameter"].round(2).item()
    4.24
    """
    return SampleSize(
        n_used=n,
        method="sample size",
        n_items=n_items,
        n_parameters=n_parameters,
        size=size,
        ratio=ratio,
    )
