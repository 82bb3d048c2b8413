"""Intervals from resampled respondents where these can be fitted, else from the delta method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.errors import ConvergenceError
from cx_value.base.results import Result
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.sem.reading.result import ModelFit
    from cx_value.sem.resampling.bootstrap import Bootstrap


#: Every pattern of missing answers costs a refit a matrix inverse per step; beyond this many the
#: estimates' own distribution is drawn from instead of respondents.
MOST_PATTERNS = 50


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resampling(Result):
    """The refits that intervals rest on; without a ``bootstrap``, why there is none.

    ``kind`` is what they rest on: ``bootstrap``, ``monte_carlo`` or ``delta``.
    """

    template = "drawing.drawing"

    fit: ModelFit
    kind: str
    bootstrap: Bootstrap | None
    error: str = ""

    @property
    def improper_share(self) -> float:
        """Share of the bootstrap's converged refits whose solution is improper."""
        if self.bootstrap is None or self.kind != "bootstrap":
            return 0.0
        return float(self.bootstrap.improper.sum() / max(self.bootstrap.converged.sum(), 1))

    def table(self) -> pd.DataFrame:
        """Return every parameter with its interval, bootstrap's or delta method's."""
        return self.fit.table() if self.bootstrap is None else self.bootstrap.table()

    def facts(self) -> dict[str, Any]:
        """Return ``kind error drawn``: what is drawn says itself, else why nothing was."""
        drawn = None if self.bootstrap is None else self.bootstrap.phrase()
        return {"kind": self.kind, "error": self.error or None, "drawn": drawn}


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
    if _patterns(fit) > MOST_PATTERNS or _is_clustered(fit):
        from cx_value.sem.resampling.monte_carlo import monte_carlo

        drawn = monte_carlo(fit, draws, seed=seed)
        return _resampling(fit, "monte_carlo", drawn)
    bootstrap, error = None, ""
    try:
        bootstrap = fit.bootstrap(draws, seed=seed)
        kept = int(bootstrap.converged.sum())
        if 2 * kept < draws:
            bootstrap, error = None, f"{draws - kept} / {draws}"
    except ConvergenceError as failed:
        error = str(failed).split(" · ")[0]
    return _resampling(fit, "bootstrap" if bootstrap else "delta", bootstrap, error)


def _resampling(fit, kind: str, bootstrap: Bootstrap | None, error: str = "") -> Resampling:
    return Resampling(
        n_used=fit.n_used, n_dropped=fit.n_dropped, confidence=fit.confidence, kind=kind,
        method=Phrase("estimators.named", {"method": kind}),
        notes=bootstrap.notes if bootstrap is not None else (),
        fit=fit, bootstrap=bootstrap, error=error,
    )  # fmt: skip


def _patterns(fit: ModelFit) -> int:
    """Return how many patterns of missing answers a fit by full information has."""
    patterns = getattr(fit.prepared, "patterns", None) or ()
    return sum(len(group.rows) for group in patterns)


def _is_clustered(fit: ModelFit) -> bool:
    """Tell whether respondents were drawn in clusters or strata, so that none is drawn alone."""
    return bool(fit.prepared and fit.prepared.request.clustered)
