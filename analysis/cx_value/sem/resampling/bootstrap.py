"""Intervals from refits of a model in resampled data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.sem.reading.result import ModelFit
from cx_value.sem.resampling.moments import Draws, EachRowOut, draw_rows, given_rows, order_of
from cx_value.sem.resampling.refits import refit_all

KINDS = ("percentile", "bc", "bca", "normal")
RULES = ("normal", "linear")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bootstrap(Result):
    """Every refit of a model.

    Attributes
    ----------
    parameters, standardised : DataFrame (draws, rows)
        Unstandardised and standardised solution of every draw, columns as the rows of
        ``fit.table()`` (``:=`` effects last); NaN where the refit failed.
    theta : ndarray (draws, k)
        Free parameters in the fit's internal units.
    converged : ndarray (draws,) of bool
        Which refits reached an optimum.
    value, iterations : ndarray (draws,)
        Discrepancy reached, and steps taken.
    draws : Draws
        Which rows each replicate holds.
    """

    template = "resampling.refits"

    parameters: pd.DataFrame
    standardised: pd.DataFrame
    theta: np.ndarray
    converged: np.ndarray
    value: np.ndarray
    iterations: np.ndarray
    draws: Draws
    fit: ModelFit

    @property
    def rows(self) -> np.ndarray:
        """The rows drawn ``(draws, n)``, as positions among the rows used, in the data's order.

        Large data do not keep them; they are drawn again from the seed, or refused if too many.
        """
        return self.draws.rows()

    @property
    def failed_share(self) -> float:
        """Share of refits that reached no optimum; the intervals rest on the others."""
        return float(1 - self.converged.mean())

    def table(
        self, kind: str = "percentile", *, rule: str = "normal", of: str = "est"
    ) -> pd.DataFrame:
        """Return intervals: ``lhs op rhs group label est se ci_low ci_high failed_share``.

        Parameters
        ----------
        kind : {"percentile", "bc", "bca", "normal"}
            Percentile, bias-corrected, bias-corrected and accelerated (Efron 1987), or normal.
        rule : {"normal", "linear"}
            How a quantile is read between two draws: on the normal scale (Davison and Hinkley
            1997, eq. 5.8; R's boot and lavaan) or linearly (numpy).
        of : {"est", "std_all"}
            Unstandardised or standardised solution.
        """
        frame = self.fit.table()
        draws = self.parameters if of == "est" else self.standardised
        out = frame[["lhs", "op", "rhs", "group", "label"]].copy()
        out["est"] = frame[of]
        low, high = self.intervals(draws.to_numpy(), frame[of].to_numpy(), kind, rule=rule, of=of)
        kept = draws.to_numpy()[self.converged]
        out["se"] = kept.std(axis=0, ddof=1)
        out["ci_low"], out["ci_high"] = low, high
        out["failed_share"] = self.failed_share
        return out

    def intervals(
        self,
        draws: np.ndarray,
        estimate: np.ndarray,
        kind: str = "percentile",
        *,
        rule: str = "normal",
        of: str | None = None,
        jackknife: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return limits for any quantity computed from the draws, ``(draws, m)``.

        BCa needs its ``jackknife`` values ``(n, m)`` unless the quantity is in the table.
        """
        from cx_value.sem.resampling.intervals import bootstrap_interval

        if kind == "bca" and jackknife is None:
            jackknife = self.fit.engine.jackknife(self.fit)[of or "est"]
        return bootstrap_interval(
            draws[self.converged], estimate, kind, rule=rule, level=self.confidence,
            jackknife=jackknife,
        )  # fmt: skip

    @property
    def improper(self) -> np.ndarray:
        """Which refits converged to a negative variance or a standardised estimate beyond ±1."""
        names = [name.split(" ") for name in self.parameters.columns]
        variances = [len(n) > 2 and n[1] == "~~" and n[0] == n[2] for n in names]
        effects = [len(n) > 2 and n[1] in ("=~", "~") for n in names]
        negative = (self.parameters.loc[:, variances] < 0).any(axis=1)
        beyond = (self.standardised.loc[:, effects].abs() > 1 + 1e-6).any(axis=1)
        return (negative | beyond).to_numpy() & self.converged

    def facts(self) -> dict[str, Any]:
        """Return how many refits the intervals rest on, and how many of these are improper."""
        kept, improper = int(self.converged.sum()), int(self.improper.sum())
        return {
            "draws": len(self.converged), "converged": kept, "failed_share": self.failed_share,
            "improper": improper, "improper_share": improper / max(kept, 1), "bound": 1,
        }  # fmt: skip


def bootstrap_model(
    fit: ModelFit, n: int = 1000, *, seed: int | None = None, rows: np.ndarray | None = None
) -> Bootstrap:
    """Refit a model in samples drawn with replacement (within groups).

    Parameters
    ----------
    fit : ModelFit
        The fitted model.
    n : int
        Number of draws, where ``rows`` is not given.
    seed : int
        Seed of numpy's default generator; required where ``rows`` is not given.
    rows : ndarray (draws, n_used) of int, optional
        Rows to draw, as positions among the rows used in the order of the data.

    Raises
    ------
    DataError
        If ``rows`` does not fit the data, or neither ``seed`` nor ``rows`` is given.
    """
    prepared = fit.prepared
    draws = draw_rows(prepared, n, seed) if rows is None else given_rows(prepared, rows)
    found = refit_all(prepared, fit.solution.theta, draws)
    names = [column_name(row) for row in fit.frame.itertuples()]
    return Bootstrap(
        n_used=fit.n_used,
        n_dropped=fit.n_dropped,
        method=Phrase("estimators.named", {"method": "bootstrap"}),
        confidence=fit.confidence,
        notes=failed_refits(int((~found.converged).sum()), draws.n),
        parameters=pd.DataFrame(found.raw, columns=names),
        standardised=pd.DataFrame(found.standardised, columns=names),
        theta=found.theta, converged=found.converged, value=found.value,
        iterations=found.iterations, draws=draws, fit=fit,
    )  # fmt: skip


def jackknife_values(fit: ModelFit) -> dict[str, np.ndarray]:
    """Return the solutions with each row left out in turn, for the acceleration of BCa."""
    draws = EachRowOut(order_of(fit.prepared.samples))
    found = refit_all(fit.prepared, fit.solution.theta, draws)
    kept = found.converged
    return {"est": found.raw[kept], "std_all": found.standardised[kept]}


def failed_refits(lost: int, n: int) -> tuple[Phrase, ...]:
    """Return a note on refits that reached no optimum."""
    return (Phrase("resampling.failed", {"failed": lost, "draws": n}),) if lost else ()


def column_name(row) -> str:
    """Return what a row of the table is called among the columns of the draws."""
    name = f"{row.lhs} {row.op} {row.rhs}".strip()
    return f"{name} [{row.group}]" if row.group else name
