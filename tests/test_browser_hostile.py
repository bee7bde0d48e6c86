"""Hostile texts in a real browser: nothing runs, nothing is refused by the content policy, no page grows too wide."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from storage.database import open_writer
from tests.browsing import DESKTOP, PHONE, Listening, chromium, opened
from tests.hostile_page import PLAIN, Hostile, fill, settings
from tests.payloads import PAYLOADS
from tests.served import served
from tests.somebody import HERE
from tests.visitor import application, known_as

pytestmark = pytest.mark.browser

#: elements that no page of ours has, or not in that number
FOREIGN = ("x-mark", "iframe", "object", "embed", "base", "marquee", "math", "plaintext", "video", "audio", "frame")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Hostile]]:
    """The addresses of the hostile archive and of its harmless twin."""
    with contextlib.ExitStack() as stack:
        found, known = [], []
        for name, texts in (("hostile", PAYLOADS), ("twin", PLAIN)):
            folder = tmp_path_factory.mktemp(name)
            database = open_writer(folder)
            stack.callback(database.conn.close)
            known.append(fill(database, texts))
            port = stack.enter_context(served(known_as(application(database, settings(folder, texts)), HERE)))
            found.append(f"http://127.0.0.1:{port}")
        yield found[0], found[1], known[0]


def pages(known: Hostile) -> list[str]:
    """Every kind of page; of those about one row, one for each text."""
    found = ["/", "/?show=all", "/alerts", "/sources", "/silences", "/precision", "/views", "/charts", "/watches",
             "/people/audit", "/people", "/people/me", "/nowhere"]  # fmt: skip
    for number, text in enumerate(PAYLOADS):
        story, article, alert = known.stories[number], known.articles[number], known.alerts[number]
        found += [
            (f"/stories/{story}", f"/articles/{article}?revision=2&changes=1", f"/alerts/{alert}/silence")[number % 3],
            (f"/?q={quote(text, safe='')}", f"/?tag={quote(text, safe='')}&source={quote(text, safe='')}")[number % 2],
        ]
    return found


def judge(listening: Listening, base: str, path: str) -> list[str]:
    """Open a page and return what is wrong with it."""
    answer = listening.page.goto(f"{base}{path}", wait_until="load")
    # The browser reports the status of the page itself as an error.
    faults = [fault for fault in listening.faults if "the server responded with a status of" not in fault]
    listening.faults.clear()
    if answer.status >= 500:
        faults.append(f"status {answer.status}")
    counts = listening.elements()
    faults += [f"<{name}>" for name in FOREIGN if name in counts]
    handlers = listening.page.evaluate(
        """() => [...document.querySelectorAll('*')].flatMap((element) => [...element.attributes]
        .filter((one) => one.name.startsWith('on') || one.name === 'style' || one.name.includes('mark'))
        .map((one) => one.name))"""
    )
    links = listening.page.evaluate(
        """() => [...document.querySelectorAll('a, form, area')]
        .map((one) => one.getAttribute('href') || one.getAttribute('action'))
        .filter((address) => address && !/^https?:/.test(new URL(address, location.href).href))"""
    )
    faults += [f"attribute {name}" for name in handlers] + [f"link {address}" for address in links]
    wide = listening.overflow()
    if wide:
        faults.append(f"wider than its window: {wide}")
    return [f"{path}: {fault}" for fault in faults]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_text_runs_or_breaks_the_layout(
    browser: Any, sites: tuple[str, str, Hostile], size: tuple[int, int]
) -> None:
    base, _, known = sites
    faults: list[str] = []
    with opened(browser, size) as listening:
        for path in pages(known):
            faults += judge(listening, base, path)
    assert not faults, "\n".join(faults)


def test_the_browser_makes_the_same_elements_of_harmless_texts(browser: Any, sites: tuple[str, str, Hostile]) -> None:
    """A browser repairs markup by other rules than the parser of the quick test."""
    by_words = {"ins", "del", "option", "span", "b", "time", "small", "li", "a"}
    with opened(browser) as one, opened(browser) as other:
        for path in [path for path in pages(sites[2]) if not path.startswith("/?")]:
            one.page.goto(f"{sites[0]}{path}")
            other.page.goto(f"{sites[1]}{path}")
            found, wanted = one.elements(), other.elements()
            names = (found.keys() | wanted.keys()) - by_words
            assert {n: found.get(n) for n in names} == {n: wanted.get(n) for n in names}, path


def test_this_browser_would_notice(browser: Any, sites: tuple[str, str, Hostile]) -> None:
    """A test that cannot fail is a defect."""
    with opened(browser) as listening:
        page = listening.page
        page.goto(f"{sites[1]}/nowhere")
        page.evaluate(
            """() => { document.body.insertAdjacentHTML('beforeend',
            '<img src=x onerror=alert(1)><x-mark style="width: 3000px; display: block">x</x-mark>')
            alert(1) }"""
        )
        assert any(fault.startswith("dialog") for fault in listening.faults)
        page.wait_for_function("() => document.querySelector('x-mark') !== null")
        assert any(fault.startswith("CSP") for fault in listening.faults)
        assert "x-mark" in listening.elements()
