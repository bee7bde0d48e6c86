"""Tells people, through the other channels, that a channel fails, is switched off or works again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from alerts import identity
from alerts.breaker import Breaker
from alerts.channel_notices import channel_body
from alerts.notices import Speech
from alerts.trouble import Trouble
from scheduler.archive import Archive
from scheduler.outgoing import Route
from storage import alerts as stored_alerts
from storage.alerts import NewDelivery
from storage.times import to_text
from storage.types import Alert, DeliveryState

logger = logging.getLogger(__name__)

#: such notices belong to no watch
_NO_WATCH = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelWatch:
    """Puts notices on channels into the outbox; :meth:`tell` is what the dispatcher calls."""

    archive: Archive
    #: channels that hear of the watch itself
    notified: Sequence[Route]
    #: all channels: if the only one that hears of the watch is the one that fails, the rest hear of it
    every: Sequence[Route]
    #: identity of the archive, part of every alert's identity
    instance: str
    speech: Speech
    #: called after something was queued
    told: Callable[[], None]

    async def tell(self, channel_id: str, trouble: Trouble, breaker: Breaker, now: datetime) -> None:
        """Queue a notice for everybody but the channel itself; the same one a second time changes nothing."""
        others = [route for route in self.notified if route.channel_id != channel_id]
        others = others or [route for route in self.every if route.channel_id != channel_id]
        if not others:
            logger.error("channel %s is the only one, so nobody can be told: %s", channel_id, trouble)
            return
        await self.archive.write(self._put, channel_id, trouble, breaker, others, now)
        self.told()

    def _put(
        self,
        database: Database,
        channel_id: str,
        trouble: Trouble,
        breaker: Breaker,
        others: Sequence[Route],
        now: datetime,
    ) -> None:
        since = to_text(breaker.failing_since or now)
        key = identity.alert_key(
            install_id=self.instance,
            watch_id=_NO_WATCH,
            subject=f"channel:{channel_id}",
            trigger=f"{trouble}:{since}",
        )
        body = channel_body(channel_id, trouble, breaker, alert_id=identity.alert_id(key), now=now, speech=self.speech)
        alert = Alert(
            id=body.data.alert,
            key=key,
            type=body.type,
            watch_id=_NO_WATCH,
            story_id=None,
            severity=body.data.severity,
            headline=body.data.headline,
            payload=body.model_dump_json(),
            created_at=now,
            sequence=body.data.sequence,
        )
        rows = [
            NewDelivery(
                key=identity.delivery_key(alert_key=key, channel_id=route.channel_id, recipient=recipient),
                channel_id=route.channel_id,
                recipient=recipient,
                state=DeliveryState.PENDING,
                next_attempt_at=now,
            )
            for route in others
            for recipient in route.recipients
        ]
        stored_alerts.raise_alert(database, alert, rows, decision=None, article_id=None)
