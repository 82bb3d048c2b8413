"""Do the items of a construct converge? Loadings, AVE, composite reliability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.errors import ModelError
from cx_value.base.formulas import (
    average_variance_extracted,
    composite_reliability,
    mcdonald_omega,
)
from cx_value.base.results import Result
from cx_value.base.wording import (
    Text,
    format_interval,
    format_number,
    format_percent,
    in_language,
    join_words,
)
from cx_value.measure.answers import close_up, percentile_interval, told_rule

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cx_value.sem import Bootstrap, ModelFit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConvergentValidity(Result):
    """Loadings, average variance extracted and composite reliability of a measurement model.

    Attributes
    ----------
    constructs : DataFrame
        See :meth:`table`.
    loadings : DataFrame
        ``construct item loading se ci_low ci_high p estimate opposite passes`` (standardised, but
        for ``estimate``). ``opposite``: the item loads against the most of its construct, which it
        does when it is reverse-keyed and was not turned; it never passes.
    """

    constructs: pd.DataFrame
    loadings: pd.DataFrame
    cutoffs: Mapping[str, Cutoff]
    labels: Mapping[str, str]

    def table(self) -> pd.DataFrame:
        """Return one row a construct: ``construct k_items loading_min loading_max loadings_low
        loadings_opposite ave ave_ci_low ave_ci_high ave_passes composite_reliability cr_ci_low
        cr_ci_high cr_passes omega ave_raw``.

        ``loading_min`` and ``loading_max`` carry their signs; ``loadings_opposite`` counts items
        that load against the rest.
        ``ave`` and ``composite_reliability`` are of standardised loadings; ``omega`` and
        ``ave_raw`` of raw loadings and residual variances, as semTools' ``reliability`` has them.
        NaN where a loading passes 1 in absolute value. ``loadings_low`` counts loadings that miss
        the cutoff.
        """
        return self.constructs.copy()

    def sentence(self, lang: str = "en") -> str:
        """State CR and AVE of each construct and which of them miss the cutoffs."""
        glue = "" if lang == "zh" else " "
        return glue.join(self.sentences(lang).values())

    def sentences(self, lang: str = "en") -> dict[str, str]:
        """Return the statement of each construct by name."""
        return {row.construct: self._told(row, lang) for row in self.constructs.itertuples()}

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw standardised loadings with intervals, grouped by construct."""
        from cx_value.measure.pictures import draw_loading_intervals

        names = {name: in_language(label, lang) for name, label in self.labels.items()}
        return draw_loading_intervals(
            self.loadings, names, self.cutoffs["loading_standardised"], ax, lang
        )

    def _told(self, row, lang: str) -> str:
        label = in_language(self.labels[row.construct], lang)
        if np.isnan(row.ave):
            return _IMPROPER[lang].format(label=label)
        level = format_percent(self.confidence)
        numbers = {"label": label, "level": level, "n": self.n_used}
        for name, low, high in (("ave", "ave_ci_low", "ave_ci_high"),
                                ("composite_reliability", "cr_ci_low", "cr_ci_high")):  # fmt: skip
            numbers[name] = format_number(getattr(row, name), bounded=True, lang=lang)
            numbers[f"{name}_ci"] = format_interval(
                getattr(row, low), getattr(row, high), bounded=True, lang=lang
            )
        return _CONVERGENT[lang].format(**numbers) + self._judged(row, lang)

    def _judged(self, row, lang: str) -> str:
        passed = {"ave": row.ave_passes, "composite_reliability": row.cr_passes}
        told = [_VERDICT[lang][name, passed[name]].format(rule=told_rule(self.cutoffs[name], lang))
                for name in ("composite_reliability", "ave")]  # fmt: skip
        if row.ave < 0.5:
            told.append(_ERROR[lang])
        own = self.loadings[self.loadings.construct == row.construct]
        if row.loadings_opposite:
            told.append(told_opposite(own, lang))
        low = list(own["item"][(own.passes == False) & ~own.opposite])  # noqa: E712
        if low:
            rule = told_rule(self.cutoffs["loading_standardised"], lang)
            told.append(_LOW[lang].format(items=join_words(low, lang=lang), rule=rule))
        return _JOIN[lang].join(told) + ("。" if lang == "zh" else ".")


