"""Which rating items belong together: by question, by wording, by place and by correlation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cx_value.study.starter.names import is_running, stem_of
from cx_value.study.starter.partition import part_run

#: Answers needed before correlations are asked.
ENOUGH = 40
#: Fewer items than this are one block.
MOST_ALONE = 4
#: More numbered items than this are a questionnaire rather than a scale.
MOST_ITEMS = 15
#: Items of one block whose answers hang together less than this (mean correlation) are no scale.
LOOSE = 0.1
#: Neighbours need more than numbered items to be a scale: a mean correlation of this.
FIRM = 0.2
#: An item this much against the others is taken as reverse-keyed.
AGAINST = -0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Items taken as one block: by what, whether that is sure, and which run against the rest."""

    stem: str
    names: tuple[str, ...]
    by: str
    sure: bool
    reverse: tuple[str, ...] = ()


def group_items(
    names: list[str], answers: Mapping[str, pd.Series], alike: Mapping[str, object]
) -> list[Group]:
    """Group rating items into blocks.

    Numbered names and parts of one question first; what is left in runs of neighbours on one
    scale, parted by the correlations of their answers where they fall apart.

    Parameters
    ----------
    names
        Rating items, in the order of the file.
    answers
        Every column of the file, in its order; items as numbers.
    alike
        Item → its scale; only items on one scale are neighbours.
    """
    frame = pd.DataFrame({name: answers[name] for name in names})
    groups = [
        _judged(frame, stem, members, "question or number", sure=True)
        for stem, members in _by_stem(names).items()
    ]
    loose = [group for group in groups if not group.sure]
    strong = [group for group in groups if group.sure]
    scales = {alike[name] for group in strong for name in group.names}
    loose = [g for g in loose if not strong or alike[g.names[0]] in scales]
    taken = {name for group in groups for name in group.names}
    left = [n for n in names if n not in taken]
    found = _neighbours(frame, left, list(answers), alike, scales)
    firm = [g for g in found if _is_firm(frame, g, strong)]
    if strong:
        return [*strong, *loose, *firm]
    # Numbered columns that hang together in nothing (races, channels) give way to real scales.
    return found if firm else [*loose, *found]


def _neighbours(
    frame: pd.DataFrame, names: list[str], order: list[str], alike: Mapping[str, object],
    scales: set[object],
) -> list[Group]:  # fmt: skip
    """Return runs of neighbours on one scale as groups, parted where their answers part.

    One or two neighbours on the scale of the numbered items are questions of their own.
    """
    runs = _by_run(names, order, alike)
    parts = [part for run in runs for part in _by_correlation(frame, run)]
    parts = [part for part in parts if len(part) > (2 if alike[part[0]] in scales else 1)]
    return [
        _judged(frame, f"F{k}", part, "neighbours on one scale", sure=False)
        for k, part in enumerate(parts, start=1)
    ]


def _is_firm(frame: pd.DataFrame, group: Group, strong: list[Group]) -> bool:
    """Return whether neighbours are a scale of their own.

    Each goes more with the rest of them than with any numbered block: overall judgements, one of
    each block, are none.
    """
    own = list(group.names)
    if _mean_correlation(frame[own]) < FIRM:
        return False
    if len(frame) < ENOUGH:
        return True
    r = frame.corr().abs()
    within = (r.loc[own, own].sum(axis=1) - 1) / max(len(own) - 1, 1)
    return all((within > r.loc[own, list(other.names)].mean(axis=1)).all() for other in strong)


def _by_stem(names: list[str]) -> dict[str, list[str]]:
    stems: dict[str, list[str]] = {}
    for name in names:
        if (stem := stem_of(name)) and not is_running(stem):
            stems.setdefault(stem, []).append(name)
    stems = {part: own for stem, members in stems.items()
             for part, own in _by_tens(stem, members).items()}  # fmt: skip
    return {s: members for s, members in stems.items() if 1 < len(members) <= MOST_ITEMS}


