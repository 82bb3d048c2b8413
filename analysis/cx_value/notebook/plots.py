"""Plots kept beside their figures, so that a changed label draws them again and computes nothing.

A plot is pickled with what it draws; in the place of every label stands the code that bears it.
The folder holds results, and may hold answers: it is no part of what a study hands on.
"""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cx_value.base.wording import Text

PLOTS = ".cache/plots"


class _Pickler(pickle.Pickler):
    """Writes codes for labels; notes which."""

    def __init__(self, file: io.BytesIO, names: Mapping[str, Text]):
        super().__init__(file, protocol=5)
        self.own = {id(label): code for code, label in names.items()}
        self.alike = {(str.__str__(label), label.zh): code for code, label in names.items()}
        self.used: set[str] = set()

    def persistent_id(self, thing: Any) -> str | None:
        if type(thing) is not Text:
            return None
        alike = self.alike.get((str.__str__(thing), thing.zh))
        code = self.own.get(id(thing), alike)
        if code is not None:
            self.used.add(code)
        return code


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, names: Mapping[str, Text]):
        super().__init__(file)
        self.names = names

    def persistent_load(self, code: str) -> Text:
        return self.names[code]


def keep_plot(folder: Path, name: str, plot: Callable[..., Any], names: Mapping[str, Text]) -> None:
    """Keep a plot in a build folder with the labels it was drawn with.

    A plot that cannot be pickled is remembered as one that only its notebook can draw.
    """
    named = {code: label for code, label in names.items() if isinstance(label, Text)}
    file = folder / PLOTS / f"{name}.pickle"
    file.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    pickler = _Pickler(buffer, named)
    try:
        pickler.dump(plot)
    except (pickle.PicklingError, TypeError, AttributeError):
        file.unlink(missing_ok=True)
        drawn = None
    else:
        file.write_bytes(buffer.getvalue())
        drawn = {code: _both(named[code]) for code in sorted(pickler.used)}
    told = json.dumps(drawn, ensure_ascii=False)
    file.with_suffix(".json").write_text(told, encoding="utf-8")


def can_be_redrawn(folder: Path, name: str) -> bool:
    """Tell whether a figure's plot was kept."""
    return (folder / PLOTS / f"{name}.pickle").exists()


def relabelled_plots(
    folder: Path, names: Mapping[str, Text]
) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield name and plot of every figure in which a label is another now, with today's labels.

    The plot of a figure that is not there any more is of an earlier study: it stays undrawn.
    """
    for file in sorted((folder / PLOTS).glob("*.pickle")):
        if not any((folder / "figures").glob(f"*/{file.stem}.svg")):
            continue
        drawn = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
        now = {code: _both(names[code]) for code in drawn if code in names}
        if now != drawn and len(now) == len(drawn):
            yield file.stem, _Unpickler(io.BytesIO(file.read_bytes()), names).load()


def _both(label: Text) -> list[str]:
    return [str.__str__(label), label.zh]
