"""What happened to an article is recorded once a change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import articles, revisions, sources
from storage.database import open_writer, transaction
from storage.revisions import EventAct, EventKind
from storage.types import Article, Signal, Source, Status

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAGE = Article(
    source_id="fleuve", url="https://fleuve.example/a", title="Bamako expulse", paragraphs=("Deux agents.",),
    fetched_at=NOW,
)  # fmt: skip
EXPULSION = Signal(
    type="expel_diplomats", severity=4, actor="MLI", target="FRA", status=Status.ASSERTED, sentence="Bamako expulse.",
    start=0, end=5, rule="fr.expel", cues=(),
)  # fmt: skip
DENIAL = replace(EXPULSION, status=Status.DENIED, sentence="Bamako dément.")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        sources.sync(opened, [Source(id="fleuve", name="Le Fleuve", url="https://fleuve.example/")], NOW)
    yield opened
    opened.conn.close()


def test_a_page_goes_and_comes_back_once_each(database: Database) -> None:
    saved = articles.save(database, PAGE, key="k", origin="o", now=NOW)
    article_id = saved.article_id
    assert not revisions.restore(database, article_id, NOW)
    assert revisions.withdraw(database, article_id, "has no such page (HTTP 404)", NOW + HOUR)
    assert not revisions.withdraw(database, article_id, "again", NOW + 2 * HOUR)
    assert articles.get(database, article_id).withdrawn_at == NOW + HOUR
    assert revisions.restore(database, article_id, NOW + 3 * HOUR)
    assert not revisions.restore(database, article_id, NOW + 4 * HOUR)
    assert articles.get(database, article_id).withdrawn_at is None
    found = revisions.events(database, article_id)
    assert [(event.kind, event.at, event.detail) for event in found] == [
        (EventKind.WITHDRAWN, NOW + HOUR, "has no such page (HTTP 404)"),
        (EventKind.RESTORED, NOW + 3 * HOUR, ""),
    ]
    assert {event.revision_id for event in found} == {saved.revision_id}
    assert not revisions.withdraw(database, article_id + 1, "no such article", NOW)


def test_an_edit_names_the_acts_that_came_and_went(database: Database) -> None:
    first = articles.save(database, PAGE, key="k", origin="o", now=NOW)
    articles.save_signals(database, first.article_id, first.revision_id, (EXPULSION,))
    second = articles.save(database, replace(PAGE, title="Bamako dément"), key="k", origin="o", now=NOW + HOUR)
    articles.save_signals(database, second.article_id, second.revision_id, (DENIAL,))
    revisions.record_edit(database, second, added=(DENIAL,), dropped=(EXPULSION,), now=NOW + HOUR)
    (event,) = revisions.events(database, first.article_id)
    assert (event.kind, event.at, event.revision_id, event.silent) == (
        EventKind.EDITED, NOW + HOUR, second.revision_id, True,
    )  # fmt: skip
    act = EventAct(type="expel_diplomats", actor="MLI", target="FRA", status="denied", sentence="Bamako dément.")
    assert event.added == (act,)
    assert event.dropped == (replace(act, status="asserted", sentence="Bamako expulse."),)
    found = revisions.versions(database, first.article_id)
    assert [(version.revision.number, version.signals) for version in found] == [(1, (EXPULSION,)), (2, (DENIAL,))]


def test_events_of_all_articles_are_listed_from_a_moment_on(database: Database) -> None:
    ids = [articles.save(database, PAGE, key=key, origin="o", now=NOW).article_id for key in "ab"]
    for hours, article_id in enumerate(ids):
        revisions.withdraw(database, article_id, "gone", NOW + hours * HOUR)
    revisions.restore(database, ids[0], NOW + 2 * HOUR)
    assert [event.article_id for event in revisions.events_since(database, NOW + HOUR)] == [ids[1], ids[0]]
    withdrawn = revisions.events_since(database, NOW, kind=EventKind.WITHDRAWN)
    assert [event.article_id for event in withdrawn] == ids
    assert len(revisions.events_since(database, NOW, limit=1)) == 1
