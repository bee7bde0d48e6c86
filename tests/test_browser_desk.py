"""The desk in headless Chromium: panes, keys, changes in place and their refusal, news; and the same without scripts.

Needs Debian's ``chromium`` and the package ``playwright`` (``make browser-test``); skipped elsewhere.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from review.app import create_app
from review.errors import ChangeRefusedError
from review.health import Readiness
from review.settings import ReviewSettings
from scheduler import changes
from scheduler.clock import now_utc
from scheduler.errors import SchedulerError
from storage.database import open_writer, transaction
from storage.errors import StorageError
from storage.types import Done, Person, Watch
from tests.served import served
from tests.test_review_app import ORTM, Told, store

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium")
STORIES = 8
WATCH_STATES = """() => {
  window.states = [];
  const row = document.querySelector("[data-selected]");
  const note = () => window.states.push(row.getAttribute("data-state"));
  new MutationObserver(note).observe(row, {attributeFilter: ["data-state"]});
}"""


def change(folder: Path, name: str, given: dict[str, Any], by: Person) -> Done:
    """Make a change as the owner of the archive does."""
    database = open_writer(folder)
    try:
        with transaction(database):
            return changes.apply(database, name, given, now_utc(), by=by)
    except (StorageError, SchedulerError) as error:
        raise ChangeRefusedError(str(error)) from error
    finally:
        database.conn.close()


def tell(database: Database, number: int) -> None:
    told = Told(title=f"Événement {number}", url=f"https://o.example/{number}", source=ORTM, when=now_utc())
    store(database, told)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Database]]:
    """The page over an archive with a few stories, on a port of its own."""
    database = open_writer(tmp_path)
    for number in range(1, STORIES + 1):
        tell(database, number)

    async def ready() -> Readiness:
        return Readiness(fit=True, checks=())

    async def perform(name: str, given: dict[str, Any], by: Person) -> Done:
        return await asyncio.to_thread(change, tmp_path, name, given, by)

    settings = ReviewSettings(
        public_url="http://127.0.0.1", language="en", timezone="Europe/Paris", data_folder=tmp_path, version="0",
        watches=(Watch(id="france-mali", name="France – Mali", pairs=(("FRA", "MLI"),)),),
    )  # fmt: skip
    app = create_app(settings, readiness=ready, perform=perform)
    try:
        with served(app) as port:
            yield f"http://127.0.0.1:{port}", database
    finally:
        database.conn.close()


@pytest.fixture
def browser() -> Iterator[Any]:
    """Headless Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as engine:
        launched = engine.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        yield launched
        launched.close()


