"""Who enters the link, in what order, and what a customer stands for; what they spend."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.errors import DataError, ModelError
from cx_value.base.words import Phrase
from cx_value.value.link.likelihood import LatentHistories
from cx_value.value.link.match import Match
from cx_value.value.purchase.history import compress_histories
from cx_value.value.worth.observed_spend import describe_spend
from cx_value.value.worth.spend import SpendModel

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.sem.reading.result import ModelFit

#: Customers without an answer who enter; beyond this a random part of them is as good.
MOST_UNASKED = 8000


def link_customers(match: Match, survey: ModelFit, group: str | None):
    """Return the customers who enter, their case weight, what each stands for, and notes."""
    used = np.sort(np.concatenate([sample.index for sample in survey.prepared.samples]))
    asked = match.customers["customer"].isin(match.answers["customer"].iloc[used]).to_numpy()
    everyone = match.customers.assign(asked=asked)
    if group:
        own = everyone[asked].reset_index(drop=True)
        weight = own["answer_weight"].to_numpy()
        return own, weight / weight.mean(), weight / weight.mean(), (_ONLY_ASKED,)
    rest = np.flatnonzero(~asked)
    kept = rest
    if len(rest) > MOST_UNASKED:
        kept = np.sort(np.random.default_rng(1).choice(rest, MOST_UNASKED, replace=False))
    rows = np.sort(np.concatenate([np.flatnonzero(asked), kept]))
    own = everyone.iloc[rows].reset_index(drop=True)
    stands_for = np.where(own["asked"], 1.0, len(rest) / max(len(kept), 1))
    return own, np.ones(len(own)), stands_for / stands_for.mean(), ()


_ONLY_ASKED = Phrase("link.only_asked")


def link_histories(match, customers, weight, survey, touches, group) -> LatentHistories:
    """Return the customers' histories and where each row of the survey fit stands among them."""
    compressed = compress_histories(customers)
    history = replace(compressed.rows(compressed.position), weight=weight)
    place = {name: i for i, name in enumerate(customers["customer"])}
    samples = survey.prepared.samples
    used = np.sort(np.concatenate([sample.index for sample in samples]))
    asked = np.array([place[name] for name in match.answers["customer"].iloc[used]])
    member = np.zeros(len(customers), dtype=int)
    if group:
        for g, sample in enumerate(samples):
            names = match.answers["customer"].iloc[sample.index]
            member[[place[name] for name in names]] = g
    return LatentHistories(
        history=history, survey=survey, touches=touches, asked=asked, group=member,
        n_groups=len(samples),
    )  # fmt: skip


def covariate_names(touches: tuple[str, ...], groups: tuple[str, ...]) -> tuple[str, ...]:
    """Return the purchase model's covariates: levels of groups, then a slope each."""
    if not groups:
        return touches
    return (*groups[1:], *(f"{name}[{g}]" for g in groups for name in touches))


def model_of_spend(customers: pd.DataFrame, spend: float | None) -> SpendModel | float:
    """Return a fitted model of spend, or the price given."""
    if spend is None:
        if customers.get("monetary", customers["frequency"]).isna().all():
            raise DataError(
                "The purchase log holds no amounts · allowed: money for a link to value · do: name "
                "the column of amounts (transactions.amount), or leave the link out"
            )
        found = describe_spend(customers)
        return found if isinstance(found, SpendModel) else found.mean_spend()
    if not (np.isfinite(spend) and spend > 0):
        raise ModelError(f"spend is {spend!r} · allowed: a price above 0 · do: mend it")
    return float(spend)


def spend_notes(price: SpendModel | float, histories: LatentHistories) -> list[Phrase]:
    """Tell whether spend goes with the constructs, which the model says it does not."""
    from scipy.stats import pearsonr

    if not isinstance(price, SpendModel):
        return []
    constructs = histories.expected(histories.survey.solution.theta)
    asked = np.zeros(len(price.frequency), dtype=bool)
    asked[histories.asked] = True
    rows, notes = asked & (price.frequency > 0) & (price.monetary > 0), []
    for name, values in zip(histories.touches, constructs.T, strict=True):
        found = pearsonr(values[rows], np.log(price.monetary[rows]))
        told = {"construct": name, "r": float(found.statistic), "p": float(found.pvalue)}
        notes.append(Phrase("link.spend_apart", told))
    return notes


def draw_log_spend(spend: SpendModel | float, n: int, random) -> np.ndarray:
    """Draw each customer's log mean spend given what was spent, (n,), parameters drawn too."""
    if not isinstance(spend, SpendModel):
        return np.full(n, np.log(spend))
    p, q, gamma = np.exp(random.multivariate_normal(spend.theta, spend.covariance))
    shape = p * spend.frequency + q
    return np.log(p * (gamma + spend.frequency * spend.monetary) / random.gamma(shape))
