"""What a page may ask for, and which of the browser's processes must go: pure decisions."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.browser import BrowserSettings, find_chromium, missing
from crawler.browser_memory import BrowserProcess, browser_processes, to_kill
from crawler.browser_rules import TRACKERS, WANTED, is_tracker, refusal

MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize("kind", sorted(WANTED))
def test_what_text_depends_on_is_asked_for(kind: str) -> None:
    assert refusal("https://static.gazette.example/app.js?v=1", kind, navigation=False) is None


@pytest.mark.parametrize(
    ("url", "kind", "navigation"),
    [
        ("https://gazette.example/photo.jpg", "image", False),
        ("https://gazette.example/film.mp4", "media", False),
        ("https://gazette.example/letter.woff2", "font", False),
        ("https://gazette.example/stream", "eventsource", False),
        ("https://gazette.example/count", "ping", False),
        ("https://gazette.example/elsewhere", "document", True),
        ("https://user:secret@gazette.example/app.js", "script", False),
        ("file:///etc/passwd", "script", False),
        ("chrome://settings", "script", False),
        ("https://www.googletagmanager.com/gtm.js", "script", False),
        ("https://stats.g.doubleclick.net./dc.js", "script", False),
    ],
)
def test_the_rest_is_left_out(url: str, kind: str, navigation: bool) -> None:
    assert refusal(url, kind, navigation=navigation)


@given(st.text(max_size=80), st.sampled_from(["script", "image", "document", "x"]), st.booleans())
def test_no_address_breaks_the_decision(url: str, kind: str, navigation: bool) -> None:
    assert isinstance(refusal(url, kind, navigation=navigation), str | None)


@given(st.sampled_from(sorted(TRACKERS)), st.text(alphabet="abc-", min_size=1, max_size=8))
def test_a_tracker_is_known_by_whole_labels(tracker: str, label: str) -> None:
    assert is_tracker(tracker.upper())
    assert is_tracker(f"{label}.{tracker}.")
    assert not is_tracker(f"{tracker}.example")
    assert not is_tracker(f"not{label}{tracker.partition('.')[0]}.example")


def process(pid: int, mebibytes: int, *, renders: bool = True) -> BrowserProcess:
    return BrowserProcess(pid=pid, memory=mebibytes * MEBIBYTE, renders=renders)


def test_a_greedy_page_goes_before_the_whole_browser() -> None:
    limits = {"page_memory": 500 * MEBIBYTE, "memory": 800 * MEBIBYTE}
    main, modest, greedy = process(1, 200, renders=False), process(2, 300), process(3, 501)
    assert to_kill((main, modest), **limits) == ()
    assert to_kill((main, modest, greedy), **limits) == (greedy,)
    many = (main, modest, process(4, 301))
    assert to_kill(many, **limits) == many
    # The main process is no page: it is bounded by the sum alone.
    assert to_kill((process(1, 600, renders=False),), **limits) == ()


def test_processes_that_are_no_browser_are_left_alone() -> None:
    assert browser_processes(os.getpid()) == ()


def test_the_configured_browser_is_the_one_that_is_run(tmp_path: Path) -> None:
    program = tmp_path / "browser"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    assert find_chromium(str(program)) is None
    program.chmod(0o755)
    assert find_chromium(str(program)) == str(program)


def test_what_is_missing_is_told_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.browser.extra_is_installed", lambda: True)
    reason = missing(BrowserSettings(chromium=str(tmp_path / "nowhere")))
    assert reason is not None
    assert "[network] chromium" in reason
    monkeypatch.setenv("PATH", str(tmp_path))
    reason = missing(BrowserSettings())
    assert reason is not None
    assert "package chromium" in reason
    monkeypatch.setattr("crawler.browser.extra_is_installed", lambda: False)
    reason = missing(BrowserSettings())
    assert reason is not None
    assert "pip install 'vigie[javascript]'" in reason
