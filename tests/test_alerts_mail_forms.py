"""Every kind of mail that leaves is well formed, as the standard library's strict reader sees it."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts import notices
from alerts.apprise_message import render_note
from alerts.breaker import Breaker
from alerts.channel_notices import channel_body
from alerts.email import EmailSender
from alerts.notices import Body, Changed, Speech
from alerts.settings import DeliverySettings, EmailChannel, Language
from alerts.shrinking import shrunk
from alerts.trouble import Trouble
from storage.types import (
    Alert,
    CanaryRun,
    Cause,
    Delivery,
    DeliveryState,
    Health,
    HealthEvent,
    HealthState,
    Network,
    NetworkState,
)
from tests.test_alerts_message import alert

NOW = datetime(2026, 9, 19, 12, tzinfo=UTC)
HOSTILE = "Titre\r\nBcc: x@y.example\u2028\x00\x1c\u202e🚨 " + "é" * 400
DELIVERY = Delivery(
    id=1, key="msg_abcdefghijklmnopqrstuvwxyz", alert_id="alr_x", channel_id="desk", recipient="awa@example.org",
    state=DeliveryState.LEASED, attempts=0, created_at=NOW, next_attempt_at=NOW,
)  # fmt: skip
SPEECH = Speech(public_url="https://vigie.example", language="fr", zone=ZoneInfo("Europe/Paris"))


def stored(body: Body) -> Alert:
    return Alert(
        id=body.data.alert, key="k", type=body.type, watch_id="", story_id=None, severity=body.data.severity,
        headline=body.data.headline, payload=body.model_dump_json(), created_at=NOW, sequence=body.data.sequence,
    )  # fmt: skip


def changed(state: HealthState) -> Changed:
    health = Health(state=state, since=NOW, cause=Cause(detail=HOSTILE))
    was = HealthState.FRESH if state is HealthState.SILENT else HealthState.SILENT
    return Changed(
        event=HealthEvent(source_id="s", was=was, health=health, at=NOW), name=HOSTILE, url="https://a.example/"
    )


def kinds() -> dict[str, Alert]:
    """An alert of every kind, with what the press could write in each place."""
    told: dict[str, Any] = {"alert_id": "alr_n", "now": NOW, "speech": SPEECH}
    found = {
        "new": alert(HOSTILE, HOSTILE),
        "update": alert(HOSTILE, HOSTILE, update=True),
        "network down": stored(
            notices.network_body(Network(state=NetworkState.DOWN, since=NOW, failed=3, asked=4), **told)
        ),
        "network up": stored(
            notices.network_body(Network(state=NetworkState.UP, since=NOW, failed=0, asked=4), **told)
        ),
        "canary": stored(
            notices.canary_body(CanaryRun(started_at=NOW, ended_at=NOW, stage="stored", detail=HOSTILE), **told)
        ),
        "sources": stored(notices.sources_body([changed(state) for state in HealthState], **told)),
    }
    for state in HealthState:
        found[f"source {state}"] = stored(notices.sources_body([changed(state)], **told))
    for trouble in Trouble:
        breaker = Breaker(failing_since=NOW, detail=HOSTILE)
        found[f"channel {trouble}"] = stored(channel_body("desk", trouble, breaker, **told))
    return found


KINDS = kinds()


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_mail_of_every_kind_has_no_defect(kind: str, language: Language) -> None:
    channel = EmailChannel(
        id="desk", language=language, host="mail.example", port=587, sender="Vigie – veille <vigie@example.org>",
        recipients=("awa@example.org",),
    )  # fmt: skip
    sender = EmailSender(
        channel, DeliverySettings(), install_id="i", public_url="https://vigie.example", zone=SPEECH.zone
    )
    whole = sender.prepare(DELIVERY, KINDS[kind])
    small = shrunk(whole)
    assert small is not None
    plain = sender.prepare_plain(DELIVERY, replace(KINDS[kind], payload="{", headline=HOSTILE))
    for raw in (whole, small, plain):
        assert max(map(len, raw.split(b"\r\n"))) <= 998
        message = email.message_from_bytes(raw, policy=email.policy.default)
        for part in message.walk():
            assert part.defects == []
            assert all(value.defects == () for value in part.values()), list(part.items())
        assert message["Bcc"] is None
        assert (len(message.get_all("To", [])), message["Message-ID"]) == (1, f"<{DELIVERY.key}@vigie.invalid>")


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_message_of_every_kind_is_short_and_harmless(kind: str, language: Language) -> None:
    note = render_note(delivery_key=DELIVERY.key, alert=KINDS[kind], language=language, zone=SPEECH.zone)
    assert len(note.title) <= 130
    assert len(note.body) < 3000
    assert note.body
    assert note.footer.endswith(DELIVERY.key)
    assert not set("\r\x00\x1c\u2028\u202e<>") & set(note.title + note.body)
