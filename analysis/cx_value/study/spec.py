"""The study file as frozen, typed objects: what an analyst may declare.

Keys of ``study.yml`` are the field names below. Reading, nearest-match errors and the checks
against the data live beside this module; here is only the shape.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from cx_value.base.wording import Text
from cx_value.study.author_texts import Declarations, Discussion, Preregistration
from cx_value.study.entries import Frozen, Phrase, Scale
from cx_value.study.goals import Action, Target
from cx_value.study.indicators import (
    Brands,
    Comments,
    Dimension,
    Evaluation,
    Expectation,
    Experts,
    Touchpoint,
)
from cx_value.study.levers import Drivers, KanoPair, PriceSensitivity
from cx_value.study.outside import Benchmark, Funnel
from cx_value.study.segments import Segments
from cx_value.study.sources import Contracts, DataFile, ServiceLog, Transactions
from cx_value.study.theory import Hypothesis, Moderation, StructuralModel


class Item(Frozen):
    """One question: its wording, keying and scale, and its column where that is named otherwise."""

    name: str
    label: Phrase
    column: str | None = None
    reverse: bool = False
    scale: Scale
    source: str | None = None
    missing_codes: tuple[float | str, ...] | None = None


class Construct(Frozen):
    """One latent variable and the items that reflect it, or that form it.

    ``direction: "-"`` says that a high score is unfavourable (complaints, perceived risk).
    """

    name: str
    label: Phrase
    items: tuple[Item, ...]
    source: str | None = None
    direction: Literal["+", "-"] = "+"
    formative: bool = Field(
        False, description="The items make the construct up, rather than reflect it: weighed by "
        "PLS (mode B); α, AVE and covariance-based models do not apply.",
    )  # fmt: skip
    overall: str | None = Field(
        None, description="Item that asks for the whole of a formative construct (redundancy)."
    )

    @property
    def item_names(self) -> list[str]:
        return [item.name for item in self.items]


class Profile(Frozen):
    """A column that describes respondents (gender, age group), or splits them into groups."""

    name: str
    label: Phrase
    column: str | None = None
    values: dict[str, Phrase] = Field({})
    bins: tuple[float, ...] = ()
    missing_codes: tuple[float | str, ...] | None = None

    @model_validator(mode="after")
    def _bins_rise(self) -> Profile:
        if list(self.bins) != sorted(set(self.bins)):
            raise ValueError("bins: lower ends of groups, each above the one before")
        return self


def _is_name(name: str) -> str:
    """Accept what can be the name of a folder on any system, and of nothing beyond it."""
    plain = re.fullmatch(r"[^\W_][\w .()+-]{0,79}", name) and name == name.rstrip(" .")
    if not plain or re.fullmatch(r"(?i)con|prn|aux|nul|com\d|lpt\d", name.split(".")[0]):
        raise ValueError(
            "a name: up to 80 letters, digits, blanks and . - _ + ( ), beginning with a letter or "
            "digit; no path"
        )
    return name


def _is_date(words: str) -> str:
    """Accept a date in words of any language; it is printed as it stands."""
    if not re.fullmatch(r"[\w .,/:()年月日、–—-]{1,60}", words):
        raise ValueError("a date in words of up to 60 letters, such as 2026-11-28 or 28 May 2026")
    return words


class Multiple(Frozen):
    """A question of which several answers may be chosen: in one column, or in a column each."""

    name: str
    label: Phrase
    column: str | None = None
    separator: str = Field("auto", min_length=1)
    options: dict[str, Phrase] = Field({})
    columns: dict[str, Phrase] = Field({})

    @model_validator(mode="after")
    def _one_of_two(self) -> Multiple:
        if bool(self.column) == bool(self.columns):
            raise ValueError("column (answers in one cell) or columns (one for each answer)")
        return self


class Stages(Frozen):
    """What puts a customer into a stage of the lifecycle."""

    retain_from: int = Field(3, ge=2)
    upgrade_spend: float | None = Field(None, gt=0)
    upgrade_quantile: float = Field(0.75, gt=0, lt=1)
    lapsed_below: float | None = Field(0.5, ge=0, le=1)


class Value(Frozen):
    """How purchases become money: the model, the horizon, the rates, and the ends of the chain."""

    purchase_model: Literal["auto", "bg_nbd", "mbg_nbd", "pareto_nbd", "nbd"] = "auto"
    horizon_years: float = Field(3.0, gt=0)
    discount_rate_per_year: float = Field(0.1, ge=0, lt=10)
    margin: float | None = Field(None, gt=0, le=1)
    acquisition_cost: float = Field(0.0, ge=0)
    retention_cost_per_year: float = Field(0.0, ge=0)
    satisfaction: str | None = None
    loyalty: str | None = None
    stages: Stages = Stages()
    truth: Path | None = None


class Claim(Frozen):
    """A claim to be tested: of which quantity, and from where to where it is said to lie.

    ``change`` is how much more of the cause the claim speaks of (percent, points, or the best
    share of customers). Names of bundled claims bring all this with them.
    """

    name: str
    label: Phrase
    quantity: Literal[
        "value_per_satisfaction_percent", "profit_per_satisfaction_point", "loyal_profit_ratio",
        "profit_per_retention_point", "acquisition_cost_ratio", "satisfied_loyal_ratio",
        "satisfied_promoter_ratio", "satisfied_complaint_ratio", "satisfied_repurchase_ratio",
        "repurchase_per_satisfaction_point", "top_share", "price_premium", "market_share",
        "revenue_sum", "share_price",
    ]  # fmt: skip
    change: float = Field(1.0, gt=0)
    low: float | None = None
    high: float | None = None
    source: Phrase = Text("")

    @model_validator(mode="after")
    def _says_something(self) -> Claim:
        bounds = [bound for bound in (self.low, self.high) if bound is not None]
        if not bounds or bounds != sorted(bounds):
            raise ValueError("a number, or low and high (either may be left out), low not above")
        return self


class Metrics(Frozen):
    """Which answers the core metrics are made of."""

    satisfaction: str | None = None
    satisfied_from: float | None = None
    recommendation: str | None = None
    effort: str | None = Field(
        None, description="Item or column of customer effort, low is favourable or as asked."
    )


class Screening(Frozen):
    """When an answer sheet is set aside as careless, and whether it is dropped or only flagged."""

    action: Literal["flag", "drop"] = "flag"
    long_string_share: float = Field(0.5, gt=0, le=1)
    irv_minimum: float = Field(0.0, ge=0)
    mahalanobis_p: float = Field(0.001, gt=0, lt=1)
    flags_needed: int = Field(2, ge=1, le=4)
    seconds_per_item: float = Field(2.0, ge=0)
    missing_share: float = Field(0.5, gt=0, le=1)


class Options(Frozen):
    """Choices and numbers the analysis needs: estimator, missing answers, draws, level, seed.

    What ``auto`` means is :func:`cx_value.judge.estimation.plan_estimation`'s stated rule.
    """

    estimator: Literal["auto", "ml", "mlr", "wlsmv"] = "auto"
    missing: Literal["auto", "fiml", "listwise"] = "auto"
    imputations: int = Field(
        0, ge=0, le=200, description="Imputed data sets that PLS and the regressions of drivers "
        "are pooled over, where answers are missing; 0: none.",
    )  # fmt: skip
    bootstrap: int = Field(1000, ge=20)
    confidence: float = Field(0.95, gt=0.5, lt=1)
    parallel_analysis_draws: int = Field(500, ge=20)
    factors: int | Literal["parallel", "map", "declared"] = "parallel"
    extraction: Literal["ml", "paf"] = "ml"
    rotation: Literal["oblimin", "promax", "varimax"] = "oblimin"
    correlation: Literal["pearson", "polychoric"] = "pearson"
    invariance_search: bool = True
    partial_invariance: tuple[str, ...] = ()
    differences: Literal["auto", "classical", "welch", "rank"] = "auto"
    seed: int = 20260101


class Author(Frozen):
    name: str
    affiliation: Phrase | None = None
    email: str | None = None


#: ``full`` is the report; ``supplement`` its long tables; ``brief`` two pages to decide from;
#: ``thesis`` the chapters that a faculty prescribes; ``deck`` slides with charts to edit.
Edition = Literal["brief", "full", "supplement", "thesis", "deck"]


class Report(Frozen):
    """What is printed."""

    languages: tuple[Literal["en", "zh"], ...] = ("en", "zh")
    formats: tuple[Literal["html", "pdf", "docx"], ...] = ("html", "pdf", "docx")
    editions: tuple[Edition, ...] = ("full", "supplement")
    minimum_cell: int = Field(5, ge=1)
    customer: Literal["客户", "顾客"] = Field(
        "客户", description="What customers are called in the Chinese report."
    )
    citation_style: dict[str, str] = Field({"en": "apa", "zh": "gb-t-7714-2015-numeric"})


class Study(Frozen):
    """A validated study. Made by :func:`cx_value.study.read_study`, never by hand.

    ``folder`` is the folder of ``study.yml``; every path in the file is relative to it.
    """

    name: Annotated[str, AfterValidator(_is_name)]
    title: Phrase
    subtitle: Phrase | None = None
    authors: tuple[Author, ...] = ()
    date: Annotated[str, AfterValidator(_is_date)] | None = None
    population: Phrase | None = None
    collection: Phrase | None = None
    preregistered: Phrase | None = Field(
        None,
        description="Where and when the hypotheses were registered before the data were analysed "
        "(printed beside them; without it the report makes no such claim).",
    )
    preregistration: Preregistration = Preregistration()
    include: tuple[Path, ...] = ()
    codebook: Path | None = None
    data: DataFile | None
    constructs: tuple[Construct, ...]
    profile: tuple[Profile, ...] = ()
    multiple: tuple[Multiple, ...] = ()
    group: str | None = None
    margins: dict[str, dict[str, float]] = Field(
        {}, description="Profile column: value: its share in the population; weights are raked."
    )
    models: tuple[StructuralModel, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    moderations: tuple[Moderation, ...] = ()
    transactions: Transactions | None = None
    service_log: ServiceLog | None = None
    contracts: Contracts | None = None
    value: Value = Value()
    metrics: Metrics = Metrics()
    funnel: Funnel | None = None
    benchmarks: tuple[Benchmark, ...] = ()
    targets: tuple[Target, ...] = ()
    actions: tuple[Action, ...] = ()
    brands: Brands | None = None
    dimensions: tuple[Dimension, ...] = ()
    experts: Experts | None = None
    evaluation: Evaluation = Evaluation()
    expectations: tuple[Expectation, ...] = ()
    touchpoints: tuple[Touchpoint, ...] = ()
    drivers: Drivers = Drivers()
    segments: Segments = Segments()
    comments: Comments | None = None
    kano: tuple[KanoPair, ...] = ()
    price_sensitivity: PriceSensitivity | None = None
    claims: tuple[Claim, ...] = ()
    screening: Screening = Screening()
    options: Options = Options()
    cutoffs: dict[str, float] = Field({})
    limits: tuple[Phrase, ...] = ()
    keywords: tuple[Phrase, ...] = ()
    discussion: Discussion = Discussion()
    declarations: Declarations = Declarations()
    report: Report = Report()
    folder: Path
    _document: Any = PrivateAttr(default=None)

    @property
    def items(self) -> list[Item]:
        """All items, in the order of the questionnaire."""
        return [item for construct in self.constructs for item in construct.items]

    @property
    def item_names(self) -> list[str]:
        return [item.name for item in self.items]

    @property
    def data_path(self) -> Path:
        """Where the answers are, on this machine (of a study that has answers)."""
        return self.folder / self.data.file

    @property
    def data_files(self) -> list[Path]:
        """Every file of data: answers, logs, contracts, experts' judgements."""
        sources = (self.data, self.transactions, self.service_log, self.contracts, self.experts)
        return [self.folder / source.file for source in sources if source is not None]

    @property
    def declaring_files(self) -> list[Path]:
        """Files beside ``study.yml`` that say what the study is: its codebook, what it includes."""
        others = (self.codebook, self.preregistration.file)
        named = [*self.include, *(path for path in others if path)]
        return [self.folder / path for path in named]

    @property
    def currency(self) -> str:
        """Currency printed with money: of the purchases, else of the contracts."""
        source = self.transactions or self.contracts
        return source.currency if source else ""

    @property
    def links(self) -> bool:
        """Whether answers and purchases can be joined, customer by customer."""
        joined = self.data and self.data.id and self.transactions
        return bool(joined and self.models and self.value.loyalty)

    def where(self, *place: str | int) -> str:
        """Say where an entry stands in the study file, with its line."""
        if self._document is None:
            return "study.yml: " + ".".join(str(part) for part in place)
        return self._document.where(place)

    def construct(self, name: str) -> Construct:
        """Return one construct by name."""
        return next(c for c in self.constructs if c.name == name)

    @property
    def scales(self) -> dict[str, list[str]]:
        """Construct name → item names, for constructs that two items or more reflect."""
        return {n: items for n, items in self.blocks.items() if not self.construct(n).formative}

    @property
    def blocks(self) -> dict[str, list[str]]:
        """Construct name → item names, for constructs of two items or more, formative or not."""
        return {c.name: c.item_names for c in self.constructs if len(c.items) > 1}

    def model(self, role: str) -> StructuralModel | None:
        """Return the first model with a role, or None."""
        return next((m for m in self.models if m.role == role), None)

    def measurement_syntax(self, names: Collection[str] | None = None) -> str:
        """Write the measurement model of the reflective constructs in lavaan syntax."""
        return "\n".join(
            f"{name} =~ " + " + ".join(items)
            for name, items in self.scales.items() if names is None or name in names
        )  # fmt: skip
