"""What axe-core cannot see: focus that shows and goes in order, targets for fingers, narrow windows, large letters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browsing import PHONE, Listening, chromium, opened
from tests.everything import House, house
from tests.test_browser_access import report, visit

pytestmark = pytest.mark.browser

#: a window as wide as WCAG 2.2 asks a page to fit (1.4.10), and half a desk's: letters of twice the size (1.4.4)
NARROW, HALF = (320, 640), (640, 450)
#: whether what has focus can be seen, is on the screen, and how its ring stands out (WCAG 2.2: 2.4.7, 2.4.11, 1.4.11)
_FOCUSED = """() => {
  const rgb = (text) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d')
    canvas.fillStyle = text
    canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data]
  }
  const light = (text) => {
    const [r, g, b] = rgb(text).slice(0, 3).map((one) => {
      const part = one / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = (element) => {
    for (let one = element.parentElement; one; one = one.parentElement)
      if (rgb(getComputedStyle(one).backgroundColor)[3] === 255) return getComputedStyle(one).backgroundColor
    return 'Canvas'
  }
  const one = document.activeElement
  if (!one || one === document.body) return null
  const box = one.getBoundingClientRect(), style = getComputedStyle(one)
  const pair = [light(style.outlineColor), light(behind(one))].sort()
  const all = [...document.querySelectorAll('*')]
  return {
    name: `${one.localName}.${one.className} ${one.textContent.trim().slice(0, 40)}`,
    place: all.indexOf(one),
    ring: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    contrast: (pair[1] + 0.05) / (pair[0] + 0.05),
    seen: box.width > 1 && box.height > 1 && box.bottom > 0 && box.right > 0 && box.top < innerHeight &&
      box.left < innerWidth,
  }
}"""
#: controls that are smaller than a finger needs (WCAG 2.2, 2.5.8); links in a text are as high as its lines
_SMALL = """() => [...document.querySelectorAll(
    'button, input:not([type=hidden]), select, textarea, summary, a.button')]
  .filter((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .map((one) => [one.matches('[type=checkbox], [type=radio]') ? one.closest('label') || one : one, one])
  .map(([target, one]) => [target.getBoundingClientRect(), one])
  .filter(([box]) => box.width > 1 && (box.width < 23.9 || box.height < 23.9))
  .map(([box, one]) => `${Math.round(box.width)} × ${Math.round(box.height)} px: ${one.outerHTML.slice(0, 120)}`)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def site() -> Iterator[House]:
    with house() as found:
        yield found


def tabbed(listening: Listening, most: int = 150) -> list[dict[str, Any]]:
    """Press Tab until the focus leaves the page; return what had it."""
    found: list[dict[str, Any]] = []
    for _ in range(most):
        listening.page.keyboard.press("Tab")
        now = listening.page.evaluate(_FOCUSED)
        if now is None or (found and now["place"] == found[0]["place"]):
            break
        found.append(now)
    return found


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_focus_goes_through_the_page_in_its_order_and_shows(browser: Any, site: House, dark: bool) -> None:
    known = site.known
    with opened(browser, dark=dark) as listening:
        for path in (f"/?story={known.story}", f"/articles/{known.article}", "/alerts", "/watches/france-mali"):
            listening.page.goto(site.base + path)
            seen = tabbed(listening)
            assert len(seen) > 20, path
            assert "skip" in seen[0]["name"]
            places = [one["place"] for one in seen]
            assert places == sorted(places), f"{path}: focus jumps"
            faults = [one for one in seen if not one["seen"] or one["ring"] < 2 or one["contrast"] < 3]
            assert not faults, f"{path}: {faults[:5]}"


def test_the_way_around_the_menu_leads_to_the_content(browser: Any, site: House) -> None:
    with opened(browser) as listening:
        listening.page.goto(f"{site.base}/sources")
        listening.page.keyboard.press("Tab")
        listening.page.keyboard.press("Enter")
        listening.page.keyboard.press("Tab")
        assert listening.page.evaluate("() => document.activeElement.closest('main') !== null")


def test_the_table_of_keys_keeps_the_focus_and_gives_it_back(browser: Any, site: House) -> None:
    with opened(browser) as listening:
        page = listening.page
        page.goto(f"{site.base}/")
        page.locator("[data-help]").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog[open]")
        for _ in range(6):
            page.keyboard.press("Tab")
            # Between the last and the first the browser's own bar has its turn.
            assert page.evaluate(
                "() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
            )
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog:not([open])", state="attached")
        assert page.evaluate("() => document.activeElement.matches('[data-help]')")


def test_what_folds_is_unfolded_by_keys(browser: Any, site: House) -> None:
    with opened(browser) as listening:
        page = listening.page
        page.goto(f"{site.base}/charts")
        for key in ("Enter", "Space"):
            fold = page.locator("main details:not([open]) > summary").first
            fold.focus()
            page.keyboard.press(key)
            assert page.evaluate("() => document.activeElement.parentElement.open")


@pytest.mark.parametrize("loaded_open", [True, False], ids=["opened by its address", "opened from the list"])
def test_closing_leads_back_to_the_row_and_shows_the_ladder(browser: Any, site: House, loaded_open: bool) -> None:
    with opened(browser) as listening:
        page, story = listening.page, site.known.story
        page.goto(f"{site.base}/?story={story}" if loaded_open else f"{site.base}/")
        if not loaded_open:
            page.keyboard.press("j")
            page.keyboard.press("o")
        page.wait_for_selector("#pane section.tbar")
        page.keyboard.press("Escape")
        page.wait_for_selector("#pane .pane-empty")
        page.wait_for_selector("#pane .resting svg.ladder")
        assert page.locator("#pane .resting").count() == 1
        assert page.evaluate("() => document.activeElement.closest('.row') !== null")
        assert "story=" not in page.url


def test_compact_rows_keep_their_evidence_on_one_line(browser: Any, site: House) -> None:
    with opened(browser) as listening:
        listening.page.goto(f"{site.base}/?density=compact")
        proof = listening.page.locator(".row .proof").first
        assert proof.is_visible()
        assert proof.evaluate("(one) => one.getBoundingClientRect().height") < 24


def test_every_page_fits_a_narrow_window_and_large_letters_and_a_finger(browser: Any, site: House) -> None:
    faults: dict[str, list[str]] = {}
    with opened(browser, NARROW) as listening:
        for stop in site.pages():
            if stop.send is not None:
                continue
            visit(listening, stop)
            found = []
            for width, height in (NARROW, PHONE, HALF):
                listening.page.set_viewport_size({"width": width, "height": height})
                wide = listening.overflow()
                if wide:
                    found.append(f"at {width} pixels: {wide}")
                if (width, height) == PHONE:
                    found += listening.page.evaluate(_SMALL)
            for fault in found:
                faults.setdefault(fault, []).append(stop.name)
    assert not faults, report(faults)
