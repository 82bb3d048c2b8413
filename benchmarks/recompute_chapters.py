"""The chapters on brands, gaps, drivers, tracking, targets and the like, computed again.

Called by ``recompute.py``; nothing of ``cx_value`` is imported. Weights are raked here anew. The
indicator weights that an index rests on are taken from the build, the index itself is not.
"""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
from scipy.stats import f as fisher
from scipy.stats import t as student


def raked(answers: pd.DataFrame, start: np.ndarray, margins: dict[str, dict]) -> np.ndarray:
    """Return weights whose shares are the population's: rows are scaled to each in turn."""
    weights = start / start.mean()
    for _ in range(500):
        before = weights.copy()
        for column, shares in margins.items():
            for value, share in shares.items():
                own = (answers[column].astype(str) == str(value)).to_numpy()
                weights[own] *= share * weights.sum() / weights[own].sum()
        if np.abs(weights - before).max() < 1e-14:
            break
    return weights / weights.mean()


def mean_of(values, weights) -> float:
    seen = ~np.isnan(values)
    return float((weights[seen] * values[seen]).sum() / weights[seen].sum())


class Chapters:
    """One study's answers, ready for its chapters."""

    def __init__(self, found, study: dict, answers: pd.DataFrame, scales: dict, weights):
        self.found, self.study, self.answers, self.scales = found, study, answers, scales
        ones = np.ones(len(answers))
        start = ones if weights is None else np.asarray(weights, float)
        margins = study.get("margins", {})
        self.weights = raked(answers, start, margins) if margins else start / start.mean()
        self.low, self.high = study["scale"]["min"], study["scale"]["max"]
        self.scores = pd.DataFrame({name: answers[own].mean(axis=1)
                                    for name, own in scales.items()})  # fmt: skip
        brands = study.get("brands")
        self.own = (answers[brands["column"]] == brands["own"] if brands
                    else pd.Series(True, index=answers.index)).to_numpy()  # fmt: skip

    def points(self, values):
        """Return answers on 0 to 100."""
        return 100 * (values - self.low) / (self.high - self.low)

    def compare(self) -> None:
        """Compare every chapter whose result the build holds."""
        for name, part in PARTS.items():
            if (self.found.results / f"{name}.csv").exists():
                part(self, self.found.stored(name))


def _raking(at: Chapters, told: pd.DataFrame) -> None:
    for row in told.itertuples():
        own = (at.answers[row.column].astype(str) == str(row.value)).to_numpy()
        share = at.weights[own].sum() / at.weights.sum()
        at.found.add("raking", f"{row.column} {row.value}", share, row.after, 1e-6)


def _metric(at: Chapters, metric: str) -> np.ndarray:
    asked = at.study["metrics"]
    if metric == "csat":
        score = at.scores[asked["satisfaction"]]
        return (score >= asked["satisfied_from"] - 1e-9).astype(float).where(score.notna())
    column = at.answers[asked["recommendation" if metric == "nps" else "effort"]].astype(float)
    if metric == "effort":
        return column
    return (100.0 * ((column >= 9).astype(float) - (column <= 6))).where(column.notna())


def _brands(at: Chapters, told: pd.DataFrame) -> None:
    for row in told.itertuples():
        values = _metric(at, row.metric).to_numpy(float)
        own = (at.answers[at.study["brands"]["column"]] == row.brand).to_numpy()
        mine = mean_of(values[own], at.weights[own])
        at.found.add("brands", f"{row.metric} {row.brand}", mine, row.estimate)
        at.found.add("brands", f"{row.metric} {row.brand} n", (~np.isnan(values[own])).sum(), row.n)
        if row.role == "rival":
            first = mean_of(values[at.own], at.weights[at.own])
            at.found.add("brands", f"{row.metric} less {row.brand}", first - mine, row.difference)


