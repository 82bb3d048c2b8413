"""Made studies and logs by the hundred thousand, against a second computation.

    python benchmarks/fuzz.py --logs 60000 --surveys 40000 --reports 20

Every example is made of one seed (``tests/made/``): a purchase log or a survey, written in one of
many ways. What the program says of it is compared with sums over the answers and lines as they were
made. A sample goes through the whole report. Printed are counts by outcome; seeds that are wrong
are named, so that ``compare_log(folder, seed)`` shows them again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "analysis")]

from made.compared import compare_log, compare_survey, print_report  # noqa: E402

KINDS = {"logs": compare_log, "surveys": compare_survey, "reports": print_report}


def outcome(said: str) -> str:
    """Return the kind of what a comparison said."""
    if said in ("", "refused", "refused though readable"):
        return {"": "right", "refused": "refused by name"}.get(said, said)
    return "refused though readable" if said.startswith("refused") else "wrong"


def run(kind: str, seeds: range, seconds: float) -> tuple[Counter, list[tuple[int, str]], float]:
    """Compare examples one after the other, for at most so long."""
    counts, faults, begun = Counter(), [], time.monotonic()
    for seed in seeds:
        if time.monotonic() - begun > seconds:
            break
        with tempfile.TemporaryDirectory() as folder:
            try:
                said = KINDS[kind](Path(folder), seed)
            except Exception as error:  # what the comparison itself did not foresee
                said = f"{type(error).__name__}: {error}"
        counts[outcome(said)] += 1
        if outcome(said) not in ("right", "refused by name"):
            faults.append((seed, said))
            print(f"{kind} {seed}: {said[:300]}", flush=True)
    return counts, faults, time.monotonic() - begun


def main() -> int:
    """Run all kinds and print a table."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for kind, number in (("logs", 60_000), ("surveys", 40_000), ("reports", 20)):
        asked.add_argument(f"--{kind}", type=int, default=number)
    asked.add_argument("--begin", type=int, default=0, help="first seed")
    asked.add_argument("--minutes", type=float, default=1e6, help="of each kind, at most")
    given = asked.parse_args()
    wrong, rows = 0, []
    for kind in KINDS:
        seeds = range(given.begin, given.begin + getattr(given, kind))
        counts, faults, took = run(kind, seeds, 60 * given.minutes)
        wrong += len(faults)
        rows.append(
            f"| {kind} | {counts.total():,} | {counts['right']:,} | {counts['refused by name']:,} |"
            f" {counts['refused though readable']:,} | {counts['wrong']:,} | {took / 60:.1f} |"
        )
    print("| kind | made | right | refused by name | refused though readable | wrong | minutes |")
    print("|---|--:|--:|--:|--:|--:|--:|", *rows, sep="\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
