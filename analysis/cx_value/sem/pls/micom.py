"""MICOM: are the composites of a PLS path model the same in two groups?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cx_value.base.errors import ConvergenceError, DataError
from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.sem.pls.algorithm import fit_batch
from cx_value.sem.pls.model import PathModel, declare_path_model
from cx_value.sem.pls.moments import read_items, resampled_correlations

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

#: With fewer permutations that could be fitted, their quantiles mean little.
FEWEST_SHARE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompositeInvariance(Result):
    """Measurement invariance of composites between two groups.

    The table holds one row a construct.

    ``c`` correlation of its scores by either group's weights, ``c_quantile`` what c falls below
    in 5 % (1 − confidence) of permutations, ``c_p``; ``mean mean_low mean_high mean_p`` the
    first group's mean score less the second's and the middle of its permutations;
    ``variance …`` the same of the log of the ratio of variances.

    Attributes
    ----------
    frame : DataFrame
        One row a construct.
    groups : tuple of str
    draws : int
        Permutations that the p values rest on.
    """

    frame: pd.DataFrame
    groups: tuple[str, str]
    draws: int

    template = "micom.pair"

    def facts(self) -> dict[str, Any]:
        """Return the groups and the number of constructs."""
        return {"groups": list(self.groups), "constructs": len(self.frame), "draws": self.draws}


def check_composites(
    constructs: Mapping[str, Sequence[str]],
    paths: Mapping[str, Sequence[str]] | Iterable[tuple[str, str]],
    data: pd.DataFrame,
    group: ArrayLike,
    *,
    modes: str | Mapping[str, str] = "A",
    scheme: str = "path",
    draws: int = 999,
    seed: int = 0,
    rows: np.ndarray | None = None,
    confidence: float = 0.95,
) -> CompositeInvariance:
    r"""Test compositional invariance and equal means and variances of composites (MICOM).

    Parameters
    ----------
    constructs, paths, modes, scheme
        As in :func:`cx_value.sem.fit_pls`.
    data : DataFrame (n, ·)
        Items in columns; incomplete rows are dropped.
    group : array (n,)
        Two groups; the first in alphabetical order is the first.
    draws : int
        Permutations of the respondents over the groups.
    rows : array (draws, n of the first group), optional
        Row numbers (of complete rows) that each permutation puts in the first group.

    Raises
    ------
    DataError
        If there are not two groups. ConvergenceError: PLS has no solution in a group, or in more
        than a tenth of the permutations.

    Notes
    -----
    Henseler, Ringle and Sarstedt (2016), steps 2 and 3; step 1, configural invariance, is given by
    design: same items, coding and settings. With Z the pooled standardised items and :math:`w_g`
    the weights of group g, :math:`c = \mathrm{cor}(Zw_1, Zw_2)`; H₀ c = 1 is rejected below the
    permutations' lower quantile. Means and variances are those of scores by the pooled weights.
    p is :math:`(r + 1)/(draws + 1)`. Agrees with an R script of the paper, permutation by
    permutation, to 1e-8 (``tests/reference/micom.R``).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> f = rng.normal(size=(200, 1))
    >>> answers = pd.DataFrame(f + rng.normal(size=(200, 4)), columns=list("abcd"))
    >>> found = check_composites({"X": ["a", "b"], "Y": ["c", "d"]}, [("X", "Y")], answers,
    ...     np.repeat(["g", "h"], 100), draws=99)
    >>> bool((found.table().c > 0.98).all())
    True
    """
    model = declare_path_model(constructs, paths, modes=modes, scheme=scheme)
    items = read_items(data, model.items, "listwise")
    own = pd.Series(np.asarray(group, dtype=object), data.index).reindex(items.index).astype(str)
    names = sorted(own.unique())
    if len(names) != 2:
        raise DataError(
            f"{len(names)} groups ({', '.join(names[:5])}) · allowed: two · do: compare them by "
            "pairs"
        )
    first = np.flatnonzero(own.to_numpy() == names[0]).astype(np.int32)
    if rows is None:
        random = np.random.default_rng(seed)
        shuffled = [random.permutation(items.n_rows)[: len(first)] for _ in range(draws)]
        rows = np.array(shuffled, dtype=np.int32)
    sides = np.vstack([first[None], np.asarray(rows, dtype=np.int32)])
    frame, kept = _steps(model, items, sides, 1 - confidence)
    return CompositeInvariance(
        n_used=items.n_rows, n_dropped=items.n_dropped, method=Phrase("micom.method"),
        confidence=confidence, frame=frame, groups=(names[0], names[1]), draws=kept,
    )  # fmt: skip


def _steps(model: PathModel, items, sides: np.ndarray, alpha: float) -> tuple[pd.DataFrame, int]:
    """Return the table, and how many permutations it rests on; the first side is the sample's."""
    pooled = fit_batch(items.correlations[None], model)
    others = _complements(sides, items.n_rows)
    fits = [fit_batch(resampled_correlations(items.values, s), model) for s in (sides, others)]
    fine = np.logical_and.reduce([fit.converged for fit in fits])
    if not (fine[0] and pooled.converged[0] and fine.mean() >= FEWEST_SHARE):
        raise ConvergenceError(
            f"PLS settles in {int(fine.sum())} of {len(fine)} divisions into groups · allowed: the "
            f"groups themselves and {FEWEST_SHARE:.0%} of the permutations · do: larger groups, or "
            "fewer items"
        )
    mask = model.mask
    one, two = (fit.weights[fine][:, :, None] * mask for fit in fits)
    c = _agreement(one, two, items.correlations)
    scores = items.standardised @ (pooled.weights[0][:, None] * mask)
    mean, spread = _moments(scores, sides[fine], others[fine])
    frame = pd.DataFrame({"construct": model.constructs, **_lower(c, alpha)})
    for name, values in (("mean", mean), ("variance", spread)):
        frame = frame.assign(**_middle(name, values, alpha))
    return frame, int(fine.sum()) - 1


