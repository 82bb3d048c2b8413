"""Nested models fitted by least squares, tested against each other."""

from __future__ import annotations

import numpy as np

from cx_value.base.errors import ModelError
from cx_value.sem.reading.result import ModelFit


def difference_test(restricted: ModelFit, general: ModelFit) -> dict[str, float]:
    """Test whether a restricted model fits worse than the general one it is nested in.

    Parameters
    ----------
    restricted, general : ModelFit
        Fitted to the same variables and rows with the same estimator.

    Returns
    -------
    dict
        ``chisq df pvalue`` of the scaled-shifted difference, ``chisq_plain`` before correction.

    Raises
    ------
    ModelError
        Different data or estimators, or no more degrees of freedom than the general model.

    Notes
    -----
    The plain difference is a mixture of χ²; its mean and variance come from the directions of the
    general model's parameters that the restriction closes, read off the two Jacobians. Satorra
    (2000), in *Innovations in Multivariate Statistical Analysis*, 233–247; Asparouhov & Muthén
    (2006), Mplus Web Notes 10. Agrees with lavaan's ``lavTestLRT()`` to 1e-6.
    """
    from scipy.stats import chi2

    df = restricted.indices["df"] - general.indices["df"]
    _check_nested(restricted, general, df)
    closed = _closed_directions(restricted, general)
    bread = general.engine.sandwich.bread
    middle = bread @ closed.T
    absorbed = middle @ np.linalg.pinv(closed @ middle) @ middle.T
    crossed = _meat(general) @ absorbed
    trace, trace_square = float(np.trace(crossed)), float((crossed * crossed.T).sum())
    plain = restricted.indices["chisq"] - general.indices["chisq"]
    factor = np.sqrt(df / trace_square)
    statistic = plain * factor + df - factor * trace
    return {
        "chisq": float(statistic),
        "df": int(df),
        "pvalue": float(chi2.sf(max(statistic, 0.0), df)),
        "chisq_plain": float(plain),
    }


def _check_nested(restricted: ModelFit, general: ModelFit, df: float) -> None:
    pair = restricted.prepared, general.prepared
    same = (
        pair[0].n == pair[1].n
        and pair[0].model.observed == pair[1].model.observed
        and pair[0].moments.observed.shape == pair[1].moments.observed.shape
        and np.allclose(pair[0].moments.weight, pair[1].moments.weight, rtol=1e-6)
    )
    if not same:
        raise ModelError(
            "The two models were fitted to different rows, variables or weights · allowed: the "
            "same data and estimator · do: refit both on the same data"
        )
    if df <= 0:
        raise ModelError(
            f"The restricted model has {restricted.indices['df']} degrees of freedom, the general "
            f"{general.indices['df']} · allowed: more in the restricted model · do: swap them"
        )


def _closed_directions(restricted: ModelFit, general: ModelFit) -> np.ndarray:
    """Rows spanning what the general parameters can do and the restricted ones cannot."""
    wide, narrow = (
        fit.engine.sandwich.slope.reshape(-1, fit.engine.sandwich.slope.shape[-1])
        for fit in (general, restricted)
    )
    reach = np.linalg.lstsq(wide, narrow, rcond=None)[0]
    vectors, sizes, _ = np.linalg.svd(reach)
    rank = int((sizes > 1e-8 * sizes[0]).sum())
    return vectors[:, rank:].T


def _meat(fit: ModelFit) -> np.ndarray:
    moments, slope = fit.prepared.moments, fit.engine.sandwich.slope
    weighted = (moments.weight * moments.share[:, None])[:, :, None] * slope
    gamma = moments.gamma / moments.share[:, None, None]
    return sum(d.T @ g @ d for d, g in zip(weighted, gamma, strict=True))
