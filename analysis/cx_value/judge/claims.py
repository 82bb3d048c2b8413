"""Claims about satisfaction, loyalty and money, put to the test on the study's own data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.errors import ModelError, StudyError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.wording import Text, join_words
from cx_value.judge.claims_estimates import Estimate, Evidence, Untestable, estimate_quantity
from cx_value.judge.claims_words import (
    CAUSAL,
    PARTS,
    SUMMARY,
    VERDICTS,
    claim_sentence,
    plain_number,
    unit_of,
)
from cx_value.study.claims import BUNDLED, write_out_claim
from cx_value.study.spec import Claim

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from cx_value.study import Survey
    from cx_value.study.spec import Study
    from cx_value.value.link.match import Match
    from cx_value.value.link.result import LinkEffects
    from cx_value.value.log.transactions import TransactionSummary
    from cx_value.value.purchase.model import PurchaseModel

COLUMNS = ("claim", "label", "quantity", "unit", "claimed_low", "claimed_high", "estimate",
           "ci_low", "ci_high", "n", "verdict", "verdict_label", "source", "missing",
           "causal")  # fmt: skip
#: Where no rule is declared, an answer from here on (share of the scale) counts as satisfied.
_SATISFIED_SHARE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClaimTests(Result):
    """One verdict a claim.

    A claim is **supported** where the whole interval lies within what is claimed, **contradicted**
    where it lies wholly outside, **undecided** otherwise; **not testable** where the data lack a
    piece, which is named.
    """

    frame: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return ``claim label quantity unit claimed_low claimed_high estimate ci_low ci_high n
        verdict verdict_label source missing causal``.

        Percentages are in percent; NaN in ``claimed_low`` or ``claimed_high`` is an open end.
        ``n`` is 0 where the estimate is no sample's (accounts). ``missing`` says what the data
        lack, ``causal`` what would have to hold for the relation to be causal.
        """
        return self.frame.copy()

    def sentence(self, lang: str = "en") -> str:
        """Count the verdicts and state the rule."""
        counts = self.frame["verdict"].value_counts()
        parts = [
            PARTS[lang][v].format(n=counts[v], is_are="is" if counts[v] == 1 else "are")
            for v in VERDICTS
            if v in counts
        ]
        n = len(self.frame)
        claims = "claim" if n == 1 else "claims"
        listed = "，".join(parts) if lang == "zh" else join_words(parts)
        return SUMMARY[lang].format(n=n, claims=claims, parts=listed)

    def sentences(self, lang: str = "en") -> dict[str, str]:
        """Return one statement a claim: source, claimed range, estimate, verdict, causality."""
        rows = self.frame.to_dict("records")
        return {row["claim"]: claim_sentence(row, lang, self.confidence) for row in rows}

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw estimates with intervals, each divided by the middle of what is claimed."""
        from cx_value.judge.claims_picture import plot_claims

        return plot_claims(self, ax, lang=lang)


def check_claims(claims: Iterable[Claim | str], evidence: Evidence) -> ClaimTests:
    """Put claims to the test.

    Parameters
    ----------
    claims : iterable of Claim or str
        Of the study file, or names of bundled claims (:data:`cx_value.study.claims.BUNDLED`).
    evidence : Evidence
        What there is to test them with; see :func:`gather_evidence` for a study's.

    Returns
    -------
    ClaimTests
        Read ``.table()``, ``.sentences(lang)``.

    Raises
    ------
    ModelError
        For a name that is no bundled claim.

    Notes
    -----
    The verdict is that of interval inclusion (Lakens 2017; Schuirmann 1987). A claim of one number
    is met within a quarter of it. Elasticities of value come from the link of survey and purchases,
    in which measurement error is taken out; comparisons of groups are of the answers as given.

    Examples
    --------
    >>> tests = check_claims(["acquisition_cost", "share_price"],
    ...                      Evidence(acquisition_cost=60, retention_cost=20))
    >>> tests.table()[["claim", "estimate", "verdict"]].values.tolist()
    [['acquisition_cost', 3.0, 'contradicted'], ['share_price', nan, 'not_testable']]
    """
    rows = [_test(_declared(claim), evidence) for claim in claims]
    frame = tidy_frame(rows, COLUMNS)
    return ClaimTests(
        n_used=int(max((row["n"] for row in rows), default=0)),
        method=Text("interval inclusion", zh="区间包含法"),
        confidence=evidence.confidence,
        notes=_notes(evidence),
        frame=frame,
    )


def _declared(claim: Claim | str) -> Claim:
    if isinstance(claim, Claim):
        return claim
    if claim not in BUNDLED:
        raise ModelError(
            f"No claim {claim!r} is bundled · allowed: {', '.join(BUNDLED)} · do: choose one, or "
            "declare the claim in the study file"
        )
    return Claim.model_validate(write_out_claim({"name": claim}))


def _test(claim: Claim, evidence: Evidence) -> dict:
    missing, found = Text(""), Estimate(value=np.nan, low=np.nan, high=np.nan, n=0)
    try:
        found = estimate_quantity(claim.quantity, claim.change, evidence)
        verdict = judge_claim(found, claim.low, claim.high)
    except Untestable as lack:
        missing, verdict = lack.piece, "not_testable"
    return {
        "claim": claim.name, "label": claim.label, "quantity": claim.quantity,
        "unit": unit_of(claim.quantity),
        "claimed_low": np.nan if claim.low is None else claim.low,
        "claimed_high": np.nan if claim.high is None else claim.high,
        "estimate": found.value, "ci_low": found.low, "ci_high": found.high, "n": found.n,
        "verdict": verdict, "verdict_label": VERDICTS[verdict], "source": claim.source,
        "missing": missing, "causal": CAUSAL.get(claim.quantity, Text("")),
    }  # fmt: skip


def judge_claim(found: Estimate, low: float | None, high: float | None) -> str:
    """Return where an interval lies against a claimed range (None: open end).

    >>> judge_claim(Estimate(value=2, low=1.5, high=2.5, n=99), 1, None)
    'supported'
    >>> judge_claim(Estimate(value=2, low=1.5, high=2.5, n=99), 5, 10)
    'contradicted'
    """
    bottom = -np.inf if low is None else low
    top = np.inf if high is None else high
    if bottom <= found.low and found.high <= top:
        return "supported"
    return "contradicted" if found.high < bottom or found.low > top else "undecided"


def _notes(evidence: Evidence) -> tuple[Text, ...]:
    if evidence.scores is None:
        return ()
    limits = (evidence.satisfied_from, evidence.loyal_from)
    satisfied, loyal = (plain_number(limit, "en") for limit in limits)
    return (
        Text(
            f"Customers count as satisfied from {satisfied}, as loyal from {loyal} of 100 points "
            "of the mean of the construct's items.",
            zh=f"构念题项均值换算为 100 分制，满{satisfied}分计为满意，满{loyal}分计为忠诚。",
        ),
    )


# --- a study's evidence -------------------------------------------------------------------------


def gather_evidence(
    study: Study,
    survey: Survey | None = None,
    *,
    purchases: TransactionSummary | None = None,
    purchase: PurchaseModel | None = None,
    link: LinkEffects | None = None,
    match: Match | None = None,
    service: pd.DataFrame | None = None,
    **more,
) -> Evidence:
    """Collect what a study has to test claims with.

    Parameters
    ----------
    study : Study
        ``value`` names satisfaction and loyalty, ``metrics`` recommendation and who is satisfied.
    survey : Survey, optional
        The answer sheets kept.
    purchases, purchase, link : optional
        Customer summary, purchase model, effects of satisfaction on value.
    match : Match, optional
        Its weights, where answerers buy unlike the rest, take the place of the survey's.
    service : pandas.DataFrame, optional
        One row a service case.
    **more
        Other fields of :class:`~cx_value.judge.claims_estimates.Evidence`, such as
        ``retention_cost``.
    """
    options = {
        "purchase": purchase, "link": link, "confidence": study.options.confidence,
        "discount_rate_per_year": study.value.discount_rate_per_year,
        "acquisition_cost": study.value.acquisition_cost,
        "retention_cost": study.value.retention_cost_per_year,
    }  # fmt: skip
    if purchases is not None:
        options |= {"customers": purchases.customers, "unit": purchases.unit}
    if survey is not None:
        scores = _with_match(_scores(study, survey), match)
        options |= {"scores": _with_complaints(study, scores, service, purchases)}
        options |= _thresholds(study)
    return Evidence(**options | more)


def _thresholds(study: Study) -> dict:
    """Return the marker item's scale, and the index from which a customer is satisfied."""
    if not study.value.satisfaction:
        return {}
    scale = study.construct(study.value.satisfaction).items[0].scale
    span = scale.maximum - scale.minimum
    limit = study.metrics.satisfied_from
    share = _SATISFIED_SHARE if limit is None else (limit - scale.minimum) / span
    return {
        "satisfaction": study.value.satisfaction,
        "scale": (scale.minimum, scale.maximum),
        "satisfied_from": 100 * share,
    }


