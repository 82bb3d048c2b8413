"""The results store: what the notebooks computed, for the report and for other programs.

``build/<study>/results/<name>.json`` says how a result came about; ``<name>.csv`` beside it is its
table, unrounded. ``build/<study>/figures/<lang>/<name>.svg|png`` are its pictures. Files carry no
time stamp: the same study, data and code give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cx_value.base.errors import ReportError
from cx_value.base.wording import LANGUAGES, Text, in_language
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.base.results import Result
    from cx_value.study.spec import Study

#: Rooms that can change a number or a figure; the rest only prints.
COMPUTING = (
    "base", "diagram", "study", "sem", "measure", "value", "evaluate", "judge", "notebook",
)  # fmt: skip


def computing_files() -> list[Path]:
    """Return the source files that a result depends on, sorted."""
    package = Path(__file__).resolve().parents[1]
    paths = [package / part for part in COMPUTING]
    files = [p for part in paths for p in (part.rglob("*.py") if part.is_dir() else [part])]
    return sorted(f for f in files if f.exists())


def sha256_of(*paths: Path) -> str:
    """Return one SHA-256 over files, by name and content, the same on every platform."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def sha256_of_data(study: Study) -> str:
    """Return the SHA-256 of a study's file of data, or of the list of them where there are more."""
    digests = [sha256_of_file(path) for path in study.data_files]
    return (
        digests[0] if len(digests) == 1 else hashlib.sha256(" ".join(digests).encode()).hexdigest()
    )


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, however large it is."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _code_sha256() -> str:
    return sha256_of(*computing_files())


_DECLARED = Text("declared in the study file", zh="由研究文件声明")


@dataclass(frozen=True, slots=True)
class Record:
    """One stored result, read back.

    ``meta`` holds the JSON beside the table: ``method n_used n_dropped confidence notes sentence
    seed data_sha256 code_sha256``.
    """

    name: str
    meta: Mapping[str, Any]
    table: pd.DataFrame

    def rows(self, **where: Any) -> pd.DataFrame:
        """Return the rows in which every named column has the named value."""
        frame = self.table
        for column, wanted in where.items():
            frame = frame[frame[self._known(column)] == wanted]
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

    def phrase(self, macro: str = "") -> Phrase | None:
        """Return the stored facts with their template, or another macro of the same topic."""
        if "words" not in self.meta:
            return None
        stored = Phrase.read(self.meta)
        topic = stored.template.partition(".")[0]
        template = f"{topic}.{macro}" if macro and "." not in macro else macro or stored.template
        return Phrase(template, stored.facts)

    def sentence(self, lang: str) -> str:
        """Return the stored sentence in a language."""
        if not self.meta.get("sentence"):
            raise ReportError(f"result {self.name!r} has no sentence · do: write it in the chapter")
        return self.meta["sentence"][lang]

    def sentences(self, lang: str) -> list[str]:
        """Return the stored sentences one by one; the one sentence where there is but one."""
        each = self.meta.get("sentences") or {}
        return each.get(lang) or [self.sentence(lang)]

    def notes(self, lang: str) -> list[str | Phrase]:
        """Return the stored notes: phrases, or words in a language."""
        return [Phrase.read(n) if "words" in n else n[lang] for n in self.meta["notes"]]

    def _known(self, column: str) -> str:
        if column in self.table.columns:
            return column
        raise ReportError(
            f"result {self.name!r} has no column {column!r} · "
            f"allowed: {', '.join(map(str, self.table.columns))}"
        )


