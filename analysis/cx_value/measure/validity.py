"""Do the items of a construct converge? Loadings, AVE, composite reliability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.errors import ModelError
from cx_value.base.formulas import (
    average_variance_extracted,
    composite_reliability,
    mcdonald_omega,
)
from cx_value.base.results import Result
from cx_value.base.wording import in_language
from cx_value.base.words import Phrase
from cx_value.measure.resamples import percentile_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cx_value.sem import Bootstrap, ModelFit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConvergentValidity(Result):
    """Loadings, average variance extracted and composite reliability of a measurement model.

    Attributes
    ----------
    constructs : DataFrame
        See :meth:`table`.
    loadings : DataFrame
        ``construct item loading se ci_low ci_high p estimate opposite passes`` (standardised, but
        for ``estimate``). ``opposite``: the item loads against the most of its construct, which it
        does when it is reverse-keyed and was not turned; it never passes.
    labels : mapping of str to Text
        What each construct is called in the picture.
    admissible : bool
        Whether the solution is; where it is not, nothing here is a verdict.
    """

    template = "validity.convergent"

    constructs: pd.DataFrame
    loadings: pd.DataFrame
    cutoffs: Mapping[str, Cutoff]
    labels: Mapping[str, str]
    admissible: bool = True

    def table(self) -> pd.DataFrame:
        """Return one row a construct: ``construct k_items loading_min loading_max loadings_low
        loadings_opposite ave ave_ci_low ave_ci_high ave_passes composite_reliability cr_ci_low
        cr_ci_high cr_passes omega ave_raw``.

        ``loading_min`` and ``loading_max`` carry their signs; ``loadings_opposite`` counts items
        that load against the rest.
        ``ave`` and ``composite_reliability`` are of standardised loadings; ``omega`` and
        ``ave_raw`` of raw loadings and residual variances, as semTools' ``reliability`` has them.
        NaN where a loading passes 1 in absolute value. ``loadings_low`` counts loadings that miss
        the cutoff.
        """
        return self.constructs.copy()

    def facts(self) -> dict[str, Any]:
        """Return how many constructs keep both rules, and every exception."""
        frame = self.constructs
        met = (frame.ave_passes == True) & (frame.cr_passes == True)  # noqa: E712
        rules = {"cr": "composite_reliability", "ave": "ave", "loading": "loading_standardised"}
        return {
            "constructs": len(frame), "meeting": int(met.sum()), "confidence": self.confidence,
            "rules": {name: self.cutoffs[rule].facts() for name, rule in rules.items()},
            "improper": list(frame.construct[frame.ave.isna()]),
            "exceptions": [self._exception(row) for row in frame[~met & frame.ave.notna()]
                           .itertuples()],
            "low": self.loadings[(self.loadings.passes == False)  # noqa: E712
                                 & ~self.loadings.opposite][["construct", "item", "loading"]],
            "opposite": self.loadings[self.loadings.opposite][["construct", "item", "loading"]],
            "admissible": self.admissible,
        }  # fmt: skip

    def _exception(self, row) -> dict[str, Any]:
        return {
            "construct": row.construct, "cr": row.composite_reliability, "ave": row.ave,
            "cr_ci": [row.cr_ci_low, row.cr_ci_high], "ave_ci": [row.ave_ci_low, row.ave_ci_high],
            "cr_passes": bool(row.cr_passes), "ave_passes": bool(row.ave_passes),
        }  # fmt: skip

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw standardised loadings with intervals, grouped by construct."""
        from cx_value.measure.pictures import draw_loading_intervals

        names = {name: in_language(label, lang) for name, label in self.labels.items()}
        return draw_loading_intervals(
            self.loadings, names, self.cutoffs["loading_standardised"], ax, lang
        )


