"""Which letters the bytes of a file are, and when a guess would be a lie."""

from __future__ import annotations

import codecs
import unicodedata
from collections import Counter
from pathlib import Path

from cx_value.base.errors import FaultsError
from cx_value.study.readers.raw import refusal

_MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
          (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
#: Encodings named to the analyst where their bytes fit.
_OTHERS = ("cp949", "shift_jis", "big5", "cp1252", "cp1251")
#: Letters looked at to tell Chinese from chance.
SAMPLE = 4000


def decode(file: Path, content: bytes, encoding: str = "auto") -> tuple[str, str, bool]:
    """Return the text of a file, the name of its encoding, and whether that is a guess.

    Of itself only UTF-8 (16, 32) is certain. Other bytes are read as GB18030, and only where what
    comes out is Chinese: nearly any bytes are valid GB18030, Korean and French ones too.

    Raises
    ------
    FaultsError
        When the bytes are not of the encoding declared, or no Chinese; naming encodings they fit.
    """
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    if marked:
        return _decoded(file, content, marked), marked.upper(), False
    if encoding != "auto":
        name = codecs.lookup(encoding).name
        name = "utf-8-sig" if name == "utf-8" else name
        return _decoded(file, content, name), name.removesuffix("-sig").upper(), False
    try:
        return content.decode("utf-8-sig"), "UTF-8", False
    except UnicodeDecodeError:
        text = _as_chinese(content)
        if text is None:
            raise _unknown(file, content) from None
        return text, "GB18030", True


def _decoded(file: Path, content: bytes, name: str) -> str:
    try:
        return content.decode(name)
    except UnicodeError as error:
        name = name.removesuffix("-sig")
        raise refusal(
            file,
            f"the bytes of the file are not {name} text ({str(error)[-60:]})",
            "data.encoding: auto, or the name of the file's encoding",
            "set data.encoding: auto, or save the file as UTF-8",
        ) from error


def _as_chinese(content: bytes) -> str | None:
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return None
    return text if reads_as_chinese(text) else None


def reads_as_chinese(text: str) -> bool:
    """Return whether text decoded from GB18030 is Chinese rather than other bytes misread.

    Of Chinese text nearly all ideographs are among the 3,755 of level 1, which GB 2312 sorts by
    their sound from B0A1 to D7F9. Korean read so never comes beyond C8, kana are none of them.
    Signs of money (¥ is no letter of GB 2312) say nothing.

    >>> reads_as_chinese("服务质量很好"), reads_as_chinese("虐坷胶农绰 己喊")
    (True, False)
    """
    # Each letter once: 男 and 女 in every row say no more than in one.
    foreign = (c for c in text if ord(c) > 127 and unicodedata.category(c) != "Sc")
    letters = list(dict.fromkeys(foreign))[:SAMPLE]
    leads = Counter(_row(letter) for letter in letters)
    common = sum(count for row, count in leads.items() if 0xB0 <= row <= 0xD7)
    late = sum(count for row, count in leads.items() if 0xC9 <= row <= 0xD7)
    signs = sum(count for row, count in leads.items() if 0xA1 <= row <= 0xA3)
    words = len(letters) - signs
    if words == 0 or common < 0.85 * words:
        return words == 0 and signs > 0
    return common < 6 or late >= 0.1 * common


def _row(letter: str) -> int:
    """Return the row of a letter in GB 2312, or 0 where it has none."""
    code = letter.encode("gb18030", errors="replace")
    return code[0] if len(code) == 2 and code[0] >= 0xA1 and code[1] >= 0xA1 else 0


def _unknown(file: Path, content: bytes) -> FaultsError:
    fitting = [name for name in _OTHERS if _fits(content, name)]
    return refusal(
        file,
        "the file is neither UTF-8 nor Chinese text (GB18030)",
        f"data.encoding: the name of its encoding; its bytes fit {', '.join(fitting) or 'none'}",
        "declare data.encoding, for example cp949 (Korean), shift_jis (Japanese), big5 "
        "(traditional Chinese), cp1252 (western Europe), or give it to new: "
        f"cx-value new {file.name} --encoding {fitting[0] if fitting else 'NAME'}; or save the "
        "file as UTF-8",
    )


def _fits(content: bytes, name: str) -> bool:
    try:
        content.decode(name)
    except UnicodeDecodeError:
        return False
    return True
