"""Do studies whose data bear marks of single persons let any of them out?

    python benchmarks/leaks.py                    # plants marks, prints every edition, searches
    python benchmarks/leaks.py BUILD MARK …       # searches a finished build

Planted are respondents' and customers' numbers, names, free text, write-in answers, near-unique
columns, categories of fewer people than the minimum cell, an expert's name, and the folder's own
name. Searched are pages, PDF (text and metadata), the insides of Word and slide files and of the
workbooks in them, notebooks and result files. Exit status 1 where a mark is found.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "analysis")]
#: Every mark begins so; nothing else in a report does.
MARK = "zqxmark"
_PACKED = (".docx", ".pptx", ".xlsx", ".zip")
EDITIONS = ["full", "supplement", "brief", "thesis", "deck"]


def insides(name: str, data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the texts of a file, of the files packed in it, and of those in them."""
    if name.lower().endswith(_PACKED):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for part in packed.namelist():
                yield from ((f"{name}/{p}", text) for p, text in insides(part, packed.read(part)))
    elif name.lower().endswith(".pdf"):
        for call in (["pdftotext", "-", "-"], ["pdfinfo", "-"]):
            told = subprocess.run(call, input=data, capture_output=True, check=False).stdout
            yield f"{name} by {call[0]}", told.decode("utf-8", "replace")
    else:
        yield name, data.decode("utf-8", "replace")


def search(build: Path, marks: re.Pattern) -> list[tuple[str, list[str]]]:
    """Return the files of a build that hold marks, and which; the cache is handed to nobody."""
    found = []
    for path in sorted(p for p in build.rglob("*") if p.is_file() and ".cache" not in p.parts):
        for part, text in insides(path.name, path.read_bytes()):
            hits = sorted(set(marks.findall(text)))
            if hits:
                found.append((f"{path.parent.relative_to(build)}/{part}", hits[:5]))
    return found


def _answers(random, n: int) -> pd.DataFrame:
    quality = random.normal(size=(n, 1))
    satisfied = 0.6 * quality + 0.8 * random.normal(size=(n, 1))
    raw = np.hstack([quality + 0.6 * random.normal(size=(n, 3)),
                     satisfied + 0.6 * random.normal(size=(n, 3))])  # fmt: skip
    items = np.clip(np.round(3 + raw), 1, 5).astype(int)
    return pd.DataFrame(items, columns=["q1", "q2", "q3", "s1", "s2", "s3"])


