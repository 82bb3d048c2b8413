"""Exports of each survey platform, in its true shape, of a questionnaire made at random.

Modes that the platforms offer (codes or words, one column or several for a question with several
answers) are drawn too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from made.coded_files import excel, parquet, spss, stata
from made.questionnaire import AGES, GENDER, HEARD, Questionnaire, make_questionnaire
from made.sheets import (
    Export,
    Sheet,
    ages,
    genders,
    item_texts,
    pick,
    remarks,
    several,
    shown,
    ticked,
)


def wjx(q: Questionnaire, folder: Path) -> Export:
    sheet, words = Sheet(q), bool(q.draw.random() < 0.6)
    sheet.add("序号", range(1, q.n + 1))
    sheet.add("提交答卷时间", ["2026/3/1 10:04:01"] * q.n)
    sheet.add("所用时间", [f"{s}秒" for s in q.seconds])
    sheet.add("来源", ["手机提交"] * q.n)
    sheet.add("来源详情", [pick(q, "微信", "直接访问") for _ in range(q.n)])
    sheet.add("来自IP", [f"10.0.{k % 7}.{k % 250}(广东-广州)" for k in range(q.n)])
    number = 1
    sheet.add(f"1、{q.text('gender')}", genders(q, words))
    sheet.add(f"2、{q.text('age')}", ages(q, words))
    number, heads, last = 2, [], 0
    for k, name, text in item_texts(q):
        number += (k != last) if q.matrix else 1
        last = k
        asked = f"{number}、{q.text('matrix', name)}—{text}" if words else f"第{number}题({text})"
        heads.append(asked if q.matrix else f"{number}、{text}")
    sheet.add_items(heads, shown(q, words=words, blank="(跳过)" if words else -3))
    if q.nps is not None:
        number += 1
        sheet.add(f"{number}、{q.text('nps')}", q.nps.tolist())
    number += 1
    if words:
        cells = several(q, "┋")
        sheet.add(f"{number}、{q.text('heard')}【多选题】", [c or "(空)" for c in cells])
    else:
        for k, name in enumerate(HEARD[q.lang]):
            sheet.add(f"第{number}题({name})", ticked(q, k, 1, 0))
    sheet.add(f"{number + 1}、{q.text('remark')}", [r or "(空)" for r in remarks(q)])
    if q.draw.random() < 0.4:
        sheet.add("总分", [int(np.nansum(row)) for row in q.answers])
    end = pick(q, "xlsx", "csv")
    encoding = pick(q, "gb18030", "utf-8-sig")
    return Export(sheet.write(folder / f"答卷.{end}", encoding), q, tuple(sheet.items), "wjx")


def tencent(q: Questionnaire, folder: Path) -> Export:
    sheet, lettered = Sheet(q), bool(q.draw.random() < 0.6)

    def option(k: int, word: str) -> str:
        return f"{chr(65 + k)}.{word}" if lettered else word

    sheet.add("编号", range(1, q.n + 1))
    sheet.add("开始答题时间", ["2026-03-01 10:00:00"] * q.n)
    sheet.add("结束答题时间", ["2026-03-01 10:04:00"] * q.n)
    sheet.add(
        "答题时长", pick(q, q.seconds.tolist(), [f"{s // 60}分{s % 60}秒" for s in q.seconds])
    )
    sheet.add(f"1.{q.text('gender')}？", [option(g, GENDER[q.lang][g]) for g in q.gender])
    sheet.add(f"2.{q.text('age')}？", [option(a, AGES[q.lang][a]) for a in q.age])
    number, heads, last = 2, [], 0
    for k, name, text in item_texts(q):
        number += (k != last) if q.matrix else 1
        last = k
        heads.append(
            f"{number}.{q.text('matrix', name)}:{text}" if q.matrix else f"{number}.{text}"
        )
    dress = (lambda v, w: option(v - q.scale[0], w)) if not q.matrix else None
    sheet.add_items(heads, shown(q, words=True, dress=dress))
    number += 1
    for k, name in enumerate(HEARD[q.lang]):
        text = option(k, name)
        sheet.add(f"{number}.{q.text('heard')}？:{pick(q, name, name)}", ticked(q, k, text))
    if q.nps is not None:
        number += 1
        sheet.add(f"{number}.{q.text('nps')}", q.nps.tolist())
    sheet.add(f"{number + 1}.{q.text('remark')}", remarks(q))
    noted = {"语言": "简体中文", "清洗数据结果": "", "智能清洗数据无效概率": "0.1",
             "地理位置国家和地区": "中国", "地理位置省": "广东", "地理位置市": "广州",
             "用户类型": "匿名", "用户标识": "", "昵称": "", "自定义字段": ""}  # fmt: skip
    for name, cell in noted.items():
        sheet.add(name, [cell] * q.n)
    sheet.add("IP", [f"10.0.{k % 7}.{k % 250}" for k in range(q.n)])
    sheet.add("UA", ["Mozilla/5.0 (iPhone; CPU)"] * q.n)
    sheet.add("Referrer", [""] * q.n)
    sheet.add("", [""] * q.n)
    path = folder / f"腾讯问卷.{pick(q, 'csv', 'xlsx')}"
    return Export(sheet.write(path, pick(q, "gb18030", "utf-8-sig")), q, tuple(sheet.items),
                  "tencent")  # fmt: skip


def qualtrics(q: Questionnaire, folder: Path) -> Export:
    sheet, words = Sheet(q), bool(q.draw.random() < 0.6)
    end = pick(q, "csv", "xlsx", "tsv")
    third = q.draw.random() < 0.5 if end == "xlsx" else True

    def add(name: str, text: str, cells, where: Callable | None = None) -> None:
        key = (f'{{"ImportId":"{name}"}}',) if third else ()
        (where or sheet.add)((name, text, *key), cells)

    for name, text, cell in (
        ("StartDate", "Start Date", "2026-03-01 10:00:00"),
        ("EndDate", "End Date", "2026-03-01 10:04:00"),
        ("Status", "Response Type", "IP Address" if words else 0),
        ("IPAddress", "IP Address", "10.0.0.1"), ("Progress", "Progress", 100),
    ):  # fmt: skip
        add(name, text, [cell] * q.n)
    add("Duration (in seconds)", "Duration (in seconds)", q.seconds.tolist())
    add("Finished", "Finished", ["True" if words else 1] * q.n)
    add("RecordedDate", "Recorded Date", ["2026-03-01 10:04:01"] * q.n)
    add("ResponseId", "Response ID", [f"R_{k:05d}x" for k in range(q.n)])
    for name in ("RecipientLastName", "RecipientFirstName", "RecipientEmail", "ExternalReference"):
        add(name, name, [""] * q.n)
    add("LocationLatitude", "Location Latitude", [f"{40 + k / 1000:.4f}" for k in range(q.n)])
    add("LocationLongitude", "Location Longitude", [f"{-70 - k / 1000:.4f}" for k in range(q.n)])
    add("DistributionChannel", "Distribution Channel", ["anonymous"] * q.n)
    add("UserLanguage", "User Language", [q.lang.upper()] * q.n)
    code = pick(q, "Q{}", "QID{}")
    heads, last, number, place = [], 0, 0, 0
    for k, name, text in item_texts(q):
        number += (k != last) if q.matrix else 1
        place = place + 1 if k == last else 1
        last = k
        own = f"{code.format(number)}_{place}" if q.matrix else code.format(number)
        full = f"{q.text('matrix', name)} - {text}" if q.matrix else text
        heads.append((own, full, *((f'{{"ImportId":"{own}"}}',) if third else ())))
    if q.draw.random() < 0.5:
        for what, cells in (("First Click", "1.052"), ("Last Click", "9.318"),
                            ("Page Submit", "12.774"), ("Click Count", "7")):  # fmt: skip
            add(f"T1_{what}", f"Timing - {what}", [cells] * q.n)
    sheet.add_items(heads, shown(q, words=words))
    if q.nps is not None:
        number += 1
        own = code.format(number)
        groups = np.select([q.nps < 7, q.nps < 9], ["Detractor", "Passive"], "Promoter")
        coded = {"Detractor": 1, "Passive": 2, "Promoter": 3}
        cells = groups.tolist() if words else [coded[g] for g in groups]
        add(f"{own}_NPS_GROUP", f"{q.text('nps')} - Group", cells)
        add(own, q.text("nps"), q.nps.tolist())
    number += 1
    own = code.format(number)
    if q.draw.random() < 0.5:
        codes = several(q, ",") if words else [
            ",".join(str(k + 1) for k in np.flatnonzero(row)) for row in q.heard]  # fmt: skip
        add(own, f"{q.text('heard')} - Selected Choice", codes)
    else:
        for k, name in enumerate(HEARD[q.lang]):
            add(f"{own}_{k + 1}", f"{q.text('heard')} - Selected Choice - {name}",
                ticked(q, k, name if words else 1))  # fmt: skip
    add(code.format(number + 1), q.text("gender"), genders(q, words))
    add(code.format(number + 2), q.text("age"), ages(q, words))
    add(code.format(number + 3), q.text("remark"), remarks(q))
    path = sheet.write(folder / f"Customer survey_March 1, 2026_10.04.{end}",
                       sep="\t" if end == "tsv" else ",")  # fmt: skip
    return Export(path, q, tuple(sheet.items), "qualtrics")


def surveymonkey(q: Questionnaire, folder: Path) -> Export:
    sheet, words = Sheet(q), bool(q.draw.random() < 0.6)
    old = ("Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address",
           "Email Address", "First Name", "Last Name", "Custom Data 1")  # fmt: skip
    new = ("respondent_id", "collector_id", "date_created", "date_modified", "ip_address",
           "email_address", "first_name", "last_name", "custom_1")  # fmt: skip
    filled = [[118_000_000_000 + k for k in range(q.n)], [447_004_070] * q.n,
              ["03/01/2026 10:00:00 AM"] * q.n, ["03/01/2026 10:04:00 AM"] * q.n,
              [f"10.0.0.{k % 250}" for k in range(q.n)]]  # fmt: skip
    for name, cells in zip(pick(q, old, new), [*filled, *[[""] * q.n] * 4], strict=True):
        sheet.add((name, ""), cells)
    heads, last = [], 0
    for k, name, text in item_texts(q):
        if q.matrix:
            heads.append((q.text("matrix", name) if k != last else "", text))
        else:
            heads.append((text, "Response"))
        last = k
    sheet.add_items(heads, shown(q, words=words))
    if q.nps is not None:
        sheet.add((q.text("nps"), "Response"), q.nps.tolist())
    sheet.add((q.text("gender"), "Response"), genders(q))
    sheet.add((q.text("age"), "Response"), ages(q))
    for k, name in enumerate(HEARD[q.lang]):
        sheet.add((q.text("heard") if k == 0 else "", name), ticked(q, k, name if words else k + 1))
    sheet.add(("", "Other (please specify)"), [""] * q.n)
    sheet.add((q.text("remark"), "Open-Ended Response"), remarks(q))
    path = folder / f"Customer survey.{pick(q, 'xlsx', 'csv')}"
    return Export(sheet.write(path, "utf-8-sig"), q, tuple(sheet.items), "surveymonkey",
                  seconds=False)  # fmt: skip


def limesurvey(q: Questionnaire, folder: Path) -> Export:
    sheet, style = Sheet(q), pick(q, "code", "both", "text")
    words = bool(q.words) and q.draw.random() < 0.5

    def head(code: str, text: str, sub: str = "", said: str = "") -> str:
        own = f"{code}[{sub}]" if sub else code
        full = f"{text} [{said}]" if sub else text
        return {"code": own, "both": f"{own}. {full}", "text": full}[style]

    for code, text, cells in (
        ("id", "Response ID", range(1, q.n + 1)),
        ("submitdate", "Date submitted", ["2026-03-01 10:04:00"] * q.n),
        ("lastpage", "Last page", [3] * q.n), ("startlanguage", "Start language", ["en"] * q.n),
        ("seed", "Seed", [1_234_567 + k for k in range(q.n)]),
        ("ipaddr", "IP address", [f"10.0.0.{k % 250}" for k in range(q.n)]),
    ):  # fmt: skip
        sheet.add(head(code, text), cells)
    heads, last, place = [], 0, 0
    for number, (k, name, text) in enumerate(item_texts(q), start=1):
        place = place + 1 if k == last else 1
        last = k
        title = q.text("matrix", name)
        heads.append(head(f"G{k:02d}Q{k:02d}", title, f"SQ{place:03d}", text) if q.matrix
                     else head(f"G01Q{number:02d}", text))  # fmt: skip
    coded = bool(q.words) and not words
    columns = shown(q, words=words)
    prefix = pick(q, "A", "AO0")
    if coded:
        columns = [[f"{prefix}{c}" if c != "" else "" for c in cells] for cells in columns]
    sheet.add_items(heads, columns)
    if q.nps is not None:
        sheet.add(head("NPS", q.text("nps")), q.nps.tolist())
    sheet.add(head("gender", q.text("gender")),
              genders(q) if not coded else ["M" if g else "F" for g in q.gender])  # fmt: skip
    sheet.add(head("agegroup", q.text("age")), ages(q) if not coded else [f"A{a}" for a in q.age])
    for k, name in enumerate(HEARD[q.lang], start=1):
        yes, no = ("Yes", pick(q, "No", "")) if words or not coded else ("Y", pick(q, "N", ""))
        sheet.add(head("heard", q.text("heard"), f"SQ{k:03d}", name), ticked(q, k - 1, yes, no))
    sheet.add(head("remark", q.text("remark")), remarks(q))
    sheet.add(head("interviewtime", "Total time"), [f"{s}.{s % 90 + 10}" for s in q.seconds])
    sheet.add(head("groupTime12", "Group time: Service"), [f"{s / 2:.2f}" for s in q.seconds])
    path = sheet.write(folder / "results-survey123456.csv", "utf-8", pick(q, ",", ";"))
    return Export(path, q, tuple(sheet.items), "limesurvey")


def google_forms(q: Questionnaire, folder: Path) -> Export:
    sheet, words, zh = Sheet(q), bool(q.draw.random() < 0.6), q.lang == "zh"
    stamp = pick(q, "2026/03/01 10:04:00 AM GMT+1", "3/1/2026 10:04:00")
    sheet.add("时间戳记" if zh else "Timestamp", [stamp] * q.n)
    if q.draw.random() < 0.5:
        sheet.add("电子邮件地址" if zh else "Email Address", [f"a{k}@b.org" for k in range(q.n)])
    sheet.add(q.text("gender"), genders(q))
    heads = [f"{q.text('matrix', name)} [{text}]" if q.matrix else text
             for _, name, text in item_texts(q)]  # fmt: skip
    sheet.add_items(heads, shown(q, words=words))
    if q.nps is not None:
        sheet.add(q.text("nps"), q.nps.tolist())
    sheet.add(q.text("heard"), several(q, pick(q, ";", ", ")))
    sheet.add(q.text("age"), ages(q))
    sheet.add(q.text("remark"), remarks(q))
    path = sheet.write(folder / f"Survey (Responses).{pick(q, 'csv', 'xlsx')}", "utf-8")
    return Export(path, q, tuple(sheet.items), "google_forms", seconds=False)


def microsoft_forms(q: Questionnaire, folder: Path) -> Export:
    sheet, words = Sheet(q), bool(q.draw.random() < 0.6)
    en = ("ID", "Start time", "Completion time", "Email", "Name")
    zh = ("ID", "开始时间", "完成时间", "电子邮件", "名称")
    cells = [range(1, q.n + 1), ["2026-03-01 10:00:00"] * q.n, ["2026-03-01 10:04:00"] * q.n,
             ["anonymous"] * q.n, [""] * q.n]  # fmt: skip
    for name, column in zip(zh if q.lang == "zh" else en, cells, strict=True):
        sheet.add(name, column)
    sheet.add(q.text("gender"), genders(q))
    stop = pick(q, "", ".", "\n")
    sheet.add_items([text + stop for _, _, text in item_texts(q)], shown(q, words=words))
    if q.nps is not None:
        sheet.add(q.text("nps"), q.nps.tolist())
    sheet.add(q.text("heard"), several(q, ";", ";"))
    sheet.add(q.text("age"), ages(q))
    sheet.add(q.text("remark"), remarks(q))
    return Export(sheet.write(folder / "Survey(1-200).xlsx"), q, tuple(sheet.items),
                  "microsoft_forms", seconds=False)  # fmt: skip


KINDS: dict[str, Callable[[Questionnaire, Path], Export]] = {
    f.__name__: f for f in (wjx, tencent, qualtrics, surveymonkey, limesurvey, google_forms,
                            microsoft_forms, spss, stata, parquet, excel)
}  # fmt: skip
#: Platforms whose users write Chinese.
CHINESE = {"wjx", "tencent"}


def make_export(kind: str, folder: Path, seed: int) -> Export:
    """Write an export of a questionnaire drawn with a seed."""
    lang = "zh" if kind in CHINESE else ""
    return KINDS[kind](make_questionnaire(seed, lang=lang), folder)
