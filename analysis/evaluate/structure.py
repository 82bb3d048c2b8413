"""Which structural model a report may rest on.

The theory's model comes first. If the data do not carry it (it does not converge, or its solution
cannot be interpreted), the declared fallback is reported in its place, and why is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.cutoffs import Cutoff, cutoffs_with
from analysis.errors import AnalysisError
from analysis.results import Result, tidy_frame
from analysis.wording import Text, format_number, format_p, in_language

if TYPE_CHECKING:
    import pandas as pd

    from analysis.sem.effects import Effects
    from analysis.sem.result import ModelFit
    from analysis.study.spec import StructuralModel, Study

_INDICES = ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper",
            "srmr", "aic", "bic")  # fmt: skip
_ROLES = {
    "main": Text("theory", zh="理论模型"),
    "fallback": Text("fallback", zh="备用模型"),
    "rival": Text("rival", zh="竞争模型"),
}


FINDING_COLUMNS = ("model", "code", "severe", "message")


def list_findings(name: str, fit: ModelFit) -> list[tuple]:
    """Return what was found about a fitted model, as rows of :data:`FINDING_COLUMNS`."""
    return [(name, f.code, f.inadmissible, f.message) for f in fit.diagnostics]


def fit_table(name: str, fit: ModelFit) -> pd.DataFrame:
    """Return one row: ``model`` and the indices of its fit, by lavaan's names."""
    return tidy_frame([{"model": name, **{key: fit.indices[key] for key in _INDICES}}])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FitReport(Result):
    """How a named model fits, judged by the study's own rules."""

    name: str
    label: Text
    fit: ModelFit
    rules: Mapping[str, Cutoff]

    def table(self) -> pd.DataFrame:
        """Return one row: ``model`` and its indices."""
        return fit_table(self.name, self.fit)

    def sentence(self, lang: str = "en") -> str:
        """Name the model, its indices and what the rules say of them."""
        from analysis.sem.result import fit_sentence

        label = in_language(self.label, lang)
        said = fit_sentence(
            self.fit.indices, self.fit.n_used, self.fit.admissible, lang, self.rules
        )
        return f"{label}：{said}" if lang == "zh" else f"{label[:1].upper()}{label[1:]}: {said}"


