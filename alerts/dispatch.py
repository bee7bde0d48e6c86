"""Carries the outbox to people: a worker for each channel leases what is due, sends it, records how it went.

Workers share nothing, so a hung receiver delays no other channel. The order is always lease (durable), send,
record: a crash in between repeats a message under its own identity instead of losing it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from alerts import breaker as breakers
from alerts import refusals, trouble
from alerts.attempts import Counts, for_a_person, report
from alerts.breaker import Breaker, Permit
from alerts.errors import ChannelError
from alerts.lane import Lane, parts
from alerts.outbox import Outbox
from alerts.schedule import Next, after
from alerts.sender import Progress, Sender
from alerts.senders import build_senders
from alerts.settings import Channel, DeliverySettings
from alerts.trouble import Trouble
from storage.types import Alert, Delivery, DeliveryState, Outcome, OutcomeClass, utc

log = logging.getLogger(__name__)

#: channel as :func:`alerts.lane.parts` names it, what is told of it, its health, the moment
Tell: TypeAlias = Callable[[str, Trouble, Breaker, datetime], Awaitable[None]]

#: how long recording may still take when the senders were told to stop
_LAST_RECORDS_SECONDS = 5.0


class Dispatcher:
    """Sends what is due, channel by channel, until stopped.

    Args:
        channels: where alerts can go.
        settings: plans and deadlines.
        outbox: the archive's side, see :class:`alerts.outbox.Outbox`.
        clock: gives the aware time.
        install_id: the archive's own id, part of mail threads.
        public_url: where the review page answers, for links in plain fallbacks.
        zone: the readers' time zone; UTC is always shown.
        senders: the way out of each channel instead of :func:`build_senders`.
        tell: has people told, through other channels, that one fails or works again.
        chance: gives numbers from 0 to 1 for the jitter.

    Raises:
        ChannelError: two channels share an id, or a certificate file cannot be read.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        settings: DeliverySettings,
        outbox: Outbox,
        clock: Callable[[], datetime],
        *,
        install_id: str = "",
        public_url: str = "http://127.0.0.1:8470",
        zone: ZoneInfo | None = None,
        senders: Mapping[str, Sender] | None = None,
        tell: Tell | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if senders is None:
            zone = zone or ZoneInfo("UTC")
            senders = build_senders(
                channels, settings, install_id=install_id, public_url=public_url, zone=zone, clock=clock
            )
        self._settings = settings
        self._outbox = outbox
        self._clock = clock
        self._chance = chance
        self._tell = tell
        self._lanes = {
            name: Lane(name=name, channel=channel, sender=senders[channel.id], without=without)
            for channel in channels
            for name, without in parts(channel).items()
        }
        self._stopping = asyncio.Event()

    def wake(self, channel_id: str | None = None) -> None:
        """Look at the outbox now; None wakes every channel."""
        for lane in self._lanes.values():
            if channel_id in (None, lane.channel.id):
                lane.wake.set()

    def breakers(self) -> dict[str, Breaker]:
        """Return the health of each channel by its id, see :func:`alerts.lane.parts`."""
        return {name: lane.breaker for name, lane in self._lanes.items()}

    async def reset(self, channel_id: str) -> None:
        """Forget a channel's failures, also that its receiver wanted no more (HTTP 410), and try again.

        Raises:
            ChannelError: no such channel.
        """
        found = [lane for lane in self._lanes.values() if lane.channel.id == channel_id]
        if not found:
            raise ChannelError(f"channel {channel_id!r}", "id", "no such channel is configured")
        for lane in found:
            lane.breaker, lane.loaded = Breaker(), True
            await self._outbox.save_breaker(lane.name, breakers.to_json(lane.breaker), utc(self._clock()))
            lane.wake.set()

    async def run(self) -> None:
        """Send until :meth:`stop` is called; a cancelled task stops at once and cuts off what is under way."""
        workers = [asyncio.create_task(self._work(lane), name=f"alerts:{name}") for name, lane in self._lanes.items()]
        try:
            await self._stopping.wait()
        except asyncio.CancelledError:
            await self.stop(0.0)
            raise
        finally:
            # Not cancelled at once: a worker in the middle of a lease must give it back.
            if workers:
                await asyncio.wait(workers, timeout=_LAST_RECORDS_SECONDS)
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def run_once(self) -> Counts:
        """Attempt everything that is due, each delivery once, and tell what came of it."""
        try:
            passes = await asyncio.gather(*(self._drain(lane) for lane in self._lanes.values()))
        finally:
            await self._close_senders()
        channels = {lane.channel.id for lane in self._lanes.values()}
        remaining = sum([await self._outbox.pending(channel_id) for channel_id in channels])
        sent, failed = (sum(column) for column in zip(*passes, strict=True)) if passes else (0, 0)
        return Counts(sent=sent, failed=failed, remaining=remaining)

    async def stop(self, grace: float = 8.0) -> None:
        """Take no new lease, let what is under way finish for ``grace`` seconds, then cut it off.

        What is cut off goes back to the queue, marked as possibly delivered when the message had left.
        """
        self._stopping.set()
        self.wake()
        attempts = {task for lane in self._lanes.values() for task in lane.attempts}
        if attempts and grace > 0:
            await asyncio.wait(attempts, timeout=grace)
        for lane in self._lanes.values():
            for sending in lane.sending:
                sending.cancel()
        attempts = {task for lane in self._lanes.values() for task in lane.attempts}
        if attempts:
            _, late = await asyncio.wait(attempts, timeout=_LAST_RECORDS_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._close_senders()

    async def _close_senders(self) -> None:
        for lane in self._lanes.values():
            await lane.sender.close()

    async def _work(self, lane: Lane) -> None:
        """One channel's loop; nothing that happens in it may end it."""
        while not self._stopping.is_set():
            lane.wake.clear()
            try:
                await self._start_due(lane)
                pause = await self._pause(lane)
            except Exception:
                log.exception("channel %s: the outbox could not be read; looking again soon", lane.name)
                pause = self._settings.idle
            try:
                await asyncio.wait_for(lane.wake.wait(), pause.total_seconds())
            except TimeoutError:
                continue

    async def _start_due(self, lane: Lane) -> list[asyncio.Task[bool]]:
        """Lease what is due and may go now, and start sending it."""
        now = utc(self._clock())
        allowed = await self._permit(lane, now)
        room = {Permit.FREE: self._settings.concurrency, Permit.PROBE: 1}.get(allowed, 0) - len(lane.attempts)
        room = min(room, lane.pace.room(self._settings.rate))
        if room <= 0 or self._stopping.is_set():
            return []
        leased = await self._outbox.lease(lane.channel.id, now, room, self._settings.lease, without=lane.without)
        if self._stopping.is_set():
            for delivery, _ in leased:
                await self._outbox.release(delivery, now, maybe_delivered=False)
            return []
        lane.pace.take(len(leased))
        started = []
        for delivery, alert in leased:
            task = asyncio.create_task(self._attempt(lane, delivery, alert), name=f"delivery:{delivery.key}")
            lane.attempts.add(task)
            task.add_done_callback(lane.attempts.discard)
            task.add_done_callback(lambda _: lane.wake.set())
            started.append(task)
        return started

    async def _permit(self, lane: Lane, now: datetime) -> Permit:
        if not lane.loaded:
            lane.breaker = breakers.from_json(await self._outbox.load_breaker(lane.name))
            lane.loaded = True
        allowed = breakers.permit(lane.breaker, self._settings, now)
        if allowed is not Permit.FREE:
            await self._sweep(lane, allowed, now)
        return allowed

    async def _sweep(self, lane: Lane, allowed: Permit, now: datetime) -> None:
        """Give up what waited behind a broken channel for too long; all of it when the receiver is gone."""
        if lane.swept_at is not None and timedelta(0) <= now - lane.swept_at < self._settings.idle:
            return
        lane.swept_at = now
        if allowed is Permit.GONE:
            reason = "the receiver wants no more alerts" if lane.breaker.gone else "the channel failed for too long"
            before, why = now + timedelta(days=1), f"{reason}: {lane.breaker.detail}"
        else:
            before = now - self._settings.horizon(lane.channel) - self._settings.retries(lane.channel)[-1]
            why = f"not delivered within the horizon: {lane.breaker.detail}"
        dead = await self._outbox.expire(lane.channel.id, before, why, without=lane.without)
        if dead:
            log.error("channel %s: %d deliveries are dead letters: %s", lane.name, dead, why)

    async def _pause(self, lane: Lane) -> timedelta:
        """How long to sleep when nobody wakes the worker."""
        now, settings = utc(self._clock()), self._settings
        allowed = breakers.permit(lane.breaker, settings, now)
        if allowed is Permit.GONE or len(lane.attempts) >= (1 if allowed is Permit.PROBE else settings.concurrency):
            return settings.idle
        due = await self._outbox.next_due(lane.channel.id, without=lane.without)
        if due is None:
            return settings.idle
        if (full_for := lane.pace.wait(settings.rate)) > 0:
            return timedelta(seconds=full_for)
        if allowed is Permit.WAIT and lane.breaker.wait_until is not None:
            due = max(due, lane.breaker.wait_until)
        return min(max(due - now, settings.poll), settings.idle)

    async def _drain(self, lane: Lane) -> tuple[int, int]:
        """Attempt what is due, each delivery once."""
        until = utc(self._clock())
        sent = failed = 0
        while not self._stopping.is_set():
            now = utc(self._clock())
            allowed = await self._permit(lane, now)
            room = {Permit.FREE: self._settings.concurrency, Permit.PROBE: 1}.get(allowed, 0)
            if room and (full_for := lane.pace.wait(self._settings.rate)) > 0:
                await self._rest(full_for)
                continue
            room = min(room, lane.pace.room(self._settings.rate))
            # Due before the pass began: what a failed attempt plans anew lies behind that moment.
            leased = (
                await self._outbox.lease(lane.channel.id, until, room, self._settings.lease, without=lane.without)
                if room
                else []
            )
            if not leased:
                break
            lane.pace.take(len(leased))
            results = await asyncio.gather(*(self._attempt(lane, delivery, alert) for delivery, alert in leased))
            sent += sum(results)
            failed += len(results) - sum(results)
        return sent, failed

    async def _attempt(self, lane: Lane, delivery: Delivery, alert: Alert) -> bool:
        """Send one leased delivery and record it; returns whether it was sent."""
        started_at, progress = utc(self._clock()), Progress()
        sending = asyncio.create_task(self._send(lane, delivery, alert, progress))
        lane.sending.add(sending)
        try:
            await asyncio.wait({sending})
        finally:
            sending.cancel()
            lane.sending.discard(sending)
        if sending.cancelled():
            await self._outbox.release(delivery, utc(self._clock()), maybe_delivered=progress.handed_over)
            return False
        outcome, ended_at = sending.result(), utc(self._clock())
        outcome = refusals.judged(outcome, delivery, lane.breaker, self._settings)
        before = lane.breaker
        lane.breaker = breakers.after_attempt(
            before, outcome, self._settings, ended_at, recipient=delivery.recipient, refusing=refusals.is_mark(outcome)
        )
        stands_open = breakers.is_open(lane.breaker, self._settings)
        if outcome.outcome is OutcomeClass.CHANNEL_CONFIG:
            outcome = for_a_person(outcome, lasting=stands_open or delivery.attempts + 1 >= breakers.ATTENTION)
        probe_at = lane.breaker.wait_until if stands_open else None
        following = after(outcome, delivery, lane.channel, self._settings, ended_at, self._chance(), probe_at=probe_at)
        report(lane.name, delivery, outcome, following)
        await self._record(lane, delivery, outcome, following, started_at, ended_at)
        await self._revive(lane, delivery, outcome)
        await self._spread(lane, before, outcome, ended_at)
        if lane.breaker != before:
            await self._keep_breaker(lane, ended_at)
        return following.state is DeliveryState.SENT

    async def _revive(self, lane: Lane, delivery: Delivery, outcome: Outcome) -> None:
        """Bring back what was given up as refused when it turns out that everybody is."""
        if outcome.outcome is OutcomeClass.PERMANENT_RECIPIENT:
            lane.refused.append(delivery)
            return
        refused, lane.refused = lane.refused, []
        if not lane.breaker.refusing or lane.breaker.wait_until is None:
            return
        for one in refused:
            try:
                await self._outbox.revive(one, lane.breaker.wait_until, lane.breaker.detail)
            except Exception:
                log.exception("delivery %s: stays a dead letter although everybody was refused", one.key)

    async def _spread(self, lane: Lane, before: Breaker, outcome: Outcome, now: datetime) -> None:
        """Have people told, through other channels, what they must know of this one."""
        found = trouble.news(before, lane.breaker, outcome.outcome, self._settings, now)
        if found is None:
            return
        health = before if found is Trouble.RECOVERED else lane.breaker
        log.log(
            logging.INFO if found is Trouble.RECOVERED else logging.ERROR,
            "channel %s: %s: %s", lane.name, found, lane.breaker.detail or "it works again",
        )  # fmt: skip
        if self._tell is not None:
            try:
                await self._tell(lane.name, found, health, now)
            except Exception:
                # Not noted as told, so that the next failure tries again.
                log.exception("channel %s: nobody could be told that it is in trouble", lane.name)
                return
        if found is not Trouble.RECOVERED:
            lane.breaker = replace(lane.breaker, told=str(found))

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _send(self, lane: Lane, delivery: Delivery, alert: Alert, progress: Progress) -> Outcome:
        """Prepare and hand over; a fault of ours becomes an outcome like any other."""
        fault = ""
        try:
            message = lane.sender.prepare(delivery, alert)
        except Exception as error:
            log.exception("delivery %s: alert %s could not be laid out; sending it plain", delivery.key, alert.id)
            fault = f"could not be laid out ({type(error).__name__})"
        try:
            async with asyncio.timeout(self._settings.lease.total_seconds() * 0.95):
                if fault:
                    message = lane.sender.prepare_plain(delivery, alert)
                outcome = await lane.sender.transmit(delivery, message, progress)
        except Exception as error:
            log.exception("delivery %s: sending failed through a fault of ours", delivery.key)
            kind = OutcomeClass.UNKNOWN if progress.handed_over else OutcomeClass.CHANNEL_TRANSIENT
            outcome = Outcome(outcome=kind, detail=f"internal fault: {type(error).__name__}")
        if fault and outcome.outcome is OutcomeClass.OK:
            return Outcome(
                outcome=OutcomeClass.BUG, code=outcome.code, detail=f"{fault}; sent as plain text: {outcome.detail}"
            )
        return outcome

    async def _record(
        self,
        lane: Lane,
        delivery: Delivery,
        outcome: Outcome,
        following: Next,
        started_at: datetime,
        ended_at: datetime,
    ) -> None:
        """Record an outcome; while the archive refuses (a full disk), hold it as long as the lease lasts.

        Giving up at once would send the message again with every expired lease.
        """
        pause, deadline = self._settings.poll, delivery.lease_until or ended_at + self._settings.lease
        while True:
            try:
                await self._outbox.record(delivery, outcome, following, started_at, ended_at)
                return
            except Exception:
                log.exception("delivery %s: the outcome could not be stored yet", delivery.key)
            if self._stopping.is_set() or utc(self._clock()) >= deadline:
                return
            try:
                await asyncio.wait_for(self._stopping.wait(), pause.total_seconds())
            except TimeoutError:
                pause = min(pause * 2, self._settings.idle)

    async def _keep_breaker(self, lane: Lane, now: datetime) -> None:
        try:
            await self._outbox.save_breaker(lane.name, breakers.to_json(lane.breaker), now)
        except Exception:
            log.exception("channel %s: its health could not be stored; it starts fresh after a restart", lane.name)
