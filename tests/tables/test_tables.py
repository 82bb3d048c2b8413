"""Printed tables: every cell rounded, escaped and aligned; read back by pandoc itself.

No reference program: what is compared is what pandoc makes of the text, cell by cell.
"""

import math
import re

import numpy as np
import pandas as pd
import pytest

from cx_value.base.cutoffs import CUTOFFS, cutoffs_with
from cx_value.base.errors import ReportError
from cx_value.base.wording import Text
from cx_value.tables.declared import declared_tables
from cx_value.tables.render import (
    Column,
    TableSpec,
    render_matrix,
    render_table,
    rule_text,
)
from tables_read import cells

TABLES = declared_tables()

LABELS = {"A": Text("Image | *all*", zh="企业形象"), "B": Text("Value <for> $", zh="感知价值")}
NUMBERS = {"count", "coef", "number", "p", "percent", "interval", "coef_interval", "plain"}
NUMBERS |= {"starred", "starred_number"}


def spec(kind, *source, decimals=2, **more):
    column = Column(
        source=source or ("x",), header=Text("X", zh="甲"), kind=kind, decimals=decimals
    )
    return TableSpec(columns=(column,), **more)


def render(frame, table, lang="en", **more):
    more = {"caption": "Caption", "identifier": "tbl-x", **more}
    return render_table(frame, table, lang, LABELS, **more)


@pytest.mark.parametrize(
    ("kind", "value", "en", "zh"),
    [
        ("coef", 0.12345, ".12", "0.12"),
        ("coef", -0.999, "−1.00", "−1.00"),
        ("coef", -0.004, ".00", "0.00"),
        ("number", -12.345678, "−12.35", "−12.35"),
        ("number", 0.5, "0.50", "0.50"),
        ("count", 12345.0, "12,345", "12,345"),
        ("percent", 0.12345, "12.35%", "12.35%"),
        ("p", 1e-300, "< .001", "< 0.001"),
        ("p", 0.0, "< .001", "< 0.001"),
        ("p", 0.0316, ".032", "0.032"),
        ("p", 1.0, "> .999", "> 0.999"),
        ("plain", 2.0, "2", "2"),
        ("verdict", True, "met", "符合"),
        ("verdict", 0.0, "not met", "不符合"),
        ("verdict", "not_supported", "not supported", "不支持"),
        ("label", "A", "Image | *all*", "企业形象"),
        ("code", "x_1", "x_1", "x_1"),
        ("chain", "A → B", "Image | *all* → Value <for> $", "企业形象 → 感知价值"),
        ("text", "a\n b", "a b", "a b"),
    ],
)
def test_one_value_of_each_kind(kind, value, en, zh):
    frame = pd.DataFrame({"x": [value]})
    for lang, wanted in (("en", en), ("zh", zh)):
        text, alignments = cells(render(frame, spec(kind), lang))
        assert text == [["X" if lang == "en" else "甲"], [wanted]]
        side = "Right" if kind in NUMBERS else "Center" if kind == "verdict" else "Left"
        assert alignments == [f"Align{side}"]


def test_a_number_is_the_same_in_both_languages_whatever_stands_beside_it():
    frame = pd.DataFrame({"x": [191], "x_zh": [118], "y": ["fees"], "y_zh": ["收费"]})
    for lang, word in (("en", "fees"), ("zh", "收费")):
        assert cells(render(frame, spec("count", "x"), lang))[0][1] == ["191"]
        assert cells(render(frame, spec("text", "y"), lang))[0][1] == [word]


def test_cells_of_several_sources():
    frame = pd.DataFrame({"a": [-0.21], "b": [0.4], "p": [0.004]})
    assert cells(render(frame, spec("coef_interval", "a", "b")))[0][1] == ["[−.21, .40]"]
    assert cells(render(frame, spec("interval", "a", "b")))[0][1] == ["[−0.21, 0.40]"]
    assert cells(render(frame, spec("starred", "a", "p"), "zh"))[0][1] == ["−0.21**"]
    shares = spec("percent_interval", "a", "b")
    assert cells(render(frame, shares))[0][1] == ["[−21.0%, 40.0%]"]
    arrows = {"~": "Image | *all* → Value <for> $", "=~": "Value <for> $ → Image | *all*"}
    for operator, said in arrows.items():
        frame = pd.DataFrame({"lhs": ["B"], "op": [operator], "rhs": ["A"]})
        assert cells(render(frame, spec("parameter", "lhs", "op", "rhs")))[0][1] == [said]


