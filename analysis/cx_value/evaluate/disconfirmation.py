"""Does satisfaction follow the gap? Perception and expectation as causes in a structural model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.errors import AnalysisError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.evaluate.gaps import paired_points

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cx_value.evaluate.setting import EvaluationSetting
    from cx_value.sem.reading.result import ModelFit

COLUMNS = ("path", "est", "est_low", "est_high", "p", "std")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Disconfirmation(Result):
    """The paths from perception and expectation to satisfaction, and their sum.

    Attributes
    ----------
    frame : DataFrame
        One row a path: ``path est est_low est_high p std``. ``path`` is ``perceived``, ``expected``
        or ``sum``; ``est`` in points of the outcome per point. The gap alone would do if the sum
        were zero.
    outcome : str
    indices : dict
        ``cfi rmsea srmr r_squared`` of the model.
    """

    template = "gaps.path"

    frame: pd.DataFrame
    outcome: str
    indices: Mapping[str, float]

    def facts(self) -> dict[str, Any]:
        """Return both paths, their sum, and whether the gap tells what both tell."""
        by = self.frame.set_index("path")
        told = {
            name: {"est": row.est, "ci": [row.est_low, row.est_high], "std": row.std_all}
            for name, row in by.rename(columns={"std": "std_all"}).iterrows()
        }
        total, expected = by.loc["sum"], by.loc["expected"]
        return {
            **told, **self.indices, "outcome": self.outcome, "n": self.n_used,
            "level": self.confidence, "source": "edwards1994", "theory": "oliver1980",
            "gap_is_enough": bool(total.est_low <= 0 <= total.est_high),
            "expectation_acts": bool(not expected.est_low <= 0 <= expected.est_high),
        }  # fmt: skip


def model_disconfirmation(setting: EvaluationSetting) -> Disconfirmation | None:
    r"""Fit perception and expectation as causes of satisfaction; None where it cannot be.

    Both are factors of the dimensions' mean points (of the items, where expectations of fewer
    than three dimensions were asked), errors of the same dimension related:

    .. math:: \eta_{sat} = \gamma_P \xi_P + \gamma_E \xi_E + \zeta

    Satisfaction would follow the gap alone if :math:`\gamma_P + \gamma_E = 0` (Edwards 1994);
    the sum is a defined parameter, and its interval that of the delta method.
    """
    study, outcome = setting.study, setting.study.value.satisfaction
    own = setting.hierarchy.items
    pairs = _known_pairs(setting)
    if outcome is None or outcome not in own or len(pairs) < 3:
        return None
    perceived, expected = paired_points(setting, pairs)
    blocks = {c: [i for i in items if i in pairs] for c, items in own.items() if c != outcome}
    blocks = {c: items for c, items in blocks.items() if items}
    if len(blocks) < 3:
        blocks = {item: [item] for item in pairs}
    data = setting.scores.items[list(own[outcome])].copy()
    for name, items in blocks.items():
        data[f"p_{name}"] = perceived[items].mean(axis=1)
        data[f"e_{name}"] = expected[items].mean(axis=1)
    try:
        fit = _fitted(list(blocks), outcome, own[outcome], data, setting)
    except AnalysisError:
        return None
    return _read(fit, outcome, study.options.confidence) if fit.admissible else None


def _known_pairs(setting: EvaluationSetting) -> dict[str, str]:
    ratings = setting.survey.ratings
    known = set() if ratings is None else set(ratings)
    return {e.name: e.expected for e in setting.study.expectations if e.expected in known}


def _fitted(
    blocks: Sequence[str], outcome: str, items: Sequence[str], data: pd.DataFrame,
    setting: EvaluationSetting,
) -> ModelFit:  # fmt: skip
    from cx_value.sem import fit_model

    target = "OUTCOME_" if len(items) > 1 else items[0]
    lines = [
        "PERCEIVED_ =~ " + " + ".join(f"p_{b}" for b in blocks),
        "EXPECTED_ =~ " + " + ".join(f"e_{b}" for b in blocks),
        *([f"{target} =~ " + " + ".join(items)] if len(items) > 1 else []),
        f"{target} ~ g_p*PERCEIVED_ + g_e*EXPECTED_",
        *(f"p_{b} ~~ e_{b}" for b in blocks),
        "total := g_p + g_e",
    ]
    weights = setting.survey.weights
    return fit_model(
        "\n".join(lines), data, estimator="mlr", missing="listwise",
        weights=None if weights is None else weights, confidence=setting.confidence,
    )  # fmt: skip


def _read(fit: ModelFit, outcome: str, confidence: float) -> Disconfirmation:
    table = fit.table()
    rows = []
    for name, source in (("perceived", "PERCEIVED_"), ("expected", "EXPECTED_"), ("sum", None)):
        chosen = table["op"].eq(":=") if source is None else (
            table["op"].eq("~") & table["rhs"].eq(source))  # fmt: skip
        row = table[chosen].iloc[0]
        rows.append((name, row["est"], row["ci_low"], row["ci_high"], row["p"],
                     row.get("std_all", float("nan"))))  # fmt: skip
    target = table.loc[table["op"].eq("~"), "lhs"].iloc[0]
    indices = {name: float(fit.indices[name]) for name in ("cfi", "rmsea", "srmr")}
    indices["r_squared"] = float(fit.r_squared[target])
    return Disconfirmation(
        n_used=fit.n_used, method=Phrase("gaps.path_method"), confidence=confidence,
        frame=tidy_frame(rows, COLUMNS), outcome=outcome, indices=indices,
    )  # fmt: skip
