"""Turns one watch's decision on an article into an alert with its outbox rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlite_utils import Database

from alerts import identity
from alerts.acknowledging import unless_acknowledged
from alerts.decide import Affair, decide
from alerts.payload import build_payload
from detection.assess import Assessment, assess
from detection.query import Query, Subject, matches
from scheduler import outgoing
from scheduler.outgoing import OutgoingSettings
from scheduler.placing import Placed
from storage import alerts as stored_alerts
from storage import stories
from storage.alerts import Act
from storage.articles import Saved
from storage.types import Alert, Article, Decision, DecisionKind, Signal, Watch

#: how long an act told in one story of an affair counts as told in the others
AFFAIR = timedelta(days=7)
#: and how long even for a headline
RECENT = timedelta(hours=48)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertingSettings:
    """Who is told, and how alerts speak."""

    watches: tuple[Watch, ...]
    #: identity of the archive, part of every alert's identity
    instance: str
    public_url: str
    language: Literal["fr", "en"]
    #: who stands behind the channels, and how long alerts wait
    outgoing: OutgoingSettings = field(default_factory=OutgoingSettings)
    #: the parsed query of each watch that has one
    queries: Mapping[str, Query] = field(default_factory=dict)
    #: ISO alpha-3 country of each source
    countries: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one watch made of an article."""

    watch_id: str
    alert: bool
    kind: DecisionKind
    reason: str
    alert_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """An article that has just been stored and placed: what every watch decides on."""

    article: Article
    article_key: str
    saved: Saved
    placed: Placed
    signals: tuple[Signal, ...]
    rules_version: str
    now: datetime
    #: False records alerts without queuing them for anybody
    sending: bool


def take(database: Database, settings: AlertingSettings, watch: Watch, occasion: Occasion) -> Taken:
    """Decide for one watch, and store the decision with the alert and deliveries it leads to."""
    # What an import recorded was never heard by anybody, so it silences nothing that arrives live.
    told = stored_alerts.told(database, watch.id, occasion.placed.story_id, sent_only=occasion.sending)
    decision = decide(
        watch=watch,
        assessment=_assessment(settings, watch, occasion),
        told=told,
        published_at=occasion.saved.effective_at,
        now=occasion.now,
        affair=_affair(database, watch, occasion),
    )
    known = stored_alerts.acknowledged_acts(database, watch.id, occasion.placed.story_id)
    decision = unless_acknowledged(decision, known)
    alert = None
    if decision.kind is not DecisionKind.NONE:
        alert = _alert(database, settings, watch, occasion, decision, sequence=(told.alerts if told else 0) + 1)
        rows = outgoing.deliveries(database, settings.outgoing, watch, alert, occasion.now) if occasion.sending else ()
        stored_alerts.raise_alert(
            database,
            alert,
            rows,
            decision=decision,
            article_id=occasion.saved.article_id,
            recorded_only=not occasion.sending,
        )
    stored_alerts.record_decision(
        database,
        decision,
        article_id=occasion.saved.article_id,
        revision_id=occasion.saved.revision_id,
        alert_id=alert.id if alert else None,
        rules_version=occasion.rules_version,
        now=occasion.now,
    )
    return Taken(
        watch_id=watch.id,
        alert=alert is not None,
        kind=decision.kind,
        reason=decision.reason,
        alert_id=alert.id if alert else None,
    )


def _affair(database: Database, watch: Watch, occasion: Occasion) -> Affair | None:
    """Return what a watch's people were told lately of the other stories of the affair."""
    acts, recent = (
        stored_alerts.told_in_affair(
            database, watch.id, occasion.placed.story_id, occasion.now - span, sent_only=occasion.sending
        )
        for span in (AFFAIR, RECENT)
    )
    return Affair(acts=acts, headline_end=len(occasion.article.title) + 1, recent=recent) if acts else None


def _assessment(settings: AlertingSettings, watch: Watch, occasion: Occasion) -> Assessment:
    article = occasion.article
    query = settings.queries.get(watch.id)
    holds = query is None or matches(
        query,
        Subject(
            title=article.title,
            text=article.text,
            source_id=article.source_id,
            language=article.language,
            country=settings.countries.get(article.source_id),
            origin=occasion.placed.origin,
            authors=article.authors,
            signals=occasion.signals,
        ),
    )
    return assess(occasion.signals, watch, language=article.language, source_id=article.source_id, query_matches=holds)


def _alert(
    database: Database,
    settings: AlertingSettings,
    watch: Watch,
    occasion: Occasion,
    decision: Decision,
    *,
    sequence: int,
) -> Alert:
    story_id = occasion.placed.story_id
    # The article names the alert, not the story's row: a restored backup hands out row numbers again, and a
    # receiver would drop a new alert under an old name.
    key = identity.alert_key(
        install_id=settings.instance,
        watch_id=watch.id,
        subject=f"article:{occasion.article_key}",
        trigger=identity.trigger(decision),
    )
    payload = build_payload(
        watch=watch,
        decision=decision,
        story=stories.get(database, story_id),
        articles=[stories.summary(member) for member in stories.members(database, story_id)],
        alert_id=identity.alert_id(key),
        public_url=settings.public_url,
        language=settings.language,
        created_at=occasion.now,
        sequence=sequence,
        background=_background(watch, decision, occasion.signals),
    )
    body = json.loads(payload)
    return Alert(
        id=identity.alert_id(key),
        key=key,
        type=body["type"],
        watch_id=watch.id,
        story_id=story_id,
        severity=body["data"]["severity"],
        headline=body["data"]["headline"],
        payload=payload,
        created_at=occasion.now,
        sequence=sequence,
    )


def _background(watch: Watch, decision: Decision, signals: tuple[Signal, ...]) -> tuple[Signal, ...]:
    """Return what else the article says of the watched states: what an act answers, what is only threatened."""
    pairs = {frozenset(pair) for pair in watch.pairs}
    told = {signal.act for signal in decision.signals}
    found: dict[Act, Signal] = {}
    for signal in signals:
        between = frozenset((signal.actor or "", signal.target or ""))
        if signal.status in watch.statuses or signal.act in told:
            continue
        if signal.severity >= watch.min_severity and between in pairs:
            found.setdefault(signal.act, signal)
    return tuple(found.values())
