"""A backtest is the service's own path: the same watches and rules give the same alerts, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlite_utils import Database

from detection.engine import load_rules
from detection.query import parse
from scheduler import backtest, ladder
from scheduler.backtest import Backtest
from scheduler.backtest_compare import Difference
from scheduler.building import build_pipeline
from scheduler.pipeline import Pipeline
from storage import readings, sources
from storage.database import instance_id, open_reader, open_writer, transaction
from storage.readings import Asked
from storage.scratch import scratch
from storage.times import to_text
from storage.types import Article, Watch
from tests.lived import PAIR, WIDE, Lived, live
from vigie.commands import run_command_line

#: everything that is told and decided
_ALERTS = """
    SELECT id, key, type, watch_id, story_id, article_id, severity, headline, payload, acts, sequence, recorded_only,
        created_at, reason, removed, thread, acknowledged_at, acknowledged_by FROM alert ORDER BY id
"""
_DECISIONS = "SELECT * FROM decision ORDER BY article_id, watch_id, revision_id"


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    found = live(tmp_path_factory.mktemp("lived"), load_rules(), PAIR, WIDE)
    yield found
    found.database.conn.close()


@pytest.fixture
def archive(lived: Lived) -> Iterator[Database]:
    opened = open_reader(lived.folder)
    yield opened
    opened.conn.close()


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in database.execute(query)]


def line_of(lived: Lived, *watches: Watch) -> Pipeline:
    queries = {watch.id: parse(watch.query) for watch in watches if watch.query is not None}
    settings = replace(lived.settings, watches=watches, queries=queries)
    return build_pipeline(settings, instance_id(lived.database), lived.line.rules)


def judged(_archive: Database, stories: Sequence[int]) -> dict[int, bool]:
    return {story: story % 2 == 0 for story in stories}


@pytest.fixture(scope="module")
def narrower(lived: Lived) -> Backtest:
    """A month of the pair alone with a higher bar, over the archive in which both watched all of it."""
    opened = open_reader(lived.folder)
    found = backtest.run(
        opened, line_of(lived, replace(PAIR, min_severity=4)),
        since=lived.begin + timedelta(days=20), until=lived.begin + timedelta(days=40), verdicts=judged,
    )  # fmt: skip
    opened.conn.close()
    return found


def test_the_same_watches_and_rules_give_the_same_alerts_byte_for_byte(lived: Lived, archive: Database) -> None:
    with scratch(archive) as database:
        counts = backtest.replay(archive, database, line_of(lived, PAIR, WIDE), since=None, until=lived.end)
        told = rows(archive, _ALERTS)
        assert len({row[2] for row in told}) == 4, "new, update, edited and correction"
        assert {row[11] for row in told} == {0, 1}
        assert any(row[16] for row in told)
        assert rows(database, _ALERTS) == told
        assert rows(database, _DECISIONS) == rows(archive, _DECISIONS)
    assert (counts.inexact, counts.undone) == (0, 0)


def test_what_the_journal_says_of_a_text_is_what_its_rules_find_in_it(lived: Lived, archive: Database) -> None:
    given = list(readings.between(archive, Asked(since=None, until=lived.end)))
    known = [one for one in given if one.signals is not None]
    assert len(known) > 0.8 * len(given), "all but the same words under another date"
    assert sum(bool(one.signals) for one in known) > 50
    for one in known:
        assert one.rules_version == lived.line.rules.version
        assert one.signals == lived.line.signals(one.article, one.at)


@pytest.mark.parametrize("version", ["of that time", "another"])
def test_a_text_is_read_anew_by_other_rules_and_by_no_others(lived: Lived, archive: Database, version: str) -> None:
    lived.database.execute("BEGIN")
    # Without what stands in the journal, whatever still tells of an act was read anew.
    lived.database.execute("DELETE FROM signal")
    if version == "another":
        lived.database.execute("UPDATE reading SET rules_version = ?", (version,))
    with scratch(lived.database) as database:
        backtest.replay(lived.database, database, line_of(lived, PAIR, WIDE), since=None, until=lived.end)
        again = rows(database, _ALERTS)
    lived.database.execute("ROLLBACK")
    if version == "another":
        assert again == rows(archive, _ALERTS)
    else:
        assert {row[2] for row in again} == {"alert.edited"}, "what an edit replaced is read by the present rules"


def test_a_higher_bar_loses_what_is_below_it_and_gains_nothing_below(lived: Lived, narrower: Backtest) -> None:
    (found,) = narrower.watches
    assert found.lost > 0
    assert found.did.alerts == found.same + found.other + found.lost
    assert found.would.alerts == found.same + found.other + found.gained
    assert all(row.severity >= 4 for row in found.rows if row.difference is not Difference.LOST)
    assert found.hits > 0
    assert narrower.span.days == 20
    assert found.would.a_day == found.would.alerts / 20
    told = rows(lived.database, "SELECT id FROM alert WHERE watch_id = 'france-mali'")
    lost = {row.alert_id for row in found.rows if row.difference is Difference.LOST}
    assert lost <= {row[0] for row in told}


def test_alerts_lie_in_the_window_and_tell_their_sentence(narrower: Backtest) -> None:
    (found,) = narrower.watches
    assert found.rows
    for row in found.rows:
        assert narrower.span.since <= row.at < narrower.span.until
        assert row.sentence
        assert row.headline
        assert row.reason


def test_precision_is_that_of_the_judged_stories(narrower: Backtest) -> None:
    (found,) = narrower.watches
    told = {row.story_id for row in found.rows if row.difference is not Difference.LOST and row.story_id is not None}
    assert found.would.relevant == sum(story % 2 == 0 for story in told) > 0
    assert found.would.precision == found.would.relevant / found.would.stories
    assert found.did.precision is not None


def test_nothing_of_it_stays_in_the_archive(lived: Lived, narrower: Backtest) -> None:
    assert narrower.readings
    later = lived.database.execute("SELECT count(*) FROM alert WHERE created_at > ?", (to_text(lived.end),))
    assert later.fetchone() == (0,)
    assert rows(lived.database, "PRAGMA integrity_check") == [("ok",)]


def test_an_archive_without_a_journal_is_gone_through_as_far_as_it_is_known(lived: Lived, archive: Database) -> None:
    lived.database.execute("BEGIN")
    lived.database.execute("UPDATE reading SET facts = NULL")
    with scratch(lived.database) as database:
        counts = backtest.replay(lived.database, database, line_of(lived, PAIR, WIDE), since=None, until=lived.end)
        again = {row[0] for row in rows(database, "SELECT id FROM alert")}
    lived.database.execute("ROLLBACK")
    told = {row[0] for row in rows(archive, "SELECT id FROM alert")}
    assert counts.inexact == counts.readings
    assert len(again & told) > 0.9 * len(told)


CONFIGURATION = """
[service]
data_dir = "{folder}"
language = "fr"
public_url = "http://vigie.example"
[[source]]
id = "lessor"
feeds = ["https://lessor.example/feed"]
[[watch]]
id = "france-mali"
name = "France – Mali"
pairs = ["FRA-MLI"]
"""


def test_the_command_prints_the_same_object_each_time(
    lived: Lived, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "vigie.toml"
    config.write_text(CONFIGURATION.format(folder=lived.folder), "utf-8")
    until = (lived.begin + timedelta(days=5)).isoformat()
    arguments = ["-c", str(config), "backtest", "--query", "diplomate*", "--since", "10d", "--until", until]
    answers = []
    for _ in range(2):
        assert run_command_line([*arguments, "--watch", "france-mali", "--json"]) == 0
        answers.append(capsys.readouterr())
    assert answers[0].out == answers[1].out
    assert "readings" in answers[0].err
    record = json.loads(answers[0].out)
    assert record["watch"] == "france-mali"
    assert record["did"]["alerts"] == record["same"] + record["other"] + record["lost"]
    assert all("sentence" in row for row in record["alerts"])
    assert run_command_line(arguments) == 0
    assert "query: query" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--since", "soon"], "neither a date"),
        (["--since", "2026-01-02", "--until", "2026-01-01"], "before --until"),
        (["--watch", "nobody"], "there is no watch 'nobody'"),
        (["--query", "(("], "is never closed"),
    ],
)
def test_the_command_says_what_is_wrong(
    lived: Lived, tmp_path: Any, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "vigie.toml"
    config.write_text(CONFIGURATION.format(folder=lived.folder), "utf-8")
    assert run_command_line(["-c", str(config), "backtest", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_change_is_held_against_the_present_definition_as_well(lived: Lived, archive: Database) -> None:
    tried, present = replace(PAIR, min_severity=4), replace(PAIR, id=PAIR.id + backtest.STANDS)
    found = backtest.run(
        archive, line_of(lived, tried, present), since=lived.begin, until=lived.begin + timedelta(days=8)
    )
    (told,) = found.watches
    against = found.against[PAIR.id]
    # Nothing was changed since: as the watch stands, it would have told what it told.
    assert against.did.alerts == told.did.alerts > 0
    assert (against.gained, against.lost, against.stories_lost) == (told.gained, told.lost, told.stories_lost)
    same = backtest.run(
        archive, line_of(lived, PAIR, present), since=lived.begin, until=lived.begin + timedelta(days=8)
    ).against[PAIR.id]
    assert same.same == same.would.alerts > 0


def test_rules_are_held_against_the_present_ones_by_a_second_round(lived: Lived, archive: Database) -> None:
    seen: list[tuple[int, int]] = []
    line = line_of(lived, PAIR)
    found = backtest.run(
        archive, line, since=None, until=lived.begin + timedelta(days=2), stands=line,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    against = found.against[PAIR.id]
    assert against.same == against.would.alerts == found.watches[0].would.alerts > 0
    assert seen[0][0] == 0
    assert seen[-1][0] == seen[-1][1] > 0


DAY = timedelta(days=1)
#: on which day of an affair, at which outlet
AFFAIR = (
    (0, "fleuve", "Le Mali rappelle son ambassadeur à Paris",
     "Le Mali a rappelé lundi son ambassadeur en France pour consultations, a annoncé le ministère à Bamako."),
    (3, "kayes", "Bamako : la récolte de mangues s’annonce bonne",
     "Les vergers de la région ont reçu assez de pluie, selon les exploitants réunis lundi à la mairie."),
    (24, "sahel", "La France convoque l’ambassadeur du Mali",
     "Paris a convoqué jeudi l’ambassadeur du Mali, a indiqué le Quai d’Orsay dans un communiqué publié le matin."),
    (26, "fleuve", "Rectificatif : le Mali rappelle son ambassadeur à Paris",
     "Bamako a rappelé son ambassadeur en France, et non son consul comme nous l’avions écrit il y a un mois."),
    (28, "rive", "Le Mali expulse deux diplomates français",
     "Le Mali a expulsé samedi deux diplomates français, a annoncé le ministère des Affaires étrangères à Bamako."),
)  # fmt: skip


@pytest.mark.parametrize("recalled", [backtest.RECALLED, backtest.WARM_UP])
def test_a_window_tells_what_the_service_told_of_an_affair_that_began_long_before(
    lived: Lived, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, recalled: timedelta
) -> None:
    monkeypatch.setattr(backtest, "RECALLED", recalled)
    database = open_writer(tmp_path / "affair")
    settings = replace(lived.settings, watches=(PAIR,), queries={})
    line = build_pipeline(settings, instance_id(database), lived.line.rules)
    for day, outlet, title, text in AFFAIR:
        at = lived.begin + day * DAY
        page = Article(
            source_id=outlet, url=f"https://{outlet}.example/{day}", title=title, paragraphs=(text,), language="fr",
            published_at=at, fetched_at=at,
        )  # fmt: skip
        with transaction(database):
            sources.ensure(database, outlet, outlet, "", at)
            line.process(database, page, key=page.url, now=at)
            ladder.keep(database, at)
    since, until = lived.begin + 20 * DAY, lived.begin + 30 * DAY
    (found,) = backtest.run(database, line, since=since, until=until).watches
    database.conn.close()
    told = [(row.type, row.reason) for row in found.rows if row.difference is not Difference.GAINED]
    assert ("alert.correction", "corrected") in told, "of what was told four weeks before"
    if recalled > backtest.WARM_UP:
        assert (found.same, found.other, found.gained, found.lost) == (len(told), 0, 0, 0)
    else:
        assert found.other + found.gained + found.lost > 0, "nothing of it hangs on what was long before"
