"""Do the intervals of weights and indices cover, and are the probabilities of grades calibrated?

``python benchmarks/coverage_evaluation.py [data sets] [--write]``: answers of 300 respondents to
twelve items of four constructs, seven points, skewed; truth from half a million answers. For the
grades the whole population moves between data sets, so that the true index lies anywhere within
three points of a cut, and a stated probability is compared with how often it is the true grade.
``--write`` puts the table into ``benchmarks/RESULTS.md``.
"""

# ruff: noqa: E402  (the package is on the path only after the lines before its import)

from __future__ import annotations

import itertools
import os
import re
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "analysis"))

from cx_value.evaluate.hierarchy import Hierarchy
from cx_value.evaluate.index import index_experience
from cx_value.evaluate.resamples import draw_resamples, moments_of
from cx_value.evaluate.scores import Scores, construct_means
from cx_value.evaluate.weights.comparison import compare_weights, interval
from cx_value.study.indicators import GRADES, Evaluation

N, DRAWS, SEED, LARGE = 300, 500, 20261128, 500_000
NAMES = [f"{c}{k}" for c in "ABCD" for k in (1, 2, 3)]
TREE = Hierarchy(
    children={"D": ("A", "B"), "ALL": ("D", "C", "E")}, root="ALL",
    items={"A": ("A1", "A2", "A3"), "B": ("B1", "B2", "B3"), "C": ("C1", "C2", "C3"),
           "E": ("D1", "D2", "D3")},
)  # fmt: skip
LATENT = np.array([[1, 0.6, 0.4, 0.2], [0.6, 1, 0.5, 0.2], [0.4, 0.5, 1, 0.1], [0.2, 0.2, 0.1, 1]])
CENTRE, SPREAD = np.repeat([5.2, 4.8, 5.5, 4.3], 3), np.repeat([1.0, 1.2, 0.9, 1.5], 3)
NEAR = 3.0  # points around a cut in which the true index lies, where grades are compared
METHODS = ("critic", "entropy", "variation", "components")
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0001)


def draw_points(random: np.random.Generator, n: int, shift: float = 0.0) -> np.ndarray:
    """Return answers of n respondents in points of 100."""
    latent = random.multivariate_normal(np.zeros(4), LATENT, n)
    response = 0.8 * np.repeat(latent, 3, axis=1) + 0.6 * random.normal(size=(n, 12))
    answers = np.clip(np.round(CENTRE + SPREAD * response + shift), 1, 7)
    return 100 * (answers - 1) / 6


def evaluate(points: np.ndarray, draws: int, seed: int):
    """Return weights and index of one data set."""
    frame = pd.DataFrame(points, columns=NAMES)
    scores = Scores(items=frame, constructs=construct_means(frame, TREE.items), hierarchy=TREE)
    axis = draw_resamples(len(points), draws, seed=seed)
    values = scores.scaled(list(TREE.leaves), "theoretical")
    moments = moments_of(axis, values)
    weights = compare_weights(TREE.leaves, moments, axis, Evaluation(index="critic"), values=values)
    return weights, index_experience(scores, axis, weights, GRADES)


def true_index(shift: float, truth: np.random.Generator) -> float:
    """Return the index of the population moved by ``shift``, critic-weighted as it then is."""
    _, index = evaluate(draw_points(truth, 40_000, shift), 0, 0)
    return float(index.draws["ALL"][0])


def main(sets: int, write: bool) -> None:
    truth = np.random.default_rng(SEED)
    weights, index = evaluate(draw_points(truth, LARGE), 0, 0)
    true_weights = {m: weights.methods[m][0] for m in METHODS}
    true_nodes = {node: draws[0] for node, draws in index.draws.items()}
    shifts = np.linspace(-1.6, 1.6, 41)
    curve = np.array([true_index(s, truth) for s in shifts])
    held = {f"weight by {m}": [] for m in METHODS} | {"construct index": [], "dimension index": [],
                                                      "overall index": []}  # fmt: skip
    stated: list[tuple[float, bool]] = []
    cuts = np.array([grade.minimum for grade in GRADES])
    for k in range(sets):
        random = np.random.default_rng([SEED, k])
        weights, index = evaluate(draw_points(random, N), DRAWS, k)
        for method in METHODS:
            low, high = interval(weights.methods[method][1:], 0.95)
            own = true_weights[method]
            held[f"weight by {method}"] += ((low <= own) & (own <= high)).tolist()
        for row in index.table().itertuples():
            level = {"overall": "overall", "dimension": "dimension"}.get(row.level, "construct")
            held[f"{level} index"].append(row.low <= true_nodes[row.node] <= row.high)
        real = float(random.choice(cuts[:3]) + random.uniform(-NEAR, NEAR))
        shift = float(np.interp(real, curve, shifts))
        _, moved = evaluate(draw_points(random, N, shift), DRAWS, k)
        row = moved.table().iloc[0]
        grade = GRADES[int(np.argmax(real >= cuts))].name
        stated.append((float(row["probability"]), row["grade"] == grade))
    text = report(sets, held, stated)
    print(text)
    if write:
        put(text)


def report(sets: int, held: dict[str, list[bool]], stated: list[tuple[float, bool]]) -> str:
    """Return the section of RESULTS.md."""
    lines = [
        "## Evaluation", "",
        f"`python benchmarks/coverage_evaluation.py {sets} --write`: {sets} data sets of {N} "
        f"respondents, {DRAWS} resamples each, 95% percentile intervals; truth from {LARGE:,} "
        f"answers. The Monte Carlo error of a coverage of 95% is "
        f"{100 * np.sqrt(0.95 * 0.05 / sets):.1f} points for one quantity.", "",
        "| quantity | statements | coverage |", "| --- | --- | --- |",
    ]  # fmt: skip
    lines += [f"| {name} | {len(x):,} | {100 * np.mean(x):.1f}% |" for name, x in held.items()]
    told = (
        f"Grades: the true index lies within {NEAR:g} points of a cut; the stated probability of "
        "the grade given, against how often it is the true one."
    )
    lines += ["", told, "", "| stated | data sets | mean stated | true |",
              "| --- | --- | --- | --- |"]  # fmt: skip
    p, right = (np.array(x, dtype=float) for x in zip(*stated, strict=True))
    for low, high in itertools.pairwise(BINS):
        own = (p >= low) & (p < high)
        if own.any():
            name = f"{100 * low:.0f}–{min(100 * high, 100):.0f}%"
            said, true = (100 * x[own].mean() for x in (p, right))
            lines.append(f"| {name} | {own.sum()} | {said:.0f}% | {true:.0f}% |")
    lines.append(f"| all | {len(p)} | {100 * p.mean():.0f}% | {100 * right.mean():.0f}% |")
    return "\n".join(lines) + "\n"


def put(text: str) -> None:
    """Replace the section of RESULTS.md, or add it."""
    path = ROOT / "benchmarks" / "RESULTS.md"
    old = path.read_text(encoding="utf-8")
    rest = re.sub(r"\n*## Evaluation\n.*?(?=\n## |\Z)", "\n", old, flags=re.DOTALL).rstrip()
    path.write_text(f"{rest}\n\n{text}", encoding="utf-8")


if __name__ == "__main__":
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    main(numbers[0] if numbers else 400, "--write" in sys.argv)
