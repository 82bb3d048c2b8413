"""Does the instrument measure the same thing in every group?

Configural, (thresholds,) metric, scalar and strict invariance in one call, with the search for
partial invariance where a level fails, and latent means where enough is invariant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cx_value.base.cutoffs import CUTOFFS, Cutoff
from cx_value.base.errors import ConvergenceError, ModelError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.sem.groups.comparison import compare_models, model_row
from cx_value.sem.groups.levels import Level, levels_of
from cx_value.sem.reading.result import ModelFit, refit, score_tests


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Invariance(Result):
    """Levels of measurement invariance, from configural to strict.

    The table has one row a level. Columns of
    :func:`cx_value.sem.groups.comparison.compare_models` with ``passes`` (bool) and ``rule``:
    ΔCFI and ΔRMSEA against the level before, with the rules' source.

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

    template = "groups.invariance"

    frame: pd.DataFrame
    fits: dict[str, ModelFit]
    steps: pd.DataFrame
    freed: tuple[str, ...]
    latent_means: pd.DataFrame | None
    rules: dict[str, Cutoff]

    @property
    def highest(self) -> str:
        """The most restrictive level reached, full or partial."""
        reached = self.frame[self.frame.passes]
        return str(reached.model.iloc[-1])

    def facts(self) -> dict[str, Any]:
        """Return level by level whether invariance holds, and whose rules say so."""
        levels = [
            {"level": row.model.partition(", ")[0], "partial": "partial" in row.model,
             "holds": bool(row.passes), "d_cfi": row.d_cfi, "d_rmsea": row.d_rmsea}
            for row in self.frame.iloc[1:].itertuples()
        ]  # fmt: skip
        sources = {
            f"{name}_source": self.rules[f"invariance_{name}"].source for name in ("cfi", "rmsea")
        }
        return {"levels": levels, **sources}


def check_invariance(
    syntax: str,
    data: pd.DataFrame,
    *,
    group: str,
    search: bool = True,
    max_freed: int = 6,
    partial: Sequence[str] = (),
    cutoffs: dict[str, Cutoff] | None = None,
    **options,
) -> Invariance:
    """Judge measurement invariance across groups, level by level.

    Parameters
    ----------
    syntax, data, group
        As for :func:`cx_value.sem.fit_model`; the model should be a measurement model.
    search : bool
        Where a level fails, free the parameter with the largest score test, one at a time, until
        the level passes (Byrne, Shavelson and Muthén 1989); every step is shown.
    max_freed : int
        Most parameters to free at one level.
    partial : sequence of str
        Parameters free from the start, as ``"f =~ x3"`` and ``"x3 ~ 1"``: partial invariance that
        theory or an earlier study asks for.
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
        If there are fewer than two groups, ``equal`` is given, or ``partial`` names a parameter
        that the model has not.

    Notes
    -----
    Ordinal items follow Wu and Estabrook (2016): configural, thresholds, loadings (metric),
    intercepts (scalar) and, with ``parameterization="theta"``, residual variances (strict); as
    semTools' ``measEq.syntax()`` with its default identification.
    """
    from cx_value.sem import fit_model

    if "equal" in options:
        raise ModelError(
            "check_invariance sets equal itself · allowed: other options of fit_model "
            "· do: leave it out, or fit the one model you want with fit_model"
        )

    rules = {**CUTOFFS, **(cutoffs or {})}
    configural = fit_model(syntax, data, group=group, **options)
    check_groups(configural)
    levels, notes = levels_of(configural)
    ladder = _Ladder(rules, max_freed if search else 0, configural, _words(partial, configural))
    for level in levels:
        if not ladder.climb(level):
            break
    frame = pd.DataFrame(ladder.rows)
    return Invariance(
        n_used=configural.n_used, n_dropped=configural.n_dropped,
        confidence=configural.confidence, notes=(*configural.notes, *notes, *ladder.notes),
        frame=frame,
        method=Phrase("estimators.named", {"method": "invariance"}), fits=ladder.fits,
        steps=pd.DataFrame(ladder.steps, columns=_STEP_COLUMNS), freed=ladder.freed,
        latent_means=_latent_means(ladder.fits, frame), rules=rules,
    )  # fmt: skip


