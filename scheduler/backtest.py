"""What watches would have told: the past of an archive, taken through the service's own path once more.

Every reading goes through :meth:`scheduler.pipeline.Pipeline.process` again, in the order and at the moment in which
the archive was given it, into an archive that is empty at first and gone in the end. Between them comes what else
decisions depend on: pages that went, alerts that were acknowledged, stories that people merged or split, the ladder as
far as it had been kept. Nothing is sent, and the real archive is only read.

With the same watches and rules this gives the alerts of the service byte for byte. Names of what cannot be the same are
in ``docs/commands.md``.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlite_utils import Database

from alerts.ladder import WINDOW
from alerts.reasons import CLAUSES
from scheduler import ladder, placing
from scheduler.backtest_compare import Comparison, Span, compare
from scheduler.maintenance import FINGERPRINTS_KEPT
from scheduler.pipeline import Pipeline
from storage import articles, past, readings, revisions, scratch, sources, stories, threads, triage
from storage import ladder as stored_ladder
from storage.database import transaction
from storage.errors import NotFoundError
from storage.past import PastAlert, PastChange
from storage.readings import Reading
from storage.types.triage import Verdict

logger = logging.getLogger(__name__)

#: what is told depends on what was told before: so much of the past before the window is gone through as well
WARM_UP = timedelta(days=14)
#: and so far back the articles that tell an act: an affair goes on after two months, and an act that was on the ladder
#: by then had counted for one
RECALLED = placing.AFFAIR + WINDOW
#: readings a transaction
BATCH = 200
#: how often the service keeps the ladder
_MINUTE = timedelta(minutes=1)
#: how often in the past fingerprints are let go that nothing needs any more
_TIDY_EVERY = timedelta(days=5)

#: ends the id under which a watch's present definition goes along with the one that is tried
STANDS = "~stands"

#: hears how many readings were gone through, of how many
Progress = Callable[[int, int], None]
#: gives whether stories were judged relevant, those left out that nobody judged
Verdicts = Callable[[Database, Sequence[int]], dict[int, bool]]


def verdicts_of(archive: Database, story_ids: Sequence[int]) -> dict[int, bool]:
    """Return what people judged of stories: True for a relevant one."""
    found = triage.verdicts_by_story(archive, story_ids)
    return {story: one.verdict is Verdict.RELEVANT for story, one in found.items() if one.verdict is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What a backtest gave."""

    span: Span
    #: by watch, in the order of the watches: what it would have told beside what it told
    watches: tuple[Comparison, ...]
    #: likewise, beside what its present definition and the present rules would have told, where that was asked
    against: Mapping[str, Comparison]
    rules_version: str
    #: readings that were gone through, those before the window among them
    readings: int
    #: of these, how many stood in the archive before it kept a journal
    inexact: int
    #: changes that people made and that could not be made again
    undone: int
    #: how long it took
    seconds: float

    @property
    def rate(self) -> float:
        """Readings a second."""
        return self.readings / self.seconds if self.seconds > 0 else 0.0


@dataclass(slots=True)
class _Counts:
    readings: int = 0
    inexact: int = 0
    undone: int = 0


