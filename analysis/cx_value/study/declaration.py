"""From the words of a study file to a validated :class:`~cx_value.study.spec.Study`."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cx_value.base.terms import CUSTOMER, bilingual
from cx_value.study import spec
from cx_value.study.claims import BUNDLED, write_out_claim
from cx_value.study.codebook import read_codebook
from cx_value.study.columns import (
    Header,
    pairs_by_pattern,
    write_out_items,
    write_out_positions,
)
from cx_value.study.cutoff_checks import check_cutoffs
from cx_value.study.document import Document, Place, read_document
from cx_value.study.explain import NAMED, explain_error
from cx_value.study.findings import Finding, raise_errors, suggest
from cx_value.study.goal_checks import check_goals, check_without_answers
from cx_value.study.indicator_checks import check_indicators
from cx_value.study.merging import merge, with_includes
from cx_value.study.model_checks import check_models
from cx_value.study.namesakes import check_namesakes, tell_namesakes_apart
from cx_value.study.numbered import check_recommendation
from cx_value.study.scale_forms import sound_scale, with_scale, write_out_scales

_ARROW = re.compile(r"\s*(?:->|→)\s*")


def read_study(path: str | Path) -> spec.Study:
    """Read and validate a study file.

    Parameters
    ----------
    path
        A study file, or the folder that holds ``study.yml``.

    Returns
    -------
    Study
        Frozen; ``study.folder`` is the folder every path in the file is relative to.

    Raises
    ------
    FaultsError
        With *all* faults of the file at once: where (with the line), what is wrong, what is
        allowed, what to do. Whether the data fit is :func:`cx_value.study.read_survey`'s task.

    Examples
    --------
    >>> study = read_study("data/ecsi-mobile")
    >>> len(study.constructs), study.construct("CUSA").label.zh
    (7, '顾客满意')
    """
    study, findings = examine_study(path)
    raise_errors(findings)
    return tell_namesakes_apart(study)


def examine_study(path: str | Path) -> tuple[spec.Study | None, list[Finding]]:
    """Return the study (None when it cannot be made) and everything found, warnings included."""
    file = Path(path)
    document = read_document(file / "study.yml" if file.is_dir() else file)
    findings = list(document.findings)
    if document.content is None and findings:
        return None, findings
    declared = declare(document, findings)
    if declared is None:
        return None, findings
    study, faults = _validate(document, declared)
    findings += faults
    if study is not None:
        study._document = document
        findings += [*check_models(study), *check_indicators(study), *check_goals(study)]
        findings += [*check_without_answers(study), *check_namesakes(study),
                     *check_recommendation(study)]  # fmt: skip
    return study, findings


def declare(document: Document, findings: list[Finding]) -> dict[str, Any] | None:
    """Write the shorthand of a study file out in full, as :mod:`cx_value.study.spec` names it."""
    raw = document.content
    if not isinstance(raw, dict):
        findings.append(_not_a_mapping(document, (), "keys such as title, data and constructs"))
        return None
    study = with_includes(document, {str(key): value for key, value in raw.items()}, findings)
    if study.get("codebook"):
        told = read_codebook(document, str(study["codebook"]), findings)
        own = _short_forms("constructs", study.get("constructs") or {})
        study["constructs"] = merge(told, own) if isinstance(own, dict) else own
    folder = document.path.resolve().parent
    header = Header(folder, study.get("data"))
    study.setdefault("name", _plain_name(folder.name))
    study["folder"] = folder
    _write_out_data(study)
    scale = sound_scale(document, study.pop("scale", None), findings)
    by_pattern = study.get("expectations")
    if isinstance(by_pattern, str):
        del study["expectations"]
    for key in NAMED:
        if study.get(key) is None:
            study.pop(key, None)
        else:
            study[key] = _named_list(document, _short_forms(key, study[key]), (key,), findings)
    _write_out_constructs(document, study.get("constructs", []), scale, findings, header)
    if isinstance(by_pattern, str):
        pairs = pairs_by_pattern(by_pattern, study.get("constructs", []), header)
        study["expectations"] = [{"name": name, **pair} for name, pair in pairs.items()]
    _write_out_models(document, study.get("models", []), findings)
    for key in ("hypotheses", "moderations"):
        _write_out_chains(document, key, study.get(key, []), findings)
    _write_out_claims(document, study, findings)
    write_out_scales(study, scale)
    _write_out_margins(study)
    _name_grades(study.get("evaluation"))
    _write_out_needs(document, study, scale, findings)
    _write_out_themes(document, study, findings)
    _write_out_labels(study)
    write_out_positions(study, header)
    check_cutoffs(document, study, findings)
    return study


def _write_out_data(study: dict[str, Any]) -> None:
    """Tell a study of purchases alone from one of answers, and name the waves side by side."""
    logs = study.get("transactions") or study.get("contracts")
    if logs and not (study.get("data") or study.get("constructs")):
        study |= {"data": None, "constructs": {}}  # a study of purchases alone
    elif study.get("data", ...) is None:
        del study["data"]
    data = study.get("data")
    if isinstance(data, dict) and isinstance(data.get("waves"), dict) and data["waves"]:
        waves = {_plain(name): pattern for name, pattern in data["waves"].items()}
        study["data"] = {"wave": "wave", **data, "waves": waves}


def _write_out_margins(study: dict[str, Any]) -> None:
    """Write the values of margins as plain texts."""
    if isinstance(study.get("margins"), dict):
        study["margins"] = {
            str(column): {_plain(v): share for v, share in shares.items()}
            if isinstance(shares, dict) else shares
            for column, shares in study["margins"].items()
        }  # fmt: skip


def _write_out_themes(document: Document, study: dict[str, Any], findings: list[Finding]) -> None:
    if isinstance(study.get("comments"), dict) and study["comments"].get("themes"):
        place = ("comments", "themes")
        themes = _named_list(document, study["comments"]["themes"], place, findings)
        study["comments"] = {**study["comments"], "themes": themes}
        for theme in themes:
            theme.setdefault("label", theme["name"])


def _write_out_labels(study: dict[str, Any]) -> None:
    """Call by its name what has no label; answers that were listed bear their own names."""
    for key in ("dimensions", "kano", "benchmarks", "targets", "actions", "multiple", "profile"):
        for entry in study.get(key, []):
            entry.setdefault("label", entry["name"])
    for question in study.get("multiple", []):
        for key in ("options", "columns"):
            if isinstance(question.get(key), list):
                question[key] = {str(name): str(name) for name in question[key]}
            elif isinstance(question.get(key), dict):
                question[key] = {_plain(k): v for k, v in question[key].items()}
    for column in study.get("profile", []):
        if isinstance(column.get("values"), dict):
            column["values"] = {_plain(k): v for k, v in column["values"].items()}


def _plain_name(folder: str) -> str:
    """Return the name of a folder as one a study may bear."""
    return re.sub(r"[^\w .()+-]+|^[\W_]+", "-", folder).strip("-. ")[:80] or "study"


def _short_forms(key: str, entries: Any) -> Any:
    """Accept ``H1: A -> B``, ``main: [A -> B]``, ``SERVICE: [REL, RES]``, names of claims.

    A construct may be its items, ``SAT: SAT1..SAT4``, or its label, ``SAT: {en: …, zh: …}``.
    """
    if key == "constructs" and isinstance(entries, dict):
        return {n: {"label": b} if _is_phrase(b) else {"items": b} if isinstance(b, str | list)
                else b for n, b in entries.items()}  # fmt: skip
    if key == "claims" and entries == "bundled":
        return dict.fromkeys(BUNDLED)
    if key == "claims" and isinstance(entries, list) and all(isinstance(e, str) for e in entries):
        return dict.fromkeys(entries)
    short = {
        "hypotheses": (str, "path"), "models": (list, "paths"), "dimensions": (list, "of"),
        "expectations": (str, "expected"),
    }.get(key)  # fmt: skip
    if short is None or not isinstance(entries, dict):
        return entries
    kind, word = short
    return {n: {word: body} if isinstance(body, kind) else body for n, body in entries.items()}


def _name_grades(evaluation: Any) -> None:
    """Accept ``excellent: 80`` and ``excellent: {from: 80, label: …}`` for a grade."""
    grades = evaluation.get("grades") if isinstance(evaluation, dict) else None
    if isinstance(grades, dict):
        full = {n: b if isinstance(b, dict) else {"from": b} for n, b in grades.items()}
        evaluation["grades"] = [{"label": str(n), **b, "name": str(n)} for n, b in full.items()]


def _named_list(
    document: Document, value: Any, place: Place, findings: list[Finding]
) -> list[dict]:
    """Turn ``{NAME: {…}}`` (or a list of ``{name: NAME, …}``) into a list of named mappings."""
    if isinstance(value, list) and all(isinstance(e, dict) and "name" in e for e in value):
        return [{**entry, "name": str(entry["name"])} for entry in value]
    if not isinstance(value, dict):
        findings.append(_not_a_mapping(document, place, "one entry per name, as NAME: {…}"))
        return []
    entries = []
    for name, body in value.items():
        if body is None or isinstance(body, dict):
            entries.append({**(body or {}), "name": str(name)})
        else:
            here = (*place, str(name))
            findings.append(_not_a_mapping(document, here, "keys and values below this name"))
    return entries


def _write_out_constructs(
    document: Document, constructs: list[dict], scale: Any, findings: list[Finding], header: Header
) -> None:
    for construct in constructs:
        name = construct["name"]
        construct.setdefault("label", name)
        own = construct.pop("scale", scale)
        place = ("constructs", name, "items")
        codes = construct.pop("missing_codes", None)
        if construct.get("items") is None:
            continue
        items = write_out_items(name, construct["items"], header)
        construct["items"] = _write_out_items(document, items, own, place, findings)
        for item in construct["items"] if codes is not None else ():
            item.setdefault("missing_codes", codes)


def _write_out_items(
    document: Document, items: Any, scale: Any, place: Place, findings: list[Finding]
) -> list[dict]:
    if not isinstance(items, dict):
        return with_scale(_named_list(document, items, place, findings), scale)
    full = {
        name: {"label": body} if isinstance(body, str) or _is_phrase(body) else body
        for name, body in items.items()
    }
    return with_scale(_named_list(document, full, place, findings), scale)


def _write_out_needs(
    document: Document, study: dict[str, Any], scale: Any, findings: list[Finding]
) -> None:
    segments = study.get("segments")
    if isinstance(segments, dict) and "needs" in segments:
        needs = segments["needs"] or {}
        place = ("segments", "needs")
        listed = _write_out_items(document, needs, scale, place, findings)
        study["segments"] = {**segments, "needs": listed}


def _is_phrase(body: Any) -> bool:
    return isinstance(body, dict) and bool(body) and set(body) <= {"en", "zh"}


def _write_out_models(document: Document, models: list[dict], findings: list[Finding]) -> None:
    for model in models:
        role = str(model.get("role", "main"))
        model.setdefault("label", bilingual(role, "model_without_label") or model["name"])
        place = ("models", model["name"], "paths")
        paths = model.get("paths")
        if paths is None:
            model.pop("paths", None)
            continue
        if not isinstance(paths, list):
            findings.append(_not_a_path(document, place, paths))
            paths = []
        model["paths"] = [
            path for k, p in enumerate(paths) for path in _paths(document, p, (*place, k), findings)
        ]


def _paths(document: Document, path: Any, place: Place, findings: list[Finding]) -> list[dict]:
    """Read ``A -> B``, ``A -> B, C`` and ``A -> B -> C``."""
    if isinstance(path, dict):
        return [path]
    steps = [re.split(r"\s*[,，]\s*", s) for s in _ARROW.split(str(path).strip())]
    if len(steps) < 2 or not all(all(names) for names in steps):
        findings.append(_not_a_path(document, place, path))
        return []
    pairs = itertools.pairwise(steps)
    return [{"from": a, "to": b} for left, right in pairs for a in left for b in right]


def _write_out_chains(
    document: Document, key: str, entries: list[dict], findings: list[Finding]
) -> None:
    """Write ``path: A -> B -> C`` of hypotheses and moderations as from, through and to."""
    for entry in list(entries):
        if "path" not in entry:
            continue
        place = (key, entry["name"], "path")
        path = entry.pop("path")
        steps = _ARROW.split(str(path).strip())
        chain = len(steps) >= 2 and all(re.fullmatch(r"[^\s,]+", step) for step in steps)
        if not chain or (key == "moderations" and len(steps) > 2):
            findings.append(_not_a_path(document, place, path))
            entries.remove(entry)
            continue
        entry["from"], *through, entry["to"] = steps
        if key == "hypotheses":
            entry["through"] = through


def _write_out_claims(document: Document, study: dict, findings: list[Finding]) -> None:
    """Complete bundled claims; a name that is no bundled one needs a quantity of its own."""
    written = []
    report = study.get("report")
    customer = report.get("customer", CUSTOMER) if isinstance(report, dict) else CUSTOMER
    for entry in study.get("claims", []):
        if entry["name"] in BUNDLED or "quantity" in entry:
            written.append(write_out_claim(entry, str(customer)))
            continue
        findings.append(
            Finding(
                document.where(("claims", entry["name"])),
                f"no claim {entry['name']!r} is bundled",
                ", ".join(BUNDLED) + ", or a claim of your own with its quantity",
                f"{suggest(entry['name'], BUNDLED)}use one of these names, or add quantity: and "
                "low:, high: or number:",
                kind="unknown name",
            )
        )
    if "claims" in study:
        study["claims"] = written


def _plain(key: Any) -> str:
    return str(int(key)) if isinstance(key, float) and key.is_integer() else str(key)


def _not_a_mapping(document: Document, place: Place, allowed: str) -> Finding:
    return Finding(
        document.where(place) if place else document.path.name,
        "nothing is declared here, or not in the right form",
        allowed,
        "write it as in data/ecsi-mobile/every_key.yml",
        kind="wrong value",
    )


def _not_a_path(document: Document, place: Place, path: Any) -> Finding:
    return Finding(
        document.where(place),
        f"{path!r} is not a path",
        'a path between constructs: "A -> B", or "A -> B -> C" for a chain',
        "write the names of two or more constructs with -> between them",
        kind="wrong value",
    )


def _validate(
    document: Document, declared: dict[str, Any]
) -> tuple[spec.Study | None, list[Finding]]:
    try:
        return spec.Study.model_validate(declared), []
    except ValidationError as error:
        faults: dict[tuple, Finding] = {}
        for detail in error.errors():
            finding = explain_error(document, declared, detail)
            faults.setdefault((finding.where, finding.problem), finding)
        return None, list(faults.values())
