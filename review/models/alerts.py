"""Alerts and their deliveries."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from review.models.base import Model
from storage.alert_log import AlertRow, DeliveryLog
from storage.reading import AlertSummary
from storage.types import DeliveryState, OutcomeClass


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
    key: str = Field(description="its identity over all attempts: the webhook's id, the left part of `Message-ID`")
    alert_id: str
    channel_id: str
    recipient: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    maybe_delivered: bool
    reason: str = Field(description="why it left when it did, or waits: `at_once`, `group_wait`, `quiet_hours`, …")
    silence_id: int | None = Field(description="the silence that holds it back")
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


class DeliveryPage(Model):
    """A page of deliveries, newest first."""

    deliveries: tuple[DeliveryModel, ...]
    next: str | None = Field(description="value of `before` for the following page, null on the last one")
