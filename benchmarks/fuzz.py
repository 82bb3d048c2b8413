"""Made columns, logs, studies and statistics by the hundred thousand, against a second computation.

    python benchmarks/fuzz.py                        # 10⁵ and more, in layers
    python benchmarks/fuzz.py --logs 50 --begin 7    # one layer, from a seed

Every example is made of one seed (``tests/made/``): a column of numbers, answers, durations or
dates, a purchase log, a survey, the data of a statistic, a whole study. What the program says of it
is compared with what was meant, or with sums over the lines as they were made. The cheap layers are
deep, the dear ones thin. Printed are counts by outcome; seeds that are wrong are named.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "analysis")]

from made.columns import (  # noqa: E402
    compare_amounts,
    compare_answers,
    compare_dates,
    compare_durations,
    compare_numbers,
)
from made.compared import compare_log, compare_survey, print_report  # noqa: E402
from made.statistics import compare_statistic  # noqa: E402
from made.studies import print_study  # noqa: E402

#: Dates are read so many in one query.
DATES_AT_ONCE = 1000


@cache
def connection():
    """Return one database for all columns of amounts."""
    import duckdb

    return duckdb.connect()


def in_folder(compare: Callable[[Path, int], str]) -> Callable[[int], str]:
    """Give a comparison a folder of its own."""

    def compared(seed: int) -> str:
        with tempfile.TemporaryDirectory() as folder:
            return compare(Path(folder), seed)

    return compared


#: Layer → comparison of one seed, and how many make the long run.
LAYERS: dict[str, tuple[Callable[[int], str], int]] = {
    "numbers": (compare_numbers, 30_000),
    "answers": (compare_answers, 30_000),
    "durations": (compare_durations, 10_000),
    "amounts": (lambda seed: compare_amounts(seed, connection()), 5_000),
    "statistics": (compare_statistic, 10_000),
    "logs": (in_folder(compare_log), 1_000),
    "surveys": (in_folder(compare_survey), 300),
    "reports": (in_folder(print_report), 20),
    "studies": (in_folder(print_study), 90),
}


def outcome(said: str) -> str:
    """Return the kind of what a comparison said."""
    if said in ("", "refused"):
        return "refused by name" if said else "right"
    return "refused though readable" if said.startswith("refused") else "wrong"


def examples(layer: str, seeds: range, seconds: float) -> Iterator[tuple[int, str]]:
    """Compare examples one after the other, for at most so long."""
    begun = time.monotonic()
    for seed in seeds:
        if time.monotonic() - begun > seconds:
            return
        try:
            yield seed, LAYERS[layer][0](seed)
        except Exception as error:  # what the comparison itself did not foresee
            yield seed, f"{type(error).__name__}: {error}"


def dates(begin: int, number: int) -> Iterator[tuple[int, str]]:
    """Compare dates, a thousand a query."""
    for seed in range(begin, begin + number // DATES_AT_ONCE):
        wrong = compare_dates(seed, DATES_AT_ONCE)
        yield from ((seed, text) for text in wrong)
        yield from ((seed, "") for _ in range(DATES_AT_ONCE - len(wrong)))


def count(layer: str, found: Iterator[tuple[int, str]]) -> Counter:
    """Count outcomes, and name what is wrong."""
    counts: Counter = Counter()
    for seed, said in found:
        counts[outcome(said)] += 1
        if outcome(said) not in ("right", "refused by name"):
            print(f"{layer} {seed}: {said[:300]}", flush=True)
    return counts


def main() -> int:
    """Run the layers asked for, all of them without a word, and print a table."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = {"dates": 40_000} | {layer: number for layer, (_, number) in LAYERS.items()}
    for layer in sizes:
        asked.add_argument(f"--{layer}", type=int)
    asked.add_argument("--begin", type=int, default=0, help="first seed")
    asked.add_argument("--minutes", type=float, default=1e6, help="of each layer, at most")
    given = vars(asked.parse_args())
    chosen = {layer: given[layer] for layer in sizes if given[layer] is not None} or sizes
    wrong, rows, begin = 0, [], given["begin"]
    for layer, number in chosen.items():
        start = time.process_time()
        seeds = range(begin, begin + number)
        found = (dates(begin, number) if layer == "dates"
                 else examples(layer, seeds, 60 * given["minutes"]))  # fmt: skip
        c = count(layer, found)
        wrong += c["wrong"] + c["refused though readable"]
        rows.append(
            f"| {layer} | {c.total():,} | {c['right']:,} | {c['refused by name']:,} |"
            f" {c['refused though readable']:,} | {c['wrong']:,} |"
            f" {time.process_time() - start:.0f} |"
        )
    print("| layer | made | right | refused by name | refused though readable | wrong | CPU s |")
    print("|---|--:|--:|--:|--:|--:|--:|", *rows, sep="\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
