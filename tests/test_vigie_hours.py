"""Hours of the day as the configuration writes them, and what is said of those that cannot be used."""

from __future__ import annotations

import contextlib
from datetime import time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.types import Digest, QuietHours
from vigie.errors import ConfigurationError
from vigie.hours import parse_digest, parse_quiet_hours
from vigie.settings import Settings, parse_settings

NIGHT = QuietHours(start=time(22), end=time(7))


def read(watch: str, delivery: str = "") -> Settings:
    text = f'[[watch]]\nid = "w"\n{watch}\n[delivery]\n{delivery}\n'
    return parse_settings(text, Path("vigie.toml"), Path("/etc/vigie"))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("22:00-07:00", range(7)),
        (" 22:00 – 7:00 ", range(7)),
        ("mon-fri 22:00-07:00", range(5)),
        ("Sat,Sun 22:00-07:00", (5, 6)),
        ("fri-mon 22:00-07:00", (4, 5, 6, 0)),
        ("mon, wed-fri 22:00-07:00", (0, 2, 3, 4)),
        ("sun 22:00-07:00", (6,)),
    ],
)
def test_quiet_hours_are_read_with_their_days(text: str, days: tuple[int, ...]) -> None:
    assert parse_quiet_hours(text) == QuietHours(start=time(22), end=time(7), days=frozenset(days))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "are no quiet hours; write them like '22:00-07:00'"),
        ("22-7", "are no quiet hours"),
        ("22:00", "are no quiet hours"),
        ("22:00-24:00", "write '07:00', or '00:00' for midnight"),
        ("22:60-07:00", "is no time of day"),
        ("lun-ven 22:00-07:00", "'lun' is no day; write mon, tue"),
        ("mon- 22:00-07:00", "'' is no day"),
        ("22:00-22:00", "begin and end at the same time"),
        ("07:00-06:00", "22 hours at most"),
    ],
)
def test_quiet_hours_that_cannot_be_used_name_the_cure(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_quiet_hours(text)


@given(st.text(max_size=30))
def test_no_text_does_worse_than_be_refused(text: str) -> None:
    for parse in (parse_quiet_hours, parse_digest):
        with contextlib.suppress(ValueError):
            assert parse(text) is not None


def test_digests_are_read() -> None:
    assert parse_digest("hourly") == Digest(every="hourly")
    assert parse_digest("Daily") == Digest(every="daily", at=time(8))
    assert parse_digest("18:30") == Digest(every="daily", at=time(18, 30))
    for text in ("weekly", "8", "25:00", ""):
        with pytest.raises(ValueError, match=r"08:00|07:00"):
            parse_digest(text)


def test_a_watch_takes_them_from_the_file() -> None:
    keys = 'quiet_hours = "22:00-07:00"\ndigest = "hourly"\ncooldown = "2h"\ntimezone = "Africa/Bamako"'
    settings = read(keys, 'storm_limit = 5\nstorm_window = "1m"')
    (watch,) = settings.watches
    assert (watch.quiet_hours, watch.digest) == (NIGHT, Digest(every="hourly"))
    assert (watch.cooldown, watch.timezone) == (timedelta(hours=2), "Africa/Bamako")
    assert (settings.delivery.storm_limit, settings.delivery.storm_window) == (5, timedelta(minutes=1))
    (plain,) = read("").watches
    assert (plain.quiet_hours, plain.digest, plain.cooldown, plain.timezone) == (None, None, None, None)


@pytest.mark.parametrize(
    ("watch", "delivery", "key", "line", "says"),
    [
        ('quiet_hours = "22-7"', "", "quiet_hours", 3, "write them like '22:00-07:00'"),
        ("quiet_hours = 22", "", "quiet_hours", 3, "write them like"),
        ('quiet_hours = {start = "22:00", end = "07:00"}', "", "quiet_hours", 3, "write them like"),
        ('digest = "weekly"', "", "digest", 3, "write 'hourly', 'daily' or a time"),
        ("digest = true", "", "digest", 3, "write 'hourly', 'daily' or a time"),
        ('cooldown = "25h"', "", "cooldown", 3, "from one second to 24 hours"),
        ('cooldown = "0s"', "", "cooldown", 3, "from one second to 24 hours"),
        ('timezone = "Paris"', "", "timezone", 3, "is not a time zone"),
        ("", "storm_limit = 0", "storm_limit", 5, "greater than or equal to 1"),
        ("", 'storm_window = "0s"', "storm_window", 5, "longer than 0 s"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_line(watch: str, delivery: str, key: str, line: int, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(watch, delivery)
    (problem,) = caught.value.problems
    assert problem.key.endswith(key)
    assert problem.line == line
    assert says in problem.message


def test_a_digest_whose_time_lies_in_quiet_hours_is_warned_of() -> None:
    def warned(digest: str, quiet: str = "22:00-07:00") -> bool:
        found = read(f'quiet_hours = "{quiet}"\ndigest = "{digest}"').warnings
        return any(
            "its daily digest at" in warning and "goes out when they end, at 07:00" in warning for warning in found
        )

    assert warned("06:00")
    assert warned("23:00")
    assert warned("06:00", "sun 22:00-07:00")
    assert not warned("07:00")
    assert not warned("hourly")
    assert not warned("daily")
