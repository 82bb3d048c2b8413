"""Run one notebook for one study, and say what went wrong in the notebook's own words."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from cx_value.base.errors import AnalysisError
from cx_value.base.places import NOTEBOOKS
from cx_value.notebook.store import NOTEBOOK

PARAMETERS = frozenset({"study", "out", "draft"})
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class NotebookError(AnalysisError):
    """A cell failed: which notebook, which cell, its code, and the message."""

    def __init__(self, notebook: str, cell: int, source: str, message: str):
        self.message = message
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
        raise NotebookError(notebook.name, error.cell_index, error.source, message) from None
    finally:
        _forget_paths(target)
    return target


def _forget_paths(executed: Path) -> None:
    """Take out of an executed notebook what names this machine's folders and the time of day."""
    if not executed.exists():
        return
    document = json.loads(executed.read_text(encoding="utf-8"))
    document["metadata"].pop("papermill", None)
    for cell in document["cells"]:
        for key in ("papermill", "execution"):
            cell["metadata"].pop(key, None)
    text = json.dumps(document, ensure_ascii=False, indent=1)
    executed.write_text(text + "\n", encoding="utf-8", newline="\n")
