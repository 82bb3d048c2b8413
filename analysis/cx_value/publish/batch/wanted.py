"""What a batch is asked for, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from cx_value.base.places import build_folder
from cx_value.publish.batch.units import Unit

if TYPE_CHECKING:
    from cx_value.study.spec import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What to print: which study, by which units, in which form, by how many hands.

    Attributes
    ----------
    edition : {"brief", "full"}
        ``brief`` prints two pages a unit, of indices, drivers and voice; the model is the whole
        study's. ``full`` also fits the models to each unit.
    fold : bool
        Small units are put together; else each is refused by name.
    jobs : int
        Reports built at the same time on this machine.
    cluster : str
        Dask scheduler, or ``local``; empty: this machine.
    """

    study_file: Path
    study: Study
    by: str
    languages: tuple[str, ...]
    formats: tuple[str, ...]
    edition: str = "brief"
    renderer: str = "auto"
    draft: bool = False
    fold: bool = False
    jobs: int = 2
    cluster: str = ""
    out: Path | None = None
    stream: TextIO | None = None
    lang: str = "en"

    @property
    def folder(self) -> Path:
        """Where everything of this batch goes."""
        return (self.out or build_folder(self.study_file)) / f"{self.study.name}-by-{self.by}"

    @property
    def minimum(self) -> int:
        """Fewest respondents of a unit: the declared smallest group, and more than items."""
        return max(self.study.evaluation.minimum_group, len(self.study.items) + 1)


@dataclass(slots=True)
class Outcome:
    """What came of a batch: one entry a unit, and the roll-up's files."""

    units: list[Unit]
    told: list[dict[str, Any]] = field(default_factory=list)
    rollup: list[Path] = field(default_factory=list)

    @property
    def failed(self) -> list[dict[str, Any]]:
        return [one for one in self.told if one["error"]]
