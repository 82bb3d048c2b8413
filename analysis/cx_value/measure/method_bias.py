"""Does asking everything in one questionnaire explain the answers? Common-method bias."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.errors import AnalysisError, ConvergenceError, ModelError
from cx_value.base.formulas import variance_inflation
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.measure.answers import Answers, available_answers, check_scales, correlation_of
from cx_value.measure.extraction import extract_principal_axes

if TYPE_CHECKING:
    from cx_value.sem import ModelFit

METHOD_FACTOR = "METHOD"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MethodBias(Result):
    """Four looks at common-method bias.

    Attributes
    ----------
    harman_component, harman_factor : float
        Share of all item variance in the first unrotated principal component, and in the first
        common factor (principal axes).
    models : DataFrame
        ``model status chisq df cfi rmsea delta_chisq delta_df delta_p``: the measurement model,
        one factor for all items, and the measurement model with a method factor. Differences are
        the stricter model's less the freer one's, so that ``delta_chisq`` and ``delta_df`` are what
        freeing parameters gains, positive throughout: measurement model over one factor, method
        factor over measurement model. ``status``: ``fitted``, ``inadmissible`` (a variance or
        correlation out of range), ``not_converged`` or ``not_identified`` (all numbers NaN).
    method_variance : float
        Mean share of item variance that the method factor takes; NaN unless ``fitted`` or
        ``inadmissible``.
    vif : DataFrame
        ``construct vif passes``: full-collinearity VIF of construct scores.
    """

    template = "method_bias.checks"

    harman_component: float
    harman_factor: float
    models: pd.DataFrame
    method_variance: float
    vif: pd.DataFrame
    cutoffs: Mapping[str, Cutoff]

    def table(self) -> pd.DataFrame:
        """Return one row a check: ``check value cutoff passes status``.

        Checks: ``harman_component harman_factor one_factor_delta_chisq one_factor_p
        method_factor_delta_chisq method_factor_p method_factor_variance vif_highest``. ``passes``
        is None where no rule applies.
        """
        harman, vif = self.cutoffs["harman"], self.cutoffs["vif_full_collinearity"]
        models = self.models.set_index("model")
        rows = [_row("harman_component", self.harman_component, harman),
                _row("harman_factor", self.harman_factor, harman)]  # fmt: skip
        for name in ("one_factor", "method_factor"):
            row = models.loc[name]
            rows.append(_row(f"{name}_delta_chisq", row.delta_chisq, None, row.status))
            rows.append(_row(f"{name}_p", row.delta_p, None, row.status))
        status = models.loc["method_factor"].status
        rows.append(_row("method_factor_variance", self.method_variance, None, status))
        rows.append(_row("vif_highest", self.vif.vif.max(), vif))
        return pd.DataFrame(rows)

    def facts(self) -> dict[str, Any]:
        """Return the four checks with their rules."""
        models = self.models.set_index("model")
        harman, vif = self.cutoffs["harman"], self.cutoffs["vif_full_collinearity"]
        level, top = self.cutoffs["significance"], self.vif.loc[self.vif.vif.idxmax()]
        rows = {name: models.loc[name].to_dict() for name in ("one_factor", "method_factor")}
        return {
            "component": self.harman_component, "factor": self.harman_factor,
            "harman_passes": bool(harman.passes(self.harman_component)),
            "harman_rule": harman.facts(), **rows, "method_variance": self.method_variance,
            "worse": bool(level.passes(rows["one_factor"]["delta_p"])),
            "better": bool(level.passes(rows["method_factor"]["delta_p"])),
            "vif": top.vif, "construct": top.construct, "vif_passes": bool(vif.passes(top.vif)),
            "vif_rule": vif.facts(),
        }  # fmt: skip


def _row(check: str, value: float, cutoff: Cutoff | None, status: str = "") -> dict[str, Any]:
    return {
        "check": check,
        "value": float(value),
        "cutoff": np.nan if cutoff is None else cutoff.threshold,
        "passes": None if cutoff is None else cutoff.passes(value),
        "status": status,
    }


def method_bias(
    items: pd.DataFrame,
    scales: Mapping[str, Sequence[str]],
    *,
    weights: pd.Series | None = None,
    cutoffs: Mapping[str, float] | None = None,
) -> MethodBias:
    """Is there a sign that the method, not the constructs, makes items correlate?

    Parameters
    ----------
    items : DataFrame (n, ·)
        Every answer is used: full-information maximum likelihood where some are missing.
    scales : mapping of str to sequence of str
        Two or more constructs of two or more items.
    weights : Series, optional
        Case weights, for the first factor and the VIF; the models are compared without them.
    cutoffs : mapping of str to float, optional

    Raises
    ------
    DataError
        Fewer than two constructs, or absent, textual, constant or collinear items.
    ModelError, ConvergenceError
        The measurement model itself cannot be fitted.

    Notes
    -----
    Harman's single factor (Podsakoff et al., 2003, J. Appl. Psychol. 88); one-factor against
    measurement model; unmeasured latent method factor on standardised items, orthogonal to the
    constructs, with equal loadings so that it is identified (Podsakoff et al., 2003; equal
    loadings: Lindell & Whitney, 2001); full-collinearity VIF on item-mean scores (Kock, 2015,
    Int. J. e-Collab. 11, who uses PLS scores). Agrees with psych and lavaan: closed forms to
    1e-10, χ² to 1e-5 relative (``tests/reference/method_bias.R``).

    Examples
    --------
    >>> draw = np.random.default_rng(3).normal(size=(300, 9))
    >>> answers = pd.DataFrame({f"q{i}": draw[:, i // 3] + draw[:, 3 + i] for i in range(6)})
    >>> scales = {"a": ["q0", "q1", "q2"], "b": ["q3", "q4", "q5"]}
    >>> method_bias(answers, scales).models.model.tolist()
    ['measurement', 'one_factor', 'method_factor']
    """
    scales, rules = check_scales(scales), cutoffs_with(cutoffs)
    if len(scales) < 2:
        raise ModelError(
            "1 construct · allowed: two or more · do: name the constructs of the whole study"
        )
    answers = available_answers(
        items, [i for block in scales.values() for i in block], weights=weights, invertible=True
    )
    component, factor = harman_single_factor(answers.correlation)
    models, variance = compare_method_models(answers, scales)
    unweighted = () if weights is None else (Phrase("method_bias.unweighted"),)
    return MethodBias(
        n_used=answers.n,
        n_dropped=answers.n_dropped,
        method=Phrase("method_bias.method"),
        notes=answers.notes() + unweighted,
        harman_component=component,
        harman_factor=factor,
        models=models,
        method_variance=variance,
        vif=full_collinearity(answers, scales, rules),
        cutoffs=rules,
    )


def harman_single_factor(correlation: np.ndarray) -> tuple[float, float]:
    """Share of variance in the first principal component, and in the first common factor.

    The factor's share is NaN where its extraction does not settle.
    """
    component = np.linalg.eigvalsh(correlation)[-1] / len(correlation)
    axis = extract_principal_axes(correlation, 1)
    factor = (axis.loadings**2).sum() / len(correlation) if axis.converged else np.nan
    return float(component), float(factor)


def full_collinearity(
    answers: Answers, scales: Mapping[str, Sequence[str]], cutoffs: Mapping[str, Cutoff]
) -> pd.DataFrame:
    """VIF of each construct score (mean of its items) given all others (Kock, 2015)."""
    means = np.zeros((len(scales), len(answers.names)))
    for row, block in zip(means, scales.values(), strict=True):
        row[answers.of(block)] = 1 / len(block)
    vif = variance_inflation(correlation_of(means @ answers.covariance @ means.T))
    rule = cutoffs["vif_full_collinearity"]
    return pd.DataFrame(
        {"construct": list(scales), "vif": vif, "passes": [rule.passes(v) for v in vif]}
    )


def compare_method_models(
    answers: Answers, scales: Mapping[str, Sequence[str]]
) -> tuple[pd.DataFrame, float]:
    """Fit the three models; return their table and the variance the method factor takes."""
    from cx_value.sem import fit_model

    data = _plain_names(answers, scales)
    blocks = _named_blocks(scales)
    every = [item for block in blocks.values() for item in block]
    measurement = "\n".join(f"{f} =~ " + " + ".join(x) for f, x in blocks.items())
    names = dict(zip(every, [item for block in scales.values() for item in block], strict=True))
    names |= dict(zip(blocks, scales, strict=True))
    how = {"std_lv": True, "missing": "fiml" if answers.has_gaps else "listwise"}
    try:
        base = fit_model(measurement, data, **how)
        one = _try("GENERAL =~ " + " + ".join(every), data, how)
        method = _try(_method_syntax(measurement, blocks, every), data, how)
    except AnalysisError as error:
        raise type(error)(_in_own_names(str(error), names)) from error
    rows = [
        _model_row("measurement", base),
        _model_row("one_factor", one, stricter=one, freer=base),
        _model_row("method_factor", method, stricter=base, freer=method),
    ]
    return pd.DataFrame(rows), _method_variance(method)


def _in_own_names(message: str, names: Mapping[str, str]) -> str:
    """Put the analyst's names in the place of the model's own."""
    return re.sub(r"\b(?:item|factor)\d+\b", lambda m: names.get(m[0], m[0]), message)


def _plain_names(answers: Answers, scales: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Standardised items under names that cannot clash with a construct's."""
    frame = answers.frame()[[item for block in scales.values() for item in block]]
    frame = (frame - frame.mean()) / frame.std(ddof=0)
    frame.columns = [f"item{i}" for i in range(frame.shape[1])]
    return frame


def _named_blocks(scales: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    count = iter(range(10**6))
    return {
        f"factor{i}": [f"item{next(count)}" for _ in block]
        for i, block in enumerate(scales.values())
    }


def _method_syntax(measurement: str, blocks: Mapping[str, list[str]], every: list[str]) -> str:
    equal = " + ".join(f"method*{item}" for item in every)
    apart = " + ".join(f"0*{name}" for name in blocks)
    return f"{measurement}\n{METHOD_FACTOR} =~ {equal}\n{METHOD_FACTOR} ~~ {apart}"


def _try(syntax: str, data: pd.DataFrame, how: Mapping[str, Any]) -> ModelFit | str:
    """Return the fit, or in a word why there is none."""
    from cx_value.sem import fit_model

    try:
        return fit_model(syntax, data, **how)
    except ConvergenceError:
        return "not_converged"
    except ModelError:
        return "not_identified"


def _model_row(
    name: str,
    fit: ModelFit | str,
    *,
    stricter: ModelFit | str | None = None,
    freer: ModelFit | str | None = None,
) -> dict:
    from scipy.stats import chi2

    if isinstance(fit, str):
        numbers = dict.fromkeys(
            ("chisq", "df", "cfi", "rmsea", "delta_chisq", "delta_df", "delta_p"), np.nan
        )
        return {"model": name, "status": fit, **numbers}
    row = {"model": name, "status": "fitted" if fit.admissible else "inadmissible"}
    row |= {key: fit.indices[key] for key in ("chisq", "df", "cfi", "rmsea")}
    row |= {"delta_chisq": np.nan, "delta_df": np.nan, "delta_p": np.nan}
    if stricter is not None:
        difference = stricter.indices["chisq"] - freer.indices["chisq"]
        df = stricter.indices["df"] - freer.indices["df"]
        row |= {
            "delta_chisq": difference,
            "delta_df": df,
            "delta_p": float(chi2.sf(max(difference, 0.0), df)),
        }
    return row


def _method_variance(fit: ModelFit | str) -> float:
    if isinstance(fit, str):
        return np.nan
    table = fit.table()
    loads = table[(table.op == "=~") & (table.lhs == METHOD_FACTOR)]
    return float((loads.std_all**2).mean())
