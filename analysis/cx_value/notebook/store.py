"""The results store: what the notebooks computed, for the report and for other programs.

``build/<study>/results/<name>.json`` says how a result came about; ``<name>.csv`` beside it is its
table, unrounded. ``build/<study>/figures/<lang>/<name>.svg|png`` are its pictures. Files carry no
time stamp: the same study, data and code give the same bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cx_value.base.errors import ReportError
from cx_value.base.terms import bilingual
from cx_value.base.wording import LANGUAGES, Text, in_language
from cx_value.base.words import Phrase
from cx_value.notebook.identity import (
    declaration_sha256,
    loaded_code_sha256,
    loaded_packages,
    sha256_of_data,
)
from cx_value.notebook.shown import Screen

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.base.results import Result
    from cx_value.study.spec import Study

#: Environment variable that names the notebook a build runs; what it saves is then written down in
#: ``build/<study>/.made/<notebook>``, so that it goes when the notebook no longer saves it.
NOTEBOOK = "CX_VALUE_NOTEBOOK"
MADE = ".made"
#: Environment variable with the figures that are drawn, ``lang/name lang/name``: those that the
#: pages of a batch show. Not set: all of them, in both languages.
DRAWN = "CX_VALUE_DRAWN"


@dataclass(frozen=True, slots=True)
class Record:
    """One stored result, read back.

    ``meta`` holds the JSON beside the table: ``method n_used n_dropped confidence notes`` and the
    facts with their template; and what the result belongs to: ``study draft seed
    declaration_sha256 data_sha256 code_sha256``.
    """

    name: str
    meta: Mapping[str, Any]
    table: pd.DataFrame

    @property
    def confidence(self) -> float | None:
        """Level of the intervals in the table; None of a record that does not tell."""
        return self.meta.get("confidence")

    def rows(self, **where: Any) -> pd.DataFrame:
        """Return the rows in which every named column has the named value, or one of a list."""
        frame = self.table
        for column, wanted in where.items():
            values = wanted if isinstance(wanted, list) else [wanted]
            frame = frame[frame[self._known(column)].isin(values)]
        return frame

    def value(self, column: str, **where: Any) -> Any:
        """Return the one cell that ``column`` and the conditions pick out.

        Raises
        ------
        ReportError
            If no row or more than one row is picked out, or the column is not there.
        """
        found = self.rows(**where)[self._known(column)]
        if len(found) != 1:
            raise ReportError(
                f"result {self.name!r}: {len(found)} rows match {where or 'no condition'} · "
                "allowed: exactly one · do: name more (or fewer) columns"
            )
        return found.iloc[0]

    def phrase(self, macro: str = "") -> Phrase:
        """Return the stored facts with their template, or another macro of the same topic.

        Raises
        ------
        ReportError
            If the result was stored as a table alone.
        """
        if "words" not in self.meta:
            raise ReportError(f"result {self.name!r} says nothing · do: write it in the chapter")
        stored = Phrase.read(self.meta)
        topic = stored.template.partition(".")[0]
        template = f"{topic}.{macro}" if macro and "." not in macro else macro or stored.template
        return Phrase(template, stored.facts)

    def notes(self) -> list[Phrase]:
        """Return the stored notes."""
        return [Phrase.read(note) for note in self.meta["notes"]]

    def _known(self, column: str) -> str:
        if column in self.table.columns:
            return column
        raise ReportError(
            f"result {self.name!r} has no column {column!r} · "
            f"allowed: {', '.join(map(str, self.table.columns))}"
        )


@dataclass(frozen=True, slots=True)
class Store:
    """The results of one study under ``build/<study>``; see the module text.

    What is saved is also shown, where a notebook saves it: table, sentence and figure, in the
    study's first language. ``notebook`` is who saves, where the environment does not tell.
    """

    folder: Path
    study: Study | None = None
    declaration_sha256: str = ""
    data_sha256: str = ""
    draft: bool = False
    screen: Screen | None = None
    notebook: str = ""

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def save(self, name: str, result: Result, *, table: pd.DataFrame | None = None) -> Result:
        """Write a result's table and provenance, show both, and hand the result back.

        ``table`` stands in for the result's own where that has a row for every person.
        """
        frame = result.table() if table is None else table
        meta = {
            "method": _both(result.method), "n_used": int(result.n_used),
            "n_dropped": int(result.n_dropped), "confidence": float(result.confidence),
            "notes": [note.plain() for note in result.notes],
            **(result.phrase().plain() if result.template else {}),
        }  # fmt: skip
        self._write(name, meta, frame)
        if self.screen:
            self.screen.show_result(name, result, frame)
        return result

    def save_table(
        self,
        name: str,
        table: pd.DataFrame,
        *,
        of: Result | None = None,
        n_used: int | None = None,
        method: str = "",
        confidence: float | None = None,
    ) -> pd.DataFrame:
        """Write a table that a result gives beside its main one, show it, and hand it back.

        Parameters
        ----------
        name : str
        table : DataFrame
        of : Result, optional
            The result it belongs to, which tells rows used and the level of the intervals.
        n_used, method, confidence : optional
            Where there is no such result; the level is then the study's.
        """
        level = confidence or (of.confidence if of else self._level())
        meta = {
            "method": _both(method), "n_used": int(of.n_used if n_used is None else n_used),
            "n_dropped": 0, "notes": [], "confidence": float(level),
        }  # fmt: skip
        self._write(name, meta, table)
        if self.screen:
            self.screen.show_table(name, table, level)
        return table

    def save_matrix(
        self, name: str, matrix: pd.DataFrame, *, of: Result | None = None,
        n_used: int | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Write a square table whose rows are named by its index (column ``construct``)."""
        frame = matrix.rename_axis("construct").reset_index()
        self.save_table(name, frame, of=of, n_used=n_used)
        return matrix

    def declare(self, name: str, table: pd.DataFrame) -> None:
        """Write what the study declares (no respondent went into it)."""
        self.save_table(name, table, n_used=0, method=bilingual("declared", "whole"))

    def save_figure(self, name: str, plot: Callable[..., Any]) -> None:
        """Draw a figure once per language (``plot(lang=…)`` → Axes), write SVG and PNG, show it.

        The plot is kept beside them, so that a changed label draws it again.
        """
        from cx_value.notebook.plots import keep_plot

        files = self.draw(name, plot)
        keep_plot(self.folder, name, plot, self.screen.names if self.screen else {})
        self._write_down(*files)
        for file in files:
            if self.screen and file.suffix == ".png" and file.parent.name == self.screen.lang:
                self.screen.show_figure(file, alt=file.relative_to(self.folder).as_posix())

    def draw(self, name: str, plot: Callable[..., Any]) -> list[Path]:
        """Draw a figure's files, of those that this process is to draw; return them."""
        from cx_value.base.style import save_figure_files

        drawn, files = os.environ.get(DRAWN), []
        for lang in LANGUAGES:
            if drawn is not None and f"{lang}/{name}" not in drawn.split():
                continue
            folder = self.folder / "figures" / lang
            folder.mkdir(parents=True, exist_ok=True)
            files += save_figure_files(plot(lang=lang).figure, folder / name)
        _close_figures()
        return files

    def read(self, name: str) -> Record:
        """Read a result back.

        Raises
        ------
        ReportError
            If the notebooks stored no such result; the nearest names are given.
        """
        import difflib

        path = self.results / f"{name}.json"
        if not path.exists():
            known = sorted(p.stem for p in self.results.glob("*.json"))
            near = difflib.get_close_matches(name, known, n=3) or known[:3]
            raise ReportError(
                f"no result {name!r} in {self.results} · nearest: {', '.join(near) or 'none'} · "
                "do: run the notebooks, or mend the name"
            )
        files = (path, path.with_suffix(".csv"))
        stamps = tuple((f.stat().st_mtime_ns, f.stat().st_size) for f in files if f.exists())
        record = _record(path, stamps)
        return replace(record, meta=dict(record.meta), table=record.table.copy())

    def packages(self) -> set[str]:
        """Return the packages of others that the stored results were computed with."""
        records = (json.loads(p.read_text(encoding="utf-8")) for p in self.results.glob("*.json"))
        return {package for meta in records for package in meta.get("packages", ())}

    def has(self, name: str) -> bool:
        """Tell whether a result was stored (an optional part of the report asks first)."""
        return (self.results / f"{name}.json").exists()

    def _write(self, name: str, meta: dict[str, Any], table: pd.DataFrame) -> None:
        self.results.mkdir(parents=True, exist_ok=True)
        seed = self.study.options.seed if self.study else None
        provenance = {
            "name": name, "table": f"{name}.csv", "seed": seed, "draft": self.draft,
            "study": self.study.name if self.study else None,
            "declaration_sha256": self.declaration_sha256, "data_sha256": self.data_sha256,
            "code_sha256": loaded_code_sha256(), "packages": loaded_packages(),
        }  # fmt: skip
        text = json.dumps({**provenance, **meta}, ensure_ascii=False, indent=1, sort_keys=True)
        files = self.write_rows(name, table), self.results / f"{name}.json"
        part = self.results / f".{name}.{os.getpid()}"
        part.write_text(text + "\n", encoding="utf-8", newline="\n")
        part.replace(files[1])  # who finds a record finds it whole
        _record.cache_clear()
        self._write_down(*files)

    def write_rows(self, name: str, table: pd.DataFrame) -> Path:
        """Write a record's table alone, what is known of it left as it is; return the file."""
        file = self.results / f"{name}.csv"
        shielded(_bilingual_columns(table)).to_csv(file, index=False, lineterminator="\n")
        return file

    def _write_down(self, *files: Path) -> None:
        notebook = self.notebook or os.environ.get(NOTEBOOK)
        if notebook:
            journal = self.folder / MADE / notebook
            journal.parent.mkdir(exist_ok=True)
            with journal.open("a", encoding="utf-8", newline="\n") as lines:
                lines.writelines(f"{p.relative_to(self.folder).as_posix()}\n" for p in files)

    def _level(self) -> float:
        return self.study.options.confidence if self.study else 0.95


