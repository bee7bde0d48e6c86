"""Backtests for the command line and the page: which watches and rules, and what to say of the outcome."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from alerts.reasons import REASONS
from detection.engine import RuleSet, load_folders, remembered
from detection.query import parse_watch
from scheduler.backtest import STANDS, Backtest, Progress, run
from scheduler.backtest_compare import Comparison, Difference, Row, Side
from scheduler.building import build_pipeline
from storage.database import instance_id
from storage.types import Watch
from vigie.backtest_pace import Pace
from vigie.durations import parse_duration
from vigie.errors import VigieError
from vigie.inputs import parse_moment
from vigie.output import plain
from vigie.running import service_settings
from vigie.settings import Settings

#: how far back a backtest goes that names no begin
USUAL = timedelta(days=90)
#: the watch that a query alone stands for
QUERY_WATCH = "query"
#: alerts of each kind that text shows
_SHOWN = 20
#: seconds between two lines of progress where they cannot replace one another
_PROGRESS_EVERY = 5.0
#: seconds under which nobody asks how long it still takes
_SOON = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is tried."""

    settings: Settings
    rules: RuleSet
    #: those in use now, where others are tried
    present_rules: RuleSet | None = None
    #: rules that are not in use, each with file, line and reason
    refusals: tuple[str, ...] = ()


def trial(
    settings: Settings, watch_id: str | None, query: str | None, rule_folders: Sequence[Path] | None = None
) -> Trial:
    """Return what to try: some watches, perhaps with another query, perhaps with other rules.

    Args:
        settings: the configuration.
        watch_id: tries this watch only.
        query: in place of the watch's own; without a watch, a watch of its own with nothing but the query.
        rule_folders: folders of rule files in place of those of the configuration.

    Raises:
        VigieError: there is no such watch, or none at all.
        QueryError: the query cannot be read.
        RuleError: a built-in rule file is broken.
    """
    watches = tuple(watch for watch in settings.watches if watch_id is None or watch.id == watch_id)
    if watch_id is not None and not watches:
        known = ", ".join(watch.id for watch in settings.watches) or "none"
        raise VigieError(f"there is no watch {watch_id!r}; the configuration has: {known}")
    if query is not None and watch_id is None:
        watches = (Watch(id=QUERY_WATCH, name=QUERY_WATCH),)
    if not watches:
        raise VigieError("the configuration has no watch; add a [[watch]], or try a query with --query")
    if query is not None:
        there = {watch.id for watch in settings.watches}
        present = tuple(stands(watch) for watch in watches if watch.id in there)
        watches = (*(replace(watch, query=query) for watch in watches), *present)
    return tried(settings, watches, rule_folders)


def stands(watch: Watch) -> Watch:
    """Return the present definition of a watch, to go along with another one that is tried."""
    return replace(watch, id=watch.id + STANDS)


def tried(settings: Settings, watches: tuple[Watch, ...], rule_folders: Sequence[Path] | None) -> Trial:
    """Return a trial of watches, perhaps with other rules than those of the settings.

    Raises:
        QueryError: a query cannot be read.
        RuleError: a built-in rule file is broken.
    """
    passed = remembered(settings.data_dir)
    now = load_folders(settings.rule_folders, passed=passed)
    loaded = now if rule_folders is None else load_folders(rule_folders, passed=passed)
    return Trial(
        settings=with_watches(settings, watches),
        rules=loaded.rules,
        present_rules=now.rules if loaded.rules.version != now.rules.version else None,
        refusals=tuple(str(refusal) for refusal in loaded.refusals),
    )


def with_watches(settings: Settings, watches: tuple[Watch, ...]) -> Settings:
    """Return settings that have these watches and no others.

    Raises:
        QueryError: a query cannot be read.
    """
    queries = {watch.id: parse_watch(watch.query) for watch in watches if watch.query is not None}
    return replace(settings, watches=watches, queries=queries)


def backtest(
    archive: Database,
    tried: Trial,
    *,
    since: datetime | None,
    until: datetime,
    progress: Progress = lambda _done, _total: None,
) -> Backtest:
    """Try it over the archive's past."""
    settings, instance = service_settings(tried.settings), instance_id(archive)
    line = build_pipeline(settings, instance, tried.rules)
    present = None if tried.present_rules is None else build_pipeline(settings, instance, tried.present_rules)
    return run(archive, line, since=since, until=until, stands=present, progress=progress)


