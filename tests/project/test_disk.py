"""What a disk refuses is told in one line: no traceback, exit 1, nothing that looks finished."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cx_value.cli.disk import refusal_of

ROOT = Path(__file__).parents[2]


def report(out, *, prepare=None):
    """Print cdnow into a folder; return exit status and what was said on the terminal."""
    command = [sys.executable, "-m", "cx_value", "report", str(ROOT / "data" / "cdnow"), "--draft",
               "--lang", "en", "--format", "html", "--out", str(out)]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, preexec_fn=prepare)
    return run.returncode, run.stdout + run.stderr


def test_an_output_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    status, said = report(tmp_path / "taken")
    assert status == 1 and "a file stands where a folder should be" in said
    assert "Traceback" not in said and "--out" in said
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind here")
def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    tmp_path.chmod(0o500)
    status, said = report(tmp_path / "out")
    assert status == 1 and "nothing may be written there" in said and "Traceback" not in said


@pytest.mark.parametrize("code", ["ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM",
                                  "ENAMETOOLONG", "EIO"])  # fmt: skip
def test_every_refusal_has_what_where_and_a_way_out(code):
    told = str(refusal_of(OSError(getattr(errno, code), "x", "build/a/results/b.csv")))
    assert told.startswith("build/a/results/b.csv: ") and " · allowed: " in told
    assert "--out" in told.split(" · do: ")[1]


def test_faults_that_are_no_refusal_stay_what_they_are():
    assert refusal_of(FileNotFoundError(errno.ENOENT, "gone", "x")) is None
