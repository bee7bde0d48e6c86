"""An archive in which every text that came from outside, or from people, is hostile; and its harmless twin.

Each text of :data:`tests.payloads.PAYLOADS` stands in every place a text can stand: what a press site says, what went
wrong with it, what was decided, told, noted, named. The twin has plain words in the same places, so that a page over
either must have the same elements.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from sqlite_utils import Database

from review.settings import ReviewSettings
from storage import (
    alerts,
    articles,
    audit,
    deliveries,
    health,
    notes,
    revisions,
    silences,
    sources,
    stories,
    threads,
    tokens,
    triage,
    views,
    watch_state,
)
from storage.alerts import NewDelivery
from storage.database import transaction
from storage.times import to_text
from storage.triage_values import assignee_text, key_of
from storage.types import (
    Alert,
    Article,
    CanaryRun,
    Cause,
    CrawlFailure,
    Decision,
    DecisionKind,
    DeliveryState,
    FailureReason,
    Health,
    HealthState,
    Outcome,
    OutcomeClass,
    Person,
    PollResult,
    Role,
    Signal,
    Source,
    Status,
    Watch,
)
from storage.types.accounts import TokenScope
from storage.types.triage import Assignee, TriageField
from tests.outbox_fill import NOW
from tests.payloads import ADDRESSES, PAYLOADS

#: the twin's words; each text has its own
PLAIN: tuple[str, ...] = tuple(f"texte ordinaire {number}" for number in range(len(PAYLOADS)))


@dataclass(frozen=True, kw_only=True)
class Hostile:
    """Where the texts stand: one row of each kind a text, in the order of the texts."""

    texts: tuple[str, ...]
    stories: tuple[int, ...]
    articles: tuple[int, ...]
    alerts: tuple[str, ...]
    silences: tuple[int, ...]
    sources: tuple[str, ...]


def settings(folder: Path, texts: Sequence[str]) -> ReviewSettings:
    """Return settings whose watches are named by the texts."""
    return ReviewSettings(
        public_url="http://127.0.0.1/", language="fr", timezone="Europe/Zurich", data_folder=folder, version="0.0",
        watches=tuple(
            Watch(id=f"w{number}", name=text, pairs=(("FRA", "MLI"),)) for number, text in enumerate(texts)
        ),
    )  # fmt: skip


def fill(database: Database, texts: tuple[str, ...] = PAYLOADS) -> Hostile:
    """Put every text into every place."""
    found: list[tuple[int, int, str, int]] = []
    with transaction(database):
        # The crawler drops control characters; SQLite would cut the words of an act at this one.
        press = tuple(text.replace("\0", "") for text in texts)
        outlets = [_source(number, text) for number, text in enumerate(press)]
        sources.sync(database, outlets, NOW)
        for number, text in enumerate(texts):
            _trouble(database, outlets[number], text)
            story, article = _reported(database, number, press[number])
            told = _told(database, number, text, story, article)
            held = silences.add(
                database, watch_id=f"w{number}", author=text, reason=text, starts_at=NOW - timedelta(hours=1),
                ends_at=NOW + timedelta(hours=1), source_id=f"s{number}",
            )  # fmt: skip
            _judged(database, story, text)
            found.append((story, article, told, held.id))
            _named(database, number, text)
        threads.merge(database, found[-1][0], found[-2][0], author=texts[0], reason=texts[1], now=NOW)
        watch_state.record_canary(database, CanaryRun(started_at=NOW, ended_at=NOW, stage="fetch", detail=texts[2]))
    return Hostile(
        texts=texts,
        stories=tuple(story for story, _, _, _ in found),
        articles=tuple(article for _, article, _, _ in found),
        alerts=tuple(alert for _, _, alert, _ in found),
        silences=tuple(silence for _, _, _, silence in found),
        sources=tuple(outlet.id for outlet in outlets),
    )


def _source(number: int, text: str) -> Source:
    """An outlet named by the text; addresses pass the configuration, so they are none of these."""
    return Source(
        id=f"s{number}", name=text, url=f"https://outlet-{number}.example/",
        feeds=(f"https://outlet-{number}.example/feed",), language="fr", country="FRA", state_affiliation=text,
    )  # fmt: skip


def _trouble(database: Database, outlet: Source, text: str) -> None:
    """What went wrong with an outlet, in the far end's words."""
    failure = CrawlFailure(reason=FailureReason.NOT_A_FEED, detail=text)
    polled = PollResult(order_id="1", source_id=outlet.id, url=outlet.feeds[0], failure=failure, moved_to=None)
    sources.record_feed(database, polled, NOW)
    sources.record_poll(
        database, outlet.id, failure=failure, new_entries=0, next_check_at=NOW + timedelta(hours=1), now=NOW
    )
    judged = Health(
        state=HealthState.BROKEN_FEED,
        since=NOW - timedelta(hours=1),
        cause=Cause(detail=text, failure=failure.reason, failing=1, addresses=1, address=text),
    )
    health.save(database, outlet.id, judged, first_read_at=None)


