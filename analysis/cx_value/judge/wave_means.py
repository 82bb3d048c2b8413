"""May latent means be compared over the waves, and where they may, how did they move?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.errors import AnalysisError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.judge.groups import GROUP
from cx_value.study.waves import asked_in_every

if TYPE_CHECKING:
    from cx_value.judge.estimation import Estimation
    from cx_value.sem.groups.invariance import Invariance
    from cx_value.study.answered import Survey
    from cx_value.study.spec import Construct, Study

#: Fewer items of a construct cannot tell a change of the construct from one of an item.
FEWEST_ITEMS = 3
COLUMNS = ("construct", "wave", "difference", "low", "high", "p", "p_adjusted", "clear")
STATUS = ("full", "partial", "failed", "untested")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaveMeans(Result):
    """Measurement invariance over waves, construct by construct, and latent means where it holds.

    Columns of the table: ``construct wave difference low high p p_adjusted clear``.
    ``difference`` is the latent mean less that of the first wave, in standard deviations of the
    construct in its wave, its interval with that deviation taken as known; ``p_adjusted`` by Holm
    over all rows.

    Attributes
    ----------
    frame : DataFrame
        Latent means where they may be compared; see :meth:`table`.
    constructs : DataFrame
        ``construct status freed d_cfi``; status is ``full partial failed untested`` (of scalar
        invariance), ``freed`` the items of which a loading or an intercept was set free.
    lacking : tuple of str
        Items that were not asked in every wave, left out.
    rule : Cutoff
        What a level was judged by.
    """

    frame: pd.DataFrame
    constructs: pd.DataFrame
    lacking: tuple[str, ...] = ()
    waves: int
    rule: Cutoff

    template = "tracking.means"

    def facts(self) -> dict[str, Any]:
        """Return of which constructs latent means may be compared, and which of them moved."""
        by = {status: self.constructs[self.constructs.status == status] for status in STATUS}
        moved = self.frame[self.frame.clear.astype(bool)]
        return {
            "waves": self.waves, "tested": len(self.constructs) - len(by["untested"]),
            "full": len(by["full"]), "comparable": len(by["full"]) + len(by["partial"]),
            "partial": by["partial"][["construct", "freed"]].to_dict("records"),
            "failed": by["failed"].construct.tolist(),
            "untested": by["untested"].construct.tolist(), "lacking": list(self.lacking),
            "fewest": FEWEST_ITEMS, **self.rule.facts(),
            "moved": moved[["construct", "wave", "difference", "low", "high"]].to_dict("records"),
        }  # fmt: skip


def compare_wave_means(
    study: Study, survey: Survey, how: Estimation, minimum: int = 30
) -> WaveMeans | None:
    """Test scalar invariance over waves and compare latent means where it holds.

    Parameters
    ----------
    study : Study
    survey : Survey
        The own customers of every wave.
    how : Estimation
        How models are fitted.
    minimum : int
        Fewer respondents are no wave.

    Returns
    -------
    WaveMeans or None
        None where fewer than two waves are large enough.

    Notes
    -----
    One model a construct: it names what fails, and needs no more respondents than a wave has.
    Levels are judged by ΔCFI alone (Cheung & Rensvold, 2002): with so few degrees of freedom RMSEA
    varies too much to judge by (Kenny, Kaniskan & McCoach, 2015). Where a level fails, items are
    set free while two stay equal (Byrne, Shavelson & Muthén, 1989).
    """
    if survey.wave is None:
        return None
    wave = survey.wave.dropna()
    counts = wave.value_counts()
    wave = wave[wave.isin(counts.index[counts >= minimum])].sort_values(kind="stable")
    if wave.nunique() < 2:
        return None
    asked, lacking = asked_in_every(survey.items.loc[wave.index], wave)
    items = asked.assign(**{GROUP: wave.astype(str)})
    rule, kept, means = cutoffs_with(study.cutoffs)["invariance_cfi"], [], []
    for construct in study.constructs:
        row, found = _one_construct(construct, items, how, rule)
        kept.append(row)
        if found is not None and found.latent_means is not None:
            means.append(_means(found.latent_means))
    return WaveMeans(
        n_used=len(items), n_dropped=survey.n - len(items), confidence=how.confidence,
        method=Phrase("tracking.means_method"), frame=_adjusted(means, how.confidence),
        constructs=pd.DataFrame(kept), lacking=lacking, waves=int(wave.nunique()), rule=rule,
    )  # fmt: skip


def _one_construct(
    construct: Construct, items: pd.DataFrame, how: Estimation, rule: Cutoff
) -> tuple[dict, Invariance | None]:
    from cx_value.sem import check_invariance

    row = {"construct": construct.name, "status": "untested", "freed": [], "d_cfi": np.nan}
    names = [name for name in construct.item_names if name in items]
    if len(names) < FEWEST_ITEMS:
        return row, None
    syntax = f"{construct.name} =~ " + " + ".join(names)
    data = items[[*names, GROUP]]
    try:
        found = check_invariance(
            syntax, data, group=GROUP, max_freed=len(names) - 2, **how.options(syntax, data),
            cutoffs={"invariance_cfi": rule, "invariance_rmsea": replace(rule, threshold=np.inf,
                                                                         direction="<=")},
        )  # fmt: skip
    except AnalysisError:
        return row, None
    return row | _status(found, names), found


def _status(found: Invariance, names: list[str]) -> dict:
    """Return how far the scalar level was reached, and whose loading or intercept was freed."""
    table = found.table()
    judged = table[~table.model.isin(["configural", "strict", "strict, partial"])]
    reached = table[table.model.str.startswith("scalar") & table.passes.astype(bool)]
    freed = [n for n in names if any(n in w.replace("=~", "~").split("~") for w in found.freed
                                     if "~~" not in w)]  # fmt: skip
    worst = judged.d_cfi.min()
    if reached.empty:
        return {"status": "failed", "freed": freed, "d_cfi": worst}
    return {"status": "partial" if freed else "full", "freed": freed, "d_cfi": worst}


def _means(latent: pd.DataFrame) -> pd.DataFrame:
    """Return latent means in standard deviations of the construct."""
    scale = np.where(latent.est != 0, latent.std_all / latent.est.where(latent.est != 0, 1), 1.0)
    return pd.DataFrame({
        "construct": latent.lhs, "wave": latent.group.astype(str), "difference": latent.est * scale,
        "low": latent.ci_low * scale, "high": latent.ci_high * scale, "p": latent.p,
    })  # fmt: skip


def _adjusted(means: list[pd.DataFrame], confidence: float) -> pd.DataFrame:
    from statsmodels.stats.multitest import multipletests

    if not means:
        return pd.DataFrame(columns=COLUMNS)
    frame = pd.concat(means, ignore_index=True)
    frame["p_adjusted"] = multipletests(frame.p, method="holm")[1]
    return frame.assign(clear=frame.p_adjusted < 1 - confidence)
