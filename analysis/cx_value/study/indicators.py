"""The indicator system of a study file: brands, dimensions, experts, weights, grades, journey."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from cx_value.base.terms import bilingual
from cx_value.study.entries import Frozen, Phrase, Scale

#: What the whole is called in results where no single dimension stands at the top.
OVERALL = "OVERALL"
OVERALL_LABEL = bilingual("overall", "whole")
#: The grouping by survey wave.
WAVE = "wave"
WAVE_LABEL = bilingual("wave", "whole")
Direction = Literal["+", "-"]
WeightMethod = Literal[
    "experts", "equal", "entropy", "critic", "variation", "components", "loadings", "effects",
    "pls",
]  # fmt: skip
ObjectiveMethod = Literal["entropy", "critic", "variation", "components", "effects", "pls", "equal"]


class Brands(Frozen):
    """Whose customers the respondents are: one's own brand, and the rivals."""

    column: str = Field(description="Profile column that holds the brand of each respondent.")
    own: str = Field(description="Value of the column that marks the study's own brand.")
    rivals: tuple[str, ...] = Field(
        (), description="Values that mark the rivals (default: every other value)."
    )
    models: Literal["auto", "own", "all"] = Field(
        "auto",
        description="Whose customers scales and models speak of; auto: the own brand's, where "
        "enough of them answered (the rule sample_size), else all.",
    )

    @model_validator(mode="after")
    def _own_is_no_rival(self) -> Brands:
        if self.own in self.rivals:
            raise ValueError("rivals without the own brand")
        return self


class Dimension(Frozen):
    """An indicator above constructs, or above other dimensions."""

    name: str
    label: Phrase = Field(description="What the dimension is called.")
    of: tuple[str, ...] = Field(
        min_length=1, description="The constructs or dimensions that it is made of."
    )
    direction: Direction = Field(
        "+", description='"-" where a high score is unfavourable; it is turned in the index.'
    )
    source: str | None = Field(None, description="Key in report/references.bib.")
    second_order: bool = Field(
        False, description="The dimension is a latent variable above its constructs: models may "
        "name it in their paths, and its loadings on them are estimated.",
    )  # fmt: skip
    formative: bool = Field(
        False, description="Its constructs make it up (second order, weighed by PLS in two stages)."
    )
    overall: str | None = Field(
        None, description="Item that asks for the whole of a formative dimension (redundancy)."
    )


class Experts(Frozen):
    """The experts' pairwise judgements, one row a judgement of ``row`` against ``column``."""

    file: Path = Field(description="CSV, Parquet or XLSX, relative to the study file.")
    expert: str = Field("expert", description="Column that names the expert.")
    criteria: str | None = Field(
        "criterion_set", description="Column that names the matrix, where there are several."
    )
    row: str = Field("row", description="Column with the indicator that is judged.")
    column: str = Field("column", description="Column with the indicator it is judged against.")
    judgement: str = Field(
        "judgement", description="Column with how many times as important, 1/9 to 9."
    )
    random_index: Literal["saaty", "donegan_dodd", "alonso_lamata"] = Field(
        "saaty", description="Table of random indices that the consistency ratio is made with."
    )


class Grade(Frozen):
    """One grade: its name and the lowest index that earns it."""

    name: str
    label: Phrase
    minimum: float = Field(alias="from", ge=0, lt=100, description="Lowest index of the grade.")


class Fuzzy(Frozen):
    """How answers belong to grades, and how the indicators' memberships are put together."""

    membership: Literal["frequencies", "triangular", "trapezoidal", "gaussian"] = Field(
        "frequencies", description="Answers counted by grade, or spread by a membership function."
    )
    operator: Literal["weighted_average", "min_max", "product_max", "min_sum"] = Field(
        "weighted_average", description="Operator that the verdict is read from; all are printed."
    )


def _grade(name: str, en: str, zh: str, minimum: float) -> Grade:
    return Grade.model_validate({"name": name, "label": {"en": en, "zh": zh}, "from": minimum})


