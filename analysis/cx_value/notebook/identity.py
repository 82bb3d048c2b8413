"""Which study, data and code a result belongs to: hashes over what is in files, not over dates."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cx_value.base.wording import Text

if TYPE_CHECKING:
    from cx_value.study.spec import Study

PACKAGE = Path(__file__).resolve().parents[1]
#: Rooms that can change a number or a figure; the rest only prints.
COMPUTING = (
    "base", "diagram", "study", "sem", "measure", "value", "evaluate", "judge", "notebook",
)  # fmt: skip
#: Module → package of others that can make a number or a figure.
COMPUTING_PACKAGES = {
    "numpy": "numpy", "scipy": "scipy", "pandas": "pandas", "statsmodels": "statsmodels",
    "pingouin": "pingouin", "semopy": "semopy", "sklearn": "scikit-learn", "stepmix": "stepmix",
    "matplotlib": "matplotlib", "seaborn": "seaborn", "duckdb": "duckdb", "dask": "dask",
    "pyreadstat": "pyreadstat", "openpyxl": "openpyxl", "jieba": "jieba", "snownlp": "snownlp",
    "vaderSentiment": "vaderSentiment",
}  # fmt: skip
#: What a kernel is started with, and what one that starts cold loads sooner or later: the same
#: records, whichever it was.
STARTED_WITH = frozenset({"numpy", "scipy", "pandas", "matplotlib"})
#: A larger file is told from its changed self by size and time of writing.
LARGEST_READ = 2**30
#: Keys that only pages print, by the entry of the study file: no number changes with them. What
#: answers are called is none of these, for groups and answers go by their names.
PRINTED_ONLY = {
    "Study": (
        "title", "subtitle", "authors", "date", "population", "collection", "preregistered",
        "limits", "keywords", "discussion", "declarations",
    ),
    "Report": ("languages", "formats", "editions", "citation_style"),
    "Construct": ("source",), "Item": ("source",), "Dimension": ("source",),
    "Hypothesis": ("theory",), "DataFile": ("licence", "citation"),
    "Transactions": ("licence", "citation"),
}  # fmt: skip
#: The same of every entry, but of a claim: it is stored as it was worded.
PRINTED_OF_ALL = ("label",)
WORDED = ("Claim",)


def sha256_of(*paths: Path) -> str:
    """Return one SHA-256 over files, by name and content, the same on every platform."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, however large it is."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_of(path: Path) -> str:
    """Return what tells a file's content from any other: its hash, or of a huge file size and time.

    A file that keeps its size and its time of writing, its content changed, is a changed file.
    """
    status = path.stat()
    if status.st_size > LARGEST_READ:
        return f"{status.st_size} {status.st_mtime_ns}"
    return sha256_of_file(path)


def sha256_of_data(study: Study) -> str:
    """Return the SHA-256 of a study's file of data, or of the list of them where there are more."""
    digests = [sha256_of_file(path) for path in study.data_files]
    return digests[0] if len(digests) == 1 else sha256_of_text(" ".join(digests))


def sha256_of_text(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def declaration_sha256(study: Study) -> str:
    """Return the SHA-256 of what a study declares, without what only its pages print.

    A title, a label, a wording or a source changes nothing here; an answer's name does.
    """
    return _sha256_of_declared(numbers_declared(study))


def texts_sha256(study: Study) -> str:
    """Return the SHA-256 of all that a study declares, titles and labels included."""
    return _sha256_of_declared(study.model_dump(exclude={"folder"}))


def numbers_declared(entry: Any) -> Any:
    """Return a study, or an entry of its file, without what only pages print; nor its folder."""
    if isinstance(entry, tuple):
        return [numbers_declared(one) for one in entry]
    if isinstance(entry, Mapping):
        return {str(key): numbers_declared(one) for key, one in entry.items()}
    fields = getattr(type(entry), "model_fields", None)
    if fields is None:
        return plain_declaration(entry)
    everywhere = () if type(entry).__name__ in WORDED else PRINTED_OF_ALL
    left_out = {*everywhere, *PRINTED_ONLY.get(type(entry).__name__, ()), "folder"}
    return {key: numbers_declared(getattr(entry, key)) for key in fields if key not in left_out}


def _sha256_of_declared(declared: Any) -> str:
    plain = plain_declaration(declared)
    return sha256_of_text(json.dumps(plain, sort_keys=True, ensure_ascii=False))


def plain_declaration(value: Any) -> Any:
    """Return nested declarations as JSON has them, both languages of a phrase kept."""
    if isinstance(value, Text):
        return [str(value), value.zh]
    if isinstance(value, Mapping):
        return {str(key): plain_declaration(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_declaration(entry) for entry in value]
    return value if isinstance(value, int | float | bool | None) else str(value)


def loaded_code_sha256() -> str:
    """Return the SHA-256 of the computing code that this kernel has loaded: what made a result."""
    files = {
        module.__file__
        for name, module in list(sys.modules.items())
        if name.startswith("cx_value.") and getattr(module, "__file__", None)
    }
    return _loaded_code_sha256(frozenset(files))


@lru_cache(maxsize=64)
def _loaded_code_sha256(files: frozenset[str]) -> str:
    return code_sha256(map(Path, files))


def code_sha256(files: Iterable[Path]) -> str:
    """Return one SHA-256 over those of the files that compute."""
    computing = sorted(path for path in map(Path.resolve, files) if computes(path))
    return _code_sha256(tuple(computing))


def loaded_packages() -> list[str]:
    """Return the packages of others that this kernel has loaded to compute, by their names."""
    loaded = {name.partition(".")[0] for name in list(sys.modules)} | STARTED_WITH
    return sorted(package for module, package in COMPUTING_PACKAGES.items() if module in loaded)


def computes(path: Path) -> bool:
    """Tell whether a file of the package lies in a room that computes."""
    return path.is_relative_to(PACKAGE) and path.relative_to(PACKAGE).parts[0] in COMPUTING


@lru_cache(maxsize=64)
def _code_sha256(files: tuple[Path, ...]) -> str:
    return sha256_of(*files)
