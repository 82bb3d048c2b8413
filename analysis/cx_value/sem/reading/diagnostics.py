"""What a reader must know before trusting a fitted model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import CUTOFFS
from cx_value.base.wording import Text, format_number, join_words

FAR_BEYOND_PEERS = 10.0
WEAK_INFORMATION = 1e-6
FEWEST_CASES = 5
_INADMISSIBLE = frozenset(
    {"heywood", "std_above_one", "latent_not_pd", "huge_se", "residual_not_pd",
     "weakly_identified"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: ``code``, bilingual ``message``, and the ``parameters`` it is about."""

    code: str
    message: Text
    parameters: tuple[str, ...] = ()

    @property
    def inadmissible(self) -> bool:
        """Whether the solution cannot be interpreted as it stands."""
        return self.code in _INADMISSIBLE


def row_name(row: pd.Series) -> str:
    """Name a table row as it would be written in the model.

    >>> row_name(pd.Series({"lhs": "y", "op": "~1", "rhs": "", "group": "A"}))
    'y ~1 [A]'
    """
    group = f" [{row['group']}]" if row["group"] else ""
    return f"{row['lhs']} {row['op']} {row['rhs']}".strip() + group


def negative_variances(table: pd.DataFrame) -> list[Finding]:
    """Find Heywood cases: variances estimated below zero."""
    rows = table[(table.op == "~~") & (table.lhs == table.rhs) & (table.est < 0)]
    if rows.empty:
        return []
    told = [f"{r.lhs} ({format_number(r.est, 3)})" for r in rows.itertuples()]
    return [
        Finding(
            "heywood",
            Text(
                f"Negative variance (Heywood case): {join_words(told)}. The model is misspecified "
                "or the sample too small for it; do not interpret these parameters.",
                zh=f"方差估计为负（Heywood 现象）：{join_words(told, lang='zh')}。模型设定有误或"
                "样本过小，相关参数不可解释。",
            ),
            tuple(rows.lhs),
        )
    ]


def standardised_above_one(table: pd.DataFrame) -> list[Finding]:
    """Find standardised loadings, paths and correlations beyond ±1."""
    structural = table.op.isin(["=~", "~"]) | ((table.op == "~~") & (table.lhs != table.rhs))
    rows = table[structural & (table.std_all.abs() > 1 + 1e-6)]
    if rows.empty:
        return []
    names = [row_name(r) for _, r in rows.iterrows()]
    told = [f"{n} ({format_number(v)})" for n, v in zip(names, rows.std_all, strict=True)]
    return [
        Finding(
            "std_above_one",
            Text(
                f"Standardised estimate beyond ±1: {join_words(told)}. Predictors are nearly "
                "collinear or a variance is negative; single paths cannot be told apart.",
                zh=f"标准化估计超出 ±1：{join_words(told, lang='zh')}。预测变量近乎共线或方差为负，"
                "单条路径无法区分。",
            ),
            tuple(names),
        )
    ]


def latent_correlations_too_high(correlations: pd.DataFrame, where: str = "") -> list[Finding]:
    """Find latent variables that are one in all but name, and matrices that cannot be."""
    findings, limit = [], CUTOFFS["latent_correlation"]
    names, matrix = list(correlations.index), correlations.to_numpy()
    pairs = [
        (names[i], names[j], matrix[i, j])
        for i in range(len(names))
        for j in range(i)
        if abs(matrix[i, j]) > limit.threshold
    ]
    if pairs:
        told = [f"{b}–{a} (r = {format_number(r, 3)})" for a, b, r in pairs]
        findings.append(
            Finding(
                "latent_r",
                Text(
                    f"Latent correlation above {limit.threshold:g}{where}: {join_words(told)}. "
                    f"The constructs are not distinct ({limit.said}).",
                    zh=f"潜变量相关高于 {limit.threshold:g}{where}：{join_words(told, lang='zh')}。"
                    f"构念之间缺乏区分（{limit.said}）。",
                ),
                tuple(f"{b} ~~ {a}" for a, b, _ in pairs),
            )
        )
    if len(names) and np.isfinite(matrix).all():
        smallest = float(np.linalg.eigvalsh(matrix)[0])
        if smallest < 1e-8:
            findings.append(
                _not_positive("latent_not_pd", "latent variables", "潜变量", smallest, where)
            )
    return findings


def residuals_not_positive(noise: np.ndarray, where: str = "") -> list[Finding]:
    """Find a residual covariance matrix that cannot be one though its variances are positive."""
    smallest = float(np.linalg.eigvalsh(noise)[0]) if len(noise) else 0.0
    if smallest < -1e-8 and np.diag(noise).min() >= 0:
        return [_not_positive("residual_not_pd", "residuals", "残差", smallest, where)]
    return []


