"""Which survey platform an export comes from, and what that platform means by its columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A survey platform, known by the columns it puts before the questions.

    Attributes
    ----------
    tells : tuple of str
        Regular expressions of such columns; ``needed`` of them must be there.
    must : str or None
        A column without which it is another platform.
    second, second_needed : str or None, int
        A regular expression that so many cells of a further header row match.
    missing : tuple
        What it writes where a question was skipped or not shown, in any column.
    derived : tuple of str
        Regular expressions of columns that it computes or notes down: no answers.
    letters : bool
        Whether answers may be codes of letters and digits (A1 … A5) that stand for numbers.
    lettered : bool
        Whether options may be lettered: A.男, B.女.
    own_words : str or None
        A regular expression of what a respondent wrote behind an option: 其他〖朋友介绍〗.
    """

    name: str
    tells: tuple[str, ...]
    needed: int = 3
    must: str | None = None
    second: str | None = None
    second_needed: int = 3
    missing: tuple[str | float, ...] = ()
    derived: tuple[str, ...] = ()
    letters: bool = False
    lettered: bool = False
    own_words: str | None = None


PLATFORMS = (
    Platform(
        name="surveymonkey",
        tells=("Respondent ID|respondent_id", "Collector ID|collector_id",
               "Start Date|date_created", "End Date|date_modified", "IP Address|ip_address",
               "Email Address|email_address", "First Name|first_name", "Last Name|last_name",
               r"Custom Data.*|custom_\d+"),
        must="Collector ID|collector_id",
        second_needed=1,
        second=r"Response|Open-Ended Response|Other \(please specify\)",
    ),
    Platform(
        name="qualtrics",
        tells=("Start ?Date", "End ?Date", "Recorded ?Date", "IP ?Address", "Progress", "Finished",
               r"Duration \(in seconds\)", "Response ?ID", "Status", "Response Type",
               "DistributionChannel", "UserLanguage", "ExternalReference"),
        second=r'\{"ImportId".*|Start Date|End Date|Recorded Date|IP Address|Response ID'
               "|开始日期|结束日期|记录日期|IP 地址|答复 ID",
        derived=(".*_NPS_GROUP", r".*_DO(_.+)?", r"SC\d+", "utm_.*", "Q_.*", r"\w+_(Id|Browser)",
                 ".*(First Click|Last Click|Page Submit|Click Count)",
                 ".*_(Browser|Version|Operating System|Resolution|Sentiment.*|Topics)"),
    ),
    Platform(
        name="wjx",
        tells=("序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP", "总分"),
        derived=("总分", ".*得分"),
        lettered=True,
        own_words="〖[^〗]*〗",
        missing=("(跳过)", "(空)", -3, -2),
    ),
    Platform(
        name="tencent",
        tells=("编号", "开始答题时间", "结束答题时间", "答题时长", "提交时间", "用户ID", "地理位置",
               "IP", "UA", "Referrer", "清洗数据结果", "智能清洗数据无效概率"),
        derived=("语言", "地理位置.*", "用户类型", "用户标识", "昵称", "自定义字段.*", "中奖.*",
                 "审核状态", "清洗数据结果", "智能清洗数据无效概率"),
        lettered=True,
        missing=("(跳过)", "(空)"),
    ),
    Platform(
        name="limesurvey",
        tells=("id", "submitdate", "lastpage", "startlanguage", "seed", "startdate", "datestamp",
               "ipaddr", "refurl", r"id\. Response ID", r"submitdate\. Date submitted",
               r"lastpage\. Last page", r"startlanguage\. Start language", "Response ID",
               "Date submitted", "Last page", "Start language", "Seed", "IP address",
               r"ipaddr\. IP address", r"seed\. Seed"),
        derived=("group ?[Tt]ime.*", "Question time.*", ".+Time"),
        letters=True,
    ),
    Platform(
        name="microsoft_forms",
        tells=("ID", "Start time", "Completion time", "Email", "Name", "Last modified time",
               "开始时间", "完成时间", "电子邮件", "姓名|名称", "上次修改时间"),
        derived=("Total points", "Quiz feedback", "Points - .*", "Feedback - .*", "Language",
                 "总分", "测验反馈", "得分 - .*", "反馈 - .*", "语言"),
    ),
    Platform(name="google_forms", tells=("Timestamp|时间戳记|时间戳",), needed=1,
             derived=("Username", "Email Address", "Score", "用户名", "电子邮件地址", "分数")),
)  # fmt: skip
NAMES = tuple(platform.name for platform in PLATFORMS)


def platform_of(header: Iterable[str], declared: str = "auto") -> Platform | None:
    """Return the platform declared, or the first whose columns the header has.

    >>> platform_of(["序号", "提交答卷时间", "所用时间", "1、满意"]).name
    'wjx'
    """
    if declared != "auto":
        return next((p for p in PLATFORMS if p.name == declared), None)
    names = [str(name).strip() for name in header]
    for platform in PLATFORMS:
        if platform.name == "google_forms":
            names = names[:1]
        found = sum(any(re.fullmatch(tell, name) for name in names) for tell in platform.tells)
        must = platform.must is None or any(re.fullmatch(platform.must, name) for name in names)
        if found >= platform.needed and must:
            return platform
    return None


def is_further_header(platform: Platform | None, cells: Iterable[Any]) -> bool:
    """Return whether a row below the first is one more row of the platform's header.

    Several cells must say so: "IP Address" is also an answer in one column of Qualtrics.
    """
    if platform is None or platform.second is None:
        return False
    return platform.second_needed <= sum(
        bool(re.fullmatch(platform.second, str(cell).strip(), re.DOTALL)) for cell in cells
    )
