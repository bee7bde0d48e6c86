"""Edits through the whole path, one reason for each article and watch, alerts that go out although deciding fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from sqlite_utils import Database

from alerts import reasons
from alerts.payload import read_payload
from review.metrics import exposition
from scheduler import alerting, corrections, occasions, placing
from scheduler.pipeline import Processed
from storage import alerts, overview, sources
from storage.database import open_writer, transaction
from storage.types import DecisionKind, Source
from tests.test_scheduler_corrections import CANCELLED, CORRECTED, OWN_WORDS
from tests.test_scheduler_pipeline import (
    EXPULSION,
    FOLLOW_UP,
    HOUR,
    NOW,
    RECALL,
    REFUTATION,
    REPORT,
    SOURCES,
    WATCH,
    article,
    build,
    kinds,
    process,
    raised,
)

MINUTE = timedelta(minutes=1)
HARVEST = article(title="Le marché de Kayes rouvre", paragraphs=("Les étals ont retrouvé leur place.",), slug="m")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        sources.sync(opened, SOURCES, NOW)
    yield opened
    opened.conn.close()


def edited(database: Database, *paragraphs: str, minutes: int, title: str = REPORT.title) -> Processed:
    now = NOW + minutes * MINUTE
    page = replace(REPORT, title=title, paragraphs=paragraphs, fetched_at=now)
    return process(database, build(database), page, now=now)


def reason(processed: Processed) -> str:
    return kinds(processed)["france-mali"][1]


# --- edits ------------------------------------------------------------------------------------------


def test_an_added_phrase_is_told_with_its_sentence_and_its_time(database: Database) -> None:
    edited(database, *EXPULSION, minutes=14)
    assert reason(edited(database, *EXPULSION, RECALL[0], minutes=31)) == "phrase_added"
    new, edit = raised(database)
    assert (new.type, edit.type, edit.sequence) == ("alert.new", "alert.edited", 2)
    data = read_payload(edit).data
    assert [(event.type, event.change) for event in data.events] == [("recall_ambassador", "added")]
    assert data.between is not None
    assert (data.between.since, data.between.until) == (NOW + 14 * MINUTE, NOW + 31 * MINUTE)
    assert data.summary.startswith(
        "Ajouté entre 9\xa0h\xa014 et 9\xa0h\xa031 UTC. "
        "«\xa0Paris a décidé mardi de rappeler son ambassadeur au Mali.\xa0»"
    )
    assert edit.headline == "Sérieux (phrase ajoutée) · France → Mali\u202f: rappel de l’ambassadeur"


def test_a_removed_phrase_is_told_once_in_however_many_papers(database: Database) -> None:
    line = build(database)
    papers = [REPORT, article("sahel", slug="s"), article("rive", slug="r")]
    for page in papers:
        process(database, line, page)
    harmless = ("Les commerces du quartier sont restés ouverts toute la journée, a constaté notre reporter.",)
    found = [
        reason(process(database, line, replace(page, title="Bamako et Paris", paragraphs=harmless), now=NOW + HOUR))
        for page in papers
    ]
    assert found == ["phrase_removed", "no_signal", "no_signal"]
    edit = raised(database)[-1]
    assert (edit.type, edit.headline) == (
        "alert.edited", "Grave (phrase retirée) · Mali → France\u202f: expulsion de diplomates",
    )  # fmt: skip
    assert [event.change for event in read_payload(edit).data.events] == ["removed"]


@pytest.mark.parametrize(
    "paragraphs",
    [
        (*EXPULSION, "Lire aussi : notre dossier sur le fleuve."),
        (EXPULSION[0].replace("lundi", "mardi"), *EXPULSION[1:]),
        (EXPULSION[0].replace("communiqué", "comuniqué"), *EXPULSION[1:]),
        (*EXPULSION[:2], "Les commerces du fleuve sont restés ouverts toute la journée, a constaté notre reporter."),
        (EXPULSION[0].replace("Le Mali", "Bamako"), *EXPULSION[1:]),
    ],
    ids=["related", "date", "typo", "colour", "other words"],
)
def test_edits_that_touch_no_phrase_ring_nobody(database: Database, paragraphs: tuple[str, ...]) -> None:
    edited(database, *EXPULSION, minutes=0)
    taken = edited(database, *paragraphs, minutes=20).taken
    assert not any(one.alert for one in taken)
    assert {one.reason for one in taken} <= {"no_change", "other_pair"}
    assert len(raised(database)) == 1


def test_an_edit_that_adds_what_the_story_told_is_no_news(database: Database) -> None:
    line = build(database)
    process(database, line, REPORT)
    edited(database, *EXPULSION, RECALL[0], minutes=10)
    copy = article("sahel", slug="s")
    process(database, line, copy, now=NOW + 20 * MINUTE)
    late = process(database, line, replace(copy, paragraphs=(*EXPULSION, RECALL[0])), now=NOW + 30 * MINUTE)
    assert reason(late) == "already_told"
    assert [alert.type for alert in raised(database)] == ["alert.new", "alert.edited"]


def test_an_article_that_said_nothing_and_is_edited_is_told_as_an_edit(database: Database) -> None:
    edited(database, "Les deux ministres se sont parlé.", minutes=0, title="Bamako et Paris")
    assert raised(database) == []
    assert reason(edited(database, "Le Mali a expulsé deux diplomates français.", minutes=9)) == "phrase_added"
    assert [alert.type for alert in raised(database)] == ["alert.edited"]


def test_an_edit_that_denies_what_the_article_told_corrects_it(database: Database) -> None:
    edited(database, *EXPULSION, minutes=0)
    title = "Le Mali dément avoir expulsé deux diplomates français"
    found = edited(database, "Le ministère dément avoir expulsé des diplomates français.", minutes=9, title=title)
    assert kinds(found)["france-mali"] == (DecisionKind.CORRECTION, "denied")
    assert [alert.type for alert in raised(database)] == ["alert.new", "alert.correction"]


def test_what_the_query_asks_for_comes_and_goes_with_an_edit(database: Database) -> None:
    line = build(database, replace(WATCH, query="uranium"))
    added = replace(REPORT, paragraphs=(*EXPULSION, "L’uranium de Faléa est en cause, dit un conseiller."))
    found = [
        reason(process(database, line, page, now=NOW + hours * HOUR))
        for hours, page in enumerate((REPORT, added, REPORT))
    ]
    assert found == ["query", "phrase_added", "phrase_removed"]


# --- confirmations ----------------------------------------------------------------------------------

SEINE = Source(id="seine", name="La Seine", url="https://seine.example/", language="fr", country="FRA")
LAC = Source(id="lac", name="Le Lac", url="https://lac.example/", language="fr", country="CHE")


def test_the_other_side_and_a_second_origin_are_told_once_each(database: Database) -> None:
    with transaction(database):
        sources.sync(database, (*SOURCES, SEINE, LAC), NOW)
    line = build(database)
    words = (
        ("seine", REPORT.title, EXPULSION),
        ("fleuve", REPORT.title, EXPULSION),
        ("kayes", OWN_WORDS.title, OWN_WORDS.paragraphs),
        ("lac", "Deux diplomates français doivent quitter Bamako", ("Le Mali a expulsé deux diplomates français.",)),
    )
    found = [
        process(database, line, article(source, title, paragraphs), now=NOW + number * HOUR)
        for number, (source, title, paragraphs) in enumerate(words)
    ]
    assert len({one.story_id for one in found}) == 1
    assert [reason(one) for one in found] == ["new_story", "already_told", "other_side", "already_told"]
    update = raised(database)[1]
    assert update.headline.startswith("Grave (l’autre partie confirme) · Mali → France")
    assert read_payload(update).data.why[0] == "L’autre partie rapporte à son tour ce qui a été signalé"


def test_an_agency_of_the_other_state_confirms_nothing_for_the_state_of_the_paper(database: Database) -> None:
    with transaction(database):
        sources.sync(database, (*SOURCES, SEINE), NOW)
    line = build(database)
    process(database, line, article("seine"))
    carried = replace(OWN_WORDS, agency="AFP")
    assert reason(process(database, line, carried, now=NOW + HOUR)) == "second_origin"
    malian = replace(
        OWN_WORDS, agency="AMAP", source_id="rive", url="https://rive.example/amap",
        title="Deux diplomates français doivent quitter Bamako",
        paragraphs=("Le Mali a expulsé deux diplomates français, écrit l’agence officielle.",),
    )  # fmt: skip
    assert reason(process(database, line, malian, now=NOW + 2 * HOUR)) == "other_side"


def test_a_copy_that_was_not_recognised_confirms_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    line = build(database)
    process(database, line, REPORT)
    monkeypatch.setattr(placing, "find_copy", lambda *_: None)
    found = process(database, line, article("sahel", slug="copie"), now=NOW + HOUR)
    assert (found.copy_of, found.novel_paragraphs, found.origin) == (None, (), "Sahel")
    assert reason(found) == "already_told"
    brief = replace(article("rive", paragraphs=(), slug="bref"), partial=True)
    assert reason(process(database, line, brief, now=NOW + HOUR)) == "second_origin"


# --- one reason -------------------------------------------------------------------------------------


def test_every_article_watch_and_version_has_one_reason_and_the_counters_add_up(database: Database) -> None:
    line = build(database)
    pages = (
        REPORT, FOLLOW_UP, REFUTATION, HARVEST, article("sahel", slug="s"), OWN_WORDS, CORRECTED, CANCELLED,
        replace(REPORT, paragraphs=(*EXPULSION, RECALL[0])), replace(HARVEST, paragraphs=("Le marché a rouvert.",)),
        article("rive", slug="vieux", at=NOW - timedelta(days=90)), REPORT,
    )  # fmt: skip
    for minutes, page in enumerate(pages):
        process(database, line, page, now=NOW + minutes * MINUTE)
    versions = database.execute("SELECT count(*) FROM revision").fetchone()[0]
    rows = list(database.query("SELECT kind, reason FROM decision"))
    assert len(rows) == versions * len(line.alerting.watches)
    assert {row["reason"] for row in rows} <= reasons.REASONS
    assert all((row["kind"] == "none") == (row["reason"] in reasons.SILENT) for row in rows)
    text = exposition(
        overview.overview(database, NOW), (), version="1", now=NOW, decisions=alerts.count_decisions(database)
    )
    assert "# TYPE vigie_decisions_total counter" in text
    counters = [line for line in text.splitlines() if line.startswith("vigie_decisions_total{")]
    assert sum(int(line.rpartition(" ")[2]) for line in counters) == len(rows)
    silent = sum(row["reason"] == "no_signal" for row in rows) // len(line.alerting.watches)
    assert f'vigie_decisions_total{{watch="russia",reason="no_signal"}} {silent}' in counters


def test_counters_are_whole_numbers_however_many_there_are(database: Database) -> None:
    text = exposition(
        overview.overview(database, NOW), (), version="1", now=NOW, decisions=[("w", "no_signal", 12_345_678)]
    )
    assert 'vigie_decisions_total{watch="w",reason="no_signal"} 12345678' in text


# --- when deciding fails ----------------------------------------------------------------------------


def _breaks(*_arguments: object, **_options: object) -> NoReturn:
    raise RuntimeError("a rule of ours is wrong")


@pytest.mark.parametrize(
    ("module", "name"),
    [(alerting, "_edit"), (alerting, "_affair"), (alerting, "_report"), (corrections, "find")],
    ids=["edits", "affairs", "confirmations", "corrections"],
)
def test_an_alert_goes_out_although_deciding_fails(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, module: object, name: str
) -> None:
    monkeypatch.setattr(module, name, _breaks)
    line = build(database)
    assert kinds(process(database, line, REPORT))["france-mali"] == (DecisionKind.NEW, "new_story")
    revised = process(database, line, replace(REPORT, paragraphs=(*EXPULSION, RECALL[0])), now=NOW + HOUR)
    assert kinds(revised)["france-mali"] == (DecisionKind.UPDATE, "new_act")
    assert [alert.type for alert in raised(database)] == ["alert.new", "alert.update"]
    assert "a rule of ours is wrong" in caplog.text
    assert "decided by the plain rules" in caplog.text


def test_a_query_that_cannot_be_evaluated_keeps_no_alert_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(occasions, "matches", _breaks)
    line = build(database, replace(WATCH, query="uranium"))
    assert kinds(process(database, line, REPORT))["france-mali"] == (DecisionKind.NEW, "new_story")


def test_what_fails_for_one_watch_fails_for_no_other(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    real = corrections.find

    def only_one(archive: Database, watch: object, *rest: object) -> object:
        if watch is WATCH:
            raise RuntimeError("this one")
        return real(archive, watch, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(corrections, "find", only_one)
    every = replace(WATCH, id="all", pairs=())
    line = build(database, WATCH, every)
    process(database, line, REPORT)
    denied = process(database, line, REFUTATION, now=NOW + HOUR)
    assert {watch: kind for watch, (kind, _) in kinds(denied).items()} == {
        "france-mali": DecisionKind.NONE, "all": DecisionKind.CORRECTION,
    }  # fmt: skip
