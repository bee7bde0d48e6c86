"""``check --send``: a marked test through every channel, and what the far end answered."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

from rich.markup import escape

from alerts import identity
from alerts.message import TEST
from alerts.sender import Progress
from alerts.senders import build_senders
from alerts.settings import recipients
from scheduler.clock import now_utc
from storage.types import Alert, Delivery, DeliveryState, OutcomeClass
from vigie import output
from vigie.commands import PARTLY
from vigie.settings import Settings


def test_alert(settings: Settings) -> Alert:
    """Build an alert that says in its headline that it is only a test."""
    now = now_utc()
    key = identity.alert_key(install_id="check", watch_id="test", subject="test", trigger=now.isoformat())
    headline = "[Test] Essai de Vigie" if settings.language == "fr" else "[Test] Test from Vigie"
    sentence = (
        "Ceci est un essai demandé par « vigie check --send »."
        if settings.language == "fr"
        else "This is a test asked for by 'vigie check --send'."
    )
    identifier = identity.alert_id(key)
    body = {
        "type": TEST,
        "timestamp": now.isoformat(),
        "data": {
            "alert": identifier,
            "watch": "test",
            "severity": 1,
            "headline": headline,
            "summary": sentence,
            "events": [
                {
                    "type": "accuse",
                    "actor": None,
                    "target": None,
                    "status": "hypothetical",
                    "severity": 1,
                    "sentence": sentence,
                }
            ],
            "story": {
                "id": 0,
                "url": settings.public_url,
                "articles": 0,
                "origins": [],
                "outlets": 0,
                "first_seen": now.isoformat(),
            },
            "articles": [],
            "why": ["test"],
            "links": {"story": settings.public_url, "ack": settings.public_url, "silence": settings.public_url},
            "sequence": 1,
        },
    }
    return Alert(
        id=identifier,
        key=key,
        type=TEST,
        watch_id="test",
        story_id=None,
        severity=1,
        headline=headline,
        payload=json.dumps(body, ensure_ascii=False),
        created_at=now,
    )


async def send_tests(settings: Settings) -> int:
    """Send the test to every recipient of every channel; return 1 if any fails."""
    senders = build_senders(
        settings.channels,
        settings.delivery,
        install_id="check",
        public_url=settings.public_url,
        zone=ZoneInfo(settings.timezone),
        clock=now_utc,
    )
    alert = test_alert(settings)
    failed = False
    for channel in settings.channels:
        sender = senders[channel.id]
        for recipient in recipients(channel):
            delivery = Delivery(
                id=0,
                key=identity.delivery_key(alert_key=alert.key, channel_id=channel.id, recipient=recipient),
                alert_id=alert.id,
                channel_id=channel.id,
                recipient=recipient,
                state=DeliveryState.LEASED,
                attempts=0,
                created_at=alert.created_at,
                next_attempt_at=alert.created_at,
            )
            # The plain form carries nothing but the headline, which says that it is a test.
            message = sender.prepare_plain if recipient else sender.prepare
            outcome = await sender.transmit(delivery, message(delivery, alert), Progress())
            failed |= outcome.outcome is not OutcomeClass.OK
            word = "[green]ok[/]" if outcome.outcome is OutcomeClass.OK else f"[red]{outcome.outcome}[/]"
            name = f"{channel.id} {recipient}".strip()
            output.console().print(f"{escape(name)}: {word} {escape(outcome.detail)}")
        await sender.close()
    if not settings.channels:
        output.console().print("no channel is configured; add a [[channel]]", markup=False)
    return PARTLY if failed else 0