def _metrics(at: Chapters, told: pd.DataFrame) -> None:
    rows = told[told["source"] == "answers"].set_index("metric")["estimate"]
    w, asked = at.weights[at.own], at.study.get("metrics", {})
    for metric in ("csat", "nps"):
        if metric in rows:
            values = _metric(at, metric).to_numpy(float)[at.own]
            at.found.add("CSAT and NPS", metric, mean_of(values, w), rows[metric])
    if "csat_mean" in rows:
        score = at.scores[asked["satisfaction"]].to_numpy(float)[at.own]
        at.found.add("CSAT and NPS", "mean", mean_of(score, w), rows["csat_mean"])


def _outside(at: Chapters, told: pd.DataFrame) -> None:
    for row in told.itertuples():
        values = _metric(at, row.metric).to_numpy(float)[at.own]
        own = mean_of(values, at.weights[at.own])
        at.found.add("outside figures", row.benchmark, own, row.own)
        at.found.add("outside figures", f"less {row.benchmark}", own - row.value, row.difference)


#: Kano's table: functional 1 … 5 down, dysfunctional 1 … 5 across (Berger et al. 1993).
_KANO = ("QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ")


def _kano(at: Chapters, told: pd.DataFrame) -> None:
    for row in told.itertuples():
        pair = at.study["kano"][row.feature]
        both = at.answers.loc[at.own, [pair["functional"], pair["dysfunctional"]]].dropna()
        weight = pd.Series(at.weights, at.answers.index)[both.index].to_numpy()
        weight = weight / weight.mean()
        letters = np.array([_KANO[int(a) - 1][int(b) - 1] for a, b in both.to_numpy()])
        held = {letter: weight[letters == letter].sum() for letter in "AOMIRQ"}
        for letter, count in held.items():
            at.found.add("Kano", f"{row.feature} {letter}", count, getattr(row, letter))
        a, o, m, i = (held[x] for x in "AOMI")
        at.found.add("Kano", f"{row.feature} better", (a + o) / (a + o + m + i), row.better)
        at.found.add("Kano", f"{row.feature} worse", -(o + m) / (a + o + m + i), row.worse)


def _price(at: Chapters, told: pd.DataFrame) -> None:
    """Where van Westendorp's curves meet, read linearly between the prices named."""
    asked = at.study["price_sensitivity"]
    names = ("too_cheap", "cheap", "expensive", "too_expensive")
    named = at.answers.loc[at.own, [asked[n] for n in names]].dropna()
    named = named[(np.diff(named.to_numpy(), axis=1) >= 0).all(axis=1)]
    w = pd.Series(at.weights, at.answers.index)[named.index].to_numpy()
    prices, w = named.to_numpy(), w / w.sum()
    grid = np.unique(prices)
    at_most = [np.array([w @ (prices[:, k] >= g) for g in grid]) for k in range(2)]
    at_least = [np.array([w @ (prices[:, k] <= g) for g in grid]) for k in (2, 3)]
    pairs = {"lower": at_most[0] - (1 - at_most[1]), "upper": (1 - at_least[0]) - at_least[1],
             "optimal": at_most[0] - at_least[1],
             "indifference": at_most[1] - at_least[0]}  # fmt: skip
    for row in told.itertuples():
        d = pairs[row.point]
        k = int(np.argmax(d <= 0))
        step = d[k - 1] / (d[k - 1] - d[k])
        mine = grid[k - 1] + step * (grid[k] - grid[k - 1])
        at.found.add("price", row.point, mine, row.price)


def _gaps(at: Chapters, told: pd.DataFrame) -> None:
    """Perception less expectation, weighted; t with the linearised standard error."""
    for row in told.itertuples():
        expected = at.answers[at.study["expectations"][row.item]].to_numpy(float)
        perceived = at.answers[row.item].to_numpy(float)
        both = ~np.isnan(expected) & ~np.isnan(perceived) & at.own
        w, gap = at.weights[both], (perceived - expected)[both]
        mean, n = mean_of(gap, w), int(both.sum())
        error = np.sqrt(n / (n - 1) * ((w * (gap - mean)) ** 2).sum()) / w.sum()
        spread = np.sqrt(mean_of((gap - mean) ** 2, w) * n / (n - 1))
        half = student.ppf(0.975, n - 1) * error
        for name, mine in (("n", n), ("expected", mean_of(expected[both], w)),
                           ("perceived", mean_of(perceived[both], w)), ("gap", mean),
                           ("low", mean - half), ("high", mean + half), ("t", mean / error),
                           ("d", mean / spread)):  # fmt: skip
            at.found.add("gaps", f"{row.item} {name}", mine, getattr(row, name))


