"""The heartbeat: a ping to the outside while all is well, so that its absence is the alarm.

It goes out only after an audit: a service that runs but no longer reads, decides or sends falls silent, and whoever
waits for the ping (a dead man's switch such as healthchecks) tells people without its help.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import aiohttp

from storage.egress import EgressPolicy, refusal_in, socket_factory
from storage.types import CanaryRun

logger = logging.getLogger(__name__)

#: the schedule must have ticked within this
TICK_LIMIT = timedelta(minutes=2)
#: some source must have been read within this, or within twice the shortest of their intervals
READ_LIMIT = timedelta(minutes=30)
#: no delivery may be overdue for longer
DELIVERY_LIMIT = timedelta(hours=1)
#: the last canary may be so many intervals old
CANARY_INTERVALS = 2.5
#: seconds one ping may take, redirects are not followed
DEADLINE = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatSettings:
    """Where and how often the sign of life goes."""

    #: the address; whoever knows it can feign life, so it never shows
    url: str | None = field(default=None, repr=False)
    every: timedelta = timedelta(minutes=5)
    #: networks that may be called besides public addresses
    allow_cidrs: tuple[str, ...] = ()
    user_agent: str = "Vigie"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What the audit looks at."""

    last_tick: datetime | None
    #: why the archive could not be written, None when it could
    archive_fault: str | None = None
    #: since when the oldest delivery is overdue
    overdue_since: datetime | None = None
    #: whether any source is to be read, the shortest interval, and when one was read last
    sources: int = 0
    shortest_poll: timedelta = timedelta(minutes=15)
    last_read_at: datetime | None = None
    #: None: canaries are switched off
    canary_every: timedelta | None = None
    canary: CanaryRun | None = None
    #: since when the service runs
    started_at: datetime


def audit(vitals: Vitals, now: datetime) -> tuple[str, ...]:
    """Return what speaks against a sign of life, nothing when all is well."""
    faults = []
    if vitals.last_tick is None or now - vitals.last_tick > TICK_LIMIT:
        faults.append("the schedule has not ticked for two minutes")
    if vitals.archive_fault is not None:
        faults.append(f"the archive cannot be written: {vitals.archive_fault}")
    if vitals.overdue_since is not None and now - vitals.overdue_since > DELIVERY_LIMIT:
        faults.append(f"a delivery is overdue since {vitals.overdue_since:%Y-%m-%d %H:%M} UTC")
    patience = max(READ_LIMIT, 2 * vitals.shortest_poll)
    if vitals.sources and now - max(vitals.last_read_at or vitals.started_at, vitals.started_at) > patience:
        faults.append(f"no source was read for {patience}")
    return (*faults, *_canary_faults(vitals, now))


def _canary_faults(vitals: Vitals, now: datetime) -> tuple[str, ...]:
    if vitals.canary_every is None:
        return ()
    run = vitals.canary
    if run is not None and not run.ok:
        return (f"the canary was missed at {run.stage}: {run.detail}",)
    since = vitals.started_at if run is None else max(run.ended_at, vitals.started_at)
    if now - since > vitals.canary_every * CANARY_INTERVALS:
        return ("no canary came through lately",)
    return ()


class Heartbeat:
    """Sends the sign of life."""

    def __init__(self, settings: HeartbeatSettings) -> None:
        self._settings = settings
        #: what kept the last ping from going out or arriving, nothing when it arrived
        self.faults: tuple[str, ...] = ()
        self.last_sent_at: datetime | None = None

    async def beat(self, faults: Sequence[str], now: datetime) -> bool:
        """Send a ping when nothing speaks against it; return whether it arrived."""
        before, self.faults = self.faults, tuple(faults)
        if not self.faults and self._settings.url is not None:
            fault = await self._ping(self._settings.url)
            self.faults = () if fault is None else (fault,)
        if self.faults:
            level = logging.WARNING if self.faults != before else logging.DEBUG
            logger.log(level, "no sign of life is sent: %s", "; ".join(self.faults))
            return False
        self.last_sent_at = now
        return True

    async def _ping(self, url: str) -> str | None:
        """Return why the ping did not arrive; the address itself is never told."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        policy = EgressPolicy(allow_cidrs=self._settings.allow_cidrs, ports=frozenset({80, 443, port}))
        connector = aiohttp.TCPConnector(socket_factory=socket_factory(policy))
        try:
            async with asyncio.timeout(DEADLINE):
                async with (
                    aiohttp.ClientSession(connector=connector, trust_env=False) as session,
                    session.get(
                        url, allow_redirects=False, headers={"User-Agent": self._settings.user_agent}
                    ) as answer,
                ):
                    status = answer.status
        except TimeoutError:
            return f"the ping was not answered within {DEADLINE:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return f"the ping failed: {refusal_in(error) or type(error).__name__}"
        return None if 200 <= status < 300 else f"the ping was answered with HTTP {status}"
