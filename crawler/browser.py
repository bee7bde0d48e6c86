"""Whether pages can be run in a browser here, and with what: the optional extra and the system's Chromium.

Nothing in this module needs the extra to be installed, so the owner and the command line may ask it too.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from storage.types import CrawlFailure, FailureReason

#: names under which systems install Chromium, tried in this order
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: key of a request's ``meta``: run the page's scripts before it is read
RENDER = "vigie_render"
_MEBIBYTE = 1024 * 1024
_CURE = "install the extra (pip install 'vigie[javascript]') and Debian's package chromium"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSettings:
    """How far a page may go in the browser; plain values, as they cross a process border."""

    #: path of the browser; None: the first of :data:`CHROMIUM_NAMES` on the path
    chromium: str | None = None
    #: seconds one page may take to run its scripts and give its text
    page_seconds: float = 30.0
    #: seconds to wait, within the above, for a page's requests to end once it is parsed
    settle_seconds: float = 8.0
    #: memory of one page's process that it shares with no other, in bytes
    page_memory: int = 512 * _MEBIBYTE
    #: memory of all processes of the browser, counted likewise, in bytes
    memory: int = 1024 * _MEBIBYTE
    #: pages open at once
    pages: int = 2
    #: pages after which the browser is started anew, against leaks
    lifetime_pages: int = 100
    #: requests one page may make beside its own
    page_requests: int = 200
    #: bytes one page may receive beside its own
    page_bytes: int = 48 * _MEBIBYTE
    #: elements a page may consist of once its scripts have run
    page_elements: int = 100_000


def find_chromium(configured: str | None) -> str | None:
    """Return the path of the browser, or None when there is none to be run."""
    if configured is not None:
        return configured if Path(configured).is_file() and os.access(configured, os.X_OK) else None
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name)) is not None), None)


def extra_is_installed() -> bool:
    """Whether the packages of the extra ``javascript`` are there."""
    return all(importlib.util.find_spec(name) is not None for name in ("scrapy_playwright", "playwright"))


def missing(settings: BrowserSettings) -> str | None:
    """Return what keeps pages from being run in a browser, with the cure, or None when nothing does."""
    if not extra_is_installed():
        return f"the packages that run a page's scripts are not installed; {_CURE}"
    if find_chromium(settings.chromium) is not None:
        return None
    if settings.chromium is not None:
        return f"{settings.chromium} is no program that can be run; correct [network] chromium, or leave it out"
    return f"there is no Chromium on this machine; {_CURE}"


def no_browser(settings: BrowserSettings) -> CrawlFailure | None:
    """Return the failure of every order that needs a browser, or None when there is one."""
    reason = missing(settings)
    return None if reason is None else CrawlFailure(reason=FailureReason.NO_BROWSER, detail=reason)
