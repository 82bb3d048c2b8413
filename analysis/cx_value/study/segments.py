"""What customers are segmented by, and the rules that turn a segment into a strategy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from cx_value.study.entries import Frozen, Phrase, Scale


class Need(Frozen):
    """One answer that segments may rest on beside the constructs: what a customer wants."""

    name: str
    label: Phrase = Field(description="What the need is called.")
    column: str | None = Field(None, description="Column of the answer (default: the name).")
    scale: Scale = Field(description="Scale of the answer (default: the study's).")


class Segments(Frozen):
    """How customers are parted into segments, and when a rule of strategy applies."""

    method: Literal["latent_profile", "latent_class", "k_means", "none"] = Field(
        "latent_profile",
        description="Latent profiles (scores), latent classes (answers as categories), k-means, or "
        "none: no segments from the answers.",
    )
    by: tuple[str, ...] = Field(
        (),
        description="Constructs whose scores part the customers (default: the needs; without any, "
        "every construct of two items or more that is no outcome).",
    )
    needs: tuple[Need, ...] = Field(
        (), description="Answers that part the customers beside the constructs, by name."
    )
    number: Literal["auto"] | int = Field(
        "auto", description="Number of segments; auto: by BIC among those that keep the rules."
    )
    most: int = Field(6, ge=2, le=12, description="Largest number of segments tried.")
    high_value_share: float = Field(
        0.2, gt=0, lt=1, description="Share of customers in the tier of high lifetime value."
    )
    middle_value_share: float = Field(
        0.3, gt=0, lt=1, description="Share of customers in the tier of middle lifetime value."
    )
    churn_years: float = Field(
        1, gt=0, description="Years ahead for which loss of customers is predicted."
    )
    perceived_value: str | None = Field(
        None, description="Construct or item of perceived value, for the room to raise prices."
    )
    price_fairness: str | None = Field(
        None, description="Construct or item of price fairness, for the room to raise prices."
    )
    good_from: float = Field(
        60, ge=0, le=100, description="Score (0 to 100) from which a segment is well served."
    )
    loyal_from: float = Field(
        75, ge=0, le=100, description="Score (0 to 100) from which a segment is loyal."
    )

    @model_validator(mode="after")
    def _fits(self) -> Segments:
        if self.high_value_share + self.middle_value_share >= 1:
            raise ValueError("shares of the high and the middle tier that leave some for the low")
        if self.number != "auto" and not 1 <= self.number <= self.most:
            raise ValueError("auto, or a number from 1 to most")
        if self.loyal_from < self.good_from:
            raise ValueError("loyal_from not below good_from")
        return self
