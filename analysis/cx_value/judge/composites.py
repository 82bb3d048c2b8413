"""Constructs that covariance models do not estimate: formative blocks, and second order by PLS."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.errors import AnalysisError
from cx_value.base.results import Result, tidy_frame
from cx_value.study.latents import ends_of, formative_in, formative_names, second_orders

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.judge.structure import ModelChoice
    from cx_value.sem.pls.fit import PlsResult
    from cx_value.study.answered import Survey
    from cx_value.study.spec import Hypothesis, StructuralModel, Study

RULES = {"vif": "vif_formative", "loading": "loading_standardised", "redundancy": "redundancy",
         "ave": "ave"}  # fmt: skip
NAMED = {"rhs": "source", "lhs": "target", "est": "std_all", "ci_low": "std_low",
         "ci_high": "std_high"}  # fmt: skip
PATHS = ["source", "target", "std_all", "se", "t", "p", "std_low", "std_high"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Composites(Result):
    """A model with formative or second-order constructs, by PLS.

    Attributes
    ----------
    model : str
    fit : PlsResult
        Of the model as declared; the second stage where a construct is of second order.
    indicators : DataFrame
        See :meth:`table`.
    blocks : DataFrame
        ``construct order mode k weak collinear ave vif redundancy``.
    stands_in : bool
        Whether hypotheses are judged by it, for no covariance model can estimate the theory's.
    """

    template = "composites.found"

    model: str
    fit: PlsResult
    indicators: pd.DataFrame
    blocks: list[dict[str, Any]]
    formative: list[str]
    stands_in: bool
    cutoffs: Mapping[str, Cutoff]

    def table(self) -> pd.DataFrame:
        """Return one row an indicator of a formative or second-order construct.

        Columns: ``construct indicator mode weight ci_low ci_high p loading vif state``; ``state``
        is ``clear`` (of mode B: the weight differs from zero; of mode A: the loading keeps its
        rule), ``by_loading`` (mode B: the loading keeps its rule), ``collinear`` or ``weak``.
        """
        return self.indicators.copy()

    def paths(self) -> pd.DataFrame:
        """Return the paths: ``source target std_all se t p std_low std_high``."""
        table = self.fit.table()
        table = table[table.op == "~"].rename(columns=NAMED)
        return table[PATHS].reset_index(drop=True)

    def facts(self) -> dict[str, Any]:
        """Return why PLS, every block with what is weak about it, and R² of the outcomes."""
        r_squared = self.fit.r_squared.rename(columns={"r_squared": "value"})
        return {
            "model": self.model, "n": self.n_used, "stands_in": self.stands_in,
            "formative": self.formative, "two_stage": any(b["order"] == 2 for b in self.blocks),
            "blocks": self.blocks, "r_squared": r_squared[["construct", "value"]],
            "rules": {name: self.cutoffs[rule].facts() for name, rule in RULES.items()},
            "sources": {"two_stage": "sarstedt2019", "formative": "hair2019"},
        }  # fmt: skip

    def effects_of(self, hypothesis: Hypothesis) -> pd.Series | None:
        """Return the effect a hypothesis is about, named as covariance models name theirs.

        The product of the paths along its chain, with percentile limits of the resamples; None
        where a step is no path of the model.
        """
        import pandas as pd

        from cx_value.sem.pls.bootstrap import summarise_draws

        steps = [hypothesis.source, *hypothesis.through, hypothesis.target]
        pairs = list(itertools.pairwise(steps))
        known = set(self.fit.model.constructs)
        if not set(steps) <= known or any(not self.fit.paths.loc[p] for p in pairs):
            return None
        est = np.prod([self.fit.paths.loc[pair] for pair in pairs])
        drawn = pd.DataFrame({"effect": self.fit.draws.paths[pairs].prod(axis=1, skipna=False)})
        found = summarise_draws([est], drawn, self.confidence).iloc[0]
        return pd.Series(
            {"est": est, "se": found.se, "z": found.t, "p": found.p, "std_all": est,
             "std_boot_ci_low": found.ci_low, "std_boot_ci_high": found.ci_high}
        )  # fmt: skip


def describe_composites(
    study: Study, choice: ModelChoice, survey: Survey, *, draws: int
) -> Composites | None:
    """Fit the first model with formative or second-order constructs by PLS.

    Parameters
    ----------
    study : Study
    choice : ModelChoice
        The models as covariance models, where they can be.
    survey : Survey
    draws : int
        Resamples of the intervals.

    Returns
    -------
    Composites or None
        None where no model given by paths has such a construct, or PLS cannot be fitted.
    """
    from cx_value.judge.path_modelling import fit_path_model

    special = set(second_orders(study)) | formative_names(study)
    order = {"main": 0, "fallback": 1, "rival": 2}
    models = sorted(study.models, key=lambda model: order[model.role])
    model = next((m for m in models if special & ends_of(m) or formative_in(study, m)), None)
    if model is None:
        return None
    try:
        fit = fit_path_model(
            study, model, survey.items, consistent=False, bootstrap=draws, weights=survey.weights
        )
    except AnalysisError:
        return None
    rules = cutoffs_with(study.cutoffs)
    indicators = _indicators(fit, special, rules)
    return Composites(
        n_used=fit.n_used, n_dropped=fit.n_dropped, method=fit.method, notes=fit.notes,
        confidence=fit.confidence, model=model.name, fit=fit, indicators=indicators,
        blocks=_blocks(study, fit, indicators, survey), cutoffs=rules,
        formative=formative_in(study, model),
        stands_in=_stands_in(study, model, choice),
    )  # fmt: skip


def _stands_in(study: Study, model: StructuralModel, choice: ModelChoice) -> bool:
    """Whether the theory's model is formative, so that no covariance model speaks for it."""
    main = study.model("main")
    return choice.reported is None and model is main and bool(formative_in(study, model))


