"""Speed of the structural-equation engine beside lavaan (where Rscript is) and semopy, in one run.

    python benchmarks/bench_sem.py [draws] [--write]

Prints Markdown tables of processor seconds on one thread; ``--write`` puts them into RESULTS.md.
Every task runs in a process of its own, whose peak memory is its own. Refits are compared on the
same draws: lavaan's bootstrap writes down the rows it drew, and all sides are judged on these.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
REFERENCE = ROOT / "tests" / "reference"
RESULTS = Path(__file__).with_name("RESULTS.md")
TITLE = "## Structural-equation models"
# case of the references, what it is, draws given to lavaan, draws given to semopy
CASES = (
    ("hs", "Holzinger–Swineford CFA, 9 items", 100, 10),
    ("loyalty", "quality → value → satisfaction → loyalty, 15 items", 60, 5),
    ("six", "six-factor CFA, 23 items", 50, 3),
    ("ecsi", "full ECSI model, 24 items", 50, 2),
)
LARGE = (("large ml", "ML"), ("large mlr", "MLR"), ("large bootstrap", "1,000 ML bootstraps"))
ROWS, LARGE_DRAWS_LAVAAN = 1_000_000, 2
FACTORS, ITEMS_A_FACTOR = 6, 4


# --- data ---------------------------------------------------------------------------------------


def load(case: str) -> tuple[str, pd.DataFrame]:
    """Return syntax and data of a reference case."""
    cases = pd.read_csv(REFERENCE / "sem__cases.csv", keep_default_na=False).set_index("case")
    row, mobi = cases.loc[case], ROOT / "data" / "ecsi-mobile" / "mobi.csv"
    return row.syntax, pd.read_csv(mobi if row.data == "mobi" else REFERENCE / "sem__hs_data.csv")


def simulate(n: int, cuts: tuple[float, ...] | None = None) -> tuple[str, pd.DataFrame]:
    """Return a CFA of 24 items and data: whole numbers from 1 to 10, or cut into categories."""
    random, names = np.random.default_rng(1), [f"y{i + 1}" for i in range(24)]
    root = np.linalg.cholesky(0.5 + 0.5 * np.eye(FACTORS))
    out = np.empty((n, len(names)), dtype=int)
    for at in range(0, n, 50_000):
        size = min(50_000, n - at)
        factors = random.normal(size=(size, FACTORS)) @ root.T
        noise = random.normal(size=(size, len(names)))
        y = 0.75 * np.repeat(factors, ITEMS_A_FACTOR, axis=1) + np.sqrt(1 - 0.75**2) * noise
        scaled = np.clip(np.round(7 + 1.8 * y), 1, 10)
        out[at : at + size] = scaled if cuts is None else 1 + np.digitize(y, cuts)
    blocks = [names[k : k + ITEMS_A_FACTOR] for k in range(0, len(names), ITEMS_A_FACTOR)]
    syntax = "\n".join(f"f{k + 1} =~ {' + '.join(block)}" for k, block in enumerate(blocks))
    return syntax, pd.DataFrame(out, columns=names)


# --- one task in a process of its own -----------------------------------------------------------


def run_own(task: str, folder: Path, draws: int) -> dict:
    """Do a task with this engine."""
    from cx_value.sem import fit_model

    syntax, data = read(folder)
    warm = data.head(400)
    options = {"large mlr": {"estimator": "mlr"}, "wlsmv": {"ordered": True}}.get(task, {})
    fit_model(syntax, warm, **options)
    start = time.process_time()
    fit = fit_model(syntax, data, **options)
    spent, more = time.process_time() - start, {}
    if task in ("refits", "large bootstrap"):
        fit.bootstrap(5, seed=0) if task == "refits" else None
        start = time.process_time()
        boot = fit.bootstrap(draws, seed=1)
        spent = time.process_time() - start
        more = {"converged": float(boot.converged.mean())}
    if (folder / "rows.csv").exists():
        more |= compare(fit, folder)
    return {"cpu": spent} | more


def compare(fit, folder: Path) -> dict:
    """Compare refits on the rows lavaan drew: converged, and whose discrepancy is lower."""
    from cx_value.sem.engine.likelihood import evaluate
    from cx_value.sem.resampling.moments import given_rows, resampled_targets

    rows = pd.read_csv(folder / "rows.csv").to_numpy()
    boot, design = fit.bootstrap(rows=rows), fit.prepared.design
    target = next(resampled_targets(fit.prepared, given_rows(fit.prepared, rows)))
    out = {"draws": len(rows), "kept": int(boot.converged.sum())}
    for name in ("boot", "afresh"):
        theirs = pd.read_csv(folder / f"{name}.csv").to_numpy(dtype=float)
        kept = ~np.isnan(theirs).any(axis=1)
        value = np.full(len(rows), np.nan)
        points = theirs[kept] / design.scale
        value[kept] = evaluate(design, points, target.take(np.flatnonzero(kept))).value
        gap = (boot.value - value)[kept & boot.converged]
        out[name] = [int(kept.sum()), int((gap < -1e-6).sum()), int((gap > 1e-6).sum())]
    return out


def run_semopy(task: str, folder: Path, draws: int) -> dict:
    """Do a task with semopy."""
    import semopy as engine

    syntax, data = read(folder)
    description = "\n".join(line for line in syntax.split("\n") if ":=" not in line)
    random, spent, kept = np.random.default_rng(1), 0.0, 0
    for _ in range(draws):
        rows = random.integers(0, len(data), len(data)) if task == "refits" else slice(None)
        start = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = engine.Model(description).fit(data.iloc[rows], options={"ftol": 1e-12})
        spent, kept = spent + time.process_time() - start, kept + bool(found.success)
    return {"cpu": spent, "converged": kept / draws}


def read(folder: Path) -> tuple[str, pd.DataFrame]:
    """Return syntax and data of a task."""
    return (folder / "model.txt").read_text("utf-8"), pd.read_parquet(folder / "data.parquet")


def measure(side: str, task: str, folder: Path, draws: int = 1) -> dict:
    """Run a task in a process of its own; NaN where the program is not there or fails."""
    if side == "lavaan":
        command = ["Rscript", str(Path(__file__).with_suffix(".R")), task, str(folder), str(draws)]
    else:
        command = [
            sys.executable,
            __file__,
            "--task",
            task,
            "--side",
            side,
            str(draws),
            str(folder),
        ]
    failed = {"cpu": float("nan"), "memory_gb": float("nan")}
    if side == "lavaan" and not shutil.which("Rscript"):
        return failed
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        print(f"{side}, {task}: stopped with status {status}", file=sys.stderr)
        return failed
    last = text.strip().splitlines()[-1]
    found = {"cpu": float(last)} if side == "lavaan" else json.loads(last)
    return found | {"memory_gb": usage.ru_maxrss / 1e6}


# --- tables -------------------------------------------------------------------------------------


def refits(draws: int) -> list[str]:
    """Return the lines on bootstrap refits of moderate samples."""
    lines = [
        "| model | ours, s | lavaan, s | semopy, s | lavaan / ours | semopy / ours |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    judged = [
        "| model | draws | ours | lavaan's bootstrap | lavaan afresh | ours lower / higher |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for case, label, n_lavaan, n_semopy in CASES:
        with tempfile.TemporaryDirectory() as name:
            folder = prepare(Path(name), *load(case))
            theirs = measure("lavaan", "refits", folder, n_lavaan)["cpu"] * 1000 / n_lavaan
            measure("lavaan", "afresh", folder, n_lavaan)
            own = measure("own", "refits", folder, draws)
            other = measure("semopy", "refits", folder, n_semopy)["cpu"] * 1000 / n_semopy
        mine = own["cpu"] * 1000 / draws
        lines.append(
            f"| {label} | {mine:.2f} | {theirs:.1f} | {other:.1f} | {ratio(theirs, mine)} | "
            f"{ratio(other, mine)} |"
        )
        if "boot" in own:
            boot, afresh = own["boot"], own["afresh"]
            judged.append(
                f"| {label} | {own['draws']} | {own['kept']} | {boot[0]} | {afresh[0]} | "
                f"{afresh[1]} / {afresh[2]} |"
            )
        print(lines[-1], judged[-1], sep="\n", file=sys.stderr, flush=True)
    return [*lines, "", "Converged refits on the rows that lavaan drew:", "", *judged]


def large(draws: int) -> list[str]:
    """Return the lines on a million rows, and on ordinal items."""
    lines = [
        "| task | ours, s | ours, GB | lavaan, s | lavaan, GB | semopy, s | lavaan / ours |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = prepare(Path(name), *simulate(ROWS))
        for task, label in LARGE:
            own = measure("own", task, folder, draws)
            theirs = measure("lavaan", task, folder, LARGE_DRAWS_LAVAAN)
            other = {"cpu": float("nan")}
            if task == "large ml":
                other = measure("semopy", task, folder)
            if task == "large bootstrap":
                own["cpu"] *= 1000 / draws
                theirs["cpu"] *= 1000 / LARGE_DRAWS_LAVAAN
            lines.append(_line(f"{label}, {ROWS:,} rows × 24 items", own, theirs, other))
            print(lines[-1], file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = prepare(Path(name), *simulate(1000, (-1.5, -0.5, 0.3, 1.2)))
        own, theirs = measure("own", "wlsmv", folder), measure("lavaan", "wlsmv", folder)
        lines.append(_line("WLSMV, 1,000 rows × 24 items", own, theirs, {"cpu": float("nan")}))
        print(lines[-1], file=sys.stderr, flush=True)
    return lines


def _line(label: str, own: dict, theirs: dict, other: dict) -> str:
    def shown(value: float, digits: int) -> str:
        return "–" if np.isnan(value) else f"{value:.{digits}f}"

    return (
        f"| {label} | {own['cpu']:.2f} | {own['memory_gb']:.2f} | {shown(theirs['cpu'], 1)} | "
        f"{shown(theirs['memory_gb'], 2)} | {shown(other['cpu'], 1)} | "
        f"{ratio(theirs['cpu'], own['cpu'])} |"
    )


def ratio(theirs: float, mine: float) -> str:
    """Return how many times as long they take."""
    return "–" if np.isnan(theirs) else f"{theirs / mine:.0f}"


def prepare(folder: Path, syntax: str, data: pd.DataFrame) -> Path:
    """Write a task's model and data."""
    (folder / "model.txt").write_text(syntax + "\n", encoding="utf-8")
    data.to_parquet(folder / "data.parquet")
    if shutil.which("Rscript"):
        data.to_csv(folder / "data.csv", index=False)
    return folder


