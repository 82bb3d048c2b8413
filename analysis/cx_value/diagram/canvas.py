"""Putting the shapes of a path diagram on matplotlib axes, and finding what overlaps there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.style import FAMILY, PALETTE, TEXT_WIDTH
from cx_value.diagram.layout import arrange_nodes
from cx_value.diagram.shapes import (
    Arrow,
    Node,
    Route,
    at_places,
    ellipse_size,
    hang_blocks,
    place_labels,
    route_arrows,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NODE_POINTS, SMALL_POINTS, LINE_SPACING = 8.5, 7.5, 1.25
LABEL_PAD = 0.035
# White round a label keeps a minus sign apart from the line it stands on.
_GROUND = {"facecolor": "white", "edgecolor": "none"}
MARGIN = 0.08
_NODE, _LABEL, _ARROW, _WORDS = "node:", "label:", "arrow:", "words:"


def text_size(ax: Axes, text: str, points: float) -> tuple[float, float]:
    """Return width and height of a text as drawn, in inches."""
    look = {"fontsize": points, "linespacing": LINE_SPACING, "family": FAMILY}
    artist = ax.figure.text(0, 0, text, **look)
    box = artist.get_window_extent()
    artist.remove()
    return box.width / ax.figure.dpi, box.height / ax.figure.dpi


def _points(node: Node) -> float:
    return SMALL_POINTS if node.small else NODE_POINTS


def size_nodes(ax: Axes, nodes: list[Node]) -> list[Node]:
    """Return the nodes all of one size per shape, large enough for every label."""
    sizes = {True: [0.0, 0.0], False: [0.0, 0.0]}
    for node in nodes:
        widths = [text_size(ax, line, _points(node))[0] for line in node.lines]
        height = text_size(ax, "\n".join(node.lines), _points(node))[1]
        if node.latent:
            size = ellipse_size(widths, height / len(widths))
        else:
            size = (max(widths) / 2 + 0.07, height / 2 + 0.05)
        sizes[node.latent] = [max(pair) for pair in zip(sizes[node.latent], size, strict=True)]
    return [
        replace(node, half_width=sizes[node.latent][0], half_height=sizes[node.latent][1])
        for node in nodes
    ]


def lay_out(
    ax: Axes, nodes: list[Node], arrows: list[Arrow], blocks: dict[str, Node] | None = None
) -> tuple[list[Node], list[Route], list[tuple[float, float]]]:
    """Return placed nodes, routed arrows and label centres; spread the nodes until none overlap.

    ``blocks`` are boxes hung under nodes (their items), which arrows have to avoid too.
    """
    blocks = blocks or {}
    sizes = {id(arrow): label_size(ax, arrow) for arrow in arrows}
    best = None
    for attempt in range(12 if blocks else 7):
        placed = _place(nodes, arrows, spread=1.13**attempt)
        hung, clashes = hang_blocks(placed, blocks, arrows)
        routes, hits = route_arrows(arrows, placed + hung)
        room = [sizes[id(route.arrow)] for route in routes]
        centres, overlaps, on_lines = place_labels(routes, placed + hung, room)
        faults = (clashes + hits + overlaps, on_lines)
        if best is None or faults < best[0]:
            best = (faults, placed + hung, routes, centres)
        # A label on a foreign arrow is worth a little more space, not a page.
        if not faults[0] and (not on_lines or attempt >= 4):
            break
    return best[1:]


def label_size(ax: Axes, arrow: Arrow) -> tuple[float, float]:
    """Return width and height of an arrow's label with the white around it, in inches."""
    width, height = text_size(ax, arrow.text or " ", SMALL_POINTS)
    return width + 2 * LABEL_PAD, height + 2 * LABEL_PAD


def _place(nodes: list[Node], arrows: list[Arrow], spread: float) -> list[Node]:
    # By name, not as they come: the same paths get the same layout in every diagram of them.
    number = {name: k for k, name in enumerate(sorted(node.name for node in nodes))}
    ways = {(number[a.source], number[a.target]) for a in arrows if not a.both_ways}
    edges = tuple(sorted(ways))
    half_width = max(node.half_width for node in nodes)
    half_height = max(node.half_height for node in nodes)
    columns = int((TEXT_WIDTH - 2 * half_width) / (2 * half_width + 0.5)) + 1
    grid = arrange_nodes(len(nodes), edges, int(np.clip(columns, 2, 4)))
    used = max(column for column, _ in grid)
    pitch = min((TEXT_WIDTH - 2 * MARGIN - 2 * half_width) / max(used, 1), 2 * half_width + 1.3)
    half_row = spread * max(0.47, half_height + 0.2)
    spots = [grid[number[node.name]] for node in nodes]
    return at_places(nodes, [(pitch * column, -half_row * row) for column, row in spots])


