"""Are two constructs two? The Fornell–Larcker criterion and the heterotrait–monotrait ratio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.errors import ModelError
from cx_value.base.formulas import average_variance_extracted, heterotrait_monotrait
from cx_value.base.results import Result
from cx_value.base.wording import (
    Text,
    format_interval,
    format_number,
    format_percent,
    in_language,
    join_words,
)
from cx_value.measure.answers import (
    FEWEST_DRAWS,
    Answers,
    check_scales,
    close_up,
    complete_answers,
    correlation_of,
    covariances_of_rows,
    percentile_interval,
    resampled_rows,
    rows_note,
    told_rule,
)
from cx_value.measure.reliability import reverse_suspected
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

    pairs: pd.DataFrame
    matrix: pd.DataFrame
    labels: Mapping[str, str]

    def table(self) -> pd.DataFrame:
        """Return ``construct_1 construct_2 r r_ci_low r_ci_high root_ave_1 root_ave_2 passes``;
        ``passes`` where \\|r\\| lies below both roots.
        """
        return self.pairs.copy()

    def sentence(self, lang: str = "en") -> str:
        """State for how many pairs the criterion holds, and name those for which it does not."""
        failed = self.pairs[self.pairs.passes != True]  # noqa: E712
        names = [_pair_name(row, self.labels, lang) for row in failed.itertuples()]
        kept = len(self.pairs) - len(failed)
        said = _FORNELL[lang][bool(names)].format(
            kept=kept, all=len(self.pairs), pairs=join_words(names, lang=lang, most=4)
        )
        return close_up(said)


_FORNELL = {
    "en": {
        False: "All {all} pairs of constructs meet the criterion of Fornell and Larcker (1981): "
        "each construct shares more with its items than with any other construct.",
        True: "{kept} of {all} pairs of constructs meet the criterion of Fornell and Larcker "
        "(1981); a correlation reaches √AVE for {pairs}.",
    },
    "zh": {
        False: "全部 {all} 对构念均满足 Fornell 与 Larcker (1981) 准则：各构念与自身题项的共享方差"
        "均大于与其他构念的共享方差。",
        True: "{all} 对构念中有 {kept} 对满足 Fornell 与 Larcker (1981) 准则；{pairs} 的相关"
        "达到或超过 √AVE。",
    },
}


def fornell_larcker(fit: ModelFit, *, labels: Mapping[str, str] | None = None) -> FornellLarcker:
    """Does each construct share more with its items than with other constructs?

    Parameters
    ----------
    fit : ModelFit
        A measurement model of one group in which each item reflects one construct.
    labels : mapping of str to Text, optional

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
        method=Text("Fornell–Larcker criterion", zh="Fornell–Larcker 准则"),
        confidence=fit.confidence,
        notes=fit.notes,
        pairs=pd.DataFrame(_latent_pairs(fit, matrix, roots)),
        matrix=pd.DataFrame(values, index=list(blocks), columns=list(blocks)),
        labels={name: (labels or {}).get(name, Text(name)) for name in blocks},
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
    """HTMT and HTMT2 of every pair of constructs, with bootstrap intervals.

    Attributes
    ----------
    pairs : DataFrame
        See :meth:`table`.
    matrix : DataFrame (c, c)
        HTMT below the diagonal, HTMT2 above it, 1 on it.
    draws : int
    seed : int
    reversed_items : tuple of str
        Items that run against their own scale, which absolute correlations hide.
    """

    pairs: pd.DataFrame
    matrix: pd.DataFrame
    draws: int
    seed: int
    reversed_items: tuple[str, ...] = ()
    cutoffs: Mapping[str, Cutoff]
    labels: Mapping[str, str]

    def table(self) -> pd.DataFrame:
        """Return ``construct_1 construct_2 htmt htmt_ci_low htmt_ci_high htmt2 htmt2_ci_low
        htmt2_ci_high passes upper_passes``; ``passes`` by the point (.85), ``upper_passes`` by the
        upper limit (1).
        """
        return self.pairs.copy()

    def sentence(self, lang: str = "en") -> str:
        """State the range of HTMT and the pairs that miss either rule."""
        low, high = self.pairs.loc[self.pairs.htmt.idxmin()], self.pairs.loc[
            self.pairs.htmt.idxmax()]  # fmt: skip
        # HTMT can pass 1, so that its leading zero stays throughout.
        told = _HTMT[lang, np.isnan(high.htmt_ci_low)].format(
            low=format_number(low.htmt, lang=lang), high=format_number(high.htmt, lang=lang),
            pair=_pair_name(high, self.labels, lang), level=format_percent(self.confidence),
            ci=format_interval(high.htmt_ci_low, high.htmt_ci_high, lang=lang), draws=self.draws,
        )  # fmt: skip
        told += self._missed("passes", "htmt", lang)
        told += self._missed("upper_passes", "htmt_upper", lang)
        return close_up(told + self._reversed(lang))

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw HTMT as a heat map, pairs at or above the cutoff marked."""
        from cx_value.measure.pictures import draw_htmt

        names = [in_language(label, lang) for label in self.labels.values()]
        return draw_htmt(self.matrix, names, self.cutoffs["htmt"], ax, lang)

    def _missed(self, column: str, rule: str, lang: str) -> str:
        if self.pairs[column].isna().all():
            return ""
        missed = self.pairs[self.pairs[column] == False]  # noqa: E712
        names = [_pair_name(row, self.labels, lang) for row in missed.itertuples()]
        return _MISSED[lang][column, bool(names)].format(
            pairs=join_words(names, lang=lang, most=4),
            rule=told_rule(self.cutoffs[rule], lang, bounded=False),
        )

    def _reversed(self, lang: str) -> str:
        if not self.reversed_items:
            return ""
        items = join_words(list(self.reversed_items), lang=lang)
        return _REVERSED[lang, len(self.reversed_items) > 1].format(items=items)


_HTMT = {
    ("en", False): "HTMT runs from {low} to {high}, highest for {pair} ({level} CI {ci}, {draws} "
    "bootstrap draws).",
    ("en", True): "HTMT runs from {low} to {high}, highest for {pair} (no interval).",
    ("zh", False): "HTMT 介于 {low} 与 {high} 之间，最高为 {pair}（{level} CI {ci}，自助抽样 "
    "{draws} 次）。",
    ("zh", True): "HTMT 介于 {low} 与 {high} 之间，最高为 {pair}（未给出区间）。",
}
_REVERSED = {
    ("en", False): " {items} correlates negatively with its own scale (probably reverse-keyed and "
    "not turned); HTMT rests on absolute correlations and does not show that.",
    ("en", True): " {items} correlate negatively with their own scales (probably reverse-keyed and "
    "not turned); HTMT rests on absolute correlations and does not show that.",
    ("zh", False): "{items} 与所属量表负相关（可能为反向题而尚未反向计分）；HTMT 基于相关的绝对值，"
    "不反映这一问题。",
    ("zh", True): "{items} 与所属量表负相关（可能为反向题而尚未反向计分）；HTMT 基于相关的绝对值，"
    "不反映这一问题。",
}
_MISSED = {
    "en": {
        ("passes", False): " All pairs lie below the {rule}.",
        ("passes", True): " Not below the {rule}: {pairs}; respondents hardly tell these apart.",
        ("upper_passes", False): " Every interval ends below the {rule}.",
        ("upper_passes", True): " The interval reaches the {rule} for {pairs}: discriminant "
        "validity is not established.",
    },
    "zh": {
        ("passes", False): "所有构念对均低于 {rule}。",
        ("passes", True): "不低于 {rule} 的有：{pairs}，受访者难以区分这些构念。",
        ("upper_passes", False): "所有区间上限均低于 {rule}。",
        ("upper_passes", True): "区间上限达到 {rule} 的有：{pairs}，区分效度未得到支持。",
    },
}


def heterotrait_monotrait_ratios(
    items: pd.DataFrame,
    scales: Mapping[str, Sequence[str]],
    *,
    bootstrap: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
    cutoffs: Mapping[str, float] | None = None,
    labels: Mapping[str, str] | None = None,
) -> HeterotraitMonotrait:
    """Do items correlate more within than between constructs?

    Parameters
    ----------
    items : DataFrame (n, ·)
        Rows with a gap in any item of any scale are left out.
    scales : mapping of str to sequence of str
        Two or more constructs of two or more items.
    bootstrap : int
        Resamples of rows for the percentile intervals; fewer than 20 leave the intervals NaN.
    seed : int
    confidence : float
        Two-sided level.
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
    Formulas and sources: :func:`cx_value.base.formulas.heterotrait_monotrait`, on absolute
    correlations. ``htmt`` agrees with ``semTools::htmt(htmt2 = FALSE)``, ``htmt2`` with its
    default, to 1e-10; intervals rest on the same ratios of resampled rows (checked draw by draw).

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
    answers = complete_answers(items, [item for block in scales.values() for item in block])
    blocks = [answers.of(block) for block in scales.values()]
    ratios = [
        heterotrait_monotrait(answers.correlation, blocks, geometric=g) for g in (False, True)
    ]
    limits = resampled_ratios(answers, blocks, bootstrap, seed, confidence)
    names = list(scales)
    matrix = np.tril(ratios[0]) + np.triu(ratios[1], 1)
    return HeterotraitMonotrait(
        n_used=answers.n,
        n_dropped=answers.n_dropped,
        method=Text("Heterotrait–monotrait ratio with bootstrap percentile intervals",
                    zh="异质-单质比率（HTMT），自助百分位区间"),
        confidence=confidence,
        notes=(*rows_note(answers.n_dropped, answers.n + answers.n_dropped),
               *few_draws_note(bootstrap)),
        pairs=_ratio_pairs(names, ratios, limits, rules),
        matrix=pd.DataFrame(matrix, index=names, columns=names),
        draws=bootstrap,
        seed=seed,
        reversed_items=_against_own_scale(answers, blocks),
        cutoffs=rules,
        labels={name: (labels or {}).get(name, Text(name)) for name in names},
    )  # fmt: skip


