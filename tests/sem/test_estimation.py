"""Estimates, standard errors, standardised solution and fit measures against lavaan 0.6-14.

Tolerance: the references were driven to lavaan's optimum by Newton steps (its default stop is up to
2e-4 off), ours stops at a Newton decrement of 1e-15; 1e-5 absolute (relative above 1) leaves room
for the finite differences in lavaan's own standard errors. The full ECSI model on mobi lies in a
flat valley (its smallest information eigenvalue is far below its peers'), where both programs' last
digits blur: 1e-3. Fit measures: 1e-6 relative, except the limits of RMSEA, which lavaan finds by a
search that stops earlier (1e-5), and the FIML-corrected indices of a model with fixed predictors,
where lavaan leaves the predictors' moments in the correction and ours conditions on them (6e-4).
"""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.sem import fit_model

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = pd.read_csv(REFERENCE / "sem__cases.csv", keep_default_na=False).set_index("case")
FLAT = {"ecsi": 1e-3}
COLUMNS = {
    "est": "est", "se": "se", "z": "z", "pvalue": "p", "ci.lower": "ci_low", "ci.upper": "ci_high",
    "std.all": "std_all",
}  # fmt: skip
# Indices lavaan prints that are not part of this engine.
NOT_COMPUTED = ("rmr", "srmr_", "crmr", "cn_", "gfi", "agfi", "pgfi", "mfi", "ecvi", "rmsea_close",
                "rmsea_notclose", "rmsea_ci_level")  # fmt: skip


@cache
def data_of(name):
    if name == "mobi":
        return pd.read_csv(REFERENCE.parent.parent / "data/ecsi-mobile/mobi.csv")
    if name == "corp":
        return pd.read_csv(REFERENCE / "pls__corp_rep_data.csv").replace(-99, np.nan)
    return pd.read_csv(REFERENCE / f"sem__{name}_data.csv")


@cache
def fitted(case):
    row = CASES.loc[case]
    options = {"estimator": row.estimator, "missing": row.missing}
    options |= {"equal": tuple(row.equal.split()), "partial": tuple(row.partial.split())}
    options |= {name: True for name in ("std_lv", "meanstructure", "orthogonal") if row[name]}
    options |= {name: row[name] for name in ("group", "weights") if row[name]}
    return fit_model(row.syntax, data_of(row.data), **options)


def reference(case, kind):
    return pd.read_csv(
        REFERENCE / f"sem__{case}_{kind}.csv", keep_default_na=False, na_values=["NA"]
    )


def close(ours, theirs, tolerance):
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    scale = np.maximum(1.0, np.abs(np.nan_to_num(theirs)))
    gap = np.nan_to_num(np.abs(ours - theirs)) / scale
    assert gap.max() < tolerance, (int(gap.argmax()), float(gap.max()))


@pytest.mark.parametrize("case", CASES.index)
def test_table_agrees_with_lavaan_in_every_entry(case):
    theirs, ours = reference(case, "estimates"), fitted(case).table()
    for name in ("lhs", "op"):
        assert ours[name].tolist() == theirs[name].tolist()
    plain = (theirs.op != ":=").to_numpy()
    assert ours.rhs[plain].tolist() == theirs.rhs[plain].tolist()
    for their_name, our_name in COLUMNS.items():
        if our_name == "z":
            # A small standard error magnifies its own last digits.
            close(ours.z, theirs.z, max(1e-4, FLAT.get(case, 0)))
            continue
        close(ours[our_name], theirs[their_name], FLAT.get(case, 1e-5))


@pytest.mark.parametrize("case", CASES.index)
def test_standardised_errors_agree_with_lavaan(case):
    theirs, ours = reference(case, "estimates"), fitted(case).standardised()
    close(ours.se, theirs["std.se"].fillna(0), FLAT.get(case, 1e-5))


@pytest.mark.parametrize("case", CASES.index)
def test_fit_measures_agree_with_lavaan(case):
    theirs = reference(case, "indices").set_index("name").value
    theirs.index = theirs.index.str.replace(".", "_", regex=False)
    wanted = [name for name in theirs.index if not name.startswith(NOT_COMPUTED)]
    ours = fitted(case).indices
    assert [name for name in wanted if name not in ours] == []
    for name in wanted:
        gap = abs(ours[name] - theirs[name]) / max(1e-3, abs(theirs[name]))
        both_missing = np.isnan(ours[name]) and np.isnan(theirs[name])
        tolerance = 1e-5 if "_ci_" in name else 1e-6
        if case in ("mixed_fiml", "mixed_fiml_mlr") and name.endswith("_robust"):
            tolerance = 6e-4
        assert both_missing or gap < tolerance, (name, ours[name], theirs[name])


def test_published_values_of_the_textbook_examples():
    """lavaan's tutorial (Rosseel 2012) and Bollen (1989)."""
    indices = fitted("hs").indices
    printed = {"chisq": 85.306, "df": 24, "cfi": 0.931, "tli": 0.896, "rmsea": 0.092,
               "rmsea_ci_lower": 0.071, "rmsea_ci_upper": 0.114, "srmr": 0.065, "aic": 7517.490,
               "bic": 7595.339}  # fmt: skip
    assert {name: round(indices[name], 3) for name in printed} == printed
    levels = {"configural": (115.851, 48), "metric": (124.044, 54), "scalar": (164.103, 60)}
    for level, (chisq, df) in levels.items():
        by_school = fitted(f"school_{level}").indices
        assert (round(by_school["chisq"], 3), by_school["df"]) == (chisq, df)
    assert round(fitted("hs_mlr").indices["chisq_scaled"], 3) == 87.132
    assert round(fitted("pd").indices["chisq"], 3) == 38.125
    assert fitted("pd").indices["df"] == 35
