"""Which comments there are, before anything is read into them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from cx_value.base.results import Result
from cx_value.base.words import Phrase
from cx_value.evaluate.voice.script import comment_language


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comments(Result):
    """Comments that can be analysed, with the language of each.

    The table has the account of all respondents.

    Attributes
    ----------
    frame : DataFrame
        ``step count``: respondents, empty, without words, English, Chinese.
    texts, languages : Series
        By respondent, comments with words only.
    """

    frame: pd.DataFrame
    texts: pd.Series
    languages: pd.Series

    template = "voice.account"

    def facts(self) -> dict[str, Any]:
        """Return the counts by step."""
        return self.frame.set_index("step")["count"].to_dict()


def read_comments(comments: pd.Series, languages: pd.Series | None = None) -> Comments:
    """Sort comments by language; count what is empty and what holds no words.

    Parameters
    ----------
    comments : Series of str or None
        One entry a respondent.
    languages : Series, optional
        Language told by the data ("en", "zh"); where it is another or none, the script decides.

    Examples
    --------
    >>> read_comments(pd.Series(["Very good.", "", "👍", "服务很好"])).facts()
    {'respondents': 4, 'empty': 1, 'wordless': 1, 'en': 1, 'zh': 1, 'comments': 2}
    """
    texts = comments.fillna("").astype(str).str.strip()
    written = texts[texts != ""]
    found = written.map(comment_language)
    if languages is not None:
        told = languages.reindex(written.index).astype(object)
        found = told.where(told.isin(["en", "zh"]) & found.notna(), found)
    known = found.dropna()
    counts = {
        "respondents": len(texts), "empty": len(texts) - len(written),
        "wordless": len(written) - len(known), "en": int((known == "en").sum()),
        "zh": int((known == "zh").sum()), "comments": len(known),
    }  # fmt: skip
    return Comments(
        n_used=len(known), n_dropped=len(texts) - len(known), method=Phrase("voice.account_method"),
        frame=pd.DataFrame({"step": list(counts), "count": list(counts.values())}),
        texts=written[known.index], languages=known,
    )  # fmt: skip
