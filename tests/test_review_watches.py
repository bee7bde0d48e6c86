"""The pages for watches: listed, checked, saved, tried; every step by forms alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from detection.engine import load_folders
from review.app import create_app
from review.bench import Run
from review.errors import ChangeRefusedError
from review.health import Readiness
from scheduler.changes_watches import REREAD
from storage import watch_edits
from storage.database import open_writer, transaction
from storage.types import Done, Person, Role
from tests.outbox_fill import NOW
from tests.test_scheduler_pipeline import REPORT, build
from tests.visitor import Page, Visitor, performer
from vigie.backtest_pace import Pace
from vigie.backtest_runs import BacktestRuns, paced
from vigie.running import review_settings
from vigie.settings import Settings, parse_settings
from vigie.watch_bench import WatchBench
from vigie.watch_definitions import read_watches

FILE = """
[service]
data_dir = "data"
language = "en"
[[source]]
id = "fleuve"
name = "Fleuve"
feeds = ["https://fleuve.example/feed"]
[[channel]]
id = "hook"
type = "webhook"
url = "https://hooks.example/vigie"
secret = "env:VIGIE_HOOK"
[[watch]]
id = "sahel"
name = "Sahel"
query = "Mali"
pairs = ["FRA-MLI"]
quiet_hours = "22:00-07:00"
channels = ["hook"]
"""
#: fields as a browser sends the form of the file's watch
FORM = [
    ("sent", "1"), ("base", "0"), ("name", "Sahel"), ("query", "Mali"), ("pairs", "FRA-MLI"), ("min_severity", "2"),
    ("statuses", "asserted"), ("channels", "hook"), ("quiet_hours", "22:00-07:00"), ("days", "90"),
]  # fmt: skip


@dataclass
class Desk:
    """The page over an archive, with the configuration behind it."""

    settings: Settings
    database: Database
    visitor: Visitor
    runs: BacktestRuns

    def form(self, watch_id: str = "sahel", **changed: str) -> list[tuple[str, str]]:
        """Open a watch and fill in its form."""
        self.visitor.get(f"/watches/{watch_id}")
        base = str(watch_edits.version(self.database, watch_id))
        given = {**dict(FORM), "base": base, **changed}
        return [(name, value) for name, value in given.items() if value]

    def save(self, watch_id: str = "sahel", **changed: str) -> Page:
        return self.visitor.post(f"/watches/{watch_id}", self.form(watch_id, **changed))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield from desk_over(FILE, tmp_path)


def desk_over(file: str, folder: Path) -> Iterator[Desk]:
    settings = parse_settings(file, None, folder, with_secrets=False)
    database = open_writer(settings.data_dir)
    runs = BacktestRuns(settings.data_dir, clock=lambda: NOW)
    rules = load_folders()
    bench = WatchBench(settings, lambda: rules, runs)
    apply = performer(database)

    async def ready() -> Readiness:
        return Readiness(fit=True, checks=())

    async def perform(name: str, given: dict[str, Any], by: Person) -> Done:
        return await bench.perform(name, given, by) or await apply(name, given, by)

    app = create_app(review_settings(settings), readiness=ready, perform=perform, bench=bench, now=lambda: NOW)
    yield Desk(settings, database, Visitor(app), runs)
    database.conn.close()


def test_the_list_tells_what_each_watch_asks_for(desk: Desk) -> None:
    page = desk.visitor.get("/watches")
    assert page.status == 200
    for said in ("Sahel", "France ↔ Mali", "Mali", "hook", "As in the configuration file"):
        assert said in page.text


def test_a_watch_without_a_name_goes_by_its_id(tmp_path: Path) -> None:
    (unnamed,) = [line for line in FILE.splitlines() if line.startswith("name = ") and "Sahel" in line]
    for desk in desk_over(FILE.replace(unnamed, ""), tmp_path):
        assert "sahel" in desk.visitor.get("/watches").text
        page = desk.visitor.get("/watches/sahel")
        assert (page.status, "sahel" in page.text) == (200, True)


def test_an_edit_is_saved_as_a_version_and_marked(desk: Desk) -> None:
    answer = desk.save(query="Mali OR Niger", min_severity="3")
    assert (answer.status, answer.headers["location"]) == (303, "/watches/sahel?saved=1")
    (watch,) = read_watches(desk.settings, desk.database).watches
    assert (watch.query, watch.min_severity) == ("Mali OR Niger", 3)
    assert "Edited here by" in desk.visitor.get("/watches").text
    shown = desk.visitor.get("/watches/sahel")
    assert "Version 1" in shown.text
    assert 'value="22:00-07:00"' in shown.body


def test_every_field_survives_being_shown_and_saved(desk: Desk) -> None:
    given = {
        "cooldown": "2h", "digest": "08:00", "timezone": "Africa/Bamako", "max_age": "3d", "languages": "fr, en",
        "min_confidence": "0.5", "types": "expel_diplomats", "sources": "fleuve", "escalate_after": "15m",
        "escalate_to": "hook",
    }  # fmt: skip
    assert desk.save(**given).status == 303
    first = read_watches(desk.settings, desk.database).watches
    shown = desk.visitor.get("/watches/sahel")
    for value in ("2h", "08:00", "Africa/Bamako", "3d", "0.5", "15m"):
        assert f'value="{value}"' in shown.body
    assert desk.save(**given).status == 303
    assert read_watches(desk.settings, desk.database).watches == first


def test_a_fault_is_named_with_its_field_and_the_character(desk: Desk) -> None:
    fields = desk.form(query="Mali AND (France", pairs="FRA-France")
    checked = desk.visitor.post("/watches/sahel/check", fields)
    assert checked.status == 200
    assert "(character 10)" in checked.text
    assert 'href="#field-pairs"' in checked.body
    assert "Mali AND (France" in checked.body
    fragment = desk.visitor.post("/watches/sahel/check", fields, {"x-vigie-fragment": "1"})
    assert "(character 10)" in fragment.text
    assert "<html" not in fragment.body
    saved = desk.visitor.post("/watches/sahel", fields)
    assert saved.status == 422
    assert "Nothing was saved" in saved.text
    assert watch_edits.latest(desk.database) == {}


def test_a_failing_example_keeps_a_version_from_being_saved_unless_accepted(desk: Desk) -> None:
    desk.visitor.get("/watches/sahel")
    text = "Le Mali a expulsé lundi deux diplomates français, a annoncé le ministère à Bamako."
    kept = desk.visitor.post("/watches/sahel/examples", {"title": "Bamako", "text": text, "must": "1"})
    assert kept.status == 303
    assert "1 example does what it must" in desk.visitor.post("/watches/sahel/check", desk.form()).text
    refused = desk.save(query="Burkina")
    assert refused.status == 422
    assert "1 example does not do what it must" in refused.text
    accepted = desk.save(query="Burkina", accept="1")
    assert accepted.status == 303
    assert watch_edits.latest(desk.database)["sahel"].accepted == ("1",)
    assert desk.visitor.post("/watches/sahel/examples/1/delete").status == 303
    assert desk.save(query="Burkina").status == 303


def test_an_article_is_kept_as_an_example(desk: Desk) -> None:
    with transaction(desk.database):
        desk.database.execute(
            "INSERT INTO source (id, name, url, enabled, next_check_at) VALUES ('fleuve', 'Fleuve', 'x', 0, '')"
        )
        stored = build(desk.database).process(desk.database, REPORT, key=REPORT.url, now=NOW)
    page = desk.visitor.get(f"/articles/{stored.article_id}")
    assert "Keep this article as an example" in page.text
    answer = desk.visitor.post(f"/articles/{stored.article_id}/example", {"watch": "sahel", "must": "0"})
    assert answer.status == 303
    (example,) = watch_edits.examples(desk.database, "sahel")
    assert (example.article_id, example.must, example.source_id) == (stored.article_id, False, "fleuve")
    assert "It alerts:" in desk.visitor.post("/watches/sahel/check", desk.form()).text


def test_a_watch_is_made_switched_off_and_deleted(desk: Desk) -> None:
    desk.visitor.get("/watches/new")
    made = desk.visitor.post("/watches/new", [*FORM, ("id", "niger")])
    assert made.headers["location"] == "/watches/niger?saved=1"
    again = desk.visitor.post("/watches/new", [*FORM, ("id", "niger")])
    assert again.status == 422
    assert "There is a watch with this id already" in again.text
    assert desk.visitor.post("/watches/niger/switch", {"base": "1", "enabled": "0"}).status == 303
    assert [one.id for one in read_watches(desk.settings, desk.database).watches] == ["sahel"]
    assert "Switched off" in desk.visitor.get("/watches").text
    assert desk.visitor.post("/watches/niger/revert", {"base": "2"}).status == 303
    assert "niger" not in desk.visitor.get("/watches").text


def test_who_saves_second_is_refused_and_keeps_what_they_wrote(desk: Desk) -> None:
    stale = desk.form(query="Niger")
    assert desk.save(query="Mali OR Tchad").status == 303
    refused = desk.visitor.post("/watches/sahel", stale)
    assert refused.status == 409
    assert "was changed meanwhile" in refused.text
    assert ">Niger</textarea>" in refused.body
    assert read_watches(desk.settings, desk.database).watches[0].query == "Mali OR Tchad"


@pytest.mark.parametrize("role", [Role.READER, Role.ANALYST])
def test_only_editors_change_watches(desk: Desk, role: Role) -> None:
    desk.visitor.person = Person(id=7, name="Moussa", role=role)
    page = desk.visitor.get("/watches/sahel")
    assert page.status == 200
    assert "<button>Save" not in page.body
    for path in ("", "/check", "/backtests", "/switch", "/revert", "/examples"):
        assert desk.visitor.post(f"/watches/sahel{path}", FORM).status == 403
    assert watch_edits.latest(desk.database) == {}


def test_a_watch_that_is_not_there_is_no_page(desk: Desk) -> None:
    assert desk.visitor.get("/watches/nobody").status == 404
    assert desk.visitor.get("/watches/sahel/backtests/9").status == 404


def test_what_is_written_is_shown_and_never_run(desk: Desk) -> None:
    nasty = '"><script>alert(1)</script>'
    page = desk.visitor.post("/watches/sahel/check", desk.form(query=nasty, name=nasty, pairs=nasty))
    assert "<script>alert" not in page.body
    assert desk.save(name=nasty).status in {303, 422}
    assert "<script>alert" not in desk.visitor.get("/watches").body


def test_a_backtest_says_how_long_it_will_take_and_what_would_end_in_time(desk: Desk) -> None:
    run = Run(number=3, about="watch:sahel", by="Awa", at=NOW, days=90, state="running")
    page = "/watches/sahel/backtests/3"
    desk.runs._running = run
    assert "It reads the rules." in desk.visitor.get(page).text
    slow = Pace(done=1_000, total=240_000, seconds=60)
    desk.runs._running = paced(run, replace(slow, total=6_000), NOW)
    shown = desk.visitor.get(page).text
    assert "16 %, 1,000 of 6,000 readings · about 5 min left" in shown
    assert "two hours" not in shown
    desk.runs._running = paced(run, slow, NOW)
    assert "At this pace it will not end within two hours. 27 days would end in time" in desk.visitor.get(page).text
    desk.runs._write(replace(desk.runs._running, state="failed", detail="by its pace"))
    desk.runs._running = None
    assert "it was ended at 0 %. 27 days would end in time" in desk.visitor.get(page).text


def test_changes_of_watches_are_those_after_which_a_service_rereads_them() -> None:
    assert {"save_watch", "revert_watch"} == REREAD


def test_a_backtest_runs_in_a_process_and_its_outcome_is_kept(desk: Desk) -> None:
    async def whole() -> tuple[Page, Page, Page]:
        visitor = desk.visitor

        async def ask(method: str, path: str, pairs: list[tuple[str, str]] | None = None) -> Page:
            from urllib.parse import urlencode

            body = urlencode([*(pairs or []), ("token", visitor.token)]).encode()
            headers = {"content-type": "application/x-www-form-urlencoded"} if pairs is not None else {}
            return await visitor._ask(method, path, body if pairs is not None else b"", headers)

        fields = [(name, value) for name, value in FORM if name != "quiet_hours"]
        started = await ask("POST", "/watches/sahel/backtests", fields)
        busy = await ask("POST", "/watches/sahel/backtests", fields)
        running = await ask("GET", started.headers["location"])
        assert busy.status == 409
        assert '<meta http-equiv="refresh"' in running.body
        await desk.runs.ended()
        return started, running, await ask("GET", started.headers["location"])

    desk.visitor.get("/watches/sahel")
    started, _, done = asyncio.run(whole())
    assert started.headers["location"] == "/watches/sahel/backtests/1"
    assert "Done" in done.text
    assert "0 gained, 0 lost" in done.text
    kept = replace(desk, runs=BacktestRuns(desk.settings.data_dir, clock=lambda: NOW)).runs.run(1)
    assert kept is not None
    assert (kept.state, kept.about, kept.days) == ("done", "watch:sahel", 90)
    assert "Backtests" in desk.visitor.get("/watches/sahel").text
    assert desk.visitor.get("/watches/sahel?from=1").status == 200


def test_a_backtest_is_stopped_and_what_a_restart_cut_off_says_so(tmp_path: Path) -> None:
    settings = parse_settings(FILE, None, tmp_path, with_secrets=False)
    runs = BacktestRuns(tmp_path, clock=lambda: NOW)

    async def whole() -> None:
        number = await runs.start(settings, settings.watches, about="watch:sahel", days=7, by="Awa")
        runs.stop(number)
        await runs.ended()
        with pytest.raises(ChangeRefusedError, match="does not run any more"):
            runs.stop(number)

    asyncio.run(whole())
    stopped = runs.run(1)
    assert stopped is not None
    assert stopped.state == "stopped"
    runs._write(replace(stopped, number=2, state="running"))
    again = BacktestRuns(tmp_path, clock=lambda: NOW)
    assert [(run.number, run.state) for run in again.runs("watch:sahel")] == [(2, "interrupted"), (1, "stopped")]
    assert again.runs("rule:x") == []
    (tmp_path / "backtests" / "2.json").write_text("{", "utf-8")
    assert again.run(2) is None
