"""Points of rating scales in further languages: how far, to which side, of what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

#: Neither … nor: ni d'accord ni pas d'accord, weder zufrieden noch unzufrieden.
_NEITHER = re.compile(r"(\S+ )?(ni|né|weder|não|noch|ни) .+ (ni|né|noch|nem|ни) .+")


@dataclass(frozen=True, slots=True)
class Tongue:
    """The words of one language that scales are made of (``scales.yml``)."""

    spaced: bool
    degrees: dict[str, float]
    against: dict[str, float]
    turned: dict[str, str]
    same: dict[str, str]
    neutral: frozenset[str]
    orders: tuple[dict[str, float], ...]


@cache
def tongues() -> tuple[Tongue, ...]:
    """Return the languages of ``scales.yml``."""
    text = Path(__file__).with_name("scales.yml").read_text(encoding="utf-8")
    text = text.casefold()  # ß is written ss in what it is compared with
    return tuple(
        Tongue(
            said["spaced"], said["degrees"], said["against"], said["turned"], said["same"],
            frozenset(said["neutral"]), tuple(_ladder(order) for order in said["orders"]),
        )
        for said in yaml.safe_load(text).values()
    )  # fmt: skip


def _ladder(order: str) -> dict[str, float]:
    steps = enumerate(order.split("|"))
    return {word.strip(): float(rank) for rank, step in steps for word in step.split(",")}


def foreign_ranks(words: set[str]) -> dict[str, float] | None:
    """Return how favourable each word is, in the first language that knows all of them.

    >>> found = foreign_ranks({"stimme eher nicht zu", "stimme voll und ganz zu", "teils/teils"})
    >>> sorted(found, key=found.get)
    ['stimme eher nicht zu', 'teils/teils', 'stimme voll und ganz zu']
    >>> found = foreign_ranks({"全くそう思わない", "あまりそう思わない", "ややそう思う"})
    >>> sorted(found, key=found.get)
    ['全くそう思わない', 'あまりそう思わない', 'ややそう思う']
    >>> foreign_ranks({"rot", "grün"}) is None
    True
    """
    return next((found for tongue in tongues() if (found := _ranks(words, tongue))), None)


def _ranks(words: set[str], tongue: Tongue) -> dict[str, float] | None:
    plain = {word: _plain(word) for word in words}
    for order in tongue.orders:
        if set(plain.values()) <= set(order):
            return {word: order[own] for word, own in plain.items()}
    found = {word: _taken_apart(own, tongue) for word, own in plain.items()}
    judged = {what for rank, what in found.values() if rank}
    sides = {rank > 0 for rank, _ in found.values() if rank}
    if len(judged) != 1 or sides != {True, False}:
        return None
    known = {*tongue.turned.values(), *tongue.same.values(), ""}
    return {word: rank for word, (rank, _) in found.items()} if judged <= known else None


def _plain(word: str) -> str:
    """Return a word without its endings in brackets: satisfait(e), zufrieden."""
    word = re.sub(r"[(（][^)）]{1,3}[)）]|·e\b", "", word.casefold().replace("’", "'"))
    return " ".join(word.split()).strip(" .。!")


def _taken_apart(word: str, tongue: Tongue) -> tuple[float, str]:
    """Return (rank, what is judged); neutral points have rank 0.

    >>> german = tongues()[0]
    >>> _taken_apart("trifft eher nicht zu", german), _taken_apart("sehr unzufrieden", german)
    ((-1.0, 'trifft zu'), (-3.0, 'zufrieden'))
    """
    if word in tongue.neutral or _NEITHER.fullmatch(word):
        return 0.0, ""
    size, side, rest = 2.0, 1, word
    if tongue.same.get(rest, rest) not in tongue.turned:
        if found := _within(rest, tongue.against, tongue.spaced):
            size, side, rest = tongue.against[found], -1, _without(rest, found, tongue.spaced)
        if found := _within(rest, tongue.degrees, tongue.spaced):
            size, rest = tongue.degrees[found], _without(rest, found, tongue.spaced)
    rest = tongue.same.get(rest, rest)
    if rest in tongue.turned:  # 全くそう思わない says no twice and means it once
        side, rest = -1, tongue.turned[rest]
    return side * float(size), tongue.same.get(rest, rest)


def _within(word: str, phrases: dict[str, float], spaced: bool) -> str | None:
    """Return the longest of some phrases that a word holds."""
    padded = f" {word} "
    held = [p for p in phrases if (f" {p} " in padded if spaced else p in word)]
    return max(held, key=len, default=None)


def _without(word: str, phrase: str, spaced: bool) -> str:
    if not spaced:
        return word.replace(phrase, "", 1)
    return " ".join(f" {word} ".replace(f" {phrase} ", " ", 1).split())
