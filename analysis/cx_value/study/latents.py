"""Latent variables beyond a block of reflective items: second-order and formative constructs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cx_value.base.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from cx_value.study.spec import StructuralModel, Study


def ends_of(model: StructuralModel) -> set[str]:
    """Return the names between which a model given by paths has arrows."""
    return {end for path in model.paths for end in (path.source, path.target)}


def second_orders(study: Study) -> dict[str, tuple[str, ...]]:
    """Return dimension → its constructs, for dimensions that are latent variables.

    Those are they that say so (``second_order`` or ``formative``), or that a model's path names.
    """
    named = {end for model in study.models for end in ends_of(model)}
    return {
        d.name: d.of for d in study.dimensions if d.second_order or d.formative or d.name in named
    }


def spread_paths(
    paths: Iterable[tuple[str, str]], higher: Mapping[str, Sequence[str]]
) -> list[tuple[str, str]]:
    """Put the constructs of every second-order construct into its paths.

    >>> spread_paths([("S", "Y")], {"S": ("A", "B")})
    [('A', 'Y'), ('B', 'Y')]
    """
    return [(s, t) for a, b in paths for s in higher.get(a, (a,)) for t in higher.get(b, (b,))]


def formative_names(study: Study) -> set[str]:
    """Return the constructs and dimensions that are made up by what they are measured with."""
    return {entry.name for entry in (*study.constructs, *study.dimensions) if entry.formative}


def with_members(study: Study, names: Collection[str]) -> set[str]:
    """Return names, and the constructs of those that are of second order."""
    higher = second_orders(study)
    return set(names) | {member for name in names for member in higher.get(name, ())}


def formative_in(study: Study, model: StructuralModel) -> list[str]:
    """Return the formative constructs that a model given by paths rests on."""
    return sorted(with_members(study, ends_of(model)) & formative_names(study))


def variable_of(study: Study, name: str) -> str:
    """Return a model's name of a construct or dimension: a single-item construct is its item."""
    found = next((c for c in study.constructs if c.name == name), None)
    return found.items[0].name if found and len(found.items) == 1 else name


def structural_syntax(study: Study, model: StructuralModel) -> str:
    """Write a structural model in lavaan syntax; a single-item construct is its item.

    Raises
    ------
    ModelError
        If one of its constructs is formative.
    """
    if model.syntax:
        return model.syntax
    if formative := formative_in(study, model):
        raise ModelError(
            f"{', '.join(formative)} of model {model.name} is formative · allowed: reflective "
            "constructs in a covariance-based model · do: nothing; PLS estimates the model"
        )
    ends, higher = ends_of(model), second_orders(study)
    above = [name for name in higher if name in ends]
    causes: dict[str, list[str]] = {}
    for path in model.paths:
        causes.setdefault(variable_of(study, path.target), []).append(
            variable_of(study, path.source)
        )
    lines = [study.measurement_syntax(with_members(study, ends))]
    lines += [second_order_line(study, name) for name in above]
    lines += [f"{target} ~ " + " + ".join(by) for target, by in causes.items()]
    return "\n".join(lines)


def second_order_line(study: Study, name: str) -> str:
    """Write the loadings of a second-order construct on its constructs."""
    members = second_orders(study)[name]
    return f"{name} =~ " + " + ".join(variable_of(study, member) for member in members)


def second_order_syntax(study: Study) -> str | None:
    """Write the measurement model with its reflective second-order factors; None without any."""
    formative = formative_names(study)
    above = [n for n, of in second_orders(study).items() if not formative & {n, *of}]
    if not above:
        return None
    return "\n".join([study.measurement_syntax(), *(second_order_line(study, n) for n in above)])
