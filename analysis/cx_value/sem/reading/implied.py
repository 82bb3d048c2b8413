"""What a solution implies for the observed and the latent variables, in the data's units."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cx_value.sem.design.matrices import ONE
from cx_value.sem.engine.fit import Prepared
from cx_value.sem.reading.solution import central_latent, central_sigma


def implied_covariance(prepared: Prepared, theta: np.ndarray, g: int) -> pd.DataFrame:
    """Return the implied covariance matrix ``(p, p)`` of group g."""
    design = prepared.design
    implied = design.implied(theta, prepared.target.sample[0])
    names = [name for name in design.observed if name != ONE]
    sigma = central_sigma(design, implied)[g][: len(names), : len(names)]
    units = design.units[: len(names)]
    return pd.DataFrame(sigma * np.outer(units, units), index=names, columns=names)


def latent_covariances(prepared: Prepared, theta: np.ndarray, g: int) -> pd.DataFrame:
    """Return the covariance matrix of the latent variables of group g."""
    design, names = prepared.design, list(prepared.model.latents)
    implied = design.implied(theta, prepared.target.sample[0])
    at = [design.state.index(name) for name in names]
    latent = central_latent(design, implied)[g][np.ix_(at, at)]
    units = design.state_units[at]
    return pd.DataFrame(latent * np.outer(units, units), index=names, columns=names)
