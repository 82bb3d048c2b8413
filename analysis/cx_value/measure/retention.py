"""May these items be factored at all, and into how many factors?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.errors import ModelError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.measure.answers import available_answers, correlation_of
from cx_value.measure.extraction import squared_multiple_correlations

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RULES = ("quantile", "mean")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adequacy(Result):
    """Sampling adequacy (KMO) and Bartlett's test of sphericity.

    Attributes
    ----------
    kmo : float
        Overall measure, 0 to 1.
    chisq, df, p : float
        Bartlett's test that all correlations are zero.
    items : DataFrame
        ``item msa``.
    """

    template = "factors.adequacy"

    kmo: float
    chisq: float
    df: int
    p: float
    items: pd.DataFrame
    cutoff: Cutoff

    def table(self) -> pd.DataFrame:
        """Return one row: ``n_used kmo kmo_passes lowest_item lowest_msa chisq df p``."""
        low = self.items.loc[self.items.msa.idxmin()]
        row = {
            "n_used": self.n_used, "kmo": self.kmo, "kmo_passes": self.cutoff.passes(self.kmo),
            "lowest_item": low["item"], "lowest_msa": low.msa, "chisq": self.chisq, "df": self.df,
            "p": self.p,
        }  # fmt: skip
        return pd.DataFrame([row])

    def facts(self) -> dict[str, Any]:
        """Return the row of the table with the rule and the items below it."""
        low = self.items["item"][[not self.cutoff.passes(v) for v in self.items.msa]]
        return {**self.table().to_dict("records")[0], "rule": self.cutoff.facts(),
                "low": list(low)}  # fmt: skip


def factor_adequacy(
    items: pd.DataFrame,
    columns: Sequence[str] | None = None,
    *,
    weights: pd.Series | None = None,
    cutoffs: Mapping[str, float] | None = None,
) -> Adequacy:
    """Do the items share enough to be factored?

    Parameters
    ----------
    items : DataFrame (n, ·)
    columns : sequence of str, optional
        Which items (default: all). Every answer is used (full-information moments where some are
        missing), and N counts the rows with any.
    weights : Series, optional
        Case weights; the test then counts the effective number of rows (Kish, 1965).
    cutoffs : mapping of str to float, optional

    Raises
    ------
    DataError
        Absent, textual, constant or collinear items, or too few complete rows.

    Notes
    -----
    KMO: Kaiser & Rice (1974), Educ. Psychol. Meas. 34. Bartlett (1951), Biometrika 38:
    χ² = −(n − 1 − (2p + 5)/6)·log|R|; with gaps R is that of full-information maximum likelihood
    and the test approximate. Agrees with ``psych`` to 1e-10, and on lavaan's full-information
    moments to 1e-6.

    Examples
    --------
    >>> draw = np.random.default_rng(3).normal(size=(120, 4))
    >>> answers = pd.DataFrame({f"q{i}": draw[:, 0] + draw[:, i] for i in (1, 2, 3)})
    >>> factor_adequacy(answers).table()[["n_used", "kmo_passes", "df"]].values.tolist()
    [[120, True, 3]]
    """
    from scipy.stats import chi2

    answers = available_answers(
        items, columns or list(items.columns), weights=weights, invertible=True
    )
    r, p = answers.correlation, len(answers.names)
    overall, each = kaiser_meyer_olkin(r)
    chisq = -(answers.n_effective - 1 - (2 * p + 5) / 6) * np.linalg.slogdet(r)[1]
    df = p * (p - 1) // 2
    return Adequacy(
        n_used=answers.n,
        n_dropped=answers.n_dropped,
        method=Phrase("factors.adequacy_method"),
        notes=answers.notes(),
        kmo=overall,
        chisq=float(chisq),
        df=df,
        p=float(chi2.sf(chisq, df)),
        items=pd.DataFrame({"item": answers.names, "msa": each}),
        cutoff=cutoffs_with(cutoffs)["kmo"],
    )


def kaiser_meyer_olkin(correlation: np.ndarray) -> tuple[float, np.ndarray]:
    """Σr² / (Σr² + Σq²) over pairs, q the partial correlation given all others; and by item."""
    partial = correlation_of(np.linalg.inv(correlation))
    off = ~np.eye(len(correlation), dtype=bool)
    r2, q2 = (correlation * off) ** 2, (partial * off) ** 2
    by_item = r2.sum(axis=0) / (r2.sum(axis=0) + q2.sum(axis=0))
    return float(r2.sum() / (r2.sum() + q2.sum())), by_item


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Retention(Result):
    """How many factors to keep, by several rules.

    Attributes
    ----------
    frame : DataFrame
        One row a number of factors: ``number eigenvalue random_mean random_quantile kept
        common_eigenvalue common_random_mean common_random_quantile common_kept map_squared
        map_fourth``. ``map_*`` of row m is the average partial after m components; that after none
        is in ``attrs["map_none"]``.
    suggested : mapping of str to int
        ``parallel_components parallel_factors map_squared map_fourth kaiser``.
    rule : str
        ``"quantile"`` or ``"mean"`` of the random eigenvalues.
    quantile : float
    seed : int
    draws : int
    """

    template = "factors.retention"

    frame: pd.DataFrame
    suggested: Mapping[str, int]
    rule: str
    quantile: float
    seed: int
    draws: int

    def facts(self) -> dict[str, Any]:
        """Return what each rule suggests, and whether they agree."""
        wanted = sorted({self.suggested[n] for n in _RULES})
        return {"n": self.n_used, "draws": self.draws, "rule": self.rule,
                "quantile": self.quantile, **self.suggested, "wanted": wanted}  # fmt: skip

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw the scree with the random eigenvalues of parallel analysis."""
        from cx_value.measure.pictures import draw_scree

        return draw_scree(self.frame, self.quantile, ax, lang)


