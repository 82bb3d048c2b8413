"""A fitted model: estimates, fit, cautions, and what can be asked of it next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import CUTOFFS, Cutoff
from cx_value.base.results import Result
from cx_value.base.wording import (
    Text,
    format_interval,
    format_number,
    format_p,
    in_language,
    join_words,
)
from cx_value.sem.reading.diagnostics import Finding

if TYPE_CHECKING:
    from cx_value.sem.engine.fit import Prepared, Solution
    from cx_value.sem.resampling.bootstrap import Bootstrap

COLUMNS = ("lhs", "op", "rhs", "group", "label", "est", "se", "z", "p", "ci_low", "ci_high",
           "std_all")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelFit(Result):
    """A structural-equation model fitted to data.

    Attributes
    ----------
    indices : mapping of str to float
        Fit by lavaan's names, dots as underscores (``chisq df pvalue cfi tli rmsea …``).
    diagnostics : tuple of Finding
        What was found wrong or doubtful, each with ``code`` and bilingual ``message``.
    warnings : tuple of Text
        The messages of ``diagnostics``.
    admissible : bool
        False when a finding forbids reading the solution as it stands.
    r_squared : mapping of str to float
        Explained variance of every indicator and outcome (``name`` or ``name [group]``).
    vcov : ndarray (k, k)
        Covariance matrix of the free parameters in the fit's internal units.
    prepared, solution
        Data, matrices and optimum, for the functions beside this class.
    """

    frame: pd.DataFrame
    indices: Mapping[str, float]
    diagnostics: tuple[Finding, ...]
    r_squared: Mapping[str, float]
    vcov: np.ndarray
    std_se: np.ndarray
    prepared: Prepared
    solution: Solution

    def table(self) -> pd.DataFrame:
        """Return every parameter: ``lhs op rhs group label est se z p ci_low ci_high std_all``.

        Fixed parameters have ``se`` 0 and no z or p, as in lavaan; ``:=`` effects come last.
        """
        return self.frame.copy()

    @property
    def warnings(self) -> tuple[Text, ...]:
        return tuple(finding.message for finding in self.diagnostics)

    @property
    def admissible(self) -> bool:
        return not any(finding.inadmissible for finding in self.diagnostics)

    @property
    def group_labels(self) -> tuple[str, ...]:
        return tuple(sample.label for sample in self.prepared.samples)

    def readers(self) -> tuple[Callable, Callable]:
        """Return functions of ``theta (..., k)`` giving every row of the table ``(..., rows)``.

        The first gives ``est``, the second ``std_all``; complex steps pass through both.
        """
        from cx_value.sem.reading.inference import table_readers

        return table_readers(self)

    def standardised(self) -> pd.DataFrame:
        """Return the completely standardised solution with delta-method intervals."""
        from cx_value.sem.reading.inference import standardised_table

        return standardised_table(self)

    def implied_covariance(self, group: str | None = None) -> pd.DataFrame:
        """Return the covariance matrix of the observed variables the model implies."""
        from cx_value.sem.reading.inference import implied_covariance

        return implied_covariance(self, group)

    def latent_covariances(self, group: str | None = None) -> pd.DataFrame:
        """Return the covariance matrix of the latent variables."""
        from cx_value.sem.reading.inference import latent_covariances

        return latent_covariances(self, group)

    def latent_correlations(self, group: str | None = None) -> pd.DataFrame:
        """Return the correlation matrix of the latent variables."""
        covariance = self.latent_covariances(group)
        spread = np.sqrt(np.diag(covariance))
        return covariance / np.outer(spread, spread)

    def residuals(self, kind: str = "correlation", group: str | None = None) -> pd.DataFrame:
        """Return sample minus implied moments; see :mod:`cx_value.sem.reading.residuals`."""
        from cx_value.sem.reading.residuals import residual_matrix

        return residual_matrix(self, kind, group)

    def modification_indices(self, *, minimum: float = 0.0, **options) -> pd.DataFrame:
        """Return what freeing each absent parameter would do, largest first."""
        from cx_value.sem.reading.modification import modification_indices

        return modification_indices(self, minimum=minimum, **options)

    def factor_scores(self, method: str = "regression") -> pd.DataFrame:
        """Return each row's position on the latent variables, indexed by row of the data."""
        from cx_value.sem.reading.scores import factor_scores

        return factor_scores(self, method)

    def bootstrap(
        self, n: int = 1000, *, seed: int | None = None, rows: np.ndarray | None = None
    ) -> Bootstrap:
        """Refit the model in ``n`` samples drawn with replacement; see :func:`bootstrap_model`."""
        from cx_value.sem.resampling.bootstrap import bootstrap_model

        return bootstrap_model(self, n, seed=seed, rows=rows)

    def sentence(self, lang: str = "en") -> str:
        """State the model's fit in APA prose, judged by the cutoffs of Hu and Bentler (1999)."""
        return fit_sentence(self.indices, self.n_used, self.admissible, lang)