@lru_cache(maxsize=256)
def _record(path: Path, stamps: tuple) -> Record:
    """Read a record from its files: a report asks for most of them several times."""
    import pandas as pd

    meta = json.loads(path.read_text(encoding="utf-8"))
    stored = path.parent / meta["table"]
    try:
        table = pd.read_csv(stored, keep_default_na=False, na_values=[""])
    except pd.errors.EmptyDataError:  # a table without columns
        table = pd.DataFrame()
    return Record(path.stem, meta, unshielded(table))


def refuse_others(store: Store, study: Study, *, draft: bool) -> None:
    """Refuse to print what was computed for another study, other data, or as a draft.

    Raises
    ------
    ReportError
        Naming the first such result and what it belongs to.
    """
    wanted = {
        "study": study.name, "declaration_sha256": declaration_sha256(study),
        "data_sha256": sha256_of_data(study), "draft": draft,
    }  # fmt: skip
    told = {
        "study": "another study", "declaration_sha256": "another state of the study file",
        "data_sha256": "other data", "draft": "a full run" if draft else "a draft",
    }  # fmt: skip
    for path in sorted(store.results.glob("*.json")):
        meta = json.loads(path.read_text(encoding="utf-8"))
        for key, value in wanted.items():
            if meta.get(key) != value:
                raise ReportError(
                    f"result {path.stem!r} belongs to {told[key]} · allowed: results of "
                    f"{study.name} as it is now · do: run the notebooks again"
                )


