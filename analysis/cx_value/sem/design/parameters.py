"""From the model as written to every parameter it implies, in each group.

Defaults are those of lavaan's ``sem()``/``cfa()``: first loading fixed to 1, residual variances
added, exogenous latent variables correlate, outcomes that predict nothing correlate, exogenous
observed variables keep their sample moments (``fixed.x``), intercepts of observed variables free
and of latent variables zero.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from cx_value.base.errors import ModelError
from cx_value.study.language.syntax import Definition, Syntax, Term

EQUAL_WORDS = (
    "loadings", "intercepts", "residuals", "residual_covariances", "regressions", "means",
    "lv_variances", "lv_covariances", "thresholds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the model: ``index`` numbers free parameters (equal ones share it), -1 is fixed.

    ``value`` holds a fixed value; ``exogenous`` marks a moment of a fixed observed predictor, whose
    value is the sample's.
    """

    lhs: str
    op: str
    rhs: str
    group: int = 0
    index: int = -1
    value: float = math.nan
    start: float = math.nan
    label: str = ""
    exogenous: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        return self.lhs, self.op, self.rhs

    @property
    def name(self) -> str:
        return f"{self.lhs} {self.op}" + (f" {self.rhs}" if self.rhs else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Choices that shape the parameters."""

    n_groups: int = 1
    equal: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    std_lv: bool = False
    meanstructure: bool = False
    orthogonal: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """All parameters of all groups with the variables they are about."""

    parameters: tuple[Parameter, ...]
    definitions: tuple[Definition, ...]
    constraints: tuple[tuple[tuple, tuple], ...]
    latents: tuple[str, ...]
    observed: tuple[str, ...]
    exogenous: tuple[str, ...]
    n_groups: int
    meanstructure: bool

    @property
    def n_free(self) -> int:
        """Free parameters before ``==`` constraints."""
        return 1 + max((p.index for p in self.parameters), default=-1)

    def free(self) -> list[Parameter]:
        """Return one parameter for each free index."""
        first: dict[int, Parameter] = {}
        for parameter in self.parameters:
            if parameter.index >= 0:
                first.setdefault(parameter.index, parameter)
        return [first[i] for i in range(len(first))]


def build_model(syntax: Syntax, options: Options) -> Model:
    """Complete the syntax with default parameters and number the free ones.

    Raises
    ------
    ModelError
        If a modifier does not fit the number of groups, or ``equal``/``partial`` names nothing.
    """
    equal = _equal_words(options.equal)
    options = replace(options, equal=equal)
    roles = _Roles(syntax)
    terms = _completed(syntax, roles, options)
    parameters = [
        _parameter(term, known, group, roles, options)
        for group in range(options.n_groups)
        for term, known in terms
    ]
    numbered = _numbered(parameters, roles, options)
    return Model(
        tuple(numbered),
        syntax.definitions,
        syntax.constraints,
        tuple(roles.latents),
        tuple(roles.observed),
        tuple(roles.fixed_x),
        options.n_groups,
        options.meanstructure,
    )


def fixed_predictors(syntax: Syntax) -> list[str]:
    """Return the observed predictors that keep their sample moments."""
    return _Roles(syntax).fixed_x


class _Roles:
    """Which part each variable plays."""

    def __init__(self, syntax: Syntax):
        terms = syntax.terms
        self.latents = syntax.latents
        self.observed = syntax.observed
        indicators = {t.rhs for t in terms if t.op == "=~"}
        outcomes = {t.lhs for t in terms if t.op == "~"}
        predictors = {t.rhs for t in terms if t.op == "~"}
        mentioned = {n for t in terms if t.op in ("~~", "~1") for n in (t.lhs, t.rhs)}
        self.fixed_x = [
            name
            for name in self.observed
            if name in predictors and name not in outcomes | indicators | mentioned
        ]
        # The residuals of what predicts nothing else are left free to correlate.
        ends = outcomes - predictors
        self.exogenous_latents = [n for n in self.latents if n not in outcomes | indicators]
        self.end_latents = [n for n in self.latents if n in ends and n not in indicators]
        self.end_observed = [n for n in self.observed if n in ends and n not in indicators]
        self.markers, self.single = {}, set()
        for latent in self.latents:
            blocks = [t.rhs for t in terms if t.op == "=~" and t.lhs == latent]
            self.markers[latent] = blocks[0]
            if len(blocks) == 1 and blocks[0] in self.observed:
                self.single.add(blocks[0])


def _completed(syntax: Syntax, roles: _Roles, options: Options) -> list[tuple[Term, bool]]:
    """Return what is written, then what is implied, in lavaan's order, and which is which."""
    terms = [t for t in syntax.terms if t.op != "|"]
    written = {(t.lhs, t.op, t.rhs) for t in terms}
    written |= {(t.rhs, t.op, t.lhs) for t in terms if t.op == "~~"}
    implied = []
    own = [n for n in roles.observed if n not in roles.fixed_x]
    pairs = [(n, n) for n in own + roles.latents]
    pairs += list(combinations(roles.exogenous_latents, 2))
    pairs += list(combinations(roles.end_latents + roles.end_observed, 2))
    exogenous = [(a, b) for i, a in enumerate(roles.fixed_x) for b in roles.fixed_x[i:]]
    for lhs, rhs in pairs + exogenous:
        if (lhs, "~~", rhs) not in written:
            implied.append(Term(lhs, "~~", rhs))
    if options.meanstructure:
        for name in [*own, *roles.fixed_x, *roles.latents]:
            if (name, "~1", "") not in written:
                implied.append(Term(name, "~1", ""))
    return [(term, True) for term in terms] + [(term, False) for term in implied]


def _parameter(term: Term, known: bool, group: int, roles: _Roles, options: Options) -> Parameter:
    value = _for_group(term.values, group, options, term)
    label = _for_group(term.labels, group, options, term)
    start = _for_group(term.starts, group, options, term)
    freed = value is not None and math.isnan(value)
    if value is None:
        value = _default_value(term, group, known, roles, options)
    fixed = value is not None and not freed
    pair = {term.lhs, term.rhs} if term.op == "~~" else {term.lhs}
    exogenous = not known and term.op in ("~~", "~1") and pair <= set(roles.fixed_x)
    return Parameter(
        term.lhs, term.op, term.rhs, group,
        index=-1 if fixed or exogenous else 0,
        value=value if fixed else math.nan,
        start=math.nan if start is None else start,
        label=label or "",
        exogenous=exogenous,
    )  # fmt: skip


def _default_value(
    term: Term, group: int, known: bool, roles: _Roles, options: Options
) -> float | None:
    """Return the value a default fixes a parameter at, or None where it is free."""
    is_variance = term.op == "~~" and term.lhs == term.rhs
    if term.op == "=~":
        return 1.0 if not options.std_lv and roles.markers[term.lhs] == term.rhs else None
    if known:
        return None
    apart = options.orthogonal and {term.lhs, term.rhs} <= set(roles.exogenous_latents)
    if apart and term.op == "~~" and not is_variance:
        return 0.0
    if is_variance and term.lhs in roles.single:
        return 0.0
    if is_variance and options.std_lv and term.lhs in roles.latents:
        return None if group and "loadings" in options.equal else 1.0
    if term.op == "~1" and term.lhs in roles.latents:
        freed = group and "intercepts" in options.equal and "means" not in options.equal
        return None if freed else 0.0
    return None


def _for_group(given: Sequence, group: int, options: Options, term: Term):
    """Pick this group's modifier; one value serves every group."""
    if not given:
        return None
    if len(given) == 1:
        return given[0]
    if len(given) != options.n_groups:
        raise ModelError(
            f"'{term.lhs} {term.op} {term.rhs}' carries {len(given)} modifiers in c() for "
            f"{options.n_groups} group(s) · allowed: one, or one a group · do: correct the c()"
        )
    return given[group]


def _numbered(parameters: list[Parameter], roles: _Roles, options: Options) -> list[Parameter]:
    """Give free parameters their number; equal labels and constrained kinds share one."""
    free_again = _partial_keys(options.partial, parameters)
    indices: dict = {}
    numbered = []
    for parameter in parameters:
        if parameter.index < 0:
            numbered.append(parameter)
            continue
        kind = _kind(parameter, roles)
        shared = kind in options.equal and parameter.key not in free_again
        identity = parameter.label or (
            parameter.key if shared else (parameter.key, parameter.group)
        )
        index = indices.setdefault(identity, len(indices))
        numbered.append(replace(parameter, index=index))
    return numbered


def _kind(parameter: Parameter, roles: _Roles) -> str:
    """Name a parameter with the word ``equal`` uses for it."""
    if parameter.op in ("=~", "~"):
        return {"=~": "loadings", "~": "regressions"}[parameter.op]
    latent = parameter.lhs in roles.latents
    if parameter.op == "~1":
        return "means" if latent else "intercepts"
    if parameter.lhs == parameter.rhs:
        return "lv_variances" if latent else "residuals"
    return "lv_covariances" if latent else "residual_covariances"


def _equal_words(equal: Iterable[str]) -> tuple[str, ...]:
    words = (equal,) if isinstance(equal, str) else tuple(equal)
    words = tuple(word.replace(".", "_") for word in words)
    unknown = [word for word in words if word not in EQUAL_WORDS]
    if unknown:
        raise ModelError(
            f"equal holds {', '.join(unknown)} · allowed: {', '.join(EQUAL_WORDS)} · do: use these"
        )
    return words


def _partial_keys(partial: Iterable[str], parameters: list[Parameter]) -> set:
    """Return the keys of the parameters that ``partial`` sets free across groups."""
    words = (partial,) if isinstance(partial, str) else tuple(partial)
    names = {re.sub(r"\s", "", p.lhs + p.op + p.rhs): p.key for p in parameters}
    names |= {re.sub(r"\s", "", p.rhs + p.op + p.lhs): p.key for p in parameters if p.op == "~~"}
    unknown = [word for word in words if re.sub(r"\s", "", word) not in names]
    if unknown:
        raise ModelError(
            f"partial names {', '.join(unknown)}, which is no parameter of the model · allowed: "
            f"for example {', '.join(list(names)[:4])} · do: write it as in the parameter table"
        )
    return {names[re.sub(r"\s", "", word)] for word in words}
