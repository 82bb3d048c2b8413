"""Does the instrument measure the same thing in every group?

Configural, metric, scalar and strict invariance in one call, with the search for partial invariance
where a level fails, and latent means where enough of the instrument is invariant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.cutoffs import CUTOFFS, Cutoff
from analysis.errors import ModelError
from analysis.results import Result
from analysis.sem.comparison import compare_models
from analysis.sem.modification import score_tests
from analysis.wording import Text, format_number, in_language, join_words

if TYPE_CHECKING:
    from analysis.sem.result import ModelFit

LEVELS = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
}
ORDINAL_LEVELS = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "thresholds"),
}
_NAMES_ZH = {"configural": "形态", "metric": "度量", "scalar": "标量", "strict": "严格"}
_OPS = {"metric": ("=~",), "scalar": ("~1", "|"), "strict": ("~~",)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Invariance(Result):
    """Levels of measurement invariance, from configural to strict.

    Attributes
    ----------
    fits : dict of str to ModelFit
        The fit at each level, and ``"scalar, partial"`` and the like where a search freed some.
    steps : DataFrame
        ``level step freed group mi d_cfi d_rmsea passes`` of the search for partial invariance.
    freed : tuple of str
        Parameters set free, as ``partial=`` takes them.
    latent_means : DataFrame or None
        Means against the first group (``lhs group est se z p ci_low ci_high std_all``) where at
        least partial scalar invariance holds.
    rules : dict of Cutoff
        What the levels were judged by.
    """

    frame: pd.DataFrame
    fits: dict[str, ModelFit]
    steps: pd.DataFrame
    freed: tuple[str, ...]
    latent_means: pd.DataFrame | None
    rules: dict[str, Cutoff]

    def table(self) -> pd.DataFrame:
        """Return one row a level.

        Columns of :func:`analysis.sem.comparison.compare_models` with ``passes`` (bool) and
        ``rule``: ΔCFI and ΔRMSEA against the level before, with the rules' source.
        """
        return self.frame.copy()

    @property
    def highest(self) -> str:
        """The most restrictive level reached, full or partial."""
        reached = self.frame[self.frame.passes]
        return str(reached.model.iloc[-1])

    def sentence(self, lang: str = "en") -> str:
        """State level by level whether invariance holds, naming the rule."""
        said = [_level_sentence(row, lang) for _, row in self.frame.iloc[1:].iterrows()]
        rule = in_language(self.rules["invariance_cfi"].said, lang)
        other = in_language(self.rules["invariance_rmsea"].said, lang)
        if lang == "zh":
            return "".join(said) + f"判定依据：ΔCFI（{rule}）与 ΔRMSEA（{other}）。"
        return " ".join(said) + f" Judged by ΔCFI ({rule}) and ΔRMSEA ({other})."


def check_invariance(
    syntax: str,
    data: pd.DataFrame,
    *,
    group: str,
    search: bool = True,
    max_freed: int = 6,
    cutoffs: dict[str, Cutoff] | None = None,
    **options,
) -> Invariance:
    """Judge measurement invariance across groups, level by level.

    Parameters
    ----------
    syntax, data, group
        As for :func:`analysis.sem.fit_model`; the model should be a measurement model.
    search : bool
        Where a level fails, free the parameter with the largest score test, one at a time, until
        the level passes (Byrne, Shavelson and Muthén 1989); every step is shown.
    max_freed : int
        Most parameters to free at one level.
    cutoffs : dict of Cutoff, optional
        Rules ``invariance_cfi`` and ``invariance_rmsea``; by default Cheung and Rensvold (2002)
        and Chen (2007).
    **options
        ``estimator``, ``missing``, ``std_lv``, ``ordered`` … as for ``fit_model``.

    Returns
    -------
    Invariance

    Raises
    ------
    ModelError
        If there are fewer than two groups, or ``equal``/``partial`` is given.
    """
    from analysis.sem import LEAST_SQUARES, fit_model

    if {"equal", "partial"} & set(options):
        raise ModelError(
            "check_invariance sets equal and partial itself · allowed: other options of fit_model "
            "· do: leave them out, or fit the one model you want with fit_model"
        )
    rules = {**CUTOFFS, **(cutoffs or {})}
    ordinal = options.get("estimator", "ml") in LEAST_SQUARES
    freed: tuple[str, ...] = ()
    fits: dict[str, ModelFit] = {}
    rows, steps = [], []

    def fit(words: tuple[str, ...], partial: tuple[str, ...]) -> ModelFit:
        return fit_model(syntax, data, group=group, equal=words, partial=partial, **options)

    for level, words in (ORDINAL_LEVELS if ordinal else LEVELS).items():
        current = fit(words, freed)
        if not fits:
            check_groups(current)
            fits[level], previous = current, current
            rows.append(level_row(level, current, None, rules))
            continue
        row = level_row(level, current, previous, rules)
        rows.append(row)
        fits[level] = current
        if not row["passes"] and search and not ordinal:
            current, freed, found = _freed_until(
                level, words, freed, current, previous, fit, rules, max_freed
            )
            steps += found
            partial_row = level_row(f"{level}, partial", current, previous, rules)
            if found and partial_row["passes"]:
                rows.append(partial_row)
                fits[f"{level}, partial"] = current
                row = partial_row
        if not row["passes"]:
            break
        previous = current
    frame = pd.DataFrame(rows)
    first = next(iter(fits.values()))
    return Invariance(
        n_used=first.n_used, n_dropped=first.n_dropped, confidence=first.confidence,
        method=Text("Measurement invariance", zh="测量不变性检验"), notes=first.notes, frame=frame,
        fits=fits, steps=pd.DataFrame(steps, columns=_STEP_COLUMNS), freed=freed,
        latent_means=_latent_means(fits, frame), rules=dict(rules),
    )  # fmt: skip


_STEP_COLUMNS = ["level", "step", "freed", "group", "mi", "d_cfi", "d_rmsea", "passes"]


def _freed_until(level, words, freed, current, previous, fit, rules, max_freed) -> tuple:
    """Free the worst equality one at a time until the level passes."""
    steps = []
    for step in range(1, max_freed + 1):
        tests = score_tests(current)
        tests = tests[tests.op.isin(_OPS[level])]
        if level == "strict":
            tests = tests[tests.lhs == tests.rhs]
        tests = tests[~tests.apply(_word, axis=1).isin(freed)]
        if tests.empty:
            break
        worst = tests.iloc[0]
        freed = (*freed, _word(worst))
        current = fit(words, freed)
        row = level_row(level, current, previous, rules)
        steps.append(
            {"level": level, "step": step, "freed": freed[-1], "group": worst["group"],
             "mi": worst.mi, "d_cfi": row["d_cfi"], "d_rmsea": row["d_rmsea"],
             "passes": row["passes"]}
        )  # fmt: skip
        if row["passes"]:
            break
    return current, freed, steps


def _word(row: pd.Series) -> str:
    """Write a parameter as ``partial=`` takes it."""
    return f"{row.lhs}{row.op}{row.rhs}"


def level_row(level: str, fit: ModelFit, previous: ModelFit | None, rules: dict) -> dict:
    """Return a level's row of the table, compared with the level before."""
    if previous is None:
        first = compare_row(fit, level)
        return {**first, "passes": True, "rule": ""}
    both = compare_models(previous, fit, names=["before", level]).table()
    row = both.iloc[1].to_dict()
    cfi, rmsea = rules["invariance_cfi"], rules["invariance_rmsea"]
    row["passes"] = bool(cfi.passes(row["d_cfi"])) and bool(rmsea.passes(row["d_rmsea"]))
    row["rule"] = (
        f"ΔCFI ≥ {cfi.threshold:g} ({cfi.said}); ΔRMSEA ≤ {rmsea.threshold:g} ({rmsea.said})"
    )
    return row


