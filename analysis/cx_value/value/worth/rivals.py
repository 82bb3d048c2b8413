"""What customers are worth under every purchase model that stands, not the chosen one alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cx_value.base.errors import ConvergenceError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.value.purchase.model import fit_purchase_model
from cx_value.value.worth.lifetime import lifetime_value

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.value.log.transactions import TransactionSummary
    from cx_value.value.purchase.comparison import ModelComparison
    from cx_value.value.worth.observed_spend import ObservedSpend
    from cx_value.value.worth.spend import SpendModel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ValueByModel(Result):
    """Customer equity and churn under each purchase model.

    Attributes
    ----------
    rows : pandas.DataFrame
        ``model delta_aic holdout_error total ci_low ci_high lost chosen``, one row a model.
    """

    template: ClassVar[str] = "lifetime.by_model"

    rows: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return one row a model; ``lost`` is the expected share of customers who have left."""
        return self.rows

    def facts(self) -> dict[str, Any]:
        """Return the range of totals and of lost shares, and which models give the ends."""
        chosen = self.rows[self.rows["chosen"]].iloc[0]
        # Against a model with drop-out one without is no rival but the hypothesis it rejects.
        rivals = self.rows if chosen["lost"] != chosen["lost"] else self.rows.dropna(subset="lost")
        low, high = rivals.loc[rivals["total"].idxmin()], rivals.loc[rivals["total"].idxmax()]
        lost = rivals["lost"].dropna()
        return {
            "models": len(rivals), "dropout": len(lost) > 0,
            "chosen": chosen["model"], "total": chosen["total"],
            "lowest": {"model": low["model"], "total": low["total"]},
            "highest": {"model": high["model"], "total": high["total"]},
            "lost": [lost.min(), lost.max()] if len(lost) else None,
        }  # fmt: skip


def value_by_model(
    choice: ModelComparison,
    purchases: TransactionSummary,
    spend: SpendModel | ObservedSpend | float,
    **counting: Any,
) -> ValueByModel:
    """Value the customers under every model of a comparison.

    Parameters
    ----------
    choice : ModelComparison
        The models; each is fitted again to ``purchases``.
    purchases : TransactionSummary
        The whole window.
    spend : SpendModel, ObservedSpend or float
    **counting
        Horizon, discount rate and margin, as in :func:`cx_value.value.lifetime_value`.

    Returns
    -------
    ValueByModel
        Models without a proper optimum on the whole window are left out and counted.
    """
    import pandas as pd

    rows, failed = [], 0
    for told in choice.rows.dropna(subset="aic").itertuples():
        try:
            fit = fit_purchase_model(purchases, told.fitted)
        except ConvergenceError:
            failed += 1
            continue
        value = lifetime_value(fit, spend, **counting)
        lost = 1 - fit.probability_alive().mean() if fit.family.has_dropout else float("nan")
        actual = getattr(told, "holdout_actual", float("nan"))
        error = told.holdout_expected / actual - 1 if actual > 0 else float("nan")
        rows.append(
            {
                "model": told.fitted, "delta_aic": told.delta_aic, "holdout_error": error,
                "total": value.total, "ci_low": value.total_low, "ci_high": value.total_high,
                "lost": lost, "chosen": bool(told.chosen),
            }
        )  # fmt: skip
    return ValueByModel(
        n_used=len(purchases.customers),
        n_dropped=failed,
        method=Phrase("lifetime.by_model_method"),
        confidence=spend.confidence if hasattr(spend, "confidence") else 0.95,
        rows=pd.DataFrame(rows),
    )
