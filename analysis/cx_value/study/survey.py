"""What arrived: the answers of a study, checked, coded and counted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from cx_value.base.cutoffs import cutoffs_with
from cx_value.base.errors import FaultsError
from cx_value.base.wording import Text
from cx_value.study.answered import Survey, column_of
from cx_value.study.coding import Coding
from cx_value.study.findings import Finding, list_rows, list_some, raise_errors, suggest
from cx_value.study.only import keep_only
from cx_value.study.phrases import count_noun
from cx_value.study.ratings import rating_items
from cx_value.study.spec import Item, Study
from cx_value.study.starter.names import stem_of
from cx_value.study.tables import Layout, RawTable, filled_cells, read_table
from cx_value.study.waves import stack_waves


def read_survey(study: Study) -> Survey:
    """Read, check and code the answers of a study.

    Parameters
    ----------
    study
        From :func:`cx_value.study.read_study`.

    Returns
    -------
    Survey

    Raises
    ------
    FaultsError
        With *all* faults at once: a missing file or column (nearest match), text in a numeric
        item and answers off the scale (row numbers and values), constant or empty items, a
        respondent who occurs twice, too few rows, and so on.

    Examples
    --------
    >>> from cx_value.study import read_study
    >>> survey = read_survey(read_study("data/ecsi-mobile"))
    >>> survey.items.shape, survey.items.loc[1, "IMAG1"].item()
    ((250, 24), 7.0)
    """
    survey, findings = examine_survey(study)
    raise_errors(findings)
    return survey


def with_codebook(study: Study, survey: Survey) -> Study:
    """Return the study with the data file's labels where its own are silent.

    What the study says goes first; SPSS and Stata files bring a wording for every column and a
    name for every answer, which then appear in tables and figures.
    """

    def item(entry: Item) -> Item:
        scale = entry.scale
        if not scale.labels and (words := survey.value_labels.get(entry.name)):
            labels = {number: Text(word) for number, word in words.items()}
            scale = scale.model_copy(update={"labels": labels})
        label = survey.labels.get(entry.name, entry.label)
        return entry.model_copy(update={"label": label, "scale": scale})

    constructs = tuple(
        c.model_copy(update={"items": tuple(item(i) for i in c.items)}) for c in study.constructs
    )
    profile = tuple(
        p.model_copy(update={"label": survey.labels.get(p.name, p.label)}) for p in study.profile
    )
    return study.model_copy(update={"constructs": constructs, "profile": profile})


def examine_survey(study: Study) -> tuple[Survey | None, list[Finding]]:
    """Return the survey (None when there are errors) and everything found, warnings included."""
    try:
        raw = read_answers(study)
    except FaultsError as error:
        return None, [_as_finding(study, fault) for fault in error.faults]
    findings = [*_missing_columns(study, raw), *_short_rows(raw), *_told(study, raw)]
    coding = Coding(study, raw, findings)
    survey = coding.survey()
    identical = _rows_alike(study, raw)
    findings += [
        *_repeated_respondents(study, raw, survey),
        *_identical_rows(identical),
        *_identical_items(study, survey),
        *_overlooked_items(study, raw),
        *_too_few_rows(study, survey),
    ]
    if any(finding.severity == "error" for finding in findings):
        return None, findings
    survey = replace(survey, findings=tuple(findings), identical_rows=tuple(identical))
    return survey, findings


def read_answers(study: Study) -> RawTable:
    """Read the data file as the study says it is laid out."""
    data = study.data
    layout = Layout(header_rows=data.header_rows, skip_rows=data.skip_rows, platform=data.platform)
    raw = read_table(study.data_path, encoding=data.encoding, sheet=data.sheet, layout=layout)
    if data.waves:
        beside = [column for _, column, _ in rating_items(study)]
        raw = stack_waves(raw, [*declared_columns(study), *beside], data.waves, data.wave)
    return keep_only(raw, data.only, study.data_path) if data.only else raw


def check_study(path: str | Path) -> list[Finding]:
    """Check a study file and its data before anything is fitted.

    Returns
    -------
    list of Finding
        Errors first, then warnings; empty when there is nothing to say. Never raises for what is
        wrong with the study or the data.

    Examples
    --------
    >>> [finding.kind for finding in check_study("data/ecsi-mobile")]
    ['two items', 'one item']
    """
    from cx_value.study.declaration import examine_study
    from cx_value.study.experts import examine_experts
    from cx_value.study.logs import examine_logs
    from cx_value.study.remains import examine_remains
    from cx_value.study.visitors import examine_funnel

    study, findings = examine_study(path)
    if study is None:
        study, more = examine_remains(path)
        findings = [*findings, *more]
    if study is not None and study.data is not None:
        findings = [*findings, *examine_survey(study)[1]]
    if study is not None:
        findings = [*findings, *examine_logs(study), *examine_funnel(study),
                    *examine_experts(study)]  # fmt: skip
    findings = list({(f.where, f.problem): f for f in reversed(findings)}.values())[::-1]
    return sorted(findings, key=lambda finding: finding.severity != "error")


def declared_columns(study: Study) -> dict[str, tuple[str, ...]]:
    """Return every column the study names → its place in the study file."""
    places = {
        column_of(item): ("constructs", c.name, "items", item.name)
        for c in study.constructs
        for item in c.items
    }
    places |= {column_of(entry): ("profile", entry.name) for entry in study.profile}
    for role in ("id", "weight", "cluster", "strata", "wave", "duration"):
        if (name := getattr(study.data, role)) is not None:
            places.setdefault(name, ("data", role))
    return places


def _as_finding(study: Study, fault) -> Finding:
    kind = "missing file" if "there is no" in fault.problem else "unreadable data"
    where = study.where("data", "file")
    return Finding(where, fault.problem, fault.allowed, fault.remedy, kind=kind)


def _missing_columns(study: Study, raw: RawTable) -> list[Finding]:
    columns = list(raw.frame.columns)
    return [
        Finding(
            study.where(*place),
            f"the data file has no column {name!r}",
            f"its {len(columns)} columns: {list_some(columns, 12)}",
            f"{suggest(name, columns)}correct the name"
            + ("" if place[0] == "data" else ", or add `column:` with its name in the file"),
            kind="missing column",
        )
        for name, place in declared_columns(study).items()
        if name not in columns
    ]


def _short_rows(raw: RawTable) -> list[Finding]:
    if not raw.short_rows:
        return []
    return [
        Finding(
            "data file",
            f"{list_rows(raw.short_rows)}: fewer cells than the header has columns",
            "as many cells in every row as in the header",
            "check the export; the cells that are not there count as unanswered",
            severity="warning",
            kind="short row",
        )
    ]


#: What a reader decided → what is said, what would be certain, what to do.
_TOLD = {
    "encoding": (
        "the letters of the file are read as {words}, which is a guess",
        "Chinese text that reads as it should",
        "look at the labels; if they are right declare data.encoding: {words}, else the encoding",
    ),
    "header": (
        "the first {words} rows are read as the header",
        "one header row, or several of which the first names the columns",
        "if answers begin earlier or later declare data.header_rows",
    ),
    "twice": (
        "column names used more than once: {words}; the second is read as NAME (2), and so on",
        "each column name once",
        "name such columns by `column:` as numbered here",
    ),
    "titles": (
        "{words} rows above the header are taken as titles",
        "data.skip_rows: the number of rows above the header",
        "nothing, if the columns are understood below",
    ),
    "no answer": (
        "labels of the file that mean no answer, counted as missing: {words}",
        "values that are answers",
        "nothing, unless one of them is an answer: then give it another label in the data file",
    ),
}


def _told(study: Study, raw: RawTable) -> list[Finding]:
    """Tell what a reader decided by itself and the study does not declare."""
    found = []
    for code, words in raw.told:
        if code not in _TOLD or (code == "header" and raw.platform):
            continue
        if code == "header" and study.data.header_rows != "auto":
            continue
        if code == "twice":
            words = list_some(json.loads(words))
        problem, allowed, remedy = (part.format(words=words) for part in _TOLD[code])
        place = study.where("data", "file")
        found.append(
            Finding(place, problem, allowed, remedy, severity="warning", kind=f"read: {code}")
        )
    return found


def _repeated_respondents(study: Study, raw: RawTable, survey: Survey) -> list[Finding]:
    if survey.ids is None:
        return []
    keys = survey.ids.to_frame("id")
    if survey.wave is not None:
        keys["wave"] = survey.wave
    keys = keys[keys["id"] != ""]
    again = keys[keys.duplicated(keep=False)]
    if again.empty:
        return []
    count = again["id"].nunique()
    return [
        Finding(
            study.where("data", "id"),
            f"{count} {'respondent occurs' if count == 1 else 'respondents occur'} more than once: "
            + list_rows(again.index),
            "one row per respondent" + (" and wave" if survey.wave is not None else ""),
            "delete the repeated rows, or declare data.wave if they are different waves",
            kind="duplicate respondent",
        )
    ]


def _rows_alike(study: Study, raw: RawTable) -> list[int]:
    frame = raw.frame.drop(columns=[study.data.id or ""], errors="ignore")
    alike = frame.duplicated(keep=False) & filled_cells(frame).any(axis=1)
    return [int(row) for row in frame.index[alike]]


def _identical_items(study: Study, survey: Survey) -> list[Finding]:
    """Name items answered alike by everybody: copies, which no model with both can be fitted to."""
    place = {i.name: ("constructs", c.name, "items", i.name) for c in study.constructs
             for i in c.items}  # fmt: skip
    copies: dict[tuple, list[str]] = {}
    for name, answers in survey.items.items():
        if answers.max() > answers.min():  # constant items are told elsewhere
            copies.setdefault(tuple(answers.fillna(float("-inf"))), []).append(name)
    return [
        Finding(
            study.where(*place[names[-1]]),
            f"{' and '.join(names)} hold the same answer in every row",
            "items of which none repeats another",
            "make sure that each has its own column in the data; leave out the copies",
            kind="identical items",
        )
        for names in copies.values()
        if len(names) > 1
    ]


def _identical_rows(rows: list[int]) -> list[Finding]:
    if not rows:
        return []
    return [
        Finding(
            "data file",
            f"{len(rows)} rows are the same as another in every column: {list_rows(rows)}",
            "rows of different respondents",
            "make sure that nobody was entered twice",
            severity="warning",
            kind="identical rows",
        )
    ]


def _overlooked_items(study: Study, raw: RawTable) -> list[Finding]:
    """Name columns numbered like the declared items (IMAG6 beside IMAG1–5) but left out."""
    declared = declared_columns(study)
    stems = {stem_of(column_of(item)) for item in study.items} - {None}
    left = [c for c in raw.frame.columns if c not in declared and stem_of(c) in stems]
    if not left:
        return []
    return [
        Finding(
            study.where("constructs"),
            f"in no construct, though named like items: {list_some(left, 12)}",
            "every item in a construct, or left out on purpose",
            "add them to their construct; if they are left out on purpose there is nothing to do",
            severity="warning",
            kind="item in no construct",
        )
    ]


def _too_few_rows(study: Study, survey: Survey) -> list[Finding]:
    wanted = cutoffs_with({k: v for k, v in study.cutoffs.items() if k == "sample_size"})
    rule, items = wanted["sample_size"], len(study.items)
    fatal = survey.n <= max(items, 2)
    if not fatal and rule.passes(survey.n):
        return []
    needed = f"more than {max(items, 2)} (the number of items)" if fatal else ""
    return [
        Finding(
            study.where("data", "file"),
            f"{count_noun(survey.n, 'respondent')} for {count_noun(items, 'item')}",
            needed or f"{rule.threshold:g} or more ({rule.source_name})",
            "collect more answers, or measure fewer items"
            if fatal
            else "read all intervals and fit indices with caution",
            severity="error" if fatal else "warning",
            kind="too few rows",
        )
    ]
