"""Which act answers which: the nearest, unanswered, grave enough, of the same affair or because the text says so."""

from __future__ import annotations

from datetime import timedelta

from alerts.ladder import WINDOW
from alerts.replies import Reply, replies
from alerts.state_acts import StateAct, standing
from storage.types import Status
from tests.test_alerts_ladder import act

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def answers(*told: StateAct) -> list[tuple[int, int]]:
    """Return (story of the answer, story of what it answers)."""
    return [(one.reaction.story_id, one.action.story_id) for one in found(*told)]


def found(*told: StateAct) -> tuple[Reply, ...]:
    return replies(standing(told, WINDOW))


AID = act("2022-06-01T08:00", "F", "suspend_aid", story=1, thread=1)


def test_the_nearest_act_of_the_same_affair_is_answered() -> None:
    visas = act("2022-06-05T08:00", "F", "visa_restriction", story=2, thread=1)
    ban = act("2022-06-08T08:00", "M", "ngo_ban", story=3, thread=1)
    assert answers(AID, visas, ban) == [(3, 2)]


def test_another_affair_is_answered_only_when_the_text_says_so() -> None:
    ban = act("2022-06-03T08:00", "M", "ngo_ban", story=2, thread=2)
    assert answers(AID, ban) == []
    said = act("2022-06-03T08:00", "M", "ngo_ban", story=2, thread=2, reaction=True)
    assert [(one.reason, one.after) for one in found(AID, said)] == [("says_so", 2 * DAY)]


def test_after_a_fortnight_only_a_text_that_says_so_answers_and_after_two_months_none() -> None:
    for day, says, expected in (
        ("2022-06-15T08:00", False, [(2, 1)]), ("2022-06-15T09:00", False, []), ("2022-06-15T09:00", True, [(2, 1)]),
        ("2022-07-31T08:00", True, [(2, 1)]), ("2022-07-31T09:00", True, []),
    ):  # fmt: skip
        assert answers(AID, act(day, "M", "ngo_ban", story=2, thread=1, reaction=says)) == expected


def test_what_is_answered_is_not_answered_again_but_by_the_same_announcement() -> None:
    ban = act("2022-06-03T08:00", "M", "ngo_ban", story=2, thread=1)
    visas = act("2022-06-03T08:30", "M", "visa_restriction", story=2, thread=1)
    late = act("2022-06-05T08:00", "M", "media_suspension", story=3, thread=1)
    assert answers(AID, ban, visas, late) == [(2, 1), (2, 1)]


def test_who_says_so_may_answer_again_what_was_answered() -> None:
    ban = act("2022-06-03T08:00", "M", "ngo_ban", story=2, thread=1)
    late = act("2022-06-05T08:00", "M", "media_suspension", story=3, thread=1, reaction=True)
    assert answers(AID, ban, late) == [(2, 1), (3, 1)]


def test_an_earlier_unanswered_act_comes_before_a_nearer_answered_one() -> None:
    visas = act("2022-06-05T08:00", "F", "visa_restriction", story=2, thread=1)
    first = act("2022-06-06T08:00", "M", "visa_restriction", story=3, thread=1)
    second = act("2022-06-07T08:00", "M", "ngo_ban", story=4, thread=1)
    assert answers(AID, visas, first, second) == [(3, 2), (4, 1)]


def test_of_one_move_the_act_of_the_same_kind_is_answered() -> None:
    expulsion = act("2022-06-01T08:00", "F", "expel_diplomats", story=1, thread=1, persons=2)
    aid = act("2022-06-01T10:00", "F", "suspend_aid", story=2, thread=1)
    back = act("2022-06-02T08:00", "M", "expel_ambassador", story=3, thread=1)
    assert answers(expulsion, aid, back) == [(3, 1)]
    (reply,) = found(expulsion, aid, back)
    assert (reply.reciprocal, reply.numbers, reply.matched) == (True, None, False)
    days_before = act("2022-05-29T08:00", "F", "expel_diplomats", story=1, thread=1)
    assert answers(days_before, aid, back) == [(3, 2)]


def test_a_lesser_act_is_not_what_a_graver_one_answers() -> None:
    media = act("2022-06-01T08:00", "F", "media_suspension", story=1, thread=1)
    expulsion = act("2022-06-02T08:00", "M", "expel_diplomats", story=2, thread=1)
    assert answers(media, expulsion) == []
    aid = act("2022-06-02T08:00", "M", "suspend_aid", story=2, thread=1)
    assert answers(media, aid) == [(2, 1)]


def test_words_neither_answer_nor_are_answered() -> None:
    words = act("2022-06-01T08:00", "F", "accuse", story=1, thread=1)
    summons = act("2022-06-02T08:00", "M", "summon_ambassador", story=2, thread=1)
    assert answers(words, summons) == []
    assert answers(AID, act("2022-06-02T08:00", "M", "accuse", story=2, thread=1, reaction=True)) == []


def test_what_one_article_tells_together_is_told_apart_by_its_words() -> None:
    first = act("2022-06-01T08:00", "F", "expel_diplomats", story=1, persons=2)
    plain = act("2022-06-01T08:00", "M", "expel_diplomats", story=1, persons=2)
    assert found(first, plain) == ()
    said = act("2022-06-01T08:00", "M", "expel_diplomats", story=1, persons=2, reaction=True)
    (reply,) = found(first, said)
    assert (reply.action.actor, reply.after, reply.matched) == ("FRA", timedelta(0), True)


def test_fewer_in_return_are_no_match() -> None:
    first = act("2022-06-01T08:00", "F", "expel_diplomats", story=1, thread=1, persons=5)
    (reply,) = found(first, act("2022-06-02T08:00", "M", "expel_diplomats", story=2, thread=1, persons=2))
    assert (reply.numbers, reply.matched) == ((5, 2), False)


def test_an_act_that_was_denied_at_once_answers_nothing() -> None:
    ban = act("2022-06-03T08:00", "M", "ngo_ban", story=2, thread=1)
    denial = act("2022-06-03T08:00", "M", "ngo_ban", story=2, thread=1, status=Status.DENIED)
    assert answers(AID, ban, denial) == []
