"""What a watch decides on: an article that was stored and placed, and how alerts are built of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlite_utils import Database

from alerts import identity
from alerts.correcting import Correction
from alerts.payload import build_payload
from alerts.plain import plain_body
from alerts.rises import rise_lines
from detection.assess import Assessment, assess
from detection.query import Query, Subject, matches
from scheduler.outgoing import OutgoingSettings
from scheduler.placing import Placed
from storage import alerts as stored_alerts
from storage import articles, stories
from storage.articles import Saved
from storage.types import Alert, Article, Decision, RungChange, Signal, Watch


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
class Before:
    """The version of an article that an edit replaced."""

    article: Article
    #: as the present rules read it, so that other rules are no edit
    signals: tuple[Signal, ...]
    #: when it was seen last, as far as is known
    seen_at: datetime
    #: the page does not admit that it was changed
    silent: bool


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
    #: what an edit replaced; None for whatever is no edit
    before: Before | None = None
    #: acts of it that go further than anything before
    rises: tuple[RungChange, ...] = ()


def assessed(
    settings: AlertingSettings, watch: Watch, article: Article, signals: tuple[Signal, ...], origin: str
) -> Assessment:
    """Return what the text of an article means for a watch."""
    # An article without an act is nobody's, whatever its words; and cutting it into words takes long.
    query = settings.queries.get(watch.id) if signals else None
    holds = query is None or matches(
        query,
        Subject(
            title=article.title,
            text=article.text,
            source_id=article.source_id,
            language=article.language,
            country=settings.countries.get(article.source_id),
            origin=origin,
            authors=article.authors,
            signals=signals,
        ),
    )
    return assess(signals, watch, language=article.language, source_id=article.source_id, query_matches=holds)


def build_alert(
    database: Database,
    settings: AlertingSettings,
    watch: Watch,
    decision: Decision,
    *,
    story_id: int,
    article_id: int,
    article_key: str,
    trigger: str,
    sequence: int,
    now: datetime,
    background: Iterable[Signal] = (),
    corrects: Correction | None = None,
    rises: Iterable[RungChange] = (),
) -> Alert:
    """Return the alert that a decision leads to.

    Args:
        database: the archive.
        settings: how alerts speak.
        watch: whose alert it is.
        decision: what is told.
        story_id: the story that it is about.
        article_id: the article that set it off.
        article_key: its identity.
        trigger: what set it off, see :func:`alerts.identity.trigger`.
        sequence: 1 for the first alert of the story to the watch.
        now: when it was decided.
        background: further signals to tell.
        corrects: what it takes back.
        rises: acts of the article that go further than anything before.
    """
    # The article names the alert, not the story's row: a restored backup hands out row numbers again, and a
    # receiver would drop a new alert under an old name.
    key = identity.alert_key(
        install_id=settings.instance, watch_id=watch.id, subject=f"article:{article_key}", trigger=trigger
    )
    members = stories.members(database, story_id)
    if corrects is not None or decision.between is not None or decision.confirmed_by is not None:
        # The article that was edited, that confirms or that corrects comes first.
        members = [articles.get(database, article_id), *(member for member in members if member.id != article_id)]
    payload = build_payload(
        watch=watch,
        decision=decision,
        story=stories.get(database, story_id),
        articles=[stories.summary(member) for member in members],
        alert_id=identity.alert_id(key),
        public_url=settings.public_url,
        language=settings.language,
        created_at=now,
        sequence=sequence,
        background=tuple(background),
        correction_of=corrects.corrects if corrects else None,
        told_at=corrects.told_at if corrects else None,
        rises=rise_lines(rises, decision.signals, settings.language),
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
        created_at=now,
        sequence=sequence,
        thread=stored_alerts.thread_of(database, watch.id, story_id) or identity.story_subject(story_id),
    )


def build_plain(
    database: Database,
    settings: AlertingSettings,
    watch: Watch,
    decision: Decision,
    *,
    story_id: int,
    article_id: int,
    article_key: str,
    trigger: str,
    sequence: int,
    now: datetime,
) -> Alert:
    """Return the same alert in bare facts, for when :func:`build_alert` fails; the arguments are those of it."""
    key = identity.alert_key(
        install_id=settings.instance, watch_id=watch.id, subject=f"article:{article_key}", trigger=trigger
    )
    body = plain_body(
        decision,
        stories.get(database, story_id),
        stories.summary(articles.get(database, article_id)),
        alert_id=identity.alert_id(key),
        public_url=settings.public_url,
        now=now,
        sequence=sequence,
    )
    return Alert(
        id=body.data.alert,
        key=key,
        type=body.type,
        watch_id=watch.id,
        story_id=story_id,
        severity=body.data.severity,
        headline=body.data.headline,
        payload=body.model_dump_json(),
        created_at=now,
        sequence=sequence,
        thread=stored_alerts.thread_of(database, watch.id, story_id) or identity.story_subject(story_id),
    )