def run(
    archive: Database,
    pipeline: Pipeline,
    *,
    since: datetime | None,
    until: datetime,
    stands: Pipeline | None = None,
    verdicts: Verdicts | None = None,
    progress: Progress = lambda _done, _total: None,
) -> Backtest:
    """Go through the past with some watches and rules, and compare what they would have told with what was told.

    What was told depends on the definitions and rules of its time. To see what a change makes of a watch, its present
    definition goes along under the id of the watch with :data:`STANDS` after it.

    Args:
        archive: the real one, open for reading.
        pipeline: the service's path, with the watches and rules to try, and the identity of the archive.
        since: the begin of the window, None for that of the archive.
        until: its end.
        stands: the path with the present rules, to go through the past a second time, where rules are tried.
        verdicts: gives what people judged relevant, by story of the archive; None: those of the archive.
        progress: hears how far it is.
    """
    begun = time.monotonic()
    first = readings.first_at(archive) or until
    begin = first if since is None or since < first else since
    span = Span(since=begin, until=max(begin, until))
    rounds = 1 if stands is None else 2
    tried, counts = _outcome(archive, pipeline, span, lambda done, total: progress(done, rounds * total))
    present = None
    if stands is not None:
        present, _ = _outcome(archive, stands, span, lambda done, total: progress(total + done, rounds * total))
    compared, against = _compared(archive, pipeline, span, tried, present, verdicts or verdicts_of)
    return Backtest(
        span=span,
        watches=compared,
        against=against,
        rules_version=pipeline.rules.version,
        readings=counts.readings,
        inexact=counts.inexact,
        undone=counts.undone,
        seconds=time.monotonic() - begun,
    )


def replay(
    archive: Database,
    database: Database,
    pipeline: Pipeline,
    *,
    since: datetime | None,
    until: datetime,
    whole_from: datetime | None = None,
    progress: Progress = lambda _done, _total: None,
) -> _Counts:
    """Take the readings of a time through a pipeline into another archive.

    Args:
        archive: the real one.
        database: the other one.
        pipeline: the path.
        since: from when on, None for the begin.
        until: to before when.
        whole_from: before it only articles that tell an act are taken, None for none.
        progress: hears how far it is.
    """
    asked = readings.Asked(since=since, until=until, whole_from=whole_from)
    total = readings.count(archive, asked)
    changes = deque(past.changes(archive, since, until))
    counts = _Counts()
    tidy_at: datetime | None = None
    progress(0, total)
    left = readings.between(archive, asked)
    while batch := list(itertools.islice(left, BATCH)):
        with transaction(database):
            for reading in batch:
                while changes and changes[0].at < reading.at:
                    counts.undone += _fails(database, pipeline, changes.popleft(), whole_from)
                _read(database, pipeline, reading)
                counts.readings += 1
                counts.inexact += not reading.exact
            now = batch[-1].at
            if tidy_at is None or now - tidy_at > _TIDY_EVERY:
                stories.forget_fingerprints(database, now - FINGERPRINTS_KEPT)
                tidy_at = now
        progress(counts.readings, total)
    with transaction(database):
        for change in changes:
            counts.undone += _fails(database, pipeline, change, whole_from)
    return counts


def _read(database: Database, pipeline: Pipeline, reading: Reading) -> None:
    """Take one reading the way that every article goes."""
    article = reading.article
    if reading.ladder_at is not None:
        _keep_ladder(database, reading.ladder_at)
    if reading.looked_at is not None:
        known = articles.known(database, reading.key)
        if known is not None:
            scratch.set_looked_at(database, known, reading.looked_at)
    sources.ensure(database, article.source_id, article.source_id, article.url, reading.at)
    found = reading.signals if reading.rules_version == pipeline.rules.version else None
    pipeline.process(database, article, key=reading.key, now=reading.at, sending=reading.sending, known=found)


def _keep_ladder(database: Database, until: datetime) -> None:
    """Keep the ladder up to a moment as the service did, every minute, as long as there is anything to do."""
    moment = stored_ladder.advanced_to(database)
    if moment is not None and moment >= until:
        return
    while moment is not None and moment + _MINUTE < until and ladder.is_behind(database):
        moment += _MINUTE
        ladder.keep(database, moment)
    ladder.keep(database, until)


def _fails(database: Database, pipeline: Pipeline, change: PastChange, whole_from: datetime | None) -> bool:
    """Make a change of the past again; say whether that failed where all that it is about may be there."""
    made = _change(database, pipeline, change)
    return not made and (whole_from is None or change.at >= whole_from)


