"""Do the intervals of the link from survey to value cover the truth, and is a plain regression off?

``python benchmarks/link_recovery.py [panels] [first seed]`` simulates panels whose truth is known,
runs both routes and the plain regressions on each, and writes bias and coverage into
``benchmarks/RESULTS.md``, section "Link recovery". One process; about 2.5 CPU seconds a panel.
Finished panels are kept in ``build/link_recovery.csv`` (or ``$LINK_RECOVERY_RUNS``): delete it to
start anew, give 0 panels to write the table of those kept. ``… groups [panels] [first seed]`` does
the same with three groups that differ in one path, as bank-panel does: section "Link by group".
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from cx_value.base.wording import MINUS
from cx_value.simulate.bank_panel import simulate_panel
from cx_value.simulate.money import ValueOfLoyalty, money_truth
from cx_value.simulate.truth import truth_with
from cx_value.value import (
    fit_link,
    link_latent_covariates,
    link_plausible_values,
    match_answers,
    naive_link,
    summarise_transactions,
)
from cx_value.value.link.plausible import impute_values

RESULTS = Path(__file__).parent / "RESULTS.md"
#: Finished panels; a run that was stopped goes on from here.
KEPT = Path(os.environ.get("LINK_RECOVERY_RUNS", "build/link_recovery.csv"))
SECTION = "## Link recovery"
MODEL = """
REL =~ REL1 + REL2 + REL3
SAT =~ SAT1 + SAT2 + SAT3
LOY =~ LOY1 + LOY2 + LOY3
SAT ~ REL
LOY ~ SAT
"""
QUALITY, LOYALTY = 0.6, 0.6
#: A world in which these three constructs are the whole model.
WORLD = {
    "structure": {"VAL": {"REL": 0.3}, "SAT": {"REL": QUALITY}, "LOY": {}},
    "satisfaction_to_loyalty": dict.fromkeys(("bank", "insurance", "brokerage"), LOYALTY),
    "industry_shift": {"bank": {}, "insurance": {}, "brokerage": {}},
    "programme_effect": 0.0,
    "careless_share": 0.0, "missing_share": 0.0, "return_share": 0.0,
    "n_duplicates": 0, "n_without_customer": 0,
}  # fmt: skip
SIZES = {"customers": 800, "respondents": 500, "rivals": 0}
#: Three industries that differ in the path from satisfaction to loyalty; all else is as untidy as
#: in bank-panel (method factor, cross-loadings, shifted items, gaps, returns).
GROUPED = {"structure": WORLD["structure"], "careless_share": 0.0}
GROUPED_SIZES = {"customers": 4000, "respondents": 1200, "rivals": 0}
GROUP_SECTION = "## Link by group"
GROUP_KEPT = Path(os.environ.get("LINK_GROUPS_RUNS", "build/link_groups.csv"))
#: What the truth of a world calls each effect.
GROUP_TRUTH = {
    ("SAT", "money_per_point"): "value_per_satisfaction_point_from_now_on_per_year",
    ("SAT", "log_per_sd"): "log_value_while_customer_per_satisfaction_sd",
    ("LOY", "log_per_sd"): "log_value_while_customer_per_loyalty_sd",
}


def true_effects(panel) -> dict[tuple[str, str], float]:
    """Return the true effects on value by construct and unit, averaged over loyalty."""
    truth = truth_with(WORLD)
    worth, years = ValueOfLoyalty(truth=truth), truth.horizon_weeks / (365.25 / 7)
    node, weight = np.polynomial.hermite_e.hermegauss(40)
    weight = weight / weight.sum()
    step = 1e-4
    log_up, log_down = (worth.log_value_while_customer(node + d) for d in (step, -step))
    slope = weight @ (log_up - log_down) / (2 * step)
    slopes = panel.truth["items"]["points_per_latent_sd"]
    out = {}
    for name, effect in {"LOY": 1.0, "SAT": LOYALTY, "REL": LOYALTY * QUALITY}.items():
        shift = effect / slopes[f"{name}1"]
        gain = worth.value(node + shift, earlier=node) - worth.value(node)
        out[name, "log_per_sd"] = effect * slope
        out[name, "log_per_point"] = shift * slope
        out[name, "money_per_point"] = weight @ gain / years
    return out


def run_panel(seed: int) -> pd.DataFrame:
    """Return every effect on value of one panel with its truth."""
    panel = simulate_panel(**SIZES, seed=seed, **WORLD)
    summary = summarise_transactions(
        panel.transactions, customer="customer", date="date", amount="amount", end="2025-12-31"
    )
    link = fit_link(
        match_answers(panel.survey, summary), MODEL, touches=("LOY",), horizon=156,
        discount_rate_per_year=0.10, margin=0.30,
    )  # fmt: skip
    imputed = impute_values(link, 20, seed)
    rubin = link_plausible_values(link, imputed=imputed, errors="rubin").table()
    found = [
        link_latent_covariates(link, seed=seed).table(),
        link_plausible_values(link, imputed=imputed).table(),
        rubin.assign(method="plausible_values_rubin"),
        naive_link(link).table(),
    ]
    rows = pd.concat(found, ignore_index=True)
    rows = rows[rows.effect != "path"]
    truth = true_effects(panel)
    keys = zip(rows["from"], rows.unit, strict=True)
    return rows.assign(truth=[truth[key] for key in keys], seed=seed)


def run_groups(seed: int) -> pd.DataFrame:
    """Return the effects by group of one panel, and their differences, with their truth."""
    panel = simulate_panel(**GROUPED_SIZES, seed=seed, **GROUPED)
    summary = summarise_transactions(
        panel.transactions, customer="customer", date="date", amount="amount", end="2025-12-31"
    )
    match = match_answers(panel.survey, summary)
    link = fit_link(match, MODEL, group="industry", touches=("LOY",), horizon=156,
                    discount_rate_per_year=0.10, margin=0.30)  # fmt: skip
    rows = link_latent_covariates(link, seed=seed).table().query("effect != 'path'")
    pair = rows["group"].str.split(f" {MINUS} ")
    rows = rows.assign(group=pair.str[0], less=pair.str[1].fillna(""))
    truth = money_truth(truth_with(GROUPED))["industry"]
    keys = list(zip(rows["from"], rows["unit"], strict=True))
    rows = rows[[key in GROUP_TRUTH for key in keys]].copy()
    rows["truth"] = [_true_of(truth, row) for row in rows.to_dict("records")]
    return rows.assign(seed=seed)


def _true_of(truth: dict, row: dict) -> float:
    name = GROUP_TRUTH[row["from"], row["unit"]]
    return truth[row["group"]][name] - (truth[row["less"]][name] if row["less"] else 0.0)


def summarise(runs: pd.DataFrame) -> pd.DataFrame:
    """Return bias, spread, mean error and coverage by method and effect."""
    covered = (runs.ci_low <= runs.truth) & (runs.truth <= runs.ci_high)
    groups = runs.assign(covered=covered).groupby(["unit", "from", "method"], sort=False)
    out = groups.agg(
        truth=("truth", "first"), mean=("estimate", "mean"), spread=("estimate", "std"),
        error=("std_error", "mean"), covered=("covered", "mean"), n=("covered", "size"),
    )  # fmt: skip
    out["bias_percent"] = 100 * (out["mean"] / out["truth"] - 1)
    return out.reset_index()


def markdown(runs: pd.DataFrame) -> str:
    """Return the section for RESULTS.md."""
    table, seeds = summarise(runs), runs.seed.unique()
    n, refused = len(seeds), int(seeds.max() - seeds.min()) + 1 - len(seeds)
    lines = [
        SECTION, "",
        f"`python benchmarks/link_recovery.py`: {n} simulated panels of {SIZES['customers']} "
        f"customers, {SIZES['respondents']} of whom answered, frequent buyers and richer segments "
        f"more often ({refused} more were refused: a model had no optimum); "
        "truth by quadrature. The Monte Carlo error of a coverage of 95% is "
        f"{100 * np.sqrt(0.95 * 0.05 / n):.1f} points. `plausible_values_rubin` are the same "
        "estimates with Rubin's total variance; the naive rows are plain regressions of customers' "
        "estimated log value.", "",
        "| effect on value | unit | method | truth | mean | bias | sd of estimates "
        "| mean std. error | coverage |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    lines += [
        f"| {r['from']} | {r['unit']} | {r['method']} | {r['truth']:.3f} | {r['mean']:.3f} "
        f"| {r['bias_percent']:+.1f}% | {r['spread']:.3f} | {r['error']:.3f} "
        f"| {100 * r['covered']:.1f}% |"
        for r in table.sort_values(["unit", "from"], kind="stable").to_dict("records")
    ]
    return "\n".join(lines) + "\n"


def _one_way(runs: pd.DataFrame) -> pd.DataFrame:
    """Turn differences round, so that every panel's are of the same group less the other."""
    turned = (runs.less != "") & (runs.group > runs.less)
    out, numbers = runs.copy(), ["truth", "estimate"]
    out.loc[turned, ["group", "less"]] = runs.loc[turned, ["less", "group"]].to_numpy()
    out.loc[turned, numbers] = -runs.loc[turned, numbers]
    out.loc[turned, ["ci_low", "ci_high"]] = -runs.loc[turned, ["ci_high", "ci_low"]].to_numpy()
    return out


