"""Does a path work the same way in every group?

Moderation by a group (industry, segment, country): each path is held equal across groups and tested
against the model in which it is free, one at a time and all together (Jöreskog 1971). Paths between
constructs may be compared only where the constructs are measured in the same units, so the loadings
are held equal first, and that is tested too (Steenkamp and Baumgartner 1998).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import CUTOFFS, Cutoff
from cx_value.base.errors import ModelError
from cx_value.base.results import Result
from cx_value.base.wording import format_number
from cx_value.base.words import Phrase
from cx_value.sem.groups.comparison import difference_test
from cx_value.sem.groups.invariance import check_groups, level_row
from cx_value.sem.reading.inference import function_errors
from cx_value.sem.reading.result import ModelFit, refit, score_tests
from cx_value.study.language.syntax import free_path_labels

Path = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PathComparison(Result):
    """Paths tested for equality across groups.

    The table has one row a path, then one for all paths together (``path`` is ``"all"``). Columns
    ``path lhs rhs d_chisq d_df p p_holm differs``: χ² difference of the path held equal against
    free, p plain and adjusted over the paths (Holm 1979; the last row needs no adjustment), and
    whether the adjusted p is significant.

    Attributes
    ----------
    estimates : DataFrame
        ``path lhs rhs group est se z p ci_low ci_high std_all std_ci_low std_ci_high`` of every
        path in every group, from the model with free paths.
    differences : DataFrame
        ``path lhs rhs group other est se z p p_holm ci_low ci_high``: unstandardised path in
        ``group`` less that in ``other``, every pair of groups; Holm over all rows.
    invariance : DataFrame
        Rows ``configural`` and ``metric`` as in :func:`cx_value.sem.check_invariance`.
    metric_holds : bool
        Whether the loadings (and what else ``equal`` names) may be held equal.
    fits : dict of str to ModelFit
        ``"configural"``, ``"free"``, ``"equal"`` and one a path held equal, by ``path``.
    group_labels : tuple of str
        The groups, in order of appearance.
    rules : dict of Cutoff
        What was judged by.
    """

    template = "groups.paths"

    frame: pd.DataFrame
    estimates: pd.DataFrame
    differences: pd.DataFrame
    invariance: pd.DataFrame
    metric_holds: bool
    fits: dict[str, ModelFit]
    group_labels: tuple[str, ...]
    rules: dict[str, Cutoff]

    def facts(self) -> dict[str, Any]:
        """Return the test of all paths, and each path's with its estimate in every group."""
        rule = self.rules["significance"]
        together = self.frame[self.frame.path == "all"].iloc[0]
        single = self.frame[self.frame.path != "all"]
        keys = ["d_chisq", "d_df", "p", "differs"]
        return {
            "groups": list(self.group_labels), "level": self.confidence, "metric": self._metric(),
            "together": together[keys].to_dict() if len(single) > 1 else None,
            "n_paths": len(single), "n_different": int(single.differs.sum()),
            "paths": [
                {"source": row.rhs, "target": row.lhs, "p_holm": row.p_holm,
                 **row[keys].to_dict(), "estimates": self._by_group(row.path)}
                for _, row in single.iterrows()
            ],
            "alpha": rule.threshold, "alpha_source": rule.source,
            "alpha_decimals": max(2, len(f"{rule.threshold:g}".partition(".")[2])),
        }  # fmt: skip

    def _metric(self) -> dict[str, Any] | None:
        if len(self.invariance) < 2:
            return None
        row = self.invariance.iloc[-1]
        return {"holds": self.metric_holds, "d_cfi": row.d_cfi, "d_rmsea": row.d_rmsea}

    def _by_group(self, path: str) -> list[dict[str, Any]]:
        own = self.estimates[self.estimates.path == path]
        return [
            {"group": e.group, "b": e.est, "interval": [e.ci_low, e.ci_high]}
            for e in own.itertuples()
        ]


