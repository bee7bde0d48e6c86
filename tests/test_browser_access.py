"""Everybody can use the pages: axe-core finds no violation on any of them.

In French and English, in light and dark, on a desk and on a phone.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from review.settings import ReviewSettings
from storage.database import open_writer
from storage.types import Watch
from tests.browsing import DESKTOP, PHONE, chromium, opened
from tests.filled import Filled, fill
from tests.programs import add_token
from tests.served import served
from tests.visitor import application, routes

pytestmark = pytest.mark.browser

#: addresses that answer programs
FOR_PROGRAMS = re.compile(r"/api/|/feeds/|/static/|/websub/|.*\.(?:csv|jsonl|atom|json)$|/(?:healthz|readyz|metrics)$")
#: fragments for a script, and pages that need what this archive does not hold; tested with a service
ELSEWHERE = re.compile(r"/desk/new|.*/backtests/|/rules/\{|/shared/")
VIEWS = (("fr", False, DESKTOP), ("en", True, DESKTOP), ("fr", True, PHONE), ("en", False, PHONE))


@dataclass(frozen=True, kw_only=True)
class Place:
    """A page over a filled archive, and one where people log in."""

    base: str
    login: str
    paths: tuple[str, ...]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    bases = []
    with contextlib.ExitStack() as stack:
        for name in ("open", "login"):
            folder = tmp_path_factory.mktemp(name)
            database = open_writer(folder)
            stack.callback(database.conn.close)
            known = fill(database)
            if name == "login":
                add_token(database)
            watch = Watch(id="france-mali", name="France – Mali", pairs=(("FRA", "MLI"),))
            settings = ReviewSettings(
                public_url="http://127.0.0.1/", language="fr", timezone="Europe/Zurich", data_folder=folder,
                version="0.0", watches=(watch,),
            )  # fmt: skip
            app = application(database, settings)
            bases.append(f"http://127.0.0.1:{stack.enter_context(served(app))}")
        found = [path for method, path in routes(app) if method == "GET" and not FOR_PROGRAMS.match(path)]
        yield Place(base=bases[0], login=bases[1], paths=tuple(pages(found, known)))


def pages(found: list[str], known: Filled) -> Iterator[str]:
    """Every page that is registered, its places filled in, and some in a further state."""
    places = {
        "story_id": known.story, "article_id": known.article, "alert_id": known.alert, "silence_id": known.silence,
        "watch_id": "france-mali", "source_id": "rfi",
    }  # fmt: skip
    for path in found:
        if not ELSEWHERE.match(path):
            yield re.sub(r"\{(\w+)[^}]*\}", lambda place: str(places.get(place[1], "1")), path)
    yield from (
        "/?show=all", "/?q=Mali", "/?q=%22never+closed", "/?q=nothinglikeit", "/?story=1", "/nowhere",
        f"/articles/{known.article}?revision=2&changes=1", "/triage/bulk?story=1&story=2&do=relevant",
    )  # fmt: skip


@pytest.mark.parametrize(("language", "dark", "size"), VIEWS, ids=["-".join(map(str, view)) for view in VIEWS])
def test_axe_finds_no_violation(browser: Any, place: Place, language: str, dark: bool, size: tuple[int, int]) -> None:
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed")
    assert len(place.paths) > 20
    faults: dict[str, list[str]] = {}
    with opened(browser, size, dark=dark) as listening:
        for address in (*(f"{place.base}{path}" for path in place.paths), f"{place.login}/login"):
            listening.page.goto(address + ("&" if "?" in address else "?") + f"lang={language}")
            listening.page.evaluate(axe.AXE_SCRIPT)
            found = listening.page.evaluate("() => axe.run({resultTypes: ['violations']})")
            wide = listening.overflow()
            for fault in (*map(told, found["violations"]), *([f"wider than its window: {wide}"] if wide else ())):
                faults.setdefault(fault, []).append("/" + address.split("/", 3)[3])
    assert not faults, "\n".join(f"{fault}\n    on {', '.join(where[:5])}" for fault, where in faults.items())


def told(violation: dict[str, Any]) -> str:
    """Return a violation with the first element that it is about."""
    first = violation["nodes"][0]
    return f"{violation['id']}: {first['html'][:200]} – {first['failureSummary'].splitlines()[-1].strip()[:200]}"


def test_axe_would_notice(browser: Any, place: Place) -> None:
    """A test that cannot fail is a defect."""
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed")
    with opened(browser) as listening:
        listening.page.goto(f"{place.base}/nowhere")
        listening.page.evaluate(axe.AXE_SCRIPT)
        listening.page.evaluate("() => document.body.insertAdjacentHTML('beforeend', '<img src=/static/icon.svg>')")
        found = listening.page.evaluate("() => axe.run({resultTypes: ['violations']})")
        assert "image-alt" in {one["id"] for one in found["violations"]}
