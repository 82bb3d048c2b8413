"""Files of numbers with labels (SPSS, Stata, Parquet), and sheets typed by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from made.questionnaire import AGES, GENDER, HEARD, Questionnaire
from made.sheets import Export, Sheet, genders, item_texts


def _coded(q: Questionnaire, stems: bool) -> tuple[pd.DataFrame, dict[str, str], list[str]]:
    """Return a file of numbers with 8 and 9 (88 and 99) for no answer, labels and item names."""
    texts = item_texts(q)
    short = {c.name: "".join(w[:3] for w in c.name.split())[:5].lower() if q.lang == "en"
             else f"k{k}" for k, c in enumerate(q.constructs, start=1)}  # fmt: skip
    seen: dict[str, int] = {}
    names = []
    for number, (_, name, _) in enumerate(texts, start=1):
        seen[name] = seen.get(name, 0) + 1
        names.append(f"{short[name]}{seen[name]}" if stems else f"v{number}")
    code = 99 if q.scale[1] >= 8 else 9
    frame = pd.DataFrame(q.answers, columns=names)
    frame = frame.mask(q.refused, float(code)) if q.unknown else frame
    labels = dict(zip(names, (t for _, _, t in texts), strict=True))
    return frame, labels | {"sex": q.text("gender"), "agegrp": q.text("age")}, names


def _points(q: Questionnaire) -> dict[int, str]:
    points = dict(enumerate(q.words, start=q.scale[0]))
    if not points and q.draw.random() < 0.7:
        ends = {"en": ("not at all", "completely"), "zh": ("完全不", "完全")}[q.lang]
        points = dict(zip(q.scale, ends, strict=True))
    if q.unknown:
        points[99 if q.scale[1] >= 8 else 9] = q.unknown
    return points


def _people(q: Questionnaire, frame: pd.DataFrame) -> pd.DataFrame:
    heard = {f"heard_{k + 1}": q.heard[:, k].astype(float) for k in range(4)}
    return pd.concat([
        pd.DataFrame({"respid": np.arange(1.0, q.n + 1)}), frame,
        pd.DataFrame({"sex": q.gender + 1.0, "agegrp": q.age + 1.0, **heard,
                      "weight": np.round(q.draw.uniform(0.5, 2, q.n), 3)}),
    ], axis=1)  # fmt: skip


def _value_labels(q: Questionnaire, names: list[str]) -> dict[str, dict[int, str]]:
    points = _points(q)
    return {**({name: points for name in names} if points else {}),
            "sex": dict(enumerate(GENDER[q.lang], start=1)),
            "agegrp": dict(enumerate(AGES[q.lang], start=1))}  # fmt: skip


def spss(q: Questionnaire, folder: Path) -> Export:
    import pyreadstat

    frame, labels, names = _coded(q, stems=bool(q.draw.random() < 0.6))
    declared = q.unknown and q.draw.random() < 0.5
    code = 99 if q.scale[1] >= 8 else 9
    path = folder / "umfrage.sav"
    heard = {f"heard_{k}": f"{q.text('heard')}: {n}" for k, n in enumerate(HEARD[q.lang], start=1)}
    pyreadstat.write_sav(
        _people(q, frame), str(path), column_labels={**labels, **heard},
        variable_value_labels=_value_labels(q, names),
        missing_ranges={n: [code] for n in names} if declared else None,
    )  # fmt: skip
    return Export(path, q, tuple(range(1, 1 + len(names))), "", seconds=False)


def stata(q: Questionnaire, folder: Path) -> Export:
    import pyreadstat

    frame, labels, names = _coded(q, stems=bool(q.draw.random() < 0.6))
    path = folder / "survey.dta"
    pyreadstat.write_dta(
        _people(q, frame), str(path), column_labels=labels, version=15,
        variable_value_labels=_value_labels(q, names),
    )  # fmt: skip
    return Export(path, q, tuple(range(1, 1 + len(names))), "", seconds=False)


def parquet(q: Questionnaire, folder: Path) -> Export:
    frame, _, names = _coded(q, stems=bool(q.draw.random() < 0.6))
    path = folder / "survey.parquet"
    _people(q, frame).to_parquet(path)
    return Export(path, q, tuple(range(1, 1 + len(names))), "", seconds=False)


def excel(q: Questionnaire, folder: Path) -> Export:
    """A sheet typed by hand: titles over columns, or one header of names and numbers."""
    frame, _, names = _coded(q, stems=bool(q.draw.random() < 0.6))
    sheet = Sheet(q)
    sheet.add("No.", range(1, q.n + 1))
    cells = [[int(v) if v == v else "" for v in frame[name]] for name in names]
    if q.draw.random() < 0.5:
        heads, last = [], ""
        for _, name, text in item_texts(q):
            heads.append((name if name != last else "", text))
            last = name
        sheet.add_items(heads, cells)
    else:
        sheet.add_items([n.upper() for n in names], cells)
    sheet.add(q.text("gender"), genders(q, words=False))
    return Export(sheet.write(folder / "survey.xlsx"), q, tuple(sheet.items), "", heard=False,
                  seconds=False)  # fmt: skip
