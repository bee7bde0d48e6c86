"""What the JSON interface answers with; field names follow the webhook body where both speak of one thing."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from alerts.health_wording import explain
from storage.alert_log import AlertRow, DeliveryLog
from storage.alerts import StoredDecision
from storage.articles import StoredArticle
from storage.overview import SourceHealth
from storage.reading import AlertSummary, StoryRow
from storage.revisions import ArticleEvent, EventKind
from storage.stories import summary
from storage.types import (
    CrawlFailure,
    DecisionKind,
    DeliveryState,
    FailureReason,
    OutcomeClass,
    Revision,
    Signal,
    Status,
    Story,
    StoryState,
)


class Model(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class SignalModel(Model):
    """One act found in one article."""

    type: str
    severity: int = Field(ge=1, le=5)
    actor: str | None
    target: str | None
    status: Status
    sentence: str
    start: int = Field(description='offset of the trigger in title + "\\n" + text')
    end: int
    rule: str
    cues: tuple[str, ...]


class EvidenceModel(Model):
    """The strongest signal of a story that the filter lets through."""

    signal: SignalModel
    article_id: int
    source_name: str
    origin: str


class AlertSummaryModel(Model):
    """What was told of a story, in numbers."""

    alerts: int
    recorded_only: int
    acknowledged: int
    last_at: datetime
    deliveries: dict[DeliveryState, int]

    @classmethod
    def of(cls, found: AlertSummary) -> AlertSummaryModel:
        """Build it from what the archive says."""
        return cls(
            alerts=found.alerts,
            recorded_only=found.recorded_only,
            acknowledged=found.acknowledged,
            last_at=found.last_at,
            deliveries=dict(found.deliveries),
        )


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

    @classmethod
    def of(cls, row: StoryRow) -> StoryRowModel:
        """Build it from a row of the archive."""
        return cls(
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


class AttemptModel(Model):
    """One try to send a delivery."""

    started_at: datetime
    ended_at: datetime
    outcome: OutcomeClass
    code: int | None
    detail: str


class DeliveryModel(Model):
    """One alert to one recipient through one channel."""

    id: int
    key: str
    channel_id: str
    recipient: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    maybe_delivered: bool
    last_error: str | None
    sent_at: datetime | None
    log: tuple[AttemptModel, ...]

    @classmethod
    def of(cls, log: DeliveryLog) -> DeliveryModel:
        """Build it from a delivery and its attempts."""
        names = cls.model_fields.keys() - {"log"}
        attempts = tuple(AttemptModel.model_validate(attempt) for attempt in log.attempts)
        return cls(log=attempts, **{name: getattr(log.delivery, name) for name in names})


class AlertModel(Model):
    """One message to people."""

    id: str
    type: str
    watch_id: str
    story_id: int | None
    article_id: int | None
    severity: int
    headline: str
    created_at: datetime
    sequence: int
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    recorded_only: bool
    deliveries: tuple[DeliveryModel, ...]

    @classmethod
    def of(cls, row: AlertRow) -> AlertModel:
        """Build it from a row of the archive."""
        alert = row.alert
        return cls(
            id=alert.id,
            type=alert.type,
            watch_id=alert.watch_id,
            story_id=alert.story_id,
            article_id=row.article_id,
            severity=alert.severity,
            headline=alert.headline,
            created_at=alert.created_at,
            sequence=alert.sequence,
            acknowledged_at=alert.acknowledged_at,
            acknowledged_by=alert.acknowledged_by,
            recorded_only=row.recorded_only,
            deliveries=tuple(DeliveryModel.of(log) for log in row.deliveries),
        )


class AlertPage(Model):
    """A page of alerts, newest first."""

    alerts: tuple[AlertModel, ...]
    next: str | None = Field(description="value of `before` for the following page, null on the last one")


class FoundSignalModel(Model):
    """A signal with the article whose current text holds it."""

    article_id: int
    signal: SignalModel


class StoryDetail(Model):
    """A story with its articles, signals and alerts."""

    story: StoryModel
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


class RevisionModel(Model):
    """One stored state of an article's text."""

    number: int
    title: str
    content_hash: str
    fetched_at: datetime
    modified_at: datetime | None = Field(description="when the page said it last changed")
    silent: bool = Field(description="an edit that the page's own date of change does not admit")