def write_section(text: str) -> None:
    """Put the section into RESULTS.md in place of the one that is there."""
    everything = RESULTS.read_text(encoding="utf-8")
    pattern = re.compile(rf"{re.escape(TITLE)}.*?(?=\n## |\Z)", flags=re.DOTALL)
    found = pattern.search(everything)
    kept = everything[: found.start()] + text + everything[found.end() :] if found else (
        everything.rstrip() + "\n\n" + text
    )  # fmt: skip
    RESULTS.write_text(kept, encoding="utf-8")


def main() -> None:
    """Measure and print; or do one task of a measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("draws", nargs="?", type=int, default=1000)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--task")
    parser.add_argument("--side")
    parser.add_argument("--write", action="store_true", help="put the tables into RESULTS.md")
    options, _ = parser.parse_known_args()
    if options.task:
        run = run_own if options.side == "own" else run_semopy
        print(json.dumps(run(options.task, options.folder, options.draws)))
        return
    parts = [
        f"{TITLE}",
        "One run of `python benchmarks/bench_sem.py`. Processor seconds on one thread, peak memory "
        f"of each process. 1,000 bootstrap refits; ours {options.draws} draws, the others fewer, "
        f"scaled up: lavaan {', '.join(str(c[2]) for c in CASES)}, semopy "
        f"{', '.join(str(c[3]) for c in CASES)}.",
        "\n".join(refits(options.draws)),
        "*lavaan's bootstrap* is `bootstrapLavaan`, which starts at the full sample's solution; "
        "*afresh* fits each draw with `sem()` from lavaan's own start. The last column counts the "
        "draws in which both converged and our discrepancy is lower, or higher, by more than 1e-6. "
        "lavaan calls a search converged where the discrepancy hardly changes; here the Newton "
        "decrement has to vanish at a finite point where the Hessian is positive definite, and "
        "no other search may have seen a lower point.",
        "\n".join(large(options.draws)),
        f"lavaan's bootstrap of {ROWS:,} rows is scaled up from {LARGE_DRAWS_LAVAAN} draws. Data "
        "are read before the clock starts; memory includes reading them.",
    ]
    text = "\n\n".join(parts) + "\n"
    print(text)
    if options.write:
        write_section(text)


if __name__ == "__main__":
    main()
