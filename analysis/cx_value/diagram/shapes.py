"""Shapes of a path diagram: nodes that fit their labels, arrows that go round other nodes.

Pure geometry in inches; nothing here draws.
"""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass, replace

import numpy as np

CLEARANCE = 0.05
# How far an arrow may bend, as a share of its length; a straight line is tried first.
BENDS = (0.0, 0.12, -0.12, 0.22, -0.22, 0.34, -0.34, 0.5, -0.5, 0.7, -0.7, 0.95, -0.95)
# Where on an arrow its label may stand, as shares of its length.
STATIONS = np.arange(14, 87, 6) / 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An ellipse (latent) or box (observed) with its centre and half sizes in inches."""

    name: str
    lines: tuple[str, ...]
    latent: bool = True
    small: bool = False
    x: float = 0.0
    y: float = 0.0
    half_width: float = 0.5
    half_height: float = 0.25

    def contains(self, points: np.ndarray, margin: float = 0.0) -> np.ndarray:
        """Return which points (…, 2) lie in the node grown by a margin."""
        reach = np.array([self.half_width + margin, self.half_height + margin])
        scaled = np.abs(np.asarray(points) - (self.x, self.y)) / reach
        if self.latent:
            return (scaled**2).sum(-1) < 1
        return scaled.max(-1) < 1

    def meets_box(self, box: tuple[float, float, float, float]) -> bool:
        """Return whether a rectangle (left, bottom, right, top) touches the node."""
        nearest = np.array([np.clip(self.x, box[0], box[2]), np.clip(self.y, box[1], box[3])])
        return bool(self.contains(nearest))


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A path, or with ``both_ways`` a covariance, its label, and how it is drawn.

    ``station`` is where the label would best stand, as a share of the arrow's length.
    """

    source: str
    target: str
    text: str = ""
    width: float = 1.0
    dashed: bool = False
    both_ways: bool = False
    station: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Bézier curve of an arrow between the rims of two nodes.

    ``control`` holds three points (quadratic) or four (cubic), (points, 2) in inches.
    """

    arrow: Arrow
    control: np.ndarray

    def at(self, share) -> np.ndarray:
        """Return points at shares 0 to 1 of the curve."""
        t = np.asarray(share, dtype=float)[..., None]
        degree = len(self.control) - 1
        return sum(
            math.comb(degree, k) * (1 - t) ** (degree - k) * t**k * point
            for k, point in enumerate(self.control)
        )


def wrap_label(label: str, *, lang: str = "en", width: int | None = None) -> tuple[str, ...]:
    """Break a label into lines of about equal length.

    >>> wrap_label("Perceived service quality"), wrap_label("顾客感知服务质量", lang="zh")
    (('Perceived', 'service quality'), ('顾客感知', '服务质量'))
    """
    width = width or (7 if lang == "zh" else 15)
    count = max(math.ceil(len(label) / width), 1)
    size = math.ceil(len(label) / count)
    if any(ord(character) > 0x2E7F for character in label):
        return tuple(label[k : k + size] for k in range(0, len(label), size)) or ("",)
    longest_word = max(map(len, label.split()), default=1)
    widths = range(max(size, longest_word), max(len(label), longest_word) + 1)
    tries = (textwrap.wrap(label, chars, break_on_hyphens=False) for chars in widths)
    return next((tuple(lines) for lines in tries if 0 < len(lines) <= count), (label,))


def ellipse_size(line_widths: list[float], line_height: float) -> tuple[float, float]:
    """Return half width and half height of an ellipse round centred lines of text, in inches.

    >>> [round(size, 2) for size in ellipse_size([0.6, 0.8], 0.15)]
    [0.53, 0.24]
    """
    text_half = len(line_widths) * line_height / 2
    half_height = max(1.27 * text_half + 0.05, 0.24)
    half_width = 0.0
    for k, width in enumerate(line_widths):
        top = text_half - k * line_height
        reach = max(abs(top), abs(top - line_height)) - 0.02
        half_width = max(half_width, width / 2 / math.sqrt(1 - (reach / half_height) ** 2))
    return half_width + 0.05, half_height


def _trim(control: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the control points of the part of a quadratic curve between two shares."""
    start, middle, end = control

    def blossom(s, t):
        return (1 - s) * (1 - t) * start + ((1 - s) * t + s * (1 - t)) * middle + s * t * end

    return np.array([blossom(low, low), blossom(low, high), blossom(high, high)])


