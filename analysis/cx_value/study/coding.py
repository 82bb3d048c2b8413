"""Turning the columns of a data file into the parts of a :class:`~cx_value.study.survey.Survey`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from cx_value.base.wording import Text
from cx_value.study.answered import FlowStep, Survey, column_of
from cx_value.study.answers import (
    BLANK,
    Coded,
    Column,
    clean,
    convert,
    describe_refusal,
    item_reader,
    judge_item,
    missing_reader,
    number_reader,
    read_seconds,
    refusals,
    strip_seconds,
)
from cx_value.study.findings import Finding, list_rows, list_some
from cx_value.study.flat import judge_flat
from cx_value.study.multiple import code_multiple
from cx_value.study.numbered import code_counted
from cx_value.study.privacy import OTHER, fold_rare, identifies_people, is_free_text
from cx_value.study.ratings import code_ratings, missing_column, rating_items
from cx_value.study.spec import Profile, Study
from cx_value.study.tables import RawTable, filled_cells

MOST_CATEGORIES = 10
#: Stands for answers that few gave until they have their label.
_RARE = "\x00rare"


class Coding:
    """One pass over a data file, collecting findings instead of stopping at the first."""

    def __init__(self, study: Study, raw: RawTable, findings: list[Finding]):
        self.study, self.raw, self.findings = study, raw, findings
        self.labels: dict[str, Text] = {}
        self.profile_labels: dict[str, tuple[Text, ...]] = {}
        self.missing_coded: dict[str, int] = {}
        self.value_labels: dict[str, dict[float, str]] = {}

    def survey(self) -> Survey:
        """Code every declared column; columns that are not there are left out."""
        items, (profile, quantities) = self._items(), self._profile()
        parts = {
            "profile": profile,
            "quantities": quantities,
            "weights": self._weights(),
            "clusters": self._sampling("cluster"),
            "strata": self._sampling("strata"),
            "ids": self._words("id"),
            "wave": self._words("wave"),
            "durations": self._durations(),
            "ratings": self._ratings(),
            "comments": self._comments(),
        }
        multiple, found = code_multiple(self.study, self.raw)
        self.findings += found
        flow, kept = self._flow(items)
        parts = {k: None if part is None else part.loc[kept] for k, part in parts.items()}
        return Survey(
            items=items.loc[kept],
            **parts,
            multiple={name: chosen.loc[kept] for name, chosen in multiple.items()},
            profile_labels=self.profile_labels,
            n_received=len(self.raw.frame),
            flow=flow,
            missing_coded=self.missing_coded,
            labels=self.labels,
            value_labels=self.value_labels,
            sha256=self.raw.sha256,
            format=self.raw.format,
        )

    def _items(self) -> pd.DataFrame:
        columns = {}
        for construct in self.study.constructs:
            for item in construct.items:
                name = column_of(item)
                if name not in self.raw.frame:
                    continue
                place = self.study.where("constructs", construct.name, "items", item.name)
                read = item_reader(self.study, self.raw, item, name)
                column = convert(self.raw.frame[name], read)
                self.findings += judge_item(place, item, column)
                self.missing_coded[item.name] = column.n_coded
                self._label(item.name, item.label, name)
                low, high = item.scale.minimum, item.scale.maximum
                points = self.raw.value_labels.get(name, {})
                self.value_labels[item.name] = {
                    number: word for number, word in points.items() if low <= number <= high
                }
                columns[item.name] = low + high - column.numbers if item.reverse else column.numbers
        items = pd.DataFrame(columns, index=self.raw.frame.index, dtype=float)
        self.findings += judge_flat(self.study, items)
        return items

    def _ratings(self) -> pd.DataFrame:
        ratings, found = code_ratings(self.study, self.raw)
        counted, more = code_counted(self.study, self.raw)
        ratings = ratings.assign(**counted)
        self.findings += [*found, *more]
        for item, column, _ in rating_items(self.study):
            self.labels.setdefault(item.name, item.label if column in self.raw.frame else item.name)
        return ratings

    def _comments(self) -> pd.DataFrame | None:
        """Return the open answers as written; a column that is not there is told and left out."""
        asked = self.study.comments
        if asked is None:
            return None
        columns = {}
        for part, column in (("text", asked.column), ("language", asked.language)):
            if column and column not in self.raw.frame:
                self.findings.append(
                    missing_column(self.study, self.raw, column, ("comments", part))
                )
            columns[part] = self.raw.frame.get(column) if column else None
        if columns["text"] is None:
            return None
        return pd.DataFrame(columns, index=self.raw.frame.index, dtype=object)

    def _label(self, name: str, label: Text, column: str) -> None:
        """Keep the study's label; where the study gives none, the data file's."""
        given = str(label) not in (name, column)
        self.labels[name] = label if given else Text(self.raw.column_labels.get(column, label))

    def _flow(self, items: pd.DataFrame) -> tuple[tuple[FlowStep, ...], pd.Index]:
        empty = ~filled_cells(self.raw.frame).any(axis=1)
        silent = items.isna().all(axis=1).to_numpy() & ~empty & (items.shape[1] > 0)
        received = len(items)
        answered = received - int(empty.sum())
        steps = (
            FlowStep(name="received", count=received),
            FlowStep(
                name="not_empty", count=answered, removed=int(empty.sum()), reason="empty_row"
            ),
            FlowStep(
                name="answered", count=answered - int(silent.sum()),
                removed=int(silent.sum()), reason="no_item_answered",
            ),
        )  # fmt: skip
        return steps, items.index[~(empty | silent)]

    def _profile(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        groups, amounts = {}, {}
        for entry in self.study.profile:
            name = column_of(entry)
            if name not in self.raw.frame:
                continue
            self._label(entry.name, entry.label, name)
            words = self._code_words(entry, name)
            if self._is_private(entry, name, words):
                continue
            amount = self._as_amount(entry, name, words)
            if entry.bins and amount is not None:
                groups[entry.name] = self._as_bins(entry, amount)
            elif amount is not None and entry.name != self.study.group:
                amounts[entry.name] = amount
            elif not self._is_own_words(entry, name, words):
                groups[entry.name] = self._as_groups(entry, name, words)
        index = self.raw.frame.index
        return pd.DataFrame(groups, index=index), pd.DataFrame(amounts, index=index)

    def _is_private(self, entry: Profile, name: str, words: pd.Series) -> bool:
        """Tell of a column by which single persons can be found."""
        holds = identifies_people(name, words.unique())
        return holds is not None and self._leave_out(entry, name, holds)

    def _is_own_words(self, entry: Profile, name: str, words: pd.Series) -> bool:
        """Tell of a column that would print what single persons wrote."""
        free = not entry.values and is_free_text(words, self.study.report.minimum_cell)  # noqa: PD011
        return free and self._leave_out(entry, name, "free text")

    def _leave_out(self, entry: Profile, name: str, holds: str) -> bool:
        """Leave a column out of the profile, unless its words are names of groups or brands."""
        if entry.name in self._roles():
            return False
        self.findings.append(
            Finding(
                self.study.where("profile", entry.name),
                f"{name} holds {holds} and is left out of the profile",
                "columns of categories, each chosen by several respondents, or of amounts",
                "delete it from the profile, or group its answers in a column of their own",
                severity="warning",
                kind="private column",
            )
        )
        return True

    def _roles(self) -> set[str]:
        """Return the profile columns that groups or brands are made of; their words are names."""
        brands = getattr(self.study, "brands", None)
        return {self.study.group, brands.column if brands else None} - {None}

    def _brand_names(self, column: str) -> set[str]:
        """Return the names that the study itself gives to brands: nobody's own words."""
        brands = getattr(self.study, "brands", None)
        if brands is None or brands.column != column:
            return set()
        return {clean(name) for name in (brands.own, *brands.rivals)}

    def _code_words(self, entry: Profile, name: str) -> pd.Series:
        """Return the cells of a column as plain text, empty where there is no answer."""
        own = entry.missing_codes
        codes = self.study.data.missing_codes if own is None else own
        check = missing_reader(codes, self.raw.user_missing.get(name, []))

        def word(cell: object) -> str:
            text = clean(cell)
            try:
                check(text)
            except Coded:
                return ""
            return "" if text.casefold() in BLANK else text

        return self.raw.frame[name].map(word).astype(object)

    def _as_amount(self, entry: Profile, name: str, words: pd.Series) -> pd.Series | None:
        if entry.values or self.raw.value_labels.get(name):  # noqa: PD011
            return None
        column = convert(words, self._number_reader(name))
        few = column.numbers.nunique() <= MOST_CATEGORIES and not entry.bins
        if "text" not in column.reasons.to_numpy() and len(column.refused):
            self._refuse(("profile", entry.name), name, column)
            return column.numbers
        return None if few or not column.refused.empty else column.numbers

    def _as_bins(self, entry: Profile, amount: pd.Series) -> pd.Series:
        """Return the groups that the bins of a number make, those nobody is in left out."""
        names = name_bins(entry.bins, whole=bool((amount.dropna() % 1 == 0).all()))
        place = np.searchsorted(np.asarray(entry.bins), amount.fillna(np.inf), side="right")
        seen = sorted(set(place[amount.notna()]))
        self.profile_labels[entry.name] = tuple(Text(names[k]) for k in seen)
        words = pd.Series([names[k] for k in place], index=amount.index).where(amount.notna())
        return pd.Series(
            pd.Categorical(words, categories=[names[k] for k in seen]), index=amount.index
        )

    def _as_groups(self, entry: Profile, name: str, words: pd.Series) -> pd.Series:
        labels = {clean(k): v for k, v in entry.values.items()}  # noqa: PD011
        known = labels or {
            clean(k): Text(v) for k, v in self.raw.value_labels.get(name, {}).items()
        }
        codes = list(known) if known else []
        said = {str(v): code for code, v in known.items()} | {v.zh: c for c, v in known.items()}
        words = words.map(lambda word: said.get(word, word) if word not in known else word)
        public = {*known, *self._brand_names(entry.name)}
        rare = fold_rare(words, public, self.study.report.minimum_cell)
        words = words.map(lambda word: _RARE if word in rare else word)
        seen = [code for code in dict.fromkeys(words) if code]
        rest = sorted((c for c in seen if c not in known and c not in said), key=_by_number)
        if labels and rest:
            self._unlabelled(entry, [str(OTHER) if c == _RARE else c for c in rest])
        known = {**known, _RARE: OTHER}
        texts = tuple(known.get(code, Text(code)) for code in codes + rest)
        self.profile_labels[entry.name] = texts
        order = dict(zip(codes + rest, (str.__str__(text) for text in texts), strict=True))
        categories = list(dict.fromkeys(order.values()))
        return pd.Series(
            pd.Categorical(words.map(order), categories=categories, ordered=False),
            index=words.index,
        )

    def _unlabelled(self, entry: Profile, values: list[str]) -> None:
        self.findings.append(
            Finding(
                self.study.where("profile", entry.name, "values"),
                f"values of {entry.name} without a label: {list_some(values)}",
                ", ".join(entry.values),
                "add their labels, or declare them under data.missing_codes",
                severity="warning",
                kind="value without a label",
            )
        )

    def _number_reader(
        self, name: str, strip: Callable[[str], str] = str
    ) -> Callable[[str], float]:
        return number_reader(
            self.raw.frame[name],
            decimal=self.study.data.decimal,
            file_decimal=self.raw.decimal,
            strip=strip,
        )

    def _words(self, role: str) -> pd.Series | None:
        name = getattr(self.study.data, role)
        if name is None or name not in self.raw.frame:
            return None
        return self.raw.frame[name].map(clean).astype(object)

    def _numbers(self, role: str, what: str, seconds: bool = False) -> Column | None:
        name = getattr(self.study.data, role)
        if name is None or name not in self.raw.frame:
            return None
        check = missing_reader(self.study.data.missing_codes, self.raw.user_missing.get(name, []))
        number = self._number_reader(name, strip=strip_seconds if seconds else str)

        def read(text: str) -> float:
            check(text)
            return read_seconds(text, number) if seconds else number(text)

        column = convert(self.raw.frame[name], read)
        self._refuse(("data", role), name, column)
        bad = column.refused.index[column.reasons == "text"]
        bad = bad.union(column.numbers.index[column.numbers < 0])
        if len(bad):
            self.findings.append(
                Finding(
                    self.study.where("data", role),
                    f"no {what} in {list_rows(bad)}: "
                    + list_some([repr(clean(c)) for c in self.raw.frame.loc[bad, name]], 5),
                    f"{what}s of 0 or more",
                    "correct the cells",
                    kind=f"bad {role}",
                )
            )
        return column

    def _refuse(self, place: tuple[str, str], name: str, column: Column) -> None:
        """Tell of numbers that the column does not settle."""
        self.findings += [
            describe_refusal(self.study.where(*place), f"column {name}: ", reason, cells)
            for reason, cells in refusals(column)
            if reason != "text"
        ]

    def _durations(self) -> pd.Series | None:
        column = self._numbers("duration", "number of seconds", seconds=True)
        return None if column is None else column.numbers

    def _sampling(self, role: str) -> pd.Series | None:
        """Read the sampling unit or the stratum of every respondent."""
        words = self._words(role)
        if words is None:
            return None
        lacking = words.index[words.isna() | (words.astype(str).str.strip() == "")]
        if len(lacking):
            self.findings.append(
                Finding(
                    self.study.where("data", role),
                    f"respondents without an entry in {role}: {list_rows(lacking)}",
                    "an entry for every respondent",
                    f"fill in the column, or write {role}: null",
                    kind=f"bad {role}",
                )
            )
        return words

    def _weights(self) -> pd.Series | None:
        column = self._numbers("weight", "weight")
        if column is None:
            return None
        values = column.numbers
        lacking = values.index[values.isna() & ~values.index.isin(column.refused.index)]
        if len(lacking) or not np.nansum(values) > 0:
            self.findings.append(
                Finding(
                    self.study.where("data", "weight"),
                    f"respondents without a weight: {list_rows(lacking)}"
                    if len(lacking)
                    else "all weights are 0",
                    "a weight for every respondent, above 0 for some",
                    "fill in the weights, or write 0 for respondents who shall not count",
                    kind="bad weight",
                )
            )
        return values


def _by_number(code: str) -> tuple[bool, float, str]:
    try:
        return code == _RARE, float(code), code
    except ValueError:
        return code == _RARE, float("inf"), code


def name_bins(bins: Sequence[float], *, whole: bool) -> list[str]:
    """Name the groups of a number by their ends.

    >>> name_bins((18, 30), whole=True), name_bins((0.5, 1.5), whole=False)
    (['< 18', '18–29', '≥ 30'], ['< 0.5', '0.5–<1.5', '≥ 1.5'])
    """
    ends = [f"{high - 1:g}" if whole else f"<{high:g}" for high in bins[1:]]
    inner = [f"{low:g}–{end}" if end != f"{low:g}" else end
             for low, end in zip(bins, ends, strict=False)]  # fmt: skip
    return [f"< {bins[0]:g}", *inner, f"≥ {bins[-1]:g}"]
