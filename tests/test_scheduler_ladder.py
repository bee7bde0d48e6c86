"""The ladder as articles arrive: acts of stories, changes of rung as events, and what merges and denials do to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from alerts import story_acts
from alerts.ladder import Ladder
from review.ladder import read_ladder
from scheduler import changes as made
from scheduler import ladder as keeper
from storage import alerts, sources, stories, threads
from storage import ladder as stored
from storage.database import open_writer, transaction
from storage.types import RungChange, Signal, Status, StoryState
from tests.somebody import HERE
from tests.test_scheduler_pipeline import (
    EXPULSION,
    FOLLOW_UP,
    NOW,
    REFUTATION,
    REPORT,
    SOURCES,
    WATCH,
    article,
    build,
    process,
)
from tests.test_vigie_demo_stories import replay
from vigie.demo.script import load_script
from vigie.escalation import peak_lines

RUPTURE = article(
    title="Le Mali rompt ses relations diplomatiques avec la France",
    paragraphs=("Le Mali a rompu mardi ses relations diplomatiques avec la France, annonce la présidence à Koulouba.",),
    slug="rupture",
)
ONE_MORE = article(
    title="Le Mali suspend l’aide française",
    paragraphs=("Le Mali interdit les ONG financées par la France, a annoncé mardi soir le ministère à Bamako.",),
    slug="ong",
)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONG_AGO, FAR_AHEAD = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        sources.sync(opened, SOURCES, NOW)
    yield opened
    opened.conn.close()


def settle(database: Database, now: datetime = NOW) -> None:
    """Do what the service does every minute until nothing is left."""
    with transaction(database):
        keeper.advance(database, now)
        while keeper.is_behind(database):
            keeper.catch_up(database, now)


def noted(database: Database, actor: str, target: str, *, withdrawn: bool = False) -> list[RungChange]:
    settle(database)
    return stored.changes(database, actor, target, LONG_AGO, FAR_AHEAD, withdrawn=withdrawn)


def steps(database: Database, actor: str = "MLI", target: str = "FRA") -> list[tuple[int, int, str]]:
    return [(one.before, one.after, one.reason) for one in noted(database, actor, target)]


def read(database: Database, until: datetime, days: int = 90) -> Ladder:
    return read_ladder(database, ("FRA", "MLI"), since=until - days * DAY, until=until)


def test_the_demo_shows_both_rungs_the_answer_and_two_for_five(database: Database) -> None:
    replay(database, sorted(load_script().articles, key=lambda one: one.published))
    found = read(database, datetime(2025, 9, 26, tzinfo=UTC), days=45)
    assert [(side.actor, side.rung) for side in found.sides] == [("FRA", 5), ("MLI", 5)]
    answers = {(one.reaction.actor, one.reaction.type): one for one in found.replies}
    summons = answers["FRA", "summon_ambassador"]
    assert (summons.action.type, summons.after) == ("detain_national", timedelta(days=3, hours=7, minutes=10))
    back = answers["MLI", "expel_diplomats"]
    assert (back.numbers, back.reciprocal, back.matched) == ((2, 5), True, True)
    assert back.after == timedelta(hours=1, minutes=55)
    assert len(found.acts) <= 8
    told = peak_lines(found)
    assert [line.split(",")[0] for line in told[:2]] == [
        "France → Mali: up to rung 5 on 2025-09-19", "Mali → France: up to rung 5 on 2025-09-19",
    ]  # fmt: skip
    assert told[2:] == [
        "Mali: diplomats expelled (5) answers France: diplomats expelled (2) after 1 h 55 min; the text says so; "
        "in kind, 2 → 5"
    ]
    day = {point.day.isoformat(): point.rung for point in found.sides[0].points}
    assert (day["2025-09-18"], day["2025-09-19"]) == (0, 5)


def test_changes_noted_as_articles_came_are_those_of_the_whole(database: Database) -> None:
    replay(database, sorted(load_script().articles, key=lambda one: one.published))
    until = datetime(2025, 12, 1, tzinfo=UTC)
    for days in (90, 31, 30, 2, 0):
        settle(database, until - days * DAY)
    found = read(database, until, days=120).changes
    both = sorted((*noted(database, "FRA", "MLI"), *noted(database, "MLI", "FRA")), key=lambda one: (one.at, one.actor))
    assert [(one.key, one.at, one.before, one.after) for one in both] == [
        (one.key, one.at, one.before, one.after) for one in found
    ]


def why(database: Database) -> list[tuple[str, ...]]:
    """Return the reasons of each alert that speak of rungs, the first alert first."""
    payloads = [json.loads(alert.payload) for alert in alerts.recent(database)[::-1]]
    return [tuple(line for line in body["data"]["why"] if "chelon" in line) for body in payloads]


def test_an_alert_says_when_an_act_goes_further_than_any_before(database: Database) -> None:
    line = build(database, WATCH)
    for minutes, page in enumerate((REPORT, FOLLOW_UP, RUPTURE, ONE_MORE)):
        process(database, line, page, now=NOW + timedelta(minutes=minutes))
    first, second, third, fourth = why(database)
    assert first == ("Mali → France\u202f: échelon 4 (dans les 30\xa0jours d’avant\u202f: aucun acte)",)
    assert second == ("France → Mali\u202f: échelon 3 (dans les 30\xa0jours d’avant\u202f: aucun acte)",)
    assert third == ("Mali → France\u202f: échelon 5 (dans les 30\xa0jours d’avant\u202f: 4 au plus)",)
    assert fourth == ()


def test_of_two_acts_of_one_article_the_graver_is_told(database: Database) -> None:
    both = article(
        title="La France suspend son aide au Mali et expulse deux diplomates maliens",
        paragraphs=("La France suspend son aide au Mali et expulse deux diplomates maliens, annonce Paris.",),
    )
    process(database, build(database, WATCH), both)
    assert why(database) == [("France → Mali\u202f: échelon 4 (dans les 30\xa0jours d’avant\u202f: aucun acte)",)]


def test_an_act_as_grave_as_what_counts_already_raises_nothing(database: Database) -> None:
    line = build(database, WATCH)
    accords = article(
        title="Le Mali dénonce les accords de défense avec la France",
        paragraphs=("Le Mali a dénoncé mardi les accords de défense avec la France, a déclaré le gouvernement.",),
        slug="accords",
    )
    process(database, line, REPORT)
    process(database, line, accords, now=NOW + timedelta(minutes=1))
    assert [len(lines) for lines in why(database)] == [1, 0]
    assert steps(database) == [(0, 4, "act")]


def test_what_only_recalls_an_act_that_counts_no_more_raises_nothing(database: Database) -> None:
    line, later = build(database, WATCH), NOW + 35 * DAY
    process(database, line, REPORT)
    settle(database, later)
    recalling = article(
        "sahel",
        title="Mali : la vie reprend autour de l’ambassade de France",
        paragraphs=(
            "Le Mali a expulsé deux diplomates français, et rien ne bouge à l’ambassade.",
            EXPULSION[3],
        ),
        at=later - HOUR,
    )
    done = process(database, line, recalling, now=later)
    assert [one.confidence > 0.5 for one in done.signals if one.status is Status.ASSERTED] == [True]
    assert stored.changes(database, "MLI", "FRA", later - DAY, later) == []
    assert steps(database) == [(0, 4, "act"), (4, 0, "window")]
    assert len(noted(database, "MLI", "FRA", withdrawn=True)) == 2


def test_a_step_that_was_taken_back_may_turn_out_to_have_been(database: Database) -> None:
    line = build(database)
    process(database, line, REPORT)
    quiet = ("Le ministère malien des Affaires étrangères a publié lundi un communiqué.", *REPORT.paragraphs[2:])
    process(database, line, replace(REPORT, title="Communiqué du ministère malien", paragraphs=quiet))
    assert steps(database) == []
    assert stored.rung_at(database, "MLI", "FRA", NOW) == 0
    process(database, line, replace(REPORT, paragraphs=(*REPORT.paragraphs, "Un paragraphe de plus a été ajouté.")))
    assert steps(database) == [(0, 4, "act")]
    assert stored.rung_at(database, "MLI", "FRA", NOW) == 4


def test_what_is_not_read_anew_yet_is_shown_as_it_stands(database: Database) -> None:
    done = process(database, build(database), REPORT)
    with transaction(database):
        threads.mark(database, done.story_id, StoryState.WITHDRAWN)
        database.execute("UPDATE story SET state = 'told' WHERE id = ?", (done.story_id,))
        database.execute("UPDATE story_act SET severity = 1, persons = 9 WHERE story_id = ?", (done.story_id,))
    assert [(one.act.severity, one.act.persons) for one in read(database, NOW).acts] == [(4, 2)]


def test_an_alert_goes_out_whatever_is_wrong_with_the_ladder(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_signal: Signal) -> int:
        raise ValueError("no number")

    monkeypatch.setattr(story_acts, "people", broken)
    done = process(database, build(database, WATCH), REPORT)
    assert [taken.alert for taken in done.taken] == [True]
    assert "its acts are not on the ladder" in caplog.text
    with transaction(database):
        stored.due(database, done.story_id)
    settle(database)
    assert stored.acts_of_story(database, done.story_id) == []


def test_eighty_copies_are_one_act(database: Database) -> None:
    line = build(database)
    process(database, line, REPORT)
    first = noted(database, "MLI", "FRA")
    for number in range(80):
        source = ("sahel", "kayes", "brousse", "rive")[number % 4]
        process(database, line, article(source, slug=f"copy-{number}", at=NOW - HOUR + timedelta(minutes=number % 50)))
    assert noted(database, "MLI", "FRA") == first
    found = read(database, NOW)
    assert [one.act.type for one in found.acts] == ["expel_diplomats"]
    assert found.acts[0].act.persons == 2


def test_an_article_read_again_changes_nothing(database: Database) -> None:
    line = build(database)
    for _ in range(3):
        process(database, line, REPORT)
    assert steps(database) == [(0, 4, "act")]


def test_an_edit_that_takes_the_act_out_takes_the_step_back(database: Database) -> None:
    line = build(database)
    process(database, line, REPORT)
    quiet = ("Le ministère malien des Affaires étrangères a publié lundi un communiqué.", *REPORT.paragraphs[2:])
    process(database, line, replace(REPORT, title="Communiqué du ministère malien", paragraphs=quiet))
    assert steps(database) == []
    assert len(noted(database, "MLI", "FRA", withdrawn=True)) == 1


def test_a_story_that_its_agency_takes_back_was_never_told(database: Database) -> None:
    line = build(database)
    done = process(database, line, REPORT)
    with transaction(database):
        threads.mark(database, done.story_id, StoryState.WITHDRAWN)
    assert steps(database) == []
    assert read(database, NOW).acts == ()


def test_a_denial_lowers_the_rung_when_it_is_told(database: Database) -> None:
    line = build(database)
    process(database, line, REPORT)
    process(database, line, replace(REFUTATION, published_at=NOW), now=NOW + HOUR)
    assert steps(database) == [(0, 4, "act"), (4, 0, "denied")]


def test_stories_merged_and_split_by_hand_leave_one_step(database: Database) -> None:
    line = build(database)
    first = process(database, line, REPORT)
    second = process(database, line, FOLLOW_UP)
    assert first.story_id != second.story_id
    assert steps(database, "FRA", "MLI") == [(0, 3, "act")]
    merge = {"story": second.story_id, "into": first.story_id, "author": "ana", "reason": "the same"}
    with transaction(database):
        made.apply(database, "merge_stories", merge, NOW, by=HERE)
    assert [one.story_id for one in noted(database, "FRA", "MLI")] == [first.story_id]
    assert stored.acts_of_story(database, second.story_id) == []
    split = {"articles": [second.article_id], "author": "ana", "reason": "another"}
    with transaction(database):
        made.apply(database, "split_story", split, NOW, by=HERE)
    (own,) = noted(database, "FRA", "MLI")
    assert own.story_id not in {first.story_id, second.story_id}
    assert steps(database) == [(0, 4, "act")]


def test_time_alone_lowers_a_rung_once(database: Database) -> None:
    process(database, build(database), REPORT)
    later = NOW + 30 * DAY
    for hours in (-2, 0, 0, 5, 40):
        settle(database, later + hours * HOUR)
    assert steps(database) == [(0, 4, "act"), (4, 0, "window")]


def test_rows_added_one_by_one_are_those_of_a_fresh_reading(database: Database) -> None:
    replay(database, sorted(load_script().articles, key=lambda one: one.published))
    settle(database)
    ids = [row[0] for row in database.execute("SELECT DISTINCT story_id FROM story_act")]
    before = {story: stored.acts_of_story(database, story) for story in ids}
    with transaction(database):
        for story in ids:
            stored.due(database, story)
        keeper.catch_up(database, NOW, most_stories=len(ids))
    after = {story: stored.acts_of_story(database, story) for story in ids}
    assert len(ids) > 10
    assert {story: sorted(rows, key=lambda one: one.key) for story, rows in after.items()} == {
        story: sorted(rows, key=lambda one: one.key) for story, rows in before.items()
    }


def test_an_archive_of_before_is_read_by_and_by(database: Database) -> None:
    done = process(database, build(database), REPORT)
    with transaction(database):
        for table in ("story_act", "story_act_due", "rung_due", "rung_change"):
            database.execute(f"DROP TABLE {table}")
        stored.create(database)
        keeper.catch_up(database, NOW)
    assert [one.status for one in stored.acts_of_story(database, done.story_id)] == [Status.ASSERTED]
    assert steps(database) == [(0, 4, "act")]
    assert stories.get(database, done.story_id).articles == 1
