"""Which purchase model to believe: likelihood and the holdout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cx_value.base.errors import ConvergenceError, DataError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.value.log.transactions import TransactionSummary
from cx_value.value.purchase.model import PurchaseModel, fit_purchase_model

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: Error of the purchases forecast for the holdout, as a share, beyond which it counts as missed.
FORECAST_BOUND = 0.10
_BINS = 7  # calibration frequencies 0 … 6 stand alone, 7 and more together, as in the papers


def _name(model: PurchaseModel) -> str:
    moved = " + ".join(model.covariates)
    return f"{model.family.title} ({moved})" if moved else model.family.title


def _told(model: PurchaseModel) -> dict[str, Any]:
    return {"model": model.model, "covariates": list(model.covariates)}


# --- several models -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelComparison(Result):
    """Purchase models side by side.

    Attributes
    ----------
    models : dict
        The fitted models by the name asked for.
    chosen : str
        The model with the lowest AIC.
    rows : pandas.DataFrame
        One row a model asked for.
    """

    template: ClassVar[str] = "purchase.choice"

    models: dict[str, PurchaseModel]
    chosen: str
    rows: pd.DataFrame

    @property
    def model(self) -> PurchaseModel:
        """The chosen model as it was fitted."""
        return self.models[self.chosen]

    def table(self) -> pd.DataFrame:
        """Return ``model fitted n_parameters log_likelihood aic delta_aic chosen failure``.

        With a holdout in the summary also ``holdout_actual holdout_expected holdout_mae
        holdout_rmse``: totals, and errors per customer.
        """
        return self.rows

    @property
    def forecast_error(self) -> float:
        """Expected purchases of the holdout over actual ones, less 1, by the chosen model."""
        row = self.rows[self.rows["chosen"]].iloc[0]
        if not row.get("holdout_actual", 0) > 0:
            return float("nan")
        return float(row["holdout_expected"] / row["holdout_actual"] - 1)

    @property
    def forecast_missed(self) -> bool:
        """Whether that error is beyond ``FORECAST_BOUND``, or another model forecast better."""
        if np.isnan(self.forecast_error):
            return False
        return abs(self.forecast_error) > FORECAST_BOUND or not self._forecasts_best()

    def _forecasts_best(self) -> bool:
        known = self.rows.dropna(subset="aic")
        return bool(known.loc[known["holdout_rmse"].idxmin(), "chosen"])

    @property
    def reservations(self) -> list[dict]:
        """Return what a value by the chosen model must be told with."""
        return [{"code": "forecast", "error": self.forecast_error}] if self.forecast_missed else []

    def facts(self) -> dict:
        """Return the chosen model, the others' distance in AIC, and how the forecast went."""
        rows = self.rows.dropna(subset="aic").sort_values("aic")
        told = [{"model": row.fitted, "delta": row.delta_aic} for row in rows.itertuples()]
        return {
            "chosen": told[0]["model"], "aic": rows["aic"].iloc[0], "others": told[1:],
            "dropout": self.model.family.has_dropout,
            "error": self.forecast_error, "bound": FORECAST_BOUND, "missed": self.forecast_missed,
            "beyond": bool(abs(self.forecast_error) > FORECAST_BOUND),
            "outdone": bool(self.forecast_missed and not self._forecasts_best()),
        }  # fmt: skip


def compare_purchase_models(
    summary: TransactionSummary | pd.DataFrame,
    models: Sequence[str] = ("bg_nbd", "mbg_nbd", "pareto_nbd", "nbd"),
    *,
    covariates: Sequence[str] = (),
) -> ModelComparison:
    """Fit several purchase models to the same customers and choose by AIC.

    Parameters
    ----------
    summary : TransactionSummary or pandas.DataFrame
        With holdout columns, predictions are compared with what customers went on to do.
    models : sequence of str
        As in :func:`cx_value.value.purchase.model.fit_purchase_model`.

    Returns
    -------
    ModelComparison
        A model that has no proper optimum stays in the table with its failure in words.

    Raises
    ------
    ConvergenceError
        If no model can be fitted.
    """
    import pandas as pd

    frame = summary.customers if isinstance(summary, TransactionSummary) else summary
    fits, rows = {}, []
    for name in models:
        try:
            fits[name] = fit_purchase_model(summary, name, covariates=covariates)
            rows.append(_row(name, fits[name], frame))
        except ConvergenceError as error:
            rows.append({"model": name, "failure": str(error)})
    if not fits:
        raise ConvergenceError(rows[0]["failure"])
    table = _one_row_a_model(pd.DataFrame(rows))
    table["delta_aic"] = table["aic"] - table["aic"].min()
    chosen = str(table.loc[table["aic"].idxmin(), "model"])
    table["chosen"] = table["model"] == chosen
    return ModelComparison(
        n_used=fits[chosen].n_used,
        method=Phrase("purchase.choice_method"),
        notes=_once(note for fit in fits.values() for note in fit.notes),
        models=fits,
        chosen=chosen,
        rows=table,
    )


