"""The template step: chapters with their numbers, tables and figures bound to the results store.

Chapters are ``.qmd`` texts in ``report/<lang>/``; what stands between ``<<`` and ``>>`` is looked
up, what stands between ``<%`` and ``%>`` decides (Quarto's own ``{{< >}}`` stays free). Nothing is
computed here: every function below reads the store and prints.
"""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from cx_value.base.cutoffs import cutoffs_with
from cx_value.base.errors import ReportError
from cx_value.base.markdown import escape_prose
from cx_value.base.places import REPORT
from cx_value.base.sources import bibliography_names
from cx_value.base.templates import compiled_before
from cx_value.base.terms import own_words
from cx_value.base.wording import (
    Text,
    format_interval,
    format_number,
    format_p,
    format_percent,
    in_language,
    join_words,
)
from cx_value.base.words import Phrase, Phrasebook
from cx_value.notebook.declared import RULES
from cx_value.notebook.store import Record, Store
from cx_value.notebook.untold import statements
from cx_value.publish.chapters.editions import edition_name, editions_of, formats_of
from cx_value.publish.chapters.pictured import told
from cx_value.publish.chapters.provenance import commit, release, software
from cx_value.publish.chapters.without import vocabulary_without
from cx_value.study.spec import Study

#: What a chapter may call; see the table in CONTRIBUTING.md.
VOCABULARY = (
    "label", "labels", "single_items", "words", "sentence_case", "quoted", "num", "coef", "count",
    "pval", "ci", "pct", "text", "draws", "cutoff", "cite", "say", "notes",
    "table", "matrix", "figure", "has_figure", "tell", "siblings", "in_other_language",
    "judging", "authored", "to_write", "declared", "hash",
)  # fmt: skip
_LANGUAGES = {"en": "English", "zh": "中文"}
#: A citation in words of a study, once they are escaped.
_CITED = re.compile(r"\\\[\\@(\w+)\\\]|\\@(\w+)")


