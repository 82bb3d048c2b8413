"""Arranges the slide deck of one language from the results store."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cx_value.base.terms import call_customers
from cx_value.base.wording import format_number
from cx_value.notebook.store import Store, refuse_others
from cx_value.notebook.untold import statements
from cx_value.publish.chapters.bind import Binder
from cx_value.publish.deck.slides import Deck
from cx_value.study.spec import Study

LONGEST_TABLE = 10  # rows that a slide holds


def write_deck(study: Study, lang: str, folder: Path, path: Path, *, draft: bool = False) -> Path:
    """Write the deck of a study.

    Parameters
    ----------
    study : Study
    lang : {"en", "zh"}
    folder : Path
        ``build/<study>``, holding ``results/``.
    path : Path
        File to write.
    draft : bool
        Marks the cover.

    Returns
    -------
    Path

    Raises
    ------
    ReportError
        If a result belongs to another study, other data or a draft.
    """
    store = Store(folder)
    call_customers(study.report.customer)
    refuse_others(store, study, draft=draft)
    binder = Binder(store, study, lang, draft)
    teller = _Teller(binder)
    authors = [author.name for author in study.authors]
    deck = Deck(lang, binder.plain(study.title), ", ".join(authors))
    about = [*authors, str(study.date or "")]
    deck.cover(binder.plain(study.subtitle), " · ".join(filter(None, about)))
    for slide in SLIDES:
        slide(deck, teller)
    path.parent.mkdir(parents=True, exist_ok=True)
    deck.file.save(path)
    return path


class _Teller:
    """Says results in plain words: no markup, no citation, nothing that a slide cannot show."""

    def __init__(self, binder: Binder) -> None:
        self.binder = binder
        self.has, self.read = binder.store.has, binder.store.read

    def say(self, name: str, macro: str = "") -> str:
        return _plain(self.binder.say(name, macro)) if self.has(name) else ""

    def tell(self, template: str, **facts: Any) -> str:
        return _plain(self.binder.tell(template, **facts))

    def short(self, name: str, template: str) -> str:
        """Say a result's facts by another template, a shorter one."""
        return self.tell(template, **self.read(name).meta["facts"]) if self.has(name) else ""

    def word(self, key: str) -> str:
        return self.binder.phrasebook.term(key, "deck")

    def label(self, code: str) -> str:
        return _plain(self.binder.label(str(code)))

    def labels(self, codes: Any) -> list[str]:
        return [self.label(code) for code in codes]


def _plain(text: str) -> str:
    r"""Return the words of a markdown text.

    >>> _plain("**A** (*n* = 3) [@fader2005]; see @hair2019\n- b")
    'A (n = 3); see hair2019 b'
    """
    text = re.sub(r"\s*\[@[^\]]*\]", "", text)
    text = re.sub(r"@([\w-]+)", r"\1", text)
    text = re.sub(r"\\([\\`*_{}\[\]()#+.!~<>|$^-])", r"\1", re.sub(r"\*+", "", text))
    return re.sub(r"\s*\n\s*(?:- )?", " ", text).strip()


# The slides, in order; each adds nothing where its result is not there.
def _answer(deck: Deck, teller: _Teller) -> None:
    said = [teller.say("experience_index", "headline"),
            teller.short("priorities", "abstract.meaning"),
            teller.say("lifetime_value"),
            teller.short("hypotheses", "abstract.hypotheses")]  # fmt: skip
    found = [text for text in said if text]
    if found:
        deck.points(teller.word("answer"), found)


def _glance(deck: Deck, teller: _Teller) -> None:
    if not teller.has("glance") or not len(teller.read("glance").table):
        return
    table = teller.read("glance").table
    parts = {"figure": "name", "value": "value", "interval": "interval"}
    parts |= {"rival": "against"} if table["rival"].notna().any() else {}
    heads = [teller.word(key) for key in parts]
    rows = [
        [teller.tell(f"brief.{part}", **row) for part in parts.values()]
        for row in table.to_dict("records")
    ]
    deck.table(teller.word("glance"), heads, rows)


def _index(deck: Deck, teller: _Teller) -> None:
    if teller.has("experience_index"):
        table = teller.read("experience_index").table
        table = table[table.level != "overall"].head(16)
        deck.chart(teller.word("index"), "bar", teller.labels(table.node),
                   {teller.word("points"): table["index"]},
                   say=teller.say("experience_index", "headline"))  # fmt: skip


