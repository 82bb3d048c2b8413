"""Which software, and which state of this project, made and printed a report."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from cx_value.base.places import ROOT

#: Packages that print, whatever the notebooks used.
PRINTING = ("Jinja2", "pypandoc_binary", "typst", "python-docx")
PROJECT = "cx-value-report"


def software(computing: Iterable[str] = (), renderer: str = "") -> dict[str, str]:
    """Return name → version of what made the numbers and the pages.

    Parameters
    ----------
    computing : iterable of str
        Packages that the notebooks of this run imported, as their records tell.
    renderer : str
        Who printed; ``""`` leaves it out.
    """
    found = {"Python": platform.python_version()}
    for package in [*sorted(set(computing), key=str.lower), *PRINTING]:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    if renderer:
        name, _, own = renderer.partition(" ")
        found["Quarto" if own else "renderer"] = own or name
    return found


def release() -> str:
    """Return the version of this project; ``0`` where it is not installed."""
    try:
        return version(PROJECT)
    except PackageNotFoundError:
        return "0"


def project_version() -> str:
    """Return the version of this project, with the commit in a checkout."""
    told, own = release(), commit()
    return f"{told} ({own})" if own else told


def commit() -> str:
    """Return the short commit of the project, ``+`` after it where files were changed since.

    Empty outside a git checkout (a downloaded archive, an installed package).
    """
    if not (ROOT / ".git").exists():
        return ""
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
