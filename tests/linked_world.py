"""A world whose truth is known: two constructs, purchases that depend on them."""

MODEL = """
REL =~ REL1 + REL2 + REL3
SAT =~ SAT1 + SAT2 + SAT3
LOY =~ LOY1 + LOY2 + LOY3
SAT ~ REL
LOY ~ SAT
"""
WORLD = {
    "structure": {"VAL": {"REL": 0.3}, "SAT": {"REL": 0.6}, "LOY": {}},
    "satisfaction_to_loyalty": dict.fromkeys(("bank", "insurance", "brokerage"), 0.6),
    "industry_shift": {"bank": {}, "insurance": {}, "brokerage": {}},
    "cross_loadings": {}, "method_loading": 0.0, "item_shift": {}, "scale_centre": 4.5,
    "programme_effect": 0.0, "careless_share": 0.0, "missing_share": 0.0, "return_share": 0.0,
}  # fmt: skip
