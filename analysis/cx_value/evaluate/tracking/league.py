"""Units held against each other: where each stands, and which differ with the same mix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.evaluate.tracking.charts import SIGMAS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class League(Result):
    """Units in the order of their adjusted score.

    Columns of the table: ``unit n mean low high adjusted difference diff_low diff_high p p_holm
    verdict``. ``adjusted`` is the score the unit would have with the mix of respondents of all
    units, ``difference`` how far that is from the mean of all; ``lower upper`` are the funnel's
    limits at the unit's n; ``verdict`` is ``above``, ``below`` or ``within``.

    Attributes
    ----------
    frame : DataFrame
        One row a unit; see :meth:`table`.
    centre, sd : float
        Mean of all respondents, standard deviation within units: what the funnel is drawn by.
    adjusted_for : tuple of str
        Characteristics of respondents whose mix is allowed for.
    """

    frame: pd.DataFrame
    centre: float
    sd: float
    adjusted_for: tuple[str, ...] = ()

    template = "league.league"

    def facts(self) -> dict[str, Any]:
        """Return how many units differ, and which."""
        frame = self.frame
        named = {side: frame[frame.verdict == side].unit.tolist() for side in ("above", "below")}
        return {
            "units": len(frame), **named, "centre": self.centre, "low": float(frame["mean"].min()),
            "high": float(frame["mean"].max()), "adjusted_for": list(self.adjusted_for),
        }  # fmt: skip

    def plot(
        self, ax: Axes | None = None, *, lang: str = "en", labels: Mapping[str, Any] | None = None
    ) -> Axes:
        """Draw the funnel: adjusted scores over n, within limits that narrow as n grows."""
        from cx_value.evaluate.tracking.pictures import draw_funnel

        return draw_funnel(self.frame, self.centre, self.sd, labels or {}, lang, ax)


def compare_units(
    score: pd.Series,
    unit: pd.Series,
    profile: pd.DataFrame | None = None,
    *,
    weights: pd.Series | None = None,
    confidence: float = 0.95,
) -> League:
    r"""Hold units against the mean of all, their mix of respondents allowed for.

    Parameters
    ----------
    score : Series
        One respondent a row, 0 to 100; NaN is left out.
    unit : Series
        The unit of each respondent.
    profile : DataFrame, optional
        Characteristics whose mix is allowed for; a missing answer is a category of its own.
    weights : Series, optional
        Case weights.

    Notes
    -----
    Analysis of covariance: least squares of the score on units and centred characteristics; a
    unit's adjusted mean is its coefficient, the difference that coefficient less the mean of all
    units by their respondents. Errors are robust to unlike spread (HC1, White, 1980); p is adjusted
    over the units by Holm (1979). Funnel limits: three standard errors of a unit's mean about the
    mean of all (Spiegelhalter, 2005).
    """
    known = score.notna() & unit.notna()
    score, unit = score[known], unit[known].astype(str)
    w = np.ones(len(score)) if weights is None else weights[known].to_numpy(float)
    profile = pd.DataFrame(index=score.index) if profile is None else profile[known]
    mixed = _dummies(profile)
    names = sorted(unit.unique())
    own = np.column_stack([(unit == name).to_numpy(float) for name in names])
    share = (own * w[:, None]).sum(axis=0) / w.sum()
    mixed = mixed - np.average(mixed, axis=0, weights=w)
    beta, cov = _least_squares(np.column_stack([own, mixed]), score.to_numpy(float), w)
    frame = _rows(names, own, score.to_numpy(float), w, confidence)
    frame = _differences(frame, beta[: len(names)], cov[: len(names), : len(names)], share,
                         confidence)  # fmt: skip
    centre = float(np.average(score, weights=w))
    within = float(np.sqrt(np.average(frame.pop("variance"), weights=frame.n)))
    half = SIGMAS * within / np.sqrt(frame.effective)
    frame = frame.assign(lower=centre - half, upper=centre + half)
    frame = frame.sort_values("adjusted", ascending=False, ignore_index=True)
    return League(
        n_used=len(score), n_dropped=int((~known).sum()), method=Phrase("league.method"),
        confidence=confidence, frame=frame, centre=centre, sd=within,
        adjusted_for=tuple(profile.columns),
    )  # fmt: skip


def _dummies(profile: pd.DataFrame) -> np.ndarray:
    if not profile.shape[1]:
        return np.zeros((len(profile), 0))
    plain = profile.astype(object).where(profile.notna(), "").astype(str)
    return pd.get_dummies(plain, drop_first=True).to_numpy(float)


def _least_squares(x, y, w) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients and their HC1 covariance."""
    bread = np.linalg.pinv(x.T @ (x * w[:, None]))
    beta = bread @ (x.T @ (w * y))
    scores = x * (w * (y - x @ beta))[:, None]
    inflate = len(y) / max(len(y) - np.linalg.matrix_rank(x), 1)
    return beta, inflate * bread @ (scores.T @ scores) @ bread


def _rows(names, own, y, w, confidence: float) -> pd.DataFrame:
    from scipy.stats import norm

    rows = []
    for k, name in enumerate(names):
        here = own[:, k] > 0
        mean, effective = np.average(y[here], weights=w[here]), w[here].sum() ** 2
        effective = effective / (w[here] ** 2).sum()
        variance = np.average((y[here] - mean) ** 2, weights=w[here])
        variance *= effective / max(effective - 1, 1)
        half = norm.ppf((1 + confidence) / 2) * np.sqrt(variance / effective)
        rows.append({"unit": name, "n": int(here.sum()), "effective": effective, "mean": mean,
                     "low": mean - half, "high": mean + half, "variance": variance})  # fmt: skip
    return pd.DataFrame(rows)


def _differences(frame, beta, cov, share, confidence: float) -> pd.DataFrame:
    from scipy.stats import norm
    from statsmodels.stats.multitest import multipletests

    contrast = np.eye(len(beta)) - share[None, :]
    difference = contrast @ beta
    error = np.sqrt(np.clip(np.diag(contrast @ cov @ contrast.T), 0, None))
    error = np.where(error > 0, error, np.nan)
    p = 2 * norm.sf(np.abs(difference / error))
    p = np.where(np.isnan(p), 1.0, p)
    adjusted = multipletests(p, method="holm")[1]
    half = norm.ppf((1 + confidence) / 2) * error
    clear = adjusted < 1 - confidence
    verdict = np.where(~clear, "within", np.where(difference > 0, "above", "below"))
    return frame.assign(
        adjusted=beta, difference=difference, diff_low=difference - half,
        diff_high=difference + half, p=p, p_holm=adjusted, verdict=verdict,
    )  # fmt: skip
