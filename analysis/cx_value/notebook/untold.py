"""What these data cannot tell: a part that failed becomes a statement, and the rest is reported."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cx_value.base.results import Result
from cx_value.base.words import Phrase

if TYPE_CHECKING:
    import pandas as pd

#: Errors that say of the data, not of the program, why a part cannot be computed.
TOLD = ("DataError", "ModelError", "ConvergenceError")
#: Notebooks whose failure leaves a report whole: their chapters print what there is.
SPARED = ("06_value", "06_value_link", "09_segments")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Untold(Result):
    """A part of the analysis that these data do not allow.

    Attributes
    ----------
    part : str
        Name of the notebook.
    problem, allowed, remedy : str
        The three parts of the message, in English.
    """

    template: ClassVar[str] = "untold.part"

    part: str
    problem: str
    allowed: str
    remedy: str

    @classmethod
    def of(cls, part: str, message: str) -> Untold:
        """Take the message of an error apart.

        >>> Untold.of("06_value", "DataError: No purchase · allowed: one · do: mend it").remedy
        'mend it'
        """
        text = re.sub(r"^\w+: ", "", message.strip())
        pieces = dict(zip(("problem", "allowed", "remedy"), text.split(" · "), strict=False))
        allowed = pieces.get("allowed", "").removeprefix("allowed: ")
        remedy = pieces.get("remedy", "").removeprefix("do: ")
        return cls(n_used=0, method=Phrase("untold.method"), part=part,
                   problem=pieces["problem"], allowed=allowed, remedy=remedy)  # fmt: skip

    def table(self) -> pd.DataFrame:
        """Return one row: ``part problem allowed remedy``."""
        import pandas as pd

        return pd.DataFrame([self.facts()])

    def facts(self) -> dict[str, Any]:
        """Return the part and the three parts of the message."""
        names = ("part", "problem", "allowed", "remedy")
        return {name: getattr(self, name) for name in names}
