"""Open answers: language, themes, tone and what they go with.

The area under the curve is held against scikit-learn (1e-12), Welch's interval against scipy's own
rows, the planted themes of the simulated comments against the phrases they were made from.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from cx_value.evaluate.voice.account import read_comments
from cx_value.evaluate.voice.impact import quotable, theme_impact, themes_by_group
from cx_value.evaluate.voice.plan import open_voice
from cx_value.evaluate.voice.privacy import redact
from cx_value.evaluate.voice.script import comment_language
from cx_value.evaluate.voice.sentiment import _judge, area_under_curve, measure_sentiment
from cx_value.evaluate.voice.themes import code_themes, discover_themes
from cx_value.simulate.comments import THEMES
from cx_value.study import read_study, read_survey

PANEL = Path(__file__).parents[2] / "data" / "bank-panel"
#: Theme of the codebook → construct whose phrases the simulation planted.
PLANTED = {"APP_BRANCH": "TAN", "PROMISES": "REL", "SPEED": "RES", "ADVICE": "ASS",
           "MANNERS": "EMP", "FEES": "PRI"}  # fmt: skip


@pytest.fixture(scope="module")
def voice():
    study = read_study(PANEL)
    return open_voice(study, read_survey(study))


def planted(texts, theme):
    phrases = [p for tones in THEMES[theme].values() for each in tones.values() for p in each]
    return texts.map(lambda text: any(phrase in text for phrase in phrases))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_planted_themes_are_found_in_both_languages(voice, language):
    coded = voice.declared_themes().coded
    rows = voice.comments.languages == language
    for theme, construct in PLANTED.items():
        truth = planted(voice.comments.texts[rows], construct)
        found = coded.loc[rows, theme]
        assert (found & truth).sum() >= 0.85 * truth.sum(), theme
        assert (found & truth).sum() >= 0.75 * found.sum(), theme


def test_tone_is_learnt_from_scores_and_judged_on_unseen_comments(voice):
    found = voice.sentiment()
    assert set(found.frame.route) == {"own_scores"} and found.frame.usable.all()
    shuffled = voice.score.sample(frac=1, random_state=3).set_axis(voice.score.index)
    none = measure_sentiment(voice.comments.texts, voice.comments.languages, shuffled)
    assert (none.frame.auc - 0.5).abs().max() < 0.1 and not none.frame.usable.all()


def test_few_scored_comments_go_to_a_ready_tool():
    texts = pd.Series(["Great and friendly service"] * 12 + ["Terrible, rude and slow"] * 12
                      + ["服务很好，很满意"] * 12 + ["态度太差，很糟糕"] * 12)  # fmt: skip
    languages = texts.map(comment_language)
    score = pd.Series(([5.0] * 12 + [1.0] * 12) * 2)
    found = measure_sentiment(texts, languages, score)
    assert set(found.frame.route) == {"ready_tool"}
    assert found.frame.set_index("language").auc.to_dict() == {"en": 1.0, "zh": 1.0}


def test_area_under_the_curve_equals_scikit_learn():
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(1)
    good, bad = np.round(random.normal(1, 1, 60), 1), np.round(random.normal(0, 1, 45), 1)
    truth = np.r_[np.ones(60), np.zeros(45)]
    assert area_under_curve(good, bad) == pytest.approx(
        roc_auc_score(truth, np.r_[good, bad]), abs=1e-12
    )


def test_impact_is_welch_with_holm():
    random = np.random.default_rng(5)
    coded = pd.DataFrame(random.random((300, 3)) < 0.4, columns=list("ABC"))
    score = pd.Series(random.normal(5, 1, 300) - 0.6 * coded["A"])
    score[:20] = np.nan
    found = theme_impact(coded, score, "SAT")
    row = found.table().set_index("theme").loc["A"]
    test = ttest_ind(score[coded["A"]].dropna(), score[~coded["A"]].dropna(), equal_var=False)
    low, high = test.confidence_interval(0.95)
    assert (row.p, row.ci_low, row.ci_high) == pytest.approx((test.pvalue, low, high))
    smallest = found.table().p.min()
    assert row.p_adjusted == pytest.approx(3 * smallest) and row.clear
    assert found.n_dropped == 20 and found.facts()["worse"][0]["theme"] == "A"


@pytest.mark.parametrize(
    "text", ["😀😡", "<script>alert(1)</script>", "=1+2", "12345", "!!! ??", "{{7*7}}", ""]
)
def test_comments_without_words_are_counted_and_not_coded(text):
    account = read_comments(pd.Series([text, "Very helpful staff"]))
    assert account.n_used == 1 and account.n_dropped == 1


def test_themes_found_in_words_are_stable_where_words_are_planted():
    random = np.random.default_rng(2)
    pools = ("fees price charges costs expensive rates", "queue waiting slow hotline hold delay")
    texts = pd.Series([
        " ".join(random.choice(pools[i % 2].split(), 3, replace=False)) for i in range(200)
    ])  # fmt: skip
    found = discover_themes(texts, pd.Series("en", texts.index), "en", themes=2)
    assert (found.frame.stability > 0.6).all() and (found.frame.n == 100).all()
    few = discover_themes(texts[:1], pd.Series("en", texts[:1].index), "en")
    assert few.frame.empty


def test_small_cells_are_hidden_and_never_quoted():
    coded = pd.DataFrame({"A": [True] * 3 + [False] * 37, "B": [True] * 30 + [False] * 10})
    groups = pd.Series(["x"] * 36 + ["y"] * 4)
    shown = themes_by_group(coded, groups, column="brand", minimum=5)
    assert set(shown.group) == {"x"}
    assert np.isnan(shown.set_index("theme").share["A"])
    texts = pd.Series([f"comment number {i} of some length" for i in range(40)])
    quotes = quotable(texts, coded, pd.Series(1.0, texts.index), minimum=5)
    assert set(quotes.theme) == {"B"}


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Call me on +86 138 0013 8000 please", "138"),
        ("write to jane.doe@example.org", "jane"),
        ("Dr. Miller was rude", "Miller"),
        ("my name is Anna Smith and I waited", "Anna"),
        ("联系我13800138000", "13800138000"),
        ("柜台的李女士帮了我", "李女士"),
        ("微信号 wang_2020 加我", "wang_2020"),
        ("身份证11010519491231002X", "1101051949"),
        ("住在中山北路12号", "中山北路"),
    ],
)
def test_personal_data_are_taken_out_of_quotes(text, gone):
    assert gone not in redact(text)


def test_english_words_match_at_their_beginning_and_chinese_anywhere():
    texts = pd.Series(["We waited", "I await news", "等待太久"])
    languages = texts.map(comment_language)
    coded = code_themes(texts, languages, {"speed": {"en": ["wait"], "zh": ["等待"]}})
    assert coded.speed.tolist() == [True, False, True]


def test_tone_is_judged_from_ten_of_either_kind_on():
    tone = np.r_[np.full(10, 0.5), np.linspace(-0.9, 0.6, 10)]
    label = pd.Series([1.0] * 10 + [0.0] * 10)
    found = _judge(tone, label, 0.95)
    assert found["auc"] == pytest.approx(0.9) and found["n_labelled"] == 20
    assert np.isnan(_judge(tone[1:], label[1:], 0.95)["auc"])