@pytest.mark.parametrize(
    ("unit", "value", "interval"),
    [("share", "40.0%", "[−21.0%, 40.0%]"), ("csat", "40.0%", "[−21.0%, 40.0%]"),
     ("nps", "0.4", "[−0.2, 0.4]"), ("points", "0.40", "[−0.21, 0.40]"),
     ("per_week", "0.400", "[−0.210, 0.400]")],
)  # fmt: skip
def test_a_value_is_written_as_its_unit_asks(unit, value, interval):
    frame = pd.DataFrame({"a": [-0.21], "b": [0.4], "unit": [unit]})
    one = spec("measured", "b", "unit", decimals=3)
    both = spec("measured_interval", "a", "b", "unit", decimals=3)
    assert cells(render(frame, one))[0][1] == [value]
    assert cells(render(frame, both))[0][1] == [interval]


@pytest.mark.parametrize(
    "nasty",
    ["a|b", "*x*", "_x_", "<b>x</b>", "$x$", "`x`", "[x](y)", "x^2^ ~s~", "@key", "\\", "# x",
     "{{< meta x >}}", "![x](y)", "1. x", "- x", "x\ty", "“x” – y…"],
)  # fmt: skip
def test_text_survives_pandoc_as_it_was_written(nasty):
    frame = pd.DataFrame({"x": [nasty]})
    said = cells(render(frame, spec("text")))[0][1][0]
    assert said.replace("“", '"').replace("”", '"') == " ".join(nasty.split()).replace(
        "“", '"'
    ).replace("”", '"')


@pytest.mark.parametrize("empty", [None, math.nan, pd.NA, ""])
@pytest.mark.parametrize("kind", ["text", "label", "coef", "count", "p", "percent", "verdict"])
def test_a_missing_value_is_an_en_dash(empty, kind):
    frame = pd.DataFrame({"x": pd.Series([empty], dtype=object)})
    assert cells(render(frame, spec(kind)))[0][1] == ["–"]


def test_a_missing_interval_is_one_dash_and_a_missing_end_is_shown():
    frame = pd.DataFrame({"a": [np.nan, 0.1], "b": [np.nan, np.nan]})
    assert [row[0] for row in cells(render(frame, spec("interval", "a", "b")))[0][1:]] == [
        "–",
        "[0.10, –]",
    ]


def frame_of(table, rows, value):
    names = {n.replace("#", "1") for c in table.columns for n in c.source} | {"kind", "op"}
    return pd.DataFrame({name: [value] * rows for name in sorted(names)}, dtype=object)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", TABLES)
def test_every_table_renders_empty_missing_and_one_row(name, lang):
    table = TABLES[name]
    for rows, value in ((0, None), (1, np.nan), (2, None)):
        text, _ = cells(render(frame_of(table, rows, value), table, lang))
        assert {cell for row in text[1:] for cell in row} <= {"–", ""}
        assert len(text) >= 2
    required = [c for c in table.columns if not c.optional]
    assert len(required) >= 2
    text, _ = cells(render(frame_of(table, 1, 0.5), table, lang))
    assert len(text[0]) == len(table.columns)


@pytest.mark.parametrize("name", TABLES)
def test_every_heading_and_note_has_chinese_and_names_known_rules(name):
    table = TABLES[name]
    heads = [column.header for column in table.columns]
    assert len(heads) == len(table.columns)
    for lang in ("en", "zh"):
        said = render(frame_of(table, 1, 0.5), table, lang)
        assert "{level}" not in said
        if table.note:
            assert table.note.zh != str(table.note)
            assert "::: {.table-note}" in said


def test_notes_quote_the_studys_own_rule():
    table = spec("coef", note=Text("AVE {ave}.", zh="AVE {ave}。"))
    frame = pd.DataFrame({"x": [0.5]})
    assert "*Note.* AVE ≥ .50 [@fornell1981]." in render(frame, table)
    assert "注：AVE ≥ 0.50 [@fornell1981]。" in render(frame, table, "zh")
    own = render(frame, table, "zh", cutoffs=cutoffs_with({"ave": 0.4}))
    assert "注：AVE ≥ 0.40 (由研究文件设定)。" in own


@pytest.mark.parametrize("name", CUTOFFS)
def test_every_rule_prints_without_rounding_its_threshold_away(name):
    said = rule_text(CUTOFFS[name], "zh")
    number = float(re.split(r"[\[(]", said)[0].strip(" ≥≤\\<>").replace("−", "-"))
    assert number == CUTOFFS[name].threshold


