"""The fonts a report is set in, and which characters they can draw.

Chinese comes from Noto Serif SC (package ``pylopdf-fonts-zh-cn``) for the text and Noto Sans CJK
SC (package ``mpl-font``) for headings, Latin from the fonts that the typst package carries inside
its compiled module; no system font is used, so the same report comes out on every machine.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from cx_value.base.errors import ReportError

# An sfnt header as it lies inside another binary: a magic number, then 5 to 31 tables.
_FONT_STARTS = (b"OTTO\0", b"\0\1\0\0\0")
_TABLES = range(5, 32)
_SANE_TAGS = re.compile(rb"[A-Za-z0-9/ ]{4}")


def chinese_font_folders() -> list[Path]:
    """Return the folders with the Chinese font files, the text's and the headings'.

    Raises
    ------
    ReportError
        If the package ``mpl-font`` or ``pylopdf-fonts-zh-cn`` is not installed.

    Examples
    --------
    >>> sorted(p.stem for one in chinese_font_folders() for p in one.glob("*-Regular.otf"))
    ['NotoSansCJKsc-Regular', 'NotoSansSC-Regular', 'NotoSerifSC-Regular']
    """
    return [
        _package_folder("pylopdf_fonts_zh_cn", "pylopdf-fonts-zh-cn"),
        _package_folder("mpl_font", "mpl-font") / "fonts" / "noto",
    ]


def _package_folder(module: str, package: str) -> Path:
    # found without importing it: importing mpl_font loads matplotlib
    found = find_spec(module)
    if found is None or not found.submodule_search_locations:
        raise ReportError(
            f"The Chinese fonts are missing: package {package} is not installed · "
            "do: run `make setup`."
        )
    return Path(next(iter(found.submodule_search_locations)))


def uncovered_characters(characters: set[str]) -> set[str]:
    """Return those of ``characters`` that no font of the report can draw.

    Parameters
    ----------
    characters
        Single characters; control and format characters are the caller's to leave out.

    Examples
    --------
    >>> sorted(uncovered_characters(set("χ² = 3, 顾客满意 ✓ \U000123ab")))
    ['\U000123ab']
    """
    missing = {c for c in characters if not c.isascii()}
    if missing:
        missing = {c for c in missing if ord(c) not in _chinese_coverage()}
    for number in range(len(_latin_fonts()) if missing else 0):
        missing = {c for c in missing if ord(c) not in _latin_coverage(number)}
        if not missing:
            break
    return missing


@lru_cache(maxsize=1)
def _chinese_coverage() -> frozenset[int]:
    return _coverage((chinese_font_folders()[-1] / "NotoSansCJKsc-Regular.otf").read_bytes())


@lru_cache(maxsize=1)
def _latin_fonts() -> tuple[bytes, ...]:
    folder = Path(next(iter(find_spec("typst").submodule_search_locations)))
    module = next(p for p in sorted(folder.iterdir()) if p.suffix in {".so", ".pyd", ".dylib"})
    return tuple(_embedded_fonts(module.read_bytes()))


@cache
def _latin_coverage(number: int) -> frozenset[int]:
    """Return what one of the fonts can draw; reading them all takes a while, few are needed."""
    return _coverage(_latin_fonts()[number])


def _coverage(font: bytes) -> frozenset[int]:
    from fontTools.ttLib import TTFont

    return frozenset(TTFont(io.BytesIO(font), lazy=True).getBestCmap() or ())


def _embedded_fonts(binary: bytes) -> Iterator[bytes]:
    """Yield the font files that lie, uncompressed, inside a compiled module."""
    seen = set()
    for start in sorted(_font_starts(binary)):
        font = _font_at(binary, start)
        if font is not None and font not in seen:
            seen.add(font)
            yield font


def _font_starts(binary: bytes) -> Iterator[int]:
    """Yield where a font may begin. A search for plain bytes takes a fifth of a pattern's time."""
    for magic in _FONT_STARTS:
        found = binary.find(magic)
        while 0 <= found < len(binary) - len(magic):
            if binary[found + len(magic)] in _TABLES:
                yield found
            found = binary.find(magic, found + 1)


def _font_at(binary: bytes, start: int) -> bytes | None:
    count = struct.unpack_from(">H", binary, start + 4)[0]
    end = 0
    for i in range(count):
        record = binary[start + 12 + 16 * i : start + 28 + 16 * i]
        if len(record) < 16 or not _SANE_TAGS.fullmatch(record[:4]):
            return None
        offset, length = struct.unpack(">LL", record[8:])
        end = max(end, offset + length)
    font = binary[start : start + end]
    return font if len(font) == end and b"cmap" in font[: 12 + 16 * count] else None
