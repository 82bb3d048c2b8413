"""What these data cannot tell: a part that failed becomes a statement, and the rest is reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cx_value.base.results import Result
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd

    from cx_value.notebook.store import Store

#: Errors that say of the data or the study, not of the program, why a part cannot be computed.
TOLD = (
    "AnalysisError", "StudyError", "DataError", "FaultsError", "ModelError", "UnknownLabelError",
    "ConvergenceError",
)  # fmt: skip
#: What an error of linear algebra says of the data.
_SINGULAR = (
    "a matrix of these data cannot be inverted · allowed: items and groups of which none repeats "
    "others · do: leave out items that repeat one another, or that nearly all answered alike"
)
#: Name of a statement in the store: this and the notebook's.
PREFIX = "untold_"
#: Folder of a build in which the tracebacks of faults of the program are kept.
FAULTS = "faults"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Untold(Result):
    """A part of the analysis that these data do not allow.

    Attributes
    ----------
    part : str
        Name of the notebook.
    problem, allowed, remedy : str
        The three parts of the message, in English; empty where the program is at fault.
    fault : str
        Name of an error that is none of ours; empty where the data do not allow the part.
    """

    template: ClassVar[str] = "untold.part"

    part: str
    problem: str
    allowed: str
    remedy: str
    fault: str = ""

    @classmethod
    def of(cls, part: str, message: str) -> Untold:
        """Take the message of an error apart.

        >>> Untold.of("06_value", "DataError: No purchase · allowed: one · do: mend it").remedy
        'mend it'
        >>> Untold.of("06_value", "KeyError: 'Jane Roe'").facts()["fault"]
        'KeyError'
        """
        kind, _, rest = message.strip().partition(":")
        if kind == "LinAlgError":
            rest = _SINGULAR
        elif kind not in TOLD:
            return cls(n_used=0, method=Phrase("untold.method"), part=part, problem="", allowed="",
                       remedy="", fault=kind if kind.isidentifier() else "Exception")  # fmt: skip
        text = " ".join(rest.split())
        pieces = dict(zip(("problem", "allowed", "remedy"), text.split(" · "), strict=False))
        allowed = pieces.get("allowed", "").removeprefix("allowed: ")
        remedy = pieces.get("remedy", "").removeprefix("do: ").rstrip(".")
        return cls(n_used=0, method=Phrase("untold.method"), part=part,
                   problem=pieces["problem"].rstrip("."), allowed=allowed,
                   remedy=remedy)  # fmt: skip

    def table(self) -> pd.DataFrame:
        """Return one row: ``part problem allowed remedy fault``."""
        import pandas as pd

        return pd.DataFrame([self.facts()])

    def facts(self) -> dict[str, Any]:
        """Return the part and the three parts of the message."""
        names = ("part", "problem", "allowed", "remedy", "fault")
        return {name: getattr(self, name) for name in names}


def statements(store: Store) -> list[str]:
    """Return the names of the statements in a store, in the order of the notebooks."""
    return sorted(path.stem for path in store.results.glob(f"{PREFIX}*.json"))
