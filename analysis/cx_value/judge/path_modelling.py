"""The model reported, by the other school: PLS path modelling beside covariances.

What PLS adds is prediction: how well answers it has not seen follow from the model, and which
construct would move the final outcome most for the room it has left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.errors import AnalysisError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.wording import Text, in_language
from cx_value.study.latents import (
    ends_of,
    formative_names,
    second_orders,
    variable_of,
    with_members,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from cx_value.judge.structure import ModelChoice
    from cx_value.sem.pls.fit import PlsResult
    from cx_value.sem.pls.map import ImportancePerformance
    from cx_value.sem.pls.predict import PlsPrediction
    from cx_value.study.spec import StructuralModel, Study

REPETITIONS = 20


def fit_path_model(
    study: Study,
    model: StructuralModel,
    items: pd.DataFrame,
    *,
    consistent: bool,
    bootstrap: int = 0,
    weights: pd.Series | None = None,
) -> PlsResult:
    """Fit the paths of a structural model by PLS, correlations by pairs of items.

    Formative constructs are weighed by regression (mode B); a model with constructs of second
    order is fitted in two stages, and the second is returned.

    Parameters
    ----------
    study : Study
    model : StructuralModel
        Given by paths, not by syntax.
    items : DataFrame (n, items)
    consistent : bool
        Correct for measurement error (PLSc) where a construct has several items.
    bootstrap : int
        Resamples of the intervals.
    weights : Series, optional
        Case weights by respondent.
    """
    from cx_value.sem import fit_pls
    from cx_value.sem.pls.two_stage import fit_two_stage

    ends = ends_of(model)
    above = {name: of for name, of in second_orders(study).items() if name in ends}
    inside = with_members(study, ends)
    constructs = {c.name: c.item_names for c in study.constructs if c.name in inside}
    formative = formative_names(study)
    modes = {n: "B" for n in (*constructs, *above) if n in formative}
    several = [n for n, names in constructs.items() if len(names) > 1 and n not in formative]
    how = {
        "modes": modes, "consistent": several if consistent else False, "bootstrap": bootstrap,
        "seed": study.options.seed, "confidence": study.options.confidence, "missing": "pairwise",
        "weights": None if weights is None else weights.reindex(items.index).to_numpy(float),
    }  # fmt: skip
    paths = [(path.source, path.target) for path in model.paths]
    if above:
        return fit_two_stage(constructs, above, paths, items, **how).second
    return fit_pls(constructs, paths, items, **how)


def named_paths(study: Study, fit: PlsResult) -> pd.DataFrame:
    """Return the paths as ``source target est se t p …``, by the names covariance models use."""
    table = fit.table()
    table = table[table.op == "~"].rename(columns={"rhs": "source", "lhs": "target"})
    return table.assign(
        source=[variable_of(study, name) for name in table.source],
        target=[variable_of(study, name) for name in table.target],
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction(Result):
    """How much of each outcome both schools explain, and how well PLS predicts it.

    The table has one row an outcome. Columns ``target r_squared r_squared_plsc r_squared_pls
    q2_predict items better``: R² of the covariance model, of consistent and of plain PLS,
    Q²predict of the construct's score, and how many of its items PLS predicts with a smaller RMSE
    than the linear benchmark.
    """

    template = "pls.outcomes"

    frame: pd.DataFrame
    found: PlsPrediction

    def items(self) -> pd.DataFrame:
        """Return ``construct item rmse_pls rmse_lm q2_predict better`` for every item."""
        items = self.found.table()
        return items.assign(better=items.rmse_pls < items.rmse_lm)

    def facts(self) -> dict[str, Any]:
        """Return Q²predict and the comparison with the linear benchmark, and whose rule it is."""
        found = self.found.facts()
        ahead = int((self.found.items.q2_predict > 0).sum())
        return {**found, "ahead": ahead, "partitions": len(self.found.better_counts)}


def predict_outcomes(
    study: Study, choice: ModelChoice, items: pd.DataFrame, *, repetitions: int = REPETITIONS
) -> Prediction | None:
    """Put R² of both schools and PLSpredict side by side.

    Parameters
    ----------
    study : Study
    choice : ModelChoice
        The model reported; None is returned where it is not given by paths, or has
        constructs of second order.
    items : DataFrame (n, items)
    repetitions : int
        How often ten random folds are drawn.

    Returns
    -------
    Prediction or None
        None where PLS cannot be fitted to the model.
    """
    if not choice.shown.paths or set(second_orders(study)) & ends_of(choice.shown):
        return None
    try:
        plain = fit_path_model(study, choice.shown, items, consistent=False)
        found = plain.predict(repetitions=repetitions, seed=study.options.seed)
    except AnalysisError:
        return None
    corrected = _consistent_r_squared(study, choice, items)
    better = found.items.assign(better=found.items.rmse_pls < found.items.rmse_lm)
    counts = better.groupby("construct").better.agg(["size", "sum"])
    score = found.constructs.set_index("construct").q2_predict
    rows = [
        {
            "target": (name := variable_of(study, row.construct)),
            "r_squared": choice.fit.r_squared.get(name, float("nan")),
            "r_squared_plsc": corrected.get(row.construct, float("nan")),
            "r_squared_pls": row.r_squared, "q2_predict": score[row.construct],
            "items": int(counts["size"][row.construct]),
            "better": int(counts["sum"][row.construct]),
        }
        for row in plain.r_squared.itertuples()
    ]  # fmt: skip
    return Prediction(
        n_used=found.n_used, n_dropped=len(items) - found.n_used,
        confidence=study.options.confidence,
        method=found.method, notes=found.notes, frame=tidy_frame(rows), found=found,
    )  # fmt: skip


def _consistent_r_squared(
    study: Study, choice: ModelChoice, items: pd.DataFrame
) -> Mapping[str, float]:
    """Return R² by PLSc; nothing where it cannot be fitted or leaves the range of a share."""
    try:
        fit = fit_path_model(study, choice.shown, items, consistent=True)
    except AnalysisError:
        return {}
    return {r.construct: r.r_squared for r in fit.r_squared.itertuples() if 0 <= r.r_squared <= 1}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OutcomeMap(Result):
    """Importance and performance of everything that acts on the final outcome."""

    template = "pls.importance"

    found: ImportancePerformance
    labels: Mapping[str, Text]

    def table(self) -> pd.DataFrame:
        """Return ``target construct importance performance``, the most important first."""
        frame = self.found.table()
        frame.insert(0, "target", self.found.target)
        return frame

    def facts(self) -> dict[str, Any]:
        """Return what matters most, and what matters and has most room left."""
        return self.found.facts()

    @property
    def is_map(self) -> bool:
        """Whether there are enough constructs for a picture of them to say something."""
        return len(self.found.table()) > 2

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Scatter importance against performance, with the means as cross-hairs."""
        from cx_value.sem.pls.pictures import draw_map

        table = self.found.table()
        table["construct"] = [in_language(self.labels[name], lang) for name in table.construct]
        target = in_language(self.labels[self.found.target], lang)
        return draw_map(table, target, ax, lang)


