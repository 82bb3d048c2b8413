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
