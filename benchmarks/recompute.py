"""The printed numbers of the bundled studies, computed again from the data files alone.

    python benchmarks/recompute.py BUILD [BUILD …]     # folders with <study>/results in them

Own code on pandas, numpy and scipy, and lavaan for the structural models (``recompute.R``, where R
is there); nothing of ``cx_value`` is imported. Each number is compared with the stored result that
the report prints, to the digits that are printed. Exit status 1 where one differs.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from recompute_chapters import Chapters
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1
from scipy.stats import chi2, f

ROOT = Path(__file__).parents[1]


class Compared:
    """Numbers side by side: what was computed here, what the build holds."""

    def __init__(self, study: str, results: Path):
        self.study, self.results, self.rows = study, results, []
        self.folder = ROOT / "data" / study

    def stored(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.results / f"{name}.csv")

    def add(self, part: str, what: str, here: float, there: float, tolerance: float = 5e-7):
        """Compare two numbers; the tolerance is relative to numbers above 1."""
        differ = abs(float(here) - float(there)) / max(abs(float(there)), 1.0)
        self.rows.append((part, what, float(here), float(there), differ <= tolerance))


# --- surveys ------------------------------------------------------------------------------------


def covariance(answers: pd.DataFrame, weights: np.ndarray | None) -> np.ndarray:
    """Return the covariance matrix of complete rows, weighted where there are weights."""
    whole = answers.notna().all(axis=1).to_numpy()
    return np.cov(answers[whole].to_numpy(float), rowvar=False,
                  aweights=None if weights is None else weights[whole])  # fmt: skip


def alpha(matrix: np.ndarray) -> float:
    k = len(matrix)
    return k / (k - 1) * (1 - np.trace(matrix) / matrix.sum())


def compare_items(found: Compared, items: pd.DataFrame, weights: np.ndarray | None) -> None:
    told = found.stored("item_statistics").set_index("item")
    for name, row in told.iterrows():
        x = items[name].dropna().to_numpy(float)
        z = (x - x.mean()) / x.std(ddof=1)
        found.add("item statistics", f"{name} M", x.mean(), row["mean"])
        found.add("item statistics", f"{name} SD", x.std(ddof=1), row["sd"])
        found.add("item statistics", f"{name} skew", (z**3).mean(), row["skew"])
        found.add("item statistics", f"{name} kurtosis", (z**4).mean() - 3, row["kurtosis"])
        if weights is not None:
            w = weights[items[name].notna()]
            found.add("weighted means", name, (w * x).sum() / w.sum(), row["mean_weighted"])
        for end, at in (("floor", row["scale_minimum"]), ("ceiling", row["scale_maximum"])):
            if not np.isnan(row[end]):
                found.add("floor and ceiling", f"{name} {end}", (x == at).mean(), row[end])


def compare_scales(found: Compared, items: pd.DataFrame, scales: dict, weights) -> None:
    told = found.stored("reliability").set_index("construct")
    for name, row in told.iterrows():
        own = items[scales[name]]
        n, k = len(own.dropna()), own.shape[1]
        if own.isna().any(axis=1).sum() != own.isna().all(axis=1).sum():
            continue  # of some gaps by maximum likelihood: not computed here
        matrix = covariance(own, weights)
        a, spread = alpha(matrix), np.sqrt(np.diag(matrix))
        found.add("reliability", f"α {name}", a, row["alpha"])
        found.add("reliability", f"standardised α {name}",
                  alpha(matrix / np.outer(spread, spread)), row["alpha_standardised"])  # fmt: skip
        if weights is None:
            low, high = (1 - (1 - a) * f.ppf(p, n - 1, (n - 1) * (k - 1)) for p in (0.975, 0.025))
            found.add("reliability", f"α {name} low", low, row["alpha_ci_low"])
            found.add("reliability", f"α {name} high", high, row["alpha_ci_high"])


def compare_correlations(found: Compared, items: pd.DataFrame, scales: dict) -> None:
    """KMO, Bartlett, eigenvalues, Mardia and HTMT of complete answers."""
    names = [i for own in scales.values() if len(own) > 1 for i in own]
    used = items[names]
    n, p = used.shape
    r = np.corrcoef(used.to_numpy(float), rowvar=False)
    inverse = np.linalg.inv(r)
    partial = -inverse / np.sqrt(np.outer(np.diag(inverse), np.diag(inverse)))
    off = ~np.eye(p, dtype=bool)
    row = found.stored("adequacy").iloc[0]
    kmo = (r[off] ** 2).sum() / ((r[off] ** 2).sum() + (partial[off] ** 2).sum())
    found.add("factors", "KMO", kmo, row["kmo"])
    found.add("factors", "Bartlett χ²", -(n - 1 - (2 * p + 5) / 6) * np.linalg.slogdet(r)[1],
              row["chisq"])  # fmt: skip
    values = np.sort(np.linalg.eigvalsh(r))[::-1]
    for i, value in enumerate(found.stored("retention")["eigenvalue"]):
        found.add("factors", f"eigenvalue {i + 1}", values[i], value)
    _compare_mardia(found, items)
    _compare_htmt(found, items, scales)


def _compare_mardia(found: Compared, items: pd.DataFrame) -> None:
    x = items.to_numpy(float)
    n, p = x.shape
    z = x - x.mean(axis=0)
    d = z @ np.linalg.inv(z.T @ z / n) @ z.T
    b1, b2 = (d**3).mean(), (np.diag(d) ** 2).mean()
    told = found.stored("mardia").set_index("test")
    k = (p + 1) * (n + 1) * (n + 3) / (n * ((n + 1) * (p + 1) - 6))
    found.add("normality", "Mardia skewness", b1, told.loc["skew", "coefficient"])
    small = told.loc["skew_small_sample"]
    found.add("normality", "Mardia χ²", n * k * b1 / 6, small["statistic"])
    found.add("normality", "Mardia p", chi2.sf(n * k * b1 / 6, small["df"]), small["p"])
    found.add("normality", "Mardia kurtosis", b2, told.loc["kurtosis", "coefficient"])


def _compare_htmt(found: Compared, items: pd.DataFrame, scales: dict) -> None:
    r = items.corr()
    for row in found.stored("htmt").itertuples():
        one, two = scales[row.construct_1], scales[row.construct_2]
        within = [r.loc[own, own].to_numpy()[np.triu_indices(len(own), 1)] for own in (one, two)]
        between = r.loc[one, two].to_numpy()
        pair = f"{row.construct_1}–{row.construct_2}"
        signed = between.mean() / np.sqrt(within[0].mean() * within[1].mean())
        found.add("HTMT", pair, signed, row.htmt)
        plus = np.abs(between).mean() / np.sqrt(np.abs(within[0]).mean() * np.abs(within[1]).mean())
        found.add("HTMT", f"{pair} plus", plus, row.htmt_plus)


def compare_models(found: Compared, file: Path) -> None:
    """Compare measurement and structural model with lavaan's."""
    if shutil.which("Rscript") is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "r.csv"
        script = Path(__file__).with_suffix(".R")
        subprocess.run(["Rscript", script, file, out], check=True, capture_output=True)
        here = pd.read_csv(out).set_index("what")["value"]
    names = {"chisq": "chisq.scaled", "df": "df", "cfi": "cfi.robust", "tli": "tli.robust",
             "rmsea": "rmsea.robust", "srmr": "srmr"}  # fmt: skip
    for model, stored in (("measurement", "measurement_fit"), ("reduced", "structure_fit")):
        row = found.stored(stored).iloc[0]
        for ours, theirs in names.items():
            found.add(f"{model} model", ours, here[f"{model} {theirs}"], row[ours], 2e-6)
    for row in found.stored("loadings").itertuples():
        key = f"measurement loading {row.construct} {row.item}"
        found.add("loadings", row.item, here[key], row.loading, 2e-5)
    for row in found.stored("structure_paths").itertuples():
        for name, value in (("B", row.est), ("SE", row.se), ("beta", row.std_all)):
            key = f"reduced {name} {row.source} {row.target}"
            found.add("paths", f"{row.source}→{row.target} {name}", here[key], value, 2e-4)


