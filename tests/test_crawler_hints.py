"""What answers say of pace: headers, feeds, WebSub links; never an exception, never without bound."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.feeds import feed_hints
from crawler.hints import LONGEST, from_headers, merged, skip_hours, stated_interval
from storage.types import PaceHints

URL = "https://journal.example/rss"
NOW = datetime(2025, 9, 19, 12, tzinfo=UTC)
DATE = ("date", "Fri, 19 Sep 2025 11:00:00 GMT")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([("cache-control", "max-age=300")], 300.0),
        ([("cache-control", 'public, s-maxage=9, Max-Age="60"')], 60.0),
        ([("cache-control", "public"), ("cache-control", "max-age=5")], 5.0),
        ([("cache-control", "max-age=9999999999")], LONGEST),
        ([("cache-control", "max-age=60, no-cache")], None),
        ([("cache-control", "no-store")], None),
        ([("cache-control", "max-age=-5")], None),
        ([("expires", "Fri, 19 Sep 2025 11:10:00 GMT"), DATE], 600.0),
        ([("expires", "Fri, 19 Sep 2025 12:10:00 GMT")], 600.0),
        ([("expires", "Thu, 18 Sep 2025 11:10:00 GMT"), DATE], 0.0),
        ([("expires", "0")], None),
        ([("cache-control", "max-age=60"), ("expires", "Fri, 19 Sep 2025 11:10:00 GMT"), DATE], 60.0),
        ([], None),
    ],
)
def test_cache_headers(headers: list[tuple[str, str]], seconds: float | None) -> None:
    assert from_headers(headers, URL, NOW).max_age == seconds


@pytest.mark.parametrize(
    ("value", "hub", "topic"),
    [
        ('<https://hub.example/>; rel="hub", <https://journal.example/f>; rel="self"', "https://hub.example/", "https://journal.example/f"),
        ("</hub>; rel=hub", "https://journal.example/hub", URL),
        ('<https://hub.example/>; title="x"; rel="alternate hub"', "https://hub.example/", URL),
        ('</f>; rel="self"', None, None),
        ("<file:///etc/passwd>; rel=hub", None, None),
        ("<http://[::1>; rel=hub", None, None),
        ("rel=hub", None, None),
    ],
)  # fmt: skip
def test_link_headers(value: str, hub: str | None, topic: str | None) -> None:
    found = from_headers([("link", value)], URL, NOW)
    assert (found.hub, found.topic) == (hub, topic)


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        (("15", None, None), 900.0),
        ((None, "hourly", "2"), 1800.0),
        ((None, "daily", None), 86400.0),
        ((None, None, "24"), 3600.0),
        ((" 60 ", "hourly", "4"), 900.0),
        (("nan", "never", "-1"), None),
        (("0", "", ""), None),
        ((None, "hourly", "0"), 3600.0),
        (("99999999", None, None), LONGEST),
    ],
)
def test_stated_interval(stated: tuple[str | None, str | None, str | None], seconds: float | None) -> None:
    assert stated_interval(*stated) == seconds


def test_skip_hours() -> None:
    assert skip_hours(["0", " 23 ", "24", "25", "x", "-1", "", "²"]) == (0, 23)
    assert skip_hours(map(str, range(24))) == ()


RSS = b"""<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:atom="http://www.w3.org/2005/Atom">
<channel><title>J &bogus;</title><ttl>30</ttl><sy:updatePeriod> hourly </sy:updatePeriod>
<sy:updateFrequency>1</sy:updateFrequency>
<skipHours><hour>1</hour><hour>2</hour></skipHours><atom:link rel="hub" href="https://hub.example/"/>
<atom:link rel="self" href="/rss?x=1"/><item><ttl>1</ttl><atom:link rel="hub" href="https://evil.example/"/></item>
</channel></rss>"""


def test_head_of_a_feed_is_read_even_when_broken() -> None:
    assert feed_hints(RSS, URL) == PaceHints(
        interval=1800.0, skip_hours=(1, 2), hub="https://hub.example/", topic="https://journal.example/rss?x=1"
    )
    atom = b"<feed xmlns='http://www.w3.org/2005/Atom'>"
    atom += b"<link rel='hub' href='https://h.example/'/><link rel='self' href='/f'/></feed>"
    assert feed_hints(atom, URL).topic == "https://journal.example/f"
    assert feed_hints(b"", URL) == PaceHints()
    assert feed_hints(b"\x00<<", URL) == PaceHints()


def test_first_reading_counts_where_both_speak() -> None:
    first = PaceHints(interval=5.0, hub="https://a.example/", topic="https://t.example/")
    second = PaceHints(interval=9.0, max_age=3.0, hub="https://b.example/", topic="https://u.example/", skip_hours=(1,))
    assert merged(first, second) == PaceHints(
        interval=5.0, max_age=3.0, hub="https://a.example/", topic="https://t.example/", skip_hours=(1,)
    )
    assert merged(PaceHints(), second) == second


@given(
    st.lists(st.tuples(st.sampled_from(["cache-control", "expires", "date", "link"]), st.text(max_size=60)), max_size=5)
)
def test_any_headers_are_answered(headers: list[tuple[str, str]]) -> None:
    found = from_headers(headers, URL, NOW)
    assert found.max_age is None or 0 <= found.max_age <= LONGEST
