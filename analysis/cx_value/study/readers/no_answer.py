"""Labels and words that mean a question was not answered."""

from __future__ import annotations

from dataclasses import replace

from cx_value.study.chinese import simplify
from cx_value.study.readers.raw import RawTable

_WRITTEN = """
don't know | dont know | do not know | dk | can't say | cannot say | refused | refusal | refuse
| refused to answer | no answer | not answered | no response | not applicable | does not apply
| n/a | na | inapplicable | skipped | skip | missing | system missing | not asked | not stated
| dk/na | dk/refused | don't know/refused | don't know / refused
| prefer not to answer | prefer not to say
| 不知道 | 不清楚 | 说不清 | 不了解 | 拒答 | 拒绝回答 | 拒绝 | 不适用 | 未回答 | 无回答 | 跳过 | 空
| 缺失 | 未作答 | 未填 | 不想回答 | 不愿回答 | 不知道/拒答 | 无法评价 | 无法判断 | 没用过 | 未使用
| can't choose | not sure / don't know | cannot rate | unable to rate | never used | no opinion
| weiß nicht | weiss nicht | keine angabe | keine antwort | k.a | k. a | k. a. | nicht beurteilbar
| kann ich nicht beurteilen | trifft nicht auf mich zu | verweigert | entfällt | keine angaben
| ne sait pas | je ne sais pas | sans réponse | ne se prononce pas | non concerné | nsp | refus
| sans opinion | pas de réponse
| no sabe | no sé | no contesta | no responde | ns/nc | no aplica | no sabe / no contesta
| não sei | não sabe | não respondeu | não se aplica | non so | non risponde | non applicabile
| weet niet | niet van toepassing | geen mening | затрудняюсь ответить | нет ответа | не знаю
| わからない | 分からない | わかりません | 無回答 | 回答しない | 答えたくない | 該当しない | 非該当
| 모르겠다 | 모름 | 무응답 | 응답거부 | 해당없음 | 해당 없음 | 잘 모르겠다
"""
#: Compared folded, without brackets and stops.
WORDS = frozenset(word.strip() for word in _WRITTEN.split("|"))


def means_no_answer(words: str) -> bool:
    """Return whether a label says that there is no answer.

    >>> means_no_answer("（拒答）"), means_no_answer("Don't know."), means_no_answer("一般")
    (True, True, False)
    """
    plain = " ".join(words.casefold().replace("’", "'").split()).strip(" .。()（）[]<>-—")
    return plain in WORDS or simplify(plain) in WORDS


def mark_no_answers(raw: RawTable) -> RawTable:
    """Count values whose label says that there is no answer as missing, and tell which.

    They leave ``value_labels`` and join ``user_missing``; so that 8 不知道 beside a scale of 1 to
    5 is no answer of 8.
    """
    labels, missing, seen = dict(raw.value_labels), dict(raw.user_missing), {}
    for column, points in raw.value_labels.items():
        found = {number: word for number, word in points.items() if means_no_answer(word)}
        if not found or len(found) == len(points):
            continue
        labels[column] = {k: v for k, v in points.items() if k not in found}
        known = missing.get(column, [])
        missing[column] = [*known, *((n, n) for n in found if not _covered(n, known))]
        seen |= {f"{number:g} {word}": None for number, word in found.items()}
    if not seen:
        return raw
    told = (*raw.told, ("no answer", ", ".join(seen)))
    return replace(raw, value_labels=labels, user_missing=missing, told=told)


def _covered(number: float, known: list) -> bool:
    return any(not isinstance(low, str) and low <= number <= high for low, high in known)