class EventActModel(Model):
    """An act that an edit brought in or took out."""

    type: str
    actor: str | None
    target: str | None
    status: Status
    sentence: str


class ArticleEventModel(Model):
    """One thing that happened to an article."""

    kind: EventKind
    at: datetime
    silent: bool
    added: tuple[EventActModel, ...]
    dropped: tuple[EventActModel, ...]
    detail: str


class DecisionModel(Model):
    """Why an article did or did not alert for one watch."""

    watch_id: str
    kind: DecisionKind
    reason: str
    detail: str
    severity: int
    alert_id: str | None
    rules_version: str
    decided_at: datetime


class ArticleDetail(Model):
    """An article with its current text, its signals and every decision on it."""

    id: int
    source_id: str
    source_name: str
    url: str
    title: str
    lede: str
    text: str = Field(description="standfirst and paragraphs, a line each")
    language: str | None
    authors: tuple[str, ...]
    agency: str | None
    origin: str
    partial: bool
    partial_reason: FailureReason | None = Field(description="why the page of a partial article was not read")
    partial_detail: str | None
    published_at: datetime | None
    first_seen_at: datetime
    story_id: int | None
    copy_of: int | None
    withdrawn_at: datetime | None = Field(description="since when the page is gone from its site")
    signals: tuple[SignalModel, ...]
    revisions: tuple[RevisionModel, ...]
    events: tuple[ArticleEventModel, ...]
    decisions: tuple[DecisionModel, ...]

    @classmethod
    def of(
        cls,
        article: StoredArticle,
        signals: tuple[Signal, ...],
        revisions: list[Revision],
        decisions: list[StoredDecision],
        events: list[ArticleEvent],
        unread: CrawlFailure | None,
    ) -> ArticleDetail:
        """Build it from what the archive says of one article."""
        built = {"signals", "revisions", "decisions", "events", "partial_reason", "partial_detail"}
        names = cls.model_fields.keys() - built
        return cls(
            partial_reason=unread.reason if unread else None,
            partial_detail=unread.detail if unread else None,
            signals=tuple(SignalModel.model_validate(signal) for signal in signals),
            revisions=tuple(RevisionModel.model_validate(revision) for revision in revisions),
            decisions=tuple(DecisionModel.model_validate(decision) for decision in decisions),
            events=tuple(ArticleEventModel.model_validate(event) for event in events),
            **{name: getattr(article, name) for name in names},
        )


class FeedModel(Model):
    """How the last poll of one feed address went."""

    url: str
    failure: FailureReason | None
    detail: str | None
    checked_at: datetime | None


class SourceModel(Model):
    """A source and how it is doing."""

    id: str
    name: str
    url: str
    language: str | None
    country: str | None
    state_affiliation: str | None
    enabled: bool
    standing: str = Field(
        description="fresh, quiet, silent, walled, broken_feed, moved, robots, failing, gone, drifting, late, "
        "unchecked or off"
    )
    reason: str | None = Field(description="why it is so judged, in English; null before the first judgement")
    since: datetime | None = Field(description="since when it is so judged")
    next_check_at: datetime
    last_checked_at: datetime | None
    last_success_at: datetime | None
    last_new_at: datetime | None
    failures: int
    failure: FailureReason | None
    detail: str | None
    feeds: tuple[FeedModel, ...]
    articles_day: int
    articles_week: int

    @classmethod
    def of(cls, source: SourceHealth, standing: str) -> SourceModel:
        """Build it from a source and the judgement on it."""
        own = ("id", "name", "url", "language", "country", "state_affiliation", "enabled", "articles_day")
        polled = ("next_check_at", "last_checked_at", "last_success_at", "last_new_at", "failures", "failure", "detail")
        return cls(
            standing=standing,
            reason=explain(source.health, "en", ZoneInfo("UTC")) if source.health else None,
            since=source.health.since if source.health else None,
            feeds=tuple(FeedModel.model_validate(feed) for feed in source.feeds),
            articles_week=source.articles_week,
            **{name: getattr(source, name) for name in own},
            **{name: getattr(source.state, name) for name in polled},
        )


class SourceList(Model):
    """Every source, those in trouble first."""

    sources: tuple[SourceModel, ...]