def compare_row(fit: ModelFit, name: str) -> dict:
    """Return the row of a model with nothing above it."""
    from analysis.sem.comparison import model_row

    empty = ("d_chisq", "d_df", "p", "d_cfi", "d_rmsea", "d_srmr")
    return {**model_row(fit, name), **dict.fromkeys(empty, float("nan"))}


def check_groups(fit: ModelFit) -> None:
    if len(fit.group_labels) < 2:
        raise ModelError(
            f"{len(fit.group_labels)} group to compare · allowed: two or more · do: name a column "
            "with at least two groups"
        )


def _latent_means(fits: dict, frame: pd.DataFrame) -> pd.DataFrame | None:
    """Return latent means of the last fit at which the scalar level passes."""
    passed = [m for m in frame.model[frame.passes] if m.startswith("scalar")]
    if not passed:
        return None
    fit = fits[passed[-1]]
    table = fit.table()
    latent = (table.op == "~1") & table.lhs.isin(fit.prepared.model.latents) & (table.se > 0)
    columns = ["lhs", "group", "est", "se", "z", "p", "ci_low", "ci_high", "std_all"]
    return table.loc[latent, columns].reset_index(drop=True)


def _level_sentence(row: pd.Series, lang: str) -> str:
    cfi = format_number(row.d_cfi, 3, bounded=True, lang=lang)
    rmsea = format_number(row.d_rmsea, 3, bounded=True, lang=lang)
    base, _, partial = row.model.partition(", ")
    if lang == "zh":
        name = ("部分" if partial else "") + _NAMES_ZH[base] + "不变性"
        return f"{name}{'成立' if row.passes else '不成立'}（ΔCFI = {cfi}，ΔRMSEA = {rmsea}）。"
    name = join_words([f"{partial + ' ' if partial else ''}{base}"]).capitalize()
    word = "holds" if row.passes else "does not hold"
    return f"{name} invariance {word} (ΔCFI = {cfi}, ΔRMSEA = {rmsea})."
