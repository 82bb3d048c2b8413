"""What every notebook opens with: the study, its screened answers, and the store to fill."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any

from cx_value.base.errors import StudyError
from cx_value.base.places import ROOT, build_folder
from cx_value.base.terms import call_customers
from cx_value.base.wording import Text
from cx_value.notebook.cache import Cache
from cx_value.notebook.identity import declaration_sha256, sha256_of_data
from cx_value.notebook.names import names_of
from cx_value.notebook.shown import Screen
from cx_value.notebook.store import Store

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from cx_value.judge.hypotheses import HypothesisTests
    from cx_value.sem.effects import Effects
    from cx_value.sem.reading.result import ModelFit
    from cx_value.sem.resampling.bootstrap import Bootstrap
    from cx_value.study import Survey
    from cx_value.study.flat import FlatItems
    from cx_value.study.raking import Raking
    from cx_value.study.screening import CarelessScreening
    from cx_value.study.spec import Study
    from cx_value.value.log.transactions import TransactionSummary

DRAFT_DRAWS = 100
#: Environment variable with the Dask scheduler that summarises purchase logs (``--cluster``). It
#: is no parameter of a notebook, for the numbers are the same wherever they are made.
CLUSTER = "ANALYSIS_CLUSTER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One study, ready for analysis.

    Attributes
    ----------
    study : Study
        What the analyst declared.
    waves : Survey or None
        Every answer sheet that was read; None, like the next three, in a study of purchases alone.
    received : Survey
        One sheet a respondent: where respondents answered in several waves, the latest wave.
    screening : CarelessScreening
        Which of them look careless, and why.
    survey : Survey
        The answer sheets analysed: ``received`` less what the screening dropped.
    store : Store
        Where results and figures go.
    draws : int
        Bootstrap draws, the study's number or a draft's.
    raking : Raking or None
        How ``survey`` was weighted to the population's margins, where the study declares them.
    flat : FlatItems or None
        Items that everybody answered alike; neither ``study`` nor the surveys hold them.
    """

    study: Study
    store: Store
    draws: int
    waves: Survey | None = None
    received: Survey | None = None
    screening: CarelessScreening | None = None
    survey: Survey | None = None
    raking: Raking | None = None
    flat: FlatItems | None = None

    @property
    def items(self) -> pd.DataFrame:
        """Answers analysed, respondents × items, high is favourable."""
        return self.survey.items

    @property
    def modelled(self) -> Survey:
        """Respondents whom scales and models speak of: the own brand's, where there are enough."""
        from cx_value.study.customers import modelled_customers

        return modelled_customers(self.study, self.survey)

    @property
    def compared(self) -> Survey:
        """Respondents among whom the study's groups are compared: all, where these are brands."""
        brands = self.study.brands
        return self.survey if brands and brands.column == self.study.group else self.modelled

    def once(self, compute: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Return ``compute(*args, **options)``, shared between the notebooks of this study."""
        return Cache(self.store.folder / ".cache").once(compute, *args, **options)

    def answers_of_all_waves(self) -> Survey | None:
        """Return every wave's answers, screened and weighted; of a panel, too, all its sheets."""
        from cx_value.study.raking import poststratify
        from cx_value.study.screening import screen_careless

        if self.waves is None or self.received is self.waves:
            return self.survey
        kept = screen_careless(self.study, self.waves).kept
        return poststratify(self.study, self.waves.rows(kept))[0]

    @property
    def seed(self) -> int:
        return self.study.options.seed

    # Pictures that need the study's labels: each is called as ``plot(ax, lang=…)``.
    def plot_conceptual_model(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw the theory with its hypotheses."""
        from cx_value.diagram.diagram import plot_conceptual_model
        from cx_value.study.model_checks import model_edges

        main = self.study.model("main") or self.study.models[0]
        paths = sorted(model_edges(self.study, main))
        single = [c.name for c in self.study.constructs if len(c.items) == 1]
        return plot_conceptual_model(
            self.study.hypotheses, self.labels, lang=lang, observed=single, paths=paths, ax=ax
        )

    def plot_paths(self, fit: ModelFit) -> Callable[..., Axes]:
        """Return the plot of a structural model's paths."""
        from cx_value.diagram.diagram import plot_path_diagram

        return partial(self._draw, plot_path_diagram, fit.table(), fit.r_squared)

    def plot_measurement(self, fit: ModelFit) -> Callable[..., Axes]:
        """Return the plot of a measurement model."""
        from cx_value.diagram.diagram import plot_measurement_diagram

        return partial(self._draw, plot_measurement_diagram, fit.standardised())

    def plot_effects(self, effects: pd.DataFrame) -> Callable[..., Axes]:
        """Return the plot of total effects with their intervals."""
        from cx_value.notebook.figures import plot_path_forest

        frame = effects.rename(columns={"source": "rhs", "target": "lhs"})
        plot = partial(plot_path_forest, estimate="total", low="total_low", high="total_high")
        return partial(self._draw, plot, frame)

    def plot_mediation(self, found: Effects, bootstrap: Bootstrap) -> Callable[..., Axes] | None:
        """Return the plot of the indirect effects that hypotheses are about; None without any."""
        from cx_value.judge.hypotheses import hypothesis_path
        from cx_value.notebook.figures import indirect_effect_draws, plot_indirect_effects

        draws, rows = indirect_effect_draws(found, bootstrap)
        expected = [hypothesis_path(h) for h in self.study.hypotheses if h.through]
        rows = rows[rows["effect"].isin(expected)]
        return partial(self._draw, plot_indirect_effects, draws, rows) if len(rows) else None

    def plot_hypotheses(self, verdicts: HypothesisTests) -> Callable[..., Axes]:
        """Return the plot of all hypotheses at a glance."""
        from cx_value.notebook.figures import plot_hypotheses

        return partial(self._draw, plot_hypotheses, verdicts.table())

    @property
    def currency(self) -> str:
        """What money is printed in."""
        return self.study.currency

    @property
    def all_labels(self) -> dict[str, Text]:
        """What constructs, items and the answers of profile columns are called."""
        answers = (label for labels in self.survey.profile_labels.values() for label in labels)
        return {str(label): label for label in answers} | self.labels

    def joined_answers(self) -> pd.DataFrame:
        """Return the answers analysed with ``customer`` and the study's group, one row a sheet."""
        survey = self.survey
        answers = survey.items.assign(customer=survey.ids)
        group = self.study.group
        return answers if group is None else answers.assign(**{group: survey.profile[group]})

    def service_cases(self) -> pd.DataFrame | None:
        """Return the service log as it is; None where the study has none."""
        if self.study.service_log is None:
            return None
        from cx_value.study.logs import read_service_log

        return read_service_log(self.study)

    def with_labels(self, plot: Callable[..., Axes], **options) -> Callable[..., Axes]:
        """Return a result's plot with the names of everything that the study names."""
        named = names_of(self.study, self.received) | self.labels
        return partial(plot, labels=named, **options)

    def _draw(self, plot: Callable[..., Axes], *data, ax: Axes | None = None, lang: str) -> Axes:
        return plot(*data, self.labels, lang=lang, ax=ax)

    @property
    def labels(self) -> dict[str, Text]:
        """What every construct and item is called; a single item bears its construct's name."""
        single = {c.items[0].name: c.label for c in self.study.constructs if len(c.items) == 1}
        constructs = {c.name: c.label for c in self.study.constructs}
        return {**(self.received.labels if self.received else {}), **single, **constructs}

    def purchases(self, *, holdout: bool = False, keep_days: bool = False) -> TransactionSummary:
        """Return one row a customer, from the log as the study declares it.

        With ``holdout`` what came after the study's ``calibration_end`` is held back; with
        ``keep_days`` every customer day is held, which a long log has no room for.
        """
        from cx_value.value import summarise_transactions
        from cx_value.value.log.prepared import amount_column, prepare_log

        declared = self.study.transactions
        told = {"file", "currency", "licence", "citation"}
        made = {"price", "quantity", "invoice", "credit_notes", "where", "encoding"}
        options = declared.model_dump(exclude=told | made)
        source, left_out = prepare_log(self.study.folder / declared.file, declared)
        options |= {"amount": amount_column(declared), "left_out": left_out, "keep_days": keep_days}
        if not holdout:
            del options["calibration_end"]
        options["cluster"] = os.environ.get(CLUSTER) if isinstance(source, Path) else None
        return summarise_transactions(source, **options)


#: Environment variable of a process that builds one report: its notebooks share what they open.
ONE_REPORT = "CX_VALUE_ONE_REPORT"
_OPENED: dict[tuple[str, str, bool], Workspace] = {}


def _shared(opening: Callable[..., Workspace]) -> Callable[..., Workspace]:
    """Let the notebooks of a process that builds one report open their study once."""

    @wraps(opening)
    def once(study: str | Path, out: str | Path = "", *, draft: bool = False) -> Workspace:
        if not os.environ.get(ONE_REPORT):
            return opening(study, out, draft=draft)
        key = str(study), str(out), draft
        if key not in _OPENED:
            _OPENED[key] = opening(study, out, draft=draft)
        return _OPENED[key]

    return once


@_shared
def open_study(study: str | Path, out: str | Path = "", *, draft: bool = False) -> Workspace:
    """Read, check and screen a study, and open its results store for writing.

    Parameters
    ----------
    study : path of ``study.yml``, or of its folder
        Relative to this folder, to one above it, or to the project.
    out : path, optional
        Where results go; ``build/<name>`` beside the study's ``data/`` where it is not given.
    draft : use few bootstrap draws

    Raises
    ------
    FaultsError
        With everything that is wrong with the study or its data.
    StudyError
        If there is no such file, or ``out`` holds the results of another study.
    """
    from cx_value.study import read_study
    from cx_value.study.screened import screened_answers

    file = find_study(study)
    declared = read_study(file)
    call_customers(declared.report.customer)
    folder = Path(out) if out else build_folder(file) / declared.name
    claim_folder(folder, file, declared.name)
    state = declaration_sha256(declared)
    draws = declared.options.bootstrap
    data = sha256_of_data(declared)
    kept = Cache(folder / ".cache")
    answers = kept.once(screened_answers, declared, data) if declared.data else {}
    declared = answers.pop("study", declared)
    screen = Screen(declared, names_of(declared, answers.get("received")))
    store = Store(folder, declared, state, data, draft, screen)
    draws = min(DRAFT_DRAWS, draws) if draft else draws
    return Workspace(study=declared, store=store, draws=draws, **answers)


def find_study(study: str | Path) -> Path:
    """Return the study file that a path means, from wherever a notebook is run.

    A path is tried from this folder, from every folder above it and from the project; a leading
    ``../`` is the notebooks' own way to the project and tried without, too.

    Raises
    ------
    StudyError
        If there is no such file.
    """
    asked = Path(study)
    below = Path(*[part for part in asked.parts if part != ".."])
    here = Path.cwd()
    tried = [here / asked, *(f / p for f in (here, *here.parents, ROOT) for p in (asked, below))]
    for path in tried:
        file = path / "study.yml" if path.is_dir() else path
        if file.is_file():
            return file.resolve()
    raise StudyError(
        f"no study {str(study)!r} · looked in {here}, the folders above it, and the project · "
        "do: name study.yml, or the folder that holds it"
    )


def claim_folder(folder: Path, study_file: Path, name: str) -> None:
    """Mark a build folder as one study's; refuse one that is another's, or no build folder at all.

    Raises
    ------
    StudyError
        If the folder belongs to another study file, which is still there; or holds files, is not
        called by the study's name, and was never a build folder (``out`` read from elsewhere).
    """
    mark = folder / ".study"
    own = Path(os.path.relpath(study_file, folder)).as_posix()
    marked = mark.read_text(encoding="utf-8").strip() if mark.exists() else ""
    if marked == own:  # notebooks run side by side: none reads what another is writing
        return
    if marked:
        other = folder / marked
        if other.exists() and not other.samefile(study_file):
            raise StudyError(
                f"{folder} holds the results of {other.resolve()} · allowed: one study a folder · "
                "do: give one of the two another name:, or another --out"
            )
    elif folder.name != name and folder.is_dir() and any(folder.iterdir()):
        raise StudyError(
            f"{folder.resolve()} is no build folder of {name} · allowed: a new folder, or one that "
            f"was built from {study_file.name} before · do: leave out away, or name build/{name}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    part = mark.with_name(f".study.{os.getpid()}.{get_ident()}")
    part.write_text(own + "\n", encoding="utf-8", newline="\n")
    part.replace(mark)