@dataclass(frozen=True, slots=True)
class Store:
    """The results of one study under ``build/<study>``; see the module text."""

    folder: Path
    study: Study | None = None
    data_sha256: str = ""

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def save(self, name: str, result: Result) -> Result:
        """Write a result's table and provenance, and hand it back so that a cell can show it."""
        meta = {
            "method": _both(result.method), "n_used": int(result.n_used),
            "n_dropped": int(result.n_dropped), "confidence": float(result.confidence),
            "notes": [_both(note) for note in result.notes], **_said(result),
        }  # fmt: skip
        self._write(name, meta, result.table())
        return result

    def save_table(
        self, name: str, table: pd.DataFrame, *, n_used: int, method: str = ""
    ) -> pd.DataFrame:
        """Write a table that a result gives beside its main one, and hand it back."""
        meta = {
            "method": _both(method), "n_used": int(n_used), "n_dropped": 0, "notes": [],
            "sentence": None,
        }  # fmt: skip
        self._write(name, meta, table)
        return table

    def save_matrix(self, name: str, matrix: pd.DataFrame, *, n_used: int) -> pd.DataFrame:
        """Write a square table whose rows are named by its index (column ``construct``)."""
        self.save_table(name, matrix.rename_axis("construct").reset_index(), n_used=n_used)
        return matrix

    def declare(self, name: str, table: pd.DataFrame) -> pd.DataFrame:
        """Write what the study declares (no respondent went into it)."""
        return self.save_table(name, table, n_used=0, method=_DECLARED)

    def save_figure(self, name: str, plot: Callable[..., Any]) -> None:
        """Draw a figure once per language (``plot(lang=…)`` → Axes) and write SVG and PNG."""
        from cx_value.base.style import save_figure_files

        for lang in LANGUAGES:
            folder = self.folder / "figures" / lang
            folder.mkdir(parents=True, exist_ok=True)
            save_figure_files(plot(lang=lang).figure, folder / name)

    def read(self, name: str) -> Record:
        """Read a result back.

        Raises
        ------
        ReportError
            If the notebooks stored no such result; the nearest names are given.
        """
        import difflib

        import pandas as pd

        path = self.results / f"{name}.json"
        if not path.exists():
            known = sorted(p.stem for p in self.results.glob("*.json"))
            near = difflib.get_close_matches(name, known, n=3) or known[:3]
            raise ReportError(
                f"no result {name!r} in {self.results} · nearest: {', '.join(near) or 'none'} · "
                "do: run the notebooks, or mend the name"
            )
        meta = json.loads(path.read_text(encoding="utf-8"))
        return Record(
            name,
            meta,
            pd.read_csv(self.results / meta["table"], keep_default_na=False, na_values=[""]),
        )

    def has(self, name: str) -> bool:
        """Tell whether a result was stored (an optional part of the report asks first)."""
        return (self.results / f"{name}.json").exists()

    def _write(self, name: str, meta: dict[str, Any], table: pd.DataFrame) -> None:
        self.results.mkdir(parents=True, exist_ok=True)
        seed = self.study.options.seed if self.study else None
        provenance = {
            "name": name, "table": f"{name}.csv", "seed": seed, "data_sha256": self.data_sha256,
            "code_sha256": _code_sha256(),
        }  # fmt: skip
        text = json.dumps({**provenance, **meta}, ensure_ascii=False, indent=1, sort_keys=True)
        _bilingual_columns(table).to_csv(
            self.results / f"{name}.csv", index=False, lineterminator="\n"
        )
        (self.results / f"{name}.json").write_text(text + "\n", encoding="utf-8", newline="\n")


def open_store(out: str | Path, study: Study, data_sha256: str) -> Store:
    """Open the store of a study for writing, from a notebook's ``out`` parameter."""
    return Store(Path(out), study, data_sha256)


def _both(phrase: str | Phrase) -> dict[str, Any]:
    if isinstance(phrase, Phrase):
        return phrase.plain()
    return {lang: in_language(phrase, lang) for lang in LANGUAGES}


def _said(result: Result) -> dict[str, Any]:
    """Return a result's facts and the template that says them (or its sentences, as they are)."""
    if result.template:
        return result.phrase().plain()
    return {"sentence": _sentences(result), "sentences": _each_sentence(result)}


def _sentences(result: Result) -> dict[str, str] | None:
    try:
        return {lang: str(result.sentence(lang)) for lang in LANGUAGES}
    except NotImplementedError:
        return None


def _each_sentence(result: Result) -> dict[str, list[str]]:
    """Return the sentences of a result that speaks of several things one by one."""
    if not hasattr(result, "sentences"):
        return {}
    return {lang: list(result.sentences(lang).values()) for lang in LANGUAGES}


def _bilingual_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Give every column of :class:`Text` a second column ``<name>_zh``, so that no word is lost."""
    out = {}
    for column in table.columns:
        values = table[column]
        out[column] = values
        if any(isinstance(v, Text) for v in values):
            out[f"{column}_zh"] = [in_language(v, "zh") for v in values]
    return type(table)(out)