def shielded(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts no spreadsheet takes for formulas: ``=1+1`` becomes ``'=1+1``.

    >>> import pandas as pd
    >>> shielded(pd.DataFrame({"x": ["=1+1", "-2.5", "a"]}))["x"].tolist()
    ["'=1+1", '-2.5', 'a']
    >>> unshielded(shielded(pd.DataFrame({"x": ["=1+1", "'@b"]})))["x"].tolist()
    ['=1+1', "'@b"]
    """
    return _texts_of(table, lambda text: f"'{text}" if _is_formula(text) else text)


def unshielded(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table that was read back, its texts as they were saved."""
    return _texts_of(
        table, lambda text: text[1:] if text[:1] == "'" and _is_formula(text) else text
    )


def _texts_of(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    columns = {
        name: [change(v) if isinstance(v, str) else v for v in values]
        for name, values in table.items()
        if values.dtype == object or str(values.dtype) in ("str", "string")
    }
    return table.assign(**columns) if columns else table


def _is_formula(text: str) -> bool:
    bare = text.lstrip("'")
    if bare[:1] not in ("=", "+", "-", "@", "\t", "\r") or not bare:
        return False
    try:
        float(bare)
    except ValueError:
        return True
    return False


def _close_figures() -> None:
    """Close what was drawn, so that a notebook shows a figure once."""
    import matplotlib.pyplot as plt

    plt.close("all")


def _both(phrase: str | Phrase) -> dict[str, Any]:
    if isinstance(phrase, Phrase):
        return phrase.plain()
    return {lang: in_language(phrase, lang) for lang in LANGUAGES}


def _bilingual_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Give every column of :class:`Text` a second column ``<name>_zh``, so that no word is lost."""
    out = {}
    for column in table.columns:
        values = table[column]
        out[column] = values
        if any(isinstance(v, Text) for v in values):
            out[f"{column}_zh"] = [in_language(v, "zh") for v in values]
    return type(table)(out)
