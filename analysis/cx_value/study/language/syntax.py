"""Model syntax (the one lavaan made common) read into terms.

``=~`` is measured by, ``~`` is regressed on, ``~~`` covaries with, ``~ 1`` has the intercept,
``|`` has the thresholds, ``:=`` is defined as, ``==`` is held equal to. ``*`` puts a number, a
label, ``NA``, ``start()`` or a ``c()`` of one a group before a variable. Names may be Chinese, and
full-width operators count as their ASCII twins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cx_value.base.errors import ModelError
from cx_value.study.language.expressions import expression_names, parse_expression

_OPERATOR = re.compile(r"=~|<~|~\*~|~~|:=|==|~|\||<|>")
_NAME = re.compile(r"[^\W\d][\w.]*\Z")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\Z")
_FULL_WIDTH = str.maketrans("＝～＊＋（），：｜＃；＂＾　", '=~*+(),:|#;"^ ')
_UNSUPPORTED = {
    "<~": ("a formative block (<~)", "use =~ here, or fit_pls for formative indicators"),
    "<": ("an inequality constraint", "leave the parameter free, or fix it with a number"),
    ">": ("an inequality constraint", "leave the parameter free, or fix it with a number"),
    "~*~": ("a scaling factor (~*~)", "leave it out: delta scaling is set automatically"),
}


class UnknownLabelError(ModelError):
    """A ``:=`` line uses a name that labels no parameter."""


@dataclass(frozen=True, slots=True)
class Term:
    """One parameter as written: ``values`` (NaN frees), ``labels``, ``starts``: one a group."""

    lhs: str
    op: str
    rhs: str
    values: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    starts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A ``:=`` line: name, text and parsed expression."""

    name: str
    text: str
    tree: tuple


@dataclass(frozen=True, slots=True)
class Syntax:
    """A model as written, in the order written."""

    terms: tuple[Term, ...]
    definitions: tuple[Definition, ...]
    constraints: tuple[tuple[tuple, tuple], ...]

    @property
    def latents(self) -> list[str]:
        return list(dict.fromkeys(t.lhs for t in self.terms if t.op == "=~"))

    @property
    def regressions(self) -> list[tuple[str, str]]:
        """The paths of the model as pairs (from, to), in the order written."""
        return [(t.rhs, t.lhs) for t in self.terms if t.op == "~"]

    @property
    def observed(self) -> list[str]:
        """Observed variables: indicators first, then outcomes, then predictors, then the rest."""
        latents, terms = set(self.latents), self.terms
        names = [t.rhs for t in terms if t.op == "=~"]
        names += [t.lhs for t in terms if t.op == "~"]
        names += [t.rhs for t in terms if t.op == "~"]
        for term in terms:
            names += [term.lhs, term.rhs] if term.op == "~~" else []
            names += [term.lhs] if term.op in ("~1", "|") else []
        return [name for name in dict.fromkeys(names) if name not in latents]


def parse_syntax(text: str) -> Syntax:
    """Read model syntax.

    Parameters
    ----------
    text : str
        Lines of the model; ``#`` and ``!`` start comments; a line without an operator continues
        the one before it; ``;`` ends a statement.

    Raises
    ------
    ModelError
        Naming the line and what cannot be read in it.

    Examples
    --------
    >>> model = parse_syntax("满意 =~ q1 + a*q2 + 0.5*q3  # three items")
    >>> [(t.lhs, t.op, t.rhs, t.values, t.labels) for t in model.terms][1:]
    [('满意', '=~', 'q2', (), ('a',)), ('满意', '=~', 'q3', (0.5,), ())]
    """
    syntax, faults = examine_syntax(text)
    if faults:
        raise faults[0]
    return syntax


def examine_syntax(text: str) -> tuple[Syntax, list[ModelError]]:
    """Return the model as far as it can be read, and every fault of its lines.

    What :func:`parse_syntax` reads has no faults here, and the other way round: a study is checked
    by the reader that its models are fitted from.

    Examples
    --------
    >>> model, faults = examine_syntax("f =~ x1 + x2\\ny ~~~ f\\ni := a*b")
    >>> len(model.terms), len(faults)
    (2, 3)
    """
    terms: dict[tuple[str, str, str], Term] = {}
    definitions: list[Definition] = []
    constraints: list[tuple[tuple, tuple]] = []
    faults: list[ModelError] = []
    for statement in _lines(text, faults):
        try:
            left, op, right = _split(statement)
            if op == ":=":
                name = _name(left, statement)
                definitions.append(Definition(name, right, parse_expression(right)))
            elif op == "==":
                constraints.append((parse_expression(left), parse_expression(right)))
            else:
                for term in _terms(left, op, right, statement):
                    _add(terms, term)
        except ModelError as fault:
            faults.append(fault)
    faults += [*_loops(terms), *_strange_labels(terms, definitions)]
    return Syntax(tuple(terms.values()), tuple(definitions), tuple(constraints)), faults


