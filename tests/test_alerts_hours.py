"""Wall-clock times as moments: quiet hours end, and a local day has one digest, whatever the clocks do."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.hours import LONGEST_QUIET, is_overnight, length_of, moment_of, next_daily, next_hourly, quiet_until
from storage.types import Digest, QuietHours

PARIS, BAMAKO = ZoneInfo("Europe/Paris"), ZoneInfo("Africa/Bamako")
ZONES = tuple(
    ZoneInfo(name)
    for name in (
        "Europe/Paris", "Africa/Bamako", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe",
        "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Chatham",
    )
)  # fmt: skip
NIGHT = QuietHours(start=time(22), end=time(7))
DAY = timedelta(days=1)

times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
quiets = st.builds(QuietHours, start=times, end=times, days=st.frozensets(st.integers(0, 6), min_size=1)).filter(
    lambda quiet: quiet.start != quiet.end and length_of(quiet) <= LONGEST_QUIET
)
moments = st.timedeltas(timedelta(0), timedelta(days=7300)).map(lambda after: datetime(2016, 1, 1, tzinfo=UTC) + after)


def local(zone: ZoneInfo, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=zone, fold=fold).astimezone(UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        ((2026, 3, 10, 21, 59), None),
        ((2026, 3, 10, 22, 0), (2026, 3, 11, 7, 0)),
        ((2026, 3, 11, 3, 0), (2026, 3, 11, 7, 0)),
        ((2026, 3, 11, 6, 59), (2026, 3, 11, 7, 0)),
        ((2026, 3, 11, 7, 0), None),
    ],
)
def test_quiet_hours_cross_midnight(at: tuple[int, ...], ends: tuple[int, ...] | None) -> None:
    expected = None if ends is None else local(PARIS, *ends)
    assert quiet_until(NIGHT, PARIS, local(PARIS, *at)) == expected


def test_quiet_hours_within_a_day() -> None:
    lunch = QuietHours(start=time(12), end=time(14))
    assert quiet_until(lunch, PARIS, local(PARIS, 2026, 3, 10, 13)) == local(PARIS, 2026, 3, 10, 14)
    assert quiet_until(lunch, PARIS, local(PARIS, 2026, 3, 10, 15)) is None
    assert quiet_until(None, PARIS, local(PARIS, 2026, 3, 10, 13)) is None


def test_days_are_those_on_which_quiet_hours_begin() -> None:
    weekdays = QuietHours(start=time(22), end=time(7), days=frozenset(range(5)))
    friday_night, saturday_night = local(PARIS, 2026, 3, 14, 3), local(PARIS, 2026, 3, 15, 3)
    assert quiet_until(weekdays, PARIS, friday_night) == local(PARIS, 2026, 3, 14, 7)
    assert quiet_until(weekdays, PARIS, saturday_night) is None
    assert quiet_until(weekdays, PARIS, local(PARIS, 2026, 3, 15, 23)) is None, "Sunday is no such day"


def test_the_spring_night_is_an_hour_shorter_and_the_autumn_night_longer() -> None:
    for evening, hours in (((2026, 3, 28), 8), ((2026, 10, 24), 10), ((2026, 5, 4), 9)):
        start = local(PARIS, *evening, 22)
        ends = quiet_until(NIGHT, PARIS, start)
        assert ends is not None
        assert ends - start == timedelta(hours=hours)
        assert ends.astimezone(PARIS).hour == 7


def test_quiet_hours_that_end_in_the_hour_leapt_over_still_end() -> None:
    quiet = QuietHours(start=time(22), end=time(2, 30))
    ends = quiet_until(quiet, PARIS, local(PARIS, 2026, 3, 29, 1))
    assert ends == local(PARIS, 2026, 3, 29, 3, 30)
    assert quiet_until(quiet, PARIS, local(PARIS, 2026, 3, 29, 3, 30)) is None


def test_quiet_hours_that_end_in_the_hour_that_comes_twice_end_once() -> None:
    quiet = QuietHours(start=time(22), end=time(2, 30))
    ends = local(PARIS, 2026, 10, 25, 2, 30)
    assert quiet_until(quiet, PARIS, local(PARIS, 2026, 10, 25, 1)) == ends
    assert quiet_until(quiet, PARIS, local(PARIS, 2026, 10, 25, 2, 10, fold=1)) is None


@given(quiet=quiets, zone=st.sampled_from(ZONES), moment=moments)
def test_quiet_hours_always_end_within_a_day(quiet: QuietHours, zone: ZoneInfo, moment: datetime) -> None:
    ends = quiet_until(quiet, zone, moment)
    if ends is not None:
        assert moment < ends <= moment + DAY


@given(quiet=quiets, zone=st.sampled_from(ZONES), moment=moments)
def test_every_moment_in_quiet_hours_agrees_on_their_end(quiet: QuietHours, zone: ZoneInfo, moment: datetime) -> None:
    ends = quiet_until(quiet, zone, moment)
    if ends is not None:
        halfway = moment + (ends - moment) / 2
        assert quiet_until(quiet, zone, halfway) == ends


def test_the_next_full_hour() -> None:
    assert next_hourly(datetime(2026, 3, 10, 9, 59, 59, 5, tzinfo=UTC)) == datetime(2026, 3, 10, 10, tzinfo=UTC)
    assert next_hourly(datetime(2026, 3, 10, 10, tzinfo=UTC)) == datetime(2026, 3, 10, 11, tzinfo=UTC)
    assert next_hourly(local(PARIS, 2026, 10, 25, 2, 10, fold=1)) == local(PARIS, 2026, 10, 25, 3)


#: (zone, first day, days): around every change of the clocks, a leap day, a year's end, and a day that never was
SPANS = [
    (PARIS, date(2026, 3, 26), 7), (PARIS, date(2026, 10, 22), 7), (PARIS, date(2027, 3, 26), 5),
    (PARIS, date(2027, 10, 29), 5), (BAMAKO, date(2026, 3, 26), 7), (BAMAKO, date(2026, 10, 22), 7),
    (PARIS, date(2028, 2, 27), 5), (BAMAKO, date(2028, 2, 27), 5), (PARIS, date(2026, 12, 30), 5),
    (BAMAKO, date(2026, 12, 30), 5), (ZoneInfo("America/Sao_Paulo"), date(2018, 11, 2), 5),
    (ZoneInfo("Pacific/Apia"), date(2011, 12, 28), 5), (ZoneInfo("Australia/Lord_Howe"), date(2026, 4, 3), 5),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "first", "days"), SPANS, ids=str)
@pytest.mark.parametrize("at", [time(0), time(2), time(2, 30), time(3), time(8), time(23, 59)], ids=str)
def test_every_local_day_has_exactly_one_digest(zone: ZoneInfo, first: date, days: int, at: time) -> None:
    digest = Digest(every="daily", at=at)
    moment, end = local(zone, first.year, first.month, first.day), first + days * DAY
    sent: list[tuple[date, datetime]] = []
    while True:
        day, due = next_daily(digest, None, zone, moment)
        if day >= end:
            break
        assert due > moment
        sent.append((day, due))
        moment = due
    expected = [
        day
        for day in (first + step * DAY for step in range(days))
        if local(zone, day.year, day.month, day.day, 12).astimezone(zone).date() == day
    ]
    start = local(zone, first.year, first.month, first.day)
    if expected and moment_of(expected[0], at, zone) == start:
        expected = expected[1:]  # the span begins at that very moment; the next one is asked for
    assert [day for day, _ in sent] == expected
    assert [due.astimezone(zone).date() for _, due in sent] == expected
    assert max(Counter(day for day, _ in sent).values()) == 1


@given(at=times, quiet=st.none() | quiets, zone=st.sampled_from(ZONES), moment=moments)
def test_the_next_digest_is_the_same_until_it_goes_out(
    at: time, quiet: QuietHours | None, zone: ZoneInfo, moment: datetime
) -> None:
    digest = Digest(every="daily", at=at)
    day, due = next_daily(digest, quiet, zone, moment)
    assert moment < due <= moment + timedelta(hours=50)
    assert quiet_until(quiet, zone, due) is None
    just_before = due - timedelta(microseconds=1)
    assert next_daily(digest, quiet, zone, just_before) == (day, due)
    following, later = next_daily(digest, quiet, zone, due)
    assert following > day
    assert later > due


def test_a_night_is_told_from_a_siesta() -> None:
    assert is_overnight(NIGHT)
    assert not is_overnight(QuietHours(start=time(12), end=time(14)))
    assert not is_overnight(QuietHours(start=time(18), end=time(14)))
