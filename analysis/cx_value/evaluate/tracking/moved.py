"""What has changed since the last wave: index, constructs and core metrics, with the test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.evaluate.comparison import metric_values
from cx_value.evaluate.tracking.paired import (
    Difference,
    paired_means,
    paired_shares,
    unpaired_means,
)
from cx_value.evaluate.tracking.plan import construct_scores, lacking_items
from cx_value.study.customers import own_customers

if TYPE_CHECKING:
    from cx_value.study.answered import Survey
    from cx_value.study.spec import Study

#: Shares of respondents, told in per cent.
SHARES = ("csat", "promoters", "detractors")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaveChanges(Result):
    """The change of every measure between the last two waves.

    The table holds ``measure n_before n before after difference low high p p_rank p_adjusted
    clear``.

    Shares are in per cent; ``clear`` says whether chance hardly explains the change, after Holm
    over all rows.

    Attributes
    ----------
    frame : DataFrame
        One row as the table has it.
    waves : tuple of str
        The wave before, and the last one.
    paired : int
        Respondents of the last wave who answered the one before too; 0: others were asked.
    """

    frame: pd.DataFrame
    waves: tuple[str, str]
    paired: int

    template = "tracking.changes"

    def facts(self) -> dict[str, Any]:
        """Return the two waves, how many measures there are, and those that changed clearly."""
        moved = self.frame[self.frame.clear.astype(bool)]
        pick = ["measure", "difference", "low", "high"]
        return {
            "before": self.waves[0], "wave": self.waves[1], "measures": len(self.frame),
            "paired": self.paired, "moved": moved[pick].to_dict("records"),
        }  # fmt: skip


def compare_last_waves(
    study: Study, survey: Survey | None, weights: Mapping[str, float] | None = None,
    root: str = "",
) -> WaveChanges | None:  # fmt: skip
    """Tell what has changed between the last two waves that are large enough.

    Parameters
    ----------
    survey : Survey
        The answers of all waves.
    weights : mapping of str to float, optional
        Construct → its weight in the overall index, which is called ``root``.

    Returns
    -------
    WaveChanges or None
        None where there are fewer than two such waves.

    Notes
    -----
    Where at least ``evaluation.minimum_group`` respondents answered both waves, their own change is
    tested (paired t, with Wilcoxon's test beside it; McNemar's exact test of shares), else Welch's
    t between the respondents of the two. p adjusted over all rows by Holm (1979).
    """
    from statsmodels.stats.multitest import multipletests

    own = None if survey is None or survey.wave is None else own_customers(study, survey)
    waves = [] if own is None else _last_two(own.wave, study.evaluation.minimum_group)
    if len(waves) < 2:
        return None
    sides = [own.rows(own.items.index[own.wave == wave]) for wave in waves]
    pairs = _pairs(sides, study.evaluation.minimum_group)
    rows = [
        {"measure": name, **_row(found, 100 if name in SHARES else 1)}
        for name, found in _changes(
            study, sides, pairs, weights or {}, root, lacking_items(study, own)
        )
    ]
    frame = pd.DataFrame(rows)
    frame["p_adjusted"] = multipletests(frame.p, method="holm")[1]
    confidence = study.options.confidence
    return WaveChanges(
        n_used=sides[1].n, n_dropped=0, method=Phrase("tracking.changes_method"),
        confidence=confidence, frame=frame.assign(clear=frame.p_adjusted < 1 - confidence),
        waves=(str(waves[0]), str(waves[1])), paired=0 if pairs is None else len(pairs),
    )  # fmt: skip


def _last_two(wave: pd.Series, minimum: int) -> list[Any]:
    counts = wave.value_counts()
    return sorted(counts.index[counts >= minimum])[-2:]


def _pairs(sides: list[Survey], minimum: int) -> pd.DataFrame | None:
    """Return the rows of those who answered both waves once each; None with too few of them."""
    if sides[0].ids is None:
        return None
    both = [s.ids.dropna()[lambda ids: ~ids.duplicated(keep=False)] for s in sides]
    rows = [pd.Series(ids.index, ids.to_numpy()) for ids in both]
    found = pd.DataFrame({"before": rows[0], "after": rows[1]}).dropna().astype(int)
    return found if len(found) >= minimum else None


def _changes(
    study: Study, sides, pairs, weights: Mapping[str, float], root: str, lacking
) -> Iterator[tuple[str, Difference]]:
    level = study.options.confidence
    for name, values in _measures(study, sides, weights, root, lacking):
        if pairs is None:
            known = [v.dropna() for v in values]
            w = [_weights(s, v.index) for s, v in zip(sides, known, strict=True)]
            if min(map(len, known)) > 1:
                yield name, unpaired_means(*(v.to_numpy() for v in known), *w, confidence=level)
            continue
        before, after = (v.reindex(pairs[side]).to_numpy(float)
                         for v, side in zip(values, ("before", "after"), strict=True))  # fmt: skip
        both = ~(np.isnan(before) | np.isnan(after))
        if both.sum() < 2:
            continue
        if name in SHARES and sides[1].weights is None:
            yield name, paired_shares(before[both], after[both], confidence=level)
            continue
        w = _weights(sides[1], pd.Index(pairs["after"][both]))
        yield name, paired_means(before[both], after[both], w, confidence=level)


def _measures(
    study: Study, sides, weights: Mapping[str, float], root: str, lacking
) -> Iterator[tuple[str, list[pd.Series]]]:
    """Yield each measure with its values in either wave, one a respondent."""
    scores = [construct_scores(study, side, lacking=lacking) for side in sides]
    share = pd.Series(weights, dtype=float)
    share = share[share.index.isin(scores[0].columns)]
    if root and share.sum() > 0:
        share = share / share.sum()
        some = [construct_scores(study, s, skipna=True, lacking=lacking)[share.index]
                for s in sides]  # fmt: skip
        yield root, [_weighted_row(frame, share) for frame in some]
    for name in scores[0]:
        yield name, [frame[name] for frame in scores]
    metrics = [dict(metric_values(study, side)) for side in sides]
    for name in metrics[0]:
        yield name, [m[name] for m in metrics]
        if name == "nps":
            for part, sign in (("promoters", 1), ("detractors", -1)):
                yield part, [(m[name] * sign > 0).astype(float).where(m[name].notna())
                             for m in metrics]  # fmt: skip


def _weighted_row(frame: pd.DataFrame, share: pd.Series) -> pd.Series:
    """Return each respondent's index of the constructs that he or she answered."""
    known = frame.notna()
    total = (known * share).sum(axis=1)
    return ((frame.fillna(0) * share).sum(axis=1) / total).where(total > 0)


def _weights(side: Survey, index: pd.Index) -> np.ndarray:
    if side.weights is None:
        return np.ones(len(index))
    return side.weights.reindex(index).to_numpy(float)


def _row(found: Difference, unit: int) -> dict[str, Any]:
    told = {"before": found.before, "after": found.after, "difference": found.size,
            "low": found.low, "high": found.high}  # fmt: skip
    return {
        "n_before": found.n_before, "n": found.n_after,
        **{name: unit * value for name, value in told.items()},
        "p": found.p, "p_rank": found.p_rank,
    }  # fmt: skip
