"""The markdown of a table: pipes, caption with widths, note."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence

from cx_value.base.cutoffs import Cutoff
from cx_value.base.terms import named_code, own_words
from cx_value.base.wording import Text, currency_name, format_number, in_language

_RULES = {"left": ":---", "right": "---:", "center": ":---:"}
_OF_A_COLUMN = re.compile(r"\[\[(\w+)\|(.*?)\]\]", re.DOTALL)
_SIGNS = {">=": "≥", "<=": "≤", ">": "\\>", "<": "\\<"}


def rule_text(rule: Cutoff, lang: str) -> str:
    r"""Return a rule of thumb as a note states it, with whose it is.

    >>> from cx_value.base.cutoffs import CUTOFFS
    >>> rule_text(CUTOFFS["ave"], "en"), rule_text(CUTOFFS["ave"], "zh")
    ('≥ .50 [@fornell1981]', '≥ 0.50 [@fornell1981]')
    """
    size = abs(rule.threshold)
    # As many decimals as the rule has: 2.58 is not 2.6, and 200 is not 200.00.
    decimals = max(len(f"{size:g}".partition(".")[2]), 2 if size < 1 else 0)
    number = format_number(rule.threshold, decimals, bounded=size < 1, lang=lang)
    said = f"[@{rule.source}]" if rule.source else f"({named_code(rule.set_by, 'set_by', lang)})"
    return f"{_SIGNS[rule.direction]} {number} {said}"


def pipe_table(heads: Sequence[str], alignments: Sequence[str], body) -> list[str]:
    """Return the lines of a pipe table; cells are markdown already."""
    lines = ["| " + " | ".join(heads) + " |"]
    lines.append("|" + "|".join(_RULES[a] for a in alignments) + "|")
    return lines + ["| " + " | ".join(cells) + " |" for cells in body]


def caption_line(caption: str, identifier: str, widths: Sequence[float]) -> str:
    """Return the caption line with the label and the widths, which sum to 100."""
    total = sum(widths)
    shares = [round(100 * width / total) for width in widths]
    shares[0] += 100 - sum(shares)
    listed = ",".join(map(str, shares))
    return f': {caption} {{#{identifier} tbl-colwidths="[{listed}]"}}'


def note_text(note: Text, lang: str, cutoffs: Mapping[str, Cutoff], level: str = "") -> str:
    """Return a note with the rules it names, and the level of the intervals, filled in."""

    def fill(match: re.Match) -> str:
        return level if match[1] == "level" else rule_text(cutoffs[match[1]], lang)

    lead = "注：" if lang == "zh" else "*Note.* "
    return lead + re.sub(r"\{(\w+)\}", fill, own_words(in_language(note, lang)))


def of_columns(note: Text, shown: Container[str]) -> Text:
    """Return a note without what it says of columns that are not printed: ``[[source|words]]``.

    >>> str(of_columns(Text("B: slope.[[p| p: two-sided.]]", zh=""), {"b"}))
    'B: slope.'
    """

    def kept(match: re.Match) -> str:
        return match[2] if match[1] in shown else ""

    return Text(_OF_A_COLUMN.sub(kept, str(note)), zh=_OF_A_COLUMN.sub(kept, note.zh))


def in_money(head: str, currency: str, lang: str) -> str:
    """Return a heading with ``{money}`` filled in, or without it where no currency is known.

    >>> in_money("Value, {money}", "CNY", "en"), in_money("价值（{money}）", "CNY", "zh")
    ('Value, CNY', '价值（元）')
    >>> in_money("Value, {money}", "", "en"), in_money("{money} per point", "", "en")
    ('Value', 'Money per point')
    """
    if currency:
        return head.replace("{money}", currency_name(currency, lang))
    return re.sub(r", \{money\}|（\{money\}）", "", head).replace("{money}", "Money")


def wrap_table(lines: list[str], *, note: str = "") -> str:
    """Return the lines as text, with the note under them."""
    if note:
        lines += ["", "::: {.table-note}", note, ":::"]
    return "\n".join(lines) + "\n"
