"""What a study knows from outside its survey: visitors, and the market's or rivals' figures."""

from __future__ import annotations

from datetime import date as Date
from pathlib import Path
from typing import Literal

from pydantic import Field

from cx_value.study.entries import Frozen, Phrase


class Funnel(Frozen):
    """How many visitors reached each step of a sale, one row a step, in its order."""

    file: Path = Field(description="CSV, Parquet or XLSX, relative to the study file.")
    step: str = Field("step", description="Column that names the step.")
    visitors: str = Field("visitors", description="Column with the number who reached it.")
    labels: dict[str, Phrase] = Field({}, description="Step: what it is called.")


class Benchmark(Frozen):
    """A figure from elsewhere that one's own is set against."""

    name: str
    label: Phrase = Field(description="Whose figure it is: a rival, the market.")
    metric: Literal["csat", "nps", "effort"] = Field(description="Which metric it is.")
    value: float = Field(description="The figure: a share from 0 to 1 (csat), -100 to 100 (nps), "
                         "or a mean (effort).")  # fmt: skip
    date: Date | None = Field(None, description="When it was measured.")
    source: Phrase | None = Field(None, description="Who published it, or a key of the references.")
