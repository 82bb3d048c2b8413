"""Power of a test of fit or of one path, and the sample it takes.

Sources: MacCallum, Browne and Sugawara (1996) for RMSEA; Satorra and Saris (1985) for a path.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.errors import ConvergenceError, DataError, ModelError

if TYPE_CHECKING:
    from cx_value.sem.design.parameters import Model
    from cx_value.sem.reading.result import ModelFit


def rmsea_power(
    df: int, n: float, *, rmsea_null: float = 0.05, rmsea_true: float = 0.08, alpha: float = 0.05
) -> float:
    """Return the chance that the test of close fit rejects when the true RMSEA is ``rmsea_true``.

    Parameters
    ----------
    df : int
        Degrees of freedom of the model.
    n : float
        Respondents.
    rmsea_null, rmsea_true : float
        .05 against .08 is the test of close fit; .05 against .01 that of not-close fit.
    alpha : float
        Level of the test.

    Notes
    -----
    Noncentrality (n − 1) · df · ε² (eq. 8). Agrees with the published Table 2.

    Examples
    --------
    >>> round(rmsea_power(100, 200), 3), round(rmsea_power(5, 100), 3)
    (0.955, 0.127)
    """
    from scipy.stats import chi2, ncx2

    _check(df, n, rmsea_null, rmsea_true, alpha)
    null, true = ((n - 1) * df * r**2 for r in (rmsea_null, rmsea_true))

    def quantile(share: float) -> float:
        return ncx2.ppf(share, df, null) if null > 0 else chi2.ppf(share, df)

    if rmsea_true > rmsea_null:
        return float(ncx2.sf(quantile(1 - alpha), df, true))
    below = chi2.cdf if true == 0 else lambda x, d: ncx2.cdf(x, d, true)
    return float(below(quantile(alpha), df))


def rmsea_sample_size(
    df: int,
    power: float = 0.80,
    *,
    rmsea_null: float = 0.05,
    rmsea_true: float = 0.08,
    alpha: float = 0.05,
) -> int:
    """Return the smallest number of respondents that reaches a power.

    Agrees with the published Table 4.

    Examples
    --------
    >>> rmsea_sample_size(100), rmsea_sample_size(10)
    (132, 782)
    """
    _check(df, 2, rmsea_null, rmsea_true, alpha)
    if not alpha < power < 1:
        raise DataError(
            f"power is {power} · allowed: between alpha ({alpha}) and 1 · do: ask for .80"
        )

    def enough(n: int) -> bool:
        return (
            rmsea_power(df, n, rmsea_null=rmsea_null, rmsea_true=rmsea_true, alpha=alpha) >= power
        )

    high = 4
    return _smallest(enough, high)


def path_power(
    fit: ModelFit,
    path: str,
    *,
    value: float | None = None,
    null: float = 0.0,
    n: float | None = None,
    alpha: float = 0.05,
) -> float:
    """Return the chance that a test finds a path to differ from a null value.

    Parameters
    ----------
    fit : ModelFit
        A fitted model; with its estimates (and ``value``) it is the population.
    path : str
        A free parameter as in the model, ``"loyalty ~ satisfaction"`` or ``"f ~~ g"``.
    value : float, optional
        True value of the path, in the table's units; the estimate by default. The power at the
        estimate only restates its p value: name the smallest effect worth finding.
    null : float
        Value the test compares with.
    n : float, optional
        Respondents; those of the fit by default. Groups keep their shares.
    alpha : float
        Level of the test (two-sided).

    Raises
    ------
    ModelError
        If the path is not a free parameter, or the model has ``==`` constraints or ordinal items.
    ConvergenceError
        If the model with the path at ``null`` reaches no optimum.

    Notes
    -----
    The model with the path held at ``null`` is fitted to the population moments; n times the
    resulting discrepancy is the noncentrality of χ² with one degree of freedom. Normal data
    without missing answers are assumed. Agrees with semTools' ``SSpower`` to 1e-9.

    Examples
    --------
    >>> from cx_value.sem import fit_model
    >>> import pandas as pd
    >>> x, e = np.random.default_rng(1).normal(size=(2, 100))
    >>> fit = fit_model("y ~ x", pd.DataFrame({"x": x, "y": x + e}))
    >>> round(path_power(fit, "y ~ x", value=0.0), 3), path_power(fit, "y ~ x", value=0.3) > 0.5
    (0.05, True)
    """
    n = fit.n_used if n is None else n
    _check_path(n, alpha)
    return noncentral_power(path_noncentrality(fit, path, value=value, null=null), n, alpha)


def power_sample_size(noncentrality: float, power: float, alpha: float = 0.05) -> int:
    """Return the smallest number of respondents at which a χ² test with 1 df reaches a power."""
    return _smallest(lambda n: noncentral_power(noncentrality, n, alpha) >= power, 4)


def path_noncentrality(
    fit: ModelFit, path: str, *, value: float | None = None, null: float = 0.0
) -> float:
    """Return the noncentrality one respondent adds (Satorra and Saris 1985)."""
    from cx_value.sem.design.matrices import build_design
    from cx_value.sem.engine.likelihood import complete_target, value_at
    from cx_value.sem.engine.optimise import minimise

    model, index = _free_path(fit, path)
    design, theta = fit.prepared.design, fit.solution.theta.copy()
    if value is not None:
        theta[index] = value / design.scale[index]
    sample = fit.prepared.target.sample[0]
    moments = design.implied(theta, sample).sigma
    if np.linalg.eigvalsh(moments)[..., 0].min() <= 0:
        raise ModelError(
            f"'{path}' = {value} leaves no possible population · allowed: a value with which the "
            "model's covariances can be · do: name a smaller effect"
        )
    shares = fit.prepared.target.weights[0].sum(axis=-1)
    target = complete_target(moments[None], shares[None])
    held = build_design(_held_at(model, index, null), design.units[: len(model.observed)])
    found = minimise(held, target, np.delete(theta, index)[None], max_iterations=500)
    if not found.converged[0]:
        raise ConvergenceError(
            f"The model with '{path}' held at {null} reached no optimum · allowed: a converged fit "
            "· do: choose a null value nearer to the estimate"
        )
    floor = value_at(target.sample[..., None, :, :], target)[0][0]
    return max(2 * float(found.value[0] - floor), 0.0)


def _free_path(fit: ModelFit, path: str) -> tuple[Model, int]:
    """Return the model and the number of the free parameter a path stands for."""
    normal = fit.prepared.request.estimator in ("ml", "mlr", "mlm")
    if not normal or fit.prepared.model.constraints:
        raise ModelError(
            "Power of a path in a model with ordinal items or '==' constraints · allowed: numeric "
            "items without them · do: use labels for equality, or simulate"
        )
    wanted = "".join(path.split())
    free = fit.prepared.model.free()
    for index, p in enumerate(free):
        names = {p.lhs + p.op + p.rhs, p.rhs + p.op + p.lhs if p.op == "~~" else ""}
        if wanted in names:
            return fit.prepared.model, index
    told = ", ".join(p.name for p in free if p.op in ("~", "~~") and p.lhs != p.rhs)
    raise ModelError(
        f"'{path}' is no free parameter of the model · allowed: {told or 'no path is free'} · do: "
        "write it as in the model"
    )


def _held_at(model: Model, index: int, null: float) -> Model:
    """Return the model with one free parameter (in all groups that share it) fixed."""
    rows = [
        replace(p, index=-1, value=null) if p.index == index
        else replace(p, index=p.index - (p.index > index))
        for p in model.parameters
    ]  # fmt: skip
    return replace(model, parameters=tuple(rows), definitions=())


def noncentral_power(noncentrality: float, n: float, alpha: float) -> float:
    """Return the power of a χ² test with 1 df; ``noncentrality`` is that of one respondent."""
    from scipy.stats import chi2, ncx2

    if noncentrality * n < 1e-12:
        return alpha
    return float(ncx2.sf(chi2.isf(alpha, 1), 1, n * noncentrality))


def _smallest(enough, high: int) -> int:
    """Return the smallest whole number from 2 that is enough; infinity beyond 1e9."""
    while not enough(high):
        high *= 2
        if high > 10**9:
            return math.inf
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _check_path(n: float, alpha: float) -> None:
    if not n >= 2 or not 0 < alpha < 1:
        raise DataError(
            f"n = {n}, alpha = {alpha} · allowed: n ≥ 2, alpha between 0 and 1 · do: correct the "
            "value"
        )


def _check(df: int, n: float, null: float, true: float, alpha: float) -> None:
    if df < 1 or n < 2 or null < 0 or true < 0 or null == true or not 0 < alpha < 1:
        raise DataError(
            f"df = {df}, n = {n}, rmsea_null = {null}, rmsea_true = {true}, alpha = {alpha} · "
            "allowed: df ≥ 1, n ≥ 2, two different RMSEA ≥ 0, alpha between 0 and 1 · do: correct "
            "the value"
        )
