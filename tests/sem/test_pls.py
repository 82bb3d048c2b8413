"""PLS path models against PyPI seminr 0.2.1 (tests/reference/pls.py).

Tolerance 1e-8: both are iterated to the fixed point (seminr to 1e-13 on the summed change, this
project to 1e-10 on the largest). Bootstrap draws are compared resample by resample on stored rows.
seminr has no centroid scheme, importance–performance map or Q²predict: these are compared with
plain row-level computations written out below.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from cx_value.base.errors import ConvergenceError, DataError, ModelError
from cx_value.sem.pls.fit import fit_pls
from cx_value.sem.pls.moments import resampled_correlations

REFERENCE = Path(__file__).parents[1] / "reference"
DATA = Path(__file__).parents[2] / "data"
MOBI = pd.read_csv(DATA / "ecsi-mobile" / "mobi.csv")
CORP = pd.read_csv(REFERENCE / "pls__corp_rep_data.csv").replace(-99, np.nan)
ECSI = {
    "Image": [f"IMAG{i}" for i in range(1, 6)],
    "Expectation": [f"CUEX{i}" for i in range(1, 4)],
    "Quality": [f"PERQ{i}" for i in range(1, 8)],
    "Value": ["PERV1", "PERV2"],
    "Satisfaction": [f"CUSA{i}" for i in range(1, 4)],
    "Complaints": ["CUSCO"],
    "Loyalty": [f"CUSL{i}" for i in range(1, 4)],
}
ECSI_PATHS = {
    "Expectation": ["Image"],
    "Quality": ["Expectation"],
    "Value": ["Expectation", "Quality"],
    "Satisfaction": ["Image", "Expectation", "Quality", "Value"],
    "Complaints": ["Satisfaction"],
    "Loyalty": ["Image", "Satisfaction", "Complaints"],
}
SMALL = {name: ECSI[name] for name in ("Image", "Satisfaction", "Loyalty")}
SMALL_PATHS = [("Image", "Satisfaction"), ("Image", "Loyalty"), ("Satisfaction", "Loyalty")]
SIZES = {"qual": 8, "perf": 5, "csor": 5, "attr": 3, "comp": 3, "like": 3}
REPUTATION = {k.upper(): [f"{k}_{i}" for i in range(1, n + 1)] for k, n in SIZES.items()}
REPUTATION |= {"CUSA": ["cusa"], "CUSL": ["cusl_1", "cusl_2", "cusl_3"]}
FORMATIVE = ["QUAL", "PERF", "CSOR", "ATTR"]
REPUTATION_PATHS = {
    "COMP": FORMATIVE,
    "LIKE": FORMATIVE,
    "CUSA": ["COMP", "LIKE"],
    "CUSL": ["COMP", "LIKE", "CUSA"],
}
MODE_B = {"Image": "B", "Expectation": "B", "Quality": "B"}
CASES = {
    "mobi_small": (SMALL, SMALL_PATHS, MOBI, {}),
    "mobi": (ECSI, ECSI_PATHS, MOBI, {}),
    "mobi_factor": (ECSI, ECSI_PATHS, MOBI, {"scheme": "factor"}),
    "mobi_mode_b": (ECSI, ECSI_PATHS, MOBI, {"modes": MODE_B}),
    "mobi_plsc": (SMALL, SMALL_PATHS, MOBI, {"consistent": True}),
    "corp_rep": (
        REPUTATION,
        REPUTATION_PATHS,
        CORP,
        {"modes": dict.fromkeys(FORMATIVE, "B"), "missing": "mean"},
    ),
}


def fit(case, **more):
    constructs, paths, data, options = CASES[case]
    return fit_pls(constructs, paths, data, **options, **more)


def reference(name):
    return pd.read_csv(REFERENCE / f"pls__{name}.csv", dtype={"row": str, "column": str})


def matrix(table, quantity, rows, columns):
    part = table[table["quantity"] == quantity]
    wide = part.pivot(index="row", columns="column", values="value")  # noqa: PD010 (keeps NaN)
    return wide.loc[rows, columns]


@pytest.fixture(scope="module", params=list(CASES))
def both(request):
    return fit(request.param), reference(request.param)


def test_weights_loadings_paths_and_scores_agree_with_seminr(both):
    ours, theirs = both
    names, items = list(ours.paths), list(ours.weights.index)
    assert_allclose(ours.weights, matrix(theirs, "weight", items, names), atol=1e-8)
    assert_allclose(ours.loadings, matrix(theirs, "loading", items, names), atol=1e-8)
    assert_allclose(ours.paths, matrix(theirs, "path", names, names), atol=1e-8)
    cross = matrix(theirs, "cross_loading", items, names)
    assert_allclose(ours.cross_loadings, cross, atol=1e-8)
    rows = [str(i + 1) for i in range(ours.n_used)]
    assert_allclose(ours.scores, matrix(theirs, "score", rows, names), atol=1e-8)


def test_quality_agrees_with_seminr(both):
    ours, theirs = both
    names = list(ours.paths)
    reliability = matrix(theirs, "reliability", names, ["alpha", "rhoA", "rhoC", "AVE"])
    assert_allclose(ours.reliability[["alpha", "rho_a", "rho_c", "ave"]], reliability, atol=1e-8)
    explained = matrix(theirs, "r_squared", ["Rsq", "AdjRsq"], list(ours.r_squared["construct"]))
    assert_allclose(ours.r_squared[["r_squared", "r_squared_adjusted"]], explained.T, atol=1e-8)
    ratio = matrix(theirs, "htmt", names, names)
    for first, second, value in ours.htmt[["first", "second", "htmt"]].to_numpy():
        cells = [ratio.loc[first, second], ratio.loc[second, first]]
        assert_allclose(value, np.nanmax(cells), atol=1e-8)


def test_effects_and_inflation_agree_with_seminr(both):
    ours, theirs = both
    names = list(ours.paths)
    total = matrix(theirs, "total_effect", names, names)
    mine = ours.effects.pivot_table(index=["source", "target"], columns="effect", values="est")
    filled = total * 0.0
    for (source, target), value in mine["total"].items():
        filled.loc[source, target] = value
    assert_allclose(filled, total, atol=1e-8)
    parts = mine.fillna(0.0)
    assert_allclose(parts["direct"] + parts["indirect"], parts["total"], atol=1e-12)
    items = theirs[theirs["quantity"] == "item_vif"].set_index("row")["value"]
    assert_allclose(ours.item_vif["vif"], items[ours.item_vif["item"]], atol=1e-8)
    inner = theirs[theirs["quantity"] == "antecedent_vif"].set_index(["column", "row"])["value"]
    keys = pd.MultiIndex.from_frame(ours.construct_vif[["target", "source"]])
    # seminr leaves a lone predictor empty; its VIF is 1.
    assert_allclose(ours.construct_vif["vif"], inner[keys].fillna(1.0), atol=1e-8)


@pytest.mark.parametrize("case", ["mobi_small", "mobi_plsc"])
def test_f_squared_by_refitting_agrees_with_seminr(case):
    whole, theirs = fit(case), reference(case)
    explained = whole.r_squared.set_index("construct")["r_squared"]
    constructs, _, data, options = CASES[case]
    names = list(constructs)
    table = matrix(theirs, "f_squared", names, names)
    for source in ("Image", "Satisfaction"):
        rest = [p for p in SMALL_PATHS if p != (source, "Loyalty")]
        less = fit_pls(constructs, rest, data, **options).r_squared.set_index("construct")
        change = explained["Loyalty"] - less.loc["Loyalty", "r_squared"]
        expected = table.loc[source, "Loyalty"]
        assert_allclose(change / (1 - explained["Loyalty"]), expected, atol=1e-8)


def test_f_squared_is_cohens_on_the_scores():
    ours = fit("mobi")
    scores = ours.scores.to_numpy()
    names = list(ours.scores)

    def r_squared(target, sources):
        x, y = scores[:, [names.index(s) for s in sources]], scores[:, names.index(target)]
        return 1 - np.sum((y - x @ np.linalg.lstsq(x, y, rcond=None)[0]) ** 2) / np.sum(y**2)

    assert len(ours.f_squared) == 12
    for source, target, value in ours.f_squared.to_numpy():
        sources = ECSI_PATHS[target]
        rest = [s for s in sources if s != source]
        full, less = r_squared(target, sources), r_squared(target, rest) if rest else 0.0
        assert_allclose(value, (full - less) / (1 - full), atol=1e-10)


def test_published_values_of_the_small_model():
    paths = fit("mobi_small").paths
    assert round(paths.loc["Image", "Satisfaction"], 4) == 0.6949
    assert round(paths.loc["Image", "Loyalty"], 4) == 0.2106
    assert round(paths.loc["Satisfaction", "Loyalty"], 4) == 0.5099


def centroid_by_rows(data, constructs, pairs):
    """Lohmöller's loop written on rows, mode A, centroid scheme."""
    z = {
        c: ((d := data[i].to_numpy()) - d.mean(0)) / d.std(0, ddof=1) for c, i in constructs.items()
    }
    weights = {c: np.ones(x.shape[1]) for c, x in z.items()}
    n = len(data)
    for _ in range(500):
        scores = {c: x @ weights[c] for c, x in z.items()}
        scores = {c: s / s.std(ddof=1) for c, s in scores.items()}
        for c, x in z.items():
            friends = [b for a, b in pairs if a == c] + [a for a, b in pairs if b == c]
            inner = sum(np.sign(scores[c] @ scores[f]) * scores[f] for f in friends)
            weights[c] = x.T @ inner / (n - 1)
    return {c: weights[c] / (z[c] @ weights[c]).std(ddof=1) for c in z}


