"""What a reader must know before trusting a fitted model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import CUTOFFS
from cx_value.base.words import Phrase
from cx_value.sem.engine.rows import Loss

FAR_BEYOND_PEERS = 10.0
WEAK_INFORMATION = 1e-6
FEWEST_CASES = 5
_INADMISSIBLE = frozenset(
    {"heywood", "std_above_one", "latent_not_pd", "huge_se", "residual_not_pd",
     "weakly_identified"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """One thing found: ``code``, the ``facts`` its words are filled with, what it is about.

    ``parameters`` are named as they would be written in the model.
    """

    code: str
    facts: dict[str, Any] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()

    @property
    def message(self) -> Phrase:
        """What is to be said; the macro bears the name of the code."""
        return Phrase(f"findings.{self.code}", self.facts)

    @property
    def inadmissible(self) -> bool:
        """Whether the solution cannot be interpreted as it stands."""
        return self.code in _INADMISSIBLE


def row_name(row: pd.Series) -> str:
    """Name a table row as it would be written in the model.

    >>> row_name(pd.Series({"lhs": "y", "op": "~1", "rhs": "", "group": "A"}))
    'y ~1 [A]'
    """
    group = f" [{row['group']}]" if row["group"] else ""
    return f"{row['lhs']} {row['op']} {row['rhs']}".strip() + group


def _named(rows: pd.DataFrame, values: Sequence[float], name: str) -> dict[str, Any]:
    """Return the facts of table rows, each with a value called ``name``."""
    keys = ["lhs", "op", "rhs", "group"]
    records = rows[keys].to_dict("records")
    return {"parameters": [{**r, name: float(v)} for r, v in zip(records, values, strict=True)]}


def negative_variances(table: pd.DataFrame) -> list[Finding]:
    """Find Heywood cases: variances estimated below zero."""
    rows = table[(table.op == "~~") & (table.lhs == table.rhs) & (table.est < 0)]
    if rows.empty:
        return []
    facts = [{"variable": r.lhs, "group": r.group, "estimate": r.est} for r in rows.itertuples()]
    return [Finding("heywood", {"variances": facts}, tuple(rows.lhs))]


def standardised_above_one(table: pd.DataFrame) -> list[Finding]:
    """Find standardised loadings, paths and correlations beyond ±1."""
    structural = table.op.isin(["=~", "~"]) | ((table.op == "~~") & (table.lhs != table.rhs))
    rows = table[structural & (table.std_all.abs() > 1 + 1e-6)]
    if rows.empty:
        return []
    names = tuple(row_name(row) for _, row in rows.iterrows())
    return [Finding("std_above_one", {"bound": 1, **_named(rows, rows.std_all, "estimate")}, names)]


def latent_correlations_too_high(correlations: pd.DataFrame, group: str = "") -> list[Finding]:
    """Find latent variables that are one in all but name, and matrices that cannot be."""
    findings, limit = [], CUTOFFS["latent_correlation"]
    names, matrix = list(correlations.index), correlations.to_numpy()
    pairs = [
        {"first": names[j], "second": names[i], "r": float(matrix[i, j])}
        for i in range(len(names))
        for j in range(i)
        if abs(matrix[i, j]) > limit.threshold
    ]
    if pairs:
        facts = {"limit": limit.threshold, "source": limit.source, "group": group, "pairs": pairs}
        about = tuple(f"{pair['first']} ~~ {pair['second']}" for pair in pairs)
        findings.append(Finding("latent_r", facts, about))
    if len(names) and np.isfinite(matrix).all():
        smallest = float(np.linalg.eigvalsh(matrix)[0])
        if smallest < 1e-8:
            findings.append(Finding("latent_not_pd", {"smallest": smallest, "group": group}))
    return findings


def residuals_not_positive(noise: np.ndarray, group: str = "") -> list[Finding]:
    """Find a residual covariance matrix that cannot be one though its variances are positive."""
    smallest = float(np.linalg.eigvalsh(noise)[0]) if len(noise) else 0.0
    if smallest < -1e-8 and np.diag(noise).min() >= 0:
        return [Finding("residual_not_pd", {"smallest": smallest, "group": group})]
    return []


def errors_beyond_peers(table: pd.DataFrame, std_se: np.ndarray) -> list[Finding]:
    """Find standardised loadings and paths whose standard errors dwarf those of their kind."""
    findings = []
    for op in ("=~", "~"):
        mask = ((table.op == op) & np.isfinite(std_se) & (std_se > 0)).to_numpy()
        if mask.sum() < 2:
            continue
        typical = max(float(np.median(std_se[mask])), 0.03)
        large = np.flatnonzero(mask & ((std_se > FAR_BEYOND_PEERS * typical) | (std_se > 1)))
        if len(large):
            rows = table.iloc[large]
            names = tuple(row_name(row) for _, row in rows.iterrows())
            findings.append(Finding("huge_se", _named(rows, std_se[large], "error"), names))
    return findings


def rows_lost(lost: Sequence[Loss], n_all: int, remedy: str = "full_information") -> list[Finding]:
    """Tell how many rows do not enter, each by its reason, and what would keep the incomplete.

    ``remedy`` is ``full_information`` or ``pairwise``.
    """
    if not lost:
        return []
    reasons = [
        {"reason": loss.reason, "rows": loss.rows, "columns": list(loss.columns)} for loss in lost
    ]
    facts = {"dropped": sum(loss.rows for loss in lost), "all": n_all, "reasons": reasons,
             "incomplete": any(loss.reason == "incomplete" for loss in lost),
             "remedy": remedy}  # fmt: skip
    return [Finding("rows_lost", facts, tuple(n for loss in lost for n in loss.columns))]


def weak_identification(smallest: float) -> list[Finding]:
    """Find information so flat in one direction that the estimates are arbitrary along it."""
    return [] if smallest > WEAK_INFORMATION else [Finding("weakly_identified")]


def other_optima(count: int) -> list[Finding]:
    """Tell that searches from other starting points stopped at worse optima."""
    return [Finding("local_optima", {"worse": count})] if count else []


def few_rows(n: int, n_parameters: int) -> list[Finding]:
    """Find samples with too few cases a parameter."""
    rule = CUTOFFS["cases_per_parameter"]
    if n >= FEWEST_CASES * n_parameters:
        return []
    facts = {"n": n, "parameters": n_parameters, "ratio": n / n_parameters, "source": rule.source,
             "wanted": rule.threshold}  # fmt: skip
    return [Finding("small_sample", facts)]
