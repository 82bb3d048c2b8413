"""What the program says of a made log or study, against the second computation.

``compare_log`` and ``compare_survey`` return "" where all agree, "refused" where the program would
not read what may be refused, else what is wrong.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from cx_value.base.errors import AnalysisError
from cx_value.measure.reliability import reliability_of_scales
from cx_value.study import check_study, read_study, read_survey
from cx_value.study.distribution import describe_items
from cx_value.study.missing import describe_missing
from cx_value.study.screening import screen_careless
from cx_value.value import summarise_transactions
from cx_value.value.log.preview import preview_log
from made.logs import END, Log, make_log
from made.surveys import Made, alpha_of, make_survey, weighted_mean

NAMES = {"customer": "customer", "date": "date", "amount": "amount"}


def is_clear(error: Exception) -> bool:
    """Return whether a refusal says what is wrong, what is allowed and what to do."""
    return isinstance(error, AnalysisError) and " · do: " in str(error)


def compare_log(folder: Path, seed: int) -> str:
    """Read a made log, preview and summary; say what is wrong, "refused", or nothing."""
    log = make_log(folder, seed)
    try:
        seen = preview_log(log.path, **NAMES)
        summary = summarise_transactions(log.path, **NAMES, end=END)
    except Exception as error:  # a traceback is what is looked for
        if not is_clear(error):
            return f"{type(error).__name__}: {error}"
        none_left = not log.customers and "No" in str(error)
        return "refused" if log.may_be_refused or none_left else f"refused: {error}"
    if sum(seen.unread.values()) != log.dropped or seen.n_rows != log.rows:
        return f"preview: {seen.unread} of {seen.n_rows}, made {log.dropped} of {log.rows}"
    return _wrong_customers(log, summary)


def _wrong_customers(log: Log, summary) -> str:
    found = {str(row["customer"]): row for row in summary.customers.to_dict("records")}
    if set(found) != set(log.customers):
        return f"customers {sorted(found)[:5]}… instead of {sorted(log.customers)[:5]}…"
    for who, right in log.customers.items():
        for name, value in right.items():
            got = found[who][name]
            same = math.isnan(got) if value is None else math.isclose(got, value, abs_tol=1e-6)
            if not same:
                return f"{name} of {who}: {got} instead of {value}"
    lost = int(summary.log.loc[summary.log["dropped"], "rows"].sum())
    return "" if lost == log.dropped else f"{lost} rows dropped instead of {log.dropped}"


def compare_survey(folder: Path, seed: int) -> str:
    """Check and read a made study, and compare answers, moments, alphas, flags."""
    made = make_survey(folder, seed)
    try:
        faults = [str(f) for f in check_study(folder) if f.severity == "error"]
        if faults:
            alone = len(made.constructs) == 1 and made.items.shape[1] == 2
            known = alone and "has two items and no other construct" in faults[0]
            return "refused" if known else f"refused: {faults[0]}"
        study = read_study(folder)
        survey = read_survey(study)
        told = describe_items(study, survey).table().set_index("item")
        missing = describe_missing(survey.items).table().set_index("item")
        scales = _reliability(study, survey)
        flags = screen_careless(study, survey)
    except Exception as error:  # a traceback is what is looked for
        return f"{type(error).__name__}: {error}"
    return _wrong_answers(made, survey, told, missing) or _wrong_scales(made, scales, flags)


def _reliability(study, survey):
    try:
        return reliability_of_scales(survey.items, {c.name: [i.name for i in c.items]
                                                    for c in study.constructs})  # fmt: skip
    except AnalysisError as error:
        return error


def _wrong_answers(made: Made, survey, told, missing) -> str:
    kept = made.items.dropna(how="all")
    if survey.n_received != len(made.items):
        return f"{survey.n_received} sheets instead of {len(made.items)}"
    items = survey.items.set_axis(range(len(survey.items)))
    rows = made.items if len(items) == len(made.items) else kept
    if not np.array_equal(items[list(made.items)].to_numpy(float), rows.to_numpy(float),
                          equal_nan=True):  # fmt: skip
        return "answers differ"
    for item in made.items:
        given = rows[item].dropna()
        if not math.isclose(told.loc[item, "mean"], given.mean(), rel_tol=1e-12, abs_tol=1e-12):
            return f"mean of {item}"
        if not math.isclose(told.loc[item, "sd"], given.std(), rel_tol=1e-9, abs_tol=1e-12):
            return f"SD of {item}"
        if missing.loc[item, "missing"] != rows[item].isna().sum():
            return f"missing of {item}"
        low, high = made.scale
        ends = (given == low).mean(), (given == high).mean()
        if not np.allclose(told.loc[item, ["floor", "ceiling"]].astype(float), ends):
            return f"ends of {item}"
        if made.weights is not None:
            weights = made.weights[rows.index]
            if not math.isclose(told.loc[item, "mean_weighted"], weighted_mean(rows[item], weights),
                                rel_tol=1e-9, abs_tol=1e-12):  # fmt: skip
                return f"weighted mean of {item}"
    return ""


def _wrong_scales(made: Made, scales, flags) -> str:
    if isinstance(scales, AnalysisError):
        return "" if is_clear(scales) else f"reliability: {scales}"
    rows = scales.table().set_index("construct")
    for name, own in made.constructs.items():
        if made.items[own].isna().any(axis=None):
            continue  # of all available answers, by maximum likelihood: not to be counted simply
        right, got = alpha_of(made.items[own]), rows.loc[name, "alpha"]
        if not math.isclose(got, right, rel_tol=1e-9, abs_tol=1e-12):
            return f"alpha of {name}: {got} instead of {right}"
    return _wrong_flags(made, flags)


def _wrong_flags(made: Made, flags) -> str:
    """Two seconds an item asked, whoever answered how many of them."""
    if made.seconds is None:
        return ""
    kept = made.items.notna().any(axis=1)
    fast = int((made.seconds[kept] < 2 * made.items.shape[1]).sum())
    table = flags.summary().set_index("rule")
    got = int(table.loc["duration", "flagged"]) if "duration" in table.index else 0
    return "" if got == fast else f"{got} sheets too fast instead of {fast}"


def print_report(folder: Path, seed: int) -> str:
    """Print a draft of a made study, of answers or of purchases; "" where the page is there."""
    from cx_value.publish.build import Job, build_report

    if seed % 2:
        make_survey(folder, seed)
    else:
        log = make_log(folder, seed)
        (folder / "study.yml").write_text(
            f"title: T\ntransactions: {{file: {log.path.name}, end: {END}}}\n", encoding="utf-8"
        )
    options = {"languages": ("en",), "formats": ("html",), "renderer": "embedded", "draft": True}
    try:
        if any(finding.severity == "error" for finding in check_study(folder)):
            return "refused"
        study = read_study(folder)
        build_report(
            Job(study_file=folder / "study.yml", study=study, out=folder / "out", **options)
        )
    except Exception as error:  # a report that does not appear is what is looked for
        return f"no report: {type(error).__name__}: {str(error)[:400]}"
    return "" if list(folder.glob("out/*/report-en/report.html")) else "no report"