# --- purchases ----------------------------------------------------------------------------------


def customer_days(log: pd.DataFrame) -> tuple[dict[str, dict], int]:
    """Return spend by day and customer, each return off the latest purchase it equals."""
    lines, returned = defaultdict(list), 0
    for who, day, amount in log[["customer", "date", "amount"]].itertuples(index=False):
        lines[who].append((day, round(100 * amount)))
    days = {}
    for who, own in lines.items():
        bought = [[day, cents] for day, cents in sorted(own) if cents >= 0]
        for day, cents in sorted(line for line in own if line[1] < 0):
            equal = [line for line in bought if line[1] == -cents and line[0] <= day]
            if not equal:
                raise ValueError(f"a return of {who} equals no purchase")
            bought.remove(max(equal, key=lambda line: line[0]))
            returned += 1
        spend = defaultdict(int)
        for day, cents in bought:
            spend[day] += cents
        if spend:
            days[who] = {day: cents / 100 for day, cents in sorted(spend.items())}
    return days, returned


def summarise(days: dict[str, dict], end: pd.Timestamp) -> pd.DataFrame:
    rows = []
    for spend in days.values():
        when = [day for day in spend if day <= end]
        if when:
            again = [spend[day] for day in when[1:]]
            mean, total = np.mean(again) if again else np.nan, sum(spend[day] for day in when)
            times = (when[-1] - when[0]).days / 7, (end - when[0]).days / 7
            rows.append((len(again), *times, mean, total))
    return pd.DataFrame(rows, columns=["x", "tx", "T", "z", "spend"])