def group_markdown(runs: pd.DataFrame) -> str:
    """Return the section on groups for RESULTS.md."""
    runs = _one_way(runs.fillna({"less": ""}))
    runs["covered"] = (runs.ci_low <= runs.truth) & (runs.truth <= runs.ci_high)
    n = runs.seed.nunique()
    table = runs.groupby(["unit", "from", "group", "less"], sort=False).agg(
        truth=("truth", "first"), mean=("estimate", "mean"), spread=("estimate", "std"),
        error=("std_error", "mean"), covered=("covered", "mean"),
    ).reset_index()  # fmt: skip
    lines = [
        GROUP_SECTION, "",
        f"`python benchmarks/link_recovery.py groups {n}`: {n} simulated panels of "
        f"{GROUPED_SIZES['customers']:,} customers, {GROUPED_SIZES['respondents']:,} of whom "
        "answered, in three industries that differ in the path from satisfaction to loyalty. Of "
        f"all {len(runs):,} intervals {100 * runs['covered'].mean():.1f}% hold the truth; the "
        f"Monte Carlo error of one row is {100 * np.sqrt(0.95 * 0.05 / n):.1f} points.", "",
        "| effect on value | unit | group | truth | mean | sd of estimates | mean std. error "
        "| coverage |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    lines += [
        f"| {r['from']} | {r['unit']} | {r['group']}{' less ' * bool(r['less'])}{r['less']} "
        f"| {r['truth']:.3f} | {r['mean']:.3f} | {r['spread']:.3f} | {r['error']:.3f} "
        f"| {100 * r['covered']:.1f}% |"
        for r in table.sort_values(["unit", "from", "less", "group"]).to_dict("records")
    ]
    return "\n".join(lines) + "\n"


