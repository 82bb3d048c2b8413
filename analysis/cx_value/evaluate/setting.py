"""What every part of the evaluation shares: the study's answers as points, on one axis of draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.cutoffs import cutoffs_with
from cx_value.base.errors import AnalysisError, DataError
from cx_value.base.formulas import cronbach_alpha
from cx_value.base.wording import Text
from cx_value.evaluate.hierarchy import Hierarchy, hierarchy_of
from cx_value.evaluate.resamples import Moments, Resamples, draw_resamples, moments_of
from cx_value.evaluate.scores import Scores, score_answers
from cx_value.evaluate.weights.comparison import IndicatorWeights, compare_weights
from cx_value.evaluate.weights.experts import ExpertWeights, weigh_by_experts
from cx_value.evaluate.weights.model import (
    ModelWeights,
    loading_weights,
    outer_weights,
    pls_effect_weights,
    total_effect_weights,
)
from cx_value.measure.answers import available_answers
from cx_value.study.customers import brand_label, own_customers, rival_customers
from cx_value.study.indicators import OVERALL, OVERALL_LABEL
from cx_value.study.latents import second_orders, spread_paths

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cx_value.sem.pls.fit import PlsResult
    from cx_value.sem.reading.result import ModelFit
    from cx_value.sem.resampling.bootstrap import Bootstrap
    from cx_value.study import Survey
    from cx_value.study.spec import Study

#: Weight of respondents who count nothing, where every row must stay on the axis of draws.
NEXT_TO_NOTHING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RivalAnswers:
    """A rival's customers: their number, their points, and the axis they are resampled on."""

    n: int
    axis: Resamples
    scores: Scores


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EvaluationSetting:
    """One study, ready to be evaluated.

    Attributes
    ----------
    study : Study
    survey : Survey
        Customers of the study's own brand; everybody where no brand is declared.
    hierarchy : Hierarchy
    axis : Resamples
        Those respondents and their resamples; case weights are in it.
    scores : Scores
    rivals : mapping of str to RivalAnswers
        Each rival's customers, resampled on their own.
    """

    study: Study
    survey: Survey
    hierarchy: Hierarchy
    axis: Resamples
    scores: Scores
    rivals: Mapping[str, RivalAnswers]

    @property
    def whose(self) -> str:
        """The brand whose customers speak here, by its English label; empty without brands."""
        brands = self.study.brands
        return brand_label(self.study, brands.own) if brands else ""

    @property
    def confidence(self) -> float:
        return self.study.options.confidence

    @property
    def leaf_values(self) -> np.ndarray:
        """Scores of the index's constructs from 0 to 1, scaled as the study says."""
        leaves = list(self.hierarchy.leaves)
        return self.scores.scaled(leaves, self.study.evaluation.scaling)

    def item_moments(self) -> Moments:
        """Return the moments of all items' scores, in the order of the questionnaire."""
        names = list(self.scores.items.columns)
        return moments_of(self.axis, self.scores.scaled_items(names, self.study.evaluation.scaling))

    @property
    def labels(self) -> dict[str, Text]:
        """What everything in a figure is called."""
        study = self.study
        named = [*study.constructs, *study.dimensions, *study.touchpoints, *study.profile]
        named += study.evaluation.grades
        items = {item.name: item.label for item in study.items}
        return items | {thing.name: thing.label for thing in named} | {OVERALL: OVERALL_LABEL}


def prepare_evaluation(study: Study, survey: Survey, *, draws: int) -> EvaluationSetting:
    """Return the answers analysed as points, with the axis of resamples.

    Parameters
    ----------
    survey : Survey
        The answers analysed, one row a respondent, of every brand. Brands are resampled apart, as
        they were sampled: what is found for one does not hang on who answered for another.
    draws : int
        Bootstrap resamples.
    """
    hierarchy, seed = hierarchy_of(study), study.options.seed
    own = own_customers(study, survey)
    rivals = {
        name: RivalAnswers(
            n=theirs.n, axis=_axis(theirs, draws, (seed, k)),
            scores=score_answers(study, theirs.items, hierarchy),
        )
        for k, (name, theirs) in enumerate(rival_customers(study, survey).items(), 1)
        if theirs.n
    }  # fmt: skip
    return EvaluationSetting(
        study=study, survey=own, hierarchy=hierarchy, axis=_axis(own, draws, seed),
        scores=score_answers(study, own.items, hierarchy), rivals=rivals,
    )  # fmt: skip