def _once(notes: Iterable[Phrase]) -> tuple[Phrase, ...]:
    kept: list[Phrase] = []
    for note in notes:
        if note not in kept:
            kept.append(note)
    return tuple(kept)


def _one_row_a_model(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave out models that turned into one that is there: they are that model, not rivals of it.

    The one asked for by its own name stays, else the first that turned into it.
    """
    if "fitted" not in rows:
        return rows
    own = (rows["model"] == rows["fitted"]).astype(int)
    order = own.sort_values(ascending=False, kind="stable").index
    fitted = rows["fitted"].loc[order]
    kept = order[~(fitted.duplicated() & fitted.notna())]
    return rows.loc[kept.sort_values()].reset_index(drop=True)


def _row(name: str, fit: PurchaseModel, frame: pd.DataFrame) -> dict:
    row = {
        "model": name,
        "fitted": fit.model,
        "n_parameters": len(fit.theta),
        "log_likelihood": fit.log_likelihood,
        "aic": fit.aic,
        "failure": "",
    }
    if "frequency_holdout" not in frame:
        return row
    actual = frame["frequency_holdout"].to_numpy(dtype=float)
    expected = fit.expected_transactions(float(frame["age_holdout"].iloc[0])).to_numpy()
    return row | {
        "holdout_actual": actual.sum(),
        "holdout_expected": expected.sum(),
        "holdout_mae": np.abs(actual - expected).mean(),
        "holdout_rmse": np.sqrt(np.square(actual - expected).mean()),
    }


# --- calibration --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HoldoutCalibration(Result):
    """Purchases in the holdout, actual beside expected, by purchases in the calibration period."""

    template: ClassVar[str] = "purchase.holdout"

    rows: pd.DataFrame
    model: str

    def table(self) -> pd.DataFrame:
        """Return ``frequency customers actual expected``, means per customer; 7 means 7 or more."""
        return self.rows

    def facts(self) -> dict[str, Any]:
        """Return expected and actual purchases, and how far the former are off."""
        weight = self.rows["customers"]
        actual = float(weight @ self.rows["actual"])
        expected = float(weight @ self.rows["expected"])
        return {"model": self.model, "expected": expected, "actual": actual,
                "error": expected / actual - 1 if actual else None}  # fmt: skip

    def plot(self, ax: Axes | None = None, *, lang: str = "en") -> Axes:
        """Draw actual and expected means by calibration frequency."""
        from cx_value.value.pictures import plot_calibration

        return plot_calibration(self.table(), ax, lang=lang)


def check_holdout(model: PurchaseModel, summary: TransactionSummary) -> HoldoutCalibration:
    """Compare expected and actual purchases in the holdout, by frequency in the calibration.

    Raises
    ------
    DataError
        If the summary has no holdout.
    """
    import pandas as pd

    frame = summary.customers
    if "frequency_holdout" not in frame:
        raise DataError(
            "The summary has no holdout · allowed: one made with calibration_end · do: call "
            "summarise_transactions(..., calibration_end=...)"
        )
    expected = model.expected_transactions(float(frame["age_holdout"].iloc[0])).to_numpy()
    sets = pd.DataFrame(
        {
            "frequency": np.minimum(frame["frequency"].to_numpy(), _BINS),
            "actual": frame["frequency_holdout"].to_numpy(dtype=float),
            "expected": expected,
        }
    ).groupby("frequency")
    rows = sets.mean().assign(customers=sets.size()).reset_index()
    return HoldoutCalibration(
        n_used=len(frame),
        method=Phrase("purchase.holdout_method"),
        rows=rows[["frequency", "customers", "actual", "expected"]],
        model=model.model,
    )
