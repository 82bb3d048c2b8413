"""Reference numbers of the evaluation, by programs that share no code with it.

AHPy 2.1 (pairwise comparisons), pymcdm 1.4.0 (entropy, CRITIC, variation). Run by hand:
``python tests/reference/evaluation.py`` in an environment that has both; tests need neither.
"""

from itertools import combinations
from pathlib import Path

import ahpy
import numpy as np
import pandas as pd
from pymcdm.weights import critic_weights, entropy_weights

HERE = Path(__file__).parent
SURVEY = np.array([
    [5, 4, 3, 7], [6, 5, 2, 6], [4, 4, 4, 5], [7, 6, 1, 7], [3, 2, 5, 4], [5, 5, 3, 6],
    [6, 6, 2, 7], [2, 3, 6, 3], [4, 5, 4, 5], [5, 3, 3, 6], [7, 7, 2, 7], [3, 4, 5, 4],
], dtype=float)  # fmt: skip
DRINKS = ("coffee", "wine", "tea", "beer", "soda", "milk", "water")
UPPER = [9, 5, 2, 1, 1, 1 / 2, 1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 9, 1 / 3, 1 / 4, 1 / 3, 1 / 9,
         1 / 2, 1, 1 / 3, 2, 1 / 2, 1 / 3]  # fmt: skip
INCOMPLETE = {("a", "b"): 1, ("a", "c"): 5, ("a", "d"): 2, ("b", "c"): 3, ("b", "d"): 4}


def pairwise() -> pd.DataFrame:
    rows = []
    cases = {
        "drinks": dict(zip(combinations(DRINKS, 2), UPPER, strict=True)),
        "incomplete": INCOMPLETE,
    }
    for case, judgements in cases.items():
        for table in ("dd", "saaty"):
            found = ahpy.Compare(case, judgements, precision=10, random_index=table)
            rows += [(case, table, name, w) for name, w in found.local_weights.items()]
            rows.append((case, table, "consistency_ratio", found.consistency_ratio))
    return pd.DataFrame(rows, columns=["case", "random_index", "name", "value"])


def objective() -> pd.DataFrame:
    turned = SURVEY.copy()
    turned[:, 2] = 8 - turned[:, 2]
    cases = {
        ("entropy", "raw"): entropy_weights(SURVEY),
        ("entropy", "min_max_shifted"): entropy_weights(
            (SURVEY - SURVEY.min(0)) / np.ptp(SURVEY, axis=0) + 0.01
        ),
        ("critic", "min_max_turned"): critic_weights(turned),
        ("critic", "min_max"): critic_weights(SURVEY),
    }
    rows = [(*key, k, w) for key, found in cases.items() for k, w in enumerate(found)]
    return pd.DataFrame(rows, columns=["method", "scaling", "column", "weight"])


if __name__ == "__main__":
    pairwise().to_csv(HERE / "evaluation__pairwise.csv", index=False)
    objective().to_csv(HERE / "evaluation__objective.csv", index=False)
