"""Threads of stories, merges and splits by hand, and what becomes of a story."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import alerts, articles, candidates, revisions, sources, stories, threads
from storage.database import open_writer, transaction
from storage.errors import NotFoundError
from storage.standing import told_elsewhere
from storage.types import Alert, Article, Decision, DecisionKind, Source, StoryState

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
SOURCES = (
    Source(id="fleuve", name="Le Fleuve", url="https://fleuve.example", country="MLI", state_affiliation="Mali"),
    Source(id="rive", name="La Rive", url="https://rive.example", country="FRA"),
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        sources.sync(opened, SOURCES, NOW)
    yield opened
    opened.conn.close()


def add(
    database: Database, name: str, story: int, *, source: str = "fleuve", at: datetime = NOW, copy_of: int | None = None
) -> int:
    article = Article(
        source_id=source, url=f"https://{source}.example/{name}", title=name, paragraphs=(name,), published_at=at,
        fetched_at=NOW,
    )  # fmt: skip
    saved = articles.save(database, article, key=name, origin=source, now=NOW)
    stories.attach(
        database, saved.article_id, story, saved.effective_at, severity=0, copy_of=copy_of, coverage=None, origin=source
    )
    return saved.article_id


def tell(database: Database, story: int, article: int, name: str) -> None:
    alert = Alert(
        id=name, key=name, type="alert.new", watch_id="w", story_id=story, severity=4, headline="h",
        payload=json.dumps({"data": {"events": []}}), created_at=NOW, sequence=1,
    )  # fmt: skip
    decision = Decision(watch_id="w", kind=DecisionKind.NEW, reason="new_story", detail="", severity=4, signals=())
    alerts.raise_alert(database, alert, [], decision=decision, article_id=article, recorded_only=False)


def test_a_story_opens_a_thread_and_others_are_linked_to_it(database: Database) -> None:
    first, second, third, alone = (stories.create(database, str(number), NOW + number * HOUR) for number in range(4))
    threads.link(database, second, first)
    threads.link(database, third, second)
    assert [story.id for story in threads.thread(database, first)] == [first, second, third]
    assert {stories.get(database, one).thread_id for one in (first, second, third)} == {first}
    assert stories.get(database, alone).thread_id == alone


def test_threads_of_one_affair_become_one(database: Database) -> None:
    old, new, newer = (stories.create(database, str(number), NOW + number * HOUR) for number in range(3))
    threads.link(database, newer, new)
    threads.join(database, newer, old)
    assert [story.id for story in threads.thread(database, old)] == [old, new, newer]


def test_a_story_counts_sides_and_outlets_of_states(database: Database) -> None:
    story = stories.create(database, "Titre", NOW)
    add(database, "a", story)
    add(database, "b", story, source="rive")
    found = stories.get(database, story)
    assert (found.sides, found.state_outlets, found.outlets) == (("FRA", "MLI"), 1, 2)


def test_a_merge_moves_articles_and_alerts_and_is_remembered(database: Database) -> None:
    one, two = stories.create(database, "Un", NOW), stories.create(database, "Deux", NOW + HOUR)
    first, second = add(database, "a", one), add(database, "b", two, at=NOW - 2 * HOUR)
    tell(database, two, second, "alr")
    threads.merge(database, two, one, author="awa", reason="le même", now=NOW)
    assert {articles.get(database, article).story_id for article in (first, second)} == {one}
    assert alerts.get(database, "alr").story_id == one
    assert (stories.get(database, one).articles, stories.get(database, two).articles) == (2, 0)
    assert stories.get(database, one).first_seen_at == NOW - 2 * HOUR
    (change,) = threads.changes(database, two)
    assert (change.kind, change.story_id, change.other_id, change.articles) == ("merge", one, two, (second,))
    assert (change.author, change.reason) == ("awa", "le même")


def test_a_split_takes_the_copies_along_and_stays_in_the_thread(database: Database) -> None:
    story = stories.create(database, "Un", NOW)
    first = add(database, "a", story)
    second = add(database, "b", story, at=NOW + HOUR)
    copy = add(database, "c", story, at=NOW + 2 * HOUR, copy_of=second)
    tell(database, story, second, "alr")
    new = threads.split(database, [second], author="awa", reason="autre arrestation", now=NOW)
    assert articles.get(database, first).story_id == story
    assert {articles.get(database, one).story_id for one in (second, copy)} == {new}
    assert alerts.get(database, "alr").story_id == new
    assert stories.get(database, new).thread_id == stories.get(database, story).thread_id
    assert stories.get(database, new).headline == "b"
    assert [change.kind for change in threads.changes(database, new)] == ["split"]


def test_what_cannot_be_merged_or_split_changes_nothing(database: Database) -> None:
    one, two = stories.create(database, "Un", NOW), stories.create(database, "Deux", NOW)
    first, second = add(database, "a", one), add(database, "b", two)
    with pytest.raises(NotFoundError, match="name two"):
        threads.merge(database, one, one, author="a", reason="r", now=NOW)
    with pytest.raises(NotFoundError, match="no story 99"):
        threads.merge(database, one, 99, author="a", reason="r", now=NOW)
    with pytest.raises(NotFoundError, match="several stories"):
        threads.split(database, [first, second], author="a", reason="r", now=NOW)
    with pytest.raises(NotFoundError, match="nothing to split"):
        threads.split(database, [first], author="a", reason="r", now=NOW)
    with pytest.raises(NotFoundError, match="no article 77"):
        threads.split(database, [first, 77], author="a", reason="r", now=NOW)
    assert threads.changes(database, one) == threads.changes(database, two) == []


def test_a_graver_state_stays(database: Database) -> None:
    story = stories.create(database, "Un", NOW)
    assert stories.get(database, story).state is StoryState.TOLD
    for state, expected in (
        (StoryState.CORRECTED, StoryState.CORRECTED),
        (StoryState.EDITED, StoryState.CORRECTED),
        (StoryState.WITHDRAWN, StoryState.WITHDRAWN),
        (StoryState.DENIED, StoryState.WITHDRAWN),
    ):
        threads.mark(database, story, state)
        assert stories.get(database, story).state is expected


def test_a_story_is_withdrawn_with_its_last_page_and_told_again_with_the_first_back(database: Database) -> None:
    story = stories.create(database, "Un", NOW)
    first, second = add(database, "a", story), add(database, "b", story)
    revisions.withdraw(database, first, "404", NOW)
    assert stories.get(database, story).state is StoryState.TOLD
    revisions.withdraw(database, second, "404", NOW)
    assert stories.get(database, story).state is StoryState.WITHDRAWN
    revisions.restore(database, first, NOW)
    assert stories.get(database, story).state is StoryState.TOLD
    threads.mark(database, story, StoryState.DENIED)
    revisions.withdraw(database, first, "404", NOW)
    assert stories.get(database, story).state is StoryState.WITHDRAWN
    revisions.restore(database, second, NOW)
    assert stories.get(database, story).state is StoryState.DENIED


def test_new_paragraphs_are_remembered_by_article(database: Database) -> None:
    story = stories.create(database, "Un", NOW)
    first, second = add(database, "a", story), add(database, "b", story)
    stories.save_novelty(database, first, (0, 2))
    stories.save_novelty(database, second, ())
    assert stories.novelty(database, story) == {first: (0, 2)}


def test_acts_told_of_other_stories_of_the_affair(database: Database) -> None:
    one, two, other = (stories.create(database, str(number), NOW) for number in range(3))
    threads.link(database, two, one)
    article = add(database, "a", one)
    tell(database, one, article, "alr")
    database.execute("UPDATE alert SET acts = ?", (json.dumps([["expel_diplomats", "MLI", "FRA", 4]]),))
    act = (("expel_diplomats", "MLI", "FRA"), 4)

    def told(watch_id: str, story_id: int, since: datetime) -> list[tuple[object, bool]]:
        return [(row.acts, row.in_thread) for row in told_elsewhere(database, watch_id, story_id, since)]

    assert told("w", two, NOW - HOUR) == [((act,), True)]
    assert told("w", one, NOW - HOUR) == []
    assert told("w", other, NOW - HOUR) == [((act,), False)]
    assert told("w", two, NOW + HOUR) == []
    assert told("elsewhere", two, NOW - HOUR) == []


def test_articles_that_tell_another_story_take_their_copies_and_alerts_along(database: Database) -> None:
    stays, goes = stories.create(database, "stays", NOW), stories.create(database, "goes", NOW + HOUR)
    add(database, "first", stays)
    moved = add(database, "second", goes, source="rive")
    copy = add(database, "copy", goes, copy_of=moved)
    tell(database, goes, moved, "alr_1")
    assert threads.joined(database, goes) is None
    threads.move(database, [moved], stays, now=NOW)
    assert {one.id for one in stories.members(database, stays)} >= {moved, copy}
    assert database.execute("SELECT story_id FROM alert").fetchall() == [(stays,)]
    assert stories.get(database, goes).articles == 0
    assert threads.joined(database, goes) == stays
    assert threads.joined(database, stays) is None
    assert [one.id for one in stories.listing(database)] == [stays]
    assert [one.id for one in threads.thread(database, goes)] == []
    assert [change.kind for change in threads.changes(database, goes)] == [threads.JOIN]
    assert threads.made_by_hand(database, {stays, goes}) == set()


def test_a_story_keeps_what_still_tells_it(database: Database) -> None:
    one, other = stories.create(database, "one", NOW), stories.create(database, "other", NOW + HOUR)
    add(database, "a", one)
    kept, moved = add(database, "b", other), add(database, "c", other, source="rive")
    threads.move(database, [moved], one, now=NOW)
    assert [article.id for article in stories.members(database, other)] == [kept]
    assert threads.joined(database, other) is None
    assert threads.changes(database, other) == []


def test_what_was_made_by_hand_is_known(database: Database) -> None:
    story, alone = stories.create(database, "story", NOW), stories.create(database, "alone", NOW)
    add(database, "a", story)
    taken = add(database, "b", story, source="rive")
    out = threads.split(database, [taken], author="ana", reason="another event", now=NOW)
    assert threads.made_by_hand(database, {story, out, alone}) == {story, out}
    assert threads.made_by_hand(database, set()) == set()


def test_an_original_that_arrives_after_its_copies_takes_their_place(database: Database) -> None:
    story = stories.create(database, "story", NOW)
    copied = add(database, "copy", story, at=NOW + HOUR)
    again = add(database, "again", story, at=NOW + 2 * HOUR, copy_of=copied)
    late = add(database, "late", story, at=NOW + 3 * HOUR)
    assert not candidates.make_original(database, late, NOW + 3 * HOUR, copied)
    original = add(database, "original", story)
    assert candidates.make_original(database, original, NOW, copied)
    held = {one.id: one.copy_of for one in stories.members(database, story)}
    assert held == {original: None, copied: original, again: original, late: None}