def told_opposite(loadings: pd.DataFrame, lang: str) -> str:
    """Name the items that load against the rest of their construct."""
    against = loadings[loadings.opposite]
    named = [
        f"{row.item} (λ = {format_number(row.loading, bounded=True, lang=lang)})"
        for row in against.itertuples()
    ]
    if lang == "zh":
        named = [name.replace(" (", "（").replace(")", "）") for name in named]
    return close_up(_OPPOSITE[lang, len(named) > 1].format(items=join_words(named, lang=lang)))


_OPPOSITE = {
    ("en", False): "{items} loads with the opposite sign: it is probably reverse-keyed and was not "
    "turned, so that CR and AVE say little before it is",
    ("en", True): "{items} load with the opposite sign: they are probably reverse-keyed and were "
    "not turned, so that CR and AVE say little before they are",
    (
        "zh",
        False,
    ): "{items} 的载荷方向相反，可能为反向题而尚未反向计分，处理之前 CR 与 AVE 意义不大",
    ("zh", True): "{items} 的载荷方向相反，可能为反向题而尚未反向计分，处理之前 CR 与 AVE 意义不大",
}
_IMPROPER = {
    "en": "{label}: a standardised loading passes 1, so that neither CR nor AVE can be read.",
    "zh": "{label}：有标准化载荷超过 1，CR 与 AVE 均不可解释。",
}
_CONVERGENT = {
    "en": "{label}: CR = {composite_reliability}, {level} CI {composite_reliability_ci}; AVE = "
    "{ave}, {level} CI {ave_ci}: ",
    "zh": "{label}：CR = {composite_reliability}，{level} CI {composite_reliability_ci}；AVE = "
    "{ave}，{level} CI {ave_ci}：",
}
_VERDICT = {
    "en": {
        ("composite_reliability", True): "CR meets the {rule}",
        ("composite_reliability", False): "CR misses the {rule}",
        ("ave", True): "AVE meets the {rule}",
        ("ave", False): "AVE misses the {rule}",
    },
    "zh": {
        ("composite_reliability", True): "CR 达到 {rule}",
        ("composite_reliability", False): "CR 未达 {rule}",
        ("ave", True): "AVE 达到 {rule}",
        ("ave", False): "AVE 未达 {rule}",
    },
}
_ERROR = {
    "en": "error makes up more of the items' variance than the construct does",
    "zh": "题项方差中误差多于构念",
}
_LOW = {
    "en": "loadings short of the {rule}: {items}",
    "zh": "标准化载荷未达 {rule}：{items}",
}
_JOIN = {"en": "; ", "zh": "；"}


