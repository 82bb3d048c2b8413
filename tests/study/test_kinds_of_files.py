"""What a starter must tell of any file: words in nine languages, codes beside a scale, titles."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from cx_value.study import check_study, new_study, read_study, read_survey, write_study
from cx_value.study.starter.edges import edge_codes
from cx_value.study.starter.guess import guess_columns
from cx_value.study.starter.names import asks_for_attention
from cx_value.study.starter.verbal import verbal_scale
from cx_value.study.tables import read_table

#: From the lowest to the highest point, as questionnaires in use write them.
SCALES = """
Stimme überhaupt nicht zu|Stimme nicht zu|Stimme weder zu noch lehne ich ab|Stimme zu|Stimme voll und ganz zu
stimme nicht zu|stimme eher nicht zu|teils/teils|stimme eher zu|stimme zu
Sehr unzufrieden|Unzufrieden|Teils/teils|Zufrieden|Sehr zufrieden
sehr schlecht|schlecht|mittelmäßig|gut|sehr gut
Trifft gar nicht zu|Trifft wenig zu|Trifft teilweise zu|Trifft überwiegend zu|Trifft völlig zu
überhaupt nicht wichtig|weniger wichtig|wichtig|sehr wichtig
nie|selten|manchmal|oft|immer
Pas du tout d'accord|Plutôt pas d'accord|Ni d'accord ni pas d'accord|Plutôt d'accord|Tout à fait d'accord
Pas du tout satisfait(e)|Peu satisfait(e)|Plutôt satisfait(e)|Très satisfait(e)
Totalement en désaccord|En désaccord|Ni en accord ni en désaccord|D'accord|Totalement d’accord
Jamais|Rarement|Parfois|Souvent|Toujours
Totalmente en desacuerdo|En desacuerdo|Ni de acuerdo ni en desacuerdo|De acuerdo|Totalmente de acuerdo
Nada satisfecho|Poco satisfecho|Algo satisfecho|Satisfecho|Muy satisfecho
Nunca|Casi nunca|A veces|Casi siempre|Siempre
Discordo totalmente|Discordo parcialmente|Indiferente|Concordo parcialmente|Concordo totalmente
Per niente d'accordo|Poco d'accordo|Né d'accordo né in disaccordo|Abbastanza d'accordo|Molto d'accordo
Helemaal mee oneens|Mee oneens|Neutraal|Mee eens|Helemaal mee eens
Полностью не согласен|Не согласен|Нейтрально|Согласен|Полностью согласен
全くそう思わない|あまりそう思わない|どちらともいえない|ややそう思う|とてもそう思う
非常に不満|やや不満|どちらとも言えない|やや満足|非常に満足
まったくあてはまらない|あまりあてはまらない|どちらともいえない|ややあてはまる|非常にあてはまる
전혀 그렇지 않다|그렇지 않다|보통이다|그렇다|매우 그렇다
매우 불만족|불만족|보통|만족|매우 만족
非常不滿意|不滿意|普通|滿意|非常滿意
肯定不会|可能不会|不确定|可能会|肯定会
一星|二星|三星|四星|五星
★|★★|★★★|★★★★|★★★★★
Strongly Disagree|Moderately Disagree|Slightly Disagree|Slightly Agree|Moderately Agree|Strongly Agree
Unacceptable|Poor|Acceptable|Good|Excellent
0 = nicht zufrieden|1|2|3|4|5|6|7|8|9|10 = sehr zufrieden
""".strip().splitlines()  # noqa: E501


@pytest.mark.parametrize("line", SCALES)
def test_words_of_a_scale_are_put_in_order(line):
    words = line.split("|")
    scale = verbal_scale(sorted(words, key=len))
    points = [scale.points[word.casefold()] for word in words]
    assert points == [scale.low + k for k in range(len(words))] and scale.high == points[-1]


@pytest.mark.parametrize(
    "line", ["rot|grün|blau", "Paris|Lyon|Nice", "営業|企画|開発", "sí|no|NS/NC"]
)
def test_words_of_no_scale_are_none(line):
    assert verbal_scale(line.split("|")) is None


def items(low, high, n=300, k=6, seed=3):
    draw = np.random.default_rng(seed)
    trait = draw.normal(size=(n, 1))
    middle, spread = (low + high) / 2, (high - low) / 5
    answers = middle + spread * (0.4 + trait + 0.8 * draw.normal(size=(n, k)))
    names = [f"SAT{j}" for j in range(1, k + 1)]
    return pd.DataFrame(np.clip(np.round(answers), low, high).astype(int), columns=names)


@pytest.mark.parametrize(
    ("low", "high", "codes"),
    [(1, 7, (0,)), (1, 5, (0,)), (1, 10, (0,)), (1, 5, (6,)), (1, 7, (8,)), (1, 7, (8, 9)),
     (1, 5, ()), (0, 10, ()), (1, 7, ()), (0, 7, ()), (1, 9, ()), (0, 4, ())],
)  # fmt: skip
def test_a_code_beside_a_scale_is_told_from_a_point(tmp_path, low, high, codes):
    frame = items(low, high)
    answers = frame.astype(float)
    draw = np.random.default_rng(8)
    for code in codes:
        at = draw.random(frame.shape) < 0.04
        frame, answers = frame.mask(at, code), answers.mask(at)
    found = edge_codes({name: frame[name] for name in frame})
    assert set().union(*found.values()) == set(codes)
    frame.assign(sex=draw.integers(0, 2, len(frame))).to_csv(tmp_path / "a.csv", index=False)
    study = read_study(write_study(tmp_path / "a.csv"))
    survey = read_survey(study)
    assert {(i.scale.minimum, i.scale.maximum) for i in study.items} == {(low, high)} or not codes
    if codes:
        assert np.array_equal(survey.items.to_numpy(), answers.to_numpy(), equal_nan=True)
        assert survey.profile.iloc[:, 0].notna().all()  # 0 is an answer there


@pytest.mark.parametrize(("ending", "sep"), [("csv", ","), ("csv", ";"), ("xlsx", "")])
def test_titles_above_the_header_are_passed_over(tmp_path, ending, sep):
    table = items(1, 5).reset_index(names="编号")
    rows = [
        ["2026 年满意度调查", *[""] * 6],
        [""] * 7,
        [*table.columns],
        *table.to_numpy().tolist(),
    ]
    file = tmp_path / f"a.{ending}"
    if ending == "xlsx":
        pd.DataFrame(rows).to_excel(file, header=False, index=False)
    else:
        text = "2026 年满意度调查\n\n" + table.to_csv(index=False, sep=sep)
        file.write_text(text, encoding="utf-8")
    path = write_study(file)
    told = check_study(path)
    assert [f for f in told if f.severity == "error"] == []
    assert np.array_equal(read_survey(read_study(path)).items, items(1, 5))
    assert any("titles" in f.kind for f in told)


def test_a_question_that_asks_for_a_given_answer_is_left_out(tmp_path):
    frame = items(1, 5).assign(**{"7、为保证质量，本题请选择“4”": 4})
    frame.iloc[::9, -1] = np.arange(len(frame.iloc[::9])) % 5 + 1
    frame.to_csv(tmp_path / "a.csv", index=False)
    guess = guess_columns(read_table(tmp_path / "a.csv"))
    assert guess.why_unused == {"7、为保证质量，本题请选择“4”": "attention"}


@pytest.mark.parametrize(
    "asked",
    ["Please select 'Strongly agree' for this item", "This is an attention check",
     "To show that you are reading, please select Agree to show this", "Staff - Please tick 3",
     "此题请选“不同意”", "注意力检测：请选择第二项"],
)  # fmt: skip
def test_attention_is_asked_for(asked):
    assert asks_for_attention("Q", asked)


@pytest.mark.parametrize(
    "asked",
    ["Please select your age", "请选择您的性别", "The staff pay attention to me",
     "I choose this shop for its quality", "Please select the option that describes you best",
     "请选择您最常用的渠道", "本题涉及您的收入"],
)  # fmt: skip
def test_a_plain_question_asks_for_no_given_answer(asked):
    assert not asks_for_attention("Q", asked)


def test_comments_are_written_in_the_language_of_the_analyst(tmp_path):
    items(1, 5).assign(备注="x").to_csv(tmp_path / "a.csv", index=False)
    texts = {lang: new_study(tmp_path / "a.csv", lang=lang) for lang in ("en", "zh")}
    said = {lang: re.findall("#(.*)", text) for lang, text in texts.items()}
    bare = {lang: re.sub("#.*", "", text) for lang, text in texts.items()}
    assert len(said["en"]) == len(said["zh"]) and bare["en"] == bare["zh"]
    chinese = [s for s in said["zh"] if re.search("[\u4e00-\u9fff]", s)]
    assert len(chinese) > 15 and "未使用的列" in texts["zh"] and "guessed" not in texts["zh"]


def test_a_log_is_commented_in_chinese(tmp_path):
    log = {"客户编号": ["a", "a", "b"] * 9, "下单时间": ["2026-01-05"] * 27, "实付金额": ["2"] * 27}
    pd.DataFrame(log).to_csv(tmp_path / "o.csv", index=False)
    assert "起始研究文件" in new_study(tmp_path / "o.csv", lang="zh")


def test_ten_points_of_which_nobody_chose_the_last_are_ten(tmp_path):
    frame = items(1, 10).clip(upper=9)
    frame[frame == 9] = 99
    frame.iloc[::40] = 9
    frame.to_csv(tmp_path / "a.csv", index=False)
    text = new_study(tmp_path / "a.csv")
    assert "scale: {min: 1, max: 10}" in text and "(UNSURE: nobody chose" in text


def test_one_odd_column_widens_no_scale(tmp_path):
    frame = items(1, 5).assign(years=np.random.default_rng(2).integers(1, 7, 300))
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert {b.scale for b in guess_columns(read_table(tmp_path / "a.csv")).blocks} == {(1, 5)}


def test_constructs_are_known_by_the_headings_of_their_questions(tmp_path):
    heads = ("3、请您评价服务质量", "4、您感受到的价值", "5、您的满意程度")
    names = [f"{head}—{k}" for head in heads for k in "甲乙"]
    items(1, 5).set_axis(names, axis=1).to_csv(tmp_path / "a.csv", index=False)
    study = read_study(write_study(tmp_path / "a.csv"))
    first = [c.items[0].column for c in study.constructs]
    assert [name.split("—")[0] for name in first] == list(heads) and study.models


def test_a_code_of_the_items_is_an_answer_of_a_characteristic(tmp_path):
    frame = items(1, 5)
    frame.iloc[::25, 0] = 9
    region = np.arange(300) % 10 + 1
    frame.assign(region=region).to_csv(tmp_path / "a.csv", index=False)
    study = read_study(write_study(tmp_path / "a.csv"))
    survey = read_survey(study)
    assert study.data.missing_codes == (9,) and survey.items.isna().sum().sum() == 12
    assert survey.profile["region"].nunique() == 10
