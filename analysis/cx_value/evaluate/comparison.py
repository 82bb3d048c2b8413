"""Core metrics by brand, with tests of the difference, and beside figures from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.value.metrics.core import mean_row, weighted_share_row
from cx_value.value.metrics.satisfied import answers_to, satisfied

if TYPE_CHECKING:
    from cx_value.study import Survey
    from cx_value.study.spec import Study

FEWEST = 30
#: A figure measured more than this many days before the newest is called old.
OLD_DAYS = 730
RANGES = {"csat": (0.0, 1.0), "nps": (-100.0, 100.0), "effort": (-np.inf, np.inf)}
COLUMNS = (
    "metric", "brand", "role", "n", "estimate", "low", "high", "difference",
    "diff_low", "diff_high", "p", "p_adjusted", "differs",
)  # fmt: skip
OUTSIDE = ("metric", "benchmark", "value", "date", "source", "source_zh", "own", "low", "high",
           "difference", "apart", "faults")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BrandMetrics(Result):
    """Satisfaction, recommendation and effort of every brand.

    Attributes
    ----------
    frame : DataFrame
        One row a metric and brand, the own brand first. ``difference`` is the own brand's estimate
        less the rival's; ``p_adjusted`` by Holm over all rows that compare.
    small : tuple of str
        Brands with fewer than 30 answers, left out.
    """

    template = "brand_metrics.brands"

    frame: pd.DataFrame
    small: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Return, by metric, the rivals that are clearly ahead or behind."""
        rivals = self.frame[self.frame.role == "rival"]
        return {
            "metrics": [
                {"metric": name, "rivals": len(rows),
                 "ahead": list(rows[rows.differs & (rows.difference > 0)].brand),
                 "behind": list(rows[rows.differs & (rows.difference < 0)].brand)}
                for name, rows in rivals.groupby("metric", sort=False)
            ],
            "small": list(self.small), "fewest": FEWEST, "source": "holm1979",
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OutsideFigures(Result):
    """One's own metrics beside figures from elsewhere, quality-checked.

    The table has one row a figure; ``apart`` where it lies outside the own interval. ``faults``:
    ``no_source no_date old out_of_range not_measured``.
    """

    template = "brand_metrics.outside"

    frame: pd.DataFrame

    def facts(self) -> dict[str, Any]:
        """Return the figures above and below one's own, and those with faults."""
        known = self.frame[self.frame.own.notna()]
        pick = ["metric", "benchmark", "value"]
        return {
            "figures": len(self.frame),
            "below": known[known.apart & (known.difference > 0)][pick].to_dict("records"),
            "above": known[known.apart & (known.difference < 0)][pick].to_dict("records"),
            "within": known[~known.apart][pick].to_dict("records"),
            "faulty": [{"benchmark": r.benchmark, "faults": r.faults.split()}
                       for r in self.frame.itertuples() if r.faults],
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conversion(Result):
    """How many visitors go on from each step, and how many reach the end.

    The table has one row a step: ``step visitors rate low high of_all``.
    """

    template = "brand_metrics.conversion"

    frame: pd.DataFrame

    def facts(self) -> dict[str, Any]:
        """Return the rate from the first step to the last, and the step that loses most."""
        last, worst = self.frame.iloc[-1], self.frame.loc[self.frame.rate.idxmin()]
        return {
            "visitors": int(self.frame.visitors.iloc[0]), "steps": len(self.frame),
            "reached": int(last.visitors), "rate": last.of_all,
            "worst": {"step": worst.step, "rate": worst.rate, "ci": [worst.low, worst.high]},
        }  # fmt: skip


def brand_metrics(study: Study, survey: Survey) -> BrandMetrics | None:
    """Compare the own brand's metrics with every rival's; None where nothing can be compared.

    Parameters
    ----------
    study : Study
        ``brands`` names the column, ``metrics`` the answers.
    survey : Survey
        The answers of all brands; weights count.

    Notes
    -----
    The estimates and intervals of the core metrics, brand by brand; z-tests of the difference of
    two independent estimates (unpooled), adjusted by Holm (1979).
    """
    if study.brands is None or study.brands.column not in survey.profile:
        return None
    from cx_value.study.customers import brand_label, brand_of, rival_customers

    brands, own = brand_of(study, survey), brand_label(study, study.brands.own)
    rivals = list(rival_customers(study, survey))
    confidence = study.options.confidence
    rows, small = [], []
    for metric, values in metric_values(study, survey):
        found = {b: _estimate(metric, values[brands == b], survey.weights, confidence)
                 for b in (own, *rivals)}  # fmt: skip
        small += [b for b, row in found.items() if row is None or row["n"] < FEWEST]
        kept = {b: row for b, row in found.items() if b not in small}
        if own in kept and len(kept) > 1:
            rows += [_brand_row(metric, b, own, kept, confidence) for b in kept]
    if not rows:
        return None
    _adjust(rows)
    return BrandMetrics(
        n_used=int(sum(row["n"] for row in rows if row["metric"] == rows[0]["metric"])),
        method=Phrase("brand_metrics.method"), confidence=confidence,
        frame=tidy_frame([[row[c] for c in COLUMNS] for row in rows], COLUMNS),
        small=tuple(dict.fromkeys(small)),
    )  # fmt: skip


def metric_values(study: Study, survey: Survey) -> Iterator[tuple[str, pd.Series]]:
    """Yield each metric with what it averages: 0 or 1, −100, 0 or 100, or the answer itself."""
    asked = study.metrics
    if asked.satisfaction:
        yield "csat", satisfied(study, survey).reached
    if asked.recommendation:
        answers = answers_to(study, survey, asked.recommendation)
        score = 100.0 * ((answers >= 9).astype(float) - (answers <= 6))
        yield "nps", score.where(answers.notna())
    if asked.effort:
        yield "effort", answers_to(study, survey, asked.effort)


def outside_figures(study: Study, survey: Survey) -> OutsideFigures | None:
    """Set the own brand's metrics beside the declared benchmarks; None without any."""
    if not study.benchmarks:
        return None
    from cx_value.study.customers import own_customers

    confidence = study.options.confidence
    own = own_customers(study, survey)
    known = {m: _estimate(m, v, own.weights, confidence) for m, v in metric_values(study, own)}
    newest = max((b.date for b in study.benchmarks if b.date), default=None)
    rows = [_outside_row(b, known, newest) for b in study.benchmarks]
    return OutsideFigures(
        n_used=own.n, method=Phrase("brand_metrics.outside_method"), confidence=confidence,
        frame=tidy_frame(rows, OUTSIDE),
    )  # fmt: skip


def conversion(steps: Sequence[str], visitors: Sequence[float], confidence: float) -> Conversion:
    """Return the rate of every step from the one before, with Wilson's interval.

    Raises
    ------
    DataError
        If there are fewer than two steps, or more visitors at a step than at the one before.

    Examples
    --------
    >>> conversion(["visit", "basket", "order"], [1000, 200, 50], 0.95).facts()["reached"]
    50
    """
    from cx_value.base.errors import DataError
    from cx_value.value.purchase.intervals import wilson_interval

    counts = np.asarray(visitors, dtype=float)
    if len(counts) < 2 or (np.diff(counts) > 0).any() or not counts[0] > 0:
        raise DataError(
            "the funnel's steps do not narrow · allowed: two or more steps in their order, none "
            "with more visitors than the one before · do: correct the file"
        )
    before = np.maximum(counts[:-1], 1)
    low, high = wilson_interval(counts[1:], before, confidence)
    rows = list(zip(steps[1:], counts[1:].astype(int), counts[1:] / before, low, high,
                    counts[1:] / counts[0], strict=True))  # fmt: skip
    first = (steps[0], int(counts[0]), np.nan, np.nan, np.nan, 1.0)
    frame = tidy_frame([first, *rows], ["step", "visitors", "rate", "low", "high", "of_all"])
    return Conversion(n_used=int(counts[0]), method=Phrase("brand_metrics.conversion_method"),
                      confidence=confidence, frame=frame)  # fmt: skip


def conversion_of(study: Study) -> Conversion | None:
    """Read the declared funnel; None where there is none."""
    from cx_value.study.visitors import read_visitors

    if study.funnel is None:
        return None
    visitors = read_visitors(study)
    return conversion(list(visitors.index), visitors, study.options.confidence)


def _estimate(metric: str, values: pd.Series, weights, confidence: float) -> dict | None:
    """Return the row that the core metrics hold of these respondents; None without an answer."""
    weight = pd.Series(1.0, values.index) if weights is None else weights.reindex(values.index)
    known = values.notna() & (weight > 0)
    if not known.any():
        return None
    count = weighted_share_row if metric == "csat" else mean_row
    return count(metric, values[known].to_numpy(float), weight[known].to_numpy(float), confidence)


def _brand_row(metric: str, brand: str, own: str, found: dict, confidence: float) -> dict:
    estimate, against = found[brand], found[own]
    row = {"metric": metric, "brand": brand, "role": "own" if brand == own else "rival",
           "n": estimate["n"], "estimate": estimate["estimate"], "low": estimate["ci_low"],
           "high": estimate["ci_high"], "p_adjusted": np.nan, "differs": False}  # fmt: skip
    if brand == own:
        return row | dict.fromkeys(("difference", "diff_low", "diff_high", "p"), np.nan)
    difference = against["estimate"] - estimate["estimate"]
    joint = np.hypot(against["std_error"], estimate["std_error"])
    reach = norm.ppf(0.5 + confidence / 2) * joint
    p = 2 * norm.sf(abs(difference) / joint) if joint > 0 else np.nan
    return row | {"difference": difference, "diff_low": difference - reach,
                  "diff_high": difference + reach, "p": p}  # fmt: skip


def _adjust(rows: list[dict]) -> None:
    from statsmodels.stats.multitest import multipletests

    tested = [row for row in rows if np.isfinite(row["p"])]
    if tested:
        adjusted = multipletests([row["p"] for row in tested], method="holm")[1]
        for row, p in zip(tested, adjusted, strict=True):
            row["p_adjusted"], row["differs"] = float(p), bool(p < 0.05)


def _outside_row(benchmark, known: dict, newest) -> tuple:
    found = known.get(benchmark.metric) or dict.fromkeys(("estimate", "ci_low", "ci_high"), np.nan)
    mean, low, high = (found[name] for name in ("estimate", "ci_low", "ci_high"))
    least, most = RANGES[benchmark.metric]
    old = bool(benchmark.date and newest and (newest - benchmark.date).days > OLD_DAYS)
    checks = {
        "no_source": not benchmark.source, "no_date": benchmark.date is None, "old": old,
        "out_of_range": not least <= benchmark.value <= most, "not_measured": np.isnan(mean),
    }  # fmt: skip
    usable = not np.isnan(mean) and not checks["out_of_range"]
    apart = bool(usable and not low <= benchmark.value <= high)
    return (benchmark.metric, benchmark.name, benchmark.value, str(benchmark.date or ""),
            str(benchmark.source or ""), getattr(benchmark.source, "zh", ""),
            mean if usable else np.nan, low, high,
            mean - benchmark.value if usable else np.nan, apart,
            " ".join(code for code, found in checks.items() if found))  # fmt: skip
