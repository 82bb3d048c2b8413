"""The command line: ``cx-value new | check | preregister | run | report | batch | schema | words``.

Exit codes: 0 done, 1 the study, its data or the report is at fault (the message says what to do),
2 the command itself was mistyped, 3 printed, but figures moved (``--compare BUILD --strict``).
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cx_value.base.errors import AnalysisError, FaultsError
from cx_value.cli.choices import (
    Cluster,
    Compare,
    Demo,
    Draft,
    Edition,
    Language,
    MessageLanguage,
    Out,
    Renderer,
    Strict,
    StudyFile,
)
from cx_value.cli.disk import refusal_of

#: Environment variable with the language of messages; ``--lang`` before the verb goes first.
LANGUAGE = "CX_VALUE_LANG"
app = typer.Typer(
    add_completion=True, no_args_is_help=True, pretty_exceptions_enable=False,
    help="From a study file to a publishable evaluation report.",
)  # fmt: skip


@dataclass(slots=True)
class _Told:
    """How much is told, and in which language."""

    lang: str = "en"
    quiet: bool = False
    verbose: bool = False


_TOLD = _Told()


def _show_version(wanted: bool) -> None:
    if wanted:
        from cx_value.publish.chapters.provenance import project_version

        typer.echo(f"cx-value {project_version()}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Tell it, stop."),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Tell no progress.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Tell where in the code an error arose.")
    ] = False,
    lang: Annotated[
        MessageLanguage | None, typer.Option(help="Language of messages.", envvar=LANGUAGE)
    ] = None,
) -> None:
    """From a study file to a publishable evaluation report."""
    _TOLD.quiet, _TOLD.verbose = quiet, verbose
    _TOLD.lang = lang.value if lang else _locale_language()


_DEMOS = {Demo.survey: "ecsi-mobile", Demo.log: "cdnow", Demo.thesis: "bank-panel"}


@app.command()
def new(
    datafile: Annotated[
        Path | None, typer.Argument(help="A survey or a purchase log: .csv .xlsx .sav .dta …")
    ] = None,
    folder: Annotated[Path | None, typer.Argument(help="Where to; default: data/<name>")] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Ask about each block of items.")] = False,
    encoding: Annotated[str, typer.Option(help="Encoding of a text file.")] = "auto",
    demo: Annotated[Demo | None, typer.Option(help="Copy a bundled study instead.")] = None,
    lang: Annotated[
        MessageLanguage | None, typer.Option(help="Language of the comments and messages.")
    ] = None,
) -> None:
    """Write a commented starter study from a data file, or copy a bundled study."""
    from cx_value.study import write_study

    _TOLD.lang = lang.value if lang else _TOLD.lang
    if demo is not None:
        written = _copy_demo(_DEMOS[demo], datafile or Path("data") / _DEMOS[demo])
    elif datafile is None:
        raise typer.BadParameter("name a data file, or a bundled study with --demo")
    else:
        where = folder or Path("data") / datafile.stem
        dialogue = _ask if ask else None
        written = write_study(datafile, where, _TOLD.lang, encoding=encoding, ask=dialogue)
    typer.echo(_say("written", file=written, folder=written.parent))


def _ask(raw, guess):
    """Ask about each block on the terminal."""
    from cx_value.study.starter.dialogue import ask_about

    def prompt(code: str, shown: dict[str, str], offered: str) -> str:
        typer.echo("\n" + _say(f"{code}_shown", **shown))
        return typer.prompt(_say(f"{code}_asked"), default=offered)

    return ask_about(raw, guess, prompt)


def _copy_demo(name: str, target: Path) -> Path:
    """Copy a bundled study to a folder that is not there yet."""
    import shutil

    from cx_value.base.errors import StudyError
    from cx_value.base.places import DATA

    if target.exists():
        raise StudyError(f"{target} exists already · allowed: a new folder · do: name another one")
    shutil.copytree(DATA / name, target)
    return target / "study.yml"


@app.command()
def check(
    study: StudyFile,
    lang: Annotated[MessageLanguage | None, typer.Option(help="Language of messages.")] = None,
) -> None:
    """Validate the study, its data and its models before anything is fitted.

    Shows how each column was understood, and what the report will hold.
    """
    from cx_value.notebook.understood import examine_whole, say_check

    _TOLD.lang = lang.value if lang else _TOLD.lang
    checked = examine_whole(study_file(study))
    for line in say_check(checked, _TOLD.lang):
        typer.echo(line)
    faults = len(checked.faults)
    typer.echo(_say("checked", faults=faults, cautions=len(checked.findings) - faults))
    if faults:
        raise typer.Exit(1)


@app.command()
def preregister(
    study: StudyFile,
    lang: Annotated[Language, typer.Option(help="Language of the stub.")] = Language.all,
    out: Annotated[Path | None, typer.Option(help="Folder; default: beside the study.")] = None,
) -> None:
    """Write the stub of a preregistration from the study file; no data are read."""
    from cx_value.notebook.preregister import write_stub
    from cx_value.study.declaration import read_study

    declared = read_study(study_file(study))
    languages = declared.report.languages if lang == Language.all else (lang.value,)
    for one in languages:
        typer.echo(write_stub(declared, one, out))


@app.command()
def schema(
    target: Annotated[Path, typer.Argument(help="File to write.")] = Path("study.schema.json"),
    lang: Annotated[MessageLanguage | None, typer.Option(help="Language of messages.")] = None,
) -> None:
    """Write the JSON Schema of study.yml, by which editors complete and explain its keys."""
    from cx_value.study.schema import write_schema

    typer.echo(write_schema(target, lang.value if lang else _TOLD.lang))


def _locale_language() -> str:
    """Return the language of the locale where it is one of ours, else English."""
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    return "zh" if (spoken or "").startswith("zh") else "en"


@app.command()
def run(study: StudyFile, draft: Draft = False, out: Out = None, cluster: Cluster = None) -> None:
    """Execute the notebooks: the results store, the figures and the executed notebooks."""
    from cx_value.publish.build import run_notebooks

    _use_cluster(cluster)
    job = _job(study, Language.all, None, Renderer.auto, draft, out)
    _timed(lambda: run_notebooks(job))
    typer.echo(f"{job.folder / 'results'}\n{job.folder / 'notebooks'}")
    _tell_statements(job.folder)


@app.command()
def report(
    study: StudyFile,
    lang: Annotated[Language, typer.Option(help="Language of the report.")] = Language.all,
    format: Annotated[str | None, typer.Option(help="html,pdf,docx or some of them.")] = None,
    renderer: Annotated[Renderer, typer.Option(help="Who renders.")] = Renderer.auto,
    draft: Draft = False,
    out: Out = None,
    cluster: Cluster = None,
    compare: Compare = None,
    strict: Strict = False,
) -> None:
    """Execute what changed, then print the report in every language and format asked for."""
    from cx_value.base.wording import in_language
    from cx_value.publish.build import build_report
    from cx_value.publish.rendering.render import passed_over

    if strict and compare is None:
        raise typer.BadParameter("--strict needs --compare BUILD")
    _use_cluster(cluster)
    job = _job(study, lang, format, renderer, draft, out, compare)
    if (why := passed_over(renderer.value)) and not _TOLD.quiet:
        typer.echo(_say("embedded_instead", why=why), err=True)
    files = _timed(lambda: build_report(job))
    for path in files:
        typer.echo(path)
    _tell_statements(job.folder)
    for since in job.since:
        typer.echo(in_language(since.phrase().bilingual(), _TOLD.lang))
        if strict and since.moved:
            raise typer.Exit(3)


@app.command()
def batch(
    study: StudyFile,
    by: Annotated[str, typer.Option(help="Units: brand, wave, or a profile column (branch).")],
    edition: Annotated[Edition, typer.Option(help="What each unit gets.")] = Edition.brief,
    lang: Annotated[Language, typer.Option(help="Language of the reports.")] = Language.all,
    format: Annotated[str | None, typer.Option(help="html,pdf,docx or some of them.")] = None,
    renderer: Annotated[Renderer, typer.Option(help="Who renders.")] = Renderer.auto,
    draft: Draft = False,
    fold: Annotated[bool, typer.Option(help="Put small units together; else refuse them.")] = False,
    jobs: Annotated[int, typer.Option(help="Reports built at the same time.", min=1)] = 2,
    cluster: Annotated[
        str | None, typer.Option(help="Build on Dask: local, or a scheduler, tcp://host:8786.")
    ] = None,
    out: Out = None,
) -> None:
    """Print one report a unit, and a page on which all units stand beside each other.

    What an earlier run finished is kept: started again, a batch builds what is missing.
    """
    from cx_value.publish.batch.run import Batch, run_batch

    _use_cluster(cluster)
    job = _job(study, lang, format, renderer, draft, out)
    wanted = Batch(
        study_file=job.study_file, study=job.study, by=by, languages=job.languages,
        formats=job.formats, edition=edition.value, renderer=renderer.value, draft=draft,
        fold=fold, jobs=jobs, cluster=cluster or "", out=job.out,
        stream=None if _TOLD.quiet else sys.stderr, lang=_TOLD.lang,
    )  # fmt: skip
    outcome = _timed(lambda: run_batch(wanted))
    for path in outcome.rollup:
        typer.echo(path)
    if outcome.failed:
        raise typer.Exit(1)


@app.command()
def words(
    check: Annotated[bool, typer.Option("--check", help="Say every template's samples.")] = True,
    page: Annotated[Path, typer.Option(help="Where the page goes.")] = Path("build/words.html"),
) -> None:
    """Show every sentence of the reports with sample facts, English beside Chinese."""
    from cx_value.publish.words_page import write_words_page

    faults = write_words_page(page)
    for fault in faults:
        typer.echo(f"- {fault}")
    typer.echo(page)
    if check and faults:
        raise typer.Exit(1)


def study_file(path: Path) -> Path:
    """Return the study file a path means, absolute.

    A folder means its ``study.yml``; a name that is no path, the bundled study of that name.
    """
    from cx_value.base.places import DATA

    if not path.exists() and len(path.parts) == 1 and (DATA / path / "study.yml").is_file():
        path = DATA / path
    return (path / "study.yml" if path.is_dir() else path).resolve()


def main() -> None:
    """Run the command line; an error of ours is printed as its message, not as a traceback."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal or pipe of another encoding: a sign it cannot show is no reason to stop.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        app()
    except (AnalysisError, OSError) as error:
        told = error if isinstance(error, AnalysisError) else refusal_of(error)
        if _TOLD.verbose or told is None:
            raise
        typer.echo(f"\n{told}", err=True)
        sys.exit(1)


