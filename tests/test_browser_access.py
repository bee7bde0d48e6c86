"""Everybody can use the pages: axe-core finds no violation on any of them, whatever state it is in.

Each page is looked at twice, so that it was seen in French and English, light and dark, on a desk and on a phone, with
what can be unfolded folded and unfolded. Printed, in forced colours and with little motion: a sample.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from review.doorkeeper import SESSION_COOKIE
from tests.browsing import DESKTOP, PHONE, Listening, chromium, opened
from tests.everything import NO_PAGES, House, Stop, house

pytestmark = pytest.mark.browser

#: language, dark, window
VIEWS = tuple(product(("fr", "en"), (False, True), (DESKTOP, PHONE)))
#: every so many-th page is in the sample
SAMPLE = 6
#: axe looks for targets that are too small only when asked to
RULES = "() => axe.run({resultTypes: ['violations'], rules: {'target-size': {enabled: true}}})"
_SEND = """([action, fields]) => {
  const form = document.createElement('form')
  const token = document.querySelector('input[name=token]')
  Object.assign(form, { method: 'post', action, hidden: true })
  for (const [name, value] of Object.entries(token ? { token: token.value, ...fields } : fields))
    form.append(Object.assign(document.createElement('input'), { name, value }))
  document.body.append(form)
  form.submit()
}"""
_UNFOLD = "() => { for (const one of document.querySelectorAll('details')) one.open = true }"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def site() -> Iterator[House]:
    with house() as found:
        yield found


@pytest.fixture(scope="module")
def axe() -> str:
    found: Any = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed")
    return str(found.AXE_SCRIPT)


def visit(listening: Listening, stop: Stop, language: str = "fr") -> str | None:
    """Open a page in its state; return what is wrong with its status."""
    page = listening.page
    page.context.clear_cookies()
    if stop.session:
        page.context.add_cookies([{"name": SESSION_COOKIE, "value": stop.session, "url": stop.address}])
    answer = page.goto(stop.address + ("&" if "?" in stop.address else "?") + f"lang={language}")
    if stop.send is not None:
        with page.expect_navigation() as found:
            page.evaluate(_SEND, list(stop.send))
        answer = found.value
    if stop.then is not None:
        page.evaluate(stop.then)
    return None if answer.status == stop.status else f"status {answer.status} instead of {stop.status}"


def judge(listening: Listening, axe: str, rules: str = RULES) -> list[str]:
    """Return what axe finds on the page that is open."""
    listening.page.evaluate(axe)
    return [told(one) for one in listening.page.evaluate(rules)["violations"]]


def told(violation: dict[str, Any]) -> str:
    """Return a violation with the first element that it is about."""
    first = violation["nodes"][0]
    why = " ".join(line.strip() for line in first["failureSummary"].splitlines()[1:])
    return f"{violation['id']}: {first['html'][:200]} – {why[:250]}"


def report(faults: dict[str, list[str]]) -> str:
    return "\n".join(f"{fault}\n    on {', '.join(where[:5])}" for fault, where in faults.items())


def test_every_address_is_a_page_that_is_looked_at_or_says_what_else_it_is(site: House) -> None:
    looked_at = {stop.address for stop in site.pages()}
    for path, address in site.addresses().items():
        try:
            with urllib.request.urlopen(site.base + address) as answer:
                is_page = answer.headers.get_content_type() == "text/html"
        except urllib.error.HTTPError as error:
            is_page = error.headers.get_content_type() == "text/html"
        if path == "/login":
            # Whoever sits at the machine is led on; strangers see it elsewhere.
            assert f"{site.others['accounts']}/login" in looked_at
        else:
            assert is_page == (site.base + address in looked_at), f"{path} is a page: {is_page}"
            assert is_page != path.startswith(tuple(NO_PAGES)), path


@pytest.mark.parametrize("view", range(len(VIEWS)), ids=["-".join(map(str, view)) for view in VIEWS])
def test_axe_finds_no_violation(browser: Any, site: House, axe: str, view: int) -> None:
    language, dark, size = VIEWS[view]
    faults: dict[str, list[str]] = {}
    with opened(browser, size, dark=dark) as listening:
        for number, stop in enumerate(site.pages()):
            first = number % len(VIEWS)
            if view not in {first, len(VIEWS) - 1 - first}:
                continue
            found = [visit(listening, stop, language)]
            if view != first:
                listening.page.evaluate(_UNFOLD)
            found += judge(listening, axe)
            wide = listening.overflow()
            if wide:
                found.append(f"wider than its window: {wide}")
            for fault in filter(None, found):
                faults.setdefault(fault, []).append(stop.name)
    assert not faults, report(faults)


@pytest.mark.parametrize("media", [{"media": "print"}, {"forced_colors": "active"}], ids=["printed", "forced colours"])
def test_axe_finds_no_violation_in_other_circumstances(
    browser: Any, site: House, axe: str, media: dict[str, Any]
) -> None:
    # Nobody puts a finger on paper.
    rules = "() => axe.run({resultTypes: ['violations']})" if "media" in media else RULES
    faults: dict[str, list[str]] = {}
    with opened(browser, dark="forced_colors" in media) as listening:
        listening.page.emulate_media(**media)
        for stop in list(site.pages())[::SAMPLE]:
            for fault in filter(None, [visit(listening, stop), *judge(listening, axe, rules)]):
                faults.setdefault(fault, []).append(stop.name)
    assert not faults, report(faults)


def test_nothing_moves_for_whoever_wants_little_motion(browser: Any, site: House) -> None:
    with opened(browser) as listening:
        for motion, scrolls in (("no-preference", "smooth"), ("reduce", "auto")):
            listening.page.emulate_media(reduced_motion=motion)
            listening.page.goto(f"{site.base}/?story={site.known.story}")
            found = "() => [getComputedStyle(document.documentElement).scrollBehavior, document.getAnimations().length]"
            assert listening.page.evaluate(found) == [scrolls, 0]


def test_axe_would_notice(browser: Any, site: House, axe: str) -> None:
    """A test that cannot fail is a defect."""
    with opened(browser) as listening:
        listening.page.goto(f"{site.base}/nowhere")
        listening.page.evaluate("() => document.body.insertAdjacentHTML('beforeend', '<img src=/static/icon.svg>')")
        assert any(fault.startswith("image-alt") for fault in judge(listening, axe))
