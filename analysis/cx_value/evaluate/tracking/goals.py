"""Where targets stand, and what actions did: difference in differences over waves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.errors import DataError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.evaluate.comparison import metric_values
from cx_value.evaluate.tracking.moved import SHARES
from cx_value.evaluate.tracking.plan import construct_scores, wave_scores

if TYPE_CHECKING:
    from cx_value.study.answered import Survey
    from cx_value.study.goals import Action
    from cx_value.study.spec import Study

#: With fewer units clustered errors are too small to be trusted (Cameron & Miller, 2015).
ENOUGH_UNITS = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Targets(Result):
    """Where each target stands.

    Columns of the table: ``target metric value date wave n mean low high probability verdict``.
    ``probability`` is that of a true mean at or above the target, should it stay as it was in the
    last wave; ``verdict`` is ``met``, ``open`` or ``missed`` by the interval.
    """

    frame: pd.DataFrame

    template = "goals.targets"

    def facts(self) -> dict[str, Any]:
        """Return every target with where it stands."""
        return {"targets": self.frame.to_dict("records")}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Actions(Result):
    """What each action did.

    Columns of the table: ``action lever since``, the four means, and the effect. Columns ``before
    after control_before control_after difference low high p errors units verdict``. ``errors`` is
    ``units`` (clustered), ``respondents`` (HC1) or ``none``: no controls, so that ``difference``
    is the plain change.
    """

    frame: pd.DataFrame

    template = "goals.actions"

    def facts(self) -> dict[str, Any]:
        """Return every action with its effect."""
        return {"actions": self.frame.to_dict("records"), "enough": ENOUGH_UNITS}


def follow_targets(study: Study, survey: Survey) -> Targets | None:
    r"""Tell where targets stand in the last wave, the own brand's customers.

    Notes
    -----
    :math:`P = Φ((\bar x - t)/se)`: the probability, with a flat prior, that the true mean of
    the last wave reaches the target; it says nothing of changes still to come.
    """
    if not study.targets or survey is None or survey.wave is None:
        return None
    scores = wave_scores(study, survey)
    plain = construct_scores(study, survey).reindex(scores.index)
    scores = scores.join(plain[[name for name in plain if name not in scores]])
    for name, values in metric_values(study, survey):
        if name not in scores:
            scores[name] = values.reindex(scores.index) * (100 if name in SHARES else 1)
    wave = survey.wave.reindex(scores.index)
    last = sorted(wave.dropna().unique())[-1]
    weights = _weights(survey, scores.index)
    rows = [_target(entry, scores[entry.metric][wave == last], weights, last,
                    study.options.confidence) for entry in study.targets]  # fmt: skip
    frame = pd.DataFrame(rows)
    return Targets(
        n_used=int((wave == last).sum()), n_dropped=0, method=Phrase("goals.target_method"),
        confidence=study.options.confidence, frame=frame,
    )  # fmt: skip


def _target(entry, score: pd.Series, weights: pd.Series, wave, confidence: float) -> dict[str, Any]:
    from scipy.stats import norm

    score = score.dropna()
    if score.empty:
        raise DataError(
            f"nobody answered all items of {entry.metric} in wave {wave}, which target "
            f"{entry.name} is about · allowed: a measure asked in the last wave · do: name "
            "another metric, or leave the target out"
        )
    w = weights[score.index].to_numpy()
    mean = float(np.average(score, weights=w))
    error = float(np.sqrt((w**2 * (score - mean) ** 2).sum()) / w.sum())
    half = norm.ppf((1 + confidence) / 2) * error
    low, high = mean - half, mean + half
    verdict = "met" if low >= entry.value else "missed" if high < entry.value else "open"
    return {
        "target": entry.name, "metric": entry.metric, "value": entry.value,
        "date": entry.date or "", "wave": str(wave), "n": len(score), "mean": mean, "low": low,
        "high": high, "probability": float(norm.cdf((mean - entry.value) / error)),
        "verdict": verdict,
    }  # fmt: skip


def follow_actions(study: Study, survey: Survey) -> Actions | None:
    """Tell what actions did to their levers; None without actions or waves."""
    if not study.actions or survey is None or survey.wave is None:
        return None
    scores = construct_scores(study, survey)
    weights = _weights(survey, scores.index)
    rows = [_action(study, entry, scores[entry.lever], survey, weights, study.options.confidence)
            for entry in study.actions]  # fmt: skip
    frame = pd.DataFrame(rows)
    return Actions(
        n_used=len(scores), n_dropped=0, method=Phrase("goals.action_method"),
        confidence=study.options.confidence, frame=frame,
    )  # fmt: skip


def _action(
    study: Study, entry: Action, score, survey: Survey, weights, confidence: float
) -> dict[str, Any]:
    after = _at_or_after(survey.wave, entry.since)
    reached = _reached(study, entry, survey)
    unit = survey.profile[entry.unit].astype(str) if entry.unit else None
    found = difference_in_differences(
        score, after, reached, weights, unit, person=survey.ids, confidence=confidence
    )
    return {"action": entry.name, "lever": entry.lever, "since": entry.since, **found}


def _at_or_after(wave: pd.Series, since: str) -> pd.Series:
    """Tell which sheets are of the wave named or of one that sorts after it."""
    order = {str(level): k for k, level in enumerate(sorted(wave.dropna().unique()))}
    first = order.get(since, len(order))
    return wave.map(lambda w: order.get(str(w), -1) >= first)


def _reached(study: Study, entry: Action, survey: Survey) -> pd.Series:
    labels = {p.name: dict(p)["values"] for p in study.profile}
    named = {
        column: [str(labels[column][code]) for code in codes if code in labels[column]]
        for column, codes in entry.where.items()
    }
    reached = pd.Series(True, survey.items.index)
    for column, values in entry.where.items():
        reached &= survey.profile[column].astype(str).isin([*values, *named[column]])
    return reached


def difference_in_differences(
    score: pd.Series,
    after: pd.Series,
    reached: pd.Series,
    weights: pd.Series,
    unit: pd.Series | None = None,
    *,
    person: pd.Series | None = None,
    confidence: float = 0.95,
) -> dict[str, Any]:
    r"""Compare the change of those reached with the change of the others.

    Returns
    -------
    dict
        ``before after control_before control_after difference low high p errors units verdict``.

    Notes
    -----
    :math:`y = a + b_1 r + b_2 t + δ r t`; δ is the effect if both would have changed alike
    (parallel trends). Errors are clustered by unit (Liang & Zeger, 1986: G/(G−1), t of G−1 degrees
    of freedom) from 20 units on; HC1 of respondents below that, which are too small where units
    differ, clustered by person where the same respondents answered more than once. Without
    controls δ is the change itself, and no effect is claimed.
    """
    from scipy import stats

    known = score.notna()
    y, t, r, w = (v[known].to_numpy(float) for v in (score, after, reached, weights))
    if not 0 < t.sum() < len(t) or not r.any():
        return _nothing(y, t, r, w)
    alone = bool(r.all())
    x = np.column_stack([np.ones(len(y)), t] if alone else [np.ones(len(y)), r, t, r * t])
    groups = None if unit is None else unit[known].to_numpy()
    clusters = 0 if groups is None else len(np.unique(groups))
    clustered = clusters >= ENOUGH_UNITS
    by = groups if clustered else _repeated(person, known)
    beta, error = _fit(x, y, w, by)
    df = len(np.unique(by)) - 1 if by is not None else len(y) - x.shape[1]
    half = stats.t.ppf((1 + confidence) / 2, df) * error
    effect, p = float(beta[-1]), float(2 * stats.t.sf(abs(beta[-1] / error), df))
    verdict = "unclear" if p >= 1 - confidence else "rose" if effect > 0 else "fell"
    return {
        **_means(y, t, r, w), "difference": effect, "low": effect - half, "high": effect + half,
        "p": p,
        "errors": "none" if alone else "units" if clustered else "respondents",
        "units": clusters, "verdict": verdict,
    }  # fmt: skip


def _repeated(person: pd.Series | None, known: pd.Series) -> np.ndarray | None:
    """Return whose sheet each is, where somebody filled in more than one of them."""
    if person is None or not person[known].dropna().duplicated().any():
        return None
    own = person[known].astype(object)
    return own.where(own.notna(), [f"row {row}" for row in own.index]).astype(str).to_numpy()


def _nothing(y, t, r, w) -> dict[str, Any]:
    """Return what there is where one side of the comparison is empty."""
    gap = float("nan")
    return {**_means(y, t, r, w), "difference": gap, "low": gap, "high": gap, "p": gap,
            "errors": "empty", "units": 0, "verdict": "unclear"}  # fmt: skip


def _means(y, t, r, w) -> dict[str, float]:
    def mean(side) -> float:
        return float(np.average(y[side], weights=w[side])) if side.any() else float("nan")

    return {
        "before": mean((r == 1) & (t == 0)), "after": mean((r == 1) & (t == 1)),
        "control_before": mean((r == 0) & (t == 0)), "control_after": mean((r == 0) & (t == 1)),
    }  # fmt: skip


def _fit(x, y, w, groups: Sequence[str] | None) -> tuple[np.ndarray, float]:
    """Return weighted least squares and the robust error of the last coefficient."""
    bread = np.linalg.inv(x.T @ (x * w[:, None]))
    beta = bread @ (x.T @ (w * y))
    scores = x * (w * (y - x @ beta))[:, None]
    n, k = x.shape
    inflate = n / (n - k)
    if groups is not None:
        scores = pd.DataFrame(scores).groupby(groups).sum().to_numpy()
        inflate = len(scores) / (len(scores) - 1) * (n - 1) / (n - k)
    cov = inflate * bread @ (scores.T @ scores) @ bread
    return beta, float(np.sqrt(cov[-1, -1]))


def _weights(survey: Survey, index: pd.Index) -> pd.Series:
    if survey.weights is None:
        return pd.Series(1.0, index)
    return survey.weights.reindex(index).astype(float)
