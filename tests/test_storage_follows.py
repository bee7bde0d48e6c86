"""Who follows which story, what is new in it to them, and what becomes of it when stories become one or two."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import articles, follows, reading, revisions, seen, threads, triage, triage_history
from storage.articles import Saved, SaveKind
from storage.database import open_writer, transaction
from storage.follows import Followed, FollowNews
from storage.reading import StoryFilter
from storage.triage_filter import TriageFilter
from storage.triage_history import person_number
from storage.triage_values import NO, YES
from storage.types import Person, Role
from storage.types.triage import Following, TriageField
from tests.outbox_fill import add_alert, signal
from tests.test_storage_triage import AWA, BEN, HOUR, NOW, add, add_sources, story_of

HERE = Person(id=None, name="local", role=Role.ADMIN)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        add_sources(opened)
    yield opened
    opened.conn.close()


def follow(database: Database, story: int, by: Person = AWA, after: str = YES, now: datetime = NOW) -> None:
    subject = str(person_number(by.id))
    assert triage.write(database, story, TriageField.FOLLOW, after, subject=subject, by=by, now=now)


def news(database: Database, story: int, by: Person = AWA) -> FollowNews | None:
    return follows.news(database, [story], by.id).get(story)


def listed(database: Database, following: Following, by: Person = AWA) -> list[int]:
    wanted = TriageFilter(following=following, person_id=by.id)
    return [row.story.id for row in reading.stories(database, StoryFilter(with_signals=False, triage=wanted))]


def edit(database: Database, article: int, *, acts: bool, now: datetime, recorded_only: bool = False) -> None:
    revision = articles.get(database, article).revision_id
    saved = Saved(article_id=article, revision_id=revision, kind=SaveKind.REVISION, effective_at=NOW)
    added = (signal(),) if acts else ()
    revisions.record_edit(database, saved, added=added, dropped=(), now=now, recorded_only=recorded_only)


def test_each_person_follows_for_themselves(database: Database) -> None:
    one, two, three = (story_of(database, name, at=NOW + n * HOUR) for n, name in enumerate(("Un", "Deux", "Trois")))
    follow(database, one)
    follow(database, two)
    follow(database, two, BEN)
    follow(database, three, HERE)
    assert [listed(database, Following.YES, by) for by in (AWA, BEN, HERE)] == [[two, one], [two], [three]]
    assert listed(database, Following.NO) == [three]
    assert triage.marks(database, [one, three], AWA.id)[one].follow == FollowNews()
    assert triage.marks(database, [one, three], AWA.id)[three].follow is None
    follow(database, two, after=NO)
    assert listed(database, Following.YES) == [one]
    assert follows.count(database, AWA.id) == Followed(stories=1, news=0)
    assert (follows.number_of(database, BEN.id), follows.number_of(database, 77)) == (1, 0)


def test_nobody_elses_page_grows_old_by_it_and_nobody_else_learns_of_it(database: Database) -> None:
    story = story_of(database, "Un")
    follow(database, story)
    follow(database, story, HERE)
    assert triage.get(database, story).version == 0
    for by in (AWA, HERE):
        (event,) = triage_history.of_story(database, story, by.id)
        assert (event.field, event.name) == (TriageField.FOLLOW, by.name)
    assert triage_history.of_story(database, story, BEN.id) == []
    assert triage.write(database, story, TriageField.FOLLOW, YES, subject="1", by=AWA, now=NOW) is None


def test_articles_are_new_since_the_look_or_else_since_following(database: Database) -> None:
    story, other = story_of(database, "Un"), story_of(database, "Autre")
    follow(database, story)
    follow(database, other)
    assert news(database, story) == FollowNews()
    add(database, "Un bis", story)
    add(database, "Un ter", story)
    assert news(database, story) == FollowNews(articles=2)
    assert listed(database, Following.NEW) == [story]
    assert follows.count(database, AWA.id) == Followed(stories=2, news=1)
    seen.see(database, story, AWA, NOW + HOUR)
    assert news(database, story) == FollowNews()
    assert listed(database, Following.NEW) == []
    add(database, "Un quater", story)
    assert news(database, story) == FollowNews(articles=1)
    # Who looked long before they began to follow learns what they missed since.
    follow(database, story, after=NO)
    follow(database, story)
    assert news(database, story) == FollowNews(articles=1)


def test_alerts_and_acts_that_an_edit_brought_are_new_too(database: Database) -> None:
    story, quiet = story_of(database, "Un"), story_of(database, "Deux")
    (article,) = reading_articles(database, story)
    for one in (story, quiet):
        seen.see(database, one, AWA, NOW)
        follow(database, one)
    add_alert(database, "before", story=story, now=NOW - HOUR)
    edit(database, article, acts=False, now=NOW + HOUR)
    edit(database, article, acts=True, now=NOW - HOUR)
    edit(database, article, acts=True, now=NOW + HOUR, recorded_only=True)
    assert news(database, story) == FollowNews()
    edit(database, article, acts=True, now=NOW + HOUR)
    assert news(database, story) == FollowNews(edited=True)
    assert listed(database, Following.NEW) == [story]
    add_alert(database, "after", story=story, now=NOW + HOUR)
    assert news(database, story) == FollowNews(alerts=1, edited=True)
    database.execute("UPDATE alert SET recorded_only = 1")
    assert news(database, story) == FollowNews(edited=True)
    assert follows.count(database, AWA.id) == Followed(stories=2, news=1)
    seen.see(database, story, AWA, NOW + 2 * HOUR)
    assert not (news(database, story) or FollowNews(articles=1)).any


def reading_articles(database: Database, story: int) -> list[int]:
    return [row[0] for row in database.execute("SELECT id FROM article WHERE story_id = ? ORDER BY id", (story,))]


def test_who_follows_a_story_that_went_into_another_follows_that_one(database: Database) -> None:
    one, two = story_of(database, "Un"), story_of(database, "Deux")
    follow(database, two)
    follow(database, two, BEN)
    follow(database, one, BEN, now=NOW + HOUR)
    add(database, "Deux bis", two)
    threads.merge(database, two, one, author="Ines", reason="le même", now=NOW + HOUR)
    assert [listed(database, Following.YES, by) for by in (AWA, BEN)] == [[one], [one]]
    assert follows.count(database, AWA.id) == Followed(stories=1, news=1)
    # What they know is what they knew of the story that went.
    assert [news(database, one, by) for by in (AWA, BEN)] == [FollowNews(articles=1), FollowNews(articles=1)]
    assert [event.name for event in triage_history.of_story(database, one, AWA.id)] == ["Ines", "Awa"]
    threads.take_back(database, threads.changes(database, one)[0].id, author="Ines", now=NOW + HOUR)
    assert [set(listed(database, Following.YES, by)) for by in (AWA, BEN)] == [{two}, {one, two}]


def test_who_follows_no_longer_stays_so_when_a_merge_is_taken_back(database: Database) -> None:
    one, two = story_of(database, "Un"), story_of(database, "Deux")
    follow(database, two)
    threads.merge(database, two, one, author="Ines", reason="le même", now=NOW)
    follow(database, one, after=NO)
    follow(database, one, BEN)
    threads.take_back(database, threads.changes(database, one)[0].id, author="Ines", now=NOW)
    assert not follows.follows(database, one, 1)
    assert follows.followers(database, one) == [2]


def test_stories_that_the_machine_joins_keep_their_followers(database: Database) -> None:
    one, two = story_of(database, "Un"), story_of(database, "Deux")
    follow(database, two, HERE)
    threads.move(database, reading_articles(database, two), one, now=NOW)
    assert listed(database, Following.YES, HERE) == [one]


def test_who_follows_a_story_follows_both_that_it_becomes(database: Database) -> None:
    story = story_of(database, "Un")
    late = add(database, "Deux", story)
    follow(database, story)
    add(database, "Trois", story)
    before = database.execute("SELECT at, up_to FROM follow").fetchone()
    new = threads.split(database, [late], author="Ines", reason="autre", now=NOW + HOUR)
    assert set(listed(database, Following.YES)) == {story, new}
    assert database.execute("SELECT at, up_to FROM follow WHERE story_id = ?", (new,)).fetchone() == before
    assert [news(database, one) for one in (story, new)] == [FollowNews(articles=1), FollowNews()]
    assert triage_history.of_story(database, new, AWA.id)[0].person_id == -1
    threads.take_back(database, threads.changes(database, story)[0].id, author="Ines", now=NOW + HOUR)
    assert listed(database, Following.YES) == [story]