def _reported(database: Database, number: int, text: str) -> tuple[int, int]:
    """An article in two versions with an act in each, and its story."""
    address = text if text in ADDRESSES else f"https://outlet-{number}.example/1"
    when = NOW - timedelta(minutes=number)
    sentence = f"Bamako a expulsé {text}"
    first = Article(
        source_id=f"s{number}", url=address, title=text, lede=text, paragraphs=(sentence, text, f"Avant {text} après."),
        authors=(text, text), agency=text, published_at=when, language="fr", fetched_at=when,
    )  # fmt: skip
    saved = articles.save(database, first, key=f"k{number}", origin=text, now=when)
    articles.save_signals(database, saved.article_id, saved.revision_id, (_signal(first, sentence, text),))
    story = stories.create(database, text, when)
    stories.attach(database, saved.article_id, story, when, severity=4, copy_of=None, coverage=None, origin=text)
    second = Article(
        source_id=f"s{number}", url=address, title=f"{text} bis", lede=text,
        paragraphs=(sentence, f"Autre {text} encore", f"Avant {text}{text} après."), authors=(text,),
        published_at=when, language="fr", fetched_at=NOW,
    )  # fmt: skip
    again = articles.save(database, second, key=f"k{number}", origin=text, now=NOW)
    act = _signal(second, sentence, text)
    articles.save_signals(database, again.article_id, again.revision_id, (act,))
    revisions.record_edit(database, again, added=(act,), dropped=(act,), now=NOW)
    revisions.withdraw(database, again.article_id, text, NOW)
    return story, saved.article_id


def _signal(article: Article, sentence: str, text: str) -> Signal:
    start = f"{article.title}\n{article.text}".index("expulsé")
    return Signal(
        type="expel_diplomats", severity=4, actor="MLI", target="FRA", status=Status.ASSERTED, sentence=sentence,
        start=start, end=start + len("expulsé"), rule=text, cues=(text, text),
    )  # fmt: skip


def _told(database: Database, number: int, text: str, story: int, article: int) -> str:
    """An alert on the story that could not be delivered, and a notice of the watch on itself."""
    alert = Alert(
        id=f"alr_{number}", key=f"key-{number}", type="alert.new", watch_id=f"w{number}", story_id=story, severity=4,
        headline=text, payload=json.dumps({"type": "alert.new", "data": {"why": [text], "summary": text}}),
        created_at=NOW - timedelta(minutes=30 + number),
    )  # fmt: skip
    row = NewDelivery(
        key=f"d-{number}", channel_id=text, recipient=text, state=DeliveryState.PENDING, next_attempt_at=NOW
    )
    revision = articles.get(database, article).revision_id
    alerts.raise_alert(database, alert, [row], decision=None, article_id=article)
    alerts.record_decision(
        database, Decision(watch_id=f"w{number}", kind=DecisionKind.NEW, reason="new_event", detail=text),
        article_id=article, revision_id=revision, alert_id=alert.id, rules_version=text, now=NOW,
    )  # fmt: skip
    ((delivery, _),) = deliveries.lease(database, text, NOW, 1, timedelta(minutes=1))
    deliveries.record(
        database, delivery.id, Outcome(outcome=OutcomeClass.GONE, code=410, detail=text), state=DeliveryState.DEAD,
        next_attempt_at=None, counts=True, maybe_delivered=False, started_at=NOW, ended_at=NOW,
    )  # fmt: skip
    alerts.acknowledge(database, alert.id, NOW, author=text)
    notice = Alert(
        id=f"alr_n{number}", key=f"key-n{number}", type="source.silent", watch_id="", story_id=None, severity=2,
        headline=text, payload=json.dumps({"type": "source.silent", "data": {"why": [text]}}),
        created_at=NOW - timedelta(minutes=30 + number),
    )  # fmt: skip
    alerts.raise_alert(database, notice, [], decision=None, article_id=None)
    return alert.id


def _judged(database: Database, story: int, text: str) -> None:
    """What people made of the story."""
    by = Person(id=None, name=text, role=Role.ADMIN)
    for field, after, subject in (
        (TriageField.TAG, text, key_of(text)),
        (TriageField.ASSIGNEE, assignee_text(Assignee(name=text)), ""),
    ):
        triage.write(database, story, field, after, by=by, now=NOW, subject=subject)
    notes.add(database, story, text, by=by, now=NOW)


def _named(database: Database, number: int, text: str) -> None:
    """A saved view and an account by the name, a token and a line of the audit."""
    # Views are made by forms that keep to one line; queries and names are shown as they are.
    views.add(
        database, view_id=f"v{number}", name=text, query=f"source={quote(text, safe='')}", person_id=None,
        created_by=text, on_dashboard=number % 3 == 0, now=NOW,
    )  # fmt: skip
    cursor = database.conn.execute(
        "INSERT INTO account (key, name, role, password, created_at, password_at) VALUES (?, ?, 'admin', '!', ?, ?)",
        (f"{number} {text}", text, to_text(NOW), to_text(NOW)),
    )
    tokens.add(database, f"t{number}", TokenScope.READ, f"{number}", NOW, account_id=cursor.lastrowid, created_by=text)
    audit.record(database, Person(id=None, name=text, role=Role.ADMIN), text, {"story": text, "view": text}, NOW)