def test_centroid_scheme_by_rows():
    pairs = [(s, t) for t, sources in ECSI_PATHS.items() for s in sources]
    expected = centroid_by_rows(MOBI, ECSI, pairs)
    ours = fit_pls(ECSI, pairs, MOBI, scheme="centroid")
    for construct, items in ECSI.items():
        assert_allclose(ours.weights.loc[items, construct], expected[construct], atol=1e-9)


# Bootstrap ---------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["mobi", "corp_rep", "mobi_plsc"])
def test_bootstrap_agrees_draw_by_draw_with_seminr(case):
    rows = pd.read_csv(REFERENCE / f"pls__{case}_bootstrap_rows.csv").to_numpy()
    draws = fit(case, rows=rows).draws
    theirs = reference(f"{case}_bootstrap")
    assert draws.converged.all()
    for quantity, frame in {
        "path": draws.paths,
        "total_effect": draws.total,
        "htmt": draws.htmt,
        "weight": draws.weights,
        "loading": draws.loadings,
    }.items():
        part = theirs[theirs["quantity"] == quantity]
        keys = ["row"] if quantity in ("weight", "loading") else ["row", "column"]
        wide = part.pivot_table(index="draw", columns=keys, values="value")
        assert wide.shape == frame.shape
        assert_allclose(frame[list(wide.columns)], wide, atol=1e-8)


