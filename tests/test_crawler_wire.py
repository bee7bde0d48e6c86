"""Messages between owner and crawler come back as they went in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import WireError
from crawler.settings import CrawlerSettings
from crawler.wire import Alive, decode_order, decode_result, decode_settings, encode
from storage.types import (
    Article,
    CrawlFailure,
    Evidence,
    FailureReason,
    FeedEntry,
    FetchOrder,
    FetchResult,
    PollOrder,
    PollResult,
)

any_text = st.text()
moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
maybe = st.none() | any_text
texts = st.lists(any_text, max_size=3).map(tuple)
failures = st.builds(
    CrawlFailure,
    reason=st.sampled_from(FailureReason),
    detail=any_text,
    status=st.none() | st.integers(100, 599),
    retry_after=st.none() | st.floats(0, 1e7),
)
entries = st.builds(FeedEntry, published_at=st.none() | moments, authors=texts)
articles = st.builds(
    Article,
    paragraphs=texts,
    authors=texts,
    canonical_url=maybe,
    published_at=st.none() | moments,
    language=maybe,
    agency=maybe,
    fetched_at=moments,
)
evidence = st.builds(
    Evidence,
    captured_at=moments,
    headers=st.lists(st.tuples(any_text, any_text), max_size=3).map(tuple),
    body_gzip=st.binary(max_size=200),
)
poll_orders = st.builds(PollOrder, etag=maybe, last_modified=maybe, body_hash=maybe)
fetch_orders = st.builds(FetchOrder, entry=st.none() | entries, language=maybe)
poll_results = st.builds(
    PollResult,
    entries=st.lists(entries, max_size=3).map(tuple),
    etag=maybe,
    last_modified=maybe,
    body_hash=maybe,
    moved_to=maybe,
    failure=st.none() | failures,
)
fetch_results = st.builds(
    FetchResult, article=st.none() | articles, evidence=st.none() | evidence, failure=st.none() | failures
)


@given(poll_orders | fetch_orders)
def test_order_survives_the_wire(order: PollOrder | FetchOrder) -> None:
    line = encode(order)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_order(line) == order


@given(poll_results | fetch_results)
def test_result_survives_the_wire(result: PollResult | FetchResult) -> None:
    line = encode(result)
    assert line.count(b"\n") == 1
    assert decode_result(line) == result


@given(st.text(st.characters(codec=None, categories=["Cs", "L"]), max_size=20))
def test_lone_surrogates_are_replaced_wherever_they_stand(text: str) -> None:
    entry = FeedEntry(url=text, title=text, authors=(text,))
    order = FetchOrder(id="1", source_id=text, url=text, entry=entry)
    clean = _replaced(text)
    decoded = decode_order(encode(order))
    assert decoded == FetchOrder(
        id="1", source_id=clean, url=clean, entry=FeedEntry(url=clean, title=clean, authors=(clean,))
    )


def _replaced(text: str) -> str:
    return "".join("\ufffd" if 0xD800 <= ord(character) <= 0xDFFF else character for character in text)


def test_result_with_a_surrogate_keeps_its_reason_and_bytes() -> None:
    result = FetchResult(
        order_id="1",
        source_id="s",
        url="http://x/\udc80",
        failure=CrawlFailure(reason=FailureReason.DNS, detail="\ud800"),
        evidence=Evidence(
            url="u", captured_at=datetime.now(UTC), status=200, headers=(), sha256="", body_gzip=b"\x00\xff"
        ),
    )
    decoded = decode_result(encode(result))
    assert isinstance(decoded, FetchResult)
    assert decoded.failure == CrawlFailure(reason=FailureReason.DNS, detail="\ufffd")
    assert decoded.evidence is not None
    assert decoded.evidence.body_gzip == b"\x00\xff"


def test_settings_and_signs_of_life_survive_the_wire() -> None:
    settings = CrawlerSettings(user_agent="Vigie/1", allow_cidrs=("10.0.0.0/8",), source_ports=(8080,), workers=3)
    assert decode_settings(encode(settings)) == settings
    assert decode_result(encode(Alive())) == Alive()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"null",
        b"[]",
        b"{",
        b'{"kind": "poll"}',
        b'{"kind": "other", "message": {}}',
        b'{"kind": "poll", "message": {"id": 1}}',
        b'{"kind": "poll", "message": {"id": "1", "source_id": "s"}}',
        b'{"kind": "poll", "message": {"id": "\xff"}}',
        b'{"kind":"settings","message":{"user_agent":"x"}}',
    ],
)
def test_line_that_is_no_order_is_an_error(line: bytes) -> None:
    with pytest.raises(WireError):
        decode_order(line)


def test_line_in_the_wrong_direction_is_an_error() -> None:
    order = PollOrder(id="1", source_id="s", url="u")
    with pytest.raises(WireError):
        decode_result(encode(order))
    with pytest.raises(WireError, match="first line"):
        decode_settings(encode(order))


@given(st.binary(max_size=300))
def test_any_line_is_a_message_or_a_wire_error(line: bytes) -> None:
    for decode in (decode_order, decode_result, decode_settings):
        with pytest.raises(WireError):
            decode(line)
