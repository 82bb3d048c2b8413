"""The cache of fits: the same numbers, computed once; anything that changes is another key."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cx_value.base.wording import Text
from cx_value.notebook.cache import Cache, digest_of
from cx_value.sem import fit_model

CALLS = []


def counted(items, syntax, **options):
    CALLS.append(syntax)
    return fit_model(syntax, items, **options)


@pytest.fixture
def items():
    random = np.random.default_rng(4)
    factor = random.normal(size=(120, 1))
    return pd.DataFrame(factor + random.normal(size=(120, 4)), columns=list("abcd"))


def test_a_fit_is_computed_once_and_answers_as_the_first(items, tmp_path):
    CALLS.clear()
    once = Cache(tmp_path / "cache").once
    first = once(counted, items, "f =~ a + b + c + d", estimator="mlr")
    again = once(counted, items.copy(), "f =~ a + b + c + d", estimator="mlr")
    assert len(CALLS) == 1
    pd.testing.assert_frame_equal(first.table(), again.table())
    assert first.indices == again.indices and first.admissible == again.admissible
    pd.testing.assert_frame_equal(first.modification_indices(), again.modification_indices())
    drawn = [fit.bootstrap(20, seed=1).table() for fit in (first, again)]
    pd.testing.assert_frame_equal(*drawn)


def test_another_answer_option_model_or_row_is_another_key(items, tmp_path):
    CALLS.clear()
    once = Cache(tmp_path / "cache").once
    changed = items.copy()
    changed.loc[3, "a"] += 1e-9
    calls = [
        (items, "f =~ a + b + c", {}), (changed, "f =~ a + b + c", {}),
        (items, "f =~ a + b + d", {}), (items, "f =~ a + b + c", {"estimator": "mlr"}),
        (items.iloc[1:], "f =~ a + b + c", {}), (items[list("bacd")], "f =~ a + b + c", {}),
    ]  # fmt: skip
    for frame, syntax, options in calls:
        once(counted, frame, syntax, **options)
    assert len(CALLS) == len(calls)


def test_a_broken_file_is_computed_again(items, tmp_path):
    CALLS.clear()
    once = Cache(tmp_path).once
    once(counted, items, "f =~ a + b + c")
    for file in tmp_path.glob("*.pickle"):
        file.write_bytes(b"cut short")
    assert once(counted, items, "f =~ a + b + c").indices["df"] == 0 and len(CALLS) == 2


def test_a_refusal_is_not_kept(items, tmp_path):
    once = Cache(tmp_path).once
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            once(divmod_by, items, 0)
    assert not list(tmp_path.glob("*.pickle"))


def divmod_by(items, other):
    return len(items) / other


def test_texts_differ_by_either_language():
    assert digest_of(Text("a", zh="甲")) != digest_of(Text("a", zh="乙"))
    assert digest_of(np.zeros(3)) != digest_of(np.zeros((1, 3)))


def test_a_method_is_kept_with_what_it_belongs_to(items, tmp_path):
    once = Cache(tmp_path).once
    fit = fit_model("f =~ a + b + c", items)
    wide, narrow = (once(f.standardised) for f in (fit, replace(fit, confidence=0.5)))
    assert (wide.ci_high - wide.ci_low > narrow.ci_high - narrow.ci_low)[wide.se > 0].all()


def test_a_file_that_another_notebook_forgot_meanwhile_is_no_fault(items, tmp_path, monkeypatch):
    from cx_value.notebook import cache

    monkeypatch.setattr(cache, "MOST_KEPT", 2)
    for name in "abc":
        (tmp_path / f"{name}.pickle").write_bytes(b"")
    (tmp_path / "gone.pickle").symlink_to(tmp_path / "nowhere")  # listed, and not there
    once = Cache(tmp_path).once
    assert once(divmod_by, items, 2) == 60
    assert len(list(tmp_path.glob("*.pickle"))) == 2 and once(divmod_by, items, 2) == 60