def test_caption_identifier_and_widths():
    table = TableSpec(
        columns=(
            Column(source=("a",), header=Text("A"), kind="text", width=3),
            Column(source=("b",), header=Text("B"), kind="coef"),
            Column(source=("c",), header=Text("C"), kind="coef", optional=True),
        )
    )
    said = render(pd.DataFrame({"a": ["x"], "b": [0.1]}), table)
    assert said.endswith('\n\n: Caption {#tbl-x tbl-colwidths="[75,25]"}\n')
    with pytest.raises(ReportError, match=r"tbl-x: the result has no column 'b' · it has: a"):
        render(pd.DataFrame({"a": ["x"]}), table)


def test_a_phrase_in_the_frame_itself_is_translated():
    frame = pd.DataFrame({"x": pd.Series([Text("theory", zh="理论模型")], dtype=object)})
    assert cells(render(frame, spec("text"), "zh"))[0][1] == ["理论模型"]


def test_effects_print_mediation_only_and_no_total_twice():
    kinds = ["direct", "specific_indirect", "total_indirect", "total"]
    one = pd.DataFrame({"source": "A", "target": "B", "kind": kinds, "through": ["", "C", "", ""]})
    no_direct = one[one["kind"] != "direct"].assign(source="B", target="A")
    only_direct = one[one["kind"].isin(["direct", "total"])].assign(target="D")
    frame = pd.concat([one, no_direct, only_direct]).assign(group="", std_all=0.5)
    frame = frame.assign(std_ci_low=0.1, std_ci_high=0.9)
    rows = [row[:2] for row in cells(render(frame, TABLES["effects"], "zh"))[0][1:]]
    assert rows == [
        ["企业形象 → C → 感知价值", "间接"],
        ["企业形象 → 感知价值", "直接"],
        ["企业形象 → 感知价值", "总效应"],
        ["感知价值 → C → 企业形象", "间接"],
    ]


def test_an_optional_column_with_nothing_in_it_is_left_out():
    table = TableSpec(
        columns=(
            Column(source=("a",), header=Text("A"), kind="text"),
            Column(source=("b",), header=Text("B"), kind="coef", optional=True),
        )
    )
    assert len(cells(render(pd.DataFrame({"a": ["x"], "b": [np.nan]}), table))[0][0]) == 1
    assert len(cells(render(pd.DataFrame({"a": ["x"], "b": [""]}), table))[0][0]) == 1


def test_group_prints_a_name_once_in_a_row():
    table = TableSpec(
        columns=(
            Column(source=("g",), header=Text("G"), kind="label"),
            Column(source=("x",), header=Text("X"), kind="code"),
        ),
        group="g",
    )
    frame = pd.DataFrame({"g": ["A", "A", "B", "A"], "x": list("wxyz")})
    first = [row[0] for row in cells(render(frame, table, "zh"))[0][1:]]
    assert first == ["企业形象", "", "感知价值", "企业形象"]


def test_chinese_takes_the_stored_translation():
    frame = pd.DataFrame({"x": ["adequate"], "x_zh": ["足够"]})
    assert cells(render(frame, spec("text")))[0][1] == ["adequate"]
    assert cells(render(frame, spec("text"), "zh"))[0][1] == ["足够"]


def test_sources_become_citations_and_words_stay_words():
    frame = pd.DataFrame({"x": ["fornell1996", "own items *", None]})
    said = render(frame, spec("source"))
    assert "| [@fornell1996] |" in said
    assert r"own items \*" in said


def test_loadings_have_one_column_a_factor_and_bold_where_the_rule_is_kept():
    frame = pd.DataFrame({"item": ["q1", "q2"], "F1": [0.8, -0.1], "F2": [0.05, -0.4]})
    frame = frame.assign(communality=0.5)
    said = render(frame, TABLES["efa_loadings"])
    assert cells(said)[0][0][:3] == ["Item", "F1", "F2"]
    assert said.count("**") == 4
    assert "**.80**" in said and "**−.40**" in said


def test_indicator_of_confidence_goes_into_the_heading():
    frame = frame_of(TABLES["hypotheses"], 1, 0.5)
    assert "90% CI" in render(frame, TABLES["hypotheses"], confidence=0.9)


SQUARE = pd.DataFrame(
    {"construct": ["A", "B", "C"], "A": [0.8, 0.5, -0.123], "B": [0.5, 0.7, 0.3]}
).assign(C=[-0.123, 0.3, 0.9])


