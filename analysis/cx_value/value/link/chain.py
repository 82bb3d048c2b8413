"""The chain from what customers say to what they are worth: its constructs, and how each acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.errors import ModelError

if TYPE_CHECKING:
    from cx_value.sem.design.matrices import Design, Implied
    from cx_value.sem.reading.result import ModelFit
    from cx_value.value.link.traits import Traits, ValueTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Constructs that act on value.

    Attributes
    ----------
    sources : tuple of str
        All of them: causes first, those that touch value last.
    targets : tuple of str
        Where total effects are read: the constructs that touch value, or outcomes put in.
    paths : tuple of (str, str)
        Direct paths (from, to) among the sources.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    paths: tuple[tuple[str, str], ...]

    def totals(self, design: Design, implied: Implied) -> np.ndarray:
        """Return total effects per point ``(..., groups, targets, sources)``."""
        rows, columns = ([design.state.index(n) for n in names] for names in
                         (self.targets, self.sources))  # fmt: skip
        ratio = design.state_units[rows][:, None] / design.state_units[columns]
        return implied.total[..., rows, :][..., columns] * ratio

    def deviations(self, design: Design, implied: Implied) -> np.ndarray:
        """Return standard deviations of the sources in points ``(..., groups, sources)``."""
        from cx_value.sem.reading.solution import deviations

        at = [design.state.index(name) for name in self.sources]
        return deviations(design, implied)[0][..., at] * design.state_units[at]

    def path_values(self, design: Design, implied: Implied) -> np.ndarray:
        """Return direct paths in points ``(..., groups, paths)``."""
        from cx_value.sem.design.matrices import BETA

        beta = implied.blocks[BETA]
        i = [design.state.index(to) for _, to in self.paths]
        j = [design.state.index(source) for source, _ in self.paths]
        return beta[..., i, j] * design.state_units[i] / design.state_units[j]


def find_chain(fit: ModelFit, touches: tuple[str, ...]) -> Chain:
    """Return every construct with a route to one that touches value.

    Raises
    ------
    ModelError
        If paths run in a circle.
    """
    table = fit.frame[fit.frame.op == "~"]
    arrows = tuple(dict.fromkeys(zip(table.rhs, table.lhs, strict=True)))
    reached = list(touches)
    for name in reached:  # grows while it is read
        reached += [a for a, b in arrows if b == name and a not in reached]
    paths = tuple((a, b) for a, b in arrows if a in reached and b in reached)
    latents = fit.prepared.model.latents
    order, left = [], sorted(reached, key=lambda n: latents.index(n) if n in latents else -1)
    while left:
        ready = [n for n in left if not any(a in left for a, b in paths if b == n)]
        if not ready:
            raise ModelError(
                f"Paths run in a circle among {', '.join(left)} · allowed: a chain that ends in "
                "value · do: drop one of the paths"
            )
        order += ready
        left = [name for name in left if name not in ready]
    first = [name for name in order if name not in touches]
    return Chain(sources=(*first, *touches), targets=touches, paths=paths)


def implied_by(fit: ModelFit, theta: np.ndarray) -> Implied:
    """Return the model matrices for parameters of the fit."""
    return fit.prepared.design.implied(theta, fit.prepared.target.sample[0])


def money_of_shifts(
    traits: Traits, terms: ValueTerms, shifts: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Return the mean gain a customer and year (m,) of moving traits by ``shifts`` (3, m).

    Rows: log rate, leaving, log spend; for each of m changes the same for everybody.
    """
    from cx_value.value.link.traits import yearly_gain

    share = weight / weight.sum()
    return np.array([share @ yearly_gain(traits, traits.shifted(*s), terms) for s in shifts.T])
