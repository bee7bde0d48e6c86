"""Watches and rules in headless Chromium: edited, tried and begun from a text, with and without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest

from tests.test_browser import page, page_address

pytestmark = pytest.mark.browser
__all__ = ["page", "page_address"]


def test_a_watch_is_checked_tried_and_saved(page: Any, page_address: str) -> None:
    page.goto(f"{page_address}/watches?lang=en")
    page.locator("table.watches th a").first.click()
    page.fill("textarea[name=query]", "Mali AND (France")
    page.click("button[formaction$='/check']")
    page.wait_for_selector("#check .faults li")
    assert "(character 10)" in page.locator("#check").inner_text()
    page.fill("textarea[name=query]", "Mali")
    page.select_option("select[name=days]", "7")
    page.click("button[formaction$='/backtests']")
    page.wait_for_url("**/backtests/*")
    # By itself: a script looks again, or the page is loaded anew.
    page.wait_for_selector("table.sides", timeout=60_000)
    assert "As it stands, would have told" in page.locator("table.sides").inner_text()
    page.locator("a.button").last.click()
    assert page.locator("textarea[name=query]").input_value() == "Mali"
    page.locator(".watch-form .actions button").first.click()
    page.wait_for_url("**saved=1")
    assert "Edited here by" in page.locator(".meta").first.inner_text()
    page.click("form[action$='/revert'] button")
    page.wait_for_url("**/watches")


def test_a_rule_is_begun_from_a_text_and_saved(page: Any, page_address: str, request: pytest.FixtureRequest) -> None:
    if "[with JavaScript]" in request.node.name:
        pytest.skip("forms alone do all of it")
    page.goto(f"{page_address}/articles/1?lang=en")
    page.fill("[data-selection]", "persona non grata")
    page.locator("form[action='/rules/new'] button").click()
    page.wait_for_url("**/rules/new?**")
    assert 'match = ["persona > non > grata <= 6"]' in page.locator("textarea[name=text]").input_value()
    page.locator(".watch-form .actions button").first.click()
    page.wait_for_url("**saved=1", timeout=60_000)
    page.goto(f"{page_address}/rules")
    assert "In use" in page.locator("table").inner_text()
    page.locator("table th a").first.click()
    page.click("form[action$='/delete'] button")
    page.wait_for_url("**/rules")


def test_marked_words_fill_the_field(page: Any, page_address: str, request: pytest.FixtureRequest) -> None:
    if "[without JavaScript]" in request.node.name:
        pytest.skip("without scripts the words are typed")
    page.goto(f"{page_address}/articles/1")
    page.locator(".body p").last.click(click_count=3)
    page.wait_for_function("() => document.querySelector('[data-selection]').value.length > 0")


def test_axe_finds_no_violation_on_a_rule_and_on_a_backtest(
    page: Any, page_address: str, request: pytest.FixtureRequest
) -> None:
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed")
    if "[without JavaScript]" in request.node.name:
        pytest.skip("axe is a script")
    page.goto(f"{page_address}/watches?lang=en")
    page.locator("table.watches th a").first.click()
    page.wait_for_url("**/watches/*")
    watch = page.url
    page.click("button[formaction$='/backtests']")
    page.wait_for_selector("table.sides", timeout=60_000)
    faults: dict[str, str] = {}
    for address in (page.url, f"{page_address}/rules/new", f"{page_address}/rules/new?article=1&text=persona", watch):
        page.goto(address)
        page.evaluate(axe.AXE_SCRIPT)
        found = page.evaluate("() => axe.run({resultTypes: ['violations']})")
        faults |= {f"{one['id']} on {address}": one["nodes"][0]["html"][:200] for one in found["violations"]}
    assert faults == {}