def matrix(frame, lang="en", **more):
    return render_matrix(frame, lang, LABELS, caption="M", identifier="tbl-m", **more)


def test_matrix_is_a_lower_triangle_with_numbered_heads():
    text, _ = cells(matrix(SQUARE))
    assert text == [
        ["Variable", "1", "2", "3"],
        ["1. Image | *all*", ".80", "", ""],
        ["2. Value <for> $", ".50", ".70", ""],
        ["3. C", "−.12", ".30", ".90"],
    ]
    assert "**.80**" in matrix(SQUARE)
    assert '{#tbl-m tbl-colwidths="[' in matrix(SQUARE)


def test_matrix_from_a_long_frame_with_stars_and_no_trivial_diagonal():
    long = pd.DataFrame({"one": ["A", "A", "B"], "two": ["B", "C", "C"], "htmt": [0.5, 0.9, 1.2]})
    assert [row[1:] for row in cells(matrix(long))[0][1:]] == [
        ["—", "", ""],
        [".50", "—", ""],
        [".90", "1.20", "—"],
    ]
    more = {"row": "one", "column": "two", "value": "htmt", "p": "p"}
    starred = matrix(long.assign(p=[0.001, 0.04, 0.5]), "zh", **more)
    assert cells(starred)[0][3][1:3] == ["0.90*", "1.20"]


def test_matrix_from_pairs_of_constructs_with_roots_of_ave():
    pairs = {"construct_1": ["A", "A", "B"], "construct_2": ["B", "C", "C"], "r": [0.5, 0.6, 0.7]}
    roots = {"root_ave_1": [0.8, 0.8, 0.75], "root_ave_2": [0.75, 0.9, 0.9]}
    assert [row[1:] for row in cells(matrix(pd.DataFrame({**pairs, **roots})))[0][1:]] == [
        [".80", "", ""],
        [".50", ".75", ""],
        [".60", ".70", ".90"],
    ]


def test_matrix_with_moments_and_reliability_beside_it():
    frame = SQUARE.assign(mean=[5.0, 4.25, 3.0], sd=[1.0, 2.0, 0.5], alpha=[0.7, np.nan, 0.6])
    text, _ = cells(matrix(frame))
    assert text[0] == ["Variable", "M", "SD", "1", "2", "3"]
    assert text[2] == ["2. Value <for> $", "4.25", "2.00", ".50", "—", ""]
    assert text[3][-1] == ".60"


def test_matrix_with_p_above_the_diagonal():
    frame = SQUARE.copy()
    frame.loc[0, ["B", "C"]] = [0.0004, 0.3]
    frame.loc[1, "C"] = 0.04
    text, _ = cells(matrix(frame, p_above=True))
    assert text[2][1] == ".50***"
    assert text[3][1:3] == ["−.12", ".30*"]


def test_checks_of_many_kinds_are_written_each_in_its_own():
    checks = {"harman_component": ".4 40.0%", "one_factor_p": "0.00001 < .001"}
    checks |= {"vif_highest": "3.456 3.46", "method_factor_variance": "0.123 12.3%"}
    frame = pd.DataFrame(
        [{"check": c, "value": float(v.split(" ", 1)[0])} for c, v in checks.items()]
    ).assign(cutoff=np.nan, passes=None, status="fitted")
    rows = cells(render(frame, TABLES["method_bias"]))[0][1:]
    assert [row[1] for row in rows] == [v.split(" ", 1)[1] for v in checks.values()]
    assert {row[2] for row in rows} == {"–"}


def test_a_wide_matrix_goes_on_in_panels():
    names = [f"v{k}" for k in range(12)]
    frame = pd.DataFrame(np.full((12, 12), 0.25), index=names, columns=names)
    frame.insert(0, "item", names)
    said = matrix(frame, panel=8)
    assert said.count("tbl-colwidths") == 2
    assert "M, columns 9–12 {#tbl-m-9 " in said
    second = said.split("\n\n")[2]
    assert second.splitlines()[0] == "| Variable | 9 | 10 | 11 | 12 |"
    assert len(second.splitlines()) == 2 + 4
    assert said.count(".25") == 12 * 13 // 2


def test_matrix_refuses_what_is_no_matrix():
    with pytest.raises(ReportError, match="neither square nor long"):
        matrix(pd.DataFrame({"item": ["a", "b"], "mean": [1.0, 2.0]}))
