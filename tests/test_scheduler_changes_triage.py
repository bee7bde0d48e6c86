"""The changes people make of stories: refused where they would lose somebody's work, and taken back exactly."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from scheduler import changes
from scheduler.errors import ChangedSinceError, TriageRefusedError, UnknownChangeError
from storage import accounts, audit, follows, notes, seen, stories, triage, triage_history
from storage.database import open_writer, transaction
from storage.errors import NotFoundError
from storage.types import Person, Role
from storage.types.triage import Assignee, LinkKind, TriageState, Verdict, VerdictReason
from tests.outbox_fill import NOW
from tests.somebody import ANALYST, HERE

BEN = Person(id=9, name="Ben", role=Role.ANALYST)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    for name in ("Un", "Deux", "Trois"):
        stories.create(opened, name, NOW)
    yield opened
    opened.conn.close()


def make(database: Database, name: str, by: Person = ANALYST, /, **given: Any) -> str:
    with transaction(database):
        return changes.apply(database, name, given, NOW, by=by).sentence


def last(database: Database, by: Person = ANALYST) -> int:
    found = triage_history.last_own(database, by.id, NOW - timedelta(minutes=10))
    assert found is not None
    return found.id


def test_a_verdict_is_shared_and_says_whose_it_is(database: Database) -> None:
    make(database, "verdict", story=1, version=0, state="not_relevant", reason="background")
    standing = triage.get(database, 1).standing
    assert (standing.state, standing.verdict) == (TriageState.NOT_RELEVANT, Verdict.NOT_RELEVANT)
    assert (standing.reason, standing.by, standing.at) == (VerdictReason.BACKGROUND, "Ines", NOW)
    with pytest.raises(TriageRefusedError, match="only what is relevant can be escalated"):
        make(database, "verdict", story=1, state="escalated")
    with pytest.raises(UnknownChangeError, match="wrong form"):
        make(database, "verdict", story=1, state="great")
    with pytest.raises(NotFoundError, match="no story 44"):
        make(database, "verdict", story=44, state="relevant")
    assert [(line.change, line.name) for line in audit.lines(database)] == [("verdict", "Ines")]


def test_a_lost_update_is_refused_and_names_who_was_quicker(database: Database) -> None:
    make(database, "verdict", BEN, story=1, version=0, state="relevant")
    with pytest.raises(ChangedSinceError, match=r"Ben changed story 1 at 2026-03-10 09:00 UTC"):
        make(database, "verdict", story=1, version=0, state="not_relevant")
    assert triage.get(database, 1).standing.state is TriageState.RELEVANT
    # The same decision, another field, and one more tag lose nothing.
    assert "stood so already" in make(database, "verdict", story=1, version=0, state="relevant")
    make(database, "important", story=1, version=0, important=True)
    make(database, "tag", story=1, version=0, tag="visas")
    make(database, "verdict", story=1, version=triage.get(database, 1).version, state="not_relevant")
    assert triage.get(database, 1).standing.state is TriageState.NOT_RELEVANT


def test_tags_people_and_notes(database: Database) -> None:
    make(database, "tag", story=1, tag="  Bases   militaires ")
    make(database, "tag", story=2, tag="bases MILITAIRES")
    assert triage.get(database, 2).tags == ("Bases militaires",)
    make(database, "untag", story=2, tag="BASES militaires")
    assert triage.get(database, 2).tags == ()
    with transaction(database):
        account = accounts.add(database, "Ben Diarra", None, "hash", NOW)
    make(database, "assign", story=1, assignee="ben diarra")
    assert triage.get(database, 1).assignee == Assignee(name="Ben Diarra", id=account.id)
    make(database, "assign", story=1, assignee="Zoé")
    assert triage.get(database, 1).assignee == Assignee(name="Zoé")
    assert notes.assignees(database) == ["Ben Diarra", "Zoé"]
    make(database, "note", HERE, story=1, text="Ligne\x00 un\u202f:\r\nligne deux", author="Moussa")
    (note,) = notes.of_story(database, 1)
    assert (note.text, note.author) == ("Ligne un\u202f:\nligne deux", "Moussa")
    with pytest.raises(TriageRefusedError, match="only who wrote a note"):
        make(database, "withdraw_note", BEN, story=1, note=note.id)
    make(database, "withdraw_note", HERE, story=1, note=note.id)
    assert triage.get(database, 1).notes == 0
    for name, values, message in (
        ("tag", {"tag": " "}, "needs a name"),
        ("tag", {"tag": "x" * 41}, "40 characters at most"),
        ("note", {"text": "x" * 4_001}, "4000 characters at most, not 4001"),
        ("note", {"text": " \n"}, "needs a text"),
        ("link_stories", {"other": 1, "kind": "related_to"}, "not linked with itself"),
    ):
        with pytest.raises(TriageRefusedError, match=message):
            make(database, name, story=1, **values)


def test_a_story_has_only_so_many_tags(database: Database) -> None:
    for number in range(20):
        make(database, "tag", story=1, tag=f"tag {number}")
    with pytest.raises(TriageRefusedError, match="as many tags as one can have"):
        make(database, "tag", story=1, tag="one more")


def test_what_one_looked_at_is_nobodys_business(database: Database) -> None:
    make(database, "seen", story=1, seen=True)
    assert seen.look(database, 1, ANALYST.id) is not None
    make(database, "seen", story=1, seen=False)
    assert seen.look(database, 1, ANALYST.id) is None
    assert audit.lines(database) == ()
    assert triage.get(database, 1).version == 0


def test_many_are_changed_as_one_and_taken_back_as_one(database: Database) -> None:
    make(database, "verdict", story=2, state="relevant")
    before = [triage.get(database, story).standing for story in (1, 2, 3)]
    done = make(database, "bulk", do="verdict", state="not_relevant", reason="old", stories=[[1, 0], [2, 1], [3, 0]])
    assert done == "3 of 3 stories are changed"
    assert {triage.get(database, story).standing.reason for story in (1, 2, 3)} == {VerdictReason.OLD}
    assert make(database, "undo", event=last(database)) == "3 changes are taken back"
    assert [triage.get(database, story).standing for story in (1, 2, 3)] == before
    with pytest.raises(TriageRefusedError, match="taken back before"):
        make(database, "undo", event=triage_history.of_story(database, 3)[-1].id)


def test_many_are_changed_or_none_when_somebody_was_quicker(database: Database) -> None:
    make(database, "verdict", BEN, story=3, state="relevant")
    with pytest.raises(ChangedSinceError, match="Ben changed story 3"):
        make(database, "bulk", do="verdict", state="not_relevant", stories=[[1, 0], [2, 0], [3, 0]])
    assert triage.get(database, 1).standing.state is TriageState.NEW
    # What the rules do not allow for some leaves those alone.
    assert make(database, "bulk", do="verdict", state="closed", stories=[[1, 0], [2, 0], [3, 1]]).startswith("1 of 3")
    for story in (1, 2):
        make(database, "bulk", do="seen", stories=[[story, None]])
    assert seen.attention(database, [1, 2], ANALYST.id).keys() == {1, 2}
    with pytest.raises(TriageRefusedError, match="1 to 500"):
        make(database, "bulk", do="important", important=True, stories=[[n, 0] for n in range(501)])


def test_taking_back_a_part_of_many_says_what_stays(database: Database) -> None:
    make(database, "bulk", do="important", important=True, stories=[[1, 0], [2, 0]])
    make(database, "important", BEN, story=2, important=False)
    done = make(database, "undo", event=last(database))
    assert done == "1 change is taken back; 1 stay: Ben changed story 2 at 2026-03-10 09:00 UTC since"
    assert [triage.get(database, story).important for story in (1, 2)] == [False, False]


def test_what_is_not_taken_back(database: Database) -> None:
    make(database, "important", BEN, story=1, important=True)
    with pytest.raises(TriageRefusedError, match="only who made a change"):
        make(database, "undo", event=last(database, BEN))
    make(database, "merge_stories", HERE, story=1, into=2, author="Moussa", reason="le même")
    with pytest.raises(TriageRefusedError, match="story 1 went into story 2 since"):
        make(database, "undo", BEN, event=last(database, BEN))
    with pytest.raises(ChangedSinceError, match="open that one"):
        make(database, "tag", story=1, tag="x")
    with pytest.raises(NotFoundError, match="no change 99"):
        make(database, "undo", event=99)


_PEOPLE = st.sampled_from((ANALYST, BEN))
_STATES = st.sampled_from([str(state) for state in TriageState])
_TAGS = st.sampled_from(("a", "A", "b"))
_STEPS = st.one_of(
    st.tuples(_PEOPLE, st.just("verdict"), st.fixed_dictionaries({"state": _STATES})),
    st.tuples(_PEOPLE, st.just("important"), st.fixed_dictionaries({"important": st.sampled_from((True, False))})),
    st.tuples(_PEOPLE, st.just("follow"), st.fixed_dictionaries({"follow": st.sampled_from((True, False))})),
    st.tuples(_PEOPLE, st.just("assign"), st.fixed_dictionaries({"assignee": st.sampled_from(("", "Ben", "Awa"))})),
    st.tuples(_PEOPLE, st.sampled_from(("tag", "untag")), st.fixed_dictionaries({"tag": _TAGS})),
    st.tuples(_PEOPLE, st.just("note"), st.fixed_dictionaries({"text": st.just("un mot")})),
    st.tuples(
        _PEOPLE,
        st.sampled_from(("link_stories", "unlink_stories")),
        st.fixed_dictionaries({"other": st.just(2), "kind": st.sampled_from(list(map(str, LinkKind)))}),
    ),
)  # fmt: skip


def shared(database: Database) -> tuple[Any, ...]:
    """All that is made of the first story, the count of its changes left out."""
    standing = tuple(note.id for note in notes.of_story(database, 1) if note.withdrawn_at is None)
    links = frozenset((link.story_id, link.link) for link in notes.links(database, 1))
    return (
        dataclasses.replace(triage.get(database, 1), version=0),
        standing,
        links,
        tuple(follows.followers(database, 1)),
    )


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_STEPS, max_size=8))
def test_taking_everything_back_gives_every_state_before(database: Database, steps: list[Any]) -> None:
    database.conn.execute("BEGIN")
    try:
        states = []
        for by, name, given_ in steps:
            before = shared(database)
            with_events = len(triage_history.of_story(database, 1, by.id))
            try:
                changes.apply(database, name, {"story": 1, **given_}, NOW, by=by)
            except TriageRefusedError:
                assert shared(database) == before
            if len(triage_history.of_story(database, 1, by.id)) > with_events:
                states.append((triage_history.of_story(database, 1, by.id)[0].id, by, before))
        for event, by, before in reversed(states):
            changes.apply(database, "undo", {"event": event}, NOW, by=by)
            assert shared(database) == before
    finally:
        database.conn.execute("ROLLBACK")
