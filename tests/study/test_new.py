"""The verb ``new``: a dialogue that is answered, a bundled study copied, an encoding declared."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from cx_value.cli import app
from cx_value.study import check_study, read_study, read_survey
from platform_files import FILES

RUN = CliRunner()


def test_the_dialogue_shows_each_block_with_its_answers_and_takes_names(tmp_path):
    file = FILES["microsoft_forms"](tmp_path)
    told = RUN.invoke(app, ["--lang", "en", "new", str(file), str(tmp_path / "s"), "--ask"],
                      input="Quality of service\n-\n-\n-\n")  # fmt: skip
    assert told.exit_code == 0, told.output
    assert "Staff answer quickly. · " in told.output and "(unsure); scale 1 to 5" in told.output
    study = read_study(tmp_path / "s")
    assert [c.label for c in study.constructs] == ["Quality of service"]
    assert study.profile == () and "left out in the dialogue" in (
        tmp_path / "s" / "study.yml"
    ).read_text(encoding="utf-8")


def test_the_dialogue_is_held_in_chinese(tmp_path):
    file = FILES["wjx"](tmp_path)
    told = RUN.invoke(app, ["--lang", "zh", "new", str(file), str(tmp_path / "s"), "--ask"],
                      input="\n\n\n\n")  # fmt: skip
    assert told.exit_code == 0 and "这些题项测量什么" in told.output
    assert [f for f in check_study(tmp_path / "s") if f.severity == "error"] == []
    assert len(read_study(tmp_path / "s").constructs) == 3


@pytest.mark.parametrize("name", ["survey", "log", "thesis"])
def test_a_bundled_study_is_copied_once(tmp_path, name):
    target = tmp_path / "mine"
    assert RUN.invoke(app, ["new", "--demo", name, str(target)]).exit_code == 0
    assert [f for f in check_study(target) if f.severity == "error"] == []
    again = RUN.invoke(app, ["new", "--demo", name, str(target)])
    assert again.exit_code != 0 and "exists already" in str(again.exception)


def test_the_encoding_of_a_file_is_declared(tmp_path):
    rows = "".join(f"{k % 5 + 1},{(k * k + 1) % 5 + 1},{(k * 3) % 7 % 5 + 1}\n" for k in range(60))
    (tmp_path / "k.csv").write_bytes(("만족1,만족2,만족3\n" + rows).encode("cp949"))
    told = RUN.invoke(
        app, ["new", str(tmp_path / "k.csv"), str(tmp_path / "s"), "--encoding", "cp949"]
    )
    assert told.exit_code == 0, told.exception
    study = read_study(tmp_path / "s")
    assert study.data.encoding == "cp949" and len(read_survey(study).items.columns) == 3
