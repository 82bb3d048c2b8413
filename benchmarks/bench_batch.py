"""How long a batch takes: 40 branches, three formats, one language, as drafts, on two cores.

``python benchmarks/bench_batch.py [folder] [--edition full] [--branches 40]`` simulates a study of
branches from the bank panel, prints its reports, and tells wall and CPU seconds and the largest
memory of a process.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import yaml

from cx_value.base.places import DATA
from cx_value.simulate.bank_panel import csv_bytes, simulate_panel

#: Latent advantage of branch 1 and of branch 2; the others differ by chance alone.
PLANTED = {"B01": 0.9, "B02": -0.9}


def write_branch_study(folder: Path, branches: int, each: int = 80) -> Path:
    """Write a survey of the own brand's customers with a ``branch`` each; return the study file."""
    n = branches * each
    panel = simulate_panel(customers=n, respondents=n, rivals=0, seed=40)
    survey = panel.survey
    random = np.random.default_rng(40)
    survey["branch"] = [f"B{k:02d}" for k in random.permutation(np.arange(n) % branches) + 1]
    items = [c for c in survey.columns if c[:3].isupper() and c[-1].isdigit() and len(c) == 4]
    for branch, shift in PLANTED.items():
        rows = survey.branch == branch
        survey.loc[rows, items] = (survey.loc[rows, items] + shift).round().clip(1, 7)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "survey.csv").write_bytes(csv_bytes(survey))
    study = yaml.safe_load((DATA / "bank-panel" / "study.yml").read_text(encoding="utf-8"))
    for key in ("transactions", "service_log", "experts", "claims", "brands", "value", "group",
                "targets", "actions"):  # fmt: skip
        study.pop(key, None)
    study["value"] = {"satisfaction": "SAT", "loyalty": "LOY"}
    study["profile"] = {"branch": {"label": {"en": "Branch", "zh": "网点"}}, **study["profile"]}
    study["profile"].pop("brand")
    study["evaluation"] = {"groups": ["segment"]}
    study["name"] = "branches"
    (folder / "study.yml").write_text(yaml.safe_dump(study, allow_unicode=True, sort_keys=False))
    return folder / "study.yml"


def main() -> None:
    """Simulate, print, and tell what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", default=tempfile.mkdtemp(prefix="batch-"))
    parser.add_argument("--branches", type=int, default=40)
    parser.add_argument("--edition", default="brief")
    parser.add_argument("--jobs", default="2")
    asked = parser.parse_args()
    folder = Path(asked.folder)
    study = write_branch_study(folder / "study", asked.branches)
    started = time.monotonic()
    command = [sys.executable, "-m", "cx_value", "batch", str(study), "--by", "branch", "--draft",
               "--lang", "en", "--edition", asked.edition, "--jobs", asked.jobs,
               "--out", str(folder / "build")]  # fmt: skip
    code = subprocess.run(command, check=False).returncode
    marks = (folder / "build" / "branches-by-branch" / "done").glob("*.json")
    told = [json.loads(mark.read_text(encoding="utf-8")) for mark in marks]
    print(
        f"exit {code}, {asked.branches} branches, edition {asked.edition}: "
        f"{time.monotonic() - started:.0f} s, CPU {sum(t['cpu'] for t in told):.0f} s, "
        f"largest process {max(t['memory'] for t in told)} MB"
    )


if __name__ == "__main__":
    main()
