"""Customer summary and purchase models at scale, beside the `lifetimes` package.

    python benchmarks/bench_value.py [--rows 10000000] [--customers 1000000] [--peer PYTHON]

``--peer`` names a Python with ``lifetimes`` 0.11.3 and pandas < 3 (they cannot share this
project's environment). Times are wall seconds of one run each, in processes of their own (and the
processor's seconds, for a machine that does other work too); imports are not timed. Memory is the
peak of that process. Ratios are peer over own: above 1 we are faster.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGETS = {  # issue: seconds for 1,000,000 customers, and ratios to lifetimes
    "summary": (None, 5.0), "bg_nbd": (3.0, None), "pareto_nbd": (6.0, 50.0),
    "bg_nbd + covariate": (30.0, None), "pareto_nbd + covariate": (30.0, None),
}  # fmt: skip
OWN = ["summary", "bg_nbd", "mbg_nbd", "pareto_nbd", "gamma_gamma", "bg_nbd + covariate",
       "pareto_nbd + covariate"]  # fmt: skip
PEER = ["summary", "bg_nbd", "mbg_nbd", "pareto_nbd", "gamma_gamma"]


# --- data ---------------------------------------------------------------------------------------


def simulate_log(path: Path, rows: int) -> None:
    """Write ``rows`` purchases of a tenth as many customers over two years, as Parquet."""
    import duckdb

    duckdb.connect().execute(
        f"""COPY (SELECT (hash(i * 7 + 1) % {rows // 10})::BIGINT AS customer,
        (DATE '2024-01-01' + (hash(i * 13 + 5) % 730)::INT)::TIMESTAMP AS date,
        round(5 + (hash(i * 17) % 10000) / 100.0, 2) AS amount FROM range({rows}) t(i))
        TO '{path}'"""
    )


def simulate_customers(path: Path, n: int) -> None:
    """Write customer histories from a Pareto/NBD process on a grid of days, with one covariate."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(1)
    age = random.integers(26 * 7, 39 * 7 + 1, n) / 7
    z = random.normal(size=n).round(1)
    rate = random.gamma(0.55, np.exp(0.3 * z) / 10.6)
    leave = random.gamma(0.6, 1 / 11.7, n)
    life = np.minimum(random.exponential(1 / np.maximum(leave, 1e-12)), age)
    counts = random.poisson(rate * life)
    last = np.where(counts > 0, life * random.random(n) ** (1 / np.maximum(counts, 1)), 0.0)
    days = np.where(counts > 0, np.maximum(1, np.round(last * 7)), 0)
    counts = np.minimum(counts, days)
    spend = random.gamma(6.25 * np.maximum(counts, 1)) / (
        np.maximum(counts, 1) * random.gamma(3.74, 1 / 15.44, n)
    )
    pd.DataFrame(
        {"frequency": counts.astype(float), "recency": days / 7, "age": age, "z": z,
         "monetary": np.where(counts > 0, spend, 0.0)}
    ).to_parquet(path)  # fmt: skip


# --- one task in one process --------------------------------------------------------------------


def timed(job: Callable[[], object]) -> tuple[dict, object]:
    """Run a job; return its wall and processor seconds, and what it gave."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = job()
    return {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}, result


def run_own(task: str, log: str, customers: str) -> dict:
    """Run one task with this project."""
    sys.path.insert(0, str(ROOT))
    import duckdb  # noqa: F401 (imports are not timed, on either side)
    import pandas as pd
    import scipy.optimize  # noqa: F401

    from analysis.value.purchase import fit_purchase_model
    from analysis.value.spend import fit_spend_model
    from analysis.value.transactions import summarise_transactions

    if task == "summary":
        names = {"customer": "customer", "date": "date", "amount": "amount"}
        clock, summary = timed(lambda: summarise_transactions(log, **names))
        return clock | {"result": len(summary)}
    frame = pd.read_parquet(customers)
    model, _, covariate = task.partition(" + ")
    if task == "gamma_gamma":
        clock, fit = timed(lambda: fit_spend_model(frame))
    else:
        names = ("z",) if covariate else ()
        clock, fit = timed(lambda: fit_purchase_model(frame, model, covariates=names))
    return clock | {"result": round(fit.log_likelihood, 3)}


def run_peer(task: str, log: str, customers: str) -> dict:
    """Run one task with lifetimes; its summary is spared the reading of the file."""
    import lifetimes
    import pandas as pd
    from lifetimes.utils import summary_data_from_transaction_data as summarise

    if task == "summary":
        frame = pd.read_parquet(log)
        clock, summary = timed(
            lambda: summarise(frame, "customer", "date", monetary_value_col="amount")
        )
        return clock | {"result": len(summary)}
    frame = pd.read_parquet(customers)
    fitters = {"bg_nbd": "BetaGeoFitter", "mbg_nbd": "ModifiedBetaGeoFitter",
               "pareto_nbd": "ParetoNBDFitter", "gamma_gamma": "GammaGammaFitter"}  # fmt: skip
    fitter = getattr(lifetimes, fitters[task])(penalizer_coef=0.0)
    if task == "gamma_gamma":
        some = frame[frame["frequency"] > 0]
        columns = [some["frequency"], some["monetary"]]
    else:
        columns = [frame[c] for c in ("frequency", "recency", "age")]
    clock, _ = timed(lambda: fitter.fit(*columns))
    return clock | {"result": [round(float(v), 4) for v in fitter.params_]}


def measure(python: str, side: str, task: str, log: Path, customers: Path, limit: int) -> dict:
    """Run a task in a process of its own."""
    unknown = dict.fromkeys(("seconds", "cpu", "memory_gb"), float("nan"))
    command = [python, __file__, "--task", task, "--side", side, str(log), str(customers)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return unknown | {"seconds": float(limit), "result": f"stopped after {limit} s"}
    if done.returncode:
        return unknown | {"result": done.stderr.strip().splitlines()[-1]}
    return json.loads(done.stdout.splitlines()[-1])


# --- report -------------------------------------------------------------------------------------


def report(task: str, own: dict, peer: dict | None, scale: float) -> None:
    """Print one line: own, peer, ratio, target."""
    seconds, ratio = TARGETS.get(task, (None, None))
    line = f"{task:24} {own['seconds']:8.2f} s {own['cpu']:8.2f} s cpu {own['memory_gb']:6.2f} GB"
    if peer:
        line += f" | lifetimes {peer['seconds']:8.2f} s {peer['cpu']:8.2f} s cpu"
        line += f" {peer['memory_gb']:6.2f} GB | ratio {peer['seconds'] / own['seconds']:6.1f}"
        line += f" (cpu {peer['cpu'] / own['cpu']:.1f})"
    aims = [f"≤ {seconds * scale:g} s"] if seconds else []
    aims += [f"≥ {ratio:g}×"] if ratio else []
    print(line + (f" | target {', '.join(aims)}" if aims else ""), flush=True)
    print(
        f"{'':24} own {own['result']}" + (f" · peer {peer['result']}" if peer else ""), flush=True
    )


def main() -> None:
    """Simulate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--peer", default="", help="a Python with lifetimes 0.11.3")
    parser.add_argument("--limit", type=int, default=900, help="seconds after which a task stops")
    parser.add_argument("--only", default="", help="one task")
    parser.add_argument("--task")
    parser.add_argument("--side", choices=("own", "peer"))
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    if options.task:
        result = (run_own if options.side == "own" else run_peer)(options.task, *options.files)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(json.dumps(result | {"memory_gb": peak}))
        return
    with tempfile.TemporaryDirectory() as folder:
        log, customers = Path(folder) / "log.parquet", Path(folder) / "customers.parquet"
        simulate_log(log, options.rows)
        simulate_customers(customers, options.customers)
        print(f"{options.rows:,} rows, {options.customers:,} customers")
        for task in [options.only] if options.only else OWN:
            own = measure(sys.executable, "own", task, log, customers, options.limit)
            peer = None
            if options.peer and task in PEER:
                peer = measure(options.peer, "peer", task, log, customers, options.limit)
            report(task, own, peer, options.customers / 1_000_000)


if __name__ == "__main__":
    main()
