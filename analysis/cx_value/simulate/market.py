"""What a simulated study knows beside its scales: Kano's paired questions and a sales funnel."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Feature → its true category, and how often a respondent answers by it.
FEATURES = {"FREEZE": "M", "TRANSFER": "O", "INSIGHT": "A", "CALENDAR": "I"}
FEATURE_SHARE = 0.6
#: Category → the answers to "it is there" and "it is absent" (1 like it … 5 dislike it).
_ANSWERS = {"M": (2, 5), "O": (1, 5), "A": (1, 3), "I": (3, 3)}
#: Steps of opening an account online, and the true share of visitors who go on to the next.
STEPS = {"visit": 1.0, "product page": 0.42, "application begun": 0.31, "application sent": 0.58,
         "account opened": 0.81}  # fmt: skip
VISITORS = 24_000


def answer_kano(n: int, random: np.random.Generator) -> pd.DataFrame:
    """Draw the two answers of n respondents to every feature, columns ``K_<feature>_F`` and ``_D``.

    A respondent answers by the feature's category with probability ``FEATURE_SHARE``, else at
    random.

    Examples
    --------
    >>> answer_kano(2, np.random.default_rng(1)).shape
    (2, 8)
    """
    columns = {}
    for feature, category in FEATURES.items():
        typical = random.random(n) < FEATURE_SHARE
        for ending, answer in zip("FD", _ANSWERS[category], strict=True):
            other = random.integers(1, 6, n)
            columns[f"K_{feature}_{ending}"] = np.where(typical, answer, other)
    return pd.DataFrame(columns)


def simulate_funnel(random: np.random.Generator) -> pd.DataFrame:
    """Draw how many visitors reach each step, ``step visitors``."""
    counts, left = [], VISITORS
    for share in STEPS.values():
        left = int(random.binomial(left, share))
        counts.append(left)
    return pd.DataFrame({"step": list(STEPS), "visitors": counts})
