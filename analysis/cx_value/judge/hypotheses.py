"""What the data say of each hypothesis, by a rule stated beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.results import Result, tidy_frame
from cx_value.base.wording import (
    Text,
    format_interval,
    format_number,
    format_p,
    in_language,
    inside_sentence,
)
from cx_value.judge.resampling import KINDS, Resampling

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.judge.structure import ModelChoice
    from cx_value.sem.effects import Effects
    from cx_value.study.spec import Hypothesis, Study

VERDICTS = {
    "supported": Text("supported", zh="支持"),
    "not_supported": Text("not supported", zh="不支持"),
    "contradicted": Text("contradicted", zh="相反"),
    "not_tested": Text("not tested", zh="未检验"),
}
COLUMNS = ("hypothesis", "statement", "path", "sign", "kind", "est", "se", "z", "p", "std_all",
           "std_low", "std_high", "verdict", "verdict_label", "reading")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HypothesisTests(Result):
    """One verdict a hypothesis.

    A path is **supported** when its p value is below the study's level, its interval (bootstrap
    where there is one) excludes zero, and its sign is the expected one; **contradicted** when the
    sign is the opposite one, **not supported** otherwise. An indirect effect is judged by its
    interval alone. A hypothesis whose path is not in the model reported is **not tested**.
    """

    frame: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return one row a hypothesis.

        Columns: ``hypothesis statement path sign kind est se z p std_all std_low std_high verdict
        verdict_label reading``; ``std_low``/``std_high`` are bootstrap limits where there are any.
        """
        return self.frame.copy()

    def sentence(self, lang: str = "en") -> str:
        """Count the verdicts."""
        frame = self.frame
        tested = frame[frame.verdict != "not_tested"]
        listed = {v: list(frame.hypothesis[frame.verdict == v]) for v in VERDICTS}
        if tested.empty:
            return _NONE[lang].format(n=len(frame))
        parts = [_PART[lang][v].format(n=len(names), names=_names(names, lang))
                 for v, names in listed.items() if names]  # fmt: skip
        comma, end = ("；", "。") if lang == "zh" else ("; ", ".")
        return _HEAD[lang].format(n=len(frame)) + comma.join(parts) + end


_HEAD = {"en": "Of {n} hypotheses, ", "zh": "{n} 个假设中，"}
_NONE = {
    "en": "None of the {n} hypotheses could be tested: no structural model is reported.",
    "zh": "{n} 个假设均未检验：没有可报告的结构模型。",
}
_PART = {
    "en": {
        "supported": "{n} found support ({names})",
        "not_supported": "{n} did not ({names})",
        "contradicted": "{n} met an effect of the opposite sign ({names})",
        "not_tested": "{n} could not be tested because the reported model does not hold their "
        "paths ({names})",
    },
    "zh": {
        "supported": "{n} 个得到支持（{names}）",
        "not_supported": "{n} 个未得到支持（{names}）",
        "contradicted": "{n} 个方向与预期相反（{names}）",
        "not_tested": "{n} 个因所报告模型不含相应路径而未检验（{names}）",
    },
}


def _names(names: list[str], lang: str) -> str:
    return ("、" if lang == "zh" else ", ").join(names)


def judge_hypotheses(
    study: Study, choice: ModelChoice, found: Effects, drawn: Resampling | None = None
) -> HypothesisTests:
    """Judge every hypothesis of a study on the model reported.

    Parameters
    ----------
    study : Study
    choice : ModelChoice
        From :func:`cx_value.judge.structure.choose_model`.
    found : Effects
        Effects of ``choice.fit``, best with a bootstrap.
    drawn : Resampling, optional
        What the intervals of ``found`` rest on, so that the readings can name it.

    Returns
    -------
    HypothesisTests
        Verdicts are withheld (``not_tested``) where no admissible model is reported.
    """
    level = cutoffs_with(study.cutoffs)["significance"]
    effects = found.table()
    booted = "std_boot_ci_low" in effects
    kind = drawn.kind if drawn else KINDS["Nonparametric bootstrap" if booted else "Delta method"]
    rows = [_judge(study, h, choice, effects, level, kind) for h in study.hypotheses]
    return HypothesisTests(
        n_used=choice.fit.n_used, n_dropped=choice.fit.n_dropped, confidence=found.confidence,
        method=Text("two-sided tests of the declared paths", zh="对预设路径的双侧检验"),
        notes=found.notes, frame=tidy_frame(rows, COLUMNS),
    )  # fmt: skip


