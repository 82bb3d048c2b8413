"""Does the conclusion survive another way of looking?

The model reported is fitted again by other estimators, on other respondents, and by the other
school; a path survives where its sign and its verdict stay the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.cutoffs import cutoffs_with
from analysis.errors import AnalysisError
from analysis.results import Result, tidy_frame
from analysis.wording import Text, in_language, join_words

if TYPE_CHECKING:
    import pandas as pd

    from analysis.evaluate.structure import ModelChoice
    from analysis.study.spec import Study

VARIANTS = {
    "reported": Text("as reported (ML)", zh="报告所用（ML）"),
    "mlr": Text("robust ML (MLR)", zh="稳健极大似然（MLR）"),
    "wlsmv": Text("ordinal items (WLSMV)", zh="有序题项（WLSMV）"),
    "fiml": Text("all partial answers (FIML)", zh="利用不完整作答（FIML）"),
    "attentive": Text("without careless respondents", zh="剔除不认真作答者"),
    "pls": Text("consistent PLS", zh="一致性 PLS"),
}
MOST_CATEGORIES = 10
_FIT = ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper", "srmr")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Robustness(Result):
    """The paths of the reported model under every variant.

    Attributes
    ----------
    frame : DataFrame
        See :meth:`table`.
    fits : DataFrame
        ``variant label n chisq df cfi …`` and ``note``: why a variant could not be fitted.
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
    attentive: pd.Index | None = None,
    bootstrap: int = 500,
    labels: Mapping[str, str] | None = None,
) -> Robustness:
    """Fit the reported model again in every way the study and its data allow.

    Parameters
    ----------
    study : Study
    choice : ModelChoice
        From :func:`analysis.evaluate.structure.choose_model`.
    items : DataFrame (n, items)
        Answers analysed.
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
    level = cutoffs_with(study.cutoffs)["significance"]
    paths = choice.paths()[["source", "target"]]
    found, fits = [], []
    for variant, run in _variants(study, choice, items, attentive, bootstrap):
        try:
            rows, fit = run()
        except AnalysisError as error:
            fits.append({"variant": variant, "label": VARIANTS[variant], "note": str(error)})
            continue
        frame = paths.merge(rows, on=["source", "target"], how="left")
        frame.insert(0, "variant", variant)
        frame["clear"] = [bool(level.passes(p)) for p in frame.p]
        found.append(frame)
        fits.append({"variant": variant, "label": VARIANTS[variant], **fit, "note": ""})
    return Robustness(
        n_used=choice.fit.n_used, n_dropped=choice.fit.n_dropped, confidence=choice.confidence,
        method=Text("the reported model under other estimators and samples",
                    zh="以其他估计方法与样本重新拟合所报告的模型"),
        frame=_compared(found), fits=tidy_frame(fits), labels=labels or {},
    )  # fmt: skip


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


def _variants(study, choice, items, attentive, bootstrap) -> Iterator[tuple]:
    from functools import partial

    syntax = study.structural_syntax(choice.shown)
    names = list(choice.fit.implied_covariance().columns)
    fit = partial(_covariance_fit, syntax, confidence=study.options.confidence)
    yield "reported", partial(fit, items)
    yield "mlr", partial(fit, items, estimator="mlr")
    if _ordinal(items[names]):
        yield "wlsmv", partial(fit, items, estimator="wlsmv", ordered=names)
    if items[names].isna().any(axis=None):
        yield "fiml", partial(fit, items, missing="fiml")
    if attentive is not None and len(attentive) < len(items):
        yield "attentive", partial(fit, items.loc[items.index.intersection(attentive)])
    if choice.shown.paths:
        yield "pls", partial(_pls_fit, study, choice, items, bootstrap)


def _ordinal(answers: pd.DataFrame) -> bool:
    """Tell whether all answers are whole numbers in few categories."""
    whole = (answers.dropna() % 1 == 0).all(axis=None)
    return bool(whole and answers.nunique().max() <= MOST_CATEGORIES)


def _covariance_fit(
    syntax: str, items: pd.DataFrame, **options
) -> tuple[pd.DataFrame, Mapping[str, float]]:
    from analysis.sem import fit_model

    fit = fit_model(syntax, items, **options)
    table = fit.standardised()
    table = table[table.op == "~"].rename(columns={"rhs": "source", "lhs": "target"})
    best = {name: _scaled(fit.indices, name) for name in _FIT}
    return table[["source", "target", "est", "p"]], {"n": fit.n_used, **best}


def _scaled(indices: Mapping[str, float], name: str) -> float:
    """Return the robust version of an index where there is one, else its scaled or plain one."""
    for variant in (f"{name}_robust", f"{name}_scaled", name):
        value = indices.get(variant, float("nan"))
        if value is not None and np.isfinite(value):
            return float(value)
    return float("nan")


def _pls_fit(
    study: Study, choice: ModelChoice, items: pd.DataFrame, bootstrap: int
) -> tuple[pd.DataFrame, Mapping[str, float]]:
    from analysis.evaluate.hypotheses import variable_of
    from analysis.sem import fit_pls

    paths = [(path.source, path.target) for path in choice.shown.paths]
    ends = {end for path in paths for end in path}
    constructs = {c.name: c.item_names for c in study.constructs if c.name in ends}
    several = [name for name, names in constructs.items() if len(names) > 1]
    fit = fit_pls(
        constructs, paths, items, consistent=several, bootstrap=bootstrap,
        seed=study.options.seed, confidence=study.options.confidence,
    )  # fmt: skip
    table = fit.table()
    table = table[table.op == "~"].rename(columns={"rhs": "source", "lhs": "target"})
    table = table.assign(
        source=[variable_of(study, name) for name in table.source],
        target=[variable_of(study, name) for name in table.target],
    )
    return table[["source", "target", "est", "p"]], {"n": fit.n_used}