def _by_tens(stem: str, members: list[str]) -> dict[str, list[str]]:
    """Part A11 A12 A13 A21 A22 … by the first digit; A1 … A12 stay together.

    >>> _by_tens("A", ["A11", "A12", "A21", "A22"]), list(_by_tens("A", ["A10", "A11", "A12"]))
    ({'A1': ['A11', 'A12'], 'A2': ['A21', 'A22']}, ['A'])
    """
    numbers = [name.removeprefix(stem) for name in members]
    parts: dict[str, list[str]] = {}
    for name, number in zip(members, numbers, strict=True):
        parts.setdefault(stem + number[:1], []).append(name)
    units = [[n[-1:] for n in numbers if n[:1] == part[-1]] for part in parts]
    counted = all([*map(str, range(1, len(u) + 1))] == u and len(u) > 1 for u in units)
    whole = all(len(n) == 2 and n.isdigit() for n in numbers)
    return parts if whole and counted and len(parts) > 1 else {stem: members}


def _by_run(names: list[str], order: list[str], alike: Mapping[str, object]) -> list[list[str]]:
    """Return runs of neighbours on one scale.

    Neighbours stand side by side in the file; numbered questions follow each other among those of
    their name, also where another series stands between them (q1 qi1 q2 qi2).
    """
    place: dict[str, tuple[str, int]] = {}
    seen: Counter[str] = Counter()
    for k, name in enumerate(order):
        stem = stem_of(name) or ""
        seen[stem] += 1
        place[name] = (stem, seen[stem]) if _counts(stem, order) else ("", k)
    runs: list[list[str]] = []
    for name in sorted(names, key=lambda name: (place[name][0], place[name][1])):
        last = runs[-1][-1] if runs else None
        series, at = place[name]
        near = last is not None and place[last] == (series, at - 1)
        if near and alike[name] == alike[last]:
            runs[-1].append(name)
        else:
            runs.append([name])
    return sorted((run for run in runs if len(run) > 1), key=lambda run: order.index(run[0]))


def _counts(stem: str, order: list[str]) -> bool:
    """Return whether a stem only counts questions: by its name, or as it has too many."""
    if not stem:
        return False
    return is_running(stem) or sum(stem_of(name) == stem for name in order) > MOST_ITEMS


def _by_correlation(frame: pd.DataFrame, run: list[str]) -> list[list[str]]:
    """Part a run where the correlations of its answers say that another construct begins."""
    if len(run) < MOST_ALONE or len(frame) < ENOUGH:
        return [run]
    correlations = frame[run].corr().fillna(0).to_numpy()
    complete = int(frame[run].notna().all(axis=1).sum())
    parts = part_run(correlations, max(complete, ENOUGH))
    return [[run[k] for k in part] for part in parts]


def _judged(frame: pd.DataFrame, stem: str, names: list[str], by: str, *, sure: bool) -> Group:
    reverse = _against(frame[names])
    loose = len(frame) >= ENOUGH and _mean_correlation(frame[names]) < LOOSE
    return Group(
        stem=stem, names=tuple(names), by=by, sure=sure and not loose, reverse=tuple(reverse)
    )


def _mean_correlation(items: pd.DataFrame) -> float:
    """Return how much items hang together, whatever their sign."""
    if len(items) < ENOUGH:
        return 1.0
    correlations = items.corr().abs().to_numpy()
    return float(np.nanmean(correlations[np.triu_indices(len(correlations), 1)]))


def _against(items: pd.DataFrame) -> list[str]:
    """Return the items that run against most of the others."""
    if items.shape[1] < 3 or len(items) < ENOUGH:
        return []
    correlations = items.corr().fillna(0).to_numpy()
    sign = np.sign(np.linalg.eigh(correlations)[1][:, -1])
    sign = sign if (sign > 0).sum() >= (sign < 0).sum() else -sign
    if (sign > 0).sum() == (sign < 0).sum():
        return []
    along = sign > 0
    against = [
        name
        for k, name in enumerate(items)
        if not along[k] and correlations[k, along].mean() < AGAINST
    ]
    return against
