"""Alerts as the pipeline raises them, for tests of what becomes of them afterwards."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlite_utils import Database

from alerts import digest, identity
from alerts.payload import build_payload
from scheduler import batches as desk
from scheduler import outgoing
from scheduler.batches import GatheringSettings
from scheduler.outgoing import OutgoingSettings, Route
from storage import alerts, batches, deliveries, stories
from storage.database import transaction
from storage.types import (
    Alert,
    Decision,
    DecisionKind,
    Delivery,
    DeliveryState,
    Digest,
    Outcome,
    OutcomeClass,
    QuietHours,
    Signal,
    Status,
    Story,
    StoryArticle,
    Watch,
)

SENTENCE = "Bamako a donné 72 heures à deux diplomates français pour quitter le pays."
_TYPES = {1: "accuse", 2: "summon_ambassador", 3: "sanctions", 4: "expel_diplomats", 5: "sever_relations"}


def signal(severity: int, sentence: str = SENTENCE) -> Signal:
    """Return an act of a severity."""
    return Signal(
        type=_TYPES[severity], severity=severity, actor="MLI", target="FRA", status=Status.ASSERTED, sentence=sentence,
        start=0, end=len(sentence), rule="fr.rule",
    )  # fmt: skip


def make_alert(
    name: str,
    *,
    watch_id: str = "w",
    severity: int = 3,
    story_id: int = 1,
    now: datetime,
    kind: str = "new",
    sentence: str = SENTENCE,
    instance: str = "i",
) -> Alert:
    """Return an alert with a body of the wire."""
    update = kind == "update"
    key = identity.alert_key(install_id=instance, watch_id=watch_id, subject=f"article:{name}", trigger="new")
    story = Story(
        id=story_id, headline=name, first_seen_at=now, last_seen_at=now, articles=1, outlets=1, origins=("AFP",),
        severity=severity,
    )  # fmt: skip
    page = StoryArticle(
        id=1, title=name, url=f"https://journal.example/{story_id}", source_id="j", source_name="Journal", origin="AFP",
        published_at=now, first_seen_at=now, copy_of=None,
    )  # fmt: skip
    decision = Decision(
        watch_id=watch_id, kind=DecisionKind.UPDATE if update else DecisionKind.NEW, reason="new_story", detail="",
        severity=severity, signals=(signal(severity, sentence),),
    )  # fmt: skip
    payload = build_payload(
        watch=Watch(id=watch_id, name=watch_id), decision=decision, story=story, articles=(page,),
        alert_id=identity.alert_id(key), public_url="https://vigie.example", language="fr", created_at=now, sequence=1,
    )  # fmt: skip
    return Alert(
        id=identity.alert_id(key), key=key, type=f"alert.{kind}", watch_id=watch_id, story_id=story_id,
        severity=severity, headline=f"{name}: {_TYPES[severity]}", payload=payload, created_at=now,
    )  # fmt: skip


def raise_one(
    database: Database,
    settings: OutgoingSettings,
    watch: Watch,
    name: str,
    *,
    now: datetime,
    severity: int = 3,
    kind: str = "new",
    story_id: int | None = None,
    sentence: str = SENTENCE,
) -> Alert:
    """Raise an alert on a story of its own, or on one that is there, with the rows that outgoing plans for it."""
    story = stories.create(database, name, now) if story_id is None else story_id
    what = make_alert(name, watch_id=watch.id, severity=severity, story_id=story, now=now, kind=kind, sentence=sentence)
    alerts.raise_alert(
        database, what, outgoing.deliveries(database, settings, watch, what, now), decision=None, article_id=None
    )
    return what


#: 23:30 in Paris
NIGHT = datetime(2026, 3, 10, 22, 30, tzinfo=UTC)
MORNING = datetime(2026, 3, 11, 6, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DUTY, DESK = "duty@example.org", "desk@example.org"
OUTGOING = OutgoingSettings(
    routes={
        "mail": Route(channel_id="mail", recipients=(DUTY, DESK)),
        "hook": Route(channel_id="hook", recipients=("",), min_severity=3),
    },
    timezone="Europe/Paris",
)
QUIET = Watch(
    id="w", name="W", channels=("mail",), quiet_hours=QuietHours(start=time(22), end=time(7)), cooldown=2 * HOUR
)
DAILY = Watch(id="w", name="W", channels=("mail",), digest=Digest(every="daily", at=time(8)))


def gathering(watch: Watch, ways: OutgoingSettings = OUTGOING) -> GatheringSettings:
    """Return settings in which one watch gathers."""
    return GatheringSettings(
        watches=(watch,), outgoing=ways, instance="i", public_url="https://vigie.example", language="fr"
    )


def hear(
    database: Database, watch: Watch, name: str, now: datetime, severity: int = 3, **more: Any
) -> tuple[Alert, list[Delivery]]:
    """Raise an alert in a transaction; return it with its rows."""
    with transaction(database):
        what = raise_one(database, more.pop("outgoing", OUTGOING), watch, name, now=now, severity=severity, **more)
    return what, rows(database, what.id)


def rows(database: Database, alert_id: str) -> list[Delivery]:
    """Return the rows of an alert."""
    return deliveries.listing(database, alert_id=alert_id)


def tick(database: Database, settings: GatheringSettings, now: datetime) -> int:
    """What the desk does at a moment, each step a transaction, as it does in the service."""
    with transaction(database):
        desk.keep(database, settings, now)
    done = 0
    for batch in batches.due(database, now):
        with transaction(database):
            done += desk.close(database, settings, batch, now)
    with transaction(database):
        desk.keep(database, settings, now)
    return done


def send(database: Database, now: datetime, channel: str = "mail") -> list[Alert]:
    """Send all that is due; return the alerts, once for each recipient."""
    sent = []
    while leased := deliveries.lease(database, channel, now, 100, HOUR):
        for delivery, what in leased:
            deliveries.record(
                database, delivery.id, Outcome(outcome=OutcomeClass.OK, detail="250"), state=DeliveryState.SENT,
                next_attempt_at=None, counts=True, maybe_delivered=False, started_at=now, ended_at=now,
            )  # fmt: skip
            sent.append(what)
    return sent


def lists(database: Database) -> list[dict[str, Any]]:
    """Return what the lists tell, the last one first."""
    return [json.loads(what.payload)["data"] for what in alerts.recent(database, limit=500) if digest.is_digest(what)]
