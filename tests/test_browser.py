"""The page in headless Chromium: what a person sees, with and without JavaScript.

Needs Debian's ``chromium`` and the package ``playwright`` (``make browser-test``); skipped elsewhere.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.test_service_once import ACTS, TITLE
from tests.world import World, free_port, kill, start_vigie, wait_until

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def page_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service that has read one article with four acts."""
    folder: Path = tmp_path_factory.mktemp("browser")
    with World() as world:
        world.outlets[0].publish("suspension", TITLE, [*ACTS, "<script>document.title = 'hacked'</script>"])
        port = free_port()
        service = start_vigie("-c", world.configuration(folder, port=port), "run")
        try:
            wait_until(lambda: len(world.events) == 1, within=40, what="the alert")
            yield f"http://127.0.0.1:{port}"
        finally:
            kill(service)


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A browser page whose console errors fail the test."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    faults: list[str] = []
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        opened = browser.new_page(java_script_enabled=request.param)
        opened.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        opened.on("dialog", lambda dialog: faults.append(dialog.message))
        yield opened
        browser.close()
    assert not faults


def test_a_story_is_found_opened_and_proved(page: Any, page_address: str) -> None:
    page.goto(page_address)
    assert TITLE in page.content()
    page.fill("input[name=q]", "coopération")
    page.press("input[name=q]", "Enter")
    page.wait_for_url("**q=coop**")
    page.click(f"text={TITLE}")
    page.wait_for_selector("#pane .head h1")
    assert "story=1" in page.url
    assert page.locator("#pane >> text=persona non grata").count() > 0
    page.locator("#pane a[href*='article=']").first.click()
    page.wait_for_selector("#pane mark")
    assert "article=1" in page.url
    assert page.locator(".list .row").count() == 1
    assert page.locator("mark").count() >= 3
    assert "hacked" not in page.title()


def test_the_reader_chooses_the_language(page: Any, page_address: str) -> None:
    page.goto(f"{page_address}/?lang=en")
    assert page.locator("html").get_attribute("lang") == "en"
    page.goto(page_address)
    assert page.locator("html").get_attribute("lang") == "en"
    page.goto(f"{page_address}/?lang=fr")
    assert page.locator("html").get_attribute("lang") == "fr"


def test_an_alert_is_silenced_and_the_silence_ended_with_a_form(page: Any, page_address: str) -> None:
    page.goto(f"{page_address}/alerts")
    page.click("a[href$='/silence']")
    page.fill("input[name=reason]", "sommet suivi en direct")
    page.fill("input[name=author]", "Awa Diarra")
    page.check("input[name=scope][value=watch]")
    page.click(".act-form button")
    page.wait_for_selector(".done")
    assert "sommet suivi en direct" in page.locator(".done").inner_text()
    # Its name stands in the next form.
    assert page.locator("input[name=author]").input_value() == "Awa Diarra"
    page.locator(".done a").first.click()
    page.wait_for_url("**/silences/*")
    page.click(".act-form button")
    page.wait_for_selector("text=terminée")
    assert page.locator(".act-form").count() == 0


def test_an_alert_is_taken_in_hand_from_the_link_of_a_mail(page: Any, page_address: str) -> None:
    page.goto(f"{page_address}/alerts")
    link = page.locator(".members li").first.get_attribute("id")
    # A mail program opens the link from elsewhere.
    page.set_content(f'<a href="{page_address}/alerts/{link}/ack">Prendre en charge</a>')
    page.click("a")
    page.wait_for_url("**/ack")
    if page.locator(".act-form").count():
        page.fill("input[name=author]", "Awa Diarra")
        page.click(".act-form button")
        page.wait_for_selector(".done")
    assert "Awa Diarra" in page.locator(".done").inner_text()
