"""The repository keeps its own rules: style, notebooks, environment, README."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LONGEST_CELL = 12


def notebook(path):
    return json.loads(path.read_text(encoding="utf-8"))


def code_cells(path):
    return [c for c in notebook(path)["cells"] if c["cell_type"] == "code"]


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_finds_nothing(command):
    run = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_keeps_the_house_style(path):
    cells = code_cells(path)
    assert not any(c["outputs"] or c["execution_count"] for c in cells), "outputs are committed"
    tagged = [c for c in cells if "parameters" in c["metadata"].get("tags", [])]
    assert len(tagged) == 1, "one cell is tagged parameters"
    for cell in cells:
        source = "".join(cell["source"])
        assert len(source.splitlines()) <= LONGEST_CELL, source
        assert not re.search(r"^\s*(def|class)\s", source, re.M), source
    headings = [
        line
        for c in notebook(path)["cells"] if c["cell_type"] == "markdown"
        for line in "".join(c["source"]).splitlines() if line.startswith("# ")
    ]  # fmt: skip
    assert len(headings) == 1 and headings[0].endswith("?"), "the title is one question"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_prose_holds_no_typed_results(path):
    for cell in notebook(path)["cells"]:
        if cell["cell_type"] == "markdown":
            text = "".join(cell["source"])
            assert not re.search(r"(?<![\w.])-?0?\.\d{2,}", text), text


def test_every_code_cell_is_introduced_by_prose():
    for path in NOTEBOOKS:
        kinds = [c["cell_type"] for c in notebook(path)["cells"]]
        runs = re.findall(r"c+", "".join(k[0] for k in kinds))
        assert max(map(len, runs)) <= 3, path.name


def lock_versions():
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    versions = {}
    for package in lock["package"]:
        versions.setdefault(package["name"], set()).add(package.get("version"))
    return versions


def test_environment_file_has_the_packages_and_versions_of_the_lock():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = environment["dependencies"]
    pinned = dict(line.split("==") for line in pip["pip"] if line != "-e .")
    extras = project["optional-dependencies"]
    listed = [
        *project["dependencies"],
        *(one for name in extras if name != "all" for one in extras[name]),
    ]
    declared = {re.match(r"[\w-]+", line)[0] for line in listed}
    assert set(pinned) == declared
    assert "quarto" in conda and environment["channels"] == ["conda-forge"]
    locked = lock_versions()
    assert all(version in locked[name] for name, version in pinned.items())


def test_readme_commands_are_make_targets():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for readme in ("README.md", "README.zh.md"):
        used = re.findall(r"^make ([a-z]+)", (ROOT / readme).read_text(encoding="utf-8"), re.M)
        assert {"report", "test"} <= set(used) <= targets


def test_ci_calls_the_test_command_of_the_readme():
    assert re.search(r"^make test$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.M)


# A study of one's own lives in data/ too, and owes nobody its sources.
BUNDLED = ("bank-panel", "cdnow", "ecsi-mobile")


@pytest.mark.parametrize("folder", [ROOT / "data" / name for name in BUNDLED], ids=lambda p: p.name)
def test_bundled_data_are_what_their_sources_say(folder):
    import hashlib

    said = (folder / "SOURCES.md").read_text(encoding="utf-8")
    assert "licen" in said.lower()
    for path in folder.iterdir():
        if path.suffix not in {".md", ".yml"}:
            assert hashlib.sha256(path.read_bytes()).hexdigest() in said, path.name


def test_every_source_named_by_a_cutoff_is_in_the_bibliography():
    from cx_value.base.cutoffs import CUTOFFS

    bibliography = (ROOT / "report" / "references.bib").read_text(encoding="utf-8")
    entries = re.findall(r"^@\w+\{([^,]+),", bibliography, re.M)
    assert len(entries) == len(set(entries))
    assert {rule.source for rule in CUTOFFS.values()} <= {*entries, ""}