def _judge(
    study: Study,
    hypothesis: Hypothesis,
    choice: ModelChoice,
    effects: pd.DataFrame,
    level: Cutoff,
    kind: Text,
) -> dict:
    statement = hypothesis_statement(study, hypothesis)
    row = _effect(study, hypothesis, effects) if choice.reported else None
    shared = {
        "hypothesis": hypothesis.name, "statement": statement,
        "path": hypothesis_path(hypothesis), "sign": "+" if hypothesis.sign == "+" else "−",
        "kind": "indirect" if hypothesis.through else "direct",
    }  # fmt: skip
    verdict = "not_tested" if row is None else _verdict(hypothesis, row, level)
    numbers = _numbers(row)
    return {
        **shared, **numbers, "verdict": verdict, "verdict_label": VERDICTS[verdict],
        "reading": Text(
            _reading(statement, numbers, verdict, hypothesis, kind, "en"),
            zh=_reading(statement, numbers, verdict, hypothesis, kind, "zh"),
        ),
    }  # fmt: skip


def _effect(study: Study, hypothesis: Hypothesis, effects: pd.DataFrame) -> pd.Series | None:
    """Return the effect a hypothesis is about; None where the model does not hold it."""
    kind = "specific_indirect" if hypothesis.through else "direct"
    names = [variable_of(study, code) for code in (hypothesis.source, hypothesis.target)]
    through = " → ".join(variable_of(study, code) for code in hypothesis.through)
    same = effects[
        (effects.source == names[0]) & (effects.target == names[1])
        & (effects.kind == kind) & (effects.through == through)
    ]  # fmt: skip
    return None if same.empty else same.iloc[0]


def variable_of(study: Study, construct: str) -> str:
    """Return the model's name of a construct: a single-item construct is its item."""
    declared = study.construct(construct)
    return declared.name if len(declared.items) > 1 else declared.items[0].name


def _numbers(row: pd.Series | None) -> dict[str, float]:
    names = ("est", "se", "z", "p", "std_all")
    if row is None:
        return dict.fromkeys((*names, "std_low", "std_high"), float("nan"))
    low, high = _limits(row)
    return {**{name: float(row[name]) for name in names}, "std_low": low, "std_high": high}


def _limits(row: pd.Series) -> tuple[float, float]:
    booted = "std_boot_ci_low" in row.index
    low, high = ("std_boot_ci_low", "std_boot_ci_high") if booted else ("std_ci_low", "std_ci_high")
    return float(row[low]), float(row[high])


def _verdict(hypothesis: Hypothesis, row: pd.Series, level) -> str:
    low, high = _limits(row)
    excludes_zero = low > 0 or high < 0
    clear = excludes_zero and (bool(hypothesis.through) or level.passes(float(row.p)))
    if not clear:
        return "not_supported"
    return "supported" if (row.est > 0) == (hypothesis.sign == "+") else "contradicted"


def hypothesis_path(hypothesis: Hypothesis) -> str:
    """Return a hypothesis as arrows between codes: ``PERQ → CUSA → CUSL``."""
    return " → ".join([hypothesis.source, *hypothesis.through, hypothesis.target])


def hypothesis_statement(study: Study, hypothesis: Hypothesis) -> Text:
    """Return a hypothesis in words: the study's own, else written from its labels."""
    if hypothesis.label is not None:
        return hypothesis.label
    source, target = (study.construct(n).label for n in (hypothesis.source, hypothesis.target))
    via = [study.construct(name).label for name in hypothesis.through]
    good = hypothesis.sign == "+"
    effect = ("positive" if good else "negative"), ("正向" if good else "负向")
    through = " through " + ", then ".join(inside_sentence(v, "en") for v in via) if via else ""
    names = [inside_sentence(label, "en") for label in (source, target)]
    through_zh = "通过" + "、".join(v.zh for v in via) if via else ""
    return Text(
        f"The effect of {names[0]} on {names[1]}{through} is {effect[0]}",
        zh=f"{source.zh}{through_zh}{effect[1]}影响{target.zh}",
    )


_READING = {
    "en": "{statement}: {verdict}. The standardised effect is {beta}, {kind} interval {ci}{p}.",
    "zh": "{statement}：{verdict}。标准化效应为 {beta}，{kind}区间 {ci}{p}。",
}
_NOT_TESTED = {
    "en": "{statement}: not tested, because the reported model does not hold this path.",
    "zh": "{statement}：未检验，所报告的模型不含该路径。",
}


def _reading(
    statement: Text, numbers: dict, verdict: str, hypothesis: Hypothesis, kind: Text, lang: str
) -> str:
    said = in_language(statement, lang)
    if verdict == "not_tested":
        return _NOT_TESTED[lang].format(statement=said)
    indirect = bool(hypothesis.through)
    p = format_p(numbers["p"], lang=lang, relation=True)
    return _READING[lang].format(
        statement=said, verdict=in_language(VERDICTS[verdict], lang),
        kind=in_language(kind, lang),
        beta=format_number(numbers["std_all"], 2, bounded=True, lang=lang),
        ci=format_interval(numbers["std_low"], numbers["std_high"], 2, bounded=True, lang=lang),
        p="" if indirect else (f", p {p}" if lang == "en" else f"，p {p}"),
    )  # fmt: skip
