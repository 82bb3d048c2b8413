"""PLS with constructs of second order: their constructs' scores are what measures them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cx_value.base.errors import ModelError
from cx_value.sem.pls.algorithm import fit_batch
from cx_value.sem.pls.bootstrap import bootstrap_pls
from cx_value.sem.pls.fit import DEFAULT_SEED, PlsResult, check_fit, fit_pls, result_of
from cx_value.sem.pls.model import PathModel, Paths, declare_path_model, pairs_of
from cx_value.sem.pls.moments import ItemData
from cx_value.study.latents import spread_paths

Blocks = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoStage:
    """The two fits: ``first`` of the first-order constructs, ``second`` of the model as declared.

    In ``second`` the scores of a second-order construct's constructs, under their names, stand
    where the items of other constructs stand.
    """

    first: PlsResult
    second: PlsResult


def fit_two_stage(
    constructs: Blocks,
    higher: Blocks,
    paths: Paths,
    data: pd.DataFrame,
    *,
    modes: Mapping[str, str] | None = None,
    bootstrap: int = 0,
    seed: int = DEFAULT_SEED,
    rows: np.ndarray | None = None,
    confidence: float = 0.95,
    **options: Any,
) -> TwoStage:
    """Fit a PLS path model with constructs of second order, by the disjoint two-stage approach.

    Parameters
    ----------
    constructs : mapping
        Items of each first-order construct.
    higher : mapping
        First-order constructs of each second-order one.
    paths : mapping or iterable of pairs
        May name constructs of either order.
    modes : mapping, optional
        Mode A or B of each construct; A where it is not named. B at second order: the constructs
        make it up.
    bootstrap, seed, rows, confidence, options
        As of :func:`cx_value.sem.pls.fit.fit_pls`. Both stages are fitted to every resample.

    Raises
    ------
    ModelError
        If a second-order construct has members that are not among the constructs, or a member has
        paths of its own.

    Notes
    -----
    Stage one puts the first-order constructs into the paths of the second-order one; stage two
    measures that by their scores: Sarstedt, Hair, Cheah, Becker & Ringle (2019), Australasian
    Marketing Journal 27, 197–211. Agrees with seminr 0.2.1 to 1e-8, resample by resample
    (``tests/reference/pls_two_stage.py``).

    >>> rng = np.random.default_rng(1)
    >>> whole = rng.normal(size=(200, 1))
    >>> parts = {f: whole[:, 0] + rng.normal(size=200) for f in "AB"}
    >>> columns = {f"{f}{i}": v + rng.normal(size=200) for f, v in parts.items() for i in (1, 2)}
    >>> columns |= {"y": whole[:, 0] + rng.normal(size=200)}
    >>> blocks = {"A": ["A1", "A2"], "B": ["B1", "B2"], "Y": ["y"]}
    >>> found = fit_two_stage(blocks, {"S": "AB"}, [("S", "Y")], pd.DataFrame(columns))
    >>> found.second.weights.query("S != 0").index.tolist()
    ['A', 'B']
    """
    pairs, modes = pairs_of(paths), dict(modes or {})
    _check_members(constructs, higher, pairs)
    of_first = {name: mode for name, mode in modes.items() if name in constructs}
    first = fit_pls(
        constructs,
        spread_paths(pairs, higher),
        data,
        modes=of_first,
        confidence=confidence,
        **options,
    )
    members = {member for of in higher.values() for member in of}
    blocks = {n: list(i) for n, i in constructs.items() if n not in members}
    blocks |= {n: list(of) for n, of in higher.items()}
    of_second = {name: mode for name, mode in modes.items() if name in blocks}
    model = declare_path_model(
        blocks, pairs, modes=of_second, scheme=options.get("scheme", "path"),
        consistent=_kept(options.get("consistent", False), blocks),
    )  # fmt: skip
    items = _scored(first, model)
    batch = fit_batch(items.correlations[None], model)
    check_fit(batch, model)
    draws = None
    if bootstrap or rows is not None:
        draws = bootstrap_pls(
            first.data, model, batch.weights[0], n_draws=bootstrap, seed=seed, rows=rows,
            before=lambda of_items: _reduced(of_items, first, model),
        )  # fmt: skip
    return TwoStage(first=first, second=result_of(batch, model, items, draws, confidence))


def _kept(consistent: Any, blocks: Blocks) -> Any:
    return consistent if isinstance(consistent, bool) else [n for n in consistent if n in blocks]


def _check_members(constructs: Blocks, higher: Blocks, pairs: list[tuple[str, str]]) -> None:
    ends = {end for pair in pairs for end in pair}
    for name, of in higher.items():
        lacking = [member for member in of if member not in constructs]
        double = [member for member in of if member in ends]
        if lacking or double:
            said = "are no constructs" if lacking else "have paths of their own"
            raise ModelError(
                f"{', '.join(lacking or double)} of {name} {said} · allowed: constructs that the "
                "model knows through their second-order construct alone · do: take them out of "
                "one of the two"
            )


def _transform(weights: np.ndarray, first: PlsResult, model: PathModel) -> np.ndarray:
    """Return what turns items into the second stage's indicators: (draws, items, indicators)."""
    items, known = list(first.model.items), list(first.model.constructs)
    turned = np.zeros((len(weights), len(items), len(model.items)))
    for column, name in enumerate(model.items):
        if name in known and name not in items:
            block = first.model.block(known.index(name))
            turned[:, block, column] = weights[:, block]
        else:
            turned[:, items.index(name), column] = 1.0
    return turned


def _reduced(correlations: np.ndarray, first: PlsResult, model: PathModel) -> np.ndarray:
    """Fit stage one to resampled correlations; return those of the second stage's indicators."""
    start = first.weights.to_numpy().sum(axis=1)
    batch = fit_batch(correlations, first.model, start=start)
    turned = _transform(batch.weights, first, model)
    reduced = turned.transpose(0, 2, 1) @ correlations @ turned
    return np.where(batch.converged[:, None, None], reduced, np.nan)


def _scored(first: PlsResult, model: PathModel) -> ItemData:
    """Return the second stage's indicators: items as they are, members by their scores."""
    data, weights = first.data, first.weights.to_numpy().sum(axis=1)
    turned = _transform(weights[None], first, model)[0]
    is_item = [name in first.model.items for name in model.items]
    at = [first.model.items.index(n) if i else 0 for n, i in zip(model.items, is_item, strict=True)]
    gone = np.isnan(data.raw).astype(float) @ (turned != 0) > 0
    scores = data.standardised @ turned
    values = np.where(is_item, np.where(np.isnan(data.raw), data.means, data.raw)[:, at], scores)
    raw = np.where(is_item, data.raw[:, at], np.where(gone, np.nan, scores))
    return ItemData(
        raw=raw, values=values, index=data.index, n_dropped=data.n_dropped,
        means=np.where(is_item, data.means[at], 0.0),
        deviations=np.where(is_item, data.deviations[at], 1.0),
        correlations=turned.T @ data.correlations @ turned,
        n_replaced=data.n_replaced, weights=data.weights, pairs=data.pairs,
    )  # fmt: skip
