"""What people make of stories: kept, listed, counted, and carried along when stories become one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import alerts, articles, notes, reading, seen, sources, stories, threads, triage, triage_history, verdicts
from storage.database import open_writer, transaction
from storage.errors import NotFoundError
from storage.reading import StoryFilter
from storage.seen import Attention
from storage.triage_filter import TriageFilter
from storage.triage_values import YES, assignee_text, key_of, link_subject, standing_text
from storage.types import Alert, Article, Decision, DecisionKind, Person, Role, Signal, Source, Status
from storage.types.triage import (
    UNJUDGED,
    Assignee,
    LinkKind,
    Standing,
    TriageField,
    TriageState,
    Verdict,
    VerdictReason,
)

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
AWA = Person(id=1, name="Awa", role=Role.ANALYST)
BEN = Person(id=2, name="Ben", role=Role.ANALYST)
RELEVANT = Standing(state=TriageState.RELEVANT, verdict=Verdict.RELEVANT, by="Awa", at=NOW)
TOO_WIDE = Standing(
    state=TriageState.NOT_RELEVANT, verdict=Verdict.NOT_RELEVANT, reason=VerdictReason.RULE_TOO_WIDE, by="Ben",
    at=NOW + HOUR,
)  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        add_sources(opened)
    yield opened
    opened.conn.close()


def add_sources(database: Database) -> None:
    sources.sync(database, (Source(id="fleuve", name="Le Fleuve", url="https://fleuve.example"),), NOW)


def add(database: Database, name: str, story: int, *, at: datetime = NOW, rule: str | None = None) -> int:
    article = Article(
        source_id="fleuve", url=f"https://fleuve.example/{name}", title=name, paragraphs=(name,), published_at=at,
        fetched_at=NOW,
    )  # fmt: skip
    saved = articles.save(database, article, key=name, origin="fleuve", now=NOW)
    if rule is not None:
        signal = Signal(
            type="expel_diplomat", severity=4, actor="MLI", target="FRA", status=Status.ASSERTED, sentence=name,
            start=0, end=1, rule=rule, cues=(),
        )  # fmt: skip
        articles.save_signals(database, saved.article_id, saved.revision_id, (signal,))
    stories.attach(
        database, saved.article_id, story, saved.effective_at, severity=0, copy_of=None, coverage=None, origin="fleuve"
    )
    return saved.article_id


def story_of(database: Database, name: str, *, at: datetime = NOW, rule: str | None = None) -> int:
    story = stories.create(database, name, at)
    add(database, name, story, at=at, rule=rule)
    return story


def judge(database: Database, story: int, standing: Standing, by: Person = AWA) -> None:
    assert triage.write(database, story, TriageField.STANDING, standing_text(standing), by=by, now=NOW)


def tag(database: Database, story: int, name: str, by: Person = AWA) -> None:
    triage.write(database, story, TriageField.TAG, name, subject=key_of(name), by=by, now=NOW)


def listed(database: Database, wanted: TriageFilter) -> list[int]:
    rows = reading.stories(database, StoryFilter(with_signals=False, triage=wanted))
    return [row.story.id for row in rows]


def test_every_field_is_kept_with_its_history_and_its_version(database: Database) -> None:
    story, other = story_of(database, "Un"), story_of(database, "Deux")
    judge(database, story, RELEVANT)
    triage.write(database, story, TriageField.IMPORTANT, YES, by=BEN, now=NOW)
    triage.write(database, story, TriageField.ASSIGNEE, assignee_text(Assignee(name="Ben", id=2)), by=AWA, now=NOW)
    tag(database, story, "Visas")
    written = notes.add(database, story, "À suivre", by=BEN, now=NOW)
    reply = link_subject(other, LinkKind.IN_REPLY_TO)
    triage.write(database, story, TriageField.LINK, YES, subject=reply, by=AWA, now=NOW)
    held = triage.get(database, story)
    assert (held.standing, held.important, held.assignee) == (RELEVANT, True, Assignee(name="Ben", id=2))
    assert (held.tags, held.notes, held.version) == (("Visas",), 1, 6)
    (note,) = notes.of_story(database, story)
    assert (note.author, note.text, note.person_id, str(note.id)) == ("Ben", "À suivre", 2, written.subject)
    assert [(link.story_id, link.link.kind) for link in notes.links(database, other)] == [(story, "in_reply_to")]
    history = triage_history.of_story(database, story)
    assert [event.field for event in reversed(history)] == ["standing", "important", "assignee", "tag", "note", "link"]
    assert {event.name for event in history} == {"Awa", "Ben"}
    assert triage.get(database, other).version == 0


def test_what_changes_nothing_leaves_no_trace(database: Database) -> None:
    story = story_of(database, "Un")
    tag(database, story, "Visas")
    tag(database, story, "Visas")
    assert triage.write(database, story, TriageField.ASSIGNEE, "", by=AWA, now=NOW) is None
    assert triage.get(database, story).version == 1
    with pytest.raises(NotFoundError, match="no story 99"):
        triage.write(database, 99, TriageField.IMPORTANT, YES, by=AWA, now=NOW)
    with pytest.raises(NotFoundError, match="no note 5"):
        triage.write(database, story, TriageField.NOTE, "", subject="5", by=AWA, now=NOW)


def test_lists_are_narrowed_by_every_mark(database: Database) -> None:
    one, two, three = (story_of(database, name, at=NOW + n * HOUR) for n, name in enumerate(("Un", "Deux", "Trois")))
    judge(database, one, RELEVANT)
    judge(database, two, TOO_WIDE)
    triage.write(database, two, TriageField.IMPORTANT, YES, by=AWA, now=NOW)
    triage.write(database, two, TriageField.ASSIGNEE, assignee_text(Assignee(name="Élise")), by=AWA, now=NOW)
    tag(database, one, "Bases Militaires")
    notes.add(database, three, "note", by=AWA, now=NOW)
    withdrawn = notes.add(database, one, "faux", by=AWA, now=NOW)
    triage.write(database, one, TriageField.NOTE, "", subject=withdrawn.subject, by=AWA, now=NOW)
    seen.see(database, one, AWA, NOW)
    seen.see(database, three, AWA, NOW)
    add(database, "Trois bis", three, at=NOW + 2 * HOUR)
    everything = [three, two, one]
    assert listed(database, TriageFilter()) == everything
    new = TriageState.NEW
    for wanted, expected in (
        (TriageFilter(states=(TriageState.RELEVANT,)), [one]),
        (TriageFilter(states=(TriageState.NOT_RELEVANT, TriageState.RELEVANT)), [two, one]),
        (TriageFilter(states=(new, TriageState.RELEVANT)), [three, one]),
        (TriageFilter(verdict=Verdict.NOT_RELEVANT), [two]),
        (TriageFilter(seen=True, person_id=1), [one]),
        (TriageFilter(seen=False, person_id=1), [three, two]),
        (TriageFilter(seen=False, person_id=None), everything),
        (TriageFilter(important=True), [two]),
        (TriageFilter(important=False), [three, one]),
        (TriageFilter(noted=True), [three]),
        (TriageFilter(noted=False), [two, one]),
        (TriageFilter(tagged=True), [one]),
        (TriageFilter(tagged=False), [three, two]),
        (TriageFilter(tag="bases  MILITAIRES"), [one]),
        (TriageFilter(assigned=True), [two]),
        (TriageFilter(assigned=False), [three, one]),
        (TriageFilter(assignee="élise"), [two]),
        (TriageFilter(important=True, states=(TriageState.RELEVANT,)), []),
    ):
        assert listed(database, wanted) == expected, wanted


def test_a_story_is_seen_by_each_for_themselves_until_an_article_comes(database: Database) -> None:
    story = story_of(database, "Un")
    machine = Person(id=None, name="local", role=Role.ADMIN)
    for person in (AWA, machine):
        seen.see(database, story, person, NOW)
    assert triage.marks(database, [story], 1)[story].attention is Attention.SEEN
    assert triage.marks(database, [story], None)[story].attention is Attention.SEEN
    assert triage.marks(database, [story], 2)[story].attention is Attention.NEW
    add(database, "Un bis", story)
    assert triage.marks(database, [story], 1)[story].attention is Attention.BEHIND
    seen.see(database, story, AWA, NOW + HOUR)
    assert triage.marks(database, [story], 1)[story].attention is Attention.SEEN
    assert [(look.name, look.behind) for look in seen.looks(database, story)] == [("Awa", False), ("local", True)]
    assert seen.looks(database, story, since=NOW + HOUR)[0].person_id == 1
    seen.unsee(database, story, AWA)
    assert seen.look(database, story, 1) is None


def test_tags_are_one_however_they_are_written_and_counted(database: Database) -> None:
    one, two = story_of(database, "Un"), story_of(database, "Deux")
    tag(database, one, "Visas")
    tag(database, two, "Visas")
    tag(database, two, "ambassade")
    assert [(found.name, found.stories) for found in notes.tags(database)] == [("Visas", 2), ("ambassade", 1)]
    assert notes.tag_named(database, key_of("  VISA\uff33 ")) == "Visas"


def test_a_merge_unites_what_people_made_of_both(database: Database) -> None:
    one, two = story_of(database, "Un"), story_of(database, "Deux")
    judge(database, one, RELEVANT)
    judge(database, two, TOO_WIDE, by=BEN)
    tag(database, one, "Visas")
    tag(database, two, "visas")
    tag(database, two, "Bases")
    notes.add(database, two, "de l'autre", by=BEN, now=NOW)
    triage.write(database, two, TriageField.IMPORTANT, YES, by=BEN, now=NOW)
    triage.write(database, two, TriageField.ASSIGNEE, assignee_text(Assignee(name="Ben")), by=BEN, now=NOW)
    third = story_of(database, "Trois")
    between, outside = (link_subject(other, LinkKind.RELATED_TO) for other in (one, third))
    for subject in (between, outside):
        triage.write(database, two, TriageField.LINK, YES, subject=subject, by=BEN, now=NOW)
    threads.merge(database, two, one, author="Awa", reason="le même", now=NOW)
    held = triage.get(database, one)
    assert held.standing == TOO_WIDE
    assert (held.important, held.assignee, held.notes) == (True, Assignee(name="Ben"), 1)
    assert held.tags == ("Bases", "Visas")
    assert [(link.story_id, link.link.story_id) for link in notes.links(database, one)] == [(third, one)]
    changed = triage_history.of_field(database, one, TriageField.STANDING)
    assert [(event.name, event.after) for event in changed][-1] == ("Awa", standing_text(TOO_WIDE))
    assert {event.story_id for event in triage_history.of_story(database, one)} == {one, two}


def test_who_saw_one_of_two_finds_the_whole_new_since(database: Database) -> None:
    one, two = story_of(database, "Un"), story_of(database, "Deux")
    for person in (AWA, BEN):
        seen.see(database, one, person, NOW)
    seen.see(database, two, AWA, NOW)
    cleo = Person(id=4, name="Cleo", role=Role.ANALYST)
    seen.see(database, two, cleo, NOW)
    late = add(database, "Deux bis", two)
    threads.merge(database, two, one, author="Awa", reason="le même", now=NOW)
    attention = {person: seen.attention(database, [one], person).get(one) for person in (1, 2, 3, 4)}
    assert attention == {1: Attention.BEHIND, 2: Attention.BEHIND, 3: None, 4: Attention.BEHIND}
    # Articles after this one are shown as new: the late one, all of the second story, all of the first.
    first, second, _ = (article.id for article in stories.members(database, one))
    up_to = {look.person_id: look.up_to for look in seen.looks(database, one)}
    assert up_to == {1: late - 1, 2: second - 1, 4: first - 1}


def test_who_saw_both_has_seen_what_they_became(database: Database) -> None:
    one, two = story_of(database, "Un"), story_of(database, "Deux")
    for story in (one, two):
        seen.see(database, story, AWA, NOW)
    threads.merge(database, two, one, author="Awa", reason="le même", now=NOW)
    assert seen.attention(database, [one], 1) == {one: Attention.SEEN}


def test_a_machine_join_carries_the_verdict_along_and_a_split_starts_anew(database: Database) -> None:
    one, two = story_of(database, "Un"), story_of(database, "Deux")
    judge(database, two, TOO_WIDE)
    seen.see(database, two, AWA, NOW)
    (article,) = (found.id for found in stories.members(database, two))
    threads.move(database, [article], one, now=NOW)
    assert triage.get(database, one).standing == TOO_WIDE
    assert triage_history.of_story(database, one)[0].person_id == -1
    seen.see(database, one, AWA, NOW)
    new = threads.split(database, [article], author="Awa", reason="autre", now=NOW)
    assert triage.get(database, new).standing == UNJUDGED
    assert triage.get(database, one).standing == TOO_WIDE
    assert seen.attention(database, [one, new], 1) == {one: Attention.SEEN, new: Attention.SEEN}


def tell(database: Database, story: int, article: int, name: str, *, type_: str = "alert.new") -> None:
    alert = Alert(
        id=name, key=name, type=type_, watch_id="w", story_id=story, severity=4, headline="h",
        payload=json.dumps({"data": {"events": []}}), created_at=NOW, sequence=1,
    )  # fmt: skip
    decision = Decision(watch_id="w", kind=DecisionKind.NEW, reason="new_story", detail="", severity=4, signals=())
    alerts.raise_alert(database, alert, [], decision=decision, article_id=article, recorded_only=False)


def test_verdicts_are_counted_once_a_story_by_watch_and_by_rule(database: Database) -> None:
    good, bad, mute = (story_of(database, name, rule="fr/expel") for name in ("Un", "Deux", "Trois"))
    add(database, "Un bis", good, rule="fr/expel")
    add(database, "Deux bis", bad, rule="fr/ban")
    judge(database, good, RELEVANT)
    judge(database, bad, TOO_WIDE)
    for number, story in enumerate((good, good, bad)):
        tell(database, story, stories.members(database, story)[min(number, 1)].id, f"alr_{number}")
    (watch,) = verdicts.by_watch(database)
    assert (watch.name, watch.relevant, watch.not_relevant) == ("w", 1, 1)
    assert watch.reasons == ((VerdictReason.RULE_TOO_WIDE, 1),)
    expel, ban = verdicts.by_rule(database)
    assert (expel.name, expel.relevant, expel.not_relevant) == ("fr/expel", 1, 1)
    assert (ban.name, ban.relevant, ban.not_relevant) == ("fr/ban", 0, 1)
    assert verdicts.by_rule(database, since=NOW + HOUR)[0].relevant == 0
    assert triage.verdicts_by_story(database, [good, bad, mute]) == {good: RELEVANT, bad: TOO_WIDE}
    labelled = list(verdicts.labelled_articles(database))
    assert [(one.story_id, one.verdict, one.title) for one in labelled] == [
        (good, Verdict.RELEVANT, "Un"), (bad, Verdict.NOT_RELEVANT, "Deux"),
    ]  # fmt: skip
