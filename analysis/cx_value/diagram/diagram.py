"""Path diagrams fit for print: structural model, measurement model, conceptual model.

Drawn with matplotlib alone. Ellipses are latent variables, boxes observed ones (the convention
since Wright, 1934); causes stand left of outcomes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.errors import ModelError
from cx_value.base.style import figure_style, new_axes
from cx_value.base.wording import format_number, in_language, stars
from cx_value.diagram.canvas import (
    draw_arrow,
    draw_label,
    draw_node,
    fit_axes,
    label_size,
    lay_out,
    size_nodes,
)
from cx_value.diagram.shapes import (
    Arrow,
    Node,
    Route,
    place_labels,
    side_arc,
    spoke,
    wrap_label,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


#: Above so many factors a measurement model is drawn without arcs, for there would be dozens.
MOST_WITH_ARCS = 6


def _one_group(table: pd.DataFrame) -> pd.DataFrame:
    """Refuse a table of several groups: one diagram shows one model."""
    groups = table["group"].unique() if "group" in table else ()
    if len(groups) > 1:
        names = ", ".join(str(name) for name in groups)
        raise ModelError(
            f"a path diagram of {len(groups)} groups ({names}) · allowed: the rows "
            "of one group · do: select table[table['group'] == name] and draw one diagram each"
        )
    return table


def _standardised(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with ``std_all``: a standardised solution holds it as its estimate."""
    has_own = "std_all" in table or "est" not in table
    return table if has_own else table.assign(std_all=table["est"])


def _label(name: str, labels: Mapping[str, str] | None, lang: str) -> str:
    return in_language((labels or {}).get(name, name), lang)


def _arrow(row, source: str, target: str, *, lang: str, alpha: float, both_ways=False) -> Arrow:
    value, p_value = float(row.std_all), float(getattr(row, "p", np.nan))
    return Arrow(
        source=source,
        target=target,
        text=format_number(value, 2, bounded=True, lang=lang) + stars(p_value),
        width=0.8 if both_ways else 0.7 + 1.5 * min(abs(value), 1.0),
        dashed=bool(p_value >= alpha),
        both_ways=both_ways,
    )


def _node(name, labels, lang, latent, r_squared=None) -> Node:
    lines = wrap_label(_label(name, labels, lang), lang=lang)
    if r_squared is not None and np.isfinite(r_squared):
        lines += (f"R² = {format_number(float(r_squared), 2, bounded=True, lang=lang)}",)
    return Node(name=name, lines=lines, latent=latent)


def _structural_arrows(table, *, correlations: bool, lang: str, alpha: float) -> list[Arrow]:
    """Return the arrows of ``~`` rows, and arcs of ``~~`` rows between the causes if wanted."""
    paths = table[table["op"] == "~"]
    if paths.empty:
        raise ModelError(
            "no structural path to draw: the table has no row with op '~' · allowed: a model "
            "with at least one regression · do: draw a measurement model with "
            "plot_measurement_diagram"
        )
    look = {"lang": lang, "alpha": alpha}
    arrows = [_arrow(row, row.rhs, row.lhs, **look) for row in paths.itertuples()]
    if correlations:
        named = {end for arrow in arrows for end in (arrow.source, arrow.target)}
        pairs = table[(table["op"] == "~~") & (table["lhs"] != table["rhs"])]
        arrows += [
            _arrow(row, row.lhs, row.rhs, both_ways=True, **look)
            for row in pairs.itertuples()
            if {row.lhs, row.rhs} <= named
        ]
    return arrows


def _latents(table: pd.DataFrame, names: Iterable[str]) -> set[str]:
    """Return the names drawn as ellipses: those with items, or all where none has items."""
    measured = set(table.loc[table["op"] == "=~", "lhs"])
    return measured or set(names)


def _canvas(ax: Axes | None) -> tuple[Axes, bool]:
    """Return axes to draw on, and whether the figure is theirs alone and may be cut to fit."""
    ax = new_axes() if ax is None else ax
    return ax, len(ax.figure.axes) == 1


def _draw(ax, nodes, arrows, blocks, lang) -> Axes:
    ax, own = _canvas(ax)
    nodes = size_nodes(ax, nodes)
    placed, routes, centres = lay_out(ax, nodes, arrows, blocks(ax) if blocks else None)
    return _show(ax, placed, routes, centres, own=own)


def _draw_routed(ax, nodes, routes, *, own: bool) -> Axes:
    sizes = [label_size(ax, route.arrow) for route in routes]
    centres, _, _ = place_labels(routes, nodes, sizes)
    return _show(ax, nodes, routes, centres, own=own)


