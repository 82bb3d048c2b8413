"""A plain study of sixty respondents and two constructs, to which a test adds what it is about."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml


def write_study(folder: Path, columns=None, files=None, **more) -> Path:
    """Write answers of 60 to two constructs, with columns, files and keys besides."""
    random = np.random.default_rng(3)
    common = random.normal(size=(60, 1))
    items = np.clip(np.round(3 + common + 0.7 * random.normal(size=(60, 6))), 1, 5).astype(int)
    frame = pd.DataFrame(items, columns=["q1", "q2", "q3", "s1", "s2", "s3"])
    frame.assign(**(columns or {})).to_csv(folder / "answers.csv", index=False)
    for name, text in (files or {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    study = {"title": "T", "name": "t", "data": {"file": "answers.csv"},
             "scale": {"min": 1, "max": 5},
             "constructs": {"Q": {"items": ["q1", "q2", "q3"]}, "S": {"items": ["s1", "s2", "s3"]}},
             **more}  # fmt: skip
    path = folder / "study.yml"
    path.write_text(yaml.safe_dump(study, allow_unicode=True), encoding="utf-8")
    return path
