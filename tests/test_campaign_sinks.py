"""The campaign's receivers take nothing that a person or a program should not get."""

from __future__ import annotations

import contextlib
import json
import socket
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import aiohttp
import aiosmtplib
import pytest
from standardwebhooks import Webhook

from tests.campaign.sinks import HOST, PREVIOUS_SECRET, SECRET, HookSink, MailAct, MailSink
from tests.campaign.sut import until
from tests.campaign.world import Background
from tests.certificates import write_certificates

BODY = json.dumps({"type": "alert.created", "data": {"watch": "w", "title": "tok-a-00001"}})


def mail(headers: str = "", text: str = "texte", *, short: bool = False) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = (
        "vigie@example.org",
        "duty@example.org",
        "<one@vigie.invalid>",
    )
    message["Subject"] = "tok-a-00001"
    message.set_content(text)
    if not short:
        message.add_alternative("<p>texte</p>", subtype="html")
    return headers.encode() + message.as_bytes()


async def sent(sink: MailSink, *mails: bytes) -> list[str]:
    """Send mails to the duty, and return what was wrong with them."""
    await sink.start()
    try:
        for each in mails:
            with contextlib.suppress(aiosmtplib.SMTPDataError):
                await aiosmtplib.send(
                    each, sender="vigie@example.org", recipients=["duty@example.org"], hostname=HOST, port=sink.port,
                    start_tls=False,
                )  # fmt: skip
    finally:
        await sink.stop()
    return sink.ledger.invalid


async def test_sound_mail_is_taken() -> None:
    sink = MailSink()
    assert await sent(sink, mail()) == []
    assert len(sink.ledger.arrived) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        mail("Bcc: victim@example.org\n"),
        mail("Cc: victim@example.org\n"),
        mail("Subject: autre\n"),
        mail("To: victim@example.org\n"),
        mail(text="a\u2028b"),
        mail(text="\u202eb"),
        mail(short=True),
    ],
)
async def test_forged_or_unreadable_mail_is_noted(wrong: bytes) -> None:
    assert len(await sent(MailSink(), wrong)) == 1


async def test_short_mail_is_taken_after_one_that_was_too_big() -> None:
    sink = MailSink()
    sink.acts["duty@example.org"].append(MailAct(data="552 5.3.4 too big"))
    assert await sent(sink, mail(), mail(short=True)) == []
    assert sink.short == sink.too_big == ["<one@vigie.invalid>"]


def test_dripping_server_notes_how_long_its_clients_stay() -> None:
    sink = MailSink()
    sink.dripping = 0.01
    with Background() as background:
        background.call(sink.start())
        with socket.create_connection((HOST, sink.port), 10) as client:
            assert client.recv(1) == client.recv(1) == b"2"
        assert until(lambda: bool(sink.dripped), 10)
        background.call(sink.stop())
    assert sink.dripped[0] >= 0.01


@pytest.mark.parametrize("keys", [(SECRET,), (PREVIOUS_SECRET,), (SECRET, PREVIOUS_SECRET)])
async def test_message_of_a_rotation_needs_both_signatures(keys: tuple[str, ...]) -> None:
    sink = HookSink(secrets=(SECRET, PREVIOUS_SECRET))
    await sink.start()
    try:
        now = datetime.now(UTC)
        signature = " ".join(Webhook(key).sign("msg_1", now, BODY) for key in keys)
        headers = {
            "webhook-id": "msg_1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature,
        }  # fmt: skip
        async with aiohttp.ClientSession() as session, session.post(sink.url("hook"), data=BODY, headers=headers):
            pass
    finally:
        await sink.stop()
    both = len(keys) == 2
    assert (len(sink.ledger.arrived), len(sink.ledger.invalid)) == (both, not both)
    assert sink.types == ["alert.created"] * both


async def test_request_over_a_doubtful_certificate_is_noted(tmp_path: Path) -> None:
    """A client that believes any certificate is seen: the address of its channel leads there."""
    sink = HookSink(tls={"doubtful": write_certificates(tmp_path, HOST)["self-signed"]})
    await sink.start()
    try:
        async with aiohttp.ClientSession() as session, session.post(sink.url("doubtful"), data=BODY, ssl=False):
            pass
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            async with aiohttp.ClientSession() as session:
                await session.post(sink.url("doubtful"), data=BODY)
    finally:
        await sink.stop()
    assert len(sink.ledger.attempts["doubtful"]) == 1
