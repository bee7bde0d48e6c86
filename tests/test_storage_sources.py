"""Sources: due times, validators and failures survive restarts, changes of configuration and wrong clocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import sources
from storage.database import open_writer, transaction
from storage.types import CrawlFailure, FailureReason, FeedState, PollResult, Source

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
FLEUVE = Source(id="fleuve", name="Le Fleuve", url="https://fleuve.example/", country="MLI", language="fr")
SAHEL = Source(id="sahel", name="Sahel Hebdo", url="https://sahel.example/")
FEED = "https://fleuve.example/feed.xml"
TIMEOUT = CrawlFailure(reason=FailureReason.TIMEOUT, detail="no answer within 30 s")
FRESH = PollResult(
    order_id="1",
    source_id="fleuve",
    url=FEED,
    etag='"v1"',
    last_modified="Tue, 10 Mar 2026 08:00:00 GMT",
    body_hash="a1",
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        sources.sync(opened, [FLEUVE, SAHEL], NOW)
    yield opened
    opened.conn.close()


def poll(
    database: Database,
    *,
    failure: CrawlFailure | None = None,
    new: int = 0,
    wait: timedelta = MINUTE,
    now: datetime = NOW,
    source: str = "fleuve",
) -> None:
    sources.record_poll(database, source, failure=failure, new_entries=new, next_check_at=now + wait, now=now)


def feed(database: Database, result: PollResult) -> FeedState:
    sources.record_feed(database, result, NOW)
    return sources.feed_state(database, result.source_id, result.url)


# --- schedule ---------------------------------------------------------------------------------------


def test_new_source_is_due_at_once_and_a_claimed_one_is_not(database: Database) -> None:
    assert sources.due(database, NOW) == ["fleuve", "sahel"]
    sources.claim(database, "fleuve", NOW + MINUTE)
    assert sources.due(database, NOW) == ["sahel"]
    assert sources.due(database, NOW + MINUTE) == ["sahel", "fleuve"]
    assert sources.due(database, NOW + MINUTE, limit=1) == ["sahel"]
    assert sources.due(database, NOW - MINUTE) == []


def test_source_whose_poll_was_cut_off_is_due_as_before(database: Database) -> None:
    poll(database, failure=TIMEOUT, wait=MINUTE)
    sources.claim(database, "fleuve", NOW + timedelta(minutes=10))
    sources.claim(database, "fleuve", NOW + timedelta(minutes=20))
    sources.claim(database, "sahel", NOW + timedelta(minutes=10))
    poll(database, source="sahel", wait=timedelta(hours=1))
    assert sources.release_claims(database) == 1
    assert sources.due(database, NOW) == []
    assert sources.due(database, NOW + MINUTE) == ["fleuve"]
    assert sources.release_claims(database) == 0


def test_source_that_could_not_be_polled_is_due_when_it_is_given_back(database: Database) -> None:
    sources.claim(database, "fleuve", NOW + timedelta(minutes=10))
    sources.release(database, "fleuve", NOW + MINUTE)
    assert "fleuve" not in sources.due(database, NOW)
    assert "fleuve" in sources.due(database, NOW + MINUTE)
    assert sources.release_claims(database) == 0


def test_disabled_or_removed_source_is_never_due_and_comes_back_with_its_memory(database: Database) -> None:
    poll(database, failure=TIMEOUT)
    with transaction(database):
        sources.sync(database, [replace(SAHEL, enabled=False)], NOW)
    assert sources.due(database, NOW + timedelta(days=9)) == []
    assert sources.states(database) == []
    with transaction(database):
        sources.sync(database, [replace(FLEUVE, name="Fleuve", country="FRA")], NOW)
    state = sources.state(database, "fleuve")
    assert state is not None
    assert (state.failures, state.failure, state.next_check_at) == (1, FailureReason.TIMEOUT, NOW + MINUTE)
    assert sources.country(database, "fleuve") == "FRA"
    assert [known.source_id for known in sources.states(database)] == ["fleuve"]


def test_source_parked_by_a_clock_that_ran_ahead_is_pulled_back(database: Database) -> None:
    sources.claim(database, "fleuve", NOW + timedelta(days=400))
    sources.claim(database, "sahel", NOW + timedelta(hours=1))
    assert sources.clamp(database, NOW) == 1
    state = sources.state(database, "fleuve")
    assert state is not None
    assert state.next_check_at == NOW + sources.LONGEST_BACKOFF
    sources.claim(database, "fleuve", NOW + timedelta(days=400))
    with transaction(database):
        sources.sync(database, [FLEUVE], NOW)
    assert sources.due(database, NOW + sources.LONGEST_BACKOFF) == ["fleuve"]


def test_source_of_an_import_exists_and_is_never_polled(database: Database) -> None:
    sources.ensure(database, "import", "Import", "", NOW)
    sources.ensure(database, "fleuve", "Other name", "", NOW)
    assert "import" not in sources.due(database, NOW + timedelta(days=9))
    assert sources.country(database, "fleuve") == "MLI"
    assert sources.state(database, "import") is not None
    assert sources.state(database, "nobody") is None
    assert sources.country(database, "nobody") is None


# --- how polls went ---------------------------------------------------------------------------------


def test_failures_are_counted_until_a_poll_succeeds(database: Database) -> None:
    for count in (1, 2, 3):
        poll(database, failure=TIMEOUT, wait=count * MINUTE)
        state = sources.state(database, "fleuve")
        assert state is not None
        assert (state.failures, state.failure, state.detail) == (count, FailureReason.TIMEOUT, TIMEOUT.detail)
        assert (state.last_checked_at, state.last_success_at, state.last_new_at) == (NOW, None, None)
        assert state.next_check_at == NOW + count * MINUTE
    poll(database, new=2)
    state = sources.state(database, "fleuve")
    assert state is not None
    assert (state.failures, state.failure, state.detail) == (0, None, None)
    assert (state.last_success_at, state.last_new_at) == (NOW, NOW)


def test_poll_without_news_keeps_when_the_last_news_came(database: Database) -> None:
    poll(database, new=1)
    poll(database, now=NOW + MINUTE)
    state = sources.state(database, "fleuve")
    assert state is not None
    assert (state.last_new_at, state.last_success_at) == (NOW, NOW + MINUTE)
    other = sources.state(database, "sahel")
    assert other is not None
    assert other.last_checked_at is None


# --- validators -------------------------------------------------------------------------------------


def test_feed_never_polled_has_no_validators(database: Database) -> None:
    assert sources.feed_state(database, "fleuve", FEED) == FeedState(source_id="fleuve", url=FEED)


def test_validators_of_a_feed_are_kept(database: Database) -> None:
    state = feed(database, FRESH)
    assert (state.etag, state.last_modified, state.body_hash) == (FRESH.etag, FRESH.last_modified, "a1")


def test_failed_poll_keeps_validators_and_names_its_failure(database: Database) -> None:
    before = feed(database, FRESH)
    after = feed(database, PollResult(order_id="2", source_id="fleuve", url=FEED, etag='"x"', failure=TIMEOUT))
    assert after == replace(before, failure=TIMEOUT.reason, detail=TIMEOUT.detail)
    row = next(iter(database.query("SELECT failure, detail FROM feed")))
    assert (row["failure"], row["detail"]) == ("timeout", TIMEOUT.detail)
    feed(database, FRESH)
    assert next(iter(database.query("SELECT failure, detail FROM feed"))) == {"failure": None, "detail": None}


@pytest.mark.parametrize(
    "repeated", [{}, {"etag": '"v1"'}, {"last_modified": FRESH.last_modified}, {"body_hash": "a1"}], ids=str
)
def test_unchanged_feed_keeps_the_validators_that_the_answer_leaves_out(
    database: Database, repeated: dict[str, str]
) -> None:
    before = feed(database, FRESH)
    unchanged = PollResult(order_id="2", source_id="fleuve", url=FEED, unchanged=True, **repeated)  # type: ignore[arg-type]
    assert feed(database, unchanged) == before


def test_unchanged_feed_may_bring_a_new_validator(database: Database) -> None:
    feed(database, FRESH)
    state = feed(database, PollResult(order_id="2", source_id="fleuve", url=FEED, unchanged=True, etag='"v2"'))
    assert (state.etag, state.body_hash) == ('"v2"', "a1")


def test_changed_feed_replaces_every_validator(database: Database) -> None:
    """A server that stops sending ETag must not be asked with the old one for ever."""
    feed(database, FRESH)
    state = feed(database, PollResult(order_id="2", source_id="fleuve", url=FEED, body_hash="b2"))
    assert (state.etag, state.last_modified, state.body_hash) == (None, None, "b2")


def test_feeds_of_one_source_are_kept_apart(database: Database) -> None:
    feed(database, FRESH)
    other = feed(database, replace(FRESH, url=f"{FEED}2", etag='"other"'))
    assert other.etag == '"other"'
    assert sources.feed_state(database, "fleuve", FEED).etag == '"v1"'


def test_source_polled_in_the_future_is_due_at_once(database: Database) -> None:
    """The clock went back an hour: a plan made before that must not blind the service for an hour."""
    sources.record_poll(database, "fleuve", failure=None, new_entries=0, next_check_at=NOW + HOUR / 4, now=NOW)
    assert sources.clamp(database, NOW) == 0
    back = NOW - HOUR
    assert sources.clamp(database, back) == 1
    assert "fleuve" in sources.due(database, back)


def test_address_rests_by_itself(database: Database) -> None:
    feed(database, FRESH)
    for failure, failures in ((TIMEOUT, 1), (TIMEOUT, 2), (replace(TIMEOUT, sent=False), 2), (None, 0)):
        sources.plan_address(database, "fleuve", FEED, resume_at=NOW + HOUR, failure=failure)
        state = sources.feed_state(database, "fleuve", FEED)
        assert (state.failures, state.resume_at) == (failures, NOW + HOUR)


def test_source_of_which_one_address_works_is_no_failed_source(database: Database) -> None:
    sources.record_poll(
        database, "fleuve", failure=TIMEOUT, new_entries=0, next_check_at=NOW + HOUR, now=NOW, worked=True
    )
    state = sources.state(database, "fleuve")
    assert state is not None
    assert (state.failures, state.failure, state.last_success_at) == (0, FailureReason.TIMEOUT, NOW)


def test_poll_in_which_nothing_was_sent_is_no_failure_more(database: Database) -> None:
    for asked, failures in ((True, 1), (False, 1), (True, 2)):
        sources.record_poll(
            database, "fleuve", failure=TIMEOUT, new_entries=0, next_check_at=NOW + HOUR, now=NOW, asked=asked
        )
        state = sources.state(database, "fleuve")
        assert state is not None
        assert state.failures == failures
