"""How a run's ledger is made from its store: figures, and what they were made of."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from cx_value.judge.since.ledger import SOURCES, Ledger, Source
from cx_value.notebook.identity import (
    PRINTED_ONLY,
    plain_declaration,
    sha256_of_file,
    sha256_of_text,
)

if TYPE_CHECKING:
    from cx_value.notebook.store import Record, Store
    from cx_value.study.spec import Study

#: Keys of the study file by what they decide; every other key is an option.
_DECIDES = {
    "question": ("constructs", "profile", "expectations", "touchpoints", "kano", "comments",
                 "price_sensitivity", "metrics"),
    "weights": ("margins", "evaluation", "experts", "dimensions"),
    "model": ("models", "hypotheses", "moderations"),
    "data": ("data", "transactions", "service_log", "contracts", "funnel"),
}  # fmt: skip
#: Of these the printed figure is among the facts, the table has no row of it.
_OF_FACTS = ("lifetime_value",)


def keep_ledger(study: Study, store: Store, *, draft: bool) -> Ledger:
    """Return the ledger of what a store holds."""
    figures = [figure for source in SOURCES for figure in _figures(source, store)]
    tables = sorted(store.results.glob("*.csv"))
    return Ledger(
        study=study.name, draft=draft, data=_data(study), declared=_declared(study, draft),
        packages=_versions(store.packages()), figures=figures,
        contents={p.stem: sha256_of_file(p) for p in tables if not p.stem.startswith("since")},
    )  # fmt: skip


def _figures(source: Source, store: Store) -> Iterator[dict[str, Any]]:
    if not store.has(source.result):
        return
    record = store.read(source.result)
    made = {"code": record.meta["code_sha256"], "packages": record.meta["packages"],
            "confidence": record.confidence}  # fmt: skip
    for row in _rows(source, record):
        part = [row.get(column) for column in source.part]
        if source.value not in row or row[source.value] != row[source.value]:
            continue
        ends = {end: row.get(getattr(source, end)) for end in ("low", "high")}
        yield {"result": source.result, "part": " → ".join(str(p) for p in part if p == p),
               "value": row[source.value], **ends, **made}  # fmt: skip


def _rows(source: Source, record: Record) -> list[dict[str, Any]]:
    if source.result in _OF_FACTS:
        return [dict(record.meta.get("facts") or {})]
    table = record.table.drop_duplicates(list(source.part))
    if source.only:
        table = table[table[source.part[0]].isin(source.only)]
    return table.to_dict("records")


def _data(study: Study) -> dict[str, str]:
    kinds = ("data", "transactions", "service_log", "contracts", "experts")
    declared = {kind: getattr(study, kind) for kind in kinds}
    return {k: sha256_of_file(study.folder / d.file) for k, d in declared.items() if d}


def _declared(study: Study, draft: bool) -> dict[str, str]:
    # A key that a later version adds, left at its default, is no change of the study.
    apart = {"folder", "report", "name", *PRINTED_ONLY["Study"]}
    whole = study.model_dump(exclude=apart, exclude_defaults=True)
    told = {"data": ("file", "licence", "citation"), "transactions": ("licence", "citation")}
    for key, printed in told.items():
        if whole.get(key):
            whole[key] = {k: v for k, v in whole[key].items() if k not in printed}
    weight = (whole.get("data") or {}).pop("weight", None)
    parts = {
        cause: {key: whole.pop(key) for key in keys if key in whole}
        for cause, keys in _DECIDES.items()
    }
    parts["weights"]["weight"] = weight
    parts["options"] = {**whole, "draft": draft, "minimum_cell": study.report.minimum_cell}
    return {cause: _hash(part) for cause, part in parts.items()}


def _hash(part: Any) -> str:
    return sha256_of_text(json.dumps(plain_declaration(part), sort_keys=True, ensure_ascii=False))


def _versions(packages: set[str]) -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for package in sorted(packages):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