def _show(ax, nodes, routes, centres, *, own: bool) -> Axes:
    scale = fit_axes(ax, nodes, routes, own=own)
    for node in nodes:
        draw_node(ax, node, scale)
    for route, centre in zip(routes, centres, strict=True):
        draw_arrow(ax, route, scale)
        draw_label(ax, route, centre, scale)
    return ax


def plot_path_diagram(
    table: pd.DataFrame,
    r_squared: Mapping[str, float] | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    lang: str = "en",
    correlations: bool = False,
    show_items: bool = False,
    alpha: float = 0.05,
    ax: Axes | None = None,
) -> Axes:
    """Draw a structural model with its standardised paths.

    Parameters
    ----------
    table : DataFrame
        Parameter table of one group with columns ``lhs op rhs std_all p``; rows ``~`` are drawn
        (``lhs`` the outcome), ``=~`` rows tell which names are latent. A table without
        ``std_all`` is taken for a standardised solution (its ``est``).
    r_squared : mapping of outcome to R², 0 to 1; written in the outcome's ellipse. NaN is left out.
    labels : mapping of name to ``Text``; a name without a label stands as it is.
    lang : {"en", "zh"}
    correlations : bool
        Draw ``~~`` rows between the constructs as double-headed arcs.
    show_items : bool
        Hang a box with items and loadings under each latent variable.
    alpha : float
        A path with ``p >= alpha`` is dashed.
    ax : Axes, optional
        Axes that are alone in their figure (or none): the figure is cut to the diagram, about 6.3
        inches wide. Axes beside others: the diagram shrinks to fit.

    Returns
    -------
    Axes

    Raises
    ------
    ModelError
        If the table holds several groups or no structural path.
    """
    table = _standardised(_one_group(table))
    arrows = _structural_arrows(table, correlations=correlations, lang=lang, alpha=alpha)
    names = list(dict.fromkeys(end for a in arrows for end in (a.source, a.target)))
    latent, explained = _latents(table, names), r_squared or {}
    nodes = [_node(n, labels, lang, n in latent, explained.get(n)) for n in names]
    with figure_style(lang):
        blocks = (lambda ax: _item_blocks(ax, table, names, lang)) if show_items else None
        return _draw(ax, nodes, arrows, blocks, lang)


def _item_blocks(ax, table, names, lang) -> dict[str, Node]:
    """Return, for each latent variable, the box of its items and loadings."""
    loadings = table[table["op"] == "=~"]
    blocks = {}
    for name in names:
        rows = loadings[loadings["lhs"] == name]
        lines = tuple(
            f"{row.rhs}  {format_number(float(row.std_all), 2, bounded=True, lang=lang)}"
            for row in rows.itertuples()
        )
        if lines:
            blocks[name] = Node(name=f"items of {name}", lines=lines, latent=False, small=True)
    sized = {name: size_nodes(ax, [block])[0] for name, block in blocks.items()}
    wide = max((block.half_width for block in sized.values()), default=0.0)
    return {name: replace(block, half_width=wide) for name, block in sized.items()}


