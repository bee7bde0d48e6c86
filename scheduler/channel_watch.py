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
from scheduler.announcing import put_notice
from scheduler.archive import Archive
from scheduler.outgoing import Route
from storage.times import to_text

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

    async def tell(self, name: str, trouble: Trouble, breaker: Breaker, now: datetime) -> None:
        """Queue a notice for everybody but the channel itself; the same one a second time changes nothing.

        Args:
            name: of the channel, or of one service of it, see :func:`alerts.lane.parts`.
            trouble: what is told.
            breaker: its health.
            now: aware.
        """
        others = _others(name, self.notified) or _others(name, self.every)
        if not others:
            logger.error("channel %s is the only one, so nobody can be told: %s", name, trouble)
            return
        await self.archive.write(self._put, name, trouble, breaker, others, now)
        self.told()

    def _put(
        self,
        database: Database,
        name: str,
        trouble: Trouble,
        breaker: Breaker,
        others: Sequence[tuple[str, str]],
        now: datetime,
    ) -> None:
        since = to_text(breaker.failing_since or now)
        key = identity.alert_key(
            install_id=self.instance,
            watch_id=_NO_WATCH,
            subject=f"channel:{name}",
            trigger=f"{trouble}:{since}",
        )
        body = channel_body(name, trouble, breaker, alert_id=identity.alert_id(key), now=now, speech=self.speech)
        put_notice(database, key, body, others, now)


def _others(name: str, routes: Sequence[Route]) -> list[tuple[str, str]]:
    """Return channel and recipient of everybody who can be told: other services of the channel too."""
    channel_id, _, service = name.partition("/")
    return [
        (route.channel_id, recipient)
        for route in routes
        for recipient in route.recipients
        if route.channel_id != channel_id or service not in ("", recipient)
    ]