def moment_or_ago(text: str, now: datetime) -> datetime:
    """Read a date, a time, or how long ago: ``2026-01-31`` or ``90d``.

    Raises:
        ValueError: it is none of them.
    """
    try:
        return now - parse_duration(text)
    except (ValueError, OverflowError):
        pass
    try:
        return parse_moment(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is neither a date such as 2026-01-31 nor a duration such as 90d") from error


class ProgressLine:
    """Tells on standard error how far a backtest is and how long it will take."""

    def __init__(self) -> None:
        self._told_at = 0.0
        self._begun: float | None = None

    def __call__(self, done: int, total: int) -> None:
        """Tell it."""
        now = time.monotonic()
        self._begun = now if self._begun is None else self._begun
        live = sys.stderr.isatty()
        if done < total and now - self._told_at < (0.2 if live else _PROGRESS_EVERY):
            return
        self._told_at = now
        share = 100 * done // total if total else 100
        left = Pace(done=done, total=total, seconds=now - self._begun).left
        ahead = f", about {left / 60:.0f} min left" if left and left > _SOON else ""
        text = f"vigie: {done:,} of {total:,} readings ({share} %){ahead}"
        sys.stderr.write(f"\r{text:<72}" + ("\n" if done >= total else "") if live else f"{text}\n")
        sys.stderr.flush()


# --- what came of it ------------------------------------------------------------------------------


def records(found: Backtest) -> Iterator[dict[str, Any]]:
    """Yield one JSON object a watch; equal backtests give equal ones."""
    for watch in found.watches:
        yield {
            "watch": watch.watch_id,
            "name": watch.name,
            "since": plain(found.span.since),
            "until": plain(found.span.until),
            "rules_version": found.rules_version,
            "readings": found.readings,
            "inexact_readings": found.inexact,
            "changes_not_made_again": found.undone,
            "hits": watch.hits,
            "did": _side(watch.did),
            "would": _side(watch.would),
            "same": watch.same,
            "other": watch.other,
            "gained": watch.gained,
            "lost": watch.lost,
            "stories_gained": watch.stories_gained,
            "stories_lost": watch.stories_lost,
            "alerts": [_row(row) for row in watch.rows],
            "against_present": _against(found.against.get(watch.watch_id)),
        }


def _against(found: Comparison | None) -> dict[str, Any] | None:
    """Return what the change makes of a watch, None where nothing was changed."""
    if found is None:
        return None
    counts = ("same", "other", "gained", "lost", "stories_gained", "stories_lost")
    return {
        "stands": _side(found.did),
        **{name: getattr(found, name) for name in counts},
        "alerts": [_row(row) for row in found.rows],
    }


def _side(side: Side) -> dict[str, Any]:
    precision = side.precision
    return {
        "alerts": side.alerts,
        "stories": side.stories,
        "alerts_a_day": round(side.a_day, 3),
        "relevant": side.relevant,
        "not_relevant": side.not_relevant,
        "precision": None if precision is None else round(precision, 4),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "difference": row.difference.value,
        "alert": row.alert_id,
        "at": plain(row.at),
        "story": row.story_id,
        "article": row.article_id,
        "severity": row.severity,
        "type": row.type,
        "reason": row.reason if row.reason in REASONS else "",
        "headline": row.headline,
        "sentence": row.sentence,
        "relevant": row.relevant,
    }


def text(found: Backtest) -> Iterator[str]:
    """Yield lines for people."""
    span = found.span
    yield f"{span.since:%Y-%m-%d %H:%M} to {span.until:%Y-%m-%d %H:%M} UTC, {found.readings:,} readings"
    for watch in found.watches:
        yield ""
        yield from _watch_text(watch, found.against.get(watch.watch_id))
    if found.inexact:
        yield ""
        yield f"{found.inexact:,} readings are older than the journal: what is known now stands for what was given then"


def _watch_text(watch: Comparison, against: Comparison | None) -> Iterator[str]:
    yield f"{watch.watch_id}: {watch.name}"
    sides = [("did", watch.did), ("now", against.did if against else None), ("would", watch.would)]
    for label, side in sides:
        if side is None:
            continue
        judged = ""
        if side.precision is not None:
            judged = f", precision {side.precision:.2f} of {side.relevant + side.not_relevant} judged"
        yield f"  {label:5} {side.alerts} alerts on {side.stories} stories, {side.a_day:.2f} a day{judged}"
    yield f"  {watch.hits} articles over the bar before grouping"
    if against is not None:
        yield "  against what it would tell as it stands now:"
        watch = against
    yield (
        f"  {watch.same} the same, {watch.other} otherwise, {watch.gained} gained, {watch.lost} lost "
        f"(stories: {watch.stories_gained} gained, {watch.stories_lost} lost)"
    )
    for difference in (Difference.GAINED, Difference.LOST, Difference.OTHER):
        rows = [row for row in watch.rows if row.difference is difference]
        for row in rows[:_SHOWN]:
            yield (
                f"  {difference.value:6} {row.at:%Y-%m-%d %H:%M}  {row.severity}  {row.headline}  "
                f"({row.reason}, story {row.story_id})"
            )
            yield f"         {row.sentence}"
        if len(rows) > _SHOWN:
            yield f"  and {len(rows) - _SHOWN} more {difference.value}; --json prints all"
