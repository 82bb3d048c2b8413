"""What a change of the overall index is made of: scores, weights, and who answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.evaluate.resamples import draw_resamples
from cx_value.evaluate.setting import (
    ModelBasis,
    expert_weights,
    prepare_evaluation,
    weigh_constructs,
)
from cx_value.evaluate.tracking.plan import lacking_items
from cx_value.evaluate.weights.comparison import interval
from cx_value.study.customers import own_customers

if TYPE_CHECKING:
    from cx_value.evaluate.setting import EvaluationSetting
    from cx_value.study.answered import Survey
    from cx_value.study.spec import Study

#: Weights that each wave's answers give anew; those of models are kept.
FROM_ANSWERS = ("combined", "critic", "entropy", "variation", "components")
WEIGHTS, MIX, CHANGE = "WEIGHTS", "MIX", "CHANGE"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndexChange(Result):
    """The change of the overall index from the first to the last wave, part by part.

    The table holds ``part kind before after difference low high``: a row a construct (its score
    in the index), then ``WEIGHTS``, ``MIX`` where the study names a group, and ``CHANGE``, their
    sum. Intervals are percentiles over resampled respondents of either wave.

    Attributes
    ----------
    frame : DataFrame
        One row as the table has it.
    waves : tuple of str
        The first and the last.
    group : str
        The column whose mix is told; "" without one.
    headline : str
        Whose weights make the index; ``kept`` where they are not made anew.
    """

    template: ClassVar[str] = "tracking.composition"

    frame: pd.DataFrame
    waves: tuple[str, str]
    group: str
    headline: str

    def facts(self) -> dict[str, Any]:
        """Return the change, the three parts with intervals, and the largest construct."""
        rows = self.frame.set_index("part")
        scores = rows[rows.kind == "score"]
        largest = scores.difference.abs().idxmax()
        pick = ["difference", "low", "high"]
        parts = [{"part": part, **rows.loc[part, pick].to_dict()}
                 for part in ("SCORES", WEIGHTS, MIX) if part in rows.index]  # fmt: skip
        return {
            "first": self.waves[0], "last": self.waves[1], "group": self.group,
            "headline": self.headline, "anew": self.headline in FROM_ANSWERS,
            **rows.loc[CHANGE, ["before", "after", *pick]].to_dict(), "parts": parts,
            "largest": {"part": largest, **scores.loc[largest, pick].to_dict()},
        }  # fmt: skip


def explain_index(
    study: Study, survey: Survey | None, weights: Mapping[str, float], headline: str,
    judgements: pd.DataFrame | None = None, *, draws: int = 500,
) -> IndexChange | None:  # fmt: skip
    """Split the change of the overall index between the first and the last wave.

    Parameters
    ----------
    survey : Survey
        The answers of all waves.
    weights : mapping of str to float
        Construct → its weight in the overall index, kept where ``headline`` comes from a model.
    headline : str
        The method whose weights make the index.
    judgements : DataFrame, optional
        The experts' (:func:`cx_value.study.experts.read_experts`), part of combined weights.

    Returns
    -------
    IndexChange or None
        None with fewer than two waves that are large enough.

    Notes
    -----
    The index is Σ w_c m_g s_cg over constructs c and groups g: weights, shares of respondents,
    mean scores. Each factor's part is its change times the other two, averaged over the orders in
    which the three may change (Das Gupta 1993, eq. 3.19; with two factors Kitagawa's), so that the
    parts add up without an interaction left over.
    """
    own = None if survey is None or survey.wave is None else own_customers(study, survey)
    waves = [] if own is None else _large(own.wave, study.evaluation.minimum_group)
    if len(waves) < 2 or not weights:
        return None
    lacking = list(lacking_items(study, own))
    own = replace(own, items=own.items.assign(**dict.fromkeys(lacking, np.nan)))
    rows = [own.rows(own.items.index[own.wave == wave]) for wave in (waves[0], waves[-1])]
    sides = [_side(study, side, draws, k) for k, side in enumerate(rows)]
    asked = [s.scores.constructs.notna().any() for s in sides]
    leaves = [c for c in sides[0].hierarchy.leaves if c in weights and all(a[c] for a in asked)]
    if not leaves:
        return None
    if len(leaves) < len(sides[0].hierarchy.leaves):
        headline = "kept"  # what was not asked in either wave cannot be weighed anew
    groups, experts = _groups(study, rows), expert_weights(sides[0], judgements)
    names = sorted({name for side in groups for name in side.unique()})
    mix = len(names) > 1
    factors = _completed(*(
        _factors(s, leaves, g, names, _weights(s, leaves, weights, headline, experts))
        for s, g in zip(sides, groups, strict=True)
    ))  # fmt: skip
    return IndexChange(
        n_used=sum(s.survey.n for s in sides), method=Phrase("tracking.composition_method"),
        confidence=study.options.confidence, waves=(str(waves[0]), str(waves[-1])),
        frame=_frame(leaves, *factors, study.options.confidence, mix=mix),
        group=study.group if mix else "", headline=headline,
    )  # fmt: skip


def _large(wave: pd.Series, minimum: int) -> list[Any]:
    counts = wave.value_counts()
    return sorted(counts.index[counts >= minimum])


def _side(study: Study, side: Survey, draws: int, k: int) -> EvaluationSetting:
    """Return one wave as the evaluation sees it, resampled on its own."""
    case = None if side.weights is None else side.weights.to_numpy(dtype=float)
    axis = draw_resamples(side.n, draws, seed=(study.options.seed, k), weights=case)
    return replace(prepare_evaluation(study, side, draws=0), axis=axis)


def _groups(study: Study, rows: list[Survey]) -> list[pd.Series]:
    """Return each respondent's group, those too small in either wave taken together."""
    if study.group is None:
        return [pd.Series("", index=side.items.index) for side in rows]
    found = [side.profile[study.group].astype(object).fillna("").astype(str) for side in rows]
    minimum = study.report.minimum_cell
    large = set.intersection(*(set(_large(groups, minimum)) for groups in found))
    return [groups.where(groups.isin(large), "") for groups in found]


def _weights(setting, leaves, fixed: Mapping[str, float], headline: str, experts) -> np.ndarray:
    """Return the weights (1 + draws, constructs), each wave's own where answers give them."""
    own = np.array([fixed[c] for c in leaves])[None, :] / sum(fixed[c] for c in leaves)
    if headline not in FROM_ANSWERS:
        return own
    none = ModelBasis(constructs={}, items={}, left_out=(), target="")
    found = weigh_constructs(setting, none, experts)
    if headline not in found.methods:
        return own
    at = [found.indicators.index(c) for c in leaves]
    anew = found.methods[headline][:, at]
    return anew / anew.sum(axis=1, keepdims=True)


def _factors(
    setting, leaves, groups: pd.Series, names: list[str], weights: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Return weights (R, C), shares (R, G) and mean scores (R, G, C) of a wave; NaN: nobody's."""
    values = setting.scores.constructs[leaves].to_numpy()
    seen = np.isfinite(values)
    held = np.hstack([np.where(seen, values, 0.0), seen, np.ones((len(values), 1))])
    c = len(leaves)
    sums = [setting.axis.products(held, groups.eq(name).to_numpy()) for name in names]
    sums = np.stack(sums, axis=1)
    share = sums[..., -1] / sums[..., -1].sum(axis=1, keepdims=True)
    means, whole = _ratio(sums, c), _ratio(sums.sum(axis=1, keepdims=True), c)
    # Members none of whom answered a construct count with the mean of all in their wave.
    means = np.where(np.isnan(means) & (share[..., None] > 0), whole, means)
    return np.broadcast_to(weights, (len(sums), c)), share, means


def _ratio(sums: np.ndarray, c: int) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return sums[..., :c] / sums[..., c : 2 * c]


def _completed(before: tuple, after: tuple) -> tuple[tuple, tuple]:
    """Give a group that one wave lacks the scores of the other: its coming is a change of mix."""
    (w, m, s), (v, n, t) = before, after
    return (w, m, np.where(np.isnan(s), t, s)), (v, n, np.where(np.isnan(t), s, t))


def contributions(before: tuple, after: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the parts of scores (R, C), weights (R,) and mix (R,) in the change of the index.

    Parameters
    ----------
    before, after : tuple of ndarray
        Weights (R, C), shares (R, G) and mean scores (R, G, C).

    Examples
    --------
    >>> a = (np.array([[.4, .6]]), np.array([[1.0]]), np.array([[[70., 60.]]]))
    >>> b = (np.array([[.5, .5]]), np.array([[1.0]]), np.array([[[74., 60.]]]))
    >>> [part.round(3).tolist() for part in contributions(a, b)]
    [[[1.8, 0.0]], [1.2], [0.0]]
    """
    cells = [
        (w[:, None, :] + np.zeros_like(s), m[:, :, None] + np.zeros_like(s), s)
        for w, m, s in (before, after)
    ]
    (w, m, s), (v, n, t) = cells

    def part(a, b, c, x, y, z):
        return (x - a) * ((b * c + y * z) / 3 + (b * z + y * c) / 6)

    scores = part(s, w, m, t, v, n).sum(axis=1)
    by_weight = part(w, s, m, v, t, n).sum(axis=(1, 2))
    return scores, by_weight, part(m, w, s, n, v, t).sum(axis=(1, 2))


def _frame(leaves, before, after, confidence: float, *, mix: bool) -> pd.DataFrame:
    """Return the rows of the table."""
    scores, by_weight, by_mix = contributions(before, after)
    totals = [np.einsum("rc,rg,rgc->r", *side) for side in (before, after)]
    means = [np.einsum("rg,rgc->rc", *side[1:])[0] for side in (before, after)]
    rows = [_row(name, "score", scores[:, k], means[0][k], means[1][k], confidence)
            for k, name in enumerate(leaves)]  # fmt: skip
    rows.sort(key=lambda row: -abs(row["difference"]))
    rows.append(_row("SCORES", "part", scores.sum(axis=1), np.nan, np.nan, confidence))
    rows.append(_row(WEIGHTS, "part", by_weight, np.nan, np.nan, confidence))
    if mix:
        rows.append(_row(MIX, "part", by_mix, np.nan, np.nan, confidence))
    change = totals[1] - totals[0]
    rows.append(_row(CHANGE, "change", change, totals[0][0], totals[1][0], confidence))
    return pd.DataFrame(rows)


def _row(part: str, kind: str, drawn: np.ndarray, before, after, confidence: float) -> dict:
    low, high = interval(drawn[1:, None], confidence)
    return {"part": part, "kind": kind, "before": before, "after": after,
            "difference": drawn[0], "low": low[0], "high": high[0]}  # fmt: skip
