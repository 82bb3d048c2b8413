"""What the command line may be asked: words that are chosen from, and options of several verbs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Language(StrEnum):
    """Languages of the report; ``all`` means those the study file names."""

    en = "en"
    zh = "zh"
    all = "all"


class MessageLanguage(StrEnum):
    """Languages of messages."""

    en = "en"
    zh = "zh"


class Renderer(StrEnum):
    """Who turns the chapters into pages; ``auto`` takes Quarto where it is on PATH."""

    auto = "auto"
    quarto = "quarto"
    embedded = "embedded"


class Edition(StrEnum):
    """Editions of a unit's report."""

    brief = "brief"
    full = "full"


StudyFile = Annotated[
    Path, typer.Argument(help="study.yml, the folder that holds it, or the name of a bundled one.")
]
Draft = Annotated[bool, typer.Option(help="Few bootstrap draws, marked as a draft: for a look.")]
Cluster = Annotated[
    str | None,
    typer.Option(
        help="Summarise the purchase log on Dask: local, or a scheduler, tcp://host:8786."
    ),
]
Compare = Annotated[
    Path | None,
    typer.Option(help="An earlier build: a page tells what moved since, and why."),
]
Strict = Annotated[
    bool, typer.Option(help="End with exit code 3 where anything moved since --compare.")
]
Out = Annotated[
    Path | None, typer.Option(help="Build folder; default: build/ beside the study's data/.")
]


class Demo(StrEnum):
    """Bundled studies to begin from: a survey, a purchase log, a thesis with all parts."""

    survey = "survey"
    log = "log"
    thesis = "thesis"
