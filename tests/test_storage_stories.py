"""Stories: membership, counts that are read from the rows, look-alikes and asserted acts in a time window."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import articles, sources, stories
from storage.articles import Saved
from storage.database import open_writer, transaction
from storage.errors import NotFoundError
from storage.stories import LEAST_SHARED, MOST_CANDIDATES
from storage.types import Article, Signal, Source, Status

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
EXPEL = Signal(
    type="expel_diplomats", severity=4, actor="MLI", target="FRA", status=Status.ASSERTED, sentence="…", start=0, end=1,
    rule="r",
)  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        outlets = [Source(id=name, name=name.title(), url=f"https://{name}.example/") for name in ("fleuve", "sahel")]
        sources.sync(opened, outlets, NOW)
    yield opened
    opened.conn.close()


def save(
    database: Database, key: str, *, source: str = "fleuve", at: datetime = NOW, signals: tuple[Signal, ...] = ()
) -> Saved:
    page = Article(
        source_id=source, url=f"https://{source}.example/{key}", title=key, paragraphs=("Texte",), published_at=at,
        fetched_at=NOW,
    )  # fmt: skip
    saved = articles.save(database, page, key=key, origin=source.title(), now=max(at, NOW))
    articles.save_signals(database, saved.article_id, saved.revision_id, signals)
    return saved


def attach(database: Database, saved: Saved, story: int, *, severity: int = 0, copy_of: int | None = None) -> None:
    stories.attach(
        database, saved.article_id, story, saved.effective_at,
        severity=severity, copy_of=copy_of, coverage=None, origin="Agence" if copy_of else "Fleuve",
    )  # fmt: skip


def test_story_widens_with_its_articles(database: Database) -> None:
    story = stories.create(database, "Titre", NOW)
    first = save(database, "a")
    attach(database, first, story, severity=2)
    attach(database, save(database, "b", source="sahel", at=NOW + HOUR), story, severity=4, copy_of=first.article_id)
    attach(database, save(database, "c", at=NOW - HOUR), story, severity=1)
    found = stories.get(database, story)
    assert (found.headline, found.severity, found.articles, found.outlets) == ("Titre", 4, 3, 2)
    assert (found.first_seen_at, found.last_seen_at) == (NOW - HOUR, NOW + HOUR)
    assert found.origins == ("Fleuve", "Agence")
    members = stories.members(database, story)
    assert [member.title for member in members] == ["c", "a", "b"]
    summary = stories.summary(members[2])
    assert (summary.source_name, summary.origin, summary.copy_of) == ("Sahel", "Agence", first.article_id)
    assert [member.title for member in stories.members(database, story, limit=1)] == ["c"]


def test_unknown_story_is_named(database: Database) -> None:
    with pytest.raises(NotFoundError, match="no story 5"):
        stories.get(database, 5)


def test_list_holds_the_stories_alive_in_a_window(database: Database) -> None:
    ids = [stories.create(database, str(hours), NOW + hours * HOUR) for hours in (0, 5, 10)]
    listed = [story.id for story in stories.listing(database)]
    assert listed == ids[::-1]
    assert [story.id for story in stories.listing(database, since=NOW + 5 * HOUR)] == [ids[2], ids[1]]
    assert [story.id for story in stories.listing(database, until=NOW + 5 * HOUR)] == [ids[0]]


def test_look_alikes_share_most_fingerprints_within_the_window(database: Database) -> None:
    story = stories.create(database, "Titre", NOW)
    prints = {"near": {1, 2, 3}, "nearest": {1, 2, 3, 4, -(2**63)}, "far": {4}, "none": {9}}
    for key, hashes in prints.items():
        saved = save(database, key)
        attach(database, saved, story)
        stories.save_fingerprints(database, saved.article_id, hashes)
    late = save(database, "late", at=NOW + 30 * HOUR)
    stories.save_fingerprints(database, late.article_id, {1, 2, 3, 4})

    def found(*, until: timedelta = 20 * HOUR, but: int = 0) -> list[str]:
        wanted = [1, 2, 3, 4, -(2**63)]
        return [a.title for a in stories.look_alikes(database, wanted, NOW - HOUR, NOW + until, but=but)]

    assert found() == ["nearest", "near", "far"]
    assert found(until=40 * HOUR) == ["nearest", "late", "near", "far"]
    nearest = articles.known(database, "nearest")
    assert nearest is not None
    assert found(but=nearest) == ["near", "far"]
    assert stories.look_alikes(database, [], NOW - HOUR, NOW + HOUR, but=0) == []


def test_a_turn_of_phrase_makes_no_look_alike(database: Database) -> None:
    for key, shared in (("phrase", 1), ("passage", 2)):
        stories.save_fingerprints(database, save(database, key).article_id, range(shared))
    found = stories.look_alikes(database, range(2 * LEAST_SHARED), NOW - HOUR, NOW + HOUR, but=0)
    assert [article.title for article in found] == ["passage"]


def test_fingerprints_of_a_new_text_replace_those_of_the_old(database: Database) -> None:
    saved = save(database, "a")
    stories.save_fingerprints(database, saved.article_id, {1, 2})
    stories.save_fingerprints(database, saved.article_id, [3, 3])
    assert stories.look_alikes(database, [1, 2], NOW - HOUR, NOW + HOUR, but=0) == []
    assert len(stories.look_alikes(database, [3], NOW - HOUR, NOW + HOUR, but=0)) == 1


def test_look_alikes_are_bounded_however_long_the_text(database: Database) -> None:
    for number in range(MOST_CANDIDATES + 4):
        stories.save_fingerprints(database, save(database, str(number)).article_id, range(1000))
    found = stories.look_alikes(database, range(100_000), NOW - HOUR, NOW + HOUR, but=0)
    assert len(found) == MOST_CANDIDATES


def test_asserted_acts_are_those_of_current_texts_in_the_window(database: Database) -> None:
    denied = Signal(
        type="expel_diplomats", severity=4, actor="MLI", target="FRA", status=Status.DENIED, sentence="…", start=0,
        end=1, rule="r",
    )  # fmt: skip
    story, other = stories.create(database, "Titre", NOW), stories.create(database, "Autre", NOW + HOUR)
    attach(database, save(database, "a", signals=(EXPEL, EXPEL)), story)
    attach(database, save(database, "b", at=NOW + HOUR, signals=(denied,)), other)
    acts = stories.asserted_acts(database, NOW - HOUR, NOW + HOUR)
    assert [(act.story_id, act.type, act.actor, act.target) for act in acts] == [(story, *EXPEL.act)]
    assert stories.asserted_acts(database, NOW + HOUR, NOW + 2 * HOUR) == []
    corrected = Article(
        source_id="fleuve", url="https://fleuve.example/a", title="a", paragraphs=("Corrigé",), fetched_at=NOW
    )
    articles.save(database, corrected, key="a", origin="Fleuve", now=NOW)
    assert stories.asserted_acts(database, NOW - HOUR, NOW + HOUR) == []
