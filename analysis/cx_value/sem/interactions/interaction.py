"""Latent interactions: does the effect of one construct depend on the level of another?

The product of two latent variables is measured by products of their indicators (Kenny and Judd
1984), in the unconstrained form of Marsh, Wen and Hau (2004): no parameter of the product factor
is tied to those of its parents.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cx_value.base.errors import ModelError
from cx_value.base.words import Phrase
from cx_value.sem.engine.moments import read_columns
from cx_value.study.language.syntax import Syntax, parse_syntax

if TYPE_CHECKING:
    from cx_value.sem.interactions.simple_slopes import Interaction

CENTRINGS = ("double_mean", "mean", "residual")
NORMAL_THEORY = ("ml", "mlr", "mlm")

Pairs = str | Sequence[tuple[str, str]]


def fit_interaction(
    syntax: str,
    data: pd.DataFrame,
    *,
    outcome: str,
    predictor: str,
    moderator: str,
    pairs: Pairs = "matched",
    centring: str = "double_mean",
    at: Sequence[float] = (-1.0, 0.0, 1.0),
    values: Sequence[float] | None = None,
    estimator: str = "mlr",
    **options,
) -> Interaction:
    """Fit a model in which the effect of one latent variable depends on another.

    Parameters
    ----------
    syntax : str
        The model without the interaction; predictor and moderator are latent variables in it.
        Paths from both to the outcome are added where they are absent.
    data : DataFrame (n, ·)
        One row a respondent; a product is missing where one of its items is.
    outcome, predictor, moderator : str
        The path ``outcome ~ predictor`` is the one that depends on the moderator.
    pairs : {"matched", "all"} or sequence of (str, str)
        Which indicators are multiplied: first with first and so on, every one with every other, or
        those named. Products that share an indicator get correlated residuals.
    centring : {"double_mean", "mean", "residual"}
        Centre items and products (Lin et al. 2010), items only (Marsh et al. 2004), or take the
        products' residuals after regression on all items (Little, Bovaird and Widaman 2006; the
        product factor is then uncorrelated with its parents by construction).
    at : sequence of float
        Moderator values for simple slopes, in its standard deviations from its mean.
    values : sequence of float, optional
        The same in the moderator's own units from its mean; takes the place of ``at``.
    estimator : {"mlr", "ml", "mlm"}
        MLR by default: a product is not normal even where its factors are.
    **options
        ``missing``, ``weights``, ``std_lv``, ``orthogonal`` … as for ``fit_model``.

    Returns
    -------
    Interaction
        ``table()`` (paths, simple slopes, ends of the Johnson–Neyman region), ``fit``, ``plot()``.

    Raises
    ------
    ModelError
        If a construct is not latent in the model, the indicators cannot be paired, or groups or
        ordinal estimation are asked for.

    Notes
    -----
    Centring uses the (weighted) means of the rows that enter the fit. Products agree with
    semTools' ``indProd`` to 1e-10, estimates and slopes with lavaan and ``probe2WayMC`` to 1e-5.

    Examples
    --------
    >>> random = np.random.default_rng(3)
    >>> x, m, e = random.normal(size=(3, 500))
    >>> latent = {"x": x, "m": m, "y": 0.4 * x + 0.2 * m + 0.4 * x * m + 0.5 * e}
    >>> items = pd.DataFrame({f"{k}{i}": f + 0.5 * random.normal(size=500)
    ...                       for k, f in latent.items() for i in (1, 2, 3)})
    >>> lines = (f"{k.upper()} =~ {k}1 + {k}2 + {k}3" for k in "xmy")
    >>> found = fit_interaction("; ".join(lines), items, outcome="Y", predictor="X", moderator="M")
    >>> found.johnson_neyman.region
    'outside'
    """
    from cx_value.sem import fit_model
    from cx_value.sem.interactions.simple_slopes import probe_interaction

    _check_options(centring, estimator, options)
    model = parse_syntax(syntax)
    blocks = [_indicators(model, name) for name in (predictor, moderator)]
    _check_roles(model, outcome, predictor, moderator)
    paired = pair_indicators(*blocks, pairs)
    weights = options.get("weights")
    rows = _rows_used(model, data, weights, options.get("missing", "listwise"))
    products = product_indicators(data, paired, centring=centring, rows=rows, weights=weights)
    _check_names(data, products)
    extended = interaction_syntax(syntax, outcome, predictor, moderator, paired, centring=centring)
    frame = pd.concat([data, products], axis=1)
    fit = fit_model(extended, frame, estimator=estimator, **options)
    return probe_interaction(
        fit, outcome=outcome, predictor=predictor, moderator=moderator,
        interaction=product_name(predictor, moderator), at=at,
        method=Phrase("estimators.named", {"method": f"interaction_{centring}"}),
        values=values,
    )  # fmt: skip


def pair_indicators(
    first: Sequence[str], second: Sequence[str], pairs: Pairs = "matched"
) -> list[tuple[str, str]]:
    """Return which indicators are multiplied.

    Raises
    ------
    ModelError
        If matched lists differ in length, or a named pair is not made of the two lists.

    Examples
    --------
    >>> pair_indicators(["a", "b"], ["c", "d"]), len(pair_indicators(["a", "b"], ["c"], "all"))
    ([('a', 'c'), ('b', 'd')], 2)
    """
    if isinstance(pairs, str):
        if pairs == "all":
            return list(product(first, second))
        if pairs != "matched":
            raise ModelError(
                f"pairs is '{pairs}' · allowed: matched, all, or a list of pairs · do: choose one"
            )
        if len(first) != len(second):
            raise ModelError(
                f"{len(first)} indicators ({', '.join(first)}) cannot be matched with "
                f"{len(second)} ({', '.join(second)}) · allowed: as many of one as of the "
                "other · do: use pairs='all' or name the pairs"
            )
        return list(zip(first, second, strict=True))
    chosen = [tuple(pair) for pair in pairs]
    wrong = [pair for pair in chosen if pair not in set(product(first, second))]
    if wrong or not chosen or len(set(chosen)) < len(chosen):
        raise ModelError(
            f"The pairs {wrong or chosen} cannot be multiplied · allowed: each once, an "
            f"indicator of the predictor ({', '.join(first)}) with one of the moderator "
            f"({', '.join(second)}) · do: correct the pairs"
        )
    return chosen


def product_indicators(
    data: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    *,
    centring: str = "double_mean",
    rows: np.ndarray | None = None,
    weights: str | np.ndarray | None = None,
) -> pd.DataFrame:
    """Return centred products of indicators, columns ``first.second``.

    Parameters
    ----------
    data : DataFrame (n, ·)
    pairs : sequence of (str, str)
    centring : {"double_mean", "mean", "residual"}
        As in :func:`fit_interaction`.
    rows : ndarray (n,) of bool, optional
        Rows whose means and regressions are used; all by default.
    weights : str or ndarray (n,), optional
        Case weights of these means and regressions.

    Returns
    -------
    DataFrame (n, pairs)
        NaN where an item is; with residual centring also where any other item of the two is.

    Examples
    --------
    >>> data = pd.DataFrame({"x": [1.0, 2, 3], "m": [0.0, 0, 3]})
    >>> product_indicators(data, [("x", "m")])["x.m"].tolist()
    [0.0, -1.0, 1.0]
    """
    names = list(dict.fromkeys(name for side in zip(*pairs, strict=True) for name in side))
    items = read_columns(data, names)
    share = _shares(data, weights, rows)
    items = items - _means(items, share)
    left, right = (items[:, [names.index(pair[k]) for pair in pairs]] for k in (0, 1))
    products = left * right
    if centring == "double_mean":
        products = products - _means(products, share)
    if centring == "residual":
        products = products - _fitted(products, items, share)
    columns = [f"{a}.{b}" for a, b in pairs]
    return pd.DataFrame(products, columns=columns, index=data.index)


def interaction_syntax(
    syntax: str,
    outcome: str,
    predictor: str,
    moderator: str,
    pairs: Sequence[tuple[str, str]],
    *,
    centring: str = "double_mean",
) -> str:
    """Return the model with a product factor and its path to the outcome.

    Examples
    --------
    >>> print(interaction_syntax("# model", "Y", "X", "M", [("x1", "m1"), ("x2", "m2")]))
    # model
    X_x_M =~ x1.m1 + x2.m2
    Y ~ X + M + X_x_M
    X_x_M ~~ X
    X_x_M ~~ M
    """
    name, products = product_name(predictor, moderator), [f"{a}.{b}" for a, b in pairs]
    lines = [syntax.rstrip(), f"{name} =~ {' + '.join(products)}"]
    lines.append(f"{outcome} ~ {predictor} + {moderator} + {name}")
    for one, other in combinations(range(len(pairs)), 2):
        # Products with an item of a single-item construct share no residual: it has none.
        if _shares_residual(pairs, pairs[one], pairs[other]):
            lines.append(f"{products[one]} ~~ {products[other]}")
    if centring == "residual":
        lines += [f"{name} ~~ 0*{parent}" for parent in (predictor, moderator)]
    else:
        # lavaan's defaults let exogenous latent variables correlate; an outcome has to be told.
        lines += [f"{name} ~~ {parent}" for parent in (predictor, moderator)]
    return "\n".join(lines)


def product_name(predictor: str, moderator: str) -> str:
    """Return the name of the product factor.

    >>> product_name("质量", "形象")
    '质量_x_形象'
    """
    return f"{predictor}_x_{moderator}"


def _shares_residual(pairs: Sequence, one: tuple[str, str], other: tuple[str, str]) -> bool:
    for side in (0, 1):
        if one[side] == other[side] and len({pair[side] for pair in pairs}) > 1:
            return True
    return False


def _shares(
    data: pd.DataFrame, weights: str | np.ndarray | None, rows: np.ndarray | None
) -> np.ndarray:
    share = np.ones(len(data)) if rows is None else rows.astype(float)
    if weights is None:
        return share
    given = read_columns(data, [weights])[:, 0] if isinstance(weights, str) else weights
    return share * np.nan_to_num(np.asarray(given, dtype=float))


def _means(columns: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return the weighted mean of each column over the cells that are there."""
    there = share[:, None] * ~np.isnan(columns)
    return (there * np.nan_to_num(columns)).sum(axis=0) / there.sum(axis=0)


