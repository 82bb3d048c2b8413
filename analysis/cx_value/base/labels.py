"""Names beside the points of a picture, so that none stands on another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Where a label may stand beside its point, in points: the nearest places first.
_PLACES = [
    (reach * dx, reach * dy, ha, va)
    for reach in (5, 9, 14, 20, 28)
    for dx, dy, ha, va in (
        (1, 0.6, "left", "bottom"), (-1, 0.6, "right", "bottom"), (1, -0.6, "left", "top"),
        (-1, -0.6, "right", "top"), (0, 1.2, "center", "bottom"), (0, -1.2, "center", "top"),
    )
]  # fmt: skip


def place_labels(
    ax: Axes, x: Sequence[float], y: Sequence[float], names: Sequence[str], taken: Sequence = ()
) -> None:
    """Write a name beside every point where it meets no other name, point or edge.

    The nearest free place is taken; where none is free, the one that overlaps least. A name that
    stands away from its point is tied to it by a thin line.
    """
    x, y, figure = np.asarray(x, dtype=float), np.asarray(y, dtype=float), ax.figure
    from matplotlib.transforms import Bbox

    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    inside = ax.get_window_extent(renderer)
    spots = ax.transData.transform(np.column_stack([x, y]))
    points = [Bbox.from_bounds(px - 4, py - 4, 8, 8) for px, py in spots]
    boxes = [*points, *(word.get_window_extent(renderer) for word in taken)]
    for k in np.argsort(-y):
        best = None
        for place in _PLACES:
            note = _note(ax, names[k], x[k], y[k], *place)
            box = note.get_window_extent(renderer).padded(1)
            cost = sum(_overlap(box, other) for other in boxes if other is not points[k])
            cost += 3 * (box.width * box.height - _overlap(box, inside))
            if best is None or cost < best[0] - 1e-9:
                if best:
                    best[1].remove()
                best = (cost, note, box)
            else:
                note.remove()
            if best[0] <= 0:
                break
        boxes.append(best[2])


def _note(ax: Axes, name: str, x: float, y: float, dx: float, dy: float, ha: str, va: str):
    from matplotlib.patheffects import withStroke

    tie = {"arrowstyle": "-", "color": PALETTE["grey"], "linewidth": 0.5} if abs(dx) > 10 else None
    return ax.annotate(
        name, (x, y), xytext=(dx, dy), textcoords="offset points", ha=ha, va=va, fontsize="small",
        arrowprops=tie, path_effects=[withStroke(linewidth=2.5, foreground="white")],
    )  # fmt: skip


def _overlap(one, other) -> float:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return width * height if width > 0 and height > 0 else 0.0
