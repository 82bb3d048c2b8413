"""Whether the effect of one construct on another depends on a third, as the study declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from cx_value.base.errors import AnalysisError, ModelError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.study.latents import variable_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cx_value.judge.estimation import Estimation
    from cx_value.judge.structure import ModelChoice
    from cx_value.sem.interactions.simple_slopes import Interaction
    from cx_value.study.spec import Moderation, Study

SOURCES = ["marsh2004", "lin2010"]
COLUMNS = ["name", "source", "target", "by", "est", "se", "z", "p", "p_holm", "low", "high", "std",
           "significant", "admissible", "n"]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moderations(Result):
    """The moderations a study declared, each with its interaction and simple slopes.

    The table has one row a moderation: ``name source target by est se z p p_holm low high std
    …``. ``est`` is the path of the product factor, ``std`` its right standardisation.

    Attributes
    ----------
    found : dict of str to Interaction
        By the name of the moderation, those that could be estimated.
    declared : tuple of Moderation
    refused : dict of str to str
        Name → ``not_in_model`` or ``not_estimable``.
    alpha : float
        Level of the tests, adjusted after Holm (1979) over the moderations.
    """

    template = "moderations.moderations"

    frame: pd.DataFrame
    found: Mapping[str, Interaction]
    declared: tuple[Moderation, ...]
    refused: Mapping[str, str]
    alpha: float

    def slopes(self) -> pd.DataFrame:
        """Return ``name source target by moderator_sd est se p low high std`` of simple slopes."""
        parts = []
        for moderation in self.declared:
            if moderation.name in self.found:
                table = self.found[moderation.name].table()
                rows = table[table.kind == "simple_slope"].drop(columns=["kind", "term"])
                parts.append(rows.assign(**_ends(moderation)))
        frame = pd.concat(parts) if parts else pd.DataFrame(columns=["name"])
        return frame.rename(columns={"ci_low": "low", "ci_high": "high"}).reset_index(drop=True)

    def plot_slopes(self, name: str, labels: Mapping[str, Any]) -> Callable[..., Axes]:
        """Return the plot of one moderation's simple slopes, constructs by their labels."""
        from cx_value.base.wording import in_language
        from cx_value.sem.interactions.pictures import draw_slopes

        found = self.found[name]
        codes = (found.outcome, found.predictor, found.moderator)

        def draw(ax: Axes | None = None, *, lang: str = "en") -> Axes:
            names = tuple(in_language(labels.get(code, code), lang) for code in codes)
            return draw_slopes(found.lines(), names, ax, lang)

        return draw

    def facts(self) -> dict[str, Any]:
        """Return each moderation's test and slopes, and what could not be estimated."""
        slopes = self.slopes()
        tested = [
            {**row, "interval": [row["low"], row["high"]],
             "slopes": _low_and_high(slopes[slopes.name == row["name"]])}
            for row in self.frame.to_dict("records")
        ]  # fmt: skip
        refused = [
            {**_ends(m), "reason": self.refused[m.name]}
            for m in self.declared if m.name in self.refused
        ]  # fmt: skip
        return {"tested": tested, "refused": refused, "level": self.confidence,
                "alpha": self.alpha, "sources": SOURCES}  # fmt: skip


def _ends(moderation: Moderation) -> dict[str, str]:
    return {"name": moderation.name, "source": moderation.source, "target": moderation.target,
            "by": moderation.by}  # fmt: skip


def _low_and_high(slopes: pd.DataFrame) -> list[dict[str, float]]:
    ordered = slopes.sort_values("moderator_sd").iloc[[0, -1]]
    return [{"sd": r.moderator_sd, "est": r.est} for r in ordered.itertuples()]