GRADES = (
    _grade("excellent", "excellent", "优秀", 80),
    _grade("good", "good", "良好", 70),
    _grade("fair", "fair", "一般", 60),
    _grade("poor", "poor", "较差", 0),
)


class Evaluation(Frozen):
    """How indicators are weighted, joined and graded."""

    methods: tuple[WeightMethod, ...] = Field(
        ("experts", "equal", "entropy", "critic", "variation", "components", "loadings", "effects",
         "pls"),
        description="Weight methods to be computed; those that the data do not allow are told.",
    )  # fmt: skip
    scaling: Literal["theoretical", "observed"] = Field(
        "theoretical",
        description="Ends that answers are scaled by: those of the scale, or those seen.",
    )
    objective: ObjectiveMethod = Field(
        "critic", description="Data weights that are combined with the experts'."
    )
    combine: Literal["geometric", "linear"] = Field(
        "geometric", description="Rule that combines the experts' weights with the data's."
    )
    expert_share: float = Field(
        0.5, ge=0, le=1, description="Share (or exponent) of the experts in the combined weights."
    )
    index: Literal["auto", "combined"] | WeightMethod = Field(
        "auto",
        description="Weights of the headline index; auto: combined with experts, else equal.",
    )  # fmt: skip
    grades: tuple[Grade, ...] = Field(
        GRADES, min_length=2, description="Grades from the best to the worst, each with its cut."
    )
    grades_source: str | None = Field(
        None, description="Key in report/references.bib of the cut rule; none: set for this study."
    )
    fuzzy: Fuzzy = Field(Fuzzy(), description="Fuzzy comprehensive evaluation.")
    groups: tuple[str, ...] | None = Field(
        None, description="Profile columns whose groups get an index (default: all)."
    )
    minimum_group: int = Field(
        30, ge=2, description="Fewest respondents of a group that gets an index."
    )

    @model_validator(mode="after")
    def _grades_fall(self) -> Evaluation:
        cuts = [grade.minimum for grade in self.grades]
        if cuts != sorted(set(cuts), reverse=True) or cuts[-1] != 0:
            raise ValueError("grades from the best to the worst, cuts falling, the last from 0")
        if len({grade.name for grade in self.grades}) < len(self.grades):
            raise ValueError("every grade under a name of its own")
        return self


class Expectation(Frozen):
    """What was expected of the item that bears the entry's name, asked in a column of its own."""

    name: str
    expected: str = Field(description="Column with the expectation, on the item's own scale.")
    desired: str | None = Field(None, description="Column with the desired level.")
    adequate: str | None = Field(None, description="Column with the level that is just enough.")


class Touchpoint(Frozen):
    """One contact along the journey, rated by those who used it; empty is not used."""

    name: str
    label: Phrase
    column: str | None = Field(None, description="Column of the rating (default: the name).")
    stage: Phrase | None = Field(None, description="Stage of the journey it belongs to.")
    scale: Scale = Field(description="Scale of the rating (default: the study's).")


class Theme(Frozen):
    """A theme of the open answers, found by its words."""

    name: str
    label: Phrase
    words: dict[Literal["en", "zh"], tuple[str, ...]] = Field(
        ...,
        description="Words by language: an English word finds what begins with it, a Chinese word "
        "what holds it.",
    )


class Comments(Frozen):
    """Open answers: where they are, and how they are coded."""

    column: str = Field(description="Column of the open answers.")
    language: str | None = Field(
        None, description="Column with the language, en or zh (default: told by the script)."
    )
    score: str | None = Field(
        None, description="Construct whose score goes with the themes (default: satisfaction)."
    )
    themes: tuple[Theme, ...] = Field((), description="Codebook: themes with their words.")
    discover: int = Field(
        5, ge=0, le=20, description="Themes to be found in the words of each language; 0: none."
    )
    quotes: bool = Field(
        False, description="Print a comment for each theme, personal data taken out."
    )
