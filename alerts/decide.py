"""Whether an article is worth telling the people of a watch, and why.

Pure: the same article, watch, history and time give the same decision in the service, in an import and in
a backtest. Every answer carries its reason.

Reasons of an alert: ``new_story``, ``new_act``, ``higher_severity``. Reasons of silence: ``too_old``,
``already_told``, ``told_in_affair``, or whatever the assessment said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from storage.types import Decision, DecisionKind, Signal, Watch, utc

#: (type, actor, target)
Act: TypeAlias = tuple[str, str | None, str | None]


class Assessment(Protocol):
    """What detection says of one article for one watch; ``detection.assess`` gives it."""

    @property
    def alert(self) -> bool:
        """Whether the watch's bar is passed."""
        ...

    @property
    def severity(self) -> int:
        """The highest severity over the bar."""
        ...

    @property
    def reason(self) -> str:
        """A stable machine word."""
        ...

    @property
    def detail(self) -> str:
        """A sentence for people."""
        ...

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The signals that passed the watch's bar."""
        ...


class History(Protocol):
    """What the people of a watch were told of one story so far."""

    @property
    def alerts(self) -> int:
        """How many alerts."""
        ...

    @property
    def severity(self) -> int:
        """The highest severity told."""
        ...

    @property
    def acts(self) -> tuple[tuple[Act, int], ...]:
        """Each act told, with the highest severity it was told at."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A plain :class:`History`."""

    alerts: int
    severity: int
    acts: tuple[tuple[Act, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Affair:
    """What the people of a watch were told of the other stories of an affair lately."""

    acts: tuple[tuple[Act, int], ...]
    #: characters of the article's title and the line break after it
    headline_end: int
    #: those of them that were told in the last hours: a headline on one of these is no second act
    recent: tuple[tuple[Act, int], ...] = ()

    def recalled(self, signals: tuple[Signal, ...], *, opening: bool) -> tuple[Signal, ...]:
        """Return the signals that only recall an act told before.

        A headline that tells nothing else is no mere recollection when it opens a story: it may be the same act again,
        unless that was told only hours ago.

        Args:
            signals: of the article.
            opening: nothing was told of the article's own story yet.
        """
        known = tuple(signal for signal in signals if _is_told(signal, self.acts))
        headline = [signal for signal in signals if signal.start < self.headline_end]
        if opening and all(signal in known for signal in headline):
            again = [signal for signal in headline if not _is_told(signal, self.recent)]
            return tuple(signal for signal in known if signal not in again)
        return known


def _is_told(signal: Signal, acts: Iterable[tuple[Act, int]]) -> bool:
    return any(same_act(signal.act, act) and signal.severity <= severity for act, severity in acts)


def same_act(one: Act, other: Act) -> bool:
    """Whether two acts may be the same one: a side that a text leaves out contradicts nothing.

    One known side must agree, because two acts without names share only their type.
    """
    if one[0] != other[0]:
        return False
    sides = ((one[1], other[1]), (one[2], other[2]))
    if any(a is not None and b is not None and a != b for a, b in sides):
        return False
    return any(a is not None and a == b for a, b in sides) or one == other


def decide(
    *,
    watch: Watch,
    assessment: Assessment,
    told: History | None,
    published_at: datetime | None,
    now: datetime,
    affair: Affair | None = None,
) -> Decision:
    """Decide what alerting does with one article for one watch.

    Args:
        watch: who might be told.
        assessment: what detection says of the article for this watch.
        told: what these people were told of the article's story, None for nothing.
        published_at: the article's effective time, aware; None never counts as old.
        now: aware.
        affair: what they were told of other stories of the same affair, None for nothing.

    Returns:
        NEW, UPDATE or NONE with its reason; NEW and UPDATE carry the signals worth telling.
    """
    if not assessment.alert:
        return _nothing(watch, assessment.reason, assessment.detail)
    age = utc(now) - utc(published_at) if published_at is not None else None
    if watch.max_age is not None and age is not None and age > watch.max_age:
        days = age.total_seconds() / 86400
        return _nothing(watch, "too_old", f"published {days:.1f} days ago, over the watch's max_age; recorded only")
    signals = _over_the_bar(watch, assessment.signals)
    if affair is not None:
        recalled = affair.recalled(signals, opening=told is None or told.alerts == 0)
        signals = tuple(signal for signal in signals if signal not in recalled)
        if not signals:
            names = ", ".join(sorted({signal.type for signal in recalled}))
            return _nothing(watch, "told_in_affair", f"only recalls what another story of this affair told: {names}")
    if told is None or told.alerts == 0:
        severity = max((signal.severity for signal in signals), default=assessment.severity)
        return Decision(
            watch_id=watch.id, kind=DecisionKind.NEW, reason="new_story", severity=severity, signals=signals,
            detail=f"first article on this story over the bar: {assessment.detail}",
        )  # fmt: skip
    return _update(watch, signals, told)


def _over_the_bar(watch: Watch, signals: tuple[Signal, ...]) -> tuple[Signal, ...]:
    """The signals a watch asks for; all of them when none is left, because a doubt is told rather than lost."""
    kept = tuple(
        one
        for one in signals
        if one.status in watch.statuses
        and one.severity >= watch.min_severity
        and one.confidence >= watch.min_confidence
    )
    return kept or signals


def _update(watch: Watch, signals: tuple[Signal, ...], told: History) -> Decision:
    """What an article adds to a story that was told already."""
    new, higher = [], []
    for signal in signals:
        known = [severity for act, severity in told.acts if same_act(signal.act, act)]
        if not known:
            new.append(signal)
        elif signal.severity > max(known):
            higher.append(signal)
    if not new and not higher:
        return _nothing(watch, "already_told", f"nothing beyond the {told.alerts} alert(s) this story already had")
    fresh = tuple(signal for signal in signals if signal in new or signal in higher)
    names = ", ".join(sorted({signal.type for signal in (new or higher)}))
    return Decision(
        watch_id=watch.id,
        kind=DecisionKind.UPDATE,
        reason="new_act" if new else "higher_severity",
        detail=f"an act not told yet: {names}" if new else f"a known act at a higher severity: {names}",
        severity=max(signal.severity for signal in fresh),
        signals=fresh,
    )


def _nothing(watch: Watch, reason: str, detail: str) -> Decision:
    return Decision(watch_id=watch.id, kind=DecisionKind.NONE, reason=reason, detail=detail)
