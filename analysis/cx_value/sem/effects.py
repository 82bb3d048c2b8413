"""What each variable does to each other one: directly, through others, and in all."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from cx_value.base.errors import ModelError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.sem.reading.inference import function_errors
from cx_value.sem.reading.result import ModelFit
from cx_value.sem.resampling.bootstrap import Bootstrap

KINDS = ("direct", "specific_indirect", "total_indirect", "total")
ARROW = " → "


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One effect: a sum over routes of products of table rows (``routes`` holds row numbers)."""

    source: str
    target: str
    kind: str
    through: str
    group: str
    routes: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effects(Result):
    """Direct, indirect and total effects of a fitted model; ``effects`` says how each is made.

    The table has one row an effect. Columns ``source target kind through group est se z p ci_low
    ci_high std_all std_se std_ci_low std_ci_high``, and with a bootstrap ``boot_ci_low
    boot_ci_high std_boot_ci_low std_boot_ci_high``.
    """

    template = "effects.effects"

    frame: pd.DataFrame
    effects: tuple[Effect, ...]

    def facts(self) -> dict[str, Any]:
        """Return the specific indirect effects, each with its interval."""
        rows = self.frame[self.frame.kind == "specific_indirect"]
        booted = "std_boot_ci_low" in rows
        ends = [f"std_{'boot_' if booted else ''}ci_{end}" for end in ("low", "high")]
        indirect = [
            {"source": r.source, "target": r.target, "through": r.through.split(ARROW),
             "group": r.group, "beta": r.std_all, "interval": list(r[ends]), "p": r.p}
            for _, r in rows.iterrows()
        ]  # fmt: skip
        return {"level": self.confidence, "bootstrap": booted, "indirect": indirect}


def effects(
    fit: ModelFit, *, bootstrap: Bootstrap | None = None, kind: str = "percentile",
    rule: str = "normal",
) -> Effects:  # fmt: skip
    r"""Return every effect between two variables of the structural model.

    An indirect effect is the product of the paths along a route, the total indirect effect their
    sum over routes, the total effect that plus the direct path (Bollen 1987).

    Parameters
    ----------
    fit : ModelFit
        A fitted model with at least one ``~``.
    bootstrap : Bootstrap, optional
        Draws of the same fit, for intervals that do not assume a normal product.
    kind, rule
        As in :meth:`cx_value.sem.resampling.bootstrap.Bootstrap.table`.

    Raises
    ------
    ModelError
        If the model has no paths, or paths that run in a circle.

    Notes
    -----
    Standard errors by the delta method (Sobel 1982) from exact derivatives.
    """
    found = tuple(list_effects(fit))
    if not found:
        raise ModelError(
            "The model has no path between variables · allowed: at least one '~' · do: add paths, "
            "or do not ask a measurement model for effects"
        )
    frame = _frame(fit, found)
    if bootstrap is not None:
        _add_bootstrap(frame, found, fit, bootstrap, kind, rule)
    return Effects(
        n_used=fit.n_used,
        n_dropped=fit.n_dropped,
        method=Phrase("estimators.named", {"method": "effects"}),
        confidence=fit.confidence,
        notes=bootstrap.notes if bootstrap is not None else (),
        frame=frame,
        effects=found,
    )


def list_effects(fit: ModelFit) -> list[Effect]:
    """Return the effects of every ordered pair of variables joined by some route."""
    table = fit.frame
    listed = []
    for group in dict.fromkeys(table.group[table.op == "~"]):
        rows = table[(table.op == "~") & (table.group == group)]
        steps = {(r.rhs, r.lhs): i for i, r in zip(rows.index, rows.itertuples(), strict=True)}
        nodes = list(dict.fromkeys([s for s, _ in steps] + [t for _, t in steps]))
        for source in nodes:
            for target in nodes:
                routes = _routes(steps, source, target, (source,)) if source != target else []
                listed += _effects_of(steps, source, target, group, routes)
    return listed


def combine(values: np.ndarray, found: Sequence[Effect]) -> np.ndarray:
    """Return effects ``(..., m)`` from table rows ``(..., rows)``."""
    return np.stack(
        [
            sum(np.prod(values[..., list(route)], axis=-1) for route in effect.routes)
            for effect in found
        ],
        axis=-1,
    )


def _routes(steps: dict, at: str, target: str, seen: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return every route as the variables on it."""
    routes = []
    for source, to in steps:
        if source != at:
            continue
        if to in seen:
            raise ModelError(
                f"The paths run in a circle through {to} · allowed: paths that lead one way · do: "
                "drop a path, or read single coefficients only"
            )
        route = (*seen, to)
        routes += [route] if to == target else _routes(steps, to, target, route)
    return routes


def _effects_of(
    steps: dict, source: str, target: str, group: str, routes: list[tuple[str, ...]]
) -> list[Effect]:
    make = partial(Effect, source=source, target=target, group=group)
    numbered = {route: tuple(steps[pair] for pair in itertools.pairwise(route)) for route in routes}
    direct = [n for route, n in numbered.items() if len(route) == 2]
    longer = {route: n for route, n in numbered.items() if len(route) > 2}
    out = [make(kind="direct", through="", routes=(n,)) for n in direct]
    out += [
        make(kind="specific_indirect", through=ARROW.join(route[1:-1]), routes=(n,))
        for route, n in longer.items()
    ]
    if longer:
        out.append(make(kind="total_indirect", through="", routes=tuple(longer.values())))
    if routes:
        out.append(make(kind="total", through="", routes=tuple(numbered.values())))
    return out


def _frame(fit: ModelFit, found: tuple[Effect, ...]) -> pd.DataFrame:
    from scipy.stats import norm

    reach = norm.ppf(0.5 + fit.confidence / 2)
    frame = pd.DataFrame(
        [(e.source, e.target, e.kind, e.through, e.group) for e in found],
        columns=["source", "target", "kind", "through", "group"],
    )
    raw = combine(fit.frame.est.to_numpy(), found)
    std = combine(fit.frame.std_all.to_numpy(), found)
    errors = [
        function_errors(fit, lambda theta, r=read: combine(r(theta), found))
        for read in fit.readers()
    ]
    frame["est"], frame["se"] = raw, errors[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        frame["z"] = np.where(errors[0] > 0, raw / errors[0], np.nan)
    frame["p"] = 2 * norm.sf(np.abs(frame.z))
    frame["ci_low"], frame["ci_high"] = raw - reach * errors[0], raw + reach * errors[0]
    frame["std_all"], frame["std_se"] = std, errors[1]
    frame["std_ci_low"], frame["std_ci_high"] = std - reach * errors[1], std + reach * errors[1]
    return frame


def _add_bootstrap(
    frame: pd.DataFrame,
    found: tuple[Effect, ...],
    fit: ModelFit,
    bootstrap: Bootstrap,
    kind: str,
    rule: str,
) -> None:
    left_out = fit.engine.jackknife(fit) if kind == "bca" else None
    sides = (("est", "", bootstrap.parameters), ("std_all", "std_", bootstrap.standardised))
    for column, prefix, draws in sides:
        values = combine(draws.to_numpy(), found)
        jackknife = combine(left_out[column], found) if left_out else None
        low, high = bootstrap.intervals(
            values, frame[column].to_numpy(), kind, rule=rule, jackknife=jackknife
        )
        frame[f"{prefix}boot_ci_low"], frame[f"{prefix}boot_ci_high"] = low, high
