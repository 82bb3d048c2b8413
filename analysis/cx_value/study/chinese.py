"""Traditional letters written as simplified ones, as far as survey words need it."""

from __future__ import annotations

_SIMPLE = str.maketrans(
    "滿極較為無沒點會個確難難對時從經總頻強絕幾還過達與於願關別歲歷縣區業職務質價經驗認應該麼樣"
    "讚贊異錯壞優劣給選項請問題調說話電機賣買費貴資訊網頁場聽見覺線適這來進錄嗎裡處實現國產體顧購數單額號編員訂銷態贖財貨",
    "满极较为无没点会个确难难对时从经总频强绝几还过达与于愿关别岁历县区业职务质价经验认应该么样"
    "赞赞异错坏优劣给选项请问题调说话电机卖买费贵资讯网页场听见觉线适这来进录吗里处实现国产体顾购数单额号编员订销态赎财货",
)


def simplify(words: str) -> str:
    """Return words with traditional letters as simplified ones.

    >>> simplify("非常滿意"), simplify("沒有意見"), simplify("性別")
    ('非常满意', '没有意见', '性别')
    """
    return words.translate(_SIMPLE)