def _change(database: Database, pipeline: Pipeline, change: PastChange) -> bool:
    """Make a change of the past again; say whether it could be."""
    ids = [known for key in change.keys if (known := articles.known(database, key)) is not None]
    match change.kind:
        case "acknowledged":
            # A watch that told something else has nothing to acknowledge.
            if change.alert_id is not None:
                scratch.set_acknowledged(database, change.alert_id, change.at, change.author)
            return True
        case "withdrawn" | "restored":
            for article_id in ids:
                if change.kind == "restored":
                    revisions.restore(database, article_id, change.at)
                elif revisions.withdraw(database, article_id, change.detail, change.at):
                    pipeline.withdrawn(database, article_id, change.at)
            return bool(ids)
        case _:
            return _by_hand(database, change, ids)


def _by_hand(database: Database, change: PastChange, ids: list[int]) -> bool:
    """Merge or split stories again as somebody did, where they came about again."""
    try:
        if change.kind == "split":
            threads.split(database, ids, author=change.author, reason="", now=change.at)
        else:
            into = articles.known(database, change.into) if change.into is not None else None
            if into is None or not ids:
                return False
            grown, gone = (articles.get(database, one).story_id for one in (into, ids[0]))
            if grown is None or gone is None:
                return False
            threads.merge(database, gone, grown, author=change.author, reason="", now=change.at)
        ladder.catch_up(database, change.at)
    except NotFoundError as error:
        logger.debug("a %s at %s could not be made again: %s", change.kind, change.at, error)
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What watches would have told."""

    #: with the articles and stories of the real archive
    alerts: tuple[PastAlert, ...]
    #: readings over the bar, by watch
    hits: Mapping[str, int]

    def of(self, watch_id: str) -> list[PastAlert]:
        return [one for one in self.alerts if one.watch_id == watch_id]


def _outcome(archive: Database, pipeline: Pipeline, span: Span, progress: Progress) -> tuple[_Outcome, _Counts]:
    """Go through the past once and return what would have been told in the window."""
    ids = [watch.id for watch in pipeline.alerting.watches]
    with scratch.scratch(archive) as database:
        counts = replay(
            archive, database, pipeline, since=span.since - RECALLED, until=span.until,
            whole_from=span.since - WARM_UP, progress=progress,
        )  # fmt: skip
        told = _placed(archive, past.alerts(database, ids, span.since, span.until))
        hits = past.counted(database, ids, span.since, span.until, CLAUSES)
    return _Outcome(alerts=tuple(told), hits=hits), counts


def _compared(
    archive: Database, pipeline: Pipeline, span: Span, tried: _Outcome, present: _Outcome | None, verdicts: Verdicts
) -> tuple[tuple[Comparison, ...], dict[str, Comparison]]:
    watches = [watch for watch in pipeline.alerting.watches if not watch.id.endswith(STANDS)]
    did = _Outcome(alerts=tuple(past.alerts(archive, [one.id for one in watches], span.since, span.until)), hits={})
    told = (*did.alerts, *tried.alerts, *(present.alerts if present is not None else ()))
    judged = verdicts(archive, sorted({one.story_id for one in told if one.story_id is not None}))
    compared: list[Comparison] = []
    against: dict[str, Comparison] = {}
    along = {watch.id for watch in pipeline.alerting.watches}
    for watch in watches:
        would, hits = tried.of(watch.id), tried.hits.get(watch.id, 0)
        compared.append(compare(watch.id, watch.name, did.of(watch.id), would, span=span, hits=hits, verdicts=judged))
        shadow = watch.id + STANDS
        if present is not None:
            stands = present.of(watch.id)
        elif shadow in along:
            stands = tried.of(shadow)
        else:
            continue
        against[watch.id] = compare(watch.id, watch.name, stands, would, span=span, hits=hits, verdicts=judged)
    return tuple(compared), against


def _placed(archive: Database, would: list[PastAlert]) -> list[PastAlert]:
    """Return alerts of the scratch archive with the articles and stories that the real one has for them."""
    known = past.places(archive, {one.key for one in would})
    return [
        replace(one, article_id=known[one.key][0], story_id=known[one.key][1]) if one.key in known else one
        for one in would
    ]
