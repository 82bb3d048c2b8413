"""Checks of what a study declares, before any data are read: names, identification, hypotheses."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator

from cx_value.study.findings import Finding, list_some, suggest
from cx_value.study.language.syntax import examine_syntax
from cx_value.study.latents import formative_in, second_orders
from cx_value.study.spec import Construct, Hypothesis, Moderation, StructuralModel, Study
from cx_value.study.syntax_checks import check_syntax

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
Edge = tuple[str, str]


def check_models(study: Study) -> list[Finding]:
    """Return everything wrong with the constructs, models and hypotheses of a study."""
    return [
        *_check_names(study),
        *_check_constructs(study),
        *_check_columns(study),
        *_check_missing_codes(study),
        *(finding for model in study.models for finding in _check_model(study, model)),
        *_check_roles(study),
        *_check_estimator(study),
        *_check_editions(study),
        *(finding for h in study.hypotheses for finding in _check_hypothesis(study, h)),
        *(finding for m in study.moderations for finding in _check_moderation(study, m)),
    ]


def model_edges(study: Study, model: StructuralModel) -> set[Edge]:
    """Return the regressions of a model as pairs (from, to) of construct names."""
    if not model.syntax:
        return {(path.source, path.target) for path in model.paths}
    single = {c.items[0].name: c.name for c in study.constructs if len(c.items) == 1}
    written, _ = examine_syntax(model.syntax)
    return {(single.get(a, a), single.get(b, b)) for a, b in written.regressions}


def count_degrees_of_freedom(study: Study, model: StructuralModel) -> int:
    """Count moments minus free parameters of a model built from paths.

    Free are: loadings but one per construct, residual variances, (residual) variances of the
    constructs, paths, covariances among exogenous constructs and among the residuals of
    constructs that cause nothing (lavaan's ``sem()`` defaults). A construct of one item is
    observed and has no residual of its own; one of second order brings its constructs with it.
    """
    edges = model_edges(study, model)
    causes, effects = {a for a, _ in edges}, {b for _, b in edges}
    higher = {n: of for n, of in second_orders(study).items() if n in causes | effects}
    members = {member for of in higher.values() for member in of}
    inside = [c for c in study.constructs if c.name in causes | effects | members]
    items = sum(len(c.items) for c in inside)
    measured = [len(c.items) for c in inside if len(c.items) > 1]
    loadings_and_residuals = sum(2 * k - 1 for k in measured)
    above = sum(len(of) for of in higher.values())  # a loading fixed, a variance free, by each
    exogenous, last = len(causes - effects - members), len(effects - causes - members)
    covariances = exogenous * (exogenous - 1) // 2 + last * (last - 1) // 2
    free = loadings_and_residuals + len(inside) + above + len(edges) + covariances
    return items * (items + 1) // 2 - free


def _check_editions(study: Study) -> Iterator[Finding]:
    """Find a thesis of purchases alone: its chapters are those of a questionnaire."""
    if "thesis" in study.report.editions and not study.data:
        yield Finding(
            study.where("report", "editions"),
            "the edition thesis is asked for, and the study has no answers",
            "brief, full, supplement, deck for a study of purchases alone",
            "leave thesis out of editions, or add data: with the answers",
            kind="wrong value",
        )


#: Ordered categories beyond so many are as good as numbers, and too many to estimate.
MOST_CATEGORIES = 10


def _check_estimator(study: Study) -> Iterator[Finding]:
    """Find choices of estimator and missing answers that do not go together."""
    sampled = study.data and (study.data.cluster or study.data.strata)
    if sampled and study.options.estimator in ("ml", "wlsmv"):
        yield Finding(
            study.where("options", "estimator"),
            f"estimator is {study.options.estimator} with data.cluster or data.strata, which its "
            "errors would ignore",
            "auto or mlr with clusters or strata",
            "write estimator: auto",
            kind="wrong value",
        )
    if study.options.estimator != "wlsmv":
        return
    if study.options.missing == "fiml":
        yield Finding(
            study.where("options", "missing"),
            "missing is fiml with estimator wlsmv, which knows no full information",
            "fiml with ml, mlr or auto; auto (pairwise) or listwise with wlsmv",
            "write missing: auto, or estimator: mlr",
            kind="wrong value",
        )
    if all(item.scale.points > MOST_CATEGORIES for item in study.items):
        yield Finding(
            study.where("options", "estimator"),
            f"estimator is wlsmv, and every item has more than {MOST_CATEGORIES} answer categories",
            "wlsmv for rating scales of few points",
            "write estimator: auto",
            kind="wrong value",
        )


def _check_names(study: Study) -> Iterator[Finding]:
    places = [("constructs", c.name) for c in study.constructs]
    places += [("constructs", c.name, "items", i.name) for c in study.constructs for i in c.items]
    for place in places:
        if not _NAME.fullmatch(place[-1]):
            yield Finding(
                study.where(*place),
                f"{place[-1]!r} cannot be a name in a model",
                "letters A–Z, digits, _ and . , starting with a letter",
                "choose a short name; for an item add `column:` with its name in the data file",
                kind="wrong name",
            )
    for construct in study.constructs:
        if len(construct.items) > 1 and construct.name in study.item_names:
            yield Finding(
                study.where("constructs", construct.name),
                f"{construct.name!r} is the name of a construct and of an item",
                "different names; only a construct of one item may share its item's name",
                "rename the construct",
                kind="wrong name",
            )


def _check_constructs(study: Study) -> Iterator[Finding]:
    if study.data and not study.constructs:
        yield Finding(
            study.where("constructs"),
            "no construct is declared",
            "at least one construct with its items",
            "declare the constructs your items measure",
            kind="no construct",
        )
    for construct in study.constructs:
        yield from _check_construct(study, construct)
    for name, count in Counter(c.name for c in study.constructs).items():
        if count > 1:
            yield _twice(study, ("constructs", name), f"construct {name!r} is declared", count)
    for item, count in Counter(study.item_names).items():
        homes = [c.name for c in study.constructs if item in c.item_names]
        if count > 1:
            yield Finding(
                study.where("constructs", homes[-1], "items", item),
                f"item {item!r} stands {count} times: in {' and '.join(homes)}",
                "each item in one construct",
                "leave it where it belongs and delete the other",
                kind="item in two constructs",
            )


def _check_construct(study: Study, construct: Construct) -> Iterator[Finding]:
    place = study.where("constructs", construct.name)
    count = len(construct.items)
    if count == 0:
        yield Finding(
            place,
            f"construct {construct.name} has no item",
            "one item or more",
            "add its items, or delete it",
            kind="no item",
        )
    if count == 1:
        yield Finding(
            place,
            f"construct {construct.name} has one item",
            "two items or more for a latent variable; three or more to judge its reliability",
            "nothing, if meant: it enters the models as an observed variable without "
            "measurement error, and its reliability cannot be estimated",
            severity="warning",
            kind="one item",
        )
    if count == 2:
        alone = len(study.scales) == 1
        yield Finding(
            place,
            f"construct {construct.name} has two items"
            + (" and no other construct beside it" if alone else ""),
            "three items or more; two are enough only beside a related construct",
            "add an item" if alone else "nothing, if meant: read its loadings with caution",
            severity="error" if alone else "warning",
            kind="two items",
        )


def _twice(study: Study, place: tuple, what: str, count: int) -> Finding:
    return Finding(
        study.where(*place), f"{what} {count} times", "once", "delete the others", kind="twice"
    )


def _check_columns(study: Study) -> Iterator[Finding]:
    profile = [p.name for p in study.profile]
    for name in profile:
        if name in study.item_names:
            yield _twice(study, ("profile", name), f"{name!r} is an item and in the profile:", 2)
    if study.group and study.group not in profile:
        yield Finding(
            study.where("group"),
            f"the group {study.group!r} is not among the profile columns",
            ", ".join(profile) or "a column declared under profile",
            f"{suggest(study.group, profile)}declare it under profile",
            kind="unknown group",
        )
    factors = study.options.factors
    if isinstance(factors, int) and not 0 < factors < max(len(study.items), 2):
        yield Finding(
            study.where("options", "factors"),
            f"{factors} factors cannot be taken from {len(study.items)} items",
            f"1 to {len(study.items) - 1}",
            "lower the number, or write parallel",
            kind="wrong value",
        )


def _check_missing_codes(study: Study) -> Iterator[Finding]:
    for code in study.data.missing_codes if study.data else ():
        if isinstance(code, str):
            continue
        on = [i.name for i in study.items if i.missing_codes is None
              and i.scale.minimum <= code <= i.scale.maximum]  # fmt: skip
        if on:
            every = len(on) == len(study.items)
            yield Finding(
                study.where("data", "missing_codes"),
                f"the missing code {code:g} is a possible answer of {list_some(on)}",
                "a code outside the scale",
                "correct the code or the scale; where the code lies on an item's scale it is "
                "read as an answer",
                severity="error" if every else "warning",
                kind="missing code on the scale",
            )


def _check_model(study: Study, model: StructuralModel) -> Iterator[Finding]:
    place = ("models", model.name)
    if bool(model.paths) == bool(model.syntax):
        yield Finding(
            study.where(*place),
            "both paths and syntax are given" if model.syntax else "the model is empty",
            "either paths or syntax",
            "delete one of the two" if model.syntax else "add paths",
            kind="empty model",
        )
        return
    if model.syntax:
        yield from check_syntax(study, model)
        return
    known = [*(c.name for c in study.constructs), *(d.name for d in study.dimensions)]
    unknown = sorted({end for edge in model_edges(study, model) for end in edge} - set(known))
    for name in unknown:
        yield _unknown_construct(study, (*place, "paths"), name, known)
    for (a, b), count in Counter((p.source, p.target) for p in model.paths).items():
        if count > 1:
            yield _twice(study, (*place, "paths"), f"the path {a} -> {b} is declared", count)
    circle = _find_cycle(model_edges(study, model))
    if circle:
        yield Finding(
            study.where(*place, "paths"),
            f"the paths run in a circle: {' -> '.join(circle)}",
            "paths that never come back to where they started",
            "turn or delete one of them; a model with feedback can be given as lavaan syntax",
            kind="cycle",
        )
    if not unknown and not circle and not formative_in(study, model):
        yield from _check_identification(study, model)


def _check_identification(study: Study, model: StructuralModel) -> Iterator[Finding]:
    df = count_degrees_of_freedom(study, model)
    if df < 0:
        yield Finding(
            study.where("models", model.name),
            f"the model has {-df} free parameters more than there are variances and covariances",
            "degrees of freedom of 0 or more",
            "measure its constructs with more items, or leave out paths",
            kind="not identified",
        )


def _unknown_construct(study: Study, place: tuple, name: str, known: list[str]) -> Finding:
    return Finding(
        study.where(*place),
        f"there is no construct {name!r}",
        ", ".join(known),
        f"{suggest(name, known)}use a declared construct, or declare it",
        kind="unknown construct",
    )


def _find_cycle(edges: set[Edge]) -> list[str]:
    """Return the names along one circle, or nothing; follows edges until none can be shed."""
    left = set(edges)
    while left:
        shed = {(a, b) for a, b in left if b not in {x for x, _ in left}}
        if not shed:
            break
        left -= shed
    if not left:
        return []
    after = dict(sorted(left, reverse=True))
    name, seen = min(after), []
    while name not in seen:
        seen.append(name)
        name = after[name]
    return [*seen[seen.index(name) :], name]


def _check_roles(study: Study) -> Iterator[Finding]:
    for role in ("main", "fallback"):
        names = [m.name for m in study.models if m.role == role]
        if len(names) > 1:
            yield Finding(
                study.where("models", names[1]),
                f"{len(names)} models have the role {role}: {', '.join(names)}",
                f"one {role} model; any number of rival models",
                "give the others the role rival",
                kind="two main models",
            )
    if study.models and study.model("main") is None:
        yield Finding(
            study.where("models"),
            "no model has the role main",
            "one main model",
            "give the theory's model the role main",
            kind="no main model",
        )


def _check_hypothesis(study: Study, hypothesis: Hypothesis) -> Iterator[Finding]:
    place = ("hypotheses", hypothesis.name)
    steps = [hypothesis.source, *hypothesis.through, hypothesis.target]
    known = [*(c.name for c in study.constructs), *second_orders(study)]
    unknown = [step for step in steps if step not in known]
    for name in unknown:
        yield _unknown_construct(study, place, name, known)
    pairs = set(itertools.pairwise(steps))
    if unknown or any(pairs <= model_edges(study, model) for model in study.models):
        return
    lost = pairs - {edge for model in study.models for edge in model_edges(study, model)}
    said = list_some([f"{a} -> {b}" for a, b in sorted(lost or pairs)])
    yield Finding(
        study.where(*place),
        f"hypothesis {hypothesis.name} is tested by no model: {said}"
        + ("" if lost else " stand in different models"),
        "a path (or every step of a chain) of one of the models",
        "add the path to a model, or delete the hypothesis",
        kind="hypothesis without a path",
    )


def _check_moderation(study: Study, moderation: Moderation) -> Iterator[Finding]:
    place, known = ("moderations", moderation.name), [c.name for c in study.constructs]
    names = (moderation.source, moderation.target, moderation.by)
    numbers = [p.name for p in study.profile if not p.values and not p.bins]
    unknown = [n for n in names[:2] if n not in known]
    unknown += [moderation.by] if moderation.by not in [*known, *numbers] else []
    for name in unknown:
        yield _unknown_construct(study, place, name, known)
    if unknown:
        return
    single = [name for name in names[:2] if len(study.construct(name).items) == 1]
    if len(set(names)) == 3 and not single:
        return
    found = f"{', '.join(single)} with a single item" if single else "a construct named twice"
    yield Finding(
        study.where(*place),
        f"moderation {moderation.name} has {found}",
        "from and to: constructs of two items or more; by: a construct, or a number of the profile",
        "name other constructs, or delete the moderation",
        kind="moderation that cannot be tested",
    )
