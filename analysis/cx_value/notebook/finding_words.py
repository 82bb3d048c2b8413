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
    if number := re.match(r"(-?[\d.]+) is not possible here", problem):
        found.append(f"“{number[1]}”")
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
    elif finding.kind in ("wrong value", "wrong name") and (may := _allowed(allowed)):
        found.append(may)
    if near := re.search(r"did you mean '([^']+)'\?", finding.remedy):
        found.append(f"是否为“{near[1]}”？")
    return found


def _allowed(allowed: str) -> str:
    """Write what is allowed in Chinese, where its wording is known.

    >>> _allowed("flag or drop"), _allowed("auto, ml, mlr or wlsmv")
    ('可用：flag、drop', '可用：auto、ml、mlr、wlsmv')
    >>> _allowed("a number not below 20"), _allowed("a whole number")
    ('允许：不小于 20 的数', '允许：整数')
    """
    if bound := re.fullmatch(r"(a number (?:not )?(?:above|below)) (\S+)", allowed):
        return "允许：" + named_code(bound[1], "allowed", "zh").replace("…", bound[2])
    if choices := re.fullmatch(r"[\w.+-]+(?:, [\w.+-]+)* or [\w.+-]+", allowed):
        return "可用：" + "、".join(re.split(", | or ", choices[0]))
    said = named_code(allowed, "allowed", "zh")
    return f"允许：{said}" if said and said != allowed else ""


def _listed(words: str) -> str:
    return re.sub(r" and (\d+) more$", r" 等，另有 \1 个", words).replace(", ", "、")