def fit_sentence(
    indices: Mapping, n: int, admissible: bool, lang: str, rules: Mapping[str, Cutoff] = CUTOFFS
) -> str:
    """State fit indices in APA prose and judge them by the rules given."""
    numbers = {
        "n": n,
        "df": int(indices["df"]),
        "chisq": format_number(indices["chisq"], 2),
        "p": format_p(indices["pvalue"], lang=lang, relation=True),
        "cfi": format_number(indices["cfi"], 3, bounded=True, lang=lang),
        "tli": format_number(indices["tli"], 3, bounded=True, lang=lang),
        "rmsea": format_number(indices["rmsea"], 3, bounded=True, lang=lang),
        "ci": format_interval(
            indices["rmsea_ci_lower"], indices["rmsea_ci_upper"], 3, bounded=True, lang=lang
        ),
        "srmr": format_number(indices["srmr"], 3, bounded=True, lang=lang),
    }
    template = _SENTENCE[lang] if indices["df"] > 0 else _SATURATED[lang]
    kept = [n for n in JUDGED if rules[n].passes(indices[n])]
    verdict = _verdict(kept, rules, lang) if indices["df"] > 0 else ""
    caution = "" if admissible else _CAUTION[lang]
    return template.format(**numbers) + verdict + caution


def _verdict(kept: list[str], rules: Mapping[str, Cutoff], lang: str) -> str:
    said = list(dict.fromkeys(in_language(rules[n].said, lang) for n in JUDGED))
    listed = ("，" if lang == "zh" else ", ").join(
        f"{n.upper()} {_SIGN[rules[n].direction]} "
        + format_number(rules[n].threshold, 2, bounded=True, lang=lang)
        for n in JUDGED
    )
    whose = join_words(said, lang=lang)
    if lang == "zh":
        word = {4: "拟合良好", 0: "拟合不足"}.get(len(kept), f"四项标准中达到 {len(kept)} 项")
        return f"按 {whose} 的标准（{listed}），{word}。"
    word = {4: "fits well", 0: "does not fit"}.get(len(kept), f"meets {len(kept)} of 4 criteria")
    return f" By the criteria of {whose} ({listed}), the model {word}."


JUDGED = ("cfi", "tli", "rmsea", "srmr")
_SIGN = {">=": "≥", "<=": "≤"}
_SENTENCE = {
    "en": "χ²({df}, N = {n}) = {chisq}, p {p}, CFI = {cfi}, TLI = {tli}, RMSEA = {rmsea}, "
    "90% CI {ci}, SRMR = {srmr}.",
    "zh": "χ²({df}, N = {n}) = {chisq}，p {p}，CFI = {cfi}，TLI = {tli}，RMSEA = {rmsea}，"
    "90% CI {ci}，SRMR = {srmr}。",
}
_SATURATED = {
    "en": "The model is saturated (df = {df}, N = {n}): fit cannot be judged.",
    "zh": "模型饱和（df = {df}，N = {n}），无法评价拟合。",
}
_CAUTION = {
    "en": " The solution is not admissible: see the warnings before reading single parameters.",
    "zh": "解不可接受：解读单个参数前请先看警告。",
}
