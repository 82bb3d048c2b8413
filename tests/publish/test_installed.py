"""The program as a package: a wheel in an environment of its own, used in somebody's own folder.

No network: the wheel is built by the hatchling that is installed, and the environment borrows the
packages of this one.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from small_study import write_small_study

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    find_spec("hatchling") is None or find_spec("pip") is None, reason="no hatchling or no pip"
)


def run(*command, cwd, **more):
    made = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, env=made | more
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    done = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def command(wheel, tmp_path_factory):
    """Return the command ``cx-value`` of an environment into which the wheel was installed."""
    folder = tmp_path_factory.mktemp("installed") / "env"
    done = run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    python = programs / ("python.exe" if os.name == "nt" else "python")
    own = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))",
                   cwd=folder).stdout.strip())  # fmt: skip
    (own / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    done = run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps",
               "--no-index", "--quiet", "--ignore-installed", wheel, cwd=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    kernels = Path(sys.prefix) / "share" / "jupyter" / "kernels"
    shutil.copytree(kernels, folder / "share" / "jupyter" / "kernels")
    return programs / ("cx-value.exe" if os.name == "nt" else "cx-value")


def test_the_wheel_carries_reports_words_notebooks_and_studies(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for path in ("report/words/en/reliability.j2", "report/tables/measure.yml",
                 "report/en/report.qmd", "report/theme/report.lua", "report/references.bib",
                 "notebooks/01_sample.ipynb", "data/ecsi-mobile/study.yml"):  # fmt: skip
        assert f"cx_value/assets/{path}" in names, path
    assert not [name for name in names if "tests/" in name or "/build/" in name]


def test_from_a_data_file_to_documents_in_a_folder_of_ones_own(command, tmp_path):
    own = tmp_path / "project"
    (own / "analysis").mkdir(parents=True)
    (own / "analysis" / "__init__.py").write_text("raise RuntimeError('not this one')\n")
    answers = write_small_study(tmp_path / "elsewhere", n=120).parent / "answers.csv"
    shutil.copy(answers, own / "survey.csv")
    installed = {p for p in command.parents[1].rglob("*") if p.suffix != ".pyc"}
    quick = {"CX_VALUE_LANG": "zh"}
    made = run(command, "new", "survey.csv", cwd=own, **quick)
    assert made.returncode == 0 and "已写入" in made.stdout, made.stderr
    checked = run(command, "check", "data/survey", cwd=own, **quick)
    assert checked.returncode == 0 and "错误 0 处" in checked.stdout, checked.stdout
    done = run(command, "--quiet", "report", "data/survey", "--draft", "--renderer", "embedded",
               cwd=own)  # fmt: skip
    assert done.returncode == 0 and not done.stderr, done.stderr
    documents = [own / line for line in done.stdout.split()]
    assert {path.parent.name for path in documents} == {
        f"{edition}-{lang}" for edition in ("report", "supplement") for lang in ("en", "zh")
    }
    assert len(documents) == 12 and all(path.stat().st_size > 10_000 for path in documents)
    assert {p.name for p in own.iterdir()} == {"analysis", "build", "data", "survey.csv"}
    now = {
        p for p in command.parents[1].rglob("*") if p.suffix != ".pyc" and p.name != "__pycache__"
    }
    assert now <= installed | {p.parent / "__pycache__" for p in installed}


def test_the_command_tells_its_version_and_bundled_studies_by_name(command, tmp_path):
    assert run(command, "--version", cwd=tmp_path).stdout.startswith("cx-value 0.")
    checked = run(command, "check", "ecsi-mobile", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert not list(tmp_path.iterdir())