def convergent_validity(
    fit: ModelFit,
    *,
    bootstrap: Bootstrap | None = None,
    cutoffs: Mapping[str, float] | None = None,
    labels: Mapping[str, str] | None = None,
) -> ConvergentValidity:
    """How much of its items does each construct explain?

    Parameters
    ----------
    fit : ModelFit
        A measurement model of one group in which each item reflects one construct.
    bootstrap : Bootstrap, optional
        ``fit.bootstrap(...)``: percentile intervals over its converged refits in place of
        delta-method ones.
    cutoffs : mapping of str to float, optional
    labels : mapping of str to Text, optional

    Raises
    ------
    ModelError
        Several groups, no latent variable, or an item that loads on two constructs.

    Notes
    -----
    Fornell & Larcker (1981), J. Mark. Res. 18, eq. 10 and 11. Delta-method intervals rest on the
    covariance matrix of the estimates (complex-step derivatives). Agrees with lavaan and semTools
    0.5-6 to 1e-5 (``tests/reference/validity.R``).

    Examples
    --------
    >>> from cx_value.sem import fit_model
    >>> draw = np.random.default_rng(3).normal(size=(200, 4))
    >>> answers = pd.DataFrame({f"q{i}": draw[:, 0] + draw[:, i] for i in (1, 2, 3)})
    >>> convergent_validity(fit_model("trust =~ q1 + q2 + q3", answers)).table().k_items.tolist()
    [3]
    """
    blocks, rules = loading_rows(fit), cutoffs_with(cutoffs)
    loadings = loading_table(fit, rules)
    frame = pd.DataFrame([_construct_row(fit, name, at) for name, at in blocks.items()])
    limits = _delta_limits(fit, blocks) if bootstrap is None else _drawn_limits(bootstrap, blocks)
    improper = frame[["loading_min", "loading_max"]].abs().max(axis=1).to_numpy() > 1
    for name, values in limits.items():
        frame[name] = np.where(improper, np.nan, values)
    frame.loc[improper, ["ave", "composite_reliability", "omega", "ave_raw"]] = np.nan
    frame["ave_passes"] = [rules["ave"].passes(v) for v in frame.ave]
    frame["cr_passes"] = [rules["composite_reliability"].passes(v) for v in
                          frame.composite_reliability]  # fmt: skip
    low = loadings[loadings.passes == False].groupby("construct").size()  # noqa: E712
    frame["loadings_low"] = [int(low.get(name, 0)) for name in frame.construct]
    against = loadings.groupby("construct").opposite.sum()
    frame["loadings_opposite"] = [int(against[name]) for name in frame.construct]
    names = {name: (labels or {}).get(name, Text(name)) for name in blocks}
    notes = fit.notes if bootstrap is None else fit.notes + bootstrap.notes
    return ConvergentValidity(
        n_used=fit.n_used,
        n_dropped=fit.n_dropped,
        method=_METHODS[bootstrap is None],
        confidence=fit.confidence,
        notes=notes + _opposite_notes(loadings, names),
        constructs=frame[_COLUMNS],
        loadings=loadings,
        cutoffs=rules,
        labels=names,
    )


_COLUMNS = [
    "construct", "k_items", "loading_min", "loading_max", "loadings_low", "loadings_opposite",
    "ave", "ave_ci_low", "ave_ci_high", "ave_passes", "composite_reliability", "cr_ci_low",
    "cr_ci_high", "cr_passes", "omega", "ave_raw",
]  # fmt: skip
_METHODS = {
    True: Text("Standardised loadings, delta-method intervals", zh="标准化载荷，delta 法区间"),
    False: Text(
        "Standardised loadings, bootstrap percentile intervals", zh="标准化载荷，自助百分位区间"
    ),
}


def loading_rows(fit: ModelFit) -> dict[str, np.ndarray]:
    """Return construct → rows of ``fit.table()`` that hold its loadings; refuse cross-loadings."""
    table = fit.table()
    loads = table[table.op == "=~"]
    n_groups = len(set(loads.group))
    if n_groups != 1:
        raise ModelError(
            f"{n_groups} groups with latent variables · allowed: one group with a "
            "measurement model · do: fit the groups one by one"
        )
    doubled = sorted(loads.rhs[loads.rhs.duplicated()].unique())
    if doubled:
        load = "load" if len(doubled) > 1 else "loads"
        raise ModelError(
            f"{', '.join(doubled)} {load} on more than one construct · allowed: each item reflects "
            "one construct · do: use the measurement model without cross-loadings"
        )
    return {
        name: np.flatnonzero((table.op == "=~") & (table.lhs == name))
        for name in dict.fromkeys(loads.lhs)
    }


