"""Keeps the ladder of escalation up to date: with each article, with each change of stories, and as time goes by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeAlias

from sqlite_utils import Database

from alerts.ladder import WINDOW, changes
from alerts.state_acts import AFFAIR, StateAct, ended_kinds, standing, state_acts
from detection.answering import answers, people
from storage import ladder as stored
from storage.articles import Saved, SaveKind
from storage.ladder import Report
from storage.types import RungChange, Signal, Status, ToldAct

#: older than any act
_EVER = datetime(1900, 1, 1, tzinfo=UTC)
#: from when to when the rungs of a direction may be others now
Spans: TypeAlias = dict[tuple[str, str], tuple[datetime, datetime]]
#: stories read anew with an article; the rest waits for the next minute
_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """One state went further towards another than was known until now."""

    change: RungChange
    #: the rung that was known at that moment; 0 for none
    before: int


def note(database: Database, saved: Saved, signals: Iterable[Signal], now: datetime) -> tuple[Raise, ...]:
    """Take in what an article tells, in its own transaction; return the rises to which it led.

    Args:
        database: the archive; the article is stored and has its story.
        saved: where it was stored.
        signals: what it tells.
        now: aware.
    """
    spans: Spans = {}
    anew = stored.take_due(database, _AT_ONCE)
    report = None
    if any(_is_read(one) for one in signals) or saved.kind is SaveKind.REVISION:
        report = stored.report(database, saved.article_id)
    if report is not None and (saved.kind is SaveKind.REVISION or report.story_id in anew):
        anew = list(dict.fromkeys((*anew, report.story_id)))
    elif report is not None:
        _add(database, report, spans)
    for story_id in anew:
        _read_anew(database, story_id, spans)
    return _work_out(database, spans, now)


def catch_up(database: Database, now: datetime, limit: int = stored.MOST_DUE) -> tuple[Raise, ...]:
    """Read the stories anew whose articles or state changed; return the rises that are new."""
    spans: Spans = {}
    for story_id in stored.take_due(database, limit):
        _read_anew(database, story_id, spans)
    return _work_out(database, spans, now)


def advance(database: Database, now: datetime) -> tuple[Raise, ...]:
    """Record what changed by time alone since this was last asked: acts older than the window count no more."""
    since = stored.advanced_to(database)
    if since is None or since < now:
        left = stored.directions(database, (since or _EVER) - WINDOW, now - WINDOW)
        rises = _work_out(database, dict.fromkeys(left, (since or _EVER, now)), now)
    else:
        rises = ()
    stored.save_advanced_to(database, now)
    return rises


def told_acts(report: Report) -> tuple[ToldAct, ...]:
    """Return the acts between two states that an article tells."""
    headline_end = len(report.title) + 1
    answering = _answering(report, headline_end + len(report.lead))
    found: dict[tuple[object, ...], ToldAct] = {}
    for one in report.signals:
        if one.actor is None or one.target is None or not _is_read(one):
            continue
        # The number is put to the vote, so what it alone raised is taken off.
        persons = people(one) or 0
        many = one.modifiers == ("many",) and persons > 0
        act = ToldAct(
            story_id=report.story_id, type=one.type, actor=one.actor, target=one.target, status=one.status,
            persons=persons, at=report.at, severity=max(1, one.severity - bool(one.modifiers)),
            raised=bool(one.modifiers) and not many, headline=one.start < headline_end,
            reaction=answers(one.sentence) or (one.actor, one.target) in answering, confidence=one.confidence,
            tellings=1, article_id=report.article_id, sentence=one.sentence,
        )  # fmt: skip
        known = found.get(act.key)
        found[act.key] = act if known is None else replace(merged(known, act), tellings=1)
    return tuple(found.values())


def _answering(report: Report, opening_end: int) -> set[tuple[str | None, str | None]]:
    """Return the directions in which an article says that one state answers the other.

    An opening that tells of one side only and speaks of an answer means what this side did; so does a sentence that
    calls what the other side did before the reason.
    """
    found = {(one.target, one.actor) for one in report.signals if one.status is Status.PAST and answers(one.sentence)}
    told = {
        (one.actor, one.target) for one in report.signals
        if one.status is Status.ASSERTED and one.start < opening_end and _is_read(one)
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


def _is_read(signal: Signal) -> bool:
    sides = signal.actor, signal.target
    return signal.status in stored.STATUSES and None not in sides and sides[0] != sides[1]


def _by_key(acts: Iterable[ToldAct]) -> dict[tuple[object, ...], ToldAct]:
    found: dict[tuple[object, ...], ToldAct] = {}
    for act in acts:
        known = found.get(act.key)
        found[act.key] = act if known is None else merged(known, act)
    return found


def _add(database: Database, report: Report, spans: Spans) -> None:
    """Add what a new article tells to what its story tells."""
    new = told_acts(report)
    if not new:
        return
    before = stored.acts_of_story(database, report.story_id)
    known = _by_key(before)
    added = {act.key: merged(known[act.key], act) if act.key in known else act for act in new}
    stored.save_acts(database, added.values())
    _widen(spans, before, (known | added).values())


def _read_anew(database: Database, story_id: int, spans: Spans) -> None:
    """Work out what a story tells from the articles it holds."""
    before = stored.acts_of_story(database, story_id)
    after = _by_key(act for report in stored.reports(database, story_id) for act in told_acts(report))
    stored.forget_acts(database, story_id)
    stored.save_acts(database, after.values())
    # Its state may have changed besides, so all of its acts are looked at.
    _widen(spans, before, ())
    _widen(spans, (), after.values())


def _widen(spans: Spans, before: Iterable[ToldAct], after: Iterable[ToldAct]) -> None:
    """Note for each direction from when to when its rungs may be others now."""
    old, new = (set(map(_as_known, state_acts(rows))) for rows in (before, after))
    for act in old ^ new:
        for _, actor, target in ended_kinds(act):
            since, until = spans.get((actor, target), (act.at, act.at + WINDOW))
            spans[actor, target] = (min(since, act.at), max(until, act.at + WINDOW))


def _as_known(act: StateAct) -> StateAct:
    """Leave out what no rung depends on."""
    return replace(act, sentence="", thread_id=0)


def _work_out(database: Database, spans: Spans, now: datetime) -> tuple[Raise, ...]:
    """Bring the stored changes of some directions and times up to date; return the rises that are new."""
    found: list[Raise] = []
    for (actor, target), (since, latest) in sorted(spans.items()):
        until = min(latest, now)
        before = stored.changes(database, actor, target, since, until)
        known = {one.key for one in stored.changes(database, actor, target, since, until, withdrawn=True)}
        begin = since - WINDOW - AFFAIR
        told = stored.told(database, actor, target, begin, until) + stored.restored(
            database, target, actor, begin, until
        )
        right = [
            one for one in changes(standing(state_acts(told), WINDOW), until=until)
            if one.at >= since and (one.actor, one.target) == (actor, target)
        ]  # fmt: skip
        stored.withdraw_changes(database, known - {one.key for one in right}, now)
        stored.save_changes(database, right, now)
        found += [rise for one in right if one.key not in known if (rise := _rise(one, before)) is not None]
    return tuple(found)


def _rise(change: RungChange, before: Iterable[RungChange]) -> Raise | None:
    """Return by how much a change raises what was known until now, None when it does not."""
    known = [one.after for one in before if one.at <= change.at]
    rung = known[-1] if known else change.before
    return Raise(change=change, before=rung) if change.after > rung else None
