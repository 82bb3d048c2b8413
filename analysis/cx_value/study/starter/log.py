"""Writing a commented starter study from a purchase log: its columns guessed, the doubts marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cx_value.study.answers import clean, convert, number_reader
from cx_value.study.chinese import simplify
from cx_value.study.starter.dates import date_share, find_date_format
from cx_value.study.starter.remarks import Remarks
from cx_value.study.starter.short_names import flow, quote

if TYPE_CHECKING:
    import pandas as pd

#: Lines looked at.
LOOKED_AT = 5000
_WHO = (r"customers?|clients?|users?|buyers?|members?|households?|shoppers?|visitors?|guests?"
        r"|patients?|subscribers?|accounts?|cust|kunden?|clientes?|clienti?"
        r"|acheteurs?|comprador(es)?")  # fmt: skip
_ZH_WHO = "客户|顾客|会员|用户|买家|消费者|持卡人|订户"
#: Role → names of its column, the surest first; a name is folded, marks between words are spaces.
_NAMES = {
    "customer": (
        rf"({_WHO}) ?(id|no|number|nr|nummer|code|key|ref|num)"
        rf"|({_ZH_WHO})(编?号|id|代码|卡号|编码|番号)"
        rf"|(id|n|no|nr|num|numero|número|número de|code|codigo|código) ({_WHO})",
        rf"{_WHO}|({_ZH_WHO})(名称?|会员名|昵称|账号|姓名|手机号?)?|.*({_ZH_WHO}).*(号|id|名)",
        r"((buyer|customer|billing) )?e ?mail( address)?|(buyer|payer) email|下单[帐账]号"
        r"|buyer (name|username)|phone( number)?|mobile|card ?(id|no|number)?"
        r"|.*(手机号?|卡号|邮箱|openid|unionid)",
    ),
    "date": (
        r"(invoice|order|purchase|transaction|sales?|paid|payment|visit|shop|booking) ?(date ?time"
        r"|date|time|timestamp|day|at)|.*(付款|支付|下单|消费|交易|购买|成交|订单).*(时间|日期)"
        r"|(date|fecha|data)( d[eio]| d[ae]l?| dell?)? (commande|achat|facture|paiement|compra"
        r"|pedido|venta|factura|pago|venda|ordine|acquisto|fattura)|(购入|注文|购买|卖上)(日|年月日|日时)",
        r"(date ?time|date|time ?stamp|time|day|datum|fecha|data|created( at)?)|日期|时间|日付"
        r"|日时",
        r".*(date|timestamp|time|datum| at)|.*(日期|时间)",
    ),
    "amount": (
        r"(net|paid|total|order|sales?|line|purchase|transaction|invoice|gross)? ?(amount|revenue"
        r"|spend|spent|payment|turnover)( (paid|value|usd|eur|gbp|cny))?|amount .*"
        r"|.*(实际支付|实付|实收|成交|消费|支付|付款).*(金额|价|款).*"
        r"|(netto|brutto|rechnungs|gesamt|bestell|auftrags)(betrag|summe|preis|umsatz|wert)"
        r"|(montant|total|prix total|importe|monto|importo|valor|totale)( total| ttc| ht| net"
        r"| neto| totale| pagado| pago)?|(购入|注文|支払|卖上|合计|购买)金额|卖上高?",
        r"(grand|order|net|line)? ?total( (amount|price|paid|value|sum|sales))?|sales? ?(value"
        r"|amount)?|(order |basket )?value|sum|gmv|umsatz|betrag|importe|montant|.*金额.*|总价|货款"
        r"|销售额|.*实付.*|.*实收.*",
        r"sub ?total|.*(amount|revenue|spend|sales)",
    ),
    "price": (r"(unit|item|sale|selling|list)? ?price|preis|einzelpreis|(商品)?(单价|价格|售价)",),
    "quantity": (r"(order )?(quantity|qty)|units?|pieces|count|menge|(购买)?(数量|件数)|购买量",),
    "invoice": (
        r"(invoice|order|bill|receipt|basket|transaction|rechnungs?) ?(id|no|number|nr|nummer)?"
        r"|(订单|发票|单据|交易|小票)(编?号|id)?",
    ),
    "status": (
        r"(order|payment|financial|transaction|delivery)? ?(status|state)|.*状态"
        r"|statut|estado|stato|ステータス",
    ),
    "cost": (r"(unit )?cost|cogs|(单位)?成本",),
}
#: Never a date of purchase or an amount.
_NEVER = {
    "date": r".*(ship|deliver|birth|due|end|expir|updat|modif|cancel"
    r"|发货|收货|出生|生日|到期|确认|退款).*",
    "amount": r".*(tax|ship|discount|refund|balance|fee|tip|运费|税|优惠|折扣|退款|红包|积分).*",
}  # fmt: skip
_SUM = r"\W*([A-Z]{3}|kr|Rs)?\W*\d[\d.,'’\s]*\W*([A-Z]{3}|元|円|kr|zł)?\W*"
_LEFT_OUT = re.compile(
    r"cancel|refund|return|fail|unpaid|pending|void|declin|abandon"
    r"|取消|退款|退货|关闭|未付|待付|失败|作废|删除|等待付款|未支付"
    r"|annul|rembours|échou|storn|retoure|erstattet|fehlgeschlagen|anulad|reembols|devuel|キャンセル|返品|返金",
    re.IGNORECASE,
)


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
    for role in _NAMES:
        found = _find(role, [c for c in head if c not in roles.values()], head)
        if found is not None:
            roles[role] = found
    if not {"customer", "date"} <= set(roles):
        return None
    if "amount" in roles or not {"price", "quantity"} <= set(roles):
        roles = {k: v for k, v in roles.items() if k not in ("price", "quantity")} | (
            {} if "amount" in roles or "price" not in roles else {"amount": roles["price"]}
        )
    written, unsure = find_date_format(head[roles["date"]])
    states = [clean(v) for v in head[roles["status"]].unique()] if "status" in roles else []
    invoice = head[roles["invoice"]].map(clean) if "invoice" in roles else None
    return LogGuess(
        roles=roles, date_format=written, format_unsure=unsure,
        left_out=tuple(word for word in states if _LEFT_OUT.search(word)),
        credit_notes=invoice is not None and bool(
            invoice.str.match(r"(?i)c\d").any() and invoice.str.match(r"\d").any()),
    )  # fmt: skip


def _find(role: str, columns: list[str], head: pd.DataFrame) -> str | None:
    """Return the column whose name is the surest for a role and whose cells can play it."""
    plain = {column: plain_name(column) for column in columns}
    never = _NEVER.get(role)
    for form in _NAMES[role]:
        for column, name in plain.items():
            if never and re.fullmatch(never, name):
                continue
            if re.fullmatch(form, name) and _fits(role, head[column]):
                return column
    return None


def plain_name(name: object) -> str:
    """Return a name folded, its words parted by blanks.

    >>> plain_name("CustomerID"), plain_name("order_date"), plain_name("消费金额（元）")
    ('customer id', 'order date', '消费金额')
    """
    text = re.sub(r"[(（\[].*[)）\]]\s*$", "", clean(name))
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return " ".join(re.sub(r"[\W_]+", " ", simplify(text)).casefold().split())


def _fits(role: str, cells: pd.Series) -> bool:
    """Return whether the cells of a column can play a role."""
    given = cells.map(clean)
    given = given[given != ""]
    if given.empty:
        return False
    if role == "date":
        return date_share(given) > 0.9
    if role in ("amount", "price", "quantity", "cost"):
        read = convert(given, number_reader(cells, decimal="auto"))
        # 1,250 alone may be either number: it is a sum all the same, and the check asks which.
        return (read.numbers.notna() | given.str.fullmatch(_SUM)).mean() > 0.9
    return role != "customer" or given.nunique() < len(given)


def new_log_study(
    file: Path, cells: pd.DataFrame, lang: str = "en", encoding: str = "auto"
) -> str | None:
    """Write a starter study for a purchase log, or None where the cells are none."""
    guess = guess_log(cells.head(LOOKED_AT))
    if guess is None:
        return None
    say = Remarks(lang)
    head = say("log_head", file=_one_line(file), keys="data/cdnow/study.yml")
    return "\n".join([
        *beginning(file, head, "Customer value: ", "客户价值研究："),
        "transactions:",
        f"  file: {quote(file.name)}",
        *([] if encoding == "auto" else [f"  encoding: {encoding}"]),
        *(f"  {line}" for line in _columns(guess, say)),
        *worth(say("horizon"), say("margin_spend")),
        END, "",
    ])  # fmt: skip


def worth(horizon: str, margin: str) -> list[str]:
    """Return the section on value of a starter study."""
    years, rate = f"  horizon_years: 3            # {horizon}", "  discount_rate_per_year: 0.1"
    return ["value:", years, rate, f"  margin: null                # {margin}"]


def _one_line(file: Path) -> str:
    return " ".join(file.name.split())[:120]


END = """\
options: {bootstrap: 1000, confidence: 0.95, seed: 20260101}
report: {languages: [en, zh], formats: [html, pdf, docx], minimum_cell: 5}"""


def beginning(file: Path, head: str, title: str, title_zh: str) -> list[str]:
    """Return the first lines of a starter study of a log or of contracts."""
    slug = re.sub(r"[^a-z0-9\u4e00-\u9fff]+", "-", file.stem.casefold()).strip("-") or "study"
    return [
        "# yaml-language-server: $schema=study.schema.json",
        head,
        f"name: {quote(slug)}",
        f"title: {{en: {flow(title + file.stem)}, zh: {flow(title_zh + file.stem)}}}",
    ]


def date_line(written: str | None, unsure: bool, say: Remarks) -> list[str]:
    """Return the line that says how dates are written, where that has to be said."""
    if not written:
        return []
    note = f"    # {say('date_unsure')}" if unsure else ""
    return [f"date_format: {quote(written)}{note}"]


def _columns(guess: LogGuess, say: Remarks) -> list[str]:
    roles = guess.roles
    lines = [f"{role}: {quote(roles[role])}" for role in ("customer", "date")]
    lines += date_line(guess.date_format, guess.format_unsure, say)
    if "price" in roles:
        lines += [f"price: {quote(roles['price'])}    # {say('price')}",
                  f"quantity: {quote(roles['quantity'])}"]  # fmt: skip
    elif "amount" in roles:
        lines.append(f"amount: {quote(roles['amount'])}")
    else:
        lines.append(f"amount: null    # {say('no_money')}")
    if guess.credit_notes:
        lines += [f"invoice: {quote(roles['invoice'])}",
                  f'credit_notes: "C*"    # {say("credit_notes")}']  # fmt: skip
    if guess.left_out:
        words = ", ".join(flow(word) for word in guess.left_out)
        lines.append(f"where: {{{flow(roles['status'])}: {{not: [{words}]}}}}    # {say('where')}")
    if "cost" in roles:
        lines.append(f"cost: {quote(roles['cost'])}")
    return lines
