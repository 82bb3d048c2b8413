"""Reads printed reports back: sentences of the bound chapters, words and their boxes on paper."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z*(])|(?<=[。！？])")
_LEFT_OUT = re.compile(r"^\s*(?:\||#|!\[|:(?!\w)|\{\{<|<!--|\$\$)")
_PAGE = re.compile(r'<page width="([\d.]+)" height="([\d.]+)">(.*?)</page>', re.S)
_WORD = re.compile(
    r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>'
)

Box = tuple[float, float, float, float]


def sentences(project: Path) -> Iterator[tuple[str, str]]:
    """Yield chapter and sentence of all running prose; tables, captions and their notes left out.

    A note under a table explains its signs again on purpose: each table stands by itself.
    """
    for path in sorted(project.glob("*.qmd")):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.S)
        text = re.sub(r"^::: \{\.table-note\}.*?^:::$", "", text, flags=re.S | re.M)
        for block in re.split(r"\n\s*\n|\n(?=- )", text):
            lines = [line for line in block.split("\n") if not _LEFT_OUT.match(line)]
            said = re.sub(r"\s+", " ", " ".join(lines)).strip().removeprefix("- ")
            yield from ((path.name, one.strip()) for one in _END.split(said) if one.strip())


def repeated(project: Path, *, least: int) -> dict[str, list[str]]:
    """Return every sentence of ``least`` characters that is printed more than once, and where."""
    found = [(name, said) for name, said in sentences(project) if len(said) >= least]
    often = [said for said, times in Counter(said for _, said in found).items() if times > 1]
    return {said: [name for name, other in found if other == said] for said in often}


def pages(pdf: Path) -> list[tuple[float, float, list[tuple[Box, str]]]]:
    """Return width, height and the words with their boxes of every page, by poppler."""
    told = subprocess.run(["pdftotext", "-bbox", pdf, "-"], capture_output=True, check=True)
    return [
        (
            float(width), float(height),
            [(tuple(map(float, word[:4])), word[4]) for word in _WORD.findall(text)],
        )
        for width, height, text in _PAGE.findall(told.stdout.decode())
    ]  # fmt: skip


def cut(pdf: Path, margin: float) -> list[str]:
    """Return the words whose box leaves the page less ``margin`` points on any side."""
    return [
        f"page {number}: {word}"
        for number, (width, height, words) in enumerate(pages(pdf), 1)
        for (left, top, right, bottom), word in words
        if left < margin or top < margin or right > width - margin or bottom > height - margin
    ]


def covered(pdf: Path) -> list[str]:
    """Return pairs of words of which one stands on the other."""
    return [
        f"page {number}: {one[1]} / {other[1]}"
        for number, (_, _, words) in enumerate(pages(pdf), 1)
        for inked in [[_inked(*word) for word in words]]
        for k, one in enumerate(inked)
        for other in inked[k + 1 :]
        if _shared(one[0], other[0]) > 0.5
    ]


def _inked(box: Box, word: str) -> tuple[Box, str]:
    """Return a word with its box less the white half of a full-width sign at its ends."""
    left, top, right, bottom = box
    white = 0.6 * (bottom - top)
    left += white if word[:1] in "（【《“" else 0
    right -= white if word[-1:] in "，。；：、）】》”" else 0
    return (left, top, max(right, left), bottom), word


def _shared(one: Box, other: Box) -> float:
    """Return the share of the smaller box that lies on the other."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    least = min((b[2] - b[0]) * (b[3] - b[1]) for b in (one, other))
    return wide * high / least if least > 0 else 0.0


def captions(pdf: Path, word: str) -> list[tuple[int, int]]:
    """Return number and page of every caption ("Table 3.", 图 3), in reading order."""
    return [(n, page) for n, page, caption in _named(pdf, word) if caption]


def called(pdf: Path, word: str) -> dict[int, int]:
    """Return number → first page on which a table or figure is named, its caption aside."""
    first: dict[int, int] = {}
    for number, page, caption in _named(pdf, word):
        if not caption:
            first.setdefault(number, page)
    return first


def _named(pdf: Path, word: str) -> Iterator[tuple[int, int, bool]]:
    told = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True)
    for page, text in enumerate(told.stdout.decode().split("\f"), 1):
        for line in text.split("\n"):
            for found in re.finditer(rf"{word}[\s\u00a0]*(\d+)(?!\.?\d)", line):
                begins = not line[: found.start()].strip()
                ends = line[found.end() :]
                sign = r"\.\s+\S" if word.isascii() else r"[\s\u3000]{2,}\S"
                continued = "continued" in ends or line[: found.start()].rstrip().endswith("续")
                if not continued:
                    yield int(found[1]), page, begins and bool(re.match(sign, ends))
