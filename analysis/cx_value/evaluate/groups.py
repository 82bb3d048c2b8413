"""The index of brands, segments, branches and waves, each with enough respondents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.evaluate.index import (
    construct_indices,
    grade_of,
    node_indices,
    weighted_mean_of_items,
)
from cx_value.evaluate.setting import EvaluationSetting
from cx_value.evaluate.weights.comparison import interval
from cx_value.study.indicators import WAVE
from cx_value.study.privacy import suppress_small_cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cx_value.evaluate.resamples import Resamples
    from cx_value.evaluate.scores import Scores
    from cx_value.evaluate.weights.comparison import IndicatorWeights

_COLUMNS = (
    "column", "group", "role", "node", "level", "n", "index", "se", "low", "high", "grade",
    "probability", "difference", "diff_low", "diff_high", "differs",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupIndices(Result):
    """The index of every group, on the same resamples as the whole.

    The table has one row a group and node.

    Attributes
    ----------
    frame : DataFrame
        ``column group role node level n index se low high grade probability difference diff_low
        diff_high differs``: the difference is from the own brand for brands, from all others of
        the column for other groups. ``role`` is ``own``, ``rival`` or empty.
    small : tuple of dict
        Groups without an index: ``{"column", "group", "n", "why"}``; ``why`` is ``small`` (too few
        respondents) or ``complementary`` (it and the total would give a small one away).
    minimum : int
    own : str
    """

    template: ClassVar[str] = "index.groups"
    frame: pd.DataFrame
    small: tuple[Mapping[str, Any], ...]
    minimum: int
    own: str

    def brands(self) -> pd.DataFrame:
        """Return the rows of brands."""
        return self.frame[self.frame["role"] != ""].reset_index(drop=True)

    def brand_table(self) -> pd.DataFrame:
        """Return ``node`` and one column a brand: the index of each.

        Of the whole and its dimensions; of the constructs where there are no dimensions.
        """
        brands = self.brands()
        if brands["level"].eq("dimension").any():
            brands = brands[brands["level"].isin(["overall", "dimension"])]
        order = list(dict.fromkeys(brands["group"]))
        wide = brands.pivot_table(index="node", columns="group", values="index", sort=False)
        return wide[order].reset_index()

    def gaps(self) -> pd.DataFrame:
        """Return, by node, the best rival and how far the own brand is ahead of it.

        Columns ``node own rival index rival_index gap low high ahead``.
        """
        brands = self.brands()
        rows = []
        for node, own in brands.groupby("node", sort=False):
            rivals = own[own["role"] == "rival"]
            if rivals.empty or not (own["role"] == "own").any():
                continue
            best = rivals.loc[rivals["index"].idxmax()]
            mine = own[own["role"] == "own"].iloc[0]
            low, high = -best["diff_high"], -best["diff_low"]
            rows.append(
                {"node": node, "level": mine["level"], "rival": best["group"],
                 "index": mine["index"], "rival_index": best["index"],
                 "gap": -best["difference"], "low": low, "high": high,
                 "ahead": "yes" if low > 0 else "no" if high < 0 else "unsure"}
            )  # fmt: skip
        return pd.DataFrame(rows)

    def facts(self) -> dict[str, Any]:
        """Return the own brand's place among its rivals, and the groups that differ."""
        whole = self.frame[self.frame["level"] == "overall"]
        brands = whole[whole["role"] != ""].sort_values("index", ascending=False)
        gaps = self.gaps()
        order = brands["group"].tolist()
        others = whole[(whole["role"] == "") & (whole["differs"] == "yes")]
        keep = ["column", "group", "index", "low", "high", "difference"]
        return {
            "own": self.own, "brands": brands[["group", "index", "low", "high"]].to_dict("records"),
            "place": order.index(self.own) + 1 if self.own in order else None,
            "ahead": gaps[gaps["ahead"] == "yes"]["node"].tolist() if len(gaps) else [],
            "behind": (gaps[gaps["ahead"] == "no"][["node", "rival", "gap", "low", "high"]]
                       .sort_values("gap").to_dict("records") if len(gaps) else []),
            "differing": others[keep].to_dict("records"),
            "groupings": whole[whole["role"] == ""]["column"].drop_duplicates().tolist(),
            "small": [dict(e) for e in self.small if e["why"] == "small"],
            "withheld": [e["group"] for e in self.small if e["why"] == "complementary"],
            "minimum": self.minimum,
            "level": self.confidence,
        }  # fmt: skip


def index_groups(
    setting: EvaluationSetting,
    weights: IndicatorWeights,
    *,
    item_weights: Mapping[str, np.ndarray] | None = None,
) -> GroupIndices:
    """Return the index of every brand and, within the own brand, of every group and wave.

    The weights are those of the whole, so that groups are compared on one scale. Groups below
    ``evaluation.minimum_group`` respondents are named and left out, and with them the next
    smallest where a group's index could be worked out from the others and the whole.
    """
    minimum = setting.study.evaluation.minimum_group
    frames, small = _index_brands(setting, weights, item_weights)
    for column, groups in _groupings(setting):
        large, withheld = _parted(column, groups, minimum)
        small += withheld
        if large:
            frames.append(_index_column(setting, weights, column, large, item_weights))
    columns = list(_COLUMNS)
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    return GroupIndices(
        n_used=setting.axis.n + sum(theirs.n for theirs in setting.rivals.values()),
        method="index by group, weights of the whole",
        confidence=setting.confidence, frame=frame[columns], small=tuple(small), minimum=minimum,
        own=setting.whose,
    )  # fmt: skip


