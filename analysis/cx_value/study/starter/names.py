"""What the name of a column tells: its block, its role, the construct it may stand for."""

from __future__ import annotations

import re

from cx_value.base.terms import bilingual
from cx_value.base.wording import Text

#: One part of a question with several: 第2题(办事快捷), Q2[SQ001], Q2 [Staff], Service - Staff.
_PARTS = (
    re.compile(r"(第\d+题)\s*[(（:：—-].+"),
    re.compile(r"(\d+\s*[、.．].+?)\s*(?:—+|--|:|：)\s*\S.*"),
    re.compile(r"(.+?)\s*[\[［].+[\]］].*"),
    re.compile(r"(.+?)\s+[-–—]\s+\S.*"),
    re.compile(r"(\d+)[(（].+[)）].*"),
)
_RUNNING = re.compile(
    r"(q|qid|g\d+q|v|var|vars|variable|x|item|items|question|questions|col|column|field"
    r"|第|题|题目|问题|题项|变量|项目|条目)[\s_.\-]*",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(.+?)[\s_.\-|(（]*\d+[)）]?[a-z]?")
_ROLES = {
    "id": r"(respon(dent|se)[_ ]?|case[_ ]?|resp[_ ]?|user[_ ]?|customer[_ ]?|record[_ ]?)?id"
    r"|序号|编号|.*(答卷|问卷|受访者|用户|客户)(编号|序号|id)",
    "weight": r"w|wt|wgt|weights?|.*_weight|.*权重|权数|加权",
    "wave": r"wave|round|period|期|波次|轮次|调查期",
    "duration": r"duration.*|.*seconds|time[_ ]?taken|interview[_ ]?time"
    r"|total.?time|completion.?time.*sec.*|.*用时|.*时长|所用时间|答题时间|总时间",
}
_PROFILE = re.compile(
    r"gender|sex|age|age.?(group|gr|grp|band|range|cat|class|bracket)s?|education|educ|edu|income"
    r"|occupation|job|region|city|province|country|marital.?(status)?|tenure|segment|industry"
    r"|brand|provider|.*type|.*provider|department|branch|(race|ethnicity)[ _]?\d*"
    r"|性别|年龄.*|年级|学历|教育.*"
    r"|收入.*|月收入.*|职业|行业|地区|城市|省份|婚姻.*|品牌|客户类型|会员.*",
    re.IGNORECASE,
)
#: Questions that ask who somebody is.
_ASKS_WHO = (
    re.compile(
        r"(what|which|how|are you|do you|please|your|in which|where)\b(?=.{0,60}\?|.{0,60}$)"
        r".*\b(gender|sex|age|old|education|qualification|income|salary|occupation|profession"
        r"|employ(ed|ment)|job|marital status|married|nationality|ethnic\w*|race|region|city"
        r"|country|state|province|household|children|industry|department|live"
        r"|born|year of birth)\b.*",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(
        r".*(您|你|本人)的?.{0,8}(性别|年龄|岁数|学历|教育程度|受教育|文化程度|收入|职业|行业|岗位|职务"
        r"|所在(地|城市|省|区|部门)|居住|常住|婚姻|年级|专业|民族|户籍|身份|工作年限|工龄|从业"
        r"|家庭(结构|人口)|会员等级).{0,12}"
        r"|(性别|年龄(段|层|区间)?|学历|(最高)?(教育|文化)程度|(月|年)?(均|平均)?收入|职业|婚姻状况"
        r"|所在(地区|城市|省份)?|居住地)[?？：:]?",
        re.DOTALL,
    ),
)
#: A question that the Net Promoter Score is made of.
_RECOMMENDS = re.compile(
    r"nps\d?|.*(how |)likely.*recommend.*|.*recommend.*(likel|0.{1,4}10).*"
    r"|.*推荐.*可能.*|.*可能.*推荐.*|.*多大.*推荐.*|.*推荐(意愿|度)",
    re.IGNORECASE | re.DOTALL,
)
#: A question that only asks for a given answer.
_ATTENTION = re.compile(
    r"attention.?check|\btrap.?question|instructed.?(response|item)|\bIMC\b|attention_?\d*$"
    r"|(please|for (this|quality)).{0,40}(select|choose|tick|mark|answer|check)\b"
    r".{0,60}(attention|reading|to show|quality|for this|this (item|question|statement|row))"
    r"|(this|quality).{0,40}(please )(select|choose|tick|mark|answer)"
    r"|^(.* - )?(please )?(select|choose|tick|mark) [\"'“‘]?(strongly|somewhat|slightly"
    r"|agree|disagree|neutral|never|always|\d)[^?]*$"
    r"|[本此该]题[^。]{0,8}请[^。]{0,6}(选|填)|请.{0,4}(选择?|勾选)[“\"「『‘][^”]{1,10}[”\"」』’]"
    r"|注意力(检测|测试|检查)|陷阱题|测谎题|甄别题|检测题"
    r"|(bitte|um zu zeigen).{0,40}(wählen|kreuzen).{0,60}(aufmerksam|hier)"
    r"|(veuillez|merci de).{0,30}(cocher|sélectionner|choisir).{0,60}(attention|cette)"
    r"|(por favor|para).{0,40}(seleccione|marque|elija).{0,60}(atención|esta)",
    re.IGNORECASE,
)
# Stems as they are found in published questionnaires → what they usually stand for.
_CONSTRUCTS = (
    (r"imag|image|品牌形象|形象", "image"),
    (r"cuex|expe?c?t?.*|顾客期望|期望.*", "expectation"),
    (r"perq|per?qual?|pq|qual?|quali|quality|serv.*|sq|感知质量|服务质量|质量", "quality"),
    (r"perv|per?val?|val?|valu|value|pv|感知价值|价值", "value"),
    (r"cusa|sati?|satis.*|cs|顾客满意.*|满意度?", "satisfaction"),
    (r"cusl|loya?|loyal.*|cl|顾客忠诚.*|忠诚度?", "loyalty"),
    (r"cusco|compl|complain.*|抱怨.*|投诉.*", "complaints"),
    (r"trust|tru|信任", "trust"),
    (r"switch|转换成本", "switching"),
    (r"csor|csr|社会责任", "responsibility"),
    (r"perf|performance|绩效", "performance"),
    (r"attr|attractiveness|吸引力", "attractiveness"),
    (r"comp|competence|能力", "competence"),
    (r"like|likeability|好感度?", "likeability"),
)  # fmt: skip

#: Constructs of the usual chain → how the heading of a question speaks of them.
_SPOKEN_OF = {
    "image": r"形象|\bimage\b",
    "quality": r"质量|品质|\bquality\b",
    "value": r"价值|性价比|\bvalue\b",
    "satisfaction": r"满意|\bsatisf",
    "loyalty": r"忠诚|\bloyal",
}


def stem_of(name: str) -> str | None:
    """Return what a numbered column name starts with, or None when it carries no number.

    >>> stem_of("IMAG1"), stem_of("qual_12"), stem_of("满意度3"), stem_of("Q1_3"), stem_of("cusa")
    ('IMAG', 'qual', '满意度', 'Q1', None)
    >>> stem_of("第2题(办事快捷)"), stem_of("Q2[SQ001]"), stem_of("Service - Staff know")
    ('第2题', 'Q2', 'Service')
    >>> stem_of("3、请评价服务—员工热情"), stem_of("3.请评价服务:员工热情")
    ('3、请评价服务', '3.请评价服务')
    """
    if question := question_of(name):
        return question
    match = _NUMBERED.fullmatch(name)
    return match[1] if match and re.search(r"[^\W\d_]", match[1]) else None


def question_of(name: str) -> str | None:
    """Return the question that a column is a part of, where its name says so.

    >>> question_of("第2题(办事快捷)"), question_of("7(存取款)"), question_of("Q1_3")
    ('第2题', '7', None)
    """
    return next((m[1].strip() for form in _PARTS if (m := form.fullmatch(name))), None)


def is_running(stem: str) -> bool:
    """Return whether a stem only numbers the questions of a questionnaire: Q1 Q2 …, v1 v2 ….

    >>> is_running("Q"), is_running("var_"), is_running("QUAL"), is_running("Q5")
    (True, True, False, False)
    """
    return bool(_RUNNING.fullmatch(stem))


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


def describes_people(name: str, label: str = "") -> bool:
    """Return whether a column's name or question describes respondents, not their opinions.

    >>> describes_people("gender"), describes_people("年龄段"), describes_people("qual_1")
    (True, True, False)
    >>> describes_people("Q7", "What is your age group?"), describes_people("2、您的学历是？")
    (True, True)
    >>> describes_people("Q2", "Staff know your name"), describes_people("他们保护您的数据")
    (False, False)
    """
    said = [part for part in (name, label) if part]
    asked = [re.sub(r"^\d+\s*[、.．:：]\s*", "", " ".join(part.split())) for part in said]
    return any(_PROFILE.fullmatch(part) for part in said) or any(
        form.fullmatch(part) for part in asked if len(part) < 90 for form in _ASKS_WHO
    )


def asks_to_recommend(name: str, label: str = "") -> bool:
    """Return whether a question is that of the Net Promoter Score.

    >>> asks_to_recommend("Q9", "How likely are you to recommend us to a friend?")
    True
    >>> asks_to_recommend("LOY2", "I recommend it to friends")
    False
    """
    return any(_RECOMMENDS.fullmatch(part.strip()) for part in (name, label) if part)


def asks_for_attention(name: str, label: str = "") -> bool:
    """Return whether a question tells which answer to give, to see who reads.

    >>> asks_for_attention("Q8", "Please select Agree to show that you are paying attention")
    True
    >>> asks_for_attention("8、为保证质量，本题请选择“同意”"), asks_for_attention("请选择您的性别")
    (True, False)
    """
    return any(_ATTENTION.search(part) for part in (name, label) if part)


def construct_in(heading: str) -> str | None:
    """Return the one usual construct that the heading of a question speaks of, or None.

    >>> construct_in("请您评价服务质量"), construct_in("How do you rate the value?")
    ('quality', 'value')
    >>> construct_in("Satisfaction with quality") is None
    True
    """
    told = {key for key, words in _SPOKEN_OF.items() if re.search(words, heading, re.IGNORECASE)}
    return told.pop() if len(told) == 1 else None


def construct_of(stem: str) -> tuple[str, Text] | None:
    """Return the usual construct behind a stem, as (key, label), or None.

    >>> construct_of("CUSA")[0], construct_of("xyz")
    ('satisfaction', None)
    """
    for names, key in _CONSTRUCTS:
        if re.fullmatch(names, stem, re.IGNORECASE):
            return key, bilingual(key, "usual_constructs")
    return None
