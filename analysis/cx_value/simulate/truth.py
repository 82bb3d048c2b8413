"""The truth behind the simulated study: every number that the data are made from."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from cx_value.base.errors import ModelError

DIMENSIONS = ("TAN", "REL", "RES", "ASS", "EMP")
EXOGENOUS = (*DIMENSIONS, "PRI", "IMG", "CSR", "PRQ", "COM", "TEC")
OUTCOMES = ("EMO", "VAL", "SAT", "LOY")
#: They draw their chances from streams of their own: a world in which they do nothing is the same
#: with and without them.
LATER = ("PRQ", "COM", "TEC", "EMO")
CONSTRUCTS = (*DIMENSIONS, "PRI", "IMG", "CSR", "VAL", "SAT", "LOY", *LATER)
INDUSTRIES = ("bank", "insurance", "brokerage")
OWN_BRAND = "Harbour"
RIVAL_BRANDS = ("Meridian", "Northgate", "Summit")
WAVES = (1, 2, 3, 4)


def _structure() -> dict[str, dict[str, float]]:
    return {
        "EMO": {"EMP": 0.35, "TEC": 0.25},
        "VAL": {"REL": 0.25, "RES": 0.15, "PRI": 0.30, "PRQ": 0.15},
        "SAT": {
            "TAN": 0.0,
            "REL": 0.20,
            "RES": 0.20,
            "ASS": 0.10,
            "EMP": 0.10,
            "COM": 0.10,
            "EMO": 0.15,
            "VAL": 0.25,
        },
        "LOY": {"IMG": 0.20, "CSR": 0.10},
    }


def _loadings() -> dict[str, tuple[float, float, float]]:
    return {
        "TAN": (0.80, 0.75, 0.82), "REL": (0.85, 0.80, 0.78), "RES": (0.84, 0.80, 0.76),
        "ASS": (0.80, 0.77, 0.83), "EMP": (0.82, 0.85, 0.74), "PRI": (0.86, 0.78, 0.81),
        "PRQ": (0.82, 0.78, 0.76), "COM": (0.80, 0.76, 0.82), "TEC": (0.84, 0.80, 0.74),
        "IMG": (0.80, 0.84, 0.72), "CSR": (0.78, 0.82, 0.80), "EMO": (0.84, 0.82, 0.76),
        "VAL": (0.84, 0.80, 0.78),
        "SAT": (0.88, 0.84, 0.80), "LOY": (0.85, 0.82, 0.74),
    }  # fmt: skip


def _cross_loadings() -> dict[str, tuple[str, float]]:
    return {"REL3": ("RES", 0.10), "EMP1": ("RES", 0.10), "PRI3": ("VAL", 0.10),
            "IMG3": ("SAT", 0.10)}  # fmt: skip


def _item_shift() -> dict[str, dict[str, float]]:
    return {"brokerage": {"ASS2": -0.35}, "insurance": {"TAN3": 0.30}}


def _industry_shift() -> dict[str, dict[str, float]]:
    return {
        "bank": {},
        "insurance": {"RES": -0.15, "EMP": 0.10},
        "brokerage": {"TAN": 0.10, "PRI": -0.15},
    }


def _brand_shift() -> dict[str, dict[str, float]]:
    return {
        OWN_BRAND: {},
        "Meridian": {"REL": 0.15, "IMG": 0.25},
        "Northgate": {"PRI": 0.25, "EMP": -0.15},
        "Summit": {"RES": -0.20, "IMG": -0.20},
    }


def _need_means() -> dict[str, tuple[float, ...]]:
    return {
        "price": (6.0, 3.2, 4.2, 4.4, 4.6),
        "advice": (3.6, 5.8, 3.0, 5.6, 4.4),
        "digital": (4.4, 2.6, 6.0, 4.4, 5.6),
    }


def _expert_weights() -> dict[str, float]:
    return {
        "REL": 0.15, "RES": 0.12, "PRI": 0.11, "VAL": 0.10, "PRQ": 0.09, "ASS": 0.08, "EMP": 0.08,
        "EMO": 0.07, "TEC": 0.06, "TAN": 0.05, "IMG": 0.04, "COM": 0.03, "CSR": 0.02,
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What the simulated world is like; any of it may be set otherwise.

    Attributes
    ----------
    structure : mapping target → source → path
        In units of a latent standard deviation within brand, industry and wave.
    satisfaction_to_loyalty : mapping industry → path
    loadings : mapping construct → three loadings of the latent responses
    dimension_correlation, price_correlation, other_correlation : float
        Among the five quality dimensions; of price with them; of image and responsibility with all.
    cross_loadings : mapping item → (construct, loading)
        What an item measures beside its own construct.
    method_loading : float
        Loading of every perception item on one factor that only the way of asking makes.
    item_shift : mapping industry → item → shift
        Items answered higher or lower there at the same latent score (no scalar invariance), in
        standard deviations of the latent response.
    scale_centre, scale_slope : float
        A latent response y becomes the answer ``round(centre + slope * y)``, held within 1 to 7;
        a centre above 4 makes the answers left-skewed.
    industry_shares, industry_shift, brand_shift
        Shares of customers; shifts of latent means, in latent standard deviations.
    programme_effect : float
        Rise of RES at the own brand from wave 3 on.
    r, alpha, s, beta : float
        Pareto/NBD per week, for a customer of loyalty 0.
    rate_coefficient, dropout_coefficient : float
        Change of the log purchase rate and the log drop-out rate per unit of loyalty.
    p, q, gamma : float
        Gamma–Gamma spend.
    cost_share, margin, discount_rate_per_year, horizon_weeks : float
        Cost of what is sold, and how lifetime value is counted.
    response_slope : float
        Log odds of answering the survey per unit of the log purchase rate.
    careless_share, missing_share, comment_share, return_share : float
    n_duplicates, n_without_customer : int
        Rows of the log that are there twice, and rows that name no customer.
    expert_weights : mapping construct → weight
    need_means, need_spread
        Planted segments: the importance of five needs in each, before rounding to 1 to 7, and the
        standard deviation about it.
    """

    structure: Mapping[str, Mapping[str, float]] = field(default_factory=_structure)
    satisfaction_to_loyalty: Mapping[str, float] = field(
        default_factory=lambda: {"bank": 0.70, "insurance": 0.55, "brokerage": 0.40}
    )
    loadings: Mapping[str, tuple[float, ...]] = field(default_factory=_loadings)
    dimension_correlation: float = 0.5
    price_correlation: float = 0.3
    other_correlation: float = 0.3
    cross_loadings: Mapping[str, tuple[str, float]] = field(default_factory=_cross_loadings)
    method_loading: float = 0.10
    item_shift: Mapping[str, Mapping[str, float]] = field(default_factory=_item_shift)
    scale_centre: float = 5.0
    scale_slope: float = 1.2
    industry_shares: Mapping[str, float] = field(
        default_factory=lambda: {"bank": 0.5, "insurance": 0.3, "brokerage": 0.2}
    )
    industry_shift: Mapping[str, Mapping[str, float]] = field(default_factory=_industry_shift)
    brand_shift: Mapping[str, Mapping[str, float]] = field(default_factory=_brand_shift)
    programme_effect: float = 0.30
    r: float = 1.2
    alpha: float = 9.0
    s: float = 0.8
    beta: float = 60.0
    rate_coefficient: float = 0.30
    dropout_coefficient: float = -0.40
    p: float = 6.0
    q: float = 4.0
    gamma: float = 60.0
    cost_share: float = 0.70
    margin: float = 0.30
    discount_rate_per_year: float = 0.10
    horizon_weeks: float = 156.0
    response_slope: float = 0.4
    careless_share: float = 0.04
    missing_share: float = 0.03
    comment_share: float = 0.6
    return_share: float = 0.01
    n_duplicates: int = 12
    n_without_customer: int = 9
    expert_weights: Mapping[str, float] = field(default_factory=_expert_weights)
    need_means: Mapping[str, tuple[float, ...]] = field(default_factory=_need_means)
    need_spread: float = 0.9

    @property
    def mean_spend(self) -> float:
        """Expected spend at a purchase: p gamma / (q - 1)."""
        return self.p * self.gamma / (self.q - 1)

    @property
    def pooled_loyalty_path(self) -> float:
        """Path from satisfaction to loyalty averaged over industries."""
        return sum(self.industry_shares[i] * self.satisfaction_to_loyalty[i] for i in INDUSTRIES)

    def paths(self, target: str, industry: str) -> dict[str, float]:
        """Return the paths into a construct in an industry, by source."""
        own = dict(self.structure.get(target, {}))
        return own | {"SAT": self.satisfaction_to_loyalty[industry]} if target == "LOY" else own


def truth_with(overrides: Mapping[str, object]) -> Truth:
    """Return the truth with some of it set otherwise.

    Raises
    ------
    ModelError
        For a name that is not part of the truth, with the nearest one that is.

    Examples
    --------
    >>> truth_with({"rate_coefficient": 0.0}).rate_coefficient
    0.0
    """
    allowed = [f.name for f in fields(Truth)]
    for name in overrides:
        if name not in allowed:
            near = difflib.get_close_matches(name, allowed, n=1)
            raise ModelError(
                f"The simulation has no {name!r} · allowed: {', '.join(allowed)} · do: "
                + (f"write {near[0]}" if near else "choose one of these")
            )
    return replace(Truth(), **overrides)
