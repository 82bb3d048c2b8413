"""Surveys made at random, written in random ways, and the same statistics counted simply.

The second computation is numpy on the answers as they were made, before they were written.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

SCALES = ((1, 4), (1, 5), (1, 7), (0, 10), (1, 10), (-3, 3))
KINDS = ("csv", "semicolon", "xlsx", "parquet", "dta")


@dataclass
class Made:
    """A study in a folder, and its answers as they are: reversed items turned, gaps NaN."""

    folder: Path
    items: pd.DataFrame
    constructs: dict[str, list[str]]
    scale: tuple[int, int]
    weights: np.ndarray | None
    seconds: np.ndarray | None
    coded: int


def make_survey(folder: Path, seed: int) -> Made:
    """Make one study of a seed: answers, scale, gaps, weights, file and study file."""
    random = np.random.default_rng(seed)
    low, high = SCALES[random.integers(len(SCALES))]
    n = int(random.integers(30, 120))
    constructs = {name: [f"{name}{k}" for k in range(1, int(random.integers(2, 5)) + 1)]
                  for name in ("QUAL", "SAT", "LOY")[: random.integers(1, 4)]}  # fmt: skip
    items = _answers(random, n, constructs, low, high)
    reverse = [name for name in items if random.random() < 0.15]
    written = items.copy()
    written[reverse] = low + high - written[reverse]
    written, coded, code = _with_codes(random, written, high)
    weights = np.round(random.uniform(0.2, 3, n), 3) if random.random() < 0.4 else None
    seconds = random.integers(5, 3000, n) if random.random() < 0.5 else None
    kind = KINDS[random.integers(len(KINDS))]
    more = {} if weights is None else {"w": weights}
    if seconds is not None:
        wide = random.random() < 0.3 and kind in ("csv", "semicolon", "xlsx")
        more["secs"] = (
            [f"{s:,}" for s in seconds] if wide and (seconds > 999_999).any() else seconds
        )
    name = _write(folder, kind, written.assign(**more))
    data = {"file": name} | ({"missing_codes": [code]} if coded else {})
    data |= {"weight": "w"} if weights is not None else {}
    data |= {"duration": "secs"} if seconds is not None else {}
    study = {"title": "T", "data": data, "scale": {"min": int(low), "max": int(high)},
             "constructs": {c: {"items": {i: {"column": i, "reverse": i in reverse} for i in own}}
                            for c, own in constructs.items()},
             "screening": {"action": "flag"}}  # fmt: skip
    (folder / "study.yml").write_text(yaml.safe_dump(study), encoding="utf-8")
    return Made(folder, items, constructs, (low, high), weights, seconds, coded)


def _answers(random, n, constructs, low, high) -> pd.DataFrame:
    columns, common = {}, random.normal(size=n)
    for own in constructs.values():
        factor = 0.6 * common + 0.8 * random.normal(size=n)
        for item in own:
            value = factor + random.normal(size=n) * random.uniform(0.4, 1.5)
            middle, step = (low + high) / 2, (high - low) / 5
            columns[item] = np.clip(np.round(middle + step * value), low, high)
    frame = pd.DataFrame(columns)
    share = random.choice([0.0, 0.03, 0.15])
    return frame.mask(random.random(frame.shape) < share)


def _with_codes(random, written: pd.DataFrame, high: int) -> tuple[pd.DataFrame, int, int]:
    """Write some of the gaps as a code of no answer."""
    code = 99 if high < 99 else -9
    gaps = written.isna().to_numpy() & (random.random(written.shape) < 0.5)
    return written.mask(gaps, code), int(gaps.sum()), code


def _write(folder: Path, kind: str, frame: pd.DataFrame) -> str:
    name = f"answers.{'csv' if kind == 'semicolon' else kind}"
    if kind in ("csv", "semicolon"):
        frame.to_csv(folder / name, index=False, sep=";" if kind == "semicolon" else ",",
                     float_format="%g")  # fmt: skip
    elif kind == "xlsx":
        frame.to_excel(folder / name, index=False)
    elif kind == "parquet":
        frame.to_parquet(folder / name, index=False)
    else:
        frame.to_stata(folder / name, write_index=False)
    return name


def alpha_of(answers: pd.DataFrame) -> float:
    """Cronbach's alpha of complete rows, from sums: k/(k − 1) (1 − Σ var / var of the sum)."""
    whole = answers.dropna().to_numpy()
    k = whole.shape[1]
    parts = sum(np.var(whole[:, j], ddof=1) for j in range(k))
    return k / (k - 1) * (1 - parts / np.var(whole.sum(axis=1), ddof=1))


def weighted_mean(values: pd.Series, weights: np.ndarray) -> float:
    seen = values.notna().to_numpy()
    return float((values[seen] * weights[seen]).sum() / weights[seen].sum())
