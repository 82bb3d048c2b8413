"""The comparison of paths across groups in APA prose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cx_value.base.wording import format_interval, format_number, format_p, in_language, join_words

if TYPE_CHECKING:
    from cx_value.sem.groups.moderation import PathComparison


def comparison_sentence(found: PathComparison, lang: str) -> str:
    """State the test of all paths, then each path that differs, or that none does."""
    table = found.table()
    single = table[table.path != "all"]
    parts = [_measured(found, lang)]
    parts += [_omnibus(table, found, lang)] if len(single) > 1 else []
    parts += [_tested(row, found, lang) for _, row in single[single.differs].iterrows()]
    if not single.differs.any():
        parts.append(_NONE[lang].format(k=len(single)))
    said = in_language(found.rules["significance"].said, lang)
    level = format_number(
        found.rules["significance"].threshold, _decimals(found), bounded=True, lang=lang
    )
    parts.append(_RULE[lang].format(level=level, said=said))
    return ("" if lang == "zh" else " ").join(part for part in parts if part)


def comparison_sentences(found: PathComparison, lang: str) -> list[str]:
    """State each path's test with its estimate in every group."""
    table = found.table()
    return [_tested(row, found, lang) for _, row in table[table.path != "all"].iterrows()]


def _decimals(found: PathComparison) -> int:
    text = f"{found.rules['significance'].threshold:g}"
    return max(2, len(text.partition(".")[2]))


def _measured(found: PathComparison, lang: str) -> str:
    """State whether the measures may be held equal."""
    if len(found.invariance) < 2:
        return ""
    row, rules = found.invariance.iloc[-1], found.rules
    numbers = {
        "cfi": format_number(row.d_cfi, 3, bounded=True, lang=lang),
        "rmsea": format_number(row.d_rmsea, 3, bounded=True, lang=lang),
        "cfi_said": in_language(rules["invariance_cfi"].said, lang),
        "rmsea_said": in_language(rules["invariance_rmsea"].said, lang),
    }
    return _METRIC[lang][found.metric_holds].format(**numbers)


def _omnibus(table: pd.DataFrame, found: PathComparison, lang: str) -> str:
    row = table[table.path == "all"].iloc[0]
    return _ALL[lang][bool(row.differs)].format(
        groups=len(found.group_labels), k=len(table) - 1, **_test(row, lang)
    )


def _test(row: pd.Series, lang: str) -> dict[str, str]:
    return {
        "df": f"{row.d_df:g}",
        "chisq": format_number(row.d_chisq, 2),
        "p": format_p(row.p, lang=lang, relation=True),
    }


def _tested(row: pd.Series, found: PathComparison, lang: str) -> str:
    own = found.estimates[found.estimates.path == row.path]
    estimates = [
        _ESTIMATE[lang].format(
            group=e.group, b=format_number(e.est, 2, lang=lang),
            level=f"{100 * found.confidence:g}",
            interval=format_interval(e.ci_low, e.ci_high, 2, lang=lang),
        )
        for e in own.itertuples()
    ]  # fmt: skip
    return _PATH[lang][bool(row.differs)].format(
        source=row.rhs, target=row.lhs, holm=format_p(row.p_holm, lang=lang, relation=True),
        estimates="；".join(estimates) if lang == "zh" else join_words(estimates),
        **_test(row, lang),
    )  # fmt: skip


_METRIC = {
    "en": {
        True: "The measures may be held equal across groups (ΔCFI = {cfi}, {cfi_said}; ΔRMSEA = "
        "{rmsea}, {rmsea_said}).",
        False: "The measures are not invariant across groups (ΔCFI = {cfi}, {cfi_said}; ΔRMSEA = "
        "{rmsea}, {rmsea_said}): differences between paths may be differences of measurement.",
    },
    "zh": {
        True: "各组测量可设为相等（ΔCFI = {cfi}，{cfi_said}；ΔRMSEA = {rmsea}，{rmsea_said}）。",
        False: "各组测量不具有不变性（ΔCFI = {cfi}，{cfi_said}；ΔRMSEA = {rmsea}，{rmsea_said}）："
        "路径的差异可能来自测量。",
    },
}
_ALL = {
    "en": {
        True: "Taken together, the {k} paths tested differ across the {groups} groups, "
        "Δχ²({df}) = {chisq}, p {p}.",
        False: "Taken together, the {k} paths tested do not differ significantly across the "
        "{groups} groups, Δχ²({df}) = {chisq}, p {p}.",
    },
    "zh": {
        True: "总体而言，所检验的 {k} 条路径在 {groups} 个组间存在差异，Δχ²({df}) = {chisq}，"
        "p {p}。",
        False: "总体而言，所检验的 {k} 条路径在 {groups} 个组间无显著差异，Δχ²({df}) = {chisq}，"
        "p {p}。",
    },
}
_PATH = {
    "en": {
        True: "The path {source} → {target} differs across groups, Δχ²({df}) = {chisq}, p {p}, "
        "Holm-adjusted p {holm}: {estimates}.",
        False: "The path {source} → {target} does not differ significantly across groups, "
        "Δχ²({df}) = {chisq}, p {p}, Holm-adjusted p {holm}: {estimates}.",
    },
    "zh": {
        True: "路径 {source} → {target} 在各组间存在差异，Δχ²({df}) = {chisq}，p {p}，"
        "Holm 校正后 p {holm}：{estimates}。",
        False: "路径 {source} → {target} 在各组间无显著差异，Δχ²({df}) = {chisq}，p {p}，"
        "Holm 校正后 p {holm}：{estimates}。",
    },
}
_ESTIMATE = {
    "en": "b = {b}, {level}% CI {interval} in {group}",
    "zh": "{group} 组 b = {b}，{level}% CI {interval}",
}
_NONE = {
    "en": "No single path ({k} tested) differs significantly after Holm's adjustment.",
    "zh": "经 Holm 校正，{k} 条路径均无显著组间差异。",
}
_RULE = {
    "en": "Differences are called significant at p < {level} ({said}), for single paths after "
    "Holm (1979).",
    "zh": "显著性标准为 p < {level}（{said}），单条路径按 Holm (1979) 校正。",
}