def best_share(spend: pd.Series, part: float) -> float:
    """Return the share of all spend of the best customers, the last one in proportion."""
    best = np.sort(spend.to_numpy())[::-1]
    whole = int(np.floor(part * len(best)))
    return (best[:whole].sum() + (part * len(best) - whole) * best[whole]) / best.sum()


def log_likelihood(model: str, t: np.ndarray, x, tx, age) -> np.ndarray:
    """Return each customer's log likelihood of a purchase model at log parameters."""
    if model == "nbd":
        r, a = np.exp(t)
        return gammaln(r + x) - gammaln(r) + r * np.log(a) - (r + x) * np.log(a + age)
    if model == "pareto_nbd":
        return _pareto(*np.exp(t), x, tx, age)
    r, alpha_, a, b = np.exp(t)
    start = gammaln(r + x) - gammaln(r) + r * np.log(alpha_)
    more = int(model == "mbg_nbd")
    stays = betaln(a, b + x + more) - betaln(a, b) - (r + x) * np.log(alpha_ + age)
    with np.errstate(invalid="ignore"):
        left = betaln(a + 1, b + x - 1 + more) - betaln(a, b) - (r + x) * np.log(alpha_ + tx)
    if model == "bg_nbd":
        left = np.where(x > 0, left, -np.inf)
    return start + np.logaddexp(stays, left)


def _pareto(r, alpha_, s, beta, x, tx, age) -> np.ndarray:
    larger, gap = max(alpha_, beta), abs(alpha_ - beta)
    second, power = (s + 1 if alpha_ >= beta else r + x), r + s + x

    def log_part(t):
        value = hyp2f1(power, second, power + 1, gap / (larger + t))
        return np.log(value) - power * np.log(larger + t)

    with np.errstate(all="ignore"):
        soon, late = log_part(tx), log_part(age)
        left = np.log(s / power) + soon + np.log1p(-np.exp(np.minimum(late - soon, 0)))
        stays = -(r + x) * np.log(alpha_ + age) - s * np.log(beta + age)
        start = gammaln(r + x) - gammaln(r) + r * np.log(alpha_) + s * np.log(beta)
        return start + np.logaddexp(stays, left)


