"""When an alert waits, and why; whatever is asked of it, the plan loses none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.holding import LONGEST_HOLD, REASONS, HoldingSettings, Lately, Plan, daily, plan
from alerts.hours import quiet_until
from storage.types import Alert, BatchKind, BatchPlan, Digest, QuietHours, Watch

PARIS, BAMAKO = ZoneInfo("Europe/Paris"), ZoneInfo("Africa/Bamako")
NIGHT = QuietHours(start=time(22), end=time(7))
#: a Tuesday, 15:20 in Paris
NOW = datetime(2026, 3, 10, 14, 20, tzinfo=UTC)
#: 23:20 in Paris, and the end of that night
LATE, MORNING = datetime(2026, 3, 10, 22, 20, tzinfo=UTC), datetime(2026, 3, 11, 6, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PLAIN = Watch(id="w", name="W", channels=("mail",))
BUSY = Lately(messages=20, oldest_at=NOW - 4 * MINUTE)


@dataclass(frozen=True)
class Told:
    at: datetime
    severity: int


def alert(severity: int = 3, *, kind: str = "new", at: datetime = NOW, story: int | None = 7) -> Alert:
    return Alert(
        id="alr_a", key="a", type=f"alert.{kind}", watch_id="w", story_id=story, severity=severity, headline="h",
        payload="{}", created_at=at,
    )  # fmt: skip


def planned(
    what: Alert,
    watch: Watch = PLAIN,
    *,
    told: Told | None = None,
    lately: Lately | None = None,
    zone: ZoneInfo = PARIS,
    settings: HoldingSettings | None = None,
    now: datetime | None = None,
) -> Plan:
    return plan(
        watch=watch, channel_id="mail", alert=what, told=told, lately=lately or Lately(), zone=zone,
        settings=settings or HoldingSettings(), now=now or what.created_at,
    )  # fmt: skip


def batch_of(found: Plan) -> BatchPlan:
    assert found.batch is not None
    assert found.batch.closes_at == found.at
    return found.batch


def test_an_alert_goes_at_once() -> None:
    assert planned(alert()) == Plan(at=NOW, reason="at_once")


def test_group_wait_and_interval_hold_what_is_not_urgent() -> None:
    settings = HoldingSettings(group_wait=30 * MINUTE, group_interval=2 * HOUR)
    told = Told(at=NOW - HOUR, severity=3)
    assert planned(alert(3), settings=settings) == Plan(at=NOW + 30 * MINUTE, reason="group_wait")
    assert planned(alert(3), settings=settings, told=told) == Plan(at=NOW + HOUR, reason="group_interval")
    assert planned(alert(4), settings=settings, told=told) == Plan(at=NOW, reason="at_once")
    assert planned(alert(3, kind="correction"), settings=settings, told=told).reason == "at_once"


# --- quiet hours ---------------------------------------------------------------------------------


@pytest.mark.parametrize("severity", [1, 2, 3, 4])
def test_quiet_hours_hold_what_is_not_critical(severity: int) -> None:
    found = planned(alert(severity, at=LATE), replace(PLAIN, quiet_hours=NIGHT))
    assert (found.at, found.reason) == (MORNING, "quiet_hours")
    assert batch_of(found).kind is BatchKind.QUIET_HOURS


def test_what_is_critical_breaks_through() -> None:
    assert planned(alert(5, at=LATE), replace(PLAIN, quiet_hours=NIGHT)) == Plan(at=LATE, reason="at_once")


def test_one_night_is_one_batch() -> None:
    watch = replace(PLAIN, quiet_hours=NIGHT)
    keys = {batch_of(planned(alert(at=LATE + hours * HOUR), watch)).key for hours in range(8)}
    assert len(keys) == 1
    assert batch_of(planned(alert(at=LATE + 24 * HOUR), watch)).key not in keys


def test_quiet_hours_are_the_watchs_own() -> None:
    watch = replace(PLAIN, quiet_hours=NIGHT)
    assert planned(alert(at=LATE), watch, zone=BAMAKO).at == datetime(2026, 3, 11, 7, tzinfo=UTC)
    assert planned(alert(at=LATE - HOUR), watch, zone=BAMAKO).reason == "at_once"


def test_what_would_go_in_quiet_hours_waits_for_their_end() -> None:
    watch = replace(PLAIN, quiet_hours=NIGHT, cooldown=4 * HOUR)
    evening = LATE - 3 * HOUR
    assert planned(alert(at=evening), watch, told=Told(at=evening, severity=3)).reason == "quiet_hours"
    waits = HoldingSettings(group_wait=3 * HOUR)
    assert planned(alert(at=evening), watch, settings=waits).reason == "quiet_hours"


def test_corrections_wait_in_quiet_hours_only() -> None:
    watch = replace(PLAIN, quiet_hours=NIGHT, cooldown=4 * HOUR, digest=Digest(every="daily"))
    told = Told(at=NOW - HOUR, severity=3)
    assert planned(alert(2, kind="correction"), watch, told=told).reason == "at_once"
    assert planned(alert(2, kind="correction", at=LATE), watch, told=told).reason == "quiet_hours"
    assert planned(alert(5, kind="correction", at=LATE), watch, told=told).reason == "at_once"


def test_what_corrects_an_alert_that_still_waits_waits_with_it() -> None:
    watch = replace(PLAIN, digest=Digest(every="daily"))
    first, correction = planned(alert(2), watch), planned(alert(2, kind="correction"), watch)
    assert batch_of(first) == batch_of(correction)


# --- cooldown ------------------------------------------------------------------------------------


def test_later_hits_join_one_update_at_the_end_of_the_cooldown() -> None:
    watch, told = replace(PLAIN, cooldown=2 * HOUR), Told(at=NOW - 30 * MINUTE, severity=3)
    first = planned(alert(3, kind="update"), watch, told=told)
    second = planned(alert(2, kind="update", at=NOW + HOUR), watch, told=told)
    assert (first.at, first.reason) == (NOW + 90 * MINUTE, "cooldown")
    assert batch_of(first) == batch_of(second)


@pytest.mark.parametrize(("told", "severity", "waits"), [(3, 3, True), (3, 4, False), (4, 5, False), (5, 5, True)])
def test_a_rise_in_severity_breaks_the_cooldown(told: int, severity: int, *, waits: bool) -> None:
    watch = replace(PLAIN, cooldown=2 * HOUR)
    found = planned(alert(severity, kind="update"), watch, told=Told(at=NOW - MINUTE, severity=told))
    assert (found.reason == "cooldown") is waits


def test_a_cooldown_is_of_one_story_and_ends() -> None:
    watch, told = replace(PLAIN, cooldown=2 * HOUR), Told(at=NOW - HOUR, severity=3)
    assert planned(alert(3), watch, told=None).reason == "at_once"
    assert planned(alert(3, at=NOW + HOUR), watch, told=told).reason == "at_once"
    one, other = planned(alert(3), watch, told=told), planned(alert(3, story=8), watch, told=told)
    assert batch_of(one).key != batch_of(other).key


def test_a_clock_set_back_stretches_no_cooldown() -> None:
    found = planned(alert(3), replace(PLAIN, cooldown=2 * HOUR), told=Told(at=NOW + 72 * HOUR, severity=3))
    assert found.at == NOW + 2 * HOUR


# --- digests -------------------------------------------------------------------------------------


def test_an_hourly_digest_gathers_until_the_full_hour() -> None:
    watch = replace(PLAIN, digest=Digest(every="hourly"))
    found = planned(alert(3), watch)
    assert (found.at, found.reason) == (NOW.replace(minute=0) + HOUR, "digest")
    assert planned(alert(4), watch).reason == "at_once"
    assert planned(alert(3, at=LATE), replace(watch, quiet_hours=NIGHT)).reason == "quiet_hours"


def test_a_daily_digest_has_the_local_date_as_its_key() -> None:
    watch = replace(PLAIN, digest=Digest(every="daily", at=time(8)))
    found = planned(alert(3), watch)
    assert found.at == datetime(2026, 3, 11, 7, tzinfo=UTC)
    assert batch_of(found).key == "daily:w:mail:2026-03-11"
    assert daily(watch, "mail", PARIS, NOW) == batch_of(found)
    assert daily(PLAIN, "mail", PARIS, NOW) is None
    assert daily(replace(PLAIN, digest=Digest(every="hourly")), "mail", PARIS, NOW) is None


def test_a_daily_digest_in_quiet_hours_goes_out_when_they_end() -> None:
    watch = replace(PLAIN, quiet_hours=NIGHT, digest=Digest(every="daily", at=time(6)))
    found = planned(alert(3, at=LATE), watch)
    assert (found.at, found.reason) == (MORNING, "digest")
    assert batch_of(found).key == "daily:w:mail:2026-03-11"


# --- storm ---------------------------------------------------------------------------------------


def test_a_flood_becomes_one_list_that_goes_when_the_channel_has_calmed() -> None:
    found = planned(alert(3), lately=BUSY)
    assert (found.at, found.reason) == (NOW + 6 * MINUTE, "storm")
    assert planned(alert(3), lately=replace(BUSY, messages=19)).reason == "at_once"
    # The list that is open takes all that follows, also when the channel is below its limit again.
    later = planned(alert(4, at=NOW + MINUTE), lately=Lately(messages=3, open_list=batch_of(found)))
    assert batch_of(later) == found.batch


def test_what_is_critical_goes_through_a_storm_up_to_a_higher_bound() -> None:
    open_list = batch_of(planned(alert(3), lately=BUSY))
    assert planned(alert(5), lately=replace(BUSY, messages=59, open_list=open_list)).reason == "at_once"
    assert batch_of(planned(alert(5), lately=replace(BUSY, messages=60, open_list=open_list))) == open_list


def test_a_list_of_a_storm_gathers_for_a_minute_at_least() -> None:
    found = planned(alert(3), lately=replace(BUSY, oldest_at=NOW - 10 * MINUTE))
    assert found.at == NOW + MINUTE


def test_a_storm_at_nightfall_joins_the_night() -> None:
    watch = replace(PLAIN, quiet_hours=NIGHT)
    dusk = LATE - 82 * MINUTE
    found = planned(alert(3, at=dusk), watch, lately=Lately(messages=20, oldest_at=dusk - MINUTE))
    assert found.reason == "quiet_hours"


# --- whatever comes ------------------------------------------------------------------------------

times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
quiets = st.builds(
    QuietHours, start=st.builds(time, st.integers(12, 23)), end=st.builds(time, st.integers(0, 9)),
    days=st.frozensets(st.integers(0, 6), min_size=1),
)  # fmt: skip
moments = st.timedeltas(timedelta(0), timedelta(days=2200)).map(lambda after: datetime(2024, 1, 1, tzinfo=UTC) + after)
watches = st.builds(
    Watch, id=st.just("w"), name=st.just("W"), quiet_hours=st.none() | quiets,
    digest=st.none() | st.builds(Digest, every=st.sampled_from(["hourly", "daily"]), at=times),
    cooldown=st.none() | st.timedeltas(timedelta(seconds=1), 24 * HOUR),
)  # fmt: skip


@given(
    watch=watches, severity=st.integers(1, 5), kind=st.sampled_from(["new", "update", "edited", "correction"]),
    now=moments, told_before=st.none() | st.tuples(st.timedeltas(-72 * HOUR, 720 * HOUR), st.integers(1, 5)),
    messages=st.integers(0, 100), zone=st.sampled_from([PARIS, BAMAKO, ZoneInfo("America/New_York")]),
    wait=st.timedeltas(timedelta(0), HOUR), interval=st.timedeltas(timedelta(0), 6 * HOUR),
)  # fmt: skip
def test_every_alert_goes_at_a_moment_or_into_a_batch_that_closes(
    watch: Watch, severity: int, kind: str, now: datetime, told_before: tuple[timedelta, int] | None, messages: int,
    zone: ZoneInfo, wait: timedelta, interval: timedelta,
) -> None:  # fmt: skip
    told = None if told_before is None else Told(at=now - told_before[0], severity=told_before[1])
    settings = HoldingSettings(group_wait=wait, group_interval=interval)
    what = alert(severity, kind=kind, at=now)
    lately = Lately(messages=messages, oldest_at=now - MINUTE)
    found = planned(what, watch, told=told, zone=zone, settings=settings, lately=lately)
    assert found.reason in REASONS
    assert now <= found.at <= now + LONGEST_HOLD
    assert found == planned(what, watch, told=told, zone=zone, settings=settings, lately=lately)
    if found.batch is None:
        assert found.reason in ("at_once", "group_wait", "group_interval")
        assert severity >= 5 or quiet_until(watch.quiet_hours, zone, found.at) is None
    else:
        assert batch_of(found).closes_at > now
        assert severity >= 5 or quiet_until(watch.quiet_hours, zone, found.at) is None
    if severity == 5 and messages < 60 and (watch.cooldown is None or told is None or told.severity < 5):
        assert found == Plan(at=now, reason="at_once")
    if kind == "correction" and told is not None:
        assert found.reason in ("at_once", "quiet_hours", "storm")


@given(watch=watches, now=moments, zone=st.sampled_from([PARIS, BAMAKO]), steps=st.lists(st.integers(1, 600)))
def test_a_digest_that_is_open_is_the_one_alerts_join(
    watch: Watch, now: datetime, zone: ZoneInfo, steps: list[int]
) -> None:
    upcoming = daily(watch, "mail", zone, now)
    for minutes in steps:
        now += minutes * MINUTE
        if upcoming is None or now >= upcoming.closes_at:
            return
        assert planned(alert(1, at=now), watch, zone=zone).batch == upcoming
