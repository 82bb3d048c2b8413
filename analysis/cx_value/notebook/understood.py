"""How the columns of a study are understood, and what its report will hold: told by a check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cx_value.base.errors import DataError, FaultsError
from cx_value.base.terms import named_code
from cx_value.notebook.finding_words import say_in_chinese
from cx_value.study.findings import Finding

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from cx_value.study.answered import Survey
    from cx_value.study.spec import Study

#: Values of each column that are shown.
SHOWN = 5
#: Share of a log's lines that may be unread before it is a fault.
MOST_UNREAD = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """One column: where it stands, what it is taken for (a code), its first values."""

    file: str
    column: str
    role: str
    shown: tuple[str, ...] = ()


def understand_answers(study: Study, survey: Survey) -> list[Understood]:
    """Return how every declared column of the answers was read; ids are never shown."""
    from cx_value.study.answered import column_of

    file = study.data.file.name
    found = [
        Understood(file=file, column=name, role=role, shown=_first(values))
        for role, values in (("weight", survey.weights), ("wave", survey.wave),
                             ("duration", survey.durations))
        if values is not None and (name := getattr(study.data, role))
    ]  # fmt: skip
    if study.data.id:
        found.insert(0, Understood(file=file, column=study.data.id, role="id"))
    found += [
        Understood(
            file=file,
            column=column_of(item),
            role="reversed_item" if item.reverse else "item",
            shown=_first(survey.items[item.name]),
        )
        for item in study.items
        if item.name in survey.items
    ]
    for entry in study.profile:
        held = next((f for f in (survey.profile, survey.quantities) if entry.name in f), None)
        role = "left_out" if held is None else "group" if held is survey.profile else "quantity"
        words = () if held is None else _categories(held[entry.name])
        found.append(Understood(file=file, column=column_of(entry), role=role, shown=words))
    return found


def _first(values: pd.Series) -> tuple[str, ...]:
    return tuple(_plain(value) for value in values.dropna().iloc[:SHOWN])


def _categories(values: pd.Series) -> tuple[str, ...]:
    if hasattr(values, "cat"):
        return tuple(str(name) for name in values.cat.categories[:SHOWN])
    return _first(values)


def _plain(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def understand_log(study: Study) -> tuple[list[Understood], list[Finding]]:
    """Return how the purchase log was read, and what of it cannot be: the whole log is read."""
    from cx_value.value.log.prepared import amount_column, prepare_log
    from cx_value.value.log.preview import preview_log

    log = study.transactions
    where = study.where("transactions", "file")
    try:
        source, _ = prepare_log(study.folder / log.file, log)
        seen = preview_log(
            source, customer=log.customer, date=log.date, amount=amount_column(log),
            date_format=log.date_format, decimal=log.decimal, time_zone=log.time_zone,
            rows=SHOWN,
        )  # fmt: skip
    except (DataError, FaultsError) as error:
        problem, *rest = str(error).split(" · ")
        allowed, remedy = (part.split(": ", 1)[-1] for part in (*rest, "", "")[:2])
        return [], [Finding(where, problem, allowed, remedy, kind="log not read")]
    found = [
        Understood(
            file=log.file.name,
            column=amount_column(log) if role == "amount" else getattr(log, role),
            role=role,
            shown=tuple(
                _as_read(written, value)
                for written, value in zip(seen.written[role], seen.understood[role], strict=True)
            ),
        )
        for role in ("date", *(["amount"] if amount_column(log) else []))
    ]
    return found, [*_unread(where, seen), *_one_price(where, seen)]


def understand_cases(study: Study, section: str) -> tuple[list[Understood], list[Finding]]:
    """Return how the columns of the service log or the contracts are read, and what cannot be."""
    from cx_value.study.logs import numbers_in, read_cells

    log = getattr(study, section)
    key = {"service_log": "minutes", "contracts": "fee"}[section]
    frame, found = numbers_in(study, section, key, getattr(log, key),
                              getattr(log, "decimal", "auto"))  # fmt: skip
    written = read_cells(study.folder / log.file)
    if section == "contracts":
        read = {log.start: _days(written, log.start, log), log.end: _days(written, log.end, log)}
    else:
        read, odd = _answers(study, frame, log)
        found = [*found, *odd]
    read |= {getattr(log, key): frame[getattr(log, key)]} if getattr(log, key) else {}
    roles = {getattr(log, k): k for k in ("minutes", "fee", "start", "end", "first_contact",
                                          "complaint") if getattr(log, k, None)}  # fmt: skip
    return [
        Understood(file=log.file.name, column=name, role=roles[name],
                   shown=tuple(_as_read(cell, None if _none(value) else value) for cell, value
                               in zip(written[name][:SHOWN], values[:SHOWN], strict=True)
                               if str(cell).strip()))
        for name, values in read.items()
    ], found  # fmt: skip


def _none(value: object) -> bool:
    return value is None or value != value


def _days(written: pd.DataFrame, name: str, log) -> pd.Series:
    from cx_value.value.log.dates import days_of

    days = days_of(written[name].fillna("").astype(str).str.strip(), date_format=log.date_format)
    return days.dt.strftime("%Y-%m-%d")


def _answers(study: Study, frame: pd.DataFrame, log) -> tuple[dict[str, pd.Series], list[Finding]]:
    """Return the columns of yes and no, and those that hold anything else."""
    from cx_value.value.metrics.service import read_yes_no

    read, found = {}, []
    for key in ("first_contact", "complaint"):
        name = getattr(log, key)
        if name is None:
            continue
        try:
            read[name] = read_yes_no(frame[name])
        except DataError as error:
            problem, allowed, remedy = str(error).split(" · ")
            found.append(Finding(study.where("service_log", key), problem,
                                 allowed.removeprefix("allowed: "), remedy.removeprefix("do: "),
                                 kind="neither yes nor no"))  # fmt: skip
    return read, found


def _as_read(written: object, value: object) -> str:
    """Write a cell, and what it was read as where that is not plain to see."""
    if value is None:
        return f"{written} → ?"
    try:
        same = float(str(written)) == value
    except ValueError:
        same = str(written) == _plain(value)
    return str(written) if same else f"{written} → {_plain(value)}"


def _unread(where: str, seen) -> list[Finding]:
    lost = {name: count for name, count in seen.unread.items() if count}
    if not lost:
        return []
    said = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in lost.items())
    return [
        Finding(
            where,
            f"of {seen.n_rows:,} lines of the log {said}",
            "lines with a customer, a date and an amount that can be read",
            "declare date_format or decimal, or correct the lines; they are left out",
            severity="error" if seen.share_unread > MOST_UNREAD else "warning",
            kind="log lines not read",
        )
    ]


def _one_price(where: str, seen) -> list[Finding]:
    if seen.one_price is None:
        return []
    return [
        Finding(
            where,
            f"every purchase of the log comes to {seen.one_price:g}",
            "purchases that differ in value, for the Gamma-Gamma model of spend",
            "nothing, if that is the price: spend is then not modelled, value is the price times "
            "the purchases expected",
            severity="warning",
            kind="one price",
        )
    ]


def report_holds(study: Study) -> tuple[list[str], list[str]]:
    """Return codes of what the report will hold, and of what it leaves out.

    The reasons of what is left out are in the words of the code.
    """
    parts = {
        "measurement": bool(study.scales),
        "structure": study.model("main") is not None,
        "hypotheses": bool(study.hypotheses),
        "groups": study.group is not None,
        "value": study.transactions is not None or study.contracts is not None,
        "link": study.links,
        "metrics": study.metrics.satisfaction is not None
        or study.metrics.recommendation is not None,
    }
    return [k for k, v in parts.items() if v], [k for k, v in parts.items() if not v]


def _line(column: Understood, lang: str) -> str:
    shown = f" · {', '.join(column.shown)}" if column.shown else ""
    role = named_code(column.role, "column_role", lang)
    return f"  {column.file}: {column.column} · {role}{shown}"


def _say_finding(finding: Finding, lang: str) -> str:
    """Write a finding in a language."""
    return f"- {say_in_chinese(finding)}" if lang == "zh" else f"- {finding}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check found: faults and cautions, how columns were understood, what will be held."""

    findings: tuple[Finding, ...]
    columns: tuple[Understood, ...] = ()
    holds: tuple[str, ...] = ()
    leaves_out: tuple[str, ...] = ()

    @property
    def faults(self) -> list[Finding]:
        """Findings that stop the study."""
        return [finding for finding in self.findings if finding.severity == "error"]


