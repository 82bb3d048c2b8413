"""What an interaction means: simple slopes and where they differ from zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.errors import DataError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.sem.reading.solution import jacobian, places, raw_values

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cx_value.sem.reading.result import ModelFit


WITHIN_SD = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JohnsonNeyman:
    """Where the slope differs from zero (Johnson and Neyman 1936; Bauer and Curran 2005).

    Attributes
    ----------
    region : {"outside", "inside", "none"}
        The slope is significant outside or between the two ends, or nowhere. (Everywhere cannot
        be: a straight line crosses zero, if only beyond what can be observed.)
    low, high : float
        Ends in the moderator's units from its mean (NaN without ends).
    low_sd, high_sd : float
        The same in its standard deviations.
    share : float
        Share of a normal distribution of the moderator for which the slope is significant, 0–1.
    """

    region: str
    low: float
    high: float
    low_sd: float
    high_sd: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Interaction(Result):
    """An interaction and its simple slopes.

    The table has paths, simple slopes and ends of the region. Columns ``kind`` (path,
    simple_slope, johnson_neyman), ``term``, ``moderator_value`` (from its mean),
    ``moderator_sd``, ``est se z p ci_low ci_high std``. ``std`` multiplies by the standard
    deviations of predictor and moderator over the outcome's, which for the product is the right
    standardisation (Wen, Marsh and Hau 2010), not that of the product factor.

    Attributes
    ----------
    outcome, predictor, moderator, interaction : str
        The variables; ``interaction`` is the product factor.
    johnson_neyman : JohnsonNeyman
        Where the slope differs from zero.
    covariance : ndarray (2, 2)
        Covariance matrix of the predictor's and the interaction's path.
    spread : dict of str to float
        Model-implied standard deviations of outcome, predictor and moderator.
    fit : ModelFit
        The whole model, with the product factor.
    """

    template = "interaction.interaction"

    outcome: str
    predictor: str
    moderator: str
    interaction: str
    frame: pd.DataFrame
    johnson_neyman: JohnsonNeyman
    covariance: np.ndarray
    spread: dict[str, float]
    fit: ModelFit

    def slope(self, values: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """Return slope and standard error at moderator values (own units, from its mean)."""
        b1, b3 = self.frame.est[0], self.frame.est[2]
        return simple_slope(b1, b3, self.covariance, values)

    def plot(self, ax: Axes | None = None, *, lang: str = "en", kind: str = "slopes") -> Axes:
        """Draw regression lines (``"slopes"``) or the slope over the moderator (``"region"``)."""
        from cx_value.sem.interactions.pictures import draw_region, draw_slopes

        names = (self.outcome, self.predictor, self.moderator)
        if kind == "slopes":
            return draw_slopes(self.lines(), names, ax, lang)
        ends = (self.johnson_neyman.low_sd, self.johnson_neyman.high_sd)
        return draw_region(self.band(), ends, names, ax, lang)

    def lines(self) -> pd.DataFrame:
        """Return ``moderator_sd level slope`` of the simple slopes, in standard deviations."""
        rows = self.frame[self.frame.kind == "simple_slope"]
        across = self.frame["std"][1]
        return pd.DataFrame(
            {"moderator_sd": rows.moderator_sd, "level": across * rows.moderator_sd,
             "slope": rows["std"]}
        ).reset_index(drop=True)  # fmt: skip

    def band(self, reach_sd: float = 3.0) -> pd.DataFrame:
        """Return ``moderator_sd slope low high`` along the moderator, in the variables' units."""
        from scipy.stats import norm

        w = np.linspace(-reach_sd, reach_sd, 241)
        slope, se = self.slope(w * self.spread[self.moderator])
        reach = norm.ppf(0.5 + self.confidence / 2) * se
        return pd.DataFrame(
            {"moderator_sd": w, "slope": slope, "low": slope - reach, "high": slope + reach}
        )

    def facts(self) -> dict[str, Any]:
        """Return the interaction, the simple slopes and the Johnson–Neyman region."""
        table = self.frame
        ends = table.moderator_sd[table.kind == "johnson_neyman"]
        # Ends far from any respondent would only confuse: what is told keeps to three SD.
        seen = list(ends[ends.abs() <= WITHIN_SD])
        slopes = table[table.kind == "simple_slope"].iterrows()
        product = table.iloc[2]
        return {
            "outcome": self.outcome, "predictor": self.predictor, "moderator": self.moderator,
            "level": self.confidence, "significant": bool(product.p < 1 - self.confidence),
            "interaction": {**_row_facts(product), "std": product["std"]},
            "slopes": [{"sd": row.moderator_sd, **_row_facts(row)} for _, row in slopes],
            "region": visible_region(self.johnson_neyman, seen), "limits": seen,
            "within": WITHIN_SD, "share": self.johnson_neyman.share,
        }  # fmt: skip


