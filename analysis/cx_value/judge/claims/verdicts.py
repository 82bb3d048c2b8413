"""The verdict on each claim, by where its interval lies."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.errors import ModelError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.sources import bibliography_names
from cx_value.base.wording import LANGUAGES, Text, in_language
from cx_value.base.words import Phrase
from cx_value.judge.claims.evidence import Estimate, Evidence, Untestable
from cx_value.judge.claims.quantities import estimate_quantity
from cx_value.judge.claims.retention import retention_within_horizon
from cx_value.study.claims import BUNDLED, WITHIN, write_out_claim
from cx_value.study.spec import Claim

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

VERDICTS = ("supported", "contradicted", "undecided", "not_testable")
COLUMNS = ("claim", "label", "quantity", "unit", "claimed_low", "claimed_high", "estimate",
           "ci_low", "ci_high", "n", "verdict", "direction", "source", "missing",
           "reservations")  # fmt: skip
#: Quantities given in percent; all others but sums are ratios.
PERCENT = frozenset({
    "value_per_satisfaction_percent", "profit_per_satisfaction_point",
    "profit_per_retention_point", "repurchase_per_satisfaction_point", "top_share",
    "price_premium", "market_share", "share_price",
})  # fmt: skip
#: What would have to hold for the relation to be causal, by quantity: names of terms.
CONDITIONS = {
    "value_per_satisfaction_percent": "link", "profit_per_satisfaction_point": "link",
    "loyal_profit_ratio": "loyal", "profit_per_retention_point": "retention",
    "acquisition_cost_ratio": "cost", "satisfied_loyal_ratio": "satisfied",
    "satisfied_promoter_ratio": "satisfied", "satisfied_complaint_ratio": "satisfied",
    "satisfied_repurchase_ratio": "satisfied", "repurchase_per_satisfaction_point": "satisfied",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClaimTests(Result):
    """One verdict a claim.

    A claim is **supported** where the whole interval lies within what is claimed, **contradicted**
    where it lies wholly outside, **undecided** otherwise; **not testable** where the data lack a
    piece, which is named.
    """

    template = "claims.summary"

    frame: pd.DataFrame
    standings: dict[str, Any] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return ``claim label quantity unit claimed_low claimed_high estimate ci_low ci_high n
        verdict direction source missing reservations``.

        Percentages are in percent; NaN in ``claimed_low`` or ``claimed_high`` is an open end.
        ``n`` is 0 where the estimate is no sample's (accounts). ``direction`` is ``same`` where a
        contradicted claim has the right sign. ``missing`` is the code of what the data lack,
        ``reservations`` the codes of what the verdict rests on, parted by blanks.
        """
        frame = self.frame.copy()
        frame["reservations"] = [" ".join(r["code"] for r in rows) for rows in frame.reservations]
        return frame

    def facts(self) -> dict[str, Any]:
        """Return ``claims counts verdicts rows lacking standings conditions within level``."""
        rows = self.frame.to_dict("records")
        counts = {v: sum(r["verdict"] == v for r in rows) for v in VERDICTS}
        tested = [r for r in rows if r["verdict"] != "not_testable"]
        held = {CONDITIONS.get(r["quantity"]) for r in tested} - {None}
        return {
            "claims": len(rows), "counts": counts, "level": self.confidence, "within": WITHIN,
            "verdicts": [{"verdict": v, "n": n} for v, n in counts.items() if n],
            "rows": [_facts_of(r) for r in tested],
            "lacking": [_facts_of(r) for r in rows if r["verdict"] == "not_testable"],
            "reserved": [_facts_of(r) for r in tested if r["reservations"]],
            "satisfied": _standing_facts(self.standings, "satisfied"),
            "loyal": _standing_facts(self.standings, "loyal"), "conditions": sorted(held),
            "source": "lakens2017",
        }  # fmt: skip

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw estimates with intervals, each divided by the middle of what is claimed."""
        from cx_value.judge.claims.picture import plot_claims

        return plot_claims(self.frame, ax, lang=lang)


def _standing_facts(standings: dict[str, Any], role: str) -> dict[str, Any] | None:
    return standings[role].facts() if role in standings else None


def _facts_of(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as facts: the study's own words in both languages, NaN as nothing."""
    words = {"label": _both(row["label"]), **_source(row["source"])}
    numbered = ("claimed_low", "claimed_high", "estimate", "ci_low", "ci_high")
    numbers = {k: None if math.isnan(row[k]) else row[k] for k in numbered}
    codes = {k: row[k] for k in ("claim", "quantity", "unit", "verdict", "direction", "missing",
                                 "n", "reservations")}  # fmt: skip
    return {**codes, **numbers, **words}


