"""Answers as points from 0 to 100, high is favourable everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from cx_value.evaluate.hierarchy import Hierarchy
    from cx_value.study.spec import Study


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scores:
    """The answers of a study as points.

    Attributes
    ----------
    items : DataFrame (n, items)
        ``(answer − minimum) / (maximum − minimum) × 100``; turned where a high score is
        unfavourable; NaN where not answered.
    constructs : DataFrame (n, constructs)
        Mean of the items answered.
    hierarchy : Hierarchy
    """

    items: pd.DataFrame
    constructs: pd.DataFrame
    hierarchy: Hierarchy

    def scaled(self, columns: list[str], scaling: str) -> np.ndarray:
        """Return construct scores from 0 to 1: by the scale's ends, or by those observed."""
        values = self.constructs[columns].to_numpy() / 100
        return scale_observed(values) if scaling == "observed" else values

    def scaled_items(self, columns: list[str], scaling: str) -> np.ndarray:
        """Return item scores from 0 to 1."""
        values = self.items[columns].to_numpy() / 100
        return scale_observed(values) if scaling == "observed" else values


def scale_observed(values: np.ndarray) -> np.ndarray:
    """Return ``(x − min) / (max − min)`` by column; a constant column becomes 0."""
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    spread = np.where(high > low, high - low, 1.0)
    return (values - low) / spread


def score_answers(study: Study, items: pd.DataFrame, hierarchy: Hierarchy) -> Scores:
    """Return the points of every item and construct.

    Parameters
    ----------
    items : DataFrame
        Answers on their scales, reverse-keyed items recoded.
    """
    import pandas as pd

    ends = {item.name: item.scale for item in study.items}
    points = pd.DataFrame(
        {
            name: 100 * (items[name] - ends[name].minimum)
            / (ends[name].maximum - ends[name].minimum)
            for name in items.columns
        },
        index=items.index,
    )  # fmt: skip
    for construct in hierarchy.turned:
        own = list(hierarchy.items[construct])
        points[own] = 100 - points[own]
    constructs = construct_means(points, hierarchy.items)
    return Scores(items=points, constructs=constructs, hierarchy=hierarchy)


def construct_means(
    points: pd.DataFrame, constructs: Mapping[str, tuple[str, ...]]
) -> pd.DataFrame:
    """Return each respondent's mean over the items of a construct that were answered."""
    import pandas as pd

    return pd.DataFrame(
        {name: points[list(own)].mean(axis=1) for name, own in constructs.items()},
        index=points.index,
    )
