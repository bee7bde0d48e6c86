"""``Last-Modified`` of feeds: says when the archive changed, and lets no event fall between two answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from review.freshness import SETTLING, http_date, last_modified, unchanged
from review.settings import ReviewSettings
from storage.database import open_writer, transaction
from tests.outbox_fill import NOW
from tests.visitor import Visitor, application

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SPANS = st.timedeltas(timedelta(0), timedelta(minutes=5))


@given(MOMENTS, SPANS, st.timedeltas(timedelta(0), timedelta(minutes=1)))
def test_what_was_not_yet_seen_is_never_passed_over(asked: datetime, before: timedelta, age: timedelta) -> None:
    """A write may be seen up to a minute after the time it carries; whoever asked before gets it the next time."""
    moment = http_date(last_modified(asked - before, asked))
    written = asked - age
    assert not unchanged(moment, max(asked - before, written))


@given(MOMENTS, SPANS)
def test_an_answer_holds_once_it_has_settled(changed: datetime, waited: timedelta) -> None:
    now = changed + SETTLING + timedelta(seconds=1) + waited
    assert unchanged(http_date(last_modified(changed, now)), changed)
    assert last_modified(None, now) <= now


@given(st.text(max_size=40))
def test_any_condition_is_read_or_left_alone(text: str) -> None:
    assert unchanged(text, NOW) in {True, False}
    assert not unchanged(text, None)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "Mon, 99 Mar 2026 00:00:00 GMT", "0", "Tue, 10 Mar 2026 09:00 +99999999999"]
)
def test_no_moment_holds_nothing(text: str) -> None:
    assert not unchanged(text, NOW)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Database]:
    database = open_writer(tmp_path / "data")
    yield database
    database.conn.close()


@pytest.fixture
def visitor(archive: Database, tmp_path: Path) -> Visitor:
    settings = ReviewSettings(
        public_url="http://127.0.0.1", language="en", timezone="UTC", data_folder=tmp_path / "data", version="0"
    )
    return Visitor(application(archive, settings))


def note(database: Database, at: datetime) -> None:
    """Let somebody have changed something."""
    with transaction(database):
        database.conn.execute(
            "INSERT INTO audit (at, name, change, about) VALUES (?, 'Awa', 'tag', '{}')",
            (at.isoformat(timespec="microseconds"),),
        )


@pytest.mark.parametrize("form", ["atom", "json"])
def test_a_feed_is_sent_again_when_something_changed(visitor: Visitor, archive: Database, form: str) -> None:
    note(archive, NOW - timedelta(hours=2))
    first = visitor.get(f"/feeds/all.{form}")
    moment = first.headers["last-modified"]
    assert moment == http_date(NOW - timedelta(hours=2))
    again = visitor.get(f"/feeds/all.{form}", {"If-Modified-Since": moment})
    assert (again.status, again.body, again.headers["last-modified"]) == (304, "", moment)
    # The tag says more than the moment (RFC 9110 section 13.1.3).
    both = {"If-Modified-Since": moment, "If-None-Match": '"another"'}
    assert visitor.get(f"/feeds/all.{form}", both).status == 200
    note(archive, NOW - timedelta(hours=1))
    assert visitor.get(f"/feeds/all.{form}", {"If-Modified-Since": moment}).status == 200


def test_what_nobody_notes_has_no_moment(visitor: Visitor) -> None:
    visitor.get("/views?save=seen%3Dno")
    answer = visitor.post("/views", {"name": "Unseen", "query": "seen=no", "author": "Awa"})
    assert answer.status == 303
    assert "last-modified" not in visitor.get("/feeds/unseen.atom").headers
