"""Do the intervals of relative weights and Shapley shares cover, and does chance stay chance?

Run: python benchmarks/coverage_drivers.py [repetitions]. Five drivers of known correlations, one of
them unrelated to the outcome; normal answers and answers on seven points. The truth of the seven
points is that of a sample of two million.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from cx_value.evaluate.drivers.importance import driver_importance
from cx_value.evaluate.drivers.relative import johnson_weights, shapley_shares

SLOPES = np.array([0.40, 0.30, 0.20, 0.10, 0.0])
SHARED, RESIDUAL, DRAWS = 0.4, 0.7, 500
NAMES = ["a", "b", "c", "d", "null"]


def answers(random: np.random.Generator, n: int, points: int | None) -> np.ndarray:
    """Return n rows of four related drivers, one unrelated, and the outcome."""
    related = np.sqrt(SHARED) * random.normal(size=(n, 1))
    x = related + np.sqrt(1 - SHARED) * random.normal(size=(n, 5))
    x[:, 4] = random.normal(size=n)
    y = x @ SLOPES + RESIDUAL * random.normal(size=n)
    values = np.column_stack([x, y])
    if points is None:
        return values
    return np.clip(np.round((points + 1) / 2 + 1.2 * values), 1, points)


def truth(points: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Return relative weights and Shapley shares of a very large sample."""
    values = answers(np.random.default_rng(99), 2_000_000, points)
    correlations = np.corrcoef(values.T)
    return johnson_weights(correlations), shapley_shares(correlations)


def simulate(n: int, points: int | None, repetitions: int) -> dict[str, float]:
    """Return the coverage of 95% intervals, and how often the unrelated driver beats chance."""
    import pandas as pd

    weights, shapley = truth(points)
    covered = {"weight": [], "shapley": []}
    false, found = [], []
    for repetition in range(repetitions):
        random = np.random.default_rng([7, n, repetition])
        frame = pd.DataFrame(answers(random, n, points), columns=[*NAMES, "y"])
        table = driver_importance(
            frame, NAMES, ["y"], draws=DRAWS, seed=repetition
        ).table().set_index("driver").loc[NAMES]  # fmt: skip
        for name, true in (("weight", weights), ("shapley", shapley)):
            inside = (table[f"{name}_low"] <= true) & (true <= table[f"{name}_high"])
            covered[name].append(inside.to_numpy()[:4])
        false.append(table.beyond_random["null"])
        found.append(table.beyond_random["d"])
    rates = {name: float(np.mean(hits)) for name, hits in covered.items()}
    return rates | {"chance": float(np.mean(false)), "power": float(np.mean(found))}


def main() -> None:
    """Print one line a case."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    print("| answers | n | relative weights | Shapley shares | unrelated driver beyond chance | "
          "weakest driver beyond chance |")  # fmt: skip
    print("|---|---:|---:|---:|---:|---:|")
    for points in (None, 7):
        for n in (150, 400, 1000):
            r = simulate(n, points, repetitions)
            print(f"| {points or 'normal'} | {n} | {r['weight']:.3f} | {r['shapley']:.3f} | "
                  f"{r['chance']:.3f} | {r['power']:.3f} |", flush=True)  # fmt: skip
    values = answers(np.random.default_rng(1), 1000, 7)
    import pandas as pd

    frame = pd.DataFrame(values, columns=[*NAMES, "y"])
    start = time.perf_counter()
    driver_importance(frame, NAMES, ["y"], draws=1000)
    print(f"1,000 draws, 5 drivers, 1,000 answers: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
