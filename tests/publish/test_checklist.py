"""The reporting checklist says where a point stands only if this very report printed the place."""

from types import SimpleNamespace

import pytest
import yaml

from cx_value.base.places import REPORT
from cx_value.base.words import Phrasebook
from cx_value.publish.chapters.checklist import STATES, checked_points, with_checklist
from cx_value.study.declaration import read_study

POINTS = yaml.safe_load((REPORT / "checklist.yml").read_text(encoding="utf-8"))


def binder(stored=(), lang="en", **changed):
    study = read_study("data/bank-panel").model_copy(update=changed)
    store = SimpleNamespace(has=set(stored).__contains__)
    return SimpleNamespace(
        study=study, store=store, lang=lang, phrasebook=Phrasebook(lang, citing="keys")
    )


def states(bound, there):
    return {row["item"]: (row["state"], row["where"]) for row in checked_points(bound, there)}


def test_a_place_that_was_not_printed_is_not_referred_to():
    found = states(binder(), {"sec-flow"})
    assert found["criteria"] == ("reported", "[@sec-flow]")
    assert found["participants"][0] == "elsewhere"
    assert found["rivals"][0] == "not_applicable"
    assert states(binder(["rivals"]), {"sec-rival", "tbl-rivals"})["rivals"] == (
        "reported", "[@sec-rival], [@tbl-rivals]"
    )  # fmt: skip


def test_what_the_author_must_write_is_his_until_the_study_says_it():
    from cx_value.study.author_texts import Declarations

    there = {"sec-declarations"}
    assert states(binder(declarations=Declarations()), there)["ethics"][0] == "author"
    assert states(binder(), there)["ethics"] == ("reported", "[@sec-declarations]")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_counts_are_those_of_the_table(lang):
    texts = {
        "report.qmd": "## A {#sec-flow}",
        "_checklist.qmd": "<!-- checklist: counts -->\n\n<!-- checklist: table -->",
    }
    bound = binder(lang=lang)
    page = with_checklist(texts, bound)["_checklist.qmd"]
    rows = list(checked_points(bound, {"sec-flow"}))
    assert page.count("\n|") == len(rows) + 2 == sum(map(len, POINTS.values())) + 2
    for state in STATES:
        assert str([row["state"] for row in rows].count(state)) in page.split("|")[0]


def test_every_place_is_one_that_a_chapter_has():
    texts = "".join(path.read_text(encoding="utf-8") for path in (REPORT / "en").glob("*.qmd"))
    asked = {p for points in POINTS.values() for point in points.values()
             for p in point.get("places", ())}  # fmt: skip
    absent = {
        place for place in asked
        if f"#{place}" not in texts and f'"{place}"' not in texts
        and f'("{place[4:].replace("-", "_")}"' not in texts
    }  # fmt: skip
    assert absent == {"sec-abstract"}