def fit(negative, begin) -> tuple[np.ndarray, float]:
    """Minimise by simplex, twice, which needs no derivative."""
    at = np.log(begin)
    for _ in range(3):
        found = minimize(negative, at, method="Nelder-Mead",
                         options={"xatol": 1e-8, "fatol": 1e-8, "maxiter": 4000})  # fmt: skip
        at = found.x
    return np.exp(found.x), -found.fun


def fit_purchases(model: str, table: pd.DataFrame) -> tuple[np.ndarray, float]:
    kinds, count = np.unique(table[["x", "tx", "T"]].to_numpy(), axis=0, return_counts=True)
    x, tx, age = kinds.T
    begin = {"nbd": [1, 10], "pareto_nbd": [1, 10, 0.7, 40]}.get(model, [0.8, 10, 0.6, 1.5])
    return fit(lambda t: -(count * log_likelihood(model, t, x, tx, age)).sum(), begin)


def fit_spend(table: pd.DataFrame) -> np.ndarray:
    some = table[(table["x"] > 0) & (table["z"] > 0)]
    x, z = some["x"].to_numpy(float), some["z"].to_numpy(float)

    def negative(t):
        p, q, g = np.exp(t)
        each = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(g)
        each += (p * x - 1) * np.log(z) + p * x * np.log(x) - (p * x + q) * np.log(g + x * z)
        return -each.sum()

    return fit(negative, [5, 4, 30])[0]


def compare_purchases(found: Compared, folder: Path, study: dict) -> None:
    log = pd.read_csv(folder / "transactions.csv", dtype={"customer": str}, parse_dates=["date"])
    log = log[log["customer"].notna()]
    told = study["transactions"]
    end = pd.Timestamp(told.get("end") or log["date"].max())
    days, returned = customer_days(log)
    table = summarise(days, end)
    steps = found.stored("purchase_log").set_index("step")["rows"]
    found.add("log", "customer days", sum(len(d) for d in days.values()), steps["purchases"])
    found.add("log", "purchases given back in full", returned, steps["purchase_returned"])
    spread = found.stored("purchases").set_index("variable")
    names = (("frequency", "x"), ("recency", "tx"), ("age", "T"), ("monetary", "z"),
             ("spend", "spend"))  # fmt: skip
    for there, here in names:
        found.add("log", f"mean {there}", table[here].mean(), spread.loc[there, "mean"])
        found.add("log", f"SD {there}", table[here].std(), spread.loc[there, "sd"])
    metrics = found.stored("core_metrics").set_index("metric")["estimate"]
    found.add("metrics", "repeat share", (table["x"] > 0).mean(), metrics["repeat_purchase_rate"])
    if (found.results / "claims.csv").exists():
        told_claims = found.stored("claims").set_index("claim")["estimate"]
        if "top_fifth" in told_claims:
            found.add("claims", "best fifth", 100 * best_share(table["spend"], 0.2),
                      told_claims["top_fifth"])  # fmt: skip
    _compare_cohorts(found, days)
    seen = table
    if cut := told.get("calibration_end"):
        cut = pd.Timestamp(cut)  # what was returned later, the calibration does not know
        seen = summarise(customer_days(log[log["date"] <= cut])[0], cut)
    _compare_models_of_purchases(found, seen, table)


def _compare_cohorts(found: Compared, days: dict) -> None:
    quarter = {who: [d.to_period("Q") for d in spend] for who, spend in days.items()}
    told = found.stored("cohorts")
    if "cohort" not in told:
        return
    for row in told.set_index("cohort").iterrows():
        own = [set(q) for q in quarter.values() if str(min(q)) == row[0]]
        found.add("cohorts", f"{row[0]} customers", len(own), row[1]["customers"])
        for name, value in row[1].items():
            if str(name).startswith("after_") and not np.isnan(value):
                later = pd.Period(row[0], "Q") + int(name[6:])
                share = np.mean([later in periods for periods in own])
                found.add("cohorts", f"{row[0]} {name}", share, value)


