"""Cutoffs of fit simulated for the measurement model at hand, where that can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cx_value.base.errors import AnalysisError

if TYPE_CHECKING:
    from cx_value.sem.power.dynamic_cutoffs import DynamicCutoffs
    from cx_value.sem.reading.result import ModelFit

FEWEST, MOST = 100, 500
#: Larger misfit than this tells nothing more: a model that is beyond it is told to be.
LEVELS = 3


def simulate_own_cutoffs(fit: ModelFit, draws: int, *, seed: int) -> DynamicCutoffs | None:
    """Simulate the cutoffs of McNeish & Wolf (2023a, 2023b) for a measurement model, three levels.

    Parameters
    ----------
    fit : ModelFit
    draws : int
        The study's bootstrap draws; so many samples are simulated at each level, but at least 100
        and at most 500.
    seed : int

    Returns
    -------
    DynamicCutoffs or None
        None where they are not defined: ordered categories, a saturated or an inadmissible model.
    """
    from cx_value.sem import simulate_cutoffs

    try:
        return simulate_cutoffs(
            fit, replications=min(max(draws, FEWEST), MOST), seed=seed, most=LEVELS
        )
    except AnalysisError:
        return None