@dataclass(frozen=True)
class Binder:
    """Fills chapters from one store, for one study and language."""

    store: Store
    study: Study
    lang: str
    draft: bool = False
    renderer: str = ""
    edition: str = "full"
    noted: set[str] = field(default_factory=set, compare=False)

    def bind(self, source: Path) -> str:
        """Return a template's text with everything looked up."""
        environment = _environment(source.parent)
        environment.globals.update(self._vocabulary())
        try:
            return environment.get_template(source.name).render()
        except Exception as error:
            raise ReportError(f"{_place(error, source)}: {error}") from error

    def _vocabulary(self) -> dict[str, Any]:
        verbs = {name: getattr(self, name) for name in VOCABULARY}
        return {
            **verbs, "study": self.study, "edition": self.edition, "lang": self.lang,
            "draft": self.draft,
            "has": self.store.has, "result": self.store.read, "commit": commit,
            "version": release,
            "software": lambda: software(self.store.packages(), self.renderer),
            "statements": partial(statements, self.store), **vocabulary_without(self),
        }  # fmt: skip

    @cached_property
    def names(self) -> Mapping[str, Text]:
        """Return code → label of everything in the codebook."""
        rows = self.store.read("codebook").table.itertuples()
        return {row.code: Text(row.label, zh=row.label_zh) for row in rows}

    def siblings(self) -> list[dict[str, str]]:
        """Return the other languages, editions and formats of this page: what to call and open."""
        study, own = self.study, edition_name(self.edition)
        pages = [(lang, own, _LANGUAGES[lang]) for lang in study.report.languages]
        pages += [
            (self.lang, edition_name(edition), self.phrasebook.term(edition, "edition"))
            for edition in editions_of(study)
        ]
        found = [
            {"text": text, "href": f"../{name}-{lang}/{name}.{form}"}
            for lang, name, text in pages
            for form in formats_of(name, ["html"])
            if (lang, name) != (self.lang, own) and form in (*study.report.formats, "pptx")
        ]
        return found + [
            {"text": form.upper(), "href": f"{own}.{form}"}
            for form in study.report.formats
            if form != "html"
        ]

    def in_other_language(self, chapter: str) -> str:
        """Return a chapter of the other language: a Chinese thesis has an English abstract."""
        lang = "en" if self.lang == "zh" else "zh"
        return replace(self, lang=lang).bind(REPORT / lang / chapter)

    # Words
    def words(self, phrase: Any) -> str:
        """Return a phrase of the study in the chapter's language."""
        return "" if phrase is None else own_prose(in_language(phrase, self.lang))

    def authored(self, section: str, key: str) -> str:
        """Return the author's text under a key of the study, or the mark of a field to write."""
        text = getattr(getattr(self.study, section), key)
        return self.words(text) if text is not None else self.to_write(f"{section}.{key}")

    def declared(self, key: str) -> str:
        """Return a declaration of the author, else what the report knows, else a mark to write."""
        text = getattr(self.study.declarations, key)
        if text is not None or key not in ("data", "code"):
            return self.authored("declarations", key)
        sources = [s for s in (self.study.data, self.study.transactions) if s is not None]
        known = {"files": len(self.store.read("data_files").table), "version": release(),
                 "licences": sorted({s.licence for s in sources if s.licence}),
                 "citations": sorted({s.citation for s in sources if s.citation})}  # fmt: skip
        return self.tell(f"declarations.{key}", **known)

    def hash(self, digest: str) -> str:
        """Return a SHA-256 whole, in two parts between which a line may end."""
        return f"`{digest[:32]}` `{digest[32:]}`"

    def to_write(self, key: str) -> str:
        """Return the mark of a field that the author must write."""
        what = self.phrasebook.term(key, "to_write")
        return f"【请填写：{what}】" if self.lang == "zh" else rf"\[to be written: {what}\]"

    def plain(self, phrase: Any) -> str:
        """Return a phrase of the study as it stands, for what is no markdown."""
        return "" if phrase is None else in_language(phrase, self.lang)

    def sentence_case(self, phrase: Any) -> str:
        """Return a phrase of the study as it begins a sentence."""
        word = "" if phrase is None else in_language(phrase, self.lang)
        return own_prose(word[:1].upper() + word[1:])

    def quoted(self, *phrases: Any) -> str:
        """Return phrases of the study, run together, as one value of the front matter."""
        whole = "".join(in_language(phrase, self.lang) for phrase in phrases)
        return json.dumps(escape_prose(whole), ensure_ascii=False)

    def label(self, code: str) -> str:
        """Return what a construct, item or profile column is called."""
        return escape_prose(in_language(self.names.get(code, code), self.lang))

    def single_items(self) -> list[str]:
        """Return the constructs measured by one item."""
        return [c.name for c in self.study.constructs if len(c.items) == 1]

    def labels(self, codes: Sequence[str]) -> str:
        """Return several labels, joined as prose joins them."""
        return join_words([self.label(code) for code in codes], lang=self.lang)

    # Numbers
    def num(self, name: str, column: str, decimals: int = 2, **where: Any) -> str:
        """Print one number of a result."""
        value = self.store.read(name).value(column, **where)
        return format_number(float(value), decimals, lang=self.lang)

    def coef(self, name: str, column: str, decimals: int = 2, **where: Any) -> str:
        """Print one statistic that cannot pass 1 in absolute value."""
        value = float(self.store.read(name).value(column, **where))
        return format_number(value, decimals, bounded=True, lang=self.lang)

    def count(self, name: str, column: str, **where: Any) -> str:
        """Print one whole number, thousands parted."""
        return f"{round(float(self.store.read(name).value(column, **where))):,}"

    def pval(self, name: str, column: str, **where: Any) -> str:
        """Print one p value with its relation sign."""
        value = float(self.store.read(name).value(column, **where))
        return format_p(value, lang=self.lang, relation=True)

    def pct(self, name: str, column: str, decimals: int = 0, **where: Any) -> str:
        """Print one share as a percentage."""
        return format_percent(float(self.store.read(name).value(column, **where)), decimals)

    def ci(
        self, name: str, low: str, high: str, decimals: int = 2, *, bounded: bool = False,
        **where: Any,
    ) -> str:  # fmt: skip
        """Print one interval."""
        record = self.store.read(name)
        ends = (float(record.value(column, **where)) for column in (low, high))
        return format_interval(*ends, decimals, bounded=bounded, lang=self.lang)

    def text(self, name: str, column: str, **where: Any) -> str:
        """Print one word of a result, in the chapter's language where both are stored."""
        return escape_prose(text_of(self.store.read(name), column, self.lang, **where))

    def draws(self) -> str:
        """Print how many bootstrap draws the results rest on."""
        return self.count("settings", "draws")

    # Rules
    def cutoff(self, name: str, decimals: int = 2) -> str:
        """Print the threshold of a rule, the study's own where it sets one."""
        rule = cutoffs_with(self.study.cutoffs)[name]
        bounded = abs(rule.threshold) < 1
        return format_number(rule.threshold, decimals, bounded=bounded, lang=self.lang)

    def cite(self, name: str) -> str:
        """Print whose rule it is: a citation, or that the study file sets it."""
        rule = cutoffs_with(self.study.cutoffs)[name]
        return f"[@{rule.source}]" if rule.source else self.phrasebook.term(rule.set_by, "set_by")

    def judging(self) -> list[str]:
        """Return the rules by which a stored result was judged."""
        return [rule for rule, results in RULES.items() if any(map(self.store.has, results))]

    # Sentences
    @cached_property
    def phrasebook(self) -> Phrasebook:
        """The words of this study in this language, sources cited by key."""
        money = in_language(self.study.currency, self.lang)
        return Phrasebook(self.lang, names=self.names, citing="keys", currency=money)

    def say(self, name: str, macro: str = "") -> str:
        """Print the words of a result: its own macro, or another one of the same topic."""
        return self.phrasebook.say(self.store.read(name).phrase(macro))

    def tell(self, template: str, **facts: Any) -> str:
        """Print a macro with facts that the chapter names: ``tell("brief.tile", **row)``."""
        return self.phrasebook.say(Phrase(template, facts))

    def notes(self, name: str) -> str:
        """Print the notes of a result as a list, what no earlier list of this edition told."""
        said = [self.phrasebook.say(note) for note in self.store.read(name).notes()]
        fresh = [note for note in dict.fromkeys(said) if note not in self.noted]
        self.noted.update(fresh)
        return "\n".join(f"- {note}" for note in fresh)

    # Tables and figures
    def table(
        self, name: str, caption: str, *, of: str | None = None, id: str | None = None, **where: Any
    ) -> str:
        """Print a saved result as ``report/tables`` declares it, or else as its columns suggest."""
        from cx_value.tables.render import render_table, table_of

        record = self.store.read(of or name)
        rows = record.rows(**where)
        return render_table(
            rows, table_of(name, rows), self.lang, self.names,
            caption=caption, identifier=id or f"tbl-{name.replace('_', '-')}",
            cutoffs=cutoffs_with(self.study.cutoffs),
            confidence=record.confidence or self.study.options.confidence,
            currency=in_language(self.study.currency, self.lang),
        )  # fmt: skip

    def matrix(
        self, name: str, caption: str, *, id: str | None = None, coded: bool = False, **options: Any
    ) -> str:
        """Print a square result (correlations, HTMT) as a lower triangle; ``coded``: by codes."""
        from cx_value.tables.render import render_matrix

        return render_matrix(
            self.store.read(name).table, self.lang, {} if coded else self.names, caption=caption,
            identifier=id or f"tbl-{name.replace('_', '-')}", **options,
        )  # fmt: skip

    def has_figure(self, name: str) -> bool:
        """Tell whether a notebook saved a figure, in both forms that the formats ask for."""
        folder = self.store.folder / "figures" / self.lang
        return all((folder / f"{name}.{form}").exists() for form in ("svg", "png"))

    def figure(self, name: str, caption: str, *, alt: str | None = None, width: str = "76%") -> str:
        """Print a figure of the store with its caption and identifier."""
        if not self.has_figure(name):
            folder = self.store.folder / "figures" / self.lang
            raise ReportError(f"no figure {name!r} in {folder} · do: save it in a notebook")
        shown = "" if alt else told(name, self.store, self.phrasebook)
        gap = "" if self.lang == "zh" else " "
        described = alt or caption
        if shown:
            described = described.rstrip(".。") + ("。" if self.lang == "zh" else ".") + gap + shown
        described = described.replace("{{", "{ {").replace('"', "'")  # labels are data here too
        identifier = f"fig-{name.replace('_', '-')}"
        return f'![{caption}](figures/{name}){{#{identifier} fig-alt="{described}" width={width}}}'


