"""What the results mean beside their sources, and what to do first: facts of the discussion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cx_value.base.cutoffs import Cutoff, cutoffs_with
from cx_value.base.results import Result, tidy_frame
from cx_value.base.words import Phrase
from cx_value.judge.hypotheses import VERDICTS, variable_of

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.study.spec import Hypothesis, Study

#: Ways in which an effect may be carried (Zhao, Lynch and Chen, 2010, Figure 2).
MEDIATIONS = ("complementary", "competitive", "indirect_only", "no_direct_path", "none")
#: Next steps on which the discussion has something to add.
ACTED_ON = ("improve", "catch_up", "probe")
MOST_LEVERS = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Discussion(Result):
    """How the hypotheses agree with their sources, and where to begin.

    Attributes
    ----------
    sources : list of dict
        An entry a source of the hypotheses: ``source tested held`` and how many of each verdict.
    unsupported : list of dict
        ``name path estimate ci reading`` of every hypothesis not supported: ``negligible`` where
        the whole interval lies within the rule of a negligible effect, else ``open``.
    mediated : list of dict
        ``kind names``: what carries the hypothesised indirect effects.
    first : list of dict
        ``lever step item score rival``: what to act on, and its weakest item.
    """

    template = "discussion.theory"

    sources: Sequence[Mapping[str, Any]]
    unsupported: Sequence[Mapping[str, Any]]
    mediated: Sequence[Mapping[str, Any]]
    first: Sequence[Mapping[str, Any]]
    spared: Sequence[str]
    rule: Cutoff

    def table(self) -> pd.DataFrame:
        """Return one row a source: ``source tested held`` and a count of each verdict."""
        return tidy_frame(list(self.sources), ["source", "tested", "held", *VERDICTS])

    def facts(self) -> dict[str, Any]:
        """Return ``sources unsupported mediated first spared`` and the rule of a small effect."""
        return {
            "sources": [dict(s) for s in self.sources if s["tested"]],
            "unsupported": list(self.unsupported), "mediated": list(self.mediated),
            "first": list(self.first),
            "spared": list(self.spared), "rule": self.rule.facts(),
            "reserved": sum(s["reserved"] for s in self.sources),
        }  # fmt: skip


def discuss(
    study: Study,
    verdicts: pd.DataFrame | None = None,
    effects: pd.DataFrame | None = None,
    priorities: pd.DataFrame | None = None,
    items: pd.DataFrame | None = None,
) -> Discussion:
    """Set verdicts beside their sources, and priorities beside the items they stand for.

    Parameters
    ----------
    study : Study
    verdicts : DataFrame, optional
        :meth:`cx_value.judge.hypotheses.HypothesisTests.table`.
    effects : DataFrame, optional
        Effects of the model reported, by kind.
    priorities : DataFrame, optional
        :meth:`cx_value.judge.priorities.Priorities.table`.
    items : DataFrame, optional
        ``item score``: scores of the items from 0 to 100.

    Returns
    -------
    Discussion

    Notes
    -----
    An effect is *negligible* when its whole interval lies within ±.10, the limit of a small
    correlation [1]_; an interval that reaches beyond leaves it open. An indirect effect is
    *complementary* when a clear direct path has its sign, *competitive* when the sign is the other
    one, *indirect only* when the direct path is not clear [2]_.

    References
    ----------
    .. [1] Cohen (1988), *Statistical power analysis for the behavioral sciences*.
    .. [2] Zhao, Lynch and Chen (2010), *Journal of Consumer Research*, 37, 197–206.
    """
    rule = cutoffs_with(study.cutoffs)["negligible_effect"]
    told = verdicts if verdicts is not None else tidy_frame([], ["hypothesis", "verdict"])
    first, spared = _levers(study, priorities, items)
    return Discussion(
        n_used=0, method=Phrase("discussion.method"), rule=rule,
        sources=_by_source(study.hypotheses, dict(zip(told.hypothesis, told.verdict, strict=True))),
        unsupported=[_unsupported(row, rule) for row in told.to_dict("records")
                     if row["verdict"] in ("not_supported", "contradicted")],
        mediated=_mediated(study, told, effects), first=first, spared=spared,
    )  # fmt: skip


def _by_source(hypotheses: Sequence[Hypothesis], verdicts: Mapping[str, str]) -> list[dict]:
    """Count the verdicts of each source; hypotheses without one come last."""
    judged = [h for h in hypotheses if h.name in verdicts]
    keys = sorted({h.theory or "" for h in judged}, key=lambda key: (not key, key))
    rows = []
    for key in keys:
        found = [verdicts[h.name] for h in judged if (h.theory or "") == key]
        counts = {verdict: found.count(verdict) for verdict in VERDICTS}
        tested, held = len(found) - counts["not_tested"], counts["supported"] + counts["reserved"]
        rows.append({"source": key, "tested": tested, "held": held, **counts})
    return rows


def _unsupported(row: Mapping[str, Any], rule: Cutoff) -> dict[str, Any]:
    ends = (row["std_low"], row["std_high"])
    small = all(rule.passes(abs(end)) for end in ends)
    through = row["through"].split() if isinstance(row["through"], str) else []
    codes = [row["source"], *through, row["target"]]
    return {
        "name": row["hypothesis"], "path": codes, "estimate": row["std_all"], "ci": list(ends),
        "reading": "negligible" if small else "open",
    }  # fmt: skip


def _mediated(study: Study, verdicts: pd.DataFrame, effects: pd.DataFrame | None) -> list[dict]:
    """Group the hypothesised indirect effects by what else carries the effect."""
    if effects is None:
        return []
    by_name = dict(zip(verdicts.hypothesis, verdicts.verdict, strict=True))
    told = verdicts.set_index("hypothesis").std_all if len(verdicts) else None
    kinds: dict[str, list[str]] = {}
    for h in study.hypotheses:
        if h.through and by_name.get(h.name, "not_tested") != "not_tested":
            clear = by_name[h.name] != "not_supported"
            kind = mediation_kind(clear, float(told[h.name]), _direct(study, h, effects))
            kinds.setdefault(kind, []).append(h.name)
    return [{"kind": kind, "names": kinds[kind]} for kind in MEDIATIONS if kind in kinds]


def mediation_kind(clear: bool, indirect: float, direct: tuple[float, float, float] | None) -> str:
    """Return how an effect is carried, by an indirect effect and the direct path beside it.

    Parameters
    ----------
    clear : bool
        Whether the interval of the indirect effect leaves out zero.
    indirect : float
        The indirect effect.
    direct : (float, float, float) or None
        The direct path with its interval; None where the model does not hold it.

    Examples
    --------
    >>> mediation_kind(True, 0.2, (0.3, 0.1, 0.5)), mediation_kind(True, 0.2, (0.1, -0.1, 0.3))
    ('complementary', 'indirect_only')
    >>> mediation_kind(True, 0.2, (-0.3, -0.5, -0.1)), mediation_kind(True, 0.2, None)
    ('competitive', 'no_direct_path')
    """
    if not clear:
        return "none"
    if direct is None:
        return "no_direct_path"
    estimate, low, high = direct
    if low <= 0 <= high:
        return "indirect_only"
    return "complementary" if (estimate > 0) == (indirect > 0) else "competitive"


def _direct(study: Study, h: Hypothesis, effects: pd.DataFrame) -> tuple[float, ...] | None:
    ends = [variable_of(study, code) for code in (h.source, h.target)]
    rows = effects[
        (effects.kind == "direct") & (effects.source == ends[0]) & (effects.target == ends[1])
    ]
    if rows.empty:
        return None
    booted = "std_boot_ci_low" in effects
    low, high = ("std_boot_ci_low", "std_boot_ci_high") if booted else ("std_ci_low", "std_ci_high")
    return tuple(float(rows.iloc[0][name]) for name in ("std_all", low, high))


def _levers(
    study: Study, priorities: pd.DataFrame | None, items: pd.DataFrame | None
) -> tuple[list[dict], list[str]]:
    """Return what to act on with its weakest item, and what needs no more than it gets."""
    if priorities is None:
        return [], []
    acted = priorities[priorities.step.isin(ACTED_ON)].head(MOST_LEVERS)
    scores = dict(zip(items["item"], items.score, strict=True)) if items is not None else {}
    rows = [{**_weakest(study, row["lever"], scores), "step": row["step"], "lever": row["lever"],
             "rival": row["rival"] if isinstance(row["rival"], str) else ""}
            for row in acted.to_dict("records")]  # fmt: skip
    return rows, list(priorities.lever[priorities.step == "hold"])


def _weakest(study: Study, lever: str, scores: Mapping[str, float]) -> dict[str, Any]:
    named = next((c for c in study.constructs if c.name == lever), None)
    known = [item for item in named.item_names if item in scores] if named else []
    if len(known) < 2:
        return {"item": "", "score": None}
    item = min(known, key=scores.__getitem__)
    return {"item": item, "score": scores[item]}