def _lines(text: str, faults: list[ModelError]) -> list[str]:
    try:
        return _statements(text)
    except ModelError as fault:
        faults.append(fault)
        return []


def free_path_labels(text: str) -> str:
    """Return the model without labels on its paths and without ``:=`` lines.

    In several groups one label means one value, so a labelled path would be equal everywhere.

    Raises
    ------
    ModelError
        If a path's label stands for several parameters, or an ``==`` line uses it.

    Examples
    --------
    >>> free_path_labels("f =~ x1 + l*x2\\ny ~ a*f + 0.5*z\\nb := 2*a")
    'f =~ x1 + l*x2\\ny ~ f\\ny ~ 0.5*z'
    """
    model = parse_syntax(text)
    labels = [label for term in model.terms if term.op == "~" for label in term.labels]
    _check_own_labels(model, labels)
    lines = []
    for statement in _statements(text):
        left, op, right = _split(statement)
        if op == "~" and not any(t.op == "~1" for t in _terms(left, op, right, statement)):
            lines += [_unlabelled(term) for term in _terms(left, op, right, statement)]
        elif op != ":=":
            lines.append(f"{left} {op} {right}")
    return "\n".join(lines)


def _check_own_labels(model: Syntax, labels: list[str]) -> None:
    everywhere = [label for term in model.terms for label in set(term.labels)]
    shared = [label for label in dict.fromkeys(labels) if everywhere.count(label) > 1]
    used = [n for pair in model.constraints for tree in pair for n in expression_names(tree)]
    held = shared or [label for label in labels if label in used]
    if held:
        raise ModelError(
            f"The label {held[0]} holds a path equal to something else · allowed: paths that are "
            "free of each other · do: drop the label or the == line to compare paths across groups"
        )


def _unlabelled(term: Term) -> str:
    def several(given: tuple[float, ...], form: str) -> str:
        words = ["NA" if value != value else repr(value) for value in given]
        return form.format(", ".join(words)) + "*"

    values = several(term.values, "c({})" if len(term.values) > 1 else "{}") if term.values else ""
    starts = several(term.starts, "start({})") if term.starts else ""
    # A second modifier needs a mention of its own.
    mentions = [f"{word}{term.rhs}" for word in (values, starts) if word] or [term.rhs]
    return f"{term.lhs} {term.op} " + " + ".join(mentions)


def _statements(text: str) -> list[str]:
    if not isinstance(text, str) or not text.strip():
        raise ModelError(
            "The model is empty · allowed: lines such as 'f =~ x1 + x2 + x3' · do: write the model"
        )
    lines = [re.split(r"[#!]", line)[0].strip() for line in text.translate(_FULL_WIDTH).split("\n")]
    pieces = [piece.strip() for line in lines for piece in line.split(";") if piece.strip()]
    statements: list[str] = []
    for piece in pieces:
        dangling = bool(statements) and statements[-1].rstrip()[-1] in "+*~,=(|"
        if statements and (dangling or not _OPERATOR.search(piece)):
            statements[-1] += " " + piece
        else:
            statements.append(piece)
    return statements


def _split(statement: str) -> tuple[str, str, str]:
    match = _OPERATOR.search(statement)
    if match is None:
        raise ModelError(
            f"The line '{statement}' has no operator · allowed: =~ ~ ~~ ~1 := == · do: write, for "
            "example, 'f =~ x1 + x2' or 'y ~ x'"
        )
    left, op, right = statement[: match.start()], match.group(), statement[match.end() :]
    if op in _UNSUPPORTED:
        what, remedy = _UNSUPPORTED[op]
        raise ModelError(
            f"The line '{statement}' holds {what} · allowed: =~ ~ ~~ ~1 := == · do: {remedy}"
        )
    if not left.strip() or not right.strip():
        raise ModelError(
            f"The line '{statement}' has nothing on one side of {op} · allowed: a variable on both "
            "sides · do: complete the line"
        )
    return left.strip(), op, right.strip()


