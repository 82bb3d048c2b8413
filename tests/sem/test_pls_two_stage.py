"""Two-stage PLS and formative blocks against seminr 0.2.1 (tests/reference/pls_two_stage.py).

Every weight, loading, path and R² of the sample and of ten resamples to 1e-8: both programs stop
when weights settle at 1e-10 or below.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import ModelError
from cx_value.sem.pls.two_stage import fit_two_stage

REFERENCE = Path(__file__).parents[1] / "reference"
BLOCKS = {"QUAL": ("qual", 8), "PERF": ("perf", 5), "CSOR": ("csor", 5), "ATTR": ("attr", 3)}
MEMBERS = {name: [f"{s}_{i}" for i in range(1, k + 1)] for name, (s, k) in BLOCKS.items()}
ITEMS = MEMBERS | {
    "COMP": ["comp_1", "comp_2", "comp_3"], "LIKE": ["like_1", "like_2", "like_3"],
    "CUSA": ["cusa"], "CUSL": ["cusl_1", "cusl_2", "cusl_3"],
}  # fmt: skip
PATHS = [("REPUTATION", "COMP"), ("REPUTATION", "LIKE"), ("COMP", "CUSA"), ("LIKE", "CUSA"),
         ("COMP", "CUSL"), ("LIKE", "CUSL"), ("CUSA", "CUSL")]  # fmt: skip
COLUMNS = [item for items in ITEMS.values() for item in items]


@pytest.fixture(scope="module")
def answers():
    data = pd.read_csv(REFERENCE / "pls__corp_rep_data.csv").replace(-99, np.nan)
    return data.dropna(subset=COLUMNS).reset_index(drop=True)


@pytest.fixture(scope="module")
def reference():
    return pd.read_csv(REFERENCE / "pls_two_stage__corp_rep.csv")


def fit(answers, mode, **options):
    modes = dict.fromkeys(MEMBERS, "B") | {"REPUTATION": mode}
    above = {"REPUTATION": list(MEMBERS)}
    return fit_two_stage(ITEMS, above, PATHS, answers, modes=modes, **options)


@pytest.mark.parametrize("mode", ["A", "B"])
def test_estimates_agree_with_seminr(answers, reference, mode):
    found = fit(answers, mode).second
    theirs = reference[(reference.case == mode) & (reference.draw == 0)]
    compared = 0
    for row in theirs.itertuples():
        if row.quantity in ("weight", "loading") and row.column in found.model.constructs:
            ours = getattr(found, f"{row.quantity}s").loc[row.row, row.column]
        elif row.quantity == "path":
            ours = found.paths.loc[row.row, row.column]
        elif row.row == "Rsq":
            ours = found.r_squared.set_index("construct").r_squared[row.column]
        else:
            continue
        assert ours == pytest.approx(row.value, abs=1e-8), row
        compared += 1
    assert compared == 2 * 14 + 7 + 4


@pytest.mark.parametrize("mode", ["A", "B"])
def test_every_resample_agrees_with_seminr(answers, reference, mode):
    rows = pd.read_csv(REFERENCE / "pls__corp_rep_bootstrap_rows.csv").to_numpy()[:10]
    draws = fit(answers, mode, rows=rows % len(answers)).second.draws
    theirs = reference[(reference.case == mode) & (reference.draw > 0)]
    for row in theirs[theirs.quantity == "path"].itertuples():
        ours = draws.paths.iloc[row.draw - 1][(row.row, row.column)]
        assert ours == pytest.approx(row.value, abs=1e-8), row
    for row in theirs[(theirs.quantity == "weight") & (theirs.column == "REPUTATION")].itertuples():
        assert draws.weights.iloc[row.draw - 1][row.row] == pytest.approx(row.value, abs=1e-8), row


def test_scores_correlate_as_the_model_says(answers):
    found = fit(answers, "A", missing="pairwise", weights=np.full(len(answers), 2.0)).second
    expected = found.scores.corr().to_numpy()
    assert found.correlations.to_numpy() == pytest.approx(expected, abs=1e-9)


def test_members_have_no_paths_of_their_own(answers):
    with pytest.raises(ModelError, match="paths of their own"):
        fit_two_stage(ITEMS, {"REPUTATION": list(MEMBERS)}, [*PATHS, ("QUAL", "CUSA")], answers)
