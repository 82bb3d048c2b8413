"""Are two constructs two? The Fornell–Larcker criterion and the heterotrait–monotrait ratio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.errors import ModelError
from cx_value.base.formulas import average_variance_extracted, heterotrait_monotrait
from cx_value.base.results import Result
from cx_value.base.wording import in_language
from cx_value.base.words import Phrase
from cx_value.measure.answers import Answers, available_answers, check_scales
from cx_value.measure.reliability import reverse_suspected
from cx_value.measure.resamples import (
    FEWEST_DRAWS,
    pairwise_correlations,
    percentile_interval,
    resampled_rows,
)
from cx_value.measure.validity import loading_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cx_value.sem import ModelFit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FornellLarcker(Result):
    """Latent correlations against the square roots of the AVE.

    Attributes
    ----------
    pairs : DataFrame
        See :meth:`table`.
    matrix : DataFrame (c, c)
        Latent correlations, √AVE on the diagonal.
    """

    template = "discriminant.fornell_larcker"

    pairs: pd.DataFrame
    matrix: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return ``construct_1 construct_2 r r_ci_low r_ci_high root_ave_1 root_ave_2 passes``;
        ``passes`` where \\|r\\| lies below both roots.
        """
        return self.pairs.copy()

    def facts(self) -> dict[str, Any]:
        """Return for how many pairs the criterion holds, and those for which it does not."""
        failed = self.pairs[self.pairs.passes != True]  # noqa: E712
        return {
            "pairs": len(self.pairs), "passing": len(self.pairs) - len(failed),
            "failing": failed[["construct_1", "construct_2", "r"]], "source": "fornell1981",
        }  # fmt: skip


def fornell_larcker(fit: ModelFit) -> FornellLarcker:
    """Does each construct share more with its items than with other constructs?

    Parameters
    ----------
    fit : ModelFit
        A measurement model of one group in which each item reflects one construct.

    Raises
    ------
    ModelError
        Fewer than two constructs, and as :func:`cx_value.measure.validity.convergent_validity`.

    Notes
    -----
    Fornell & Larcker (1981), J. Mark. Res. 18. The criterion overlooks most violations (Henseler
    et al., 2015): read it beside HTMT. AVE of standardised loadings.
    """
    blocks = loading_rows(fit)
    _check_two(blocks)
    standard = fit.table().std_all.to_numpy()
    roots = {k: float(np.sqrt(average_variance_extracted(standard[v]))) for k, v in blocks.items()}
    matrix = fit.latent_correlations().loc[list(blocks), list(blocks)].copy()
    values = matrix.to_numpy(copy=True)
    np.fill_diagonal(values, list(roots.values()))
    return FornellLarcker(
        n_used=fit.n_used,
        n_dropped=fit.n_dropped,
        method=Phrase("discriminant.fornell_method"),
        confidence=fit.confidence,
        notes=fit.notes,
        pairs=pd.DataFrame(_latent_pairs(fit, matrix, roots)),
        matrix=pd.DataFrame(values, index=list(blocks), columns=list(blocks)),
    )


def _check_two(constructs: Mapping[str, object]) -> None:
    if len(constructs) < 2:
        raise ModelError(
            f"1 construct of two or more items ({', '.join(constructs)}) · allowed: two or more, "
            "since discriminant validity compares pairs · do: leave this question out, or name "
            "another construct"
        )


