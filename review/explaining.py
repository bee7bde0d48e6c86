"""Why an article did or did not alert: how it was read, what each watch decided, and what became of each delivery.

The page shows it and ``vigie explain`` prints it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

from detection.engine import Document, RuleSet
from detection.explaining import ExplainedSentence, explain
from storage import alerts, batches, deliveries
from storage.alerts import StoredDecision
from storage.articles import StoredArticle
from storage.types import Delivery, DeliveryState, Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of one delivery."""

    delivery: Delivery
    #: the delivery of the list that told a gathered one, None where none did
    told_in: Delivery | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one watch decided, and where its alert went, in the order in which the deliveries were made."""

    decision: StoredDecision
    fates: tuple[Fate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How a stored article is read by the rules in use."""

    article: StoredArticle
    #: what it was read as, None for a language without rules
    language: str | None
    #: what was left out, and why
    unread: tuple[str, ...]
    sentences: tuple[ExplainedSentence, ...]
    signals: tuple[Signal, ...]


def read_again(stored: StoredArticle, rules: RuleSet, *, every: bool = False) -> Explanation:
    """Read a stored article once more, and say how.

    Args:
        stored: the article.
        rules: to read it with; those of the time when it came may have been others.
        every: explain sentences without a match as well.
    """
    document = Document(
        title=stored.title,
        text=stored.text,
        published_at=stored.published_at or stored.first_seen_at,
        language=stored.language,
    )
    found, sentences = explain(document, rules, every=every)
    return Explanation(
        article=stored,
        language=found.language,
        unread=tuple(found.unread),
        sentences=sentences,
        signals=tuple(found.signals),
    )


def verdicts(database: Database, article_id: int, watch_id: str | None = None) -> list[Verdict]:
    """Return what the watches decided about an article, with the fate of each delivery.

    Args:
        database: the archive.
        article_id: of the article.
        watch_id: only this watch's decisions.
    """
    return [
        Verdict(decision=decision, fates=_fates(database, decision.alert_id))
        for decision in alerts.decisions(database, article_id)
        if watch_id in {None, decision.watch_id}
    ]


def _fates(database: Database, alert_id: str | None) -> tuple[Fate, ...]:
    if alert_id is None:
        return ()
    return tuple(
        Fate(
            delivery=row,
            told_in=batches.list_of(database, row) if row.state is DeliveryState.BATCHED else None,
        )
        for row in reversed(deliveries.listing(database, alert_id=alert_id))
    )
