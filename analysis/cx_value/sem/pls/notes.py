"""What a reader of a PLS result must know: its method by name, and its notes."""

from __future__ import annotations

import numpy as np

from cx_value.base.words import Phrase
from cx_value.sem.pls.algorithm import PlsBatch
from cx_value.sem.pls.bootstrap import PlsDraws
from cx_value.sem.pls.model import PathModel
from cx_value.sem.pls.moments import ItemData
from cx_value.sem.pls.quality import heterotrait_monotrait_ratio, item_variance_inflation


def method_of(model: PathModel) -> Phrase:
    """Name the variant: PLS or PLSc, scheme, modes."""
    facts = {
        "consistent": bool(model.is_corrected.any()), "scheme": model.scheme,
        "modes": sorted({"B" if b else "A" for b in model.is_mode_b}),
    }  # fmt: skip
    return Phrase("estimators.pls", facts)


def notes_of(
    batch: PlsBatch, model: PathModel, items: ItemData, draws: PlsDraws | None, confidence: float
) -> tuple[Phrase, ...]:
    """Collect what a reader must know to trust the numbers."""
    notes = [*_data_notes(items), *_sign_notes(batch, model), *_admissible_notes(batch, model)]
    notes += _undefined_notes(model, items)
    if draws is not None:
        low, high = draws.failed_interval(confidence)
        facts = {
            "failed": draws.n_failed, "draws": draws.n_draws, "level": confidence,
            "share": draws.n_failed / draws.n_draws, "interval": [low, high],
        }  # fmt: skip
        notes.append(Phrase("pls.failed_samples", facts))
        if improper := int(draws.improper.sum()):
            kept = int(draws.converged.sum())
            facts = {"improper": improper, "kept": kept, "share": improper / kept}
            notes.append(Phrase("pls.improper_samples", facts))
    return tuple(notes)


def _data_notes(items: ItemData) -> list[Phrase]:
    notes = []
    if items.n_dropped:
        notes.append(Phrase("pls.rows_dropped", {"rows": items.n_dropped}))
    if items.pairs and items.pairs[0] < items.n_rows:
        least, most = items.pairs
        notes.append(Phrase("pls.pairwise", {"least": least, "most": most, "n": items.n_rows}))
    if items.n_replaced:
        notes.append(Phrase("pls.means_imputed", {"answers": items.n_replaced}))
    return notes


def _sign_notes(batch: PlsBatch, model: PathModel) -> list[Phrase]:
    against = [i for i, v in zip(model.items, batch.loadings[0], strict=True) if v < 0]
    if not against:
        return []
    return [Phrase("pls.negative_loadings", {"item_names": against})]


def _admissible_notes(batch: PlsBatch, model: PathModel) -> list[Phrase]:
    """PLSc can leave the range that correlations and shares must keep."""
    correlations = np.abs(np.triu(batch.correlations[0], 1))
    names = model.constructs
    faults = [
        {"kind": "correlation", "value": batch.correlations[0][a, b], "names": [names[a], names[b]]}
        for a, b in np.argwhere(correlations >= 1)
    ]
    faults += [
        {"kind": "r_squared", "value": batch.r_squared[0, t], "names": [names[t]]}
        for t in model.endogenous
        if not 0 <= batch.r_squared[0, t] <= 1
    ]
    faults += [
        {"kind": "loading", "value": value, "names": [item]}
        for item, value in zip(model.items, batch.loadings[0], strict=True)
        if abs(value) > 1 + 1e-9
    ]
    return [Phrase("pls.inadmissible", {"faults": faults})] if faults else []


def _few_rows(model: PathModel, items: ItemData) -> list[Phrase]:
    """Tell where there are no more rows than items: any weights would fit."""
    n, k = items.n_rows, len(model.items)
    return [] if n > k else [Phrase("pls.few_rows", {"n": n, "n_items": k})]


def _undefined_notes(model: PathModel, items: ItemData) -> list[Phrase]:
    """Tell which VIF is infinite and which HTMT has nothing to be divided by."""
    notes = _few_rows(model, items)
    vif = item_variance_inflation(items.correlations, model)
    ratio = heterotrait_monotrait_ratio(items.correlations[None], model)[0]
    if collinear := [i for i, v in zip(model.items, vif, strict=True) if not np.isfinite(v)]:
        notes.append(Phrase("pls.collinear_items", {"item_names": collinear}))
    bad = ~np.isfinite(ratio).all(axis=0)
    if bad.any():
        names = [name for name, b in zip(model.constructs, bad, strict=True) if b]
        notes.append(Phrase("pls.htmt_undefined", {"constructs": names}))
    return notes
