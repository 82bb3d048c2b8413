"""How a fitted model was specified: equations, scaling, counts, estimator; what JARS asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.results import Result, tidy_frame

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.judge.estimation import Estimation
    from cx_value.sem.reading.result import ModelFit

COLUMNS = ("model", "kind", "parameters", "free", "fixed")
#: Operators of lavaan's table → what the parameter is.
KINDS = {"=~": "loading", "~": "path", "~1": "intercept", "|": "threshold", "~*~": "scale"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Specification(Result):
    """What was fitted.

    Attributes
    ----------
    model : str
        ``measurement`` or the name of a structural model.
    kinds : list of dict
        ``kind parameters free fixed``, a row a kind of parameter.
    equations : list of dict
        ``part equation``, in lavaan syntax as it was fitted.
    counts : mapping
        ``observed latent moments free df``.
    plan : mapping
        ``estimator missing weighted groups scaling``.
    """

    template = "specification.model"

    model: str
    kinds: Sequence[Mapping[str, Any]]
    equations: Sequence[Mapping[str, str]]
    counts: Mapping[str, int]
    plan: Mapping[str, Any]

    def table(self) -> pd.DataFrame:
        """Return ``model kind parameters free fixed``, a row a kind of parameter."""
        return tidy_frame([{"model": self.model, **row} for row in self.kinds], COLUMNS)

    def syntax(self) -> pd.DataFrame:
        """Return ``model part equation``, a row a line of the syntax as it was fitted."""
        rows = [{"model": self.model, **row} for row in self.equations]
        return tidy_frame(rows, ["model", "part", "equation"])

    def facts(self) -> dict[str, Any]:
        """Return the counts and how the model was scaled and fitted."""
        return {"model": self.model, "n": self.n_used, **self.counts, **self.plan}


def specify(name: str, fit: ModelFit, how: Estimation) -> Specification:
    """Write down how a model was specified, from its fit.

    Parameters
    ----------
    name : str
    fit : ModelFit
    how : Estimation
        The plan by which the models of the study are fitted.

    Returns
    -------
    Specification
        ``moments`` are the known variances, covariances and means (thresholds and correlations of
        ordered items) of all groups: what free parameters and degrees of freedom add up to.
    """
    frame, request = fit.table(), fit.prepared.request
    latent = list(dict.fromkeys(frame.lhs[frame.op == "=~"]))
    free, df = int(fit.indices["npar"]), int(fit.indices["df"])
    kinds = list(_kinds(frame[frame.op.isin([*KINDS, "~~"])], set(latent)))
    return Specification(
        n_used=fit.n_used, n_dropped=fit.n_dropped, confidence=fit.confidence, method=fit.method,
        model=name, kinds=kinds, equations=list(_equations(request.syntax)),
        counts={"observed": len(set(fit.prepared.model.observed)), "latent": len(latent),
                "moments": free + df, "free": free, "df": df,
                "shared": sum(row["free"] for row in kinds) - free},
        plan={"estimator": how.estimator, "missing": how.missing,
              "weighted": how.weights is not None, "groups": max(len(fit.group_labels), 1),
              "scaling": "unit_variance" if request.std_lv else "marker"},
    )  # fmt: skip


def _kinds(frame: pd.DataFrame, latent: set[str]) -> Iterator[dict[str, Any]]:
    """Count the parameters of each kind: all of them, free ones and fixed ones."""
    kinds = [_kind(row.lhs, row.op, row.rhs, latent) for row in frame.itertuples()]
    for kind in dict.fromkeys(kinds):
        free = frame.se[[k == kind for k in kinds]] > 0
        total = len(free)
        yield {
            "kind": kind, "parameters": total, "free": int(free.sum()),
            "fixed": total - int(free.sum()),
        }  # fmt: skip


def _kind(lhs: str, op: str, rhs: str, latent: set[str]) -> str:
    if op != "~~":
        return KINDS[op]
    if lhs == rhs:
        return "latent_variance" if lhs in latent else "residual_variance"
    return "latent_covariance" if {lhs, rhs} <= latent else "residual_covariance"


def _equations(syntax: str) -> Iterator[dict[str, str]]:
    """Yield the lines of a syntax with the part of the model each belongs to."""
    for line in (line.strip() for line in syntax.replace(";", "\n").splitlines()):
        if line and not line.startswith("#"):
            operator = next((o for o in ("=~", "~~", ":=", "~", "==") if o in line), "")
            part = {"=~": "loading", "~": "path", "~~": "covariance"}.get(operator, "constraint")
            yield {"part": part, "equation": line}
