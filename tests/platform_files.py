"""Exports in the true shape of each survey platform, filled with answers made here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

N = 160
AGREE = {1: "Strongly disagree", 2: "Disagree", 3: "Neither agree nor disagree", 4: "Agree",
         5: "Strongly agree"}  # fmt: skip
ZH = {1: "非常不同意", 2: "不同意", 3: "一般", 4: "同意", 5: "非常同意"}
ASKED = {
    "quality": ["Staff answer quickly", "Staff know their work", "The app works well"],
    "satisfaction": ["I am satisfied overall", "It met my hopes", "It is close to ideal"],
    "loyalty": ["I will buy again", "I recommend it", "I stay with it"],
}
ASKED_ZH = {
    "服务质量": ["员工回应迅速", "员工业务熟练", "应用运行良好"],
    "顾客满意": ["总体上我感到满意", "达到了我的期望", "接近理想水平"],
    "顾客忠诚": ["我会再次购买", "我会推荐给他人", "我会继续使用"],
}
HEARD = ("shop", "web", "friends")
HEARD_ZH = ("门店", "网络", "朋友")


@dataclass(frozen=True)
class Answers:
    """Nine items of three constructs from 1 to 5, and what else a survey asks."""

    items: np.ndarray
    gender: np.ndarray
    heard: np.ndarray
    seconds: np.ndarray
    words: list[str]


def made_answers(n: int = N, seed: int = 5) -> Answers:
    draw = np.random.default_rng(seed)
    quality = draw.normal(size=n)
    satisfaction = 0.6 * quality + 0.8 * draw.normal(size=n)
    loyalty = 0.6 * satisfaction + 0.8 * draw.normal(size=n)
    traits = np.repeat(np.column_stack([quality, satisfaction, loyalty]), 3, axis=1)
    items = np.clip(np.round(3.2 + traits + 0.6 * draw.normal(size=(n, 9))), 1, 5).astype(int)
    return Answers(
        items=items,
        gender=draw.integers(1, 3, n),
        heard=draw.random((n, 3)) < [0.5, 0.4, 0.3],
        seconds=draw.integers(90, 400, n),
        words=[f"Remark {k}: the wait at counter {k % 17} took long" for k in range(n)],
    )


def _worded(points: dict[int, str], items: np.ndarray) -> list[list[str]]:
    return [[points[int(value)] for value in row] for row in items]


def _several(heard: np.ndarray, names: tuple[str, ...], mark: str) -> list[str]:
    return [mark.join(n for n, yes in zip(names, row, strict=True) if yes) for row in heard]


def _write(path: Path, rows: list[list], encoding: str = "utf-8-sig") -> Path:
    frame = pd.DataFrame(rows)
    if path.suffix == ".xlsx":
        frame.to_excel(path, header=False, index=False)
    else:
        frame.to_csv(path, header=False, index=False, encoding=encoding)
    return path


_QUALTRICS = ["StartDate", "EndDate", "Status", "IPAddress", "Progress", "Duration (in seconds)",
              "Finished", "RecordedDate", "ResponseId"]  # fmt: skip
_QUALTRICS_TEXT = ["Start Date", "End Date", "Response Type", "IP Address", "Progress",
                   "Duration (in seconds)", "Finished", "Recorded Date", "Response ID"]  # fmt: skip


def _qualtrics(path: Path, words: bool) -> Path:
    a = made_answers()
    names = [f"Q{q}_{k}" for q in (1, 2, 3) for k in (1, 2, 3)]
    texts = [f"How far do you agree? - {t}" for asked in ASKED.values() for t in asked]
    header = [*_QUALTRICS, *names, "Q4", "Q5"]
    second = [*_QUALTRICS_TEXT, *texts, "What is your gender?", "Any comments?"]
    third = [f'{{"ImportId":"{n}"}}' for n in header]
    body = _worded(AGREE, a.items) if words else a.items.tolist()
    said = ["", "Male", "Female"] if words else ["", 1, 2]
    rows = [
        ["2026-03-01 10:00:00", "2026-03-01 10:04:00", "IP Address" if words else 0,
         f"10.0.0.{k % 250}", 100, int(a.seconds[k]), "True" if words else 1,
         "2026-03-01 10:04:01", f"R_{k:05d}", *body[k], said[a.gender[k]], a.words[k]]
        for k in range(N)
    ]  # fmt: skip
    return _write(path, [header, second, third, *rows])


def qualtrics_numbers(folder: Path) -> Path:
    return _qualtrics(folder / "qualtrics_numbers.csv", words=False)


def qualtrics_words(folder: Path) -> Path:
    return _qualtrics(folder / "qualtrics_words.xlsx", words=True)


def wjx(folder: Path) -> Path:
    a = made_answers()
    header = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP"]
    header += [f"{q}、请您评价{stem}—{text}" for q, (stem, asked) in
               enumerate(ASKED_ZH.items(), start=1) for text in asked]  # fmt: skip
    header += ["4、您的性别", "5、您从何处得知我们【多选题】", "6、您的建议"]
    body = _worded(ZH, a.items)
    several = _several(a.heard, HEARD_ZH, "┋")
    rows = [
        [k + 1, "2026/3/1 10:04:01", f"{a.seconds[k]}秒", "微信", "直接访问",
         f"10.0.0.{k % 250}(北京)", *body[k], ["", "男", "女"][a.gender[k]],
         several[k] or "(空)", a.words[k]]
        for k in range(N)
    ]  # fmt: skip
    rows[4][6] = rows[9][8] = "(跳过)"
    return _write(folder / "问卷星.xlsx", [header, *rows])


def tencent(folder: Path) -> Path:
    a = made_answers()
    header = ["编号", "开始答题时间", "结束答题时间", "答题时长", "IP", "UA", "Referrer"]
    header += [f"{q}.请您评价{stem}:{text}" for q, (stem, asked) in
               enumerate(ASKED_ZH.items(), start=1) for text in asked]  # fmt: skip
    header += ["4.您的性别", "5.您的建议"]
    rows = [
        [k + 1, "2026-03-01 10:00:00", "2026-03-01 10:04:00",
         f"{a.seconds[k] // 60}分{a.seconds[k] % 60}秒", f"10.0.0.{k % 250}", "Mozilla", "",
         *a.items[k].tolist(), ["", "男", "女"][a.gender[k]], a.words[k]]
        for k in range(N)
    ]  # fmt: skip
    return _write(folder / "腾讯问卷.csv", [header, *rows], "gb18030")


def surveymonkey(folder: Path) -> Path:
    a = made_answers()
    header = ["Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address",
              "Email Address", "First Name", "Last Name", "Custom Data 1"]  # fmt: skip
    second = [""] * len(header)
    for stem, asked in ASKED.items():
        header += [f"How do you rate the {stem}?", "", ""]
        second += asked
    header += ["What is your gender?", "How did you hear of us?", "", "", "Anything else?"]
    second += ["Response", *HEARD, "Open-Ended Response"]
    body = _worded(AGREE, a.items)
    rows = [
        [118_000_000 + k, 4_070, "03/01/2026 10:00:00", "03/01/2026 10:04:00", f"10.0.0.{k % 250}",
         "", "", "", "", *body[k], ["", "Male", "Female"][a.gender[k]],
         *(n if yes else "" for n, yes in zip(HEARD, a.heard[k], strict=True)), a.words[k]]
        for k in range(N)
    ]  # fmt: skip
    return _write(folder / "surveymonkey.xlsx", [header, second, *rows])


def limesurvey(folder: Path) -> Path:
    a = made_answers()
    header = ["id. Response ID", "submitdate. Date submitted", "lastpage. Last page",
              "startlanguage. Start language", "seed. Seed"]  # fmt: skip
    header += [f"{stem[:4].upper()}[SQ00{k}]. {text}" for stem, asked in ASKED.items()
               for k, text in enumerate(asked, start=1)]  # fmt: skip
    header += ["gender. What is your gender?", "remark. Any remarks?", "interviewtime. Total time"]
    rows = [
        [k + 1, "2026-03-01 10:04:00", 3, "en", 1_234_567 + k,
         *(f"A{value}" for value in a.items[k]), ["", "M", "F"][a.gender[k]], a.words[k],
         int(a.seconds[k])]
        for k in range(N)
    ]  # fmt: skip
    return _write(folder / "limesurvey.csv", [header, *rows], "utf-8")


def google_forms(folder: Path) -> Path:
    a = made_answers()
    header = ["Timestamp"]
    header += [f"Please rate the {stem} [{t}]" for stem, asked in ASKED.items() for t in asked]
    header += ["What is your gender?", "How did you hear of us?", "Any suggestions?"]
    body, several = _worded(AGREE, a.items), _several(a.heard, HEARD, ";")
    rows = [
        ["2026/03/01 10:04:00 AM GMT+1", *body[k], ["", "Male", "Female"][a.gender[k]],
         several[k], a.words[k]]
        for k in range(N)
    ]  # fmt: skip
    return _write(folder / "google_forms.csv", [header, *rows], "utf-8")


def microsoft_forms(folder: Path) -> Path:
    a = made_answers()
    header = ["ID", "Start time", "Completion time", "Email", "Name", "Last modified time"]
    header += [f"{t}." for asked in ASKED.values() for t in asked]
    header += ["What is your gender?", "How did you hear of us?", "Comments"]
    several = _several(a.heard, HEARD, ";")
    rows = [
        [k + 1, "2026-03-01 10:00:00", "2026-03-01 10:04:00", "anonymous", "", "",
         *a.items[k].tolist(), ["", "Male", "Female"][a.gender[k]],
         several[k] + ";" if several[k] else "", a.words[k]]
        for k in range(N)
    ]  # fmt: skip
    return _write(folder / "microsoft_forms.xlsx", [header, *rows])


def spss(folder: Path) -> Path:
    import pyreadstat

    a = made_answers()
    names = [f"{stem[:4]}{k}" for stem in ASKED for k in (1, 2, 3)]
    frame = pd.DataFrame(a.items, columns=names).astype(float)
    frame.loc[3, names[0]], frame.loc[7, names[4]] = 8, 9
    frame = frame.assign(respid=range(1, N + 1), sex=a.gender.astype(float))
    texts = [t for asked in ASKED_ZH.values() for t in asked]
    pyreadstat.write_sav(
        frame, str(folder / "spss.sav"),
        column_labels={**dict(zip(names, texts, strict=True)), "sex": "性别"},
        variable_value_labels={**{n: {**ZH, 8: "不知道", 9: "拒答"} for n in names},
                               "sex": {1: "男", 2: "女"}},
    )  # fmt: skip
    return folder / "spss.sav"


def stata(folder: Path) -> Path:
    a = made_answers()
    names = [f"{stem[:4]}{k}" for stem in ASKED for k in (1, 2, 3)]
    frame = pd.DataFrame(a.items, columns=names).assign(
        sex=pd.Categorical.from_codes(a.gender - 1, ["male", "female"]), weight=1.0
    )
    texts = [t for asked in ASKED.values() for t in asked]
    frame.to_stata(
        folder / "stata.dta", write_index=False,
        variable_labels=dict(zip(names, texts, strict=True)),
        value_labels={n: AGREE for n in names},
    )  # fmt: skip
    return folder / "stata.dta"


def merged_titles(folder: Path) -> Path:
    a = made_answers()
    first, second = ["No", "Gender"], ["", ""]
    for stem, asked in ASKED.items():
        first += [stem.capitalize(), "", ""]
        second += asked
    rows = [[k + 1, int(a.gender[k]), *a.items[k].tolist()] for k in range(N)]
    return _write(folder / "titles.xlsx", [first, second, *rows])


#: Platform that is to be recognised → writers of its files.
FILES: dict[str, Callable[[Path], Path]] = {
    f.__name__: f
    for f in (qualtrics_numbers, qualtrics_words, wjx, tencent, surveymonkey, limesurvey,
              google_forms, microsoft_forms, spss, stata, merged_titles)
}  # fmt: skip