def compare_paths(
    syntax: str,
    data: pd.DataFrame,
    *,
    group: str,
    paths: Iterable[str] | None = None,
    equal: Sequence[str] | None = None,
    partial: Sequence[str] = (),
    require_invariance: bool = True,
    cutoffs: dict[str, Cutoff] | None = None,
    **options,
) -> PathComparison:
    """Test which paths differ between groups.

    Parameters
    ----------
    syntax, data, group
        As for :func:`cx_value.sem.fit_model`. Labels of paths are dropped (a label would hold a
        path equal across groups), and ``:=`` lines with them.
    paths : iterable of str, optional
        Paths to test, as ``"loyalty ~ satisfaction"``; by default every free one.
    equal : sequence of str, optional
        What is held equal in every model; by default ``("loadings",)``, with ordered items
        ``("thresholds", "loadings")``.
    partial : sequence of str
        Exceptions from ``equal``, as ``"quality =~ q3"``: partial metric invariance.
    require_invariance : bool
        Refuse where ``equal`` does not hold by the rules; with False it is told in ``notes`` and
        ``metric_holds``.
    cutoffs : dict of Cutoff, optional
        Rules ``invariance_cfi``, ``invariance_rmsea`` and ``significance``.
    **options
        ``estimator``, ``missing``, ``ordered``, ``weights``, ``confidence`` … as for
        ``fit_model``.

    Returns
    -------
    PathComparison

    Raises
    ------
    ModelError
        If there is one group only, no free path, a path that is not in the model, or loadings that
        are not invariant.

    Notes
    -----
    χ² differences are plain for ML, scaled by Satorra and Bentler (2001) for robust estimators and
    scaled-shifted (Satorra 2000) for ordered items; as lavaan's ``lavTestLRT()`` to 1e-6.
    """
    from cx_value.sem import fit_model

    rules, plain = {**CUTOFFS, **(cutoffs or {})}, free_path_labels(syntax)
    equal = _equal_words(equal, options)

    configural = fit_model(plain, data, group=group, **options)
    check_groups(configural)
    every = _free_paths(configural)
    tested = _chosen(paths, every)
    free = refit(configural, equal=equal, partial=partial)
    levels = _levels(configural, free, rules)
    holds = bool(levels.passes.iloc[-1])
    if require_invariance and not holds:
        raise ModelError(_not_invariant(levels.iloc[-1], free))
    held = _held_fits(free, equal, partial, every, tested)
    return PathComparison(
        n_used=free.n_used, n_dropped=free.n_dropped, confidence=free.confidence,
        method=Phrase("estimators.named", {"method": "group_paths"}),
        notes=(*free.notes, *_caution(levels.iloc[-1], holds)),
        frame=_tests(free, held, rules["significance"].threshold),
        estimates=_estimates(free, tested), differences=_differences(free, tested),
        invariance=levels, metric_holds=holds, group_labels=free.group_labels,
        fits={"configural": configural, "free": free, **held}, rules=rules,
    )  # fmt: skip


# Models -------------------------------------------------------------------------------------------


def _held_fits(
    free: ModelFit,
    equal: Sequence[str],
    partial: Sequence[str],
    every: list[Path],
    tested: list[Path],
) -> dict[str, ModelFit]:
    """Fit with each path held equal in turn, then with all of them."""
    words = (*equal, "regressions")
    fits = {}
    for held in [[path] for path in tested] + [tested]:
        others = [_name(path) for path in every if path not in held]
        name = _name(held[0]) if len(held) == 1 else "equal"
        fits[name] = refit(free, equal=words, partial=(*partial, *others))
    return fits if len(tested) > 1 else {**fits, "equal": fits[_name(tested[0])]}


def _free_paths(fit: ModelFit) -> list[Path]:
    found = [(p.lhs, p.rhs) for p in fit.prepared.model.parameters if p.op == "~" and p.index >= 0]
    found = list(dict.fromkeys(found))
    if not found:
        raise ModelError(
            "The model has no free path · allowed: at least one '~' · do: add paths, or compare "
            "a measurement model with check_invariance"
        )
    return found


def _chosen(paths: Iterable[str] | None, every: list[Path]) -> list[Path]:
    if paths is None:
        return every
    known = {"".join(_name(path).split()): path for path in every}
    wanted = ["".join(str(path).split()) for path in ([paths] if isinstance(paths, str) else paths)]
    if unknown := [path for path in wanted if path not in known]:
        raise ModelError(
            f"paths names {', '.join(unknown)}, which is no free path of the model · allowed: "
            f"{', '.join(map(_name, every))} · do: write it as the model does, outcome ~ predictor"
        )
    if not wanted:
        raise ModelError(
            "paths is empty · allowed: one or more · do: name paths, or leave it out to test all"
        )
    return [known[path] for path in dict.fromkeys(wanted)]


def _equal_words(equal: Sequence[str] | None, options: dict) -> Sequence[str]:
    """Return what is held equal; by default what the kind of items asks for."""
    from cx_value.sem import LEAST_SQUARES

    ordinal = bool(options.get("ordered")) or options.get("estimator", "ml") in LEAST_SQUARES
    if equal is None:
        return ("thresholds", "loadings") if ordinal else ("loadings",)
    if "loadings" in equal and "regressions" not in equal:
        return equal
    raise ModelError(
        f"equal is {list(equal)} · allowed: 'loadings', with 'intercepts' or 'thresholds' and the "
        "like beside it, without 'regressions', which are what is tested · do: correct equal"
    )


