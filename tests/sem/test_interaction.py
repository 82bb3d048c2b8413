"""Latent interactions against semTools 0.5-6 and lavaan 0.6-14 (``reference/interaction.R``).

Tolerance: products 1e-10 (the same sums in another order); estimates, errors and slopes 1e-6, for
the references were driven to lavaan's optimum and lie within 1e-8 of ours; ends of the
Johnson–Neyman region 1e-6 relative, found in R by a root search instead of a formula.
``probe2WayRC`` supplies the slopes after residual centring but rescales their errors by
normal-theory moments; these errors are compared with the delta method on lavaan's own covariances.
"""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import DataError, ModelError
from cx_value.sem.interactions.interaction import (
    fit_interaction,
    interaction_syntax,
    pair_indicators,
    product_indicators,
)
from cx_value.sem.interactions.simple_slopes import johnson_neyman, simple_slope

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = pd.read_csv(REFERENCE / "interaction__cases.csv").set_index("case")
FILES = {
    "hs": "sem__hs_data",
    "gaps": "sem__hs_missing_data",
    "simulated": "interaction__simulated_data",
}
ROLES = {"outcome": "Y", "predictor": "A", "moderator": "B"}
SYNTAX = CASES.loc["sim_matched_double", "syntax"]


@cache
def data_of(name):
    return pd.read_csv(REFERENCE / f"{FILES[name]}.csv")


@cache
def fitted(case):
    row = CASES.loc[case]
    return fit_interaction(
        row.syntax, data_of(row.data), outcome=row.outcome, predictor=row.predictor,
        moderator=row.moderator, pairs=row.pairs, centring=row.centring, estimator=row.estimator,
        missing=row.missing, at=(-1, 0, 1, 2.5), meanstructure=True,
    )  # fmt: skip


def reference(case, kind):
    return pd.read_csv(REFERENCE / f"interaction__{case}_{kind}.csv", keep_default_na=False,
                       na_values=["NA", ""] if kind == "products" else None)  # fmt: skip


def slopes_of(result, kind="simple_slope"):
    table = result.table()
    return table[table.kind == kind].reset_index(drop=True)


@pytest.mark.parametrize("case", CASES.index)
def test_products_agree_with_indprod(case):
    row, theirs = CASES.loc[case], reference(case, "products")
    data = data_of(row.data)
    pairs = [tuple(name.split(".")) for name in theirs.columns]
    if row.missing == "listwise":
        used = re.findall(r"[abxy]\d", row.syntax)
        data = data.dropna(subset=used)
    ours = product_indicators(data, pairs, centring=row.centring)
    assert list(ours.columns) == list(theirs.columns)
    np.testing.assert_allclose(ours.to_numpy(), theirs.to_numpy(float), rtol=0, atol=1e-10)


@pytest.mark.parametrize("case", CASES.index)
def test_every_estimate_and_interval_agrees_with_lavaan(case):
    theirs = reference(case, "estimates")
    ours = fitted(case).fit.table().set_index(["lhs", "op", "rhs"])
    assert len(ours) == len(theirs)
    for row in theirs.itertuples(index=False):
        lhs, op, rhs, *numbers = row
        key = (lhs, op, rhs) if (lhs, op, rhs) in ours.index else (rhs, op, lhs)
        mine = ours.loc[key, ["est", "se", "ci_low", "ci_high"]].to_numpy(float)
        np.testing.assert_allclose(mine, np.array(numbers, float), rtol=0, atol=1e-6, err_msg=key)


@pytest.mark.parametrize("case", CASES.index)
def test_simple_slopes_agree_with_semtools(case):
    theirs, result = reference(case, "slopes"), fitted(case)
    ours = slopes_of(result)
    np.testing.assert_allclose(ours.moderator_value, theirs.value, atol=1e-6)
    np.testing.assert_allclose(ours.est, theirs.est, atol=1e-6)
    np.testing.assert_allclose(ours.se, theirs.se, atol=1e-6)
    row = CASES.loc[case]
    spread = [result.spread[row[k]] for k in ("predictor", "moderator", "outcome")]
    wanted = theirs[["sd_predictor", "sd_moderator", "sd_outcome"]].iloc[0]
    np.testing.assert_allclose(spread, wanted.to_numpy(float), atol=1e-6)
    np.testing.assert_allclose(ours["std"], theirs.est * spread[0] / spread[2], atol=1e-6)


@pytest.mark.parametrize("case", CASES.index)
def test_johnson_neyman_ends_agree_with_a_root_search(case):
    ends, region = reference(case, "region").end.to_numpy(float), fitted(case).johnson_neyman
    np.testing.assert_allclose([region.low, region.high], ends, rtol=1e-6)
    at_ends = slopes_of(fitted(case), "johnson_neyman")
    np.testing.assert_allclose(at_ends.p, 0.05, rtol=1e-9)


