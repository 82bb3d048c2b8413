"""What overlaps in a drawn path diagram, read back from its artists and measured in pixels."""

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse
from matplotlib.path import Path

from cx_value.diagram.canvas import (
    _ARROW,
    _GROUND,
    _LABEL,
    _NODE,
    _WORDS,
    LABEL_PAD,
    text_size,
)
from cx_value.diagram.shapes import Arrow, Node, Route, box_of, boxes_meet


def _marked(ax: Axes, mark: str, artists: Iterable) -> list:
    return [a for a in artists if str(a.get_gid() or "").startswith(mark)]


def _window_box(artist) -> tuple[float, float, float, float]:
    # The words alone: a label's white ground may pass behind its neighbour without harm.
    patch = artist.get_bbox_patch()
    artist.set_bbox(None)
    box = artist.get_window_extent()
    if patch is not None:
        artist.set_bbox({**_GROUND, "pad": 72 * LABEL_PAD})
    return box.x0, box.y0, box.x1, box.y1


def _shown_nodes(ax: Axes) -> list[Node]:
    """Return the nodes of drawn axes with centres and half sizes in pixels."""
    nodes = []
    for patch in _marked(ax, _NODE, ax.patches):
        box = patch.get_window_extent()
        nodes.append(
            Node(
                name=patch.get_gid().removeprefix(_NODE),
                lines=(),
                latent=isinstance(patch, Ellipse),
                x=(box.x0 + box.x1) / 2,
                y=(box.y0 + box.y1) / 2,
                half_width=box.width / 2,
                half_height=box.height / 2,
            )
        )
    return nodes


def overlapping_labels(ax: Axes) -> list[tuple[str, str]]:
    """Return what overlaps in a drawn diagram, measured on the rendered boxes; empty is good.

    Each entry names a label and what it meets: another label, a node, or (words of a node that
    stick out) the rim of its own node. Nodes that overlap each other are listed too.
    """
    labels = [(a.get_text(), _window_box(a)) for a in _marked(ax, _LABEL, ax.texts)]
    nodes = _shown_nodes(ax)
    found = [
        (one[0], two[0])
        for k, one in enumerate(labels)
        for two in labels[k + 1 :]
        if boxes_meet(one[1], two[1])
    ]
    found += [(text, n.name) for text, box in labels for n in nodes if n.meets_box(box)]
    outlines = [box_of(n) for n in nodes]
    found += [
        (one.name, two.name)
        for k, one in enumerate(nodes)
        for j, two in enumerate(nodes[k + 1 :], k + 1)
        if boxes_meet(outlines[k], outlines[j])
    ]
    return found + _sticking_out(ax, nodes)


def _sticking_out(ax: Axes, nodes: list[Node]) -> list[tuple[str, str]]:
    """Return the nodes whose words reach over their rim, line by line."""
    by_name = {node.name: node for node in nodes}
    found = []
    for artist in _marked(ax, _WORDS, ax.texts):
        name = artist.get_gid().removeprefix(_WORDS)
        node, box = by_name[name], artist.get_window_extent()
        lines = artist.get_text().split("\n")
        step = box.height / len(lines)
        scale = artist.get_fontsize()
        for k, line in enumerate(lines):
            width = text_size(ax, line, scale)[0] * ax.figure.dpi
            # Letters fill the middle of a line; its upper and lower sixth are air.
            y = box.y1 - step * (k + np.array([1 / 6, 5 / 6]))
            corners = [(node.x + s * width / 2, height) for s in (-1, 1) for height in y]
            if not node.contains(np.array(corners)).all():
                found.append((line, name))
    return found


def arrows_over_things(ax: Axes) -> list[tuple[str, str]]:
    """Return arrows that pass through a foreign node or under a foreign label."""
    nodes = _shown_nodes(ax)
    labels = [(a.get_gid().removeprefix(_LABEL), a, _window_box(a)) for a in _labels(ax)]
    found = []
    for patch in _marked(ax, _ARROW, ax.patches):
        name = patch.get_gid().removeprefix(_ARROW)
        control = _control(ax, patch)
        points = _curve(control)
        ends = set(name.split(" "))
        found += [(name, n.name) for n in nodes if n.name not in ends and n.contains(points).any()]
        for other, artist, box in labels:
            inside = (points > np.array(box[:2])) & (points < np.array(box[2:]))
            if other != name and inside.all(-1).any():
                found.append((name, artist.get_text()))
    return found


def _labels(ax: Axes) -> list:
    return _marked(ax, _LABEL, ax.texts)


def _curve(control: np.ndarray) -> np.ndarray:
    arrow = Arrow(source="", target="")
    return Route(arrow=arrow, control=control).at(np.linspace(0, 1, 200))


def _control(ax: Axes, patch) -> np.ndarray:
    """Return the control points, in pixels, of the curve an arrow was drawn along."""
    path = patch.get_path()
    count = 4 if path.codes[1] == Path.CURVE4 else 3
    return ax.transData.transform(path.vertices[:count])
