"""Conditions of the desk and places in its list: an address read and written back is the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.filters import PERIODS, DeskFilter, read_filter
from review.paging import LARGEST_ID, read_id, read_numbered_place, read_place, write_place
from storage.triage_filter import TriageFilter
from storage.types import Status
from storage.types.triage import Following, TriageState, Verdict

CODES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=8)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (bounds are naive by contract)
PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40)
DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))
FILTERS = st.builds(
    DeskFilter,
    show_all=st.booleans(),
    severity=st.none() | st.integers(1, 5),
    type=st.none() | st.sampled_from(["expel_diplomats", "accuse"]),
    pair=st.none() | st.tuples(CODES, CODES),
    status=st.none() | st.sampled_from(Status),
    source=st.none() | st.sampled_from(["rfi", "le-monde.fr", "A_1"]),
    language=st.none() | st.sampled_from(["fr", "en", "ar"]),
    side=st.none() | CODES,
    rule=st.none() | st.sampled_from(["fr.expel", "a_1"]),
    watch=st.none() | st.just("france-mali"),
    since=st.none() | DAYS,
    until=st.none() | DAYS,
    state=st.none() | st.sampled_from(TriageState),
    verdict=st.none() | st.sampled_from(Verdict),
    tag=st.none() | PRINTABLE,
    assignee=st.none() | PRINTABLE,
    seen=st.none() | st.booleans(),
    important=st.none() | st.booleans(),
    noted=st.none() | st.booleans(),
    following=st.none() | st.sampled_from(Following),
    period=st.none() | st.sampled_from(sorted(PERIODS)),
    q=st.none() | PRINTABLE,
    before=st.none() | st.tuples(MOMENTS, st.integers(1, LARGEST_ID)),
)


NAMES = (
    "q", "severity", "type", "pair", "side", "status", "rule", "watch", "source", "language", "period", "since",
    "until", "state", "verdict", "tag", "assignee", "seen", "important", "noted", "following", "show", "before",
)  # fmt: skip


def read_link(link: str) -> DeskFilter:
    return read_filter(dict(parse_qsl(urlsplit(link).query)))


@given(FILTERS)
def test_a_filter_survives_its_own_address(wanted: DeskFilter) -> None:
    assert read_filter(wanted.parameters()) == wanted
    following = write_place(*wanted.before) if wanted.before else None
    assert read_link(wanted.link(before=following)) == wanted


@given(FILTERS)
def test_a_changed_condition_goes_back_to_the_first_page(wanted: DeskFilter) -> None:
    changed = read_link(wanted.link(severity="3"))
    assert changed.before is None
    assert changed.severity == 3
    assert changed.q == wanted.q
    assert read_link(wanted.link(q=None)).q is None


@given(
    st.dictionaries(
        st.sampled_from(sorted(DeskFilter().parameters() | dict.fromkeys(NAMES))),
        st.text(max_size=30),
    )
)
def test_any_address_is_read_and_says_what_it_left_out(parameters: dict[str, str]) -> None:  # fmt: skip
    wanted = read_filter(parameters)
    assert set(wanted.ignored) <= parameters.keys()
    for name, value in parameters.items():
        assert not value.strip() or (name in wanted.ignored) != (name in wanted.parameters())


@given(MOMENTS, st.integers(1, LARGEST_ID))
def test_places_are_exact(moment: datetime, row: int) -> None:
    assert read_numbered_place(write_place(moment, row)) == (moment, row)
    assert read_place(write_place(moment, f"alr_{row}")) == (moment, f"alr_{row}")


@pytest.mark.parametrize(
    "text", ["", "x", "1", "1-", "-1", "1-x y", "999999999999999999-1", "1" * 30 + "-1", "1-1\n", "١-1"]
)
def test_broken_places_are_refused(text: str) -> None:
    assert read_place(text) is None


def test_row_ids_fit_the_database() -> None:
    assert read_id("1") == 1
    assert read_id(str(LARGEST_ID)) == LARGEST_ID
    for text in ("0", "-1", "", " 1", "1.0", str(LARGEST_ID + 1), "٣", "1" * 40):
        assert read_id(text) is None


def test_a_period_counts_back_from_now() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert DeskFilter(period="24h").for_archive(now).since == now - timedelta(days=1)
    assert DeskFilter().for_archive(now).since is None


def test_days_are_those_of_the_desk() -> None:
    """The day summer time begins in Zurich has 23 hours."""
    wanted = DeskFilter(since=date(2026, 3, 29), until=date(2026, 3, 29))
    found = wanted.for_archive(datetime(2026, 4, 1, tzinfo=UTC), zone=ZoneInfo("Europe/Zurich"))
    assert found.since == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert found.until == datetime(2026, 3, 29, 22, tzinfo=UTC)


def test_of_a_day_and_a_period_the_later_begin_holds() -> None:
    now = datetime(2026, 1, 10, tzinfo=UTC)
    assert DeskFilter(since=date(2026, 1, 1), period="24h").for_archive(now).since == now - timedelta(days=1)
    assert DeskFilter(since=date(2026, 1, 10), period="7d").for_archive(now).since == now


def test_conditions_of_triage_are_asked_for_only_when_there_are_any() -> None:
    now = datetime(2026, 1, 10, tzinfo=UTC)
    assert DeskFilter(severity=3).for_archive(now, person_id=7).triage is None
    wanted = DeskFilter(seen=False, tag="Kidal").for_archive(now, person_id=7).triage
    assert wanted == TriageFilter(seen=False, tag="Kidal", person_id=7)


def test_what_a_view_keeps_has_no_place_in_the_list() -> None:
    wanted = DeskFilter(severity=3, before=(datetime(2026, 1, 1, tzinfo=UTC), 4))
    assert wanted.query == "severity=3"
