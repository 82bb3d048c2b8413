"""Planted segments: what customers want most, and how strongly they say so."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cx_value.simulate.truth import Truth

NEEDS = ("need_price", "need_advice", "need_digital", "need_safety", "need_speed")
SEGMENTS = ("price", "advice", "digital")
#: What makes a customer of one kind rather than the first: log odds per standard deviation.
_ODDS = {
    "advice": {"spend": 0.6, "LOY": 0.5},
    "digital": {"LOY": 0.4, "TEC": 0.3},
}
_EMPTY = 0.02


def draw_needs(
    truth: Truth, people: pd.DataFrame, random: np.random.Generator
) -> tuple[pd.Series, pd.DataFrame]:
    """Draw each person's planted segment and the importance that he or she gives to five needs.

    Parameters
    ----------
    people : DataFrame
        ``LOY TEC mean_spend careless``; whose spend is not known counts as average.

    Returns
    -------
    Series
        Name of the segment.
    DataFrame
        Answers 1 to 7, about 2 % left empty; careless people answer at random.

    Examples
    --------
    >>> people = pd.DataFrame({"LOY": [0.0], "TEC": 0.0, "mean_spend": np.nan, "careless": ""})
    >>> draw_needs(Truth(), people, np.random.default_rng(1))[0].isin(SEGMENTS).all()
    np.True_
    """
    spend = np.log(people["mean_spend"].astype(float))
    spread = spend.std()
    scores = people[["LOY", "TEC"]].assign(spend=(spend - spend.mean()) / spread).fillna(0.0)
    odds = np.zeros((len(people), len(SEGMENTS)))
    for k, segment in enumerate(SEGMENTS):
        odds[:, k] = sum(by * scores[name] for name, by in _ODDS.get(segment, {}).items())
    gumbel = random.gumbel(size=odds.shape)
    chosen = (odds + gumbel).argmax(axis=1)
    means = np.array([truth.need_means[segment] for segment in SEGMENTS])
    latent = means[chosen] + truth.need_spread * random.standard_normal((len(people), len(NEEDS)))
    answers = np.clip(np.rint(latent), 1, 7)
    careless = people["careless"].to_numpy() != ""
    answers[careless] = random.integers(1, 8, size=(len(people), len(NEEDS)))[careless]
    answers[random.random(answers.shape) < _EMPTY] = np.nan
    named = pd.Series(np.array(SEGMENTS)[chosen], index=people.index)
    return named, pd.DataFrame(answers, columns=list(NEEDS), index=people.index)


def tell_needs(truth: Truth, segment: pd.Series, weight: pd.Series) -> dict:
    """Return the planted segments: means, spread, shares and every respondent's, in file order.

    ``members`` has one letter a row of the survey: the number of the segment, from 1.
    """
    total = weight.groupby(segment).sum()
    return {
        "names": list(SEGMENTS), "needs": list(NEEDS),
        "means": {name: list(truth.need_means[name]) for name in SEGMENTS},
        "spread": truth.need_spread,
        "shares": {name: float(total.get(name, 0.0) / weight.sum()) for name in SEGMENTS},
        "members": "".join(str(SEGMENTS.index(name) + 1) for name in segment),
    }  # fmt: skip
