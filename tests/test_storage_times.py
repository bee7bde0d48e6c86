"""Times in the database: UTC, fixed width, and text order is time order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.times import from_text, from_text_or_none, to_text, to_text_or_none

# hypothesis wants bounds without a zone; a day is left at both ends for zones to move in.
FIRST, LAST = (datetime.fromisoformat(text) for text in ("0001-01-02", "9999-12-30"))
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(FIRST, LAST, timezones=ZONES)


@settings(deadline=None)
@given(MOMENTS)
def test_time_comes_back_as_the_same_moment_in_utc(moment: datetime) -> None:
    back = from_text(to_text(moment))
    assert back == moment
    assert back.utcoffset() == timedelta(0)


@settings(deadline=None)
@given(MOMENTS, MOMENTS)
def test_text_order_is_time_order(one: datetime, other: datetime) -> None:
    assert (to_text(one) < to_text(other)) == (one < other)
    assert len(to_text(one)) == len(to_text(other))


def test_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="state its zone"):
        to_text(datetime.fromisoformat("2026-01-31T08:00"))


def test_form_is_the_documented_one() -> None:
    paris = timezone(timedelta(hours=1))
    assert to_text(datetime(2026, 1, 31, 9, tzinfo=paris)) == "2026-01-31T08:00:00.000000+00:00"


def test_nothing_stays_nothing() -> None:
    assert to_text_or_none(None) is None
    assert from_text_or_none(None) is None
    moment = datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert from_text_or_none(to_text_or_none(moment)) == moment
