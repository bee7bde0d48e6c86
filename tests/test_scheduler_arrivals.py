"""Entries taken in: identity, moved sites, the daily bound, addresses that moved or are gone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from crawler.clean import squeezed
from scheduler import arrivals
from scheduler.arrivals import DAILY, address_to_ask, as_configured, gone, moved_entries, take_in
from storage import articles, entries, sources
from storage.arrivals import KnownEntry
from storage.database import open_writer
from storage.health import AddressRow
from storage.types import AddressKind, Article, CrawlFailure, FailureReason, FeedEntry, FeedState, PollResult, Source

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEED = "https://fleuve.example/feed.xml"
SOURCE = Source(id="fleuve", name="Le Fleuve", url="https://fleuve.example/", feeds=(FEED,))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    sources.sync(opened, [SOURCE], NOW)
    yield opened
    opened.conn.close()


def entry(number: int, *, base: str = "https://fleuve.example/", title: str = "", guid: str | None = None) -> FeedEntry:
    return FeedEntry(
        url=f"{base}{number}",
        title=title or f"La session ordinaire de l\u2019Assemblée, jour {number}",
        published_at=NOW - number * HOUR,
        guid=guid,
    )


def listed(*found: FeedEntry, **more: object) -> PollResult:
    return PollResult(order_id="o", source_id="fleuve", url=FEED, entries=found, etag="e", body_hash="h", **more)  # type: ignore[arg-type]


def take(database: Database, *found: FeedEntry, now: datetime = NOW, kind: AddressKind = AddressKind.FEED) -> list[str]:
    return [each.url for each in take_in(database, kind, listed(*found), now)]


def queued(database: Database) -> list[str]:
    return sorted(pending.entry.url for pending in entries.due(database, NOW + DAY, 10_000))


def read_all(database: Database) -> dict[str, int]:
    """Read every page that is due; return the article of each address."""
    found = {}
    for pending in entries.due(database, NOW + DAY, 10_000):
        page = Article(
            source_id="fleuve", url=pending.entry.url, title=pending.entry.title, paragraphs=("Texte",), fetched_at=NOW
        )
        saved = articles.save(database, page, key=pending.key, origin="fleuve", now=NOW)
        entries.read(database, pending.id, saved.article_id)
        found[pending.entry.url] = saved.article_id
    return found


def test_list_is_new_once(database: Database) -> None:
    assert take(database, entry(1), entry(2)) == ["https://fleuve.example/1", "https://fleuve.example/2"]
    assert take(database, entry(1), entry(2), entry(3)) == ["https://fleuve.example/3"]
    tracked = replace(entry(3), url="https://fleuve.example/3?utm_source=rss#x")
    assert take(database, tracked) == []


def test_one_address_twice_in_a_list_is_one_entry(database: Database) -> None:
    assert take(database, entry(1), replace(entry(1), title="Autre titre pour la même page")) == [
        "https://fleuve.example/1"
    ]
    assert entries.due(database, NOW, 10)[0].entry.title == entry(1).title, "the first one counts"


def test_identity_of_another_story_keeps_both(database: Database) -> None:
    assert len(take(database, entry(1, guid="urn:1"), entry(2, guid="urn:1"))) == 2
    read_all(database)
    assert take(database, entry(3, guid="urn:1")) == ["https://fleuve.example/3"]
    assert take(database, entry(4)) == ["https://fleuve.example/4"], "no identity is no fault"


def test_same_identity_and_headline_is_the_same_article_under_a_new_address(database: Database) -> None:
    take(database, entry(1, guid="urn:1"))
    known = read_all(database)
    moved = replace(entry(1, guid="urn:1"), url="https://fleuve.example/nouveau/1")
    assert take(database, moved) == []
    assert queued(database) == []
    rows = database.query("SELECT article_id FROM entry WHERE url LIKE '%nouveau%'")
    assert [row["article_id"] for row in rows] == list(known.values())
    assert take(database, moved) == []


def test_column_that_keeps_headline_and_identity_is_new_each_day(database: Database) -> None:
    take(database, entry(1, guid="urn:column"))
    read_all(database)
    tomorrow = replace(entry(1, guid="urn:column"), url="https://fleuve.example/2", published_at=NOW + 2 * DAY)
    assert take(database, tomorrow, now=NOW + 2 * DAY) == ["https://fleuve.example/2"]


def test_page_still_to_be_read_is_read_at_its_new_address(database: Database) -> None:
    take(database, entry(1, guid="urn:1"))
    take(database, replace(entry(1, guid="urn:1"), url="https://fleuve.example/nouveau/1"))
    assert queued(database) == ["https://fleuve.example/nouveau/1"]


def test_moved_site_is_no_flood_of_news(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    take(database, *(entry(n, guid=f"old:{n}") for n in range(20)))
    read_all(database)
    moved = [entry(n, base="https://fleuve.example/cms/", guid=f"new:{n}") for n in range(19)]
    news = FeedEntry(url="https://fleuve.example/cms/neuf", title="Le Mali expulse l\u2019ambassadeur de France")
    with caplog.at_level(logging.WARNING):
        assert take(database, *moved, news, now=NOW + DAY) == [news.url], "what is true news among them is read"
    assert "the site has moved them" in caplog.text
    assert queued(database) == [news.url]
    assert take(database, *moved, news, now=NOW + DAY) == []


def test_busy_list_is_no_moved_site(database: Database) -> None:
    take(database, *(entry(n) for n in range(20)))
    read_all(database)
    assert len(take(database, *(entry(n) for n in range(100, 120)), now=NOW + DAY)) == 20
    column = [replace(entry(n + 200), title="Revue de presse du jour à Bamako") for n in range(10)]
    assert len(take(database, *column, now=NOW + DAY)) == 10
    again = [replace(each, url=f"{each.url}-b", published_at=NOW + 2 * DAY) for each in column]
    assert len(take(database, *again, now=NOW + 2 * DAY)) == 10, "a column's headline comes back on another day"


def test_entry_still_listed_at_its_old_address_has_not_moved(database: Database) -> None:
    take(database, *(entry(n) for n in range(6)))
    read_all(database)
    twins = [replace(entry(n), url=f"https://fleuve.example/live/{n}") for n in range(7)]
    assert len(take(database, *(entry(n) for n in range(6)), *twins)) == 7


def test_addresses_are_bounded_by_day_and_kind_and_told_of_once(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    limit = DAILY[AddressKind.SECTION]
    with caplog.at_level(logging.WARNING):
        for poll in range(6):
            found = [FeedEntry(url=f"https://fleuve.example/agenda/{poll}-{n}", title="") for n in range(100)]
            take(database, *found, kind=AddressKind.SECTION, now=NOW + poll * HOUR)
    assert len(queued(database)) == limit
    assert caplog.text.count("lists more than") == 1
    assert sources.feed_state(database, "fleuve", FEED).etag is None, "the rest is asked for again"
    assert len(take(database, entry(1))) == 1, "a feed has a bound of its own"
    rest = [FeedEntry(url=f"https://fleuve.example/agenda/5-{n}", title="") for n in range(100)]
    assert len(take(database, *rest, kind=AddressKind.SECTION, now=NOW + DAY + 10 * HOUR)) == 100


def test_failed_poll_keeps_the_last_good_list(database: Database) -> None:
    take(database, entry(1), entry(2))
    before = sources.feed_state(database, "fleuve", FEED)
    for reason in (FailureReason.NOT_A_FEED, FailureReason.EMPTY_FEED, FailureReason.BROKEN_FEED):
        failed = PollResult(
            order_id="o", source_id="fleuve", url=FEED, failure=CrawlFailure(reason=reason, detail="a login page")
        )
        assert take_in(database, AddressKind.FEED, failed, NOW) == ()
        after = sources.feed_state(database, "fleuve", FEED)
        assert (after.etag, after.body_hash, after.failure) == (before.etag, before.body_hash, reason)
    assert len(queued(database)) == 2


def test_changed_entry_is_told_of(database: Database) -> None:
    take(database, entry(1))
    heard: list[str] = []
    changed = replace(entry(1), updated_at=NOW + HOUR)
    take_in(database, AddressKind.FEED, listed(changed), NOW + HOUR, renewed=heard.append)
    assert heard == ["https://fleuve.example/1"]


# --- dates -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("published", "counts_for"),
    [
        (None, NOW),
        (NOW - HOUR, NOW - HOUR),
        (NOW + 30 * timedelta(minutes=1), NOW + 30 * timedelta(minutes=1)),
        (NOW + DAY, NOW),
        (datetime(2099, 1, 1, tzinfo=UTC), NOW),
        (datetime(1, 1, 1, tzinfo=UTC), NOW),
    ],
)
def test_date_of_a_feed_counts_where_it_can_be_believed(
    database: Database, published: datetime | None, counts_for: datetime
) -> None:
    page = Article(
        source_id="fleuve",
        url="https://fleuve.example/1",
        title="T",
        paragraphs=("x",),
        published_at=published,
        fetched_at=NOW,
    )
    saved = articles.save(database, page, key="k", origin="fleuve", now=NOW)
    assert saved.effective_at == counts_for
    assert articles.get(database, saved.article_id).published_at == published, "what was said is kept"


# --- pure decisions --------------------------------------------------------------------------------


def known(number: int, title: str, published: datetime | None = None) -> KnownEntry:
    return KnownEntry(
        id=number, url=f"https://x.example/{number}", guid=None, title=title, published_at=published, seen_at=NOW,
        is_pending=False,
    )  # fmt: skip


TITLES = st.sampled_from(
    ["Bamako ferme deux postes frontières", "« Bamako » ferme deux postes frontières !", "Kayes", ""]
)


@given(st.lists(TITLES, max_size=8), st.lists(TITLES, max_size=8))
def test_only_long_known_headlines_of_a_majority_are_linked(fresh: list[str], before: list[str]) -> None:
    candidates = {str(n): FeedEntry(url=f"https://x.example/n{n}", title=title) for n, title in enumerate(fresh)}
    found = moved_entries(candidates, [known(n, title) for n, title in enumerate(before)])
    assert not found or len(found) * 2 >= len(candidates)
    assert all(len(squeezed(candidates[key].title)) >= arrivals.MIN_TITLE for key in found)
    assert all(squeezed(candidates[key].title) == squeezed(entry.title) for key, entry in found.items())


def row(moved_to: str | None, moves: int) -> AddressRow:
    return AddressRow(
        url=FEED, failures=0, failing_since=None, failure=None, detail=None, moved_to=moved_to, moves=moves
    )


def test_address_that_moved_twice_within_its_site_is_asked_there() -> None:
    new = "https://www.fleuve.example/rss"
    assert address_to_ask(FEED, None) == FEED
    assert address_to_ask(FEED, row(new, 1)) == FEED
    assert address_to_ask(FEED, row(new, 2)) == new
    assert address_to_ask(FEED, row("https://ailleurs.example.org/rss", 9)) == FEED, (
        "another site is for a person to judge"
    )


def test_answer_of_the_new_address_is_that_of_the_configured_one() -> None:
    new = "https://www.fleuve.example/rss"
    good = PollResult(order_id="o", source_id="fleuve", url=new, unchanged=True)
    assert as_configured(good, FEED) == replace(good, url=FEED, moved_to=new)
    further = as_configured(replace(good, moved_to="https://fleuve.example/3"), FEED)
    assert further.moved_to == "https://fleuve.example/3"
    bad = replace(good, failure=CrawlFailure(reason=FailureReason.NOT_FOUND, detail="x"))
    assert as_configured(bad, FEED).moved_to is None
    assert as_configured(replace(good, url=FEED), FEED).moved_to is None


def test_gone_address_is_not_asked_until_it_leaves_the_configuration_and_returns(database: Database) -> None:
    assert gone(FeedState(source_id="fleuve", url=FEED)) is None
    failed = PollResult(
        order_id="o",
        source_id="fleuve",
        url=FEED,
        failure=CrawlFailure(reason=FailureReason.GONE, detail="gone for good"),
    )
    take_in(database, AddressKind.FEED, failed, NOW)
    for _ in range(3):
        answer = gone(sources.feed_state(database, "fleuve", FEED))
        assert answer is not None
        assert answer.failure is not None
        assert (
            answer.failure.detail == "gone for good; it is not asked again: give the new address in the configuration"
        )
        take_in(database, AddressKind.FEED, answer, NOW)
    sources.sync(database, [SOURCE], NOW)
    assert gone(sources.feed_state(database, "fleuve", FEED)) is not None
    sources.sync(database, [replace(SOURCE, feeds=("https://fleuve.example/other",))], NOW)
    assert gone(sources.feed_state(database, "fleuve", FEED)) is None