def reader(browser: Any, address: str, name: str = "Awa", **options: Any) -> tuple[Any, list[str]]:
    """Open a page as somebody; return it with what went wrong on it."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, **options)
    context.add_cookies([{"name": "vigie_name", "value": name, "url": address}])
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    return page, faults


def test_keys_move_open_judge_and_undo_in_place(browser: Any, site: tuple[str, Database]) -> None:
    address, _ = site
    page, faults = reader(browser, address)
    page.goto(address)
    documents: list[str] = []
    page.on("request", lambda request: documents.append(request.url) if request.resource_type == "document" else None)
    for key in "jjk":
        page.keyboard.press(key)
    row = page.locator("[data-selected]")
    name = row.get_attribute("id")
    assert name == f"row-{STORIES}"
    page.keyboard.press("o")
    page.wait_for_selector("#pane .head h1")
    assert f"story={STORIES}" in page.url
    assert page.evaluate("document.activeElement.tagName") == "H1"
    assert page.title().startswith(f"Événement {STORIES}")
    page.keyboard.press("e")
    page.wait_for_selector(f"#{name} .tstate.relevant")
    page.wait_for_selector("#pane .tstate.relevant")
    page.keyboard.press("u")
    page.wait_for_selector(f"#{name}:not(:has(.tstate.relevant))")
    page.keyboard.press("t")
    page.keyboard.type("otage jx")  # while typing no key is a shortcut
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#{name} .tag:text('otage jx')")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_selector("#pane .pane-empty")
    assert "story=" not in page.url
    page.go_back()
    page.wait_for_selector("#pane .head h1")
    # Nothing of all this loaded a page, but the way back.
    assert len(documents) <= 1
    page.keyboard.press("Shift+A")
    assert page.locator("[data-pick]:checked").count() == STORIES
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/alerts")
    assert not faults


def test_what_the_server_refuses_comes_back_and_is_said(browser: Any, site: tuple[str, Database]) -> None:
    address, _ = site
    page, _ = reader(browser, address)
    page.goto(address)
    page.keyboard.press("j")
    other, _ = reader(browser, address, name="Bob")
    other.goto(f"{address}/stories/{STORIES}")
    other.click("[id^=triage-] button[value=escalated]")
    other.wait_for_selector(".tstate.escalated")
    # What is shown at once is gone as soon as the server answers, so the page itself takes note of it.
    page.evaluate(WATCH_STATES)
    page.keyboard.press("e")
    page.wait_for_selector("#said:has-text('Bob')")
    assert page.evaluate("window.states") == ["relevant", None]
    page.route("**/triage", lambda route: route.abort())
    page.keyboard.press("s")
    page.wait_for_selector("#said:has-text('Nothing was changed')")


def test_news_are_counted_and_the_list_stays(browser: Any, site: tuple[str, Database]) -> None:
    address, database = site
    page, faults = reader(browser, address)
    page.goto(address)
    tell(database, 99)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector("#news:not([hidden])")
    assert page.locator("#news").inner_text() == "1 new"
    assert page.title().startswith("(1) ")
    assert page.locator(".list .row").count() == STORIES
    page.click("#news")
    page.wait_for_selector(".list .row:nth-child(9)")
    assert "Événement 99" in page.content()
    assert not faults


def test_what_is_on_the_desk_stays_while_it_is_looked_at(browser: Any, site: tuple[str, Database]) -> None:
    """Whatever else a page asks for by itself, the desk asks for the number of new events alone."""
    address, _ = site
    page, faults = reader(browser, address)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if one.resource_type in {"fetch", "xhr"} else None)
    page.clock.install()
    page.goto(address)
    page.evaluate("document.querySelector('.list .row').dataset.mark = 'mine'")
    with page.expect_response("**/desk/new?**"):
        page.clock.run_for(40_000)
    assert page.locator(".list [data-mark=mine]").count() == 1
    assert {url.removeprefix(address).partition("?")[0] for url in asked} == {"/desk/new"}
    assert not faults


def test_shortcuts_can_be_switched_off(browser: Any, site: tuple[str, Database]) -> None:
    address, _ = site
    page, _ = reader(browser, address)
    page.goto(address)
    page.click("[data-help]")
    page.click("#keys button[name=keys]")
    page.wait_for_url("**keys=off**")
    page.keyboard.press("j")
    assert page.locator("[data-selected]").count() == 0
    page.goto(address)
    page.keyboard.press("j")
    assert page.locator("[data-selected]").count() == 0


def test_the_same_is_done_without_scripts(browser: Any, site: tuple[str, Database]) -> None:
    address, _ = site
    page, _ = reader(browser, address, java_script_enabled=False)
    page.goto(address)
    page.locator(".row [data-open]").first.click()
    page.wait_for_url("**story=**")
    assert page.locator(".list .row").count() == STORIES
    page.locator("#pane [id^=triage-] button[value=relevant]").click()
    assert page.locator(".row[data-opened] .tstate.relevant").count() == 1
    assert "story=" in page.url
    page.click("#undo button")
    assert page.locator(".row[data-opened] .tstate.relevant").count() == 0
    page.click("#pane .timeline [data-open]")
    page.wait_for_url("**article=**")
    assert page.locator("#pane mark").count() >= 1
    page.click("[data-close]")
    assert page.locator("#pane .pane-empty").count() == 1


def test_on_a_phone_list_and_pane_follow_each_other(browser: Any, site: tuple[str, Database]) -> None:
    address, _ = site
    page, faults = reader(browser, address)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)
    assert not page.locator("#pane").is_visible()
    page.locator(".row [data-open]").nth(2).click()
    page.wait_for_selector("#pane .head h1")
    assert not page.locator(".list").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.click("[data-close]")
    assert page.locator(".list").is_visible()
    assert not faults