def few_draws_note(draws: int) -> tuple[Text, ...]:
    """Say that no interval is given for fewer draws than a percentile interval needs."""
    if not 0 < draws < FEWEST_DRAWS:
        return ()
    said = Text(
        f"No intervals: {draws} bootstrap draws, {FEWEST_DRAWS} are the fewest for one.",
        zh=f"不给出区间：自助抽样仅 {draws} 次，至少需 {FEWEST_DRAWS} 次。",
    )
    return (said,)


def _against_own_scale(answers: Answers, blocks: Sequence[np.ndarray]) -> tuple[str, ...]:
    return tuple(
        answers.names[i]
        for block in blocks
        for i in block[reverse_suspected(answers.correlation[np.ix_(block, block)])]
    )


def resampled_ratios(
    answers: Answers, blocks: Sequence[np.ndarray], draws: int, seed: int, confidence: float
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return percentile limits of HTMT and of HTMT2, each a pair of ``(c, c)``."""
    shape = (len(blocks), len(blocks))
    if not draws:
        return [(np.full(shape, np.nan), np.full(shape, np.nan))] * 2
    drawn: list[list[np.ndarray]] = [[], []]
    for rows in resampled_rows(answers.n, draws, seed):
        correlation = correlation_of(covariances_of_rows(answers.rows, rows))
        for kind, geometric in enumerate((False, True)):
            drawn[kind].append(heterotrait_monotrait(correlation, blocks, geometric=geometric))
    return [percentile_interval(np.concatenate(parts), confidence) for parts in drawn]


def _ratio_pairs(
    names: list[str], ratios: list, limits: list, cutoffs: Mapping[str, Cutoff]
) -> pd.DataFrame:
    rows = []
    for i, j in combinations(range(len(names)), 2):
        row = {"construct_1": names[i], "construct_2": names[j]}
        for kind, ratio, (low, high) in zip(("htmt", "htmt2"), ratios, limits, strict=True):
            row |= {kind: ratio[i, j], f"{kind}_ci_low": low[i, j], f"{kind}_ci_high": high[i, j]}
        row["passes"] = cutoffs["htmt"].passes(row["htmt"])
        row["upper_passes"] = cutoffs["htmt_upper"].passes(row["htmt_ci_high"])
        rows.append(row)
    return pd.DataFrame(rows)


def _pair_name(row, labels: Mapping[str, str], lang: str) -> str:
    return "–".join(in_language(labels[name], lang) for name in (row.construct_1, row.construct_2))