def _planted(random, n: int) -> pd.DataFrame:
    frame = _answers(random, n)
    frame["who"] = [f"{MARK}id{k:05d}" for k in random.permutation(n)]
    frame["name"] = [f"{MARK}name Roe {k}" for k in range(n)]
    frame["city"] = random.choice(["North", "South"], n)
    frame.loc[frame.index[:3], "city"] = f"{MARK}hamlet"
    frame.loc[frame.index[3], "city"] = f"{MARK}mayor"
    frame["postcode"] = [f"{MARK}post{k // 2}" for k in range(n)]
    frame["job"] = ["clerk", "teacher"] * (n // 2)
    frame.loc[frame.index[5:9], "job"] = [f"{MARK}job{k}" for k in range(4)]
    frame["heard"] = random.choice(["shop", "web", "shop;web"], n)
    frame.loc[frame.index[9], "heard"] = f"web;{MARK}writein"
    frame["said"] = random.choice(["the queue was too slow", "friendly people", ""], n)
    frame.loc[frame.index[10], "said"] = f"I am {MARK}said, slow queue, call 555 0101"
    frame["wave"] = np.arange(n) % 3 + 1
    frame["brand"] = random.choice(["Own", "Rival"], n, p=[0.8, 0.2])
    frame.loc[frame.index[11:13], "brand"] = f"{MARK}brand"
    return frame


def _log(random, who: pd.Series) -> pd.DataFrame:
    rows = []
    for customer in [*who, *(f"{MARK}cust{k}" for k in range(150))]:
        day = int(random.integers(0, 90))
        for _ in range(int(random.integers(1, 8))):
            date = pd.Timestamp("2024-01-01") + pd.Timedelta(days=day)
            rows.append((customer, date.date(), round(float(random.gamma(3, 20)), 2)))
            day += int(random.integers(4, 60))
            if day > 360:
                break
    return pd.DataFrame(rows, columns=["customer", "date", "amount"])


SURVEY = {
    "data": {"file": "answers.csv", "id": "who", "wave": "wave"},
    "scale": {"min": 1, "max": 5},
    "constructs": {"QUAL": {"items": ["q1", "q2", "q3"]}, "SAT": {"items": ["s1", "s2", "s3"]}},
    "models": {"chain": ["QUAL -> SAT"]},
    "profile": {"city": {}, "job": {}, "postcode": {}, "name": {}, "brand": {}},
    "multiple": {"HEARD": {"label": "Heard of by", "column": "heard", "separator": ";"}},
    "brands": {"column": "brand", "own": "Own", "rivals": ["Rival"]},
    "comments": {"column": "said", "themes": {
        "SLOW": {"label": "Slow", "words": {"en": ["slow", "queue"]}},
        "NICE": {"label": "Nice", "words": {"en": ["friendly"]}}}},
    "metrics": {"satisfaction": "SAT", "satisfied_from": 4},
}  # fmt: skip
LOG = {"transactions": {"file": "log.csv", "end": "2024-12-31"}}
STUDIES = {
    "answers": SURVEY,
    "group": SURVEY | {"group": "city", "screening": {"action": "drop"}},
    "joined": SURVEY | LOG | {"value": {"satisfaction": "SAT", "loyalty": "SAT"},
                              "claims": "bundled"},
    "log": LOG | {"claims": ["top_fifth"]},
}  # fmt: skip


def plant(name: str, folder: Path, seed: int = 5) -> Path:
    """Write a marked study and its data; return the study file."""
    random = np.random.default_rng(seed)
    frame = _planted(random, 240)
    frame.to_csv(folder / "answers.csv", index=False)
    _log(random, frame["who"]).to_csv(folder / "log.csv", index=False)
    study = {"title": name, "name": name, **STUDIES[name],
             "report": {"languages": ["en"], "formats": ["html", "pdf", "docx"],
                        "editions": EDITIONS},
             "options": {"bootstrap": 40, "parallel_analysis_draws": 20}}  # fmt: skip
    path = folder / "study.yml"
    path.write_text(yaml.safe_dump(study, sort_keys=False), encoding="utf-8")
    return path


def leaks_of(name: str) -> list[tuple[str, list[str]]]:
    """Print every edition of a marked study and search them."""
    from cx_value.publish.build import Job, build_report
    from cx_value.study import check_study, read_study

    with tempfile.TemporaryDirectory(prefix=f"{MARK}folder") as place:
        path = plant(name, Path(place))
        if faults := [str(f) for f in check_study(path) if f.severity == "error"]:
            return [("check", faults)]
        study = read_study(path)
        build_report(Job(study_file=path, study=study, out=Path(place) / "build", draft=True,
                         languages=("en",), formats=("html", "pdf", "docx"),
                         renderer="embedded"))  # fmt: skip
        return search(Path(place) / "build", re.compile(f"(?i){MARK}\\w+"))


def main(arguments: list[str]) -> int:
    """Search, and print a line a leak."""
    if len(arguments) > 1 and Path(arguments[0]).is_dir():
        marks = re.compile("|".join(map(re.escape, arguments[1:])))
        found = {arguments[0]: search(Path(arguments[0]), marks)}
    else:
        found = {name: leaks_of(name) for name in arguments or STUDIES}
    for name, rows in found.items():
        print(f"{name}: {len(rows)} files hold marks", flush=True)
        for where, hits in rows:
            print(f"  {where}: {', '.join(hits)}")
    return int(any(found.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
