"""Who enters the link, in what order, and what a customer stands for; what they spend."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.errors import ModelError
from cx_value.base.wording import Text, format_number, format_p
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


_ONLY_ASKED = Text(
    "Groups are known of those who answered only; they alone entered, weighted by the inverse of "
    "their chance of answering.",
    zh="分组仅对作答者已知，故仅作答者进入分析，并按作答概率的倒数加权。",
)


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
        found = describe_spend(customers)
        return found if isinstance(found, SpendModel) else found.mean_spend()
    if not (np.isfinite(spend) and spend > 0):
        raise ModelError(f"spend is {spend!r} · allowed: a price above 0 · do: mend it")
    return float(spend)


def spend_notes(price: SpendModel | float, histories: LatentHistories) -> list[Text]:
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
        said = {lang: _correlation(found, lang) for lang in ("en", "zh")}
        notes.append(
            Text(
                f"Spend per purchase is taken not to depend on {name}; among repeat buyers its "
                f"logarithm correlates {said['en']}.",
                zh=f"假定每次消费额与 {name} 无关；在重复购买者中，"
                f"消费额对数与 {name} 的相关为 {said['zh']}。",
            )
        )
    return notes


def _correlation(found, lang: str) -> str:
    r = format_number(found.statistic, 2, bounded=True, lang=lang)
    p = format_p(found.pvalue, lang=lang, relation=True)
    return f"r = {r}{'，' if lang == 'zh' else ', '}p {p}"


def draw_log_spend(spend: SpendModel | float, n: int, random) -> np.ndarray:
    """Draw each customer's log mean spend given what was spent, (n,), parameters drawn too."""
    if not isinstance(spend, SpendModel):
        return np.full(n, np.log(spend))
    p, q, gamma = np.exp(random.multivariate_normal(spend.theta, spend.covariance))
    shape = p * spend.frequency + q
    return np.log(p * (gamma + spend.frequency * spend.monetary) / random.gamma(shape))
