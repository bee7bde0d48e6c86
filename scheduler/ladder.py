"""Keeps the ladder of escalation up to date: with each article, with each change of stories, and as time goes by.

An article only adds its acts to those of its story, and learns whether one of them goes further than anything known.
What changed because of it is worked out in full a little later (:func:`keep`), so that no article waits for it.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from sqlite_utils import Database

from alerts.ladder import WINDOW, change_key, changes
from alerts.state_acts import AFFAIR, StateAct, ended_kinds, standing, state_acts
from alerts.story_acts import acts_of, is_read, merged, told_acts
from storage import ladder as stored
from storage.articles import Saved, SaveKind
from storage.types import RungChange, Signal, Status, ToldAct

logger = logging.getLogger(__name__)

#: stories read anew, and directions worked out, in one go: the writer serves others in between
STORIES_AT_ONCE = 50
DIRECTIONS_AT_ONCE = 5
#: older than any act
_EVER = datetime(1900, 1, 1, tzinfo=UTC)


def note(database: Database, saved: Saved, signals: Iterable[Signal], now: datetime) -> tuple[RungChange, ...]:
    """Take in what an article tells, in its own transaction.

    Args:
        database: the archive; the article is stored and has its story.
        saved: where it was stored.
        signals: what it tells.
        now: aware.

    Returns:
        The acts of this article that go further than anything known at their time, as changes.
    """
    rises: list[RungChange] = []
    # Whatever is wrong with the ladder: the article is stored, and its alert goes out.
    with _logged(f"article {saved.article_id}: its acts are not on the ladder"):
        rises += _note(database, saved, signals, now)
    return tuple(rises)


def _note(database: Database, saved: Saved, signals: Iterable[Signal], now: datetime) -> tuple[RungChange, ...]:
    if saved.kind is SaveKind.REVISION:
        stored.due_with(database, saved.article_id)
        return ()
    if not any(is_read(one) for one in signals):
        return ()
    report = stored.report(database, saved.article_id)
    if report is None:
        return ()
    before = stored.acts_of_story(database, report.story_id)
    known = {act.key: act for act in before}
    added = {act.key: merged(known[act.key], act) if act.key in known else act for act in told_acts(report)}
    stored.save_acts(database, added.values())
    new = _differing(database, before, (known | added).values())
    gravest: dict[tuple[str, str], RungChange] = {}
    for rise in filter(None, (_rise(database, act) for act in new)):
        known_rise = gravest.setdefault((rise.actor, rise.target), rise)
        gravest[rise.actor, rise.target] = max(rise, known_rise, key=lambda one: one.after)
    stored.save_changes(database, gravest.values(), now)
    return tuple(gravest.values())


def keep(database: Database, now: datetime) -> None:
    """Bring up to date what articles, people and the hours changed, a bounded part of it; inside a transaction."""
    advance(database, now)
    catch_up(database, now)


def advance(database: Database, now: datetime) -> None:
    """Note what changes by time alone since this was last asked: acts older than the window count no more."""
    since = stored.advanced_to(database) or _EVER
    if since < now:
        for actor, target in stored.directions(database, since - WINDOW, now - WINDOW):
            stored.rungs_due(database, actor, target, since, now)
    stored.save_advanced_to(database, now)


def catch_up(
    database: Database, now: datetime, *, most_stories: int = STORIES_AT_ONCE, most: int = DIRECTIONS_AT_ONCE
) -> None:
    """Read the stories anew whose articles or state changed, and work out what follows.

    Args:
        database: the archive, inside a transaction.
        now: aware.
        most_stories: that are read at once.
        most: directions that are worked out at once.
    """
    for story_id in stored.take_due(database, most_stories):
        with _logged(f"story {story_id}: its acts are not on the ladder"):
            _read_anew(database, story_id)
    for actor, target, since, until in stored.take_rungs_due(database, most):
        with _logged(f"{actor}-{target}: its rungs are not worked out"):
            _work_out(database, actor, target, since, max(since, min(until, now)), now)


@contextlib.contextmanager
def _logged(trouble: str) -> Iterator[None]:
    """Log what is wrong with one part instead of keeping the others from their turn."""
    try:
        yield
    except sqlite3.Error:
        raise
    except Exception:
        logger.exception(trouble)


def _read_anew(database: Database, story_id: int) -> None:
    """Work out what a story tells from the articles it holds."""
    before = stored.acts_of_story(database, story_id)
    after = acts_of(stored.reports(database, story_id)).values()
    stored.forget_acts(database, story_id)
    stored.save_acts(database, after)
    # Its state may have changed besides, so all of its acts are looked at.
    _differing(database, before, ())
    _differing(database, (), after)


def is_behind(database: Database) -> bool:
    """Whether :func:`keep` has something left to do."""
    return stored.is_due(database)


def _differing(database: Database, before: Iterable[ToldAct], after: Iterable[ToldAct]) -> tuple[StateAct, ...]:
    """Note from when to when the rungs of which directions may be others now; return the acts that are new."""
    old, new = ({_as_known(act): act for act in state_acts(rows)} for rows in (before, after))
    for act in old.keys() ^ new.keys():
        for _, actor, target in ended_kinds(act):
            stored.rungs_due(database, actor, target, act.at, act.at + WINDOW)
    return tuple(act for known, act in new.items() if known not in old)


def _as_known(act: StateAct) -> StateAct:
    """Leave out what no rung depends on."""
    return replace(act, sentence="", thread_id=0, reaction=False)


def _rise(database: Database, act: StateAct) -> RungChange | None:
    """Return by how much an act raises what was known at its time, None when it is no graver, or only recalled."""
    rung = stored.rung_at(database, act.actor, act.target, act.at)
    if act.status is not Status.ASSERTED or act.severity <= rung:
        return None
    types = {one.type for one in stored.acts_of_story(database, act.story_id)}
    told = [
        one for actor, target in ((act.actor, act.target), (act.target, act.actor))
        for one in stored.told(database, actor, target, act.at - AFFAIR, act.at, types)
    ]  # fmt: skip
    counting = (
        one for one in standing(state_acts(told), WINDOW)
        if one.act.kind == act.kind and one.act.at <= act.at < one.until
    )  # fmt: skip
    if not any(one.act.severity >= act.severity for one in counting):
        return None
    return RungChange(
        key=change_key(act, act.severity), actor=act.actor, target=act.target, at=act.at, before=rung,
        after=act.severity, reason="act", type=act.type, story_id=act.story_id,
    )  # fmt: skip


def _work_out(database: Database, actor: str, target: str, since: datetime, until: datetime, now: datetime) -> None:
    """Bring the stored changes of one direction in some time up to date."""
    begin = since - WINDOW - AFFAIR
    told = stored.told(database, actor, target, begin, until)
    told += stored.told(database, target, actor, begin, until, {"sever_relations"})
    right = [
        one for one in changes(standing(state_acts(told), WINDOW), until=until)
        if one.at >= since and (one.actor, one.target) == (actor, target)
    ]  # fmt: skip
    known = {one.key: one for one in stored.changes(database, actor, target, since, until)}
    stored.withdraw_changes(database, known.keys() - {one.key for one in right}, now)
    stored.save_changes(database, [one for one in right if known.get(one.key) != one], now)