def _route(arrow: Arrow, source: Node, target: Node, bend: float) -> Route | None:
    """Return a curve from rim to rim, or None where the nodes leave no room for one."""
    start, end = np.array([source.x, source.y]), np.array([target.x, target.y])
    along = end - start
    middle = (start + end) / 2 + bend * np.array([-along[1], along[0]])
    whole = Route(arrow=arrow, control=np.array([start, middle, end]))
    shares = np.linspace(0, 1, 401)
    points = whole.at(shares)
    outside = ~source.contains(points, 0.015) & ~target.contains(points, 0.03)
    if not outside.any():
        return None
    free = shares[outside]
    return Route(arrow=arrow, control=_trim(whole.control, free[0], free[-1]))


def spoke(arrow: Arrow, source: Node, end: tuple[float, float]) -> Route:
    """Return a straight arrow from a node's rim to a point outside it."""
    start = np.array([source.x, source.y])
    control = np.array([start, (start + end) / 2, end])
    shares = np.linspace(0, 1, 401)
    outside = ~source.contains(Route(arrow=arrow, control=control).at(shares), 0.015)
    return Route(arrow=arrow, control=_trim(control, shares[outside][0], 1.0))


def side_arc(arrow: Arrow, ends: tuple[Node, Node], rank: float, reach: float) -> Route:
    """Return an arc on the right of two ellipses of one column.

    ``rank`` (0 for neighbours to 1 for the farthest pair) moves the arc's ends from the top or
    bottom of the rim to its side, so that arcs of one ellipse do not share an arrowhead; ``reach``
    is how far right of the rim the arc goes, in inches.
    """
    upper, lower = sorted(ends, key=lambda node: -node.y)
    angle = math.radians(64 - 56 * rank)
    points = [
        np.array(
            [
                node.x + (node.half_width + 0.03) * math.cos(angle),
                node.y + turn * (node.half_height + 0.03) * math.sin(angle),
            ]
        )
        for node, turn in ((upper, -1), (lower, 1))
    ]
    # A cubic leaving both rims sideways goes three quarters of the way to its control points.
    far = np.array([upper.half_width + reach - (points[0][0] - upper.x), 0.0]) / 0.75
    return Route(arrow=arrow, control=np.array([points[0], *(p + far for p in points), points[1]]))


def arrow_hits(route: Route, nodes: list[Node], margin: float = CLEARANCE) -> list[str]:
    """Return the names of nodes an arrow passes through, other than its own two ends."""
    points = route.at(np.linspace(0, 1, 80))
    ends = {route.arrow.source, route.arrow.target}
    return [n.name for n in nodes if n.name not in ends and n.contains(points, margin).any()]


def _touches(route: Route, other: Route) -> float:
    """Return how much of two arrows runs side by side or crosses, as a share of the first."""
    one, two = route.at(np.linspace(0.1, 0.9, 30)), other.at(np.linspace(0.1, 0.9, 30))
    gaps = np.linalg.norm(one[:, None] - two[None], axis=-1).min(1)
    return float((gaps < 0.05).mean())


def route_arrows(arrows: list[Arrow], nodes: list[Node]) -> tuple[list[Route], int]:
    """Return one curve per arrow and the number of arrows that still pass through a node.

    An arrow is straight unless a node stands in its way, it has a twin in the other direction, or
    it is a covariance, which is always drawn as an arc.
    """
    place = {node.name: node for node in nodes}
    pairs = {(arrow.source, arrow.target) for arrow in arrows}
    routes: list[Route] = []
    hits = 0
    for arrow in sorted(arrows, key=lambda a: a.both_ways):
        must_bend = arrow.both_ways or (arrow.target, arrow.source) in pairs
        bends = [b for b in BENDS if b or not must_bend]
        found = [_route(arrow, place[arrow.source], place[arrow.target], b) for b in bends]
        options = [
            (_route_cost(route, bend, nodes, routes), k, route)
            for k, (bend, route) in enumerate(zip(bends, found, strict=True))
            if route is not None
        ]
        if not options:
            hits += 1
            continue
        routes.append(min(options)[2])
        hits += bool(arrow_hits(routes[-1], nodes))
    return routes, hits


