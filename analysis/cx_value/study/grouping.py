"""Which rating items belong together: by question, by wording, by place and by correlation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cx_value.study.names import stem_of

#: Answers needed before correlations are asked.
ENOUGH = 40
#: Items of one block whose answers hang together less than this (mean correlation) are no scale.
LOOSE = 0.1
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
    # A neighbour on the scale of the numbered items is a question of its own, no new block.
    left = [n for n in names if n not in taken and alike[n] not in scales]
    runs = _by_run(left, list(answers), alike)
    parts = [part for run in runs for part in _by_correlation(frame, run) if len(part) > 1]
    found = [
        _judged(frame, f"F{k}", part, "neighbours on one scale", sure=False)
        for k, part in enumerate(parts, start=1)
    ]
    firm = [g for g in found if _mean_correlation(frame[list(g.names)]) >= LOOSE]
    if strong:
        return [*strong, *loose, *firm]
    # Numbered columns that hang together in nothing (races, channels) give way to real scales.
    return found if firm else [*loose, *found]


def _by_stem(names: list[str]) -> dict[str, list[str]]:
    stems: dict[str, list[str]] = {}
    for name in names:
        if stem := stem_of(name):
            stems.setdefault(stem, []).append(name)
    return {stem: members for stem, members in stems.items() if len(members) > 1}


def _by_run(names: list[str], order: list[str], alike: Mapping[str, object]) -> list[list[str]]:
    place = {name: k for k, name in enumerate(order)}
    runs: list[list[str]] = []
    for name in names:
        last = runs[-1][-1] if runs else None
        near = last is not None and place[name] - place[last] == 1
        if near and alike[name] == alike[last]:
            runs[-1].append(name)
        else:
            runs.append([name])
    return [run for run in runs if len(run) > 1]


def _by_correlation(frame: pd.DataFrame, run: list[str]) -> list[list[str]]:
    """Part a run into as many blocks as its correlations have eigenvalues above 1 (Kaiser)."""
    if len(run) < 5 or len(frame) < ENOUGH:
        return [run]
    correlations = frame[run].corr().fillna(0).to_numpy()
    values, vectors = np.linalg.eigh(correlations)
    count = int((values > 1).sum())
    if count < 2:
        return [run]
    loadings = _varimax(vectors[:, ::-1][:, :count] * np.sqrt(values[::-1][:count]))
    nearest = np.abs(loadings).argmax(axis=1)
    blocks = [[name for name, at in zip(run, nearest, strict=True) if at == k]
              for k in range(count)]  # fmt: skip
    return sorted((block for block in blocks if block), key=lambda block: run.index(block[0]))


def _varimax(loadings: np.ndarray) -> np.ndarray:
    """Rotate loadings to simple structure (Kaiser, 1958)."""
    rotation = np.eye(loadings.shape[1])
    for _ in range(50):
        turned = loadings @ rotation
        target = turned**3 - turned * (turned**2).mean(axis=0)
        left, _, right = np.linalg.svd(loadings.T @ target)
        rotation = left @ right
    return loadings @ rotation


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
