"""Checks of the indicator system a study declares, before any data are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cx_value.study.findings import Finding, list_some, suggest
from cx_value.study.latents import second_orders
from cx_value.study.spec import Study


def check_indicators(study: Study) -> list[Finding]:
    """Return everything wrong with brands, dimensions, expectations, groups and drivers."""
    return [
        *_check_brands(study),
        *_check_dimensions(study),
        *_check_latents(study),
        *_check_expectations(study),
        *_check_groups(study),
        *_check_drivers(study),
        *_check_segments(study),
        *_check_margins(study),
        *_check_loops(study),
    ]


def _unknown(
    study: Study, place: tuple, name: str, known: list[str], kind: str, remedy: str = ""
) -> Finding:
    return Finding(
        study.where(*place),
        f"{name!r} is not {kind} of this study",
        list_some(known, 12) or "none: the study declares none",
        f"{suggest(name, known)}{remedy or 'use one of these names, or delete the line'}",
        kind="unknown name",
    )


def _check_brands(study: Study) -> Iterator[Finding]:
    """Find a brand column that is no profile column, and brands that its values do not name."""
    if study.brands is None:
        return
    columns = {entry.name: entry for entry in study.profile}
    place = ("brands", "column")
    if study.brands.column not in columns:
        remedy = "declare the column under profile, or correct the name"
        yield _unknown(study, place, study.brands.column, list(columns), "a profile column", remedy)
        return
    values = list(columns[study.brands.column].values)
    for name in (study.brands.own, *study.brands.rivals) if values else ():
        if name not in values:
            yield _unknown(study, ("brands",), name, values, "a brand")


def _check_dimensions(study: Study) -> Iterator[Finding]:
    """Find members that do not exist or have two dimensions, and names that are taken."""
    constructs = [c.name for c in study.constructs]
    dimensions = [d.name for d in study.dimensions]
    known = [*constructs, *dimensions]
    for dimension in study.dimensions:
        place = ("dimensions", dimension.name)
        if dimension.name in [*constructs, *study.item_names]:
            yield Finding(
                study.where(*place),
                f"{dimension.name!r} is the name of a dimension and of a construct or item",
                "different names",
                "rename the dimension",
                kind="wrong name",
            )
        for member in dimension.of:
            if member not in known:
                yield _unknown(study, place, member, known, "a construct or dimension")
    counts = Counter(member for d in study.dimensions for member in d.of)
    for member in [name for name, count in counts.items() if count > 1]:
        holders = [d.name for d in study.dimensions if member in d.of]
        yield Finding(
            study.where("dimensions", holders[-1]),
            f"{member!r} belongs to {' and to '.join(holders)}",
            "one dimension for each construct or dimension",
            "leave it in one of them",
            kind="two dimensions",
        )


def _check_latents(study: Study) -> Iterator[Finding]:
    """Find second-order constructs above dimensions, and items for the whole that do not exist."""
    dimensions = {d.name for d in study.dimensions}
    for name, of in second_orders(study).items():
        if below := sorted(dimensions & set(of)):
            yield Finding(
                study.where("dimensions", name),
                f"{name} is a construct of second order and holds dimensions: {list_some(below)}",
                "second-order constructs above constructs",
                "name constructs under `of`, or leave second_order, formative and paths to the "
                "dimensions below it",
                kind="wrong value",
            )
    for key in ("constructs", "dimensions"):
        for entry in getattr(study, key):
            if entry.overall is not None and entry.overall not in study.item_names:
                place = (key, entry.name, "overall")
                yield _unknown(study, place, entry.overall, study.item_names, "an item")


def _check_loops(study: Study) -> Iterator[Finding]:
    """Find dimensions that hold themselves, and more than one dimension at the top."""
    above = {member: d.name for d in study.dimensions for member in d.of}
    for dimension in study.dimensions:
        seen, here = [], dimension.name
        while here in above and here not in seen:
            seen.append(here)
            here = above[here]
        if here in seen:
            yield Finding(
                study.where("dimensions", dimension.name),
                f"{dimension.name!r} lies within itself: {' → '.join([*seen, here])}",
                "dimensions above constructs, in two or three levels",
                "take it out of the dimension below it",
                kind="loop",
            )
            return


def _check_expectations(study: Study) -> Iterator[Finding]:
    """Find expectations of items that do not exist."""
    for pair in study.expectations:
        if pair.name not in study.item_names:
            remedy = "write item: COLUMN OF ITS EXPECTATION, the item as it is named above"
            yield _unknown(
                study, ("expectations", pair.name), pair.name, study.item_names, "an item", remedy
            )


def _check_groups(study: Study) -> Iterator[Finding]:
    columns = [entry.name for entry in study.profile]
    for name in study.evaluation.groups or ():
        if name not in columns:
            yield _unknown(study, ("evaluation", "groups"), name, columns, "a profile column")


def _check_drivers(study: Study) -> Iterator[Finding]:
    """Find levers, outcomes and rated levers that do not exist, and levers that are outcomes."""
    measured = [*(c.name for c in study.constructs), *study.item_names]
    columns = [entry.name for entry in study.profile]
    known = {"levers": measured, "importance": measured, "outcomes": [*measured, *columns]}
    for key, names in known.items():
        for name in getattr(study.drivers, key):
            if name not in names:
                yield _unknown(study, ("drivers", key), name, names, "a construct or item")
    for name in set(study.drivers.levers) & set(study.drivers.outcomes):
        yield Finding(
            study.where("drivers", "levers"),
            f"{name!r} is a lever and an outcome",
            "levers that are no outcomes",
            "leave it in one of the two lists",
            kind="wrong name",
        )


def _check_segments(study: Study) -> Iterator[Finding]:
    """Find constructs of segments that do not exist, and needs that bear another's name."""
    constructs = [c.name for c in study.constructs]
    measured = [*constructs, *study.item_names]
    for name in study.segments.by:
        if name not in constructs:
            yield _unknown(study, ("segments", "by"), name, constructs, "a construct")
    for key in ("perceived_value", "price_fairness"):
        name = getattr(study.segments, key)
        if name is not None and name not in measured:
            yield _unknown(study, ("segments", key), name, measured, "a construct or item")
    for need in study.segments.needs:
        if need.name in measured:
            yield Finding(
                study.where("segments", "needs", need.name),
                f"{need.name!r} is a need and a construct or item",
                "a name of its own for every need",
                "call the need otherwise, or name the construct under by",
                kind="wrong name",
            )


def _check_margins(study: Study) -> Iterator[Finding]:
    """Find margins of columns that are no profile columns, and shares that do not add up."""
    columns = [entry.name for entry in study.profile]
    for name, shares in study.margins.items():
        if name not in columns:
            yield _unknown(study, ("margins", name), name, columns, "a profile column")
        total = sum(shares.values())
        open_sum = min(abs(total - 1), abs(total - 100) / 100) > 0.005
        if open_sum or min(shares.values()) <= 0:
            yield Finding(
                study.where("margins", name),
                f"the shares of {name} add up to {total:g}, or one is not above zero",
                "shares above zero that add up to 1 (or 100)",
                "complete the list of values, and write their shares in the population",
                kind="wrong value",
            )
