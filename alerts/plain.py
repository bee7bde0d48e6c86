"""What is said when the words fail: bodies of alerts and notices built of bare facts, with nothing that can go wrong.

They are used where :mod:`alerts.decide`, :mod:`alerts.payload` or :mod:`alerts.alert_notices` raised: an alert in poor
words is better than one that nobody hears.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from alerts import notices
from alerts.acts import Act, is_told
from alerts.notices import Speech
from alerts.payload import ArticleFacts, Body, Data, Event, StoryFacts, links_for
from alerts.text import clean_line, shorten
from storage.types import Alert, Decision, DecisionKind, Signal, Story, StoryArticle, Watch, utc

#: acts and articles that are named
MOST = 5


def plain_decision(watch: Watch, signals: Sequence[Signal], told: Iterable[tuple[Act, int]] | None) -> Decision:
    """Return what is decided of an article when deciding fails: what was not told is told.

    Args:
        watch: who might be told.
        signals: of the article, over the watch's bar.
        told: acts of its story that were told, each with its highest severity; None: nothing was.
    """
    known = tuple(told or ())
    new = tuple(signal for signal in signals if not is_told(signal, known))
    if not new:
        reason = "already_told" if signals else "no_signal"
        return Decision(watch_id=watch.id, kind=DecisionKind.NONE, reason=reason, detail="nothing that was not told")
    first = told is None
    return Decision(
        watch_id=watch.id,
        kind=DecisionKind.NEW if first else DecisionKind.UPDATE,
        reason="new_story" if first else "new_act",
        detail="over the bar, and not told yet",
        severity=max(signal.severity for signal in new),
        signals=new,
    )


def plain_body(
    decision: Decision, story: Story, article: StoryArticle, *, alert_id: str, public_url: str, now: datetime,
    sequence: int,
) -> Body:  # fmt: skip
    """Return the body of an alert that could not be worded.

    Args:
        decision: what is told.
        story: what it is about.
        article: what set it off.
        alert_id: its public id.
        public_url: where the review page answers.
        now: when it was decided, aware.
        sequence: 1 for the first alert of the story to the watch.
    """
    title = shorten(clean_line(article.title), 140)
    severity = max(1, min(5, decision.severity))
    data = Data(
        alert=alert_id,
        watch=decision.watch_id,
        severity=severity,
        headline=f"[{severity}/5] {title}",
        summary=title,
        events=tuple(_event(signal) for signal in decision.signals[:MOST]),
        story=StoryFacts(
            id=story.id,
            url=links_for(public_url, story_id=story.id, alert_id=alert_id, watch_id=decision.watch_id).story,
            articles=story.articles,
            origins=tuple(shorten(clean_line(origin), 80) for origin in story.origins[:MOST]),
            outlets=story.outlets,
            first_seen=utc(story.first_seen_at),
        ),
        articles=(
            ArticleFacts(
                title=title,
                url=shorten(clean_line(article.url), 500),
                source=shorten(clean_line(article.source_name), 80),
                origin=shorten(clean_line(article.origin), 80),
                published=article.published_at,
                first_seen=utc(article.first_seen_at),
            ),
        ),
        why=(shorten(clean_line(decision.detail), 240),),
        links=links_for(public_url, story_id=story.id, alert_id=alert_id, watch_id=decision.watch_id),
        sequence=sequence,
        reason=decision.reason,
    )
    kind = "new" if decision.kind is DecisionKind.NEW else "update"
    return Body(type=f"alert.{kind}", timestamp=utc(now), data=data)


def _event(signal: Signal) -> Event:
    return Event(
        type=signal.type, actor=signal.actor, target=signal.target, status=signal.status, severity=signal.severity,
        sentence=shorten(clean_line(signal.sentence), 400),
    )  # fmt: skip


def plain_notice(
    kind: str, told: Sequence[Alert], *, alert_id: str, since: datetime, now: datetime, speech: Speech
) -> notices.Body:
    """Return the body of a notice on alerts that could not be worded: their headlines, one after the other.

    Args:
        kind: type of the notice.
        told: the alerts; at least one.
        alert_id: public id of the notice.
        since: when what it tells of began, aware.
        now: aware.
        speech: where the page answers.
    """
    gravest = sorted(told, key=lambda alert: -alert.severity)
    names = shorten(" · ".join(shorten(alert.headline, 140) for alert in gravest[:MOST]), 700)
    base = clean_line(speech.public_url).rstrip("/")
    data = notices.Data(
        alert=alert_id,
        severity=gravest[0].severity,
        headline=shorten(f"{kind} ({len(told)}): {names}", 200),
        summary=names,
        since=utc(since),
        count=len(told),
        why=(kind,),
        links=notices.Links(sources=f"{base}/sources", ack=f"{base}/alerts/{gravest[0].id}/ack", page=f"{base}/alerts"),
    )
    return notices.Body(type=kind, timestamp=utc(now), data=data)
