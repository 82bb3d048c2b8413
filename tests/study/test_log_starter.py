"""Logs and contracts as shops, tills and billing systems export them: a starter without an edit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cx_value.base.errors import FaultsError, StudyError
from cx_value.notebook.understood import examine_whole
from cx_value.study import read_study, write_study


def purchases(seed: int = 7) -> pd.DataFrame:
    """Return who (a number), when (a moment) and how much of 60 customers."""
    draw = np.random.default_rng(seed)
    who = np.repeat(np.arange(60), 1 + draw.poisson(3, 60))
    days = draw.integers(0, 600, len(who))
    when = pd.Timestamp("2024-01-01 09:30") + pd.to_timedelta(days, unit="D")
    much = draw.lognormal(3, 0.6, len(who)).round(2)
    return pd.DataFrame({"who": who, "when": when, "much": much}).sort_values("when")


def retail(p):
    numbers = np.where(np.arange(len(p)) % 40 == 7, "C", "") + (536365 + np.arange(len(p))).astype(
        str
    ).astype(object)
    return {"InvoiceNo": numbers, "StockCode": "85123A", "Description": "MUG",
            "Quantity": np.where(np.arange(len(p)) % 40 == 7, -1, 2),
            "InvoiceDate": p.when.dt.strftime("%m/%d/%Y %H:%M"), "UnitPrice": p.much,
            "CustomerID": p.who + 12345.0, "Country": "United Kingdom"}  # fmt: skip


def web_shop(p):
    stamp = p.when.dt.strftime("%Y-%m-%d %H:%M:%S +0100")
    return {"Name": [f"#{k}" for k in range(len(p))], "Email": [f"a{w}@b.org" for w in p.who],
            "Financial Status": np.where(p.who % 9 == 0, "refunded", "paid"), "Paid at": stamp,
            "Currency": "EUR", "Subtotal": p.much, "Shipping": 4.9, "Taxes": 1.0,
            "Total": p.much + 4.9, "Lineitem quantity": 1, "Created at": stamp}  # fmt: skip


def market_place(p):
    return {"订单编号": [f"2024{k:012d}" for k in range(len(p))],
            "买家会员名": [f"tb_{w}" for w in p.who], "买家实际支付金额": p.much,
            "总金额": p.much + 1, "订单状态": np.where(p.who % 9 == 0, "交易关闭", "交易成功"),
            "订单付款时间": p.when.dt.strftime("%Y-%m-%d %H:%M:%S"),
            "宝贝标题": "杯子"}  # fmt: skip


def german(p):
    euros = [f"{m * 50:.2f} €".replace(".", ",") for m in p.much]
    return {"Kundennr.": [f"{w:05d}" for w in p.who], "Filiale": "Nord",
            "Rechnungsdatum": p.when.dt.strftime("%d.%m.%Y"), "Umsatz": euros}  # fmt: skip


def member_card(p):
    return {"会员卡号": p.who + 10000, "消费日期": p.when.dt.strftime("%Y年%m月%d日"),
            "消费金额（元）": [f"¥{m * 80:,.2f}" for m in p.much]}  # fmt: skip


def till(p):
    return {"CUST_CODE": p.who, "SHOP_DATE": p.when.dt.strftime("%Y%m%d"), "SPEND": p.much,
            "BASKET_ID": np.arange(len(p)), "PROD_CODE": "P1"}  # fmt: skip


def american(p):
    return {"Client": [f"C{w}" for w in p.who], "Transaction Date": p.when.dt.strftime("%m/%d/%y"),
            "Amount Paid": [f"${m * 100:,.2f}" for m in p.much]}  # fmt: skip


def visits(p):
    return {"user_id": p.who, "visit_time": p.when}


def workbook(p):
    return {"Order ID": np.arange(len(p)), "Order Date": p.when.dt.normalize(),
            "Ship Date": p.when.dt.normalize(), "Customer ID": [f"CG-{w}" for w in p.who],
            "Customer Name": "Claire", "Sales": p.much, "Quantity": 1, "Discount": 0.0}  # fmt: skip


LOGS = {
    retail: ("retail.csv", {"price": "UnitPrice", "quantity": "Quantity", "customer": "CustomerID",
                            "date": "InvoiceDate", "credit_notes": "C*", "invoice": "InvoiceNo",
                            "date_format": "%m/%d/%Y %H:%M"}),
    web_shop: ("orders_export.csv", {"customer": "Email", "date": "Paid at", "amount": "Total"}),
    market_place: ("ExportOrderList.csv", {"customer": "买家会员名", "date": "订单付款时间",
                                           "amount": "买家实际支付金额"}),
    german: ("umsatz.csv", {"customer": "Kundennr.", "date": "Rechnungsdatum", "amount": "Umsatz",
                            "date_format": "%d.%m.%Y"}),
    member_card: ("消费记录.xlsx", {"customer": "会员卡号", "date": "消费日期",
                                "amount": "消费金额（元）"}),
    till: ("trans.csv", {"customer": "CUST_CODE", "date": "SHOP_DATE", "amount": "SPEND"}),
    american: ("txn.csv", {"customer": "Client", "date": "Transaction Date",
                           "amount": "Amount Paid", "date_format": "%m/%d/%y"}),
    visits: ("visits.parquet", {"customer": "user_id", "date": "visit_time", "amount": None}),
    workbook: ("superstore.xlsx", {"customer": "Customer ID", "date": "Order Date",
                                   "amount": "Sales"}),
}  # fmt: skip
LEFT_OUT = {web_shop: "refunded", market_place: "交易关闭"}


def written(folder, name, columns):
    path = folder / name
    frame = pd.DataFrame(columns)
    if path.suffix == ".csv":
        chinese = any(not str(c).isascii() for c in frame)
        frame.to_csv(path, index=False, encoding="gb18030" if chinese else "utf-8")
    elif path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_parquet(path)
    return path


@pytest.mark.parametrize("shape", LOGS, ids=lambda f: f.__name__)
def test_a_log_starts_without_an_edit(tmp_path, shape):
    name, wanted = LOGS[shape]
    path = write_study(written(tmp_path, name, shape(purchases())), tmp_path / "study")
    study = read_study(path)
    found = study.transactions.model_dump()
    assert {key: found[key] for key in wanted} == wanted
    assert [str(f) for f in examine_whole(path).faults] == []
    if shape in LEFT_OUT:
        (rule,) = study.transactions.where.values()
        assert rule.but == (LEFT_OUT[shape],)
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=")


CONTRACTS = {
    "subscriptions.csv": ("customer_id", "start_date", "end_date", "monthly_fee", "%Y-%m-%d"),
    "合约.xlsx": ("客户编号", "开通日期", "到期日期", "月费", "%Y/%m/%d"),
    "plans.csv": ("Account No", "Signed", "Cancelled", "Annual price", "%d.%m.%Y"),
}


@pytest.mark.parametrize("name", CONTRACTS)
def test_contracts_start_without_an_edit(tmp_path, name):
    who, start, end, fee, form = CONTRACTS[name]
    draw = np.random.default_rng(3)
    begun = pd.Timestamp("2022-01-01") + pd.to_timedelta(draw.integers(0, 700, 200), unit="D")
    ended = pd.Series(begun + pd.to_timedelta(draw.integers(30, 900, 200), unit="D"))
    ended = ended.where(ended < pd.Timestamp("2024-06-01")).dt.strftime(form).fillna("")
    columns = {who: range(200), start: begun.strftime(form), end: ended,
               fee: draw.choice([19, 39], 200)}  # fmt: skip
    path = write_study(written(tmp_path, name, columns), tmp_path / "study")
    found = read_study(path).contracts
    assert (found.customer, found.start, found.end, found.fee) == (who, start, end, fee)
    assert found.period == ("year" if "Annual" in fee else "month")
    assert [str(f) for f in examine_whole(path).faults] == []


@pytest.mark.parametrize(
    ("names", "sums"),
    [
        (["N° client", "Date de commande", "Montant TTC"], "12,50 €"),
        (["ID Cliente", "Fecha", "Importe"], "12.50"),
        (["顧客ID", "購入日", "購入金額"], "¥1,250"),
        (["Kundennummer", "Rechnungsdatum", "Nettobetrag"], "1.012,50 €"),
        (["Numero cliente", "Data ordine", "Importo"], "12,50"),
        (["下单帐号", "下单时间", "订单金额"], "12.50"),
        (["buyer-email", "purchase-date", "order-total"], "12.50"),
    ],
)
def test_a_log_is_told_in_the_words_of_other_languages(tmp_path, names, sums):
    log = {names[0]: ["a", "a", "b"] * 9, names[1]: ["2026-01-05"] * 27, names[2]: [sums] * 27}
    pd.DataFrame(log).to_csv(tmp_path / "o.csv", index=False, sep=";")
    found = read_study(write_study(tmp_path / "o.csv")).transactions
    assert [found.customer, found.date, found.amount] == names


def test_titles_above_a_log_are_passed_over_in_a_workbook_and_named_in_a_text(tmp_path):
    table = [["日期", "会员号", "金额"], *[["2026/1/5", 7, 3.5], ["2026/1/6", 7, 2.5]] * 9]
    pd.DataFrame([["销售流水", "", ""], *table]).to_excel(
        tmp_path / "o.xlsx", header=False, index=False
    )
    path = write_study(tmp_path / "o.xlsx")
    assert [str(f) for f in examine_whole(path).faults] == []
    text = pd.DataFrame(table).to_csv(header=False, index=False)
    (tmp_path / "p.csv").write_text("销售流水\n" + text, encoding="utf-8")
    with pytest.raises(StudyError, match="delete the lines above it"):
        write_study(tmp_path / "p.csv", tmp_path / "p")


def test_the_encoding_of_a_log_is_declared(tmp_path):
    log = {"Kundennummer": ["a", "a", "b"] * 9, "Datum": ["05.01.2026"] * 27,
           "Betrag": ["1 €"] * 27,
           "Käufer": ["Jürgen"] * 27}  # fmt: skip
    pd.DataFrame(log).to_csv(tmp_path / "o.csv", index=False, sep=";", encoding="cp1252")
    with pytest.raises(FaultsError, match=r"new o\.csv --encoding cp1252"):
        write_study(tmp_path / "o.csv")
    path = write_study(tmp_path / "o.csv", encoding="cp1252")
    assert read_study(path).transactions.encoding == "cp1252"
    assert [str(f) for f in examine_whole(path).faults] == []
