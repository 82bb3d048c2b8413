"""Who answered and is in the log, whether answerers buy differently, and weights if they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cx_value.base.cutoffs import CUTOFFS, Cutoff
from cx_value.base.errors import DataError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.study.identifiers import alike
from cx_value.value.log.transactions import TransactionSummary

if TYPE_CHECKING:
    import pandas as pd

FEWEST_MATCHED = 100
_TRIM = (0.01, 0.99)
_COLUMNS = ("frequency", "recency", "age", "monetary")


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
    zeros_stripped : bool
        Whether numbers that differ in leading zeros only were taken for one customer.
    """

    template: ClassVar[str] = "link.match"

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
    zeros_stripped: bool = False

    @property
    def rate(self) -> float:
        """Share of respondents found in the log."""
        return self.n_matched / self.n_respondents

    def table(self) -> pd.DataFrame:
        """Return ``column answered rest smd t p smd_weighted balanced``, a row a column.

        ``answered`` and ``rest`` are means; ``smd`` is their difference in pooled standard
        deviations; t and p are Welch's; ``smd_weighted`` compares weighted answerers with all
        customers. ``balanced`` judges ``smd``.
        """
        return self.balance.copy()

    def facts(self) -> dict[str, Any]:
        """Return the match, what answerers differ in beyond the rule, and what weights leave."""
        off = self.balance[self.balance.balanced == False]  # noqa: E712  (None: not judged)
        return {
            "matched": self.n_matched, "respondents": self.n_respondents, "rate": self.rate,
            "customers": self.n_customers, "share": self.n_matched / self.n_customers,
            "rule": {"at_most": self.rule.threshold, "source": self.rule.source or ""},
            "differing": [{"column": r.column, "smd": r.smd} for r in off.itertuples()],
            "worst": float(np.nanmax(np.abs(self.balance.smd_weighted))),
            "effective": self.effective_n, "zeros_stripped": self.zeros_stripped,
        }  # fmt: skip


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
    answers, n_all, zeros = _matched(respondents, frame, customer)
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
        method=Phrase("link.match_method"),
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
        zeros_stripped=zeros,
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
    """Return the matched respondents, how many answered, and whether leading zeros were ignored.

    A matched respondent bears the number as the log writes it.
    """
    asked, bought, uneven = alike(respondents[customer], frame["customer"])
    known = dict(zip(bought, frame["customer"], strict=True))
    answers = respondents[asked.isin(known)].copy()
    answers["customer"] = asked[asked.isin(known)].map(known)
    twice = int(answers["customer"].duplicated().sum())
    if twice:
        raise DataError(
            f"{twice} customers answered more than once · allowed: one row a customer · do: keep "
            "the last answer of each"
        )
    if len(answers) < FEWEST_MATCHED:
        shown = ", ".join(asked.head(3)) + " against " + ", ".join(list(known)[:3])
        raise DataError(
            f"{len(answers)} of {len(respondents)} respondents are in the log of {len(frame)} "
            f"customers ({shown}) · allowed: at least {FEWEST_MATCHED} · do: check that both "
            "number customers alike, or ask more customers"
        )
    return answers, len(respondents), uneven


def _features(customers: pd.DataFrame) -> np.ndarray:
    """Return log(1 + x) of the summary columns; a missing mean spend gets the mean, and a flag."""
    columns = []
    for name in _COLUMNS:
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
    import pandas as pd
    from scipy.stats import ttest_ind

    rows, answered = [], customers["answered"].to_numpy()
    for name in (c for c in _COLUMNS if c in customers):
        values = customers[name].to_numpy(dtype=float)
        own, rest = (v[~np.isnan(v)] for v in (values[answered], values[~answered]))
        enough = len(own) > 1 and len(rest) > 1
        smd = standardised_difference(own, rest) if enough else float("nan")
        test = ttest_ind(own, rest, equal_var=False) if enough and np.ptp(values) > 0 else None
        rows.append(
            {
                "column": name,
                "answered": own.mean() if len(own) else np.nan,
                "rest": rest.mean() if len(rest) else np.nan,
                "smd": smd, "t": float(test.statistic) if test else np.nan,
                "p": float(test.pvalue) if test else np.nan, "smd_weighted": np.nan,
                "balanced": rule.passes(abs(smd)),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


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
    for name in (c for c in _COLUMNS if c in customers):
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
