"""Do the intervals of the weights that models give cover: SEM total effects, loadings, PLS?

``python benchmarks/coverage_weights.py [data sets] [--write]``: answers of 300 respondents to
twelve items of four constructs on seven points; three of them act on the fourth, one through
another. Truth is what the same method finds in 200,000 answers. ``--write`` puts the table into
``benchmarks/RESULTS.md``.
"""

# ruff: noqa: E402  (the package is on the path only after the lines before its import)

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "analysis"))

from cx_value.base.errors import AnalysisError
from cx_value.evaluate.resamples import draw_resamples
from cx_value.evaluate.weights.model import (
    loading_weights,
    pls_effect_weights,
    total_effect_weights,
)
from cx_value.sem import fit_model, fit_pls

N, DRAWS, SEED, LARGE = 300, 500, 20261128, 200_000
ITEMS = {c: [f"{c}{k}" for k in (1, 2, 3)] for c in "ABCY"}
LEVERS = ("A", "B", "C")
PATHS = [("A", "B"), ("A", "Y"), ("B", "Y"), ("C", "Y")]
SYNTAX = "\n".join(f"{c} =~ " + " + ".join(i) for c, i in ITEMS.items()) + "\nB ~ A\nY ~ A + B + C"
LOADINGS = np.array([0.85, 0.8, 0.7])
HEADING = "### Weights that models give"


def draw_answers(random: np.random.Generator, n: int) -> pd.DataFrame:
    """Return the answers of n respondents, seven points."""
    a, c = random.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], n).T
    b = 0.5 * a + np.sqrt(0.75) * random.normal(size=n)
    y = 0.3 * a + 0.35 * b + 0.25 * c + 0.7 * random.normal(size=n)
    columns = {}
    for latent, items in zip((a, b, c, y / y.std()), ITEMS.values(), strict=True):
        for loading, item in zip(LOADINGS, items, strict=True):
            noise = np.sqrt(1 - loading**2) * random.normal(size=n)
            columns[item] = np.clip(np.round(4.6 + 1.3 * (loading * latent + noise)), 1, 7)
    return pd.DataFrame(columns)


def weigh(answers: pd.DataFrame, draws: int, seed: int) -> dict[str, np.ndarray]:
    """Return the weights (1 + draws, 3) by every method."""
    axis = draw_resamples(len(answers), draws, seed=seed)
    fit = fit_model(SYNTAX, answers)
    boot = fit.bootstrap(draws, seed=seed) if draws else None
    rows = axis.rows() if draws else np.arange(len(answers))[None]
    pls = fit_pls(ITEMS, PATHS, answers, rows=rows)
    same = {c: c for c in LEVERS}
    if not draws:
        axis = draw_resamples(len(answers), 1, seed=seed)
    return {
        "total effects (SEM)": total_effect_weights(fit, boot, same, "Y", axis).weights,
        "loadings (SEM)": loading_weights(fit, boot, "A", ITEMS["A"], axis).weights,
        "total effects (PLS)": pls_effect_weights(pls, LEVERS, "Y", axis).weights,
    }


def main(sets: int, write: bool) -> None:
    truth = {m: w[0] for m, w in weigh(draw_answers(np.random.default_rng(SEED), LARGE), 0, 0)
             .items()}  # fmt: skip
    held: dict[str, list[bool]] = {m: [] for m in truth}
    refused = 0
    for k in range(sets):
        try:
            found = weigh(draw_answers(np.random.default_rng([SEED, k]), N), DRAWS, k)
        except AnalysisError:
            refused += 1
            continue
        for method, weights in found.items():
            low, high = np.nanquantile(weights[1:], [0.025, 0.975], axis=0)
            held[method] += ((low <= truth[method]) & (truth[method] <= high)).tolist()
    text = report(sets, refused, held)
    print(text)
    if write:
        put(text)


def report(sets: int, refused: int, held: dict[str, list[bool]]) -> str:
    """Return the section of RESULTS.md."""
    error = 100 * np.sqrt(0.95 * 0.05 / sets)
    lines = [
        HEADING, "",
        f"`python benchmarks/coverage_weights.py {sets} --write`: {sets} data sets of {N} "
        f"respondents ({refused} could not be fitted), {DRAWS} resamples each, 95% percentile "
        f"intervals; truth from {LARGE:,} answers. Monte Carlo error of one weight's coverage "
        f"{error:.1f} points.", "", "| weights | statements | coverage |", "| --- | ---: | ---: |",
    ]  # fmt: skip
    lines += [f"| {name} | {len(x):,} | {100 * np.mean(x):.1f}% |" for name, x in held.items()]
    return "\n".join(lines) + "\n"


def put(text: str) -> None:
    """Put the section in place of the one before, at the end of the evaluation's."""
    path = ROOT / "benchmarks" / "RESULTS.md"
    old = path.read_text(encoding="utf-8")
    old = re.sub(rf"{HEADING}.*?(?=\n## |\n### |\Z)", "", old, flags=re.DOTALL)
    at = old.index("\n## Voice of the customer")
    new = old[:at].rstrip("\n") + "\n\n" + text + old[at:]
    path.write_text(new, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    main(numbers[0] if numbers else 300, "--write" in sys.argv)