def _route_cost(route: Route, bend: float, nodes: list[Node], drawn: list[Route]) -> float:
    blocked = 10.0 * len(arrow_hits(route, nodes))
    crowded = 3.0 * sum(_touches(route, other) for other in drawn)
    return blocked + crowded + abs(bend)


Box = tuple[float, float, float, float]


def box_around(centre, size: tuple[float, float]) -> Box:
    """Return the rectangle (left, bottom, right, top) of a size round a centre."""
    (x, y), (width, height) = centre, size
    return (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def box_of(node: Node) -> Box:
    """Return the rectangle round a node."""
    return (
        node.x - node.half_width,
        node.y - node.half_height,
        node.x + node.half_width,
        node.y + node.half_height,
    )


def boxes_meet(one: Box, two: Box) -> bool:
    """Return whether two rectangles overlap.

    >>> boxes_meet((0, 0, 2, 1), (1, 0, 3, 1)), boxes_meet((0, 0, 1, 1), (1, 0, 2, 1))
    (True, False)
    """
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def _count_meetings(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Count the other boxes that each of the boxes (boxes, 4) overlaps."""
    left, bottom, right, top = boxes.T[:, :, None]
    x0, y0, x1, y1 = others.reshape(-1, 4).T
    return ((left < x1) & (x0 < right) & (bottom < y1) & (y0 < top)).sum(axis=1)


def _in_boxes(points: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Tell which of the boxes (boxes, 4) hold which points (…, 2): (boxes, …)."""
    left, bottom, right, top = (boxes[:, k].reshape(-1, *[1] * (points.ndim - 1)) for k in range(4))
    x, y = points[..., 0], points[..., 1]
    return (x > left) & (x < right) & (y > bottom) & (y < top)


def _on_nodes(boxes: np.ndarray, nodes: list[Node]) -> np.ndarray:
    """Count the nodes that each of the boxes (boxes, 4) touches, as ``Node.meets_box`` tells."""
    x, y, width, height, latent = np.array(
        [(n.x, n.y, n.half_width, n.half_height, n.latent) for n in nodes]
    ).T
    left, bottom, right, top = boxes.T[:, :, None]
    across = np.abs(np.clip(x, left, right) - x) / width
    up = np.abs(np.clip(y, bottom, top) - y) / height
    round_ones, square = across**2 + up**2 < 1, np.maximum(across, up) < 1
    return np.where(latent > 0, round_ones, square).sum(axis=1)


def _stations(route: Route, size: tuple[float, float]) -> list[tuple[float, float]]:
    """Return where a label may stand, best first: on its arrow, or beside a short steep one."""
    nearest_first = STATIONS[np.argsort(np.abs(STATIONS - route.arrow.station), kind="stable")]
    on_line = [tuple(point) for point in route.at(nearest_first)]
    across, up = np.abs(route.control[-1] - route.control[0])
    # A label on so short an arrow would hide most of it; it stands beside or above it.
    if up < 0.75 and across <= 0.5 * up:
        away = (size[0] / 2 + 0.03, 0.0)
    elif across < size[0] + 0.35 and up < across:
        away = (0.0, size[1] / 2 + size[0] / 2 * up / across)
    else:
        return on_line
    sides = [(x + s * away[0], y + s * away[1]) for x, y in on_line[:5] for s in (1, -1)]
    return sides + on_line


def place_labels(
    routes: list[Route], nodes: list[Node], sizes: list[tuple[float, float]]
) -> tuple[list[tuple[float, float]], int, int]:
    """Return the centre of each label, how many overlap, and how many lie on a foreign arrow.

    Every label may stand at several stations of its arrow. Stations on a node are out; then labels
    take turns in moving where they meet the fewest other labels and lines.
    """
    lines = np.array([route.at(np.linspace(0, 1, 120)) for route in routes]).reshape(-1, 120, 2)
    centres = [_stations(route, size) for route, size in zip(routes, sizes, strict=True)]
    boxes = [
        [box_around(centre, size) for centre in spots]
        for spots, size in zip(centres, sizes, strict=True)
    ]
    fixed = [_fixed_costs(options, k, nodes, lines) for k, options in enumerate(boxes)]
    chosen = _settle(boxes, fixed)
    placed = [boxes[k][c] for k, c in enumerate(chosen)]
    held = _in_boxes(lines, np.array(placed).reshape(-1, 4)).any(axis=-1)
    on_lines = int(held.sum() - held.diagonal().sum())
    spots = [centres[k][c] for k, c in enumerate(chosen)]
    return spots, count_overlaps(placed, nodes), on_lines


def _settle(boxes: list[list[Box]], fixed: list[np.ndarray]) -> list[int]:
    """Let labels take turns to move to their best station until none wants to move."""
    chosen, spots = [int(np.argmin(costs)) for costs in fixed], [np.array(own) for own in boxes]
    for _ in range(12):
        before = list(chosen)
        for k, options in enumerate(spots):
            taken = np.array([boxes[j][c] for j, c in enumerate(chosen) if j != k])
            chosen[k] = int(np.argmin(fixed[k] + 100 * _count_meetings(options, taken)))
        if chosen == before:
            break
    return chosen


def _fixed_costs(options: list[Box], own: int, nodes: list[Node], lines: np.ndarray) -> np.ndarray:
    """Return what each station of an arrow's label costs by the nodes and lines it stands on."""
    boxes = np.array(options)
    held = _in_boxes(lines, boxes).any(axis=-1)
    on_lines = held.sum(axis=1) - held[:, own]
    tip = lines[own][np.linalg.norm(lines[own] - lines[own][-1], axis=1) < 0.12]
    on_tip = _in_boxes(tip, boxes).any(axis=-1)
    rank = np.arange(len(options))
    return 1000.0 * _on_nodes(boxes, nodes) + 10.0 * on_lines + 5.0 * on_tip + 0.2 * rank


def count_overlaps(boxes: list[Box], nodes: list[Node]) -> int:
    """Count label pairs that overlap, and labels that lie on a node."""
    pairs = sum(boxes_meet(one, two) for k, one in enumerate(boxes) for two in boxes[k + 1 :])
    return pairs + sum(node.meets_box(box) for box in boxes for node in nodes)


def at_places(nodes: list[Node], places: list[tuple[float, float]]) -> list[Node]:
    """Return the nodes moved to their centres in inches."""
    return [
        replace(node, x=float(x), y=float(y)) for node, (x, y) in zip(nodes, places, strict=True)
    ]


def hang_blocks(
    nodes: list[Node], blocks: dict[str, Node], arrows: list[Arrow]
) -> tuple[list[Node], int]:
    """Return the item boxes, each on the freest side of its node, and how many clashes are left.

    Tall boxes choose first. Below is preferred, then above, then the sides.
    """
    place = {node.name: node for node in nodes}
    lines = [_line(place[a.source], place[a.target]) for a in arrows]
    left, right = min(box_of(n)[0] for n in nodes), max(box_of(n)[2] for n in nodes)
    hung: list[Node] = []
    clashes = 0
    for name in sorted(blocks, key=lambda key: -blocks[key].half_height):
        options = []
        for rank, moved in enumerate(_sides(place[name], blocks[name])):
            solid = [n for n in nodes if n.name != name] + hung
            clash = sum(boxes_meet(_grown(moved, 0.06), box_of(other)) for other in solid)
            crossed = sum(bool(moved.contains(line, CLEARANCE).any()) for line in lines)
            outside = box_of(moved)[0] < left - 0.01 or box_of(moved)[2] > right + 0.01
            cost = 20 * clash + 3 * crossed + 2 * outside + 0.3 * rank
            options.append((cost, clash, moved))
        _, clash, moved = min(options, key=lambda option: option[0])
        clashes += clash
        hung.append(moved)
    return hung, clashes


def _line(source: Node, target: Node) -> np.ndarray:
    return np.linspace((source.x, source.y), (target.x, target.y), 120)


def _grown(node: Node, margin: float) -> Box:
    left, bottom, right, top = box_of(node)
    return left - margin, bottom - margin, right + margin, top + margin


def _sides(node: Node, block: Node) -> list[Node]:
    """Return a box moved below, above, left and right of its node."""
    down = node.half_height + 0.04 + block.half_height
    aside = node.half_width + 0.04 + block.half_width
    return [
        replace(block, x=node.x + dx, y=node.y + dy)
        for dx, dy in ((0, -down), (0, down), (-aside, 0), (aside, 0))
    ]
