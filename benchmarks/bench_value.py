"""Customer summary and purchase models at scale, beside the `lifetimes` package.

    python benchmarks/bench_value.py [--peer PYTHON] [--rows 10000000] [--many 100000000]
                                     [--customers 1000000] [--only TASKS] [--read FILE] [--write]

``--peer`` names a Python with ``lifetimes`` 0.11.3 and pandas < 3 (they cannot share this
project's environment). Every task is a process of its own, own and peer one after the other;
imports are not timed. Beside wall seconds stand the processor's, which other work on the machine
disturbs less; memory is the peak of that process. Ratios are peer over own, by processor seconds:
above 1 we are faster. ``--write`` puts the table into ``benchmarks/RESULTS.md``. ``--only`` takes
some of the tasks, ``--many`` adds a larger log, own side only; ``--read`` takes lines that earlier
runs printed, so that the table may be measured in parts.
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
# Issue: most seconds, most gigabytes, least ratio to lifetimes.
TARGETS = {
    "summary": (None, 1.0, 5.0), "summary, text numbers": (None, 1.0, None),
    "summary, many": (None, 3.0, None), "bg_nbd": (3.0, None, None),
    "pareto_nbd": (6.0, None, 50.0), "bg_nbd + covariate": (30.0, None, None),
    "pareto_nbd + covariate": (30.0, None, None),
}  # fmt: skip
OWN = ["summary", "summary, text numbers", "bg_nbd", "mbg_nbd", "pareto_nbd", "gamma_gamma",
       "bg_nbd + covariate", "pareto_nbd + covariate", "value without end, 200 draws"]  # fmt: skip
ORDER = [*OWN[:2], "summary, many", *OWN[2:]]
PEER = ["summary", "summary, text numbers", "bg_nbd", "mbg_nbd", "pareto_nbd", "gamma_gamma"]
RESULTS = Path(__file__).with_name("RESULTS.md")
HEADING = "## Customer value"
ABOUT = (
    "Made by `python benchmarks/bench_value.py --peer … --many 100000000 --write`, one run of each "
    "task on two processors that did other work too: wall seconds are upper bounds, ratios are of "
    "processor seconds, and so should the aims in seconds be read. lifetimes runs on one processor "
    "and is spared the reading of the log, which it has in memory. Logs are Parquet files of "
    "purchases by a tenth as many customers over two years; customers are simulated from "
    "Pareto/NBD on a grid of days."
)


# --- data ---------------------------------------------------------------------------------------


def simulate_log(path: Path, rows: int, kind: str = "BIGINT") -> None:
    """Write ``rows`` purchases of a tenth as many customers over two years, as Parquet."""
    import duckdb

    duckdb.connect(config={"memory_limit": "1GB"}).execute(
        f"""COPY (SELECT (hash(i * 7 + 1) % {rows // 10})::{kind} AS customer,
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
    import pyarrow.compute  # noqa: F401
    import scipy.optimize  # noqa: F401

    from cx_value.value.log.transactions import summarise_transactions
    from cx_value.value.purchase.model import fit_purchase_model
    from cx_value.value.worth.spend import fit_spend_model

    if task.startswith("summary"):
        names = {"customer": "customer", "date": "date", "amount": "amount"}
        clock, summary = timed(lambda: summarise_transactions(log, **names))
        return clock | {"result": len(summary)}
    if task.startswith("value"):
        return value_of_cdnow()
    frame = pd.read_parquet(customers)
    model, _, covariate = task.partition(" + ")
    if task == "gamma_gamma":
        clock, fit = timed(lambda: fit_spend_model(frame))
    else:
        names = ("z",) if covariate else ()
        clock, fit = timed(lambda: fit_purchase_model(frame, model, covariates=names))
    return clock | {"result": round(fit.log_likelihood, 3)}


def value_of_cdnow() -> dict:
    """Value all the future of CDNOW's 23,570 customers, with an interval from 200 draws."""
    from cx_value.value import fit_purchase_model, lifetime_value, summarise_transactions

    summary = summarise_transactions(
        ROOT / "data" / "cdnow" / "transactions.csv",
        customer="customer", date="date", amount="amount", calibration_end="1997-09-30",
    )  # fmt: skip
    fit = fit_purchase_model(summary, "bg_nbd")
    clock, value = timed(
        lambda: lifetime_value(
            fit, 30.0, horizon=None, discount_rate_per_year=0.1, intervals="draws", n_draws=200
        )
    )
    return clock | {"result": round(value.total)}


def run_peer(task: str, log: str, customers: str) -> dict:
    """Run one task with lifetimes; its summary is spared the reading of the file."""
    import lifetimes
    import pandas as pd
    from lifetimes.utils import summary_data_from_transaction_data as summarise

    if task.startswith("summary"):
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


def row_of(task: str, what: str, own: dict, peer: dict | None) -> list[str]:
    """Return one line of the table: own, peer, ratio, target."""
    seconds, memory, ratio = TARGETS.get(task, (None, None, None))
    aims = [f"≤ {seconds:g} s"] if seconds else []
    aims += [f"≤ {memory:g} GB"] if memory else []
    aims += [f"≥ {ratio:g}×"] if ratio else []
    other = ["–", "–", "–"]
    if peer:
        other = [
            f"{peer['seconds']:.1f} ({peer['cpu']:.1f})",
            f"{peer['memory_gb']:.2f}",
            f"{peer['cpu'] / own['cpu']:.1f}×",
        ]
    mine = [f"{own['seconds']:.1f} ({own['cpu']:.1f})", f"{own['memory_gb']:.2f}"]
    return [task, what, *mine, *other, ", ".join(aims) or "–"]


def written(rows: list[list[str]]) -> str:
    """Return the section of the results file."""
    head = ["task", "on", "ours, s wall (processor)", "GB", "lifetimes, s wall (processor)", "GB",
            "lifetimes / ours, processor", "aim"]  # fmt: skip
    lines = [head, ["---"] * len(head), *rows]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{HEADING}\n\n{ABOUT}\n\n{table}\n"


def put_section(text: str) -> None:
    """Replace our section of the results file and leave the others alone."""
    parts = RESULTS.read_text(encoding="utf-8").split("\n## ")
    others = [part for part in parts if not part.startswith(HEADING[3:])]
    RESULTS.write_text(
        "\n## ".join(others).rstrip() + "\n\n" + text, encoding="utf-8", newline="\n"
    )


def options_of() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--many", type=int, default=0, help="rows of a larger log, own side only")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--peer", default="", help="a Python with lifetimes 0.11.3")
    parser.add_argument("--limit", type=int, default=900, help="seconds after which a task stops")
    parser.add_argument("--only", default="", help="tasks, parted by semicolons")
    parser.add_argument("--read", default="", help="lines printed by earlier runs")
    parser.add_argument("--write", action="store_true", help="into benchmarks/RESULTS.md")
    parser.add_argument("--task")
    parser.add_argument("--side", choices=("own", "peer"))
    parser.add_argument("files", nargs="*")
    return parser.parse_args()


def main() -> None:
    """Simulate, measure, print."""
    options = options_of()
    if options.task:
        result = (run_own if options.side == "own" else run_peer)(options.task, *options.files)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(json.dumps(result | {"memory_gb": peak}))
        return
    rows = read_rows(Path(options.read)) if options.read else []
    with tempfile.TemporaryDirectory() as folder:
        rows += measure_all(options, Path(folder))
    if options.write:
        put_section(written(sorted(rows, key=lambda row: ORDER.index(row[0]))))


def read_rows(path: Path) -> list[list[str]]:
    """Return the lines of the table among what earlier runs printed; the last of a task counts."""
    lines = [line.split(" | ") for line in path.read_text(encoding="utf-8").splitlines()]
    return list({line[0]: line[:-1] for line in lines if line[0] in ORDER}.values())


def measure_all(options: argparse.Namespace, folder: Path):
    """Yield a line of the table for each task, and print it."""
    customers = folder / "customers.parquet"
    logs = {"summary": folder / "log.parquet", "summary, text numbers": folder / "text.parquet"}
    tasks = [task for task in OWN if not options.only or task in options.only.split(";")]
    if options.many:
        tasks.append("summary, many")
        logs["summary, many"] = folder / "many.parquet"
        simulate_log(logs["summary, many"], options.many)
    simulate_customers(customers, options.customers)
    for task, kind in (("summary", "BIGINT"), ("summary, text numbers", "VARCHAR")):
        if task in tasks:
            simulate_log(logs[task], options.rows, kind)
    for task in tasks:
        log = logs.get(task, logs["summary"])
        own = measure(sys.executable, "own", task, log, customers, options.limit)
        peer = None
        if options.peer and task in PEER:
            peer = measure(options.peer, "peer", task, log, customers, options.limit)
        row = row_of(task, size_of(task, options), own, peer)
        told = f"own {own['result']}" + (f" · peer {peer['result']}" if peer else "")
        print(" | ".join(row) + " | " + told, flush=True)
        yield row


def size_of(task: str, options: argparse.Namespace) -> str:
    """Say what a task is measured on."""
    if task.startswith("summary"):
        return f"{options.many if task.endswith('many') else options.rows:,} rows"
    return "CDNOW, BG/NBD" if task.startswith("value") else f"{options.customers:,} customers"


if __name__ == "__main__":
    main()