def _row_facts(row: pd.Series) -> dict[str, Any]:
    interval = [row.ci_low, row.ci_high]
    return {"est": row.est, "se": row.se, "interval": interval, "p": row.p}


def simple_slope(
    path: float, interaction: float, covariance: np.ndarray, values: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray]:
    """Return b1 + b3·w and its standard error (Aiken and West 1991, ch. 2).

    Parameters
    ----------
    path, interaction : float
        b1 and b3.
    covariance : ndarray (2, 2)
        Of b1 and b3.
    values : ndarray or float
        w, measured from the moderator's mean.

    Examples
    --------
    >>> slope, se = simple_slope(0.5, 0.2, np.diag([0.01, 0.01]), 1.0)
    >>> round(float(slope), 2), round(float(se), 4)
    (0.7, 0.1414)
    """
    values = np.asarray(values, dtype=float)
    variance = covariance[0, 0] + 2 * values * covariance[0, 1] + values**2 * covariance[1, 1]
    return path + interaction * values, np.sqrt(np.maximum(variance, 0))


def johnson_neyman(
    path: float, interaction: float, covariance: np.ndarray, *, spread: float = 1.0,
    confidence: float = 0.95,
) -> JohnsonNeyman:  # fmt: skip
    """Return where |slope| is beyond its critical value: the roots of a quadratic in w.

    (b1 + b3·w)² = z²·(v11 + 2w·v13 + w²·v33) (Bauer and Curran 2005).

    Examples
    --------
    >>> found = johnson_neyman(0.5, 0.5, np.diag([0.01, 0.01]))
    >>> found.region, round(found.low, 3), round(found.high, 3)
    ('outside', -1.811, -0.552)
    """
    from scipy.stats import norm

    z2 = norm.ppf(0.5 + confidence / 2) ** 2
    a = interaction**2 - z2 * covariance[1, 1]
    b = 2 * (path * interaction - z2 * covariance[0, 1])
    c = path**2 - z2 * covariance[0, 0]
    within = b * b - 4 * a * c
    if within <= 0 or a == 0:
        nowhere = {name: np.nan for name in ("low", "high", "low_sd", "high_sd")}
        return JohnsonNeyman(region="none", share=0.0, **nowhere)
    # This form of the roots loses no digits where b² is much larger than 4ac.
    q = -0.5 * (b + np.copysign(np.sqrt(within), b))
    low, high = (float(end) for end in sorted((q / a, c / q)))
    between = float(norm.cdf(high / spread) - norm.cdf(low / spread))
    return JohnsonNeyman(
        region="outside" if a > 0 else "inside", low=low, high=high, low_sd=low / spread,
        high_sd=high / spread, share=1 - between if a > 0 else between,
    )  # fmt: skip


