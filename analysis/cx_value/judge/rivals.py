"""The reported model against its rivals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.judge.fit_report import reported_indices

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.judge.structure import ModelChoice
    from cx_value.sem.reading.result import ModelFit


#: A CFI that differs by less prints alike.
SAME_CFI = 0.0005


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RivalComparison(Result):
    """The reported model against its rival: does the theory describe the data better?

    The table has one row a model, ``delta_*`` against the reported model, and the nested test.
    Columns: ``model reported chisq df cfi rmsea srmr aic bic delta_chisq delta_df delta_p
    delta_cfi delta_aic delta_bic nested scaled``; indices as
    :func:`cx_value.judge.fit_report.reported_indices` has them, NaN for AIC and BIC where the
    estimator has no likelihood.
    """

    template = "rivals.comparison"

    frame: pd.DataFrame

    def facts(self) -> dict[str, Any]:
        """Return each rival with what the reported model has more or less than it."""
        keys = ["model", "delta_bic", "delta_cfi"]
        return {"rivals": [
            {**row[keys].to_dict(), "bic_known": bool(row.delta_bic == row.delta_bic),
             "lower_bic": bool(row.delta_bic > 0), "lower_cfi": bool(row.delta_cfi > 0),
             "same_cfi": bool(abs(row.delta_cfi) < SAME_CFI), "test": _test_of(row)}
            for _, row in self.frame[~self.frame.reported].iterrows()
        ]}  # fmt: skip


def _test_of(row: pd.Series) -> dict[str, Any] | None:
    if not row.nested:
        return None
    return {"d_chisq": abs(row.delta_chisq), "d_df": int(abs(row.delta_df)), "p": row.delta_p,
            "scaled": bool(row.scaled)}  # fmt: skip


def compare_rivals(choice: ModelChoice) -> RivalComparison:
    """Compare the model shown with every other admissible model on the same variables.

    The χ² difference is tested only where one model's paths contain the other's, and both have the
    same indicators; AIC and BIC are compared wherever the indicators are the same.

    Parameters
    ----------
    choice : ModelChoice

    Returns
    -------
    RivalComparison
        ``delta_*`` is the other model less the one reported.
    """
    shown = choice.shown.name
    others = [name for name, a in choice.attempts.items()
              if a.admissible and name != shown and _same_data(a.fit, choice.fit)]  # fmt: skip
    rows = [_comparison(choice, name) for name in [shown, *others]]
    return RivalComparison(
        n_used=choice.fit.n_used, n_dropped=choice.fit.n_dropped, frame=tidy_frame(rows),
        method=Phrase("rivals.method"),
        confidence=choice.confidence,
    )  # fmt: skip


def _same_data(one: ModelFit, other: ModelFit) -> bool:
    """Criteria of models of different variables cannot be compared."""
    variables = [set(fit.implied_covariance().columns) for fit in (one, other)]
    return variables[0] == variables[1] and one.n_used == other.n_used


def _comparison(choice: ModelChoice, name: str) -> dict:
    own, fit = choice.fit, choice.attempts[name].fit
    mine, other = reported_indices(own), reported_indices(fit)
    delta = {f"delta_{k}": other[k] - mine[k] for k in ("chisq", "df", "cfi", "aic", "bic")}
    nested = name != choice.shown.name and _nested(own, fit)
    if nested:
        delta["delta_chisq"], delta["delta_p"] = _tested(own, fit)
    return {
        "model": name, "reported": name == choice.shown.name, **other, "delta_p": float("nan"),
        **delta, "nested": nested, "scaled": "chisq_scaled" in fit.indices,
    }  # fmt: skip


def _tested(own: ModelFit, other: ModelFit) -> tuple[float, float]:
    """Return the χ² difference, scaled where the estimator asks for it, and its p."""
    from cx_value.sem.groups.comparison import difference_test

    small, large = sorted((own, other), key=lambda fit: fit.indices["df"], reverse=True)
    chisq, _, p = difference_test(small, large)
    return chisq if small is other else -chisq, p


def _nested(one: ModelFit, other: ModelFit) -> bool:
    """Tell whether one model's free paths are among the other's, with a difference in df."""
    edges = []
    for fit in (one, other):
        table = fit.table()
        free = table[table.op.isin(["~", "~~"]) & (table.lhs != table.rhs) & (table.se > 0)]
        edges.append({(r.op, *sorted((r.lhs, r.rhs))) for r in free.itertuples()})
    contained = edges[0] <= edges[1] or edges[1] <= edges[0]
    return contained and one.indices["df"] != other.indices["df"]
