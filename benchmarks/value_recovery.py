"""Does the interval of mean lifetime value hold the truth, and which truth?

``python benchmarks/value_recovery.py [panels] [--write]`` simulates panels of 4,000 customers with
the settings of bank-panel, where loyalty moves purchase and drop-out, and with loyalty moving
neither, so that Pareto/NBD is the true model; 1.5 s a panel. ``--write`` puts the table into
``benchmarks/RESULTS.md``, section "Mean lifetime value".
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from cx_value.simulate.bank_panel import simulate_panel
from cx_value.simulate.money import WEEKS_PER_YEAR
from cx_value.simulate.truth import OWN_BRAND
from cx_value.value import (
    describe_spend,
    fit_purchase_model,
    lifetime_value,
    summarise_transactions,
)

RESULTS = Path(__file__).parent / "RESULTS.md"
SECTION = "## Mean lifetime value"
FIRST_SEED = 100
WORLDS = {
    "bank-panel": {},
    "loyalty moves nothing": {"rate_coefficient": 0.0, "dropout_coefficient": 0.0},
}
TRUTHS = {
    "all such customers": "customers as a sample",
    "these customers' rates, drop-outs and spends": "parameters",
    "these customers, given their purchases": "parameters",
}


def run_panel(world: str, seed: int) -> list[dict]:
    """Return the estimate beside each truth, with the interval that speaks of it."""
    panel = simulate_panel(seed=seed, **WORLDS[world])
    told = panel.truth["parameters"]
    summary = summarise_transactions(
        panel.transactions, customer="customer", date="date", amount="amount", end="2025-12-31"
    )
    model, spend = fit_purchase_model(summary, "pareto_nbd"), describe_spend(summary)
    horizon, rate = told["horizon_weeks"], told["discount_rate_per_year"]
    value = lifetime_value(model, spend, horizon=horizon, discount_rate_per_year=rate,
                           margin=told["margin"])  # fmt: skip
    own = panel.latent[panel.latent["brand"] == OWN_BRAND]
    truths = [panel.truth["money"]["all"]["expected_value"], own["lifetime_value"].mean()]
    if WORLDS[world]:
        net = told["alpha"] / (1 - told["return_share"])
        theta = np.log([told["r"], net, told["s"], told["beta"]])
        weekly = np.log1p(rate) / WEEKS_PER_YEAR
        ahead = model.expected_by_history(theta, model.history, horizon, weekly)
        price = spend.price(np.log([told["p"], told["q"], told["gamma"]]))
        truths.append(float(np.mean(told["margin"] * ahead[model.history.position] * price)))
    n = value.n_used
    of_these = [x / n for x in (value.total_std_error, value.total_low, value.total_high)]
    intervals = {
        "parameters": of_these,
        "customers as a sample": (value.mean_std_error, value.mean_low, value.mean_high),
    }
    rows = []
    for (whose, kind), true in zip(TRUTHS.items(), truths, strict=False):
        error, low, high = intervals[kind]
        rows.append({"world": world, "truth of": whose, "interval": kind, "seed": seed,
                     "true": true, "estimate": value.total / n, "error": error,
                     "held": low <= true <= high})  # fmt: skip
    return rows


def report(runs: pd.DataFrame) -> str:
    """Return the section of RESULTS.md."""
    n = runs["seed"].nunique()
    lines = [
        SECTION, "",
        f"`python benchmarks/value_recovery.py {n} --write`: {n} panels of 4,000 customers, "
        "Pareto/NBD and Gamma–Gamma, 95% intervals. The Monte Carlo error of a coverage of 95% is "
        f"{100 * np.sqrt(0.0475 / n):.1f} points.", "",
        "| world | truth of | interval | mean truth | bias (its error) | sd of estimate less truth "
        "| mean std. error | coverage |",
        "| --- | --- | --- | --: | --: | --: | --: | --: |",
    ]  # fmt: skip
    for key, own in runs.groupby(["world", "truth of", "interval"], sort=False):
        off = own["estimate"] - own["true"]
        lines.append(
            f"| {' | '.join(key)} | {own['true'].mean():.1f} | {off.mean():+.1f} "
            f"({off.std() / np.sqrt(n):.1f}) | {off.std():.1f} | {own['error'].mean():.1f} "
            f"| {100 * own['held'].mean():.1f}% |"
        )
    return "\n".join(lines) + "\n"


def put(text: str) -> None:
    """Replace the section of RESULTS.md, or add it."""
    old = RESULTS.read_text(encoding="utf-8")
    found = re.search(rf"{SECTION}\n.*?(?=\n## |\Z)", old, flags=re.DOTALL)
    new = old.replace(found[0], text) if found else f"{old.rstrip()}\n\n{text}"
    RESULTS.write_text(new, encoding="utf-8")


def main(panels: int, write: bool) -> None:
    rows = [row for world in WORLDS for k in range(panels)
            for row in run_panel(world, FIRST_SEED + k)]  # fmt: skip
    text = report(pd.DataFrame(rows))
    print(text)
    if write:
        put(text)


if __name__ == "__main__":
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    main(numbers[0] if numbers else 20, "--write" in sys.argv)
