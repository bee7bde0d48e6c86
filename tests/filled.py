"""A small archive with a row of everything that the page and the JSON interface show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from fastapi import FastAPI
from sqlite_utils import Database

from scheduler.ladder import note
from storage import alerts, articles, deliveries, notes, revisions, silences, sources, triage
from storage.articles import Saved, SaveKind
from storage.database import transaction
from storage.triage_values import standing_text
from storage.types import Article, Decision, DecisionKind, DeliveryState, Outcome, OutcomeClass, Person, Role
from storage.types.triage import Standing, TriageField, TriageState, Verdict
from tests.test_review_app import NOW, ORTM, RFI, Told, add_alert, store
from tests.visitor import routes

#: addresses that answer programs
FOR_PROGRAMS = re.compile(r"/api/|/feeds/|/static/|/websub/|.*\.(?:csv|jsonl|atom|json)$|/(?:healthz|readyz|metrics)$")
#: fragments for a script, and pages that need what this archive does not hold; tested with a service
ELSEWHERE = re.compile(r"/desk/new|.*/backtests/|/rules/\{|/shared/")


@dataclass(frozen=True, kw_only=True)
class Filled:
    """The ids of what stands in the archive."""

    article: int
    story: int
    alert: str
    delivery: int
    silence: int
    #: of the history of triage
    event: int


def fill(database: Database) -> Filled:
    """Store two stories; the first has an edited article, a copy, an alert with a dead delivery, and a silence."""
    with transaction(database):
        sources.sync(database, [RFI, ORTM], NOW)
    article, story = store(database, Told(lede="Bamako.", authors=("Awa Diarra",), cues=("a expulsé",)))
    copy, _ = store(
        database, Told(title="Reprise", source=ORTM, origin="AFP", url="https://ortm.example/2", when=NOW), story=story
    )
    store(database, Told(title="Récolte de coton", url="https://rfi.example/3", signal=False))
    before = articles.get(database, article)
    changed = Article(
        source_id="rfi", url=before.url, title=f"{before.title} à Bamako", paragraphs=(Told().sentence, "Un ajout."),
        fetched_at=NOW,
    )  # fmt: skip
    with transaction(database):
        saved = articles.save(database, changed, key=before.key, origin="RFI", now=NOW)
        revisions.record_edit(database, saved, added=(), dropped=(), now=NOW)
        acts = articles.signals(database, before.revision_id)
        articles.save_signals(database, article, saved.revision_id, acts)
        database.execute("UPDATE article SET copy_of = ? WHERE id = ?", (article, copy))
        for one, found in ((article, saved), (copy, None)):
            known = found or Saved(
                kind=SaveKind.SAME, article_id=one, revision_id=articles.get(database, one).revision_id,
                effective_at=NOW,
            )  # fmt: skip
            note(database, known, acts, NOW)
        alerts.record_decision(
            database, Decision(watch_id="france-mali", kind=DecisionKind.NEW, reason="new_event", detail="Premier."),
            article_id=article, revision_id=saved.revision_id, alert_id=None, rules_version="1", now=NOW,
        )  # fmt: skip
    alert = add_alert(database, story, article)
    with transaction(database):
        ((delivery, _),) = deliveries.lease(database, "desk", NOW, 1, timedelta(minutes=1))
        deliveries.record(
            database, delivery.id, Outcome(outcome=OutcomeClass.GONE, code=410, detail="410 Gone"),
            state=DeliveryState.DEAD, next_attempt_at=None, counts=True, maybe_delivered=False,
            started_at=NOW, ended_at=NOW,
        )  # fmt: skip
        by = Person(id=None, name="Awa", role=Role.ADMIN)
        event = notes.add(database, story, "à vérifier", by=by, now=NOW)
        triage.write(database, story, TriageField.TAG, "sommet", subject="sommet", by=by, now=NOW)
        judged = Standing(state=TriageState.RELEVANT, verdict=Verdict.RELEVANT, by="Awa", at=NOW)
        triage.write(database, story, TriageField.STANDING, standing_text(judged), by=by, now=NOW)
        silence = silences.add(
            database, watch_id="france-mali", author="Awa", reason="sommet", starts_at=NOW - timedelta(hours=1),
            ends_at=NOW + timedelta(days=1), story_id=story, pair=("FRA", "MLI"), types=("summon_ambassador",),
        )  # fmt: skip
    return Filled(article=article, story=story, alert=alert, delivery=delivery.id, silence=silence.id, event=event.id)


def pages(app: FastAPI, known: Filled) -> Iterator[str]:
    """Every page that is registered, its places filled in, and some in a further state."""
    places = {
        "story_id": known.story, "article_id": known.article, "alert_id": known.alert, "silence_id": known.silence,
        "watch_id": "france-mali", "source_id": "rfi",
    }  # fmt: skip
    for method, path in routes(app):
        if method == "GET" and not FOR_PROGRAMS.match(path) and not ELSEWHERE.match(path):
            yield re.sub(r"\{(\w+)[^}]*\}", lambda place: str(places.get(place[1], "1")), path)
    yield from (
        "/?show=all", "/?q=Mali", "/?q=%22never+closed", "/?q=nothinglikeit", "/?story=1", "/nowhere",
        f"/articles/{known.article}?revision=2&changes=1", "/triage/bulk?story=1&story=2&do=relevant",
    )  # fmt: skip
