"""The command line: ``python -m cx_value new | check | run | report``.

Exit codes: 0 done, 1 the study, its data or the report is at fault (the message says what to do),
2 the command itself was mistyped.
"""

from __future__ import annotations

import os
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cx_value.base.errors import AnalysisError, FaultsError

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
    help="From a study file to a publishable evaluation report.",
)  # fmt: skip


class Language(StrEnum):
    """Languages of the report; ``all`` means those the study file names."""

    en = "en"
    zh = "zh"
    all = "all"


class Renderer(StrEnum):
    """Who turns the chapters into pages; ``auto`` takes Quarto where it is on PATH."""

    auto = "auto"
    quarto = "quarto"
    embedded = "embedded"


StudyFile = Annotated[Path, typer.Argument(help="study.yml, or the folder that holds it.")]
Draft = Annotated[bool, typer.Option(help="Few bootstrap draws, marked as a draft: for a look.")]
Cluster = Annotated[
    str | None,
    typer.Option(
        help="Summarise the purchase log on Dask: local, or a scheduler, tcp://host:8786."
    ),
]
Out = Annotated[Path | None, typer.Option(help="Build folder; default: build/ of the project.")]


@app.command()
def new(
    datafile: Annotated[Path, typer.Argument(help="Survey data: .csv .xlsx .sav .dta")],
    folder: Annotated[Path | None, typer.Argument(help="Where to; default: data/<name>")] = None,
) -> None:
    """Write a commented starter study from a data file."""
    from cx_value.study import write_study

    written = write_study(datafile, folder or Path("data") / datafile.stem)
    typer.echo(f"Wrote {written}. Read it through, then: python -m cx_value check {written}")


@app.command()
def check(study: StudyFile) -> None:
    """Validate the study, its data and its models before anything is fitted."""
    from cx_value.study import check_study

    findings = check_study(study_file(study))
    for finding in findings:
        typer.echo(f"- {finding}")
    faults = [f for f in findings if f.severity == "error"]
    advice = len(findings) - len(faults)
    typer.echo(f"{len(faults)} fault(s), {advice} word(s) of caution.")
    if faults:
        raise typer.Exit(1)


@app.command()
def run(study: StudyFile, draft: Draft = False, out: Out = None, cluster: Cluster = None) -> None:
    """Execute the notebooks: the results store, the figures and the executed notebooks."""
    from cx_value.publish.build import run_notebooks

    _use_cluster(cluster)
    job = _job(study, Language.all, None, Renderer.auto, draft, out)
    _timed(lambda: run_notebooks(job))
    typer.echo(f"{job.folder / 'results'}\n{job.folder / 'notebooks'}")


@app.command()
def report(
    study: StudyFile,
    lang: Annotated[Language, typer.Option(help="Language of the report.")] = Language.all,
    format: Annotated[str | None, typer.Option(help="html,pdf,docx or some of them.")] = None,
    renderer: Annotated[Renderer, typer.Option(help="Who renders.")] = Renderer.auto,
    draft: Draft = False,
    out: Out = None,
    cluster: Cluster = None,
) -> None:
    """Execute what changed, then print the report in every language and format asked for."""
    from cx_value.publish.build import build_report

    _use_cluster(cluster)
    job = _job(study, lang, format, renderer, draft, out)
    files = _timed(lambda: build_report(job))
    for path in files:
        typer.echo(path)


def study_file(path: Path) -> Path:
    """Return the study file a path means (a folder means its ``study.yml``), absolute."""
    return (path / "study.yml" if path.is_dir() else path).resolve()


def main() -> None:
    """Run the command line; an error of ours is printed as its message, not as a traceback."""
    try:
        app()
    except AnalysisError as error:
        typer.echo(f"\n{error}", err=True)
        sys.exit(1)


def _use_cluster(address: str | None) -> None:
    """Hand the address to the notebooks, whose kernels inherit the environment."""
    from cx_value.notebook.workspace import CLUSTER

    if address:
        os.environ[CLUSTER] = address


def _job(study, lang, formats, renderer, draft, out):
    from cx_value.publish.build import Job
    from cx_value.publish.rendering.render import require_quarto
    from cx_value.study import check_study, read_study

    path = study_file(study)
    faults = [finding for finding in check_study(path) if finding.severity == "error"]
    if faults:
        raise FaultsError(faults)
    declared = read_study(path)
    if renderer == Renderer.quarto:
        require_quarto()
    languages = declared.report.languages if lang == Language.all else (lang.value,)
    return Job(
        study_file=path, study=declared, languages=tuple(languages),
        formats=_formats(formats) or declared.report.formats, renderer=renderer.value,
        draft=draft, out=out.resolve() if out else None,
    )  # fmt: skip


def _formats(listed: str | None) -> tuple[str, ...]:
    allowed = ("html", "pdf", "docx")
    asked = tuple(word.strip() for word in (listed or "").split(",") if word.strip())
    unknown = [word for word in asked if word not in allowed]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is no format; allowed: {', '.join(allowed)}")
    return asked


def _timed(action):
    started = time.monotonic()
    outcome = action()
    typer.echo(f"Done in {time.monotonic() - started:.1f} s.", err=True)
    return outcome
