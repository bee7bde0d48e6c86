"""Merges and splits that are taken back: each story gets its own again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from storage import articles, notes, seen, stories, threads, triage, triage_history
from storage.database import open_writer, transaction
from storage.errors import NotFoundError
from storage.triage_values import YES, assignee_text, link_subject
from storage.types.triage import Assignee, LinkKind, TriageField
from tests.test_storage_triage import AWA, BEN, NOW, RELEVANT, TOO_WIDE, add, add_sources, judge, story_of, tag, tell


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        add_sources(opened)
    yield opened
    opened.conn.close()


def state(database: Database, story: int) -> tuple[Any, ...]:
    """All that a story is, the count of its changes left out."""
    return (
        [article.id for article in stories.members(database, story)],
        replace(triage.get(database, story), version=0),
        [note.id for note in notes.of_story(database, story)],
        {(link.story_id, link.link) for link in notes.links(database, story)},
        sorted(row[0] for row in database.execute("SELECT id FROM alert WHERE story_id = ?", (story,))),
    )


def two_stories(database: Database) -> tuple[int, int, int]:
    one, two, third = (story_of(database, name) for name in ("Un", "Deux", "Trois"))
    add(database, "Deux bis", two)
    judge(database, one, RELEVANT)
    judge(database, two, TOO_WIDE, by=BEN)
    tag(database, two, "Visas")
    notes.add(database, one, "ici", by=AWA, now=NOW)
    notes.add(database, two, "là", by=BEN, now=NOW)
    for field, value in (
        (TriageField.IMPORTANT, YES), (TriageField.ASSIGNEE, assignee_text(Assignee(name="Ben"))),
    ):  # fmt: skip
        triage.write(database, two, field, value, by=BEN, now=NOW)
    for other in (one, third):
        subject = link_subject(other, LinkKind.RELATED_TO)
        triage.write(database, two, TriageField.LINK, YES, subject=subject, by=BEN, now=NOW)
    for story, name in ((one, "alr_1"), (two, "alr_2")):
        tell(database, story, stories.members(database, story)[0].id, name)
    return one, two, third


def test_a_merge_that_is_taken_back_leaves_both_as_they_were(database: Database) -> None:
    three = two_stories(database)
    one, two, _ = three
    before = [state(database, story) for story in three]
    threads.merge(database, two, one, author="Awa", reason="le même", now=NOW)
    assert [state(database, story) for story in three] != before
    (change,) = threads.changes(database, one)
    assert threads.reversible(database, change)
    threads.take_back(database, change.id, author="Awa", now=NOW)
    assert [state(database, story) for story in three] == before
    assert threads.joined(database, two) is None
    assert {event.story_id for event in triage_history.of_story(database, one)} == {one}


def test_what_was_changed_after_a_merge_stays(database: Database) -> None:
    one, two, _ = two_stories(database)
    threads.merge(database, two, one, author="Awa", reason="le même", now=NOW)
    triage.write(database, one, TriageField.TAG, "", subject="visas", by=BEN, now=NOW)
    triage.write(database, one, TriageField.ASSIGNEE, assignee_text(Assignee(name="Awa")), by=BEN, now=NOW)
    late = notes.add(database, one, "après", by=BEN, now=NOW)
    threads.take_back(database, threads.changes(database, one)[0].id, author="Awa", now=NOW)
    assert triage.get(database, one).assignee == Assignee(name="Awa")
    assert triage.get(database, two).assignee == Assignee(name="Ben")
    assert triage.get(database, two).tags == ("Visas",)
    assert str(notes.of_story(database, one)[-1].id) == late.subject


def test_a_split_is_taken_back_and_the_copies_go_along(database: Database) -> None:
    story = story_of(database, "Un")
    other = add(database, "Deux", story)
    new = threads.split(database, [other], author="Awa", reason="autre", now=NOW)
    seen.see(database, new, AWA, NOW)
    threads.take_back(database, threads.changes(database, story)[0].id, author="Awa", now=NOW)
    assert articles.get(database, other).story_id == story
    assert threads.joined(database, new) == story


def test_only_the_last_arrangement_is_taken_back(database: Database) -> None:
    one, two, third = two_stories(database)
    threads.merge(database, two, one, author="Awa", reason="le même", now=NOW)
    first = threads.changes(database, one)[0]
    threads.merge(database, third, one, author="Awa", reason="aussi", now=NOW)
    assert not threads.reversible(database, first)
    with pytest.raises(NotFoundError, match="merged or split since"):
        threads.take_back(database, first.id, author="Awa", now=NOW)
    threads.take_back(database, threads.changes(database, third)[0].id, author="Awa", now=NOW)
    with pytest.raises(NotFoundError, match="no merge or split 99"):
        threads.take_back(database, 99, author="Awa", now=NOW)