def plot_conceptual_model(
    hypotheses: Iterable,
    labels: Mapping[str, str] | None = None,
    *,
    lang: str = "en",
    observed: Iterable[str] = (),
    paths: Iterable[tuple[str, str]] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw the research model: constructs, expected paths, hypothesis and sign on each.

    Parameters
    ----------
    hypotheses : iterable
        Objects with ``name``, ``source``, ``target``, ``sign`` and ``through``
        (:class:`cx_value.study.spec.Hypothesis`). Those about indirect effects are not arrows and
        are left out.
    labels : mapping of name to ``Text``
    observed : names drawn as boxes (constructs of one item).
    paths : further (cause, outcome) pairs of the model that no hypothesis is about.

    Raises
    ------
    ModelError
        If there is neither a hypothesis nor a path.
    """
    claims: dict[tuple[str, str], list[str]] = {(cause, outcome): [] for cause, outcome in paths}
    for claim in hypotheses:
        if not getattr(claim, "through", ()):
            sign = "−" if claim.sign == "-" else "+"
            claims.setdefault((claim.source, claim.target), []).append(f"{claim.name} ({sign})")
    if not claims:
        raise ModelError(
            "nothing to draw: no hypothesis about a direct path and no path · allowed: at least "
            "one · do: declare hypotheses or a model's paths in study.yml"
        )
    comma = "、" if lang == "zh" else ", "
    arrows = [
        Arrow(source=cause, target=outcome, text=comma.join(said))
        for (cause, outcome), said in claims.items()
    ]
    names = list(dict.fromkeys(end for pair in claims for end in pair))
    nodes = [_node(name, labels, lang, name not in set(observed)) for name in names]
    with figure_style(lang):
        return _draw(ax, nodes, arrows, None, lang)


def plot_measurement_diagram(
    table: pd.DataFrame,
    labels: Mapping[str, str] | None = None,
    *,
    lang: str = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw a confirmatory factor model: items, loadings, factors, factor correlations.

    Parameters
    ----------
    table : DataFrame
        Parameter table of one group with columns ``lhs op rhs std_all p``: ``=~`` rows are
        loadings, ``~~`` rows between factors are arcs on the right; more than six factors stand in
        two columns without arcs. A standardised solution
        (``fit.standardised()``, without ``std_all``) has a p value for every loading, also the
        marker's.
    labels : mapping of name to ``Text``; items stand under their code.
    lang : {"en", "zh"}
    ax : Axes, optional
        As in :func:`plot_path_diagram`.

    Raises
    ------
    ModelError
        If the table holds several groups or no loading.
    """
    table = _standardised(_one_group(table))
    loadings = table[table["op"] == "=~"]
    if loadings.empty:
        raise ModelError(
            "no loading to draw: the table has no row with op '=~' · allowed: a measurement "
            "model · do: fit one, e.g. 'F =~ x1 + x2 + x3'"
        )
    with figure_style(lang):
        ax, own = _canvas(ax)
        factors, items = _measurement_nodes(ax, loadings, labels, lang)
        routes = _loading_routes(loadings, factors, items, lang)
        if len(factors) <= MOST_WITH_ARCS:
            routes += _correlation_routes(table, list(factors.values()), lang)
        nodes = [*factors.values(), *items.values()]
        return _draw_routed(ax, nodes, routes, own=own)


def _measurement_nodes(ax, loadings, labels, lang) -> tuple[dict[str, Node], dict[str, Node]]:
    """Return factors and items, placed side by side; an item stands by its first factor."""
    names = list(dict.fromkeys(loadings["lhs"]))
    owner = loadings[~loadings["rhs"].isin(names)].drop_duplicates("rhs").set_index("rhs")["lhs"]
    factors = size_nodes(ax, [_node(name, labels, lang, True) for name in names])
    boxes = size_nodes(
        ax, [Node(name=n, lines=(n,), latent=False, small=True) for n in owner.index]
    )
    pitch = 2 * boxes[0].half_height + 0.05
    across = boxes[0].half_width + factors[0].half_width + 1.35
    half = len(factors) if len(factors) <= MOST_WITH_ARCS else -(-len(factors) // 2)
    aside = across + factors[0].half_width + boxes[0].half_width + 0.3
    top, placed_factors, placed_items = 0.0, {}, {}
    for number, factor in enumerate(factors):
        left = aside * (number // half)
        if number % half == 0:
            top = 0.0
        own = [box for box in boxes if owner[box.name] == factor.name]
        height = max(len(own) * pitch, 2 * factor.half_height + 0.24) + 0.18
        middle = top - height / 2
        placed_factors[factor.name] = replace(factor, x=left + across, y=middle)
        for k, box in enumerate(own):
            beside = middle + ((len(own) - 1) / 2 - k) * pitch
            placed_items[box.name] = replace(box, x=left, y=beside)
        top -= height
    return placed_factors, placed_items


def _loading_routes(loadings, factors, items, lang) -> list[Route]:
    routes = []
    for row in loadings.itertuples():
        if row.rhs not in items:
            continue
        arrow = _arrow(row, row.lhs, row.rhs, lang=lang, alpha=0.05)
        # Near the items, where arrows have fanned out, labels have the most room.
        arrow = replace(arrow, width=0.9, station=0.68)
        box = items[row.rhs]
        end = (box.x + box.half_width + 0.03, box.y)
        routes.append(spoke(arrow, factors[row.lhs], end))
    return routes


def _correlation_routes(table, factors: list[Node], lang) -> list[Route]:
    order = {node.name: k for k, node in enumerate(factors)}
    rows = table[(table["op"] == "~~") & (table["lhs"] != table["rhs"])]
    widest = max(len(factors) - 1, 1)
    step = min(0.42, 3.0 / widest)
    routes = []
    for row in rows.itertuples():
        if row.lhs not in order or row.rhs not in order:
            continue
        apart = abs(order[row.lhs] - order[row.rhs])
        rank = (apart - 1) / max(widest - 1, 1)
        arrow = _arrow(row, row.lhs, row.rhs, lang=lang, alpha=0.05, both_ways=True)
        # Fifteen arcs and more leave no room for stars; an arc that is not significant is dashed.
        arrow = replace(arrow, text=arrow.text.rstrip("*"))
        ends = (factors[order[row.lhs]], factors[order[row.rhs]])
        routes.append(side_arc(arrow, ends, rank, 0.32 + step * (apart - 1)))
    return routes
