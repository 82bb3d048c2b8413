"""Days that logs write: read as what they are in the study's zone, or not at all.

Right comes from Python's own calendar and zones.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from cx_value.value.log.dates import days_of

RIGHT = dt.date(2024, 5, 1)


@pytest.mark.parametrize("written", [
    "24-05-01", "5/1/24", "113/05/01", "0113-05-01", "民國113年5月1日", "113年5月1日",
    "12024-05-01",
    "2024-W18-3", "2024-122", "45413", "1714521600", "01/05/2024", "1 May 2024", "2024-05",
    "2024年5月",
    "2024-02-30", "2024-13-01", "2024,05,01", "2024-05-01 23:30:00 CST", "2024-05-01 23:30:00 PDT",
    "2024-05-01 23:30:00 Asia/Tokyo",
])  # fmt: skip
def test_what_leaves_the_day_open_is_no_day(written):
    assert days_of(pd.Series([written])).isna().all()


@pytest.mark.parametrize("written", [
    "2024/5/1", "2024.05.01", "2024年5月1日10:20", "２０２４年５月１日", "2024－05－01",
    "20240501.0",
    "202405012330", "2024 05 01", "2024-05-01 11:30 PM", "2024-05-01T23:30:59.9",
])  # fmt: skip
def test_every_documented_form_is_its_day(written):
    assert days_of(pd.Series([written])).dt.date.tolist() == [RIGHT]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York",
                                  "Australia/Lord_Howe"])  # fmt: skip
@pytest.mark.parametrize("offset", ["Z", " UTC", "+08:00", "-0330", "+05"])
def test_a_moment_falls_on_the_day_of_the_zone_when_clocks_change_too(zone, offset):
    hours = {"Z": 0, " UTC": 0, "+08:00": 8, "-0330": -3.5, "+05": 5}[offset]
    here = dt.timezone(dt.timedelta(hours=hours))
    moments = [
        dt.datetime(2024, month, day, hour, 30, tzinfo=here)
        for month, day in ((3, 10), (3, 30), (3, 31), (4, 7), (10, 6), (10, 27), (11, 3))
        for hour in (0, 1, 2, 3, 12, 21, 22, 23)
    ]
    cells = pd.Series([f"{m:%Y-%m-%dT%H:%M:%S}{offset}" for m in moments])
    right = [m.astimezone(ZoneInfo(zone)).date() for m in moments]
    assert days_of(cells, time_zone=zone).dt.date.tolist() == right


def test_a_column_of_mixed_forms_is_read_cell_by_cell():
    cells = ["2024-05-01", "2024年5月1日", "soon", "20240501", "24-05-01", ""]
    assert days_of(pd.Series(cells)).notna().tolist() == [True, True, False, True, False, False]