def _compare_models_of_purchases(found: Compared, seen, table) -> None:
    for row in found.stored("purchase_models").itertuples():
        if row.failure == row.failure and row.failure:
            continue
        found.add("purchase models", f"log likelihood {row.model}",
                  fit_purchases(row.model, seen)[1], row.log_likelihood, 1e-7)  # fmt: skip
    chosen = found.stored("purchase_models").query("chosen")["model"].iloc[0]
    params, told_params = fit_purchases(chosen, table)[0], found.stored("purchase_model")
    for here, row in zip(params, told_params.itertuples(), strict=False):
        found.add("purchase model", row.term, here, row.estimate, 1e-3)
    for here, row in zip(fit_spend(table), found.stored("spend_model").itertuples(), strict=False):
        found.add("spend model", row.term, here, row.estimate, 1e-3)


# --- the studies --------------------------------------------------------------------------------


def scales_of(study: dict, folder: Path) -> dict[str, list[str]]:
    if "codebook" in study:
        book = pd.read_csv(folder / study["codebook"])
        return book.groupby("construct", sort=False)["item"].apply(list).to_dict()
    return {name: list(c["items"]) for name, c in study["constructs"].items() if "items" in c}


def compare_study(name: str, results: Path) -> Compared:
    """Compute again what one bundled study prints."""
    folder = ROOT / "data" / name
    study = yaml.safe_load((folder / "study.yml").read_text(encoding="utf-8"))
    found = Compared(name, results)
    if "data" in study:
        answers = pd.read_csv(folder / study["data"]["file"])
        dropped = pd.DataFrame()
        if study.get("screening", {}).get("action") == "drop":
            dropped = found.stored("careless_log").query("set_aside")
            answers = answers.drop(index=dropped["row"] - 1)
        flow = found.stored("sample_flow")["count"].iloc[-1]
        found.add("sample", "respondents", len(answers), flow)
        weight = study["data"].get("weight")
        scales = scales_of(study, folder)
        items = answers[[i for own in scales.values() for i in own]]
        weights = answers[weight].to_numpy(float) if weight else None
        chapters = Chapters(found, study, answers.reset_index(drop=True), scales, weights)
        if weights is not None or study.get("margins"):
            weights = chapters.weights
        compare_items(found, items, weights)
        own = chapters.own  # scales speak of the own brand's customers, where these are enough
        compare_scales(found, items[own], scales, None if weights is None else weights[own])
        told = found.stored("missing_items").set_index("item")["missing"]
        for item in items:
            found.add("missing answers", item, items[item].isna().sum(), told[item])
        chapters.compare()
        if not items.isna().any(axis=None):
            compare_correlations(found, items, scales)
            compare_models(found, folder / study["data"]["file"])
    if "transactions" in study:
        compare_purchases(found, folder, study)
    return found


def main() -> int:
    """Compare every bundled study that one of the builds holds, and print a table."""
    print("| study | part | numbers | agree | largest difference |\n|---|---|--:|--:|--:|")
    wrong = []
    for name in ("bank-panel", "ecsi-mobile", "cdnow"):
        places = [p for b in sys.argv[1:] for p in Path(b).glob(f"**/{name}/results")]
        if not places:
            print(f"| {name} | not built | | | |")
            continue
        frame = pd.DataFrame(compare_study(name, places[0]).rows,
                             columns=["part", "what", "here", "there", "agrees"])  # fmt: skip
        wrong += [(name, *row[1:]) for row in frame[~frame["agrees"]].itertuples()]
        for part, rows in frame.groupby("part", sort=False):
            apart = (rows["here"] - rows["there"]).abs().max()
            print(f"| {name} | {part} | {len(rows)} | {rows['agrees'].sum()} | {apart:.1g} |")
    for row in wrong:
        print("differs:", *row)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
