"""What earlier notebooks stored about the levers of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cx_value.base.cutoffs import cutoffs_with
from cx_value.judge.reservations import OF_CONSTRUCTS

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.evaluate.drivers.importance import DriverImportance
    from cx_value.notebook.store import Store
    from cx_value.study.spec import Study


def evidence_on_levers(store: Store, study: Study, importance: DriverImportance) -> dict[str, Any]:
    """Return what :func:`cx_value.judge.priorities.prioritise` joins, as far as it was stored.

    The outcome is loyalty, where the study names it and it was explained; else the last one.
    """
    outcomes = list(dict.fromkeys(importance.frame.outcome))
    loyalty = study.value.loyalty
    return {
        "outcome": loyalty if loyalty in outcomes else outcomes[-1],
        "n_used": importance.n_used, "confidence": importance.confidence,
        "index": _read(store, "experience_index"), "gaps": _read(store, "rival_gaps"),
        "money": money_of_levers(store), "reservations": _unreliable(store, study),
        "of_model": model_reservations(store), "of_money": money_reservations(store),
    }  # fmt: skip


def _read(store: Store, name: str) -> pd.DataFrame | None:
    return store.read(name).table if store.has(name) else None


def index_weights(store: Store) -> tuple[dict[str, float], str]:
    """Return construct → its weight in the stored overall index, and what the whole is called."""
    found = _read(store, "experience_index")
    if found is None or not found.level.eq("overall").any():
        return {}, ""
    own = found[found.level.eq("construct")]
    root = found[found.level.eq("overall")].node.iloc[0]
    return dict(zip(own.node, own.weight, strict=True)), root


def headline_of(store: Store) -> str:
    """Return the method whose weights make the stored overall index; "" without one."""
    return str(_facts(store, "experience_index").get("headline", ""))


def money_of_levers(store: Store) -> pd.DataFrame | None:
    """Return ``lever estimate ci_low ci_high``: money per point, customer and year."""
    link = _read(store, "link")
    if link is None:
        return None
    rows = link[link.effect.eq("money") & link.group.isna()]
    return rows.rename(columns={"from": "lever"})[["lever", "estimate", "ci_low", "ci_high"]]


def _facts(store: Store, name: str) -> dict[str, Any]:
    return dict(store.read(name).meta.get("facts") or {}) if store.has(name) else {}


def model_reservations(store: Store) -> list[str]:
    """Return the codes of what every effect of the reported model rests on that is weak."""
    told = _facts(store, "levers").get("reservations") or []
    return list(dict.fromkeys(r["code"] for r in told if r["code"] not in OF_CONSTRUCTS))


def money_reservations(store: Store) -> list[str]:
    """Return ``forecast`` where the purchase model that money rests on missed its forecast."""
    return ["forecast"] if _facts(store, "purchase_models").get("missed") else []


def _unreliable(store: Store, study: Study) -> dict[str, str]:
    return dict.fromkeys(weak_scales(store, study), "reliability")


def weak_scales(store: Store, study: Study) -> dict[str, float]:
    """Return the scales below the conventional α, with it; an item shares no scale's doubt."""
    found = _read(store, "reliability")
    if found is None:
        return {}
    rule = cutoffs_with(study.cutoffs)["alpha"]
    return {r.construct: r.alpha for r in found.itertuples() if not rule.passes(r.alpha)}
