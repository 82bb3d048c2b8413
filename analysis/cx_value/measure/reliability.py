"""Do the items of a scale measure one thing well enough to be added up?"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.errors import AnalysisWarning
from cx_value.base.formulas import (
    cronbach_alpha,
    feldt_interval,
    item_rest_correlations,
    mean_inter_item,
)
from cx_value.base.results import Result
from cx_value.base.wording import in_language
from cx_value.base.words import Phrase
from cx_value.measure.answers import Answers, available_answers, check_scales
from cx_value.measure.one_factor import Omega, ordinal_omega, scale_omega
from cx_value.measure.split_half import split_half
from cx_value.study.moments import weighted_mean_sd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_CATEGORIES = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReliabilityOfScales(Result):
    """Reliability of every scale of a study.

    Attributes
    ----------
    scales : DataFrame
        One row a construct; see :meth:`table`.
    items : DataFrame
        One row an item: ``construct item n_used mean sd item_rest item_rest_passes
        alpha_if_deleted raises_alpha reverse_suspected``.
    cutoffs : mapping of str to Cutoff
    labels : mapping of str to Text
        What each construct is called in the picture.
    """

    template = "reliability.scales"

    scales: pd.DataFrame
    items: pd.DataFrame
    cutoffs: Mapping[str, Cutoff]
    labels: Mapping[str, str]

    def table(self) -> pd.DataFrame:
        """Return ``construct k_items n_used n_dropped alpha alpha_ci_low alpha_ci_high
        alpha_standardised omega omega_ci_low omega_ci_high omega_failed omega_improper
        composite_reliability ordinal_alpha ordinal_omega spearman_brown split_half
        split_half_min split_half_mean split_half_max n_splits splits_exhaustive mean_inter_item
        verdict``.

        ``split_half`` is odd against even items by Guttman's coefficient, as are ``split_half_min``
        to ``_max``, so that it lies between them; ``spearman_brown`` is the same split stepped up
        from its correlation. Coefficients but α that come out negative are NaN, with a note.
        ``verdict`` is ``below`` (α misses the cutoff), ``uncertain`` (α keeps it, its interval
        does not), ``meets``, or ``redundant`` (α above the upper cutoff).
        """
        return self.scales.copy()

    def facts(self) -> dict[str, Any]:
        """Return the span of α, how many scales meet the rule, and every exception."""
        table = self.scales
        low, high = table.loc[table.alpha.idxmin()], table.loc[table.alpha.idxmax()]
        kept = table.verdict.isin(["meets", "uncertain", "redundant"])
        return {
            "scales": len(table), "passing": int(kept.sum()), "confidence": self.confidence,
            "rule": self.cutoffs["alpha"].facts(),
            "redundant_rule": self.cutoffs["reliability_redundant"].facts(),
            "low": {"construct": low.construct, "alpha": low.alpha},
            "high": {"construct": high.construct, "alpha": high.alpha},
            "exceptions": [self._exception(row) for row in table.itertuples() if self._told(row)],
        }  # fmt: skip

    def _told(self, row) -> bool:
        own = self.items[self.items.construct == row.construct]
        return row.verdict != "meets" or bool(own.reverse_suspected.any())

    def _exception(self, row) -> dict[str, Any]:
        """Return what is said of a scale that is not simply reliable."""
        own = self.items[self.items.construct == row.construct]
        reversed_ = list(own["item"][own.reverse_suspected])
        weak = None
        if row.verdict != "meets" and not reversed_ and own.raises_alpha.any():
            best = own.loc[own.alpha_if_deleted.idxmax()]
            weak = {"item": best["item"], "alpha": best.alpha_if_deleted, "rest": best.item_rest}
        return {
            "construct": row.construct, "verdict": row.verdict, "alpha": row.alpha,
            "ci": [row.alpha_ci_low, row.alpha_ci_high], "negative": row.alpha < 0,
            "reversed": reversed_, "weak": weak,
        }  # fmt: skip

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw α and ω with their intervals against the cutoff, a line a construct."""
        from cx_value.measure.pictures import draw_reliability

        labels = [in_language(self.labels[name], lang) for name in self.scales.construct]
        return draw_reliability(self.scales, labels, self.cutoffs["alpha"], ax, lang)


