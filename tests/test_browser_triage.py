"""Triage in a real browser: by keys and in place with scripts, by forms alone without them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from review.settings import ReviewSettings
from scheduler import changes
from storage import articles, notes, sources, stories, triage
from storage.database import open_writer, transaction
from storage.types import Article
from storage.types.triage import TriageState
from tests.browsing import chromium, opened
from tests.outbox_fill import NOW, signal
from tests.served import served
from tests.somebody import ANALYST
from tests.visitor import application

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Desk:
    page: Any
    database: Database
    #: numbers of the stories, the first in the list first
    stories: tuple[int, ...]
    scripts: bool

    def row(self, place: int) -> str:
        return f"#row-{self.stories[place]}"

    def press(self, place: int, do: str) -> None:
        """Press a quick button of a row."""
        self.page.locator(f"{self.row(place)} button[value={do}]").click()

    def wait(self, selector: str) -> None:
        self.page.wait_for_selector(selector, state="attached", timeout=5_000)

    def state(self, place: int) -> TriageState:
        return triage.get(self.database, self.stories[place]).standing.state


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def desk(request: pytest.FixtureRequest, browser: Any, tmp_path: Path) -> Iterator[Desk]:
    database = open_writer(tmp_path)
    with transaction(database):
        sources.ensure(database, "fleuve", "Le Fleuve", "https://fleuve.example/", NOW)
        made = tuple(add(database, f"Expulsion {number}", number) for number in range(4))
    settings = ReviewSettings(
        public_url="http://127.0.0.1/", language="en", timezone="UTC", data_folder=tmp_path, version="0.0"
    )
    with served(application(database, settings)) as port, opened(browser, (1500, 950), scripts=request.param) as shown:
        shown.page.goto(f"http://127.0.0.1:{port}/")
        yield Desk(shown.page, database, made, request.param)
        # The browser reports the refusal itself as an error.
        assert [fault for fault in shown.faults if "409 (Conflict)" not in fault] == []
    database.conn.close()


def add(database: Database, title: str, hours: int) -> int:
    at = NOW - timedelta(hours=hours)
    story = stories.create(database, title, at)
    put(database, story, title, at)
    return story


def put(database: Database, story: int, title: str, at: datetime) -> None:
    article = Article(
        source_id="fleuve", url=f"https://fleuve.example/{title}", title=title, paragraphs=("Deux diplomates.",),
        published_at=at, fetched_at=at,
    )  # fmt: skip
    saved = articles.save(database, article, key=title, origin="fleuve", now=at)
    articles.save_signals(database, saved.article_id, saved.revision_id, (signal(),))
    stories.attach(
        database, saved.article_id, story, saved.effective_at, severity=4, copy_of=None, coverage=None, origin="fleuve"
    )


def test_a_verdict_is_given_from_the_list_and_taken_back(desk: Desk) -> None:
    desk.press(0, "relevant")
    desk.wait(f"{desk.row(0)} .tstate.relevant")
    assert desk.state(0) is TriageState.RELEVANT
    desk.wait(".undobar")
    desk.page.locator(".undobar button").first.click()
    desk.wait(f"{desk.row(0)}:not(:has(.tstate.relevant))")
    assert desk.state(0) is TriageState.NEW


def test_an_event_is_followed_and_says_what_is_new_in_it(desk: Desk) -> None:
    page, story = desk.page, desk.stories[2]
    page.locator(f"{desk.row(2)} h3 a").click()
    desk.wait("#pane .tbar")
    page.locator("#pane button[value=follow]").click()
    desk.wait(f"{desk.row(2)} .follow")
    assert page.locator("#followed").inner_text().split("\n")[0].startswith("⚑ You follow 1 event")
    with transaction(desk.database):
        put(desk.database, story, "Expulsion, la suite", NOW)
    page.locator("nav.sections a").first.click()
    desk.wait("#followed .news-of")
    assert "1 new article" in page.locator(desk.row(2)).inner_text()
    page.locator("#followed .news-of").click()
    page.wait_for_url("**/?following=new&show=all")
    assert page.locator("[data-row]").count() == 1
    page.locator(f"{desk.row(2)} h3 a").click()
    desk.wait("#pane .tbar")
    # The look is noted once the page was sent.
    for _ in range(20):
        page.goto(page.url.partition("/?")[0])
        if not page.locator("#followed .news-of").count():
            break
    assert page.locator("#followed").inner_text().endswith("nothing new")


def test_an_opened_event_is_judged_noted_tagged_and_handed_on(desk: Desk) -> None:
    page, (story, *_) = desk.page, desk.stories
    page.locator(f"{desk.row(0)} h3 a").click()
    desk.wait("#pane .tbar")
    page.fill("#pane .noteform textarea", "Appeler l'ambassade <b>")
    page.locator("#pane button[value=note]").click()
    desk.wait("#pane .notetext")
    page.fill(f"#ttags-{story} input[name=tag]", "Visas")
    page.locator(f"#ttags-{story} button[value=tag]").click()
    desk.wait(f"#ttags-{story} .tag")
    page.fill("#pane input[name=assignee]", "Moussa")
    page.locator("#pane button[value=assign]").click()
    desk.wait(f"{desk.row(0)} .assignee")
    page.select_option("#pane select[name=reason]", "old")
    page.locator("#pane .tbar button[value=not_relevant]").first.click()
    desk.wait("#pane .tstate.not_relevant")
    held = triage.get(desk.database, story)
    assert (held.tags, held.notes, held.standing.reason) == (("Visas",), 1, "old")
    assert held.assignee is not None
    assert held.assignee.name == "Moussa"
    assert page.locator("#pane .notetext").inner_text() == "Appeler l'ambassade <b>"
    assert page.locator("#pane .thistory li").count() == 4
    assert f"story={story}" in page.url
    (note,) = notes.of_story(desk.database, story)
    page.locator(f"#note-{note.id} button").click()
    desk.wait(f"#tnotes-{story}:not(:has(.notetext))")


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(desk: Desk) -> None:
    story = desk.stories[1]
    with transaction(desk.database):
        given = {"story": story, "state": "escalated", "version": 0}
        changes.apply(desk.database, "verdict", given, NOW, by=ANALYST)
    desk.press(1, "not_relevant")
    if desk.scripts:
        desk.wait("#said:has-text('Ines')")
    else:
        desk.wait("#fault")
        assert "Ines" in desk.page.locator("#fault").inner_text()
    assert desk.state(1) is TriageState.ESCALATED


def test_many_are_changed_after_the_effect_was_stated_and_taken_back_as_one(desk: Desk) -> None:
    page = desk.page
    for place in (0, 2):
        page.check(f"{desk.row(place)} input[name=story]")
    page.select_option("#bulk select[name=do]", "not_relevant")
    page.locator("#bulk button").first.click()
    page.wait_for_url("**/triage/bulk?**")
    assert "2 events change." in page.locator(".bulkto").inner_text()
    assert [desk.state(place) for place in range(4)] == [TriageState.NEW] * 4
    page.select_option("select[name=reason]", "background")
    page.locator(".act-form button").click()
    desk.wait(".undobar")
    assert [desk.state(place) for place in range(4)] == ["not_relevant", "new", "not_relevant", "new"]
    page.locator(".undobar button").first.click()
    page.wait_for_selector(".undobar", state="detached")
    assert [desk.state(place) for place in range(4)] == [TriageState.NEW] * 4


def test_every_key_does_what_its_button_does(desk: Desk) -> None:
    if not desk.scripts:
        pytest.skip("keys need scripts")
    keyboard, story = desk.page.keyboard, desk.stories[0]
    keyboard.press("j")
    keyboard.press("e")
    desk.wait(f"{desk.row(0)} .tstate.relevant")
    keyboard.press("s")
    desk.wait(f"{desk.row(0)} .tmarks .star")
    keyboard.press("u")
    desk.wait(f"{desk.row(0)}:not(:has(.tmarks .star))")
    keyboard.press("f")
    desk.wait(f"{desk.row(0)} .tmarks .follow")
    desk.wait("#followed a")
    keyboard.press("u")
    desk.wait(f"{desk.row(0)}:not(:has(.follow))")
    desk.wait("#followed:empty")
    keyboard.press("m")
    desk.wait(f"{desk.row(0)}:not(:has(.unread))")
    keyboard.press("o")
    desk.wait("#pane .tbar")
    keyboard.press("t")
    keyboard.type("Mali")
    keyboard.press("Enter")
    desk.wait(f"#ttags-{story} .tag")
    keyboard.press("Escape")
    keyboard.press("n")
    keyboard.type("écrit sans souris")
    desk.page.locator("#pane button[value=note]").press("Enter")
    desk.wait("#pane .notetext")
    keyboard.press("x")
    desk.wait(f"{desk.row(0)} .tstate.not_relevant")
    keyboard.press("Shift+A")
    assert desk.page.locator("[data-pick]:checked").count() == 4
