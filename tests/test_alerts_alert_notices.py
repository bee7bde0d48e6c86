"""Notices that tell of alerts, in both languages: as a webhook body, as a mail and as a chat message."""

from __future__ import annotations

import email
import email.policy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest

from alerts import alert_notices, identity, notices
from alerts.apprise_message import render_note
from alerts.notice_message import render_notice_email
from alerts.notices import Body, Speech
from alerts.settings import EmailChannel, Language
from storage.types import Alert, Silence

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
SPEECH = Speech(public_url="https://vigie.example/", language="fr", zone=PARIS)
SILENCE = Silence(
    id=3, watch_id="france-mali", author="Awa <b>", reason="sommet\nsuivi", starts_at=NOW - timedelta(hours=2),
    ends_at=NOW, max_severity=4,
)  # fmt: skip
ACT = {"type": "expel_diplomats", "actor": "MLI", "target": "FRA", "severity": 4, "status": "asserted"}


def told(name: str, severity: int = 4, *, acts: int = 1, story: int | None = 7) -> Alert:
    data = {"headline": name, "summary": "« Le Mali a expulsé. »", "events": [ACT] * acts}
    return Alert(
        id=f"alr_{name}", key=name, type="alert.new", watch_id="france-mali", story_id=story, severity=severity,
        headline=f"Grave · {name}", payload=json.dumps({"data": data}), created_at=NOW - timedelta(hours=1),
    )  # fmt: skip


def stored(body: Body, watch: str = "") -> Alert:
    return Alert(
        id=body.data.alert, key="k", type=body.type, watch_id=watch, story_id=None, severity=body.data.severity,
        headline=body.data.headline, payload=body.model_dump_json(), created_at=NOW, sequence=body.data.sequence,
    )  # fmt: skip


def ended(*hidden: Alert) -> Alert:
    return stored(alert_notices.silence_body(SILENCE, hidden, alert_id="alr_end", now=NOW, speech=SPEECH))


def escalated() -> Alert:
    body = alert_notices.escalation_body(
        told("one", acts=2), NOW - timedelta(minutes=15), alert_id="alr_esc", now=NOW, speech=SPEECH
    )
    return stored(body, watch="france-mali")


def mail(alert: Alert, language: Language) -> tuple[EmailMessage, str, str]:
    channel = EmailChannel(
        id="m", host="h", port=25, tls="none", sender="v@x.example", recipients=("a@x.example",), language=language
    )
    raw = render_notice_email(
        delivery_key="msg_x", alert=alert, channel=channel, recipient="a@x.example", install_id="i", zone=PARIS
    )
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    return message, text.get_content(), html.get_content()


def test_the_gravest_is_named_first() -> None:
    body = notices.read_notice(ended(told("a", 2), told("b", 5), told("c", 4)))
    assert [alert.severity for alert in body.data.alerts] == [5, 4, 2]
    assert (body.data.severity, body.data.count) == (5, 3)


@pytest.mark.parametrize(
    ("language", "subject", "line", "link"),
    [
        (
            "fr",
            "Fin de sourdine\u202f: 2\u00a0alertes retenues",
            "Mali → France\u202f: expulsion",
            "La sourdine\u202f: ",
        ),
        ("en", "Silence over: 2 alerts held back", "Mali → France: ", "The silence: "),
    ],
)
def test_the_mail_of_an_end_names_each_alert_in_the_readers_language(
    language: Language, subject: str, line: str, link: str
) -> None:
    alert = ended(told("one"), told("two", story=None))
    message, text, html = mail(alert, language)
    assert message["subject"] == subject
    assert text.count(line) == 2
    for address in ("https://vigie.example/stories/7", "https://vigie.example/alerts/alr_two/ack"):
        assert address in text
        assert f'href="{address}"' in html
    assert f"{link}https://vigie.example/silences/3" in text
    assert "sommet suivi" in text
    assert "<b>" not in html
    assert message["list-id"] == f"<operations.{identity.MAIL_DOMAIN}>"


@pytest.mark.parametrize(
    ("language", "subject", "says", "link"),
    [
        ("fr", "Non prise en charge · Grave · Mali → France", "Personne n’a pris cette alerte en charge", "Prendre en"),
        ("en", "Unacknowledged · Severe · Mali → France", "Nobody has acknowledged this since", "Acknowledge: "),
    ],
)
def test_the_mail_of_an_escalation_says_so_in_the_thread_of_the_story(
    language: Language, subject: str, says: str, link: str
) -> None:
    message, text, html = mail(escalated(), language)
    assert message["subject"].startswith(subject)
    assert says in text
    assert says.replace("’", "&#39;") in html or says in html
    assert link in text
    assert "https://vigie.example/alerts/alr_one/ack" in text
    assert "Le Mali a expulsé" in text
    assert message["in-reply-to"] == identity.thread_id(install_id="i", watch_id="france-mali", subject="story:7")
    assert message["list-id"] == f"<{identity.list_id('france-mali')}>"


@pytest.mark.parametrize(("language", "mark"), [("fr", "Grave (démenti)"), ("en", "Severe (denied)")])
def test_an_escalation_says_what_kind_of_message_nobody_answered(language: Language, mark: str) -> None:
    alert = told("one")
    body = json.loads(alert.payload)
    body["data"]["reason"] = "denied"
    denial = replace(alert, type="alert.correction", payload=json.dumps(body), sequence=2)
    notice = alert_notices.escalation_body(denial, NOW, alert_id="alr_esc", now=NOW, speech=SPEECH)
    message, text, _ = mail(stored(notice, watch="france-mali"), language)
    assert f" · {mark} · Mali → France" in message["subject"]
    assert f"- {mark} · " in text


@pytest.mark.parametrize("language", ["fr", "en"])
def test_chats_get_the_same_facts(language: Language) -> None:
    note = render_note(
        delivery_key="msg_x", alert=ended(*(told(f"n{n}") for n in range(20))), language=language, zone=PARIS
    )
    assert note.body.count("Mali → France") == 12
    assert "8" in note.body.split("…")[-1]
    assert "https://vigie.example/silences/3" in note.body
    note = render_note(delivery_key="msg_x", alert=escalated(), language=language, zone=PARIS)
    assert "https://vigie.example/alerts/alr_one/ack" in note.body


def test_an_alert_that_cannot_be_read_is_named_by_its_headline() -> None:
    broken = Alert(
        id="alr_x", key="x", type="alert.new", watch_id="w", story_id=1, severity=4, headline="Grave · x",
        payload="[]", created_at=NOW,
    )  # fmt: skip
    _, text, _ = mail(ended(broken), "en")
    assert "Grave · x" in text