def reliability_of_scales(
    items: pd.DataFrame,
    scales: Mapping[str, Sequence[str]],
    *,
    confidence: float = 0.95,
    bootstrap: int = 1000,
    seed: int = 0,
    weights: pd.Series | None = None,
    cutoffs: Mapping[str, float] | None = None,
    labels: Mapping[str, str] | None = None,
) -> ReliabilityOfScales:
    """How reliable is each scale, and which items weaken it?

    Parameters
    ----------
    items : DataFrame (n, ·)
        Answers, reverse-keyed items already turned; NaN where missing. A scale uses every answer
        of the rows that answer any of its items (full-information moments where some do not answer
        all), and its interval that number of rows.
    scales : mapping of str to sequence of str
        Construct → its items, two or more.
    confidence : float
        Level of the intervals, 0.5 to 1.
    bootstrap : int
        Draws for the interval of ω; 0 leaves it out.
    seed : int
    weights : Series, optional
        Case weights; intervals then count the effective number of rows (Kish, 1965).
    cutoffs : mapping of str to float, optional
        A study's own thresholds.
    labels : mapping of str to Text, optional
        Names of the constructs in both languages.

    Returns
    -------
    ReliabilityOfScales
        ``.table()`` a row a construct, ``.items`` a row an item.

    Raises
    ------
    DataError
        A scale of one item, an absent column, text, a constant item, too few complete rows.

    Notes
    -----
    α with Feldt's interval; ω and composite reliability from one maximum-likelihood factor, the
    interval of ω by bootstrap; ordinal α and ω from polychoric correlations where all answers are
    whole numbers in at most ten categories (NaN otherwise). Odd against even items by Guttman's
    coefficient and by Spearman–Brown (Horst for unequal halves); ``split_half_max`` is λ4.
    Agrees with psych 2.2.9 and lavaan 0.6-14: closed forms to 1e-10, ω to 1e-5
    (``tests/reference/reliability.R``).

    Examples
    --------
    >>> draw = np.random.default_rng(3).normal(size=(120, 4))
    >>> answers = pd.DataFrame({f"q{i}": draw[:, 0] + draw[:, i] for i in (1, 2, 3)})
    >>> got = reliability_of_scales(answers, {"trust": ["q1", "q2", "q3"]}, bootstrap=0).table()
    >>> round(got.alpha[0], 3), got.verdict[0]
    (np.float64(0.78), 'meets')
    """
    scales, rules = check_scales(scales), cutoffs_with(cutoffs)
    rows, item_rows, notes = [], [], []
    for name, columns in scales.items():
        answers = available_answers(items, columns, weights=weights)
        omega = scale_omega(answers, confidence=confidence, bootstrap=bootstrap, seed=seed)
        ordinal, caution = polychoric_of(answers)
        row = _alpha_row(name, answers, confidence, rules) | _omega_row(omega, ordinal)
        row, withheld = without_negative(row | _split_row(answers, seed))
        rows.append(row)
        item_rows.append(item_table(name, answers, rules))
        notes += [(name, note) for note in (omega.note, caution, withheld) if note is not None]
    every = available_answers(items, [i for block in scales.values() for i in block],
                              weights=weights)  # fmt: skip
    return ReliabilityOfScales(
        n_used=every.n,
        n_dropped=every.n_dropped,
        method=Phrase("reliability.method"),
        confidence=confidence,
        notes=tuple(gathered(notes)) + every.notes(),
        scales=pd.DataFrame(rows)[_COLUMNS],
        items=pd.concat(item_rows, ignore_index=True),
        cutoffs=rules,
        labels={name: (labels or {}).get(name, name) for name in scales},
    )


def gathered(notes: Sequence[tuple[str, Phrase]]) -> list[Phrase]:
    """Return each note once, with the constructs it is about (``constructs`` of its facts)."""
    told: dict[str, tuple[Phrase, list[str]]] = {}
    for construct, note in notes:
        key = str(note.plain())
        told.setdefault(key, (note, []))[1].append(construct)
    return [
        Phrase(note.template, {**note.facts, "constructs": constructs})
        for note, constructs in told.values()
    ]


_COLUMNS = [
    "construct", "k_items", "n_used", "n_dropped", "alpha", "alpha_ci_low", "alpha_ci_high",
    "alpha_standardised", "omega", "omega_ci_low", "omega_ci_high", "omega_failed",
    "omega_improper", "composite_reliability", "ordinal_alpha", "ordinal_omega", "spearman_brown",
    "split_half", "split_half_min", "split_half_mean", "split_half_max", "n_splits",
    "splits_exhaustive", "mean_inter_item", "verdict",
]  # fmt: skip


def item_table(construct: str, answers: Answers, cutoffs: Mapping[str, Cutoff]) -> pd.DataFrame:
    """Return one row an item: mean, SD, corrected item–total correlation, α without it.

    ``alpha_if_deleted`` is NaN for scales of two items. ``reverse_suspected`` marks items that
    correlate negatively with the rest of a scale in which most do not: reverse-worded and not
    turned, most likely.
    """
    covariance, k = answers.covariance, len(answers.names)
    rest = item_rest_correlations(covariance)
    weights = np.ones(answers.n) if answers.weights is None else answers.weights
    mean, sd = np.transpose([weighted_mean_sd(column, weights) for column in answers.rows.T])
    deleted = [_alpha_without(covariance, i) if k > 2 else np.nan for i in range(k)]
    return pd.DataFrame(
        {
            "construct": construct,
            "item": answers.names,
            "n_used": (~np.isnan(answers.rows)).sum(axis=0),
            "mean": mean,
            "sd": sd,
            "item_rest": rest,
            "item_rest_passes": [cutoffs["item_rest"].passes(r) for r in rest],
            "alpha_if_deleted": deleted,
            "raises_alpha": np.array(deleted) > cronbach_alpha(covariance),
            "reverse_suspected": reverse_suspected(answers.correlation),
        }
    )