def _brands(deck: Deck, teller: _Teller) -> None:
    if teller.has("brand_indices"):
        table = teller.read("brand_indices").table.head(8)
        brands = {teller.label(name): table[name] for name in table.columns if name != "node"}
        deck.chart(teller.word("brands"), "column", teller.labels(table.node), brands)


def _gaps(deck: Deck, teller: _Teller) -> None:
    if teller.has("gap_dimensions"):
        table = teller.read("gap_dimensions").table
        deck.chart(teller.word("gaps"), "bar", teller.labels(table.node),
                   {teller.word("expected"): table.expected,
                    teller.word("perceived"): table.perceived},
                   say=teller.say("gaps"))  # fmt: skip


def _journey(deck: Deck, teller: _Teller) -> None:
    if teller.has("journey"):
        table = teller.read("journey").table
        deck.chart(teller.word("journey"), "column", teller.labels(table.touchpoint),
                   {teller.word("points"): table.score}, say=teller.say("journey"))  # fmt: skip


def _priorities(deck: Deck, teller: _Teller) -> None:
    if not teller.has("priorities"):
        return
    term = teller.binder.phrasebook.term
    heads = [teller.word(key) for key in ("lever", "points", "effect", "step")]
    rows = [
        [teller.label(row["lever"]), format_number(row["index"], 1),
         format_number(row["effect"], 2, bounded=True, lang=teller.binder.lang),
         term(row["step"], "step")]
        for row in teller.read("priorities").table.to_dict("records")
    ]  # fmt: skip
    deck.table(teller.word("priorities"), heads, rows[:LONGEST_TABLE])


def _map(deck: Deck, teller: _Teller) -> None:
    if not teller.has("driver_map"):
        return
    table = teller.read("driver_map").table
    table = table[table.importance_kind == table.importance_kind.iloc[0]]
    points = {
        teller.label(row.lever): (row.importance, row.performance) for row in table.itertuples()
    }
    deck.scatter(teller.word("map"), points, (teller.word("importance"), teller.word("points")))


def _trend(deck: Deck, teller: _Teller) -> None:
    if not teller.has("waves"):
        return
    table = teller.read("waves").table
    wide = table.pivot_table(index="wave", columns="measure", values="mean", sort=False)
    told = [name for name in wide.columns if table[table.measure == name].outside.any()]
    value = teller.binder.study.value
    first = [wide.columns[0], value.satisfaction, value.loyalty, *told]
    chosen = [name for name in dict.fromkeys(first) if name in wide.columns][:5]
    shown = {teller.label(name): wide[name] for name in chosen}
    deck.chart(teller.word("trend"), "line", [str(wave) for wave in wide.index], shown,
               say=teller.say("waves"))  # fmt: skip


def _themes(deck: Deck, teller: _Teller) -> None:
    if teller.has("themes"):
        table = teller.read("themes").table.head(8)
        deck.chart(teller.word("themes"), "bar", teller.labels(table.theme),
                   {teller.word("share"): table.share},
                   say=teller.say("themes"), percent=True)  # fmt: skip


def _value(deck: Deck, teller: _Teller) -> None:
    if teller.has("stages"):
        table = teller.read("stages").table
        table = table[table.share.notna()]  # what is withheld has no column
        names = [teller.binder.phrasebook.term(code, "stage") for code in table.stage]
        shown = {teller.word("customers"): table.share}
        if "total" in table:  # a log without money has stages, and no worth
            shown[teller.word("worth")] = table.total / table.total.sum()
        told = "lifetime_value" if teller.has("lifetime_value") else "stages"
        deck.chart(teller.word("stages"), "column", names, shown, say=teller.say(told),
                   percent=True)  # fmt: skip


def _care(deck: Deck, teller: _Teller) -> None:
    said = [teller.say("sample_flow"), teller.say("reliability_headline"), teller.say("holdout")]
    said += [teller.say(name) for name in statements(teller.binder.store)]
    said += [_plain(teller.binder.words(limit)) for limit in teller.binder.study.limits]
    deck.points(teller.word("care"), [text for text in said if text] + [teller.word("caution")])


SLIDES: tuple[Callable[[Deck, _Teller], None], ...] = (
    _answer, _glance, _index, _brands, _gaps, _journey, _priorities, _map, _trend, _themes,
    _value, _care,
)  # fmt: skip
