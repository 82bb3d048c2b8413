"""Table declarations: which number stands under which head, what is refused, what needs none.

Numbers are unlike constants, so that a cell tells which column it came from.
"""

import itertools
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from cx_value.base.errors import ReportError
from cx_value.tables.cells import write_cell
from cx_value.tables.declared import declared_tables
from cx_value.tables.markdown import in_money
from cx_value.tables.render import render_table, table_of
from tables_read import cells

TABLES = declared_tables()
HEADS = yaml.safe_load((Path(__file__).parent / "heads.yml").read_text(encoding="utf-8"))
COLUMNS = [
    pytest.param(name, column, id=f"{name}-{'+'.join(column.source)}")
    for name, table in TABLES.items()
    for column in table.columns
]

#: What an interval's ends begin with -> the column right before it.
INTERVAL_OF = {
    "": {"estimate", "r", "loading", "est", "mean", "share", "total",
         "weight", "index", "gap", "score", "rho", "size", "difference"}, "std": {"std_all"},
    "cr": {"composite_reliability"},
}  # fmt: skip


def unlike(table):
    """Return a frame of one row in which every column has a number of its own."""
    names = dict.fromkeys(n.replace("#", "1") for c in table.columns for n in c.source)
    return pd.DataFrame([{name: 0.0101 * k for k, name in enumerate(names, 1)}])


def stems(text):
    return {word[:4] for word in re.findall(r"[a-z]{3,}", text.lower())}


@pytest.mark.parametrize(("name", "column"), COLUMNS)
def test_the_statistic_under_a_head_is_the_one_it_names(name, column):
    unit = column.kind.startswith("measured")  # the last column shown is the unit
    head, source = str(column.header), " ".join(column.source[: -1 if unit else None])
    if head in HEADS:
        assert any(re.fullmatch(allowed, source) for allowed in HEADS[head]), (
            f"{name}: {source} stands under {head!r}"
        )
    else:
        said = stems(head) & stems(source.replace("_", " "))
        assert said, f"{name}: {head!r} over {source} · do: add the head to tests/tables/heads.yml"


@pytest.mark.parametrize("name", TABLES)
def test_an_interval_stands_after_its_statistic(name):
    beside = {"se", "std_error", "z", "p"}  # may stand between an estimate and its interval
    columns = [c for c in TABLES[name].columns if c.source[0] not in beside]
    for before, column in itertools.pairwise(columns):
        if str(column.header) == "{level} CI":
            stem = re.sub(r"_?(boot_)?(ci_)?low$", "", column.source[0])
            allowed = INTERVAL_OF.get(stem, {stem})
            assert before.source[0] in allowed, f"{name}: {column.source} after {before.source}"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", TABLES)
def test_every_number_is_printed_under_its_own_head(name, lang):
    table = TABLES[name]
    frame = unlike(table).assign(**({"kind": "direct"} if name == "effects" else {}))
    spec = table if table.rows is None else type(table)(columns=table.columns)
    (heads, row) = cells(render_table(frame, spec, lang, {}, caption="C", identifier="tbl-x"))[0]
    record = frame.to_dict("records")[0]
    for head, cell, column in zip(heads, row, table.columns, strict=True):
        source = tuple(n.replace("#", "1") for n in column.source)
        wanted = in_money(column.header.in_language(lang), "", lang)
        wanted = wanted.replace("#", "1").replace("{level}", "95%")
        assert head == re.sub("[*~]", "", wanted)
        plain = replace(column, source=source, bold=None)
        alone = write_cell(record, plain, lang, {})
        assert cell == re.sub(r"\\(.)", r"\1", alone).replace("**", "")


@pytest.mark.parametrize("name", TABLES)
def test_chinese_heads_differ_where_english_ones_do(name):
    """Two columns of one table are never told by the same head, in either language."""
    for lang in ("en", "zh"):
        heads = [c.header.in_language(lang) for c in TABLES[name].columns]
        plain = [h for h in heads if "{level}" not in h and "CI" not in h]
        assert len(plain) == len(set(plain)), f"{name} {lang}: {heads}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("t: {columns: [x]}", "x.yml, t, column 1: no shared column 'x' · allowed: p · do:"),
        ("t: {column: [p]}", "x.yml, t: unknown key 'column' · allowed: nearest: columns"),
        ("t: {columns: [{show: a, as: coeff, head: A}]}", "as: 'coeff' is no kind of cell"),
        ("t: {columns: [{show: a, head: {en: A}}]}", "is no phrase · allowed: one text, or"),
        ("t: {columns: [{show: a}]}", "it has no head"),
        ("t: {columns: [{head: a}]}", "it shows nothing"),
        ("t: {columns: [p], group: q}", "group 'q' is no column it shows · allowed: p"),
        ("t: {columns: [p], rows: {frist: 3}}", "rows: {'frist': 3} · allowed: first, above"),
        ("t: {columns: [p], rows: {pick: best}}", "no choice of rows 'best' · allowed: mediation"),
        ("t: {columns: []}", "it names no columns"),
        ("t: [", "this is no YAML"),
    ],
)
def test_what_is_no_declaration_is_told_with_its_place(tmp_path, text, message):
    (tmp_path / "shared.yml").write_text('p: {show: p, as: p, head: "*p*"}')
    (tmp_path / "x.yml").write_text(text)
    with pytest.raises(ReportError, match=re.escape(message)):
        declared_tables(tmp_path)


def test_any_frame_has_a_table():
    frame = pd.DataFrame(
        {"brand_name": ["A", "B"], "n_buyers": [12, 30], "mean_gap": [-1.5, np.nan],
         "gap_ci_low": [-2, 0.1], "gap_ci_high": [-1, 0.2], "p": [0.0001, 0.2],
         "share": [0.25, 0.75], "holds": [True, False], "holds_zh": ["x", "y"]}
    )  # fmt: skip
    spec = table_of("a_name_that_nobody_declared", frame)
    said = render_table(frame, spec, "en", {"A": "Alpha"}, caption="C", identifier="tbl-x",
                        confidence=0.9)  # fmt: skip
    assert cells(said)[0] == [
        ["Brand name", "N buyers", "Mean gap", "90% CI", "p", "Share", "Holds"],
        ["Alpha", "12", "−1.50", "[−2.00, −1.00]", "< .001", "25.0%", "yes"],
        ["B", "30", "–", "[0.10, 0.20]", ".200", "75.0%", "no"],
    ]
    said = render_table(frame, spec, "zh", {}, caption="C", identifier="tbl-x")
    assert cells(said)[0][0][3] == "95% 置信区间"
    assert cells(said)[0][1][-1] == "x"