def examine_whole(path: Path) -> Checked:
    """Check a study file, its answers and its logs, and say how they were understood."""
    from cx_value.study.declaration import examine_study
    from cx_value.study.survey import check_study, examine_survey

    findings = check_study(path)
    study, _ = examine_study(path)
    if study is None or any(f.severity == "error" for f in findings):
        return Checked(findings=tuple(findings))
    columns: list[Understood] = []
    if study.data is not None:
        survey, _ = examine_survey(study)
        columns += understand_answers(study, survey) if survey else []
    if study.transactions is not None:
        read, more = understand_log(study)
        columns, findings = [*columns, *read], [*findings, *more]
    for section in ("service_log", "contracts"):
        if getattr(study, section) is not None:
            read, more = understand_cases(study, section)
            columns, findings = [*columns, *read], [*findings, *more]
    holds, leaves_out = report_holds(study)
    findings = sorted(findings, key=lambda finding: finding.severity != "error")
    return Checked(
        findings=tuple(findings), columns=tuple(columns), holds=tuple(holds),
        leaves_out=tuple(leaves_out),
    )  # fmt: skip


def say_check(checked: Checked, lang: str) -> list[str]:
    """Write what a check found, in a language."""

    def word(code: str, group: str = "check") -> str:
        return named_code(code, group, lang)

    colon, comma = ("：", "；") if lang == "zh" else (": ", "; ")
    lines = [_say_finding(finding, lang) for finding in checked.findings]
    if checked.columns:
        lines += [
            f"{word('understood')}{colon.rstrip()}",
            *(_line(c, lang) for c in checked.columns),
        ]
    for part, codes in (("holds", checked.holds), ("leaves_out", checked.leaves_out)):
        if codes:
            lines.append(word(part) + colon + comma.join(word(c, "report_part") for c in codes))
    return lines
