"""Alerts as the pipeline raises them, for tests of what becomes of them afterwards."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from alerts import identity
from alerts.payload import build_payload
from scheduler import outgoing
from scheduler.outgoing import OutgoingSettings
from storage import alerts, stories
from storage.types import Alert, Decision, DecisionKind, Signal, Status, StoryArticle, Watch

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
    from storage.types import Story

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
