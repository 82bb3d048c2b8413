"""Who answered and is in the log, whether answerers buy differently, and weights if they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cx_value.base.cutoffs import CUTOFFS, Cutoff
from cx_value.base.errors import DataError
from cx_value.base.results import Result
from cx_value.base.wording import Text, format_number, format_percent, in_language, join_words
from cx_value.value.log.transactions import TransactionSummary

if TYPE_CHECKING:
    import pandas as pd

FEWEST_MATCHED = 100
_TRIM = (0.01, 0.99)
_LABELS = {
    "frequency": Text("frequency", zh="购买次数"),
    "recency": Text("recency", zh="最近购买"),
    "age": Text("age", zh="观察时长"),
    "monetary": Text("mean spend", zh="平均消费"),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Match(Result):
    """Survey and log brought together.

    Attributes
    ----------
    answers : pandas.DataFrame
        The matched respondents' rows, with ``customer`` as the summary writes it.
    customers : pandas.DataFrame
        All customers of the log, with ``answered`` (bool) and ``answer_weight`` (1 / chance of
        answering, mean 1 over answerers; NaN for the others; 1 where no weights are needed).
    balance : pandas.DataFrame
        See :meth:`table`.
    n_respondents, n_customers, n_matched : int
    differs : bool
        Whether any |standardised mean difference| passes the cutoff.
    effective_n : float
        Kish's effective number of answerers, (Σw)² / Σw².
    unit : str
        Time unit of the log.
    """

    answers: pd.DataFrame
    customers: pd.DataFrame
    balance: pd.DataFrame
    n_respondents: int
    n_customers: int
    n_matched: int
    differs: bool
    effective_n: float
    unit: str
    rule: Cutoff

    @property
    def rate(self) -> float:
        """Share of respondents found in the log."""
        return self.n_matched / self.n_respondents

    def table(self) -> pd.DataFrame:
        """Return ``column answered rest smd t p smd_weighted balanced source``, a row a column.

        ``answered`` and ``rest`` are means; ``smd`` is their difference in pooled standard
        deviations; t and p are Welch's; ``smd_weighted`` compares weighted answerers with all
        customers. ``balanced`` judges ``smd``.
        """
        return self.balance.copy()

    def sentence(self, lang: str = "en") -> str:
        """State the match rate, what differs, and what the weights do about it."""
        rate = format_percent(self.rate, 1)
        out = [
            _WORDS["match"][lang].format(
                matched=self.n_matched,
                respondents=self.n_respondents,
                rate=rate,
                customers=self.n_customers,
                share=format_percent(self.n_matched / self.n_customers),
            )
        ]
        rule = format_number(self.rule.threshold, 1, bounded=True, lang=lang)
        said = self.rule.source_name
        off = self.balance[self.balance.balanced == False]  # noqa: E712  (None: not judged)
        if off.empty:
            out.append(_WORDS["alike"][lang].format(rule=rule, said=said))
        else:
            listed = [
                _WORDS["gap"][lang].format(
                    name=in_language(row.label, lang),
                    gap=format_number(row.smd, 2, bounded=True, lang=lang),
                )
                for row in off.itertuples()
            ]
            worst = np.nanmax(np.abs(self.balance.smd_weighted))
            out.append(
                _WORDS["differ"][lang].format(
                    listed=join_words(listed, lang=lang),
                    rule=rule,
                    said=said,
                    worst=format_number(float(worst), 2, bounded=True, lang=lang),
                    n=format_number(self.effective_n, 0),
                )
            )
        return ("" if lang == "zh" else " ").join(out)


_WORDS = {
    "gap": {"en": "{name} ({gap})", "zh": "{name}（{gap}）"},
    "match": {
        "en": "{matched} of {respondents} respondents ({rate}) were found in the log; they are "
        "{share} of its {customers} customers.",
        "zh": "{respondents} 名受访者中 {matched} 名（{rate}）可与交易记录匹配，"
        "占全部 {customers} 名客户的 {share}。",
    },
    "alike": {
        "en": "They buy like the other customers: no standardised mean difference exceeds {rule} "
        "in absolute value ({said}).",
        "zh": "其购买行为与其他客户相近：标准化均值差的绝对值均不超过 {rule}（{said}）。",
    },
    "differ": {
        "en": "They differ from the other customers in {listed} (standardised mean difference "
        "beyond {rule}: {said}); weighted by the inverse of the chance of answering, the largest "
        "difference from all customers is {worst}, at an effective n of {n}.",
        "zh": "其与其他客户在{listed}上有差异（标准化均值差超过 {rule}：{said}）；"
        "按作答概率的倒数加权后，与全部客户的最大差异为 {worst}，有效样本量为 {n}。",
    },
}


def match_answers(
    respondents: pd.DataFrame,
    summary: TransactionSummary | pd.DataFrame,
    *,
    customer: str = "customer",
    smd_cutoff: Cutoff = CUTOFFS["smd"],
) -> Match:
    """Match respondents with customers, and ask whether answerers buy like the rest.

    Parameters
    ----------
    respondents : pandas.DataFrame
        One row a respondent. Those who are not in the log (other brands' customers) are counted.
    summary : TransactionSummary or pandas.DataFrame
        ``customer frequency recency age``, optionally ``monetary``.
    customer : str
        Column of ``respondents`` that holds the customer's number.
    smd_cutoff : Cutoff
        |standardised mean difference| up to which answerers count as alike.

    Returns
    -------
    Match
        Read ``.rate``, ``.table()``, ``.differs``; the other link functions take it as it is.

    Raises
    ------
    DataError
        If a column is absent, a customer answered twice, or fewer than 100 match.

    Notes
    -----
    Standardised differences and the .1 rule: Austin, P. C. (2009), Statistics in Medicine 28,
    3083–3107. Weights: inverse of the fitted chance of answering from a logit on the logarithms of
    the summary columns, trimmed at its 1st and 99th percentiles and scaled to mean 1; 1 for
    everybody where nothing differs.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> random = np.random.default_rng(1)
    >>> log = pd.DataFrame({"customer": range(600), "frequency": random.poisson(4, 600),
    ...                     "age": 90.0}).assign(recency=lambda d: 80.0 * (d.frequency > 0))
    >>> match_answers(pd.DataFrame({"customer": range(0, 600, 3)}), log).rate
    1.0
    """
    frame = summary.customers if isinstance(summary, TransactionSummary) else summary
    _check_columns(respondents, frame, customer)
    answers, n_all = _matched(respondents, frame, customer)
    customers = frame.reset_index(drop=True).copy()
    answered = customers["customer"].astype(str).isin(set(answers["customer"].astype(str)))
    customers["answered"] = answered.to_numpy()
    features = _features(customers)
    balance = _balance(customers, features, smd_cutoff)
    differs = bool((balance["balanced"] == False).any())  # noqa: E712
    weight = _answer_weights(features, customers["answered"].to_numpy()) if differs else None
    own = np.ones(int(answered.sum())) if weight is None else weight
    customers["answer_weight"] = np.nan
    customers.loc[customers["answered"], "answer_weight"] = own
    balance["smd_weighted"] = _weighted_smd(customers, own)
    return Match(
        n_used=len(answers),
        n_dropped=n_all - len(answers),
        method=Text("record linkage by customer number", zh="按客户编号匹配"),
        notes=(),
        answers=answers,
        customers=customers,
        balance=balance,
        n_respondents=n_all,
        n_customers=len(customers),
        n_matched=len(answers),
        differs=differs,
        effective_n=float(own.sum() ** 2 / (own**2).sum()),
        unit=summary.unit if isinstance(summary, TransactionSummary) else "",
        rule=smd_cutoff,
    )


def _check_columns(respondents: pd.DataFrame, frame: pd.DataFrame, customer: str) -> None:
    if customer not in respondents:
        raise DataError(
            f"The survey has no column {customer!r} · allowed: a column of customer numbers · do: "
            "name it with customer="
        )
    missing = [c for c in ("customer", "frequency", "recency", "age") if c not in frame]
    if missing:
        raise DataError(
            f"The customer summary lacks {', '.join(missing)} · allowed: customer, frequency, "
            "recency, age · do: use summarise_transactions"
        )


def _matched(respondents: pd.DataFrame, frame: pd.DataFrame, customer: str):
    """Return the matched respondents, their number written as in the log, and how many answered."""
    known = dict(zip(frame["customer"].astype(str), frame["customer"], strict=True))
    number = respondents[customer].astype(str)
    answers = respondents[number.isin(known)].copy()
    answers["customer"] = number[number.isin(known)].map(known)
    twice = int(answers["customer"].duplicated().sum())
    if twice:
        raise DataError(
            f"{twice} customers answered more than once · allowed: one row a customer · do: keep "
            "the last answer of each"
        )
    if len(answers) < FEWEST_MATCHED:
        shown = ", ".join(number.head(3)) + " against " + ", ".join(list(known)[:3])
        raise DataError(
            f"{len(answers)} of {len(respondents)} respondents are in the log of {len(frame)} "
            f"customers ({shown}) · allowed: at least {FEWEST_MATCHED} · do: check that both "
            "number customers alike, or ask more customers"
        )
    return answers, len(respondents)


def _features(customers: pd.DataFrame) -> np.ndarray:
    """Return log(1 + x) of the summary columns; a missing mean spend gets the mean, and a flag."""
    columns = []
    for name in ("frequency", "recency", "age", "monetary"):
        if name not in customers:
            continue
        values = np.log1p(np.maximum(customers[name].to_numpy(dtype=float), 0.0))
        missing = np.isnan(values)
        columns.append(np.where(missing, np.nanmean(values), values))
        if missing.any():
            columns.append(missing.astype(float))
    kept = [c for c in columns if np.ptp(c) > 0]
    return np.column_stack([(c - c.mean()) / c.std() for c in kept])


def _balance(customers: pd.DataFrame, features: np.ndarray, rule: Cutoff) -> pd.DataFrame:
    from scipy.stats import ttest_ind

    from cx_value.base.results import tidy_frame

    rows, answered = [], customers["answered"].to_numpy()
    for name in (c for c in _LABELS if c in customers):
        values = customers[name].to_numpy(dtype=float)
        own, rest = (v[~np.isnan(v)] for v in (values[answered], values[~answered]))
        enough = len(own) > 1 and len(rest) > 1
        smd = standardised_difference(own, rest) if enough else float("nan")
        test = ttest_ind(own, rest, equal_var=False) if enough and np.ptp(values) > 0 else None
        rows.append(
            {
                "column": name, "label": _LABELS[name],
                "answered": own.mean() if len(own) else np.nan,
                "rest": rest.mean() if len(rest) else np.nan,
                "smd": smd, "t": float(test.statistic) if test else np.nan,
                "p": float(test.pvalue) if test else np.nan, "smd_weighted": np.nan,
                "balanced": rule.passes(abs(smd)), "source": rule.origin,
            }
        )  # fmt: skip
    return tidy_frame(rows)


def standardised_difference(one: np.ndarray, other: np.ndarray) -> float:
    """Return the difference of means in pooled standard deviations (Austin 2009, eq. 1).

    >>> round(float(standardised_difference(np.array([1.0, 3.0]), np.array([0.0, 2.0]))), 4)
    0.7071
    """
    spread = np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2)
    return (one.mean() - other.mean()) / spread if spread > 0 else 0.0


def _weighted_smd(customers: pd.DataFrame, weight: np.ndarray) -> np.ndarray:
    """Return weighted answerers less all customers, in all customers' standard deviations."""
    answered, out = customers["answered"].to_numpy(), []
    for name in (c for c in _LABELS if c in customers):
        values = customers[name].to_numpy(dtype=float)
        own, seen = values[answered], ~np.isnan(values[answered])
        spread = np.nanstd(values, ddof=1)
        gap = np.average(own[seen], weights=weight[seen]) - np.nanmean(values)
        out.append(gap / spread if spread > 0 else 0.0)
    return np.array(out)


def _answer_weights(features: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """Return the answerers' inverse chances, trimmed and scaled to mean 1."""
    import statsmodels.api as sm

    design = sm.add_constant(features)
    chance = sm.Logit(answered.astype(float), design).fit(disp=0).predict(design)[answered]
    weight = np.clip(1 / chance, *np.quantile(1 / chance, _TRIM))
    return weight / weight.mean()