def _scores(study: Study, survey: Survey) -> pd.DataFrame:
    import pandas as pd

    columns = {}
    for role in ("satisfaction", "loyalty"):
        if name := getattr(study.value, role):
            columns[role] = construct_index(study, survey, name)
    if study.metrics.recommendation:
        columns["recommendation"] = _numbers(survey, study.metrics.recommendation)
    if survey.ids is not None:
        columns["customer"] = survey.ids.astype(str)
    if survey.weights is not None:
        columns["weight"] = survey.weights
    return pd.DataFrame(columns, index=survey.items.index)


def construct_index(study: Study, survey: Survey, name: str) -> pd.Series:
    """Return the mean of a construct's answered items, each from 0 (lowest answer) to 100."""
    items = study.construct(name).items
    parts = [
        100 * (survey.items[i.name] - i.scale.minimum) / (i.scale.maximum - i.scale.minimum)
        for i in items
    ]
    return sum(part.fillna(0) for part in parts) / sum(part.notna() for part in parts)


def _numbers(survey: Survey, name: str) -> pd.Series:
    import pandas as pd

    frame = next((f for f in (survey.items, survey.quantities, survey.profile) if name in f), None)
    if frame is None:
        raise StudyError(f"{name!r} is no column of the survey · allowed: an item or a profile "
                         "column · do: correct metrics.recommendation")  # fmt: skip
    return pd.to_numeric(frame[name].astype(object), errors="coerce")


def _with_match(scores: pd.DataFrame, match: Match | None) -> pd.DataFrame:
    """Put the match's weights of answering in place of the survey's, for those in the log."""
    if match is None or not match.differs or "customer" not in scores:
        return scores
    weights = match.customers.set_index(match.customers["customer"].astype(str))["answer_weight"]
    found = scores["customer"].map(weights)
    return scores.assign(weight=found.fillna(scores.get("weight", 1.0)))


def _with_complaints(study: Study, scores: pd.DataFrame, service, purchases) -> pd.DataFrame:
    """Say who complained: customers of the purchase log without a complaint did not."""
    log = study.service_log
    if service is None or log is None or not log.complaint or "customer" not in scores:
        return scores
    complained = service.groupby(service[log.customer].astype(str))[log.complaint].max()
    if purchases is not None:
        own = purchases.customers["customer"].astype(str)
        complained = complained.reindex(complained.index.union(own)).fillna(0.0)
    return scores.assign(complained=scores["customer"].map(complained))
