"""One judgement on the network instead of one for every source."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from scheduler.network import Sight, judge, see, underlying
from storage.types import CrawlFailure, FailureReason, Network, NetworkState

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
UP = Network()


def hosts(
    *outcomes: FailureReason | None, at: datetime = NOW, failing_since: datetime | None = None, mark: str | None = None
) -> list[Sight]:
    sights = []
    for number, failure in enumerate(outcomes):
        new = Sight(host=f"host-{number}", at=at, failure=failure, mark=mark if failure else None)
        known = None
        if failing_since is not None:
            known = see(None, Sight(host=new.host, at=failing_since, failure=failure, mark=mark if failure else None))
        sights.append(see(known, new))
    return sights


def judged(sights: Iterable[Sight], known: Network = UP, now: datetime = NOW) -> Network:
    return judge(list(sights), known, now, confirm=MINUTE)


def test_three_hosts_that_fail_at_once_are_a_suspicion_and_after_a_minute_a_fact() -> None:
    sights = hosts(FailureReason.DNS, FailureReason.DNS, FailureReason.TIMEOUT)
    suspected = judged(sights)
    assert (suspected.state, suspected.failed, suspected.asked) == (NetworkState.SUSPECT, 3, 3)
    assert suspected.failure is FailureReason.DNS
    later = judged(sights, suspected, NOW + timedelta(seconds=59))
    assert later.state is NetworkState.SUSPECT
    down = judged(sights, later, NOW + MINUTE)
    assert (down.state, down.since) == (NetworkState.DOWN, NOW)


def test_a_suspicion_that_passes_is_forgotten() -> None:
    suspected = judged(hosts(FailureReason.DNS, FailureReason.DNS, FailureReason.DNS))
    assert judged(hosts(None, None, None), suspected).state is NetworkState.UP


def test_two_hosts_prove_nothing() -> None:
    assert judged(hosts(FailureReason.DNS, FailureReason.DNS)) == UP


def test_hosts_that_answer_meanwhile_acquit_the_network() -> None:
    three = (FailureReason.CONNECTION,) * 3
    assert judged(hosts(*three, None, None)).state is NetworkState.SUSPECT
    assert judged(hosts(*three, None, None, None)) == UP


def test_what_answered_before_the_trouble_began_acquits_nobody() -> None:
    before = [Sight(host=f"early-{n}", at=NOW - MINUTE) for n in range(20)]
    assert judged([*before, *hosts(*(FailureReason.TIMEOUT,) * 3)]).state is NetworkState.SUSPECT


def test_hosts_that_have_failed_for_long_prove_nothing() -> None:
    sights = hosts(*(FailureReason.DNS,) * 5, failing_since=NOW - timedelta(hours=3))
    assert judged(sights) == UP


def test_an_error_of_the_far_end_is_no_fault_of_the_line() -> None:
    assert judged(hosts(*(FailureReason.SERVER_ERROR,) * 10)) == UP
    assert judged(hosts(*(FailureReason.BLOCKED,) * 10)) == UP


def test_one_page_from_every_host_is_a_captive_portal() -> None:
    sights = hosts(*(FailureReason.NOT_A_FEED,) * 3, mark="title of the portal")
    suspected = judged(sights)
    assert suspected.state is NetworkState.SUSPECT
    assert suspected.failure is None
    different = [
        see(None, Sight(host=f"h{n}", at=NOW, failure=FailureReason.NOT_A_FEED, mark=f"page {n}")) for n in range(5)
    ]
    assert judged(different) == UP


def test_two_answers_end_it_and_one_does_not() -> None:
    down = Network(state=NetworkState.DOWN, since=NOW)
    later = NOW + 5 * MINUTE
    failing = hosts(*(FailureReason.DNS,) * 3, at=later, failing_since=NOW)
    well = [Sight(host="a", at=later), Sight(host="b", at=later, failure=FailureReason.SERVER_ERROR)]
    assert judged([*failing, well[0]], down, later) == down
    up = judged([*failing, *well], down, later)
    assert (up.state, up.since) == (NetworkState.UP, later)


def test_a_restart_in_the_middle_keeps_what_was_known() -> None:
    down = Network(state=NetworkState.DOWN, since=NOW)
    assert judged([], down, NOW + timedelta(hours=1)) == down


def test_a_failing_host_keeps_the_moment_it_began() -> None:
    first = see(None, Sight(host="h", at=NOW, failure=FailureReason.DNS))
    second = see(first, Sight(host="h", at=NOW + MINUTE, failure=FailureReason.TIMEOUT))
    assert second.failing_since == NOW
    assert see(second, Sight(host="h", at=NOW + 2 * MINUTE)).failing_since is None


def test_a_robots_txt_that_could_not_be_had_is_no_rule() -> None:
    rule = CrawlFailure(reason=FailureReason.ROBOTS, detail="kept away")
    lost = CrawlFailure(reason=FailureReason.ROBOTS, detail="not had", beneath=FailureReason.TIMEOUT)
    assert underlying(rule) is FailureReason.ROBOTS
    assert underlying(lost) is FailureReason.TIMEOUT
    assert underlying(None) is None
