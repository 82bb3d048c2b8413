"""Which fit indices are reported, and what the rules say of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cx_value.base.cutoffs import CUTOFFS, Cutoff

INDICES = ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper",
           "srmr", "aic", "bic")  # fmt: skip
JUDGED = ("cfi", "tli", "rmsea", "srmr")
RMSEA_LEVEL = 0.90
_CORRECTED = ("cfi", "tli", "rmsea")
_SIGN = {">=": "≥", "<=": "≤", ">": ">", "<": "<"}


def correction_of(indices: Mapping[str, float]) -> str:
    """Return which corrected indices a fit has: ``robust``, ``scaled``, or none (empty).

    ``robust``: CFI, TLI and RMSEA estimate what the indices of ML estimate under normality.
    """
    if "chisq_scaled" not in indices:
        return ""
    known = np.isfinite([indices.get(f"{name}_robust", np.nan) for name in _CORRECTED])
    return "robust" if known.all() else "scaled"


def reported_indices(indices: Mapping[str, float]) -> dict[str, float]:
    """Return the indices a report prints, by lavaan's plain names.

    χ² is the scaled one where the estimator has it; CFI, TLI and RMSEA are the robust ones where
    they can be computed, else the scaled or plain ones. NaN stands for what the estimator has not
    (AIC and BIC of least squares).
    """
    out = {name: float(indices.get(name, np.nan)) for name in INDICES}
    for name in ("chisq", "pvalue"):
        out[name] = float(indices.get(f"{name}_scaled", out[name]))
    if correction := correction_of(indices):
        for name in (*_CORRECTED, "rmsea_ci_lower", "rmsea_ci_upper"):
            out[name] = float(indices.get(f"{name}_{correction}", np.nan))
    return out


def fit_facts(
    indices: Mapping[str, float], n: int, *, admissible: bool, rules: Mapping[str, Cutoff] = CUTOFFS
) -> dict[str, Any]:
    """Return the reported indices with the rules they are judged by, and how many they meet."""
    reported = reported_indices(indices)
    judged = [rules[name] for name in JUDGED]
    return {
        "n": n, "df": int(reported["df"]), "chisq": reported["chisq"], "p": reported["pvalue"],
        **{name: reported[name] for name in JUDGED},
        "rmsea_level": RMSEA_LEVEL,
        "rmsea_interval": [reported["rmsea_ci_lower"], reported["rmsea_ci_upper"]],
        "correction": correction_of(indices),
        "criteria": [
            {"index": r.name, "sign": _SIGN[r.direction], "threshold": r.threshold} for r in judged
        ],
        "n_met": sum(bool(rule.passes(reported[rule.name])) for rule in judged),
        "sources": list(dict.fromkeys(rule.source for rule in judged if rule.source)),
        "own_rules": any(not rule.source for rule in judged), "admissible": admissible,
        "exact_rejected": bool(rules["significance"].passes(reported["pvalue"])),
    }  # fmt: skip