@pytest.mark.parametrize("share_missing", [0.0, 0.1])
def test_resampled_correlations_are_those_of_the_rows(share_missing):
    rng = np.random.default_rng(5)
    x = rng.normal(3, 2, size=(60, 4)) @ rng.normal(size=(4, 4))
    x[rng.random(x.shape) < share_missing] = np.nan
    rows = rng.integers(0, 60, (7, 60))
    for chosen, ours in zip(rows, resampled_correlations(x, rows), strict=True):
        resample = pd.DataFrame(x[chosen])
        assert_allclose(ours, resample.fillna(resample.mean()).corr(), atol=1e-12)


def test_intervals_are_percentiles_of_the_draws():
    ours = fit("mobi_small", bootstrap=500, seed=3, confidence=0.9)
    draws = ours.draws.paths
    table = ours.table().query("op == '~'")
    for _, row in table.iterrows():
        values = draws[(row["rhs"], row["lhs"])]
        assert_allclose([row["ci_low"], row["ci_high"]], values.quantile([0.05, 0.95]), atol=1e-12)
        assert_allclose(row["se"], values.std(), atol=1e-12)
        assert row["p"] == pytest.approx(2 * ((values <= 0).sum() + 1) / 501)
    again = fit("mobi_small", bootstrap=500, seed=3)
    assert_allclose(again.draws.paths, draws)
    assert "0 of 500" in str(ours.notes[-1]) and "500" in ours.notes[-1].in_language("zh")


