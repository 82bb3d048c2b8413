"""A small simulated study for tests of the whole way from file to report."""

from pathlib import Path

import numpy as np
import pandas as pd

STUDY = """\
name: small
title: {en: "Small study: three scales", zh: 小型研究}
population: {en: simulated customers, zh: 模拟顾客}
data: {file: answers.csv, missing_codes: [-9]}
scale: {min: 1, max: 7}
constructs:
  QUAL: {label: {en: Service quality, zh: 服务质量}, items: [qual_1, qual_2, qual_3]}
  SAT: {label: {en: Satisfaction, zh: 顾客满意}, items: [sat_1, sat_2, sat_3], source: oliver1980}
  LOY: {label: {en: Loyalty, zh: 顾客忠诚}, items: [loy_1, loy_2, loy_3], source: fornell1996}
profile:
  region: {label: {en: Region, zh: 地区}, values: {1: {en: north, zh: 北}, 2: {en: south, zh: 南}}}
models:
  chain: {role: main, label: {en: chain, zh: 链式模型}, paths: [QUAL -> SAT, SAT -> LOY]}
hypotheses:
  H1: {path: QUAL -> SAT, sign: "+", theory: oliver1980}
  H2: {path: SAT -> LOY, sign: "+"}
  H3: {path: QUAL -> SAT -> LOY, sign: "+"}
segments: {most: 2}
options: {bootstrap: 60, parallel_analysis_draws: 30, seed: 11}
"""


def write_small_study(folder: Path, n: int = 160) -> Path:
    """Write ``study.yml`` and its answers to a folder, some answers missing; return the file."""
    rng = np.random.default_rng(5)
    quality = rng.normal(size=n)
    satisfaction = 0.7 * quality + rng.normal(scale=0.7, size=n)
    loyalty = 0.7 * satisfaction + rng.normal(scale=0.7, size=n)
    latent = {"qual": quality, "sat": satisfaction, "loy": loyalty}
    answers = pd.DataFrame(
        {
            f"{name}_{i}": np.clip(np.round(4 + 1.2 * (v + rng.normal(scale=0.6, size=n))), 1, 7)
            for name, v in latent.items()
            for i in (1, 2, 3)
        }
    ).astype(int)
    for row, column in ((3, "qual_1"), (17, "sat_2"), (40, "loy_3"), (41, "loy_3")):
        answers.loc[row, column] = -9
    answers["region"] = rng.integers(1, 3, n)
    folder.mkdir(parents=True, exist_ok=True)
    answers.to_csv(folder / "answers.csv", index=False)
    (folder / "study.yml").write_text(STUDY, encoding="utf-8")
    return folder / "study.yml"


ORDINAL = """\
name: ordinal
title: {en: "Ordinal study: few categories, weights and groups", zh: 有序作答研究}
population: {en: simulated customers, zh: 模拟顾客}
data: {file: answers.csv, missing_codes: [-9], weight: w}
scale: {min: 1, max: 4}
constructs:
  QUAL: {label: {en: Service quality, zh: 服务质量}, items: [qual_1, qual_2, qual_3]}
  SAT: {label: {en: Satisfaction, zh: 顾客满意}, items: [sat_1, sat_2, sat_3], source: oliver1980}
  LOY: {label: {en: Loyalty, zh: 顾客忠诚}, items: [loy_1, loy_2, loy_3], source: fornell1996}
profile:
  region: {label: {en: Region, zh: 地区}, values: {1: {en: north, zh: 北}, 2: {en: south, zh: 南}}}
group: region
models:
  chain:
    role: main
    label: {en: chain, zh: 链式模型}
    syntax: |
      QUAL =~ qual_1 + qual_2 + qual_3
      SAT =~ sat_1 + sat_2 + sat_3
      LOY =~ loy_1 + loy_2 + loy_3
      SAT ~ a*QUAL
      LOY ~ b*SAT
      carried := a*b
  full:
    role: rival
    label: {en: full model, zh: 完全模型}
    paths: [QUAL -> SAT, "QUAL, SAT -> LOY"]
hypotheses:
  H1: {path: QUAL -> SAT, sign: "+", theory: oliver1980}
  H2: {path: QUAL -> SAT -> LOY, sign: "+"}
segments: {most: 2}
options: {bootstrap: 20, parallel_analysis_draws: 20, seed: 11}
"""


def write_ordinal_study(folder: Path, n: int = 400) -> Path:
    """Write a study of four-point items with gaps, weights, and groups in which one path differs.

    In the south satisfaction hardly depends on quality.
    """
    rng = np.random.default_rng(8)
    region = np.arange(n) % 2 + 1
    slope = np.where(region == 1, 0.9, 0.2)
    quality = rng.normal(size=n)
    satisfaction = slope * quality + rng.normal(scale=0.7, size=n)
    loyalty = 0.7 * satisfaction + rng.normal(scale=0.7, size=n)
    latent = {"qual": quality, "sat": satisfaction, "loy": loyalty}
    answers = pd.DataFrame(
        {
            f"{name}_{i}": 1 + np.digitize(v + rng.normal(scale=0.6, size=n), (-1.1, 0.1, 1.2))
            for name, v in latent.items()
            for i in (1, 2, 3)
        }
    )
    answers = answers.mask(rng.random(answers.shape) < 0.02, -9)
    answers["region"], answers["w"] = region, rng.choice([0.5, 1.0, 2.0], n)
    folder.mkdir(parents=True, exist_ok=True)
    answers.to_csv(folder / "answers.csv", index=False)
    (folder / "study.yml").write_text(ORDINAL, encoding="utf-8")
    return folder / "study.yml"
