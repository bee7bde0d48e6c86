"""Notices that tell of alerts: what a silence held back, and what nobody acknowledged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from alerts import alert_wording, notices, silencing
from alerts.alert_facts import ActFacts, AlertFacts, SilenceFacts
from alerts.notices import Body, Data, Links, Speech
from alerts.payload import LIMIT
from alerts.text import clean_line, shorten
from storage.types import Alert, Silence, utc

#: alerts named in one notice at most, the gravest first; the page shows all
MOST_ALERTS = 40


def silence_body(silence: Silence, hidden: Sequence[Alert], *, alert_id: str, now: datetime, speech: Speech) -> Body:
    """Return the body that tells what a silence held back.

    Args:
        silence: that ended.
        hidden: the alerts; at least one.
        alert_id: public id of the notice.
        now: aware.
        speech: language, zone and address of the page.
    """
    facts = SilenceFacts(
        id=silence.id,
        author=shorten(clean_line(silence.author), 80),
        reason=shorten(clean_line(silence.reason), 300),
        starts=utc(silence.starts_at),
        ends=utc(silence.ends_at),
        matches=shorten(silencing.describe(silence), 300),
    )
    summary = alert_wording.ended_summary(facts, speech.language, speech.zone)
    page = f"{_base(speech)}/silences/{silence.id}"
    gravest = sorted(hidden, key=lambda alert: -alert.severity)[:MOST_ALERTS]
    data = Data(
        alert=alert_id,
        severity=max(alert.severity for alert in hidden),
        headline=alert_wording.ended(len(hidden), speech.language),
        summary=summary,
        since=utc(silence.starts_at),
        alerts=tuple(_facts(alert, speech) for alert in gravest),
        count=len(hidden),
        silence=facts,
        why=(summary,),
        links=Links(sources=f"{_base(speech)}/sources", ack=f"{_base(speech)}/alerts/{alert_id}/ack", page=page),
    )
    body = Body(type=notices.SILENCE_ENDED, timestamp=utc(now), data=data)
    while len(body.model_dump_json().encode()) >= LIMIT:
        fewer = body.data.alerts[: len(body.data.alerts) * 3 // 4]
        body = body.model_copy(update={"data": body.data.model_copy(update={"alerts": fewer})})
    return body


def escalation_body(alert: Alert, sent_at: datetime, *, alert_id: str, now: datetime, speech: Speech) -> Body:
    """Return the body that tells that nobody acknowledged an alert.

    Args:
        alert: that is carried further.
        sent_at: when it reached the first recipient.
        alert_id: public id of the notice.
        now: aware.
        speech: language, zone and address of the page.
    """
    facts = _facts(alert, speech, whole=True)
    summary = alert_wording.since(sent_at, speech.language, speech.zone)
    data = Data(
        alert=alert_id,
        severity=alert.severity,
        headline=alert_wording.unacknowledged(facts, speech.language),
        summary=summary,
        since=utc(sent_at),
        alerts=(facts,),
        count=1,
        why=(summary,),
        links=Links(
            sources=f"{_base(speech)}/sources",
            # The first alert is what is to be taken in hand.
            ack=f"{_base(speech)}/alerts/{alert.id}/ack",
            page=facts.url,
        ),
        sequence=2,
    )
    return Body(type=notices.UNACKNOWLEDGED, timestamp=utc(now), data=data)


def _facts(alert: Alert, speech: Speech, *, whole: bool = False) -> AlertFacts:
    told = _told(alert)
    events = [event for event in told.get("events", ()) if isinstance(event, dict)]
    first = events[0] if events else None
    happened = [event for event in events if first is not None and event.get("status") == first.get("status")]
    return AlertFacts(
        id=alert.id,
        watch=shorten(clean_line(alert.watch_id), 80),
        story=alert.story_id,
        severity=alert.severity,
        headline=shorten(clean_line(alert.headline), 140),
        summary=shorten(clean_line(str(told.get("summary", ""))), 700) if whole else "",
        created=utc(alert.created_at),
        url=_page_of(alert, speech),
        act=None if first is None else ActFacts.model_validate({key: first.get(key) for key in ActFacts.model_fields}),
        acts=len(happened),
        update=alert.sequence > 1,
        reason=shorten(clean_line(str(told.get("reason") or "")), 80),
    )


def _told(alert: Alert) -> dict[str, Any]:
    """Return what an alert's body says; one that cannot be read is named by its headline alone."""
    try:
        data = json.loads(alert.payload)["data"]
    except (ValueError, KeyError, TypeError):
        return {}
    return data if isinstance(data, dict) else {}


def _page_of(alert: Alert, speech: Speech) -> str:
    if alert.story_id is not None:
        return f"{_base(speech)}/stories/{alert.story_id}"
    return f"{_base(speech)}/alerts/{alert.id}/ack"


def _base(speech: Speech) -> str:
    return clean_line(speech.public_url).rstrip("/")
