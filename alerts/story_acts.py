"""What an article, and so its story, tells of acts between states. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from detection.answering import answers, people
from storage.types import Report, Signal, Status, ToldAct

#: what the ladder reads of signals
STATUSES = (Status.ASSERTED, Status.ENDED, Status.DENIED)
#: what two rows must share to be one
Key = tuple[int, str, str, str, Status, int]


def is_read(signal: Signal) -> bool:
    """Whether the ladder reads a signal: an act of one state on another, done, taken back or denied."""
    sides = signal.actor, signal.target
    return signal.status in STATUSES and None not in sides and sides[0] != sides[1]


def told_acts(report: Report) -> tuple[ToldAct, ...]:
    """Return the acts between two states that an article tells."""
    headline_end = len(report.title) + 1
    answering = _answering(report, headline_end + len(report.lead))
    found: dict[Key, ToldAct] = {}
    for one in report.signals:
        if one.actor is None or one.target is None or not is_read(one):
            continue
        # The number is put to the vote, so what it alone raised is taken off.
        persons = people(one) or 0
        many = one.modifiers == ("many",) and persons > 0
        act = ToldAct(
            story_id=report.story_id, type=one.type, actor=one.actor, target=one.target, status=one.status,
            persons=persons, at=report.at, severity=max(1, one.severity - bool(one.modifiers)),
            raised=bool(one.modifiers) and not many, headline=one.start < headline_end,
            reaction=answers(one.sentence) or (one.actor, one.target) in answering, confidence=one.confidence,
            tellings=1, article_id=report.article_id, sentence=one.sentence, thread_id=report.thread_id,
        )  # fmt: skip
        known = found.get(act.key)
        found[act.key] = act if known is None else replace(merged(known, act), tellings=1)
    return tuple(found.values())


def acts_of(reports: Iterable[Report]) -> dict[Key, ToldAct]:
    """Return what several articles of a story tell, one row a key."""
    found: dict[Key, ToldAct] = {}
    for act in (act for report in reports for act in told_acts(report)):
        known = found.get(act.key)
        found[act.key] = act if known is None else merged(known, act)
    return found


def _answering(report: Report, opening_end: int) -> set[tuple[str | None, str | None]]:
    """Return the directions in which an article says that one state answers the other.

    An opening that tells of one side only and speaks of an answer means what this side did; so does a sentence that
    calls what the other side did before the reason.
    """
    found = {(one.target, one.actor) for one in report.signals if one.status is Status.PAST and answers(one.sentence)}
    told = {
        (one.actor, one.target) for one in report.signals
        if one.status is Status.ASSERTED and one.start < opening_end and is_read(one)
    }  # fmt: skip
    if len(told) == 1 and answers(f"{report.title}\n{report.lead}"):
        found |= told
    return found


def merged(one: ToldAct, other: ToldAct) -> ToldAct:
    """Return what two rows of one key come to, in either order."""
    first = min((one, other), key=lambda act: (act.at, act.article_id))
    return replace(
        first,
        severity=max(one.severity, other.severity),
        raised=one.raised or other.raised,
        headline=one.headline or other.headline,
        reaction=one.reaction or other.reaction,
        confidence=max(one.confidence, other.confidence),
        tellings=one.tellings + other.tellings,
    )
