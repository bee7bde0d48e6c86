"""Stories: membership, counts that are read from the rows, look-alikes and asserted acts in a time window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import articles, candidates, sources, stories
from storage.articles import Saved
from storage.database import open_writer, transaction
from storage.errors import NotFoundError
from storage.stories import LEAST_SHARED, MOST_CANDIDATES, MOST_HASHES, MOST_MEMBERS, MOST_SHARING, MOST_STORIES, PERIOD
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
    return _titles(database, stories.look_alikes(database, hashes, NOW - HOUR, NOW + until, but=but))


def _titles(database: Database, found: Iterable[stories.LookAlike]) -> list[str]:
    return [articles.get(database, one.article_id).title for one in found]


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
    assert (found.article_id, found.dispatched_at) == (copy.article_id, NOW - HOUR)


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
    _prints(database, "b", {3, 4})
    stories.drop_fingerprints(database, saved.article_id, saved.effective_at, {3, 4})
    assert _alike(database, [3, 4]) == ["b"]


def test_look_alikes_are_found_across_periods(database: Database) -> None:
    for days in (-PERIOD, 0, PERIOD):
        _prints(database, f"{days}", {1, 2}, at=NOW + timedelta(days=days))
    span = timedelta(days=PERIOD)
    found = stories.look_alikes(database, {1, 2}, NOW - span, NOW + span, but=0)
    assert _titles(database, found) == [f"{-PERIOD}", "0", f"{PERIOD}"]


def test_a_long_text_is_looked_up_by_some_of_its_fingerprints(database: Database) -> None:
    _prints(database, "least", range(100))
    _prints(database, "greatest", range(MOST_HASHES, MOST_HASHES + 100))
    assert _alike(database, range(MOST_HASHES + 100)) == ["least"]


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
    stories.save_names(database, 1, NOW + timedelta(days=PERIOD), [7])
    later = stories.named_alike(database, [7], NOW + timedelta(days=PERIOD), NOW + timedelta(days=PERIOD))
    assert later == {7: (1,)}
    saved = [_prints(database, str(number), {1, 2}) for number in range(MOST_SHARING + 1)]
    (count,) = database.execute("SELECT count(*) FROM fingerprint").fetchone()
    assert count == 2 * MOST_SHARING
    assert _alike(database, [1, 2], but=saved[0].article_id)[0] == "1"


def test_articles_are_found_by_the_names_they_hold(database: Database) -> None:
    stories.save_names(database, 1, NOW, [7, 8])
    stories.save_names(database, 2, NOW, [8])
    stories.save_names(database, 3, NOW + timedelta(days=90), [8])
    assert stories.named_alike(database, [7, 8, 9], NOW - HOUR, NOW + HOUR) == {7: (1,), 8: (1, 2)}
    assert stories.named_alike(database, [8], NOW, NOW + timedelta(days=90)) == {8: (1, 2, 3)}
    assert stories.named_alike(database, [], NOW, NOW) == {}


def test_stories_that_tell_an_act_are_under_way_for_a_while(database: Database) -> None:
    told, quiet = stories.create(database, "Acte", NOW), stories.create(database, "Rien", NOW)
    attach(database, save(database, "a", signals=(EXPEL,)), told)
    attach(database, save(database, "b"), quiet)
    assert stories.telling_stories(database, NOW - HOUR, NOW + HOUR) == [told]
    assert stories.telling_stories(database, NOW + HOUR, NOW + 2 * HOUR) == []
    assert stories.telling_stories(database, NOW - 2 * HOUR, NOW - HOUR) == []


def test_of_many_stories_under_way_the_last_seen_are_compared(database: Database) -> None:
    saved = [
        save(database, str(number), at=NOW - number * HOUR, signals=(EXPEL,)) for number in range(MOST_STORIES + 2)
    ]
    told = [stories.create(database, str(number), own.effective_at) for number, own in enumerate(saved)]
    for story, own in zip(told, saved, strict=True):
        attach(database, own, story)
    assert stories.telling_stories(database, NOW - timedelta(days=9), NOW) == told[:MOST_STORIES]


def test_the_story_that_asserted_an_act_last_is_found(database: Database) -> None:
    act = ("expel_diplomats", "MLI", "FRA")
    older, newer, denial, none = (stories.create(database, name, NOW) for name in ("a", "b", "c", "d"))
    assert candidates.telling_act(database, act, NOW - HOUR, NOW) is None
    attach(database, save(database, "a", at=NOW - 2 * HOUR, signals=(EXPEL,)), older)
    attach(database, save(database, "b", at=NOW - HOUR, signals=(EXPEL,)), newer)
    attach(database, save(database, "c", signals=(replace(EXPEL, status=Status.DENIED),)), denial)
    attach(database, save(database, "d", signals=(replace(EXPEL, target="USA"),)), none)
    assert candidates.telling_act(database, act, NOW - 5 * HOUR, NOW) == newer
    assert candidates.telling_act(database, act, NOW - 5 * HOUR, NOW - 2 * HOUR) == older
    assert candidates.telling_act(database, act, NOW - HOUR / 2, NOW) is None
    assert candidates.telling_act(database, ("expel_diplomats", "FRA", "MLI"), NOW - 5 * HOUR, NOW) is None


def test_the_nearest_articles_of_a_story_come_without_copies(database: Database) -> None:
    story = stories.create(database, "Titre", NOW)
    saved = [save(database, str(number), at=NOW - number * HOUR) for number in range(MOST_MEMBERS + 3)]
    for one in saved:
        attach(database, one, story)
    attach(database, save(database, "copy"), story, copy_of=saved[0].article_id)
    rows = stories.members_around(database, [story], NOW)
    assert [row.article_id for row in rows] == [one.article_id for one in saved[:MOST_MEMBERS]]
    assert stories.members_around(database, [], NOW) == []


def test_articles_after_a_moment_come_too_nearest_first(database: Database) -> None:
    one, two = stories.create(database, "Un", NOW), stories.create(database, "Deux", NOW)
    saved = [save(database, str(number), at=NOW + number * HOUR) for number in range(MOST_MEMBERS + 2)]
    for place, own in enumerate(saved):
        attach(database, own, one if place else two)
    attach(database, save(database, "copy", at=NOW + HOUR), one, copy_of=saved[1].article_id)
    rows = stories.members_around(database, [two, one], NOW)
    assert [(row.story_id, row.article_id) for row in rows] == [
        (two, saved[0].article_id),
        *((one, own.article_id) for own in saved[1 : MOST_MEMBERS + 1]),
    ]
    assert (rows[0].revision_id, rows[0].effective_at) == (saved[0].revision_id, NOW)


def test_articles_and_their_stories_by_ids(database: Database) -> None:
    story = stories.create(database, "Titre", NOW)
    late, early = save(database, "late"), save(database, "early", at=NOW - HOUR)
    attach(database, late, story)
    ids = (late.article_id, early.article_id, 99)
    assert [one.title for one in articles.get_many(database, ids)] == ["early", "late"]
    assert articles.get_many(database, ()) == []
    assert candidates.stories_of(database, ids) == {late.article_id: story}
    second = stories.create(database, "Autre", NOW)
    attach(database, early, second)
    third = save(database, "third")
    attach(database, third, story)
    ids = (third.article_id, early.article_id, late.article_id)
    held = {third.article_id: story, early.article_id: second, late.article_id: story}
    assert candidates.stories_of(database, ids) == held
    assert candidates.stories_of(database, ()) == {}


def test_the_copies_of_an_article_are_found_without_reading_all_articles(database: Database) -> None:
    for statement in (
        "SELECT id FROM article WHERE id IN (1, 2) OR copy_of IN (1, 2)",
        "UPDATE article SET copy_of = 3 WHERE id = 1 OR copy_of = 1",
    ):
        plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}")]
        assert any("article_copy" in step for step in plan), plan
        assert not any(step.startswith("SCAN") for step in plan), plan