def loading_table(fit: ModelFit, cutoffs: Mapping[str, Cutoff]) -> pd.DataFrame:
    """Return ``construct item loading se ci_low ci_high p estimate opposite passes`` by item."""
    table, standardised = fit.table(), fit.standardised()
    loads = standardised[standardised.op == "=~"]
    rule = cutoffs["loading_standardised"]
    opposite = loads.est.groupby(loads.lhs).transform(against_the_rest).astype(bool)
    return pd.DataFrame(
        {
            "construct": loads.lhs,
            "item": loads.rhs,
            "loading": loads.est,
            "se": loads.se,
            "ci_low": loads.ci_low,
            "ci_high": loads.ci_high,
            "p": loads.p,
            "estimate": table.est[loads.index],
            "opposite": opposite,
            "passes": [
                rule.passes(-abs(v) if against else abs(v))
                for v, against in zip(loads.est, opposite, strict=True)
            ],
        }
    ).reset_index(drop=True)


def against_the_rest(loadings: pd.Series) -> pd.Series:
    """Mark loadings of the sign that fewer items have; on a tie, the weaker side.

    >>> against_the_rest(pd.Series([0.8, -0.9, 0.7])).tolist()
    [False, True, False]
    """
    signs = np.sign(loadings)
    side = signs.sum() or loadings.sum()
    return signs * (1 if side >= 0 else -1) < 0


def _opposite_notes(loadings: pd.DataFrame, labels: Mapping[str, str]) -> tuple[Text, ...]:
    return tuple(
        Text(
            f"{labels[name]}: {told_opposite(own, 'en')}.",
            zh=f"{in_language(labels[name], 'zh')}：{told_opposite(own, 'zh')}。",
        )
        for name, own in loadings.groupby("construct", sort=False)
        if own.opposite.any()
    )


def _construct_row(fit: ModelFit, name: str, at: np.ndarray) -> dict:
    table = fit.table()
    standardised, raw = table.std_all.to_numpy()[at], table.est.to_numpy()[at]
    variance = fit.latent_covariances().loc[name, name]
    residual = table[(table.op == "~~") & (table.lhs == table.rhs)].set_index("lhs").est
    residuals = residual[table.rhs.iloc[at]].to_numpy()
    return {
        "construct": name,
        "k_items": len(at),
        "loading_min": standardised.min(),
        "loading_max": standardised.max(),
        "ave": float(average_variance_extracted(standardised)),
        "composite_reliability": float(composite_reliability(standardised)),
        "omega": float(mcdonald_omega(raw * np.sqrt(variance), residuals)),
        "ave_raw": float(average_variance_extracted(raw * np.sqrt(variance), residuals)),
    }


def _statistics(standardised: np.ndarray, blocks: Mapping[str, np.ndarray]) -> np.ndarray:
    """AVE then CR of each construct from standardised solutions ``(…, rows)``."""
    loads = [standardised[..., at] for at in blocks.values()]
    values = [f(v) for f in (average_variance_extracted, composite_reliability) for v in loads]
    return np.stack(values, axis=-1)


def _delta_limits(fit: ModelFit, blocks: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    from scipy.stats import norm

    from cx_value.sem.reading.inference import function_errors

    standardised = fit.readers()[1]
    errors = function_errors(fit, lambda theta: _statistics(standardised(theta), blocks))
    values = _statistics(fit.table().std_all.to_numpy(), blocks)
    reach = norm.ppf(0.5 + fit.confidence / 2) * errors
    return _named_limits(values - reach, values + reach)


def _drawn_limits(bootstrap: Bootstrap, blocks: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    drawn = _statistics(bootstrap.standardised.to_numpy(), blocks)
    return _named_limits(*percentile_interval(drawn, bootstrap.confidence))


def _named_limits(low: np.ndarray, high: np.ndarray) -> dict[str, np.ndarray]:
    half = len(low) // 2
    return {
        "ave_ci_low": low[:half],
        "ave_ci_high": high[:half],
        "cr_ci_low": low[half:],
        "cr_ci_high": high[half:],
    }
