"""A model given whole in lavaan syntax, read for names and form before anything is fitted.

The engine parses the syntax in full; this scan only has to find what would stop it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cx_value.study.findings import Finding, list_some, suggest
from cx_value.study.spec import StructuralModel, Study

_OPERATOR = re.compile(r"=~|<~|~\*~|~~|:=|==|~|\||<|>")
_NAME = re.compile(r"[^\W\d][\w.]*")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_MODIFIER = re.compile(r"(?:c|start|label)\s*\(.+\)")
_FULL_WIDTH = str.maketrans("＝～＊＋（），：｜＃；＂＾　", '=~*+(),:|#;"^ ')
_UNKNOWN_TO_ENGINE = ("<~", "~*~", "<", ">")
_OPERATORS = "=~ ~ ~~ ~1 | := =="


@dataclass(frozen=True, slots=True)
class _Statement:
    text: str
    left: str
    op: str
    right: str


def check_syntax(study: Study, model: StructuralModel) -> Iterator[Finding]:
    """Find what the engine would refuse: malformed terms, unknown variables and labels."""
    where = study.where("models", model.name, "syntax")
    statements = [_split(text) for text in _statements(model.syntax or "")]
    faults = [fault for s in statements if (fault := _malformed(s))]
    for text, allowed, remedy in faults:
        yield Finding(where, text, allowed, remedy, kind="bad syntax")
    if not faults:
        yield from _unknown_variables(study, where, statements)
        yield from _unknown_labels(where, statements)


def _statements(syntax: str) -> list[str]:
    """Return one statement a line or between ``;``: comments gone, continued lines joined."""
    syntax = re.sub(r"(\d[eE])\+(?=\d)", r"\1", syntax.translate(_FULL_WIDTH))  # 1e+3 is no sum
    lines = [re.split(r"[#!]", line)[0] for line in syntax.split("\n")]
    pieces = [piece.strip() for line in lines for piece in line.split(";") if piece.strip()]
    statements: list[str] = []
    for piece in pieces:
        dangling = bool(statements) and statements[-1][-1] in "+*~,=(|"
        if statements and (dangling or not _OPERATOR.search(piece)):
            statements[-1] += " " + piece
        else:
            statements.append(piece)
    return statements


def _split(text: str) -> _Statement:
    match = _OPERATOR.search(text)
    if match is None:
        return _Statement(text, text, "", "")
    return _Statement(
        text, text[: match.start()].strip(), match.group(), text[match.end() :].strip()
    )


def _malformed(s: _Statement) -> tuple[str, str, str] | None:
    """Return problem, what is allowed and what to do, or None."""
    line = f"the line {s.text!r}"
    if not s.op:
        return (
            f"{line} has no operator",
            _OPERATORS,
            "write, for example, 'f =~ x1 + x2' or 'y ~ x'",
        )
    if s.op in _UNKNOWN_TO_ENGINE:
        return f"{line} uses {s.op}, which is not supported", _OPERATORS, "leave this line out"
    if not s.left or not s.right:
        return f"{line} has nothing on one side of {s.op}", "a name on both sides", "complete it"
    if s.op in (":=", "=="):
        return None
    for term in (*s.left.split("+"), *_pieces(s.right, "+")):
        if not _is_term(term):
            return (
                f"{term.strip()!r} in {line} is not a variable",
                "names of items and constructs joined by single +, each with at most a number or "
                "a label and * before it",
                "remove the surplus sign, or correct the name",
            )
    return None


def _is_term(term: str) -> bool:
    *modifiers, name = (part.strip() for part in _pieces(term, "*"))
    named = bool(_NAME.fullmatch(_bare(name))) or name in ("0", "1")
    return named and all(
        _NAME.fullmatch(_bare(m)) or _NUMBER.fullmatch(m) or _MODIFIER.fullmatch(m)
        for m in modifiers
    )


def _pieces(text: str, sign: str) -> list[str]:
    """Split at a sign that stands outside brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == sign and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _bare(name: str) -> str:
    return name.strip().strip("\"'")


def _variables(s: _Statement) -> Iterator[str]:
    if s.op in (":=", "=="):
        return
    yield from (_bare(name) for name in s.left.split("+"))
    if s.op == "|":  # thresholds: t1, t2 …
        return
    for term in _pieces(s.right, "+"):
        name = _bare(_pieces(term, "*")[-1])
        if name not in ("0", "1"):
            yield name


def _unknown_variables(study: Study, where: str, statements: list[_Statement]) -> Iterator[Finding]:
    latents = {_bare(n) for s in statements if s.op == "=~" for n in s.left.split("+")}
    known = {*study.item_names, *latents}
    for name in dict.fromkeys(name for s in statements for name in _variables(s)):
        if name in known:
            continue
        construct = next((c for c in study.constructs if c.name == name), None)
        if construct is None:
            yield Finding(
                where,
                f"there is no item or construct {name!r}",
                list_some([*study.item_names, *sorted(latents)], 30),
                f"{suggest(name, [*study.item_names, *latents, *_names(study)])}correct the name, "
                "or declare the item",
                kind="unknown variable",
            )
            continue
        line = f"{name} =~ " + " + ".join(construct.item_names)
        single = len(construct.items) == 1
        yield Finding(
            where,
            f"the construct {name!r} is used, but no line says what measures it",
            f"the item {construct.items[0].name}" if single else f"a line such as '{line}'",
            f"write {construct.items[0].name} in its place" if single else f"add '{line}'",
            kind="unknown variable",
        )


def _names(study: Study) -> list[str]:
    return [construct.name for construct in study.constructs]


def _unknown_labels(where: str, statements: list[_Statement]) -> Iterator[Finding]:
    """Find names in ``:=`` that label no parameter."""
    known: set[str] = set()
    for s in statements:
        if s.op not in (":=", "=="):
            for term in _pieces(s.right, "+"):
                known |= {n for m in _pieces(term, "*")[:-1] for n in _NAME.findall(m)}
    for s in statements:
        if s.op != ":=":
            continue
        used = re.findall(r"(?<![\w.])([^\W\d][\w.]*)(?!\s*\(|[\w.])", s.right)
        for name in dict.fromkeys(n for n in used if n not in known):
            yield Finding(
                where,
                f"{name!r} in the line {s.text!r} labels no parameter",
                ", ".join(sorted(known)) or "labels put before a variable, as in 'y ~ a*x'",
                f"{suggest(name, known)}put the label before its variable, as in 'y ~ {name}*x'",
                kind="unknown label",
            )
        known.add(_bare(s.left))