def _fitted(products: np.ndarray, items: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return the products as far as the items explain them, by weighted least squares."""
    design = np.column_stack([np.ones(len(items)), items])
    whole = ~np.isnan(items).any(axis=1) & (share > 0)
    root = np.sqrt(share[whole])[:, None]
    slopes = np.linalg.lstsq(root * design[whole], root * products[whole], rcond=None)[0]
    return design @ slopes


def _indicators(model: Syntax, name: str) -> list[str]:
    block = [term.rhs for term in model.terms if term.op == "=~" and term.lhs == name]
    if not block or set(block) & set(model.latents):
        what = "has latent indicators" if block else "is not a latent variable of the model"
        raise ModelError(
            f"'{name}' {what} · allowed: {', '.join(model.latents)} with observed indicators · do: "
            f"name one; an observed variable becomes latent by 'L{name} =~ 1*{name}' and "
            f"'{name} ~~ 0*{name}'"
        )
    return block


def _rows_used(
    model: Syntax, data: pd.DataFrame, weights: str | np.ndarray | None, missing: str
) -> np.ndarray:
    """Mark the rows that enter the fit."""
    gaps = np.isnan(read_columns(data, model.observed))
    keep = ~gaps.all(axis=1) if missing == "fiml" else ~gaps.any(axis=1)
    return keep & (_shares(data, weights, None) > 0)


def _check_options(centring: str, estimator: str, options: dict) -> None:
    if centring not in CENTRINGS:
        raise ModelError(
            f"centring is '{centring}' · allowed: {', '.join(CENTRINGS)} · do: choose one"
        )
    if estimator not in NORMAL_THEORY or options.get("ordered"):
        raise ModelError(
            f"An interaction with estimator '{estimator}' or ordinal items · allowed: "
            f"{', '.join(NORMAL_THEORY)} on numeric items (a product of categories has no "
            "polychoric correlation) · do: leave 'ordered' out and use mlr"
        )
    if options.get("group"):
        raise ModelError(
            "An interaction within groups · allowed: one group · do: fit the groups one by one, or "
            "compare paths between groups with equal=('regressions',)"
        )


def _check_roles(model: Syntax, outcome: str, predictor: str, moderator: str) -> None:
    known = {*model.latents, *model.observed}
    if len({outcome, predictor, moderator}) < 3 or outcome not in known:
        raise ModelError(
            f"outcome '{outcome}', predictor '{predictor}', moderator '{moderator}' · allowed: "
            f"three different variables of the model ({', '.join(sorted(known)[:12])}) · do: "
            "correct them"
        )
    backwards = [
        f"{term.lhs} ~ {term.rhs}"
        for term in model.terms
        if term.op == "~" and term.rhs == outcome and term.lhs in (predictor, moderator)
    ]
    if backwards:
        raise ModelError(
            f"The model says {', '.join(backwards)} · allowed: paths from predictor and moderator "
            f"to '{outcome}' · do: drop it or swap the roles"
        )
    if product_name(predictor, moderator) in known:
        raise ModelError(
            f"The name '{product_name(predictor, moderator)}' is taken · allowed: a model without "
            "the interaction · do: leave the product factor out, it is made here"
        )


def _check_names(data: pd.DataFrame, products: pd.DataFrame) -> None:
    taken = [name for name in products.columns if name in data.columns]
    if taken:
        raise ModelError(
            f"The data already hold {', '.join(taken)} · allowed: names free for the products · "
            "do: rename these columns"
        )
