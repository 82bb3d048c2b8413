"""What a cell of a notebook shows of what it saves: the report's table, the sentence, the figure.

Outside a Jupyter kernel nothing is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cx_value.base.cutoffs import cutoffs_with
from cx_value.base.markdown import escape_prose
from cx_value.base.wording import in_language
from cx_value.base.words import Phrasebook
from cx_value.tables.html import html_table
from cx_value.tables.render import printed_table, table_of

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.base.results import Result
    from cx_value.study.spec import Study

#: Rows of a declared table that are shown; of a frame that nobody declared, none above.
MOST_ROWS = 20


@dataclass(frozen=True, slots=True)
class Screen:
    """Shows what one study saves, in its first language.

    Attributes
    ----------
    study : Study
    names : mapping of code to Text
        What constructs, items and groups are called.
    """

    study: Study
    names: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lang(self) -> str:
        return self.study.report.languages[0]

    def show_result(self, name: str, result: Result, frame: pd.DataFrame) -> None:
        """Show a result's table and what it says."""
        if not in_kernel():
            return
        self.show_table(name, frame, result.confidence)
        said = self._sentence(result)
        if said:
            _display({"text/markdown": said, "text/plain": said})
        _leave_out(result)

    def show_table(self, name: str, frame: pd.DataFrame, confidence: float) -> None:
        """Show a frame as the report prints it; of a long one its first rows."""
        if not in_kernel():
            return
        _leave_out(frame)
        spec = table_of(name, frame)
        rows = frame if spec.rows is None or not len(frame) else spec.rows.keep(frame)
        long = len(rows) > MOST_ROWS
        stored = f"results/{name}.csv: {len(frame)} × {frame.shape[1]}"
        if long and spec.undeclared:
            _display({"text/plain": stored})
            return
        printed = printed_table(
            frame, spec, self.lang, self.names, identifier=name,
            cutoffs=cutoffs_with(self.study.cutoffs), confidence=confidence,
            currency=in_language(self.study.currency, self.lang), most=MOST_ROWS,
        )  # fmt: skip
        html = html_table(printed, more=stored if long else "")
        _display({"text/html": html, "text/plain": "\n".join(printed.lines())})

    def show_figure(self, png: Path, *, alt: str) -> None:
        """Show a figure that was saved."""
        if in_kernel():
            _display({"image/png": png.read_bytes(), "text/plain": alt})

    def _sentence(self, result: Result) -> str:
        try:
            if result.template:
                money = in_language(self.study.currency, self.lang)
                return Phrasebook(self.lang, names=self.names, currency=money).say(result.phrase())
            return escape_prose(in_language(result.sentence(self.lang), self.lang))
        except NotImplementedError:
            return ""


def in_kernel() -> bool:
    """Tell whether this runs in a Jupyter kernel, where something can be shown."""
    import sys

    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and getattr(shell, "kernel", None) is not None


def _display(bundle: dict[str, Any]) -> None:
    from IPython.display import display

    display(bundle, raw=True)


def _leave_out(thing: Any) -> None:
    """Let a cell that ends with what it saved not show it a second time."""
    from IPython import get_ipython

    formatter = get_ipython().display_formatter.ipython_display_formatter
    shown = formatter.__dict__.setdefault("_cx_value_shown", {})
    shown[id(thing)] = thing  # kept alive, so that the number stays its own

    def already(value: Any) -> None:
        if shown.get(id(value)) is not value:
            raise NotImplementedError  # IPython goes on to the other formatters

    formatter.for_type(type(thing), already)
