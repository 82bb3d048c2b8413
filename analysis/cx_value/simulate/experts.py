"""Experts' pairwise judgements for the analytic hierarchy process."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from cx_value.simulate.truth import Truth

EXPERTS = ("E1", "E2", "E3", "E4", "E5", "E6")
#: Spread of an expert's log judgements; the last one answers at odds with himself or herself.
_SPREAD = (0.10, 0.12, 0.15, 0.18, 0.20, 1.30)
SAATY = np.array([*(1 / k for k in range(9, 1, -1)), *range(1, 10)], dtype=float)


def simulate_experts(truth: Truth, random: np.random.Generator) -> pd.DataFrame:
    """Draw judgements ``expert criterion_set row column judgement``, upper triangles.

    A judgement says how many times as important ``row`` is as ``column``, on Saaty's scale
    (1/9 to 9), the nearest to the ratio of the true weights times the expert's error.
    """
    weights = truth.expert_weights
    rows = []
    for expert, spread in zip(EXPERTS, _SPREAD, strict=True):
        for row, column in combinations(weights, 2):
            ratio = np.log(weights[row] / weights[column]) + random.normal(0, spread)
            nearest = SAATY[np.argmin(np.abs(np.log(SAATY) - ratio))]
            rows.append((expert, "perception", row, column, round(float(nearest), 6)))
    return pd.DataFrame(rows, columns=["expert", "criterion_set", "row", "column", "judgement"])