def _levels(configural: ModelFit, free: ModelFit, rules: dict[str, Cutoff]) -> pd.DataFrame:
    """Rows of the invariance table; without latent variables there is nothing to hold equal."""
    first = level_row("configural", configural, None, rules)
    if free.indices["df"] == configural.indices["df"]:
        return pd.DataFrame([first])
    return pd.DataFrame([first, level_row("metric", free, configural, rules)])


def _not_invariant(row: pd.Series, free: ModelFit) -> str:
    worst = score_tests(free).head(2)
    named = ", ".join(f'"{r.lhs} {r.op} {r.rhs}"' for r in worst.itertuples())
    return (
        f"The loadings differ between groups (ΔCFI = {format_number(row.d_cfi, 3, bounded=True)}, "
        f"ΔRMSEA = {format_number(row.d_rmsea, 3, bounded=True)}), so that paths are not in the "
        f"same units · allowed: {row.rule} · do: free what differs most (partial=[{named}]), or "
        "pass require_invariance=False and say so"
    )


def _caution(row: pd.Series, holds: bool) -> tuple[Phrase, ...]:
    if holds:
        return ()
    return (Phrase("groups.not_metric", {"d_cfi": row.d_cfi, "d_rmsea": row.d_rmsea}),)


# Tables -------------------------------------------------------------------------------------------


def _tests(free: ModelFit, held: dict[str, ModelFit], level: float) -> pd.DataFrame:
    from statsmodels.stats.multitest import multipletests

    rows = []
    for name, fit in held.items():
        lhs, _, rhs = name.partition(" ~ ")
        d_chisq, d_df, p = difference_test(fit, free)
        both = ("all", "", "") if name == "equal" else (name, lhs, rhs)
        rows.append((*both, d_chisq, d_df, p))
    frame = pd.DataFrame(rows, columns=["path", "lhs", "rhs", "d_chisq", "d_df", "p"])
    single = frame.path != "all"
    frame["p_holm"] = np.nan
    frame.loc[single, "p_holm"] = multipletests(frame.p[single], method="holm")[1]
    frame["differs"] = frame.p_holm.fillna(frame.p) < level
    return frame


def _estimates(free: ModelFit, tested: list[Path]) -> pd.DataFrame:
    std = free.standardised()
    frame = free.table().assign(std_ci_low=std.ci_low, std_ci_high=std.ci_high)
    frame.insert(0, "path", frame.lhs + " ~ " + frame.rhs)
    order = {_name(path): i for i, path in enumerate(tested)}
    rows = frame[(frame.op == "~") & frame.path.isin(order)]
    rows = rows.sort_values("path", key=lambda p: p.map(order), kind="stable")
    return rows.drop(columns=["op", "label"]).reset_index(drop=True)


def _differences(free: ModelFit, tested: list[Path]) -> pd.DataFrame:
    """Every pair of groups on every path, by the delta method."""
    from scipy.stats import norm
    from statsmodels.stats.multitest import multipletests

    table = free.table()
    keys = zip(table.lhs, table.op, table.rhs, table.group, strict=True)
    at = {key: i for i, key in enumerate(keys)}
    rows, pairs = [], []
    for (lhs, rhs), (one, other) in itertools.product(
        tested, itertools.combinations(free.group_labels, 2)
    ):
        rows.append((_name((lhs, rhs)), lhs, rhs, one, other))
        pairs.append([at[lhs, "~", rhs, one], at[lhs, "~", rhs, other]])
    first, second = np.array(pairs).T
    read = free.readers()[0]
    frame = pd.DataFrame(rows, columns=["path", "lhs", "rhs", "group", "other"])
    frame["est"] = table.est.to_numpy()[first] - table.est.to_numpy()[second]
    frame["se"] = function_errors(free, lambda t: read(t)[..., first] - read(t)[..., second])
    frame["z"] = frame.est / frame.se
    frame["p"] = 2 * norm.sf(np.abs(frame.z))
    frame["p_holm"] = multipletests(frame.p, method="holm")[1]
    reach = norm.ppf(0.5 + free.confidence / 2) * frame.se
    frame["ci_low"], frame["ci_high"] = frame.est - reach, frame.est + reach
    return frame


def _name(path: Path) -> str:
    return f"{path[0]} ~ {path[1]}"
