"""Whose customers the respondents are: the study's own brand, and every rival."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.cutoffs import cutoffs_with
from cx_value.base.errors import DataError
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study.answered import Survey
    from cx_value.study.spec import Study


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Customers(Result):
    """Whose customers answered, and which part of a report speaks of whom.

    The table has one row a brand: ``brand role n``.
    """

    template = "sample.customers"

    frame: pd.DataFrame
    modelled: int

    def facts(self) -> dict[str, Any]:
        """Return the own brand and its rivals, each with how many answered for it."""
        own = self.frame[self.frame.role == "own"].iloc[0]
        rivals = self.frame[self.frame.role == "rival"]
        return {
            "n": self.n_used, "own": own.brand, "own_n": int(own.n),
            "pooled": self.modelled > own.n,
            "rivals": rivals[["brand", "n"]].to_dict("records"),
        }  # fmt: skip


def count_customers(study: Study, survey: Survey) -> Customers | None:
    """Count the customers of every brand among the answers analysed; None without brands."""
    if brand_of(study, survey) is None:
        return None
    rows = [(brand_label(study, study.brands.own), "own", own_customers(study, survey).n)]
    rows += [(name, "rival", r.n) for name, r in rival_customers(study, survey).items()]
    return Customers(
        n_used=survey.n, method=Phrase("sample.customers_method"),
        frame=tidy_frame(rows, ["brand", "role", "n"]),
        modelled=modelled_customers(study, survey).n,
    )  # fmt: skip


def own_customers(study: Study, survey: Survey) -> Survey:
    """Return the respondents who are the own brand's customers; all, where no brand is declared.

    Raises
    ------
    DataError
        If nobody is a customer of the own brand.
    """
    brands = brand_of(study, survey)
    if brands is None:
        return survey
    own = survey.items.index[(brands == brand_label(study, study.brands.own)).to_numpy()]
    if own.empty:
        raise DataError(
            f"no respondent of the own brand {study.brands.own!r} in column "
            f"{study.brands.column!r} · allowed: a brand that occurs · do: correct brands.own"
        )
    return survey.rows(own)


def modelled_customers(study: Study, survey: Survey) -> Survey:
    """Return the respondents whom scales and models speak of.

    Those are the own brand's customers where ``brands.models`` says so, or, by default, where they
    are as many as the rule ``sample_size`` asks for; else everyone. Pooled, differences between
    brands would pass for effects between constructs.
    """
    if study.brands is None or study.brands.models == "all":
        return survey
    own, rule = own_customers(study, survey), cutoffs_with(study.cutoffs)["sample_size"]
    return own if study.brands.models == "own" or rule.passes(own.n) else survey


def rival_customers(study: Study, survey: Survey) -> dict[str, Survey]:
    """Return rival → its customers, in the order declared; empty where no brand is declared.

    Without ``brands.rivals`` every other brand that occurs is one.
    """
    brands = brand_of(study, survey)
    if brands is None:
        return {}
    own = brand_label(study, study.brands.own)
    named = [brand_label(study, code) for code in study.brands.rivals]
    names = dict.fromkeys(named or sorted(set(brands.dropna()) - {own}))
    return {name: survey.rows(survey.items.index[(brands == name).to_numpy()]) for name in names}


def brand_of(study: Study, survey: Survey) -> pd.Series | None:
    """Return each respondent's brand by its English label; None where no brand is declared."""
    if study.brands is None or study.brands.column not in survey.profile:
        return None
    column = survey.profile[study.brands.column].astype(object)
    return column.map(lambda word: str.__str__(word), na_action="ignore")


def brand_label(study: Study, code: str) -> str:
    """Return the English label of a brand; a value without a label is its own."""
    entry = next((e for e in study.profile if e.name == study.brands.column), None)
    labels = entry.values if entry else {}  # noqa: PD011
    return str.__str__(labels.get(code, code))
