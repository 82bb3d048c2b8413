"""Run one notebook for one study, and say what went wrong in the notebook's own words."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterable
from contextlib import redirect_stdout
from pathlib import Path
from traceback import format_exc
from typing import Any

from cx_value.base.errors import AnalysisError
from cx_value.base.places import NOTEBOOKS
from cx_value.notebook.store import DRAWN, NOTEBOOK
from cx_value.notebook.workspace import ONE_REPORT

PARAMETERS = frozenset({"study", "out", "draft"})
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class NotebookError(AnalysisError):
    """A cell failed: which notebook, which cell, its code, and the message."""

    def __init__(self, notebook: str, cell: int, source: str, message: str, trace: str = ""):
        self.message, self.trace = message, trace
        code = "\n".join(f"    {line}" for line in source.strip().splitlines())
        super().__init__(f"{notebook}, cell {cell}:\n{code}\n{message}")


def notebook_paths() -> list[Path]:
    """Return the notebooks of the suite in reading order."""
    return sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


def execute_notebook(notebook: Path, target: Path, parameters: dict[str, Any]) -> Path:
    """Execute a notebook with parameters and write it, outputs and all, to ``target``.

    Parameters
    ----------
    notebook : Path
        A notebook with one cell tagged ``parameters``.
    target : Path
        Where the executed notebook goes; written also when a cell fails, for a look inside.
    parameters : dict
        ``study`` (path of the study file), ``out`` (build folder) and ``draft``; paths are relative
        to the folder of ``target``, where the notebook runs.

    Raises
    ------
    NotebookError
        With the cell and its message, if a cell raises.
    AnalysisError
        If a parameter is not one that the notebooks take (papermill itself would only log it).
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    from cx_value.publish.warm_kernels import WarmKernelManager

    unknown = sorted(set(parameters) - PARAMETERS)
    if unknown:
        raise AnalysisError(
            f"unknown notebook parameter {unknown[0]!r} · allowed: {', '.join(sorted(PARAMETERS))}"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    # One thread a kernel: notebooks run side by side, and sums come out the same on any machine.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    try:
        papermill.execute_notebook(
            str(notebook), str(target), parameters,
            # Papermill's own ``cwd`` moves the whole process, and notebooks run side by side.
            resources={"metadata": {"path": str(target.parent)}},
            progress_bar=False, log_output=False, kernel_name="python3",
            kernel_manager_class=WarmKernelManager,
            extra_arguments=[
                "--IPKernelApp.log_level=CRITICAL",
                f"--IPKernelApp.exec_lines=import os; os.environ['{NOTEBOOK}'] = '{notebook.stem}'",
            ],
        )  # fmt: skip
    except PapermillExecutionError as error:
        message = _ANSI.sub("", f"{error.ename}: {error.evalue}")
        trace = _ANSI.sub("", "\n".join(error.traceback))
        raise NotebookError(notebook.name, error.cell_index, error.source, message, trace) from None
    finally:
        _forget_paths(target)
    return target


def run_cells(
    notebook: Path, target: Path, parameters: dict[str, Any], *, drawn: Iterable[str] | None = None
) -> Path:
    """Run a notebook's cells in this process, without a kernel, and keep them beside the results.

    Nothing is shown: a batch prints many reports, and a kernel's start costs more than most
    notebooks. Paths of ``parameters`` are relative to the folder of ``target``, as in
    :func:`execute_notebook`; ``drawn`` names the figures that are drawn (default: all).

    Raises
    ------
    NotebookError
        With the cell and its message, if a cell raises.
    """
    document = json.loads(notebook.read_text(encoding="utf-8"))
    target.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, ensure_ascii=False, indent=1)
    target.write_text(text + "\n", encoding="utf-8", newline="\n")
    told = {
        k: str(target.parent / v) if k in ("study", "out") else v for k, v in parameters.items()
    }
    names: dict[str, Any] = {"__name__": "__main__"}
    settings = {NOTEBOOK: notebook.stem, ONE_REPORT: "1"}
    settings |= {} if drawn is None else {DRAWN: " ".join(sorted(drawn))}
    os.environ.update(settings)
    try:
        for number, cell in enumerate(document["cells"]):
            if cell["cell_type"] == "code":
                _run_cell(notebook.name, number, "".join(cell["source"]), names)
                names |= told if "parameters" in cell["metadata"].get("tags", ()) else {}
    finally:
        for name in settings:
            del os.environ[name]
    return target


def _run_cell(notebook: str, number: int, source: str, names: dict[str, Any]) -> None:
    try:
        with redirect_stdout(io.StringIO()):
            exec(compile(source, f"{notebook}, cell {number}", "exec"), names)
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        raise NotebookError(notebook, number, source, told, format_exc()) from error


def _forget_paths(executed: Path) -> None:
    """Take out of an executed notebook what names this machine's folders and the time of day."""
    if not executed.exists():
        return
    try:
        document = json.loads(executed.read_text(encoding="utf-8"))
    except ValueError:  # written in part, on a disk that is full
        executed.unlink()
        return
    document["metadata"].pop("papermill", None)
    for cell in document["cells"]:
        for key in ("papermill", "execution"):
            cell["metadata"].pop(key, None)
    text = json.dumps(document, ensure_ascii=False, indent=1)
    executed.write_text(text + "\n", encoding="utf-8", newline="\n")
