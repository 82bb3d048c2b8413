"""Where the data of a study are and how they are written: answers, purchases, service cases."""

from __future__ import annotations

import codecs
from datetime import date as Date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from cx_value.base.wording import Text
from cx_value.study.entries import Frozen, Phrase
from cx_value.study.readers.platforms import NAMES as PLATFORMS

Decimal = Literal["auto", ".", ","]


def _known_encoding(name: Any) -> Any:
    if name == "auto":
        return name
    try:
        codecs.lookup(str(name)).decode(b"")
    except (LookupError, ValueError, TypeError) as error:
        raise ValueError("auto, or an encoding Python knows, such as utf-8, gb18030, cp949, "
                         "shift_jis, big5, cp1252") from error  # fmt: skip
    return str(name)


Encoding = Annotated[str, BeforeValidator(_known_encoding)]


Value = str | float | bool


def _as_values(value: Any) -> Any:
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(str(v) for v in values)


Values = Annotated[tuple[str, ...], BeforeValidator(_as_values)]


class DataFile(Frozen):
    """Where the answers are and how they are coded. ``file`` is relative to ``study.yml``."""

    file: Path
    encoding: Encoding = "auto"
    sheet: str | int = 0
    decimal: Decimal = "auto"
    header_rows: Literal["auto"] | Annotated[int, Field(ge=1, le=9)] = "auto"
    skip_rows: int = Field(0, ge=0)
    platform: Literal["auto", "none", *PLATFORMS] = "auto"
    missing_codes: tuple[float | str, ...] = ()
    only: dict[str, Values] = Field(
        {},
        description="Column: the values of the rows that the study is about (default: all rows).",
    )
    id: str | None = None
    weight: str | None = None
    cluster: str | None = None
    strata: str | None = None
    wave: str | None = None
    waves: dict[str, str] = Field({})
    duration: str | None = None
    invited: int | None = Field(
        None, ge=1, description="People who were asked to answer; gives the response rate."
    )
    licence: str | None = None
    citation: str | None = None

    @model_validator(mode="after")
    def _waves_name_columns(self) -> DataFile:
        if any("{column}" not in pattern for pattern in self.waves.values()):
            raise ValueError('WAVE: a pattern with {column}, such as 2024: "{column}_24"')
        return self


class Kept(Frozen):
    """Which values of a column keep a line: none of some, or numbers between two ends."""

    but: Value | tuple[Value, ...] = Field((), alias="not")
    low: float | None = Field(None, alias="from")
    high: float | None = Field(None, alias="to")


Rule = Value | tuple[Value, ...] | Kept


class Transactions(Frozen):
    """The purchase log, one row a transaction: where it is and what its columns are called."""

    file: Path
    customer: str = "customer"
    date: str = "date"
    amount: str | None = "amount"
    price: str | None = None
    quantity: str | None = None
    invoice: str | None = None
    credit_notes: str | tuple[str, ...] = ()
    where: dict[str, Rule] = Field({})
    encoding: Encoding = "auto"
    cost: str | None = None
    date_format: str | None = None
    decimal: Decimal = "auto"
    time_zone: str = "UTC"
    returns: Literal["net", "drop"] = "net"
    zero_amounts: Literal["keep", "drop"] = "keep"
    duplicates: Literal["keep", "drop"] = "keep"
    unit: Literal["day", "week", "month", "year"] = "week"
    end: Date | None = None
    calibration_end: Date | None = None
    currency: Phrase = Text("")
    licence: str | None = None
    citation: str | None = None

    @model_validator(mode="after")
    def _parts_go_together(self) -> Transactions:
        if bool(self.price) != bool(self.quantity):
            raise ValueError("price and quantity together: the amount is their product")
        if self.credit_notes and not self.invoice:
            raise ValueError("invoice: the column that credit_notes are told by")
        return self


class Contracts(Frozen):
    """The contracts, one row each: when it began, when it ended (empty while it runs), its fee."""

    file: Path
    customer: str | None = "customer"
    start: str = "start"
    end: str = "end"
    fee: str | None = None
    date_format: str | None = None
    period: Literal["week", "month", "quarter", "year"] = "month"
    until: Date | None = None
    currency: Phrase = Text("")


class ServiceLog(Frozen):
    """The log of service cases: when, how long it took, and whether it was a complaint."""

    file: Path
    customer: str = "customer"
    date: str = "date"
    minutes: str | None = None
    first_contact: str | None = None
    complaint: str | None = None
    decimal: Decimal = "auto"
    target_minutes: float | None = Field(None, gt=0)
