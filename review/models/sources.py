"""Sources and how they are doing."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import Field

from alerts.health_wording import explain
from review.models.base import Model
from storage.overview import SourceHealth
from storage.types import FailureReason, HealthEvent


class FeedModel(Model):
    """How the last poll of one feed address went."""

    url: str
    failure: FailureReason | None
    detail: str | None
    checked_at: datetime | None


class PauseModel(Model):
    """That somebody wants nothing asked of a source for a while."""

    at: datetime
    ends_at: datetime | None = Field(description="null: until somebody resumes it")
    author: str
    reason: str


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
        "unchecked, paused or off"
    )
    reason: str | None = Field(description="why it is so judged, in English; null before the first judgement")
    since: datetime | None = Field(description="since when it is so judged")
    pause: PauseModel | None = Field(description="null while nobody has paused it")
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
            pause=PauseModel.model_validate(source.pause) if source.pause else None,
            feeds=tuple(FeedModel.model_validate(feed) for feed in source.feeds),
            articles_week=source.articles_week,
            **{name: getattr(source, name) for name in own},
            **{name: getattr(source.state, name) for name in polled},
        )


class SourceList(Model):
    """Every source, those in trouble first."""

    sources: tuple[SourceModel, ...]


class SourceEventModel(Model):
    """A change of a source's state."""

    at: datetime
    was: str
    state: str
    since: datetime
    reason: str = Field(description="in English")

    @classmethod
    def of(cls, event: HealthEvent) -> SourceEventModel:
        """Build it from an event."""
        return cls(
            at=event.at,
            was=event.was,
            state=event.health.state,
            since=event.health.since,
            reason=explain(event.health, "en", ZoneInfo("UTC")),
        )


class SourceDetail(Model):
    """A source with how its state changed, newest first."""

    source: SourceModel
    events: tuple[SourceEventModel, ...]
