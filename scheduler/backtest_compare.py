"""What a watch would have told, beside what it told: gained, lost, the same. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.past import PastAlert

#: a shorter window counts as so many days, so that an hour of crisis is no figure for a day
SHORTEST = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time that is compared, its end left out."""

    since: datetime
    until: datetime

    @property
    def days(self) -> float:
        """How long it is."""
        return max((self.until - self.since).total_seconds() / 86_400, SHORTEST)


class Difference(StrEnum):
    """How an alert of a backtest stands to what was told."""

    SAME = "same"
    #: the article alerted, and would with other words, another reason or severity
    OTHER = "other"
    GAINED = "gained"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One alert of either side."""

    difference: Difference
    alert_id: str
    at: datetime
    #: of the real archive
    story_id: int | None
    article_id: int
    severity: int
    type: str
    reason: str
    headline: str
    sentence: str
    #: what people judged its story: relevant, not relevant, or nothing yet
    relevant: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one of the two told."""

    alerts: int
    stories: int
    #: alerts a day, after grouping
    a_day: float
    #: stories that were judged relevant, and not relevant
    relevant: int
    not_relevant: int

    @property
    def precision(self) -> float | None:
        """Share of the judged stories that were relevant, None while none was judged."""
        judged = self.relevant + self.not_relevant
        return self.relevant / judged if judged else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One watch: what it would have told beside what it told."""

    watch_id: str
    name: str
    did: Side
    would: Side
    #: readings over the bar before grouping, for a copy of a dispatch passes it as well
    hits: int
    same: int
    other: int
    gained: int
    lost: int
    #: stories that only one of the two told
    stories_gained: int
    stories_lost: int
    #: every alert of both sides, in the order of time
    rows: tuple[Row, ...]


def compare(
    watch_id: str,
    name: str,
    did: Sequence[PastAlert],
    would: Sequence[PastAlert],
    *,
    span: Span,
    hits: int,
    verdicts: Mapping[int, bool],
) -> Comparison:
    """Compare what a watch told with what it would have told.

    Alerts are the same when they have one identity and their messages are equal but for the numbers of stories, which
    an archive of a shorter past counts otherwise; those of one definition under two ids when people read the same.

    Args:
        watch_id: the watch.
        name: its name.
        did: what it told.
        would: what it would have told, with the stories of the real archive.
        span: the time.
        hits: readings that would have passed its bar.
        verdicts: True for a story that people judged relevant, False for one they did not.
    """
    before = {one.id: one for one in did}
    after = {one.id for one in would}
    by_article = _articles(one for one in did if one.id not in after)
    rows: list[Row] = []
    matched: set[str] = set()
    for one in would:
        known = before.get(one.id) or _next(by_article.get(one.key), one)
        if known is None:
            rows.append(_row(Difference.GAINED, one, verdicts))
            continue
        matched.add(known.id)
        rows.append(_row(Difference.SAME if _equal(known, one) else Difference.OTHER, one, verdicts))
    rows += [_row(Difference.LOST, one, verdicts) for one in did if one.id not in matched]
    rows.sort(key=lambda row: (row.at, row.alert_id))
    count = {kind: sum(row.difference is kind for row in rows) for kind in Difference}
    told, tells = _stories(did), _stories(would)
    return Comparison(
        watch_id=watch_id,
        name=name,
        did=_side(did, span, verdicts),
        would=_side(would, span, verdicts),
        hits=hits,
        same=count[Difference.SAME],
        other=count[Difference.OTHER],
        gained=count[Difference.GAINED],
        lost=count[Difference.LOST],
        stories_gained=len(tells - told),
        stories_lost=len(told - tells),
        rows=tuple(rows),
    )


def _articles(alerts: Iterable[PastAlert]) -> dict[str, list[PastAlert]]:
    found: dict[str, list[PastAlert]] = {}
    for one in alerts:
        found.setdefault(one.key, []).append(one)
    return found


def _next(left: list[PastAlert] | None, alert: PastAlert) -> PastAlert | None:
    """Take the alert of the same article that is most like another one, None when none is left."""
    if not left:
        return None
    best = min(range(len(left)), key=lambda at: ((left[at].type, left[at].reason) != (alert.type, alert.reason), at))
    return left.pop(best)


def _equal(one: PastAlert, other: PastAlert) -> bool:
    """Whether two alerts tell the same: in all words under one id, in what people read under two."""
    if one.id == other.id:
        return one.digest == other.digest
    told = ("type", "reason", "severity", "headline", "sentence", "at")
    return one.watch_id != other.watch_id and all(getattr(one, name) == getattr(other, name) for name in told)


def _stories(alerts: Collection[PastAlert]) -> set[int]:
    return {one.story_id for one in alerts if one.story_id is not None}


def _side(alerts: Sequence[PastAlert], span: Span, verdicts: Mapping[int, bool]) -> Side:
    told = _stories(alerts)
    judged = [verdicts[story] for story in told if story in verdicts]
    return Side(
        alerts=len(alerts),
        stories=len(told),
        a_day=len(alerts) / span.days,
        relevant=sum(judged),
        not_relevant=len(judged) - sum(judged),
    )


def _row(difference: Difference, alert: PastAlert, verdicts: Mapping[int, bool]) -> Row:
    return Row(
        difference=difference,
        alert_id=alert.id,
        at=alert.at,
        story_id=alert.story_id,
        article_id=alert.article_id,
        severity=alert.severity,
        type=alert.type,
        reason=alert.reason,
        headline=alert.headline,
        sentence=alert.sentence,
        relevant=verdicts.get(alert.story_id) if alert.story_id is not None else None,
    )
