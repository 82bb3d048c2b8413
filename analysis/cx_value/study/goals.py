"""What a study aims at, and what was done about it: targets and actions."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from cx_value.study.entries import Frozen, Phrase

#: The mean of all constructs, where a target is not about one of them.
WHOLE = "WHOLE"


def _as_words(value: Any) -> Any:
    return tuple(str(v) for v in (value if isinstance(value, list | tuple) else [value]))


Words = Annotated[tuple[str, ...], BeforeValidator(_as_words)]


class Target(Frozen):
    """A value that a score is to reach by a date."""

    name: str
    label: Phrase = Field(description="What the target is called.")
    metric: str = Field(
        WHOLE, description="Construct whose score, 0 to 100, is meant (default: mean of all); or "
        "csat (per cent satisfied), nps (-100 to 100), effort (mean answer), as under metrics:."
    )  # fmt: skip
    value: float = Field(ge=-100, le=100, description="Score to be reached.")
    date: str | None = Field(None, description="By when, in words; it is printed.")


class Action(Frozen):
    """Something that was done: for which lever, from which wave on, and where."""

    name: str
    label: Phrase = Field(description="What was done.")
    lever: str = Field(description="Construct that it was to improve.")
    since: str = Field(description="First wave after it.", coerce_numbers_to_str=True)
    where: dict[str, Words] = Field(
        {}, description="Profile column: values of those it reached; all others are the controls."
    )
    unit: str | None = Field(
        None, description="Profile column of the units (branch) that errors are clustered by."
    )
