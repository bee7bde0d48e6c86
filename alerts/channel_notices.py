"""The notice that tells, through other channels, that one fails, is switched off or works again."""

from __future__ import annotations

from datetime import datetime

from alerts import channel_wording, notices
from alerts.breaker import Breaker
from alerts.notices import Body, ChannelFacts, Data, Speech
from alerts.trouble import Trouble
from storage.types import utc


def type_of(trouble: Trouble) -> str:
    """Return the webhook type of what is told."""
    if trouble is Trouble.RECOVERED:
        return notices.CHANNEL_RECOVERED
    closed = trouble in (Trouble.GONE, Trouble.DISABLED)
    return notices.CHANNEL_DISABLED if closed else notices.CHANNEL_FAILING


def channel_body(
    channel_id: str, trouble: Trouble, breaker: Breaker, *, alert_id: str, now: datetime, speech: Speech
) -> Body:
    """Return the body that tells of a channel.

    Args:
        channel_id: which channel.
        trouble: what is told of it.
        breaker: its health; while it fails, or before it recovered.
        alert_id: public id of the notice.
        now: aware.
        speech: how the notice speaks.
    """
    kind = type_of(trouble)
    since = utc(breaker.failing_since or now)
    said = channel_wording.sentence(channel_id, trouble, breaker.detail, speech.language)
    data = Data(
        alert=alert_id,
        severity=notices.severity_of(kind),
        headline=channel_wording.headline(channel_id, trouble, speech.language),
        summary=said,
        state=str(trouble),
        since=since,
        channel=ChannelFacts(id=channel_id, trouble=str(trouble), detail=breaker.detail),
        why=(said,),
        links=notices.links(alert_id, speech),
        sequence=2 if trouble is Trouble.RECOVERED else 1,
    )
    return Body(type=kind, timestamp=utc(now), data=data)
