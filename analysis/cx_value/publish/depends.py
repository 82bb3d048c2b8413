"""What hangs on what: the files that a notebook and a report are made from, found by their imports.

A notebook hangs on the code it imports, and on what that imports; a report on its chapters, words,
tables and theme, on the results and on the code that prints. A state is a hash over contents, so
that a file touched but not changed changes nothing.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from cx_value.notebook.cache import Cache
from cx_value.notebook.identity import PACKAGE, computes, content_of, sha256_of_text

#: Here a method's own imports count only for notebooks that call the method.
_OPENING = PACKAGE / "notebook"
#: Parts of a statement that hold statements.
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def notebook_source(notebook: Path) -> str:
    """Return the code of a notebook's cells."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return "\n".join(code)


def notebook_code(notebook: Path) -> list[Path]:
    """Return the computing files of the package that a notebook hangs on, sorted."""
    return list(_code_of(notebook_source(notebook)))


def code_of_notebooks(notebooks: Sequence[Path], kept: Cache) -> dict[Path, list[Path]]:
    """Return :func:`notebook_code` of each, traced once for a state of the whole package."""
    files = sorted(PACKAGE.rglob("*.py"))
    package = state_of(files, *files)
    return kept.once(_codes_of, {n: notebook_source(n) for n in notebooks}, package)


def _codes_of(sources: dict[Path, str], package: str) -> dict[Path, list[Path]]:
    return {notebook: list(_code_of(source)) for notebook, source in sources.items()}


@cache
def _code_of(source: str) -> tuple[Path, ...]:
    found: set[Path] = set()
    waiting = list(_imported(ast.parse(source), called=None))
    while waiting:
        path = waiting.pop()
        if path not in found and computes(path):
            found.add(path)
            opening = path.is_relative_to(_OPENING)
            waiting += _imported(_tree(path), called=source) if opening else _imports_of(path)
    return tuple(sorted(found))


def printing_code() -> list[Path]:
    """Return the files of the package that print, sorted."""
    rooms = ("base", "tables", "notebook", "publish", "diagram")
    return sorted(path for room in rooms for path in (PACKAGE / room).rglob("*.py"))


def state_of(files: Iterable[Path], *settings: object) -> str:
    """Return the hash of files, by name and content, and of settings; a missing file counts."""
    told = [f"{p.name} {content_of(p) if p.exists() else 'missing'}" for p in files]
    return sha256_of_text("\n".join([*told, *map(str, settings)]))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _imports_of(path: Path) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(_imported(_tree(path), called=None)))


def _imported(tree: ast.Module, *, called: str | None) -> Iterator[Path]:
    """Yield the package's files that a module imports, type hints left out.

    With ``called`` (a notebook's code) a function's imports count only if its name stands there.
    """
    for node in _statements(tree, called):
        if isinstance(node, ast.Import):
            yield from (p for alias in node.names for p in _files(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from _files(node.module)
            for alias in node.names:
                yield from _files(f"{node.module}.{alias.name}")
                yield from _lazily(node.module, alias.name)


def _statements(node: ast.AST, called: str | None) -> Iterator[ast.stmt]:
    """Yield the statements in a tree; an expression holds none."""
    for child in (one for part in _BLOCKS for one in getattr(node, part, ())):
        if isinstance(child, ast.If) and getattr(child.test, "id", "") == "TYPE_CHECKING":
            continue
        skipped = called is not None and isinstance(child, ast.FunctionDef)
        if skipped and not re.search(rf"\b{child.name}\b", called):
            continue
        yield child
        yield from _statements(child, called)


@cache
def _files(module: str) -> tuple[Path, ...]:
    """Return the file of a module of the package, and those of the folders above it."""
    if not module.startswith("cx_value."):
        return ()
    path = PACKAGE.joinpath(*module.split(".")[1:])
    folders = [f for f in (path, *path.parents) if f.is_relative_to(PACKAGE) and f != PACKAGE]
    files = [path.with_suffix(".py"), *(folder / "__init__.py" for folder in folders)]
    return tuple(file for file in files if file.exists())


def _lazily(module: str, name: str) -> Iterator[Path]:
    """Yield the files of a name that a room's door fetches when it is asked for."""
    door = PACKAGE.joinpath(*module.split(".")[1:], "__init__.py")
    if not module.startswith("cx_value.") or not door.exists():
        return
    for node in ast.walk(_tree(door)):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if getattr(key, "value", None) == name and isinstance(value, ast.Constant):
                    yield from _files(f"{module}.{value.value}")
