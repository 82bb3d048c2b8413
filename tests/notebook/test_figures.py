"""Composite figures: what is drawn is what the frames hold, nothing is cut off, both languages."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import DataError
from cx_value.base.style import save_figure_files
from cx_value.base.wording import Text
from cx_value.notebook import figures

LABELS = {"A": Text("Perceived quality", zh="感知质量"), "B": Text("Satisfaction", zh="顾客满意")}
LABELS["C"] = Text("Loyalty", zh="顾客忠诚")
PATHS = pd.DataFrame(
    {
        "op": ["~", "~", "~", "~~"],
        "lhs": ["B", "C", "C", "A"],
        "rhs": ["A", "A", "B", "A"],
        "std_all": [0.61, 0.07, -0.35, 1.0],
        "ci_low": [0.5, -0.05, -0.5, 1.0],
        "ci_high": [0.72, 0.19, -0.2, 1.0],
    }
)
CLAIMS = pd.DataFrame(
    {
        "hypothesis": ["H1", "H2", "H3"],
        "path": ["A → B", "A → C", "B → C"],
        "verdict": ["supported", "not_supported", "contradicted"],
    }
).join(
    PATHS.loc[:2, ["std_all", "ci_low", "ci_high"]].set_axis(
        ["std_all", "std_low", "std_high"], axis=1
    )
)
CLAIMS.loc[3] = {"hypothesis": "H4", "path": "A → B → C", "verdict": "not_tested"}
DRAWS = {"A -> B -> C": np.append(np.random.default_rng(1).normal(0.2, 0.05, 500), np.nan)}
EFFECTS = pd.DataFrame(
    {"effect": ["A -> B -> C"], "est": [0.2], "ci_low": [0.1], "ci_high": [0.31]}
)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def draw(name, lang):
    return {
        "forest": lambda: figures.plot_path_forest(PATHS, LABELS, lang=lang),
        "both": lambda: figures.plot_path_forest(PATHS, LABELS, bootstrap=PATHS, lang=lang),
        "indirect": lambda: figures.plot_indirect_effects(DRAWS, EFFECTS, LABELS, lang=lang),
        "hypotheses": lambda: figures.plot_hypotheses(CLAIMS, LABELS, lang=lang),
    }[name]()


def words(ax):
    from matplotlib.text import Text as Artist

    return [a.get_text() for a in ax.figure.findobj(Artist) if a.get_text() and a.get_visible()]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ["forest", "both", "indirect", "hypotheses"])
def test_saves_at_text_width_with_all_glyphs(name, lang, tmp_path):
    from PIL import Image

    with Image.open(save_figure_files(draw(name, lang).figure, tmp_path / name)[1]) as picture:
        assert picture.width / 200 == pytest.approx(6.3, abs=0.1)


@pytest.mark.parametrize("name", ["forest", "both", "indirect", "hypotheses"])
def test_no_two_words_overlap(name):
    for lang in ("en", "zh"):
        ax = draw(name, lang)
        ax.figure.canvas.draw()
        texts = [*ax.texts, *ax.get_yticklabels(), *ax.get_xticklabels(), ax.xaxis.label]
        boxes = [t.get_window_extent() for t in texts if t.get_text()]
        for k, one in enumerate(boxes):
            assert not any(one.overlaps(two) for two in boxes[k + 1 :])


def test_forest_draws_regressions_only_and_hollow_where_zero_is_inside():
    ax = draw("forest", "en")
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        "Perceived quality → Satisfaction",
        "Perceived quality → Loyalty",
        "Satisfaction → Loyalty",
    ]
    dots = [line for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata())]
    drawn = {tuple(line.get_xdata()): line.get_markerfacecolor() for line in dots}
    assert drawn[0.07,] == "white"
    assert (0.61, -0.35) in drawn
    segments = ax.collections[0].get_segments()
    np.testing.assert_allclose([s[:, 0] for s in segments], PATHS.loc[:2, ["ci_low", "ci_high"]])


def test_both_intervals_are_matched_by_path_not_by_row():
    shuffled = PATHS.iloc[[2, 0, 1]].assign(std_all=[-0.3, 0.6, 0.05])
    ax = figures.plot_path_forest(PATHS, LABELS, bootstrap=shuffled)
    squares = [line for line in ax.lines if line.get_marker() == "s" and len(line.get_xdata())]
    heights = {x: y for line in squares for x, y in zip(*line.get_data(), strict=True)}
    assert heights[0.6] > heights[0.05] > heights[-0.3]


def test_hypotheses_say_number_interval_and_verdict():
    said = words(draw("hypotheses", "en"))
    assert "−.35 [−.50, −.20]" in said
    assert {"supported", "not supported", "opposite sign", "not testable", "–"} <= set(said)
    assert "方向相反" in words(draw("hypotheses", "zh"))


def test_a_lone_figure_gets_the_height_its_rows_need():
    many = pd.concat([PATHS[PATHS["op"] == "~"]] * 6)
    _, alone = plt.subplots(figsize=(6.3, 3.6))
    assert figures.plot_path_forest(many, LABELS, ax=alone).figure.get_figheight() > 6
    figure, axes = plt.subplots(1, 2, figsize=(6.3, 3.6))
    figures.plot_path_forest(many, LABELS, ax=axes[0])
    assert figure.get_figheight() == 3.6


def test_draws_of_an_indirect_effect_are_products_of_its_paths():
    from cx_value.sem import fit_model
    from cx_value.sem.effects import effects

    draw = np.random.default_rng(3)
    a = draw.normal(size=150)
    b = 0.6 * a + draw.normal(size=150)
    c = 0.5 * b + 0.2 * a + draw.normal(size=150)
    fit = fit_model("B ~ A\nC ~ B + A", pd.DataFrame({"A": a, "B": b, "C": c}))
    boot = fit.bootstrap(100, seed=1)
    draws, table = figures.indirect_effect_draws(effects(fit, bootstrap=boot), boot)
    assert list(draws) == list(table["effect"]) == ["A → B → C"]
    product = boot.standardised["B ~ A"] * boot.standardised["C ~ B"]
    np.testing.assert_allclose(draws["A → B → C"], product)
    assert table["ci_low"][0] == pytest.approx(np.quantile(product, 0.025), abs=0.03)
    ax = figures.plot_indirect_effects(draws, table, LABELS, lang="zh")
    assert ax.get_yticklabels()[0].get_text() == "感知质量 → 顾客满意 → 顾客忠诚"


def test_refusals():
    with pytest.raises(DataError, match="no column 'std_all'"):
        figures.plot_path_forest(PATHS.drop(columns="std_all"))
    with pytest.raises(DataError, match="no row"):
        figures.plot_path_forest(PATHS[PATHS["op"] == "~~"])
    with pytest.raises(DataError, match="no bootstrap draws of A -> B -> C"):
        figures.plot_indirect_effects({"x": np.ones(3)}, EFFECTS)
    with pytest.raises(DataError, match="unknown verdict 'maybe'"):
        figures.plot_hypotheses(CLAIMS.assign(verdict="maybe"))