def _both(text: str) -> dict[str, str]:
    return {lang: in_language(text, lang) for lang in LANGUAGES}


def _source(source: str) -> dict[str, Any]:
    """Return a claim's source: the key of an entry of the bibliography, or words."""
    if str(source) in bibliography_names():
        return {"source": str(source), "attributed": None}
    return {"source": None, "attributed": _both(source) if source else None}


def check_claims(claims: Iterable[Claim | str], evidence: Evidence) -> ClaimTests:
    """Put claims to the test.

    Parameters
    ----------
    claims : iterable of Claim or str
        Of the study file, or names of bundled claims (:data:`cx_value.study.claims.BUNDLED`).
    evidence : Evidence
        What there is to test them with; see
        :func:`~cx_value.judge.claims.gather.gather_evidence` for a study's.

    Returns
    -------
    ClaimTests
        Every claim has a row: tested, or not testable for a stated lack.

    Raises
    ------
    ModelError
        For a name that is no bundled claim.

    Notes
    -----
    The verdict is that of interval inclusion (Lakens 2017; Schuirmann 1987): with 95 % intervals
    each of the two one-sided tests runs at .025. A claim of one number is met within a quarter of
    it. Elasticities of value come from the link of survey and purchases, in which measurement error
    is taken out; comparisons of groups are of the answers as given.

    Examples
    --------
    >>> tests = check_claims(["acquisition_cost", "share_price"],
    ...                      Evidence(acquisition_cost=60, retention_cost=20))
    >>> tests.table()[["claim", "estimate", "verdict"]].values.tolist()
    [['acquisition_cost', 3.0, 'contradicted'], ['share_price', nan, 'not_testable']]
    """
    rows = [_test(_declared(claim), evidence) for claim in claims]
    return ClaimTests(
        n_used=int(max((row["n"] for row in rows), default=0)),
        method=Phrase("claims.method"), confidence=evidence.confidence,
        frame=tidy_frame(rows, COLUMNS), standings=evidence.standings,
    )  # fmt: skip


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
    missing, found = "", Estimate(value=np.nan, low=np.nan, high=np.nan, n=0)
    try:
        found = estimate_quantity(claim.quantity, claim.change, evidence)
        verdict = judge_claim(found, claim.low, claim.high)
    except Untestable as lack:
        missing, verdict = lack.piece, "not_testable"
    tested = verdict != "not_testable"
    return {
        "claim": claim.name, "label": claim.label, "quantity": claim.quantity,
        "unit": unit_of(claim.quantity),
        "claimed_low": np.nan if claim.low is None else claim.low,
        "claimed_high": np.nan if claim.high is None else claim.high,
        "estimate": found.value, "ci_low": found.low, "ci_high": found.high, "n": found.n,
        "verdict": verdict, "direction": _direction(claim, found, verdict),
        "source": claim.source or Text(""), "missing": missing,
        "reservations": _reservations(claim, evidence) if tested else [],
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


def _direction(claim: Claim, found: Estimate, verdict: str) -> str:
    """Return ``same`` where the size is not as claimed but the direction is."""
    nothing = 1.0 if unit_of(claim.quantity) == "ratio" else 0.0
    speaks = claim.quantity != "top_share" and claim.low is not None and claim.low > nothing
    return "same" if verdict == "contradicted" and speaks and found.low > nothing else ""


def _reservations(claim: Claim, evidence: Evidence) -> list[dict[str, Any]]:
    """Return what a verdict rests on beside the data."""
    if claim.quantity == "profit_per_retention_point":
        within = retention_within_horizon(claim.change, evidence)
        return [{"code": "formula", "years": evidence.horizon_years, "share": within / 100}]
    return []


def unit_of(quantity: str) -> str:
    """Return what a quantity is counted in: percent, ratio or sum.

    >>> unit_of("top_share"), unit_of("loyal_profit_ratio")
    ('percent', 'ratio')
    """
    if quantity == "revenue_sum":
        return "sum"
    return "percent" if quantity in PERCENT else "ratio"
