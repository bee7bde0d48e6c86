"""From what articles and stories tell to what states did: votes, doubts, and what is no act of a state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rises import rise_lines
from alerts.state_acts import state_acts
from alerts.story_acts import acts_of, merged, told_acts
from storage.types import Report, RungChange, Signal, Status, ToldAct

AT = datetime(2025, 9, 19, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOLD = ToldAct(
    story_id=1, type="expel_diplomats", actor="FRA", target="MLI", status=Status.ASSERTED, persons=2, at=AT, severity=4,
    raised=False, headline=True, reaction=False, confidence=0.9, tellings=2, article_id=1, sentence="Two.", thread_id=1,
)  # fmt: skip


def test_the_number_that_most_articles_give_counts_and_weighs() -> None:
    wrong = replace(TOLD, persons=3, tellings=1, at=AT - HOUR)
    (act,) = state_acts([wrong, TOLD])
    assert (act.persons, act.severity, act.at) == (2, 4, AT - HOUR)
    (act,) = state_acts([replace(wrong, tellings=3), TOLD])
    assert (act.persons, act.severity) == (3, 5)


def test_of_equal_votes_the_correction_counts() -> None:
    first, later = replace(TOLD, persons=3, tellings=1), replace(TOLD, persons=2, tellings=1, at=AT + HOUR)
    assert [act.persons for act in state_acts([later, first])] == [2]


def test_what_raises_an_act_besides_its_number_raises_it_once() -> None:
    assert [act.severity for act in state_acts([replace(TOLD, raised=True, persons=5)])] == [5]
    assert [act.severity for act in state_acts([replace(TOLD, type="sever_relations", severity=5, raised=True)])] == [5]


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "removal_individual"}, {"type": "hostage_taking"}, {"type": "coup_attempt"}, {"target": "FRA"},
        {"confidence": 0.4}, {"status": Status.DENIED, "headline": False},
        {"status": Status.ENDED, "headline": False, "confidence": 0.7},
    ],
)  # fmt: skip
def test_what_no_state_did_and_what_is_doubtful_is_left_out(changed: dict[str, object]) -> None:
    assert state_acts([TOLD]) != ()
    assert state_acts([replace(TOLD, **changed)]) == ()  # type: ignore[arg-type]


# --- articles -----------------------------------------------------------------------------------


def signal(sentence: str, start: int = 0, **changed: object) -> Signal:
    base = Signal(
        type="expel_diplomats", severity=4, actor="MLI", target="FRA", status=Status.ASSERTED, sentence=sentence,
        start=start, end=start + 1, rule="r",
    )  # fmt: skip
    return replace(base, **changed)  # type: ignore[arg-type]


def report(*signals: Signal, title: str = "Le Mali expulse cinq agents français", lead: str = "") -> Report:
    return Report(article_id=7, story_id=3, thread_id=2, at=AT, title=title, lead=lead, signals=signals)


def test_what_the_number_alone_raised_is_left_to_the_vote() -> None:
    many = signal("Le Mali expulse cinq agents français", severity=5, modifiers=("many",))
    (act,) = told_acts(report(many))
    assert (act.severity, act.raised, act.persons, act.headline) == (4, False, 5, True)
    both = replace(many, modifiers=("many", "reciprocal"))
    assert [(act.severity, act.raised) for act in told_acts(report(both))] == [(4, True)]
    # The number is known to the rule alone: it keeps its weight.
    unread = signal("Plusieurs agents français sont expulsés", severity=5, modifiers=("many",))
    assert [(act.severity, act.raised, act.persons) for act in told_acts(report(unread))] == [(4, True, 0)]


def test_an_opening_of_one_side_that_speaks_of_an_answer_is_one() -> None:
    lead = "En réponse à Paris, le Mali expulse cinq agents français."
    title = "Cinq agents français expulsés du Mali"
    assert [act.reaction for act in told_acts(report(signal(title), title=title, lead=lead))] == [True]
    other = signal("La France en avait expulsé deux", start=60, actor="FRA", target="MLI")
    both = told_acts(report(signal(title), other, title=title, lead=lead))
    assert [act.reaction for act in both] == [False, False]


def test_a_sentence_that_answers_what_the_other_side_did_before_makes_the_act_an_answer() -> None:
    act = signal("La France suspend son aide", actor="FRA", target="MLI", type="suspend_aid")
    past = signal("Paris répond à la détention de son agent", start=400, type="detain_national", status=Status.PAST)
    assert [one.reaction for one in told_acts(report(act, past))] == [True]
    assert [one.reaction for one in told_acts(report(act))] == [False]


def test_acts_of_one_side_unknown_or_only_threatened_are_not_read() -> None:
    assert told_acts(report(signal("x", actor=None), signal("x", status=Status.THREATENED))) == ()


def test_one_article_has_one_voice() -> None:
    same = signal("Le Mali expulse cinq agents français")
    assert [one.tellings for one in told_acts(report(same, replace(same, start=90)))] == [1]
    assert [one.tellings for one in acts_of([report(same), replace(report(same), article_id=8)]).values()] == [2]


@given(
    st.lists(
        st.builds(
            lambda hours, article, severity, flag, tellings: replace(
                TOLD, at=AT + hours * HOUR, article_id=article, severity=severity, headline=flag, raised=not flag,
                tellings=tellings, sentence=f"{hours} {article}",
            ),
            st.integers(0, 9), st.integers(1, 4), st.integers(1, 5), st.booleans(), st.integers(1, 5),
        ),
        min_size=3, max_size=3, unique_by=lambda one: (one.at, one.article_id),
    )
)  # fmt: skip
def test_rows_come_to_the_same_in_any_order(rows: list[ToldAct]) -> None:
    one, two, three = rows
    assert merged(one, two) == merged(two, one)
    assert merged(merged(one, two), three) == merged(one, merged(two, three))


# --- words --------------------------------------------------------------------------------------


def test_a_rise_is_told_in_both_languages_and_only_of_what_the_alert_tells() -> None:
    rise = RungChange(
        key="rung:FRA-MLI:5:1", actor="FRA", target="MLI", at=AT, before=4, after=5, reason="act",
        type="expel_diplomats", story_id=1,
    )  # fmt: skip
    told = signal("x", actor="FRA", target="MLI")
    assert rise_lines([rise], [told], "en") == ("France → Mali: rung 5 (in the 30 days before: at most 4)",)
    assert rise_lines([replace(rise, before=0)], [told], "fr") == (
        "France → Mali\u202f: échelon 5 (dans les 30\xa0jours d’avant\u202f: aucun acte)",
    )
    assert rise_lines([rise], [signal("x")], "en") == ()
