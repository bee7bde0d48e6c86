"""Who is to hear of an alert, and when: the rows of the outbox that are stored with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts import identity
from storage.alerts import NewDelivery, ToldBefore
from storage.types import Alert, DeliveryState, Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A channel as the outbox sees it."""

    channel_id: str
    #: who gets a row of their own: e-mail addresses, or one empty string for a webhook
    recipients: tuple[str, ...]
    min_severity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingSettings:
    """Who is told, and how long an alert waits."""

    routes: Mapping[str, Route] = field(default_factory=dict)
    group_wait: timedelta = timedelta(0)
    #: least time between two alerts of one watch on one story
    group_interval: timedelta = timedelta(0)
    #: alerts from this severity on never wait
    urgent_severity: int = 4


def deliveries(
    settings: OutgoingSettings,
    watch: Watch,
    alert: Alert,
    told: ToldBefore | None,
    now: datetime,
) -> list[NewDelivery]:
    """Return a row for everybody who is to hear of the alert, and when the first attempt is due.

    Args:
        settings: who stands behind the channels, and how long alerts wait.
        watch: whose alert it is.
        alert: what is to be told.
        told: what the watch's people were told of the story before.
        now: when it was decided.
    """
    due = now
    if alert.severity < settings.urgent_severity:
        due += settings.group_wait
        if told is not None:
            due = max(due, told.last_at + settings.group_interval)
    rows: list[NewDelivery] = []
    for channel_id in watch.channels:
        route = settings.routes[channel_id]
        held_back = alert.severity < route.min_severity
        rows.extend(
            NewDelivery(
                key=identity.delivery_key(alert_key=alert.key, channel_id=channel_id, recipient=recipient),
                channel_id=channel_id,
                recipient=recipient,
                state=DeliveryState.SUPPRESSED if held_back else DeliveryState.PENDING,
                next_attempt_at=due,
            )
            for recipient in route.recipients
        )
    return rows