def test_percentile_interval_covers_the_truth():
    """One construct pair with unit weights known by symmetry: 95 % intervals of the path."""
    rng, hits, n_sets = np.random.default_rng(11), 0, 120
    for _ in range(n_sets):
        f = rng.normal(size=(150, 1))
        g = 0.5 * f + np.sqrt(0.75) * rng.normal(size=(150, 1))
        noise = 0.6 * rng.normal(size=(150, 6))
        data = pd.DataFrame(np.column_stack([f, f, f, g, g, g]) + noise, columns=list("abcdef"))
        ours = fit_pls(
            {"X": list("abc"), "Y": list("def")},
            [("X", "Y")],
            data,
            consistent=True,
            bootstrap=200,
            seed=1,
        )
        low, high = ours.table().query("op == '~'")[["ci_low", "ci_high"]].to_numpy()[0]
        hits += low <= 0.5 <= high
    assert 0.89 <= hits / n_sets <= 1  # 95 % less 3 Monte Carlo errors


def test_failed_resamples_are_counted():
    data = MOBI.assign(CUSCO=[10.0] * 249 + [1.0])
    ours = fit_pls(ECSI, ECSI_PATHS, data, bootstrap=200, seed=2)
    rows = np.random.default_rng(2).integers(0, 250, (200, 250), dtype=np.int32)
    without = (rows != 249).all(axis=1).sum()
    assert ours.draws.n_failed == without > 30
    low, high = ours.draws.failed_interval()
    assert low < without / 200 < high
    assert f"{without} of 200" in str(ours.notes[-1])


# Prediction --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "technique"), [("mobi_predict", "direct"), ("mobi_predict_earliest", "earliest")]
)
def test_prediction_agrees_with_seminr(case, technique):
    folds = pd.read_csv(REFERENCE / f"pls__{case}_folds.csv")["fold"].to_numpy()
    ours = fit("mobi").predict(folds=folds, technique=technique)
    theirs = reference(case)
    items = list(ours.table()["item"])
    for quantity in ("pls", "lm"):
        metrics = matrix(theirs, quantity, ["RMSE", "MAE"], items)
        mine = ours.table()[[f"rmse_{quantity}", f"mae_{quantity}"]]
        assert_allclose(mine, metrics.T, atol=1e-8)
    rows = [str(i + 1) for i in range(250)]
    predicted = matrix(theirs, "pls_predicted", rows, items)
    assert_allclose(ours.predicted[items], predicted, atol=1e-8)
    benchmark = matrix(theirs, "lm_predicted", rows, items)
    assert_allclose(ours.benchmark[items], benchmark, atol=1e-8)


def test_q2_predict_by_its_definition():
    folds = np.arange(250) % 5
    ours = fit("mobi_small").predict(folds=folds)
    actual = MOBI[list(ours.table()["item"])].to_numpy()
    naive = np.empty_like(actual, dtype=float)
    for k in range(5):
        naive[folds == k] = actual[folds != k].mean(axis=0)
    missed = ((actual - ours.predicted.to_numpy()) ** 2).sum(0)
    expected = 1 - missed / ((actual - naive) ** 2).sum(0)
    assert_allclose(ours.table()["q2_predict"], expected, atol=1e-12)
    assert ours.power in ("high", "medium", "low", "none")
    scores = ours.constructs.set_index("construct")["q2_predict"]
    assert 0.4 < scores["Satisfaction"] < 0.55  # near the in-sample R² of .483


def test_repetitions_average_predictions():
    ours = fit("mobi_small")
    twice = ours.predict(k_folds=5, repetitions=2, seed=4)
    rng = np.random.default_rng(4)
    runs = [ours.predict(folds=rng.permutation(np.arange(250) % 5)) for _ in range(2)]
    mean = (runs[0].predicted + runs[1].predicted) / 2
    assert_allclose(twice.predicted, mean, atol=1e-10)


# Importance–performance map ----------------------------------------------------------------


