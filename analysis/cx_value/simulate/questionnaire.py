"""From latent scores to answers: items, touchpoints, recommendation, and careless sheets."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit, roots_hermitenorm
from scipy.stats import norm

from cx_value.simulate.comments import write_comments
from cx_value.simulate.population import latent_covariance
from cx_value.simulate.truth import CONSTRUCTS, DIMENSIONS, INDUSTRIES, LATER, Truth

ITEMS = tuple(f"{construct}{k}" for construct in CONSTRUCTS for k in (1, 2, 3))
EXPECTATIONS = tuple(f"E_{dimension}{k}" for dimension in DIMENSIONS for k in (1, 2, 3))
#: What people judge a touchpoint by, and the share of customers who use it.
TOUCHPOINTS = {
    "TP_BRANCH": ({"TAN": 0.4, "EMP": 0.4}, 0.55),
    "TP_APP": ({"RES": 0.4, "TAN": 0.3}, 0.80),
    "TP_HOTLINE": ({"RES": 0.6, "EMP": 0.2}, 0.35),
    "TP_WEB": ({"REL": 0.4, "TAN": 0.3}, 0.60),
    "TP_ATM": ({"REL": 0.5}, 0.45),
    "TP_ADVISOR": ({"ASS": 0.4, "EMP": 0.4}, 0.30),
}
#: The four prices of van Westendorp, from too cheap to be good to too dear to be bought.
PRICES = ("price_too_cheap", "price_cheap", "price_dear", "price_too_dear")
AGE_GROUPS = ("18-29", "30-44", "45-59", "60+")
_AGE_SHARES = (0.22, 0.34, 0.28, 0.16)
#: Relative odds of leaving an item out, by age group; weighted with the shares they average 1.
_MISSING_BY_AGE = np.array([0.45, 0.7, 1.2, 2.05])
_PERSON = {
    "gender": (("female", "male"), (0.51, 0.49)),
    "age_group": (AGE_GROUPS, _AGE_SHARES),
    "city_tier": (("1", "2", "3"), (0.35, 0.40, 0.25)),
    "language": (("zh", "en"), (0.6, 0.4)),
}
_EXPECTED_CENTRE, _EXPECTED_SLOPE = 5.6, 0.9


def draw_profile(n: int, random: np.random.Generator) -> pd.DataFrame:
    """Draw ``gender age_group city_tier language`` of n people."""
    return pd.DataFrame(
        {name: random.choice(values, size=n, p=p) for name, (values, p) in _PERSON.items()}
    )


def answer_survey(
    truth: Truth, people: pd.DataFrame, random: np.random.Generator, later: np.random.Generator
) -> pd.DataFrame:
    """Let people answer the questionnaire.

    Parameters
    ----------
    people : pandas.DataFrame
        Latent scores, ``age_group`` and ``language``.

    Returns
    -------
    pandas.DataFrame
        Answers in the order of the questionnaire, ``seconds`` first, ``comment`` last.
    """
    n = len(people)
    answers = pd.concat(
        [
            _perceptions(truth, people, random, later), _expectations(truth, people, random),
            _touchpoints(truth, people, random), _outcomes(people, random),
            _effort(truth, people, later), _acceptable_prices(later, n),
        ],
        axis=1,
    )  # fmt: skip
    kind = draw_careless(truth, n, random)
    _answer_carelessly(answers, kind, random)
    _leave_out(truth, answers, people["age_group"], random)
    answers.insert(0, "seconds", _seconds(kind, random))
    answers["comment"] = write_comments(people, truth.comment_share, random)
    answers["careless"] = kind
    return answers


def draw_careless(truth: Truth, n: int, random: np.random.Generator) -> np.ndarray:
    """Say how each person answers: "" (with care), "straight" or "random"."""
    careless = random.random(n) < truth.careless_share
    return np.where(careless, random.choice(["straight", "random"], size=n), "")


def _to_scale(latent, centre: float, slope: float, low: int = 1, high: int = 7) -> np.ndarray:
    return np.clip(np.rint(centre + slope * latent), low, high)


def _perceptions(truth: Truth, people: pd.DataFrame, random, later) -> pd.DataFrame:
    scores = people[list(CONSTRUCTS)].to_numpy()
    loading = loading_matrix(truth)
    common = scores @ loading.T
    explained = np.einsum("ij,jk,ik->i", loading, pooled_correlation(truth), loading)
    method = truth.method_loading * later.standard_normal((len(people), 1))
    rest = np.sqrt(1 - explained - truth.method_loading**2)
    n, added = len(people), 3 * len(LATER)
    chance = [random.standard_normal((n, len(ITEMS) - added)), later.standard_normal((n, added))]
    noise = rest * np.hstack(chance)
    latent = common + method + noise + _item_shifts(truth, people["industry"])
    return pd.DataFrame(_to_scale(latent, truth.scale_centre, truth.scale_slope), columns=ITEMS)


def loading_matrix(truth: Truth) -> np.ndarray:
    """Return the loadings of the latent responses, items × constructs, cross-loadings included."""
    matrix = np.kron(np.eye(len(CONSTRUCTS)), np.ones((3, 1)))
    matrix[matrix == 1] = np.concatenate([truth.loadings[c] for c in CONSTRUCTS])
    for item, (construct, loading) in truth.cross_loadings.items():
        matrix[ITEMS.index(item), CONSTRUCTS.index(construct)] = loading
    return matrix


def pooled_correlation(truth: Truth) -> np.ndarray:
    """Return the covariance of the constructs within industries, averaged by their shares."""
    return sum(truth.industry_shares[i] * latent_covariance(truth, i) for i in INDUSTRIES)


def effective_loading(truth: Truth, item: str) -> float:
    """Return the slope of an item's latent response on its own construct.

    A cross-loading adds its share: λ + c r, with r the correlation of the two constructs.
    """
    own = CONSTRUCTS.index(item[:3])
    row = loading_matrix(truth)[ITEMS.index(item)]
    return float(row @ pooled_correlation(truth)[:, own])


def _item_shifts(truth: Truth, industry: pd.Series) -> np.ndarray:
    shift = np.zeros((len(industry), len(ITEMS)))
    for name, items in truth.item_shift.items():
        for item, by in items.items():
            shift[(industry == name).to_numpy(), ITEMS.index(item)] = by
    return shift


def _expectations(truth: Truth, people: pd.DataFrame, random) -> pd.DataFrame:
    """Expectations are higher than perceptions, and go with them at r = .3."""
    n, k = len(people), len(DIMENSIONS)
    common, own = random.standard_normal((n, 1)), random.standard_normal((n, k))
    scores = 0.3 * people[list(DIMENSIONS)].to_numpy() + np.sqrt(0.91) * (
        np.sqrt(0.4) * common + np.sqrt(0.6) * own
    )
    latent = 0.8 * np.repeat(scores, 3, axis=1) + 0.6 * random.standard_normal((n, 3 * k))
    return pd.DataFrame(_to_scale(latent, _EXPECTED_CENTRE, _EXPECTED_SLOPE), columns=EXPECTATIONS)


def _touchpoints(truth: Truth, people: pd.DataFrame, random) -> pd.DataFrame:
    columns = {}
    for name, (weights, share) in TOUCHPOINTS.items():
        latent = sum(w * people[c] for c, w in weights.items()) + 0.6 * random.standard_normal(
            len(people)
        )
        score = _to_scale(latent.to_numpy(), truth.scale_centre, truth.scale_slope)
        columns[name] = np.where(random.random(len(people)) < share, score, np.nan)
    return pd.DataFrame(columns)


def _outcomes(people: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    loyalty, satisfied = people["LOY"].to_numpy(), people["SAT"].to_numpy()
    latent = 0.85 * loyalty + np.sqrt(1 - 0.85**2) * random.standard_normal(len(people))
    odds = expit(-1.9 - 0.6 * satisfied - 0.3 * people["RES"].to_numpy())
    return pd.DataFrame(
        {
            "NPS": _to_scale(latent, 7.0, 1.9, 0, 10),
            "complained": (random.random(len(people)) < odds).astype(float),
        }
    )


def _effort(truth: Truth, people: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """How easy it was to get things done, 7 very easy: goes with responsiveness."""
    latent = 0.7 * people["RES"] + np.sqrt(1 - 0.7**2) * random.standard_normal(len(people))
    return pd.DataFrame({"effort": _to_scale(latent.to_numpy(), truth.scale_centre, 1.2)})


def _acceptable_prices(random: np.random.Generator, n: int) -> pd.DataFrame:
    """Draw van Westendorp's four prices of an account a month, in order, whole yuan."""
    middle = np.log(12) + 0.35 * random.standard_normal(n)
    steps = np.abs(0.35 + 0.12 * random.standard_normal((n, 3)))
    first, second, third = steps.T
    logs = np.column_stack([middle - first - second, middle - first, middle, middle + third])
    prices = np.maximum.accumulate(np.maximum(np.rint(np.exp(logs)), 1), axis=1)
    return pd.DataFrame(prices, columns=list(PRICES))


