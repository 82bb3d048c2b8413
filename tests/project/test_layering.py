"""The architecture of CONTRIBUTING.md holds: nothing imports to its right, and nothing in a circle.

All imports count: at the top of a module, inside its functions, and for type checkers alone.
"""

import ast
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "analysis"
ROOMS = [
    "base", "diagram", "study", "sem", "measure", "value", "evaluate", "judge", "tables",
    "notebook", "publish", "cli",
]  # fmt: skip
#: Rooms that stand beside the order: they may import any room, and no room imports them.
BESIDE = {"simulate"}
#: Packages that take long to import: only inside the functions that need them.
HEAVY = {
    "pingouin", "semopy", "statsmodels", "matplotlib", "seaborn", "pyreadstat", "duckdb",
    "papermill", "docx", "typst", "pypandoc", "openpyxl", "sklearn", "jinja2", "doit",
}  # fmt: skip


def module_name(path):
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def trees():
    """Return module → its syntax tree; read by the one process that runs these tests."""
    return {
        module_name(path): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(SOURCE.rglob("*.py"))
    }


def imported(node):
    """Yield the modules that a statement and all it holds import, and where."""
    for part in ast.walk(node):
        if isinstance(part, ast.Import):
            yield from ((alias.name, part) for alias in part.names)
        elif isinstance(part, ast.ImportFrom):
            assert not part.level, f"line {part.lineno}: a relative import"
            for alias in part.names:
                whole = f"{part.module}.{alias.name}"
                yield (whole if whole in trees() else part.module), part


@cache
def graph_of_imports():
    """Return module → the modules of the package that it imports, each with the line."""
    return {
        name: {other: node.lineno for other, node in imported(tree) if other in trees()}
        for name, tree in trees().items()
    }


def room(name):
    return name.split(".")[1] if "." in name else "base"


def place(name):
    return ROOMS.index("cli" if room(name) == "__main__" else room(name))


def circles(graph):
    """Return the strongly connected modules (Tarjan 1972), every circle once."""
    found, stack, number, low = [], [], {}, {}

    def visit(name):
        number[name] = low[name] = len(number)
        stack.append(name)
        for other in graph[name]:
            if other not in number:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], number[other])
        if low[name] == number[name]:
            at = stack.index(name)
            if len(stack) - at > 1:
                found.append({part.removeprefix("cx_value.") for part in stack[at:]})
            del stack[at:]

    for name in graph:
        if name not in number:
            visit(name)
    return found


def test_no_module_imports_to_its_right():
    wrong = [
        f"{name}:{line} imports {other}"
        for name, others in graph_of_imports().items()
        for other, line in others.items()
        if room(other) != room(name)
        and (room(other) in BESIDE or (room(name) not in BESIDE and place(other) > place(name)))
    ]
    assert not wrong, "\n".join(wrong)


def test_no_module_imports_itself_through_others():
    found = [sorted(circle) for circle in circles(graph_of_imports())]
    assert not found, found


def type_checking_imports(tree):
    """Return the imports that run only under a type checker."""
    for node in tree.body:
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            yield from ast.walk(node)


def test_heavy_packages_are_imported_inside_functions():
    wrong = []
    for module, tree in trees().items():
        exempt = set(type_checking_imports(tree))
        outside = (n for n in tree.body if not isinstance(n, ast.FunctionDef | ast.ClassDef))
        wrong += [
            f"{module}: {name}"
            for node in outside
            for name, where in imported(node)
            if where not in exempt and name.split(".")[0] in HEAVY
        ]
    assert not wrong, wrong


def test_no_module_takes_what_another_keeps_to_itself():
    wrong = [
        f"{module}: {name.name}"
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cx_value")
        for name in node.names
        if name.name.startswith("_") and not name.name.startswith("__")
    ]
    assert not wrong, wrong


def test_the_door_of_sem_is_seen_at_one_look():
    inside = [p for p in (SOURCE / "cx_value" / "sem").iterdir() if p.name != "__pycache__"]
    assert len([p for p in inside if p.name != "__init__.py"]) <= 12
