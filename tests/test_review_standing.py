"""Judgements that the pages show."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from review.standing import (
    AlertStanding,
    Emptiness,
    Level,
    SourceStanding,
    alert_standing,
    emptiness,
    group_events,
    judge_overview,
    reasons_of,
    source_standing,
)
from storage.overview import Overview, SourceHealth
from storage.reading import AlertSummary, ArticleSignal
from storage.types import (
    CanaryRun,
    DeliveryState,
    Health,
    HealthState,
    Network,
    NetworkState,
    Signal,
    SourceState,
    Status,
)

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
WELL = Overview(
    sources_fresh=3, sources_failing=0, sources_unchecked=0, last_checked_at=NOW, last_success_at=NOW, pages_due=0,
    oldest_unread_at=None, articles_today=5, any_article=True, deliveries_waiting=0, oldest_waiting_at=None,
    deliveries_dead=0, deliveries_sent=4,
)  # fmt: skip


@pytest.mark.parametrize(
    ("states", "recorded", "standing"),
    [
        ({"sent": 2}, 0, AlertStanding.SENT),
        ({"sent": 2, "dead": 1}, 0, AlertStanding.FAILED),
        ({"sent": 2, "pending": 1}, 0, AlertStanding.WAITING),
        ({"leased": 1, "dead": 1}, 0, AlertStanding.FAILED),
        ({"suppressed": 1}, 0, AlertStanding.WITHHELD),
        ({"suppressed": 1, "sent": 1}, 0, AlertStanding.SENT),
        ({}, 1, AlertStanding.RECORDED),
        ({}, 0, AlertStanding.UNADDRESSED),
    ],
)
def test_alert_standing(states: dict[str, int], recorded: int, standing: AlertStanding) -> None:
    summary = AlertSummary(
        alerts=1, recorded_only=recorded, acknowledged=0, last_at=NOW,
        deliveries=tuple((DeliveryState(state), count) for state, count in states.items()),
    )  # fmt: skip
    assert alert_standing(summary) is standing


def test_no_alert_is_no_alert() -> None:
    assert alert_standing(None) is AlertStanding.NONE


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({"enabled": False, "failures": 3}, SourceStanding.OFF),
        ({"failures": 1}, SourceStanding.FAILING),
        ({"last_checked_at": None}, SourceStanding.UNCHECKED),
        ({"next_check_at": NOW - timedelta(minutes=31)}, SourceStanding.LATE),
        ({"next_check_at": NOW - timedelta(minutes=29)}, SourceStanding.FRESH),
    ],
)
def test_source_standing(changes: dict[str, object], standing: SourceStanding) -> None:
    enabled = changes.pop("enabled", True)
    state = SourceState(source_id="s", next_check_at=NOW, last_checked_at=NOW)
    source = SourceHealth(
        id="s", name="S", url="https://s.example/", language=None, country=None, state_affiliation=None,
        enabled=bool(enabled), state=replace(state, **changes), feeds=(), articles_day=0, articles_week=0,  # type: ignore[arg-type] # table of fields
    )  # fmt: skip
    assert source_standing(source, NOW) is standing


@pytest.mark.parametrize("state", list(HealthState))
def test_the_standing_of_a_judged_source_is_its_state(state: HealthState) -> None:
    polled = SourceState(source_id="s", next_check_at=NOW, last_checked_at=NOW)
    source = SourceHealth(
        id="s", name="S", url="https://s.example/", language=None, country=None, state_affiliation=None, enabled=True,
        state=polled, feeds=(), articles_day=0, articles_week=0, health=Health(state=state, since=NOW),
    )  # fmt: skip
    expected = SourceStanding.FRESH if state is HealthState.NEW else SourceStanding(state)
    assert source_standing(source, NOW) is expected
    assert source_standing(replace(source, enabled=False), NOW) is SourceStanding.OFF


def test_sources_to_look_at_network_and_canary_stand_in_the_strip() -> None:
    silent = replace(WELL, states=((HealthState.SILENT, 2), (HealthState.FRESH, 1)))
    assert silent.sources_troubled == 2
    assert judge_overview(silent, NOW).sources is Level.WARNING
    down = judge_overview(replace(WELL, network=Network(state=NetworkState.DOWN, since=NOW)), NOW)
    assert down.cut_off
    assert down.blind
    run = CanaryRun(started_at=NOW, ended_at=NOW)
    assert judge_overview(replace(WELL, canary=run), NOW).canary is Level.OK
    assert judge_overview(replace(WELL, canary=replace(run, stage="fetch")), NOW).canary is Level.BAD


def test_the_strip_is_calm_when_all_is_well() -> None:
    levels = judge_overview(WELL, NOW)
    assert {levels.sources, levels.checks, levels.pages, levels.deliveries} == {Level.OK}
    assert not levels.blind


@pytest.mark.parametrize(
    "overview",
    [
        replace(WELL, sources_fresh=0, sources_failing=3),
        replace(WELL, last_success_at=NOW - timedelta(minutes=61)),
        replace(WELL, last_success_at=None),
    ],
)
def test_a_watch_that_reads_nothing_is_blind(overview: Overview) -> None:
    assert judge_overview(overview, NOW).blind
    assert emptiness(overview, narrowed=True, now=NOW) is Emptiness.SOURCES_FAILING


def test_a_watch_without_sources_or_before_its_first_poll_is_not_blind() -> None:
    without = replace(WELL, sources_fresh=0, last_checked_at=None, last_success_at=None, any_article=False)
    assert not judge_overview(without, NOW).blind
    assert emptiness(without, narrowed=False, now=NOW) is Emptiness.NOTHING_STORED
    assert not judge_overview(replace(without, sources_unchecked=3), NOW).blind


def test_what_waits_too_long_or_died_is_pointed_out() -> None:
    old = NOW - timedelta(minutes=16)
    assert judge_overview(replace(WELL, oldest_unread_at=old), NOW).pages is Level.WARNING
    assert judge_overview(replace(WELL, oldest_waiting_at=old), NOW).deliveries is Level.WARNING
    assert judge_overview(replace(WELL, deliveries_dead=1), NOW).deliveries is Level.BAD
    assert judge_overview(replace(WELL, sources_failing=1), NOW).sources is Level.WARNING


def _signal(kind: str, severity: int, status: Status, sentence: str) -> Signal:
    return Signal(
        type=kind, severity=severity, actor="MLI", target="FRA", status=status, sentence=sentence, start=0, end=1,
        rule="r",
    )  # fmt: skip


def test_events_join_articles_but_never_a_denial_with_its_act() -> None:
    found = [
        ArticleSignal(article_id=1, signal=_signal("accuse", 1, Status.ASSERTED, "a")),
        ArticleSignal(article_id=1, signal=_signal("expel_diplomats", 4, Status.ASSERTED, "b")),
        ArticleSignal(article_id=2, signal=_signal("expel_diplomats", 4, Status.ASSERTED, "c")),
        ArticleSignal(article_id=3, signal=_signal("expel_diplomats", 4, Status.DENIED, "d")),
    ]
    events = group_events(found)
    assert [(event.signal.sentence, event.articles) for event in events] == [("b", (1, 2)), ("a", (1,)), ("d", (3,))]


@pytest.mark.parametrize(
    "payload", ["", "[", "[]", "{}", '{"data": []}', '{"data": {"why": "x"}}', '{"data": {"why": [1]}}']
)
def test_a_payload_without_reasons_gives_none(payload: str) -> None:
    assert reasons_of(payload) == ()


def test_reasons_of_a_payload() -> None:
    assert reasons_of('{"data": {"why": ["a", "b"]}}') == ("a", "b")
