"""What a PLS result says of itself: method, notes, sentence, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.cutoffs import CUTOFFS
from cx_value.base.wording import (
    Text,
    format_interval,
    format_number,
    format_p,
    format_percent,
    join_words,
)
from cx_value.sem.pls.quality import heterotrait_monotrait_ratio, item_variance_inflation

if TYPE_CHECKING:
    from cx_value.sem.pls.algorithm import PlsBatch
    from cx_value.sem.pls.bootstrap import PlsDraws
    from cx_value.sem.pls.fit import PlsResult
    from cx_value.sem.pls.model import PathModel
    from cx_value.sem.pls.moments import ItemData

_SCHEMES = {
    "path": Text("path weighting", zh="路径加权"),
    "factor": Text("factor weighting", zh="因子加权"),
    "centroid": Text("centroid weighting", zh="重心加权"),
}


def method_of(model: PathModel) -> Text:
    """Name the variant: PLS or PLSc, scheme, modes."""
    name = "PLSc" if model.is_corrected.any() else "PLS"
    modes = sorted({"B" if b else "A" for b in model.is_mode_b})
    scheme = _SCHEMES[model.scheme]
    return Text(
        f"{name} path modelling with {scheme}, mode {' and '.join(modes)}",
        zh=f"{name} 路径建模（{scheme.zh}，模式 {'、'.join(modes)}）",
    )


def notes_of(
    batch: PlsBatch, model: PathModel, items: ItemData, draws: PlsDraws | None, confidence: float
) -> tuple[Text, ...]:
    """Collect what a reader must know to trust the numbers."""
    notes = [*_data_notes(items), *_sign_notes(batch, model), *_admissible_notes(batch, model)]
    notes += _undefined_notes(model, items)
    if draws is not None:
        low, high = draws.failed_interval(confidence)
        span = format_interval(100 * low, 100 * high, 1)
        share = format_percent(draws.n_failed / draws.n_draws, 1)
        notes.append(
            Text(
                f"{draws.n_failed} of {draws.n_draws} bootstrap samples could not be fitted "
                f"({share}, {confidence:.0%} CI {span}%); intervals come from the others.",
                zh=f"{draws.n_draws} 个自助样本中有 {draws.n_failed} 个未能拟合（{share}，"
                f"{confidence:.0%} CI {span}%）；区间由其余样本得出。",
            )
        )
    return tuple(notes)


def _data_notes(items: ItemData) -> list[Text]:
    notes = []
    if items.n_dropped:
        notes.append(
            Text(
                f"{items.n_dropped} rows with missing answers were left out.",
                zh=f"剔除了 {items.n_dropped} 行含缺失答案的记录。",
            )
        )
    if items.n_replaced:
        notes.append(
            Text(
                f"{items.n_replaced} missing answers were replaced by the item's mean, which "
                "shrinks variances and standard errors.",
                zh=f"{items.n_replaced} 个缺失答案以题项均值代替，方差与标准误因此偏小。",
            )
        )
    return notes


def _sign_notes(batch: PlsBatch, model: PathModel) -> list[Text]:
    against = [i for i, v in zip(model.items, batch.loadings[0], strict=True) if v < 0]
    if not against:
        return []
    return [
        Text(
            f"Negative loadings: {join_words(against)}. Check the items' keying.",
            zh=f"载荷为负：{join_words(against, lang='zh')}。请检查题项的计分方向。",
        )
    ]


def _admissible_notes(batch: PlsBatch, model: PathModel) -> list[Text]:
    """PLSc can leave the range that correlations and shares must keep."""
    correlations = np.abs(np.triu(batch.correlations[0], 1))
    faults = [
        f"r({model.constructs[a]}, {model.constructs[b]}) = {batch.correlations[0][a, b]:.3f}"
        for a, b in np.argwhere(correlations >= 1)
    ]
    faults += [
        f"R²({model.constructs[t]}) = {batch.r_squared[0, t]:.3f}"
        for t in model.endogenous
        if not 0 <= batch.r_squared[0, t] <= 1
    ]
    faults += [
        f"λ({item}) = {value:.3f}"
        for item, value in zip(model.items, batch.loadings[0], strict=True)
        if abs(value) > 1 + 1e-9
    ]
    if not faults:
        return []
    return [
        Text(
            f"Inadmissible after correction for attenuation: {'; '.join(faults)}. Do not interpret "
            "these estimates; use consistent=False or fewer constructs.",
            zh=f"衰减校正后的解不可接受：{'；'.join(faults)}。这些估计不宜解释；请不作校正，或减少构念。",
        )
    ]


def _few_rows(model: PathModel, items: ItemData) -> list[Text]:
    """Tell where there are no more rows than items: any weights would fit."""
    n, k = items.n_rows, len(model.items)
    if n > k:
        return []
    return [
        Text(
            f"{n} rows for {k} items: weights and paths are not determined by so few. Gather more "
            "rows before interpreting them.",
            zh=f"{k} 个题项仅有 {n} 行数据，不足以确定权重与路径。请收集更多数据后再作解释。",
        )
    ]


def _undefined_notes(model: PathModel, items: ItemData) -> list[Text]:
    """Tell which VIF is infinite and which HTMT has nothing to be divided by."""
    notes = _few_rows(model, items)
    vif = item_variance_inflation(items.correlations, model)
    ratio = heterotrait_monotrait_ratio(items.correlations[None], model)[0]
    if collinear := [i for i, v in zip(model.items, vif, strict=True) if not np.isfinite(v)]:
        notes.append(
            Text(
                f"Collinear items (VIF is infinite): {join_words(collinear)}. Drop one of them.",
                zh=f"题项共线（VIF 无穷大）：{join_words(collinear, lang='zh')}。请删去其一。",
            )
        )
    bad = ~np.isfinite(ratio).all(axis=0)
    if bad.any():
        names = [name for name, b in zip(model.constructs, bad, strict=True) if b]
        notes.append(
            Text(
                f"HTMT is undefined for pairs of {join_words(names)}: items of a construct do not "
                "correlate.",
                zh=f"{join_words(names, lang='zh')} 的部分 HTMT 无定义：构念内题项互不相关。",
            )
        )
    return notes


# Sentence --------------------------------------------------------------------------------


def say(result: PlsResult, lang: str) -> str:
    """State explained variance, the strongest path and measurement quality."""
    parts = [_explained(result, lang), _strongest(result, lang), _measured(result, lang)]
    return (" " if lang == "en" else "").join(part for part in parts if part)


def _explained(result: PlsResult, lang: str) -> str:
    table = result.r_squared
    values = [format_number(v, 2, bounded=True, lang=lang) for v in table["r_squared"]]
    pairs = [f"{c} {v}" for c, v in zip(table["construct"], values, strict=True)]
    method = result.method.in_language(lang)
    if lang == "zh":
        return f"{method}（N = {result.n_used}）的 R²：{'、'.join(pairs)}。"
    return f"{method} (N = {result.n_used}) gave R² of {join_words(pairs)}."


def _strongest(result: PlsResult, lang: str) -> str:
    table = result.table().query("op == '~'")
    row = table.loc[table["est"].abs().idxmax()]
    parts = [f"β = {format_number(row['est'], 2, bounded=True, lang=lang)}"]
    tail = ""
    if result.draws is not None:
        span = format_interval(row["ci_low"], row["ci_high"], 2, bounded=True, lang=lang)
        parts += [f"{result.confidence:.0%} CI {span}"]
        parts += [f"p {format_p(row['p'], lang=lang, relation=True)}"]
        kept = int(((table["ci_low"] > 0) | (table["ci_high"] < 0)).sum())
        tail = Text(
            f"; {kept} of {len(table)} path intervals exclude zero",
            zh=f"；{len(table)} 条路径中 {kept} 条的区间不含零",
        ).in_language(lang)
    if lang == "zh":
        return f"最强路径为 {row['rhs']} → {row['lhs']}（{'，'.join(parts)}）{tail}。"
    return f"The strongest path was {row['rhs']} → {row['lhs']} ({', '.join(parts)}){tail}."


def _measured(result: PlsResult, lang: str) -> str:
    table = result.reliability.query("mode == 'A' and n_items > 1")
    if table.empty:
        return ""
    rule = CUTOFFS["ave"]
    below = table["construct"][[not rule.passes(value) for value in table["ave"]]].tolist()
    limit = format_number(rule.threshold, 2, bounded=True, lang=lang)
    if lang == "zh":
        some = f"低于 {limit} 者为 {join_words(below, lang=lang)}"
        verdict = some if below else f"均不低于 {limit}"
        return f"平均方差抽取量（AVE）{verdict}（依 {rule.said} 的标准）。"
    some = f"fell below {limit} for {join_words(below)}"
    verdict = some if below else f"reached {limit} throughout"
    return f"Average variance extracted {verdict}, by the rule of {rule.said}."
