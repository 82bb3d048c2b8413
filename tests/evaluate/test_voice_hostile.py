"""Comments made to break out: of the page, of paper, of Word, of a spreadsheet.

They are coded, toned and quoted like any others; a quote prints letter for letter as pandoc reads
it back, and no result file holds a formula.
"""

import csv
import io
import re
import zipfile

import pandas as pd
import pypandoc
import pytest

from cx_value.evaluate.voice.account import read_comments
from cx_value.evaluate.voice.impact import quotable, theme_impact, themes_by_group
from cx_value.evaluate.voice.sentiment import measure_sentiment
from cx_value.evaluate.voice.themes import code_themes, count_themes, discover_themes
from cx_value.notebook.store import Store
from cx_value.tables.declared import declared_tables
from cx_value.tables.render import render_table
from tables_read import cells

#: What a comment hides beside its words.
ATTACKS = [
    "<script>alert(1)</script>", '<img src=x onerror="alert(2)">', '=HYPERLINK("x";"y")',
    "=cmd|' /C calc'!A0", "+1+cmd", "@SUM(A1)", "-2+3", "#panic(1)", '#read("/etc/passwd")',
    "$ #sys $", "{{< include /etc/passwd >}}", "{{ 7*7 }}", "<< 7*7 >>", "[x](javascript:1)",
    "![x](file:///etc/passwd)", "```{=html}\n<b>raw</b>\n```", "`<b>raw</b>`{=html}", "| a | b |",
    "@fader2005", "^[note]", "<!-- apart -->", ":::", "\\input{x}", "\x00\x1b[31m", "\u202eabc",
    "😀😡", "---", "9" * 3000,
]  # fmt: skip
WORDLESS = ["", " ", "😀😡", "👍🏽", "!!! ??", "12345", "=1+2", "{{7*7}}", "<b></b>", "\u200b",
            "<script>alert(1)</script>", "<style>p{}</style>", "\n\t"]  # fmt: skip
WORDS = {"en": ("The fees are too high for me", "Friendly staff and quick service"),
         "zh": ("手续费实在太高了不满意", "服务很好工作人员热情")}  # fmt: skip
BOOK = {"FEES": {"en": ["fees"], "zh": ["手续费"]}, "STAFF": {"en": ["staff"], "zh": ["人员"]}}


def hostile():
    """Return comments: every attack before and behind words of both themes and languages."""
    texts = [part for attack in ATTACKS for pair in WORDS.values() for words in pair
             for part in (f"{attack} {words}", f"{words} {attack}")]  # fmt: skip
    return pd.Series([*texts, *WORDLESS, None], name="text")


@pytest.fixture(scope="module")
def heard():
    texts = hostile()
    comments = read_comments(texts)
    good = texts.fillna("").str.contains("Friendly|很好").astype(float)
    coded = code_themes(comments.texts, comments.languages, BOOK)
    tone = measure_sentiment(comments.texts, comments.languages, 1 + 4 * good)
    return comments, coded, tone, 1 + 4 * good


@pytest.mark.parametrize("text", WORDLESS)
def test_a_comment_without_words_is_counted_and_breaks_nothing(text):
    comments = read_comments(pd.Series([text] * 3))
    assert comments.n_used == 0 and comments.n_dropped == 3
    coded = code_themes(comments.texts, comments.languages, BOOK)
    assert count_themes(coded, comments.languages, origin="declared").facts()["uncoded"] is None
    assert discover_themes(comments.texts, comments.languages, "en").frame.empty
    tone = measure_sentiment(comments.texts, comments.languages, pd.Series(dtype=float))
    assert tone.scores.notna().sum() == 0


def test_words_beside_an_attack_are_coded_all_the_same(heard):
    comments, coded, _, score = heard
    for theme, pattern in (("FEES", "fees|手续费"), ("STAFF", "staff|人员")):
        assert coded[theme].equals(comments.texts.str.contains(pattern)), theme
    told = theme_impact(coded, score, "SAT").table().set_index("theme")
    assert told.difference["FEES"] == -4 and told.difference["STAFF"] == 4
    groups = pd.Series(["<script>x</script>", "=1+1"] * len(coded), dtype=object)
    shown = themes_by_group(coded, groups[coded.index], column="brand", minimum=5)
    assert set(shown.group) == set(groups)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_themes_found_in_hostile_comments_are_words(heard, language):
    comments, *_ = heard
    found = discover_themes(comments.texts, comments.languages, language, themes=3, halves=2)
    for name in ("theme", "words"):
        assert not found.frame[name].str.contains(r"[<>{}=|`$\\@#\x00-\x1f]").any()


@pytest.fixture(scope="module")
def quotes(heard):
    comments, coded, tone, _ = heard
    found = quotable(comments.texts, coded, tone.scores, minimum=5, each=500)
    assert len(found) > 100
    return found


@pytest.fixture(scope="module")
def printed(quotes):
    labels = {"FEES": "Fees", "STAFF": "Staff"}
    table = declared_tables()["quotes"]
    return render_table(quotes, table, "en", labels, caption="Said", identifier="tbl-quotes")


def test_a_quote_is_text_to_pandoc(printed, quotes):
    rows = cells(printed)[0][1:]  # raises where a cell holds more than words
    assert len(rows) == len(quotes)
    said = "".join(row[2] for row in rows)
    for piece in (
        "alert(1)",
        "#panic(1)",
        "{{< include /etc/passwd >}}",
        "<b>raw</b>",
        "| a | b |",
    ):
        assert piece in said, piece


def test_a_quote_leaks_into_no_format(printed, tmp_path):
    page = pypandoc.convert_text(printed, "html", "markdown")
    tags = set(re.findall(r"<([a-z]+)", page))
    assert not tags & {"script", "img", "a", "b", "iframe", "style", "svg", "input", "form"}
    paper = pypandoc.convert_text(printed, "typst", "markdown")
    assert not re.search(r"(?<!\\)#(panic|read|sys|include|image|link)\b", paper)
    assert "```" not in paper and not re.search(r"(?<!\\)\$", paper)
    pypandoc.convert_text(printed, "docx", "markdown", outputfile=str(tmp_path / "q.docx"))
    with zipfile.ZipFile(tmp_path / "q.docx") as word:
        links = word.read("word/_rels/document.xml.rels").decode()
        body = word.read("word/document.xml").decode()
    assert "External" not in links
    assert (
        "w:instrText" not in body and "w:drawing" not in body and "w:footnoteReference" not in body
    )


def test_result_files_of_hostile_comments_hold_no_formula(heard, quotes, tmp_path):
    comments, coded, *_ = heard
    store = Store(tmp_path)
    themes = count_themes(coded, comments.languages, origin="declared")
    store.save_table("quotes", quotes, n_used=len(quotes))
    store.save("themes", themes)
    assert store.read("quotes").table["quote"].map(str.split).tolist() == [
        text.split() for text in quotes["quote"]
    ]  # fmt: skip
    for path in tmp_path.rglob("*.csv"):
        told = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
        found = [cell for row in told for cell in row if re.match(r"[=@\t\r]|[+-](?![\d.])", cell)]
        assert not found, path.name
