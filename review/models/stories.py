"""Stories: lines of the list, and one in full."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from review.found import Match
from review.models.alerts import AlertModel, AlertSummaryModel
from review.models.base import Model
from review.models.found import MatchModel
from review.models.signals import FoundSignalModel, SignalModel
from review.models.triage import TriageModel
from storage.articles import StoredArticle
from storage.reading import StoryRow
from storage.stories import summary
from storage.types import Story, StoryState
from storage.types.triage import Triage


class EvidenceModel(Model):
    """The strongest signal of a story that the filter lets through."""

    signal: SignalModel
    article_id: int
    source_name: str
    origin: str


class StoryModel(Model):
    """All articles on one event, in numbers."""

    id: int
    headline: str
    first_seen_at: datetime
    last_seen_at: datetime
    articles: int
    outlets: int
    origins: tuple[str, ...]
    severity: int
    thread_id: int = Field(description="the first story of the affair that this one belongs to")
    state: StoryState = Field(description="what became of it")
    sides: tuple[str, ...] = Field(description="countries of the outlets, ISO 3166-1 alpha-3")
    state_outlets: int = Field(description="outlets that belong to a state")


class StoryRowModel(Model):
    """A line of the list of stories."""

    story: StoryModel
    evidence: EvidenceModel | None
    outlets: tuple[str, ...]
    alerts: AlertSummaryModel | None
    triage: TriageModel
    match: MatchModel | None = Field(
        default=None, description="why a search found it; null without one, or when none of its words were read"
    )

    @classmethod
    def of(cls, row: StoryRow, triage: Triage, match: Match | None = None) -> StoryRowModel:
        """Build it from a row of the archive, what people made of it, and why a search found it."""
        return cls(
            match=None if match is None else MatchModel.model_validate(match),
            triage=TriageModel.of(triage),
            story=StoryModel.model_validate(row.story),
            evidence=None if row.evidence is None else EvidenceModel.model_validate(row.evidence),
            outlets=row.outlets,
            alerts=None if row.alerts is None else AlertSummaryModel.of(row.alerts),
        )


class StoryPage(Model):
    """A page of stories, newest first."""

    stories: tuple[StoryRowModel, ...]
    next: str | None = Field(description="value of `before` for the following page, null on the last one")


class StoryArticleModel(Model):
    """A story's article."""

    id: int
    title: str
    url: str
    source_id: str
    source_name: str
    origin: str
    published_at: datetime | None
    first_seen_at: datetime
    copy_of: int | None


class StoryDetail(Model):
    """A story with its articles, signals and alerts."""

    story: StoryModel
    triage: TriageModel
    signals: tuple[FoundSignalModel, ...]
    articles: tuple[StoryArticleModel, ...]
    alerts: tuple[AlertModel, ...]

    @classmethod
    def members(cls, found: list[StoredArticle]) -> tuple[StoryArticleModel, ...]:
        """Build the articles' lines."""
        return tuple(StoryArticleModel.model_validate(summary(article)) for article in found)

    @classmethod
    def heading(cls, story: Story) -> StoryModel:
        """Build the story's own numbers."""
        return StoryModel.model_validate(story)