def _axis(survey: Survey, draws: int, seed: int | tuple[int, ...]) -> Resamples:
    weights = None if survey.weights is None else survey.weights.to_numpy(dtype=float)
    return draw_resamples(survey.n, draws, seed=seed, weights=weights)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelBasis:
    """What fitted models have to say of weights.

    ``constructs`` method → weights of the index's constructs; ``items`` construct → method →
    weights of its items; ``left_out`` methods without an answer, and why.
    """

    constructs: Mapping[str, ModelWeights]
    items: Mapping[str, Mapping[str, ModelWeights]]
    left_out: tuple[Mapping[str, Any], ...]
    target: str

    def item_weights(self, method: str = "pls") -> dict[str, np.ndarray]:
        """Return construct → weights of its items (1 + draws, k), where the method gives them."""
        return {name: own[method].weights for name, own in self.items.items() if method in own}


def weights_of_models(
    setting: EvaluationSetting,
    fit: ModelFit | None,
    bootstrap: Bootstrap | None,
    moments: Moments,
) -> ModelBasis:
    """Return the weights that the structural model and PLS give, and what they cannot.

    The outcome is the study's loyalty (``value.loyalty``), else the last construct of the model.

    Parameters
    ----------
    fit, bootstrap
        The model reported, and its refits on the axis of the setting.
    moments : Moments
        Of all items (:meth:`EvaluationSetting.item_moments`).
    """
    study, tree = setting.study, setting.hierarchy
    target = _outcome(study)
    constructs: dict[str, ModelWeights] = {}
    items: dict[str, dict[str, ModelWeights]] = {name: {} for name in tree.items}
    left_out: list[dict[str, Any]] = []
    names = {c: c if len(own) > 1 else own[0] for c, own in tree.items.items()}
    if fit is None or target is None:
        return ModelBasis(
            constructs={}, items=items, target=target or "",
            left_out=tuple({"method": m, "reason": "no_model"} for m in ("effects", "pls")),
        )  # fmt: skip
    variables = {leaf: names[leaf] for leaf in tree.leaves}
    try:
        constructs["effects"] = total_effect_weights(
            fit, bootstrap, variables, names[target], setting.axis
        )
    except AnalysisError:
        lacking = [c for c, v in variables.items() if v not in fit.frame[["lhs", "rhs"]].to_numpy()]
        left_out.append({"method": "effects", "reason": "not_in_model", "indicators": lacking})
    for construct, own in tree.items.items():
        try:
            items[construct]["loadings"] = loading_weights(
                fit, bootstrap, construct, own, setting.axis
            )
        except AnalysisError:
            continue
    _add_pls(setting, moments, target, constructs, items, left_out)
    return ModelBasis(constructs=constructs, items=items, left_out=tuple(left_out), target=target)


def _outcome(study: Study) -> str | None:
    """Return the construct that total effects are read on."""
    from cx_value.study.model_checks import model_edges

    main = study.model("main")
    if main is None:
        return None
    edges = model_edges(study, main)
    if study.value.loyalty:
        return study.value.loyalty
    last = [
        c.name for c in study.constructs if c.name in {b for _, b in edges} - {a for a, _ in edges}
    ]
    return last[-1] if last else None


def _add_pls(
    setting: EvaluationSetting,
    moments: Moments,
    target: str,
    constructs: dict[str, ModelWeights],
    items: dict[str, dict[str, ModelWeights]],
    left_out: list[dict[str, Any]],
) -> None:
    """Fit the theory's model by PLS on the axis of the setting, and take its weights."""
    tree = setting.hierarchy
    try:
        fit = _fit_pls(setting)
        inside = set(fit.model.constructs)
        lacking = [leaf for leaf in tree.leaves if leaf not in inside]
        if lacking:
            left_out.append({"method": "pls", "reason": "not_in_model", "indicators": lacking})
        else:
            constructs["pls"] = pls_effect_weights(fit, tree.leaves, target, setting.axis)
    except AnalysisError:
        left_out.append({"method": "pls", "reason": "not_fitted", "indicators": []})
        return
    columns = list(setting.scores.items.columns)
    for construct in inside:
        own = tree.items[construct]
        spread = moments.sd[:, [columns.index(item) for item in own]]
        try:
            items[construct]["pls"] = outer_weights(fit, own, spread, setting.axis)
        except AnalysisError:
            continue