def convergent_validity(
    fit: ModelFit,
    *,
    bootstrap: Bootstrap | None = None,
    cutoffs: Mapping[str, float] | None = None,
    labels: Mapping[str, str] | None = None,
) -> ConvergentValidity:
    """How much of its items does each construct explain?

    Parameters
    ----------
    fit : ModelFit
        A measurement model of one group in which each item reflects one construct.
    bootstrap : Bootstrap, optional
        ``fit.bootstrap(...)``: percentile intervals over its converged refits in place of
        delta-method ones.
    cutoffs : mapping of str to float, optional
    labels : mapping of str to Text, optional

    Raises
    ------
    ModelError
        Several groups, no latent variable, or an item that loads on two constructs.

    Notes
    -----
    Fornell & Larcker (1981), J. Mark. Res. 18, eq. 10 and 11. Delta-method intervals rest on the
    covariance matrix of the estimates (complex-step derivatives). Agrees with lavaan and semTools
    0.5-6 to 1e-5 (``tests/reference/validity.R``).

    Examples
    --------
    >>> from cx_value.sem import fit_model
    >>> draw = np.random.default_rng(3).normal(size=(200, 4))
    >>> answers = pd.DataFrame({f"q{i}": draw[:, 0] + draw[:, i] for i in (1, 2, 3)})
    >>> convergent_validity(fit_model("trust =~ q1 + q2 + q3", answers)).table().k_items.tolist()
    [3]
    """
    blocks, rules = loading_rows(fit), cutoffs_with(cutoffs)
    loadings = loading_table(fit, rules)
    frame = pd.DataFrame([_construct_row(fit, name, at) for name, at in blocks.items()])
    limits = _delta_limits(fit, blocks) if bootstrap is None else _drawn_limits(bootstrap, blocks)
    improper = frame[["loading_min", "loading_max"]].abs().max(axis=1).to_numpy() > 1
    for name, values in limits.items():
        frame[name] = np.where(improper, np.nan, values)
    frame.loc[improper, ["ave", "composite_reliability", "omega", "ave_raw"]] = np.nan
    frame["ave_passes"] = [rules["ave"].passes(v) for v in frame.ave]
    frame["cr_passes"] = [rules["composite_reliability"].passes(v) for v in
                          frame.composite_reliability]  # fmt: skip
    low = loadings[loadings.passes == False].groupby("construct").size()  # noqa: E712
    frame["loadings_low"] = [int(low.get(name, 0)) for name in frame.construct]
    against = loadings.groupby("construct").opposite.sum()
    frame["loadings_opposite"] = [int(against[name]) for name in frame.construct]
    notes = fit.notes if bootstrap is None else fit.notes + bootstrap.notes
    return ConvergentValidity(
        n_used=fit.n_used,
        n_dropped=fit.n_dropped,
        method=Phrase("validity.method", {"bootstrap": bootstrap is not None}),
        confidence=fit.confidence,
        notes=notes,
        constructs=frame[_COLUMNS],
        loadings=loadings,
        cutoffs=rules,
        labels={name: (labels or {}).get(name, name) for name in blocks},
        admissible=fit.admissible,
    )


_COLUMNS = [
    "construct", "k_items", "loading_min", "loading_max", "loadings_low", "loadings_opposite",
    "ave", "ave_ci_low", "ave_ci_high", "ave_passes", "composite_reliability", "cr_ci_low",
    "cr_ci_high", "cr_passes", "omega", "ave_raw",
]  # fmt: skip


def loading_rows(fit: ModelFit) -> dict[str, np.ndarray]:
    """Return construct → rows of ``fit.table()`` that hold its loadings; refuse cross-loadings."""
    table = fit.table()
    loads = table[table.op == "=~"]
    n_groups = len(set(loads.group))
    if n_groups != 1:
        raise ModelError(
            f"{n_groups} groups with latent variables · allowed: one group with a "
            "measurement model · do: fit the groups one by one"
        )
    doubled = sorted(loads.rhs[loads.rhs.duplicated()].unique())
    if doubled:
        load = "load" if len(doubled) > 1 else "loads"
        raise ModelError(
            f"{', '.join(doubled)} {load} on more than one construct · allowed: each item reflects "
            "one construct · do: use the measurement model without cross-loadings"
        )
    return {
        name: np.flatnonzero((table.op == "=~") & (table.lhs == name))
        for name in dict.fromkeys(loads.lhs)
    }


