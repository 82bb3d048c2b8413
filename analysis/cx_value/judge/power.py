"""Whether a study could see what it looks for: power of the test of fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.cutoffs import CUTOFFS, Cutoff, cutoffs_with
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study.spec import Study

CLOSE_FIT = 0.05
MEDIOCRE_FIT = 0.08


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FitPower(Result):
    """Power of the test of close fit for the study's measurement model.

    ``power`` is the chance to reject close fit (RMSEA ≤ .05) when the true RMSEA is .08;
    ``n_needed`` the respondents that the wanted power takes.
    """

    template = "power.close_fit"

    df: int
    power: float
    n_needed: int
    wanted: Cutoff = CUTOFFS["power"]

    def table(self) -> pd.DataFrame:
        """Return one row: ``n df rmsea_null rmsea_true power n_needed enough``."""
        row = {
            "n": self.n_used, "df": self.df, "rmsea_null": CLOSE_FIT, "rmsea_true": MEDIOCRE_FIT,
            "power": self.power, "n_needed": self.n_needed,
            "enough": self.wanted.passes(self.power),
        }  # fmt: skip
        return tidy_frame([row])

    def facts(self) -> dict[str, Any]:
        """Return the power and the respondents that the wanted power takes."""
        return {
            "n": self.n_used, "df": self.df, "power": self.power, "needed": self.n_needed,
            "close": CLOSE_FIT, "mediocre": MEDIOCRE_FIT, "rule": self.wanted.facts(),
        }  # fmt: skip


def judge_power(study: Study, n: int) -> FitPower | None:
    """Return the power of the measurement model's test of close fit.

    Parameters
    ----------
    study : Study
    n : int
        Respondents analysed.

    Returns
    -------
    FitPower or None
        None where the study has no testable measurement model (no degrees of freedom).

    Notes
    -----
    MacCallum, Browne & Sugawara (1996); degrees of freedom of a CFA with correlated factors and
    no cross-loadings: p(p + 1)/2 − 2p − k(k − 1)/2 for p items and k factors.
    """
    from cx_value.sem.power.power import rmsea_power, rmsea_sample_size

    scales = study.scales
    items, factors = sum(map(len, scales.values())), len(scales)
    df = items * (items + 1) // 2 - 2 * items - factors * (factors - 1) // 2
    if df < 1:
        return None
    wanted = cutoffs_with(study.cutoffs)["power"]
    return FitPower(
        n_used=n, df=df, wanted=wanted,
        power=rmsea_power(df, n, rmsea_null=CLOSE_FIT, rmsea_true=MEDIOCRE_FIT),
        n_needed=rmsea_sample_size(
            df, wanted.threshold, rmsea_null=CLOSE_FIT, rmsea_true=MEDIOCRE_FIT
        ),
        method=Phrase("power.method"),
    )  # fmt: skip