def _answer_carelessly(answers: pd.DataFrame, kind: np.ndarray, random) -> None:
    """Overwrite the sheets of those who did not read the questions."""
    scale = [*ITEMS, *EXPECTATIONS]
    for name, size in (("straight", (1,)), ("random", (len(scale),))):
        rows = np.flatnonzero(kind == name)
        made = random.integers(1, 8, size=(len(rows), *size)).astype(float)
        answers.loc[rows, scale] = np.broadcast_to(made, (len(rows), len(scale)))


def _leave_out(truth: Truth, answers: pd.DataFrame, age_group: pd.Series, random) -> None:
    """Leave pages (the three items of a scale) out at random given age: older people more."""
    chance = truth.missing_share * _MISSING_BY_AGE[age_group.map(AGE_GROUPS.index).to_numpy()]
    scale = [*ITEMS, *EXPECTATIONS]
    gone = random.random((len(answers), len(scale) // 3)) < chance[:, None]
    answers[scale] = answers[scale].mask(np.repeat(gone, 3, axis=1))


def _seconds(kind: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draw interview lengths: with care about six minutes, careless ones below a minute."""
    careful = np.exp(random.normal(np.log(360), 0.3, size=len(kind)))
    fast = random.uniform(25, 58, size=len(kind))
    return np.rint(np.where(kind == "", careful, fast))


# --- what an answer scale does to a latent response ---------------------------------------------


def expected_answer(truth: Truth, loading: float, score: np.ndarray) -> np.ndarray:
    """Return E[answer | latent score] on the 7-point scale."""
    cut = (np.arange(1.5, 7) - truth.scale_centre) / truth.scale_slope
    spread = np.sqrt(1 - loading**2)
    return 1 + norm.sf((cut[:, None] - loading * score) / spread).sum(axis=0)


def answer_slope(truth: Truth, loading: float) -> float:
    """Return the points of an answer per standard deviation of a normal construct.

    The slope of the linear regression of the answer on the latent score, by quadrature.

    >>> round(answer_slope(Truth(), 0.8), 2)
    0.92
    """
    node, weight = roots_hermitenorm(80)
    return float(weight @ (node * expected_answer(truth, loading, node)) / weight.sum())


def answer_deviation(truth: Truth) -> float:
    """Return the standard deviation of an answer whose latent response is standard normal."""
    cut = (np.arange(1.5, 7) - truth.scale_centre) / truth.scale_slope
    share = -np.diff(norm.sf([-np.inf, *cut, np.inf]))
    points = np.arange(1, 8)
    return float(np.sqrt(share @ points**2 - (share @ points) ** 2))
