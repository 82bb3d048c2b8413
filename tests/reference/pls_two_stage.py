"""Reference for two-stage PLS and formative blocks, made with PyPI seminr 0.2.1.

Run from the repository root: python tests/reference/pls_two_stage.py
Corporate reputation (seminr's corp_rep, complete rows): REPUTATION above QUAL, PERF, CSOR and ATTR
(all of mode B, as in Hair et al. 2021), by correlation (mode A) and by regression (mode B); fitted
to the sample and to ten resamples of ``pls__corp_rep_bootstrap_rows.csv``; and the redundancy
analysis of the four blocks on their global items.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import seminr as sr

OUT = Path("tests/reference")
STOP = {"stop_criterion": 13, "max_it": 3000}
BLOCKS = {"QUAL": ("qual", 8), "PERF": ("perf", 5), "CSOR": ("csor", 5), "ATTR": ("attr", 3)}
ITEMS = {name: [f"{stem}_{i}" for i in range(1, k + 1)] for name, (stem, k) in BLOCKS.items()}
COMP = ["comp_1", "comp_2", "comp_3"]
LIKE = ["like_1", "like_2", "like_3"]
LOYALTY = ["cusl_1", "cusl_2", "cusl_3"]


def measured(higher):
    blocks = [sr.composite(name, own, weights=sr.mode_B) for name, own in ITEMS.items()]
    return sr.constructs(
        *blocks,
        sr.higher_composite("REPUTATION", list(ITEMS), weights=higher),
        sr.composite("COMP", COMP), sr.composite("LIKE", LIKE),
        sr.composite("CUSA", sr.single_item("cusa")), sr.composite("CUSL", LOYALTY),
    )  # fmt: skip


PATHS = sr.relationships(
    sr.paths(["REPUTATION"], ["COMP", "LIKE"]),
    sr.paths(["COMP", "LIKE"], ["CUSA", "CUSL"]),
    sr.paths(["CUSA"], ["CUSL"]),
)


def rows_of(model, case, draw):
    parts = {"weight": model.outer_weights, "loading": model.outer_loadings,
             "path": model.path_coef, "r_squared": model.r_squared}  # fmt: skip
    return [
        (case, draw, quantity, r, c, float(np.asarray(m.values)[i, j]))
        for quantity, m in parts.items()
        for i, r in enumerate(m.rows)
        for j, c in enumerate(m.cols)
        if np.asarray(m.values)[i, j] != 0
    ]


answers = (
    pd.read_csv(OUT / "pls__corp_rep_data.csv")
    .replace(-99, np.nan)
    .dropna(subset=[*(i for own in ITEMS.values() for i in own), *COMP, *LIKE, "cusa", *LOYALTY])
)
resamples = pd.read_csv(OUT / "pls__corp_rep_bootstrap_rows.csv").to_numpy()[:10] % len(answers)
table = []
for case, mode in {"A": sr.mode_A, "B": sr.mode_B}.items():
    samples = [answers, *(answers.iloc[rows] for rows in resamples)]
    for draw, data in enumerate(samples):
        model = sr.estimate_pls(data.reset_index(drop=True), measured(mode), PATHS, **STOP)
        table += rows_of(model, case, draw)
columns = ["case", "draw", "quantity", "row", "column", "value"]
pd.DataFrame(table, columns=columns).to_csv(
    OUT / "pls_two_stage__corp_rep.csv", index=False, float_format="%.15g", lineterminator="\n"
)

redundancy = []
for name, own in ITEMS.items():
    whole = f"{BLOCKS[name][0]}_global"
    model = sr.estimate_pls(
        answers.reset_index(drop=True),
        sr.constructs(sr.composite(name, own, weights=sr.mode_B),
                      sr.composite("WHOLE", sr.single_item(whole))),
        sr.relationships(sr.paths([name], ["WHOLE"])), **STOP,
    )  # fmt: skip
    redundancy.append((name, whole, float(np.asarray(model.path_coef.values)[0, 1])))
pd.DataFrame(redundancy, columns=["construct", "whole", "path"]).to_csv(
    OUT / "pls_two_stage__redundancy.csv", index=False, float_format="%.15g", lineterminator="\n"
)
