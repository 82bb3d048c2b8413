"""A small bilingual report that uses every construct the chapters may use."""

from __future__ import annotations

import shutil
import struct
import zipfile
import zlib
from pathlib import Path

from lxml import etree

from cx_value.publish.rendering.project import install_theme

W = {"w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main"}
ROUNDING = 20  # one twentieth of a point for each column
SOURCES = Path(__file__).parent / "rendering"


def write_sample_report(project: Path, lang: str) -> Path:
    """Write the sample project of one language and return its folder."""
    install_theme(project, lang)
    tables = {
        "WIDE_TABLE": _grid(14, 14, ["Item" if lang == "en" else "题项"]),
        "LONG_TABLE": _grid(4, 60, ["Item" if lang == "en" else "题项"]),
        "LANDSCAPE_TABLE": _grid(20, 8, ["Item" if lang == "en" else "题项"]),
    }
    for source in sorted((SOURCES / lang).glob("*.qmd")):
        text = source.read_text(encoding="utf-8")
        for word, table in tables.items():
            text = text.replace(word, table)
        (project / source.name).write_text(text, encoding="utf-8")
    shutil.copyfile(SOURCES / "references.bib", project / "references.bib")
    (project / "figures").mkdir(exist_ok=True)
    shutil.copyfile(SOURCES / "path.svg", project / "figures" / "path.svg")
    (project / "figures" / "path.png").write_bytes(_png(600, 260))
    return project


def _grid(columns: int, rows: int, head: list[str]) -> str:
    names = head + [f"V{i:02d}" for i in range(1, columns)]
    lines = ["| " + " | ".join(names) + " |", "|:--|" + "--:|" * (columns - 1)]
    for row in range(1, rows + 1):
        cells = [f"V{row:02d}"] + [f".{(row * 37 + i * 11) % 1000:03d}" for i in range(1, columns)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _png(width: int, height: int) -> bytes:
    """A grey picture with a dark frame, 8 bits a pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    edge = bytes([0]) + bytes([60]) * width
    inner = bytes([0]) + bytes([60]) * 2 + bytes([235]) * (width - 4) + bytes([60]) * 2
    pixels = edge * 2 + inner * (height - 4) + edge * 2
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            chunk(b"IDAT", zlib.compress(pixels)),
            chunk(b"IEND", b""),
        ]
    )


# Reading a DOCX back


def w(name: str) -> str:
    return f"{{{W['w']}}}{name}"


def document_part(path: Path, part: str = "word/document.xml") -> etree._Element:
    with zipfile.ZipFile(path) as archive:
        return etree.fromstring(archive.read(part))


def tables_by_label(path: Path) -> dict[str, etree._Element]:
    """Tables of a document by the label of the caption above them."""
    tables, label = {}, ""
    for element in document_part(path).iter(w("bookmarkStart"), w("tbl")):
        if element.tag == w("tbl"):
            tables[label] = element
        elif element.get(w("name")).startswith("tbl-"):
            label = element.get(w("name"))
    return tables


def column_widths(table: etree._Element) -> list[int]:
    return [int(column.get(w("w"))) for column in table.findall("w:tblGrid/w:gridCol", W)]
