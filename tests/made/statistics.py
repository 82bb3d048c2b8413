"""Statistics of data made at random, each against plain numpy, closed forms or exact fractions.

Data are as awkward as they come: few rows, gaps, weights of zero, constant and repeated items.
A statistic is right, or refused in words.
"""

from __future__ import annotations

import math
from collections import defaultdict
from fractions import Fraction

import numpy as np
import pandas as pd

from cx_value.base.errors import AnalysisError
from cx_value.base.formulas import cronbach_alpha
from cx_value.evaluate.drivers.kano import classify_pair
from cx_value.evaluate.drivers.relative import explained_variance, johnson_weights, shapley_shares
from cx_value.evaluate.weights.objective import weigh_columns
from cx_value.measure.discriminant import heterotrait_monotrait_ratios
from cx_value.sem import fit_model
from cx_value.value.metrics.cohorts import retention_by_cohort
from cx_value.value.metrics.core import customer_satisfaction, net_promoter_score


def close(found, right, what: str, tolerance: float = 1e-9) -> str:
    """Return "" where two arrays agree, NaN with NaN."""
    same = np.allclose(found, right, rtol=tolerance, atol=tolerance, equal_nan=True)
    return "" if same else f"{what}: {found} instead of {right}"


def compare_statistic(seed: int) -> str:
    """Compute one statistic of one made data set; say what is wrong, "refused", or nothing."""
    kinds = [shares, scale, ratios, three_indicators, drivers, weights, cohorts, kano]
    random = np.random.default_rng(seed)
    try:
        return kinds[seed % len(kinds)](random)
    except AnalysisError as error:
        return "refused" if " · do: " in str(error) else f"no way out told: {error}"


def shares(random) -> str:
    """CSAT and NPS, weighted: exact fractions of whole weights."""
    n = int(random.integers(1, 60))
    answers, weight = random.integers(0, 11, n).astype(float), random.integers(0, 9, n)
    answers[random.random(n) < 0.1] = np.nan
    limit = int(random.integers(0, 11))
    kept = [(int(a), int(w)) for a, w in zip(answers, weight, strict=True) if a == a and w > 0]
    if not kept:
        customer_satisfaction(answers, satisfied_from=limit, weights=weight)
        return "nothing to count, yet no refusal"
    total = sum(w for _, w in kept)
    happy = Fraction(sum(w for a, w in kept if a >= limit), total)
    promoted = Fraction(sum(w * ((a >= 9) - (a <= 6)) for a, w in kept), total)
    csat = customer_satisfaction(answers, satisfied_from=limit, weights=weight).table()
    nps = net_promoter_score(answers, weights=weight).table().iloc[0]
    inside = (csat.ci_low <= csat.estimate + 1e-12) & (csat.estimate <= csat.ci_high + 1e-12)
    if len(kept) > 1 and not inside.all():
        return f"CSAT outside its interval: {csat.to_dict('records')}"
    return (
        close(csat.estimate.iloc[0], float(happy), "CSAT")
        or close(csat.estimate.iloc[1], float(Fraction(sum(a * w for a, w in kept), total)), "mean")
        or close(nps.estimate, 100 * float(promoted), "NPS")
        or ("" if int(nps.n) == len(kept) else "n of NPS")
    )


def _answers(random, n: int, k: int) -> np.ndarray:
    common = random.normal(size=(n, 1))
    raw = 4 + random.choice([0.2, 0.8, 1.4]) * common + random.normal(size=(n, k))
    return np.clip(np.round(raw), 1, 7)


def scale(random) -> str:
    """Cronbach's alpha from sums of squares, written out."""
    rows = _answers(random, int(random.integers(3, 50)), int(random.integers(2, 7)))
    if random.random() < 0.1:
        rows[:, 0] = 4
    total = rows.sum(axis=1)
    if np.ptp(total) == 0:
        return ""
    k, parts = rows.shape[1], 0.0
    for column in rows.T:
        parts += sum((x - sum(column) / len(column)) ** 2 for x in column)
    whole = sum((x - sum(total) / len(total)) ** 2 for x in total)
    return close(cronbach_alpha(np.cov(rows.T)), k / (k - 1) * (1 - parts / whole), "alpha")


def ratios(random) -> str:
    """HTMT of answers with gaps: correlations of the rows that answer both, one pair at a time."""
    n, sizes = int(random.integers(8, 60)), random.integers(2, 4, 2)
    rows = _answers(random, n, int(sizes.sum()))
    rows[random.random(rows.shape) < random.choice([0, 0.1])] = np.nan
    names = [f"q{i}" for i in range(rows.shape[1])]
    scales = {"a": names[: sizes[0]], "b": names[sizes[0] :]}
    frame = pd.DataFrame(rows, columns=names)
    found = heterotrait_monotrait_ratios(frame, scales, bootstrap=0).table().iloc[0]

    def mean(pairs) -> float:
        known = []
        for one, two in pairs:
            both = frame[[one, two]].dropna().to_numpy()
            known.append(np.corrcoef(both.T)[0, 1])
        return float(np.mean(known))

    within = [mean([(x, y) for i, x in enumerate(own) for y in own[i + 1 :]])
              for own in scales.values()]  # fmt: skip
    between = mean([(x, y) for x in scales["a"] for y in scales["b"]])
    product = within[0] * within[1]
    right = between / math.sqrt(product) if min(within) > 0 else math.nan
    return close(found["htmt"], right, "HTMT")


