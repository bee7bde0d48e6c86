"""Articles, their versions and what was decided on them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from detection.revisions import Op
from review.changes import Changes
from review.models.base import Model
from review.models.found import MatchModel
from review.models.signals import SignalModel
from storage.alerts import StoredDecision
from storage.articles import StoredArticle
from storage.revisions import ArticleEvent, EventKind
from storage.types import CrawlFailure, DecisionKind, FailureReason, Revision, Signal, Status


class RevisionModel(Model):
    """One stored state of an article's text."""

    number: int
    title: str
    content_hash: str
    fetched_at: datetime
    modified_at: datetime | None = Field(description="when the page said it last changed")
    silent: bool = Field(description="an edit that the page's own date of change does not admit")


class SpanModel(Model):
    """A piece of text that both versions have, or only the new (`insert`) or the old one (`delete`)."""

    op: Op
    text: str


class ChangesModel(Model):
    """How a version became of the one before."""

    since: int = Field(description="number of the version before")
    title: tuple[SpanModel, ...]
    lines: tuple[tuple[SpanModel, ...], ...] = Field(description="the paragraphs that changed")


class RevisionDetail(RevisionModel):
    """One version of an article with its text."""

    lede: str
    text: str
    signals: tuple[SignalModel, ...]
    changes: ChangesModel | None = Field(description="null for the first version")

    @classmethod
    def of(cls, revision: Revision, signals: tuple[Signal, ...], changes: Changes | None) -> RevisionDetail:
        """Build it from a revision, the acts in it, and what it changed."""
        built = {"signals", "changes"}
        return cls(
            signals=tuple(SignalModel.model_validate(signal) for signal in signals),
            changes=None if changes is None else ChangesModel.model_validate(changes),
            **{name: getattr(revision, name) for name in cls.model_fields.keys() - built},
        )


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


class ArticleRow(Model):
    """A line of the list of articles."""

    id: int
    source_id: str
    source_name: str
    url: str
    title: str
    lede: str
    language: str | None
    authors: tuple[str, ...]
    agency: str | None
    origin: str
    partial: bool
    published_at: datetime | None
    first_seen_at: datetime
    effective_at: datetime = Field(description="when it was published, or first seen where no date can be believed")
    story_id: int | None
    copy_of: int | None
    withdrawn_at: datetime | None
    match: MatchModel | None = Field(
        default=None, description="why a search found it; null without one, or when none of its words were read"
    )


class ArticlePage(Model):
    """A page of articles, newest first."""

    articles: tuple[ArticleRow, ...]
    next: str | None = Field(description="value of `before` for the following page, null on the last one")


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
