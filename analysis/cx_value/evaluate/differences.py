"""Do the construct scores differ between groups of respondents? Tests, effect sizes, post-hoc."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.errors import DataError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.study.moments import kurtosis, skew

RULES = ("auto", "classical", "welch", "rank")
#: Respondents a group needs for a test of its mean.
FEWEST = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupDifferences(Result):
    """Tests of every construct by every characteristic.

    Attributes
    ----------
    tests : DataFrame
        See :meth:`table`.
    groups : DataFrame
        ``construct variable group n mean sd``, one row a group compared.
    pairs : DataFrame
        ``construct variable group_1 group_2 difference p_adjusted differs``, post-hoc comparisons
        of the tests that remain significant after Holm's adjustment.
    rule : str
        How a test is chosen, one of :data:`RULES`.
    minimum : int
        Smallest group compared.
    left_out : int
        Groups below it.
    """

    template = "differences.groups"

    tests: pd.DataFrame
    groups: pd.DataFrame
    pairs: pd.DataFrame
    rule: str
    minimum: int
    left_out: int
    level: Cutoff

    def table(self) -> pd.DataFrame:
        """Return ``construct variable groups n test statistic df1 df2 p p_adjusted effect size
        size_ci_low size_ci_high differs``.

        ``test``: ``t welch_t anova welch_anova kruskal``; ``effect``: ``g`` (Hedges), ``eta2`` or
        ``epsilon2``; ``differs`` by the p adjusted after Holm over all tests.
        """
        return self.tests.copy()

    def facts(self) -> dict[str, Any]:
        """Return how many tests there are, and those that find a difference."""
        found = self.tests[self.tests.differs].sort_values("p_adjusted")
        columns = ["construct", "variable", "effect", "size", "size_ci_low", "size_ci_high"]
        told = found[columns].to_dict("records")
        return {
            "tests": len(self.tests), "found": told, "confidence": self.confidence,
            "rule": self.rule, "kinds": sorted(set(self.tests.test)), "minimum": self.minimum,
            "left_out": self.left_out, "pairs": int((self.pairs.p_adjusted < self.level.threshold)
                                                    .sum()),
        }  # fmt: skip


def compare_groups(
    items: pd.DataFrame,
    scales: Mapping[str, Sequence[str]],
    profile: pd.DataFrame,
    *,
    rule: str = "auto",
    minimum_cell: int = 5,
    confidence: float = 0.95,
    draws: int = 1000,
    seed: int = 0,
    cutoffs: Mapping[str, float] | None = None,
) -> GroupDifferences | None:
    """Test each construct score by each characteristic of the respondents.

    Parameters
    ----------
    items : DataFrame (n, ·)
        Answers; a score is the mean of a scale's items, missing where one of them is.
    scales : mapping of str to sequence of str
    profile : DataFrame (n, ·)
        Characteristics, one column each (categories).
    rule : {"auto", "classical", "welch", "rank"}
        ``auto``: Kruskal–Wallis where a group's scores go beyond the rules on skew and kurtosis,
        else Welch's t test or Welch's ANOVA, which do not suppose equal variances (Delacre, Lakens
        & Leys, 2017). ``classical``: Student's t and one-way ANOVA.
    minimum_cell : int
        Smaller groups are left out (at least 5).
    draws, seed : int
        Resamples for the interval of ε².

    Returns
    -------
    GroupDifferences or None
        None where no characteristic has two groups large enough.

    Raises
    ------
    DataError
        An unknown rule.

    Notes
    -----
    Tests and post-hoc comparisons (Tukey, Games–Howell, Mann–Whitney with Holm's adjustment)
    through pingouin. Hedges' g with its interval from the noncentral t; η² with the interval of
    the noncentral F (Steiger, 2004); ε² = H / (n − 1) with a percentile interval. Agrees with R's
    ``t.test``, ``oneway.test``, ``kruskal.test`` and ``TukeyHSD`` to 1e-6
    (``tests/reference/differences.R``). Weights do not enter.
    """
    if rule not in RULES:
        raise DataError(f"rule '{rule}' · allowed: {', '.join(RULES)} · do: choose one")
    rules, least = cutoffs_with(cutoffs), max(minimum_cell, FEWEST)
    scores = pd.DataFrame(
        {name: items[list(block)].mean(axis=1, skipna=False) for name, block in scales.items()}
    )
    frames, left_out = _comparable(scores, profile, least)
    if not frames:
        return None
    kinds = [choose_test(frame, rule, rules) for _, frame in frames]
    rows = [key | run_test(frame, kind, confidence, draws, seed)
            for (key, frame), kind in zip(frames, kinds, strict=True)]  # fmt: skip
    level = rules["significance"]
    table = _judged(pd.DataFrame(rows), level)
    found = [(*one, kind) for one, kind, differs in
             zip(frames, kinds, table.differs, strict=True) if differs]  # fmt: skip
    return GroupDifferences(
        n_used=int(table.n.max()), n_dropped=len(items) - int(table.n.max()),
        method=Phrase("differences.method", {"rule": rule}), confidence=confidence, tests=table,
        groups=pd.concat([_described(frame).assign(**key) for key, frame in frames],
                         ignore_index=True),
        pairs=_compared(found, level), rule=rule, minimum=least, left_out=left_out, level=level,
    )  # fmt: skip


def _comparable(
    scores: pd.DataFrame, profile: pd.DataFrame, least: int
) -> tuple[list[tuple[dict[str, str], pd.DataFrame]], int]:
    """Return what can be compared, scores ``y`` by groups ``g``, and how many groups are small."""
    frames, left_out = [], 0
    for variable in profile:
        for k, construct in enumerate(scores):
            frame = pd.DataFrame({"y": scores[construct], "g": profile[variable].astype(object)})
            frame = frame.dropna().round({"y": 10})  # equal scores tie, whatever was added first
            sizes = frame.groupby("g").size()
            left_out += int((sizes < least).sum()) if k == 0 else 0
            frame = frame[frame.g.map(sizes) >= least]
            if frame.g.nunique() >= 2 and frame.groupby("g").y.nunique().min() >= 2:
                frames.append(({"construct": construct, "variable": variable}, frame))
    return frames, left_out


def _compared(
    found: Sequence[tuple[dict[str, str], pd.DataFrame, str]], level: Cutoff
) -> pd.DataFrame:
    """Return the post-hoc comparisons of the differences found, one row a pair of groups."""
    columns = ["construct", "variable", "group_1", "group_2", "difference", "p_adjusted"]
    pairs = [_post_hoc(frame, kind).assign(**key) for key, frame, kind in found]
    kept = [pair for pair in pairs if len(pair)]
    table = pd.concat(kept, ignore_index=True)[columns] if kept else pd.DataFrame(
        columns=columns).astype({"p_adjusted": float})  # fmt: skip
    return table.assign(differs=table.p_adjusted < level.threshold)


def choose_test(frame: pd.DataFrame, rule: str, rules: Mapping[str, Cutoff]) -> str:
    """Return ``t welch_t anova welch_anova`` or ``kruskal`` for scores ``y`` by group ``g``."""
    if rule == "auto":
        shapes = [(skew(part.to_numpy()), kurtosis(part.to_numpy()))
                  for _, part in frame.groupby("g").y]  # fmt: skip
        regular = all(
            rules["skew"].passes(abs(s)) is not False
            and rules["kurtosis"].passes(abs(k)) is not False
            for s, k in shapes
        )
        rule = "welch" if regular else "rank"
    if rule == "rank":
        return "kruskal"
    two = frame.g.nunique() == 2
    return {"classical": ("anova", "t"), "welch": ("welch_anova", "welch_t")}[rule][two]


def run_test(
    frame: pd.DataFrame, kind: str, confidence: float, draws: int, seed: int
) -> dict[str, Any]:
    """Return one row: groups, n, the test, its effect size with interval."""
    import pingouin

    row = {"groups": frame.g.nunique(), "n": len(frame), "test": kind}
    if kind in ("t", "welch_t"):
        one, two = (part.to_numpy() for _, part in frame.groupby("g").y)
        got = pingouin.ttest(one, two, correction=kind == "welch_t").iloc[0]
        g = float(pingouin.compute_effsize(one, two, eftype="hedges"))
        low, high = hedges_interval(g, len(one), len(two), confidence)
        return row | {"statistic": float(got["T"]), "df1": float(got["dof"]), "df2": np.nan,
                      "p": float(got["p_val"]), "effect": "g", "size": g, "size_ci_low": low,
                      "size_ci_high": high}  # fmt: skip
    if kind == "kruskal":
        got = pingouin.kruskal(frame, dv="y", between="g").iloc[0]
        low, high = _epsilon_interval(frame, confidence, draws, seed)
        return row | {"statistic": float(got["H"]), "df1": float(got["ddof1"]), "df2": np.nan,
                      "p": float(got["p_unc"]), "effect": "epsilon2",
                      "size": float(got["H"]) / (len(frame) - 1), "size_ci_low": low,
                      "size_ci_high": high}  # fmt: skip
    test = pingouin.anova if kind == "anova" else pingouin.welch_anova
    got = test(frame, dv="y", between="g").iloc[0]
    plain = pingouin.anova(frame, dv="y", between="g").iloc[0]
    low, high = eta_interval(float(plain["F"]), plain["ddof1"], plain["ddof2"], confidence)
    return row | {
        "statistic": float(got["F"]), "df1": float(got["ddof1"]), "df2": float(got["ddof2"]),
        "p": float(got["p_unc"]), "effect": "eta2", "size": float(plain["np2"]),
        "size_ci_low": low, "size_ci_high": high,
    }  # fmt: skip


def hedges_interval(g: float, n1: int, n2: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of Hedges' g: the noncentral t's of d, times the same correction.

    >>> [round(v, 3) for v in hedges_interval(0.5, 30, 30)]
    [-0.01, 1.006]
    >>> [round(v, 3) for v in hedges_interval(0.15, 700, 820)]
    [0.049, 0.251]
    """
    from scipy.optimize import brentq
    from scipy.special import gammaln
    from scipy.stats import nct

    df, root = n1 + n2 - 2, np.sqrt(n1 * n2 / (n1 + n2))
    shrink = np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / np.sqrt(df / 2)
    t, tails = g / shrink * root, (0.5 + confidence / 2, 0.5 - confidence / 2)
    reach = 8 * np.sqrt(1 + t**2 / (2 * df))

    def below(noncentrality: float) -> float:
        share = nct.cdf(t, df, noncentrality)
        # Far from t with many degrees of freedom scipy gives NaN where the share is 0 or 1.
        return float(noncentrality < t) if np.isnan(share) else share

    ends = [brentq(lambda v, q=q: below(v) - q, t - reach, t + reach) for q in tails]
    return float(ends[0] / root * shrink), float(ends[1] / root * shrink)


def eta_interval(f: float, df1: float, df2: float, confidence: float = 0.95) -> tuple:
    """Interval of η² from the noncentral F (Steiger, 2004, Psychol. Methods 9).

    >>> [round(v, 3) for v in eta_interval(5.0, 2, 87)]
    [0.007, 0.22]
    """
    from scipy.optimize import brentq
    from scipy.stats import f as central
    from scipy.stats import ncf

    def below(noncentrality: float) -> float:
        share = ncf.cdf(f, df1, df2, noncentrality)
        # Far from f scipy gives NaN where the share is 0 or 1.
        return float(noncentrality < f * df1) if np.isnan(share) else share

    ends = []
    for q in (0.5 + confidence / 2, 0.5 - confidence / 2):
        if central.cdf(f, df1, df2) <= q:
            ends.append(0.0)
            continue
        top = 10 * f * df1 + 100
        at = brentq(lambda v, q=q: below(v) - q, 1e-9, top)
        ends.append(at / (at + df1 + df2 + 1))
    return ends[0], ends[1]


def _epsilon_interval(
    frame: pd.DataFrame, confidence: float, draws: int, seed: int
) -> tuple[float, float]:
    """Percentile interval of ε², groups resampled within themselves."""
    from scipy.stats import kruskal

    random, n = np.random.default_rng(seed), len(frame)
    parts = [part.to_numpy() for _, part in frame.groupby("g").y]
    values = [
        kruskal(*(p[random.integers(0, len(p), len(p))] for p in parts)).statistic / (n - 1)
        for _ in range(draws)
    ]
    low, high = np.quantile(values, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return float(low), float(high)


def _described(frame: pd.DataFrame) -> pd.DataFrame:
    own = frame.groupby("g").y.agg(n="size", mean="mean", sd="std").reset_index()
    return own.rename(columns={"g": "group"})


def _post_hoc(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return ``group_1 group_2 difference p_adjusted``; none for two groups."""
    import pingouin

    if kind in ("t", "welch_t") or frame.g.nunique() == 2:
        return pd.DataFrame()
    if kind == "kruskal":
        got = pingouin.pairwise_tests(frame, dv="y", between="g", parametric=False, padjust="holm")
        p = got["p_corr"] if "p_corr" in got else got["p_unc"]
    elif kind == "anova":
        got = pingouin.pairwise_tukey(frame, dv="y", between="g")
        p = got["p_tukey"]
    else:
        got = pingouin.pairwise_gameshowell(frame, dv="y", between="g")
        p = got["pval"]
    means = frame.groupby("g").y.mean()
    rows = [(a, b, means[a] - means[b]) for a, b in combinations(means.index, 2)]
    found = {frozenset((a, b)): v for a, b, v in zip(got["A"], got["B"], p, strict=True)}
    return pd.DataFrame(
        [{"group_1": a, "group_2": b, "difference": d, "p_adjusted": found[frozenset((a, b))]}
         for a, b, d in rows]
    )  # fmt: skip


def _judged(tests: pd.DataFrame, level: Cutoff) -> pd.DataFrame:
    """Add p adjusted after Holm (1979) over all tests, and whether it stays below the level."""
    order = np.argsort(tests.p.to_numpy())
    steps = tests.p.to_numpy()[order] * np.arange(len(tests), 0, -1)
    adjusted = np.empty(len(tests))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    at = tests.columns.get_loc("p") + 1
    tests.insert(at, "p_adjusted", adjusted)
    return tests.assign(differs=[bool(level.passes(p)) for p in adjusted])
