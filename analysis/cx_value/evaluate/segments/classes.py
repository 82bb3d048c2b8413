"""How many segments there are, and who belongs to which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from cx_value.base.errors import DataError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.evaluate.segments.fit import Fit, Method, fit_classes, relative_entropy, stability

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

#: Adjusted Rand index below which classes are not found again in resamples: below it Steinley
#: (2004) calls recovery poor.
STABLE_FROM = 0.65
#: Relative entropy below which membership is too uncertain to read much into single customers.
CLEAR_FROM = 0.80
SMALLEST_SHARE = 0.05
FEWEST_ROWS = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Classes(Result):
    """How many segments there are, and who belongs to which.

    Attributes
    ----------
    rows : DataFrame
        See :meth:`table`.
    number : int
        The number chosen; 1 where the answers fall into no segments.
    segment : Series
        Segment of every respondent by row, ``segment_1`` the largest.
    membership : DataFrame
        Probabilities, one column a segment.
    means : DataFrame
        One row a segment, one column a score, on the scores' own scale.
    by : tuple of str
        What the segments rest on.
    agreement : float
        Adjusted Rand index with k-means (of latent profiles: with k = number); NaN for one.
    declared : bool
        Whether the study file names the number.
    """

    template = "segments.classes"

    rows: pd.DataFrame
    number: int
    segment: pd.Series
    membership: pd.DataFrame
    means: pd.DataFrame
    by: tuple[str, ...]
    agreement: float
    declared: bool
    kind: str

    def table(self) -> pd.DataFrame:
        """Return one row a number of classes tried.

        ``classes parameters log_likelihood bic entropy smallest smallest_n degenerate stability
        stability_low stability_high keeps chosen``; ``keeps`` says whether it keeps the rules;
        stability is computed in the order of BIC, up to the first solution that keeps them.
        """
        return self.rows.copy()

    def facts(self) -> dict[str, Any]:
        """Return the number, how clear and how stable the segments are, and what limits them."""
        row = self.rows[self.rows.chosen].iloc[0]
        best = self.rows.loc[self.rows.bic.idxmin(), "classes"]
        return {
            "n": self.n_used, "number": self.number, "most": int(self.rows.classes.max()),
            "kind": self.kind, "by": list(self.by), "declared": self.declared,
            "bic": row.bic, "bic_one": self.rows.bic.iloc[0], "entropy": row.entropy,
            "smallest": row.smallest, "stability": row.stability,
            "stability_ci": [row.stability_low, row.stability_high],
            "agreement": self.agreement, "stable_from": STABLE_FROM, "clear_from": CLEAR_FROM,
            "overlap": bool(row.entropy < CLEAR_FROM),
            "unstable": bool(row.stability < STABLE_FROM),
            "more_by_bic": bool(best > self.number), "best_by_bic": int(best),
        }  # fmt: skip

    def plot(
        self, ax: Axes | None = None, *, lang: str = "en", labels: Mapping[str, Any] | None = None
    ) -> Axes:
        """Draw every segment's means, in standard deviations from the mean of all."""
        from cx_value.evaluate.segments.pictures import draw_segments

        return draw_segments(self.means, labels or {}, lang, ax)


def search_classes(
    scores: pd.DataFrame,
    *,
    method: Method = "latent_profile",
    weights: pd.Series | None = None,
    number: Literal["auto"] | int = "auto",
    most: int = 6,
    minimum: int = 30,
    draws: int = 50,
    seed: int = 0,
    confidence: float = 0.95,
) -> Classes:
    """Find the number of segments and who belongs to which.

    Parameters
    ----------
    scores : DataFrame (n, columns)
        NaN = no answer; rows without any answer are left out.
    method, weights
        As in :func:`fit_classes`; the number of k-means segments is that of the profiles.
    number : "auto" or int
    most : int
        Largest number tried.
    minimum : int
        Fewest respondents of a segment.
    draws : int
        Bootstrap samples for the stability.

    Returns
    -------
    Classes

    Raises
    ------
    DataError
        With fewer than 100 rows, or a column that everybody answered alike.

    Notes
    -----
    Chosen is the lowest BIC among the numbers whose smallest segment holds 5 % and ``minimum``
    respondents and whose classes come back in resamples (adjusted Rand index of .65 or more; the
    rule of Steinley 2004); one where none of them beats one class.
    """
    scores = scores.dropna(how="all")
    _check(scores)
    kept = np.ones(len(scores)) if weights is None else weights.reindex(scores.index).fillna(0)
    weight = np.asarray(kept, dtype=float)
    table = _coded(scores, method)
    likely = "latent_profile" if method == "k_means" else method
    options = {"method": likely, "weights": weight, "seed": seed}
    tried = range(1, most + 1) if number == "auto" else sorted({1, number})
    fits = _fit_all([k for k in tried if _fits(k, scores, minimum)], table, options)
    rows = _rows_of(fits, table, weight, draws, confidence, options, minimum)
    chosen = _choose(rows) if number == "auto" else int(number)
    other = fit_classes(table, chosen, **options | {"method": "k_means"})
    fit = other if method == "k_means" else fits[chosen]
    return _result(scores, fit, fits[chosen], other, rows, chosen, number != "auto", method,
                   confidence)  # fmt: skip


