"""Stories: membership, counts that are read from the rows, look-alikes and asserted acts in a time window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import articles, sources, stories
from storage.articles import Saved
from storage.database import open_writer, transaction
from storage.errors import NotFoundError
from storage.stories import LEAST_SHARED, MOST_CANDIDATES, MOST_MEMBERS, MOST_SHARING, PERIOD
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


def _prints(database: Database, key: str, hashes: Iterable[int], at: datetime = NOW) -> Saved:
    saved = save(database, key, at=at)
    stories.save_fingerprints(database, saved.article_id, saved.effective_at, hashes)
    return saved


def _alike(database: Database, hashes: Iterable[int], *, until: timedelta = HOUR, but: int = 0) -> list[str]:
    return [found.article.title for found in stories.look_alikes(database, hashes, NOW - HOUR, NOW + until, but=but)]


def test_look_alikes_share_most_fingerprints_within_the_window(database: Database) -> None:
    story = stories.create(database, "Titre", NOW)
    for key, hashes in {"near": {1, 2, 3}, "nearest": {1, 2, 3, 4, 2**47}, "far": {3, 4}, "none": {9}}.items():
        attach(database, _prints(database, key, hashes), story)
    _prints(database, "late", {1, 2, 3, 4}, at=NOW + 30 * HOUR)
    wanted = [1, 2, 3, 4, 2**47]
    assert _alike(database, wanted) == ["nearest", "near", "far"]
    assert _alike(database, wanted, until=40 * HOUR) == ["nearest", "late", "near", "far"]
    nearest = articles.known(database, "nearest")
    assert nearest is not None
    assert _alike(database, wanted, but=nearest) == ["near", "far"]
    assert _alike(database, []) == []


def test_a_look_alike_tells_when_its_original_came(database: Database) -> None:
    story = stories.create(database, "Titre", NOW)
    original = save(database, "original", at=NOW - HOUR)
    attach(database, original, story)
    copy = _prints(database, "copy", {1, 2})
    attach(database, copy, story, copy_of=original.article_id)
    (found,) = stories.look_alikes(database, [1, 2], NOW - HOUR, NOW + HOUR, but=0)
    assert (found.article.title, found.dispatched_at) == ("copy", NOW - HOUR)


def test_a_turn_of_phrase_makes_no_look_alike(database: Database) -> None:
    for key, shared in (("phrase", 1), ("passage", 2)):
        _prints(database, key, range(shared))
    assert _alike(database, range(2 * LEAST_SHARED)) == ["passage"]
    assert _alike(database, range(5)) == ["passage"]


def test_fingerprints_of_a_text_that_changed_are_dropped(database: Database) -> None:
    saved = _prints(database, "a", {1, 2})
    stories.drop_fingerprints(database, saved.article_id, saved.effective_at, {1, 2})
    stories.save_fingerprints(database, saved.article_id, saved.effective_at, [3, 3, 4])
    assert _alike(database, [1, 2]) == []
    assert _alike(database, [3, 4]) == ["a"]


def test_old_fingerprints_and_names_are_let_go_period_by_period(database: Database) -> None:
    _prints(database, "a", {1, 2})
    stories.save_names(database, 1, NOW, [7])
    assert stories.forget_fingerprints(database, NOW) == 0
    assert stories.forget_fingerprints(database, NOW + timedelta(days=PERIOD)) == 3
    assert _alike(database, [1, 2]) == []


def test_look_alikes_are_bounded_however_long_the_text(database: Database) -> None:
    for number in range(MOST_CANDIDATES + 4):
        _prints(database, str(number), range(1000))
    assert len(_alike(database, range(100_000))) == MOST_CANDIDATES


def test_what_everybody_writes_is_not_stored_for_ever_more_articles(database: Database) -> None:
    for number in range(MOST_SHARING + 5):
        stories.save_names(database, number, NOW, [7])
    assert len(stories.named_alike(database, [7], NOW, NOW)[7]) == MOST_SHARING


def test_articles_are_found_by_the_names_they_hold(database: Database) -> None:
    stories.save_names(database, 1, NOW, [7, 8])
    stories.save_names(database, 2, NOW, [8])
    stories.save_names(database, 3, NOW + timedelta(days=90), [8])
    assert stories.named_alike(database, [7, 8, 9], NOW - HOUR, NOW + HOUR) == {7: (1,), 8: (1, 2)}
    assert stories.named_alike(database, [], NOW, NOW) == {}


def test_stories_that_tell_an_act_are_under_way_for_a_while(database: Database) -> None:
    told, quiet = stories.create(database, "Acte", NOW), stories.create(database, "Rien", NOW)
    attach(database, save(database, "a", signals=(EXPEL,)), told)
    attach(database, save(database, "b"), quiet)
    assert stories.telling_stories(database, NOW - HOUR, NOW + HOUR) == [told]
    assert stories.telling_stories(database, NOW + HOUR, NOW + 2 * HOUR) == []


def test_the_nearest_articles_of_a_story_come_without_copies(database: Database) -> None:
    story = stories.create(database, "Titre", NOW)
    saved = [save(database, str(number), at=NOW - number * HOUR) for number in range(MOST_MEMBERS + 3)]
    for one in saved:
        attach(database, one, story)
    attach(database, save(database, "copy"), story, copy_of=saved[0].article_id)
    rows = stories.members_around(database, [story], NOW)
    assert [row.article_id for row in rows] == [one.article_id for one in saved[:MOST_MEMBERS]]
    assert stories.members_around(database, [], NOW) == []


def test_articles_and_their_stories_by_ids(database: Database) -> None:
    story = stories.create(database, "Titre", NOW)
    late, early = save(database, "late"), save(database, "early", at=NOW - HOUR)
    attach(database, late, story)
    ids = (late.article_id, early.article_id, 99)
    assert [one.title for one in articles.get_many(database, ids)] == ["early", "late"]
    assert articles.get_many(database, ()) == []
    assert articles.stories_of(database, ids) == [story]
