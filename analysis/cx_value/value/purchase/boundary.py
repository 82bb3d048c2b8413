"""What to do when a likelihood is highest at the boundary: tell it, and fit the simpler model."""

from __future__ import annotations

from scipy.stats import chi2

from cx_value.base.errors import ConvergenceError
from cx_value.base.words import Phrase
from cx_value.value.purchase.families import FAMILIES, Family
from cx_value.value.purchase.history import PurchaseHistory
from cx_value.value.purchase.likelihood import Optimum, from_link, maximise

# Log likelihood that a parameter must be worth to count as anything but a limit.
_NO_GAIN = 0.005
# Standard error on the log scale beyond which the data say next to nothing of a parameter.
_UNDETERMINED = 1.5
_DETERMINED = 0.1  # … and below which it is certainly inside its range
_RUNAWAY = 6.0  # … and beyond which it runs away: its interval spans ten powers of ten


def fit_inside(family: Family, history: PurchaseHistory):
    """Fit a model, or the simpler one it becomes where its optimum lies at the boundary."""
    optimum, notes = maximise(family, history), []
    while family.limit is not None and not _is_inside(optimum):
        simpler = FAMILIES[family.limit]
        nested = maximise(simpler, history)
        gain = optimum.log_likelihood - nested.log_likelihood
        if not gain < _NO_GAIN:
            notes += _weak_gain(family, simpler, gain, len(optimum.theta) - len(nested.theta))
            break
        notes.append(_replaced(family, simpler))
        family, optimum = simpler, nested
    return family, optimum, tuple(notes)


def _is_inside(optimum: Optimum) -> bool:
    """Return whether every parameter is so well determined that none can be at infinity."""
    return optimum.is_sound and optimum.std_error.max() < _DETERMINED


def _replaced(family: Family, simpler: Family) -> Phrase:
    told = {"model": family.name, "simpler": simpler.name, "means": family.limit_means}
    return Phrase("purchase.replaced", told)


def _weak_gain(family: Family, simpler: Family, gain: float, df: int) -> list[Phrase]:
    """Tell where the simpler model is not rejected, with the test."""
    p_value = float(chi2.sf(2 * gain, df))
    if p_value < 0.05:
        return []
    told = {"model": family.name, "simpler": simpler.name, "means": family.limit_means}
    return [Phrase("purchase.not_rejected", {**told, "chisq": 2 * gain, "df": df, "p": p_value})]


def undetermined(family: Family, optimum: Optimum) -> list[Phrase]:
    """Name the parameters of which the data say next to nothing by themselves."""
    error = optimum.std_error[: len(family.terms)]
    loose = [t for t, e in zip(family.terms, error, strict=True) if e > _UNDETERMINED]
    told = {"terms": loose, "limit": _UNDETERMINED}
    return [Phrase("purchase.undetermined", told)] if loose else []


def require_optimum(family: Family, optimum: Optimum, covariates: tuple[str, ...]) -> None:
    """Refuse a fit whose likelihood has no proper maximum."""
    if optimum.is_sound and optimum.std_error.max() < _RUNAWAY:
        return
    own = optimum.theta[: len(family.terms)]  # covariates' coefficients come after
    far = [
        f"{term} = {value:.3g}"
        for term, value in zip(family.terms, from_link(own, family.links), strict=True)
        if not 1e-4 < value < 1e4
    ]
    where = f"{' and '.join(far)} run away" if far else "the surface is flat at the highest point"
    causes = "fit a simpler model (nbd) or bg_nbd, observe for longer"
    raise ConvergenceError(
        f"{family.title} has no proper optimum on these data: {where} · allowed: a maximum inside "
        f"the range of every parameter · do: {causes}"
        + (f", or leave out a covariate ({', '.join(covariates)})" if covariates else "")
    )