def _welch(parts: list[np.ndarray]) -> tuple[float, float]:
    """Return Welch's F and its second degrees of freedom (Welch 1951)."""
    n, means = np.array([len(p) for p in parts]), np.array([p.mean() for p in parts])
    w = n / np.array([p.var(ddof=1) for p in parts])
    k, total = len(parts), w.sum()
    loss = ((1 - w / total) ** 2 / (n - 1)).sum()
    grand = (w * means).sum() / total
    top = (w * (means - grand) ** 2).sum() / (k - 1)
    return top / (1 + 2 * (k - 2) / (k**2 - 1) * loss), (k**2 - 1) / (3 * loss)


def _differences(at: Chapters, told: pd.DataFrame) -> None:
    for row in told[told["test"].isin(["welch_anova", "welch_t"])].itertuples():
        score, by = at.scores[row.construct], at.answers[row.variable]
        parts = [score[by == value].dropna().to_numpy() for value in by.dropna().unique()]
        parts = [part for part in parts if len(part)]
        if len(parts) != row.groups or sum(map(len, parts)) != row.n:
            continue  # small groups were folded there
        statistic, df2 = _welch(parts)
        p, name = fisher.sf(statistic, len(parts) - 1, df2), f"{row.construct} by {row.variable}"
        mine = np.sqrt(statistic) if row.test == "welch_t" else statistic
        at.found.add("group differences", f"{name} statistic", mine, abs(row.statistic))
        at.found.add("group differences", f"{name} p", p, row.p)


def _targets(at: Chapters, told: pd.DataFrame) -> None:
    wave = at.answers[at.study["data"]["wave"]].astype(str).to_numpy()
    for row in told.itertuples():
        if row.metric in at.scores:
            score = at.points(at.scores[row.metric].to_numpy(float))
            own = at.own & (wave == str(row.wave)) & ~np.isnan(score)
            at.found.add("targets", f"{row.target} mean", mean_of(score[own], at.weights[own]),
                         row.mean)  # fmt: skip
            at.found.add("targets", f"{row.target} n", own.sum(), row.n)


def _actions(at: Chapters, told: pd.DataFrame) -> None:
    """Difference in differences of weighted means."""
    wave = at.answers[at.study["data"]["wave"]].to_numpy()
    for row in told.itertuples():
        score = at.points(at.scores[row.lever].to_numpy(float))
        where = at.study["actions"][row.action]["where"]
        reached = np.all([at.answers[c] == v for c, v in where.items()], axis=0)
        late = wave >= row.since
        cells = [mean_of(score[a & b], at.weights[a & b]) for a in (reached, ~reached)
                 for b in (~late, late)]  # fmt: skip
        names = ("before", "after", "control_before", "control_after")
        for name, mine in zip(names, cells, strict=True):
            at.found.add("actions", f"{row.action} {name}", mine, getattr(row, name))
        mine = cells[1] - cells[0] - cells[3] + cells[2]
        at.found.add("actions", f"{row.action} difference", mine, row.difference)


def _waves(at: Chapters, told: pd.DataFrame) -> None:
    wave = at.answers[at.study["data"]["wave"]].astype(str).to_numpy()
    for row in told[told["measure"].isin(at.scores)].itertuples():
        score = at.points(at.scores[row.measure].to_numpy(float))
        own = at.own & (wave == str(row.wave)) & ~np.isnan(score)
        name = f"{row.measure} {row.wave}"
        at.found.add("tracking", f"{name} n", own.sum(), row.n)
        at.found.add("tracking", f"{name} mean", mean_of(score[own], at.weights[own]), row.mean)


