"""What entries of a study file are made of: phrases, frozen entries, answer scales."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from cx_value.base.wording import Text


def _as_text(value: Any) -> Text:
    """Accept ``"word"`` (both languages) or ``{en: …, zh: …}`` (either may stand alone)."""
    if isinstance(value, Text):
        return value
    if isinstance(value, str):
        return Text(value)
    if isinstance(value, dict) and value and set(value) <= {"en", "zh"}:
        words = {lang: str(word) for lang, word in value.items()}
        return Text(words.get("en", words.get("zh", "")), zh=words.get("zh", words.get("en")))
    raise ValueError("a phrase, or a mapping with the keys en and zh")


Phrase = Annotated[
    Any, BeforeValidator(_as_text), PlainSerializer(lambda t: {"en": str(t), "zh": t.zh})
]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Scale(Frozen):
    """Lowest and highest answer of an item, and what single points are called."""

    minimum: float = Field(1, alias="min")
    maximum: float = Field(5, alias="max")
    labels: dict[float, Phrase] = {}

    @model_validator(mode="after")
    def _low_below_high(self) -> Scale:
        if not -float("inf") < self.minimum < self.maximum < float("inf"):
            raise ValueError("min below max")
        return self

    @property
    def points(self) -> int:
        """Number of answer categories of an integer scale."""
        return int(self.maximum - self.minimum) + 1
