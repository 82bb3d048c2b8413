"""The architecture of CONTRIBUTING.md holds: nothing imports to its right."""

import ast
from pathlib import Path

import pytest

ANALYSIS = Path(__file__).parents[2] / "analysis" / "cx_value"
LAYERS = [
    "base", "diagram", "study", "sem", "measure", "value", "evaluate", "judge", "tables",
    "notebook", "publish", "cli", "simulate",
]  # fmt: skip
#: Packages that take long to import: only inside the functions that need them.
HEAVY = {
    "pingouin", "semopy", "statsmodels", "matplotlib", "seaborn", "pyreadstat", "duckdb",
    "papermill", "docx", "typst", "pypandoc", "openpyxl", "sklearn", "jinja2", "doit",
}  # fmt: skip
MODULES = sorted(ANALYSIS.rglob("*.py"))


def layer(parts):
    name = parts[0].removesuffix(".py") if parts else "base"
    if name in {"cli", "__main__"}:
        return LAYERS.index("cli")
    return LAYERS.index(name) if name in LAYERS else LAYERS.index("base")


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node


def identifier(path):
    return str(path.relative_to(ANALYSIS))


@pytest.mark.parametrize("path", MODULES, ids=identifier)
def test_no_module_imports_to_its_right(path):
    own = layer(path.relative_to(ANALYSIS).parts)
    for name, node in imported(ast.parse(path.read_text(encoding="utf-8"))):
        if name.startswith("cx_value."):
            assert layer(name.split(".")[1:]) <= own, f"{identifier(path)}:{node.lineno} {name}"


def type_checking_imports(tree):
    """Return the imports that run only under a type checker."""
    for node in tree.body:
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            yield from ast.walk(node)


@pytest.mark.parametrize("path", MODULES, ids=identifier)
def test_heavy_packages_are_imported_inside_functions(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    exempt = set(type_checking_imports(tree))
    for node in tree.body:
        for name, where in imported(node) if isinstance(node, ast.stmt) else ():
            inside = isinstance(node, ast.FunctionDef | ast.ClassDef) or where in exempt
            assert inside or name.split(".")[0] not in HEAVY, f"{identifier(path)}: {name}"