def _indicators(fit: PlsResult, special: set[str], rules: Mapping[str, Cutoff]) -> pd.DataFrame:
    table = fit.table()
    loads = table[table.op == "=~"].set_index(["lhs", "rhs"]).est
    vif = fit.item_vif.set_index(["construct", "item"]).vif
    modes = fit.reliability.set_index("construct")["mode"]
    rows = []
    for row in table[(table.op == "<~") & table.lhs.isin(special)].itertuples():
        key, clear = (row.lhs, row.rhs), row.ci_low > 0 or row.ci_high < 0
        told = {
            "construct": row.lhs, "indicator": row.rhs, "mode": modes[row.lhs], "weight": row.est,
            "ci_low": row.ci_low, "ci_high": row.ci_high, "p": row.p, "loading": loads[key],
            "vif": vif[key],
        }  # fmt: skip
        rows.append({**told, "state": _state(told, clear, rules)})
    return tidy_frame(rows)


def _state(row: Mapping[str, Any], clear: bool, rules: Mapping[str, Cutoff]) -> str:
    loads = bool(rules["loading_standardised"].passes(row["loading"]))
    if row["mode"] == "A":
        return "clear" if loads else "weak"
    if not rules["vif_formative"].passes(row["vif"]):
        return "collinear"
    return "clear" if clear else "by_loading" if loads else "weak"


def _blocks(
    study: Study, fit: PlsResult, indicators: pd.DataFrame, survey: Survey
) -> list[dict[str, Any]]:
    higher = second_orders(study)
    ave = fit.reliability.set_index("construct").ave
    rows = []
    for name, own in indicators.groupby("construct", sort=False):
        mode = own["mode"].iloc[0]
        rows.append(
            {
                "construct": name, "order": 2 if name in higher else 1, "mode": mode,
                "k": len(own), "weak": list(own.indicator[own.state == "weak"]),
                "collinear": list(own.indicator[own.state == "collinear"]),
                "vif": float(own.vif.max()), "ave": float(ave[name]) if mode == "A" else None,
                "redundancy": redundancy(study, str(name), fit, survey),
            }
        )  # fmt: skip
    return rows


def redundancy(study: Study, name: str, fit: PlsResult, survey: Survey) -> float | None:
    """Return how well a formative construct predicts an item that asks for the whole.

    The multiple correlation of the item with the construct's indicators, which is the path of a
    PLS model from the block (mode B) to the item: Chin (1998); None where no item is named.
    """
    entry = next((e for e in (*study.constructs, *study.dimensions) if e.name == name), None)
    if entry is None or not entry.overall or not entry.formative:
        return None
    block = fit.model.block(fit.model.constructs.index(name))
    whole = survey.items[entry.overall].reindex(fit.data.index).to_numpy(float)
    x = fit.data.raw[:, block]
    kept = ~(np.isnan(x).any(axis=1) | np.isnan(whole))
    weights = None if fit.data.weights is None else fit.data.weights[kept]
    r = np.atleast_2d(np.cov(np.column_stack([x[kept], whole[kept]]).T, aweights=weights))
    r = r / np.sqrt(np.outer(np.diag(r), np.diag(r)))
    return float(np.sqrt(r[:-1, -1] @ np.linalg.solve(r[:-1, :-1], r[:-1, -1])))
