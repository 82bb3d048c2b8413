"""What a study's open answers are put through, in one call a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from cx_value.evaluate.voice.account import Comments, read_comments
from cx_value.evaluate.voice.impact import ThemeImpact, quotable, theme_impact, themes_by_group
from cx_value.evaluate.voice.sentiment import Sentiment, measure_sentiment
from cx_value.evaluate.voice.themes import Themes, code_themes, count_themes, discover_themes

if TYPE_CHECKING:
    from cx_value.study.answered import Survey
    from cx_value.study.spec import Study

#: With fewer comments nothing but their number is told.
FEWEST = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """The open answers of a study, ready to be coded, and what the study asks of them."""

    study: Study
    survey: Survey
    comments: Comments
    score: pd.Series
    score_name: str

    @property
    def enough(self) -> bool:
        """Whether there are comments enough to say more than how many there are."""
        return self.comments.n_used >= FEWEST

    @property
    def confidence(self) -> float:
        return self.study.options.confidence

    def declared_themes(self) -> Themes | None:
        """Return how often the themes of the codebook are named; None without a codebook."""
        asked = self.study.comments.themes
        if not asked:
            return None
        book = {theme.name: theme.words for theme in asked}
        coded = code_themes(self.comments.texts, self.comments.languages, book)
        return count_themes(
            coded, self.comments.languages, origin="declared", confidence=self.confidence
        )

    def found_themes(self) -> list[Themes]:
        """Return themes found in the words, one result a language with enough comments."""
        languages, wanted = self.comments.languages, self.study.comments.discover
        counted = languages.value_counts()
        return [
            discover_themes(
                self.comments.texts, languages, language, themes=wanted,
                seed=self.study.options.seed, confidence=self.confidence,
            )
            for language in ("en", "zh") if wanted and counted.get(language, 0) >= FEWEST
        ]  # fmt: skip

    def sentiment(self) -> Sentiment:
        """Return the tone of every comment."""
        return measure_sentiment(
            self.comments.texts, self.comments.languages, self.score,
            seed=self.study.options.seed, confidence=self.confidence,
        )  # fmt: skip

    def impact(self, themes: Themes, sentiment: Sentiment) -> ThemeImpact:
        """Return the score of those who name each theme against the other commenters."""
        return theme_impact(
            themes.coded, self.score, self.score_name, tone=sentiment.scores,
            confidence=self.confidence,
        )  # fmt: skip

    def by_group(self, themes: Themes) -> pd.DataFrame:
        """Return the share of every theme by brand and by the study's segments."""
        minimum = self.study.report.minimum_cell
        brand = self.study.brands.column if self.study.brands else None
        columns = [c for c in dict.fromkeys([brand, "segment", self.study.group])
                   if c in self.survey.profile]  # fmt: skip
        parts = [
            themes_by_group(themes.coded, self.survey.profile[c], column=c, minimum=minimum)
            for c in columns
        ]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    def quotes(self, themes: Themes, sentiment: Sentiment) -> pd.DataFrame | None:
        """Return comments to be quoted where the study allows it, else None."""
        if not self.study.comments.quotes:
            return None
        minimum = self.study.report.minimum_cell
        return quotable(self.comments.texts, themes.coded, sentiment.scores, minimum=minimum)


def open_voice(study: Study, survey: Survey) -> Voice | None:
    """Return the open answers of a study with the score they are held against.

    The score is that of ``comments.score``, else of ``value.satisfaction``, else of the first
    construct: the mean of its items, on their scale.
    """
    if survey is None or study.comments is None or survey.comments is None:
        return None
    wanted = study.comments.score or study.value.satisfaction
    known = {construct.name: construct for construct in study.constructs}
    construct = known.get(wanted) or study.constructs[0]
    asked = survey.comments
    told = asked["language"] if asked["language"].notna().any() else None
    return Voice(
        study=study, survey=survey, comments=read_comments(asked["text"], told),
        score=survey.items[construct.item_names].mean(axis=1, skipna=False),
        score_name=construct.name,
    )  # fmt: skip