@pytest.mark.parametrize(
    ("path", "interaction", "variances", "region"),
    [
        (0.5, 0.5, (0.01, 0.0, 0.01), "outside"),
        (0.5, 0.05, (0.01, 0.001, 0.01), "inside"),
        (0.05, 0.05, (0.01, 0.002, 0.01), "none"),
        (1.0, 0.01, (0.01, 0.0, 1e-6), "outside"),
        (-0.4, 0.1, (0.01, -0.002, 0.004), "inside"),
    ],
)
def test_region_says_where_the_slope_is_significant(path, interaction, variances, region):
    v11, v13, v33 = variances
    covariance = np.array([[v11, v13], [v13, v33]])
    found = johnson_neyman(path, interaction, covariance, spread=1.3)
    assert found.region == region
    grid = np.random.default_rng(4).uniform(-120, 120, 4000)
    slope, se = simple_slope(path, interaction, covariance, grid)
    significant = np.abs(slope / se) > 1.959963984540054
    between = (grid > found.low) & (grid < found.high)
    said = {"outside": ~between, "inside": between, "none": grid > 999}[region]
    np.testing.assert_array_equal(said, significant)
    normal = 1.3 * np.random.default_rng(5).normal(size=200_000)
    slope, se = simple_slope(path, interaction, covariance, normal)
    assert abs(found.share - (np.abs(slope / se) > 1.96).mean()) < 0.005


def test_the_truth_is_recovered():
    """Simulated: b1 = .5, b3 = .3, σ_A = σ_B = 1; within 2.6 standard errors on 8000 rows."""
    random = np.random.default_rng(11)
    a = random.normal(size=8000)
    b = 0.4 * a + np.sqrt(1 - 0.16) * random.normal(size=8000)
    y = 0.5 * a + 0.2 * b + 0.3 * a * b + 0.7 * random.normal(size=8000)
    columns = {
        f"{k}{i}": 2 + f + 0.6 * random.normal(size=8000)
        for k, f in (("a", a), ("b", b), ("y", y))
        for i in (1, 2, 3)
    }
    for centring in ("double_mean", "mean", "residual"):
        table = fit_interaction(SYNTAX, pd.DataFrame(columns), centring=centring, **ROLES).table()
        miss = (table.est[:3] - [0.5, 0.2, 0.3]) / table.se[:3]
        assert np.abs(miss).max() < 2.6, (centring, miss.tolist())
        assert table.se[:3].max() < 0.02


def test_centring_and_pairing_do_not_change_the_interaction_of_double_and_single_centring():
    """Without a mean structure a shift of the products changes nothing."""
    one, two = (
        fit_interaction(SYNTAX, data_of("simulated"), centring=centring, **ROLES).table()
        for centring in ("double_mean", "mean")
    )
    np.testing.assert_allclose(one.est, two.est, atol=1e-9)
    np.testing.assert_allclose(one.se, two.se, atol=1e-9)


def test_shifted_items_and_reordered_rows_change_nothing():
    data = data_of("simulated")
    moved = (data + np.arange(9) * 10).sample(frac=1, random_state=1)
    one, two = (fit_interaction(SYNTAX, frame, **ROLES).table() for frame in (data, moved))
    np.testing.assert_allclose(one.est, two.est, atol=1e-7)


def test_weights_count_as_repeated_rows():
    data = data_of("simulated")
    times = np.random.default_rng(2).integers(1, 4, len(data)).astype(float)
    repeated = data.loc[np.repeat(data.index, times.astype(int))].reset_index(drop=True)
    for centring in ("double_mean", "residual"):
        weighted, long = (
            fit_interaction(SYNTAX, frame, estimator="ml", centring=centring, weights=w, **ROLES)
            for frame, w in ((data, times), (repeated, None))
        )
        np.testing.assert_allclose(weighted.table().est[:6], long.table().est[:6], atol=1e-7)


def test_all_pairs_correlate_residuals_of_products_that_share_an_item():
    pairs = pair_indicators(["a1", "a2"], ["b1", "b2"], "all")
    syntax = interaction_syntax("A =~ a1 + a2", "Y", "A", "B", pairs)
    said = {line for line in syntax.splitlines() if "~~" in line and "." in line}
    assert said == {
        "a1.b1 ~~ a1.b2", "a1.b1 ~~ a2.b1", "a1.b2 ~~ a2.b2", "a2.b1 ~~ a2.b2",
    }  # fmt: skip