def loading_table(fit: ModelFit, cutoffs: Mapping[str, Cutoff]) -> pd.DataFrame:
    """Return ``construct item loading se ci_low ci_high p estimate opposite passes`` by item."""
    table, standardised = fit.table(), fit.standardised()
    loads = standardised[standardised.op == "=~"]
    rule = cutoffs["loading_standardised"]
    opposite = loads.est.groupby(loads.lhs).transform(against_the_rest).astype(bool)
    return pd.DataFrame(
        {
            "construct": loads.lhs,
            "item": loads.rhs,
            "loading": loads.est,
            "se": loads.se,
            "ci_low": loads.ci_low,
            "ci_high": loads.ci_high,
            "p": loads.p,
            "estimate": table.est[loads.index],
            "opposite": opposite,
            "passes": [
                rule.passes(-abs(v) if against else abs(v))
                for v, against in zip(loads.est, opposite, strict=True)
            ],
        }
    ).reset_index(drop=True)


def against_the_rest(loadings: pd.Series) -> pd.Series:
    """Mark loadings of the sign that fewer items have; on a tie, the weaker side.

    >>> against_the_rest(pd.Series([0.8, -0.9, 0.7])).tolist()
    [False, True, False]
    """
    signs = np.sign(loadings)
    side = signs.sum() or loadings.sum()
    return signs * (1 if side >= 0 else -1) < 0


def _construct_row(fit: ModelFit, name: str, at: np.ndarray) -> dict:
    table = fit.table()
    standardised, raw = table.std_all.to_numpy()[at], table.est.to_numpy()[at]
    variance = fit.latent_covariances().loc[name, name]
    residual = table[(table.op == "~~") & (table.lhs == table.rhs)].set_index("lhs").est
    residuals = residual[table.rhs.iloc[at]].to_numpy()
    return {
        "construct": name,
        "k_items": len(at),
        "loading_min": standardised.min(),
        "loading_max": standardised.max(),
        "ave": float(average_variance_extracted(standardised)),
        "composite_reliability": float(composite_reliability(standardised)),
        "omega": float(mcdonald_omega(raw * np.sqrt(variance), residuals)),
        "ave_raw": float(average_variance_extracted(raw * np.sqrt(variance), residuals)),
    }


def _statistics(standardised: np.ndarray, blocks: Mapping[str, np.ndarray]) -> np.ndarray:
    """AVE then CR of each construct from standardised solutions ``(…, rows)``."""
    loads = [standardised[..., at] for at in blocks.values()]
    values = [f(v) for f in (average_variance_extracted, composite_reliability) for v in loads]
    return np.stack(values, axis=-1)


def _delta_limits(fit: ModelFit, blocks: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    from scipy.stats import norm

    from cx_value.sem.reading.inference import function_errors

    standardised = fit.readers()[1]
    errors = function_errors(fit, lambda theta: _statistics(standardised(theta), blocks))
    values = _statistics(fit.table().std_all.to_numpy(), blocks)
    reach = norm.ppf(0.5 + fit.confidence / 2) * errors
    return _named_limits(values - reach, values + reach)


def _drawn_limits(bootstrap: Bootstrap, blocks: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    drawn = _statistics(bootstrap.standardised.to_numpy(), blocks)
    return _named_limits(*percentile_interval(drawn, bootstrap.confidence))


def _named_limits(low: np.ndarray, high: np.ndarray) -> dict[str, np.ndarray]:
    half = len(low) // 2
    return {
        "ave_ci_low": low[:half],
        "ave_ci_high": high[:half],
        "cr_ci_low": low[half:],
        "cr_ci_high": high[half:],
    }