_RULES = ("parallel_components", "parallel_factors", "map_squared", "map_fourth")


def factor_retention(
    items: pd.DataFrame,
    columns: Sequence[str] | None = None,
    *,
    draws: int = 500,
    seed: int = 0,
    quantile: float = 0.95,
    rule: str = "quantile",
    weights: pd.Series | None = None,
) -> Retention:
    """How many factors do the data support?

    Parameters
    ----------
    items : DataFrame (n, ·)
    columns : sequence of str, optional
    draws : int
        Random samples of uncorrelated normal items, of the same n and p.
    seed : int
    quantile : float
        Quantile of the random eigenvalues that an observed one must pass (.95: Glorfeld, 1995).
    rule : {"quantile", "mean"}
        Compare with that quantile, or with the mean (Horn, 1965).
    weights : Series, optional
        Case weights; random samples then have the effective number of rows (Kish, 1965).

    Raises
    ------
    ModelError
        Unknown rule or fewer than 20 draws.
    DataError
        As :func:`factor_adequacy`.

    Notes
    -----
    Two variants: eigenvalues of R (components), and of R with squared multiple correlations on the
    diagonal (common factors; Humphreys & Ilgen, 1969). Random correlation matrices come from the
    Wishart distribution by Bartlett's decomposition, so that n costs nothing. Agrees with
    ``psych::fa.parallel(SMC = TRUE)`` and ``psych::vss``: observed values and MAP to 1e-10,
    random ones within their sampling error.

    Examples
    --------
    >>> draw = np.random.default_rng(3).normal(size=(120, 6))
    >>> answers = pd.DataFrame({f"q{i}": draw[:, 0] + draw[:, i] for i in range(1, 6)})
    >>> factor_retention(answers, draws=100).suggested["parallel_components"]
    1
    """
    if rule not in RULES or draws < 20 or not 0 < quantile < 1:
        raise ModelError(
            f"rule '{rule}', {draws} draws, quantile {quantile} · allowed: {', '.join(RULES)}; 20 "
            "or more; between 0 and 1 · do: correct the option"
        )
    answers = available_answers(
        items, columns or list(items.columns), weights=weights, invertible=True
    )
    observed = eigenvalues_of(answers.correlation)
    simulated = random_eigenvalues(round(answers.n_effective), len(answers.names), draws, seed)
    partials = [average_partials(answers.correlation, power) for power in (2, 4)]
    frame, suggested = _retention_frame(observed, simulated, partials, quantile, rule)
    return Retention(
        n_used=answers.n,
        n_dropped=answers.n_dropped,
        method=Phrase("factors.retention_method"),
        notes=answers.notes(),
        frame=frame, suggested=suggested, rule=rule, quantile=quantile, seed=seed, draws=draws,
    )  # fmt: skip


