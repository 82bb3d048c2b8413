"""Rules of thumb as data: threshold, direction, and whose rule it is.

No bare .70 stands anywhere else. A study may override any value (``cutoffs:`` in ``study.yml``);
the source then reads "set in the study file".
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cx_value.base.wording import Text

_COMPARE = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


@dataclass(frozen=True, slots=True)
class Cutoff:
    """One rule: ``value direction threshold`` passes.

    ``source`` is the key of the entry in ``report/references.bib``; ``said`` is how it is named
    in a notebook, where no bibliography is at hand.
    """

    name: str
    threshold: float
    direction: str
    source: str
    said: str

    def passes(self, value: float) -> bool | None:
        """Return whether a value keeps the rule; None where there is no value to judge."""
        if value is None or math.isnan(value):
            return None
        return bool(_COMPARE[self.direction](value, self.threshold))

    def facts(self) -> dict[str, float | str]:
        """Return what a sentence says of the rule: ``threshold source set_by``.

        ``source`` is a key of the bibliography; where there is none, ``set_by`` is ``study`` or
        ``report``.

        >>> CUTOFFS["alpha"].facts()
        {'threshold': 0.7, 'source': 'nunnally1994', 'set_by': ''}
        """
        by = "" if self.source else "study" if self.said == STUDY else "report"
        return {"threshold": self.threshold, "source": self.source, "set_by": by}


REPORT = Text("rule of this report", zh="本报告的规则")
STUDY = Text("set in the study file", zh="由研究文件设定")
_RULES = (
    ("alpha", 0.70, ">=", "nunnally1994", "Nunnally & Bernstein (1994)"),
    ("omega", 0.70, ">=", "nunnally1994", "Nunnally & Bernstein (1994)"),
    ("reliability_redundant", 0.95, "<=", "hair2019", "Hair et al. (2019)"),
    ("composite_reliability", 0.70, ">=", "hair2010", "Hair et al. (2010)"),
    ("ave", 0.50, ">=", "fornell1981", "Fornell & Larcker (1981)"),
    ("item_rest", 0.30, ">=", "nunnally1994", "Nunnally & Bernstein (1994)"),
    ("kmo", 0.60, ">=", "tabachnick2019", "Tabachnick & Fidell (2019)"),
    ("communality", 0.40, ">=", "costello2005", "Costello & Osborne (2005)"),
    ("loading_primary", 0.40, ">=", "howard2016", "Howard (2016)"),
    ("loading_cross", 0.30, "<", "howard2016", "Howard (2016)"),
    ("loading_difference", 0.20, ">=", "howard2016", "Howard (2016)"),
    ("loading_standardised", 0.50, ">=", "hair2010", "Hair et al. (2010)"),
    ("cfi", 0.95, ">=", "hu1999", "Hu & Bentler (1999)"),
    ("tli", 0.95, ">=", "hu1999", "Hu & Bentler (1999)"),
    ("rmsea", 0.06, "<=", "hu1999", "Hu & Bentler (1999)"),
    ("srmr", 0.08, "<=", "hu1999", "Hu & Bentler (1999)"),
    ("htmt", 0.85, "<", "henseler2015", "Henseler et al. (2015)"),
    ("htmt_upper", 1.0, "<", "henseler2015", "Henseler et al. (2015)"),
    ("residual_correlation", 0.10, "<=", "kline2016", "Kline (2016)"),
    ("harman", 0.50, "<", "podsakoff1986", "Podsakoff & Organ (1986)"),
    ("vif_full_collinearity", 3.3, "<=", "kock2015", "Kock (2015)"),
    ("skew", 2.0, "<=", "west1995", "West et al. (1995)"),
    ("kurtosis", 7.0, "<=", "west1995", "West et al. (1995)"),
    ("floor_ceiling", 0.15, "<=", "", REPORT),
    ("missing_item", 0.05, "<=", "schafer1999", "Schafer (1999)"),
    ("sample_size", 200, ">=", "kline2016", "Kline (2016)"),
    ("cases_per_parameter", 10, ">=", "kline2016", "Kline (2016)"),
    ("power", 0.80, ">=", "cohen1988", "Cohen (1988)"),
    ("latent_correlation", 0.95, "<=", "", REPORT),
    ("invariance_cfi", -0.01, ">=", "cheung2002", "Cheung & Rensvold (2002)"),
    ("invariance_rmsea", 0.015, "<=", "chen2007", "Chen (2007)"),
    ("smd", 0.10, "<=", "austin2009", "Austin (2009)"),
    ("consistency_ratio", 0.10, "<=", "saaty1980", "Saaty (1980)"),
    ("significance", 0.05, "<", "fisher1925", "Fisher (1925)"),
)
CUTOFFS: Mapping[str, Cutoff] = {rule[0]: Cutoff(*rule) for rule in _RULES}


def cutoffs_with(overrides: Mapping[str, float] | None = None) -> dict[str, Cutoff]:
    """Return the rules with a study's own thresholds put in.

    Raises
    ------
    KeyError
        If an override names no rule; :func:`cx_value.study.read_study` reports it as a fault first.
    """
    rules = dict(CUTOFFS)
    for name, threshold in (overrides or {}).items():
        rules[name] = replace(rules[name], threshold=float(threshold), source="", said=STUDY)
    return rules
