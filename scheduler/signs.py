"""Signs of life: the canary that flies through the service, and the heartbeat that depends on it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.archive import Archive
from scheduler.canary import Canary
from scheduler.heartbeat import Heartbeat, HeartbeatSettings, Vitals, audit
from storage import deliveries, sources, watch_state
from storage.errors import StorageError
from storage.types import CanaryRun, NetworkState, Source

logger = logging.getLogger(__name__)


#: the first canary flies, and the first heartbeat goes out, so long after the start
FIRST_CANARY, FIRST_BEAT = timedelta(seconds=20), timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something to do again and again."""

    name: str
    work: Callable[[], Awaitable[object]]
    every: timedelta
    #: how long after the start it is done first
    first: timedelta


class LifeSigns:
    """Lets canaries fly, sends the heartbeat after an audit, and answers for both.

    Args:
        archive: what is audited.
        canary: what flies; None when canaries are switched off.
        canary_every: how often it flies.
        heartbeat: where the sign of life goes.
        configured: the sources by their ids.
        clock: gives the aware time.
        ticked: gives when the schedule last ticked.
    """

    def __init__(
        self,
        archive: Archive,
        canary: Canary | None,
        canary_every: timedelta,
        heartbeat: HeartbeatSettings,
        configured: Mapping[str, Source],
        *,
        clock: Callable[[], datetime],
        ticked: Callable[[], datetime | None],
    ) -> None:
        self._archive = archive
        self._canary = canary
        self._canary_every = canary_every
        self._heartbeat = Heartbeat(heartbeat)
        self._beats = heartbeat.url is not None
        self._beat_every = heartbeat.every
        self._sources = [source for source in configured.values() if source.enabled and source.addresses]
        self._clock = clock
        self._ticked = ticked
        self._started_at = clock()
        self._last: CanaryRun | None = None

    def jobs(self) -> list[Job]:
        """Return what the schedule has to do."""
        jobs = []
        if self._canary is not None:
            every = self._canary_every
            jobs.append(Job(name="canary", work=self.fly, every=every, first=min(FIRST_CANARY, every)))
        if self._beats:
            every = self._beat_every
            jobs.append(Job(name="heartbeat", work=self.beat, every=every, first=min(FIRST_BEAT, every)))
        return jobs

    async def fly(self) -> None:
        """Let a canary fly."""
        if self._canary is not None:
            self._last = await self._canary.fly()

    async def beat(self) -> bool:
        """Send the sign of life when the audit passes; return whether it arrived."""
        return await self._heartbeat.beat(audit(await self._vitals(), self._clock()), self._clock())

    async def checks(self) -> list[tuple[str, bool, str]]:
        """Return (check, whether it holds, what a person should know) of network, canary and heartbeat."""
        network = await self._archive.read(watch_state.network)
        up = network.state is not NetworkState.DOWN
        since = f" since {network.since:%Y-%m-%d %H:%M} UTC" if network.since and not up else ""
        checks = [("network", up, "reached" if up else f"down{since}: {network.failed} hosts of {network.asked} fail")]
        if self._canary is not None:
            checks.append(self._canary_check())
        if self._beats:
            faults, sent = self._heartbeat.faults, self._heartbeat.last_sent_at
            told = f"last sent {sent:%Y-%m-%d %H:%M} UTC" if sent else "not sent yet"
            checks.append(("heartbeat", not faults, "; ".join(faults) if faults else told))
        return checks

    def _canary_check(self) -> tuple[str, bool, str]:
        run = self._last
        if run is None:
            return "canary", True, "the first one has not flown yet"
        if run.ok:
            return "canary", True, f"came through at {run.ended_at:%Y-%m-%d %H:%M} UTC"
        return "canary", False, f"missed at {run.stage}: {run.detail}"

    async def _vitals(self) -> Vitals:
        fault: str | None = None
        overdue: datetime | None = None
        read_at: datetime | None = None
        try:
            await self._archive.write(watch_state.note_audit, self._clock())
            overdue = await self._archive.read(deliveries.overdue_since, self._clock())
            states = await self._archive.read(sources.states)
            read_at = max((state.last_success_at for state in states if state.last_success_at), default=None)
        except StorageError as error:
            fault = str(error)
        return Vitals(
            last_tick=self._ticked(),
            archive_fault=fault,
            overdue_since=overdue,
            sources=len(self._sources),
            shortest_poll=min((source.poll for source in self._sources), default=timedelta(minutes=15)),
            last_read_at=read_at,
            canary_every=None if self._canary is None else self._canary_every,
            canary=self._last,
            started_at=self._started_at,
        )
