"""Do constructs share a factor of second order? Its loadings, R², AVE and CR, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.errors import ModelError
from cx_value.base.formulas import average_variance_extracted, composite_reliability
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.sem.reading.result import ModelFit

RULES = {"cr": "composite_reliability", "ave": "ave", "loading": "loading_standardised"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SecondOrder(Result):
    """Factors of second order, beside the model in which their constructs correlate freely.

    Attributes
    ----------
    dimensions : DataFrame
        ``dimension k loading_min loading_max composite_reliability ave cr_passes ave_passes``.
    difference : mapping
        ``chisq df p`` of the test against the first-order model, ``target`` its χ² over that of
        the second-order model, ``cfi`` of both.
    """

    template = "second_order.found"

    loadings: pd.DataFrame
    dimensions: pd.DataFrame
    difference: Mapping[str, Any]
    cutoffs: Mapping[str, Cutoff]
    admissible: bool = True

    def table(self) -> pd.DataFrame:
        """Return one row a construct: ``dimension construct loading se ci_low ci_high p r_squared
        passes``, standardised."""
        return self.loadings.copy()

    def facts(self) -> dict[str, Any]:
        """Return what each factor explains of its constructs, and what it costs in fit."""
        low = self.loadings[self.loadings.passes == False]  # noqa: E712
        return {
            "dimensions": [
                {**row, "low": list(low.construct[low.dimension == row["dimension"]])}
                for row in self.dimensions.to_dict("records")
            ],
            "rules": {name: self.cutoffs[rule].facts() for name, rule in RULES.items()},
            "difference": dict(self.difference), "source": "marsh1985",
            "admissible": self.admissible,
        }  # fmt: skip


def second_order_validity(
    fit: ModelFit, first: ModelFit, *, cutoffs: Mapping[str, float] | None = None
) -> SecondOrder:
    r"""Judge the factors of second order of a measurement model.

    Parameters
    ----------
    fit : ModelFit
        The model with factors above constructs, ``SERVICE =~ TAN + REL + RES``.
    first : ModelFit
        The same items and respondents, all constructs correlated.
    cutoffs : mapping of str to float, optional

    Raises
    ------
    ModelError
        If no factor has constructs for its indicators.

    Notes
    -----
    AVE is :math:`\sum\lambda_j^2/k` and CR
    :math:`(\sum\lambda_j)^2/\{(\sum\lambda_j)^2+\sum(1-\lambda_j^2)\}` of the standardised
    second-order loadings: Fornell & Larcker (1981), eq. 10 and 11, one level up. The target
    coefficient :math:`\chi^2_1/\chi^2_2` is 1 where the factor explains all that its constructs
    share: Marsh & Hocevar (1985), Psychological Bulletin 97, 562–582. Loadings and R² agree with
    lavaan 0.6-14 to 1e-4 (``tests/reference/sem.R``, ``second_order``).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from cx_value.sem import fit_model
    >>> rng = np.random.default_rng(2)
    >>> whole = rng.normal(size=400)
    >>> parts = {f: whole + rng.normal(size=400) for f in "ABCD"}
    >>> data = pd.DataFrame({f"{f}{i}": v + rng.normal(size=400) for f, v in parts.items()
    ...                      for i in (1, 2, 3)})
    >>> blocks = "\n".join(f"{f} =~ {f}1 + {f}2 + {f}3" for f in "ABCD")
    >>> first = fit_model(blocks, data)
    >>> found = second_order_validity(fit_model(blocks + "\nS =~ A + B + C + D", data), first)
    >>> found.table().construct.tolist(), int(found.difference["df"])
    (['A', 'B', 'C', 'D'], 2)
    """
    rules, table = cutoffs_with(cutoffs), fit.standardised()
    loads = table[table.op == "=~"]
    above = loads[loads.rhs.isin(set(loads.lhs))]
    if above.empty:
        raise ModelError(
            "no factor has constructs for its indicators · allowed: a line such as SERVICE =~ TAN "
            "+ REL · do: declare second_order: true at a dimension"
        )
    loadings = tidy_frame([_loading(fit, row, rules["loading_standardised"])
                           for row in above.itertuples()])  # fmt: skip
    dimensions = [
        _dimension(name, own.loading.to_numpy(), rules)
        for name, own in loadings.groupby("dimension", sort=False)
    ]
    return SecondOrder(
        n_used=fit.n_used, n_dropped=fit.n_dropped, method=Phrase("second_order.method"),
        confidence=fit.confidence, loadings=loadings, dimensions=tidy_frame(dimensions),
        difference=_difference(fit, first), cutoffs=rules, admissible=fit.admissible,
    )  # fmt: skip


def _loading(fit: ModelFit, row, rule: Cutoff) -> dict[str, Any]:
    return {
        "dimension": row.lhs, "construct": row.rhs, "loading": row.est, "se": row.se,
        "ci_low": row.ci_low, "ci_high": row.ci_high, "p": row.p,
        "r_squared": fit.r_squared[row.rhs], "passes": rule.passes(abs(row.est)),
    }  # fmt: skip


def _dimension(name: str, loadings, rules: Mapping[str, Cutoff]) -> dict[str, Any]:
    cr = float(composite_reliability(loadings))
    ave = float(average_variance_extracted(loadings))
    return {
        "dimension": name, "k": len(loadings), "loading_min": loadings.min(),
        "loading_max": loadings.max(), "composite_reliability": cr, "ave": ave,
        "cr_passes": rules["composite_reliability"].passes(cr),
        "ave_passes": rules["ave"].passes(ave),
    }  # fmt: skip


def _difference(fit: ModelFit, first: ModelFit) -> dict[str, Any]:
    from cx_value.sem.groups.comparison import difference_test
    from cx_value.sem.reading.fit_facts import reported_indices

    ours, theirs = reported_indices(fit.indices), reported_indices(first.indices)
    found = {"target": theirs["chisq"] / ours["chisq"], "cfi": [theirs["cfi"], ours["cfi"]]}
    if ours["df"] <= theirs["df"]:  # two or three constructs: as many loadings as correlations
        return {**found, "chisq": None, "df": 0, "p": None}
    chisq, df, p = difference_test(fit, first)
    return {**found, "chisq": chisq, "df": int(df), "p": p}
