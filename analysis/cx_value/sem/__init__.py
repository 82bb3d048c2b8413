"""Structural-equation models: fitted, tested and questioned.

``fit_model`` is the entry; everything heavy is imported when it is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import pandas as pd

    from cx_value.sem.reading.result import ModelFit

LEAST_SQUARES = ("wlsmv", "dwls", "ulsmv", "uls")
_LAZY = {
    "ModelFit": "reading.result",
    "Finding": "reading.diagnostics",
    "Bootstrap": "resampling.bootstrap",
    "compare_models": "groups.comparison",
    "check_invariance": "groups.invariance",
    "compare_paths": "groups.moderation",
    "score_tests": "reading.result",
    "fit_pls": "pls.fit",
    "polychoric_matrix": "polychoric.matrix",
    "rmsea_power": "power.power",
    "rmsea_sample_size": "power.power",
    "path_power": "power.power",
    "fit_interaction": "interactions.interaction",
    "simulate_cutoffs": "power.dynamic_cutoffs",
}


def fit_model(
    syntax: str,
    data: pd.DataFrame,
    *,
    estimator: str = "ml",
    missing: str = "listwise",
    group: str | None = None,
    equal: Iterable[str] = (),
    partial: Iterable[str] = (),
    std_lv: bool = False,
    meanstructure: bool | None = None,
    orthogonal: bool = False,
    ordered: Iterable[str] | bool = (),
    parameterization: str = "delta",
    weights: str | np.ndarray | None = None,
    cluster: str | np.ndarray | None = None,
    strata: str | np.ndarray | None = None,
    confidence: float = 0.95,
) -> ModelFit:
    """Fit a structural-equation model.

    Parameters
    ----------
    syntax : str
        The model, in lavaan's syntax; see :func:`cx_value.study.language.syntax.parse_syntax`.
    data : DataFrame (n, ·)
        One row a respondent, numeric columns, NaN where missing.
    estimator : {"ml", "mlr", "mlm", "wlsmv", "dwls", "ulsmv", "uls"}
        Normal-theory maximum likelihood (divisor n); with Huber–White errors and the Yuan–Bentler
        test; with Satorra–Bentler's; or least squares on thresholds and polychoric correlations.
    missing : {"listwise", "fiml", "pairwise"}
        Drop rows with a missing answer (counted in a warning); use all answers (ml, mlr), errors
        then from the observed information; pairwise moments (least squares only).
    group : str, optional
        Column that splits the rows; groups come in order of appearance.
    equal, partial : iterable of str
        Kinds of parameters held equal across groups, and single ones (``"f =~ x3"``) set free.
    std_lv : bool
        Give latent variables unit variance instead of fixing the first loading.
    meanstructure : bool, optional
        Model the means too; by default where groups, missing answers or an intercept ask for it.
    orthogonal : bool
        Do not let exogenous latent variables correlate.
    ordered : iterable of str or bool
        Ordinal items (True: all). They are fitted by ``wlsmv`` (``ml`` turns into it), ``dwls``,
        ``ulsmv`` or ``uls`` with ``missing`` listwise or pairwise: :mod:`cx_value.sem.ordinal.fit`.
    parameterization : {"delta", "theta"}
        Whether the scale or the residual variance of an ordinal item's response is fixed.
    weights : str or ndarray (n,), optional
        Case weights (not mlm): a column or an array, scaled to sum to the rows used. Take mlr with
        weights: normal-theory errors ignore them.
    cluster, strata : str or ndarray (n,), optional
        Sampling unit (branch, household) and stratum of each respondent: errors and tests of mlr
        that allow for the sampling.
    confidence : float
        Level of the intervals, 0 to 1.

    Returns
    -------
    ModelFit
        ``table()``, ``indices``, ``warnings``, ``admissible``, ``bootstrap()`` and more.

    Raises
    ------
    ModelError
        The model cannot be read, is not identified, or asks for what is not there.
    DataError
        A column is absent, holds text, infinities or one value, or columns are collinear.
    ConvergenceError
        No search reached an optimum.

    Notes
    -----
    Agrees with lavaan 0.6-14 at its optimum to 1e-5 in estimates and standard errors and 1e-6
    relative in χ² and fit indices. With strongly skewed items and fewer than about 2,000 rows the
    test of ``mlr`` rejects true models too often, that of ``mlm`` does not; intervals of both hold:
    see "Coverage" in ``benchmarks/RESULTS.md``.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> draw = np.random.default_rng(1).normal(size=(200, 4))
    >>> items = pd.DataFrame({f"q{i}": draw[:, 0] + draw[:, i] for i in (1, 2, 3)})
    >>> fit_model("satisfaction =~ q1 + q2 + q3", items).indices["df"]
    0
    """
    from cx_value.sem.engine.fit import make_request

    if not isinstance(ordered, bool):
        ordered = (ordered,) if isinstance(ordered, str) else tuple(ordered)
    if ordered and estimator == "ml":
        estimator = "wlsmv"
    request = make_request(
        syntax, estimator=estimator, missing=missing, group=group, equal=equal, partial=partial,
        std_lv=std_lv, meanstructure=meanstructure, orthogonal=orthogonal,
        weights=weights if isinstance(weights, str) else None,
        clustered=cluster is not None or strata is not None,
    )  # fmt: skip
    if ordered or estimator in LEAST_SQUARES:
        from cx_value.sem.ordinal.fit import fit_ordinal

        return fit_ordinal(
            request, data, ordered=ordered, parameterization=parameterization, weights=weights,
            confidence=confidence,
        )  # fmt: skip
    _check_delta(parameterization)
    from cx_value.sem.maximum_likelihood import fit_likelihood

    return fit_likelihood(
        request, data, confidence, weights=weights, cluster=cluster, strata=strata
    )


def _check_delta(parameterization: str) -> None:
    from cx_value.base.errors import ModelError

    if parameterization != "delta":
        raise ModelError(
            f"parameterization is '{parameterization}' · allowed: delta · do: leave it out"
        )


def __getattr__(name: str):
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f"cx_value.sem.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'cx_value.sem' has no attribute '{name}'")
