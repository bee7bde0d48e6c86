"""The ladder of a pair: the right rung on the right day, one change an act, and the same whatever the order."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.ladder import WINDOW, Ladder, changes, ladder
from alerts.replies import replies
from alerts.state_acts import AFFAIR, StateAct, standing
from detection.taxonomy import event_type
from storage.types import Status

PAIR = ("FRA", "MLI")
DAY = timedelta(days=1)


def act(
    day: str,
    who: str,
    kind: str,
    *,
    story: int,
    thread: int = 0,
    severity: int = 0,
    persons: int | None = None,
    status: Status = Status.ASSERTED,
    headline: bool = True,
    reaction: bool = False,
) -> StateAct:
    """Build an act; ``who`` is the first letter of who acts."""
    actor, target = ("FRA", "MLI") if who == "F" else ("MLI", "FRA")
    return StateAct(
        type=kind, actor=actor, target=target, severity=severity or event_type(kind).severity,
        at=datetime.fromisoformat(day).replace(tzinfo=UTC), story_id=story, thread_id=thread or story,
        sentence=f"{actor} {kind} {target}", persons=persons, status=status, headline=headline, reaction=reaction,
    )  # fmt: skip


#: the relations of France and Mali 2021–2025 in dates that anybody can look up, as a watch would read them
CHRONICLE = (
    act("2021-06-03T18:00", "F", "suspend_cooperation", story=1),
    act("2021-07-02T16:00", "F", "suspend_cooperation", story=2, thread=1, status=Status.ENDED),
    act("2021-10-05T17:00", "M", "summon_ambassador", story=3),
    act("2022-01-31T16:00", "M", "expel_ambassador", story=4, thread=4),
    act("2022-02-17T08:00", "F", "troop_withdrawal", story=5, thread=4),
    act("2022-03-17T06:00", "M", "media_suspension", story=6, thread=6),
    act("2022-05-02T19:00", "M", "denounce_agreement", story=7, thread=7),
    act("2022-08-15T13:00", "F", "troop_withdrawal", story=8, thread=8),
    act("2022-08-16T20:00", "M", "complaint_international", story=9, thread=8),
    act("2022-11-17T09:00", "F", "suspend_aid", story=10, thread=10),
    act("2022-11-21T20:00", "M", "ngo_ban", story=11, thread=10),
    act("2025-08-14T20:00", "M", "detain_national", story=12, thread=12),
    act("2025-08-16T09:00", "M", "detain_national", story=13, thread=12),
    act("2025-09-19T07:00", "F", "expel_diplomats", story=14, thread=12, persons=2, reaction=True),
    act("2025-09-19T07:00", "F", "suspend_cooperation", story=14, thread=12, reaction=True),
    act("2025-09-19T12:00", "M", "expel_diplomats", story=15, thread=12, severity=5, persons=5, reaction=True),
    act("2025-09-20T18:00", "M", "expel_diplomats", story=16, thread=12, severity=5, persons=5, headline=False),
)


def chronicle(since: str = "2021-01-01", until: str = "2025-12-31") -> Ladder:
    begin, end = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (since, until))
    return ladder(CHRONICLE, PAIR, since=begin, until=end)


def rungs(found: Ladder, day: str) -> tuple[int, int]:
    """Return the rung of France and of Mali on a day."""
    first, second = (
        next(point.rung for point in side.points if point.day == date.fromisoformat(day)) for side in found.sides
    )
    return first, second


def test_the_right_rung_stands_on_the_right_day() -> None:
    found = chronicle()
    assert {
        day: rungs(found, day)
        for day in (
            "2021-06-02", "2021-06-03", "2021-07-02", "2021-07-03", "2021-10-05", "2022-01-30", "2022-01-31",
            "2022-02-17", "2022-03-02", "2022-03-17", "2022-04-30", "2022-05-02", "2022-08-14", "2022-08-15",
            "2022-08-16", "2022-11-16", "2022-11-17", "2022-11-21", "2023-06-01", "2025-08-14", "2025-09-18",
            "2025-09-19", "2025-10-19", "2025-10-20",
        )
    } == {
        "2021-06-02": (0, 0), "2021-06-03": (3, 0), "2021-07-02": (3, 0), "2021-07-03": (0, 0), "2021-10-05": (0, 2),
        "2022-01-30": (0, 0), "2022-01-31": (0, 4), "2022-02-17": (4, 4), "2022-03-02": (4, 4), "2022-03-17": (4, 2),
        "2022-04-30": (0, 0), "2022-05-02": (0, 4), "2022-08-14": (0, 0), "2022-08-15": (4, 0), "2022-08-16": (4, 2),
        "2022-11-16": (0, 0), "2022-11-17": (3, 0), "2022-11-21": (3, 3), "2023-06-01": (0, 0), "2025-08-14": (0, 4),
        "2025-09-18": (0, 0), "2025-09-19": (4, 5), "2025-10-19": (4, 5), "2025-10-20": (0, 0),
    }  # fmt: skip


def test_no_act_raises_a_rung_twice_and_no_recollection_raises_it_at_all() -> None:
    rises = [(one.story_id, one.type) for one in chronicle().changes if one.up]
    assert len(rises) == len(set(rises))
    assert {13, 16}.isdisjoint(story for story, _ in rises)
    assert len([one for one in chronicle().acts if one.act.type == "detain_national"]) == 1


def test_what_is_taken_back_lowers_the_rung_at_once_and_says_so() -> None:
    resumed = next(one for one in chronicle().changes if one.at == datetime(2021, 7, 2, 16, tzinfo=UTC))
    assert (resumed.before, resumed.after, resumed.reason, resumed.story_id) == (3, 0, "taken_back", 1)


def test_what_nobody_takes_back_lasts_for_the_window() -> None:
    over = next(one for one in chronicle().changes if one.story_id == 3 and not one.up)
    assert (over.at, over.reason) == (datetime(2021, 10, 5, 17, tzinfo=UTC) + WINDOW, "window")


def test_answers_are_those_of_the_record_with_their_reply_times() -> None:
    found = [(one.reaction.story_id, one.reaction.type, one.action.story_id, one.after) for one in chronicle().replies]
    assert found == [
        (9, "complaint_international", 8, timedelta(days=1, hours=7)),
        (11, "ngo_ban", 10, timedelta(days=4, hours=11)),
        (14, "expel_diplomats", 12, timedelta(days=35, hours=11)),
        (14, "suspend_cooperation", 12, timedelta(days=35, hours=11)),
        (15, "expel_diplomats", 14, timedelta(hours=5)),
    ]


def test_two_sent_home_and_five_in_return_are_an_answer_in_kind() -> None:
    last = chronicle().replies[-1]
    assert (last.reciprocal, last.numbers, last.matched, last.reason) == (True, (2, 5), True, "says_so")


def test_a_denial_in_a_headline_takes_an_act_off_the_ladder() -> None:
    told = act("2022-06-01T08:00", "M", "sever_relations", story=1)
    denial = act("2022-06-01T11:00", "M", "sever_relations", story=2, status=Status.DENIED)
    found = ladder((told, denial), PAIR, since=told.at - DAY, until=told.at + DAY)
    assert [(one.before, one.after, one.reason) for one in found.changes] == [(0, 5, "act"), (5, 0, "denied")]


def test_an_act_taken_back_may_come_again_within_hours() -> None:
    first = act("2022-06-01T08:00", "M", "airspace_closure", story=1)
    opened = act("2022-06-01T20:00", "M", "airspace_closure", story=2, thread=1, status=Status.ENDED)
    again = act("2022-06-02T08:00", "M", "airspace_closure", story=3, thread=1)
    found = ladder((first, opened, again), PAIR, since=first.at - DAY, until=again.at + DAY)
    assert [(one.after, one.story_id) for one in found.changes] == [(4, 1), (0, 1), (4, 3)]


def test_relations_restored_by_one_side_are_restored_by_both() -> None:
    broken = act("2022-06-01T08:00", "M", "sever_relations", story=1)
    restored = act("2022-06-20T08:00", "F", "sever_relations", story=2, status=Status.ENDED)
    found = ladder((broken, restored), PAIR, since=broken.at, until=restored.at + DAY)
    assert [side.rung for side in found.sides] == [0, 0]


def test_an_act_waits_for_the_window_only_while_nothing_graver_counts() -> None:
    """The grave act ran out first: the lesser one, told later, holds the rung below."""
    grave = act("2022-06-01T08:00", "F", "expel_diplomats", story=1)
    lesser = act("2022-06-11T08:00", "F", "suspend_aid", story=2)
    found = ladder((lesser, grave), PAIR, since=grave.at, until=grave.at + 60 * DAY)
    assert [(one.before, one.after, one.key) for one in found.changes] == [
        (0, 4, "rung:FRA-MLI:4:1"), (4, 3, "rung:FRA-MLI:3:1"), (3, 0, "rung:FRA-MLI:0:2"),
    ]  # fmt: skip


def steps(*told: StateAct) -> list[tuple[int, int, int]]:
    """Return (before, after, story) of each rise."""
    found = ladder(told, PAIR, since=told[0].at - DAY, until=told[0].at + 29 * DAY)
    return [(one.before, one.after, one.story_id) for one in found.changes if one.up]


def known(*told: StateAct) -> list[tuple[int, int | None]]:
    """Return (story, people) of each act that is left."""
    return [(one.act.story_id, one.act.persons) for one in standing(told, WINDOW)]


def test_a_late_headline_on_what_lasts_is_no_second_act() -> None:
    first = act("2022-06-01T08:00", "F", "suspend_aid", story=1)
    assert known(first, act("2022-06-05T08:00", "F", "suspend_aid", story=2)) == [(1, None)]
    assert known(first, act("2022-06-12T08:00", "F", "suspend_aid", story=2)) == [(1, None), (2, None)]


def test_other_diplomats_days_later_are_a_second_act_and_as_many_are_not() -> None:
    first = act("2022-06-01T08:00", "F", "expel_diplomats", story=1, persons=2)
    assert known(first, act("2022-06-04T08:00", "F", "expel_diplomats", story=2, persons=2)) == [(1, 2)]
    assert known(first, act("2022-06-04T08:00", "F", "expel_diplomats", story=2, persons=4)) == [(1, 2), (2, 4)]


def test_what_another_story_adds_within_hours_counts() -> None:
    flash = act("2022-06-01T08:00", "M", "expel_diplomats", story=1)
    number = act("2022-06-01T09:00", "M", "expel_diplomats", story=2, severity=5, persons=5)
    assert known(flash, number) == [(1, 5)]
    assert steps(flash, number) == [(0, 5, 1)]
    other = act("2022-06-01T10:00", "M", "expel_diplomats", story=3, severity=5, persons=9)
    assert known(flash, number, other) == [(1, 5)]


def test_a_recollection_of_what_was_taken_back_hides_no_second_act() -> None:
    first = act("2022-06-01T08:00", "M", "airspace_closure", story=1)
    opened = act("2022-06-02T08:00", "M", "airspace_closure", story=2, thread=1, status=Status.ENDED)
    recalled = act("2022-06-03T08:00", "M", "airspace_closure", story=3, thread=1, headline=False)
    again = act("2022-06-04T08:00", "M", "airspace_closure", story=4, thread=1)
    assert steps(first, opened, recalled, again) == [(0, 4, 1), (0, 4, 4)]


def test_what_is_taken_back_is_named_before_what_only_ran_out() -> None:
    ran_out = act("2022-06-01T08:00", "M", "expel_diplomats", story=1)
    taken_back = act("2022-06-02T08:00", "M", "airspace_closure", story=2)
    end = act("2022-07-01T08:00", "M", "airspace_closure", story=3, status=Status.ENDED)
    found = ladder((ran_out, taken_back, end), PAIR, since=ran_out.at, until=end.at)
    assert [(one.after, one.reason, one.story_id) for one in found.changes] == [(4, "act", 1), (0, "taken_back", 2)]
    assert found.sides[1].rung == 0


def test_an_act_is_off_the_ladder_at_the_very_end_of_its_window() -> None:
    only = act("2022-06-01T08:00", "M", "ngo_ban", story=1)
    held = [
        ladder((only,), PAIR, since=only.at, until=only.at + WINDOW + more).sides[1].rung
        for more in (timedelta(seconds=-1), timedelta(0))
    ]
    assert held == [3, 0]


def test_an_end_after_the_window_ends_nothing() -> None:
    only = act("2022-06-01T08:00", "M", "ngo_ban", story=1)
    end = act("2022-08-01T08:00", "M", "ngo_ban", story=2, status=Status.ENDED)
    assert [one.ended_by for one in standing((only, end), WINDOW)] == ["window"]


def test_an_old_act_in_a_headline_beside_news_is_no_second_act() -> None:
    first = act("2022-06-01T08:00", "M", "detain_national", story=1, thread=1)
    news = act("2022-06-06T08:00", "F", "summon_ambassador", story=2, thread=1)
    beside = act("2022-06-06T08:00", "M", "detain_national", story=2, thread=1)
    assert known(first, news, beside) == [(1, None), (2, None)]
    assert known(first, beside) == [(1, None), (2, None)]


def test_what_a_story_tells_weeks_later_changes_nothing_of_what_it_told_before() -> None:
    first = act("2022-06-01T08:00", "F", "summon_ambassador", story=1, thread=1, headline=False)
    again = act("2022-06-05T08:00", "F", "summon_ambassador", story=2, thread=1)
    news = act("2022-07-02T08:00", "M", "summon_ambassador", story=2, thread=1)
    assert known(first, again) == [(1, None), (2, None)]
    assert known(first, again, news) == [(1, None), (2, None), (2, None)]


def test_an_affair_recalls_an_act_for_weeks_and_others_for_days() -> None:
    first = act("2022-06-01T08:00", "M", "detain_national", story=1, thread=1)
    for thread, day, count in ((1, "2022-07-20", 1), (2, "2022-07-20", 2), (2, "2022-06-07", 1), (1, "2022-08-20", 2)):
        later = act(f"{day}T08:00", "M", "detain_national", story=2, thread=thread, headline=False)
        assert len(known(first, later)) == count, (thread, day)


def test_what_is_told_days_later_or_after_the_end_adds_nothing() -> None:
    flash = act("2022-06-01T08:00", "M", "expel_diplomats", story=1)
    late = act("2022-06-04T08:00", "M", "expel_diplomats", story=2, severity=5, persons=5, headline=False)
    assert known(flash, late) == [(1, None)]
    end = act("2022-06-01T09:00", "M", "expel_diplomats", story=3, status=Status.ENDED)
    soon = act("2022-06-01T10:00", "M", "expel_diplomats", story=2, severity=5, persons=5, headline=False)
    assert known(flash, end, soon) == [(1, None)]


# --- properties ---------------------------------------------------------------------------------

KINDS = ("accuse", "summon_ambassador", "suspend_aid", "expel_diplomats", "expel_ambassador", "sever_relations")
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


@st.composite
def acts(draw: st.DrawFn) -> list[StateAct]:
    found: dict[tuple[object, ...], StateAct] = {}
    for _ in range(draw(st.integers(0, 14))):
        kind = draw(st.sampled_from(KINDS))
        one = act(
            (BEGIN + timedelta(hours=draw(st.integers(0, 24 * 100)))).replace(tzinfo=None).isoformat(),
            draw(st.sampled_from("FM")), kind, story=draw(st.integers(1, 6)), thread=draw(st.integers(1, 2)),
            persons=draw(st.none() | st.integers(1, 9)), headline=draw(st.booleans()), reaction=draw(st.booleans()),
            status=draw(st.sampled_from((Status.ASSERTED, Status.ASSERTED, Status.ENDED, Status.DENIED))),
        )  # fmt: skip
        found[one.story_id, one.kind, one.status] = one
    return list(found.values())


def whole(told: list[StateAct]) -> Ladder:
    return ladder(told, PAIR, since=BEGIN, until=BEGIN + 150 * DAY)


@given(acts(), st.randoms(use_true_random=False))
def test_the_order_in_which_acts_arrive_changes_nothing(told: list[StateAct], chance: random.Random) -> None:
    shuffled = list(told)
    chance.shuffle(shuffled)
    assert whole(shuffled) == whole(told)


@given(acts())
def test_each_moment_has_one_change_a_direction_and_steps_join(told: list[StateAct]) -> None:
    found = whole(told)
    moments = Counter((one.actor, one.target, one.at) for one in found.changes)
    assert set(moments.values()) <= {1}
    assert len({one.key for one in found.changes}) == len(found.changes)
    for side in found.sides:
        own = [one for one in found.changes if one.actor == side.actor]
        assert all(one.before != one.after for one in own)
        assert [one.before for one in own] == [0, *(one.after for one in own)][: len(own)]
        assert side.rung == (own[-1].after if own else 0)


@given(acts(), st.integers(0, 150))
def test_a_rung_is_the_gravest_act_that_counts_at_that_moment(told: list[StateAct], day: int) -> None:
    at = BEGIN + day * DAY
    stood = standing([one for one in told if one.at <= at], WINDOW)
    for side in ladder(told, PAIR, since=BEGIN, until=at).sides:
        counting = [one.act.severity for one in stood if one.act.actor == side.actor and one.act.at <= at < one.until]
        assert side.rung == max(counting, default=0)


@given(acts(), st.integers(0, 140), st.integers(1, 10))
def test_looking_at_less_shows_the_same(told: list[StateAct], first: int, days: int) -> None:
    since, until = BEGIN + first * DAY, BEGIN + (first + days) * DAY
    part = ladder(told, PAIR, since=since, until=until)
    shown = {point.day: point.rung for side in whole(told).sides[:1] for point in side.points}
    assert all(shown[point.day] == point.rung for point in part.sides[0].points[:-1])


@given(acts())
def test_answers_come_after_what_they_answer_from_the_other_side_within_bounds(told: list[StateAct]) -> None:
    for one in replies(standing(told, WINDOW)):
        assert (one.action.actor, one.action.target) == (one.reaction.target, one.reaction.actor)
        assert timedelta(0) <= one.after <= (AFFAIR if one.reaction.reaction else timedelta(days=14))
        assert one.reason == "says_so" or one.action.thread_id == one.reaction.thread_id
        assert one.numbers is None or one.reciprocal


@given(acts())
def test_no_act_answers_twice_and_none_is_answered_twice_but_by_one_announcement_or_who_says_so(
    told: list[StateAct],
) -> None:
    found = replies(standing(told, WINDOW))
    assert len({one.reaction for one in found}) == len(found)
    silent = [one for one in found if one.reason == "same_affair"]
    stories: dict[StateAct, set[int]] = {}
    for one in silent:
        stories.setdefault(one.action, set()).add(one.reaction.story_id)
    assert all(len(each) == 1 for each in stories.values())


def test_an_empty_time_has_no_change() -> None:
    assert changes((), until=BEGIN) == ()
    assert [side.rung for side in whole([]).sides] == [0, 0]