def _fit_pls(setting: EvaluationSetting) -> PlsResult:
    from cx_value.sem import fit_pls
    from cx_value.study.model_checks import model_edges

    study = setting.study
    edges = spread_paths(sorted(model_edges(study, study.model("main"))), second_orders(study))
    ends = {end for edge in edges for end in edge}
    inside = [c for c in study.constructs if c.name in ends]
    return fit_pls(
        {c.name: c.item_names for c in inside}, edges, setting.scores.items, missing="mean",
        modes={c.name: "B" for c in inside if c.formative}, rows=setting.axis.rows(),
        weights=np.maximum(setting.axis.weights, NEXT_TO_NOTHING), confidence=setting.confidence,
    )  # fmt: skip


def weigh_constructs(
    setting: EvaluationSetting, basis: ModelBasis, experts: ExpertWeights | None = None
) -> IndicatorWeights:
    """Return the weights of the constructs of the index, by every method of the study."""
    values = setting.leaf_values
    methods = setting.study.evaluation.methods
    left_out = [entry for entry in basis.left_out if entry["method"] in methods]
    if "experts" in methods and experts is None:
        reason = "none_declared" if setting.study.experts is None else "not_usable"
        left_out.append({"method": "experts", "reason": reason, "indicators": []})
    return compare_weights(
        setting.hierarchy.leaves, moments_of(setting.axis, values), setting.axis,
        setting.study.evaluation, values=values, experts=experts, models=basis.constructs,
        left_out=tuple(left_out), confidence=setting.confidence,
    )  # fmt: skip


def weigh_items(
    setting: EvaluationSetting, basis: ModelBasis, moments: Moments
) -> dict[str, IndicatorWeights]:
    """Return construct → weights of its items, for constructs of two items or more."""
    names = list(setting.scores.items.columns)
    evaluation = setting.study.evaluation.model_copy(update={"index": "equal"})
    found = {}
    for construct, own in setting.hierarchy.items.items():
        if len(own) < 2:
            continue
        columns = [names.index(item) for item in own]
        found[construct] = compare_weights(
            own, moments.of(columns), setting.axis, evaluation,
            values=setting.scores.items[list(own)].to_numpy() / 100,
            models=basis.items.get(construct, {}), confidence=setting.confidence,
        )  # fmt: skip
    return found


def expert_weights(
    setting: EvaluationSetting, judgements: pd.DataFrame | None
) -> ExpertWeights | None:
    """Return the experts' weights; None without judgements, or where none can be used.

    Parameters
    ----------
    judgements : DataFrame
        From :func:`cx_value.study.experts.read_experts`.
    """
    study = setting.study
    if judgements is None:
        return None
    try:
        return weigh_by_experts(
            judgements, setting.hierarchy, random_index=study.experts.random_index,
            cutoffs=study.cutoffs, draws=setting.axis.draws, seed=study.options.seed,
        )  # fmt: skip
    except DataError:
        return None


def _alpha(survey: Survey, items: Sequence[str]) -> float:
    """Return α as the chapter on reliability has it; NaN where it cannot be computed."""
    try:
        answers = available_answers(survey.items, items, weights=survey.weights)
        return float(cronbach_alpha(answers.covariance))
    except AnalysisError:
        return float("nan")


def scale_reservations(
    setting: EvaluationSetting, *, inadmissible: bool = False
) -> dict[str, list[dict[str, Any]]]:
    """Return node → what its index rests on that is weak, as codes with their facts.

    ``reliability``: scales whose α is below the rule; ``inadmissible``: the model behind the
    weights has a solution that cannot be interpreted.
    """
    rule = cutoffs_with(setting.study.cutoffs)["alpha"]
    weak = {}
    for name, items in setting.hierarchy.items.items():
        if len(items) > 1:
            alpha = _alpha(setting.survey, items)
            if rule.passes(alpha) is False:
                weak[name] = alpha
    found: dict[str, list[dict[str, Any]]] = {}
    for node in setting.hierarchy.nodes:
        own = [leaf for leaf in setting.hierarchy.leaves_of(node) if leaf in weak]
        codes = [{"code": "reliability", "construct": c, "value": weak[c]} for c in own]
        if inadmissible and node not in setting.hierarchy.items:
            codes.append({"code": "inadmissible"})
        if codes:
            found[node] = codes
    return found
