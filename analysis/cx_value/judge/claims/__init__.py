"""Claims about satisfaction, loyalty and money, put to the test on the study's own data."""

from cx_value.judge.claims.evidence import Estimate, Evidence, Untestable
from cx_value.judge.claims.gather import effect_in, gather_evidence
from cx_value.judge.claims.quantities import estimate_quantity
from cx_value.judge.claims.verdicts import ClaimTests, check_claims, judge_claim

__all__ = [
    "ClaimTests", "Estimate", "Evidence", "Untestable", "check_claims", "effect_in",
    "estimate_quantity", "gather_evidence", "judge_claim",
]  # fmt: skip
