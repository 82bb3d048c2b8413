"""What a report sets apart: long tables that its full edition leaves to the supplement.

A chapter marks them by two comments, ``<!-- apart -->`` and ``<!-- /apart -->``. The full edition
prints what stands outside, the supplement what stands inside under the same headings, and each
names the numbers of the other: ``@tbl-kmo`` becomes "Table 7 of the supplement". A study without
a supplement prints all of it in place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

_OPEN, _CLOSE = "<!-- apart -->", "<!-- /apart -->"
_APART = re.compile(rf"{_OPEN}\n?(.*?){_CLOSE}\n?", re.S)
#: Stands where a part was taken out; a heading over nothing else goes with it.
_EMPTIED = "<!-- emptied -->"
_BARE = re.compile(rf"^##+ [^\n]*\n\s*(?:{_EMPTIED}\s*)+(?=^#|\Z)", re.M)
_HEADING = re.compile(r"^(#{1,6}) ")
_IDENTIFIER = re.compile(r"\{#((?:sec|tbl|fig)-[\w.-]+)([^}]*)\}")
_ONE = r"@((?:sec|tbl|fig)-[\w.-]*\w)"
_REFERENCE = re.compile(rf"(?<![\w\[]){_ONE}|\[{_ONE}\]")

Texts = Mapping[str, str]

_ELSEWHERE = {
    "en": {
        "supplement": {"tbl": "Table {} of the supplement", "fig": "Figure {} of the supplement",
                       "sec": "Section {} of the supplement",
                       "app": "Appendix {} of the supplement"},
        "report": {"tbl": "Table {} of the report", "fig": "Figure {} of the report",
                   "sec": "Section {} of the report", "app": "Appendix {} of the report"},
    },
    "zh": {
        "supplement": {"tbl": "补充材料表 {}", "fig": "补充材料图 {}", "sec": "补充材料第 {} 节",
                       "app": "补充材料附录 {}"},
        "report": {"tbl": "正文表 {}", "fig": "正文图 {}", "sec": "正文第 {} 节",
                   "app": "正文附录 {}"},
    },
}  # fmt: skip


def without_apart(text: str) -> str:
    r"""Return a chapter as the full edition prints it beside a supplement.

    A heading goes where all that stood under it went.

    >>> without_apart("a\n<!-- apart -->\nlong\n<!-- /apart -->\nb")
    'a\nb'
    >>> without_apart("# A\nx\n## B\n<!-- apart -->\nlong\n<!-- /apart -->\n## C\ny")
    '# A\nx\n## C\ny'
    """
    left = _APART.sub(_EMPTIED + "\n", text)
    return _BARE.sub("", left).replace(_EMPTIED + "\n", "")


def only_apart(text: str) -> str:
    r"""Return what a chapter sets apart, under the headings it belongs to.

    >>> only_apart("# A\nx\n## B\ny\n<!-- apart -->\nlong\n<!-- /apart -->\n## C\nz")
    '# A\n\n## B\n\nlong\n'
    """
    kept: list[str] = []
    waiting: dict[int, str] = {}
    inside = False
    for line in text.split("\n"):
        if line in (_OPEN, _CLOSE):
            inside = line == _OPEN
            continue
        heading = _HEADING.match(line)
        if heading:
            level = len(heading.group(1))
            waiting = {k: v for k, v in waiting.items() if k < level}
        if heading and not inside:
            waiting[level] = line
        elif line.startswith("{{< include"):
            kept.append(line)
        elif inside and (line or not waiting):
            kept += [part for head in waiting.values() for part in (head, "")]
            waiting = {}
            kept.append(line)
    return "\n".join([*kept, ""]) if kept else ""


def numbered(texts: Iterable[str]) -> dict[str, str]:
    r"""Return identifier → printed number of every section, table and figure, in reading order.

    >>> numbered(["# A {#sec-a}\n## B {#sec-b}\n: T {#tbl-t}\n# X {#sec-x .annex}"])
    {'sec-a': '1', 'sec-b': '1.1', 'tbl-t': '1', 'sec-x': 'A'}
    """
    found: dict[str, str] = {}
    floats = {"tbl": 0, "fig": 0}
    plain, lettered = [0] * 6, [0] * 6
    annex = False
    for line in (line for text in texts for line in text.split("\n")):
        heading = _HEADING.match(line)
        if heading:
            annex = ".annex" in line if len(heading.group(1)) == 1 else annex
            number = _next_number(lettered if annex else plain, len(heading.group(1)), annex, line)
        for identifier, _ in _IDENTIFIER.findall(line):
            kind = identifier[:3]
            if kind in floats:
                floats[kind] += 1
                found[identifier] = str(floats[kind])
            elif heading:
                found[identifier] = number
    return found


def _next_number(counters: list[int], level: int, annex: bool, line: str) -> str:
    if ".unnumbered" in line:
        return ""
    counters[level - 1] += 1
    counters[level:] = [0] * (len(counters) - level)
    parts = [str(n) for n in counters[:level]]
    if annex:
        parts[0] = chr(64 + counters[0])
    return ".".join(parts)


def referred(text: str, own: Mapping[str, str], other: Mapping[str, str], where: str, lang: str):
    """Return a text whose references into the other edition are written out.

    Parameters
    ----------
    text : str
    own, other : mapping
        Numbers of this edition and of the other one, by identifier.
    where : {"supplement", "report"}
        What the other edition is called.
    lang : {"en", "zh"}

    >>> referred("see @tbl-a, @tbl-b.", {"tbl-a": "1"}, {"tbl-b": "4"}, "supplement", "en")
    'see @tbl-a, Table 4 of the supplement.'
    >>> referred("见[@tbl-b]。", {}, {"tbl-b": "4"}, "supplement", "zh")
    '见补充材料表 4。'
    """

    def written(match: re.Match[str]) -> str:
        name = match.group(1) or match.group(2)
        if name in own or name not in other:
            return match.group(0)
        lettered = name.startswith("sec") and other[name][:1].isalpha()
        return _ELSEWHERE[lang][where]["app" if lettered else name[:3]].format(other[name])

    return _REFERENCE.sub(written, text)


def in_reading_order(main: str, texts: Texts, include: re.Pattern[str]) -> Iterator[str]:
    """Yield the pieces of a report as they are read, every include followed."""
    last = 0
    for match in include.finditer(main):
        yield main[last : match.start()]
        yield from in_reading_order(texts.get(match.group(1), ""), texts, include)
        last = match.end()
    yield main[last:]