def test_a_single_item_moderator_works_and_shares_no_residual():
    syntax = "A =~ a1 + a2 + a3\nB =~ 1*b1\nb1 ~~ 0*b1\nY =~ y1 + y2 + y3"
    result = fit_interaction(syntax, data_of("simulated"), pairs="all", **ROLES)
    table = result.fit.table()
    assert not ((table.op == "~~") & table.lhs.str.contains(".", regex=False)
                & (table.lhs != table.rhs)).any()  # fmt: skip
    assert abs(result.table().est[2] - 0.25) < 0.1


def test_an_endogenous_predictor_keeps_its_covariance_with_the_product():
    syntax = SYNTAX + "\nA ~ B"
    table = fit_interaction(syntax, data_of("simulated"), **ROLES).fit.table()
    pair = table[
        (table.op == "~~") & table.lhs.isin(["A", "A_x_B"]) & table.rhs.isin(["A", "A_x_B"])
    ]
    assert set(zip(pair.lhs, pair.rhs, strict=True)) >= {("A_x_B", "A")}


def test_values_in_own_units_take_the_place_of_standard_deviations():
    result = fit_interaction(SYNTAX, data_of("simulated"), values=(-0.5, 2.0), **ROLES)
    assert slopes_of(result).moderator_value.tolist() == [-0.5, 2.0]
    assert slopes_of(result).moderator_sd[1] == pytest.approx(2 / result.spread["B"])


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("case", ["sim_matched_double", "hs_matched_double"])
def test_sentence_tells_the_numbers_of_the_table(case, lang):
    result, table = fitted(case), fitted(case).table()
    said = result.sentence(lang).replace("−", "-")
    numbers = [float(x) for x in re.findall(r"b = (-?\d+\.\d+)", said)]
    wanted = [table.est[2], *table.est[table.kind == "simple_slope"]]
    np.testing.assert_allclose(numbers, np.round(wanted, 3))
    pairs = [
        f"[{lo:.3f}, {hi:.3f}]"
        for lo, hi in zip(table.ci_low[2:7], table.ci_high[2:7], strict=True)
    ]
    assert [p for p in pairs if p not in said] == []
    share = f"{100 * result.johnson_neyman.share:.0f}%"
    assert share in said and "Johnson–Neyman" in said
    denied = ("未显示" if lang == "zh" else "not shown") in said
    assert denied == (table.p[2] >= 0.05)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_pictures_show_the_table(lang):
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    result = fitted("sim_matched_double")
    lines = result.plot(lang=lang).get_lines()
    drawn = [np.diff(line.get_ydata())[0] / np.diff(line.get_xdata())[0] for line in lines]
    np.testing.assert_allclose(drawn, slopes_of(result)["std"])
    ax = result.plot(kind="region", lang=lang)
    curve = max(ax.get_lines(), key=lambda line: len(line.get_xdata()))
    slope, _ = result.slope(curve.get_xdata() * result.spread["B"])
    np.testing.assert_allclose(curve.get_ydata(), slope)
    ends = [line.get_xdata()[0] for line in ax.get_lines() if line.get_linestyle() == "--"]
    region = result.johnson_neyman
    np.testing.assert_allclose(ends, [region.low_sd, region.high_sd])
    plt.close("all")


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"centring": "none"}, ModelError, "double_mean, mean, residual"),
        ({"pairs": "best"}, ModelError, "matched, all"),
        ({"pairs": [("a1", "y1")]}, ModelError, "a1, a2, a3"),
        ({"pairs": [("a1", "b1"), ("a1", "b1")]}, ModelError, "each once"),
        ({"moderator": "b1"}, ModelError, "Lb1 =~ 1*b1"),
        ({"moderator": "A"}, ModelError, "three different variables"),
        ({"outcome": "Z"}, ModelError, "'Z'"),
        ({"group": "g"}, ModelError, "one group"),
        ({"ordered": True}, ModelError, "polychoric"),
        ({"estimator": "wlsmv"}, ModelError, "ml, mlr, mlm"),
        ({"at": ()}, DataError, "finite numbers"),
        ({"at": (float("nan"),)}, DataError, "finite numbers"),
        ({"syntax": SYNTAX + "\nA ~ Y"}, ModelError, "A ~ Y"),
        ({"syntax": "A =~ a1 + a2\nB =~ b1 + b2 + b3\nY =~ y1 + y2 + y3"}, ModelError, "matched"),
        ({"syntax": SYNTAX + "\nA_x_B =~ y1 + y2"}, ModelError, "taken"),
    ],
)
def test_bad_input_is_refused_in_words(changes, error, words):
    options = {"syntax": SYNTAX, **ROLES, **changes}
    with pytest.raises(error, match=re.escape(words)):
        fit_interaction(options.pop("syntax"), data_of("simulated"), **options)


def test_a_taken_column_name_is_refused():
    data = data_of("simulated").assign(**{"a1.b1": 1.0})
    with pytest.raises(ModelError, match=r"already hold a1\.b1"):
        fit_interaction(SYNTAX, data, **ROLES)