def _not_positive(code: str, of: str, of_zh: str, smallest: float, where: str) -> Finding:
    return Finding(
        code,
        Text(
            f"The covariance matrix of the {of} is not positive definite{where} (smallest "
            f"eigenvalue {format_number(smallest, 4)}).",
            zh=f"{of_zh}的协方差矩阵非正定{where}（最小特征值 {format_number(smallest, 4)}）。",
        ),
    )


def errors_beyond_peers(table: pd.DataFrame, std_se: np.ndarray) -> list[Finding]:
    """Find standardised loadings and paths whose standard errors dwarf those of their kind."""
    findings = []
    for op in ("=~", "~"):
        mask = ((table.op == op) & np.isfinite(std_se) & (std_se > 0)).to_numpy()
        if mask.sum() < 2:
            continue
        typical = max(float(np.median(std_se[mask])), 0.03)
        large = np.flatnonzero(mask & ((std_se > FAR_BEYOND_PEERS * typical) | (std_se > 1)))
        if len(large):
            findings.append(_huge(table.iloc[large], std_se[large]))
    return findings


def _huge(rows: pd.DataFrame, errors: np.ndarray) -> Finding:
    names = [row_name(r) for _, r in rows.iterrows()]
    told = [f"{n} (SE {format_number(e)})" for n, e in zip(names, errors, strict=True)]
    return Finding(
        "huge_se",
        Text(
            f"Standard error of a standardised estimate far beyond its peers: {join_words(told)}. "
            "The data hardly determine these parameters.",
            zh=f"标准化估计的标准误远大于同类参数：{join_words(told, lang='zh')}。数据几乎无法确定"
            "这些参数。",
        ),
        tuple(names),
    )


FULL_INFORMATION = Text("full-information maximum likelihood", zh="全信息极大似然估计")
PAIRWISE = Text("pairwise deletion", zh="成对删除")


def rows_lost(
    n_dropped: int, n_all: int, columns: list[str], remedy: Text = FULL_INFORMATION
) -> list[Finding]:
    """Tell how many rows listwise deletion cost, where the gaps are, and what would keep them."""
    if not n_dropped:
        return []
    where = join_words(columns[:4]) + (" …" if len(columns) > 4 else "")
    where_zh = join_words(columns[:4], lang="zh") + (" 等" if len(columns) > 4 else "")
    return [
        Finding(
            "rows_lost",
            Text(
                f"{n_dropped} of {n_all} rows were dropped for missing answers (most in {where}); "
                f"{remedy} would keep them.",
                zh=f"{n_all} 行中有 {n_dropped} 行因缺失被删除（多见于 {where_zh}）；"
                f"{remedy.zh}可保留这些行。",
            ),
            tuple(columns),
        )
    ]


def weak_identification(smallest: float) -> list[Finding]:
    """Find information so flat in one direction that the estimates are arbitrary along it."""
    if smallest > WEAK_INFORMATION:
        return []
    return [
        Finding(
            "weakly_identified",
            Text(
                "The model is empirically under-identified: the information matrix is nearly "
                f"singular (smallest eigenvalue {smallest:.1e} in correlation form), so some "
                "parameters can change together at almost no cost in fit.",
                zh=f"模型在本数据上经验性识别不足：信息矩阵近乎奇异"
                f"（相关形式最小特征值 {smallest:.1e}），"
                "某些参数可同时变动而几乎不影响拟合。",
            ),
        )
    ]


def other_optima(count: int) -> list[Finding]:
    """Tell that searches from other starting points stopped at worse optima."""
    if not count:
        return []
    return [
        Finding(
            "local_optima",
            Text(
                f"Other starting points led to {count} worse optimum or optima; the best is "
                "reported.",
                zh=f"其他起始值到达 {count} 个较差的局部最优，报告其中最佳者。",
            ),
        )
    ]


def few_rows(n: int, n_parameters: int) -> list[Finding]:
    """Find samples with too few cases a parameter."""
    rule = CUTOFFS["cases_per_parameter"]
    if n >= FEWEST_CASES * n_parameters:
        return []
    return [
        Finding(
            "small_sample",
            Text(
                f"{n} rows for {n_parameters} free parameters ({n / n_parameters:.1f} each, fewer "
                f"than {FEWEST_CASES}; {rule.said} asks for {rule.threshold:g}): standard errors "
                "and χ² may be far off.",
                zh=f"{n} 行数据估计 {n_parameters} 个自由参数（平均 {n / n_parameters:.1f}；"
                f"低于 {FEWEST_CASES}；{rule.said} 建议 {rule.threshold:g}）："
                "标准误与 χ² 可能偏差很大。",
            ),
        )
    ]
