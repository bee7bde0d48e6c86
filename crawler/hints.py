"""Hints on pace that an answer gives: HTTP caching headers, WebSub links, what feeds say of their rhythm.

Everything here is a claim of the far end; the scheduler decides what it is worth.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

from crawler.guard import url_refusal
from storage.types import PaceHints, utc

#: longest wait taken over, in seconds (31 days)
LONGEST = 31 * 86400.0
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)
_NO_CACHE = re.compile(r"(?:^|[\s,])(?:no-store|no-cache)(?:$|[\s,=])", re.IGNORECASE)
_LINK = re.compile(r"<([^<>]{1,4096})>\s*((?:;[^,<]*)*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,]+))", re.IGNORECASE)
_PERIODS = {"hourly": 3600.0, "daily": 86400.0, "weekly": 604800.0, "monthly": 2592000.0, "yearly": 31536000.0}
_HOURS = range(24)


def from_headers(headers: Iterable[tuple[str, str]], url: str, now: datetime) -> PaceHints:
    """Return what the headers of an answer say.

    ``max-age`` wins over ``Expires`` (RFC 9111 section 5.3); a hub and a topic are read from Link headers
    (RFC 8288, WebSub section 4).

    Args:
        headers: names in lower case.
        url: the answer's address, against which links are resolved.
        now: the present, for an ``Expires`` without a ``Date``.
    """
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name, []).append(value[:2000])
    hub, topic = websub(_links(values.get("link", ())), url)
    return PaceHints(max_age=_max_age(values, now), hub=hub, topic=topic)


def _max_age(values: dict[str, list[str]], now: datetime) -> float | None:
    control = ", ".join(values.get("cache-control", ()))
    if _NO_CACHE.search(control):
        return None
    stated = _MAX_AGE.search(control)
    if stated is not None:
        return min(float(stated[1]), LONGEST)
    expires, date = (_moment(values.get(name)) for name in ("expires", "date"))
    if expires is None:
        return None
    return min(max((expires - (date or now)).total_seconds(), 0.0), LONGEST)


def _moment(values: list[str] | None) -> datetime | None:
    try:
        return utc(parsedate_to_datetime(values[0].strip())) if values else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _links(values: Iterable[str]) -> list[tuple[str, str]]:
    """Return (relation, target) of Link headers."""
    found: list[tuple[str, str]] = []
    for value in values:
        for target, parameters in _LINK.findall(value):
            relation = _REL.search(parameters)
            if relation is not None:
                found += [(name.lower(), target) for name in (relation[1] or relation[2] or "").split()]
    return found


def websub(links: Iterable[tuple[str, str]], base: str) -> tuple[str | None, str | None]:
    """Return the hub and the topic among (relation, target) pairs; no topic without a hub."""
    hub: str | None = None
    topic: str | None = None
    for relation, target in links:
        try:
            address = urljoin(base, target.strip())
        except ValueError:
            continue
        if url_refusal(address) is not None:
            continue
        if relation == "hub":
            hub = hub or address
        elif relation == "self":
            topic = topic or address
    return (hub, topic or base) if hub is not None else (None, None)


def stated_interval(ttl: str | None, period: str | None, frequency: str | None) -> float | None:
    """Return the seconds between updates that a feed states.

    Args:
        ttl: minutes (RSS 2.0).
        period: ``hourly``, ``daily`` … (RSS 1.0 module Syndication); daily when only a frequency is given.
        frequency: updates in that period, 1 when left out.
    """
    stated: list[float] = []
    minutes = _number(ttl)
    if minutes is not None:
        stated.append(minutes * 60)
    seconds = _PERIODS.get((period or ("daily" if frequency else "")).strip().lower())
    if seconds is not None:
        stated.append(seconds / (_number(frequency) or 1.0))
    # A feed that states both means the shorter wait: the other is often left at its default.
    return min(*stated, LONGEST) if stated else None


def _number(text: str | None) -> float | None:
    try:
        number = float((text or "").strip())
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None


def skip_hours(hours: Iterable[str]) -> tuple[int, ...]:
    """Return the hours of the day (UTC, 0–23) in which a feed asks not to be read; 24 is midnight."""
    numbers = {
        int(text) % 24 for hour in hours if (text := hour.strip()).isascii() and text.isdecimal() and int(text) <= 24
    }
    # A feed that forbids every hour means none.
    return tuple(sorted(numbers)) if len(numbers) < len(_HOURS) else ()


def merged(first: PaceHints, second: PaceHints) -> PaceHints:
    """Return both readings as one; where both say something, ``first`` counts."""

    def either(get: Callable[[PaceHints], object]) -> PaceHints:
        return first if get(first) is not None else second

    with_hub = either(lambda hints: hints.hub)
    return PaceHints(
        max_age=either(lambda hints: hints.max_age).max_age,
        interval=either(lambda hints: hints.interval).interval,
        skip_hours=first.skip_hours or second.skip_hours,
        hub=with_hub.hub,
        topic=with_hub.topic,
    )