def _fit_all(numbers: list[int], table: np.ndarray, options: dict) -> dict[int, Fit]:
    """Fit every number of classes up to the first that has a class shrunk to a point."""
    fits: dict[int, Fit] = {}
    for k in numbers:
        fits[k] = fit_classes(table, k, **options)
        if fits[k].degenerate:
            break
    return fits


def _fits(classes: int, scores: pd.DataFrame, minimum: int) -> bool:
    return classes == 1 or classes * minimum <= len(scores)


def _check(scores: pd.DataFrame) -> None:
    alike = [str(name) for name in scores if scores[name].nunique() < 2]
    if len(scores) < FEWEST_ROWS or alike or scores.shape[1] < 2:
        problem = f"{', '.join(alike)} does not vary" if alike else f"{len(scores)} respondents"
        raise DataError(
            f"No segments from {scores.shape[1]} scores: {problem} · allowed: two or more scores "
            f"that vary, {FEWEST_ROWS} respondents or more · do: collect more answers, or name "
            "other constructs under segments.by"
        )


def _coded(scores: pd.DataFrame, method: Method) -> np.ndarray:
    """Return standardised scores, or for latent classes answers as categories from 0."""
    if method == "latent_class":
        codes = [pd.factorize(scores[name], sort=True)[0] for name in scores]
        return np.where(np.array(codes).T < 0, np.nan, np.array(codes).T.astype(float))
    return ((scores - scores.mean()) / scores.std(ddof=0)).to_numpy(dtype=float)


def _rows_of(fits: dict[int, Fit], table, weight, draws, confidence, options, minimum):
    """Return one row a solution; stability in the order of BIC, up to the first that keeps."""
    rows = pd.DataFrame([_row(k, fit, table, weight, minimum) for k, fit in fits.items()])
    tail, kept = (1 - confidence) / 2, False
    for place in rows.sort_values("bic").index:
        k = int(rows.loc[place, "classes"])
        if k == 1 or kept or not (rows.loc[place, "keeps"] or len(rows) == 2):
            rows.loc[place, "keeps"] = rows.loc[place, "keeps"] and (k == 1 or not kept)
            continue
        found = stability(table, fits[k], draws=draws, **options)
        low, high = np.quantile(found, [tail, 1 - tail])
        rows.loc[place, ["stability", "stability_low", "stability_high"]] = found.mean(), low, high
        kept = bool(found.mean() >= STABLE_FROM)
        rows.loc[place, "keeps"] = kept and rows.loc[place, "keeps"]
    return rows


def _row(classes: int, fit: Fit, table, weight, minimum: int) -> dict:
    members = fit.membership.argmax(axis=1)
    share = weight / weight.sum()
    sizes = [share[members == k].sum() for k in range(classes)]
    smallest = int(np.bincount(members, minlength=classes).min())
    large = min(sizes) >= SMALLEST_SHARE and smallest >= minimum and not fit.degenerate
    return {
        "classes": classes, "parameters": fit.parameters,
        "log_likelihood": np.nan if fit.degenerate else fit.log_likelihood,
        "bic": np.nan if fit.degenerate else fit.bic(len(table)),
        "entropy": relative_entropy(fit.membership), "smallest": min(sizes),
        "smallest_n": smallest, "degenerate": fit.degenerate, "stability": np.nan,
        "stability_low": np.nan, "stability_high": np.nan, "keeps": classes == 1 or large,
    }  # fmt: skip


def _choose(rows: pd.DataFrame) -> int:
    kept = rows[rows.keeps]
    return int(kept.loc[kept.bic.idxmin(), "classes"])


def _result(scores, fit: Fit, likely: Fit, other: Fit, rows, number, declared, method, confidence):
    from sklearn.metrics import adjusted_rand_score

    names = [f"segment_{k + 1}" for k in range(number)]
    members = fit.membership.argmax(axis=1)
    agreement = adjusted_rand_score(likely.membership.argmax(1), other.membership.argmax(1))
    means = pd.DataFrame(fit.means, columns=list(scores), index=names)
    if method == "latent_class":
        means = _class_means(scores, fit, names)
    return Classes(
        n_used=len(scores), method=Phrase("segments.classes_method", {"kind": method}),
        confidence=confidence, rows=rows.assign(chosen=rows.classes == number), number=number,
        segment=pd.Series(np.array(names)[members], scores.index, name="segment"),
        membership=pd.DataFrame(fit.membership, scores.index, names), means=means,
        by=tuple(scores), agreement=float(agreement) if number > 1 else float("nan"),
        declared=declared, kind=method,
    )  # fmt: skip


def _class_means(scores: pd.DataFrame, fit: Fit, names: list[str]) -> pd.DataFrame:
    """Return the means of the answers in each class, standardised over all."""
    z = ((scores - scores.mean()) / scores.std(ddof=0)).to_numpy()
    known = ~np.isnan(z)
    means = (fit.membership.T @ np.where(known, z, 0.0)) / (fit.membership.T @ known)
    return pd.DataFrame(means, columns=list(scores), index=names)