def test_importance_performance_by_regression_on_rescaled_scores():
    """Unstandardised effects are what least squares gives on the 0–100 scores themselves."""
    ours = fit("mobi_small")
    result = ours.importance_performance("Loyalty", scale=(1, 10))
    points = (MOBI - 1) / 9 * 100
    scores = {}
    for construct, items in SMALL.items():
        raw = ours.weights.loc[items, construct] / points[items].std()
        scores[construct] = (points[items] * (raw / raw.sum())).sum(axis=1)
    scores = pd.DataFrame(scores)
    centred = scores - scores.mean()
    x = centred[["Image", "Satisfaction"]].to_numpy()
    b = np.linalg.lstsq(x, centred["Loyalty"], rcond=None)[0]
    a = (centred["Image"] @ centred["Satisfaction"]) / (centred["Image"] @ centred["Image"])
    table = result.table().set_index("construct")
    assert_allclose(table.loc["Satisfaction", "importance"], b[1], atol=1e-9)
    assert_allclose(table.loc["Image", "importance"], b[0] + a * b[1], atol=1e-9)
    assert_allclose(table["performance"], scores.mean()[table.index], atol=1e-9)
    assert_allclose(result.target_performance, scores["Loyalty"].mean(), atol=1e-9)
    items = result.items.set_index("item")
    assert_allclose(
        items.groupby("construct")["importance"].sum(), table["importance"].sort_index()
    )
    assert_allclose(items.loc["IMAG1", "performance"], points["IMAG1"].mean())


def test_results_draw_and_the_map_speaks():
    import matplotlib

    matplotlib.use("Agg")
    ours = fit("mobi", bootstrap=50, seed=1)
    labels = [text.get_text() for text in ours.plot(lang="zh").get_yticklabels()]
    assert labels[0] == "Complaints → Loyalty" and len(labels) == 12
    axes = ours.predict(k_folds=5).plot(lang="zh")
    assert len(axes.get_yticklabels()) == 19 and "线性基准" in axes.get_legend_handles_labels()[1]
    result = ours.importance_performance("Loyalty")
    assert len(result.plot(lang="zh").texts) == 6
    assert "observed range" in str(result.notes[0]) and "实际范围" in result.notes[0].in_language(
        "zh"
    )
    first = result.table().iloc[0]
    for lang in ("en", "zh"):
        assert first["construct"] in result.sentence(lang)
        assert f"{first['importance']:.2f}" in result.sentence(lang)


# Properties and words ----------------------------------------------------------------------


def test_order_and_scale_of_the_data_do_not_matter():
    ours = fit("mobi")
    factors = pd.Series(np.linspace(0.5, 30, 24), index=MOBI.columns)
    changed = (MOBI.sample(frac=1, random_state=3) * factors + 7)[list(MOBI)[::-1]]
    other = fit_pls(ECSI, ECSI_PATHS, changed)
    assert_allclose(other.paths, ours.paths, atol=1e-9)
    assert_allclose(other.scores.loc[ours.scores.index], ours.scores, atol=1e-9)


def test_turning_every_item_of_a_construct_turns_its_paths():
    ours = fit("mobi_small")
    turned = MOBI.assign(**{item: 11 - MOBI[item] for item in SMALL["Image"]})
    other = fit_pls(SMALL, SMALL_PATHS, turned)
    assert_allclose(other.paths.loc["Image"], -ours.paths.loc["Image"], atol=1e-9)


def test_missing_answers_are_dropped_or_filled_and_told():
    listwise = fit_pls(*CASES["corp_rep"][:3])
    assert listwise.n_used == len(CORP[list(listwise.weights.index)].dropna())
    assert listwise.n_dropped == 344 - listwise.n_used > 0
    assert f"{listwise.n_dropped} rows" in str(listwise.notes[0])
    filled = fit("corp_rep")
    assert filled.n_used == 344 and "replaced by the item's mean" in str(filled.notes[0])


def numbers(text):
    text = text.replace("−", "-").replace(" .", " 0.").replace("[.", "[0.")
    return [float(x) for x in re.findall(r"-?\d+\.\d+", text)]


def test_sentence_says_what_the_table_says():
    ours = fit("mobi", bootstrap=300, seed=1)
    table = ours.table().query("op == '~'")
    best = table.loc[table["est"].idxmax()]
    expected = [*ours.r_squared["r_squared"], best["est"], best["ci_low"], best["ci_high"]]
    rounded = [round(v, 2) for v in expected]
    for lang in ("en", "zh"):
        sentence = ours.sentence(lang)
        assert numbers(sentence)[:9] == rounded
        assert "Fornell & Larcker" in sentence and "Image" in sentence
        assert "= .000" not in sentence
    prediction = ours.predict(k_folds=5, seed=1)
    for lang in ("en", "zh"):
        table = prediction.table()["q2_predict"]
        assert numbers(prediction.sentence(lang))[:2] == [
            round(table.min(), 3),
            round(table.max(), 3),
        ]
        assert "Shmueli" in prediction.sentence(lang)