def map_outcome(
    study: Study,
    choice: ModelChoice,
    items: pd.DataFrame,
    labels: Mapping[str, Text],
    *,
    weights: pd.Series | None = None,
) -> OutcomeMap | None:
    """Map importance against performance for the final outcome of the model reported.

    The final outcome causes nothing else; of several, the one that most constructs act on.

    Parameters
    ----------
    study : Study
    choice : ModelChoice
    items : DataFrame (n, items)
    labels : mapping of construct to Text
    weights : Series, optional
        Case weights by respondent.

    Returns
    -------
    OutcomeMap or None
        None where the model is not given by paths, has constructs of second order, or PLS cannot
        be fitted to it.
    """
    if not choice.shown.paths or set(second_orders(study)) & ends_of(choice.shown):
        return None
    scale = {item.name: (item.scale.minimum, item.scale.maximum) for item in study.items}
    try:
        fit = fit_path_model(study, choice.shown, items, consistent=False, weights=weights)
        found = fit.importance_performance(final_outcome(fit), scale=scale)
    except AnalysisError:
        return None
    return OutcomeMap(
        n_used=fit.n_used, n_dropped=fit.n_dropped, confidence=study.options.confidence,
        method=found.method, notes=found.notes, found=found, labels=labels,
    )  # fmt: skip


def final_outcome(fit: PlsResult) -> str:
    """Return the construct that causes nothing else and that most others act on."""
    total = fit.effects[fit.effects.effect == "total"]
    final = [name for name in dict.fromkeys(total.target) if name not in set(total.source)]
    return max(final, key=lambda name: int((total.target == name).sum()))
