"""Comments without the people in them."""

from __future__ import annotations

import re

#: What points to a person, and the sign that stands in its place; the longest first.
_PERSONAL = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    (re.compile(r"https?://\S+|www\.\S+"), "[link]"),
    (re.compile(r"(?<![\w])@\w{2,}|(?:微信|QQ|wechat|weixin)[号:： ]*[A-Za-z0-9_-]{4,}", re.I),
     "[account]"),
    (re.compile(r"(?<!\d)(?:\+?\d[\d ()\-]{5,}\d|\d{6,}[Xx]?)(?!\d)"), "[number]"),
    (re.compile(r"[\u4e00-\u9fff]{2,7}(?:路|街|巷|弄|大道)\s*\d+\s*(?:号|弄)?"), "[address]"),
    (re.compile(r"\b\d{1,5}\s+(?:[A-Z]\w+\s+){1,3}"
                r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Drive)\b\.?"), "[address]"),
    (re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.?\s+[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)?"), "[name]"),
    (re.compile(r"(?:我叫|我是|姓名[:： ]*)[\u4e00-\u9fff]{2,4}(?=[，。,. ！!]|$)"), "[name]"),
    (re.compile(r"[赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹苏潘葛范彭"
                r"鲁韦马苗方袁柳唐薛雷贺倪汤罗毕郝安常傅卞齐康余顾孟黄穆萧尹姚邵汪毛狄戴宋庞熊纪"
                r"舒屈项祝董梁杜阮蓝闵席季麻强贾路江童颜郭梅盛林钟徐邱骆高夏蔡田胡凌霍万柯卢莫房丁"
                r"邓洪包左石崔吉龚程陆翁荀惠甄曲封储靳段焦侯武刘叶白蒲乔]"
                r"(?:某+|先生|女士|小姐|经理|主任|老师)"), "[name]"),
)  # fmt: skip
_INTRODUCED = re.compile(
    r"\b(?:my name is|this is|called|named|by|thanks to)\s+((?:[A-Z][a-z]+)(?:\s+[A-Z][a-z]+)?)"
)


def redact(text: str) -> str:
    """Return a comment with names, numbers, addresses and accounts replaced by a sign.

    A machine finds what has a form; a person may still be known from what is told. Read a comment
    before it is quoted.

    >>> redact("Mr Smith never called 138 0013 8000 back, write to a.b@c.com")
    '[name] never called [number] back, write to [e-mail]'
    >>> redact("我叫王小明，张经理态度很好，中山路15号")
    '[name]，[name]态度很好，[address]'
    """
    for pattern, sign in _PERSONAL:
        text = pattern.sub(sign, text)
    return _INTRODUCED.sub(lambda m: m.group().replace(m[1], "[name]"), text)
