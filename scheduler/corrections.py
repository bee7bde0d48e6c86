"""Corrections: what people were told does not hold any more, said to exactly those who were told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from sqlite_utils import Database

from alerts import identity
from alerts.acts import among
from alerts.correcting import Correction, Earlier, Page, denied, is_reprint, unsupported
from alerts.holding import DIGEST, Plan
from detection.assess import reads
from detection.stories.lifecycle import Lifecycle, lifecycle
from scheduler import outgoing
from scheduler.occasions import AlertingSettings, Occasion, build_alert
from storage import alerts as stored_alerts
from storage import articles, batches, telling
from storage.alerts import Act, NewDelivery, ToldBefore
from storage.types import Alert, BatchKind, Decision, DecisionKind, DeliveryState, Signal, Status, Watch

_MARKED = {Lifecycle.CORRECTION: "corrected", Lifecycle.CANCELLATION: "cancelled"}
_DETAILS = {
    "corrected": "an agency or an outlet corrects what was told",
    "cancelled": "the dispatch behind the alert was taken back",
    "denied": "what was told is denied",
    "withdrawn": "the page behind the alert is gone, and no other origin tells the act",
}


def find(database: Database, watch: Watch, occasion: Occasion, decision: Decision) -> tuple[Correction, ...]:
    """Return what an article takes back of what a watch's people were told, of its own story first.

    Args:
        database: the archive.
        watch: whose people.
        occasion: the article.
        decision: what is decided of it otherwise.
    """
    article, placed = occasion.article, occasion.placed
    if not reads(watch, language=article.language, source_id=article.source_id):
        return ()
    reason = _MARKED.get(_new_mark(occasion))
    if reason is None and not any(one.status is Status.DENIED for one in occasion.signals):
        return ()
    found: list[Correction] = []
    for story_id in _stories(database, watch, occasion, marked=reason is not None):
        told = stored_alerts.told(database, watch.id, story_id, sent_only=occasion.sending)
        # A correction alone is left where somebody split a story: what it corrects went elsewhere.
        if told is None or not telling.alerts_of(database, watch.id, story_id):
            continue
        acts, earlier = (
            tuple(act for act, _ in told.acts),
            _earlier(database, watch.id, story_id, sending=occasion.sending),
        )
        own = story_id == placed.story_id
        if reason is not None and (own or _speaks_of(occasion.signals, acts)):
            if not is_reprint(
                reason, placed.origin, novel=bool(placed.novel_paragraphs), now=occasion.now, earlier=earlier
            ):
                signals = decision.removed if own else ()
                signals = signals or _asserted(occasion.signals, acts)
                found.append(_correction(database, watch, story_id, reason, told, signals))
        elif not own or _turned(occasion, acts) or _in_headline(occasion):
            denials = denied(occasion.signals, acts, earlier)
            if denials:
                found.append(_correction(database, watch, story_id, "denied", told, denials))
    return tuple(found)


def _new_mark(occasion: Occasion) -> Lifecycle:
    """Return how an article is marked; a mark that an edited article had before says nothing new."""
    stage = lifecycle(occasion.article.title, occasion.article.text)
    before = occasion.before
    if before is not None and lifecycle(before.article.title, before.article.text) is stage:
        return Lifecycle.PLAIN
    return stage


def _stories(database: Database, watch: Watch, occasion: Occasion, *, marked: bool) -> Iterable[int]:
    """Return the stories that an article may take something back of, each once, its own first."""
    placed = occasion.placed
    affair = telling.told_stories(database, watch.id, placed.story_id) if marked else ()
    return dict.fromkeys((placed.story_id, *placed.contradicted, *affair))


def _speaks_of(signals: Iterable[Signal], acts: tuple[Act, ...]) -> bool:
    return any(among(signal.act, acts) for signal in signals)


def _asserted(signals: Iterable[Signal], acts: tuple[Act, ...]) -> tuple[Signal, ...]:
    return tuple(one for one in signals if one.status is Status.ASSERTED and among(one.act, acts))


def _turned(occasion: Occasion, acts: tuple[Act, ...]) -> bool:
    """Whether an edit made an article that asserted an act deny it."""
    return occasion.before is not None and bool(_asserted(occasion.before.signals, acts))


def _in_headline(occasion: Occasion) -> bool:
    """Whether an article denies in its headline, rather than reports what everybody says."""
    end = len(occasion.article.title) + 1
    return any(one.status is Status.DENIED and one.start < end for one in occasion.signals)


def _earlier(database: Database, watch_id: str, story_id: int, *, sending: bool) -> list[Earlier]:
    # What was only recorded took nothing back from those who were told.
    sent_only = sending and bool(telling.recipients(database, watch_id, story_id))
    return [
        Earlier(reason=one.reason, acts=one.acts, origin=one.origin, at=one.at)
        for one in telling.corrections_of(database, watch_id, story_id, sent_only=sent_only)
    ]


def _correction(
    database: Database, watch: Watch, story_id: int, reason: str, told: ToldBefore, signals: tuple[Signal, ...]
) -> Correction:
    """Return a correction of the last alert that told what it is about, in the words of that alert if it has none."""
    alerts = telling.alerts_of(database, watch.id, story_id)
    about = [one for one in alerts if any(among(signal.act, one.acts) for signal in signals)] or alerts
    corrected = about[-1]
    if not signals:
        told_by = [one.article_id for one in alerts if one.article_id is not None]
        known = telling.signals_of_articles(database, told_by)
        signals = _each_once(one for one in known if among(one.act, corrected.acts))
    severities = [severity for act, severity in told.acts if any(among(one.act, (act,)) for one in signals)]
    return Correction(
        story_id=story_id,
        reason=reason,
        detail=_DETAILS[reason],
        severity=max(severities, default=told.severity),
        signals=signals,
        corrects=corrected.id,
        told_at=corrected.created_at,
    )


def _each_once(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    found: dict[Act, Signal] = {}
    for signal in signals:
        if signal.status is Status.ASSERTED:
            found.setdefault(signal.act, signal)
    return tuple(found.values())


def decision(watch: Watch, correction: Correction) -> Decision:
    """Return a correction as the decision on the article that corrects."""
    return Decision(
        watch_id=watch.id, kind=DecisionKind.CORRECTION, reason=correction.reason, detail=correction.detail,
        severity=correction.severity, signals=correction.signals,
    )  # fmt: skip


def build(
    database: Database,
    settings: AlertingSettings,
    watch: Watch,
    correction: Correction,
    *,
    article_id: int,
    article_key: str,
    now: datetime,
    after: bool = False,
) -> Alert:
    """Return the alert that tells a correction.

    Args:
        database: the archive.
        settings: how alerts speak.
        watch: whose alert it is.
        correction: what is taken back.
        article_id: the article that corrects, or whose page is gone.
        article_key: its identity.
        now: aware.
        after: another alert of the same story is raised with it, and comes before.
    """
    told = stored_alerts.told(database, watch.id, correction.story_id)
    return build_alert(
        database,
        settings,
        watch,
        decision(watch, correction),
        story_id=correction.story_id,
        article_id=article_id,
        article_key=article_key,
        trigger=f"{correction.reason}:{correction.corrects}",
        sequence=(told.alerts if told else 0) + 1 + after,
        now=now,
        corrects=correction,
    )


def send(
    database: Database,
    settings: AlertingSettings,
    watch: Watch,
    correction: Correction,
    alert: Alert,
    *,
    article_id: int,
    now: datetime,
    sending: bool,
) -> bool:
    """Store a correction with a delivery for exactly those who were told; return whether it is new.

    Silences, bars and the watch's channels of today change nothing: who heard the one hears the other; a digest that
    holds the one takes the other. Where nobody was told, it is recorded only.
    """
    told = telling.recipients(database, watch.id, correction.story_id) if sending else []
    rows: list[NewDelivery] = []
    for channel_id, some in groupby(told, key=itemgetter(0)):
        plan, batch_id = _planned(database, settings, watch, correction, alert, channel_id, now)
        state = DeliveryState.PENDING if batch_id is None else DeliveryState.BATCHED
        # A channel that is configured no more is named among the dead letters instead of waiting for ever.
        known = channel_id in settings.outgoing.routes
        rows.extend(
            NewDelivery(
                key=identity.delivery_key(alert_key=alert.key, channel_id=channel_id, recipient=recipient),
                channel_id=channel_id,
                recipient=recipient,
                state=state if known else DeliveryState.DEAD,
                next_attempt_at=plan.at,
                reason=plan.reason,
                batch_id=batch_id if known else None,
            )
            for _, recipient in some
        )
    return stored_alerts.raise_alert(
        database,
        alert,
        rows,
        decision=decision(watch, correction),
        article_id=article_id,
        recorded_only=not sending or (bool(watch.channels) and not rows),
    )


def _planned(
    database: Database,
    settings: AlertingSettings,
    watch: Watch,
    correction: Correction,
    alert: Alert,
    channel_id: str,
    now: datetime,
) -> tuple[Plan, int | None]:
    """Return what becomes of a correction on a channel: it never comes before all that told what it takes back."""
    about = [signal.act for signal in correction.signals]
    told_by = [
        one.id
        for one in telling.alerts_of(database, watch.id, correction.story_id)
        if one.id == correction.corrects or any(among(act, one.acts) for act in about)
    ]
    batch = batches.waits_in(database, told_by, channel_id)
    if batch is None:
        return outgoing.planned(database, settings.outgoing, watch, alert, channel_id, now)
    reason = DIGEST if batch.kind in {BatchKind.HOURLY, BatchKind.DAILY} else str(batch.kind)
    return Plan(at=batch.closes_at, reason=reason), batch.id


def withdrawn(database: Database, settings: AlertingSettings, article_id: int, now: datetime) -> int:
    """Tell the people who heard of an act that the page behind it is gone, unless another origin tells it.

    Returns:
        How many alerts were raised.
    """
    article = articles.get(database, article_id)
    if article.story_id is None:
        return 0
    own = (article.agency is None and article.copy_of is None) or article.origin == article.source_name
    signals = articles.signals(database, article.revision_id)
    gone = [Page(act=one.act, origin=article.origin, own=own) for one in signals if one.status is Status.ASSERTED]
    left = [
        Page(act=one.act, origin=one.origin, own=one.own)
        for one in telling.tellers(database, article.story_id)
        if one.article_id != article_id
    ]
    raised = 0
    for watch in settings.watches:
        told = stored_alerts.told(database, watch.id, article.story_id, sent_only=True)
        if told is None:
            continue
        acts = tuple(act for act, _ in told.acts)
        lost = unsupported(acts, gone, left, _earlier(database, watch.id, article.story_id, sending=True))
        if not lost:
            continue
        about = _each_once(one for one in signals if one.act in lost)
        correction = _correction(database, watch, article.story_id, "withdrawn", told, about)
        alert = build(
            database, settings, watch, correction, article_id=article_id, article_key=article.key, now=now
        )  # fmt: skip
        raised += send(
            database, settings, watch, correction, alert, article_id=article_id, now=now, sending=True
        )  # fmt: skip
    return raised
