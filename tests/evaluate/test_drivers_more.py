"""Asymmetry, ceilings, Kano, prices and items against published and independent numbers.

References: ``drivers_necessity.py`` (PyPI NecessaryConditionAnalysis 0.1.1; its CR-FDH polygon is
cut at whole data points, which moves a zone by up to 0.0015), Kano counts and coefficients of the
kiosk data as published, prices by brute force on a fine grid.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import DataError
from cx_value.evaluate.drivers.asymmetry import penalty_reward
from cx_value.evaluate.drivers.kano import (
    better_worse,
    classify_pair,
    kano_categories,
    kano_of,
)
from cx_value.evaluate.drivers.necessity import necessary_conditions
from cx_value.evaluate.drivers.opportunity import item_scores, opportunity_score
from cx_value.evaluate.drivers.price import price_offers, price_range
from cx_value.sem import fit_pls
from cx_value.study.levers import KanoPair

REFERENCE = Path(__file__).parents[1] / "reference"


def data_of(name):
    return pd.read_csv(REFERENCE / f"drivers__{name}_data.csv")


@pytest.mark.parametrize(("name", "outcome"), [("attitude", "rating"), ("swiss", "Fertility")])
def test_ceilings_are_those_of_an_independent_program(name, outcome):
    data = data_of(name)
    levers = [c for c in data if c != outcome]
    ours = necessary_conditions(data, levers, outcome, permutations=50).table().set_index("lever")
    theirs = pd.read_csv(REFERENCE / "drivers_necessity__ceilings.csv")
    theirs = theirs[theirs.data == name].set_index("lever").loc[ours.index]
    np.testing.assert_allclose(ours.effect_ce, theirs["ce-fdh"], atol=0.0006)
    np.testing.assert_allclose(ours.effect_cr, theirs["cr-fdh"], atol=0.0016)
    np.testing.assert_allclose(ours.accuracy, theirs["accuracy_cr-fdh"], atol=1e-9)


def test_ceilings_of_28_countries_are_the_published_ones():
    """Dul (2016): is individualism necessary for innovation? Zones, effect sizes, accuracy."""
    data = data_of("dul")
    found = necessary_conditions(data, ["individualism", "risk_taking"], "innovation")
    row = found.table().set_index("lever").loc["individualism"]
    assert (round(row.zone_ce, 2), round(row.zone_cr, 2)) == (6466.80, 4772.54)
    assert (round(row.effect_ce, 2), round(row.effect_cr, 2)) == (0.42, 0.31)
    assert round(row.accuracy, 2) == 0.93


def test_a_random_pairing_is_no_necessary_condition():
    random = np.random.default_rng(2)
    frame = pd.DataFrame(
        {"must": random.uniform(0, 100, 300), "noise": random.uniform(0, 100, 300)}
    )
    frame["y"] = frame.must * random.uniform(0, 1, 300)  # never above the lever
    found = necessary_conditions(frame, ["must", "noise"], "y").table().set_index("lever")
    assert found.necessary["must"] and not found.necessary["noise"]
    assert found.effect_ce["must"] == pytest.approx(0.5, abs=0.06)


PUBLISHED = {
    "1": ([43, 52, 90, 21, 0, 1], "M", 0.4612, -0.6893),
    "6": ([18, 83, 79, 23, 0, 0], "O", 0.4975, -0.7980),
    "10": ([111, 57, 18, 17, 2, 2], "A", 0.8276, -0.3695),
    "20": ([121, 37, 23, 23, 0, 0], "A", 0.7745, -0.2941),
    "23": ([6, 57, 117, 16, 4, 7], "M", 0.3214, -0.8878),
    "24": ([81, 10, 4, 112, 0, 0], "I", 0.4396, -0.0676),
    "27": ([157, 22, 7, 20, 0, 0], "A", 0.8689, -0.1408),
    "28": ([20, 20, 20, 35, 44, 68], "Q", None, None),
}


def test_kano_categories_are_the_published_ones():
    table = kano_categories({name: case[0] for name, case in PUBLISHED.items()}).table()
    for name, (_, category, better, worse) in PUBLISHED.items():
        row = table[table.feature == name].iloc[0]
        assert row.category == category
        if better is not None:
            assert row.better == pytest.approx(better, abs=5e-5)
            assert row.worse == pytest.approx(worse, abs=5e-5)
            assert row.better_low < row.better < row.better_high and not row.suspect
    assert table[table.feature == "28"].suspect.iloc[0]
    near = table[table.feature == "6"].iloc[0]  # 83 against 79: within sampling error
    assert 0.5 < near.kept < 0.75


def test_every_cell_of_kanos_table():
    codes = np.repeat(np.arange(1, 6), 5), np.tile(np.arange(1, 6), 5)
    assert "".join(classify_pair(*codes)) == "QAAAORIIIMRIIIMRIIIMRRRRQ"
    turned = classify_pair(codes[0], codes[1], answers=(5, 4, 3, 2, 1))
    assert turned[0] == "Q" and turned[4] == "R"
    assert np.isnan(better_worse(np.array([0, 0, 0, 0, 3, 4]))[0])
    with pytest.raises(DataError, match="complete pairs"):
        kano_categories({"x": [1, 0, 0, 0, 0, 0]})


def crossing(prices, falling, rising):
    """Find a crossing by going through a fine grid with linear curves between stated prices."""
    grid = np.unique(prices)
    fine = np.linspace(grid[0], grid[-1], 400_001)
    gap = np.interp(fine, grid, falling(grid)) - np.interp(fine, grid, rising(grid))
    return fine[np.argmax(gap <= 0)]


def test_prices_by_brute_force():
    random = np.random.default_rng(8)
    base = random.normal(20, 4, 150).clip(5)
    named = np.column_stack([base * f for f in (0.6, 0.8, 1.1, 1.4)]).round(1)
    named[3] = named[3, ::-1]  # prices that fall: left out
    named[7, 1] = np.nan
    found = price_range(*named.T, draws=200, seed=1)
    assert found.n_used == 148 and found.n_dropped == 2
    kept = np.delete(named, [3, 7], axis=0)
    below = [lambda g, k=k: (kept[:, k][:, None] >= g).mean(axis=0) for k in range(4)]
    above = [lambda g, k=k: (kept[:, k][:, None] <= g).mean(axis=0) for k in range(4)]
    table = found.table().set_index("point")
    wanted = {
        "lower": crossing(kept, below[0], lambda g: 1 - below[1](g)),
        "upper": crossing(kept, lambda g: 1 - above[2](g), above[3]),
        "optimal": crossing(kept, below[0], above[3]),
        "indifference": crossing(kept, below[1], above[2]),
    }
    for point, price in wanted.items():
        assert table.price[point] == pytest.approx(price, abs=0.001)
        assert table.low[point] <= table.price[point] <= table.high[point]
    with pytest.raises(DataError, match="rise"):
        price_range(*named[:, ::-1].T)


def test_the_best_price_by_hand():
    share = {10.0: 0.9, 12.0: 0.8, 15.0: 0.5}
    answers = {p: np.r_[np.ones(int(100 * s)), np.zeros(100 - int(100 * s))]
               for p, s in share.items()}  # fmt: skip
    table = price_offers(answers, unit_cost=6).table().set_index("price")
    assert table.revenue.round(6).to_dict() == {10.0: 9.0, 12.0: 9.6, 15.0: 7.5}
    assert table.profit.round(6).to_dict() == {10.0: 3.6, 12.0: 4.8, 15.0: 4.5}
    assert table.best_revenue.idxmax() == 12.0
    assert table.best_profit.sum() == pytest.approx(1)


def test_penalty_and_reward_are_found():
    random = np.random.default_rng(3)
    x = random.uniform(0, 100, (900, 3))
    low, high = np.quantile(x, [0.25, 0.75], axis=0)
    y = 60 - 12.0 * (x[:, 0] <= low[0]) + 12 * (x[:, 1] >= high[1]) + random.normal(0, 6, 900)
    frame = pd.DataFrame(x, columns=["must", "extra", "idle"]).assign(y=y)
    found = penalty_reward(frame, ["must", "extra", "idle"], "y", draws=300)
    table = found.table().set_index("lever")
    assert table.kind.to_dict() == {"must": "basic", "extra": "excitement", "idle": "none"}
    assert table.penalty_low["must"] < -12 < table.penalty_high["must"]
    dummies = np.column_stack([np.ones(900), *(part for j in range(3) for part in
                               (x[:, j] <= low[j], x[:, j] >= high[j]))])  # fmt: skip
    slopes = np.linalg.lstsq(dummies, y, rcond=None)[0]
    np.testing.assert_allclose(table.penalty, slopes[1::2], atol=1e-9)
    np.testing.assert_allclose(table.reward, slopes[2::2], atol=1e-9)


def test_items_lose_points_where_they_matter_and_perform_badly():
    random = np.random.default_rng(5)
    frame = pd.DataFrame(random.normal(60, 15, (400, 3)), columns=["a", "b", "c"])
    frame["b"] -= 25
    frame["y"] = frame.a + frame.b + 2 * random.normal(0, 10, 400)
    stated = pd.DataFrame({"b": np.full(400, 90.0)})
    found = item_scores(frame, ["a", "b", "c"], "y", stated=stated, draws=100)
    table = found.table().set_index("item")
    assert table.index[0] == "b"
    assert table.weight.sum() == pytest.approx(1)
    assert table.contribution.sum() + table.lost.sum() == pytest.approx(100)
    assert table.importance["b"] == 10 and table.underserved["b"]
    assert np.isnan(table.opportunity["a"])


def test_the_opportunity_of_the_most_wanted_outcome_is_the_published_one():
    """Ulwick (2002): cardiologists on recurrence of a blockage, importance 9.5, satisfaction 3.2;
    where satisfaction exceeds importance, the difference counts as nothing."""
    assert opportunity_score(9.5, 3.2) == pytest.approx(15.8)
    assert opportunity_score(6.0, 8.5) == 6.0


# Case weights -----------------------------------------------------------------------------------


def _repeated(columns, times):
    return [np.repeat(np.asarray(column, dtype=float), times) for column in columns]


def test_weights_count_as_repeated_rows_in_prices_and_kano():
    rng = np.random.default_rng(12)
    times = rng.integers(1, 4, 90)
    named = np.sort(rng.integers(5, 60, (90, 4)), axis=1).T
    weighted = price_range(*named, weights=times.astype(float), draws=20)
    assert weighted.table().price.tolist() == pytest.approx(
        price_range(*_repeated(named, times), draws=20).table().price.tolist()
    )
    offers = {5.0: rng.integers(0, 2, 90), 9.0: rng.integers(0, 2, 90)}
    repeated = dict(zip(offers, _repeated(offers.values(), times), strict=True))
    ours = price_offers(offers, weights=times.astype(float), draws=20).table()
    theirs = price_offers(repeated, draws=20).table()
    for column in ("share", "revenue", "profit"):
        assert ours[column].tolist() == pytest.approx(theirs[column].tolist())
    pair = KanoPair(name="X", label="X", functional="f", dysfunctional="d")
    ratings = pd.DataFrame({"f": rng.integers(1, 6, 90), "d": rng.integers(1, 6, 90)})
    many = pd.DataFrame(dict(zip(ratings, _repeated(ratings.to_numpy().T, times), strict=True)))
    ours = kano_of([pair], ratings, weights=times.astype(float), draws=50).table().iloc[0]
    theirs = kano_of([pair], many, draws=50).table().iloc[0]
    assert ours.category == theirs.category
    assert [ours.better, ours.worse] == pytest.approx([theirs.better, theirs.worse])


def test_weights_count_as_repeated_rows_in_the_map_of_pls():
    rng = np.random.default_rng(4)
    times = rng.integers(1, 4, 120)
    f = rng.normal(size=(120, 1))
    data = pd.DataFrame(f + rng.normal(size=(120, 4)), columns=list("abcd"))
    many = data.loc[np.repeat(data.index, times)].reset_index(drop=True)
    model = ({"X": ["a", "b"], "Y": ["c", "d"]}, [("X", "Y")])
    scale = (-6.0, 6.0)
    ours = fit_pls(*model, data, weights=times.astype(float)).importance_performance(
        "Y", scale=scale
    )
    theirs = fit_pls(*model, many).importance_performance("Y", scale=scale)
    assert ours.table().performance.tolist() == pytest.approx(theirs.table().performance.tolist())
    assert ours.table().importance.tolist() == pytest.approx(theirs.table().importance.tolist())


# Prices against R (tests/reference/prices.R) ------------------------------------------------------


@pytest.mark.parametrize("case", ["apart", "close"])
def test_prices_named_as_the_distribution_functions_of_r(case):
    named = pd.read_csv(REFERENCE / "prices__named.csv").query("case == @case")
    theirs = pd.read_csv(REFERENCE / "prices__points.csv").set_index("case").loc[case]
    found = price_range(*named.drop(columns="case").to_numpy().T, draws=200)
    ours = found.table().set_index("point").price
    assert found.n_used == theirs.n
    for point in ("lower", "upper", "optimal", "indifference"):
        # R reads the first crossing of a stretch where both curves lie at 0 or 1, as ours does.
        assert ours[point] == pytest.approx(theirs[point], abs=1e-6), point


def test_prices_offered_as_r():
    offers = pd.read_csv(REFERENCE / "prices__offers.csv")
    theirs = pd.read_csv(REFERENCE / "prices__demand.csv")
    answers = {float(name[1:]): offers[name].to_numpy() for name in offers}
    ours = price_offers(answers, unit_cost=3, draws=200).table()
    for column in ("price", "n", "share", "low", "high", "revenue", "profit"):
        assert ours[column].tolist() == pytest.approx(theirs[column].tolist(), abs=1e-9), column