def probe_interaction(
    fit: ModelFit, *, outcome: str, predictor: str, moderator: str, interaction: str,
    at: Sequence[float] = (-1.0, 0.0, 1.0), values: Sequence[float] | None = None,
    method: str | None = None,
) -> Interaction:  # fmt: skip
    """Read simple slopes and the Johnson–Neyman region off a fitted product-indicator model.

    Moderator values count as fixed numbers, also where they are given in standard deviations.

    Raises
    ------
    DataError
        If a moderator value is not a finite number.
    """
    spread = {name: _deviation(fit, name) for name in (outcome, predictor, moderator)}
    points = np.asarray(at if values is None else values, dtype=float).ravel()
    if not len(points) or not np.isfinite(points).all():
        raise DataError(
            f"Moderator values {list(points)} · allowed: finite numbers · do: give, for example, "
            "at=(-1, 0, 1)"
        )
    points = points * spread[moderator] if values is None else points
    sources = (predictor, moderator, interaction)
    estimate, covariance = _paths(fit, outcome, sources)
    both = covariance[np.ix_([0, 2], [0, 2])]
    region = johnson_neyman(
        estimate[0], estimate[2], both, spread=spread[moderator], confidence=fit.confidence
    )
    rows = _path_rows(sources, estimate, np.sqrt(np.diag(covariance)), spread, outcome)
    ends = [end for end in (region.low, region.high) if not np.isnan(end)]
    for kind, places_ in (("simple_slope", points), ("johnson_neyman", ends)):
        rows += _slope_rows(kind, predictor, moderator, places_, estimate, both, spread, outcome)
    return Interaction(
        n_used=fit.n_used, n_dropped=fit.n_dropped,
        method=method or Phrase("estimators.named", {"method": "interaction_double_mean"}),
        confidence=fit.confidence, notes=fit.notes, outcome=outcome, predictor=predictor,
        moderator=moderator, interaction=interaction, frame=_tested(rows, fit.confidence),
        johnson_neyman=region, covariance=both, spread=spread, fit=fit,
    )  # fmt: skip


def _paths(fit: ModelFit, outcome: str, sources: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the paths from the sources to the outcome and their covariance matrix."""
    table, design = fit.frame, fit.prepared.design
    key = list(zip(table.lhs, table.op, table.rhs, strict=True))
    rows = [key.index((outcome, "~", source)) for source in sources]
    at = places(design)
    slope = jacobian(
        design, fit.solution.theta, fit.prepared.target.sample[0],
        lambda implied: raw_values(design, implied, at)[..., rows],
    )  # fmt: skip
    return table.est.to_numpy()[rows], slope @ fit.vcov @ slope.T


def _deviation(fit: ModelFit, name: str) -> float:
    latent = name in fit.prepared.model.latents
    frame = fit.latent_covariances() if latent else fit.implied_covariance()
    return float(np.sqrt(frame.loc[name, name]))


def _path_rows(
    sources: Sequence[str], estimate: np.ndarray, se: np.ndarray, spread: dict, outcome: str
) -> list[dict]:
    units = [spread[sources[0]], spread[sources[1]], spread[sources[0]] * spread[sources[1]]]
    return [
        {"kind": "path", "term": term, "moderator_value": np.nan, "moderator_sd": np.nan,
         "est": b, "se": error, "std": b * unit / spread[outcome]}
        for term, b, error, unit in zip(sources, estimate, se, units, strict=True)
    ]  # fmt: skip


def _slope_rows(
    kind: str, predictor: str, moderator: str, points: Sequence[float], estimate: np.ndarray,
    covariance: np.ndarray, spread: dict, outcome: str,
) -> list[dict]:  # fmt: skip
    slopes, errors = simple_slope(estimate[0], estimate[2], covariance, np.asarray(points))
    return [
        {"kind": kind, "term": predictor, "moderator_value": float(w),
         "moderator_sd": float(w / spread[moderator]), "est": float(slope), "se": float(se),
         "std": float(slope * spread[predictor] / spread[outcome])}
        for w, slope, se in zip(points, slopes, errors, strict=True)
    ]  # fmt: skip


def _tested(rows: list[dict], confidence: float) -> pd.DataFrame:
    from scipy.stats import norm

    frame = tidy_frame(rows)
    frame["z"] = frame.est / frame.se
    frame["p"] = 2 * norm.sf(np.abs(frame.z))
    reach = norm.ppf(0.5 + confidence / 2) * frame.se
    frame["ci_low"], frame["ci_high"] = frame.est - reach, frame.est + reach
    order = ["kind", "term", "moderator_value", "moderator_sd", "est", "se", "z", "p", "ci_low",
             "ci_high", "std"]  # fmt: skip
    return frame[order]


def visible_region(found: JohnsonNeyman, seen: list[float]) -> str:
    """Return which part of what lies within three SD has a slope other than zero."""
    if len(seen) == 2 or found.region == "none":
        return found.region
    inside = found.region == "inside"
    if len(seen) == 1:
        return "above" if (seen[0] == found.low_sd) == inside else "below"
    return "all" if (found.low < 0 < found.high) == inside else "none"
