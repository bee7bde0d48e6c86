"""Keys and changes in place in headless Chromium: what they act on, what is kept, what is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from review.settings import ReviewSettings
from scheduler import changes
from storage import articles, seen, sources, stories, triage
from storage.database import open_writer, transaction
from storage.seen import Attention
from storage.types import Article
from tests.browsing import chromium, opened
from tests.outbox_fill import NOW, signal
from tests.served import served
from tests.somebody import ANALYST
from tests.visitor import application

pytestmark = pytest.mark.browser
FOCUS = "document.activeElement.dataset.key ?? document.activeElement.localName"


@dataclass
class Desk:
    page: Any
    address: str
    database: Database
    #: numbers of the events, the first in the list first; the article of each has the same place in ``articles``
    stories: tuple[int, ...]
    articles: tuple[int, ...]
    #: addresses that forms were sent to
    sent: list[str] = field(default_factory=list)

    def row(self, place: int) -> str:
        return f"#row-{self.stories[place]}"

    def bar(self, place: int) -> str:
        return f"#triage-{self.stories[place]}"

    def open(self, path: str = "/") -> None:
        self.page.goto(self.address + path)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def wait(self, selector: str) -> None:
        self.page.wait_for_selector(selector, state="attached", timeout=10_000)

    def says(self, text: str) -> None:
        self.wait(f"#said:has-text('{text}')")

    def focused(self) -> str:
        return str(self.page.evaluate(FOCUS))

    def states(self) -> list[str]:
        return [str(triage.get(self.database, number).standing.state) for number in self.stories]

    def judge(self, place: int, state: str) -> None:
        """Let a colleague judge an event."""
        with transaction(self.database):
            given = {"story": self.stories[place], "state": state, "version": 0}
            changes.apply(self.database, "verdict", given, NOW, by=ANALYST)

    def attention(self, place: int) -> Attention:
        number = self.stories[place]
        return seen.attention(self.database, [number], None).get(number, Attention.NEW)

    def wait_until_seen(self, page: Any, place: int) -> None:
        """Wait for what is written once a page was sent."""
        for _ in range(200):
            if self.attention(place) is Attention.SEEN:
                return
            page.evaluate("fetch('/static/icon.svg').then((answer) => answer.text())")
        raise AssertionError(f"{self.stories[place]} was not seen")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


def fill(database: Database) -> tuple[list[int], list[int]]:
    made, told = [], []
    with transaction(database):
        sources.ensure(database, "fleuve", "Le Fleuve", "https://fleuve.example/", NOW)
        for number in range(4):
            story, article = add(database, number)
            made.append(story)
            told.append(article)
    return made, told


def add(database: Database, number: int) -> tuple[int, int]:
    title, at = f"Expulsion {number}", NOW - timedelta(hours=number)
    article = Article(
        source_id="fleuve", url=f"https://fleuve.example/{number}", title=title, paragraphs=("Deux diplomates.",),
        published_at=at, fetched_at=at,
    )  # fmt: skip
    saved = articles.save(database, article, key=title, origin="fleuve", now=at)
    articles.save_signals(database, saved.article_id, saved.revision_id, (signal(),))
    story = stories.create(database, title, at)
    stories.attach(
        database, saved.article_id, story, saved.effective_at, severity=4, copy_of=None, coverage=None, origin="fleuve"
    )
    return story, saved.article_id


@pytest.fixture
def desk(browser: Any, tmp_path: Path) -> Iterator[Desk]:
    database = open_writer(tmp_path)
    made, told = fill(database)
    settings = ReviewSettings(
        public_url="http://127.0.0.1/", language="en", timezone="UTC", data_folder=tmp_path, version="0.0"
    )
    with served(application(database, settings)) as port, opened(browser, (1500, 950)) as shown:
        found = Desk(shown.page, f"http://127.0.0.1:{port}", database, tuple(made), tuple(told))
        shown.page.on("request", lambda one: found.sent.append(one.url) if one.method == "POST" else None)
        yield found
        # The browser reports the refusal itself as an error.
        assert [fault for fault in shown.faults if "409 (Conflict)" not in fault] == []
    database.conn.close()


def test_what_somebody_does_on_the_desk_outlives_what_the_page_asks_by_itself(desk: Desk) -> None:
    page = desk.page
    page.clock.install()
    desk.open(f"/?story={desk.stories[0]}")
    page.check(f"{desk.row(2)} [data-pick]")
    desk.press("j")
    page.click("#pane [data-key=n]")
    page.keyboard.type("half a")
    before = [row.get_attribute("id") for row in page.query_selector_all(".list [data-row]")]
    with transaction(desk.database):
        add(desk.database, -1)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if one.resource_type in {"fetch", "xhr"} else None)
    for _ in range(2):
        with page.expect_response("**/desk/new?**"):
            page.clock.run_for(31_000)
    assert all("/desk/new?" in url for url in asked)
    page.keyboard.type(" note")
    assert page.input_value("#pane [data-key=n]") == "half a note"
    assert desk.focused() == "n"
    assert page.is_checked(f"{desk.row(2)} [data-pick]")
    assert page.get_attribute("[data-selected]", "id") == f"row-{desk.stories[3]}"
    assert [row.get_attribute("id") for row in page.query_selector_all(".list [data-row]")] == before
    assert page.inner_text("#news") == "1 new"
    assert page.title().startswith("(1) ")
    assert not desk.sent


def test_a_key_judges_what_is_selected_or_open_and_nothing_else(desk: Desk) -> None:
    desk.judge(1, "relevant")
    desk.open()
    for key in "exsmftna":
        desk.press(key)
        desk.says("No event selected")
        desk.page.evaluate("document.getElementById('said').textContent = ''")
    desk.press("o")
    desk.says("No event selected")
    desk.press("j", "j", "e")
    desk.says("This event is already “Relevant”")
    assert not desk.sent
    # The first is opened by a click; the third is chosen after it, while the first stays open.
    desk.page.click(f"{desk.row(0)} h3 a")
    desk.wait(desk.bar(0))
    desk.press("j", "j", "x")
    desk.wait(f"{desk.row(2)} .tstate.not_relevant")
    assert desk.states() == ["new", "relevant", "not_relevant", "new"]
    # Whatever was clicked last is what keys act on.
    desk.page.click(f"{desk.row(0)} h3 a")
    desk.press("e")
    desk.wait(f"{desk.bar(0)} .tstate.relevant")
    desk.press("e")
    desk.says("This event is already “Relevant”")
    # What is open and has no row selected.
    desk.open(f"/?story={desk.stories[3]}")
    desk.press("x")
    desk.wait(f"{desk.bar(3)} .tstate.not_relevant")
    assert desk.states() == ["relevant", "relevant", "not_relevant", "not_relevant"]
    assert len(desk.sent) == 3


def test_a_key_that_needs_a_field_opens_the_selected_event(desk: Desk) -> None:
    page = desk.page
    desk.open(f"/?story={desk.stories[0]}")
    desk.press("j", "n", *"exit")
    desk.wait(f"{desk.bar(1)}")
    page.wait_for_function("document.activeElement.dataset.key === 'n'")
    page.keyboard.type(" it")
    assert page.input_value("#pane [data-key=n]") == "exit it"
    desk.press("Escape", "j", "t")
    desk.wait(f"{desk.bar(2)} [data-key=t]:focus")
    page.keyboard.type("Visas")
    desk.press("Enter")
    desk.wait(f"{desk.row(2)} .tag:text('Visas')")
    assert desk.focused() == "t"
    desk.press("Escape", "k", "a")
    desk.wait(f"{desk.bar(1)} [data-key=a]:focus")
    assert page.input_value("#pane [data-key=n]") == "exit it"
    assert [url for url in desk.sent if f"/stories/{desk.stories[2]}/triage" not in url] == []


@pytest.mark.parametrize("kind", ["stories", "articles"])
def test_keys_act_on_the_event_of_a_page_of_its_own(desk: Desk, kind: str) -> None:
    page = desk.page
    desk.open(f"/{kind}/{getattr(desk, kind)[1]}")
    desk.press("j", "e")
    desk.wait(f"{desk.bar(1)} .tstate.relevant")
    desk.press("s")
    desk.wait(f"{desk.bar(1)} .star")
    for key, text, shown in (("t", "Visas", ".tag"), ("a", "Moussa", ".tnow:has-text('Moussa')")):
        desk.press(key)
        page.keyboard.type(text)
        desk.press("Enter")
        desk.wait(f"{desk.bar(1)} {shown}")
        desk.press("Escape")
    desk.press("n")
    assert desk.focused() == "n"
    desk.press("Escape", "x")
    desk.wait(f"{desk.bar(1)} .tstate.not_relevant")
    desk.press("u")
    desk.wait(f"{desk.bar(1)} .tstate.relevant")
    with page.expect_popup() as popup:
        desk.press("v")
    assert popup.value.url in {"about:blank", "https://fleuve.example/1", "chrome-error://chromewebdata/"}
    assert desk.states() == ["new", "relevant", "new", "new"]
    assert page.url.endswith(f"/{kind}/{getattr(desk, kind)[1]}")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_what_is_marked_as_new_again_stays_new(desk: Desk, browser: Any, scripts: bool) -> None:
    story = desk.stories[1]
    with opened(browser, (1500, 950), scripts=scripts) as shown:
        page = shown.page
        page.goto(f"{desk.address}/?severity=3&story={story}")
        if scripts:
            desk.wait_until_seen(page, 1)
            page.keyboard.press("m")
            page.wait_for_selector("#pane .pane-empty")
        else:
            page.locator(f"{desk.bar(1)} button[value=unseen]").click()
        assert page.locator("#pane .pane-empty").count() == 1
        assert page.url.partition("#")[0] == f"{desk.address}/?severity=3"
        assert page.locator(f"{desk.row(1)} .unread").count() == 1
        assert desk.attention(1) is Attention.NEW
        page.goto(f"{desk.address}/?seen=no")
        assert page.locator(desk.row(1)).count() == 1
        # The same from the event's own page.
        page.goto(f"{desk.address}/stories/{story}")
        page.locator(f"{desk.bar(1)} button[value=unseen]").click()
        page.wait_for_selector(".list")
        assert desk.attention(1) is Attention.NEW
        assert shown.faults == []


def test_a_row_that_the_filters_hide_now_cannot_be_acted_on_until_it_is_undone(desk: Desk) -> None:
    desk.open("/?state=new")
    desk.press("j", "x")
    desk.wait(f"{desk.row(0)}[data-left]")
    assert desk.states()[0] == "not_relevant"
    assert desk.page.locator(f"{desk.row(0)} :is(button, input)").count() == 0
    desk.press("e")
    desk.says("no longer meets the filters")
    assert desk.states()[0] == "not_relevant"
    desk.press("u")
    desk.wait(f"{desk.row(0)}:not([data-left]) [data-key=x]")
    assert desk.states()[0] == "new"


def test_after_a_refusal_the_next_try_knows_what_was_changed(desk: Desk) -> None:
    page = desk.page
    desk.open(f"/?story={desk.stories[1]}")
    page.fill(f"{desk.bar(1)} [data-key=a]", "Moussa")
    page.select_option(f"{desk.bar(1)} select[name=reason]", "old")
    page.fill("#pane [data-key=n]", "not sent yet")
    desk.judge(1, "escalated")
    page.locator(f"{desk.bar(1)} button[value=relevant]").click()
    desk.says("Ines")
    desk.wait(f"{desk.bar(1)} .tstate.escalated")
    desk.wait(f"{desk.row(1)} .tstate.escalated")
    assert page.input_value(f"{desk.bar(1)} [data-key=a]") == "Moussa"
    assert page.input_value(f"{desk.bar(1)} select[name=reason]") == "old"
    assert page.input_value("#pane [data-key=n]") == "not sent yet"
    page.locator(f"{desk.bar(1)} button[value=not_relevant]").click()
    desk.wait(f"{desk.bar(1)} .tstate.not_relevant:has-text('old')")
    assert desk.states()[1] == "not_relevant"


def test_a_note_that_is_being_written_comes_back_with_its_event(desk: Desk) -> None:
    page = desk.page
    desk.open(f"/?story={desk.stories[0]}")
    page.fill("#pane [data-key=n]", "of the first")
    desk.press("Escape", "j", "o")
    desk.wait(desk.bar(1))
    assert page.input_value("#pane [data-key=n]") == ""
    page.fill("#pane [data-key=n]", "of the second")
    desk.press("Escape", "k", "o")
    desk.wait(desk.bar(0))
    assert page.input_value("#pane [data-key=n]") == "of the first"
    page.click("#pane button[value=note]")
    desk.wait("#pane .notetext")
    assert page.input_value("#pane [data-key=n]") == ""
    page.reload()
    assert page.input_value("#pane [data-key=n]") == ""
    desk.open(f"/stories/{desk.stories[1]}")
    assert page.input_value("[data-key=n]") == "of the second"


def test_letters_typed_into_a_field_that_is_gone_are_no_shortcuts(desk: Desk) -> None:
    page = desk.page
    desk.open(f"/?story={desk.stories[0]}")
    desk.press("t")
    page.keyboard.type("ma")
    page.evaluate("document.querySelector('[id^=ttags-]').remove()")
    page.keyboard.type("exsmu")
    assert not desk.sent
    desk.press("Escape", "s")
    desk.wait(f"{desk.row(0)} .star")
    assert len(desk.sent) == 1


def test_a_change_in_place_leaves_what_is_typed_beside_it(desk: Desk) -> None:
    page = desk.page
    desk.open(f"/?story={desk.stories[0]}")
    page.check(f"{desk.row(0)} [data-pick]")
    answers: list[Any] = []

    def hold(route: Any) -> None:
        answers.append(route)

    page.route("**/triage", hold)
    desk.press("e", "t")
    page.keyboard.type("exa")
    page.wait_for_function("true")
    assert len(answers) == 1
    answers[0].continue_()
    desk.wait(f"{desk.bar(0)} .tstate.relevant")
    page.keyboard.type("ms")
    assert page.input_value(f"{desk.bar(0)} [data-key=t]") == "exams"
    assert desk.focused() == "t"
    assert page.is_checked(f"{desk.row(0)} [data-pick]")
    assert len(desk.sent) == 1
