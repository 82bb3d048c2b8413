"""Nested models fitted by maximum likelihood, tested against each other."""

from __future__ import annotations

import numpy as np

from cx_value.sem.engine.likelihood import evaluate
from cx_value.sem.engine.robust import robust_statistics
from cx_value.sem.reading.result import ModelFit


def difference_test(
    small: ModelFit, large: ModelFit, *, method: str = "auto"
) -> tuple[float, float, float]:
    """Return χ² difference, its degrees of freedom and p; ``small`` is the restricted model."""
    from scipy.stats import chi2

    d_df = small.indices["df"] - large.indices["df"]
    plain = small.indices["chisq"] - large.indices["chisq"]
    factor = 1.0
    robust = "chisq_scaling_factor" in large.indices
    if method != "plain" and robust:
        factor = _scaling(small, large, d_df, strict=method == "2010")
        if factor <= 0 and method == "auto":
            factor = _scaling(small, large, d_df, strict=True)
    value = plain / factor
    return float(value), float(d_df), float(chi2.sf(value, d_df))


def _scaling(small: ModelFit, large: ModelFit, d_df: float, *, strict: bool) -> float:
    """Return c of the difference: (d₀c₀ − d₁c₁)/(d₀ − d₁).

    Satorra and Bentler (2001), eq. 9; in the strictly positive version of 2010 c₁ is that of the
    larger model evaluated at the smaller one's estimates.
    """
    own = small.indices["df"] * small.indices["chisq_scaling_factor"]
    other = large.indices["chisq_scaling_factor"]
    if strict:
        other = _factor_elsewhere(large, small)
    return (own - large.indices["df"] * other) / d_df if d_df else float("nan")


def _factor_elsewhere(large: ModelFit, small: ModelFit) -> float:
    """Return the larger model's scaling factor at the smaller model's estimates."""
    prepared, design = large.prepared, large.prepared.design
    known = {(r.lhs, r.op, r.rhs, r.group): r.est for r in small.frame.itertuples() if r.op != ":="}
    known |= {(b, o, a, g): v for (a, o, b, g), v in known.items() if o == "~~"}
    numbered = np.zeros(len(design.scale))
    for p in prepared.model.parameters:
        if p.index >= 0:
            group = prepared.samples[p.group].label
            # A parameter the smaller model lacks is one it holds at zero.
            numbered[p.index] = known.get((*p.key, group), 0.0) / design.scale[p.index]
    theta = np.linalg.lstsq(design.combine, numbered - design.offset, rcond=None)[0]
    point = evaluate(design, theta[None], prepared.target)
    robust = robust_statistics(prepared, point, prepared.request.estimator)
    return robust.factor(int(large.indices["df"]))
