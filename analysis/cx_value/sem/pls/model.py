"""What a PLS path model declares: blocks of items, arrows between constructs, modes, scheme."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cx_value.base.errors import ModelError
from cx_value.base.wording import join_words

SCHEMES = ("path", "factor", "centroid")
Paths = Mapping[str, Sequence[str]] | Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class PathModel:
    """A checked model on index arrays.

    ``owner`` (p,) is the construct of each item; ``adjacency`` (J, J) is true at [source, target];
    ``is_mode_b`` and ``is_corrected`` (J,) mark constructs weighted by regression, and those whose
    correlations are corrected for attenuation (PLSc).
    """

    constructs: tuple[str, ...]
    items: tuple[str, ...]
    owner: np.ndarray
    adjacency: np.ndarray
    is_mode_b: np.ndarray
    is_corrected: np.ndarray
    scheme: str

    @property
    def mask(self) -> np.ndarray:
        """1 where an item belongs to a construct: (p, J)."""
        return (self.owner[:, None] == np.arange(len(self.constructs))).astype(float)

    @property
    def endogenous(self) -> np.ndarray:
        return np.flatnonzero(self.adjacency.any(axis=0))

    def block(self, construct: int) -> np.ndarray:
        return np.flatnonzero(self.owner == construct)

    def sources(self, construct: int) -> np.ndarray:
        return np.flatnonzero(self.adjacency[:, construct])

    @property
    def arrows(self) -> list[tuple[int, int]]:
        """(source, target) in the order of targets, then sources."""
        return _ends_of(self.adjacency)

    @property
    def detours(self) -> list[tuple[int, int]]:
        """(source, target) joined by a chain of two or more arrows."""
        direct = self.adjacency.astype(int)
        return _ends_of((direct @ _reachable(self.adjacency).astype(int)) > 0)

    @property
    def effects(self) -> list[tuple[int, int]]:
        """(source, target) joined by any chain."""
        return _ends_of(_reachable(self.adjacency))


def _ends_of(linked: np.ndarray) -> list[tuple[int, int]]:
    return [(int(source), int(target)) for target, source in np.argwhere(linked.T)]


def declare_path_model(
    constructs: Mapping[str, Sequence[str]],
    paths: Paths,
    *,
    modes: str | Mapping[str, str] = "A",
    scheme: str = "path",
    consistent: bool | Iterable[str] = False,
) -> PathModel:
    """Check a declaration and turn it into index arrays.

    Raises
    ------
    ModelError
        Unknown or isolated constructs, an item in two blocks, a cycle, an unknown mode or scheme.
    """
    blocks = {name: list(items) for name, items in constructs.items()}
    _check_blocks(blocks)
    names = tuple(blocks)
    if scheme not in SCHEMES:
        raise ModelError(
            f"scheme={scheme!r} is unknown · allowed: {', '.join(SCHEMES)} · do: choose one of "
            "them."
        )
    items = tuple(item for block in blocks.values() for item in block)
    owner = np.repeat(np.arange(len(names)), [len(block) for block in blocks.values()])
    adjacency = _adjacency(names, pairs_of(paths))
    is_mode_b = _modes(names, modes)
    return PathModel(
        constructs=names,
        items=items,
        owner=owner,
        adjacency=adjacency,
        is_mode_b=is_mode_b,
        is_corrected=_corrected(blocks, is_mode_b, consistent),
        scheme=scheme,
    )


def _check_blocks(blocks: dict[str, list[str]]) -> None:
    if empty := [name for name, items in blocks.items() if not items]:
        raise ModelError(
            f"{empty[0]} has no items · allowed: at least one · do: name its items or drop it."
        )
    seen: dict[str, str] = {}
    for name, items in blocks.items():
        for item in items:
            if item in seen:
                raise ModelError(
                    f"{item} stands in {seen[item]} and in {name} · allowed: one construct per "
                    "item · do: drop it from one of them."
                )
            seen[item] = name


def pairs_of(paths: Paths) -> list[tuple[str, str]]:
    """Return paths as (source, target), however they are given."""
    if isinstance(paths, Mapping):
        return [(source, target) for target, sources in paths.items() for source in sources]
    return [(source, target) for source, target in paths]


def _adjacency(names: tuple[str, ...], pairs: list[tuple[str, str]]) -> np.ndarray:
    adjacency = np.zeros((len(names), len(names)), dtype=bool)
    for source, target in pairs:
        for name in (source, target):
            if name not in names:
                raise ModelError(
                    f"the path {source} -> {target} names {name!r}, which has no items · allowed: "
                    f"{join_words(list(names))} · do: correct the name or give its items."
                )
        adjacency[names.index(source), names.index(target)] = True
    alone = [
        n
        for n, linked in zip(names, adjacency.any(0) | adjacency.any(1), strict=True)
        if not linked
    ]
    if alone:
        raise ModelError(
            f"{alone[0]} stands in no path · allowed: constructs that a path reaches or leaves "
            "· do: add a path or drop it."
        )
    if np.linalg.matrix_power(adjacency.astype(float), len(names)).any():
        circle = [names[i] for i in np.diag(_reachable(adjacency)).nonzero()[0]]
        raise ModelError(
            f"the paths run in a circle through {join_words(circle)} · allowed: arrows that never "
            "lead back · do: drop one of them."
        )
    return adjacency


def _reachable(adjacency: np.ndarray) -> np.ndarray:
    reached = adjacency.copy()
    for _ in range(len(adjacency)):
        reached |= (reached.astype(int) @ adjacency.astype(int)) > 0
    return reached


def _modes(names: tuple[str, ...], modes: str | Mapping[str, str]) -> np.ndarray:
    chosen = dict.fromkeys(names, modes) if isinstance(modes, str) else dict(modes)
    for name, mode in chosen.items():
        if name not in names or mode not in ("A", "B"):
            raise ModelError(
                f"modes gives {name!r} the mode {mode!r} · allowed: A or B for "
                f"{join_words(list(names))} · do: correct the entry."
            )
    return np.array([chosen.get(name, "A") == "B" for name in names])


def _corrected(
    blocks: dict[str, list[str]], is_mode_b: np.ndarray, consistent: bool | Iterable[str]
) -> np.ndarray:
    able = np.array([len(items) > 1 for items in blocks.values()]) & ~is_mode_b
    if isinstance(consistent, bool):
        return able & consistent
    wanted = set(consistent)
    is_wanted = np.array([name in wanted for name in blocks])
    wrong = sorted(wanted - set(blocks)) + [
        name for name, bad in zip(blocks, is_wanted & ~able, strict=True) if bad
    ]
    if wrong:
        raise ModelError(
            f"consistent names {wrong[0]!r} · allowed: constructs of mode A with two or more items "
            "· do: drop it from the list."
        )
    return is_wanted
