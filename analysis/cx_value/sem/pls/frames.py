"""Tidy frames of a PLS model, from its arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cx_value.base.formulas import variance_inflation
from cx_value.sem.pls import quality as quality
from cx_value.sem.pls.algorithm import PlsBatch
from cx_value.sem.pls.bootstrap import PlsDraws, batch_columns, summarise_draws
from cx_value.sem.pls.model import PathModel
from cx_value.sem.pls.moments import ItemData


def estimates_frame(
    batch: PlsBatch,
    model: PathModel,
    items: ItemData,
    draws: PlsDraws | None,
    confidence: float,
) -> pd.DataFrame:
    columns = batch_columns(batch, items.correlations[None], model)
    owners = [model.constructs[j] for j in model.owner]
    arrows = [(model.constructs[t], model.constructs[s]) for s, t in model.arrows]
    parts = []
    for op, key, pairs in (
        ("<~", "weights", list(zip(owners, model.items, strict=True))),
        ("=~", "loadings", list(zip(owners, model.items, strict=True))),
        ("~", "paths", arrows),
    ):
        part = summarise_draws(columns[key][0], draws and getattr(draws, key), confidence)
        part.insert(0, "lhs", [lhs for lhs, _ in pairs])
        part.insert(1, "op", op)
        part.insert(2, "rhs", [rhs for _, rhs in pairs])
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def effects_frame(
    batch: PlsBatch, model: PathModel, draws: PlsDraws | None, confidence: float
) -> pd.DataFrame:
    names, total = model.constructs, batch.total_effects[0]
    parts = []
    for effect, key, pairs, matrix in (
        ("direct", "paths", model.arrows, batch.paths[0]),
        ("indirect", "indirect", model.detours, total - batch.paths[0]),
        ("total", "total", model.effects, total),
    ):
        values = np.array([matrix[pair] for pair in pairs])
        part = summarise_draws(values, draws and getattr(draws, key), confidence)
        part.insert(0, "source", [names[s] for s, _ in pairs])
        part.insert(1, "target", [names[t] for _, t in pairs])
        part.insert(2, "effect", effect)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def r_squared_frame(batch: PlsBatch, model: PathModel, n_rows: int) -> pd.DataFrame:
    rows = [
        (
            model.constructs[t],
            (value := float(batch.r_squared[0, t])),
            quality.adjusted_r_squared(value, n_rows, len(model.sources(t))),
        )
        for t in model.endogenous
    ]
    return pd.DataFrame(rows, columns=["construct", "r_squared", "r_squared_adjusted"])


def reliability_frame(batch: PlsBatch, model: PathModel, items: ItemData) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "construct": model.constructs,
            "mode": np.where(model.is_mode_b, "B", "A"),
            "n_items": model.mask.sum(axis=0).astype(int),
            "alpha": quality.standardised_alpha(items.correlations[None], model)[0],
            "rho_a": batch.rho_a[0],
            "rho_c": quality.composite_reliability(batch.loadings, model)[0],
            "ave": quality.average_variance_extracted(batch.loadings, model)[0],
        }
    )


def htmt_frame(
    model: PathModel, items: ItemData, draws: PlsDraws | None, confidence: float
) -> pd.DataFrame:
    matrix = quality.heterotrait_monotrait_ratio(items.correlations[None], model)[0]
    first, second = np.triu_indices(len(matrix), 1)
    table = summarise_draws(matrix[first, second], draws and draws.htmt, confidence)
    table = table[["est", "ci_low", "ci_high"]].rename(columns={"est": "htmt"})
    table.insert(0, "first", [model.constructs[j] for j in first])
    table.insert(1, "second", [model.constructs[j] for j in second])
    return table


def f_squared_frame(batch: PlsBatch, model: PathModel) -> pd.DataFrame:
    values = quality.cohen_f_squared(batch.correlations[0], model)
    rows = [(model.constructs[s], model.constructs[t], v) for (s, t), v in values.items()]
    return pd.DataFrame(rows, columns=["source", "target", "f_squared"])


def construct_vif_frame(batch: PlsBatch, model: PathModel) -> pd.DataFrame:
    rows = []
    for target in model.endogenous:
        sources = model.sources(target)
        vif = variance_inflation(batch.score_correlations[0][np.ix_(sources, sources)])
        rows += [
            (model.constructs[target], model.constructs[s], v)
            for s, v in zip(sources, vif, strict=True)
        ]
    return pd.DataFrame(rows, columns=["target", "source", "vif"])


def item_vif_frame(model: PathModel, items: ItemData) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "construct": [model.constructs[j] for j in model.owner],
            "item": model.items,
            "vif": quality.item_variance_inflation(items.correlations, model),
        }
    )
