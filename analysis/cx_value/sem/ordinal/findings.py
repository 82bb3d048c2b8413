"""What a reader must know before trusting a model of ordinal items."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cx_value.base.wording import Text, join_words
from cx_value.sem.engine.fit import Solution
from cx_value.sem.engine.likelihood import Point
from cx_value.sem.ordinal.prepare import OrdinalPrepared
from cx_value.sem.ordinal.search import Sandwich
from cx_value.sem.reading import diagnostics
from cx_value.sem.reading.diagnostics import Finding
from cx_value.sem.reading.inference import group_findings, solution_findings


def method_of(estimator: str, prepared: OrdinalPrepared) -> Text:
    diagonal = estimator in ("wlsmv", "dwls")
    name = "Diagonally weighted least squares" if diagonal else "Unweighted least squares"
    name_zh = "对角加权最小二乘法" if diagonal else "未加权最小二乘法"
    short = "WLSMV" if diagonal else "ULSMV"
    if not prepared.ordinal.ordered:
        return Text(f"{name} ({short})", zh=f"{name_zh}（{short}）")
    kind = prepared.ordinal.parameterization
    return Text(
        f"{name} on polychoric correlations ({short}, {kind} parameterization)",
        zh=f"基于多分格相关的{name_zh}（{short}，{kind} 参数化）",
    )


def findings_of(
    prepared: OrdinalPrepared,
    solution: Solution,
    frame: pd.DataFrame,
    std_se: np.ndarray,
    point: Point,
    found: Sandwich,
    indices: Mapping[str, float],
) -> list[Finding]:
    lost, gaps = prepared.n_all - prepared.n, list(prepared.gaps)
    out = diagnostics.rows_lost(lost, prepared.n_all, gaps, diagnostics.PAIRWISE)
    out += solution_findings(prepared, solution, frame, std_se, found.weakest)
    out += _rare_categories(prepared)
    out += _robust_undefined(prepared, indices)
    return out + group_findings(prepared, point)


def _rare_categories(prepared: OrdinalPrepared) -> list[Finding]:
    """Find categories with fewer than five answers: their thresholds are hardly known."""
    rare = []
    for sample in prepared.samples:
        for name in prepared.ordinal.ordered:
            j = prepared.model.observed.index(name)
            values = sample.rows[:, j]
            counts = np.unique(values[~np.isnan(values)], return_counts=True)[1]
            if counts.min() < 5:
                rare.append(name)
    if not rare:
        return []
    names = list(dict.fromkeys(rare))
    return [
        Finding(
            "rare_categories",
            Text(
                f"Categories with fewer than five answers: {join_words(names)}. Merging them "
                "with their neighbours steadies thresholds and tests.",
                zh=f"有类别的作答少于 5 人：{join_words(names, lang='zh')}。与相邻类别合并可使"
                "阈值和检验更稳定。",
            ),
            tuple(names),
        )
    ]


def _robust_undefined(prepared: OrdinalPrepared, indices: Mapping[str, float]) -> list[Finding]:
    """Tell why robust CFI and RMSEA are not there."""
    if not np.isnan(indices.get("cfi_robust", 0.0)):
        return []
    smallest = float(np.linalg.eigvalsh(prepared.sample.covariance)[:, 0].min())
    which = ("sample's", "样本") if smallest <= 1e-8 else ("implied", "模型隐含的")
    return [
        Finding(
            "robust_undefined",
            Text(
                f"The {which[0]} polychoric correlation matrix is not positive definite (or all "
                "but singular); robust CFI, TLI and RMSEA cannot be computed.",
                zh=f"{which[1]}多分格相关矩阵非正定（或近乎奇异），无法计算稳健 CFI、TLI 与 "
                "RMSEA。",
            ),
        )
    ]
