"""The outbox: in order per story and recipient, leased before sent, and no delivery is ever lost."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlite_utils import Database

from storage import alerts, channels, deliveries, stories
from storage.alerts import NewDelivery
from storage.database import open_writer, transaction
from storage.errors import NotFoundError
from storage.types import Alert, Delivery, DeliveryState, Outcome, OutcomeClass

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LEASE = 20 * MINUTE
OK = Outcome(outcome=OutcomeClass.OK, detail="250 accepted", code=250)
BUSY = Outcome(outcome=OutcomeClass.CHANNEL_TRANSIENT, detail="421 try later", code=421)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    for number in range(3):
        stories.create(opened, f"Titre {number}", NOW)
    yield opened
    opened.conn.close()


def queue(
    database: Database,
    key: str,
    *,
    story: int | None = 1,
    channel: str = "mail",
    recipient: str = "duty@example.org",
    due: datetime = NOW,
    state: DeliveryState = DeliveryState.PENDING,
    created: datetime = NOW,
) -> int:
    alert = Alert(
        id=f"alr_{key}", key=key, type="alert.new", watch_id="w", story_id=story, severity=4, headline="h",
        payload=f'{{"key": "{key}"}}', created_at=created,
    )  # fmt: skip
    row = NewDelivery(key=f"msg_{key}", channel_id=channel, recipient=recipient, state=state, next_attempt_at=due)
    assert alerts.raise_alert(database, alert, (row,), decision=None, article_id=None)
    return get(database, f"msg_{key}").id


def get(database: Database, key: str) -> Delivery:
    (found,) = [row for row in deliveries.listing(database, limit=10_000) if row.key == key]
    return found


def lease(database: Database, *, now: datetime = NOW, channel: str = "mail", limit: int = 10) -> list[str]:
    return [row.key for row, _ in deliveries.lease(database, channel, now, limit, LEASE)]


def record(
    database: Database,
    delivery_id: int,
    outcome: Outcome = OK,
    *,
    state: DeliveryState = DeliveryState.SENT,
    following: datetime | None = None,
    counts: bool = True,
    maybe: bool = False,
    ended: datetime = NOW + MINUTE,
) -> None:
    deliveries.record(
        database, delivery_id, outcome, state=state, next_attempt_at=following, counts=counts, maybe_delivered=maybe,
        started_at=NOW, ended_at=ended,
    )  # fmt: skip


# --- leases -----------------------------------------------------------------------------------------


def test_lease_gives_the_delivery_with_its_frozen_alert(database: Database) -> None:
    queue(database, "a")
    ((leased, alert),) = deliveries.lease(database, "mail", NOW, 10, LEASE)
    assert (leased.key, leased.state, leased.lease_until) == ("msg_a", DeliveryState.LEASED, NOW + LEASE)
    assert (alert.id, alert.payload) == ("alr_a", '{"key": "a"}')
    assert get(database, "msg_a") == leased
    assert lease(database, now=NOW + 60 * MINUTE) == []


def test_only_what_is_due_of_this_channel_is_leased_longest_due_first(database: Database) -> None:
    queue(database, "later", story=1, due=NOW + MINUTE)
    queue(database, "second", story=2, due=NOW)
    queue(database, "first", story=3, due=NOW - MINUTE)
    queue(database, "hook", channel="hook")
    queue(database, "silenced", story=None, state=DeliveryState.SUPPRESSED)
    assert lease(database, limit=1) == ["msg_first"]
    assert lease(database) == ["msg_second"]
    assert lease(database, channel="hook") == ["msg_hook"]
    assert lease(database, now=NOW + MINUTE) == ["msg_later"]


def test_one_story_arrives_in_order_at_each_recipient(database: Database) -> None:
    first = queue(database, "first", due=NOW + MINUTE)
    queue(database, "second", due=NOW)
    queue(database, "elsewhere", story=2)
    queue(database, "colleague", recipient="other@example.org")
    assert lease(database) == ["msg_elsewhere", "msg_colleague"]
    assert lease(database, now=NOW + MINUTE) == ["msg_first"]
    assert lease(database, now=NOW + MINUTE) == []
    record(database, first, BUSY, state=DeliveryState.PENDING, following=NOW + 30 * MINUTE)
    assert lease(database, now=NOW + 2 * MINUTE) == []
    assert lease(database, now=NOW + 30 * MINUTE) == ["msg_first"]
    record(database, first)
    assert lease(database, now=NOW + 30 * MINUTE) == ["msg_second"]


@pytest.mark.parametrize("state", [DeliveryState.DEAD, DeliveryState.SUPPRESSED])
def test_dead_letter_does_not_block_what_follows(database: Database, state: DeliveryState) -> None:
    first = queue(database, "first")
    queue(database, "second")
    lease(database)
    record(database, first, BUSY, state=state)
    assert lease(database) == ["msg_second"]


def test_alerts_without_a_story_never_wait_for_each_other(database: Database) -> None:
    queue(database, "one", story=None)
    queue(database, "two", story=None)
    assert lease(database) == ["msg_one", "msg_two"]


def test_next_due_and_count_speak_of_pending_ones(database: Database) -> None:
    assert deliveries.next_due(database, "mail") is None
    queue(database, "a", due=NOW + MINUTE)
    queue(database, "b", due=NOW, story=2)
    assert (deliveries.next_due(database, "mail"), deliveries.count_pending(database, "mail")) == (NOW, 2)
    lease(database)
    assert (deliveries.next_due(database, "mail"), deliveries.count_pending(database, "mail")) == (NOW + MINUTE, 1)
    assert deliveries.count(database, DeliveryState.LEASED) == 1


# --- outcomes ---------------------------------------------------------------------------------------


def test_sent_delivery_is_settled(database: Database) -> None:
    row = queue(database, "a")
    lease(database)
    record(database, row, BUSY, state=DeliveryState.PENDING, following=NOW)
    assert get(database, "msg_a").last_error == "421 try later"
    lease(database)
    record(database, row)
    sent = get(database, "msg_a")
    assert (sent.state, sent.attempts, sent.sent_at) == (DeliveryState.SENT, 2, NOW + MINUTE)
    assert (sent.last_error, sent.lease_until) == (None, None)
    log = list(database.query("SELECT outcome, code, detail FROM attempt ORDER BY id"))
    assert log == [
        {"outcome": "channel_transient", "code": 421, "detail": "421 try later"},
        {"outcome": "ok", "code": 250, "detail": "250 accepted"},
    ]


def test_attempt_that_does_not_count_leaves_the_plan_where_it_was(database: Database) -> None:
    row = queue(database, "a")
    lease(database)
    record(database, row, BUSY, state=DeliveryState.PENDING, following=NOW + MINUTE, counts=False)
    waiting = get(database, "msg_a")
    assert (waiting.attempts, waiting.next_attempt_at, waiting.lease_until) == (0, NOW + MINUTE, None)


def test_doubt_whether_it_arrived_is_never_forgotten(database: Database) -> None:
    row = queue(database, "a")
    lease(database)
    record(database, row, BUSY, state=DeliveryState.PENDING, following=NOW, maybe=True)
    lease(database)
    record(database, row, BUSY, state=DeliveryState.PENDING, following=NOW, maybe=False)
    assert get(database, "msg_a").maybe_delivered


def test_late_word_of_an_attempt_never_takes_back_a_sent_one(database: Database) -> None:
    row = queue(database, "a")
    lease(database)
    record(database, row)
    before = get(database, "msg_a")
    for state in (DeliveryState.PENDING, DeliveryState.DEAD, DeliveryState.SENT):
        record(database, row, BUSY, state=state, following=NOW, maybe=True, ended=NOW + 9 * MINUTE)
        deliveries.release(database, row, NOW, maybe_delivered=True)
    assert get(database, "msg_a") == before
    assert database.table("attempt").count == 4


def test_late_failure_of_an_attempt_leaves_what_was_decided_since(database: Database) -> None:
    """The lease expired, and a person gave the delivery up, while the attempt still hung."""
    row = queue(database, "a")
    lease(database)
    deliveries.recover(database, NOW + LEASE, everything=False)
    deliveries.discard(database, row, NOW + LEASE)
    before = get(database, "msg_a")
    record(database, row, BUSY, state=DeliveryState.PENDING, following=NOW)
    assert get(database, "msg_a") == before


def test_late_success_counts_whatever_was_decided_since(database: Database) -> None:
    row = queue(database, "a")
    lease(database)
    deliveries.recover(database, NOW + LEASE, everything=False)
    record(database, row)
    assert get(database, "msg_a").state is DeliveryState.SENT
    assert lease(database, now=NOW + 2 * LEASE) == []


# --- recovery ---------------------------------------------------------------------------------------


def test_expired_lease_returns_as_possibly_delivered(database: Database) -> None:
    queue(database, "a")
    lease(database)
    assert deliveries.recover(database, NOW + LEASE - MINUTE, everything=False) == 0
    assert deliveries.recover(database, NOW + LEASE, everything=False) == 1
    back = get(database, "msg_a")
    assert (back.state, back.maybe_delivered, back.attempts) == (DeliveryState.PENDING, True, 0)
    assert lease(database, now=NOW + LEASE) == ["msg_a"]


def test_start_takes_every_lease_back_whatever_the_clock_says(database: Database) -> None:
    queue(database, "a")
    queue(database, "b", story=2)
    lease(database, limit=1)
    assert deliveries.recover(database, NOW - 60 * MINUTE, everything=True) == 1
    assert lease(database) == ["msg_a", "msg_b"]


def test_released_lease_is_pending_and_untried(database: Database) -> None:
    row = queue(database, "a")
    lease(database)
    deliveries.release(database, row, NOW + MINUTE, maybe_delivered=False)
    back = get(database, "msg_a")
    assert (back.state, back.attempts, back.maybe_delivered) == (DeliveryState.PENDING, 0, False)
    assert (back.next_attempt_at, back.lease_until) == (NOW + MINUTE, None)
    deliveries.release(database, row, NOW + 9 * MINUTE, maybe_delivered=True)
    assert get(database, "msg_a") == back


def test_attempt_parked_by_a_clock_that_ran_ahead_is_pulled_back(database: Database) -> None:
    queue(database, "parked", due=NOW + timedelta(days=400))
    queue(database, "planned", due=NOW + MINUTE)
    assert deliveries.clamp(database, NOW + 60 * MINUTE) == 1
    assert get(database, "msg_parked").next_attempt_at == NOW + 60 * MINUTE
    assert get(database, "msg_planned").next_attempt_at == NOW + MINUTE


def test_only_pending_ones_of_a_channel_expire(database: Database) -> None:
    leased = queue(database, "leased")
    lease(database)
    for key, created in (("old", NOW - 2 * MINUTE), ("edge", NOW - MINUTE), ("new", NOW)):
        queue(database, key, story=2, created=created)
    queue(database, "hook", channel="hook", created=NOW - 2 * MINUTE)
    assert deliveries.expire(database, "mail", NOW - MINUTE, "disabled for 120 h") == 1
    dead = get(database, "msg_old")
    assert (dead.state, dead.last_error) == (DeliveryState.DEAD, "disabled for 120 h")
    assert {row.key for row in deliveries.listing(database, state=DeliveryState.PENDING)} == {
        "msg_edge", "msg_new", "msg_hook",
    }  # fmt: skip
    assert get(database, "msg_leased").id == leased


# --- by hand ----------------------------------------------------------------------------------------


def test_replayed_dead_letter_keeps_its_identity_and_gets_a_fresh_plan(database: Database) -> None:
    row = queue(database, "a")
    lease(database)
    record(database, row, BUSY, state=DeliveryState.DEAD, maybe=True)
    deliveries.replay(database, row, NOW + 60 * MINUTE)
    back = get(database, "msg_a")
    assert (back.id, back.key, back.state, back.attempts) == (row, "msg_a", DeliveryState.PENDING, 0)
    assert (back.created_at, back.next_attempt_at) == (NOW + 60 * MINUTE, NOW + 60 * MINUTE)
    assert back.maybe_delivered
    assert lease(database, now=NOW + 60 * MINUTE) == ["msg_a"]


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.SENT])
def test_only_what_is_given_up_is_replayed(database: Database, state: DeliveryState) -> None:
    row = queue(database, "a")
    if state is not DeliveryState.PENDING:
        lease(database)
    if state is DeliveryState.SENT:
        record(database, row)
    before = get(database, "msg_a")
    with pytest.raises(NotFoundError, match="deliveries list"):
        deliveries.replay(database, row, NOW)
    assert get(database, "msg_a") == before


def test_discarded_delivery_is_never_leased_and_can_come_back(database: Database) -> None:
    row = queue(database, "a")
    queue(database, "b")
    deliveries.discard(database, row, NOW)
    assert lease(database) == ["msg_b"]
    kept = get(database, "msg_a")
    assert kept.state is DeliveryState.SUPPRESSED
    assert "discarded by hand" in (kept.last_error or "")
    deliveries.replay(database, row, NOW)
    assert get(database, "msg_a").state is DeliveryState.PENDING
    with pytest.raises(NotFoundError, match="deliveries list"):
        deliveries.discard(database, 99, NOW)


def test_leased_or_sent_delivery_cannot_be_discarded(database: Database) -> None:
    row = queue(database, "a")
    lease(database)
    with pytest.raises(NotFoundError):
        deliveries.discard(database, row, NOW)
    record(database, row)
    with pytest.raises(NotFoundError):
        deliveries.discard(database, row, NOW)


def test_list_is_newest_first_and_can_be_narrowed(database: Database) -> None:
    for number in range(3):
        queue(database, str(number), created=NOW + number * MINUTE)
    assert [row.key for row in deliveries.listing(database)] == ["msg_2", "msg_1", "msg_0"]
    assert [row.key for row in deliveries.listing(database, alert_id="alr_1")] == ["msg_1"]
    assert [row.key for row in deliveries.listing(database, limit=1)] == ["msg_2"]
    assert deliveries.listing(database, state=DeliveryState.DEAD) == []


def test_health_of_a_channel_survives(database: Database) -> None:
    assert channels.state(database, "mail") is None
    channels.save(database, "mail", '{"open": true}', NOW)
    channels.save(database, "mail", '{"open": false}', NOW)
    channels.save(database, "hook", "{}", NOW)
    assert channels.state(database, "mail") == '{"open": false}'


# --- everything at once -----------------------------------------------------------------------------


class Outbox(RuleBasedStateMachine):
    """Senders, audits, people and crashes act in any order on one channel."""

    def __init__(self) -> None:
        super().__init__()
        self.scratch = tempfile.TemporaryDirectory()
        self.database = open_writer(Path(self.scratch.name))
        self.now = NOW
        #: key → id, as queued
        self.queued: dict[str, int] = {}
        self.sent: dict[str, Delivery] = {}
        #: what senders believe to hold
        self.held: list[Delivery] = []
        self.attempts = 0

    def teardown(self) -> None:
        self.database.conn.close()
        self.scratch.cleanup()

    @initialize()
    def open_stories(self) -> None:
        for number in range(2):
            stories.create(self.database, str(number), NOW)

    @rule(
        story=st.sampled_from([None, 1, 2]), recipient=st.sampled_from(["a@x.org", "b@x.org"]), wait=st.integers(0, 30)
    )
    def decide(self, story: int | None, recipient: str, wait: int) -> None:
        key = str(len(self.queued))
        self.queued[f"msg_{key}"] = queue(
            self.database, key, story=story, recipient=recipient, due=self.now + wait * MINUTE, created=self.now
        )

    @rule(minutes=st.integers(-120, 120))
    def the_clock_moves(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    @rule(limit=st.integers(1, 4))
    def lease_some(self, limit: int) -> None:
        with transaction(self.database):
            leased = [delivery for delivery, _ in deliveries.lease(self.database, "mail", self.now, limit, LEASE)]
        assert len(leased) <= limit
        assert all(delivery.next_attempt_at <= self.now for delivery in leased)
        lanes = [(self.story_of(delivery), delivery.recipient) for delivery in leased]
        with_story = [lane for lane in lanes if lane[0] is not None]
        assert len(with_story) == len(set(with_story)), "two of one story under way to one recipient"
        self.held += leased

    @rule(
        data=st.data(),
        state=st.sampled_from([DeliveryState.SENT, DeliveryState.PENDING, DeliveryState.DEAD]),
        wait=st.integers(0, 90),
        counts=st.booleans(),
        maybe=st.booleans(),
    )
    def an_attempt_ends(self, data: st.DataObject, state: DeliveryState, wait: int, counts: bool, maybe: bool) -> None:
        """Also one whose lease somebody else took back meanwhile."""
        if not self.held:
            return
        delivery = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        record(
            self.database, delivery.id, OK if state is DeliveryState.SENT else BUSY, state=state,
            following=self.now + wait * MINUTE if state is DeliveryState.PENDING else None, counts=counts,
            maybe=maybe, ended=self.now,
        )  # fmt: skip
        self.attempts += 1
        if state is DeliveryState.SENT:
            self.sent.setdefault(delivery.key, get(self.database, delivery.key))

    @rule(data=st.data(), maybe=st.booleans())
    def a_sender_is_stopped(self, data: st.DataObject, maybe: bool) -> None:
        if self.held:
            delivery = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
            deliveries.release(self.database, delivery.id, self.now, maybe_delivered=maybe)

    @rule(crash=st.booleans())
    def leases_are_recovered(self, crash: bool) -> None:
        if crash:
            self.held.clear()
        deliveries.recover(self.database, self.now, everything=crash)

    @rule()
    def the_audit_clamps(self) -> None:
        deliveries.clamp(self.database, self.now + 60 * MINUTE)
        waiting = deliveries.listing(self.database, state=DeliveryState.PENDING, limit=10_000)
        assert all(row.next_attempt_at <= self.now + 60 * MINUTE for row in waiting)

    @rule(minutes=st.integers(0, 300))
    def the_horizon_passes(self, minutes: int) -> None:
        deliveries.expire(self.database, "mail", self.now - minutes * MINUTE, "given up")

    @rule(data=st.data(), again=st.booleans())
    def a_person_decides(self, data: st.DataObject, again: bool) -> None:
        if not self.queued:
            return
        row = data.draw(st.sampled_from(sorted(self.queued.values())))
        with contextlib.suppress(NotFoundError):
            (deliveries.replay if again else deliveries.discard)(self.database, row, self.now)

    def story_of(self, delivery: Delivery) -> int | None:
        return alerts.get(self.database, delivery.alert_id).story_id

    @invariant()
    def nothing_is_lost_and_nothing_changes_its_name(self) -> None:
        rows = deliveries.listing(self.database, limit=10_000)
        assert {row.key: row.id for row in rows} == self.queued
        assert self.database.table("attempt").count == self.attempts

    @invariant()
    def sent_never_goes_back(self) -> None:
        rows = {row.key: row for row in deliveries.listing(self.database, limit=10_000)}
        assert {key for key, row in rows.items() if row.state is DeliveryState.SENT} == set(self.sent)
        assert all(rows[key] == row for key, row in self.sent.items())

    @invariant()
    def a_lease_has_an_end_and_nothing_else_has(self) -> None:
        for row in deliveries.listing(self.database, limit=10_000):
            assert (row.lease_until is not None) == (row.state is DeliveryState.LEASED)
            assert (row.sent_at is not None) == (row.state is DeliveryState.SENT)


Outbox.TestCase.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
TestOutbox = Outbox.TestCase
