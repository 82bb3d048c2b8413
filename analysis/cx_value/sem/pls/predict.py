"""PLSpredict: does the model predict answers it has not seen better than a plain regression?

Shmueli, Ray, Velasquez Estrada & Chatla (2016), Journal of Business Research 69, 4552–4564;
Shmueli, Sarstedt, Hair, Cheah, Ting, Vaithilingam & Ringle (2019), European Journal of Marketing
53, 2322–2347.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.errors import ConvergenceError, DataError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.sem.pls.algorithm import PlsBatch, fit_batch
from cx_value.sem.pls.model import PathModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TECHNIQUES = ("direct", "earliest")
SOURCE = "shmueli2019"
RANGE = 0.90
FEWEST_PARTITIONS = 20  # whose spread says something


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlsPrediction(Result):
    """Out-of-sample errors of a PLS model beside those of a linear benchmark.

    Attributes
    ----------
    items : DataFrame
        ``construct item rmse_pls mae_pls rmse_lm mae_lm q2_predict`` for every item of an
        endogenous construct, over all held-out answers.
    constructs : DataFrame
        ``construct q2_predict``: the same for construct scores.
    predicted, benchmark : DataFrame (n, items)
        Predictions of the model and the linear benchmark, mean over repetitions.
    power : str
        ``high medium low none``: how many items the model predicts better than the benchmark
        by RMSE (all, most, some, none).
    better_counts : ndarray (repetitions,)
        Items predicted better than by the benchmark in each partition of the rows.
    """

    template = "pls.prediction"

    items: pd.DataFrame
    constructs: pd.DataFrame
    predicted: pd.DataFrame
    benchmark: pd.DataFrame
    power: str
    better_counts: np.ndarray

    def table(self) -> pd.DataFrame:
        """One row per item."""
        return self.items.copy()

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw each item's RMSE beside that of the linear benchmark."""
        from cx_value.sem.pls.pictures import draw_prediction

        return draw_prediction(self.table(), ax, lang)

    @property
    def better(self) -> float:
        """Items whose RMSE is below the benchmark's, mean over the partitions."""
        return float(self.better_counts.mean())

    def better_interval(self, level: float = RANGE) -> tuple[float, float] | None:
        """Return the central range of that count over the partitions; None for fewer than 20."""
        if len(self.better_counts) < FEWEST_PARTITIONS:
            return None
        tails = (0.5 - level / 2, 0.5 + level / 2)
        low, high = np.quantile(self.better_counts, tails, method="inverted_cdf")
        return float(low), float(high)

    def facts(self) -> dict[str, Any]:
        """Return Q²predict, the count of items predicted better, and what that is called."""
        q2, interval = self.items["q2_predict"], self.better_interval()
        return {
            "method": self.method, "n": self.n_used, "n_items": len(self.items),
            "q2": [q2.min(), q2.max()], "better": self.better,
            "better_share": self.better / len(self.items),
            "better_range": None if interval is None else list(interval), "range_level": RANGE,
            "power": self.power, "source": SOURCE,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """What is predicted: endogenous constructs' items, and the benchmark's regressors of each."""

    model: PathModel
    technique: str
    items: np.ndarray
    regressors: dict[int, np.ndarray]


def predict_out_of_sample(
    values: np.ndarray,
    model: PathModel,
    *,
    k_folds: int = 10,
    repetitions: int = 1,
    seed: int | None = None,
    folds: np.ndarray | None = None,
    technique: str = "direct",
) -> PlsPrediction:
    """Predict every answer from a model fitted without it. See ``PlsResult.predict``."""
    labels = _fold_labels(len(values), k_folds, repetitions, seed, folds)
    if technique not in TECHNIQUES:
        raise DataError(
            f"technique={technique!r} is unknown · allowed: direct, earliest · do: choose one of "
            "them."
        )
    plan = _plan(model, technique)
    runs = [_one_run(values, label, plan) for label in labels]
    return _prediction(values, runs, plan, labels)


def _fold_labels(
    n_rows: int, k_folds: int, repetitions: int, seed: int | None, folds: np.ndarray | None
) -> np.ndarray:
    """(repetitions, n) fold numbers 0 … k-1."""
    if folds is not None:
        labels = np.atleast_2d(np.asarray(folds))
        if labels.shape[1] != n_rows:
            raise DataError(
                f"folds has {labels.shape[1]} entries for {n_rows} rows · allowed: one fold number "
                "per row · do: give them for the rows in use."
            )
        return np.array([np.unique(row, return_inverse=True)[1] for row in labels])
    if not 2 <= k_folds <= n_rows or repetitions < 1:
        raise DataError(
            f"k_folds={k_folds}, repetitions={repetitions} for {n_rows} rows · allowed: 2 to "
            f"{n_rows} folds, one repetition or more · do: choose within these."
        )
    rng = np.random.default_rng(seed)
    even = np.arange(n_rows) % k_folds
    return np.array([rng.permutation(even) for _ in range(repetitions)])


def _plan(model: PathModel, technique: str) -> _Plan:
    exogenous = np.setdiff1d(np.arange(len(model.constructs)), model.endogenous)
    regressors = {}
    for target in model.endogenous:
        sources = model.sources(target) if technique == "direct" else exogenous
        regressors[int(target)] = np.concatenate([model.block(s) for s in sources])
    items = np.concatenate([model.block(t) for t in model.endogenous])
    return _Plan(model, technique, items, regressors)


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """One pass through the folds; ``naive`` holds training means, scores are standardised."""

    predicted: np.ndarray
    benchmark: np.ndarray
    naive: np.ndarray
    scores: np.ndarray
    scores_predicted: np.ndarray


def _one_run(values: np.ndarray, labels: np.ndarray, plan: _Plan) -> _Run:
    n_folds = labels.max() + 1
    inside = labels[None, :] != np.arange(n_folds)[:, None]
    if (inside.sum(axis=1) < 3).any():
        raise DataError(
            f"a fold leaves {inside.sum(axis=1).min()} rows to fit · allowed: at least three · do: "
            "use fewer folds."
        )
    means = np.array([values[rows].mean(axis=0) for rows in inside])
    deviations = np.array([values[rows].std(axis=0, ddof=1) for rows in inside])
    with np.errstate(invalid="ignore", divide="ignore"):  # an item constant in a fold gives NaN
        correlations = np.array([np.corrcoef(values[rows].T) for rows in inside])
    batch = fit_batch(correlations, plan.model)
    if not batch.converged.all():
        raise ConvergenceError(
            f"{int((~batch.converged).sum())} of {n_folds} folds could not be fitted · allowed: "
            "all of them · do: use fewer folds, or drop items that hardly vary."
        )
    shape = (len(values), len(plan.items))
    n_constructs = (len(values), len(plan.model.constructs))
    run = _Run(*(np.empty(s) for s in (shape, shape, shape, n_constructs, n_constructs)))
    for fold in range(n_folds):
        test = labels == fold
        z = (values[test] - means[fold]) / deviations[fold]
        scores, predicted = _predict_scores(z, batch, fold, plan)
        rebuilt = predicted[:, plan.model.owner] * batch.loadings[fold]
        run.scores[test], run.scores_predicted[test] = scores, predicted
        run.predicted[test] = (rebuilt * deviations[fold] + means[fold])[:, plan.items]
        run.naive[test] = means[fold, plan.items]
        run.benchmark[test] = _linear_benchmark(values, inside[fold], test, plan)
    return run


def _predict_scores(
    z: np.ndarray, batch: PlsBatch, fold: int, plan: _Plan
) -> tuple[np.ndarray, np.ndarray]:
    """Scores from the held-out rows' own items, and what the structure predicts for them."""
    model = plan.model
    scores = z @ (batch.weights[fold][:, None] * model.mask)
    if plan.technique == "direct":
        predicted = scores @ batch.paths[fold]
    else:
        exogenous = ~model.adjacency.any(axis=0)
        predicted = (scores * exogenous) @ batch.total_effects[fold]
    predicted[:, ~model.adjacency.any(axis=0)] = scores[:, ~model.adjacency.any(axis=0)]
    return scores, predicted


def _linear_benchmark(
    values: np.ndarray, train: np.ndarray, test: np.ndarray, plan: _Plan
) -> np.ndarray:
    """Least squares of each item on the items of its construct's sources."""
    blocks = []
    for target, regressors in plan.regressors.items():
        design = np.column_stack([np.ones(len(values)), values[:, regressors]])
        outcome = values[:, plan.model.block(target)]
        beta = np.linalg.lstsq(design[train], outcome[train], rcond=None)[0]
        blocks.append(design[test] @ beta)
    return np.column_stack(blocks)


def _prediction(
    values: np.ndarray, runs: list[_Run], plan: _Plan, labels: np.ndarray
) -> PlsPrediction:
    model, actual = plan.model, values[:, plan.items]
    items = _item_errors(actual, runs, plan)
    missed = np.array([run.scores - run.scores_predicted for run in runs])[..., model.endogenous]
    # Training scores have mean zero, so the naive prediction of a score is zero.
    whole = np.array([run.scores for run in runs])[..., model.endogenous]
    columns = list(items["item"])
    n_folds, repetitions = int(labels.max()) + 1, len(labels)
    return PlsPrediction(
        n_used=len(values),
        method=Phrase(
            "estimators.pls_prediction",
            {
                "consistent": bool(model.is_corrected.any()),
                "folds": n_folds,
                "repetitions": repetitions,
                "technique": plan.technique,
            },
        ),
        better_counts=_better_counts(actual, runs),
        items=items,
        constructs=pd.DataFrame(
            {
                "construct": [model.constructs[t] for t in model.endogenous],
                "q2_predict": 1 - _squares(missed) / _squares(whole),
            }
        ),
        predicted=pd.DataFrame(np.mean([r.predicted for r in runs], axis=0), columns=columns),
        benchmark=pd.DataFrame(np.mean([r.benchmark for r in runs], axis=0), columns=columns),
        power=_power(items),
    )


def _item_errors(actual: np.ndarray, runs: list[_Run], plan: _Plan) -> pd.DataFrame:
    model = plan.model
    errors = {
        key: np.array([actual - getattr(run, key) for run in runs])
        for key in ("predicted", "benchmark", "naive")
    }
    return pd.DataFrame(
        {
            "construct": [model.constructs[model.owner[i]] for i in plan.items],
            "item": [model.items[i] for i in plan.items],
            "rmse_pls": _root_mean_square(errors["predicted"]),
            "mae_pls": np.abs(errors["predicted"]).mean(axis=(0, 1)),
            "rmse_lm": _root_mean_square(errors["benchmark"]),
            "mae_lm": np.abs(errors["benchmark"]).mean(axis=(0, 1)),
            "q2_predict": 1
            - (errors["predicted"] ** 2).sum((0, 1)) / (errors["naive"] ** 2).sum((0, 1)),
        }
    )


def _better_counts(actual: np.ndarray, runs: list[_Run]) -> np.ndarray:
    """Return in how many items each run's RMSE is below the benchmark's."""
    model, linear = (
        np.array([((actual - getattr(run, key)) ** 2).mean(axis=0) for run in runs])
        for key in ("predicted", "benchmark")
    )
    return (model < linear).sum(axis=1)


def _squares(errors: np.ndarray) -> np.ndarray:
    return (errors**2).sum(axis=(0, 1))


def _root_mean_square(errors: np.ndarray) -> np.ndarray:
    return np.sqrt((errors**2).mean(axis=(0, 1)))


def _power(items: pd.DataFrame) -> str:
    """All, most, some or none of the items beat the benchmark: Shmueli et al. (2019), figure 2."""
    share = (items["rmse_pls"] < items["rmse_lm"]).mean()
    return "high" if share == 1 else "medium" if share >= 0.5 else "low" if share > 0 else "none"
