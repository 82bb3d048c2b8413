"""The indicator system as a tree: dimensions above constructs above items."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cx_value.study.indicators import OVERALL

if TYPE_CHECKING:
    from cx_value.study.spec import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy:
    """Which constructs make up which dimension, and which way each is turned.

    Attributes
    ----------
    children : dict of str to tuple of str
        Dimension → its members, the top dimension (``root``) last.
    items : dict of str to tuple of str
        Construct → its items, for every construct of the study.
    turned : frozenset of str
        Constructs in which a high score is unfavourable: their own direction, or that of a
        dimension above them, is ``"-"``. Their scores are turned before anything is computed.
    root : str
    """

    children: dict[str, tuple[str, ...]]
    items: dict[str, tuple[str, ...]]
    turned: frozenset[str] = field(default_factory=frozenset)
    root: str = OVERALL

    @property
    def leaves(self) -> tuple[str, ...]:
        """The constructs that the overall index is made of."""
        return self.leaves_of(self.root)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions below the top, as they were declared."""
        return tuple(name for name in self.children if name != self.root)

    @property
    def others(self) -> tuple[str, ...]:
        """Constructs outside the overall index, such as satisfaction and loyalty."""
        return tuple(name for name in self.items if name not in self.leaves)

    @property
    def nodes(self) -> tuple[str, ...]:
        """Everything that gets an index: constructs, dimensions, the whole."""
        return (*self.items, *self.dimensions, self.root)

    def leaves_of(self, node: str) -> tuple[str, ...]:
        """Return the constructs at or below a node, in the order declared."""
        if node in self.items:
            return (node,)
        return tuple(leaf for child in self.children[node] for leaf in self.leaves_of(child))

    def level(self, node: str) -> str:
        """Return ``"overall"``, ``"dimension"``, ``"construct"`` or ``"outcome"``."""
        if node == self.root:
            return "overall"
        if node in self.children:
            return "dimension"
        return "construct" if node in self.leaves else "outcome"

    def composition(self) -> np.ndarray:
        """Return 1 where a leaf (column) is part of a dimension or the whole (row)."""
        rows = [*self.dimensions, self.root]
        return np.array(
            [[float(leaf in self.leaves_of(row)) for leaf in self.leaves] for row in rows]
        )


def hierarchy_of(study: Study) -> Hierarchy:
    """Return the indicator system a study declares.

    Without ``dimensions`` the overall index is made of the constructs that act on others in the
    study's model and are neither its satisfaction nor its loyalty (where the study does not name
    these: of the constructs that nothing acts on); without a model, of all.

    Examples
    --------
    >>> from cx_value.study import read_study
    >>> tree = hierarchy_of(read_study("data/ecsi-mobile"))
    >>> tree.leaves, tree.root, tree.others
    (('IMAG', 'CUEX', 'PERQ', 'PERV'), 'EXPERIENCE', ('CUSA', 'CUSCO', 'CUSL'))
    """
    children = {d.name: d.of for d in study.dimensions}
    held = {member for members in children.values() for member in members}
    tops = [name for name in children if name not in held]
    if len(tops) == 1:
        root = tops[0]
        children[root] = children.pop(root)
    else:
        root = OVERALL
        children[root] = tuple(tops) or _acting(study)
    return Hierarchy(
        children=children,
        items={c.name: tuple(c.item_names) for c in study.constructs},
        turned=_turned(study, children),
        root=root,
    )


def _acting(study: Study) -> tuple[str, ...]:
    """Return the constructs that the overall index is made of where no dimension says it."""
    from cx_value.study.model_checks import model_edges

    names = [c.name for c in study.constructs]
    main = study.model("main")
    edges = model_edges(study, main) if main else set()
    sources = {source for source, _ in edges} if main else set(names)
    ends = {study.value.satisfaction, study.value.loyalty}
    if study.value.satisfaction is None:
        ends |= {target for _, target in edges}
    acting = [name for name in names if name in sources and name not in ends]
    return tuple(acting or names)


def _turned(study: Study, children: dict[str, tuple[str, ...]]) -> frozenset[str]:
    turned = {c.name for c in study.constructs if c.direction == "-"}
    waiting = [d.name for d in study.dimensions if d.direction == "-"]
    while waiting:
        name = waiting.pop()
        waiting += children.get(name, ())
        turned.add(name)
    return frozenset(turned - set(children))