def _journey(at: Chapters, told: pd.DataFrame) -> None:
    for row in told.itertuples():
        rating = at.points(at.answers[row.touchpoint].to_numpy(float))
        seen = ~np.isnan(rating) & at.own
        at.found.add("journey", f"{row.touchpoint} users", seen.sum(), row.users)
        w, held = at.weights[seen], rating[seen]
        at.found.add("journey", f"{row.touchpoint} score", mean_of(held, w), row.score)
        poor = mean_of((held < 50 - 1e-9).astype(float), w)
        at.found.add("journey", f"{row.touchpoint} poor", poor, row.poor)


def _conversion(at: Chapters, told: pd.DataFrame) -> None:
    visitors = pd.read_csv(at.found.folder / at.study["funnel"]["file"]).iloc[:, -1].to_numpy()
    for k, row in enumerate(told.itertuples()):
        at.found.add("funnel", f"{row.step} visitors", visitors[k], row.visitors)
        at.found.add("funnel", f"{row.step} of all", visitors[k] / visitors[0], row.of_all)
        if k:
            at.found.add("funnel", f"{row.step} rate", visitors[k] / visitors[k - 1], row.rate)


def _r_squared(r: np.ndarray, chosen: tuple[int, ...]) -> float:
    if not chosen:
        return 0.0
    own = list(chosen)
    return float(r[own, -1] @ np.linalg.solve(r[np.ix_(own, own)], r[own, -1]))


def _drivers(at: Chapters, told: pd.DataFrame) -> None:
    """R², Johnson's weights and Shapley's shares from correlations, all subsets one by one."""
    for outcome, rows in told.groupby("outcome", sort=False):
        names = list(rows["driver"])
        if outcome not in at.scores or not set(names) <= set(at.scores):
            continue
        frame = at.scores.loc[at.own, [*names, outcome]]
        whole = frame.notna().all(axis=1).to_numpy()
        if whole.sum() != rows["n"].iloc[0]:
            continue
        r = _weighted_correlation(frame[whole].to_numpy(), at.weights[at.own][whole])
        k, part = len(names), f"drivers of {outcome}"
        at.found.add(part, "R²", _r_squared(r, tuple(range(k))), rows["r_squared"].iloc[0])
        value, vector = np.linalg.eigh(r[:k, :k])
        root = vector @ np.diag(np.sqrt(value)) @ vector.T
        johnson = root**2 @ np.linalg.solve(root, r[:k, -1]) ** 2
        known = {c: _r_squared(r, c) for n in range(k + 1) for c in combinations(range(k), n)}
        for j, row in enumerate(rows.itertuples()):
            at.found.add(part, f"{row.driver} r", r[j, -1], row.correlation)
            at.found.add(part, f"{row.driver} relative weight", johnson[j], row.weight)
            shapley = sum(
                factorial(len(c)) * factorial(k - len(c) - 1) / factorial(k)
                * (known[tuple(sorted((*c, j)))] - known[c]) for c in known if j not in c
            )  # fmt: skip
            at.found.add(part, f"{row.driver} Shapley", shapley, row.shapley)