def write_section(text: str) -> None:
    """Put the section into RESULTS.md, in place of an older one."""
    whole = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Benchmarks\n"
    before, _, rest = whole.partition(text.splitlines()[0] + "\n")
    after = rest[rest.find("\n## ") + 1 :] if "\n## " in rest else ""
    RESULTS.write_text(before.rstrip() + "\n\n" + text + ("\n" + after if after else ""), "utf-8")


def run_panels(panels: int, first: int, kept: Path, run=run_panel) -> None:
    """Run the panels that the file does not hold yet, and add them to it."""
    from cx_value.base.errors import AnalysisError

    kept.parent.mkdir(parents=True, exist_ok=True)
    known = set(pd.read_csv(kept, usecols=["seed"]).seed) if kept.exists() else set()
    start = time.process_time()
    for seed in sorted(set(range(first, first + panels)) - known):
        try:
            run(seed).to_csv(kept, mode="a", header=not kept.exists(), index=False)
        except AnalysisError as error:
            print(f"seed {seed} refused: {str(error)[:160]}", flush=True)
        if seed % 20 == 0:
            print(f"seed {seed}, {time.process_time() - start:.0f} CPU seconds", flush=True)


def main(arguments: list[str]) -> None:
    """Run what is missing and write the table."""
    groups = arguments[:1] == ["groups"]
    arguments = arguments[groups:]
    panels = int(arguments[0]) if arguments else 100 if groups else 500
    first = int(arguments[1]) if len(arguments) > 1 else 1
    kept, run, words = (
        (GROUP_KEPT, run_groups, group_markdown) if groups else (KEPT, run_panel, markdown)
    )
    run_panels(panels, first, kept, run)
    text = words(pd.read_csv(kept))
    print(text)
    write_section(text)


if __name__ == "__main__":
    main(sys.argv[1:])
