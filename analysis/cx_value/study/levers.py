"""What a study asks about decisions: levers, stated importance, Kano pairs, price sensitivity."""

from __future__ import annotations

from pydantic import Field, model_validator

from cx_value.study.entries import Frozen, Phrase, Scale


class Drivers(Frozen):
    """What is acted on, what it is to change, and how important respondents say it is."""

    levers: tuple[str, ...] = Field(
        (),
        description="Constructs or items that management can act on (default: the constructs that "
        "the main model explains by nothing).",
    )
    outcomes: tuple[str, ...] = Field(
        (),
        description="Constructs, items or profile columns to be explained (default: "
        "value.satisfaction, value.loyalty and metrics.recommendation; else the end of the model).",
    )
    importance: dict[str, str] = Field(
        {}, description="Lever: the column in which respondents say how important it is."
    )
    importance_scale: Scale | None = Field(
        None, description="Scale of the stated importance (default: the study's)."
    )
    necessary: bool = Field(
        True, description="Whether necessary-condition ceilings of the levers are computed."
    )


class KanoPair(Frozen):
    """A feature asked twice: how it would be to have it, and to go without it."""

    name: str
    label: Phrase = Field(description="What the feature is called.")
    functional: str = Field(description="Column of the answer, the feature being there.")
    dysfunctional: str = Field(description="Column of the answer, the feature being absent.")
    answers: tuple[float, float, float, float, float] = Field(
        (1, 2, 3, 4, 5),
        description="Codes of: like it, must be so, neutral, can live with it, dislike it.",
    )


class PriceSensitivity(Frozen):
    """Prices that respondents named, and prices that they were offered."""

    too_cheap: str | None = Field(
        None, description="Column: so cheap that its quality would be doubted."
    )
    cheap: str | None = Field(None, description="Column: a bargain.")
    expensive: str | None = Field(None, description="Column: dear, but still considered.")
    too_expensive: str | None = Field(None, description="Column: too dear to be considered.")
    offers: dict[float, str] = Field(
        {}, description="Price: the column that says whether it would be paid (Gabor–Granger)."
    )
    buys_from: float = Field(1, description="Lowest answer to an offer that counts as a purchase.")
    unit_cost: float = Field(0, ge=0, description="Cost of one unit, for the price of most profit.")
    currency: Phrase | None = Field(None, description="Currency of the prices.")

    @model_validator(mode="after")
    def _asks_something(self) -> PriceSensitivity:
        asked = [c for c in self.columns[:4] if c]
        if len(asked) not in (0, 4) or not (asked or len(self.offers) > 1):
            raise ValueError("too_cheap, cheap, expensive and too_expensive, or two offers")
        return self

    @property
    def columns(self) -> tuple[str | None, ...]:
        """Columns of prices, then those of the offers."""
        named = (self.too_cheap, self.cheap, self.expensive, self.too_expensive)
        return (*named, *self.offers.values())
