"""``check --send``: a marked test through every channel, and what the far end answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from rich.markup import escape

from alerts import identity
from alerts.message import TEST
from alerts.sender import Progress
from alerts.senders import build_senders
from alerts.settings import Channel, recipients
from scheduler.clock import now_utc
from scheduler.errors import UnknownChangeError
from storage.types import Alert, Delivery, DeliveryState, Outcome, OutcomeClass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the far end said to one test."""

    channel_id: str
    recipient: str
    outcome: Outcome

    @property
    def well(self) -> bool:
        """Whether it took the test."""
        return self.outcome.outcome is OutcomeClass.OK


async def probe(settings: Settings, channels: Sequence[Channel]) -> list[Answer]:
    """Send a marked test to every recipient of some channels, outside of the outbox, and return what came back."""
    senders = build_senders(
        channels,
        settings.delivery,
        install_id="check",
        public_url=settings.public_url,
        zone=ZoneInfo(settings.timezone),
        clock=now_utc,
    )
    alert = test_alert(settings)
    answers = []
    for channel in channels:
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
            answers.append(Answer(channel_id=channel.id, recipient=recipient, outcome=outcome))
        await sender.close()
    return answers


async def send_tests(settings: Settings) -> int:
    """Send the test to every recipient of every channel and print the answers; return 1 if any fails."""
    answers = await probe(settings, settings.channels)
    for answer in answers:
        outcome = answer.outcome
        word = "[green]ok[/]" if answer.well else f"[red]{outcome.outcome}[/]"
        name = f"{answer.channel_id} {answer.recipient}".strip()
        output.console().print(f"{escape(name)}: {word} {escape(outcome.detail)}")
    if not settings.channels:
        output.console().print("no channel is configured; add a [[channel]]", markup=False)
    return PARTLY if any(not answer.well for answer in answers) else 0


async def test_channel(settings: Settings, channel_id: str) -> str:
    """Test one channel and return the answers for the page, a line for each recipient.

    Raises:
        UnknownChangeError: no such channel is configured.
    """
    channels = [channel for channel in settings.channels if channel.id == channel_id]
    if not channels:
        raise UnknownChangeError(f"no channel {channel_id!r} is configured")
    answers = await probe(settings, channels)
    return "\n".join(
        " ".join(filter(None, (answer.recipient, str(answer.outcome.outcome), answer.outcome.detail)))
        for answer in answers
    )
