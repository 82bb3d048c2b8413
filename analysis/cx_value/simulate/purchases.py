"""What customers buy, when they leave, and how they call the service line."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

from cx_value.simulate.truth import Truth

START, END = pd.Timestamp("2024-01-01"), pd.Timestamp("2025-12-31")
LAST_DAY = (END - START).days
ACQUISITION_DAYS = 26 * 7
_CHANNELS = (("app", "branch", "web", "advisor"), (0.45, 0.25, 0.2, 0.1))
_SERVICE = (("hotline", "chat", "branch", "email"), (0.45, 0.3, 0.15, 0.1))
_SERVICE_YEAR_START = pd.Timestamp("2025-01-01")


def draw_traits(truth: Truth, loyalty: np.ndarray, random: np.random.Generator) -> pd.DataFrame:
    """Draw purchase rate and drop-out rate per week, mean spend, first day and day of leaving.

    The rate is gamma(r, alpha exp(-g LOY)), the drop-out gamma(s, beta exp(-g LOY)), as in
    :func:`cx_value.value.purchase.model.fit_purchase_model`; spend does not depend on loyalty.
    """
    n = len(loyalty)
    rate = random.gamma(truth.r, 1 / truth.alpha, n) * np.exp(truth.rate_coefficient * loyalty)
    leave = random.gamma(truth.s, 1 / truth.beta, n) * np.exp(truth.dropout_coefficient * loyalty)
    first = random.integers(0, ACQUISITION_DAYS, n)
    with np.errstate(divide="ignore"):
        lifetime = 7 * random.exponential(size=n) / leave
    return pd.DataFrame(
        {
            "purchase_rate": rate,
            "dropout_rate": leave,
            "mean_spend": truth.p * truth.gamma / random.gamma(truth.q, 1.0, n),
            "first_day": first,
            "last_day": first + lifetime,
            "alive": first + lifetime > LAST_DAY,
        }
    )


def simulate_transactions(
    truth: Truth, customers: pd.Series, traits: pd.DataFrame, random: np.random.Generator
) -> pd.DataFrame:
    """Draw the log of purchases: ``customer date amount cost channel``, in order of date."""
    who, day = _purchase_days(traits, random)
    spend = traits["mean_spend"].to_numpy()[who] * random.gamma(truth.p, 1 / truth.p, len(who))
    log = pd.DataFrame(
        {
            "customer": customers.to_numpy()[who],
            "day": day,
            "amount": np.maximum(np.round(spend, 2), 0.01),
            "channel": random.choice(_CHANNELS[0], p=_CHANNELS[1], size=len(who)),
        }
    )
    share = truth.cost_share * np.exp(random.normal(0, 0.04, len(log)))
    log["cost"] = np.round(log["amount"] * share, 2)
    log = _add_noise(truth, log, random)
    log.insert(1, "date", (START + pd.to_timedelta(log["day"], unit="D")).dt.strftime("%Y-%m-%d"))
    return log[["customer", "date", "amount", "cost", "channel"]]


def _purchase_days(traits: pd.DataFrame, random) -> tuple[np.ndarray, np.ndarray]:
    """Return who bought on which day, the first purchase included, sorted by customer and day.

    A second purchase of one day is booked on the next, so that a day holds one purchase.
    """
    first = traits["first_day"].to_numpy()
    active = np.minimum(traits["last_day"], LAST_DAY).to_numpy() - first
    count = random.poisson(traits["purchase_rate"].to_numpy() * active / 7)
    who = np.repeat(np.arange(len(traits)), count)
    since = np.rint(random.random(len(who)) * active[who]).astype(int)
    who = np.concatenate([np.arange(len(traits)), who])
    since = np.concatenate([np.zeros(len(traits), dtype=int), since])
    order = np.lexsort((since, who))
    who, since = who[order], since[order]
    rank = np.arange(len(who)) - np.searchsorted(who, who)
    since = rank + pd.Series(since - rank).groupby(who).cummax().to_numpy()
    day = first[who] + since
    kept = day <= LAST_DAY
    return who[kept], day[kept]


def _add_noise(truth: Truth, log: pd.DataFrame, random) -> pd.DataFrame:
    """Add returns, rows that are there twice and rows without a customer; sort by day."""
    n_returns = round(truth.return_share * len(log))
    back = log.loc[random.choice(len(log), size=n_returns, replace=False)].copy()
    back[["amount", "cost"]] *= -1
    back["day"] += random.integers(1, 15, size=len(back))
    twice = log.loc[random.choice(len(log), size=truth.n_duplicates, replace=False)]
    nobody = log.loc[random.choice(len(log), size=truth.n_without_customer)].copy()
    nobody["customer"] = ""
    nobody["amount"] = np.round(nobody["amount"] * random.uniform(0.5, 1.5, len(nobody)), 2)
    rows = pd.concat([log, back[back["day"] <= LAST_DAY], twice, nobody])
    return rows.sort_values(["day", "customer", "amount"], kind="stable", ignore_index=True)


def simulate_service(
    customers: pd.Series, people: pd.DataFrame, random: np.random.Generator
) -> pd.DataFrame:
    """Draw service contacts in 2025: ``customer date channel minutes first_contact complaint``.

    The more responsive the service (RES), the shorter a contact, the more often it settles the
    matter at once, and the fewer complaints.
    """
    count = random.poisson(1.1, len(customers))
    who = np.repeat(np.arange(len(customers)), count)
    responsive, n = people["RES"].to_numpy()[who], len(who)
    days = random.integers(0, (END - _SERVICE_YEAR_START).days + 1, n)
    log = pd.DataFrame(
        {
            "customer": customers.to_numpy()[who],
            "date": (_SERVICE_YEAR_START + pd.to_timedelta(days, unit="D")).strftime("%Y-%m-%d"),
            "channel": random.choice(_SERVICE[0], p=_SERVICE[1], size=n),
            "minutes": np.round(np.exp(random.normal(2.1 - 0.15 * responsive, 0.5, n)), 1),
            "first_contact": (random.random(n) < expit(0.9 + 0.5 * responsive)).astype(int),
            "complaint": (random.random(n) < expit(-2.0 - 0.5 * responsive)).astype(int),
        }
    )
    return log.sort_values(["date", "customer"], kind="stable", ignore_index=True)
