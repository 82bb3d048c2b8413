"""What a study plans before its data are seen, and how far it kept to that: plan and stub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cx_value.base.documents import read_yaml
from cx_value.base.errors import StudyError

if TYPE_CHECKING:
    from cx_value.study.spec import Study

#: What stands round the machine-readable part of a stub.
FENCE = "---"
#: Options of the analysis that a plan holds: what could be chosen after seeing the data.
PLANNED = ("estimator", "missing", "factors", "extraction", "rotation", "correlation",
           "confidence", "partial_invariance", "differences")  # fmt: skip


def plan_of(study: Study) -> dict[str, dict[str, str]]:
    """Return what a study plans: section → key → value, all of it text.

    Sections are ``hypotheses moderations models constructs options screening cutoffs
    sample``.
    """
    sample = study.preregistration.sample_size
    options, screening = study.options.model_dump(), study.screening.model_dump()
    plan = {
        "hypotheses": {h.name: _arrow(h) for h in study.hypotheses},
        "moderations": {m.name: f"{m.source} -> {m.target} by {m.by}" for m in study.moderations},
        "models": {m.name: f"{m.role}: {_paths(m)}" for m in study.models},
        "constructs": {c.name: ", ".join(c.item_names) for c in study.constructs},
        "options": {key: _text(options[key]) for key in PLANNED},
        "screening": {key: _text(value) for key, value in screening.items()},
        "cutoffs": {key: _text(value) for key, value in study.cutoffs.items()},
        "sample": {} if sample is None else {"respondents": str(sample)},
    }
    return {section: entries for section, entries in plan.items() if entries}


def _arrow(hypothesis: Any) -> str:
    chain = [hypothesis.source, *hypothesis.through, hypothesis.target]
    return f"{' -> '.join(chain)} ({hypothesis.sign})"


def _paths(model: Any) -> str:
    drawn = "; ".join(sorted(f"{path.source} -> {path.target}" for path in model.paths))
    return drawn or " ".join((model.syntax or "").split())


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def written_plan(plan: Mapping[str, Any]) -> str:
    """Return a plan as the machine-readable head of a stub."""
    import yaml

    body = yaml.safe_dump({"plan": dict(plan)}, allow_unicode=True, sort_keys=False, width=1000)
    return f"{FENCE}\n{body}{FENCE}\n"


def read_plan(study: Study) -> dict[str, dict[str, str]]:
    """Read the plan that a study wrote down beforehand; empty where it names no file.

    Raises
    ------
    StudyError
        If the file is not there, or has no machine-readable part.
    """
    named = study.preregistration.file
    if named is None:
        return {}
    path = study.folder / named
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    head = text.split(f"{FENCE}\n")[1:2] if text.startswith(FENCE) else []
    held = read_yaml(head[0]) if head else None
    if not isinstance(held, Mapping) or not isinstance(held.get("plan"), Mapping):
        raise StudyError(
            f"{study.where('preregistration', 'file')}: {named} holds no plan · allowed: a file "
            "written by cx-value preregister, its head unchanged · do: name that file"
        )
    return {
        section: {str(key): str(value) for key, value in entries.items()}
        for section, entries in held["plan"].items()
    }