def _weighted_correlation(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    centred = values - np.average(values, axis=0, weights=weights)
    cross = (weights[:, None] * centred).T @ centred
    return cross / np.sqrt(np.outer(np.diag(cross), np.diag(cross)))


def _item_means(at: Chapters, own: np.ndarray, names: list[str]) -> list[float]:
    return [mean_of(at.points(at.answers[i].to_numpy(float))[own], at.weights[own]) for i in names]


def _indices(at: Chapters, told: pd.DataFrame) -> None:
    """Means of items, items of a construct alike; dimensions by the weights of their constructs."""
    rows = told.set_index("node")
    index = {name: float(np.mean(_item_means(at, at.own, own)))
             for name, own in at.scales.items() if name in rows.index}  # fmt: skip
    for name, parts in _dimensions(at.study):
        w = rows.loc[parts, "weight"].to_numpy(float)
        index[name] = float(w @ [index[part] for part in parts] / w.sum())
    for name in set(index) & set(rows.index):
        at.found.add("index", name, index[name], rows.loc[name, "index"])


def _dimensions(study: dict) -> list[tuple[str, list[str]]]:
    return [(name, list(entry["of"])) for name, entry in study.get("dimensions", {}).items()]


def _groups(at: Chapters, told: pd.DataFrame) -> None:
    """Indices of constructs by group, of all or of the own brand's respondents."""
    for row in told[told["node"].isin(at.scales) & (told["column"] == "brand")].itertuples():
        own = (at.answers[row.column] == row.group).to_numpy()
        mine = float(np.mean(_item_means(at, own, at.scales[row.node])))
        at.found.add("index by brand", f"{row.node} {row.group}", mine, row.index)


#: Where a study declares none (documented in study.yml's reference).
GRADES = {"excellent": {"from": 80}, "good": {"from": 70}, "fair": {"from": 60},
          "poor": {"from": 0}}  # fmt: skip


def _fuzzy(at: Chapters, told: pd.DataFrame) -> None:
    """Weighted shares of answers in each grade, put together like the index."""
    grades = at.study.get("evaluation", {}).get("grades") or GRADES
    cuts = [float(grade["from"]) for grade in grades.values()]
    rows = told[told["operator"] == "weighted_average"].set_index("node")
    weight = at.found.stored("experience_index").set_index("node")["weight"]
    held = {}
    for name, own in at.scales.items():
        shares = []
        for item in own:
            points = at.points(at.answers[item].to_numpy(float))[at.own]
            place = np.array([next((k for k, c in enumerate(cuts) if p >= c - 1e-9), -1)
                              for p in points], float)  # fmt: skip
            place[np.isnan(points)] = np.nan
            shares.append([mean_of(np.where(np.isnan(place), np.nan, place == k),
                                   at.weights[at.own]) for k in range(len(cuts))])  # fmt: skip
        held[name] = np.mean(shares, axis=0)
    for name, parts in _dimensions(at.study):
        w = weight[parts].to_numpy(float)
        held[name] = w @ np.array([held[part] for part in parts]) / w.sum()
    for name in set(held) & set(rows.index):
        for grade, mine in zip(grades, held[name], strict=True):
            at.found.add("fuzzy", f"{name} {grade}", mine, rows.loc[name, f"m_{grade}"])


def _answer_shares(at: Chapters, told: pd.DataFrame) -> None:
    for row in told.dropna(subset=["n"]).itertuples():
        given = at.answers[row.item].dropna()
        n = int((given == row.answer).sum())
        at.found.add("answers", f"{row.item} {row.answer:g}", n, row.n)
        at.found.add("answers", f"{row.item} {row.answer:g} share", n / len(given), row.share)


def _correlations(at: Chapters, told: pd.DataFrame) -> None:
    for row in told.itertuples():
        both = at.scores[[row.construct_1, row.construct_2]].notna().all(axis=1).to_numpy()
        both = both & at.own
        values = at.scores.loc[both, [row.construct_1, row.construct_2]].to_numpy()
        mine = _weighted_correlation(values, at.weights[both])[0, 1]
        name = f"{row.construct_1}–{row.construct_2}"
        at.found.add("correlations", name, mine, row.r)
        at.found.add("correlations", f"{name} n", both.sum(), row.n_used)


PARTS = {
    "raking": _raking, "brand_metrics": _brands, "core_metrics": _metrics,
    "outside_figures": _outside, "kano": _kano, "price_range": _price, "gap_items": _gaps,
    "differences": _differences, "targets": _targets, "actions": _actions, "waves": _waves,
    "journey": _journey, "conversion": _conversion, "driver_importance": _drivers,
    "experience_index": _indices, "group_indices": _groups, "fuzzy": _fuzzy,
    "answers": _answer_shares, "score_correlations": _correlations,
}  # fmt: skip