def eigenvalues_of(correlation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return descending eigenvalues of R and of R reduced by uniqueness, each ``(…, p)``."""
    reduced = correlation.copy()
    p = correlation.shape[-1]
    reduced[..., range(p), range(p)] = squared_multiple_correlations(correlation)
    whole, common = (np.linalg.eigvalsh(m)[..., ::-1] for m in (correlation, reduced))
    return whole, common


def random_eigenvalues(n: int, p: int, draws: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues of ``draws`` correlation matrices of n uncorrelated normal rows, (draws, p)."""
    random = np.random.default_rng(seed)
    root = np.tril(random.normal(size=(draws, p, p)), -1)
    root[:, range(p), range(p)] = np.sqrt(random.chisquare(n - 1 - np.arange(p), size=(draws, p)))
    return eigenvalues_of(correlation_of(root @ root.transpose(0, 2, 1)))


def average_partials(correlation: np.ndarray, power: int = 2) -> np.ndarray:
    """Average partial correlation, raised to ``power``, after 0 … p − 2 components (Velicer)."""
    p = len(correlation)
    values, vectors = np.linalg.eigh(correlation)
    components = (vectors * np.sqrt(np.maximum(values, 0)))[:, ::-1]
    taken = np.cumsum(components.T[:, :, None] * components.T[:, None, :], axis=0)[: p - 2]
    partial = correlation_of(np.concatenate([correlation[None], correlation - taken]))
    lower = np.tril_indices(p, -1)
    return (partial[:, lower[0], lower[1]] ** power).mean(axis=1)


def leading_run(passes: np.ndarray) -> int:
    """Count how many stand in a row from the first.

    >>> leading_run(np.array([True, True, False, True]))
    2
    """
    return int(np.argmin(passes)) if not passes.all() else len(passes)


def _retention_frame(
    observed: tuple, simulated: tuple, partials: list, quantile: float, rule: str
) -> tuple[pd.DataFrame, dict[str, int]]:
    p = len(observed[0])
    frame = pd.DataFrame({"number": np.arange(1, p + 1)})
    suggested = {}
    for kind, values, random in zip(("", "common_"), observed, simulated, strict=True):
        lines = {"mean": random.mean(axis=0), "quantile": np.quantile(random, quantile, axis=0)}
        frame[f"{kind}eigenvalue"] = values
        frame[f"{kind}random_mean"] = lines["mean"]
        frame[f"{kind}random_quantile"] = lines["quantile"]
        count = leading_run(values > lines[rule])
        frame[f"{kind}kept"] = frame.number <= count
        suggested["parallel_factors" if kind else "parallel_components"] = count
    for name, partial in zip(("map_squared", "map_fourth"), partials, strict=True):
        frame[name] = pd.Series(partial[1:]).reindex(range(p))
        suggested[name] = int(np.argmin(partial))
    frame.attrs["map_none"] = {"squared": float(partials[0][0]), "fourth": float(partials[1][0])}
    suggested["kaiser"] = int((observed[0] > 1).sum())
    return frame, suggested
