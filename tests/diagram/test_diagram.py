"""Path diagrams: measured on the rendered picture, nothing overlaps, whatever the model.

The checks read positions back from the drawn artists, not from the code that placed them.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import ModelError
from cx_value.base.wording import Text
from cx_value.diagram import diagram
from cx_value.diagram.layout import arrange_nodes, longest_path_layers
from cx_value.diagram.shapes import wrap_label
from cx_value.study.spec import Hypothesis
from diagram.crossings import arrows_over_things, overlapping_labels

ENGLISH = ["Image", "Customer expectations", "Perceived quality", "Perceived value for money"]
ENGLISH += ["Customer satisfaction", "Complaints", "Loyalty", "Trust in the provider"]
ENGLISH += ["Affective commitment", "Switching costs"]
CHINESE = ["企业形象", "顾客期望", "感知质量", "感知价值", "顾客满意度", "顾客抱怨", "顾客忠诚"]
CHINESE += ["对服务商的信任", "情感承诺", "转换成本"]
NAMES = [f"C{k}" for k in range(10)]
LABELS = {n: Text(en, zh=zh) for n, en, zh in zip(NAMES, ENGLISH, CHINESE, strict=True)}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def paths(pairs, values=None, p_values=None):
    values = [0.4] * len(pairs) if values is None else values
    p_values = [0.001] * len(pairs) if p_values is None else p_values
    rows = [
        {"lhs": NAMES[b], "op": "~", "rhs": NAMES[a], "std_all": v, "p": p}
        for (a, b), v, p in zip(pairs, values, p_values, strict=True)
    ]
    return pd.DataFrame(rows)


def random_model(seed):
    """Draw a recursive model: 2 to 9 constructs, each outcome with one to four causes."""
    draw = np.random.default_rng(seed)
    count = int(draw.integers(2, 10))
    pairs = [
        (int(a), b)
        for b in range(1, count)
        for a in draw.choice(b, min(b, int(draw.integers(1, 4 if count < 7 else 3))), replace=False)
    ]
    values = draw.uniform(-0.9, 1.0, len(pairs))
    return paths(pairs, values, draw.choice([0.0001, 0.03, 0.4], len(pairs)))


ECSI = [(0, 1), (0, 4), (0, 6), (1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4), (4, 5), (4, 6)]
ECSI += [(5, 6)]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("seed", range(14))
def test_nothing_overlaps_in_random_models(seed, lang):
    table = random_model(seed)
    explained = dict.fromkeys(table["lhs"], 0.4321)
    ax = diagram.plot_path_diagram(table, explained, LABELS, lang=lang)
    assert overlapping_labels(ax) == []
    crossed_names = [what for _, what in arrows_over_things(ax) if what in NAMES]
    assert crossed_names == [], "an arrow passes through a foreign node"
    assert len(arrows_over_things(ax)) <= 1, "arrows under foreign labels"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("show_items", [False, True])
def test_nothing_overlaps_in_the_satisfaction_index_model(lang, show_items):
    table = paths(ECSI)
    items = [
        {"lhs": NAMES[c], "op": "=~", "rhs": f"X{c}{k}", "std_all": 0.7, "p": 0.0}
        for c, n in enumerate([5, 3, 7, 2, 3, 1, 3])
        for k in range(n)
    ]
    table = pd.concat([table, pd.DataFrame(items)], ignore_index=True)
    ax = diagram.plot_path_diagram(table, {}, LABELS, lang=lang, show_items=show_items)
    assert overlapping_labels(ax) == arrows_over_things(ax) == []
    words = "\n".join(text.get_text() for text in ax.texts)
    assert ("X26" in words) is show_items


@pytest.mark.parametrize("seed", range(400, 404))
@pytest.mark.parametrize("what", ["correlations", "show_items"])
def test_nothing_overlaps_with_arcs_or_items_in_random_models(seed, what):
    table, draw = random_model(seed), np.random.default_rng(seed)
    names = sorted({*table["lhs"], *table["rhs"]})
    causes = [name for name in names if name not in set(table["lhs"])]
    more = [(a, "~~", b) for k, a in enumerate(causes) for b in causes[k + 1 :]]
    more += [(n, "=~", f"{n}_{k}") for n in names for k in range(int(draw.integers(2, 7)))]
    rows = pd.DataFrame(more, columns=["lhs", "op", "rhs"]).assign(std_all=-0.55, p=0.01)
    ax = diagram.plot_path_diagram(
        pd.concat([table, rows]), {}, LABELS, lang=("en", "zh")[seed % 2], **{what: True}
    )
    assert overlapping_labels(ax) == arrows_over_things(ax) == []


def test_the_overlap_check_sees_an_overlap():
    ax = diagram.plot_path_diagram(paths([(0, 1), (2, 1)]), {}, LABELS)
    labels = [t for t in ax.texts if t.get_gid().startswith("label:")]
    labels[0].set_position(labels[1].get_position())
    assert (labels[0].get_text(), labels[1].get_text()) in overlapping_labels(ax)
    node = ax.patches[0]
    labels[1].set_position(node.get_center())
    assert any(what == node.get_gid().removeprefix("node:") for _, what in overlapping_labels(ax))


def test_the_overlap_check_sees_words_wider_than_their_ellipse():
    ax = diagram.plot_path_diagram(paths([(0, 1)]), {}, LABELS)
    next(t for t in ax.texts if t.get_gid() == "words:C0").set_text("a label far too wide for it")
    assert overlapping_labels(ax) == [("a label far too wide for it", "C0")]


def test_coefficients_stars_dashes_and_widths():
    table = paths([(0, 1), (0, 2), (1, 2)], [0.123, -0.7, 0.05], [0.03, 1e-9, 0.6])
    ax = diagram.plot_path_diagram(table, {"C1": 0.015, "C2": 0.4949}, LABELS)
    shown = {t.get_gid(): t.get_text() for t in ax.texts}
    assert shown["label:C0 C1"] == ".12*"
    assert shown["label:C0 C2"] == "−.70***"
    assert shown["label:C1 C2"] == ".05"
    assert shown["words:C2"].endswith("R² = .49")
    assert "R²" not in shown["words:C0"]
    arrows = {p.get_gid(): p for p in ax.patches}
    assert arrows["arrow:C1 C2"].get_linestyle() != arrows["arrow:C0 C1"].get_linestyle()
    assert arrows["arrow:C0 C2"].get_linewidth() > arrows["arrow:C0 C1"].get_linewidth()
    chinese = diagram.plot_path_diagram(table, {"C2": 0.4949}, LABELS, lang="zh")
    shown = {t.get_gid(): t.get_text() for t in chinese.texts}
    assert shown["words:C2"] == "感知质量\nR² = 0.49"
    assert shown["label:C0 C2"] == "−0.70***"


def test_names_without_items_are_boxes_where_others_have_items():
    from matplotlib.patches import Ellipse

    table = paths([(0, 1), (1, 2)])
    items = pd.DataFrame([{"lhs": n, "op": "=~", "rhs": "x", "std_all": 1.0} for n in ("C0", "C1")])
    ax = diagram.plot_path_diagram(pd.concat([table, items]), {}, LABELS)
    shapes = {p.get_gid(): isinstance(p, Ellipse) for p in ax.patches if "node" in p.get_gid()}
    assert shapes == {"node:C0": True, "node:C1": True, "node:C2": False}


def test_correlations_between_causes_are_arcs_with_two_heads():
    table = paths([(0, 2), (1, 2)])
    covariance = {"lhs": "C0", "op": "~~", "rhs": "C1", "std_all": 0.55, "p": 0.0}
    table = pd.concat([table, pd.DataFrame([covariance])])
    ax = diagram.plot_path_diagram(table, {}, LABELS, correlations=True)
    arc = next(p for p in ax.patches if p.get_gid() == "arrow:C0 C1")
    assert (
        "<|-|>" in str(type(arc.get_arrowstyle()).__name__) or arc.get_arrowstyle().arrow == "<|-|>"
    )
    assert overlapping_labels(ax) == arrows_over_things(ax) == []
    without = diagram.plot_path_diagram(table, {}, LABELS)
    assert "arrow:C0 C1" not in [p.get_gid() for p in without.patches]


def test_a_feedback_loop_is_drawn_as_two_arrows_apart():
    ax = diagram.plot_path_diagram(paths([(0, 1), (1, 0), (1, 2)]), {}, LABELS)
    assert overlapping_labels(ax) == arrows_over_things(ax) == []


def test_a_figure_is_cut_to_the_diagram_unless_it_holds_other_axes():
    _, alone = plt.subplots(figsize=(3, 8))
    assert diagram.plot_path_diagram(paths(ECSI), {}, LABELS, ax=alone) is alone
    assert alone.figure.get_size_inches()[0] == pytest.approx(6.3, abs=0.01)
    assert overlapping_labels(alone) == []
    figure, (_, right) = plt.subplots(1, 2, figsize=(7, 2))
    assert diagram.plot_path_diagram(paths(ECSI), {}, LABELS, ax=right) is right
    assert tuple(figure.get_size_inches()) == (7, 2)
    assert right.texts[0].get_fontsize() < alone.texts[0].get_fontsize()
    assert overlapping_labels(right) == []


def test_same_table_same_picture(tmp_path):
    from cx_value.base.style import save_figure_files

    files = []
    for k in range(2):
        ax = diagram.plot_path_diagram(paths(ECSI), {}, LABELS, lang="zh")
        files.append([f.read_bytes() for f in save_figure_files(ax.figure, tmp_path / str(k))])
    assert files[0] == files[1]


def test_refusals_name_what_is_wrong():
    with pytest.raises(ModelError, match="no row with op '~'"):
        diagram.plot_path_diagram(pd.DataFrame({"lhs": ["a"], "op": ["=~"], "rhs": ["x"]}))
    two = paths([(0, 1), (0, 1)]).assign(group=["men", "women"])
    with pytest.raises(ModelError, match=r"2 groups \(men, women\)"):
        diagram.plot_path_diagram(two)
    with pytest.raises(ModelError, match="nothing to draw"):
        diagram.plot_conceptual_model([])


def hypotheses(pairs):
    return [
        Hypothesis(name=f"H{k + 1}", source=NAMES[a], target=NAMES[b], sign="+" if k else "-")
        for k, (a, b) in enumerate(pairs)
    ]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_conceptual_model_names_each_hypothesis_with_its_sign(lang):
    through = Hypothesis(name="H99", source="C0", target="C6", through=("C4",))
    ax = diagram.plot_conceptual_model([*hypotheses(ECSI), through], LABELS, lang=lang)
    shown = {t.get_gid(): t.get_text() for t in ax.texts}
    assert shown["label:C0 C1"] == "H1 (−)"
    assert shown["label:C5 C6"] == "H12 (+)"
    assert not any("H99" in text for text in shown.values())
    assert overlapping_labels(ax) == arrows_over_things(ax) == []


def measurement_table(sizes):
    draw = np.random.default_rng(5)
    rows = [
        {"lhs": NAMES[f], "op": "=~", "rhs": f"IT{f}{k}", "std_all": draw.uniform(0.3, 0.95)}
        for f, n in enumerate(sizes)
        for k in range(n)
    ]
    rows += [
        {"lhs": NAMES[a], "op": "~~", "rhs": NAMES[b], "std_all": draw.uniform(-0.2, 0.9)}
        for a in range(len(sizes))
        for b in range(a + 1, len(sizes))
    ]
    return pd.DataFrame(rows).assign(p=0.0001)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("sizes", [[3], [2, 2], [5, 3, 7, 2, 3, 3], [1, 2, 1, 8], [4] * 8])
def test_measurement_diagram_is_legible(sizes, lang):
    ax = diagram.plot_measurement_diagram(measurement_table(sizes), LABELS, lang=lang)
    assert overlapping_labels(ax) == []
    assert [what for _, what in arrows_over_things(ax) if what in NAMES] == []
    labels = [t for t in ax.texts if t.get_gid().startswith("label:")]
    arcs = len(sizes) <= diagram.MOST_WITH_ARCS
    pairs = len(sizes) * (len(sizes) - 1) // 2 if arcs else 0
    assert len(labels) == sum(sizes) + pairs
    assert ax.figure.get_size_inches()[0] <= 6.6


def test_layers_follow_the_longest_path():
    assert longest_path_layers(4, ((0, 1), (1, 2), (0, 2), (2, 3))) == [0, 1, 2, 3]


@pytest.mark.parametrize("seed", range(6))
def test_layout_never_puts_an_outcome_left_of_its_cause_or_two_nodes_on_one_spot(seed):
    table = random_model(seed + 100)
    names = sorted(set(table["lhs"]) | set(table["rhs"]))
    edges = tuple(
        (names.index(c), names.index(o)) for c, o in zip(table["rhs"], table["lhs"], strict=True)
    )
    grid = arrange_nodes(len(names), edges, 4)
    assert len(set(grid)) == len(names)
    assert all(grid[cause][0] <= grid[outcome][0] for cause, outcome in edges)


@pytest.mark.parametrize(
    "word", ["Incomprehensibilities", "a b c", "服务", "App 使用体验与感受", ""]
)
def test_wrapping_keeps_every_character(word):
    joined = "".join(wrap_label(word, lang="zh")).replace(" ", "")
    assert joined == word.replace(" ", "")


def test_theory_and_estimates_stand_in_one_layout():
    pairs = [(0, 2), (1, 2), (2, 3), (0, 3), (4, 1)]
    theory = diagram.plot_conceptual_model([], paths=[(NAMES[a], NAMES[b]) for a, b in pairs])
    found = diagram.plot_path_diagram(paths(pairs[::-1]))

    def grid(ax):
        spots = {t.get_text(): t.get_position() for t in ax.texts if t.get_text() in NAMES}
        return [np.unique([spots[n][k] for n in sorted(spots)], return_inverse=True)[1].tolist()
                for k in (0, 1)]  # fmt: skip

    assert grid(theory) == grid(found)
