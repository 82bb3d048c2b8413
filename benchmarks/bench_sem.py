"""Bootstrap refits: this engine beside lavaan (where Rscript is) and semopy, in one run.

``python benchmarks/bench_sem.py [draws]`` prints a Markdown table of CPU seconds for 1,000 refits
on one thread, scaled up for the other programs where they get fewer draws, and how many converged.
"""

from __future__ import annotations

import os
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
# name of the reference case, draws given to lavaan, draws given to semopy
CASES = (("hs", 100, 40), ("loyalty", 40, 20), ("six", 60, 10), ("ecsi", 10, 5))


def load(case: str) -> tuple[str, pd.DataFrame]:
    row = (
        pd.read_csv(REFERENCE / "sem__cases.csv", keep_default_na=False).set_index("case").loc[case]
    )
    mobi = ROOT / "data" / "ecsi-mobile" / "mobi.csv"
    return row.syntax, pd.read_csv(mobi if row.data == "mobi" else REFERENCE / "sem__hs_data.csv")


def ours(syntax: str, data: pd.DataFrame, draws: int) -> tuple[float, float]:
    from analysis.sem import fit_model

    fit = fit_model(syntax, data)
    fit.bootstrap(5, seed=0)
    start = time.process_time()
    boot = fit.bootstrap(draws, seed=1)
    return (time.process_time() - start) * 1000 / draws, float(boot.converged.mean())


def lavaan(syntax: str, data: pd.DataFrame, draws: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        data.to_csv(Path(folder) / "data.csv", index=False)
        (Path(folder) / "model.txt").write_text(syntax, encoding="utf-8")
        command = ["Rscript", str(Path(__file__).with_name("bench_sem.R")), folder, str(draws)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    spent, kept = done.stdout.split()[-2:]
    return float(spent) * 1000 / draws, float(kept) / draws


def semopy(syntax: str, data: pd.DataFrame, draws: int) -> tuple[float, float]:
    import semopy as engine

    description = "\n".join(line for line in syntax.split("\n") if ":=" not in line)
    random, spent, kept = np.random.default_rng(1), 0.0, 0
    for _ in range(draws):
        sample = data.iloc[random.integers(0, len(data), len(data))]
        start = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kept += bool(engine.Model(description).fit(sample, options={"ftol": 1e-12}).success)
        spent += time.process_time() - start
    return spent * 1000 / draws, kept / draws


def main(draws: int = 1000) -> None:
    print(
        "| model | ours, s | lavaan, s | semopy, s | lavaan / ours | semopy / ours | "
        "converged ours / lavaan |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for case, n_lavaan, n_semopy in CASES:
        syntax, data = load(case)
        mine, kept = ours(syntax, data, draws)
        nan = (float("nan"), float("nan"))
        theirs = lavaan(syntax, data, n_lavaan) if shutil.which("Rscript") else nan
        other = semopy(syntax, data, n_semopy)
        print(
            f"| {case} | {mine:.2f} | {theirs[0]:.1f} | {other[0]:.1f} | {theirs[0] / mine:.0f} | "
            f"{other[0] / mine:.0f} | {kept:.0%} / {theirs[1]:.0%} |", flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