def _latent_pairs(fit: ModelFit, matrix: pd.DataFrame, roots: Mapping[str, float]) -> list[dict]:
    rows = fit.standardised()
    rows = rows[(rows.op == "~~") & (rows.lhs != rows.rhs)]
    limits = {frozenset((r.lhs, r.rhs)): (r.ci_low, r.ci_high) for r in rows.itertuples()}
    pairs = []
    for one, two in combinations(matrix.columns, 2):
        r = float(matrix.loc[one, two])
        low, high = limits.get(frozenset((one, two)), (np.nan, np.nan))
        pairs.append(
            {
                "construct_1": one, "construct_2": two, "r": r, "r_ci_low": low, "r_ci_high": high,
                "root_ave_1": roots[one], "root_ave_2": roots[two],
                "passes": abs(r) < min(roots[one], roots[two]),
            }
        )  # fmt: skip
    return pairs


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeterotraitMonotrait(Result):
    """HTMT, HTMT+ and HTMT2 of every pair of constructs, with bootstrap intervals.

    Attributes
    ----------
    pairs : DataFrame
        See :meth:`table`.
    matrix : DataFrame (c, c)
        HTMT below the diagonal, HTMT2 above it, 1 on it.
    n_low, n_high : int
        Fewest and most respondents behind one correlation.
    draws : int
    seed : int
    reversed_items : tuple of str
        Items that run against their own scale, which absolute correlations hide.
    """

    template = "discriminant.htmt"

    pairs: pd.DataFrame
    matrix: pd.DataFrame
    n_low: int
    n_high: int
    draws: int
    seed: int
    reversed_items: tuple[str, ...] = ()
    cutoffs: Mapping[str, Cutoff]
    labels: Mapping[str, str]

    def table(self) -> pd.DataFrame:
        """Return ``construct_1 construct_2 htmt htmt_ci_low htmt_ci_high htmt_plus
        htmt_plus_ci_low htmt_plus_ci_high htmt2 htmt2_ci_low htmt2_ci_high passes
        upper_passes``; ``passes`` by the point (.85), ``upper_passes`` by the limit farther from
        zero (1), both in absolute value.
        """
        return self.pairs.copy()

    def facts(self) -> dict[str, Any]:
        """Return the range of HTMT, the rows it rests on and the pairs that miss either rule."""
        given = self.pairs[self.pairs.htmt.notna()]
        low, high = given.loc[given.htmt.idxmin()], given.loc[given.htmt.idxmax()]
        ci = [high.htmt_ci_low, high.htmt_ci_high]
        return {
            "pairs": len(self.pairs), "low": low.htmt, "high": high.htmt,
            "construct_1": high.construct_1, "construct_2": high.construct_2,
            "ci": None if np.isnan(ci[0]) else ci, "confidence": self.confidence,
            "draws": self.draws, "n_low": self.n_low, "n_high": self.n_high,
            "rule": self.cutoffs["htmt"].facts(), "missed": self._missed("passes"),
            "upper_rule": self.cutoffs["htmt_upper"].facts(),
            "upper_missed": self._missed("upper_passes"), "reversed": list(self.reversed_items),
            "undefined": int(self.pairs.htmt.isna().sum()),
        }  # fmt: skip

    def _missed(self, column: str) -> list[dict[str, Any]]:
        missed = self.pairs[self.pairs[column] == False]  # noqa: E712
        worst = missed.sort_values("htmt", ascending=False, key=abs)
        return worst[["construct_1", "construct_2", "htmt"]].to_dict("records")

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw HTMT as a heat map, pairs at or above the cutoff marked."""
        from cx_value.measure.pictures import draw_htmt

        names = [in_language(label, lang) for label in self.labels.values()]
        return draw_htmt(self.matrix, names, self.cutoffs["htmt"], ax, lang)


def heterotrait_monotrait_ratios(
    items: pd.DataFrame,
    scales: Mapping[str, Sequence[str]],
    *,
    bootstrap: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
    weights: pd.Series | None = None,
    cutoffs: Mapping[str, float] | None = None,
    labels: Mapping[str, str] | None = None,
) -> HeterotraitMonotrait:
    """Do items correlate more within than between constructs?

    Parameters
    ----------
    items : DataFrame (n, ·)
        Each correlation uses the rows that answer both items.
    scales : mapping of str to sequence of str
        Two or more constructs of two or more items.
    bootstrap : int
        Resamples of rows for the percentile intervals; fewer than 20 leave the intervals NaN.
    seed : int
    confidence : float
        Two-sided level.
    weights : Series, optional
        Case weights.
    cutoffs : mapping of str to float, optional
    labels : mapping of str to Text, optional

    Raises
    ------
    ModelError
        Fewer than two constructs.
    DataError
        A scale of one item, absent, textual or constant items, too few rows.

    Notes
    -----
    Formulas and sources: :func:`cx_value.base.formulas.heterotrait_monotrait`, on pairwise
    correlations. ``htmt`` agrees with ``semTools::htmt(htmt2 = FALSE, absolute = FALSE)``,
    ``htmt_plus`` with ``absolute = TRUE``, ``htmt2`` with the default, to 1e-10, with gaps and
    weights too; intervals rest on the same ratios of resampled rows (checked draw by draw).

    Examples
    --------
    >>> draw = np.random.default_rng(3).normal(size=(200, 6))
    >>> answers = pd.DataFrame({f"q{i}": draw[:, i // 2] + draw[:, 2 + i] for i in range(4)})
    >>> got = heterotrait_monotrait_ratios(answers, {"a": ["q0", "q1"], "b": ["q2", "q3"]})
    >>> len(got.table())
    1
    """
    scales, rules = check_scales(scales), cutoffs_with(cutoffs)
    _check_two(scales)
    answers = available_answers(
        items, [item for block in scales.values() for item in block], weights=weights
    )
    blocks = [answers.of(block) for block in scales.values()]
    correlation = pairwise_correlations(answers.rows, weights=answers.weights)[0]
    ratios = {kind: heterotrait_monotrait(correlation, blocks, kind=kind) for kind in KINDS}
    limits = resampled_ratios(answers, blocks, bootstrap, seed, confidence)
    names, both = list(scales), ~np.isnan(answers.rows)
    counts = (both.T.astype(int) @ both)[np.tril_indices(len(answers.names), -1)]
    matrix = np.tril(ratios["htmt"]) + np.triu(ratios["htmt2"], 1)
    return HeterotraitMonotrait(
        n_used=answers.n,
        n_dropped=answers.n_dropped,
        method=Phrase("discriminant.htmt_method"),
        confidence=confidence,
        notes=few_draws_note(bootstrap),
        pairs=_ratio_pairs(names, ratios, limits, rules),
        matrix=pd.DataFrame(matrix, index=names, columns=names),
        n_low=int(counts.min()),
        n_high=int(counts.max()),
        draws=bootstrap,
        seed=seed,
        reversed_items=_against_own_scale(answers, correlation, blocks),
        cutoffs=rules,
        labels={name: (labels or {}).get(name, name) for name in names},
    )


KINDS = ("htmt", "htmt_plus", "htmt2")


def few_draws_note(draws: int) -> tuple[Phrase, ...]:
    """Say that no interval is given for fewer draws than a percentile interval needs."""
    if not 0 < draws < FEWEST_DRAWS:
        return ()
    return (Phrase("discriminant.few_draws", {"draws": draws, "fewest": FEWEST_DRAWS}),)


def _against_own_scale(
    answers: Answers, correlation: np.ndarray, blocks: Sequence[np.ndarray]
) -> tuple[str, ...]:
    return tuple(
        answers.names[i]
        for block in blocks
        for i in block[reverse_suspected(correlation[np.ix_(block, block)])]
    )


def resampled_ratios(
    answers: Answers, blocks: Sequence[np.ndarray], draws: int, seed: int, confidence: float
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return percentile limits of each kind of ratio, a pair of ``(c, c)``."""
    shape = (len(blocks), len(blocks))
    if not draws:
        return dict.fromkeys(KINDS, (np.full(shape, np.nan), np.full(shape, np.nan)))
    drawn: dict[str, list[np.ndarray]] = {kind: [] for kind in KINDS}
    for rows in resampled_rows(answers.n, draws, seed):
        correlation = pairwise_correlations(answers.rows, rows, answers.weights)
        for kind, parts in drawn.items():
            parts.append(heterotrait_monotrait(correlation, blocks, kind=kind))
    return {k: percentile_interval(np.concatenate(v), confidence) for k, v in drawn.items()}


def _ratio_pairs(
    names: list[str], ratios: Mapping, limits: Mapping, cutoffs: Mapping[str, Cutoff]
) -> pd.DataFrame:
    rows = []
    for i, j in combinations(range(len(names)), 2):
        row = {"construct_1": names[i], "construct_2": names[j]}
        for kind in KINDS:
            low, high = limits[kind]
            row |= {kind: ratios[kind][i, j], f"{kind}_ci_low": low[i, j],
                    f"{kind}_ci_high": high[i, j]}  # fmt: skip
        farther = max(abs(row["htmt_ci_low"]), abs(row["htmt_ci_high"]))
        row["passes"] = cutoffs["htmt"].passes(abs(row["htmt"]))
        row["upper_passes"] = cutoffs["htmt_upper"].passes(farther)
        rows.append(row)
    return pd.DataFrame(rows)
