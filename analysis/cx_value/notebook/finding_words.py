"""A finding in Chinese: what its kind asks for, and the names, rows and values it holds."""

from __future__ import annotations

import re

from cx_value.base.terms import named_code
from cx_value.study.findings import Finding

_ROWS = re.compile(r"\brows? ([\d, ]*\d)(?: and (\d+) more)?")
_QUOTED = re.compile(r"'([^']{1,80})'")
_LISTED = re.compile(r": ((?:[^:]{1,60}, )*[^:]{1,60}?)(?: and (\d+) more)?$")


def say_in_chinese(finding: Finding) -> str:
    """Write a finding in Chinese.

    The words are those of its kind (``terms_check.yml``); places, names, rows and values are taken
    over from what was found.

    >>> found = Finding("study.yml: data.id (line 2)", "the data file has no column 'nr'",
    ...                 "its 2 columns: no, a", "did you mean 'no'?", kind="missing column")
    >>> say_in_chinese(found).partition("列名")[2]
    '（“nr”；现有列：no、a；是否为“no”？）'
    """
    said = named_code(finding.kind, "finding", "zh")
    details = "；".join(_details(finding))
    return f"{_place(finding.where)}：{said}" + (f"（{details}）" if details else "")


def _place(where: str) -> str:
    """Write ``study.yml: data.id (line 2)``, ``row 3 of codebook.csv`` and the like."""
    where = re.sub(r" \(line (\d+) of ([^)]+)\)", r"（\2 第 \1 行）", where)
    where = re.sub(r" \(row (\d+) of ([^)]+)\)", r"（\2 第 \1 行）", where)
    where = re.sub(r" \(line row (\d+) of ([^)]+)\)", r"（\2 第 \1 行）", where)
    where = re.sub(r" \(line (\d+)(?:, column (\d+))?\)", r"（第 \1 行）", where)
    return where.replace(": ", "：").replace("data file", "数据文件")


def _details(finding: Finding) -> list[str]:
    problem, allowed = finding.problem, finding.allowed
    named = list(dict.fromkeys(_QUOTED.findall(problem)))
    found = ["、".join(f"“{name}”" for name in named[:8])] if named else []
    if rows := _ROWS.search(problem):
        more = f"，另有 {rows[2]} 行" if rows[2] else ""
        found.append(f"第 {rows[1].replace(', ', '、')} 行{more}")
    if not named and (listed := _LISTED.search(problem)) and not listed[1].startswith("row"):
        more = f" 等，另有 {listed[2]} 个" if listed[2] else ""
        found.append(listed[1].replace(", ", "、") + more)
    if columns := re.match(r"its \d+ columns: (.*)", allowed):
        found.append(f"现有列：{_listed(columns[1])}")
    elif ends := re.fullmatch(r"(-?[\d.]+) to (-?[\d.]+)", allowed):
        found.append(f"允许 {ends[1]} 至 {ends[2]}")
    elif re.fullmatch(r"[\w.+-]+(, [\w.+-]+)+(?: and \d+ more)?", allowed):
        found.append(f"可用：{_listed(allowed)}")
    if near := re.search(r"did you mean '([^']+)'\?", finding.remedy):
        found.append(f"是否为“{near[1]}”？")
    return found


def _listed(words: str) -> str:
    return re.sub(r" and (\d+) more$", r" 等，另有 \1 个", words).replace(", ", "、")
