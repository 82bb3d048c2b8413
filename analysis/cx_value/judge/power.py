"""Whether a study could see what it looks for: power of the test of fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cx_value.base.cutoffs import CUTOFFS, Cutoff, cutoffs_with
from cx_value.base.results import Result, tidy_frame
from cx_value.base.wording import Text, format_number, in_language

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

    def sentence(self, lang: str = "en") -> str:
        """State the power and the sample it would take."""
        bounded = {"bounded": True, "lang": lang}
        power = ">" + format_number(0.99, 2, **bounded)
        if self.power <= 0.99:
            power = format_number(self.power, 2, **bounded)
        return _SENTENCE[lang].format(
            n=self.n_used, df=self.df, power=power, needed=self.n_needed,
            wanted=format_number(self.wanted.threshold, 2, **bounded),
            null=format_number(CLOSE_FIT, 2, **bounded),
            true=format_number(MEDIOCRE_FIT, 2, **bounded),
            said=in_language(self.wanted.said, lang),
        )  # fmt: skip


_SENTENCE = {
    "en": "With {n} respondents and {df} degrees of freedom, the measurement model's test of close "
    "fit (RMSEA ≤ {null}) has a power of {power} when the true RMSEA is {true}; a power of "
    "{wanted} takes {needed} respondents ({said}).",
    "zh": "样本量为 {n}、自由度为 {df} 时，若真实 RMSEA 为 {true}，测量模型近似拟合检验"
    "（RMSEA ≤ {null}）的功效为 {power}；功效达到 {wanted} 需要 {needed} 名受访者（{said}）。",
}


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
        method=Text("power of the test of close fit", zh="近似拟合检验的功效"),
    )  # fmt: skip