def own_prose(text: str) -> str:
    r"""Return words of a study as markdown; ``@key`` of the bibliography in them is a citation.

    >>> print(own_prose("a_b, after @hu1999 [@kline2016], not @me"))
    a\_b, after @hu1999 [@kline2016], not \@me
    """
    known = bibliography_names()

    def cited(match: re.Match) -> str:
        return match[0].replace("\\", "") if (match[1] or match[2]) in known else match[0]

    return _CITED.sub(cited, escape_prose(text))


def text_of(record: Record, column: str, lang: str, **where: Any) -> str:
    """Return a word of a result in a language (column ``<name>_zh`` where it is stored)."""
    translated = f"{column}_zh"
    known = lang == "zh" and translated in record.table.columns
    return str(record.value(translated if known else column, **where))


def _environment(folder: Path):
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    def load(name: str) -> tuple[str, str, None] | None:
        for path in (folder / name, REPORT / name):
            if path.is_file():
                return own_words(path.read_text(encoding="utf-8")), str(path), None
        return None

    return Environment(
        loader=FunctionLoader(load), undefined=StrictUndefined, autoescape=False,
        variable_start_string="<<", variable_end_string=">>", block_start_string="<%",
        block_end_string="%>", comment_start_string="<#", comment_end_string="#>",
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        bytecode_cache=compiled_before("chapters"),
    )  # fmt: skip


def _place(error: BaseException, source: Path) -> str:
    """Name the chapter and line that an error came from."""
    lineno = getattr(error, "lineno", None)
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == str(source):
            lineno = frame.lineno
    return f"{source.parent.name}/{source.name}" + (f", line {lineno}" if lineno else "")
