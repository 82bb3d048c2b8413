"""The full edition and its supplement share one text, divided, and name each other's numbers."""

import re

import pytest

from cx_value.publish.chapters.supplement import numbered, only_apart, referred, without_apart

CHAPTER = """# One {#sec-one}

Text, see @tbl-long and [@tbl-far].

## Inner {#sec-inner}

: Short {#tbl-short}

<!-- apart -->

: Long {#tbl-long}

<!-- /apart -->

## Empty {#sec-empty}

<!-- apart -->

# Annex {#sec-annex .annex}

: Far {#tbl-far}

<!-- /apart -->
"""


def test_every_line_is_printed_once():
    full, apart = without_apart(CHAPTER), only_apart(CHAPTER)
    for line in CHAPTER.split("\n"):
        if line.startswith((":", "Text")):
            assert (line in full) != (line in apart), line


def test_headings_follow_what_stands_under_them():
    apart = only_apart(CHAPTER)
    assert re.findall(r"^#+ (\w+)", apart, re.M) == ["One", "Inner", "Annex"]


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", "see Table 1 of the supplement and Table 2 of the supplement."),
     ("zh", "see 补充材料表 1 and 补充材料表 2.")],
)  # fmt: skip
def test_references_into_the_other_edition_are_written_out(lang, said):
    full, apart = numbered([without_apart(CHAPTER)]), numbered([only_apart(CHAPTER)])
    assert full["tbl-short"] == "1" and apart["sec-annex"] == "A"
    assert said in referred(without_apart(CHAPTER), full, apart, "supplement", lang)


def test_a_section_without_long_material_is_not_in_the_supplement():
    assert "Empty" not in only_apart(CHAPTER) and only_apart("# A\n\ntext\n") == ""
