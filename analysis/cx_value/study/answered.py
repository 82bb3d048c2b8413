"""What was answered: the survey of a study as the rest of the package meets it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cx_value.base.wording import Text

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study.findings import Finding
    from cx_value.study.spec import Item, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStep:
    """One step on the way from questionnaires received to questionnaires analysed.

    ``name`` and ``reason`` are codes; ``words/<lang>/terms_sample.yml`` names them.
    """

    name: str
    count: int
    removed: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Survey:
    """The answers of a study. Made by :func:`cx_value.study.read_survey`.

    Every frame and series has the data row number as its index (``row``; 1 is the first row below
    the header), so that a respondent can be found in the file but not in a report.

    Attributes
    ----------
    items : DataFrame, n × items, float
        Columns are the item names of the study, in its order; reverse-keyed items are recoded
        (maximum + minimum − answer), so that high is favourable everywhere; NaN = no answer.
    profile : DataFrame, n × profile columns, categorical
        English labels in the order declared; ``profile_labels`` holds them with their Chinese.
    quantities : DataFrame, n × columns, float
        Profile columns that are amounts (age in years): no labels and more than 10 values.
    ratings : DataFrame, n × ratings, float
        Expected (desired, adequate) levels and touchpoints, high is favourable; NaN = no answer.
    comments : DataFrame, n × (``text``, ``language``), or None
        Open answers as they were written, and the language where a column names it.
    multiple : dict
        Question of several answers → respondents × options: 1 chosen, 0 not, NaN not answered.
    weights, clusters, strata, ids, wave, durations : Series or None
        Where the study declares the column; clusters and strata are the sampling unit and the
        stratum a respondent was drawn in, durations are in seconds.
    n_received : int
        Rows of the file, empty ones included.
    flow : tuple of FlowStep
        From received to read; :func:`cx_value.study.screening.screen_careless` goes on from here.
    missing_coded : dict
        Item → answers that held a missing code. Blank cells are not among them.
    labels : dict
        Column of ``items``, ``profile``, ``quantities`` → label: the study's, else the file's.
    value_labels : dict
        Item → {number: label} of the data file, missing codes left out.
    findings : tuple of Finding
        Warnings met on the way.
    identical_rows : tuple of int
        Rows that are the same as another in every column but the respondent's identifier.
    sha256, format : str
        Of the data file.
    """

    items: pd.DataFrame
    profile: pd.DataFrame
    quantities: pd.DataFrame
    ratings: pd.DataFrame | None = None
    comments: pd.DataFrame | None = None
    multiple: dict[str, pd.DataFrame] = field(default_factory=dict)
    profile_labels: dict[str, tuple[Text, ...]] = field(default_factory=dict)
    weights: pd.Series | None = None
    clusters: pd.Series | None = None
    strata: pd.Series | None = None
    ids: pd.Series | None = None
    wave: pd.Series | None = None
    durations: pd.Series | None = None
    n_received: int
    flow: tuple[FlowStep, ...]
    missing_coded: dict[str, int]
    labels: dict[str, Text]
    value_labels: dict[str, dict[float, str]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    identical_rows: tuple[int, ...] = ()
    sha256: str
    format: str

    @property
    def n(self) -> int:
        """Number of respondents read."""
        return len(self.items)

    def rows(self, keep: pd.Index) -> Survey:
        """Return the survey of some respondents, by row number."""
        parts = (
            "items", "profile", "quantities", "ratings", "comments", "weights", "clusters",
            "strata", "ids", "wave", "durations",
        )  # fmt: skip
        held = {part: getattr(self, part) for part in parts}
        multiple = {name: chosen.loc[keep] for name, chosen in self.multiple.items()}
        kept = {k: v.loc[keep] for k, v in held.items() if v is not None}
        return replace(self, **kept, multiple=multiple)


def column_of(entry: Item | Profile) -> str:
    """Return the name of an item's or profile entry's column in the data file."""
    return entry.column or entry.name
