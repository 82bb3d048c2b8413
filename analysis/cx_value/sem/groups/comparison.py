"""Nested models side by side: is the simpler one as good?"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cx_value.base.errors import ModelError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.sem.reading.result import ModelFit

METHODS = ("auto", "plain", "2001", "2010")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison(Result):
    """Models from the least to the most restricted, each tested against the one before.

    The table has one row a model. Columns ``model npar df chisq aic bic cfi rmsea srmr d_chisq
    d_df p d_cfi d_rmsea d_srmr``; ``d_`` columns compare with the row above. With a robust
    estimator χ², CFI and RMSEA are the scaled and robust ones, and ``d_chisq`` is the scaled
    difference.
    """

    template = "groups.comparison"

    frame: pd.DataFrame

    def facts(self) -> dict[str, Any]:
        """Return each model's test against the one before."""
        steps = [
            {"restricted": row.model, "general": above.model, "worse": bool(row.p < 0.05),
             "d_chisq": row.d_chisq, "d_df": int(row.d_df), "p": row.p, "d_cfi": row.d_cfi,
             "d_rmsea": row.d_rmsea}
            for above, row in itertools.pairwise(self.frame.itertuples())
        ]  # fmt: skip
        return {"steps": steps}


def compare_models(
    *fits: ModelFit, names: Sequence[str] | None = None, method: str = "auto"
) -> Comparison:
    """Test nested models against each other.

    Parameters
    ----------
    *fits : ModelFit
        Two or more fits to the same rows, in any order.
    names : sequence of str, optional
        What to call them, in the order given.
    method : {"auto", "plain", "2001", "2010"}
        Difference of χ², or its scaled form by Satorra and Bentler (2001) or (2010). ``auto`` is
        plain for ML, 2001 for robust estimators and 2010 where 2001 turns out negative.

    Raises
    ------
    ModelError
        If fewer than two models are given, the data or estimators differ, or two models have the
        same degrees of freedom.
    """
    _check(fits, method)
    labels = list(names or [f"model {i + 1}" for i in range(len(fits))])
    order = np.argsort([fit.indices["df"] for fit in fits], kind="stable")
    ordered = [fits[i] for i in order]
    rows = [model_row(fit, labels[i]) for fit, i in zip(ordered, order, strict=True)]
    frame = pd.DataFrame(rows)
    tests = [(np.nan, np.nan, np.nan)]
    tests += [
        difference_test(small, large, method=method) for large, small in itertools.pairwise(ordered)
    ]
    frame["d_chisq"], frame["d_df"], frame["p"] = zip(*tests, strict=True)
    for name in ("cfi", "rmsea", "srmr"):
        frame[f"d_{name}"] = frame[name].diff()
    return Comparison(
        n_used=fits[0].n_used, n_dropped=fits[0].n_dropped, confidence=fits[0].confidence,
        method=Phrase("estimators.named", {"method": "difference_test"}), notes=(), frame=frame,
    )  # fmt: skip


def difference_test(
    small: ModelFit, large: ModelFit, *, method: str = "auto"
) -> tuple[float, float, float]:
    """Return χ² difference, its degrees of freedom and p; ``small`` is the restricted model."""
    return large.engine.difference_test(small, large, method)


def model_row(fit: ModelFit, name: str) -> dict:
    """Return name, size and fit of one model, scaled and robust where it was fitted so."""
    indices = fit.indices
    scaled = "chisq_scaled" in indices
    return {
        "model": name,
        "npar": indices["npar"],
        "df": indices["df"],
        "chisq": indices["chisq_scaled" if scaled else "chisq"],
        "aic": indices.get("aic", np.nan),
        "bic": indices.get("bic", np.nan),
        "cfi": _corrected(fit, "cfi"),
        "rmsea": _corrected(fit, "rmsea"),
        "srmr": indices["srmr"],
    }


def _corrected(fit: ModelFit, name: str) -> float:
    """Return the robust index, or the scaled, or the plain one where nothing is corrected.

    Robust indices of ordinal items see correlations only, so that equal thresholds or intercepts
    would never be seen to fail (Savalei 2021): the scaled ones are compared.
    """
    names = [f"{name}{ending}" for ending in fit.engine.compared]
    known = (fit.indices[n] for n in names if not np.isnan(fit.indices.get(n, np.nan)))
    return next(known, float("nan"))


def _check(fits: tuple, method: str) -> None:
    if method not in METHODS:
        raise ModelError(f"method is '{method}' · allowed: {', '.join(METHODS)} · do: choose one")
    if len(fits) < 2:
        raise ModelError(
            f"{len(fits)} model(s) to compare · allowed: two or more · do: fit another"
        )
    used = {fit.n_used for fit in fits}
    kinds = {fit.prepared.request.estimator for fit in fits}
    variables = {frozenset(fit.prepared.model.observed) for fit in fits}
    if len(used) > 1 or len(kinds) > 1 or len(variables) > 1:
        raise ModelError(
            f"The models differ in rows used ({sorted(used)}), estimator ({sorted(kinds)}) or "
            "variables · allowed: nested models of the same data · do: fit all to the same rows, "
            "with the same estimator and variables"
        )
    dfs = sorted(fit.indices["df"] for fit in fits)
    if len(set(dfs)) < len(dfs):
        raise ModelError(
            f"Two of the models have the same degrees of freedom ({dfs}) · allowed: nested models "
            "· do: compare models that are not nested by AIC and BIC"
        )
