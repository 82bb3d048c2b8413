"""Does the conclusion survive another way of looking?

The model reported is fitted again by other estimators, on other respondents, and by the other
school; a path survives where its sign and its verdict stay the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from cx_value.base.cutoffs import cutoffs_with
from cx_value.base.errors import AnalysisError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.wording import Text, in_language, join_words
from cx_value.judge.estimation import (
    Estimation,
    ordered_items,
    plain_estimation,
)
from cx_value.judge.fit_report import reported_indices
from cx_value.study.model_checks import MOST_CATEGORIES

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.judge.structure import ModelChoice
    from cx_value.sem.reading.result import ModelFit
    from cx_value.study.spec import Study

VARIANTS = {
    "reported": Text("as reported", zh="报告所用"),
    "ml": Text("normal theory (ML)", zh="正态理论（ML）"),
    "mlr": Text("robust ML (MLR)", zh="稳健极大似然（MLR）"),
    "wlsmv": Text("ordinal items (WLSMV)", zh="有序题项（WLSMV）"),
    "fiml": Text("all partial answers (FIML)", zh="利用不完整作答（FIML）"),
    "listwise": Text("complete answers only", zh="仅完整作答"),
    "unweighted": Text("without weights", zh="不加权"),
    "attentive": Text("without careless respondents", zh="剔除不认真作答者"),
    "pls": Text("consistent PLS", zh="一致性 PLS"),
}
_IMPROPER = Text("the solution is not admissible", zh="解不合理")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Robustness(Result):
    """The paths of the reported model under every variant.

    Attributes
    ----------
    frame : DataFrame
        See :meth:`table`.
    fits : DataFrame
        ``variant label n chisq df cfi …`` and ``note``: why a variant could not be fitted, that
        its solution is not admissible, or that searches stopped at worse optima.
    """

    frame: pd.DataFrame
    fits: pd.DataFrame
    labels: Mapping[str, str]

    def table(self) -> pd.DataFrame:
        """Return one row a path and variant: ``variant source target est p clear same``."""
        return self.frame.copy()

    def wide(self) -> pd.DataFrame:
        """Return one row a path: ``source target``, ``<variant>_est``/``_p``, and ``survives``."""
        rows = []
        for (source, target), part in self.frame.groupby(["source", "target"], sort=False):
            cells = {}
            for row in part.itertuples():
                cells |= {f"{row.variant}_est": row.est, f"{row.variant}_p": row.p}
            survives = bool(part.same.all())
            rows.append({"source": source, "target": target, **cells, "survives": survives})
        return tidy_frame(rows)

    def sentence(self, lang: str = "en") -> str:
        """Count the paths that survive, and name those that do not with the variant."""
        wide = self.wide()
        others = self.frame[self.frame.variant != "reported"]
        words = {
            "paths": len(wide), "kept": int(wide.survives.sum()),
            "variants": others.variant.nunique(),
            "names": join_words(
                [in_language(VARIANTS[v], lang) for v in dict.fromkeys(others.variant)], lang=lang
            ),
        }  # fmt: skip
        lost = [_lost(row, self.labels, lang) for row in others[~others.same].itertuples()]
        text = _SENTENCE[lang].format(**words)
        return text + (_LOST[lang].format(lost=join_words(lost, lang=lang)) if lost else "")


_SENTENCE = {
    "en": "{kept} of {paths} paths keep their sign and their verdict in all {variants} other "
    "analyses ({names}).",
    "zh": "{paths} 条路径中有 {kept} 条在其余 {variants} 种分析（{names}）中方向与结论均不变。",
}
_LOST = {"en": " Not so: {lost}.", "zh": "有变化的是：{lost}。"}


def _lost(row, labels: Mapping[str, str], lang: str) -> str:
    variant = in_language(VARIANTS[row.variant], lang)
    ends = [in_language(labels.get(name, name), lang) for name in (row.source, row.target)]
    arrow = " → ".join(ends)
    return f"{arrow}（{variant}）" if lang == "zh" else f"{arrow} ({variant})"


def check_robustness(
    study: Study,
    choice: ModelChoice,
    items: pd.DataFrame,
    *,
    how: Estimation | None = None,
    attentive: pd.Index | None = None,
    bootstrap: int = 500,
    labels: Mapping[str, str] | None = None,
) -> Robustness:
    """Fit the reported model again in every way the study and its data allow.

    Parameters
    ----------
    study : Study
    choice : ModelChoice
        From :func:`cx_value.judge.structure.choose_model`.
    items : DataFrame (n, items)
        Answers analysed.
    how : Estimation, optional
        How the reported model was fitted; by default as :func:`choose_model` does by itself.
        Every variant changes one thing in it.
    attentive : Index, optional
        Rows of respondents who look attentive; None leaves that variant out.
    bootstrap : int
        Resamples of the PLS intervals.
    labels : mapping of variable to Text, optional
        What the sentence calls them.

    Returns
    -------
    Robustness
        A variant that cannot be fitted is in ``fits`` with the reason, and counts for nothing.
    """
    how = how or plain_estimation(study, items)
    level = cutoffs_with(study.cutoffs)["significance"]
    paths = choice.paths()[["source", "target"]]
    found, fits = [], []
    for variant, run in _variants(study, choice, items, how, attentive, bootstrap):
        told = {"variant": variant, "label": _label(variant, how)}
        try:
            rows, fit = run()
        except AnalysisError as error:
            fits.append({**told, "note": Text(str(error))})
            continue
        frame = paths.merge(rows, on=["source", "target"], how="left")
        frame.insert(0, "variant", variant)
        frame["clear"] = [bool(level.passes(p)) for p in frame.p]
        found.append(frame)
        fits.append({**told, "note": Text(""), **fit})
    return Robustness(
        n_used=choice.fit.n_used, n_dropped=choice.fit.n_dropped, confidence=choice.confidence,
        method=Text("the reported model under other estimators and samples",
                    zh="以其他估计方法与样本重新拟合所报告的模型"),
        frame=_compared(found), fits=tidy_frame(fits), labels=labels or {},
    )  # fmt: skip


def _label(variant: str, how: Estimation) -> Text:
    """Return what a variant is called; the one reported with its estimator."""
    label = VARIANTS[variant]
    if variant != "reported":
        return label
    return Text(f"{label} ({how.label})", zh=f"{label.zh}（{in_language(how.label, 'zh')}）")


def _compared(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Mark every path that has the sign and verdict it has in the reported analysis."""
    import pandas as pd

    reported = frames[0]
    for frame in frames:
        same_sign = np.sign(frame.est) == np.sign(reported.est)
        # A path that is unclear both times may change its sign: neither sign was a finding.
        both_unclear = ~frame.clear & ~reported.clear
        frame["same"] = both_unclear | (same_sign & (frame.clear == reported.clear))
    return pd.concat(frames, ignore_index=True)


