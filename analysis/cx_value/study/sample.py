"""The sample: who got this far, who they are, and whether there are enough of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.results import Result
from cx_value.base.terms import bilingual
from cx_value.base.wording import in_language
from cx_value.base.words import Phrase
from cx_value.study.answered import FlowStep, Survey
from cx_value.study.privacy import suppress_small_cells

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleFlow(Result):
    """From the rows received to the respondents analysed; every row is counted somewhere."""

    template = "sample.flow"

    steps: tuple[FlowStep, ...]
    invited: int | None = None

    def table(self) -> pd.DataFrame:
        """Return one row per step: ``step reason removed count``, the first two as codes."""
        rows = [
            {"step": s.name, "reason": s.reason, "removed": s.removed, "count": s.count}
            for s in self.steps
        ]
        return pd.DataFrame(rows)

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw the flow diagram."""
        from cx_value.study.pictures import draw_flow

        return draw_flow(self.table(), ax, lang)

    def facts(self) -> dict[str, Any]:
        """Return ``received analysed share removed lost``, the last by reason, and the response.

        ``response_rate`` is the share of those invited whose questionnaire came back; None where
        the study does not say how many were invited.
        """
        first, last = self.steps[0].count, self.steps[-1].count
        lost = [{"reason": s.reason, "removed": s.removed} for s in self.steps if s.removed]
        return {"received": first, "analysed": last, "removed": first - last,
                "share": last / first if first else np.nan, "lost": lost,
                "invited": self.invited,
                "response_rate": first / self.invited if self.invited else None}  # fmt: skip


def sample_flow(survey: Survey, *further: FlowStep, invited: int | None = None) -> SampleFlow:
    """Follow the sample from the rows received to the respondents analysed.

    Parameters
    ----------
    survey
        From :func:`read_survey`, before screening.
    *further
        Steps after reading, in practice ``*screening.flow()``.
    invited
        How many people were asked to answer; fewer than answered is no number to rest on.

    Examples
    --------
    >>> from cx_value.study import read_study, read_survey
    >>> sample_flow(read_survey(read_study("data/ecsi-mobile"))).sentence()
    'All 250 questionnaires returned were retained for analysis.'
    """
    steps = (*survey.flow, *further)
    return SampleFlow(
        n_used=steps[-1].count,
        n_dropped=survey.n_received - steps[-1].count,
        method=Phrase("sample.flow_method"),
        steps=steps,
        invited=invited if invited and invited >= steps[0].count else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleProfile(Result):
    """Who answered: counts and shares by category, means of amounts.

    Cells below ``minimum_cell`` are withheld (NaN, ``suppressed`` says why), and where they could
    be worked out from the total a second cell with them, so that nobody can be recognised.
    """

    template = "sample.profile"

    categories: pd.DataFrame
    amounts: pd.DataFrame
    minimum_cell: int
    weighted: bool

    def table(self) -> pd.DataFrame:
        """Return one row per category.

        Columns ``variable category category_zh n share share_weighted suppressed``;
        ``suppressed`` is empty, ``small`` or ``complementary``.
        """
        return self.categories

    def facts(self) -> dict[str, Any]:
        """Return ``n characteristics amounts minimum withheld``; ``withheld`` counts by reason."""
        why = self.categories["suppressed"] if len(self.categories) else pd.Series(dtype=str)
        return {
            "n": self.n_used, "weighted": self.weighted,
            "characteristics": int(self.categories["variable"].nunique()),
            "amounts": self.amounts[["variable", "mean", "sd"]], "minimum": self.minimum_cell,
            "withheld": {reason: int((why == reason).sum()) for reason in _WITHHELD},
        }  # fmt: skip


_WITHHELD = ("small", "complementary")


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
    columns = ["variable", "category", "category_zh", "n", "share", "share_weighted", "suppressed"]
    return SampleProfile(
        n_used=survey.n,
        method=Phrase("sample.profile_method"),
        categories=pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns),
        amounts=_profile_amounts(survey, minimum_cell),
        minimum_cell=minimum_cell,
        weighted=survey.weights is not None,
    )


def _profile_column(survey: Survey, name: str, minimum_cell: int) -> pd.DataFrame:
    column = survey.profile[name]
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
    said = [bilingual("no_answer", "answers") if c is None else texts[c] for c in names]
    return pd.DataFrame(
        {
            "variable": name,
            "category": [str.__str__(text) for text in said],
            "category_zh": [in_language(text, "zh") for text in said],
            "n": np.where(hidden, np.nan, counts),
            "share": np.where(hidden, np.nan, shares),
            "share_weighted": np.where(hidden, np.nan, weighted),
            "suppressed": why,
        }
    )


def _profile_amounts(survey: Survey, minimum_cell: int) -> pd.DataFrame:
    rows = []
    for name, column in survey.quantities.items():
        given = column.dropna()
        if len(given) < minimum_cell:
            continue
        rows.append(
            {
                "variable": name,
                "n": len(given),
                "mean": given.mean(),
                "sd": given.std(),
                "median": given.median(),
            }
        )
    columns = ["variable", "n", "mean", "sd", "median"]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleSize(Result):
    """Whether there are enough respondents, by rules of thumb; power is computed from the model."""

    template = "sample.size"

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

    def facts(self) -> dict[str, Any]:
        """Return the row of the table with both rules; ``parameters`` None where not known."""
        row = self.table().to_dict("records")[0]
        return {**row, "size_rule": self.size.facts(), "ratio_rule": self.ratio.facts()}


def judge_sample_size(
    n: int,
    n_items: int,
    n_parameters: int | None = None,
    *,
    cutoffs: Mapping[str, float] | None = None,
) -> SampleSize:
    """Judge a sample size against rules of thumb.

    Parameters
    ----------
    n, n_items : int
        Respondents the measurement model stands on, and items.
    n_parameters : int, optional
        Free parameters of the measurement model as it was fitted.
    cutoffs : mapping of str to float, optional
        A study's own thresholds.

    Notes
    -----
    Power to reject a badly fitting model (MacCallum et al., 1996) needs the model's degrees of
    freedom; ``cx_value.sem`` computes it.

    Examples
    --------
    >>> judge_sample_size(250, 24, 59).table()["n_per_parameter"].round(2).item()
    4.24
    """
    rules = cutoffs_with(cutoffs)
    return SampleSize(
        n_used=n,
        method=Phrase("sample.size_method"),
        n_items=n_items,
        n_parameters=n_parameters,
        size=rules["sample_size"],
        ratio=rules["cases_per_parameter"],
    )