def test_inadmissible_correction_is_told():
    near = MOBI.assign(
        **{f"COPY{i}": MOBI[f"CUSA{i}"] + 0.01 * (MOBI.index % 7) for i in (1, 2, 3)}
    )
    blocks = {"A": ECSI["Satisfaction"], "B": ["COPY1", "COPY2", "COPY3"]}
    ours = fit_pls(blocks, [("A", "B")], near, consistent=True)
    assert ours.correlations.loc["A", "B"] > 1
    assert "Inadmissible" in str(ours.notes[-1]) and "不可接受" in ours.notes[-1].in_language("zh")


# Bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"paths": [("Image", "Loyal")]}, ModelError, "'Loyal', which has no items"),
        ({"paths": [("Image", "Loyalty")]}, ModelError, "Satisfaction stands in no path"),
        (
            {"paths": [*SMALL_PATHS, ("Loyalty", "Image")]},
            ModelError,
            "circle through Image, Satisfaction and Loyalty",
        ),
        ({"constructs": SMALL | {"Loyalty": []}}, ModelError, "Loyalty has no items"),
        ({"constructs": SMALL | {"Loyalty": ["IMAG1"]}}, ModelError, "IMAG1 stands in Image and"),
        ({"modes": "C"}, ModelError, "the mode 'C'"),
        ({"modes": {"Imge": "B"}}, ModelError, "'Imge'"),
        ({"scheme": "centre"}, ModelError, "scheme='centre'"),
        ({"consistent": ["Imge"]}, ModelError, "consistent names 'Imge'"),
        ({"data": MOBI.drop(columns="IMAG2")}, DataError, "not in the data: IMAG2"),
        ({"data": MOBI.assign(IMAG2=5)}, DataError, "IMAG2 is constant"),
        ({"data": MOBI.assign(IMAG2="five")}, DataError, "IMAG2 holds text"),
        ({"data": MOBI.assign(IMAG2=np.inf)}, DataError, "IMAG2 (250 rows)"),
        (
            {"data": MOBI.assign(IMAG2=np.nan), "missing": "mean"},
            DataError,
            "No answer at all in IMAG2",
        ),
        ({"data": MOBI.assign(IMAG2=np.nan)}, DataError, "No answer at all in IMAG2"),
        ({"data": MOBI.head(3)}, DataError, "3 complete rows"),
        ({"missing": "fiml"}, DataError, "missing='fiml'"),
        ({"confidence": 95}, DataError, "confidence=95"),
        ({"rows": np.array([[0, 250]])}, DataError, "0 to 249"),
    ],
)
def test_bad_input_is_named(change, error, message):
    arguments = {"constructs": SMALL, "paths": SMALL_PATHS, "data": MOBI} | change
    with pytest.raises(error, match=re.escape(message)):
        fit_pls(**arguments)


def test_collinear_items_stop_a_regression_block():
    data = MOBI.assign(IMAG5=MOBI["IMAG1"] + MOBI["IMAG2"])
    with pytest.raises(ConvergenceError, match="mode-B blocks Image"):
        fit_pls(SMALL, SMALL_PATHS, data, modes={"Image": "B"})


def test_collinear_items_of_mode_a_are_told():
    data = MOBI.assign(IMAG5=MOBI["IMAG1"] * 2 + 1)
    ours = fit_pls(SMALL, SMALL_PATHS, data)
    vif = ours.item_vif.set_index("item")["vif"]
    assert np.isinf(vif[["IMAG1", "IMAG5"]]).all()
    rest = np.linalg.inv(data[["IMAG1", "IMAG2", "IMAG3", "IMAG4"]].corr())
    assert_allclose(vif[["IMAG2", "IMAG3", "IMAG4"]], np.diag(rest)[1:], atol=1e-8)
    assert any("IMAG1 and IMAG5" in str(note) for note in ours.notes)