def _terms(left: str, op: str, right: str, statement: str) -> list[Term]:
    terms = []
    for lhs in left.split("+"):
        lhs_name = _name(lhs, statement)
        for piece in _pieces(right, "+"):
            *modifiers, rhs = _pieces(piece, "*")
            if op == "~" and _NUMBER.match(rhs.strip()) and float(rhs) in (0.0, 1.0):
                zero = [] if float(rhs) else ["0"]
                term = Term(lhs_name, "~1", "")
                modifiers = modifiers + zero
            else:
                term = Term(lhs_name, op, _name(rhs, statement))
            for modifier in modifiers:
                term = _modified(term, modifier.strip(), statement)
            terms.append(term)
    return terms


def _modified(term: Term, modifier: str, statement: str) -> Term:
    call = re.match(r"([^\W\d]\w*)\s*\((.*)\)\Z", modifier)
    if call and call.group(1) not in ("c", "start", "label"):
        raise ModelError(
            f"The modifier '{modifier}' in '{statement}' is not known · allowed: a number, NA, a "
            "label, start(), label(), c() · do: use one of them"
        )
    inside = [p.strip() for p in _pieces(call.group(2), ",")] if call else [modifier]
    if call and call.group(1) == "start":
        return replace(term, starts=tuple(_number(p, statement) for p in inside))
    bare = [p.strip("\"'") for p in inside]
    if all(_NUMBER.match(p) or p == "NA" for p in bare):
        return replace(term, values=tuple(_finite(p, statement) for p in bare))
    return replace(term, labels=tuple(_name(p, statement) for p in bare))


def _add(terms: dict, term: Term) -> None:
    """Merge a second mention of a parameter (``f =~ NA*x1 + l*x1``) with the first."""
    key, mirrored = (term.lhs, term.op, term.rhs), (term.rhs, term.op, term.lhs)
    if term.op == "~~" and mirrored in terms:
        key = mirrored
    known = terms.get(key)
    if known is None:
        terms[key] = term
        return
    terms[key] = replace(
        known,
        values=term.values or known.values,
        labels=term.labels or known.labels,
        starts=term.starts or known.starts,
    )


def _loops(terms: dict) -> Iterator[ModelError]:
    for lhs, op, rhs in terms:
        if op in ("=~", "~") and lhs == rhs:
            yield ModelError(
                f"'{lhs} {op} {rhs}' relates a variable to itself · allowed: two different "
                "variables · do: correct the line"
            )


def _strange_labels(terms: dict, definitions: list[Definition]) -> Iterator[UnknownLabelError]:
    labels = {label for term in terms.values() for label in term.labels}
    defined: set[str] = set()
    for definition in definitions:
        for name in expression_names(definition.tree):
            if name in labels | defined:
                continue
            yield UnknownLabelError(
                f"'{name}' in the line '{definition.name} := {definition.text}' labels no "
                f"parameter · allowed: {', '.join(sorted(labels | defined)) or 'none yet'} · "
                f"do: put the label before its variable, as in 'y ~ {name}*x'"
            )
        defined.add(definition.name)


def _pieces(text: str, sign: str) -> list[str]:
    """Split at a sign outside brackets."""
    parts, depth, start = [], 0, 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        exponent = (
            sign == "+" and re.search(r"\d[eE]\Z", text[:i]) and text[i + 1 : i + 2].isdigit()
        )
        if letter == sign and depth == 0 and not exponent:
            parts.append(text[start:i])
            start = i + 1
    parts.append(text[start:])
    return parts


def _name(text: str, statement: str) -> str:
    name = text.strip().strip("\"'")
    if not _NAME.match(name):
        raise ModelError(
            f"'{text.strip()}' in the line '{statement}' is not a variable or label · allowed: "
            "letters, digits, dots and underscores, not starting with a digit · do: correct the "
            "name, or rename the column"
        )
    return name


def _number(text: str, statement: str) -> float:
    if not _NUMBER.match(text):
        raise ModelError(
            f"'{text}' in the line '{statement}' is no number · allowed: a number · do: correct it"
        )
    return _finite(text, statement)


def _finite(text: str, statement: str) -> float:
    number = float("nan" if text == "NA" else text)
    if abs(number) == float("inf"):
        raise ModelError(
            f"'{text[:20]}' in the line '{statement[:60]}' is too large · allowed: numbers a "
            "computer can hold · do: correct it"
        )
    return number
