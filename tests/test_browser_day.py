"""The whole desk in a real browser over a running service, with JavaScript and without: what an analyst does in a day.

Needs Debian's ``chromium`` and the extra ``browser`` (``make browser-test``).
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import Listening, chromium, opened
from tests.test_service_once import ACTS, TITLE
from tests.world import World, free_port, kill, start_vigie, wait_until

pytestmark = pytest.mark.browser

#: milliseconds a page may take on a machine that others use as well
PATIENCE = 20_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service that has read two articles on two events."""
    folder: Path = tmp_path_factory.mktemp("desk")
    with World() as world:
        world.outlets[0].publish("suspension", TITLE, list(ACTS))
        world.outlets[0].publish(
            "sommet", "Paris rappelle son ambassadeur au Mali",
            ["La France a rappelé vendredi son ambassadeur au Mali pour consultations.", "Bamako n’a pas réagi."],
        )  # fmt: skip
        port = free_port()
        service = start_vigie("-c", world.configuration(folder, port=port), "run")
        try:
            wait_until(lambda: len(world.events) >= 2, within=60, what="both alerts")
            yield f"http://127.0.0.1:{port}"
        finally:
            kill(service)


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def listening(request: pytest.FixtureRequest, browser: Any) -> Iterator[Listening]:
    """An open page whose errors fail the test."""
    with opened(browser, scripts=request.param) as found:
        found.page.set_default_timeout(PATIENCE)
        yield found
        assert not found.faults


def open_story(listening: Listening, address: str, title: str = TITLE) -> None:
    """Open a story from the list, as somebody does."""
    listening.page.goto(address)
    listening.page.click(f"[data-row] h3 a:has-text('{title[:25]}')")
    listening.page.wait_for_selector("[id^=triage-]")


def test_a_story_is_judged_and_the_judgement_taken_back(listening: Listening, address: str) -> None:
    page = listening.page
    open_story(listening, address)
    bar = page.locator("section.tbar").first
    bar.locator("button[value=relevant]").click()
    page.wait_for_selector("section.tbar .tstate.relevant")
    undo = page.locator("#undo button")
    assert undo.count() == 1
    undo.click()
    page.wait_for_selector("section.tbar .tstate:not(.relevant)")
    assert "suspension" not in page.title()


def test_a_story_is_tagged_noted_and_found_by_its_tag(listening: Listening, address: str) -> None:
    page = listening.page
    tag = f"crise {'js' if listening.scripts else 'sans'}"
    open_story(listening, address)
    page.fill("[id^=ttags-] input[name=tag][data-key]", tag)
    page.click("[id^=ttags-] button[value=tag]")
    page.wait_for_selector(f"[id^=ttags-] a.tag:has-text('{tag}')")
    page.fill("textarea[name=text]", "Vu avec l’ambassade <b>hier</b>")
    page.fill(".noteform input[name=author]", "Awa Diarra")
    page.click(".noteform button")
    page.wait_for_selector(".notetext:has-text('<b>hier</b>')")
    page.click(f"[id^=ttags-] a.tag:has-text('{tag}')")
    page.wait_for_url("**tag=crise**")
    assert page.locator(".list [data-row], [data-row]").count() == 1


def test_several_stories_are_judged_at_once_after_the_effect_was_stated(listening: Listening, address: str) -> None:
    page = listening.page
    page.goto(address)
    page.locator("input[data-pick]").first.wait_for()
    for box in page.locator("input[data-pick]").all():
        box.check()
    page.select_option("#bulk select[name=do]", "important")
    page.locator("#bulk button").first.click()
    page.wait_for_url("**/triage/bulk**")
    assert page.locator("main").inner_text().count("\n") > 2
    page.locator("main form[method=post] button").first.click()
    page.wait_for_selector("#undo button")
    page.goto(address)
    assert page.locator("[data-row] .star").count() >= 2
    page.locator("#undo button").click()
    if listening.scripts:
        page.wait_for_function("() => document.querySelectorAll('[data-row] .star').length === 0")
    page.goto(address)
    assert page.locator("[data-row] .star").count() == 0


def test_the_archive_is_searched_and_the_search_kept_as_a_view(listening: Listening, address: str) -> None:
    page = listening.page
    page.goto(address)
    page.fill("input[name=q]", "ambassadeur NOT coopération")
    page.press("input[name=q]", "Enter")
    page.wait_for_url("**q=ambassadeur**")
    assert page.locator("[data-row]").count() == 1
    page.goto(f"{address}/?q=%22never")
    assert page.locator("pre.caret").count() == 1
    listening.faults.clear()  # the browser calls the status of a search that cannot be read an error


