"""Writes the stub of a preregistration from a study file alone: no data are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cx_value.base.cutoffs import cutoffs_with
from cx_value.base.wording import Text
from cx_value.base.words import Phrase, Phrasebook
from cx_value.judge.hypotheses import hypothesis_words
from cx_value.notebook.names import names_of
from cx_value.study.preregistration import plan_of, written_plan

if TYPE_CHECKING:
    from cx_value.study.spec import Study


def write_stub(study: Study, lang: str, folder: Path | None = None) -> Path:
    """Write ``preregistration-<lang>.md``, beside the study file where no folder is named.

    Its head holds the plan for machines: :func:`cx_value.judge.deviations.compare_with_plan` reads
    it once the file is named under ``preregistration:``.
    """
    target = (folder or study.folder) / f"preregistration-{lang}.md"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(stub_of(study, lang), encoding="utf-8", newline="\n")
    return target


def stub_of(study: Study, lang: str) -> str:
    """Return the stub's text: the plan for machines, then the same in words."""
    book = Phrasebook(lang, names=names_of(study, None), citing="names")
    said = book.say(Phrase("preregistration.stub", _facts(study)))
    return f"{written_plan(plan_of(study))}\n{said}\n"


def _facts(study: Study) -> dict[str, Any]:
    own, options = study.preregistration, study.options
    return {
        "title": _both(study.title), "sample_size": own.sample_size,
        "stopping": _both(own.stopping) if own.stopping is not None else None,
        "hypotheses": [_hypothesis(h) for h in study.hypotheses],
        "constructs": [{"code": c.name, "k": len(c.items), "source": c.source or ""}
                       for c in study.constructs],
        "models": [{"label": _both(m.label), "role": m.role, "paths": len(m.paths)}
                   for m in study.models],
        "flags_needed": study.screening.flags_needed, "action": study.screening.action,
        "estimator": options.estimator, "missing": options.missing,
        "confidence": options.confidence,
        "alpha": cutoffs_with(study.cutoffs)["significance"].threshold,
        "rules": [{"rule": name, "threshold": limit} for name, limit in study.cutoffs.items()],
    }  # fmt: skip


def _hypothesis(hypothesis: Any) -> dict[str, Any]:
    words = hypothesis_words(hypothesis)
    label = _both(hypothesis.label) if hypothesis.label is not None else ""
    return {**words, "through": list(hypothesis.through), "label": label,
            "theory": hypothesis.theory or ""}  # fmt: skip


def _both(phrase: Text) -> dict[str, str]:
    return {"en": str(phrase), "zh": phrase.zh}
