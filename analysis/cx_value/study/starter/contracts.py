"""Writing a starter study from a list of contracts: who, from when, until when, at what fee."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from cx_value.study.answers import clean, convert, number_reader
from cx_value.study.starter.dates import date_share, find_date_format
from cx_value.study.starter.log import END, LOOKED_AT, beginning, date_line, plain_name, worth
from cx_value.study.starter.remarks import Remarks
from cx_value.study.starter.short_names import quote

if TYPE_CHECKING:
    import pandas as pd

_NAMES = {
    "start": r"(contract |subscription )?(start(ed)?|begin|began|sign ?up|signed|subscribed"
    r"|activat(ion|ed)|opened|joined|inception)( date| day| on| at)?"
    r"|.*(开通|签约|开始|入网|生效|起始|订阅|办理)(日期?|时间)?",
    "end": r"(contract |subscription )?(end(ed)?|cancel(led|ed|lation)?|churn(ed)?|terminat(ion|ed)"
    r"|expir(y|ation|ed|es)|closed|left)( date| day| on| at)?"
    r"|.*(到期|终止|结束|解约|退订|注销|离网|截止)(日期?|时间)?",
    "fee": r"(monthly |annual |yearly |weekly |plan )?(fee|price|charges?|rate|mrr|amount|cost)"
    r"|(每?月|年|季|周)?(费用?|租|资费)|套餐(费|价格?)|合同金额",
    "customer": r"(customer|client|user|member|account|subscriber|contract)s? ?(id|no|number|nr)?"
    r"|(客户|顾客|会员|用户|合同|合约)(编?号|id|名称?)?|手机号码?",
}  # fmt: skip
_PERIODS = {"year": "annual|year|年", "week": "week|周", "quarter": "quarter|季"}


def guess_contracts(head: pd.DataFrame) -> dict[str, str] | None:
    """Return role → column of a list of contracts, or None where it is none.

    Contracts have a start and an end, the end empty while they run.

    >>> import pandas as pd
    >>> guess_contracts(pd.DataFrame({"id": [1, 2], "Start date": ["2024-01-01"] * 2,
    ...                               "end_date": ["2024-05-01", ""], "Monthly fee": [9.9, 9.9]}))
    {'start': 'Start date', 'end': 'end_date', 'fee': 'Monthly fee'}
    """
    roles: dict[str, str] = {}
    for role, form in _NAMES.items():
        for column in head:
            fits = re.fullmatch(form, plain_name(column)) and column not in roles.values()
            if fits and _fits(role, head[column]):
                roles[role] = column
                break
    return roles if {"start", "end"} <= set(roles) and _last(head, roles) else None


def _last(head: pd.DataFrame, roles: dict[str, str]) -> bool:
    """Return whether most rows end on another day than they began: interviews do not."""
    begun, ended = (head[roles[role]].map(clean).str[:10] for role in ("start", "end"))
    return bool((begun != ended).mean() > 0.5)


def _fits(role: str, cells: pd.Series) -> bool:
    given = cells.map(clean)
    given = given[given != ""]
    if given.empty:
        return False
    if role in ("start", "end"):
        return date_share(given) > 0.9
    if role == "fee":
        read = convert(given, number_reader(cells, decimal="auto"))
        return bool(read.numbers.notna().mean() > 0.9)
    return True


def new_contract_study(file: Path, cells: pd.DataFrame, lang: str = "en") -> str | None:
    """Write a starter study for a list of contracts, or None where the cells are none."""
    roles = guess_contracts(cells.head(LOOKED_AT))
    if roles is None:
        return None
    say = Remarks(lang)
    head = say("contracts_head", file=" ".join(file.name.split())[:120],
               keys="data/bank-panel/study.yml")  # fmt: skip
    return "\n".join([
        *beginning(file, head, "Contracts: ", "合同研究："),
        "contracts:",
        f"  file: {quote(file.name)}",
        *(f"  {line}" for line in _columns(roles, cells, say)),
        *worth(say("horizon"), say("margin_fees")),
        END, "",
    ])  # fmt: skip


def _columns(roles: dict[str, str], cells: pd.DataFrame, say: Remarks) -> list[str]:
    customer = roles.get("customer")
    lines = [f"customer: {quote(customer) if customer else 'null'}"]
    lines += [f"{role}: {quote(roles[role])}" for role in ("start", "end")]
    lines += date_line(*find_date_format(cells[roles["start"]].head(LOOKED_AT)), say)
    if "fee" not in roles:
        return [*lines, f"fee: null    # {say('no_fee')}"]
    name = plain_name(roles["fee"])
    period = next((p for p, form in _PERIODS.items() if re.search(form, name)), "month")
    sure = period != "month" or re.search("month|月", name)
    note = "" if sure else f"    # {say('period_unsure')}"
    return [*lines, f"fee: {quote(roles['fee'])}", f"period: {period}{note}"]
