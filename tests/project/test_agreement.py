"""The table of agreement in the docs: this project beside lavaan, semTools and psych.

The numbers of R are those of tests/reference; the table of docs/*/agreement.md is the one computed.
To write it anew: ``python tests/project/test_agreement.py``.
"""

from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "tests" / "reference"
START = "<!-- agreement: written by tests/project/test_agreement.py -->"
END = "<!-- /agreement -->"
PAGES = [ROOT / "docs" / lang / "agreement.md" for lang in ("en", "zh")]
HS = {
    "visual": ["x1", "x2", "x3"],
    "textual": ["x4", "x5", "x6"],
    "speed": ["x7", "x8", "x9"],
}
HS_MODEL = "\n".join(f"{name} =~ {' + '.join(items)}" for name, items in HS.items())
POLITICAL = """
  ind60 =~ x1 + x2 + x3
  dem60 =~ y1 + y2 + y3 + y4
  dem65 =~ y5 + y6 + y7 + y8
  dem60 ~ ind60
  dem65 ~ ind60 + dem60
  y1 ~~ y5
  y2 ~~ y4 + y6
  y3 ~~ y7
  y4 ~~ y8
  y6 ~~ y8
"""
INDICES = ("chisq", "df", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper", "srmr",
           "aic", "bic")  # fmt: skip


def reference(name):
    return pd.read_csv(REFERENCE / f"{name}.csv")


def indices_of(name):
    frame = reference(f"{name}_indices")
    return dict(zip(frame.name.str.replace(".", "_"), frame.value, strict=True))


def model_rows(title, syntax, data, name):
    from cx_value.sem import fit_model

    fit = fit_model(syntax, reference(data))
    theirs = indices_of(name)
    return [(title, index, "lavaan", theirs[index], fit.indices[index]) for index in INDICES]


def scale_rows():
    from cx_value.measure.discriminant import heterotrait_monotrait_ratios
    from cx_value.measure.reliability import reliability_of_scales
    from cx_value.measure.validity import convergent_validity
    from cx_value.sem import fit_model

    items = reference("measure_data__hs")
    alpha = reliability_of_scales(items, HS, bootstrap=0).table().set_index("construct")
    valid = convergent_validity(fit_model(HS_MODEL, items)).table().set_index("construct")
    ratio = heterotrait_monotrait_ratios(items, HS, bootstrap=0).table()
    r_scale = reference("reliability__hs_scales").set_index("construct")
    r_valid = reference("validity__hs_convergent").set_index("construct")
    r_ratio = reference("validity__hs_htmt")
    rows = []
    for name in HS:
        rows += [
            (f"HS {name}", "Cronbach's α", "psych", r_scale.alpha[name], alpha.alpha[name]),
            (f"HS {name}", "ω (three-factor CFA)", "semTools", r_valid.semtools_omega[name],
             valid.omega[name]),
            (f"HS {name}", "AVE (mean λ²)", "lavaan", r_valid.ave[name], valid.ave[name]),
            (f"HS {name}", "AVE (raw loadings)", "semTools", r_valid.semtools_ave[name],
             valid.ave_raw[name]),
        ]  # fmt: skip
    for pair, theirs, ours in zip(
        ratio.construct_1 + "–" + ratio.construct_2, r_ratio.htmt2, ratio.htmt2, strict=True
    ):
        rows.append((f"HS {pair}", "HTMT2", "semTools", theirs, ours))
    return rows


def factor_rows():
    from cx_value.measure.retention import factor_adequacy

    ours = factor_adequacy(reference("measure_data__hs")).table().iloc[0]
    theirs = reference("factors__adequacy").set_index("case").loc["hs"]
    return [("HS", "KMO", "psych", theirs.kmo, ours.kmo),
            ("HS", "Bartlett's χ²", "psych", theirs.chisq, ours.chisq)]  # fmt: skip


@pytest.fixture(scope="module")
def table():
    return compare()


def compare():
    rows = [
        *model_rows("HS CFA", HS_MODEL, "sem__hs_data", "sem__hs"),
        *model_rows("PoliticalDemocracy SEM", POLITICAL, "sem__pd_data", "sem__pd"),
        *scale_rows(),
        *factor_rows(),
    ]
    return pd.DataFrame(rows, columns=["data", "statistic", "package", "theirs", "ours"])


def as_markdown(table):
    lines = ["| data and model | statistic | R package | R | here |", "|---|---|---|---:|---:|"]
    for row in table.itertuples():
        digits = 0 if row.statistic == "df" else 3
        theirs, ours = (f"{value:.{digits}f}" for value in (row.theirs, row.ours))
        name = f"`{row.statistic}`" if row.statistic in INDICES else row.statistic
        lines.append(f"| {row.data} | {name} | {row.package} | {theirs} | {ours} |")
    return "\n".join(lines)


def test_every_number_agrees_to_the_digits_printed(table):
    # 1e-4 relative: the limits of RMSEA are found by a search that lavaan stops earlier.
    gap = (table.ours - table.theirs).abs() / table.theirs.abs().clip(lower=1)
    assert gap.max() < 1e-4, table.loc[gap.idxmax()]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.parent.name)
def test_the_page_holds_this_table(table, page):
    text = page.read_text(encoding="utf-8")
    assert text.split(START)[1].split(END)[0].strip() == as_markdown(table)


def test_published_values_are_the_ones_everybody_knows(table):
    # lavaan's tutorial (Rosseel 2012, JSS 48(2)) prints these.
    known = table.set_index(["data", "statistic"]).ours.round(3)
    assert known["HS CFA", "chisq"] == 85.306 and known["HS CFA", "aic"] == 7517.490
    assert known["HS CFA", "cfi"] == 0.931 and known["HS CFA", "srmr"] == 0.065
    assert known["PoliticalDemocracy SEM", "chisq"] == 38.125


if __name__ == "__main__":
    body = f"{START}\n{as_markdown(compare())}\n{END}"
    for page in PAGES:
        head, rest = page.read_text(encoding="utf-8").split(START)
        page.write_text(head + body + rest.split(END)[1], encoding="utf-8", newline="\n")
