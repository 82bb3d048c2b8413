"""Two exports on their whole way, file to report with no edit; minutes long: CX_VALUE_SLOW=1."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cx_value.study import read_study, write_study
from platform_files import FILES

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not os.environ.get("CX_VALUE_SLOW"), reason="takes minutes: CX_VALUE_SLOW=1")
@pytest.mark.parametrize(
    ("name", "lang", "words"),
    [("wjx", "zh", ["多选题", "127 名受访者作答"]), ("qualtrics_numbers", "en", ["Cronbach"])],
)
def test_an_export_is_printed_as_it_came(tmp_path, name, lang, words):
    path = write_study(FILES[name](tmp_path), tmp_path / "study")
    command = ["-m", "cx_value", "report", str(path), "--draft", "--lang", lang, "--format", "html"]
    run = subprocess.run(
        [sys.executable, *command, "--out", str(tmp_path / "build")],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT / "analysis")},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    page = tmp_path / "build" / read_study(path).name / f"report-{lang}" / "report.html"
    text = page.read_text(encoding="utf-8")
    assert all(word in text for word in words) and "Remark" not in text
