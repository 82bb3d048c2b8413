"""Second derivatives over many missing patterns, against traces written out and differences of F.

Tolerances: 1e-12 where the same sum is formed in another order; 1e-6 against central differences of
the gradient, whose own error is of that size.
"""

import numpy as np
import pandas as pd
import pytest

from cx_value.sem.design.pattern_products import lower_triangle, slot_squares
from cx_value.sem.engine import likelihood
from cx_value.sem.engine.fit import make_request, prepare
from cx_value.sem.engine.likelihood import evaluate, expected_information, gradient, hessian
from cx_value.sem.engine.starts import starting_points

MODELS = {
    "latent path": ("f =~ a + b + c\ng =~ d + e + h\ng ~ f", None),
    "fixed predictor": ("f =~ a + b + c\ng =~ d + e\ng ~ f + h", None),
    "two groups": ("f =~ a + b + c\ng =~ d + e + h\ng ~ f", "half"),
}


def symmetric(random, *shape):
    matrix = random.normal(size=shape)
    return matrix + np.swapaxes(matrix, -1, -2)


def test_sums_over_patterns_are_traces_written_out():
    random = np.random.default_rng(1)
    p, m, patterns = 4, 6, 5
    first, second = (symmetric(random, 2, 1, patterns, p, p) for _ in range(2))
    weights, basis = random.uniform(size=(2, 1, patterns)), random.normal(size=(2, 1, p, m))
    u, v = np.array([0, 1, 5]), np.array([0, 4, 2])
    s = np.array([0.5, 1.0, 1.0])
    found = slot_squares(lower_triangle(p), (u, v, s), basis, first, second, weights)
    for r in range(2):
        left, right = basis[r, 0][:, u], basis[r, 0][:, v]
        changes = [s[t] * (np.outer(left[:, t], right[:, t]) + np.outer(right[:, t], left[:, t]))
                   for t in range(3)]  # fmt: skip
        for a in range(3):
            for b in range(3):
                expected = sum(
                    w * 0.5 * (np.trace(x @ changes[b] @ y @ changes[a])
                               + np.trace(x @ changes[a] @ y @ changes[b]))
                    for w, x, y in zip(weights[r, 0], first[r, 0], second[r, 0], strict=True)
                )  # fmt: skip
                assert found[r, 0, a, b] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_both_ways_through_patterns_agree(name, monkeypatch):
    design, target, theta = gappy_model(*MODELS[name])
    point = evaluate(design, theta, target)
    found = {}
    for way in (False, True):
        monkeypatch.setattr(likelihood, "pays", lambda *_, way=way: way)
        found[way] = [f(design, point, target) for f in (expected_information, hessian)]
    for one, other in zip(found[False], found[True], strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12 * np.abs(one).max())


@pytest.mark.parametrize("name", MODELS)
def test_hessian_through_triangles_is_the_slope_of_the_gradient(name, monkeypatch):
    monkeypatch.setattr(likelihood, "pays", lambda *_: True)
    design, target, theta = gappy_model(*MODELS[name])
    found = hessian(design, evaluate(design, theta, target), target)[0]
    step, rows = 1e-5, []
    for unit in np.eye(design.n_parameters):
        up, down = (
            gradient(design, evaluate(design, theta + sign * step * unit, target), target)[0]
            for sign in (1, -1)
        )
        rows.append((up - down) / (2 * step))
    np.testing.assert_allclose(found, rows, rtol=0, atol=1e-6 * np.abs(found).max())


def gappy_model(syntax, group):
    random = np.random.default_rng(3)
    factor = random.normal(size=(300, 2))
    factor[:, 1] += 0.5 * factor[:, 0]
    values = factor[:, [0, 0, 0, 1, 1, 1]] + random.normal(size=(300, 6)) + 2
    gaps = random.uniform(size=values.shape) < 0.2
    gaps[:, 5] = False
    data = pd.DataFrame(np.where(gaps, np.nan, values), columns=list("abcdeh"))
    data["half"] = random.integers(0, 2, 300)
    options = {"group": group, "equal": ("loadings",) if group else ()}
    prepared = prepare(make_request(syntax, missing="fiml", **options), data)
    start = starting_points(prepared.design, prepared.target.sample[0], 2)[1:]
    return prepared.design, prepared.target, start
