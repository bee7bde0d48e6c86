"""Queries behind the pages, on a real database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import alert_log, alerts, articles, deliveries, entries, hits, overview, reading, sources, stories
from storage.alerts import NewDelivery
from storage.database import open_reader, open_writer, transaction
from storage.errors import SearchError
from storage.reading import StoryFilter
from storage.types import (
    Alert,
    Article,
    CrawlFailure,
    DeliveryState,
    FailureReason,
    FeedEntry,
    Outcome,
    OutcomeClass,
    PollResult,
    Signal,
    Source,
    Status,
)

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_writer(tmp_path)
    with transaction(found):
        sources.sync(
            found,
            [Source(id="b", name="beta", url="https://b.example/", language="fr"),
             Source(id="a", name="Alpha", url="https://a.example/", language="en")],
            NOW,
        )  # fmt: skip
    yield found
    found.conn.close()


def signal(kind: str = "accuse", severity: int = 1, status: Status = Status.ASSERTED, **parts: object) -> Signal:
    values: dict[str, object] = {
        "type": kind, "severity": severity, "status": status, "actor": "MLI", "target": "FRA",
        "sentence": f"{kind} {severity}.", "start": 0, "end": 5, "rule": "r",
    } | parts  # fmt: skip
    return Signal(**values)  # type: ignore[arg-type] # a table of fields


def add(
    database: Database, story: int, *found: Signal, source: str = "a", minutes: int = 0, text: str = "Texte.",
    origin: str = "X", copy_of: int | None = None,
) -> int:  # fmt: skip
    when = NOW - timedelta(minutes=minutes)
    count = database.execute("SELECT count(*) FROM article").fetchone()[0]
    article = Article(
        source_id=source, url=f"https://a.example/{count}", title="Titre 😀", lede="Chapô", paragraphs=(text,),
        published_at=when, language="fr" if source == "b" else "en", fetched_at=when,
    )  # fmt: skip
    with transaction(database):
        saved = articles.save(database, article, key=article.url, origin=origin, now=when)
        articles.save_signals(database, saved.article_id, saved.revision_id, found)
        stories.attach(
            database, saved.article_id, story, when,
            severity=max((item.severity for item in found), default=0), copy_of=copy_of, coverage=None, origin=origin,
        )  # fmt: skip
    return saved.article_id


def open_story(database: Database, headline: str = "S", minutes: int = 600) -> int:
    with transaction(database):
        return stories.create(database, headline, NOW - timedelta(minutes=minutes))


def test_evidence_is_what_was_done_before_what_was_said_and_own_text_before_copies(database: Database) -> None:
    story = open_story(database)
    first = add(database, story, signal("sever_relations", 5, Status.DENIED), minutes=50)
    copy = add(database, story, signal("expel_diplomats", 4), minutes=40, copy_of=first)
    own = add(database, story, signal("expel_diplomats", 4), signal("accuse", 1), minutes=30, source="b")
    (row,) = reading.stories(database, StoryFilter())
    assert row.evidence is not None
    assert row.evidence.article_id == own != copy
    assert row.evidence.source_name == "beta"
    assert row.outlets == ("Alpha", "beta")
    (row,) = reading.stories(database, StoryFilter(status=Status.DENIED))
    assert row.evidence is not None
    assert row.evidence.signal.type == "sever_relations"
    (row,) = reading.stories(database, StoryFilter(source_id="a", status=Status.ASSERTED))
    assert row.evidence is not None
    assert row.evidence.article_id == copy


def test_the_trigger_is_cut_by_characters_not_bytes(database: Database) -> None:
    full = "Titre 😀\nChapô\nÉtat 😀 expulse."
    start = full.index("expulse")
    add(database, open_story(database), signal(start=start, end=start + 7), text="État 😀 expulse.")
    (row,) = reading.stories(database, StoryFilter())
    assert row.evidence is not None
    assert row.evidence.trigger == "expulse"


def test_conditions_must_hold_in_one_article(database: Database) -> None:
    story = open_story(database)
    add(database, story, signal("accuse", 1), source="a")
    add(database, story, signal("expel_diplomats", 4), source="b")
    assert reading.stories(database, StoryFilter(type="expel_diplomats", source_id="b"))
    assert not reading.stories(database, StoryFilter(type="expel_diplomats", source_id="a"))
    assert not reading.stories(database, StoryFilter(min_severity=4, language="en"))


def test_only_current_texts_count(database: Database) -> None:
    story = open_story(database)
    article = add(database, story, signal("accuse", 1))
    corrected = Article(source_id="a", url="https://a.example/0", title="Autre", paragraphs=("Rien.",), fetched_at=NOW)
    with transaction(database):
        articles.save(database, corrected, key="https://a.example/0", origin="X", now=NOW)
    assert not reading.stories(database, StoryFilter())
    (row,) = reading.stories(database, StoryFilter(with_signals=False))
    assert row.evidence is None
    assert not reading.story_signals(database, story)
    assert reading.stories(database, StoryFilter(with_signals=False, expression='"rien"'))
    assert not reading.stories(database, StoryFilter(with_signals=False, expression='"texte"'))
    assert articles.get(database, article).title == "Autre"


@pytest.mark.parametrize("walk", [False, True])
@pytest.mark.parametrize("common", [1, 20_000])
def test_rare_and_common_words_find_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch, common: int, walk: bool
) -> None:
    for name in ("COMMON", "NEWEST", "MOST_NEWEST", "FEW"):
        monkeypatch.setattr(hits, name, common)
    monkeypatch.setattr(hits, "is_walk_shorter", lambda **_: walk)
    first, second, third = (open_story(database, str(number), minutes=60) for number in range(3))
    add(database, first, signal(), text="Bamako expulse.", minutes=3)
    add(database, second, signal(), text="Paris rappelle.", minutes=2)
    add(database, third, text="Bamako répond.", minutes=1)

    def found(expression: str, *, with_signals: bool) -> list[int]:
        wanted = StoryFilter(expression=expression, with_signals=with_signals)
        return [row.story.id for row in reading.stories(database, wanted)]

    assert found('"bamako"', with_signals=False) == [third, first]
    assert found('"bamako"', with_signals=True) == [first]
    assert found('"chapo"', with_signals=True) == [second, first]
    assert found('"absent"', with_signals=False) == []


def test_stories_with_newer_texts_alone_are_passed_by(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("NEWEST", 1), ("MOST_NEWEST", 1), ("FEW", 0), ("_GAP", 0)):
        monkeypatch.setattr(hits, name, value)
    monkeypatch.setattr(hits, "is_walk_shorter", lambda **_: True)
    old, long, new = (open_story(database, str(number), minutes=60) for number in range(3))
    add(database, old, text="Bamako expulse.", minutes=3)
    add(database, long, text="Bamako rappelle.", minutes=2)
    add(database, long, text="Paris se tait.", minutes=1)
    add(database, new, text="Paris aussi.", minutes=1)
    assert hits.probe(database, '"bamako"', 50).last is not None
    found = reading.stories(database, StoryFilter(expression='"bamako"', with_signals=False))
    assert [row.story.id for row in found] == [long, old]
    last = hits.probe(database, '"bamako"', 50).last
    passed = reading.places(database, StoryFilter(with_signals=False, text_until=last))
    assert {story for _, story in passed} == {old, long}


def test_keyset_paging_is_exact_when_times_are_equal(database: Database) -> None:
    made = [open_story(database, str(number), minutes=5) for number in range(7)]
    seen: list[int] = []
    before = None
    while page := reading.stories(database, StoryFilter(with_signals=False, before=before, limit=3)):
        seen += [row.story.id for row in page]
        before = (page[-1].story.last_seen_at, page[-1].story.id)
    assert seen == made[::-1]


def test_an_expression_the_index_cannot_read_is_a_search_error(database: Database) -> None:
    with pytest.raises(SearchError, match="cannot be read"):
        reading.stories(database, StoryFilter(expression='"open'))


def test_alert_summaries_and_logs(database: Database) -> None:
    story = open_story(database)
    add(database, story, signal())
    for number, recorded in ((1, False), (2, True)):
        alert = Alert(
            id=f"alr_{number}", key=str(number), type="alert.new", watch_id="w", story_id=story, severity=1,
            headline="h", payload="{}", created_at=NOW - timedelta(minutes=number),
        )  # fmt: skip
        rows = [] if recorded else [
            NewDelivery(key=name, channel_id=name, recipient="", state=DeliveryState.PENDING, next_attempt_at=NOW)
            for name in ("mail", "hook")
        ]  # fmt: skip
        with transaction(database):
            alerts.raise_alert(database, alert, rows, decision=None, article_id=None, recorded_only=recorded)
    with transaction(database):
        ((delivery, _),) = deliveries.lease(database, "mail", NOW, 1, timedelta(minutes=1))
    with transaction(database):
        deliveries.record(
            database, delivery.id, Outcome(outcome=OutcomeClass.OK, detail="250", code=250), state=DeliveryState.SENT,
            next_attempt_at=None, counts=True, maybe_delivered=False, started_at=NOW, ended_at=NOW,
        )  # fmt: skip
        alerts.acknowledge(database, "alr_1", NOW)
    (row,) = reading.stories(database, StoryFilter())
    assert row.alerts is not None
    assert (row.alerts.alerts, row.alerts.recorded_only, row.alerts.acknowledged) == (2, 1, 2), (
        "who acknowledges an alert has seen the earlier ones of its story"
    )
    assert dict(row.alerts.deliveries) == {DeliveryState.PENDING: 1, DeliveryState.SENT: 1}
    listed = alert_log.alerts(database, story_id=story)
    assert [item.alert.id for item in listed] == ["alr_1", "alr_2"]
    assert [item.recorded_only for item in listed] == [False, True]
    sent = next(log for log in listed[0].deliveries if log.delivery.state is DeliveryState.SENT)
    assert [(attempt.outcome, attempt.code) for attempt in sent.attempts] == [(OutcomeClass.OK, 250)]
    last = listed[0].alert
    assert [item.alert.id for item in alert_log.alerts(database, before=(last.created_at, last.id))] == ["alr_2"]
    channels = {channel.id: (channel.waiting, channel.sent) for channel in overview.channels(database)}
    assert channels == {"mail": (0, 1), "hook": (1, 0)}


def test_a_snapshot_does_not_move_and_ends(tmp_path: Path, database: Database) -> None:
    reader = open_reader(tmp_path)
    try:
        with reading.snapshot(reader, 5):
            assert not reading.stories(reader, StoryFilter(with_signals=False))
            open_story(database)
            assert not reading.stories(reader, StoryFilter(with_signals=False))
        with reading.snapshot(reader, 5):
            assert reading.stories(reader, StoryFilter(with_signals=False))
        endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        with pytest.raises(SearchError, match=r"longer than 0\.05 s"), reading.snapshot(reader, 0.05):
            reader.execute(endless).fetchone()
        with reading.snapshot(reader, 5):
            assert reading.stories(reader, StoryFilter(with_signals=False))
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("DELETE FROM story")
    finally:
        reader.conn.close()


def test_overview_counts_what_waits(database: Database) -> None:
    empty = overview.overview(database, NOW)
    assert (empty.sources_unchecked, empty.any_article, empty.oldest_unread_at) == (2, False, None)
    with transaction(database):
        sources.record_poll(database, "a", failure=None, new_entries=1, next_check_at=NOW, now=NOW)
        failure = CrawlFailure(reason=FailureReason.TIMEOUT, detail="30 s")
        sources.record_poll(database, "b", failure=failure, new_entries=0, next_check_at=NOW, now=NOW)
        sources.record_feed(
            database, PollResult(order_id="1", source_id="b", url="https://b.example/rss", failure=failure), NOW
        )
        entry = FeedEntry(url="https://a.example/x", title="x")
        entries.add(database, "a", "k", entry, NOW - timedelta(minutes=20))
    story = open_story(database)
    add(database, story, signal(), minutes=60)
    add(database, story, signal(actor="FRA", target="MLI"), minutes=60 * 25)
    found = overview.overview(database, NOW)
    assert (found.sources_fresh, found.sources_failing, found.sources_unchecked) == (1, 1, 0)
    assert (found.pages_due, found.oldest_unread_at) == (1, NOW - timedelta(minutes=20))
    assert (found.articles_today, found.any_article) == (1, True)
    troubled, fresh = overview.sources(database, NOW)
    assert (troubled.id, troubled.state.failure) == ("b", FailureReason.TIMEOUT)
    assert [feed.failure for feed in troubled.feeds] == [FailureReason.TIMEOUT]
    assert (fresh.articles_day, fresh.articles_week) == (1, 2)
    assert overview.pairs(database) == [("FRA", "MLI")]
    assert overview.source_names(database) == [("a", "Alpha"), ("b", "beta")]
    assert overview.languages(database) == ["en", "fr"]
