"""The codebook: a table of items, so that a questionnaire is typed once and not again in YAML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from cx_value.base.errors import FaultsError
from cx_value.study.document import Document
from cx_value.study.findings import Finding, list_some, suggest
from cx_value.study.merging import note_lines
from cx_value.study.readers.raw import Layout

#: Role of a column → what it may be called, compared folded.
COLUMNS = {
    "item": ("item", "name", "variable", "题项", "变量", "变量名", "题号"),
    "construct": ("construct", "factor", "scale_name", "构念", "潜变量", "维度"),
    "en": ("en", "wording", "wording_en", "question", "label", "english", "英文"),
    "zh": ("zh", "wording_zh", "题项内容", "题目", "题干", "中文"),
    "construct_en": ("construct_en", "construct_label", "构念英文"),
    "construct_zh": ("construct_zh", "构念名称", "构念中文"),
    "direction": ("direction", "reverse", "reversed", "keying", "方向", "反向", "计分方向"),
    "scale": ("scale", "range", "量表", "取值"),
    "source": ("source", "reference", "来源", "出处"),
    "column": ("column", "数据列", "列名"),
    "missing_codes": ("missing_codes", "missing", "缺失代码", "缺失值"),
}
_REVERSED = {"-", "−", "–", "r", "reverse", "reversed", "negative", "true", "yes", "1", "反向",
             "反向计分", "是", "负向"}  # fmt: skip
_STRAIGHT = {"", "+", "positive", "false", "no", "0", "正向", "否", "正向计分"}
_NUMBER = r"[-−]?\d+(?:\.\d+)?"
_ENDS = re.compile(rf"\s*({_NUMBER})\s*(?:-|–|—|~|～|to|至|到|\.\.)\s*({_NUMBER})\s*[;；,，]?(.*)")
_POINT = re.compile(rf"\s*({_NUMBER})\s*[=:：]\s*(.+)")


def read_codebook(
    document: Document, name: str, findings: list[Finding]
) -> dict[str, dict[str, Any]]:
    """Return the constructs of a codebook as a study file would write them.

    Parameters
    ----------
    document
        The study file; entries of the codebook are told by their row.
    name
        CSV or XLSX, one row an item, relative to the study file. Its columns are those of
        :data:`COLUMNS`; only ``item`` and ``construct`` must be there. ``scale`` is ``1-7``, or
        with points ``1-7; 1=disagree|不同意; 7=agree|同意``; ``direction`` is ``-`` for an item
        keyed in reverse.
    findings
        Faults are added to these.
    """
    from cx_value.study.tables import read_table

    path = document.path.resolve().parent / name
    try:
        raw = read_table(path, layout=Layout(header_rows=1, platform="none"))
    except FaultsError as error:
        where = document.where(("codebook",))
        findings += [Finding(where, f.problem, f.allowed, f.remedy, kind="unreadable data")
                     for f in error.faults]  # fmt: skip
        return {}
    roles = _roles(raw.frame.columns)
    lacking = [role for role in ("item", "construct") if role not in roles]
    if lacking:
        findings.append(_no_column(document, name, lacking, list(raw.frame.columns)))
        return {}
    constructs: dict[str, dict[str, Any]] = {}
    for number, row in raw.frame.iterrows():
        cells = {role: _text(row[column]) for role, column in roles.items()}
        if cells["item"]:
            _add(document, constructs, cells, f"row {number} of {path.name}", findings)
    for construct in constructs.values():
        _share_source(construct)
    return constructs


def _text(cell: Any) -> str:
    from cx_value.study.answers import clean

    return "" if cell is None else clean(cell)


def _roles(header) -> dict[str, str]:
    """Return role → column of a codebook."""
    folded = {str(name).strip().casefold().replace(" ", "_"): name for name in header}
    return {
        role: folded[word]
        for role, words in COLUMNS.items()
        if (word := next((w for w in words if w in folded), None))
    }


def _add(
    document: Document, constructs: dict, cells: dict[str, str], spot: str, findings: list[Finding]
) -> None:
    """Add the item of one row to its construct."""
    name, construct = cells["item"], cells["construct"]
    place = ("constructs", construct, "items", name)
    note_lines(document, {place: spot, place[:2]: spot})
    home = constructs.setdefault(construct, {"items": {}})
    if label := _phrase(cells, "construct_en", "construct_zh"):
        home.setdefault("label", label)
    if name in home["items"]:
        findings.append(
            Finding(document.where(place), f"item {name!r} stands twice in the codebook ({spot})",
                    "each item once", "delete one of the two rows", kind="twice")
        )  # fmt: skip
    item: dict[str, Any] = {"label": _phrase(cells, "en", "zh") or name}
    item |= {key: cells[key] for key in ("source", "column") if cells.get(key)}
    if codes := cells.get("missing_codes"):
        item["missing_codes"] = [_code(code) for code in re.split(r"[;；,，\s]+", codes) if code]
    if _is_reversed(document, place, cells.get("direction", ""), findings):
        item["reverse"] = True
    if (scale := _scale(document, place, cells.get("scale", ""), findings)) is not None:
        item["scale"] = scale
    home["items"][name] = item


def _phrase(cells: dict[str, str], en: str, zh: str) -> dict[str, str]:
    return {lang: cells[role] for lang, role in (("en", en), ("zh", zh)) if cells.get(role)}


def _code(word: str) -> float | str:
    return float(word) if re.fullmatch(_NUMBER, word) else word


def _is_reversed(document: Document, place: tuple, word: str, findings: list[Finding]) -> bool:
    if word.casefold() not in _REVERSED | _STRAIGHT:
        findings.append(
            Finding(document.where(place), f"{word!r} is no direction",
                    "+ or empty; - or reverse for an item keyed in reverse",
                    "write + or -", kind="wrong value")
        )  # fmt: skip
    return word.casefold() in _REVERSED


def _scale(
    document: Document, place: tuple, words: str, findings: list[Finding]
) -> dict[str, Any] | None:
    """Read ``1-7`` or ``1-7; 1=disagree|不同意; 7=agree|同意``."""
    if not words:
        return None
    ends = _ENDS.fullmatch(words)
    points = [_POINT.fullmatch(part) for part in re.split("[;；]", ends[3]) if part.strip()] \
        if ends else [None]  # fmt: skip
    if ends is None or None in points:
        findings.append(
            Finding(document.where(place), f"{words!r} is no scale",
                    "lowest-highest, such as 1-7 or 1-7; 1=disagree|不同意; 7=agree|同意",
                    "write the ends of the scale with - between them", kind="wrong value")
        )  # fmt: skip
        return None
    low, high = (float(end.replace("−", "-")) for end in ends.groups()[:2])
    labels = {float(p[1].replace("−", "-")): _two(p[2]) for p in points}
    return {"min": low, "max": high} | ({"labels": labels} if labels else {})


def _two(words: str) -> dict[str, str]:
    en, _, zh = (part.strip() for part in words.partition("|"))
    return {"en": en, "zh": zh or en}


def _share_source(construct: dict[str, Any]) -> None:
    """Give the construct the source that all its items have."""
    items = construct["items"].values()
    sources = {item.get("source") for item in items}
    if len(sources) == 1 and None not in sources:
        construct["source"] = sources.pop()
        for item in items:
            del item["source"]


def _no_column(document: Document, name: str, lacking: list[str], header: list[str]) -> Finding:
    wanted = COLUMNS[lacking[0]]
    return Finding(
        document.where(("codebook",)),
        f"the codebook {Path(name).name} has no column for the {' and the '.join(lacking)}",
        f"columns named {', '.join(COLUMNS)}; found: {list_some(header, 12)}",
        f"{suggest(lacking[0], header)}call it {' or '.join(wanted[:2])} or {wanted[-1]}",
        kind="missing column",
    )
