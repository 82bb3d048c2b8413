"""Where the texts, notebooks and bundled studies are: in the checkout, or inside the package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
#: The checkout; an installed package carries the same folders under ``assets``.
_CHECKOUT = _PACKAGE.parents[1]
ROOT = _CHECKOUT if (_CHECKOUT / "report" / "words").is_dir() else _PACKAGE / "assets"

REPORT = ROOT / "report"
WORDS = REPORT / "words"
BIBLIOGRAPHY = REPORT / "references.bib"
NOTEBOOKS = ROOT / "notebooks"
DATA = ROOT / "data"


def build_folder(study_file: Path) -> Path:
    """Return where a study is built: ``build/`` beside the ``data/`` that holds its folder.

    A study elsewhere is built in its own folder, a study bundled with an installed package in the
    folder the command is run in.

    >>> build_folder(Path("/home/me/work/data/shop/study.yml")).as_posix()
    '/home/me/work/build'
    >>> build_folder(Path("/home/me/shop/study.yml")).as_posix()
    '/home/me/shop/build'
    """
    if study_file.is_relative_to(_PACKAGE):
        return Path.cwd() / "build"
    folder = study_file.parent
    return (folder.parents[1] if folder.parent.name == "data" else folder) / "build"
