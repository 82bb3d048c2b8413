"""Both routes from survey to value side by side, and what a plain regression would have said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from cx_value.base.errors import ModelError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.value.link.chain import find_chain
from cx_value.value.link.model import LinkModel
from cx_value.value.link.result import VALUE, LinkEffects

if TYPE_CHECKING:
    import pandas as pd

_JUDGED = ("log_per_sd", "log_per_point", "money_per_point")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkAgreement(Result):
    """Two estimates of the same effects.

    The table has one row an effect on value. Columns ``group from effect unit latent_covariates
    plausible_values difference std_error p in_std_errors agrees`` and ``latent_covariates_low
    _high _p``, the interval and test of the first. ``p`` is that of the difference, whose
    standard error is from customers' influence on both; ``in_std_errors`` is the difference in
    units of the larger of the two estimates' errors, and the two agree where each estimate lies
    in the other's interval.

    Attributes
    ----------
    frame : pandas.DataFrame
        See :meth:`table`.
    """

    template: ClassVar[str] = "link.agreement"

    frame: pd.DataFrame

    @property
    def agrees(self) -> bool:
        """Whether all effects agree."""
        return bool(self.frame["agrees"].all())

    def facts(self) -> dict[str, Any]:
        """Return how many effects agree, and the largest difference in standard errors."""
        return {"effects": len(self.frame), "agreeing": int(self.frame["agrees"].sum()),
                "agrees": self.agrees,
                "worst": float(self.frame["in_std_errors"].abs().max())}  # fmt: skip


def compare_links(one: LinkEffects, other: LinkEffects) -> LinkAgreement:
    """Compare the two routes, effect by effect.

    Parameters
    ----------
    one, other : LinkEffects
        From :func:`link_latent_covariates` and :func:`link_plausible_values`, of one link.

    Raises
    ------
    ModelError
        If they are the same route, or of different models.
    """
    routes = {found.approach: found for found in (one, other)}
    if set(routes) != {"latent_covariates", "plausible_values"} or one.sources != other.sources:
        raise ModelError(
            f"Compared are {one.approach} and {other.approach} · allowed: one of each route, of "
            "the same model · do: give both results of one link"
        )
    keys = ["group", "from", "effect", "unit"]
    left, right = (
        found.frame[found.frame.unit.isin(_JUDGED)].rename_axis("row").reset_index().set_index(keys)
        for found in (routes["latent_covariates"], routes["plausible_values"])
    )
    left = left[left.index.isin(right.index)]  # differences between groups are of one route only
    right = right.reindex(left.index)
    gap = left.estimate - right.estimate
    apart = routes["latent_covariates"].influence[:, left.row]
    apart = apart - routes["plausible_values"].influence[:, right.row]
    drawn = right.std_error**2 - (routes["plausible_values"].influence[:, right.row] ** 2).sum(0)
    error = np.sqrt((apart**2).sum(axis=0) + np.maximum(drawn, 0.0))
    inside = [
        (a.estimate >= b.ci_low) & (a.estimate <= b.ci_high)
        for a, b in ((left, right), (right, left))
    ]
    frame = left[[]].assign(
        latent_covariates=left.estimate, latent_covariates_low=left.ci_low,
        latent_covariates_high=left.ci_high, latent_covariates_p=left.p,
        plausible_values=right.estimate, difference=gap, std_error=error,
        p=2 * norm.sf(np.abs(gap / error)),
        in_std_errors=gap / np.maximum(left.std_error, right.std_error),
        agrees=inside[0] & inside[1],
    )  # fmt: skip
    return LinkAgreement(
        n_used=one.n_used,
        method=Phrase("link.agreement_method"),
        confidence=one.confidence,
        frame=frame.reset_index(),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NaiveLink(Result):
    """What a regression of estimated values on scores says; shown for its bias only.

    Columns of the table: ``method from to effect unit estimate std_error ci_low ci_high p``.
    """

    template: ClassVar[str] = "link.naive"

    frame: pd.DataFrame

    def facts(self) -> dict[str, Any]:
        """Return what the regressions gave for the last construct, per standard deviation."""
        last = self.frame["from"].iloc[-1]
        rows = self.frame[(self.frame["from"] == last) & (self.frame.unit == "log_per_sd")]
        told = [{"scores": row.method, "estimate": row.estimate} for row in rows.itertuples()]
        return {"construct": last, "slopes": told}


def naive_link(link: LinkModel) -> NaiveLink:
    """Regress customers' estimated log value on scale means and on factor scores.

    This is what the two routes replace. The estimated value of a customer is shrunk towards the
    mean, and the more so the less was bought; a scale mean carries its measurement error; neither
    error reaches the interval.

    Parameters
    ----------
    link : LinkModel

    Returns
    -------
    NaiveLink
        One regression a construct and kind of score, ordinary least squares.

    Notes
    -----
    The estimated value is expected rate × length × spend of somebody who is a customer, so that it
    is the same quantity as in the two routes; purchase and spend models do not know the survey.
    """
    import pandas as pd

    chain = find_chain(link.survey, link.touches)
    outcome, rows = _point_estimates(link), []
    for method, scores in (
        ("naive_scale_means", _scale_means(link, chain.sources)),
        ("naive_factor_scores", link.survey.factor_scores()[list(chain.sources)].to_numpy()),
    ):
        for name, score in zip(chain.sources, scores.T, strict=True):
            seen = ~np.isnan(score)
            found = _regression(score[seen], outcome[seen], link.confidence)
            spread = score[seen].std(ddof=1)
            for unit, factor in (("log_per_point", 1.0), ("log_per_sd", spread)):
                values = [v * factor for v in found[:4]]
                rows.append((method, name, VALUE, "value", unit, *values, found[4]))
    columns = ["method", "from", "to", "effect", "unit", "estimate", "std_error", "ci_low",
               "ci_high", "p"]  # fmt: skip
    return NaiveLink(
        n_used=link.survey.n_used,
        method=Phrase("link.naive_method"),
        confidence=link.confidence,
        frame=pd.DataFrame(rows, columns=columns),
    )


def _point_estimates(link: LinkModel) -> np.ndarray:
    """Return the respondents' estimated log value while customers, the survey unknown."""
    from cx_value.value.purchase.likelihood import parameters_by_row
    from cx_value.value.purchase.model import fit_purchase_model
    from cx_value.value.worth.spend import SpendModel, conditional_mean

    terms = link.terms
    plain = fit_purchase_model(link.customers, link.family.name)
    ahead = plain.expected_by_history(plain.theta, plain.history, terms.horizon, terms.discount)
    parameters = parameters_by_row(plain.family, plain.theta, plain.history)
    alive = plain.family.probability_alive(parameters, plain.history)
    ahead = (ahead / alive)[plain.history.position]
    price = link.spend
    if isinstance(price, SpendModel):
        # The logarithm has no place for those who never paid: they enter with the model's mean.
        price = conditional_mean(price.theta, price.frequency, price.monetary)
    values = terms.margin * ahead * price
    return np.log(values[link.histories.asked])


def _scale_means(link: LinkModel, names: tuple[str, ...]) -> np.ndarray:
    table, samples = link.survey.frame, link.survey.prepared.samples
    used = np.sort(np.concatenate([sample.index for sample in samples]))
    answers = link.match.answers.iloc[used]
    items = [table[(table.op == "=~") & (table.lhs == name)].rhs.unique() for name in names]
    return np.column_stack([answers[list(own)].mean(axis=1).to_numpy() for own in items])


def _regression(x: np.ndarray, y: np.ndarray, confidence: float) -> tuple[float, ...]:
    from scipy.stats import linregress

    found = linregress(x, y)
    reach = student.ppf(0.5 + confidence / 2, len(x) - 2) * found.stderr
    slope = found.slope
    return slope, found.stderr, slope - reach, slope + reach, found.pvalue