_STEP_COLUMNS = ["level", "step", "freed", "group", "mi", "d_cfi", "d_rmsea", "passes"]


class _Ladder:
    """The levels reached so far."""

    def __init__(
        self, rules: dict, max_freed: int, configural: ModelFit, freed: tuple[str, ...] = ()
    ):
        self.rules, self.max_freed = rules, max_freed
        self.fits = {"configural": configural}
        self.rows = [level_row("configural", configural, None, rules)]
        self.previous, self.freed, self.steps, self.notes = configural, freed, [], ()
        self.ops: tuple[str, ...] = ()

    def climb(self, level: Level) -> bool:
        """Fit a level, in part where it fails in full; tell whether it was reached."""
        try:
            current = self._fit(level)
        except ConvergenceError:
            self.notes += (Phrase("groups.not_reached", {"level": level.name}),)
            return False
        self.ops += level.ops
        declared = any(op in word for op in self.ops for word in self.freed)
        self._keep(f"{level.name}, partial" if declared else level.name, current)
        if not self.rows[-1]["passes"] and self.max_freed:
            found = self._search(level, current)
            if found is not None:
                self._keep(f"{level.name}, partial", found)
        reached = self.rows[-1]["passes"]
        if reached:
            self.previous = next(reversed(self.fits.values()))
        return reached

    def _fit(self, level: Level) -> ModelFit:
        """Fit a level from the solution of the last one reached."""
        free = tuple(dict.fromkeys((*level.partial, *self.freed)))
        return refit(self.previous, equal=level.equal, partial=free)

    def _keep(self, name: str, fit: ModelFit) -> None:
        self.fits[name] = fit
        self.rows.append(level_row(name, fit, self.previous, self.rules))

    def _search(self, level: Level, current: ModelFit) -> ModelFit | None:
        """Free the worst equality one at a time until the level passes."""
        for step in range(1, self.max_freed + 1):
            worst = _worst(current, level, self.freed)
            if worst is None:
                return None
            self.freed = (*self.freed, _word(worst))
            current = self._fit(level)
            row = level_row(level.name, current, self.previous, self.rules)
            told = {"level": level.name, "step": step, "freed": self.freed[-1],
                    "group": worst["group"], "mi": worst.mi}  # fmt: skip
            self.steps.append(told | {key: row[key] for key in ("d_cfi", "d_rmsea", "passes")})
            if row["passes"]:
                return current
        return None


def _words(partial: Sequence[str], fit: ModelFit) -> tuple[str, ...]:
    """Return parameters as ``partial=`` takes them; each must be one of the model."""
    words = tuple("".join(word.split()) for word in partial)
    table = fit.table()
    known = set(table.lhs + table.op + table.rhs)
    if unknown := [word for word in words if word not in known]:
        raise ModelError(
            f"partial names {', '.join(unknown)}, which is no parameter of the model · allowed: "
            "a loading (f =~ x), an intercept (x ~1) or a residual variance (x ~~ x) · do: write "
            "it as in the table of parameters"
        )
    return words


def _worst(fit: ModelFit, level: Level, freed: tuple[str, ...]) -> pd.Series | None:
    """Return the row of the largest score test of a level's equalities."""
    tests = score_tests(fit)
    tests = tests[tests.op.isin(level.ops)]
    if level.name == "strict":
        tests = tests[tests.lhs == tests.rhs]
    tests = tests[~tests.apply(_word, axis=1).isin(freed)] if len(tests) else tests
    return None if tests.empty else tests.iloc[0]


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
        f"ΔCFI ≥ {cfi.threshold:g} ({cfi.source_name}); "
        f"ΔRMSEA ≤ {rmsea.threshold:g} ({rmsea.source_name})"
    )
    return row


def compare_row(fit: ModelFit, name: str) -> dict:
    """Return the row of a model with nothing above it."""
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
