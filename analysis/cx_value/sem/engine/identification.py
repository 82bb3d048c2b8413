"""Whether the moments can determine the parameters: counted first, then by the information."""

from __future__ import annotations

import numpy as np

from cx_value.base.errors import ModelError
from cx_value.sem.design.matrices import Design
from cx_value.sem.design.parameters import Model
from cx_value.sem.engine.likelihood import Target, evaluate, expected_information

_FLAT = 1e-10  # eigenvalues below are zero


def check_counts(design: Design, model: Model) -> None:
    """Refuse a model with more free parameters than moments."""
    p, x = len(model.observed), len(model.exogenous)
    moments = p * (p + 1) // 2 - x * (x + 1) // 2 + (p - x) * model.meanstructure
    moments *= model.n_groups
    if design.n_parameters == 0:
        raise ModelError(
            "The model has no free parameter · allowed: at least one · do: free a loading, path or "
            "variance"
        )
    if design.n_parameters > moments:
        raise ModelError(
            f"{design.n_parameters} free parameters for {moments} sample moments (df = "
            f"{moments - design.n_parameters}) · allowed: df ≥ 0 · do: add indicators, or fix or "
            "equate parameters"
        )


def identification(design: Design, theta: np.ndarray, target: Target) -> tuple[float, np.ndarray]:
    """Return the smallest eigenvalue of the information in correlation form, and its vector.

    A value at rounding level means that some combination of parameters leaves Σ unchanged
    (Rothenberg 1971; Bollen 1989, p. 248).
    """
    point = evaluate(design, theta[None], target)
    information = expected_information(design, point, target)[0]
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    return float(values[0]), vectors[:, 0]


def check_identified(design: Design, theta: np.ndarray, target: Target) -> float:
    """Refuse a model whose parameters the moments cannot determine, naming them.

    Judged at the solution and at two points beside it, so that a model that is identified in
    general but weak here is flagged instead of refused.
    """
    here, vector = identification(design, theta, target)
    random = np.random.default_rng(7)
    elsewhere = here
    for _ in range(4 if here < _FLAT else 0):
        shifted = theta * random.uniform(0.9, 1.1, len(theta)) + random.normal(0, 0.02, len(theta))
        if np.isfinite(evaluate(design, shifted[None], target).value[0]):
            elsewhere = max(elsewhere, identification(design, shifted, target)[0])
    if elsewhere < _FLAT:
        share = np.abs(design.combine @ vector)
        free = design.model.free()
        names = [free[i].name for i in np.argsort(-share) if share[i] > 0.05][:8]
        raise ModelError(
            f"The model is not identified: {', '.join(names)} can change together without changing "
            "what the model implies · allowed: parameters the moments determine · do: fix a "
            "loading or a variance to give each latent variable its scale, or drop a path"
        )
    return here