def _parted(
    column: str, groups: Mapping[str, np.ndarray], minimum: int
) -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """Return the groups of a column that have an index, and those that have none, with reasons."""
    counts = np.array([int(select.sum()) for select in groups.values()])
    reasons = suppress_small_cells(counts, minimum)
    large, withheld = {}, []
    for (group, select), n, reason in zip(groups.items(), counts, reasons, strict=True):
        why = reason or ("small" if n < minimum else "")
        if why:
            withheld.append({"column": column, "group": group, "n": int(n), "why": why})
        else:
            large[group] = select
    return large, withheld


def _groupings(setting: EvaluationSetting) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """Yield column → group → who, of the own brand's customers."""
    study, survey = setting.study, setting.survey
    wanted = study.evaluation.groups
    for entry in study.profile:
        if wanted is not None and entry.name not in wanted:
            continue
        if entry.name not in survey.profile or (study.brands and entry.name == study.brands.column):
            continue
        column = survey.profile[entry.name]
        yield (
            entry.name,
            {str(value): (column == value).to_numpy() for value in column.cat.categories},
        )
    if survey.wave is not None:
        waves = sorted(survey.wave.dropna().unique(), key=str)
        yield WAVE, {str(w): (survey.wave == w).to_numpy() for w in waves}


def _index_brands(
    setting: EvaluationSetting,
    weights: IndicatorWeights,
    item_weights: Mapping[str, np.ndarray] | None,
) -> tuple[list[pd.DataFrame], list[dict[str, Any]]]:
    """Return the rows of the own brand and of every rival, and the brands that are too small.

    A rival's index takes the own brand's weights, so that all stand on one scale; its customers
    are resampled on their own.
    """
    if not setting.rivals:
        return [], []
    column, minimum = setting.study.brands.column, setting.study.evaluation.minimum_group
    answers = {setting.whose: setting} | dict(setting.rivals)
    counts = {name: theirs.axis.n for name, theirs in answers.items()}
    kept = {name: theirs for name, theirs in answers.items() if counts[name] >= minimum}
    small = [
        {"column": column, "group": brand, "n": n, "why": "small"}
        for brand, n in counts.items()
        if n < minimum
    ]
    found = {
        name: _nodes(theirs.axis, theirs.scores, weights, None, item_weights)
        for name, theirs in kept.items()
    }
    own = found.get(setting.whose)
    frames = [
        _group_rows(
            setting, {"column": column, "group": name, "n": counts[name],
                      "role": "own" if name == setting.whose else "rival"},
            nodes, None if name == setting.whose else own,
        )
        for name, nodes in found.items()
    ]  # fmt: skip
    return frames, small


def _index_column(
    setting: EvaluationSetting,
    weights: IndicatorWeights,
    column: str,
    groups: Mapping[str, np.ndarray],
    item_weights: Mapping[str, np.ndarray] | None,
) -> pd.DataFrame:
    """Return the rows of every group of a column, each against all others."""
    frames = []
    for group, select in groups.items():
        nodes, rest = (
            _nodes(setting.axis, setting.scores, weights, who, item_weights)
            for who in (select, ~select)
        )
        frames.append(
            _group_rows(
                setting, {"column": column, "group": group, "role": "", "n": int(select.sum())},
                nodes, rest if len(groups) > 1 else None,
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def _group_rows(
    setting: EvaluationSetting, group: Mapping[str, Any], nodes: Mapping[str, np.ndarray],
    rest: Mapping[str, np.ndarray] | None,
) -> pd.DataFrame:  # fmt: skip
    rows = []
    for node, draws in nodes.items():
        low, high = interval(draws[1:, None], setting.confidence)
        grade = grade_of(draws, setting.study.evaluation.grades)
        rows.append(
            {**group, "node": node, "level": setting.hierarchy.level(node), "index": draws[0],
             "se": np.nanstd(draws[1:], ddof=1), "low": low[0], "high": high[0],
             "grade": grade["grade"], "probability": grade["probability"],
             **_difference(draws, None if rest is None else rest[node], setting.confidence)}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _nodes(
    axis: Resamples, scores: Scores, weights: IndicatorWeights, select: np.ndarray | None,
    item_weights: Mapping[str, np.ndarray] | None,
) -> dict[str, np.ndarray]:  # fmt: skip
    tree, items = scores.hierarchy, list(scores.items.columns)
    means = weighted_mean_of_items(axis, scores.items.to_numpy(), select)
    constructs = construct_indices(means, items, tree, item_weights)
    return {**node_indices(constructs, weights.weights, tree), **constructs}


def _difference(draws: np.ndarray, rest: np.ndarray | None, confidence: float) -> dict[str, Any]:
    if rest is None:
        return {"difference": np.nan, "diff_low": np.nan, "diff_high": np.nan, "differs": ""}
    gap = draws - rest
    low, high = interval(gap[1:, None], confidence)
    differs = "yes" if low[0] > 0 or high[0] < 0 else "no"
    return {"difference": gap[0], "diff_low": low[0], "diff_high": high[0], "differs": differs}