def _say(key: str, **told) -> str:
    """Return a message in the language of messages: ``terms_command.yml``, group ``command``."""
    from cx_value.base.terms import named_code

    return named_code(key, "command", _TOLD.lang).format(**told)


def _tell_statements(folder: Path) -> None:
    """Say how many parts failed, and which: a statement stands in the place of each."""
    from cx_value.base.terms import named_code
    from cx_value.notebook.store import Store
    from cx_value.notebook.untold import PREFIX, statements

    found = statements(Store(folder))
    if found:
        comma = "、" if _TOLD.lang == "zh" else ", "
        parts = (named_code(name.removeprefix(PREFIX), "part", _TOLD.lang) for name in found)
        typer.echo(_say("untold", count=len(found), parts=comma.join(parts)), err=True)


def _use_cluster(address: str | None) -> None:
    """Hand the address to the notebooks, whose kernels inherit the environment."""
    from importlib.util import find_spec

    from cx_value.notebook.workspace import CLUSTER

    if not address:
        return
    if find_spec("distributed") is None:
        raise AnalysisError(
            "--cluster needs Dask, which is not installed · do: pip install "
            "'cx-value-report[cluster]', or leave --cluster away: the numbers are the same"
        )
    os.environ[CLUSTER] = address


def _job(study, lang, formats, renderer, draft, out, compare=None):
    from cx_value.publish.build import Job
    from cx_value.publish.progress import progress_for
    from cx_value.publish.rendering.render import require_quarto
    from cx_value.publish.since import earlier_ledger
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
        progress=progress_for(sys.stderr, quiet=_TOLD.quiet),
        compare=earlier_ledger(compare, declared.name) if compare else None,
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
    if not _TOLD.quiet:
        typer.echo(_say("done", seconds=f"{time.monotonic() - started:.1f}"), err=True)
    return outcome
