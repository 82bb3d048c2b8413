"""What the name of a column tells: its block, its role, the construct it may stand for."""

from __future__ import annotations

import re

from cx_value.base.wording import Text
from cx_value.base.words import bilingual

#: One part of a question with several: 第2题(办事快捷), Q2[SQ001], Q2 [Staff], Service - Staff.
_PARTS = (
    re.compile(r"(第\d+题)\s*[(（:：—-].+"),
    re.compile(r"(\d+\s*[、.．].+?)\s*(?:—+|--|:|：)\s*\S.*"),
    re.compile(r"(.+?)\s*[\[［].+[\]］].*"),
    re.compile(r"(.+?)\s+[-–—]\s+\S.*"),
    re.compile(r"(\d+)[(（]\d+[)）].*"),
)
_NUMBERED = re.compile(r"(.+?)[\s_.\-|(（]*\d+[)）]?[a-z]?")
_ROLES = {
    "id": r"(respon(dent|se)[_ ]?|case[_ ]?|resp[_ ]?|user[_ ]?|customer[_ ]?|record[_ ]?)?id"
    r"|序号|编号|.*(答卷|问卷|受访者|用户|客户)(编号|序号|id)",
    "weight": r"w|wt|wgt|weights?|.*_weight|.*权重|权数|加权",
    "wave": r"wave|round|period|期|波次|轮次|调查期",
    "duration": r"duration.*|.*seconds|time[_ ]?taken|interview[_ ]?time"
    r"|.*用时|.*时长|所用时间|答题时间",
}
_PROFILE = re.compile(
    r"gender|sex|age|age.?group|education|income|occupation|job|region|city|province|country"
    r"|marital|tenure|segment|industry|brand|provider|.*type|.*provider|性别|年龄.*|年级|学历|教育.*"
    r"|收入.*|月收入.*|职业|行业|地区|城市|省份|婚姻.*|品牌|客户类型|会员.*",
    re.IGNORECASE,
)
# Stems as they are found in published questionnaires → what they usually stand for.
_CONSTRUCTS = (
    (r"imag|image|品牌形象|形象", "image"),
    (r"cuex|expe?c?t?.*|顾客期望|期望.*", "expectation"),
    (r"perq|qual|quality|serv.*|sq|感知质量|服务质量|质量", "quality"),
    (r"perv|val|value|pv|感知价值|价值", "value"),
    (r"cusa|sat|satis.*|cs|顾客满意.*|满意度?", "satisfaction"),
    (r"cusl|loy|loyal.*|cl|顾客忠诚.*|忠诚度?", "loyalty"),
    (r"cusco|compl|complain.*|抱怨.*|投诉.*", "complaints"),
    (r"trust|tru|信任", "trust"),
    (r"switch|转换成本", "switching"),
    (r"csor|csr|社会责任", "responsibility"),
    (r"perf|performance|绩效", "performance"),
    (r"attr|attractiveness|吸引力", "attractiveness"),
    (r"comp|competence|能力", "competence"),
    (r"like|likeability|好感度?", "likeability"),
)  # fmt: skip


def stem_of(name: str) -> str | None:
    """Return what a numbered column name starts with, or None when it carries no number.

    >>> stem_of("IMAG1"), stem_of("qual_12"), stem_of("满意度3"), stem_of("Q1_3"), stem_of("cusa")
    ('IMAG', 'qual', '满意度', 'Q1', None)
    >>> stem_of("第2题(办事快捷)"), stem_of("Q2[SQ001]"), stem_of("Service - Staff know")
    ('第2题', 'Q2', 'Service')
    >>> stem_of("3、请评价服务—员工热情"), stem_of("3.请评价服务:员工热情")
    ('3、请评价服务', '3.请评价服务')
    """
    for form in _PARTS:
        if match := form.fullmatch(name):
            return match[1].strip()
    match = _NUMBERED.fullmatch(name)
    return match[1] if match and re.search(r"[^\W\d_]", match[1]) else None


def role_of(name: str) -> str | None:
    """Return ``id``, ``weight``, ``wave`` or ``duration`` where a name says so.

    >>> role_of("RespondentID"), role_of("权重"), role_of("id. Response ID"), role_of("IMAG1")
    ('id', 'weight', 'id', None)
    """
    codes = (name, name.split(". ")[0])
    return next(
        (role for role, names in _ROLES.items() for code in codes
         if re.fullmatch(names, code, re.IGNORECASE)), None,
    )  # fmt: skip


def describes_people(name: str) -> bool:
    """Return whether a column name usually describes respondents rather than their opinions.

    >>> describes_people("gender"), describes_people("年龄段"), describes_people("qual_1")
    (True, True, False)
    """
    return bool(_PROFILE.fullmatch(name))


def construct_of(stem: str) -> tuple[str, Text] | None:
    """Return the usual construct behind a stem, as (key, label), or None.

    >>> construct_of("CUSA")[0], construct_of("xyz")
    ('satisfaction', None)
    """
    for names, key in _CONSTRUCTS:
        if re.fullmatch(names, stem, re.IGNORECASE):
            return key, bilingual(key, "usual_constructs")
    return None
