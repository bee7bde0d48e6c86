"""Whether an article is worth telling the people of a watch, and why.

Pure: the same article, watch, history and time give the same decision in the service, in an import and in
a backtest. Every answer carries its reason.

The reasons are those of :mod:`alerts.reasons`. What an article confirms is decided by :mod:`alerts.confirming`, what
an edit changed by :mod:`alerts.edits`, what takes something back by :mod:`alerts.correcting`.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alerts.acts import Act, among, is_told, names_of, same_act
from alerts.confirming import Report, confirmation
from alerts.edits import Edit, decide_edit
from storage.types import Decision, DecisionKind, Signal, Watch, utc


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

    @property
    def reasons(self) -> AbstractSet[str]:
        """Why they were alerted so far."""
        ...

    @property
    def removed(self) -> tuple[Act, ...]:
        """Acts that they were told an edit took out."""
        ...

    @property
    def retracted(self) -> tuple[Act, ...]:
        """Acts of which the last that they heard is that nobody stands behind them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A plain :class:`History`."""

    alerts: int
    severity: int
    acts: tuple[tuple[Act, int], ...]
    reasons: frozenset[str] = frozenset()
    removed: tuple[Act, ...] = ()
    retracted: tuple[Act, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Affair:
    """What the people of a watch were told of the other stories of an affair lately."""

    acts: tuple[tuple[Act, int], ...]
    #: characters of the article's title and the line break after it
    headline_end: int
    #: those of them that were told in the last hours: a headline on one of these is no second act
    recent: tuple[tuple[Act, int], ...] = ()
    #: what they were told lately of stories of other affairs: below its opening a text only recalls it
    elsewhere: tuple[tuple[Act, int], ...] = ()
    #: characters of title and opening
    opening_end: int = 0

    def recalled(self, signals: tuple[Signal, ...], *, opening: bool) -> tuple[Signal, ...]:
        """Return the signals that only recall an act told before.

        A headline that tells nothing else is no mere recollection when it opens a story: it may be the same act again,
        unless that was told only hours ago.

        Args:
            signals: of the article.
            opening: nothing was told of the article's own story yet.
        """
        known = tuple(
            signal
            for signal in signals
            if is_told(signal, self.acts) or (signal.start >= self.opening_end and is_told(signal, self.elsewhere))
        )
        headline = [signal for signal in signals if signal.start < self.headline_end]
        if opening and all(signal in known for signal in headline):
            again = [signal for signal in headline if not is_told(signal, self.recent)]
            return tuple(signal for signal in known if signal not in again)
        return known


def decide(
    *,
    watch: Watch,
    assessment: Assessment,
    told: History | None,
    published_at: datetime | None,
    now: datetime,
    affair: Affair | None = None,
    report: Report | None = None,
    edit: Edit | None = None,
    taken_back: bool = False,
) -> Decision:
    """Decide what alerting does with one article for one watch.

    Args:
        watch: who might be told.
        assessment: what detection says of the article for this watch.
        told: what these people were told of the article's story, None for nothing.
        published_at: the article's effective time, aware; None never counts as old.
        now: aware.
        affair: what they were told of other stories of the same affair, None for nothing.
        report: whose report it is and who told the story before; without it nothing is a confirmation.
        edit: what the new version of an article changed, None for any other article.
        taken_back: the article itself takes a dispatch back.

    Returns:
        NEW, UPDATE, EDITED or NONE with its reason; all but NONE carry the signals worth telling.
    """
    if not assessment.alert and (edit is None or not edit.before):
        return _nothing(watch, assessment.reason, assessment.detail)
    age = utc(now) - utc(published_at) if published_at is not None else None
    if watch.max_age is not None and age is not None and age > watch.max_age:
        days = age.total_seconds() / 86400
        return _nothing(watch, "too_old", f"published {days:.1f} days ago, over the watch's max_age; recorded only")
    if taken_back:
        return _nothing(watch, "taken_back", "the agency takes this dispatch back; nobody was told of it")
    edited = _edited(watch, edit, told, affair) if edit is not None else None
    if edited is not None and edited.kind is DecisionKind.EDITED:
        return edited
    if not assessment.alert:
        return _nothing(watch, assessment.reason, assessment.detail)
    plain = _first_or_update(watch, assessment, told, affair, report)
    # An edit that changes no phrase says so, whatever the story was told before.
    return edited if edited is not None and plain.kind is DecisionKind.NONE else plain


def _edited(watch: Watch, edit: Edit, told: History | None, affair: Affair | None) -> Decision:
    return decide_edit(
        watch,
        edit,
        told=told.acts if told else (),
        told_elsewhere=affair.acts if affair else (),
        removed=told.removed if told else (),
    )


def _first_or_update(
    watch: Watch, assessment: Assessment, told: History | None, affair: Affair | None, report: Report | None
) -> Decision:
    """What an article tells over the bar that its story, or the affair, did not."""
    signals = _over_the_bar(watch, assessment.signals)
    if affair is not None:
        recalled = affair.recalled(signals, opening=told is None or told.alerts == 0)
        signals = tuple(signal for signal in signals if signal not in recalled)
        if not signals:
            names = names_of(recalled)
            return _nothing(watch, "told_in_affair", f"only recalls what another story told lately: {names}")
    if told is None or told.alerts == 0:
        severity = max((signal.severity for signal in signals), default=assessment.severity)
        return Decision(
            watch_id=watch.id, kind=DecisionKind.NEW, reason="new_story", severity=severity, signals=signals,
            detail=f"first article on this story over the bar: {assessment.detail}",
        )  # fmt: skip
    return _update(watch, signals, told, report)


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


def _update(watch: Watch, signals: tuple[Signal, ...], told: History, report: Report | None) -> Decision:
    """What an article adds to a story that was told already."""
    new, higher = [], []
    # Only somebody's own report tells anew what was taken back; a late copy of the dispatch does not.
    taken_back = told.retracted if report is not None and report.first_hand else ()
    for signal in signals:
        known = [severity for act, severity in told.acts if same_act(signal.act, act)]
        if not known or among(signal.act, taken_back):
            new.append(signal)
        elif signal.severity > max(known):
            higher.append(signal)
    if not new and not higher:
        confirmed = confirmation(report, signals, told.reasons) if report is not None else None
        if confirmed is not None:
            return Decision(
                watch_id=watch.id, kind=DecisionKind.UPDATE, reason=confirmed.reason, detail=confirmed.detail,
                severity=max(signal.severity for signal in confirmed.signals), signals=confirmed.signals,
                confirmed_by=report.origin if report is not None else None,
            )  # fmt: skip
        return _nothing(watch, "already_told", f"nothing beyond the {told.alerts} alert(s) this story already had")
    fresh = tuple(signal for signal in signals if signal in new or signal in higher)
    names = names_of(new or higher)
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