def _complements(sides: np.ndarray, n: int) -> np.ndarray:
    everyone = np.ones((len(sides), n), dtype=bool)
    np.put_along_axis(everyone, sides, values=False, axis=1)
    return np.nonzero(everyone)[1].reshape(len(sides), -1).astype(np.int32)


def _agreement(one: np.ndarray, two: np.ndarray, correlations: np.ndarray) -> np.ndarray:
    """Return the correlation of scores by two sets of weights, (D, J)."""
    left, right = correlations @ one, correlations @ two
    both = (two * left).sum(axis=1)
    return both / np.sqrt((one * left).sum(axis=1) * (two * right).sum(axis=1))


def _moments(scores: np.ndarray, sides, others) -> tuple[np.ndarray, np.ndarray]:
    """Return differences of means and logs of ratios of variances, (D, J) each."""
    parts = [
        (scores[side].mean(axis=1), scores[side].var(axis=1, ddof=1)) for side in (sides, others)
    ]
    (m1, v1), (m2, v2) = parts
    return m1 - m2, np.log(v1 / v2)


def _lower(values: np.ndarray, alpha: float) -> dict[str, np.ndarray]:
    found, permuted = values[0], values[1:]
    return {
        "c": found, "c_quantile": np.quantile(permuted, alpha, axis=0),
        "c_p": ((permuted <= found).sum(axis=0) + 1) / (len(permuted) + 1),
    }  # fmt: skip


def _middle(name: str, values: np.ndarray, alpha: float) -> dict[str, np.ndarray]:
    found, permuted = values[0], values[1:]
    low, high = np.quantile(permuted, [alpha / 2, 1 - alpha / 2], axis=0)
    beyond = (np.abs(permuted) >= np.abs(found)).sum(axis=0)
    return {name: found, f"{name}_low": low, f"{name}_high": high,
            f"{name}_p": (beyond + 1) / (len(permuted) + 1)}  # fmt: skip
