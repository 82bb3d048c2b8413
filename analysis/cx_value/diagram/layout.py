"""Where the nodes of a path diagram stand: causes left, outcomes right, few crossings.

Nodes stand on a grid of columns and half rows. A layered start (longest path, Sugiyama et al.
1981) is improved by moving one node or swapping two as long as the picture gets better; the best of
several starts wins. Path models have two to a dozen nodes, so the whole neighbourhood of a
layout is judged at once, as one array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np

# Nominal sizes in inches for judging a layout; the drawing measures the real ones.
COLUMN_PITCH, HALF_ROW = 1.7, 0.52
NODE_HALF_WIDTH, NODE_HALF_HEIGHT = 0.56, 0.3
LABEL_HALF_WIDTH, LABEL_HALF_HEIGHT = 0.25, 0.1
# What a fault costs: a line through a node is worse than a crossing, a crossing worse than length.
COST = {
    "node_overlap": 80.0,
    "through_node": 14.0,
    "backward": 14.0,
    "crossing": 4.0,
    "labels_touch": 3.0,
    "sharp_angle": 3.0,
    "same_column": 1.2,
    "label_on_line": 1.0,
    "length": 0.3,
    "height": 0.25,
    "early_end": 0.4,
}

Edges = tuple[tuple[int, int], ...]


def longest_path_layers(count: int, edges: Edges) -> list[int]:
    """Return the layer of each node: 0 without causes, else one past its latest cause.

    Feedback loops are cut where they close, so a non-recursive model is laid out too.

    >>> longest_path_layers(3, ((0, 1), (1, 2), (0, 2)))
    [0, 1, 2]
    """
    layers = [0] * count
    for _ in range(count - 1):
        for cause, outcome in edges:
            layers[outcome] = min(max(layers[outcome], layers[cause] + 1), count - 1)
    return layers


class _Lines:
    """Edges of layouts as arrays (layouts, edges): x and y of starts, ends and middles apart.

    Two arrays of numbers are gone through several times faster than one array of pairs.
    """

    def __init__(self, place, edges):
        self.x0, self.y0 = (place[:, edges[:, 0], k] for k in (0, 1))
        self.x1, self.y1 = (place[:, edges[:, 1], k] for k in (0, 1))
        self.middle_x, self.middle_y = (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2
        self.length = np.sqrt((self.x1 - self.x0) ** 2 + (self.y1 - self.y0) ** 2)


def _pairs(values):
    """Return an array (layouts, edges) along the rows and along the columns of all pairs."""
    return values[:, :, None], values[:, None]


def _crossings(lines: _Lines, free):
    """Count, per layout, pairs of edges without a common node whose lines cross."""
    (ax, cx), (ay, cy) = _pairs(lines.x0), _pairs(lines.y0)
    (bx, dx), (by, dy) = _pairs(lines.x1), _pairs(lines.y1)
    # On which side of each line the start and the end of each other line lie.
    starts = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    ends = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax)
    apart = starts * ends < 0
    straddles = apart & np.swapaxes(apart, 1, 2)
    return (straddles & free).sum((1, 2)) / 2


def _near_lines(lines: _Lines, x, y, scale: tuple[float, float]):
    """Tell which points (layouts, points) lie within a size of which lines."""
    sx, sy = lines.x0[:, :, None] / scale[0], lines.y0[:, :, None] / scale[1]
    along_x = lines.x1[:, :, None] / scale[0] - sx
    along_y = lines.y1[:, :, None] / scale[1] - sy
    away_x, away_y = x[:, None] / scale[0] - sx, y[:, None] / scale[1] - sy
    squared = np.maximum(along_x**2 + along_y**2, 1e-9)
    share = np.clip((away_x * along_x + away_y * along_y) / squared, 0, 1)
    return (share * along_x - away_x) ** 2 + (share * along_y - away_y) ** 2 < 1


def _through_nodes(lines: _Lines, place, foreign):
    """Count, per layout, lines that pass through a node they do not belong to."""
    size = (NODE_HALF_WIDTH + 0.1, NODE_HALF_HEIGHT + 0.1)
    return (_near_lines(lines, place[..., 0], place[..., 1], size) & foreign).sum((1, 2))


def _labels_on_lines(lines: _Lines, others):
    """Count, per layout, middles of edges that lie on another edge."""
    size = (LABEL_HALF_WIDTH, LABEL_HALF_HEIGHT)
    return (_near_lines(lines, lines.middle_x, lines.middle_y, size) & others).sum((1, 2))


def _labels_touch(lines: _Lines):
    (x, other_x), (y, other_y) = _pairs(lines.middle_x), _pairs(lines.middle_y)
    near = (np.abs(x - other_x) < 2 * LABEL_HALF_WIDTH) & (
        np.abs(y - other_y) < 2 * LABEL_HALF_HEIGHT
    )
    return (near.sum((1, 2)) - lines.x0.shape[1]) / 2


def _sharp_angles(lines: _Lines, same):
    """Count, per layout, pairs of edges that leave or enter one node almost as one line."""
    length = np.maximum(lines.length, 1e-9)
    x, other_x = _pairs((lines.x1 - lines.x0) / length)
    y, other_y = _pairs((lines.y1 - lines.y0) / length)
    cosine = x * other_x + y * other_y
    return ((cosine > np.cos(np.radians(16))) & same).sum((1, 2)) / 2


def _node_overlaps(grid):
    (x, other_x), (y, other_y) = _pairs(grid[..., 0]), _pairs(grid[..., 1])
    near = (x == other_x) & (np.abs(y - other_y) < 2)
    return (near.sum((1, 2)) - grid.shape[1]) / 2


class _Judge:
    """Cost of layouts of one graph. ``grid`` is (layouts, nodes, column and half row)."""

    def __init__(self, count: int, edges: Edges, columns: int):
        self.edges = np.array(edges, dtype=int).reshape(-1, 2)
        cause, outcome = self.edges.T
        self.others = ~np.eye(len(cause), dtype=bool)
        self.same = ((cause[:, None] == cause) | (outcome[:, None] == outcome)) & self.others
        shares = (self.edges[:, None, :, None] == self.edges[None, :, None, :]).any((2, 3))
        self.free = ~shares
        nodes = np.arange(count)
        self.foreign = (nodes != cause[:, None]) & (nodes != outcome[:, None])
        self.sources = np.setdiff1d(nodes, outcome)
        self.sinks = np.setdiff1d(nodes, cause)
        self.columns = columns

    def plain(self, grid, lines: _Lines):
        """Return the parts of the cost that need no pairs of edges."""
        forward = np.diff(grid[:, self.edges, 0], axis=2)[..., 0]
        rows = grid[..., 1]
        return (
            COST["node_overlap"] * _node_overlaps(grid)
            + COST["backward"] * (forward < 0).sum(1)
            + COST["same_column"] * (forward == 0).sum(1)
            + COST["length"] * lines.length.sum(1)
            + COST["height"] * (rows.max(1) - rows.min(1))
            + COST["early_end"] * grid[:, self.sources, 0].sum(1)
            + COST["early_end"] * (self.columns - 1 - grid[:, self.sinks, 0]).sum(1)
        )

    def parts(self) -> Iterator[Callable]:
        """Yield the other parts, those that tell most for what they take first."""
        yield lambda lines, place: COST["crossing"] * _crossings(lines, self.free)
        yield lambda lines, place: COST["through_node"] * _through_nodes(lines, place, self.foreign)
        yield lambda lines, place: COST["labels_touch"] * _labels_touch(lines)
        yield lambda lines, place: COST["sharp_angle"] * _sharp_angles(lines, self.same)
        yield lambda lines, place: COST["label_on_line"] * _labels_on_lines(lines, self.others)

    def cheapest(self, grid, below: float):
        """Return the cheapest layout and its cost; of several the first. None below the bound.

        A layout is left as soon as a part of its cost passes the bound.
        """
        place = grid * np.array([COLUMN_PITCH, HALF_ROW])
        costs = self.plain(grid, _Lines(place, self.edges))
        for part in self.parts():
            kept = costs < below
            grid, place, costs = grid[kept], place[kept], costs[kept]
            if not len(grid):
                return None, np.inf
            costs = costs + part(_Lines(place, self.edges), place)
        winner = int(costs.argmin())
        return grid[winner], costs[winner]


def _neighbours(layout, columns: int, rows: int):
    """Return all layouts one move or one swap away, (layouts, nodes, 2)."""
    count = len(layout)
    cells = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1).reshape(-1, 2)
    moved = np.repeat(layout[None], count * len(cells), axis=0)
    moved[np.arange(len(moved)), np.repeat(np.arange(count), len(cells))] = np.tile(
        cells, (count, 1)
    )
    first, second = np.triu_indices(count, 1)
    swapped = np.repeat(layout[None], len(first), axis=0)
    each = np.arange(len(first))
    swapped[each, first], swapped[each, second] = layout[second], layout[first]
    return np.concatenate([moved, swapped])


def _descend(layout, judge: _Judge, columns: int, rows: int):
    """Improve a layout by its best neighbour until none is better."""
    best = judge.cheapest(layout[None], np.inf)[1]
    while True:
        found, cost = judge.cheapest(_neighbours(layout, columns, rows), best)
        if not cost <= best - 1e-9:
            return layout, best
        layout, best = found, cost


def _starts(count: int, edges: Edges, columns: int, rows: int, tries: int):
    """Yield a layered start, then the same with rows (later also columns) drawn by lot."""
    layers = np.array(longest_path_layers(count, edges))
    column = np.round(layers * (columns - 1) / max(layers.max(), 1)).astype(int)
    draw = np.random.default_rng(1981)
    for k in range(tries):
        jitter = draw.integers(-1, 2, count) if k > tries // 3 else np.zeros(count, dtype=int)
        row = draw.integers(0, rows, count)
        yield np.stack([np.clip(column + jitter, 0, columns - 1), row], -1)


@lru_cache(maxsize=64)
def arrange_nodes(count: int, edges: Edges, columns: int) -> tuple[tuple[int, int], ...]:
    """Return the (column, half row) of each node, both from 0; half rows count downwards.

    Parameters
    ----------
    count : int
        Number of nodes.
    edges : tuple of (cause, outcome)
        Arrows between node numbers.
    columns : int
        Columns that fit the width of the page; fewer are used where the model is shallower.

    Examples
    --------
    >>> arrange_nodes(3, ((0, 2), (1, 2)), 4)
    ((0, 0), (0, 2), (1, 1))
    """
    if not edges:
        return tuple((k % columns, 2 * (k // columns)) for k in range(count))
    depth = max(longest_path_layers(count, edges)) + 1
    columns = min(columns, depth)
    rows = 2 * max(2, -(-count // columns) + 1) + 1
    judge = _Judge(count, edges, columns)
    tries = 24 if count < 9 else 14
    runs = [_descend(s, judge, columns, rows) for s in _starts(count, edges, columns, rows, tries)]
    layout = min(runs, key=lambda run: (run[1], run[0].tolist()))[0]
    layout = layout - layout.min(0)
    return tuple((int(column), int(row)) for column, row in layout)
