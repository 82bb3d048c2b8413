"""Intervals from the sampling distribution of the estimates, where refits would take too long.

The Monte Carlo method (MacKinnon, Lockwood & Williams 2004): parameters are drawn from the normal
distribution their estimates follow in large samples, with the fit's own (robust) covariance matrix;
products and standardised effects computed from each draw have the skew that the delta method
ignores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.errors import DataError
from cx_value.base.words import Phrase
from cx_value.sem.reading.solution import places, raw_values, standardised_values
from cx_value.sem.resampling.bootstrap import Bootstrap, column_name
from cx_value.sem.resampling.moments import ListedRows

if TYPE_CHECKING:
    from cx_value.sem.reading.result import ModelFit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MonteCarlo(Bootstrap):
    """Draws of the solution; read like a bootstrap, but no respondent was drawn.

    ``converged`` marks draws with a finite solution (a negative variance has no standardised one).
    """

    template = "resampling.simulated"

    def facts(self) -> dict[str, Any]:
        """Return how many draws the intervals rest on, and whose method it is."""
        return {"draws": len(self.converged), "source": "mackinnon2004"}


def monte_carlo(fit: ModelFit, n: int = 1000, *, seed: int) -> MonteCarlo:
    """Draw solutions from the estimates' normal distribution.

    Parameters
    ----------
    fit : ModelFit
    n : int
        Draws, at least 2.
    seed : int

    Returns
    -------
    MonteCarlo
        ``.table()`` and everything else a bootstrap gives, but no BCa intervals.

    Raises
    ------
    DataError
        For fewer than 2 draws.

    Notes
    -----
    MacKinnon, D. P., Lockwood, C. M., & Williams, J. (2004), Multivariate Behavioral Research
    39(1), 99–128. On complete data of moderate size it agrees with the bootstrap within the
    error of either.
    """
    if n < 2:
        raise DataError(f"{n} draws · allowed: at least 2 · do: ask for 1000 or more")
    design, sample = fit.prepared.design, fit.prepared.target.sample[:1]
    theta = np.random.default_rng(seed).multivariate_normal(fit.solution.theta, fit.vcov, size=n)
    with np.errstate(all="ignore"):
        implied = design.implied(theta, np.broadcast_to(sample, (n, *sample.shape[1:])))
        at = places(design)
        raw, standardised = (
            raw_values(design, implied, at),
            standardised_values(design, implied, at),
        )
    finite = np.isfinite(raw).all(axis=1) & np.isfinite(standardised).all(axis=1)
    raw[~finite] = standardised[~finite] = np.nan
    nobody = ListedRows(np.empty((n, 0), dtype=np.int32), ())
    names = [column_name(row) for row in fit.frame.itertuples()]
    return MonteCarlo(
        n_used=fit.n_used, n_dropped=fit.n_dropped, confidence=fit.confidence,
        method=Phrase("estimators.named", {"method": "monte_carlo"}),
        parameters=pd.DataFrame(raw, columns=names),
        standardised=pd.DataFrame(standardised, columns=names),
        theta=theta, converged=finite, value=np.full(n, np.nan),
        iterations=np.zeros(n, dtype=int), draws=nobody, fit=fit,
    )  # fmt: skip