def judge_fit(name: str, label: str, fit: ModelFit, study: Study) -> FitReport:
    """Report a model's fit by the rules of a study (its own where it sets any)."""
    return FitReport(
        name=name, label=label, fit=fit, rules=cutoffs_with(study.cutoffs), n_used=fit.n_used,
        n_dropped=fit.n_dropped, method=fit.method, confidence=fit.confidence, notes=fit.notes,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attempt:
    """One structural model as declared, and its fit or the reason why there is none."""

    model: StructuralModel
    fit: ModelFit | None
    error: str | None = None

    @property
    def admissible(self) -> bool:
        return self.fit is not None and self.fit.admissible


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelChoice(Result):
    """The structural models of a study, and the one that conclusions may rest on.

    Attributes
    ----------
    attempts : mapping of model name to Attempt
        Every declared model, in the order of the study file.
    reported : str or None
        The model reported; None where no model of the theory or its fallbacks is admissible.
    """

    attempts: Mapping[str, Attempt]
    reported: str | None

    @property
    def fit(self) -> ModelFit:
        """The reported model's fit; where none is admissible, the first that converged."""
        if self.reported:
            return self.attempts[self.reported].fit
        return next(a.fit for a in self.attempts.values() if a.fit is not None)

    @property
    def shown(self) -> StructuralModel:
        """The model whose estimates are printed (see :attr:`fit`)."""
        return next(a.model for a in self.attempts.values() if a.fit is self.fit)

    def table(self) -> pd.DataFrame:
        """Return one row a model: ``model role converged admissible reported`` and its indices."""
        rows = []
        for name, attempt in self.attempts.items():
            indices = attempt.fit.indices if attempt.fit else {}
            rows.append(
                {
                    "model": name, "role": _ROLES[attempt.model.role],
                    "converged": attempt.fit is not None, "admissible": attempt.admissible,
                    "reported": name == self.reported,
                    **{key: indices.get(key, float("nan")) for key in _INDICES},
                }
            )  # fmt: skip
        return tidy_frame(rows)

    def findings(self) -> pd.DataFrame:
        """Return what was found wrong with each model: ``model code severe message``."""
        failed = [(name, "not_converged", True, Text(a.error))
                  for name, a in self.attempts.items() if a.error]  # fmt: skip
        found = [row for name, a in self.attempts.items() if a.fit
                 for row in list_findings(name, a.fit)]  # fmt: skip
        return tidy_frame([*failed, *found], FINDING_COLUMNS)

    def paths(self) -> pd.DataFrame:
        """Return the paths of the model shown, standardised intervals by the delta method.

        Columns: ``source target est se z p std_all std_low std_high``.
        """
        table, std = self.fit.table(), self.fit.standardised()
        wanted = (table.op == "~") & (table.se > 0)
        frame = table.loc[wanted, ["rhs", "lhs", "est", "se", "z", "p", "std_all"]]
        frame = frame.rename(columns={"rhs": "source", "lhs": "target"})
        frame["std_low"], frame["std_high"] = std.ci_low[wanted], std.ci_high[wanted]
        return frame.reset_index(drop=True)

    def explained(self) -> pd.DataFrame:
        """Return ``target r_squared`` of every outcome of the model shown."""
        import pandas as pd

        table = self.fit.table()
        outcomes = list(dict.fromkeys(table.lhs[table.op == "~"]))
        return pd.DataFrame(
            {"target": outcomes, "r_squared": [self.fit.r_squared[name] for name in outcomes]}
        )

    def sentence(self, lang: str = "en") -> str:
        """Say which model is reported and why."""
        main = next((a for a in self.attempts.values() if a.model.role == "main"), None)
        first = main or next(iter(self.attempts.values()))
        label = in_language(first.model.label, lang)
        if first.model.name == self.reported:
            return _KEPT[lang].format(label=label)
        reason = _MISSING[lang] if first.fit is None else _FAILED[lang]
        said = reason.format(label=label)
        if self.reported:
            other = in_language(self.attempts[self.reported].model.label, lang)
            return said + _INSTEAD[lang].format(other=other)
        return said + _NOTHING[lang]


_KEPT = {
    "en": "The {label} converged to an admissible solution and is the model reported.",
    "zh": "{label}收敛且解合理，以下即报告该模型。",
}
_MISSING = {
    "en": "The {label} did not converge on these data.",
    "zh": "{label}在本数据上未能收敛。",
}
_FAILED = {
    "en": "The data do not carry the {label}: it converged, but the solution cannot be interpreted "
    "(it is empirically under-identified or improper), so none of its paths is read as a finding.",
    "zh": "本数据不足以支撑{label}：模型虽然收敛，但解不合理（经验识别不足或出现不当解），"
    "其任何路径都不作为结论。",
}
_INSTEAD = {
    "en": " Reported in its place is the {other}, which is identified and admissible.",
    "zh": "以下改为报告{other}，该模型可识别且解合理。",
}
_NOTHING = {
    "en": " The study declares no admissible fallback; no structural conclusion is drawn.",
    "zh": "研究文件未给出可用的备用模型，因此不作结构方面的结论。",
}


def choose_model(study: Study, items: pd.DataFrame) -> ModelChoice:
    """Fit every structural model of a study and say which one may be reported.

    Parameters
    ----------
    study : Study
        With at least one entry under ``models``.
    items : DataFrame (n, items)
        Answers analysed; rows with a missing answer are left out, model by model.

    Returns
    -------
    ModelChoice

    Raises
    ------
    AnalysisError
        What the first model raised, if not one of them could be fitted.
    """
    attempts = {model.name: _attempt(study, model, items) for model in study.models}
    if not any(attempt.fit for attempt in attempts.values()):
        raise AnalysisError(next(a.error for a in attempts.values() if a.error))
    candidates = [a for role in ("main", "fallback") for a in attempts.values()
                  if a.model.role == role]  # fmt: skip
    reported = next((a.model.name for a in candidates if a.admissible), None)
    n_used = max(a.fit.n_used for a in attempts.values() if a.fit)
    return ModelChoice(
        n_used=n_used, n_dropped=len(items) - n_used, attempts=attempts, reported=reported,
        method=Text("maximum likelihood", zh="极大似然估计"),
        confidence=study.options.confidence,
    )  # fmt: skip


def _attempt(study: Study, model: StructuralModel, items: pd.DataFrame) -> Attempt:
    from analysis.sem import fit_model

    try:
        syntax, level = study.structural_syntax(model), study.options.confidence
        return Attempt(model, fit_model(syntax, items, confidence=level))
    except AnalysisError as error:
        return Attempt(model, None, str(error))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RivalComparison(Result):
    """The reported model against its rival: does the theory describe the data better?"""

    frame: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return one row a model, ``delta_*`` against the reported model, and the nested test.

        Columns: ``model reported chisq df cfi rmsea srmr aic bic delta_chisq delta_df delta_p
        delta_cfi delta_aic delta_bic nested``.
        """
        return self.frame.copy()

    def sentence(self, lang: str = "en") -> str:
        """Say which of the two models the data prefer, and by what."""
        rivals = self.frame[~self.frame.reported]
        return " ".join(_compared(row, lang) for _, row in rivals.iterrows())


_COMPARED = {
    "en": "Against {label}, the reported model has a BIC that is {size} {direction}{test}.",
    "zh": "与{label}相比，所报告模型的 BIC {direction} {size}{test}。",
}
_TEST = {
    "en": ", and the χ² difference is {chisq} (df = {df}, p {p})",
    "zh": "；卡方差异检验 Δχ²({df}) = {chisq}，p {p}",
}
_DIRECTION = {"en": ("lower", "higher"), "zh": ("低", "高")}


def _compared(row: pd.Series, lang: str) -> str:
    test = ""
    if row.nested:
        test = _TEST[lang].format(
            chisq=format_number(row.delta_chisq), df=int(row.delta_df),
            p=format_p(row.delta_p, lang=lang, relation=True),
        )  # fmt: skip
    label = in_language(row.label, lang)
    label = f"“{label[0].lower() + label[1:]}”" if lang == "en" else f"“{label}”"
    return _COMPARED[lang].format(
        label=label, size=format_number(abs(row.delta_bic), 1), test=test,
        direction=_DIRECTION[lang][row.delta_bic < 0],
    )  # fmt: skip


def compare_rivals(choice: ModelChoice) -> RivalComparison:
    """Compare the model shown with every other admissible model on the same variables.

    The χ² difference is tested only where one model's paths contain the other's, and both have the
    same indicators; AIC and BIC are compared wherever the indicators are the same.

    Parameters
    ----------
    choice : ModelChoice

    Returns
    -------
    RivalComparison
        ``delta_*`` is the other model less the one reported.
    """
    shown = choice.shown.name
    others = [name for name, a in choice.attempts.items()
              if a.admissible and name != shown and _same_data(a.fit, choice.fit)]  # fmt: skip
    rows = [_comparison(choice, name) for name in [shown, *others]]
    return RivalComparison(
        n_used=choice.fit.n_used, n_dropped=choice.fit.n_dropped, frame=tidy_frame(rows),
        method=Text("information criteria and χ² difference", zh="信息准则与卡方差异检验"),
        confidence=choice.confidence,
    )  # fmt: skip


def _same_data(one: ModelFit, other: ModelFit) -> bool:
    """Criteria of models of different variables cannot be compared."""
    variables = [set(fit.implied_covariance().columns) for fit in (one, other)]
    return variables[0] == variables[1] and one.n_used == other.n_used


def _comparison(choice: ModelChoice, name: str) -> dict:
    from scipy import stats

    own, other = choice.fit.indices, choice.attempts[name].fit.indices
    delta = {f"delta_{k}": other[k] - own[k] for k in ("chisq", "df", "cfi", "aic", "bic")}
    nested = name != choice.shown.name and _nested(choice.fit, choice.attempts[name].fit)
    delta_p = stats.chi2.sf(abs(delta["delta_chisq"]), abs(delta["delta_df"])) if nested else None
    return {
        "model": name, "label": choice.attempts[name].model.label,
        "reported": name == choice.shown.name,
        **{key: other[key] for key in _INDICES}, **delta, "nested": nested,
        "delta_p": float("nan") if delta_p is None else float(delta_p),
    }  # fmt: skip


def _nested(one: ModelFit, other: ModelFit) -> bool:
    """Tell whether one model's free paths are among the other's, with a difference in df."""
    edges = []
    for fit in (one, other):
        table = fit.table()
        free = table[(table.op != "=~") & (table.lhs != table.rhs) & (table.se > 0)]
        edges.append({(r.op, *sorted((r.lhs, r.rhs))) for r in free.itertuples()})
    contained = edges[0] <= edges[1] or edges[1] <= edges[0]
    return contained and one.indices["df"] != other.indices["df"]


def summarise_effects(found: Effects) -> pd.DataFrame:
    """Return one row a pair of variables: its direct, indirect and total effect, standardised.

    Columns: ``source target direct indirect total total_low total_high p``; the interval is the
    bootstrap's where there is one, and p that of the total effect.
    """
    effects = found.table()
    booted = "std_boot_ci_low" in effects
    low, high = ("std_boot_ci_low", "std_boot_ci_high") if booted else ("std_ci_low", "std_ci_high")
    rows = []
    for (source, target), part in effects.groupby(["source", "target"], sort=False):
        by_kind = part.drop_duplicates("kind").set_index("kind")
        total = by_kind.loc["total"]
        rows.append(
            {
                "source": source, "target": target,
                "direct": by_kind.std_all.get("direct", float("nan")),
                "indirect": by_kind.std_all.get("total_indirect", float("nan")),
                "total": total.std_all, "total_low": total[low], "total_high": total[high],
                "p": total.p,
            }
        )  # fmt: skip
    return tidy_frame(rows)