def test_bad_requests_are_named():
    ours = fit("mobi_small")
    with pytest.raises(ModelError, match="target='Image'"):
        ours.importance_performance("Image")
    with pytest.raises(DataError, match="outside its scale 1 to 7"):
        ours.importance_performance("Loyalty", scale=(1, 7))
    with pytest.raises(DataError, match="k_folds=1"):
        ours.predict(k_folds=1)
    with pytest.raises(DataError, match="technique='all'"):
        ours.predict(technique="all")
    with pytest.raises(DataError, match="3 entries"):
        ours.predict(folds=[1, 2, 3])


# Pairs of answers, and weights -------------------------------------------------------------------


def test_correlations_by_pairs_are_pandas_and_every_answer_counts():
    random = np.random.default_rng(6)
    data = MOBI.mask(random.uniform(size=MOBI.shape) < 0.1)
    paired = fit_pls(SMALL, SMALL_PATHS, data, missing="pairwise", bootstrap=60, seed=1)
    np.testing.assert_allclose(
        paired.data.correlations, data[list(paired.model.items)].corr(), atol=1e-12
    )
    assert paired.n_used == len(data) and paired.n_dropped == 0
    least = data.notna().astype(int)
    together = least[list(paired.model.items)].T @ least[list(paired.model.items)]
    note = next(n for n in paired.notes if n.template == "pls.pairwise")
    assert note.facts["least"] == together.to_numpy().min()
    drawn = resampled_correlations(paired.data.raw, np.arange(len(data))[None], pairwise=True)
    np.testing.assert_allclose(drawn[0], paired.data.correlations, atol=1e-12)
    whole = data[list(paired.model.items)].notna().all(axis=1).sum()
    assert len(paired.predict(k_folds=3, seed=1).predicted) == whole
    complete = fit_pls(SMALL, SMALL_PATHS, MOBI, missing="pairwise")
    close = fit_pls(SMALL, SMALL_PATHS, MOBI)
    np.testing.assert_allclose(complete.paths, close.paths, atol=1e-9)


def test_pairs_that_do_not_go_together_are_refused():
    data = MOBI.copy()
    names = [name for block in SMALL.values() for name in block]
    data.loc[data.index[:125], names[0]] = np.nan
    data.loc[data.index[124:], names[1]] = np.nan
    with pytest.raises(DataError, match="not positive definite"):
        fit_pls(SMALL, SMALL_PATHS, data, missing="pairwise")


@pytest.mark.parametrize("missing", ["listwise", "mean", "pairwise"])
def test_weights_are_repeated_rows(missing):
    random = np.random.default_rng(7)
    counts = random.integers(0, 4, len(MOBI))
    data = MOBI.mask(random.uniform(size=MOBI.shape) < 0.02)
    weighted = fit_pls(SMALL, SMALL_PATHS, data, missing=missing, weights=counts.astype(float))
    repeated = fit_pls(SMALL, SMALL_PATHS, data.loc[data.index.repeat(counts)], missing=missing)
    np.testing.assert_allclose(weighted.paths, repeated.paths, atol=1e-9)
    np.testing.assert_allclose(weighted.loadings, repeated.loadings, atol=1e-9)
    with pytest.raises(DataError, match="1 infinite"):
        fit_pls(SMALL, SMALL_PATHS, data, weights=np.r_[np.inf, counts[1:]])


def test_partitions_are_counted_and_their_spread_told():
    prediction = fit_pls(SMALL, SMALL_PATHS, MOBI).predict(k_folds=5, repetitions=20, seed=2)
    assert prediction.better_counts.shape == (20,)
    low, high = prediction.better_interval()
    assert low <= prediction.better <= high
    assert f"{prediction.better:.1f}" in prediction.sentence("en")
    assert fit_pls(SMALL, SMALL_PATHS, MOBI).predict(seed=2).better_interval() is None


def test_improper_refits_are_told():
    drawn = fit_pls(SMALL, SMALL_PATHS, MOBI, consistent=True, bootstrap=80, seed=3)
    draws = drawn.draws
    beyond = (draws.loadings.abs() > 1 + 1e-9).any(axis=1) | (draws.r_squared > 1).any(axis=1)
    assert (draws.improper >= beyond.to_numpy()).all() and draws.improper.any()
    assert any(n.template == "pls.improper_samples" for n in drawn.notes)