def reverse_suspected(correlation: np.ndarray) -> np.ndarray:
    """Mark items keyed against the others: opposite in sign on the first principal component.

    The component is turned so that most items load positively; an item is marked when its loading
    is negative and so is its mean correlation with the others. With two items and a negative
    correlation both are marked: one of them is reversed, the data cannot say which.

    >>> reverse_suspected(np.array([[1, 0.5, -0.4], [0.5, 1, -0.4], [-0.4, -0.4, 1]]))
    array([False, False,  True])
    """
    if len(correlation) == 2:
        return np.full(2, correlation[0, 1] < 0)
    first = np.linalg.eigh(correlation)[1][:, -1]
    against = first * (1 if (first > 0).sum() * 2 >= len(first) else -1) < 0
    mean = (correlation.sum(axis=0) - 1) / (len(correlation) - 1)
    return against & (mean < 0)


def _alpha_without(covariance: np.ndarray, i: int) -> float:
    kept = np.delete(np.arange(len(covariance)), i)
    return float(cronbach_alpha(covariance[np.ix_(kept, kept)]))


def _alpha_row(
    name: str, answers: Answers, confidence: float, cutoffs: Mapping[str, Cutoff]
) -> dict:
    alpha, k = float(cronbach_alpha(answers.covariance)), len(answers.names)
    low, high = (float(v) for v in feldt_interval(alpha, answers.n_effective, k, confidence))
    return {
        "construct": name,
        "k_items": k,
        "n_used": answers.n,
        "n_dropped": answers.n_dropped,
        "alpha": alpha,
        "alpha_ci_low": low,
        "alpha_ci_high": high,
        "alpha_standardised": float(cronbach_alpha(answers.correlation)),
        "mean_inter_item": mean_inter_item(answers.correlation),
        "verdict": verdict_of(alpha, low, cutoffs),
    }


def _omega_row(omega: Omega, ordinal: np.ndarray | None) -> dict:
    return {
        "omega": omega.omega,
        "omega_ci_low": omega.ci_low,
        "omega_ci_high": omega.ci_high,
        "omega_failed": omega.n_failed,
        "omega_improper": omega.n_negative,
        "composite_reliability": omega.composite_reliability,
        "ordinal_alpha": np.nan if ordinal is None else float(cronbach_alpha(ordinal)),
        "ordinal_omega": np.nan if ordinal is None else ordinal_omega(ordinal),
    }


def _split_row(answers: Answers, seed: int) -> dict:
    splits = split_half(answers.covariance, seed=seed)
    return {
        "spearman_brown": splits.odd_even,
        "split_half": splits.guttman,
        "split_half_min": splits.minimum,
        "split_half_mean": splits.mean,
        "split_half_max": splits.maximum,
        "n_splits": splits.n_splits,
        "splits_exhaustive": splits.exhaustive,
    }


_COEFFICIENTS = ("alpha_standardised", "ordinal_alpha", "spearman_brown", "split_half",
                 "split_half_min", "split_half_mean", "split_half_max")  # fmt: skip


def without_negative(row: dict) -> tuple[dict, Phrase | None]:
    """Withhold coefficients below zero: no share of variance can be negative.

    α alone keeps its sign, being what the verdict and its interval rest on. Where splits are
    negative on average none of them is given. A note says which coefficients are not.
    """
    negative = [name for name in _COEFFICIENTS if row[name] < 0]
    if "split_half_mean" in negative:  # a highest split alone would flatter
        negative = list(dict.fromkeys([*negative, "split_half", "split_half_max"]))
    kept = row | dict.fromkeys(negative, np.nan)
    return kept, Phrase("reliability.withheld", {"names": negative}) if negative else None


def verdict_of(alpha: float, ci_low: float, cutoffs: Mapping[str, Cutoff]) -> str:
    """Judge α and its lower limit by the cutoffs ``alpha`` and ``reliability_redundant``."""
    if not cutoffs["alpha"].passes(alpha):
        return "below"
    if not cutoffs["reliability_redundant"].passes(alpha):
        return "redundant"
    return "meets" if cutoffs["alpha"].passes(ci_low) else "uncertain"


def polychoric_of(answers: Answers) -> tuple[np.ndarray | None, Phrase | None]:
    """Return polychoric correlations, or None, with a note where a rating scale gives none.

    Not positive definite, or at the bound of ±1, they would give a number without a meaning.
    """
    from cx_value.sem.polychoric.matrix import polychoric_matrix
    from cx_value.sem.polychoric.pairs import BOUND

    given = [column[~np.isnan(column)] for column in answers.rows.T]
    whole = all((column == np.round(column)).all() for column in given)
    if not whole or max(len(np.unique(column)) for column in given) > MOST_CATEGORIES:
        return None, None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AnalysisWarning)
        matrix = polychoric_matrix(answers.frame(), weights=answers.weights).to_numpy()
    highest = np.abs(matrix[~np.eye(len(matrix), dtype=bool)]).max()
    if highest > BOUND - 1e-6 or np.linalg.eigvalsh(matrix)[0] <= 0:
        return None, Phrase("reliability.no_polychoric")
    return matrix, None
