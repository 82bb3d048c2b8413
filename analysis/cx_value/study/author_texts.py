"""What only the author of a study can say: its discussion, and the declarations of a paper."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from cx_value.study.entries import Frozen, Phrase


class Discussion(Frozen):
    """The author's words on the results; what is left out is marked in the report."""

    meaning: Phrase | None = Field(None, description="What the results mean, in a few sentences.")
    theory: Phrase | None = Field(
        None, description="What they say of the theory and of earlier research (@key cites)."
    )
    practice: Phrase | None = Field(
        None, description="What follows for this organisation: measures, who, until when."
    )


class Declarations(Frozen):
    """Statements that journals and faculties ask for; what is left out is marked in the report."""

    data: Phrase | None = Field(
        None, description="Where the data can be had, or why not (default: what the report knows)."
    )
    code: Phrase | None = Field(
        None, description="Where the study file and its code can be had (an archive, a DOI)."
    )
    ethics: Phrase | None = Field(
        None, description="Ethics approval and informed consent, or why neither was needed."
    )
    funding: Phrase | None = Field(None, description="Who paid for the study.")
    conflicts: Phrase | None = Field(None, description="Interests that might be thought to matter.")
    contributions: Phrase | None = Field(None, description="Who did what.")


class Preregistration(Frozen):
    """The plan of a study: the file it was written to beforehand, and the sample aimed at."""

    file: Path | None = Field(
        None, description="The file that `cx-value preregister` wrote before the data were seen; "
        "the report compares it with what was done."
    )  # fmt: skip
    sample_size: int | None = Field(None, ge=1, description="How many respondents are sought.")
    stopping: Phrase | None = Field(None, description="When data collection ends.")
