"""A log before it is read: lines chosen, amounts of price and quantity, returns by credit note.

Each is the summary of the log that one would have made by hand, to the last digit.
"""

from __future__ import annotations

import pandas as pd
import pytest
import yaml

from cx_value.base.errors import DataError
from cx_value.notebook.understood import examine_whole
from cx_value.study import check_study, read_study, write_study
from cx_value.value import summarise_transactions
from cx_value.value.log.prepared import prepare_log

LINES = [
    ("536365", "17850", "2010-12-01 08:26", "6", "2.55", "A1", "paid"),
    ("536366", "17850", "2010-12-09 08:26", "2", "3.00", "A2", "paid"),
    ("C536379", "17850", "2010-12-10 09:41", "1", "3.00", "A2", "paid"),
    ("536370", "12583", "2010-12-01 08:45", "24", "3.75", "POST", "paid"),
    ("536371", "12583", "2010-12-02 09:00", "10", "1.00", "A1", "paid"),
    ("536372", "12583", "2010-12-20 09:00", "5", "1.00", "A1", "cancelled"),
    ("536373", "12583", "2011-01-20 09:00", "5", "2.00", "A3", "paid"),
]
COLUMNS = ["InvoiceNo", "CustomerID", "InvoiceDate", "Quantity", "UnitPrice", "StockCode", "Status"]
LOG = """
title: Retail
transactions:
  file: log.csv
  customer: CustomerID
  date: InvoiceDate
  price: UnitPrice
  quantity: Quantity
  invoice: InvoiceNo
  credit_notes: "C*"
  where: {StockCode: {not: [POST, M]}, Status: paid}
"""


def write(folder, text=LOG, encoding="utf-8", lines=LINES):
    frame = pd.DataFrame(lines, columns=COLUMNS)
    frame.to_csv(folder / "log.csv", index=False, encoding=encoding)
    (folder / "study.yml").write_text(text, encoding="utf-8")
    return read_study(folder)


def test_amounts_filters_and_credit_notes_are_what_one_would_make_by_hand(tmp_path):
    study = write(tmp_path)
    source, left_out = prepare_log(tmp_path / "log.csv", study.transactions)
    kept = [line for line in LINES if line[5] != "POST" and line[6] == "paid"]
    assert left_out == len(LINES) - len(kept) == 2
    amounts = [float(q) * float(p) * (-1 if i.startswith("C") else 1) for i, _, _, q, p, *_ in kept]
    assert source["amount"].tolist() == pytest.approx(amounts)
    options = {"customer": "CustomerID", "date": "InvoiceDate", "amount": "amount"}
    ours = summarise_transactions(source, left_out=left_out, **options)
    by_hand = pd.DataFrame(kept, columns=COLUMNS).assign(amount=amounts)
    pd.testing.assert_frame_equal(ours.table(), summarise_transactions(by_hand, **options).table())
    log = ours.log.set_index("step")["rows"]
    assert log["rows_read"] == 7 and log["filtered"] == 2 and ours.n_dropped == 2
    assert set(ours.table()["customer"]) == {"17850", "12583"}


@pytest.mark.parametrize(
    ("rule", "kept"),
    [("A1", 3), ("[A1, A2]", 5), ('"A*"', 6), ("{not: A1}", 4), ("{not: [A*]}", 1)],
)
def test_rules_are_values_patterns_or_what_is_left_out(tmp_path, rule, kept):
    text = LOG.replace("{StockCode: {not: [POST, M]}, Status: paid}", f"{{StockCode: {rule}}}")
    source, _ = prepare_log(tmp_path / "log.csv", write(tmp_path, text).transactions)
    assert len(source) == kept


def test_numbers_are_kept_between_ends(tmp_path):
    text = LOG.replace("StockCode: {not: [POST, M]}, Status: paid", "Quantity: {from: 5, to: 10}")
    source, left_out = prepare_log(tmp_path / "log.csv", write(tmp_path, text).transactions)
    assert sorted(source["Quantity"].astype(int)) == [5, 5, 6, 10] and left_out == 3


