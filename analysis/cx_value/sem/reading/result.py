"""A fitted model: estimates, fit, cautions, and what can be asked of it next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import pandas as pd

from cx_value.base.errors import ConvergenceError, DataError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.sem.engine.fit import Prepared, Request, Solution
from cx_value.sem.reading.diagnostics import Finding
from cx_value.sem.reading.fit_facts import fit_facts
from cx_value.sem.reading.implied import implied_covariance, latent_covariances

COLUMNS = ("lhs", "op", "rhs", "group", "label", "est", "se", "z", "p", "ci_low", "ci_high",
           "std_all")  # fmt: skip


class Engine(Protocol):
    """What an estimator answers about its fits.

    ``compared`` are the endings of the indices that comparisons of models read, best first;
    ``correction_source`` is whose correction of χ² it is, as a key of the bibliography.
    ``readers`` and ``jackknife`` speak of every row of ``fit.table()``.
    """

    compared: tuple[str, ...]
    correction_source: str

    def readers(self, fit: ModelFit) -> tuple[Callable, Callable]: ...

    def residuals(self, fit: ModelFit, kind: str, group: str | None) -> pd.DataFrame: ...

    def scores(self, fit: ModelFit, method: str) -> pd.DataFrame: ...

    def modification_indices(self, fit: ModelFit, **options) -> pd.DataFrame: ...

    def score_tests(self, fit: ModelFit) -> pd.DataFrame: ...

    def difference_test(
        self, small: ModelFit, large: ModelFit, method: str
    ) -> tuple[float, float, float]: ...

    def resample(
        self, fit: ModelFit, n: int, seed: int | None, rows: np.ndarray | None
    ) -> Result: ...

    def jackknife(self, fit: ModelFit) -> dict[str, np.ndarray]: ...

    def refit(self, fit: ModelFit, request: Request) -> ModelFit: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelFit(Result):
    """A structural-equation model fitted to data.

    The table has every parameter: ``lhs op rhs group label est se z p ci_low ci_high std_all``.
    Fixed parameters have ``se`` 0 and no z or p, as in lavaan; ``:=`` effects come last.

    Attributes
    ----------
    indices : mapping of str to float
        Fit by lavaan's names, dots as underscores (``chisq df pvalue cfi tli rmsea …``).
    diagnostics : tuple of Finding
        What was found wrong or doubtful, each with ``code`` and ``message``.
    warnings : tuple of Phrase
        The messages of ``diagnostics``.
    admissible : bool
        False when a finding forbids reading the solution as it stands.
    r_squared : mapping of str to float
        Explained variance of every indicator and outcome (``name`` or ``name [group]``).
    vcov : ndarray (k, k)
        Covariance matrix of the free parameters in the fit's internal units.
    prepared, solution
        Data, matrices and optimum, for the functions beside this class.
    engine : Engine
        Who fitted the model, and answers what is asked of it next.
    """

    template = "fit.fit"

    frame: pd.DataFrame
    indices: Mapping[str, float]
    diagnostics: tuple[Finding, ...]
    r_squared: Mapping[str, float]
    vcov: np.ndarray
    std_se: np.ndarray
    prepared: Prepared
    solution: Solution
    engine: Engine

    @property
    def warnings(self) -> tuple[Phrase, ...]:
        return tuple(finding.message for finding in self.diagnostics)

    @property
    def admissible(self) -> bool:
        return not any(finding.inadmissible for finding in self.diagnostics)

    @property
    def group_labels(self) -> tuple[str, ...]:
        return tuple(sample.label for sample in self.prepared.samples)

    def group_position(self, group: str | None) -> int:
        """Return the position of a group's label; the first group when none is named."""
        if group is None:
            return 0
        if group not in self.group_labels:
            raise DataError(
                f"'{group}' is no group of this fit · allowed: {', '.join(self.group_labels)} · "
                "do: name one of them"
            )
        return self.group_labels.index(group)

    def readers(self) -> tuple[Callable, Callable]:
        """Return functions of ``theta (..., k)`` giving every row of the table ``(..., rows)``.

        The first gives ``est``, the second ``std_all``; complex steps pass through both.
        """
        return self.engine.readers(self)

    def standardised(self) -> pd.DataFrame:
        """Return the completely standardised solution with delta-method intervals.

        Columns ``lhs op rhs group label est se z p ci_low ci_high``.
        """
        from scipy.stats import norm

        out = self.frame[list(COLUMNS[:5])].copy()
        out["est"], out["se"] = self.frame.std_all, self.std_se
        with np.errstate(divide="ignore", invalid="ignore"):
            out["z"] = np.where(self.std_se > 0, out.est / self.std_se, np.nan)
        out["p"] = 2 * norm.sf(np.abs(out.z))
        reach = norm.ppf(0.5 + self.confidence / 2) * self.std_se
        out["ci_low"], out["ci_high"] = out.est - reach, out.est + reach
        return out

    def implied_covariance(self, group: str | None = None) -> pd.DataFrame:
        """Return the covariance matrix of the observed variables the model implies."""
        return implied_covariance(self.prepared, self.solution.theta, self.group_position(group))

    def latent_covariances(self, group: str | None = None) -> pd.DataFrame:
        """Return the covariance matrix of the latent variables."""
        return latent_covariances(self.prepared, self.solution.theta, self.group_position(group))

    def latent_correlations(self, group: str | None = None) -> pd.DataFrame:
        """Return the correlation matrix of the latent variables."""
        covariance = self.latent_covariances(group)
        spread = np.sqrt(np.diag(covariance))
        return covariance / np.outer(spread, spread)

    def residuals(self, kind: str = "correlation", group: str | None = None) -> pd.DataFrame:
        """Return sample minus implied moments: raw, correlation, normalised or standardised."""
        return self.engine.residuals(self, kind, group)

    def modification_indices(self, *, minimum: float = 0.0, **options) -> pd.DataFrame:
        """Return what freeing each absent parameter would do, largest first."""
        return self.engine.modification_indices(self, minimum=minimum, **options)

    def factor_scores(self, method: str = "regression") -> pd.DataFrame:
        """Return each row's position on the latent variables, indexed by row of the data."""
        return self.engine.scores(self, method)

    def bootstrap(
        self, n: int = 1000, *, seed: int | None = None, rows: np.ndarray | None = None
    ) -> Result:
        """Refit the model in ``n`` samples drawn with replacement (within groups)."""
        return self.engine.resample(self, n, seed, rows)

    def facts(self) -> dict[str, Any]:
        """Return the reported indices, judged by the cutoffs of Hu and Bentler (1999)."""
        facts = fit_facts(self.indices, self.n_used, admissible=self.admissible)
        return {**facts, "correction_source": self.engine.correction_source}


def score_tests(fit: ModelFit) -> pd.DataFrame:
    """Return what freeing each equality across groups would do: ``lhs op rhs group mi p epc``."""
    return fit.engine.score_tests(fit)


def refit(fit: ModelFit, *, equal: Sequence[str] = (), partial: Sequence[str] = ()) -> ModelFit:
    """Fit the same model to the same rows with other equalities across groups.

    The search begins at the solution that is known and the moments are not computed anew; the
    result is that of :func:`cx_value.sem.fit_model`.
    """
    changed = replace(fit.prepared.request, equal=tuple(equal), partial=tuple(partial))
    try:
        return fit.engine.refit(fit, changed)
    except np.linalg.LinAlgError as error:
        raise singular_matrix(error) from error


def singular_matrix(error: Exception) -> ConvergenceError:
    """Return the refusal of a model that met a singular matrix."""
    return ConvergenceError(
        f"The fit met a singular matrix ({error}) · allowed: a model whose implied covariance "
        "matrix can be inverted, and rows enough for its variables · do: free a variance fixed "
        "at 0, drop a variable, or collect more answers"
    )
