"""Rules of one's own on the page: begun from a sentence, checked, saved as versions, in use."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from detection.engine import Document, detect, load_folders
from detection.folders import Loaded
from detection.rulefile import parse_rule_file
from review.app import create_app
from review.bench import RuleFault, RuleTrial
from review.health import Readiness
from review.rule_draft import draft, sentence_of
from scheduler.rule_files import FOLDER, write_files
from storage import rule_edits
from storage.database import open_writer, transaction
from storage.types import Done, Person, Role
from tests.outbox_fill import NOW
from tests.test_scheduler_pipeline import REPORT, build
from tests.visitor import Visitor, performer
from vigie import rule_trial
from vigie.backtest_runs import BacktestRuns
from vigie.running import review_settings
from vigie.settings import Settings, parse_settings
from vigie.watch_bench import WatchBench

FILE = """
[service]
data_dir = "data"
language = "en"
[[source]]
id = "fleuve"
feeds = ["https://fleuve.example/feed"]
[[watch]]
id = "sahel"
pairs = ["FRA-MLI"]
"""
RULE = """language = "fr"

[[rule]]
id = "own.porte"
type = "expel_diplomats"
match = ["~raccompagner > aeroport <= 6"]
test = [{ text = "Bamako raccompagne l'ambassadeur de France à l'aéroport." }]
"""


@dataclass
class Desk:
    """The page over an archive, with rule files behind it."""

    settings: Settings
    database: Database
    visitor: Visitor
    loaded: Loaded

    def reload(self) -> Loaded:
        folder = self.settings.data_dir / FOLDER
        write_files(folder, rule_edits.latest(self.database))
        self.loaded = load_folders([folder])
        return self.loaded


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    settings = parse_settings(FILE, None, tmp_path, with_secrets=False)
    database = open_writer(settings.data_dir)
    built = load_folders()

    def here(folders: Any, data: Path, name: str, text: str) -> Any:
        # The same answer as the process gives, without the seconds it takes to begin.
        seen, _ = rule_trial.look(name, text)
        if seen.faults:
            return seen
        order = {"folders": [str(one) for one in folders], "data": str(data), "name": name, "text": text}
        faults = tuple(RuleFault(**one) for one in rule_trial._answer(order))
        return RuleTrial(faults=faults, rules=seen.rules, tests=seen.tests, whole=True)

    monkeypatch.setattr(rule_trial, "compile_and_test", here)
    found = Desk(settings, database, Visitor(None), built)  # type: ignore[arg-type]
    bench = WatchBench(settings, lambda: found.loaded, BacktestRuns(settings.data_dir, clock=lambda: NOW))
    apply = performer(database)

    async def ready() -> Readiness:
        return Readiness(fit=True, checks=())

    async def perform(name: str, values: dict[str, Any], by: Person) -> Done:
        return await bench.perform(name, values, by) or await apply(name, values, by)

    found.visitor.app = create_app(
        review_settings(settings), readiness=ready, perform=perform, bench=bench, now=lambda: NOW
    )
    yield found
    database.conn.close()


def test_a_rule_is_begun_from_a_sentence_of_an_article(desk: Desk) -> None:
    with transaction(desk.database):
        desk.database.execute(
            "INSERT INTO source (id, name, url, enabled, next_check_at) VALUES ('fleuve', 'Fleuve', 'x', 0, '')"
        )
        stored = build(desk.database).process(desk.database, REPORT, key=REPORT.url, now=NOW)
    page = desk.visitor.get(f"/articles/{stored.article_id}")
    assert "Make a rule from this text" in page.text
    begun = desk.visitor.get(f"/rules/new?article={stored.article_id}&text=a+expuls%C3%A9+lundi+deux+diplomates")
    assert begun.status == 200
    for said in (
        'type = "expel_diplomats"', 'match = ["expulse > lundi > deux > diplomates <= 6"]', 'id = "own.expulse-lundi',
        'text = "Le Mali a expulsé lundi deux diplomates français, a annoncé le ministère',
    ):  # fmt: skip
        assert said in begun.text


def test_a_rule_is_saved_used_changed_switched_off_and_deleted(desk: Desk) -> None:
    desk.visitor.get("/rules/new")
    saved = desk.visitor.post("/rules/new", {"name": "porte", "text": RULE, "base": "0"})
    assert (saved.status, saved.headers["location"]) == (303, "/rules/porte?saved=1")
    rules = desk.reload().rules
    told = detect(Document(title="", text="Bamako raccompagne l'ambassadeur de France à l'aéroport."), rules)
    assert "own.porte" in {signal.rule for signal in told.signals}
    assert "In use" in desk.visitor.get("/rules").text
    assert "Version 1" in desk.visitor.get("/rules/porte").text
    stale = desk.visitor.post("/rules/porte", {"text": RULE + "\n", "base": "0"})
    assert stale.status == 409
    assert "was changed meanwhile" in stale.text
    assert desk.visitor.post("/rules/porte/switch", {"base": "1", "enabled": "0"}).status == 303
    assert desk.reload().own_rules == 0
    assert desk.visitor.post("/rules/porte/delete", {"base": "2"}).status == 303
    assert desk.visitor.get("/rules/porte").status == 404
    again = desk.visitor.post("/rules/new", {"name": "porte", "text": RULE, "base": "0"})
    assert again.status == 303
    assert desk.reload().own_rules == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RULE.replace("~raccompagner", "~promener"), ("Line 7", "expected asserted ?→?, got nothing")),
        (RULE.replace("match =", "mtach ="), ("Line 6", "unknown key; did you mean 'match'?")),
        (RULE.replace("expel_diplomats", "quarrel"), ("Line 5", "there is no type 'quarrel'")),
        (RULE.replace("~raccompagner >", "{nowhere} >"), ("Line 6", "unknown set {nowhere}")),
        ("language = [", ("is not TOML",)),
        ('language = "fr"\n', ("has no rule",)),
        (RULE.replace("own.porte", "fr.expel_diplomats.idiom"), ("is the id of a built-in rule",)),
    ],
)
def test_what_is_wrong_is_told_with_its_line(desk: Desk, text: str, said: tuple[str, ...]) -> None:
    desk.visitor.get("/rules/new")
    checked = desk.visitor.post("/rules/new/check", {"name": "porte", "text": text, "base": "0"})
    for words in said:
        assert words in checked.text


def test_what_fails_its_own_test_is_not_saved(desk: Desk) -> None:
    desk.visitor.get("/rules/new")
    wrong = {"name": "porte", "text": RULE.replace("~raccompagner", "~promener"), "base": "0"}
    saved = desk.visitor.post("/rules/new", wrong)
    assert saved.status == 422
    assert "Nothing was saved" in saved.text
    assert rule_edits.latest(desk.database) == []


def test_while_somebody_writes_only_the_form_is_looked_at(desk: Desk) -> None:
    desk.visitor.get("/rules/new")
    wrong = RULE.replace("~raccompagner", "~promener")
    fragment = desk.visitor.post("/rules/new/check", {"name": "porte", "text": wrong}, {"x-vigie-fragment": "1"})
    assert "Its form is right" in fragment.text
    assert "<html" not in fragment.body
    whole = desk.visitor.post("/rules/new/check", {"name": "porte", "text": RULE})
    assert "its 1 test passes" in whole.text


@pytest.mark.parametrize("name", ["../evil", "a/b", "A", "", "x" * 61, ".x", "a.toml"])
def test_a_name_leads_nowhere_else(desk: Desk, name: str) -> None:
    desk.visitor.get("/rules/new")
    assert desk.visitor.post("/rules/new", {"name": name, "text": RULE, "base": "0"}).status == 422
    assert rule_edits.latest(desk.database) == []


def test_only_editors_change_rules(desk: Desk) -> None:
    desk.visitor.person = Person(id=7, name="Moussa", role=Role.ANALYST)
    desk.visitor.get("/rules")
    for path in ("new", "new/check", "new/backtests"):
        assert desk.visitor.post(f"/rules/{path}", {"name": "porte", "text": RULE, "base": "0"}).status == 403


def test_files_of_other_names_are_left_alone(desk: Desk) -> None:
    folder = desk.settings.data_dir / FOLDER
    folder.mkdir()
    (folder / "mine.toml").write_text(RULE.replace("own.porte", "own.mine"), "utf-8")
    assert desk.reload().own_rules == 1


def test_the_process_of_its_own_refuses_what_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_trial, "DEADLINE", 0.05)
    trial = rule_trial.compile_and_test((), tmp_path, "porte", RULE)
    assert "takes longer than" in trial.faults[0].message


@given(selection=st.text(max_size=200), sentence=st.text(max_size=400), language=st.sampled_from(["fr", "en", "ar"]))
def test_every_selection_gives_a_file_that_can_be_read(selection: str, sentence: str, language: str) -> None:
    made = draft(selection, sentence, language=language, event_type="expel_diplomats", names=("mali",), article_id=3)
    assert tomllib.loads(made.text)["language"] == language
    file = parse_rule_file(made.text, Path("draft.toml"))
    assert file.refused == ()
    assert file.rules[0].type == "expel_diplomats"


def test_the_sentence_around_a_selection() -> None:
    text = "Un titre\nLe Mali parle. Bamako a chassé l’ambassadeur. Paris répond."
    assert sentence_of(text, "a chassé l’ambassadeur") == "Bamako a chassé l’ambassadeur."
    assert sentence_of(text, "n’y est pas") == "n’y est pas"
