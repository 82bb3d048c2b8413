"""Writing a commented starter study from a purchase log: its columns guessed, the doubts marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cx_value.study.answers import clean, convert, number_reader
from cx_value.study.starter.short_names import flow, quote

if TYPE_CHECKING:
    import pandas as pd

#: Lines looked at.
LOOKED_AT = 5000
_NAMES = {
    "customer": r"(customer|client|user|buyer|member|household|account|card)s?([_ ]?(id|no|number"
    r"|code|key))?|cust[_ ]?id|kunden?.*|(客户|顾客|会员|用户|买家)(编?号|id|名称?|昵称|账号)?",
    "date": r".*(date|time|timestamp|day|datum).*|.*(日期|时间)",
    "amount": r"(net|total|order|sales|line)?[_ ]?(amount|value|revenue|sales|spend|total|payment"
    r"|sum)([_ ]?(paid|value|amount))?|betrag|umsatz|.*(金额|实付|总价|货款|销售额).*",
    "price": r"(unit|item|sale|selling)?[_ ]?price|preis|单价|价格|售价",
    "quantity": r"quantity|qty|units?|pieces|count|menge|数量|件数|购买量",
    "invoice": r"(invoice|order|bill|receipt|basket|transaction)[_ ]?(id|no|number|nr)?|rechnung.*"
    r"|(订单|发票|单据|交易|小票)(编?号|id)?",
    "status": r".*(status|state)|.*状态",
    "cost": r"(unit[_ ]?)?cost|cogs|成本",
}
_LEFT_OUT = re.compile(
    r"cancel|refund|return|fail|unpaid|pending|void|取消|退款|退货|关闭|未付|失败|作废",
    re.IGNORECASE,
)
_FORMATS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y")
_YEAR_FIRST = re.compile(r"\d{4}[-/.年]?\d{1,2}[-/.月]?\d{1,2}日?([ T].*)?|\d{8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGuess:
    """What the columns of a log seem to be: role → column, and what is not sure."""

    roles: dict[str, str]
    date_format: str | None = None
    format_unsure: bool = False
    left_out: tuple[str, ...] = ()
    credit_notes: bool = False


def guess_log(head: pd.DataFrame) -> LogGuess | None:
    """Return what the columns of a log are, or None where it is no purchase log.

    A purchase log has a customer who comes again, and a date.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"Kunde": ["a", "a", "b"], "Datum": ["31.01.2026"] * 3,
    ...                     "Betrag": ["1,50", "2,50", "3,00"]})
    >>> guess_log(log).roles, guess_log(log).date_format
    ({'customer': 'Kunde', 'date': 'Datum', 'amount': 'Betrag'}, '%d.%m.%Y')
    """
    roles: dict[str, str] = {}
    for role, form in _NAMES.items():
        fitting = [c for c in head if re.fullmatch(form, str(c).strip(), re.IGNORECASE)]
        found = next((c for c in fitting if c not in roles.values() and _fits(role, head[c])), None)
        if found is not None:
            roles[role] = found
    if not {"customer", "date"} <= set(roles):
        return None
    if "amount" in roles or not {"price", "quantity"} <= set(roles):
        roles = {k: v for k, v in roles.items() if k not in ("price", "quantity")} | (
            {} if "amount" in roles or "price" not in roles else {"amount": roles["price"]}
        )
    written, unsure = _date_format(head[roles["date"]])
    states = [clean(v) for v in head[roles["status"]].unique()] if "status" in roles else []
    invoice = head[roles["invoice"]].map(clean) if "invoice" in roles else None
    return LogGuess(
        roles=roles, date_format=written, format_unsure=unsure,
        left_out=tuple(word for word in states if _LEFT_OUT.search(word)),
        credit_notes=invoice is not None and bool(
            invoice.str.match(r"(?i)c\d").any() and invoice.str.match(r"\d").any()),
    )  # fmt: skip


def _fits(role: str, cells: pd.Series) -> bool:
    """Return whether the cells of a column can play a role."""
    given = cells.map(clean)
    given = given[given != ""]
    if given.empty:
        return False
    if role == "date":
        return _date_share(given) > 0.9
    if role in ("amount", "price", "quantity", "cost"):
        read = convert(given, number_reader(cells, decimal="auto"))
        return read.numbers.notna().mean() > 0.9
    return role != "customer" or given.nunique() < len(given)


def _date_share(given: pd.Series) -> float:
    days = given.str.replace(r"[ T].*", "", regex=True)
    day_first = days.str.fullmatch(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}")
    return float((given.str.fullmatch(_YEAR_FIRST) | day_first).mean())


def _date_format(cells: pd.Series) -> tuple[str | None, bool]:
    """Return the format of dates that are not year-first, and whether two formats fit."""
    import pandas as pd

    given = cells.map(clean)
    given = given[given != ""]
    if given.str.fullmatch(_YEAR_FIRST).mean() > 0.5:
        return None, False
    more = " %H:%M:%S" if given.str.contains(r" \d+:\d+:\d+$").mean() > 0.5 else (
        " %H:%M" if given.str.contains(r" \d+:\d+$").mean() > 0.5 else "")  # fmt: skip
    fitting = [
        form + more for form in _FORMATS
        if pd.to_datetime(given, format=form + more, errors="coerce").notna().mean() > 0.99
    ]  # fmt: skip
    return (fitting[0] if fitting else None), len(fitting) > 1


def new_log_study(file: Path, cells: pd.DataFrame) -> str | None:
    """Write a starter study for a purchase log, or None where the cells are none."""
    guess = guess_log(cells.head(LOOKED_AT))
    if guess is None:
        return None
    slug = re.sub(r"[^a-z0-9\u4e00-\u9fff]+", "-", file.stem.casefold()).strip("-") or "study"
    lines = [f"  {line}" for line in _columns(guess)]
    return "\n".join([
        f"# Starter study for the purchase log {' '.join(file.name.split())[:120]}.",
        "# Its columns were guessed from their names and cells: read them, above all what is",
        "# marked UNSURE. Every key: data/cdnow/study.yml.",
        f"name: {quote(slug)}",
        f"title: {{en: {flow('Customer value: ' + file.stem)}, "
        f"zh: {flow('客户价值研究：' + file.stem)}}}",
        "transactions:",
        f"  file: {quote(file.name)}",
        *lines,
        "value:",
        "  horizon_years: 3            # how far ahead value is counted",
        "  discount_rate_per_year: 0.1",
        "  margin: null                # share of spend that is kept, such as 0.3",
        "options: {bootstrap: 1000, confidence: 0.95, seed: 20260101}",
        "report: {languages: [en, zh], formats: [html, pdf, docx], minimum_cell: 5}", "",
    ])  # fmt: skip


def _columns(guess: LogGuess) -> list[str]:
    roles = guess.roles
    lines = [f"{role}: {quote(roles[role])}" for role in ("customer", "date")]
    if guess.date_format:
        note = "    # UNSURE: day and month may be the other way" if guess.format_unsure else ""
        lines.append(f"date_format: {quote(guess.date_format)}{note}")
    if "price" in roles:
        lines += [f"price: {quote(roles['price'])}    # the amount is price times quantity",
                  f"quantity: {quote(roles['quantity'])}"]  # fmt: skip
    elif "amount" in roles:
        lines.append(f"amount: {quote(roles['amount'])}")
    else:
        lines.append("amount: null    # no money in the log: visits are counted")
    if guess.credit_notes:
        lines += [f"invoice: {quote(roles['invoice'])}",
                  'credit_notes: "C*"    # numbers that begin with C are returns']  # fmt: skip
    if guess.left_out:
        words = ", ".join(flow(word) for word in guess.left_out)
        lines.append(f"where: {{{flow(roles['status'])}: {{not: [{words}]}}}}    # UNSURE")
    if "cost" in roles:
        lines.append(f"cost: {quote(roles['cost'])}")
    return lines
