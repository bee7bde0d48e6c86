"""Second looks come soon after publication, then ever rarer, and end after two days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import refetch
from scheduler.refetch import HOUR, MINUTE, WINDOW, NextLook, next_look

SEEN = datetime(2026, 3, 10, 9, tzinfo=UTC)
WAIT = st.timedeltas(min_value=timedelta(0), max_value=4 * WINDOW)


def look(
    *,
    after: timedelta = timedelta(0),
    age: timedelta | None = timedelta(0),
    looks: int = 0,
    changed: timedelta | None = None,
    has_signal: bool = False,
    sparing: bool = False,
    chance: float = 0.0,
) -> NextLook:
    return next_look(
        first_seen=SEEN,
        published=None if age is None else SEEN - age,
        now=SEEN + after,
        looks=looks,
        changed=None if changed is None else SEEN + changed,
        has_signal=has_signal,
        sparing=sparing,
        chance=chance,
    )


def followed(**given: bool) -> list[timedelta]:
    """Make every look on time and return when they were."""
    after = timedelta(0)
    made: list[timedelta] = []
    while (found := look(after=after, looks=len(made), **given)).at is not None:  # type: ignore[arg-type]
        after = found.at - SEEN
        made.append(after)
    assert found.reason == "done"
    return made


def test_looks_grow_rarer_for_two_days() -> None:
    assert followed() == [15 * MINUTE, HOUR, 3 * HOUR, 8 * HOUR, 24 * HOUR, 48 * HOUR]


def test_articles_with_signals_get_more() -> None:
    made = followed(has_signal=True)
    assert made == sorted(refetch.LOOKS + refetch.SIGNAL_LOOKS)
    assert made[0] == 5 * MINUTE


def test_spared_pages_get_two() -> None:
    assert followed(sparing=True) == followed(sparing=True, has_signal=True) == [HOUR, 24 * HOUR]


@pytest.mark.parametrize(
    ("given", "at", "reason"),
    [
        ({"age": 49 * HOUR}, None, "backlog"),
        ({"age": 10 * HOUR}, 14 * HOUR, "planned"),
        ({"age": None}, 15 * MINUTE, "planned"),
        ({"age": -5 * HOUR}, 15 * MINUTE, "planned"),
        ({"looks": refetch.MAX_LOOKS}, None, "enough"),
        ({"after": 9 * HOUR, "changed": 9 * HOUR}, 9 * HOUR + 15 * MINUTE, "after_change"),
        ({"after": 9 * HOUR, "changed": 9 * HOUR, "has_signal": True}, 9 * HOUR + 5 * MINUTE, "after_change"),
        ({"after": 48 * HOUR, "changed": 48 * HOUR}, 48 * HOUR + 15 * MINUTE, "after_change"),
        ({"after": 52 * HOUR, "changed": 48 * HOUR}, None, "done"),
        ({"after": 58 * MINUTE}, 3 * HOUR, "planned"),
        ({"after": 400 * HOUR}, None, "done"),
    ],
)
def test_each_plan_has_its_reason(given: dict[str, object], at: timedelta | None, reason: str) -> None:
    found = look(**given)  # type: ignore[arg-type]
    assert (None if found.at is None else found.at - SEEN, found.reason) == (at, reason)


@given(
    after=WAIT, age=st.none() | WAIT, looks=st.integers(0, 30), changed=st.none() | WAIT, has_signal=st.booleans(),
    sparing=st.booleans(), chance=st.floats(0, 1),
)  # fmt: skip
def test_a_look_lies_ahead_and_within_the_days_that_count(
    after: timedelta, age: timedelta | None, looks: int, changed: timedelta | None, has_signal: bool, sparing: bool,
    chance: float,
) -> None:  # fmt: skip
    found = look(
        after=after, age=age, looks=looks, changed=changed, has_signal=has_signal, sparing=sparing, chance=chance
    )
    if found.at is None:
        assert found.reason in {"backlog", "enough", "done"}
        return
    assert found.at - (SEEN + after) >= refetch.LEAST_GAP
    latest = SEEN + WINDOW
    if changed is not None:
        latest = max(latest, SEEN + changed + 3 * HOUR)
    assert found.at <= latest + 10 * MINUTE
    assert looks < refetch.MAX_LOOKS


@given(chance=st.floats(0, 1), has_signal=st.booleans())
def test_a_page_that_changes_at_every_look_is_not_followed_for_ever(chance: float, has_signal: bool) -> None:
    after, looks = timedelta(0), 0
    while (found := look(after=after, looks=looks, changed=after, has_signal=has_signal, chance=chance)).at is not None:
        after, looks = found.at - SEEN, looks + 1
        assert looks <= refetch.MAX_LOOKS
    assert found.reason == "enough"


def test_what_seems_gone_is_asked_for_again_within_minutes() -> None:
    for chance in (0.0, 0.5, 1.0):
        found = refetch.confirming(SEEN, chance)
        assert found.at is not None
        assert timedelta(minutes=5) <= found.at - SEEN <= timedelta(minutes=10)


MISSING = timedelta(minutes=7)


@pytest.mark.parametrize(
    ("missing", "after", "there", "others_missing", "gone", "reason"),
    [
        (1, 0 * MINUTE, 9, 0, False, "first"),
        (2, MISSING, 1, 0, True, "site_answers"),
        (2, MISSING, 3, 3, True, "site_answers"),
        (2, MISSING, 0, 1, False, "site_missing"),
        (9, 20 * HOUR, 3, 4, False, "site_missing"),
        (2, MISSING, 0, 0, False, "alone"),
        (3, refetch.ALONE, 0, 0, True, "stayed_missing"),
    ],
)
def test_a_page_is_withdrawn_only_while_its_site_works(
    missing: int, after: timedelta, there: int, others_missing: int, gone: bool, reason: str
) -> None:
    verdict = refetch.withdrawal(
        missing=missing, since=SEEN, now=SEEN + after, there=there, others_missing=others_missing
    )
    assert verdict == refetch.Withdrawal(gone=gone, reason=reason)


@given(chance=st.floats(0, 1), mass=st.booleans())
def test_a_page_that_stays_gone_is_decided_on_or_let_go(chance: float, mass: bool) -> None:
    now, missing = SEEN + 5 * MINUTE, 1
    since = now
    while True:
        verdict = refetch.withdrawal(missing=missing, since=since, now=now, there=0, others_missing=int(mass))
        if verdict.gone:
            break
        plan = refetch.after_missing(verdict, begin=SEEN, since=since, now=now, chance=chance)
        if plan.at is None:
            break
        assert plan.at >= now + refetch.CONFIRM
        now, missing = plan.at, missing + 1
    assert verdict.gone is not mass
    assert now - SEEN <= WINDOW + refetch.PATIENCE if mass else now - since <= refetch.ALONE + 2 * refetch.CONFIRM


def test_a_look_is_put_off_when_the_site_asks_for_it() -> None:
    planned = NextLook(at=SEEN + HOUR, reason="planned")
    assert refetch.not_before(planned, SEEN) is planned
    assert refetch.not_before(planned, SEEN + 2 * HOUR) == NextLook(at=SEEN + 2 * HOUR, reason="asked")
    none = NextLook(at=None, reason="done")
    assert refetch.not_before(none, SEEN + HOUR) is none


@given(seconds=st.none() | st.floats(0, 1e9), chance=st.floats(0, 1), after=WAIT)
def test_a_held_look_waits_for_its_host_but_not_for_ever(
    seconds: float | None, chance: float, after: timedelta
) -> None:
    found = refetch.held(begin=SEEN, now=SEEN + after, seconds=seconds, chance=chance)
    if found.at is None:
        assert found.reason == "done"
        return
    assert found.reason == "held"
    assert found.at - (SEEN + after) >= max(refetch.LEAST_GAP, timedelta(seconds=min(seconds or 0, 172800)))
    assert found.at <= SEEN + WINDOW + refetch.PATIENCE
