"""Rows that do not enter a model, and models that nobody could fit: the reason, never another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import DataError
from cx_value.sem import fit_model

MODEL = "F =~ x1 + x2 + x3 + x4"


@pytest.fixture
def answers():
    random, n = np.random.default_rng(3), 200
    factor = random.normal(size=n)
    frame = pd.DataFrame({f"x{i}": factor + random.normal(size=n) for i in range(1, 5)})
    frame["z"] = 0.5 * factor + random.normal(size=n)
    frame["group"] = np.where(np.arange(n) % 2, "a", "b")
    frame["w"] = 1.0
    return frame


def told(fit):
    """Return the reasons with their rows and columns, and the sentence."""
    found = [f for f in fit.diagnostics if f.code == "rows_lost"]
    (finding,) = found
    reasons = {x["reason"]: (x["rows"], x["columns"]) for x in finding.facts["reasons"]}
    assert sum(rows for rows, _ in reasons.values()) == fit.n_dropped == finding.facts["dropped"]
    return reasons, " ".join(str(note) for note in fit.warnings)


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_every_row_left_out_is_told_by_its_reason(answers, estimator):
    answers.loc[:4, "group"] = None
    answers.loc[5:14, "w"] = 0
    answers.loc[15:20, ["x1", "x2", "x3", "x4", "z"]] = np.nan
    answers.loc[21:27, "z"] = np.nan
    answers.loc[30:37, "x2"] = np.nan  # kept: this is what FIML is for
    fit = fit_model(
        f"{MODEL}\nF ~ z", answers, group="group", weights="w", missing="fiml", estimator=estimator
    )
    reasons, words = told(fit)
    assert reasons == {"no_group": (5, []), "no_weight": (10, []), "no_answer": (6, []),
                       "no_predictor": (7, ["z"])}  # fmt: skip
    assert "information" not in words and "missing answers" not in words


def test_listwise_deletion_alone_is_told_what_would_keep_its_rows(answers):
    answers.loc[:7, "x2"] = np.nan
    answers.loc[:2, "x3"] = np.nan
    fit = fit_model(MODEL, answers, missing="listwise")
    reasons, words = told(fit)
    assert reasons == {"incomplete": (8, ["x2", "x3"])} and "information" in words
    again = fit_model(MODEL, answers, missing="fiml")
    assert again.n_dropped == 0 and "rows_lost" not in {f.code for f in again.diagnostics}


def test_ordered_items_have_the_same_reasons(answers):
    items = answers[["x1", "x2", "x3", "x4"]]
    coded = pd.DataFrame(np.digitize(items, [-1, 0, 1]), columns=items.columns).astype(float)
    coded["w"] = np.where(np.arange(len(coded)) < 12, 0.0, 1.0)
    coded.loc[20:24, "x1"] = np.nan
    fit = fit_model(MODEL, coded, ordered=True, weights="w", missing="listwise")
    assert told(fit)[0] == {"no_weight": (12, []), "incomplete": (5, ["x1"])}


@pytest.mark.parametrize("item", ["x1", "x4"])
@pytest.mark.parametrize("group", ["a", "b"])
def test_an_item_that_a_group_was_never_asked_is_named(answers, item, group, recwarn):
    answers.loc[answers["group"] == group, item] = np.nan
    with pytest.raises(DataError, match=f"Nobody of group {group} answered {item} "):
        fit_model(MODEL, answers, group="group", missing="fiml", equal=("loadings", "intercepts"))
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]
