"""The dispatcher over an outbox in memory: nothing lost, order kept, channels apart, stops in time."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session
from standardwebhooks import Webhook

from alerts.attempts import Counts
from alerts.breaker import Breaker, from_json
from alerts.dispatch import Dispatcher
from alerts.errors import ChannelError, RenderError
from alerts.payload import build_payload
from alerts.schedule import Next
from alerts.sender import Progress, Sender
from alerts.settings import Channel, DeliverySettings, EmailChannel, WebhookChannel
from storage.types import (
    Alert,
    Decision,
    DecisionKind,
    Delivery,
    DeliveryState,
    Outcome,
    OutcomeClass,
    Signal,
    Status,
    Story,
    Watch,
)  # fmt: skip

SECRET = "whsec_" + base64.b64encode(b"first key of thirty-two bytes...").decode()
START = datetime(2026, 9, 19, 12, tzinfo=UTC)
QUICK = DeliverySettings(poll=timedelta(seconds=0.01), idle=timedelta(seconds=0.05))


class Clock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@dataclass
class MemoryOutbox:
    """The outbox protocol over a dictionary: the reference of what it promises."""

    rows: dict[int, Delivery] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)
    attempts: list[tuple[int, Outcome, Next]] = field(default_factory=list)
    breakers: dict[str, str] = field(default_factory=dict)
    #: how many of the next records fail, as on a full disk
    refused_records: int = 0
    broken: bool = False

    def add(self, channel_id: str, story_id: int = 1, recipient: str = "", payload: str = '{"n":1}') -> Delivery:
        number = len(self.rows) + 1
        alert = Alert(
            id=f"alr_{number}", key=f"k{number}", type="alert.new", watch_id="w", story_id=story_id, severity=4,
            headline=f"Grave {number}", payload=payload, created_at=START,
        )  # fmt: skip
        self.alerts[alert.id] = alert
        self.rows[number] = Delivery(
            id=number, key=f"msg_{number}", alert_id=alert.id, channel_id=channel_id, recipient=recipient,
            state=DeliveryState.PENDING, attempts=0, created_at=START, next_attempt_at=START,
        )  # fmt: skip
        return self.rows[number]

    def state(self, number: int) -> DeliveryState:
        return self.rows[number].state

    async def lease(
        self, channel_id: str, now: datetime, limit: int, lease_for: timedelta, *, without: Sequence[str] = ()
    ) -> list[tuple[Delivery, Alert]]:
        if self.broken:
            raise OSError("disk gone")
        due = [r for r in self.rows.values() if r.channel_id == channel_id and r.state is DeliveryState.PENDING]
        due = sorted((r for r in due if r.next_attempt_at <= now), key=lambda r: (r.next_attempt_at, r.id))
        free = [r for r in due if not self._behind_another(r)][:limit]
        for row in free:
            self.rows[row.id] = replace(row, state=DeliveryState.LEASED, lease_until=now + lease_for)
        return [(self.rows[row.id], self.alerts[row.alert_id]) for row in free]

    def _behind_another(self, row: Delivery) -> bool:
        story = self.alerts[row.alert_id].story_id
        return any(
            other.id < row.id
            and other.state in (DeliveryState.PENDING, DeliveryState.LEASED)
            and (other.channel_id, other.recipient) == (row.channel_id, row.recipient)
            and self.alerts[other.alert_id].story_id == story
            for other in self.rows.values()
        )

    async def record(
        self, delivery: Delivery, outcome: Outcome, following: Next, started_at: datetime, ended_at: datetime
    ) -> None:
        if self.refused_records:
            self.refused_records -= 1
            raise OSError("disk full")
        assert started_at <= ended_at
        row = self.rows[delivery.id]
        assert row.state is DeliveryState.LEASED
        self.attempts.append((delivery.id, outcome, following))
        self.rows[delivery.id] = replace(
            row, state=following.state, attempts=row.attempts + following.counts, lease_until=None,
            next_attempt_at=following.next_attempt_at or row.next_attempt_at, last_error=outcome.detail,
            maybe_delivered=row.maybe_delivered or following.maybe_delivered,
        )  # fmt: skip

    async def release(self, delivery: Delivery, now: datetime, *, maybe_delivered: bool) -> None:
        row = self.rows[delivery.id]
        self.rows[delivery.id] = replace(
            row, state=DeliveryState.PENDING, lease_until=None, maybe_delivered=row.maybe_delivered or maybe_delivered
        )

    async def revive(self, delivery: Delivery, at: datetime, detail: str) -> None:
        row = self.rows[delivery.id]
        assert row.state is DeliveryState.DEAD
        self.rows[delivery.id] = replace(row, state=DeliveryState.PENDING, next_attempt_at=at, last_error=detail)

    async def expire(
        self, channel_id: str, created_before: datetime, detail: str, *, without: Sequence[str] = ()
    ) -> int:
        old = [
            row
            for row in self.rows.values()
            if row.channel_id == channel_id and row.state is DeliveryState.PENDING and row.created_at < created_before
        ]
        for row in old:
            self.rows[row.id] = replace(row, state=DeliveryState.DEAD, last_error=detail)
        return len(old)

    async def next_due(self, channel_id: str, *, without: Sequence[str] = ()) -> datetime | None:
        rows = (r for r in self.rows.values() if r.channel_id == channel_id and r.state is DeliveryState.PENDING)
        return min((row.next_attempt_at for row in rows), default=None)

    async def pending(self, channel_id: str) -> int:
        return sum(r.channel_id == channel_id and r.state is DeliveryState.PENDING for r in self.rows.values())

    async def load_breaker(self, name: str) -> str | None:
        return self.breakers.get(name)

    async def save_breaker(self, name: str, state: str, now: datetime) -> None:
        self.breakers[name] = state


class Scripted:
    """A sender with a script of outcomes; the last one repeats."""

    def __init__(self, *script: OutcomeClass | Exception) -> None:
        self.script = list(script) or [OutcomeClass.OK]
        self.sent: list[tuple[str, bytes]] = []
        self.unreadable = False
        self.gate: asyncio.Event | None = None
        self.hands_over = False
        self.closed = False
        self.inside = 0
        self.most_inside = 0

    def prepare(self, delivery: Delivery, alert: Alert) -> bytes:
        if self.unreadable:
            raise RenderError("no words")
        return alert.payload.encode()

    def prepare_plain(self, delivery: Delivery, alert: Alert) -> bytes:
        return b"plain " + alert.id.encode()

    async def transmit(self, delivery: Delivery, message: bytes, progress: Progress) -> Outcome:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            self.sent.append((delivery.key, message))
            progress.handed_over = self.hands_over
            if self.gate is not None:
                await self.gate.wait()
            step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            if isinstance(step, Exception):
                raise step
            return Outcome(outcome=step, detail=f"said {step}")
        finally:
            self.inside -= 1

    async def close(self) -> None:
        self.closed = True


def hook(name: str, url: str = "http://127.0.0.1:9/hook") -> WebhookChannel:
    return WebhookChannel(id=name, url=url, secrets=(SECRET,), allow_cidrs=("127.0.0.0/8",))


def dispatcher(outbox: MemoryOutbox, clock: Callable[[], datetime], **senders: Sender) -> Dispatcher:
    channels: list[Channel] = [hook(name) for name in senders]
    return Dispatcher(channels, QUICK, outbox, clock, senders=senders, chance=lambda: 0.5)


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (what is waited for is a state, not an event)
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(running_dispatcher: Dispatcher) -> AsyncIterator[None]:
    task = asyncio.create_task(running_dispatcher.run())
    try:
        yield
    finally:
        await running_dispatcher.stop(1.0)
        await task


async def test_one_pass_sends_what_is_due_and_counts() -> None:
    outbox, clock, sender = (
        MemoryOutbox(),
        Clock(),
        Scripted(OutcomeClass.OK, OutcomeClass.CHANNEL_TRANSIENT, OutcomeClass.OK),
    )
    for story in (1, 2, 3):
        outbox.add("a", story)
    outbox.rows[3] = replace(outbox.rows[3], next_attempt_at=START + timedelta(hours=1))
    counts = await dispatcher(outbox, clock, a=sender).run_once()
    assert counts == Counts(sent=1, failed=1, remaining=2)
    assert [key for key, _ in sender.sent] == ["msg_1", "msg_2"]
    assert outbox.rows[2].next_attempt_at == START + timedelta(seconds=5)
    assert outbox.rows[2].attempts == 1
    assert sender.closed


async def test_one_pass_with_nothing_to_do() -> None:
    assert await dispatcher(MemoryOutbox(), Clock()).run_once() == Counts(sent=0, failed=0, remaining=0)
    assert await dispatcher(MemoryOutbox(), Clock(), a=Scripted()).run_once() == Counts(sent=0, failed=0, remaining=0)


async def test_one_pass_attempts_each_delivery_once_even_when_its_retry_is_due_at_once() -> None:
    outbox, clock = MemoryOutbox(), Clock()

    class Slow(Scripted):
        async def transmit(self, delivery: Delivery, message: bytes, progress: Progress) -> Outcome:
            clock.now += timedelta(minutes=1)
            return await super().transmit(delivery, message, progress)

    outbox.add("a")
    sender = Slow(OutcomeClass.CHANNEL_TRANSIENT)
    counts = await dispatcher(outbox, clock, a=sender).run_once()
    assert (counts.failed, len(sender.sent)) == (1, 1)


async def test_a_story_is_told_in_order_and_stories_do_not_wait_for_each_other() -> None:
    outbox, clock, sender = MemoryOutbox(), Clock(), Scripted(OutcomeClass.CHANNEL_TRANSIENT, OutcomeClass.OK)
    outbox.add("a", story_id=1)
    outbox.add("a", story_id=1)
    outbox.add("a", story_id=2)
    work = dispatcher(outbox, clock, a=sender)
    await work.run_once()
    assert [key for key, _ in sender.sent] == ["msg_1", "msg_3"]
    clock.now += timedelta(seconds=5)
    await work.run_once()
    assert [key for key, _ in sender.sent] == ["msg_1", "msg_3", "msg_1", "msg_2"]
    assert {row.state for row in outbox.rows.values()} == {DeliveryState.SENT}


async def test_a_dead_letter_does_not_block_its_story() -> None:
    outbox, sender = MemoryOutbox(), Scripted(OutcomeClass.PERMANENT_RECIPIENT, OutcomeClass.OK)
    outbox.add("a", story_id=1)
    outbox.add("a", story_id=1)
    counts = await dispatcher(outbox, Clock(), a=sender).run_once()
    assert (outbox.state(1), outbox.state(2)) == (DeliveryState.DEAD, DeliveryState.SENT)
    assert counts == Counts(sent=1, failed=1, remaining=0)


async def test_a_new_alert_leaves_at_once_when_woken() -> None:
    outbox, sender = MemoryOutbox(), Scripted()
    slow = replace(QUICK, poll=timedelta(hours=1), idle=timedelta(hours=1))
    work = Dispatcher([hook("a")], slow, outbox, Clock(), senders={"a": sender})
    async with running(work):
        await asyncio.sleep(0)
        outbox.add("a")
        work.wake()
        await until(lambda: outbox.state(1) is DeliveryState.SENT)


async def test_a_retry_comes_by_itself_when_it_is_due() -> None:
    outbox, clock, sender = MemoryOutbox(), Clock(), Scripted(OutcomeClass.CHANNEL_TRANSIENT, OutcomeClass.OK)
    outbox.add("a")
    async with running(dispatcher(outbox, clock, a=sender)):
        await until(lambda: outbox.rows[1].attempts == 1)
        clock.now += timedelta(seconds=6)
        await until(lambda: outbox.state(1) is DeliveryState.SENT)
    assert len(sender.sent) == 2


async def test_a_hung_channel_delays_no_other() -> None:
    outbox, hung, well = MemoryOutbox(), Scripted(), Scripted()
    hung.gate = asyncio.Event()
    for story in range(50):
        outbox.add("hung", story)
        outbox.add("well", story)
    async with running(dispatcher(outbox, Clock(), hung=hung, well=well)):
        await until(lambda: len(well.sent) == 50)
        assert hung.inside == QUICK.concurrency
        hung.gate.set()
        await until(lambda: len(hung.sent) == 50)
    assert max(hung.most_inside, well.most_inside) <= QUICK.concurrency
    assert {row.state for row in outbox.rows.values()} == {DeliveryState.SENT}


@pytest.mark.parametrize("handed_over", [True, False])
async def test_stopping_gives_back_what_hangs(handed_over: bool) -> None:
    outbox, sender = MemoryOutbox(), Scripted()
    sender.gate, sender.hands_over = asyncio.Event(), handed_over
    outbox.add("a")
    work = dispatcher(outbox, Clock(), a=sender)
    task = asyncio.create_task(work.run())
    await until(lambda: sender.inside == 1)
    started = asyncio.get_running_loop().time()
    await work.stop(0.1)
    await task
    assert asyncio.get_running_loop().time() - started < 2
    assert outbox.state(1) is DeliveryState.PENDING
    assert outbox.rows[1].maybe_delivered is handed_over
    assert outbox.attempts == []
    assert sender.closed


async def test_stopping_lets_what_is_under_way_finish() -> None:
    outbox, sender = MemoryOutbox(), Scripted()
    sender.gate = asyncio.Event()
    outbox.add("a")
    outbox.add("a")
    work = dispatcher(outbox, Clock(), a=sender)
    task = asyncio.create_task(work.run())
    await until(lambda: sender.inside == 1)
    stopping = asyncio.create_task(work.stop(5.0))
    await asyncio.sleep(0)
    sender.gate.set()
    await stopping
    await task
    assert (outbox.state(1), outbox.state(2)) == (DeliveryState.SENT, DeliveryState.PENDING)


async def test_a_cancelled_run_leaves_no_task_and_no_lease() -> None:
    outbox, sender = MemoryOutbox(), Scripted()
    sender.gate = asyncio.Event()
    outbox.add("a")
    task = asyncio.create_task(dispatcher(outbox, Clock(), a=sender).run())
    await until(lambda: sender.inside == 1)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert outbox.state(1) is DeliveryState.PENDING
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_unreadable_alert_goes_out_plain_once_and_is_kept_as_a_dead_letter() -> None:
    outbox, sender = MemoryOutbox(), Scripted()
    sender.unreadable = True
    outbox.add("a")
    outbox.add("a", story_id=2)
    counts = await dispatcher(outbox, Clock(), a=sender).run_once()
    assert sender.sent == [("msg_1", b"plain alr_1"), ("msg_2", b"plain alr_2")]
    assert outbox.state(1) is DeliveryState.DEAD
    assert outbox.attempts[0][1].outcome is OutcomeClass.BUG
    assert "plain text" in (outbox.rows[1].last_error or "")
    assert counts.remaining == 0


async def test_a_plain_fallback_that_cannot_leave_yet_is_tried_again() -> None:
    outbox, clock, sender = MemoryOutbox(), Clock(), Scripted(OutcomeClass.CHANNEL_TRANSIENT, OutcomeClass.OK)
    sender.unreadable = True
    outbox.add("a")
    work = dispatcher(outbox, clock, a=sender)
    await work.run_once()
    assert outbox.state(1) is DeliveryState.PENDING
    clock.now += timedelta(seconds=6)
    await work.run_once()
    assert outbox.state(1) is DeliveryState.DEAD
    assert len(sender.sent) == 2


@pytest.mark.parametrize(
    ("handed_over", "kind"), [(True, OutcomeClass.UNKNOWN), (False, OutcomeClass.CHANNEL_TRANSIENT)]
)
async def test_a_fault_of_ours_is_retried_and_never_ends_the_worker(handed_over: bool, kind: OutcomeClass) -> None:
    outbox, clock, sender = MemoryOutbox(), Clock(), Scripted(RuntimeError("S3CR3T"), OutcomeClass.OK)
    sender.hands_over = handed_over
    outbox.add("a")
    async with running(dispatcher(outbox, clock, a=sender)):
        await until(lambda: outbox.rows[1].attempts == 1)
        assert outbox.attempts[0][1].outcome is kind
        assert "S3CR3T" not in outbox.attempts[0][1].detail
        clock.now += timedelta(seconds=6)
        await until(lambda: outbox.state(1) is DeliveryState.SENT)


async def test_an_outcome_is_held_while_the_archive_refuses() -> None:
    outbox, sender = MemoryOutbox(refused_records=3), Scripted()
    outbox.add("a")
    async with running(dispatcher(outbox, Clock(), a=sender)):
        await until(lambda: outbox.state(1) is DeliveryState.SENT)
    assert len(sender.sent) == 1, "a full disk sends nothing twice"


async def test_an_outbox_that_cannot_be_read_is_looked_at_again() -> None:
    outbox, sender = MemoryOutbox(broken=True), Scripted()
    outbox.add("a")
    async with running(dispatcher(outbox, Clock(), a=sender)):
        await asyncio.sleep(0.02)
        outbox.broken = False
        await until(lambda: outbox.state(1) is DeliveryState.SENT)


async def test_a_broken_channel_burns_no_attempts_and_recovers_by_a_probe() -> None:
    outbox, clock = MemoryOutbox(), Clock()
    sender = Scripted(*[OutcomeClass.CHANNEL_TRANSIENT] * 9, OutcomeClass.OK)
    for story in range(20):
        outbox.add("a", story)
    work = dispatcher(outbox, clock, a=sender)
    await work.run_once()
    # The breaker opens at the fifth failure; what was under way beside it ends as well, and is no probe.
    assert len(sender.sent) == 6
    assert work.breakers()["a"].failures == 5
    assert await work.run_once() == Counts(sent=0, failed=0, remaining=20), "nothing leaves before the probe"
    counted = sum(row.attempts for row in outbox.rows.values())
    assert counted <= 5
    for probe in (1, 2, 3, 4):
        wait_until = work.breakers()["a"].wait_until
        assert wait_until is not None
        clock.now = wait_until
        counts = await work.run_once()
        if probe < 4:
            assert counts.sent == 0
            assert len(sender.sent) == 6 + probe, "one probe at a time"
            assert sum(row.attempts for row in outbox.rows.values()) == counted, "probes do not count"
    assert clock.now == START + timedelta(seconds=30 + 60 + 120 + 240)
    assert work.breakers()["a"] == Breaker()
    clock.now += timedelta(hours=1)
    await work.run_once()
    assert {row.state for row in outbox.rows.values()} == {DeliveryState.SENT}


async def test_the_breaker_outlives_a_restart() -> None:
    outbox, clock = MemoryOutbox(), Clock()
    for story in range(6):
        outbox.add("a", story)
    await dispatcher(outbox, clock, a=Scripted(OutcomeClass.CHANNEL_TRANSIENT)).run_once()
    again = Scripted()
    assert (await dispatcher(outbox, clock, a=again).run_once()).sent == 0
    assert again.sent == []
    assert from_json(outbox.breakers["a"]).failures >= 5


async def test_a_receiver_that_is_gone_is_called_no_more_until_reset() -> None:
    outbox, clock = MemoryOutbox(), Clock()
    sender = Scripted(OutcomeClass.GONE, OutcomeClass.OK)
    outbox.add("a", 1)
    outbox.add("a", 1)
    work = dispatcher(outbox, clock, a=sender)
    await work.run_once()
    assert [key for key, _ in sender.sent] == ["msg_1"]
    assert (outbox.state(1), outbox.state(2)) == (DeliveryState.DEAD, DeliveryState.DEAD)
    assert "wants no more" in (outbox.rows[2].last_error or "")
    await work.reset("a")
    outbox.add("a", 2)
    await work.run_once()
    assert outbox.state(3) is DeliveryState.SENT
    with pytest.raises(ChannelError, match="nosuch"):
        await work.reset("nosuch")


async def test_what_waits_behind_a_broken_channel_dies_at_its_horizon() -> None:
    outbox, clock = MemoryOutbox(), Clock()
    for story in range(12):
        outbox.add("a", story)
    sender = Scripted(OutcomeClass.CHANNEL_TRANSIENT)
    work = dispatcher(outbox, clock, a=sender)
    await work.run_once()
    clock.now += timedelta(hours=79)
    calls = len(sender.sent)
    await work.run_once()
    assert {row.state for row in outbox.rows.values()} == {DeliveryState.DEAD}
    assert len(sender.sent) == calls
    assert "horizon" in (outbox.rows[12].last_error or "")


def test_two_channels_cannot_share_an_id() -> None:
    with pytest.raises(ChannelError, match="another channel"):
        Dispatcher([hook("a"), hook("a")], QUICK, MemoryOutbox(), Clock())


# --- the real senders ------------------------------------------------------------------------------


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[tuple[str, bytes]] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (the library's name)
        assert isinstance(envelope.original_content, bytes)
        self.mails.append((envelope.rcpt_tos[0], envelope.original_content))
        return "250 OK"


def payload() -> str:
    signal = Signal(
        type="expel_diplomats", severity=4, actor="FRA", target="MLI", status=Status.ASSERTED,
        sentence="Paris expulse.", start=0, end=5, rule="fr.expel",
    )  # fmt: skip
    return build_payload(
        watch=Watch(id="w", name="W"),
        decision=Decision(
            watch_id="w", kind=DecisionKind.NEW, reason="new_story", detail="", severity=4, signals=(signal,)
        ),
        story=Story(
            id=1, headline="h", first_seen_at=START, last_seen_at=START, articles=1, outlets=1, origins=(), severity=4
        ),
        articles=(), alert_id="alr_1", public_url="https://v.example", language="fr", created_at=START, sequence=1,
    )  # fmt: skip


async def test_mail_and_webhook_end_to_end() -> None:
    mailbox, posts = Mailbox(), list[tuple[dict[str, str], bytes]]()
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: SMTP(mailbox, hostname="mail.test", loop=loop), "127.0.0.1", 0)

    async def receive(request: web.Request) -> web.Response:
        posts.append(({k.lower(): v for k, v in request.headers.items()}, await request.read()))
        # Fails once: the second attempt must carry the same id and body.
        return web.Response(status=500 if len(posts) == 1 else 204)

    app = web.Application()
    app.router.add_post("/hook", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    people = ("awa@example.org", "jean@example.org")
    channels: list[Channel] = [
        hook("hook", f"http://127.0.0.1:{runner.addresses[0][1]}/hook"),
        EmailChannel(
            id="mail", host="127.0.0.1", port=smtp.sockets[0].getsockname()[1], tls="none", sender="v@example.org",
            recipients=people,
        ),
    ]  # fmt: skip
    outbox = MemoryOutbox()
    outbox.add("hook", payload=payload())
    for person in people:
        outbox.add("mail", recipient=person, payload=payload())
    settings = replace(QUICK, webhook_retries=(timedelta(seconds=0.01),))
    work = Dispatcher(channels, settings, outbox, lambda: datetime.now(tz=UTC), install_id="i")
    outbox.rows = {number: replace(row, created_at=datetime.now(tz=UTC)) for number, row in outbox.rows.items()}
    try:
        async with running(work):
            await until(lambda: all(row.state is DeliveryState.SENT for row in outbox.rows.values()))
    finally:
        await runner.cleanup()
        smtp.close()
        await smtp.wait_closed()
    assert sorted(to for to, _ in mailbox.mails) == sorted(people)
    assert len({raw.split(b"Message-ID: ")[1].split(b"\r\n")[0] for _, raw in mailbox.mails}) == 2
    assert len(posts) == 2
    assert {(headers["webhook-id"], body) for headers, body in posts} == {("msg_1", payload().encode())}
    for headers, body in posts:
        assert Webhook(SECRET).verify(body, headers)["data"]["alert"] == "alr_1"
