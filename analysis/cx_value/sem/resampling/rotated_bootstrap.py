"""Bootstrap of the test of fit in data rotated so that the model holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_value.base.errors import ModelError
from cx_value.sem.engine.likelihood import value_at
from cx_value.sem.engine.moments import Sample, central_moments
from cx_value.sem.resampling.moments import draw_rows, given_rows, resampled_targets
from cx_value.sem.resampling.refits import refit

if TYPE_CHECKING:
    from cx_value.sem.reading.result import ModelFit


def bollen_stine(
    fit: ModelFit, n: int = 1000, *, seed: int | None = None, rows: np.ndarray | None = None
) -> pd.DataFrame:
    """Return χ² of refits in data rotated so that the model holds exactly.

    The share of converged draws with ``chisq`` at least that of the fit is the Bollen–Stine p value
    (Bollen and Stine 1992, eq. 19): Z = (Y − ȳ) S^(-1/2) Σ^(1/2).

    Parameters
    ----------
    fit : ModelFit
        A maximum-likelihood fit to complete data.
    n, seed, rows
        As for :func:`bootstrap_model`.

    Returns
    -------
    DataFrame
        ``chisq converged``, one row a draw; ``attrs["p"]`` holds the p value.
    """
    if fit.prepared.target.seen is not None or fit.prepared.samples[0].weights is not None:
        raise ModelError(
            "Bollen–Stine with missing answers or weights · allowed: complete, unweighted data · "
            "do: use the scaled test of estimator='mlr'"
        )
    rotated = replace(fit.prepared, samples=_rotated(fit))
    draws = draw_rows(rotated, n, seed) if rows is None else given_rows(rotated, rows)
    values, reached = [], []
    for target in resampled_targets(rotated, draws):
        found = refit(rotated.design, fit.solution.theta, target)
        saturated = value_at(target.sample[..., None, :, :], target)[0]
        values.append(2 * fit.n_used * (found.value - saturated))
        reached.append(found.converged)
    out = pd.DataFrame({"chisq": np.concatenate(values), "converged": np.concatenate(reached)})
    out.attrs["p"] = float((out.chisq[out.converged] >= fit.indices["chisq"]).mean())
    return out


def _rotated(fit: ModelFit) -> tuple[Sample, ...]:
    """Return the groups' rows with the implied means and covariances."""
    prepared, p = fit.prepared, len(fit.prepared.model.observed)
    implied = prepared.design.implied(fit.solution.theta, prepared.target.sample[0])
    units, out = np.outer(prepared.design.units[:p], prepared.design.units[:p]), []
    for g, sample in enumerate(prepared.samples):
        # The symmetric roots depend on units, so the rotation is made in the data's own.
        have = central_moments(prepared.target.sample[0, g], p) * units
        want = central_moments(implied.sigma[g], p) * units
        turned = (sample.rows - sample.mean()) @ _power(have, -0.5) @ _power(want, 0.5)
        if prepared.model.meanstructure:
            turned = turned + implied.sigma[g][:p, p] * prepared.design.units[:p]
        out.append(replace(sample, rows=turned))
    return tuple(out)


def _power(matrix: np.ndarray, power: float) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values**power) @ vectors.T
