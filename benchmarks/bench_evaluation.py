"""How long do 1,000 draws of all weights, indices, quadrants and grades take?

24 items in eight constructs, 1,000 respondents, 3 % of the answers missing; everything of one
resample belongs together. ``python benchmarks/bench_evaluation.py`` prints wall and processor
seconds of each step; the structural model's own refits are in ``bench_sem.py``.
"""

# ruff: noqa: E402  (the package is on the path only after the lines before its import)

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "2")

import numpy as np
import pandas as pd
import scipy.optimize
import scipy.stats  # noqa: F401  (their import is no part of the task)

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "analysis"))

from cx_value.evaluate.drivers.importance import driver_importance
from cx_value.evaluate.drivers.map import map_importance_performance
from cx_value.evaluate.hierarchy import Hierarchy
from cx_value.evaluate.index import index_experience
from cx_value.evaluate.resamples import draw_resamples, moments_of
from cx_value.evaluate.scores import Scores, construct_means
from cx_value.evaluate.weights.comparison import compare_weights
from cx_value.evaluate.weights.experts import weigh_by_experts
from cx_value.evaluate.weights.model import outer_weights, pls_effect_weights
from cx_value.sem import fit_pls
from cx_value.study.indicators import GRADES, Evaluation

DRAWS, RESPONDENTS, CONSTRUCTS = 1000, 1000, 8


def main() -> None:
    points, tree = _survey()
    scores = Scores(items=points, constructs=construct_means(points, tree.items), hierarchy=tree)
    leaves = list(tree.leaves)
    seconds: dict[str, tuple[float, float]] = {}
    clock = _clock(seconds)
    axis = draw_resamples(RESPONDENTS, DRAWS, seed=1)
    axis.products(np.ones((RESPONDENTS, 1)))
    clock("resamples")
    items = moments_of(axis, points.to_numpy() / 100)
    values = scores.scaled(leaves, "theoretical")
    moments = moments_of(axis, values)
    clock("moments of 24 items and 7 constructs")
    experts = weigh_by_experts(_judgements(leaves), tree, draws=DRAWS, seed=1)
    clock("five experts")
    constructs = {name: list(own) for name, own in tree.items.items()}
    fit = fit_pls(constructs, [(leaf, "C8") for leaf in leaves], points, missing="mean",
                  rows=axis.rows())  # fmt: skip
    pls = {"pls": pls_effect_weights(fit, leaves, "C8", axis)}
    at = {name: k for k, name in enumerate(points.columns)}
    for own in tree.items.values():
        outer_weights(fit, own, items.sd[:, [at[item] for item in own]], axis)
    clock("PLS, refitted")
    weights = compare_weights(tree.leaves, moments, axis, Evaluation(), values=values,
                              experts=experts, models=pls)  # fmt: skip
    table = weights.table()
    clock("weights by eight methods, with intervals and ranks")
    index = index_experience(scores, axis, weights, GRADES).table()
    clock("indices and grades")
    scored = scores.constructs[[*leaves, "C8"]]
    quadrants = map_importance_performance(
        scored, leaves, "C8", experts=weights.methods["experts"], draws=DRAWS, seed=1
    ).table()
    driver_importance(scored, leaves, ["C8"], draws=DRAWS, seed=1)
    clock("relative weights, and quadrants by two importances and cross-hairs")
    seconds["all"] = tuple(sum(part) for part in zip(*seconds.values(), strict=True))
    for step, (wall, processor) in seconds.items():
        print(f"{step:70s} {wall:6.2f} s, processor {processor:6.2f} s")
    print(f"{len(table)} weights, {len(index)} indices, {len(quadrants)} places on a map")


def _clock(seconds: dict[str, tuple[float, float]]):
    last = [(time.perf_counter(), time.process_time())]

    def stop(step: str) -> None:
        now = (time.perf_counter(), time.process_time())
        seconds[step], last[0] = (now[0] - last[0][0], now[1] - last[0][1]), now

    return stop


def _survey() -> tuple[pd.DataFrame, Hierarchy]:
    random = np.random.default_rng(7)
    latent = random.normal(size=(RESPONDENTS, CONSTRUCTS)) + random.normal(size=(RESPONDENTS, 1))
    answers = np.repeat(latent, 3, axis=1) + random.normal(size=(RESPONDENTS, 3 * CONSTRUCTS))
    points = 100 * (np.clip(np.round(4.5 + 0.8 * answers), 1, 7) - 1) / 6
    points[random.random(points.shape) < 0.03] = np.nan
    names = [f"C{c}_{k}" for c in range(1, CONSTRUCTS + 1) for k in (1, 2, 3)]
    items = {f"C{c}": tuple(f"C{c}_{k}" for k in (1, 2, 3)) for c in range(1, CONSTRUCTS + 1)}
    tree = Hierarchy(
        children={"D1": ("C1", "C2", "C3"), "D2": ("C4", "C5", "C6", "C7"), "ALL": ("D1", "D2")},
        items=items, root="ALL",
    )  # fmt: skip
    return pd.DataFrame(points, columns=names), tree


def _judgements(leaves: list[str]) -> pd.DataFrame:
    random = np.random.default_rng(3)
    weights = np.linspace(2.0, 1.0, len(leaves))
    rows = [
        (f"E{e}", "all", a, b, float(weights[i] / weights[j] * np.exp(random.normal(0, 0.1))))
        for e in range(5)
        for i, a in enumerate(leaves)
        for j, b in enumerate(leaves)
        if i < j
    ]
    return pd.DataFrame(rows, columns=["expert", "criteria", "row", "column", "judgement"])


if __name__ == "__main__":
    main()
