"""The same model fitted by another program, and how far the two lie apart.

semopy is told plain ML and ``ftol=1e-12``: its default stop is too early and its χ² then wrong. It
has no ``:=``, bounds variances at zero and knows no equality across groups; where a model asks for
these the second opinion says so instead of comparing unlike things.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.sem.engine.fit import prepare, search, with_options

if TYPE_CHECKING:
    from cx_value.sem.design.parameters import Model
    from cx_value.sem.reading.result import ModelFit

TOLERANCE = 1e-3
COLUMNS = ("lhs", "op", "rhs", "ours", "semopy", "difference")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SecondOpinion(Result):
    """Our estimates beside semopy's.

    Columns of the table: ``lhs op rhs ours semopy difference`` for every free parameter.

    Attributes
    ----------
    available : bool
        Whether semopy could express and fit the model; ``notes`` says why not.
    chisq, chisq_semopy, df_semopy : float
        The test of both.
    largest_difference : float
        In units of our standard errors, over all free parameters; NaN if not available.
    agrees : bool or None
        Whether every estimate lies within 0.001 standard errors of ours and χ² within 0.001.
    """

    template = "second_opinion.comparison"

    frame: pd.DataFrame
    available: bool
    chisq: float
    chisq_semopy: float
    df_semopy: float
    largest_difference: float
    reason: str = ""

    @property
    def agrees(self) -> bool | None:
        if not self.available:
            return None
        near = abs(self.chisq - self.chisq_semopy) < TOLERANCE
        return bool(near and self.largest_difference < TOLERANCE)

    def facts(self) -> dict[str, Any]:
        """Return how far the second program lies from ours, or why it was not asked."""
        if not self.available:
            return {"reason": self.reason}
        return {
            "reason": "", "chisq": self.chisq, "chisq_semopy": self.chisq_semopy,
            "largest": float(self.frame.difference.abs().max()),
        }  # fmt: skip


def second_opinion(fit: ModelFit) -> SecondOpinion:
    """Refit a model in semopy and compare.

    Parameters
    ----------
    fit : ModelFit
        Any fitted model; what semopy cannot express gives ``available=False`` with the reason.
    """
    reason = _not_expressible(fit)
    if reason is not None:
        return _unavailable(fit, reason)
    ours = _marker_form(fit)
    try:
        estimates, chisq, df = _fit_semopy(ours)
    except Exception as error:
        # semopy raises whatever its optimiser met; the report goes on without it.
        return _unavailable(fit, "failed", f"{type(error).__name__}: {error}")
    frame = ours[["lhs", "op", "rhs"]].copy()
    frame["ours"], frame["semopy"] = ours.est, estimates
    frame["difference"] = frame.semopy - frame.ours
    largest = float((frame.difference.abs() / ours.se).max())
    return SecondOpinion(
        n_used=fit.n_used, n_dropped=fit.n_dropped, method=_METHOD, confidence=fit.confidence,
        notes=(), frame=frame.reset_index(drop=True), available=True,
        chisq=float(fit.indices["chisq"]), chisq_semopy=chisq, df_semopy=df,
        largest_difference=largest,
    )  # fmt: skip


_METHOD = Phrase("estimators.named", {"method": "semopy"})


def _not_expressible(fit: ModelFit) -> str | None:
    """Return why semopy cannot be asked, or None."""
    prepared = fit.prepared
    request, model = prepared.request, prepared.model
    if model.n_groups > 1:
        return "groups"
    if request.estimator not in ("ml", "mlr", "mlm") or request.missing != "listwise":
        return "estimator"
    if prepared.samples[0].weights is not None:
        return "weights"
    means = [p for p in model.parameters if p.op == "~1" and not p.exogenous]
    saturated = all((p.index >= 0 and not p.label) == (p.lhs in model.observed) for p in means)
    if model.constraints or not saturated:
        return "constraints"
    if any(p.op == "~~" and p.lhs == p.rhs and p.value < 0 for p in model.parameters):
        return "variances"
    return None


def _marker_form(fit: ModelFit) -> pd.DataFrame:
    """Return free parameters with the first loading fixed, the only scaling semopy knows."""
    from cx_value.sem.maximum_likelihood import summarise

    if fit.prepared.request.std_lv:
        sample = fit.prepared.samples[0]
        data = pd.DataFrame(sample.rows, columns=list(fit.prepared.model.observed))
        request = with_options(fit.prepared.request, std_lv=False, estimator="ml", clustered=False)
        prepared = prepare(request, data)
        fit = summarise(prepared, search(prepared.design, prepared.target))
    frame = fit.table()
    model = fit.prepared.model
    free = [p.index >= 0 and p.op != "~1" for p in model.parameters]
    frame = frame.iloc[: len(free)][free].reset_index(drop=True)
    frame.attrs["model"] = model
    frame.attrs["rows"] = fit.prepared.samples[0].rows
    return frame


def _fit_semopy(ours: pd.DataFrame) -> tuple[np.ndarray, float, float]:
    """Return semopy's estimates in the order of ``ours``, its χ² and degrees of freedom."""
    import semopy

    model, rows = ours.attrs["model"], ours.attrs["rows"]
    names = {name: f"v{i}" for i, name in enumerate((*model.observed, *model.latents))}
    data = pd.DataFrame(rows, columns=[names[name] for name in model.observed])
    engine = semopy.Model(describe(model, names))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcome = engine.fit(data, obj="MLW", options={"ftol": 1e-12, "maxiter": 5000})
        stats = semopy.calc_stats(engine)
        table = engine.inspect()
    if not outcome.success:
        raise RuntimeError("no convergence")
    values = {(r.lval, r.op, r.rval): r.Estimate for r in table.itertuples()}
    values |= {(r, op, v): e for (v, op, r), e in values.items() if op == "~~"}
    found = []
    for row in ours.itertuples():
        lhs, rhs = names[row.lhs], names[row.rhs]
        key = (rhs, "~", lhs) if row.op == "=~" else (lhs, row.op, rhs)
        found.append(float(values[key]))
    return np.array(found), float(stats["chi2"].iloc[0]), float(stats["DoF"].iloc[0])


def describe(model: Model, names: dict[str, str]) -> str:
    """Return the model in semopy's syntax, every parameter written out, under plain names."""
    shared: dict[int, int] = {}
    for p in model.parameters:
        shared[p.index] = shared.get(p.index, 0) + 1
    lines = []
    for p in model.parameters:
        if p.op == "~1" or p.exogenous:
            continue
        mark = ""
        if p.index < 0:
            mark = f"{p.value!r}*"
        elif shared[p.index] > 1:
            mark = f"eq{p.index}*"
        lines.append(f"{names[p.lhs]} {p.op} {mark}{names[p.rhs]}")
    return "\n".join(lines)


def _unavailable(fit: ModelFit, reason: str, error: str = "") -> SecondOpinion:
    nan = float("nan")
    note = Phrase(f"second_opinion.{reason}", {"error": error} if error else {})
    return SecondOpinion(
        n_used=fit.n_used, n_dropped=fit.n_dropped, method=_METHOD, confidence=fit.confidence,
        notes=(note,), reason=reason,
        frame=pd.DataFrame(columns=list(COLUMNS)), available=False,
        chisq=float(fit.indices["chisq"]), chisq_semopy=nan, df_semopy=nan, largest_difference=nan,
    )  # fmt: skip
