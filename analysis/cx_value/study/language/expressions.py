"""Arithmetic on parameter labels: what stands right of ``:=`` and around ``==``.

A small grammar of its own rather than Python's, because labels may hold dots and Chinese
characters, ``^`` is a power, and an expression must also take arrays of draws and complex numbers
(derivatives by the complex step need no algebra).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from cx_value.base.errors import ModelError

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[^\W\d][\w.]*)|(?P<sign>\*\*|[-+*/^(),]))"
)
_FUNCTIONS = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt}
#: Names, numbers and signs of one expression.
LONGEST = 200
_LEVELS = (("+", "-"), ("*", "/"))


def parse_expression(text: str) -> tuple:
    """Return the expression as nested tuples.

    Raises
    ------
    ModelError
        If the text is no arithmetic on labels, numbers, ``+ - * / ^ ( )``, exp, log and sqrt.

    Examples
    --------
    >>> evaluate_expression(parse_expression("a*b + 2^c"), {"a": 2.0, "b": 3.0, "c": 3.0})
    14.0
    """
    tokens = _tokens(text)
    if len(tokens) > LONGEST:
        raise ModelError(
            f"The expression '{text.strip()[:40]} …' has {len(tokens)} parts · allowed: "
            f"{LONGEST} or fewer · do: write it in several := lines"
        )
    tree, end = _sum(tokens, 0, 0, text)
    if end != len(tokens):
        raise _fault(text, tokens[end][1])
    _check_constants(tree, text)
    return tree


def _check_constants(tree: tuple, text: str) -> None:
    """Refuse parts whose value no label can change and that have none: a/0, log(-1), 10^999."""
    parts = [part for part in tree[1:] if isinstance(part, tuple)]
    for part in parts:
        _check_constants(part, text)
    if tree[0] == "/" and not expression_names(tree[2]):
        undefined = evaluate_expression(tree[2], {}) == 0
    elif expression_names(tree):
        return
    else:
        undefined = not _has_value(tree)
    if undefined:
        raise ModelError(
            f"The expression '{text.strip()[:60]}' has no value whatever the estimates are · "
            "allowed: no division by 0, no log of 0 or less, no root of a negative number, "
            "nothing too large to compute · do: correct the line in the model"
        )


def _has_value(tree: tuple) -> bool:
    with np.errstate(all="ignore"):
        try:
            value = evaluate_expression(tree, {})
        except (ArithmeticError, ValueError):
            return False
    return not isinstance(value, complex) and bool(np.isfinite(value))


def expression_names(tree: tuple) -> list[str]:
    """Return the labels an expression uses, in order of appearance."""
    if tree[0] == "name":
        return [tree[1]]
    parts = [part for part in tree[1:] if isinstance(part, tuple)]
    return list(dict.fromkeys(name for part in parts for name in expression_names(part)))


def evaluate_expression(tree: tuple, values: Mapping[str, Any]) -> Any:
    """Evaluate with numbers, arrays or complex numbers for the labels."""
    kind = tree[0]
    if kind == "number":
        return tree[1]
    if kind == "name":
        return values[tree[1]]
    if kind == "call":
        return _FUNCTIONS[tree[1]](evaluate_expression(tree[2], values))
    left = evaluate_expression(tree[1], values)
    if kind == "negative":
        return -left
    right = evaluate_expression(tree[2], values)
    return {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: left / right,
        "^": lambda: left**right,
    }[kind]()


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position = [], 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise _fault(text, stripped[position:].strip()[:10])
        sign = match.lastgroup or ""
        found.append((sign, match.group(sign).replace("**", "^")))
        position = match.end()
    return found


def _sum(tokens: list, at: int, level: int, text: str) -> tuple[tuple, int]:
    """Left-associative levels: sums, then products."""
    if level == len(_LEVELS):
        return _signed(tokens, at, text)
    left, at = _sum(tokens, at, level + 1, text)
    while at < len(tokens) and tokens[at][1] in _LEVELS[level]:
        sign = tokens[at][1]
        right, at = _sum(tokens, at + 1, level + 1, text)
        left = (sign, left, right)
    return left, at


def _signed(tokens: list, at: int, text: str) -> tuple[tuple, int]:
    if at < len(tokens) and tokens[at][1] in "+-":
        inner, after = _signed(tokens, at + 1, text)
        return (("negative", inner) if tokens[at][1] == "-" else inner), after
    base, at = _atom(tokens, at, text)
    if at < len(tokens) and tokens[at][1] == "^":
        power, at = _signed(tokens, at + 1, text)
        return ("^", base, power), at
    return base, at


def _atom(tokens: list, at: int, text: str) -> tuple[tuple, int]:
    if at >= len(tokens):
        raise _fault(text, "the end")
    kind, word = tokens[at]
    if kind == "number":
        return ("number", float(word)), at + 1
    if kind == "name" and word in _FUNCTIONS and tokens[at + 1 : at + 2] == [("sign", "(")]:
        inner, after = _atom(tokens, at + 1, text)
        return ("call", word, inner), after
    if kind == "name":
        return ("name", word), at + 1
    if word == "(":
        inner, after = _sum(tokens, at + 1, 0, text)
        if tokens[after : after + 1] != [("sign", ")")]:
            raise _fault(text, "a bracket that is not closed")
        return inner, after + 1
    raise _fault(text, word)


def _fault(text: str, where: str) -> ModelError:
    return ModelError(
        f"The expression '{text.strip()}' cannot be read at '{where}' · allowed: labels, numbers, "
        "+ - * / ^ ( ), exp(), log(), sqrt() · do: correct the line in the model"
    )