def test_a_log_of_which_nothing_is_declared_is_read_where_it_is(tmp_path):
    text = "title: x\ntransactions: {file: log.csv, customer: CustomerID, date: InvoiceDate}\n"
    study = write(tmp_path, text)
    assert prepare_log(tmp_path / "log.csv", study.transactions) == (tmp_path / "log.csv", 0)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  quantity: Quantity\n", "", "price and quantity together"),
        ("  invoice: InvoiceNo\n", "", "the column that credit_notes are told by"),
        ("price: UnitPrice", "price: UnitPrize", "did you mean 'UnitPrice'?"),
        ("Status: paid", "State: paid", "did you mean 'Status'?"),
        ("Status: paid", "Status: gone", "No line of log.csv is kept"),
        ("Status: paid", "Status: {nto: paid}", "not possible here"),
    ],
)
def test_what_cannot_be_is_told_by_the_check(tmp_path, old, new, words):
    assert old in LOG
    write_text = LOG.replace(old, new)
    pd.DataFrame(LINES, columns=COLUMNS).to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "study.yml").write_text(write_text, encoding="utf-8")
    faults = examine_whole(tmp_path / "study.yml").faults
    assert words in "\n".join(map(str, faults))


def test_a_log_in_a_declared_encoding(tmp_path):
    lines = [(*line[:6], "결제") if line[6] == "paid" else line for line in LINES]
    text = LOG.replace("Status: paid", "Status: 결제") + "  encoding: cp949\n"
    source, left_out = prepare_log(tmp_path / "log.csv",
                                   write(tmp_path, text, "cp949", lines).transactions)  # fmt: skip
    assert left_out == 2 and len(source) == 5
    assert [f for f in check_study(tmp_path) if f.severity == "error"] == []


def test_no_line_is_left(tmp_path):
    study = write(tmp_path, LOG.replace("Status: paid", "Status: none"))
    with pytest.raises(DataError, match="is kept by where"):
        prepare_log(tmp_path / "log.csv", study.transactions)


def test_a_starter_of_a_log_says_what_its_columns_are(tmp_path):
    pd.DataFrame(LINES, columns=COLUMNS).to_csv(tmp_path / "orders.csv", index=False)
    path = write_study(tmp_path / "orders.csv")
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))["transactions"]
    assert declared == {
        "file": "orders.csv", "customer": "CustomerID", "date": "InvoiceDate",
        "price": "UnitPrice", "quantity": "Quantity", "invoice": "InvoiceNo",
        "credit_notes": "C*", "where": {"Status": {"not": ["cancelled"]}},
    }  # fmt: skip
    assert [str(f) for f in examine_whole(path).faults] == []


def test_a_starter_reads_chinese_orders_and_dates_written_day_first(tmp_path):
    frame = pd.DataFrame({"会员号": ["V1", "V1", "V2"] * 5, "下单时间": ["2025/1/31 0:05"] * 15,
                          "订单金额": ["¥1,587.00", "¥978.00", "¥2.50"] * 5,
                          "状态": ["已完成", "已完成", "已取消"] * 5})  # fmt: skip
    frame.to_excel(tmp_path / "订单.xlsx", index=False)
    path = write_study(tmp_path / "订单.xlsx")
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))["transactions"]
    assert declared["where"] == {"状态": {"not": ["已取消"]}} and declared["amount"] == "订单金额"
    assert [str(f) for f in examine_whole(path).faults] == []
    days = {"Kunde": ["a", "a", "b"], "Datum": ["31.01.2026"] * 3, "Betrag": ["1.587,00"] * 3}
    (tmp_path / "de").mkdir()
    pd.DataFrame(days).to_csv(tmp_path / "de" / "o.csv", index=False, sep=";")
    path = write_study(tmp_path / "de" / "o.csv")
    assert 'date_format: "%d.%m.%Y"\n' in path.read_text(encoding="utf-8")
    assert [str(f) for f in examine_whole(path).faults] == []