def _variants(
    study: Study,
    choice: ModelChoice,
    items: pd.DataFrame,
    how: Estimation,
    attentive: pd.Index | None,
    bootstrap: int,
) -> Iterator[tuple[str, Callable[[], tuple]]]:
    """Yield every other analysis that the study and its data allow, each with one thing changed."""
    fit = partial(_covariance_fit, study.structural_syntax(choice.shown), items)
    for variant, plan in other_plans(study, choice, items, how):
        yield variant, partial(fit, plan)
    if attentive is not None and len(attentive) < len(items):
        rows = items.index.intersection(attentive)
        yield "attentive", partial(fit, how, rows=rows)
    if choice.shown.paths:
        yield "pls", partial(_pls_fit, study, choice, items, bootstrap)


def other_plans(
    study: Study, choice: ModelChoice, items: pd.DataFrame, how: Estimation
) -> Iterator[tuple[str, Estimation]]:
    """Yield the plan reported and those that change its estimator, rows or weights."""
    yield "reported", how
    names = list(choice.fit.implied_covariance().columns)
    gaps = bool(items[names].isna().any(axis=None))
    partial_answers = "fiml" if gaps and how.missing != "listwise" else "listwise"
    if how.estimator != "ml" and how.weights is None:
        yield "ml", how.with_changes(estimator="ml", missing=partial_answers)
    if how.estimator != "mlr":
        yield "mlr", how.with_changes(estimator="mlr", missing=partial_answers)
    ordered = ordered_items(study, items, MOST_CATEGORIES)
    if how.estimator != "wlsmv" and set(names) <= set(ordered):
        missing = "pairwise" if partial_answers == "fiml" else "listwise"
        yield "wlsmv", how.with_changes(estimator="wlsmv", missing=missing, ordered=ordered)
    if gaps and how.missing == "listwise" and how.estimator != "wlsmv":
        yield "fiml", how.with_changes(missing="fiml")
    if gaps and how.missing != "listwise":
        yield "listwise", how.with_changes(missing="listwise")
    if how.weights is not None:
        yield "unweighted", how.with_changes(weights=None)


def _covariance_fit(
    syntax: str, items: pd.DataFrame, how: Estimation, rows: pd.Index | None = None
) -> tuple[pd.DataFrame, Mapping[str, Any]]:
    fit = how.fit(syntax, items if rows is None else items.loc[rows])
    table = fit.standardised()
    table = table[table.op == "~"].rename(columns={"rhs": "source", "lhs": "target"})
    told = {"n": fit.n_used, **reported_indices(fit), "note": _note(fit)}
    return table[["source", "target", "est", "p"]], told


def _note(fit: ModelFit) -> Text:
    """Tell what a reader must know of a variant: that it is improper, or had local optima."""
    said = [] if fit.admissible else [_IMPROPER]
    said += [f.message for f in fit.diagnostics if f.code == "local_optima"]
    return Text("; ".join(map(str, said)), zh="；".join(in_language(m, "zh") for m in said))


def _pls_fit(
    study: Study, choice: ModelChoice, items: pd.DataFrame, bootstrap: int
) -> tuple[pd.DataFrame, Mapping[str, Any]]:
    from cx_value.judge.path_modelling import fit_path_model, named_paths

    fit = fit_path_model(study, choice.shown, items, consistent=True, bootstrap=bootstrap)
    return named_paths(study, fit)[["source", "target", "est", "p"]], {"n": fit.n_used}
