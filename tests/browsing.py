"""Headless Chromium for tests of the pages, and what to listen to while one is open.

Needs Debian's ``chromium`` and the extra ``browser`` (``make browser-test``).
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium")
#: the window of a desk, and of a phone
DESKTOP, PHONE = (1280, 900), (390, 844)

#: tells the console what the content policy refused
_LISTEN = """
document.addEventListener('securitypolicyviolation', (event) =>
  console.error('CSP ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample))
"""
#: how far the page is wider than its window, and what sticks out furthest
_OVERFLOW = """() => {
  const width = document.documentElement.clientWidth
  const over = document.documentElement.scrollWidth - width
  if (over <= 0) return null
  const scrolls = (element) => {
    for (let one = element.parentElement; one !== null && one !== document.body; one = one.parentElement)
      if (getComputedStyle(one).overflowX !== 'visible') return true
    return false
  }
  let worst = null
  for (const element of document.body.querySelectorAll('*')) {
    const box = element.getBoundingClientRect()
    if (box.right > width + 1 && (worst === null || box.right > worst[0]) && !scrolls(element))
      worst = [box.right, element.tagName + '.' + element.className + ': ' + element.textContent.trim().slice(0, 60)]
  }
  return [over, worst && worst[1]]
}"""


@dataclass
class Listening:
    """An open page with everything that went wrong on it."""

    page: Any
    faults: list[str] = field(default_factory=list)
    #: whether the browser runs scripts
    scripts: bool = True

    def overflow(self) -> object:
        """Return by how many pixels the page is wider than its window and why, None when it is not."""
        return self.page.evaluate(_OVERFLOW)

    def elements(self) -> dict[str, int]:
        """Return how many elements of each name the browser made of the page."""
        found: dict[str, int] = self.page.evaluate(
            """() => { const counts = {}
            for (const element of document.querySelectorAll('*'))
              counts[element.localName] = (counts[element.localName] || 0) + 1
            return counts }"""
        )
        return found


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Start a browser; skip the test where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def opened(
    browser: Any, size: tuple[int, int] = DESKTOP, *, scripts: bool = True, dark: bool = False, **more: Any
) -> Iterator[Listening]:
    """Open a page that reports dialogs, errors and what the content policy refused."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        java_script_enabled=scripts,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        **more,
    )
    page = context.new_page()
    found = Listening(page, scripts=scripts)
    if scripts:
        page.add_init_script(_LISTEN)
    page.on("console", lambda message: found.faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.faults.append(str(error)))

    def dialog(shown: Any) -> None:
        found.faults.append(f"dialog: {shown.message}")
        shown.dismiss()

    page.on("dialog", dialog)
    try:
        yield found
    finally:
        context.close()
