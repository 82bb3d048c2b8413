"""What a study expects: structural models, hypotheses about paths, moderations."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cx_value.study.entries import Frozen, Phrase


class StructuralPath(Frozen):
    """One regression between constructs."""

    source: str = Field(alias="from")
    target: str = Field(alias="to")


class StructuralModel(Frozen):
    """A structural model, built from paths or given whole in lavaan syntax."""

    name: str
    label: Phrase
    paths: tuple[StructuralPath, ...] = ()
    syntax: str | None = None
    role: Literal["main", "fallback", "rival"] = "main"


class Hypothesis(Frozen):
    """An expectation about one path (or one indirect effect, by ``through``) and its sign."""

    name: str
    source: str = Field(alias="from")
    target: str = Field(alias="to")
    through: tuple[str, ...] = ()
    sign: Literal["+", "-"] = "+"
    label: Phrase | None = None
    theory: str | None = None


class Moderation(Frozen):
    """An expected moderation: how far ``source`` acts on ``target`` depends on ``by``."""

    name: str
    source: str = Field(alias="from")
    target: str = Field(alias="to")
    by: str
    label: Phrase | None = None
