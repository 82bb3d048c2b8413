"""The ledger of a run: its figures, and what they were made of, small enough to keep for years."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cx_value.base.errors import AnalysisError
from cx_value.base.words import plain_facts
from cx_value.judge.glance import METRICS

LEDGER = "ledger.json"
FORMAT = 1
#: Why a figure can move, in the order in which it is told.
CAUSES = ("data", "question", "weights", "model", "options", "code", "package")
#: Causes that any figure can hang on.
ALWAYS = ("data", "question", "options", "code", "package")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a result's figures stand: key columns, value, interval; what they hang on.

    ``only`` keeps the rows of these keys, the first of each: the one for everybody.
    """

    result: str
    part: tuple[str, ...]
    value: str
    low: str = ""
    high: str = ""
    files: tuple[str, ...] = ("data",)
    also: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


SOURCES = (
    Source("experience_index", ("node",), "index", "low", "high",
           files=("data", "experts"), also=("weights", "model")),
    Source("core_metrics", ("metric",), "estimate", "ci_low", "ci_high",
           files=("data", "transactions", "service_log"), also=("weights",),
           only=tuple(METRICS)),
    Source("lifetime_value", (), "total", "low", "high", files=("transactions",)),
    Source("link", ("effect",), "estimate", "ci_low", "ci_high",
           files=("data", "transactions"), also=("model",), only=("money_per_point",)),
    Source("reliability", ("construct",), "alpha", "alpha_ci_low", "alpha_ci_high"),
    Source("structure_paths", ("source", "target"), "std_all", "std_low", "std_high",
           also=("model",)),
    Source("hypotheses", ("hypothesis",), "verdict", also=("model",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a run found, and what it was made of.

    Attributes
    ----------
    study : str
    draft : bool
    data : mapping of str to str
        Kind of file → SHA-256 of its bytes.
    declared : mapping of str to str
        Cause → SHA-256 of the part of the study file that it stands for.
    packages : mapping of str to str
        Version of Python and of every package that the results were computed with.
    figures : list of mapping
        ``result part value low high confidence code packages``.
    contents : mapping of str to str
        Result → SHA-256 of its table.
    """

    study: str
    draft: bool
    data: Mapping[str, str]
    declared: Mapping[str, str]
    packages: Mapping[str, str]
    figures: list[dict[str, Any]] = field(default_factory=list)
    contents: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def write(self, folder: Path) -> Path:
        """Write the ledger into a build folder."""
        file = folder / LEDGER
        text = json.dumps(plain_facts(asdict(self)), ensure_ascii=False, indent=1, sort_keys=True)
        file.write_text(text + "\n", encoding="utf-8", newline="\n")
        return file


def read_ledger(build: Path) -> Ledger:
    """Return the ledger of an earlier build: its folder, the one above it, or the file itself.

    Raises
    ------
    AnalysisError
        If there is none, more than one, or it is unreadable.
    """
    found = [build] if build.is_file() else [build / LEDGER]
    if not found[0].is_file():
        found = sorted(build.glob(f"*/{LEDGER}"))
    if len(found) != 1:
        raise AnalysisError(
            f"{build} holds {len(found)} ledgers of earlier runs · allowed: a build folder with "
            f"{LEDGER} in it · do: name build/<study> of a finished run of this version or later"
        )
    try:
        told = json.loads(found[0].read_text(encoding="utf-8"))
        if told["format"] != FORMAT:
            raise ValueError(f"format {told['format']}")
        return Ledger(**told)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AnalysisError(
            f"{found[0]} is no ledger that this version reads ({error}) · allowed: format {FORMAT} "
            "· do: build the earlier report again with this version, or compare with another"
        ) from error
