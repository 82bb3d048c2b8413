"""Which software, and which state of this project, printed a report."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
PACKAGES = (
    "numpy", "scipy", "pandas", "pingouin", "statsmodels", "semopy", "seaborn", "matplotlib",
    "papermill", "pypandoc_binary", "typst",
)  # fmt: skip


def software() -> dict[str, str]:
    """Return name → version of Python and the packages that made the numbers and the pages."""
    found = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def commit() -> str:
    """Return the short commit of the project, ``+`` after it where files were changed since.

    Empty outside a git checkout (a downloaded archive).
    """
    described = _git("describe", "--always", "--abbrev=10", "--exclude=*")
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return described + ("+" if described and changed else "")


def _git(*arguments: str) -> str:
    try:
        run = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, timeout=10,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""
