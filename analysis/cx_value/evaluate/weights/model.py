"""Weights that a fitted model gives: total effects, loadings, and the outer weights of PLS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.errors import ModelError
from cx_value.evaluate.weights.objective import normalise_weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cx_value.evaluate.resamples import Resamples
    from cx_value.sem.pls.fit import PlsResult
    from cx_value.sem.reading.result import ModelFit
    from cx_value.sem.resampling.bootstrap import Bootstrap


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelWeights:
    """Weights (1 + draws, k) of ``names``, those set to 0, and those the model does not hold.

    A negative effect or weight cannot weigh an index; it is set to 0 and named in ``negative``,
    with ``negative_share`` the share of resamples in which it is negative.
    """

    names: tuple[str, ...]
    weights: np.ndarray
    negative: tuple[str, ...]
    negative_share: tuple[float, ...]


def total_effect_weights(
    fit: ModelFit, bootstrap: Bootstrap | None, variables: Mapping[str, str], target: str,
    axis: Resamples,
) -> ModelWeights:  # fmt: skip
    """Return standardised total effects on ``target``, normalised.

    Parameters
    ----------
    variables : mapping
        Construct → its name in the model.
    target : str
        Name of the outcome in the model.

    Raises
    ------
    ModelError
        If the model lacks a construct, or none of them acts on the target.
    """
    from cx_value.sem.effects import combine, list_effects

    lacking = [c for c, v in variables.items() if v not in fit.frame[["lhs", "rhs"]].to_numpy()]
    if lacking:
        raise ModelError(
            f"the model reported has no {', '.join(lacking)} · allowed: a model of all constructs "
            "of the index · do: nothing; the other methods weigh them"
        )
    total = {(e.source, e.target): e for e in list_effects(fit) if e.kind == "total"}
    acting = {c: total[v, target] for c, v in variables.items() if (v, target) in total}
    if not acting:
        raise ModelError(
            f"no construct of the index acts on {target} in the model reported · allowed: paths "
            "that lead to it · do: nothing; the other methods weigh them"
        )
    found = list(acting.values())
    rows = [combine(fit.frame["std_all"].to_numpy(), found)]
    drawn = np.full((axis.draws, len(found)), np.nan)
    if bootstrap is not None:
        values = combine(bootstrap.standardised.to_numpy(), found)
        values[~bootstrap.converged] = np.nan
        drawn[: len(values)] = values[: axis.draws]
    raw = np.vstack([rows[0][None], drawn])
    full = np.zeros((axis.size, len(variables)))
    full[:, [list(variables).index(c) for c in acting]] = raw
    return _kept(tuple(variables), full)


def pls_effect_weights(
    fit: PlsResult, names: Sequence[str], target: str, axis: Resamples
) -> ModelWeights:
    """Return the total effects of PLS on ``target``, normalised."""
    total = fit.effects[fit.effects["effect"] == "total"].set_index(["source", "target"])["est"]
    whole, drawn = np.zeros(len(names)), np.zeros((axis.draws, len(names)))
    for i, name in enumerate(names):
        if (name, target) in total.index:
            whole[i] = total[name, target]
            drawn[:, i] = fit.draws.total[(name, target)].to_numpy()
    return _kept(tuple(names), np.vstack([whole[None], drawn]))


def outer_weights(
    fit: PlsResult, items: Sequence[str], deviations: np.ndarray, axis: Resamples
) -> ModelWeights:
    r"""Return one construct's outer weights for raw points: :math:`w_i / s_i`, normalised.

    Weights estimated on standardised items do not fit raw answers; each is divided by its item's
    standard deviation (ACSI 2005; Fornell et al. 1996), of the same resample: ``deviations``
    (1 + draws, items).
    """
    whole = fit.weights.loc[list(items)].sum(axis=1).to_numpy(dtype=float)
    drawn = fit.draws.weights[list(items)].to_numpy()
    return _kept(tuple(items), np.vstack([whole[None], drawn[: axis.draws]]) / deviations)


def loading_weights(
    fit: ModelFit, bootstrap: Bootstrap | None, construct: str, items: Sequence[str],
    axis: Resamples,
) -> ModelWeights:  # fmt: skip
    """Return the standardised loadings of one construct's items, normalised.

    Raises
    ------
    ModelError
        If the model does not measure the construct.
    """
    frame = fit.frame.reset_index(drop=True)
    own = frame[(frame["op"] == "=~") & (frame["lhs"] == construct)]
    at = [own.index[own["rhs"] == item] for item in items]
    if not all(len(found) == 1 for found in at):
        raise ModelError(
            f"the model reported does not measure {construct} by {', '.join(items)} · allowed: one "
            "loading an item · do: nothing; the other methods weigh them"
        )
    columns = [int(found[0]) for found in at]
    drawn = np.full((axis.draws, len(columns)), np.nan)
    if bootstrap is not None:
        values = bootstrap.standardised.to_numpy()[:, columns].copy()
        values[~bootstrap.converged] = np.nan
        drawn[: len(values)] = values[: axis.draws]
    whole = frame["std_all"].to_numpy()[columns]
    return _kept(tuple(items), np.vstack([whole[None], drawn]))


def _kept(names: tuple[str, ...], raw: np.ndarray) -> ModelWeights:
    """Normalise estimates (row 0) and draws, negative ones set to 0; failed draws stay NaN."""
    if not (raw[0] > 0).any():
        raise ModelError(
            f"no effect or weight of {', '.join(names)} is above 0 · allowed: one or more · do: "
            "nothing; the other methods weigh them"
        )
    below = raw[0] < 0
    drawn = raw[1:][np.isfinite(raw[1:]).all(axis=1)]
    share = (drawn < 0).mean(axis=0) if len(drawn) else np.zeros(len(names))
    failed = np.isnan(raw).any(axis=1, keepdims=True)
    weights = np.where(failed, np.nan, normalise_weights(np.maximum(raw, 0.0)))
    return ModelWeights(
        names=names, weights=weights,
        negative=tuple(n for n, b in zip(names, below, strict=True) if b),
        negative_share=tuple(float(s) for s, b in zip(share, below, strict=True) if b),
    )  # fmt: skip