def three_indicators(random) -> str:
    """A factor of three indicators: loadings in closed form, √(r₁₂ r₁₃ / r₂₃), or a finding."""
    n = int(random.integers(12, 200))
    loadings = random.uniform(-0.3, 1.0, 3)
    rows = random.normal(size=(n, 1)) * loadings + random.normal(size=(n, 3)) * 0.6
    kind = random.choice(["plain", "repeated", "constant"], p=[0.9, 0.05, 0.05])
    if kind == "repeated":
        rows[:, 1] = rows[:, 0]
    if kind == "constant":
        rows[:, 2] = 3.0
    fit = fit_model("F =~ x1 + x2 + x3", pd.DataFrame(rows, columns=["x1", "x2", "x3"]))
    if kind != "plain":
        return f"{kind} item, yet fitted"
    r = np.corrcoef(rows.T)
    triad = r[0, 1] * r[0, 2] / r[1, 2]
    squares = [triad, r[0, 1] * r[1, 2] / r[0, 2], r[0, 2] * r[1, 2] / r[0, 1]]
    codes = {finding.code for finding in fit.diagnostics}
    if min(squares) <= 0 or max(squares) >= 1:
        return "" if codes else f"no such factor ({squares}), yet nothing was found"
    table = fit.standardised()
    found = table[table.op == "=~"]["est"].abs().to_numpy()
    return close(found, np.sqrt(squares), "loadings", 1e-4)


def drivers(random) -> str:
    """Shares of R² by Johnson and Shapley add up to R² of plain least squares."""
    n, k = int(random.integers(20, 120)), int(random.integers(2, 5))
    rows = _answers(random, n, k + 1) + random.normal(size=(n, k + 1)) * 0.1
    x = np.column_stack([np.ones(n), rows[:, :k]])
    rest = rows[:, k] - x @ np.linalg.lstsq(x, rows[:, k], rcond=None)[0]
    right = 1 - rest @ rest / ((rows[:, k] - rows[:, k].mean()) ** 2).sum()
    r = np.corrcoef(rows.T)
    return (
        close(explained_variance(r), right, "R²")
        or close(np.sum(johnson_weights(r)), right, "sum of Johnson's weights")
        or close(np.sum(shapley_shares(r)), right, "sum of Shapley's shares")
    )


def weights(random) -> str:
    """Entropy, CRITIC and variation weights by their formulas, a loop an indicator."""
    rows = _answers(random, int(random.integers(5, 60)), int(random.integers(2, 6)))
    n, k = rows.shape
    spread = rows.std(axis=0, ddof=1)
    if (spread == 0).any():
        return ""
    entropy = []
    for column in rows.T:
        p = column / column.sum()
        entropy.append(1 + sum(x * math.log(x) for x in p) / math.log(n))
    variation = [spread[j] / rows[:, j].mean() for j in range(k)]
    r = np.corrcoef(rows.T)
    critic = [spread[j] * sum(1 - r[i, j] for i in range(k)) for j in range(k)]
    for name, raw in (("entropy", entropy), ("variation", variation), ("critic", critic)):
        right = np.array(raw) / sum(raw)
        if wrong := close(weigh_columns(rows, name), right, name, 1e-7):
            return wrong
    return ""


def cohorts(random) -> str:
    """Who came back, counted with sets."""
    n = int(random.integers(1, 80))
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 700, n), unit="D")
    log = pd.DataFrame({"who": random.integers(0, 15, n), "day": day})
    period = str(random.choice(["M", "Q", "Y"]))
    months = {"M": 1, "Q": 3, "Y": 12}[period]
    active = defaultdict(set)
    for who, when in zip(log["who"], log["day"], strict=True):
        active[who].add(((when.year - 2024) * 12 + when.month - 1) // months)
    right = {}
    for cohort in {min(seen) for seen in active.values()}:
        own = [seen for seen in active.values() if min(seen) == cohort]
        for step in range(1, max(max(seen) for seen in active.values()) - cohort + 1):
            right[cohort, step] = sum(cohort + step in seen for seen in own) / len(own)
    table = retention_by_cohort(log, customer="who", date="day", period=period).table()
    found = {}
    for row in table.itertuples():
        begin = pd.Period(row.cohort, period).start_time
        key = ((begin.year - 2024) * 12 + begin.month - 1) // months, int(row.step)
        found[key] = row.estimate
    if not set(right) <= set(found):
        return f"cohorts {sorted(found)} instead of {sorted(right)}"
    return close(
        [found[key] for key in sorted(right)], [right[k] for k in sorted(right)], "cohorts"
    )


#: Berger et al. (1993): rows functional, columns dysfunctional, like … dislike.
_KANO = ("QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ")


def kano(random) -> str:
    """Kano's table, looked up letter by letter."""
    pairs = random.integers(1, 6, (30, 2))
    right = [_KANO[f - 1][d - 1] for f, d in pairs]
    found = classify_pair(*pairs.T)
    return "" if found.tolist() == right else f"kano {pairs.tolist()}: {found}"
