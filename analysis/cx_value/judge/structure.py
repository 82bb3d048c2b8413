"""Which structural model a report may rest on.

The theory's model comes first. If the data do not carry it (it does not converge, or its solution
cannot be interpreted), the declared fallback is reported in its place, and why is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.errors import AnalysisError, ModelError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.judge.estimation import Estimation, plain_estimation
from cx_value.judge.fit_report import reported_indices
from cx_value.judge.reservations import NONE, Reservations
from cx_value.sem.reading.fit_facts import INDICES
from cx_value.study.latents import formative_in, structural_syntax

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.sem.effects import Effects
    from cx_value.sem.reading.result import ModelFit
    from cx_value.sem.resampling.bootstrap import Bootstrap
    from cx_value.study.spec import StructuralModel, Study


@dataclass(frozen=True, slots=True)
class Attempt:
    """One structural model as declared, and its fit or the reason why there is none."""

    model: StructuralModel
    fit: ModelFit | None
    error: str | None = None
    formative: tuple[str, ...] = ()

    @property
    def admissible(self) -> bool:
        return self.fit is not None and self.fit.admissible

    def findings(self) -> list[tuple[str, bool, Phrase]]:
        """Return what was found wrong with the model: code, whether it is severe, and the words."""
        if self.formative:
            facts = {"constructs": list(self.formative)}
            return [("formative", True, Phrase("findings.formative", facts))]
        if self.fit is None:
            reason = str(self.error).split(" · ")[0]
            return [("not_converged", True, Phrase("findings.not_fitted", {"reason": reason}))]
        return [(f.code, f.inadmissible, f.message) for f in self.fit.diagnostics]


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

    template = "structure.choice"

    attempts: Mapping[str, Attempt]
    reported: str | None

    @property
    def fit(self) -> ModelFit | None:
        """The reported model's fit; where none is admissible, the first that converged, if any."""
        if self.reported:
            return self.attempts[self.reported].fit
        return next((a.fit for a in self.attempts.values() if a.fit is not None), None)

    @property
    def shown(self) -> StructuralModel:
        """The model whose estimates are printed (see :attr:`fit`)."""
        return next(a.model for a in self.attempts.values() if a.fit is self.fit)

    def table(self) -> pd.DataFrame:
        """Return one row a model: ``model role converged admissible reported`` and its indices.

        These are :func:`cx_value.judge.fit_report.reported_indices`: scaled or robust where the
        estimator has them.
        """
        rows = []
        for name, attempt in self.attempts.items():
            indices = reported_indices(attempt.fit) if attempt.fit else {}
            rows.append(
                {
                    "model": name, "role": attempt.model.role,
                    "converged": attempt.fit is not None, "admissible": attempt.admissible,
                    "reported": name == self.reported,
                    **{key: indices.get(key, float("nan")) for key in INDICES},
                }
            )  # fmt: skip
        return tidy_frame(rows)

    def findings(self) -> pd.DataFrame:
        """Return what was found wrong with each model: ``model code severe``."""
        rows = [(name, code, severe) for name, attempt in self.attempts.items()
                for code, severe, _ in attempt.findings()]  # fmt: skip
        return tidy_frame(rows, ("model", "code", "severe"))

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

    def facts(self) -> dict[str, Any]:
        """Return the theory's model, the one reported, and what was found wrong with each."""
        main = next((a for a in self.attempts.values() if a.model.role == "main"), None)
        first = main or next(iter(self.attempts.values()))
        return {
            "theory": first.model.name, "fitted": first.fit is not None,
            "formative": list(first.formative),
            "kept": first.model.name == self.reported,
            "reported": self.reported,
            "findings": [{"model": name, "said": said} for name, attempt in self.attempts.items()
                         for _, _, said in attempt.findings()],
        }  # fmt: skip


def choose_model(study: Study, items: pd.DataFrame, how: Estimation | None = None) -> ModelChoice:
    """Fit every structural model of a study and say which one may be reported.

    Parameters
    ----------
    study : Study
        With at least one entry under ``models``.
    items : DataFrame (n, items)
        Answers analysed.
    how : Estimation, optional
        From :func:`cx_value.judge.estimation.plan_estimation`; by default maximum likelihood
        on the rows that answered every item of a model.

    Returns
    -------
    ModelChoice
        Where not one model could be fitted, or none is admissible, ``reported`` is None and
        :meth:`ModelChoice.findings` says why.

    Raises
    ------
    ModelError
        Where the study has no model, or none is left after items without variance went.
    """
    if not study.models:
        raise ModelError(
            "no structural model is left: its constructs have no item with answers that differ · "
            "allowed: two constructs or more, and a path between them · do: see which items are "
            "set aside, and correct their columns or the models"
        )
    how = how or plain_estimation(study, items)
    attempts = {model.name: _attempt(study, model, items, how) for model in study.models}
    candidates = [a for role in ("main", "fallback") for a in attempts.values()
                  if a.model.role == role]  # fmt: skip
    reported = next((a.model.name for a in candidates if a.admissible), None)
    n_used = max((a.fit.n_used for a in attempts.values() if a.fit), default=0)
    return ModelChoice(
        n_used=n_used, n_dropped=len(items) - n_used, attempts=attempts, reported=reported,
        method=how.method,
        confidence=study.options.confidence,
    )  # fmt: skip


def fit_again(
    choice: ModelChoice, study: Study, items: pd.DataFrame, how: Estimation
) -> ModelFit | None:
    """Return the model shown, fitted to some of the respondents; None where it cannot be.

    Where these are all respondents, it is the fit of the choice.
    """
    if choice.fit is None or len(items) == choice.n_used + choice.n_dropped:
        return choice.fit
    return _attempt(study, choice.shown, items, how).fit


def _attempt(study: Study, model: StructuralModel, items: pd.DataFrame, how: Estimation) -> Attempt:
    if formative := formative_in(study, model):
        said = "formative constructs are estimated by PLS, not by covariances"
        return Attempt(model, None, said, tuple(formative))
    try:
        return Attempt(model, how.fit(structural_syntax(study, model), items))
    except AnalysisError as error:
        return Attempt(model, None, str(error))


def summarise_effects(found: Effects, weak: Reservations = NONE) -> pd.DataFrame:
    """Return one row a pair of variables: its direct, indirect and total effect, standardised.

    Columns: ``source target direct indirect total total_low total_high p reservations``; the
    interval is the bootstrap's where there is one, and p that of the total effect.
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
                "p": total.p, "reservations": weak.codes_about(source, target),
            }
        )  # fmt: skip
    return tidy_frame(rows)


def defined_parameters(fit: ModelFit, bootstrap: Bootstrap | None = None) -> pd.DataFrame:
    """Return the parameters a model's syntax defines (``:=``), with their intervals.

    Columns: ``name definition est se z p low high``; the interval is the bootstrap's where there
    is one, else that of the delta method.
    """
    table = fit.table()
    rows = table.index[table.op == ":="]
    limits = table if bootstrap is None else bootstrap.table()
    return tidy_frame(
        [
            {
                "name": table.lhs[i], "definition": table.rhs[i], "est": table.est[i],
                "se": table.se[i], "z": table.z[i], "p": table.p[i],
                "low": limits.ci_low[i], "high": limits.ci_high[i],
            }
            for i in rows
        ],
        DEFINED_COLUMNS,
    )  # fmt: skip


DEFINED_COLUMNS = ("name", "definition", "est", "se", "z", "p", "low", "high")
