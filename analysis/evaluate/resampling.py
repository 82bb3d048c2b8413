"""Intervals from resampled respondents where these can be fitted, else from the delta method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.errors import ConvergenceError
from analysis.results import Result
from analysis.wording import Text

if TYPE_CHECKING:
    import pandas as pd

    from analysis.sem.bootstrap import Bootstrap
    from analysis.sem.result import ModelFit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resampling(Result):
    """The refits that intervals rest on; without a ``bootstrap``, why there is none."""

    fit: ModelFit
    bootstrap: Bootstrap | None
    error: str = ""

    def table(self) -> pd.DataFrame:
        """Return every parameter with its interval, bootstrap's or delta method's."""
        return self.fit.table() if self.bootstrap is None else self.bootstrap.table()

    def sentence(self, lang: str = "en") -> str:
        """Tell how many refits there are, or that intervals rest on the delta method."""
        if self.bootstrap is not None:
            return self.bootstrap.sentence(lang)
        return _NOT_DRAWN[lang].format(error=self.error)


_NOT_DRAWN = {
    "en": "The model could not be refitted to resampled respondents ({error}); intervals rest on "
    "the delta method.",
    "zh": "模型无法在重抽样数据上重新拟合（{error}）；区间由 delta 法得出。",
}


def resample(fit: ModelFit, draws: int, *, seed: int) -> Resampling:
    """Bootstrap a model; where too many refits fail, say so and leave the delta method.

    Parameters
    ----------
    fit : ModelFit
    draws, seed : int

    Returns
    -------
    Resampling
    """
    bootstrap, error = None, ""
    try:
        bootstrap = fit.bootstrap(draws, seed=seed)
        kept = int(bootstrap.converged.sum())
        if 2 * kept < draws:
            bootstrap, error = None, f"{draws - kept} / {draws}"
    except ConvergenceError as failed:
        error = str(failed).split(" · ")[0]
    notes = bootstrap.notes if bootstrap is not None else ()
    return Resampling(
        n_used=fit.n_used, n_dropped=fit.n_dropped, confidence=fit.confidence, notes=notes,
        method=Text("Nonparametric bootstrap", zh="非参数自助法") if bootstrap else
        Text("Delta method", zh="delta 法"),
        fit=fit, bootstrap=bootstrap, error=error,
    )  # fmt: skip