def fit_axes(ax: Axes, nodes: Iterable[Node], routes: Iterable[Route], *, own: bool) -> float:
    """Frame the diagram, one data unit an inch; return the scale of type.

    A figure with no other axes is cut to the diagram (``own``). Axes beside others keep their size
    and the type shrinks to fit.
    """
    corners = [
        (n.x + sx * n.half_width, n.y + sy * n.half_height)
        for n in nodes
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
    points = np.vstack([np.array(corners), *(r.at(np.linspace(0, 1, 30)) for r in routes)])
    low, high = points.min(0) - MARGIN, points.max(0) + MARGIN
    size = high - low
    ax.set_axis_off()
    if own:
        ax.figure.set_layout_engine("none")
        ax.figure.set_size_inches(*size)
        ax.set_position([0, 0, 1, 1])
    ax.set_xlim(low[0], high[0])
    ax.set_ylim(low[1], high[1])
    ax.set_aspect("equal")
    window = ax.get_window_extent()
    return min(1.0, window.width / ax.figure.dpi / size[0], window.height / ax.figure.dpi / size[1])


def draw_node(ax: Axes, node: Node, scale: float = 1.0) -> None:
    """Draw an ellipse or a box with its lines of text."""
    from matplotlib.patches import Ellipse, Rectangle

    width, height = 2 * node.half_width, 2 * node.half_height
    look = {"facecolor": PALETTE["fill"], "edgecolor": PALETTE["ink"], "linewidth": 0.9 * scale}
    if node.latent:
        patch = Ellipse((node.x, node.y), width, height, zorder=3, **look)
    else:
        corner = (node.x - node.half_width, node.y - node.half_height)
        patch = Rectangle(corner, width, height, zorder=3, **{**look, "facecolor": "white"})
    patch.set_gid(_NODE + node.name)
    ax.add_patch(patch)
    words = ax.text(
        node.x,
        node.y,
        "\n".join(node.lines),
        ha="center",
        va="center",
        fontsize=_points(node) * scale,
        linespacing=LINE_SPACING,
        zorder=4,
    )
    words.set_gid(_WORDS + node.name)


def draw_arrow(ax: Axes, route: Route, scale: float = 1.0) -> None:
    """Draw one arrow along its curve."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    arrow = route.arrow
    curve = {3: Path.CURVE3, 4: Path.CURVE4}[len(route.control)]
    path = Path(route.control, [Path.MOVETO] + [curve] * (len(route.control) - 1))
    quiet = arrow.dashed or arrow.both_ways
    head = scale * (7 + 1.2 * arrow.width)
    patch = FancyArrowPatch(
        path=path,
        arrowstyle=f"{'<|' if arrow.both_ways else ''}-|>,head_length=.45,head_width=.2",
        mutation_scale=head,
        linewidth=scale * arrow.width,
        linestyle=(0, (3.5, 2)) if arrow.dashed else "solid",
        color=PALETTE["grey"] if quiet else PALETTE["ink"],
        shrinkA=0,
        shrinkB=0,
        zorder=1,
    )
    patch.set_gid(f"{_ARROW}{arrow.source} {arrow.target}")
    ax.add_patch(patch)


def draw_label(ax: Axes, route: Route, centre: tuple[float, float], scale: float = 1.0) -> None:
    """Write an arrow's label on a white ground."""
    arrow = route.arrow
    if not arrow.text:
        return
    words = ax.text(
        *centre,
        arrow.text,
        ha="center",
        va="center",
        fontsize=SMALL_POINTS * scale,
        color=PALETTE["grey"] if arrow.dashed else PALETTE["ink"],
        bbox={**_GROUND, "pad": 72 * LABEL_PAD * scale},
        zorder=2,
    )
    words.set_gid(f"{_LABEL}{arrow.source} {arrow.target}")