def test_a_watch_is_tried_over_the_past_before_it_is_saved(listening: Listening, address: str) -> None:
    page = listening.page
    page.goto(f"{address}/watches/watch")
    page.fill("textarea[name=query]", "ambassadeur AND (")
    page.click("button[formaction$='/check']")
    page.wait_for_selector("[aria-invalid=true], #check .bad, .banner.bad")
    page.fill("textarea[name=query]", "ambassadeur")
    page.click("button[formaction$='/backtests']")
    page.wait_for_url("**/backtests/**")
    for _ in range(60):
        if page.locator("text=/perdu|lost/i").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    assert page.locator("main table, main .lost, main li").count() > 0
    page.goto(f"{address}/watches/watch")
    assert page.locator("textarea[name=query]").input_value() == ""


def test_a_watch_is_edited_and_taken_back(listening: Listening, address: str) -> None:
    page = listening.page
    page.goto(f"{address}/watches/watch")
    page.fill("input[name=name]", "France et Mali")
    page.locator(".watch-form .actions button").first.click()
    page.wait_for_url("**saved=1")
    assert page.locator("h1").inner_text() == "France et Mali"
    page.click("form[action$='/revert'] button")
    page.wait_for_selector("h1:not(:has-text('France et Mali'))")


def test_a_link_shows_one_story_to_whoever_has_it_and_nothing_else(
    listening: Listening, address: str, browser: Any
) -> None:
    page = listening.page
    open_story(listening, address)
    page.click("a[href^='/share/story/']")
    page.wait_for_url("**/share/story/**")
    page.click(".act-form button")
    link = page.locator("code.made").inner_text().strip()
    link = link if link.startswith("http") else f"{address}{link}"
    with opened(browser, scripts=listening.scripts) as other:
        answer = other.page.goto(address + "/" + link.split("/", 3)[3])
        assert answer.status == 200
        assert TITLE in other.page.content()
        assert other.page.locator("form[method=post]").count() == 0
    page.click("form[action$='/end'] button")
    page.wait_for_load_state()
    with opened(browser, scripts=listening.scripts) as other:
        assert other.page.goto(address + "/" + link.split("/", 3)[3]).status in {404, 410}


def test_an_alert_is_handled_where_it_stands(listening: Listening, address: str) -> None:
    page = listening.page
    page.goto(f"{address}/alerts")
    page.locator("a[href$='/silence']").first.click()
    page.fill("input[name=reason]", "sommet suivi en direct")
    page.fill("input[name=author]", "Awa Diarra")
    page.check("input[name=scope][value=watch]")
    page.locator(".act-form button").first.click()
    page.wait_for_selector(".done")
    page.goto(f"{address}/alerts")
    assert "sommet suivi en direct" in page.locator("main").inner_text()


@pytest.mark.parametrize("press", ["j", "k"])
def test_the_desk_is_used_without_a_mouse(browser: Any, address: str, press: str) -> None:
    with opened(browser) as listening:
        page = listening.page
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.keyboard.press("?")
        page.wait_for_selector("dialog[open]")
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog:not([open])", state="attached")
        page.keyboard.press("j")
        page.keyboard.press(press)
        page.wait_for_selector("[data-selected]")
        page.keyboard.press("e")
        page.wait_for_selector("[data-row] .tstate.relevant")
        page.keyboard.press("u")
        page.wait_for_function("() => document.querySelectorAll('[data-row] .tstate.relevant').length === 0")
        page.keyboard.press("j")
        page.keyboard.press("o")
        page.wait_for_selector("section.tbar")
        page.keyboard.press("/")
        assert page.evaluate("() => document.activeElement.name") == "q"
        page.keyboard.press("Escape")
        page.keyboard.press("g")
        page.keyboard.press("a")
        page.wait_for_url("**/alerts")
        assert not listening.faults


def test_people_log_in_and_out_and_find_back_to_where_they_were(browser: Any, tmp_path: Path) -> None:
    """With a service of its own: the first account closes the page to everybody else."""
    with World() as world:
        port = free_port()
        config = world.configuration(tmp_path, port=port)
        add = [sys.executable, "-m", "vigie", "-c", str(config), "user", "add", "awa", "--password-stdin"]
        subprocess.run(add, input="ein langes Kennwort 4711\n", text=True, check=True, capture_output=True)
        service = start_vigie("-c", config, "run")
        base = f"http://127.0.0.1:{port}"
        try:
            wait_until(lambda: _listens(port), within=60, what="the page")
            for scripts in (True, False):
                with opened(browser, scripts=scripts) as listening:
                    page = listening.page
                    page.goto(f"{base}/sources?lang=en")
                    assert "/login" in page.url
                    page.fill("input[name=name]", "awa")
                    page.fill("input[name=password]", "wrong")
                    page.click("main button")
                    page.wait_for_selector(".banner.bad")
                    page.fill("input[name=name]", "awa")
                    page.fill("input[name=password]", "ein langes Kennwort 4711")
                    page.click("main button")
                    page.wait_for_url("**/sources**")
                    page.locator("form[action='/logout'] button").first.click()
                    page.goto(f"{base}/")
                    assert "/login" in page.url
        finally:
            kill(service)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
