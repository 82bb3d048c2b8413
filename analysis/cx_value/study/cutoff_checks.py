"""Whether the cutoffs that a study sets are those of rules."""

from __future__ import annotations

from cx_value.base.cutoffs import CUTOFFS
from cx_value.study.document import Document
from cx_value.study.findings import Finding, suggest


def check_cutoffs(document: Document, study: dict, findings: list[Finding]) -> None:
    """Find cutoffs of a study that are the name of no rule."""
    own = study.get("cutoffs")
    for name in own if isinstance(own, dict) else ():
        if name not in CUTOFFS:
            findings.append(
                Finding(
                    document.where(("cutoffs", str(name))),
                    f"there is no rule named {name!r}",
                    ", ".join(sorted(CUTOFFS)),
                    f"{suggest(str(name), CUTOFFS)}use one of these names, or delete the line",
                    kind="unknown key",
                )
            )
