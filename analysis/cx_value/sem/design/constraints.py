"""``==`` between labelled parameters: linear equations solved once, before the fit."""

from __future__ import annotations

import numpy as np

from cx_value.base.errors import ModelError
from cx_value.sem.design.parameters import Model
from cx_value.study.language.expressions import evaluate_expression, expression_names


def linear_reduction(model: Model, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ``combine (m, k)`` and ``offset (m,)``: parameters = offset + combine @ free ones.

    Raises
    ------
    ModelError
        If a constraint is not linear, contradicts another, or uses an unknown label.
    """
    m = len(scale)
    if not model.constraints:
        return np.eye(m), np.zeros(m)
    labels = {p.label: p.index for p in model.parameters if p.label and p.index >= 0}
    equations = [_equation(left, right, labels, m) for left, right in model.constraints]
    left = np.array([row for row, _ in equations]) * scale
    right = np.array([value for _, value in equations])
    return _solved(left, right)


def _equation(left: tuple, right: tuple, labels: dict, m: int) -> tuple[np.ndarray, float]:
    """Return the row a and value b of a'θ = b."""
    names = list(dict.fromkeys(expression_names(left) + expression_names(right)))
    unknown = [name for name in names if name not in labels]
    if unknown:
        raise ModelError(
            f"A constraint uses {', '.join(unknown)}, which labels no free parameter · allowed: "
            f"{', '.join(labels) or 'none yet'} · do: label the parameter, as in 'y ~ a*x'"
        )

    def difference(values: dict) -> float:
        return evaluate_expression(left, values) - evaluate_expression(right, values)

    zero = {name: 0.0 for name in names}
    start = difference(zero)
    row = np.zeros(m)
    for name in names:
        row[labels[name]] += difference(zero | {name: 1.0}) - start
    probe = {name: 0.37 + 0.61 * i for i, name in enumerate(names)}
    straight = start + sum(row[labels[name]] * probe[name] for name in names)
    if not np.isclose(difference(probe), straight) or not np.isfinite(straight):
        raise ModelError(
            "A constraint is not linear in its labels · allowed: sums and multiples, as in "
            "'a == 2*b + c' · do: rewrite it, or test it with := instead"
        )
    return row, -start


def _solved(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gauss–Jordan elimination; pivots are expressed in what stays free."""
    table = np.column_stack([left, right])
    m, pivots, row = left.shape[1], [], 0
    for column in range(m - 1, -1, -1):
        if row == len(table):
            break
        best = row + int(np.argmax(np.abs(table[row:, column])))
        if abs(table[best, column]) < 1e-12:
            continue
        table[[row, best]] = table[[best, row]]
        table[row] /= table[row, column]
        others = [i for i in range(len(table)) if i != row]
        table[others] -= np.outer(table[others, column], table[row])
        pivots.append(column)
        row += 1
    if np.abs(table[row:, -1]).max(initial=0) > 1e-10:
        raise ModelError(
            "The == constraints contradict each other · allowed: equations that can hold together "
            "· do: drop one of them"
        )
    free = [i for i in range(m) if i not in pivots]
    combine, offset = np.zeros((m, len(free))), np.zeros(m)
    combine[free, range(len(free))] = 1.0
    for i, column in enumerate(pivots):
        combine[column] = -table[i, free]
        offset[column] = table[i, -1]
    return combine, offset
