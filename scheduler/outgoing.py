"""Who is to hear of an alert, and when: the rows of the outbox that are stored with it."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from alerts import holding, identity
from alerts.holding import AT_ONCE, HoldingSettings, Lately, Plan
from storage import batches
from storage import deliveries as outbox
from storage.alerts import NewDelivery
from storage.types import Alert, BatchPlan, DeliveryState, Watch

logger = logging.getLogger(__name__)

#: a batch that closed early, as after a jump of the clock, takes nothing more: the next one does
_NEXT_ONES = 3


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
    holding: HoldingSettings = field(default_factory=HoldingSettings)
    #: IANA name; of watches that state none
    timezone: str = "UTC"

    def zone(self, watch: Watch) -> ZoneInfo:
        """Return the zone of a watch's hours."""
        return ZoneInfo(watch.timezone or self.timezone)


def deliveries(
    database: Database, settings: OutgoingSettings, watch: Watch, alert: Alert, now: datetime
) -> list[NewDelivery]:
    """Return a row for everybody who is to hear of the alert, and when the first attempt is due.

    Args:
        database: the archive, inside a transaction: batches are opened here.
        settings: who stands behind the channels, and how long alerts wait.
        watch: whose alert it is.
        alert: what is to be told.
        now: when it was decided.
    """
    rows: list[NewDelivery] = []
    for channel_id in watch.channels:
        route = settings.routes[channel_id]
        held_back = alert.severity < route.min_severity
        plan, batch_id = Plan(at=now, reason=AT_ONCE), None
        if not held_back:
            plan, batch_id = planned(database, settings, watch, alert, channel_id, now)
        state = DeliveryState.PENDING if batch_id is None else DeliveryState.BATCHED
        rows.extend(
            NewDelivery(
                key=identity.delivery_key(alert_key=alert.key, channel_id=channel_id, recipient=recipient),
                channel_id=channel_id,
                recipient=recipient,
                state=DeliveryState.SUPPRESSED if held_back else state,
                next_attempt_at=plan.at,
                reason="min_severity" if held_back else plan.reason,
                batch_id=batch_id,
            )
            for recipient in route.recipients
        )
    return rows


def planned(
    database: Database, settings: OutgoingSettings, watch: Watch, alert: Alert, channel_id: str, now: datetime
) -> tuple[Plan, int | None]:
    """Return what becomes of an alert on a channel, and the batch it joins; at once when planning fails."""
    try:
        moment = now
        for _ in range(_NEXT_ONES):
            plan = _plan(database, settings, watch, alert, channel_id, moment)
            if plan.batch is None:
                if plan.at <= now and alert.story_id is not None:
                    # A story stays in order, so what waits in front goes along.
                    outbox.hurry(database, watch.id, alert.story_id, channel_id, now)
                return plan, None
            batch_id = batches.join(database, plan.batch, watch_id=watch.id, channel_id=channel_id, now=now)
            if batch_id is not None:
                return plan, batch_id
            moment = max(moment, plan.batch.closes_at)
    except sqlite3.Error:
        # A full disk may have ended the transaction: the whole of it is tried again.
        raise
    except Exception:
        # An alert that nobody planned well is better early than late.
        logger.exception("alert %s on channel %s: planning failed; it is sent at once", alert.id, channel_id)
    return Plan(at=now, reason=AT_ONCE), None


def _plan(
    database: Database, settings: OutgoingSettings, watch: Watch, alert: Alert, channel_id: str, now: datetime
) -> Plan:
    told = None if alert.story_id is None else batches.told_on(database, watch.id, alert.story_id, channel_id)
    traffic = batches.traffic(database, channel_id, now - settings.holding.storm_window, now)
    storm = batches.open_storm(database, watch.id, channel_id)
    return holding.plan(
        watch=watch,
        channel_id=channel_id,
        alert=alert,
        told=told,
        lately=Lately(
            messages=traffic.messages,
            oldest_at=traffic.oldest_at,
            open_list=BatchPlan(kind=storm.kind, key=storm.key, closes_at=storm.closes_at) if storm else None,
        ),
        zone=settings.zone(watch),
        settings=settings.holding,
        now=now,
    )