def probe_moderations(
    study: Study, choice: ModelChoice, items: pd.DataFrame, how: Estimation
) -> Moderations | None:
    """Test every moderation the study declares.

    Each is estimated in the equation of its outcome: the outcome on all its predictors in the
    model reported and on the moderator, with a product of latent variables (unconstrained product
    indicators, double-mean-centred) and robust errors. A moderator that is a number of the profile,
    or a construct of one item, enters as observed without error, in its standard deviations:
    ``items`` must hold its column.

    Returns
    -------
    Moderations or None
        None where the study declares none or no model is reported.
    """
    if not study.moderations or choice.reported is None:
        return None
    found, refused = {}, {}
    for moderation in study.moderations:
        try:
            found[moderation.name] = _interaction(study, choice, items, how, moderation)
        except ModelError:
            refused[moderation.name] = "not_in_model"
        except AnalysisError:
            refused[moderation.name] = "not_estimable"
    alpha = 1 - how.confidence
    frame = _frame(study, found, alpha)
    n = max((fit.n_used for fit in found.values()), default=0)
    return Moderations(
        n_used=n, n_dropped=len(items) - n, confidence=how.confidence,
        method=Phrase("estimators.named", {"method": "interaction_double_mean"}),
        frame=frame, found=found, declared=study.moderations, refused=refused, alpha=alpha,
    )  # fmt: skip


def _interaction(
    study: Study, choice: ModelChoice, items: pd.DataFrame, how: Estimation, moderation: Moderation
) -> Interaction:
    from cx_value.sem import fit_interaction
    from cx_value.study.model_checks import model_edges

    edges = sorted(model_edges(study, choice.shown))
    sources = [source for source, target in edges if target == moderation.target]
    if moderation.source not in sources:
        raise ModelError(
            f"The model reported has no path {moderation.source} -> {moderation.target} · allowed: "
            "a path of the model · do: declare another"
        )
    sources = list(dict.fromkeys([*sources, moderation.by]))
    terms = " + ".join(
        name if name == moderation.by else variable_of(study, name) for name in sources
    )
    first, second = study.construct(moderation.source).item_names, _observed(study, moderation)
    measurement = study.measurement_syntax([*sources, moderation.target])
    if len(second) == 1:
        items = _with_number(items, second[0], moderation.by)
        measurement += f"\n{moderation.by} =~ 1*{second[0]}.z\n{second[0]}.z ~~ 0*{second[0]}.z"
        second = [f"{second[0]}.z"] * len(first)
    options = how.options(f"{moderation.target} ~ {terms}", items)
    options = {
        k: v for k, v in options.items() if k in ("weights", "confidence", "cluster", "strata")
    }
    return fit_interaction(
        f"{measurement}\n{moderation.target} ~ {terms}", items, outcome=moderation.target,
        predictor=moderation.source, moderator=moderation.by,
        # Items are matched in their order; the shorter list decides.
        pairs=list(zip(first, second, strict=False)),
        missing="fiml" if how.missing in ("fiml", "pairwise") else "listwise", **options,
    )  # fmt: skip


def _observed(study: Study, moderation: Moderation) -> list[str]:
    """Return the items of a moderator; a number of the profile is its own."""
    by = next((c for c in study.constructs if c.name == moderation.by), None)
    return by.item_names if by else [moderation.by]


def _with_number(items: pd.DataFrame, column: str, by: str) -> pd.DataFrame:
    """Add an observed moderator in standard deviations from its mean."""
    if column not in items:
        raise ModelError(
            f"The moderator {by} is no number · allowed: a construct, or a profile column of "
            "numbers · do: name another"
        )
    numbers = items[column].astype(float)
    return items.assign(**{f"{column}.z": (numbers - numbers.mean()) / numbers.std(ddof=1)})


def _frame(study: Study, found: Mapping[str, Interaction], alpha: float) -> pd.DataFrame:
    from statsmodels.stats.multitest import multipletests

    rows = []
    for moderation in study.moderations:
        if moderation.name in found:
            one = found[moderation.name]
            product = one.table().iloc[2]
            rows.append({**_ends(moderation), **product[["est", "se", "z", "p", "std"]],
                         "low": product.ci_low, "high": product.ci_high, "n": one.n_used,
                         "admissible": one.fit.admissible})  # fmt: skip
    frame = pd.DataFrame(rows, columns=COLUMNS)
    if rows:
        frame["p_holm"] = multipletests(frame.p.astype(float), method="holm")[1]
        frame["significant"] = frame.p_holm < alpha
    return frame
