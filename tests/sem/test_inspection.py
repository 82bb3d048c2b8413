"""Residuals, modification indices, score tests, factor scores and nested tests against lavaan.

Tolerance 1e-5 relative (absolute below 1): the references stand at lavaan's polished optimum, and
second derivatives of a flat loading carry a few 1e-7. Nested tests are lavaan's own fits at its
default stop, so their scaling factors carry up to 1e-5.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_value.sem import fit_model

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = pd.read_csv(REFERENCE / "sem__cases.csv", keep_default_na=False).set_index("case")
FITS = {}


def fitted(case):
    if case not in FITS:
        row = CASES.loc[case]
        files = {
            "mobi": REFERENCE.parent.parent / "data/ecsi-mobile/mobi.csv",
            "corp": REFERENCE / "pls__corp_rep_data.csv",
        }
        file = files.get(row.data, REFERENCE / f"sem__{row.data}_data.csv")
        options = {"estimator": row.estimator, "missing": row.missing}
        options |= {"equal": tuple(row.equal.split()), "partial": tuple(row.partial.split())}
        options |= {n: True for n in ("std_lv", "meanstructure", "orthogonal") if row[n]}
        options |= {"group": row.group} if row.group else {}
        FITS[case] = fit_model(row.syntax, pd.read_csv(file).replace(-99, np.nan), **options)
    return FITS[case]


def read(name):
    return pd.read_csv(REFERENCE / f"sem__{name}.csv", keep_default_na=False, na_values=["NA"])


def assert_close(ours, theirs, tolerance=1e-5):
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    gap = np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs))
    assert gap.max() < tolerance, (int(gap.argmax()), float(gap.max()))


# lavaan's standardised residuals leave out the other group's sampling error under equality, and
# take another projection for MLR and FIML; that ours have unit variance is checked in
# tests/sem/test_coverage.py.
OTHER_PROJECTION = ("school_scalar", "corp_configural", "hs_fiml", "hs_fiml_mlr")
KINDS = {"raw": "raw", "cor_bentler": "correlation", "normalized": "normalised",
         "standardized": "standardised"}  # fmt: skip


@pytest.mark.parametrize(
    "case",
    ["hs", "pd", "chain", "hs_means", "school_configural", "school_scalar", "corp",
     "corp_configural", "bifactor", "second_order", "corp_mlm", "hs_fiml", "hs_fiml_mlr"],
)  # fmt: skip
@pytest.mark.parametrize("kind", KINDS)
def test_residuals_agree_with_lavaan(case, kind):
    if kind == "standardized" and case in OTHER_PROJECTION:
        return
    fit = fitted(case)
    for g, rows in read(f"{case}_residual_{kind}").groupby("group"):
        ours = fit.residuals(KINDS[kind], fit.group_labels[g - 1])
        theirs = rows.set_index(["row", "col"]).value
        mine = np.array([ours.loc[r, c] for r, c in theirs.index])
        # A residual that estimation sets to zero has no error to be divided by.
        assert_close(mine, theirs.fillna(0).to_numpy())


def test_standardised_residuals_of_mlr_are_those_of_mlm():
    """The same estimates and the same distribution-free sampling errors."""
    robust, corrected = fitted("corp_mlr"), fitted("corp_mlm")
    ours, other = (fit.residuals("standardised") for fit in (robust, corrected))
    assert_close(ours, other[ours.columns])


@pytest.mark.parametrize(
    "case",
    ["hs", "pd", "chain", "hs_mlr", "hs_fiml", "school_configural", "mixed", "corp", "corp_fiml",
     "pd_fiml", "bifactor"],
)  # fmt: skip
def test_modification_indices_agree_with_lavaan(case):
    fit, theirs = fitted(case), read(f"{case}_modification")
    theirs["group"] = [fit.group_labels[g - 1] for g in theirs.get("group", [1] * len(theirs))]
    ours = fit.modification_indices()
    key = ["lhs", "op", "rhs", "group"]
    flipped = ours[ours.op == "~~"].rename(columns={"lhs": "rhs", "rhs": "lhs"})
    both = theirs.merge(pd.concat([ours, flipped]), on=key, suffixes=("_theirs", ""))
    if case in ("hs", "hs_mlr", "hs_fiml", "school_configural"):
        assert len(both) == len(theirs) == len(ours)
    assert len(both) >= 0.7 * len(theirs)
    for mine, name in (("mi", "mi_theirs"), ("epc", "epc_theirs"), ("epc_std", "sepc.all")):
        assert_close(both[mine], both[name])


@pytest.mark.parametrize("case", ["school_metric", "school_scalar", "corp_scalar"])
def test_score_tests_of_equality_agree_with_lavaan(case):
    from cx_value.sem.reading.modification import score_tests

    theirs = read(f"{case}_score").fillna("")
    both = theirs.merge(score_tests(fitted(case)), on=["lhs", "op", "rhs"])
    assert len(both) == len(theirs)
    assert_close(both.mi, both.X2)


@pytest.mark.parametrize(
    "case",
    ["hs", "hs_means", "pd", "hs_fiml", "school_scalar", "chain", "corp_fiml", "pd_fiml",
     "corp_configural"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["regression", "bartlett"])
def test_factor_scores_agree_with_lavaan(case, method):
    theirs = read(f"{case}_scores_{method}").set_index("row").sort_index().dropna()
    ours = fitted(case).factor_scores(method)
    assert (ours.index + 1).tolist() == theirs.index.tolist()
    assert_close(ours, theirs[list(ours.columns)])


@pytest.mark.parametrize("row", range(10))
def test_nested_tests_agree_with_lavaan(row):
    from cx_value.sem import compare_models

    theirs = read("nested").iloc[row]
    method = {"default": "plain"}.get(theirs.method, theirs.method[-4:])
    ours = compare_models(fitted(theirs.large), fitted(theirs.small), method=method).table().iloc[1]
    assert ours.d_df == theirs.df_diff
    assert_close([ours.d_chisq, ours.p], [theirs.chisq_diff, theirs.p], 2e-5)
