"""Pages of the bundled reports as pictures for README and gallery.

Print the bundled studies (``make gallery``), then run ``python docs/pictures.py build``: the
folders named are searched for a study in turn. Needs pdftoppm and pdftotext (poppler); the
pictures lie in ``docs/pictures/``, so that nobody who only reads needs either.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent / "pictures"
#: Picture → study, edition, and its page: a number, or what a caption on it says.
PICTURES: dict[str, tuple[str, str, int | dict[str, str]]] = {
    "brief-1": ("bank-panel", "brief", 1),
    "brief-2": ("bank-panel", "brief", 2),
    "bank-structure": ("bank-panel", "report",
                       {"en": "Paths of the structural model", "zh": "结构模型的路径"}),
    "bank-map": ("bank-panel", "report",
                 {"en": "Importance–performance map: cross-hairs", "zh": "重要性–绩效矩阵：分界"}),
    "ecsi-findings": ("ecsi-mobile", "report", 2),
    "ecsi-models": ("ecsi-mobile", "report",
                    {"en": "Structural models: fit and admissibility", "zh": "结构模型的拟合"}),
    "cdnow-models": ("cdnow", "report",
                     {"en": "Purchase models compared", "zh": "购买模型的比较"}),
}  # fmt: skip
DOTS_PER_INCH, COLOURS = 96, 64


def pages_of(pdf: Path) -> list[str]:
    """Return the text of each page, without blanks."""
    run = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, check=True)
    return ["".join(page.split()) for page in run.stdout.decode("utf-8").split("\f")]


def page_number(pdf: Path, wanted: int | str) -> int:
    """Return the page asked for, the first that says so."""
    if isinstance(wanted, int):
        return wanted
    words = "".join(wanted.split())
    found = [k for k, text in enumerate(pages_of(pdf), start=1) if words in text]
    if not found:
        raise SystemExit(f"{pdf}: no page says {wanted!r}")
    return found[0]


def draw(pdf: Path, page: int, target: Path) -> None:
    """Write a page as a PNG of few colours."""
    from PIL import Image

    stem = target.with_suffix("")
    command = ["pdftoppm", "-png", "-r", str(DOTS_PER_INCH), "-f", str(page), "-l", str(page),
               "-singlefile", str(pdf), str(stem)]  # fmt: skip
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    picture = Image.open(target).convert("RGB").quantize(COLOURS)
    picture.save(target, optimize=True)


def main(folders: list[str]) -> None:
    """Draw every picture in both languages."""
    HERE.mkdir(exist_ok=True)
    for name, (study, edition, wanted) in PICTURES.items():
        for lang in ("en", "zh"):
            file = Path(study) / f"{edition}-{lang}" / f"{edition}.pdf"
            pdf = next(Path(f) / file for f in folders if (Path(f) / file).is_file())
            page = page_number(pdf, wanted[lang] if isinstance(wanted, dict) else wanted)
            draw(pdf, page, HERE / f"{name}-{lang}.png")


if __name__ == "__main__":
    main(sys.argv[1:] or ["build"])
