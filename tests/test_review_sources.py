"""The pages of sources: what the archive knows of each, and reading one at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from review.charting import LEFT, RIGHT, WIDTH
from review.rhythm_chart import expected_on, rates, rhythm_chart, week_chart
from review.settings import ReviewSettings
from review.sources import Group, group_of
from review.standing import SourceStanding
from storage import arrivals_count, health, polls, rhythm, sources
from storage.database import open_writer, transaction
from storage.errors import ConflictError, NotFoundError
from storage.times import to_text
from storage.types import (
    WEEK_HOURS,
    AddressKind,
    CrawlFailure,
    FailureReason,
    FeedEntry,
    Plan,
    PlanReason,
    PollResult,
    Rhythm,
    Source,
)
from tests.outbox_fill import NOW
from tests.somebody import READER
from tests.visitor import Visitor, application

ZURICH = ZoneInfo("Europe/Zurich")
FEED = "https://soir.example/rss.xml"
SOIR = Source(id="soir", name="Le Soir <du> Fleuve", url="https://soir.example/", feeds=(FEED,), country="MLI")
STEADY = Rhythm(entries=(2.0,) * WEEK_HOURS, watched=(4.0,) * WEEK_HOURS, learnt_until=NOW)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_writer(tmp_path)
    with transaction(found):
        sources.sync(found, [SOIR], NOW - timedelta(days=1))
        sources.record_poll(
            found, "soir", failure=None, new_entries=1, next_check_at=NOW + timedelta(minutes=9),
            now=NOW - timedelta(minutes=6),
        )  # fmt: skip
    yield found
    found.close()


@pytest.fixture
def visitor(database: Database, tmp_path: Path) -> Visitor:
    settings = ReviewSettings(
        public_url="http://127.0.0.1:8470", language="en", timezone="Europe/Zurich", data_folder=tmp_path, version="1"
    )
    return Visitor(application(database, settings))


def answer(
    at: datetime, *, failure: CrawlFailure | None = None, entries: int = 0, unchanged: bool = False
) -> PollResult:
    listed = tuple(FeedEntry(url=f"https://soir.example/{at.timestamp()}-{n}", title="x") for n in range(entries))
    return PollResult(
        order_id="1", source_id="soir", url=FEED, entries=listed, unchanged=unchanged, failure=failure
    )  # fmt: skip


def record(database: Database, at: datetime, result: PollResult, fresh: int = 0) -> None:
    with transaction(database):
        polls.record(
            database, AddressKind.FEED, result, fresh=fresh, asked_at=at - timedelta(seconds=1.5), now=at
        )  # fmt: skip


def see(database: Database, moments: list[datetime]) -> None:
    with transaction(database):
        for number, moment in enumerate(moments):
            database.execute(
                "INSERT INTO entry (key, source_id, url, title, summary, authors, seen_at, state, next_attempt_at) "
                "VALUES (?, 'soir', 'https://soir.example/', 't', '', '[]', ?, 'done', ?)",
                (f"{moment}-{number}", to_text(moment), to_text(moment)),
            )


# --- polls -----------------------------------------------------------------------------------------------------------


def test_only_the_last_polls_of_a_source_are_remembered(database: Database) -> None:
    for number in range(polls.KEPT + 7):
        record(database, NOW + timedelta(minutes=number), answer(NOW, entries=number % 3), fresh=number % 2)
    found = polls.latest(database, "soir", 1000)
    assert len(found) == polls.KEPT
    assert found[0].at == NOW + timedelta(minutes=polls.KEPT + 6)
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
    assert found[0].seconds == 1.5


def test_a_failed_poll_keeps_its_code_and_words(database: Database) -> None:
    failure = CrawlFailure(reason=FailureReason.BLOCKED, detail="403 " + "x" * 1000, status=403)
    record(database, NOW, answer(NOW, failure=failure))
    [found] = polls.latest(database, "soir", 10)
    assert (found.failure, found.code) == (FailureReason.BLOCKED, 403)
    assert found.detail is not None
    assert len(found.detail) == 300


def test_a_source_is_asked_at_once_with_its_resting_addresses(database: Database) -> None:
    with transaction(database):
        sources.record_feed(database, answer(NOW), NOW - timedelta(minutes=6))
        sources.plan_address(database, "soir", FEED, resume_at=NOW + timedelta(hours=2), failure=None)
        polls.ask_now(database, "soir", NOW)
    assert sources.due(database, NOW) == ["soir"]
    assert sources.feed_state(database, "soir", FEED).resume_at is None


def test_a_source_is_not_asked_again_and_again(database: Database) -> None:
    with pytest.raises(NotFoundError), transaction(database):
        polls.ask_now(database, "nowhere", NOW)
    with transaction(database):
        polls.ask_now(database, "soir", NOW)
    with pytest.raises(ConflictError, match="due already"), transaction(database):
        polls.ask_now(database, "soir", NOW)
    with transaction(database):
        sources.claim(database, "soir", NOW + timedelta(minutes=10))
    with pytest.raises(ConflictError, match="being read"), transaction(database):
        polls.ask_now(database, "soir", NOW)
    with transaction(database):
        sources.record_poll(
            database, "soir", failure=None, new_entries=0, next_check_at=NOW + timedelta(hours=1), now=NOW
        )  # fmt: skip
    with pytest.raises(ConflictError, match="wait 50 s"), transaction(database):
        polls.ask_now(database, "soir", NOW + timedelta(seconds=10))
    with transaction(database):
        polls.ask_now(database, "soir", NOW + timedelta(seconds=60))
        sources.sync(database, [], NOW)
    with pytest.raises(ConflictError, match="switched off"), transaction(database):
        polls.ask_now(database, "soir", NOW + timedelta(hours=3))


# --- geometry --------------------------------------------------------------------------------------------------------


def test_a_day_lets_expect_as_much_as_its_hours_do_over_the_change_of_clock() -> None:
    rate = rates(STEADY)
    assert rate is not None
    later = datetime(2027, 1, 1, tzinfo=UTC)
    assert [expected_on(date(2026, 3, day), rate, ZURICH, later) for day in (28, 29, 30)] == [12.0, 11.5, 12.0]
    assert expected_on(date(2026, 10, 25), rate, ZURICH, later) == 12.5
    assert expected_on(date(2026, 3, 28), rate, ZURICH, datetime(2026, 3, 28, 5, 30, tzinfo=UTC)) == 3.25


def test_nothing_is_expected_before_anything_was_learnt() -> None:
    assert rates(Rhythm()) is None
    chart = rhythm_chart([], Rhythm(), [], since=NOW - timedelta(days=3), now=NOW, zone=ZURICH)
    assert {day.expected for day in chart.days} == {None}


@given(
    st.lists(st.tuples(st.integers(0, 24 * 28 - 1), st.integers(1, 90)), max_size=30),
    st.lists(st.tuples(st.integers(-50, 24 * 28), st.integers(0, 400)), max_size=5),
)
def test_everything_drawn_lies_on_the_canvas(counts: list[tuple[int, int]], gaps: list[tuple[int, int]]) -> None:
    since = datetime(2026, 3, 9, 23, tzinfo=UTC)
    now = since + timedelta(days=28) - timedelta(hours=1)  # with the change of clock, 28 days have an hour less
    seen = [(since + timedelta(hours=hour), count) for hour, count in counts if since + timedelta(hours=hour) < now]
    spans = [(since + timedelta(hours=begin), since + timedelta(hours=begin + length)) for begin, length in gaps]
    chart = rhythm_chart(seen, STEADY, spans, since=since, now=now, zone=ZURICH)
    assert len(chart.days) == 28
    assert chart.total == sum(count for _, count in seen)
    for day in chart.days:
        assert chart.top <= day.y <= chart.ground
        assert chart.top <= (day.expected_y or chart.top) <= chart.ground
    for gap in chart.gaps:
        assert gap.x >= LEFT
        assert gap.x + gap.width <= WIDTH - RIGHT + 2.1
    assert sum(sum(row) for row in week_chart(seen, ZURICH).rows) == chart.total


def test_an_hour_of_the_week_is_that_of_the_desk() -> None:
    """23:30 UTC on a Sunday in winter is Monday half past midnight in Zurich."""
    chart = week_chart([(datetime(2026, 3, 8, 23, tzinfo=UTC), 4), (datetime(2026, 3, 10, 9, tzinfo=UTC), 1)], ZURICH)
    assert chart.rows[0][0] == 4
    assert chart.rows[1][10] == 1
    assert {cell.shade for cell in chart.cells if cell.seen} == {1, 4}


@pytest.mark.parametrize("standing", SourceStanding)
def test_every_standing_belongs_to_a_group(standing: SourceStanding) -> None:
    well = {
        "fresh": Group.FRESH, "quiet": Group.FRESH, "late": Group.LATE, "unchecked": Group.LATE,
        "paused": Group.PAUSED, "off": Group.OFF,
    }  # fmt: skip
    assert group_of(standing) is well.get(standing, Group.FAILED)


def test_counting_reads_no_more_than_the_index(database: Database) -> None:
    see(database, [NOW - timedelta(hours=hours) for hours in (1, 1, 30)])
    since = NOW - timedelta(days=2)
    assert [count for _, count in arrivals_count.by_hour(database, "soir", since)] == [1, 2]
    assert arrivals_count.by_day(database, ["soir"], since) == {"soir": {"2026-03-09": 1, "2026-03-10": 2}}
    plan = database.execute(
        "EXPLAIN QUERY PLAN SELECT substr(seen_at, 1, 13), count(*) FROM entry WHERE source_id = ? AND seen_at >= ? "
        "GROUP BY 1",
        ("soir", ""),
    ).fetchall()
    assert "COVERING INDEX entry_seen" in plan[0][3]


# --- pages -----------------------------------------------------------------------------------------------------------


def test_the_list_is_narrowed_by_state_and_says_how_many_are_in_each(visitor: Visitor) -> None:
    page = visitor.get("/sources")
    assert "up to date 1" in page.text
    assert 'class="spark"' in page.body
    assert "Le Soir" in visitor.get("/sources?state=fresh").text
    failed = visitor.get("/sources?state=failed")
    assert "Le Soir" not in failed.text
    assert "No source is in this state." in failed.text
    assert visitor.get("/sources?state=nonsense").status == 200


def test_a_source_in_full_depth(visitor: Visitor, database: Database) -> None:
    see(database, [NOW - timedelta(days=1, hours=2)] * 3)
    failure = CrawlFailure(reason=FailureReason.SERVER_ERROR, detail="answers 503", status=503)
    record(database, NOW - timedelta(hours=1), answer(NOW, failure=failure))
    record(database, NOW - timedelta(minutes=6), answer(NOW, entries=12), fresh=3)
    with transaction(database):
        rhythm.save(database, "soir", STEADY, {}, Plan(at=NOW, reason=PlanReason.STEADY, detail="as configured"))
        health.add_interruption(database, "soir", NOW - timedelta(hours=9), NOW - timedelta(hours=5))
    page = visitor.get("/sources/soir")
    assert page.status == 200
    assert "12 entries listed 3 1.5 s" in page.text
    assert "(503)" in page.text
    assert "answers 503" in page.text
    assert "not read from 10 Mar 2026, 01:00 to 10 Mar 2026, 05:00" in page.text
    assert "3 (12.0 expected)" in page.text
    assert "as configured" in page.text
    assert "Le Soir <du> Fleuve" in page.text
    assert "<du>" not in page.body
    assert visitor.get("/sources/nowhere").status == 404
    french = visitor.get("/sources/soir?lang=fr")
    assert "12 entrées listées 3 1,5 s" in french.text
    assert not re.search(r"\sstyle=", page.body)


def test_what_was_extracted_stands_beside_its_address(visitor: Visitor, database: Database) -> None:
    with transaction(database):
        database.execute(
            "INSERT INTO article (id, key, source_id, url, authors, language, origin, partial, first_seen_at, "
            "effective_at, revision_id) VALUES (1, 'k', 'soir', 'https://soir.example/a', '[\"Awa Diallo\"]', 'fr', "
            "'soir', 0, ?, ?, 1)",
            (to_text(NOW), to_text(NOW)),
        )
        database.execute(
            "INSERT INTO revision (id, article_id, number, title, lede, body, content_hash, fetched_at) VALUES "
            "(1, 1, 1, 'Crue du fleuve', 'Un chapeau.', 'Premier paragraphe.\nSecond.', 'h', ?)",
            (to_text(NOW),),
        )
    page = visitor.get("/sources/soir")
    for part in ("https://soir.example/a", "Crue du fleuve", "Un chapeau.", "Premier paragraphe.", "Awa Diallo"):
        assert part in page.text
    assert "2 paragraphs, 27 characters" in page.text
    assert "no date found" in page.text
    assert "Second." not in page.text


def test_try_now_makes_the_source_due_and_says_so(visitor: Visitor, database: Database) -> None:
    visitor.get("/sources/soir")
    done = visitor.post("/sources/soir/poll")
    assert done.status == 303
    assert sources.due(database, NOW) == ["soir"]
    assert "read within seconds" in visitor.get(done.headers["location"]).text
    again = visitor.post("/sources/soir/poll")
    assert again.status == 409
    assert "due already" in again.text


def test_readers_and_strangers_cannot_try(visitor: Visitor, database: Database) -> None:
    visitor.get("/sources/soir")
    assert visitor.post("/sources/soir/poll", {"token": "0" * 64}).status == 403
    visitor.person = READER
    assert "Try now" not in visitor.get("/sources/soir").text
    assert visitor.post("/sources/soir/poll").status == 403
    assert sources.due(database, NOW) == []
