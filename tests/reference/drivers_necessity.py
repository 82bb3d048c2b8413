"""Ceilings of necessary conditions by PyPI NecessaryConditionAnalysis 0.1.1 (MIT), on R's data.

Run from the repository root, that package on the path: python tests/reference/drivers_necessity.py
"""

import pandas as pd
from NecessaryConditionAnalysis import NCA

FOLDER = "tests/reference/"
rows = []
for name, outcome in (("attitude", "rating"), ("swiss", "Fertility")):
    data = pd.read_csv(f"{FOLDER}drivers__{name}_data.csv").astype(float)
    levers = [c for c in data if c != outcome]
    model = NCA(ceilings=["ce-fdh", "cr-fdh"])
    model.fit(levers, outcome, data)
    effects, accuracy = model.effects_, model.accuracy_
    for lever in levers:
        rows.append((name, lever, *effects.loc[lever], *accuracy.loc[lever]))
columns = ["data", "lever", *effects.columns, *(f"accuracy_{c}" for c in accuracy.columns)]
pd.DataFrame(rows, columns=columns).to_csv(f"{FOLDER}drivers_necessity__ceilings.csv", index=False)
