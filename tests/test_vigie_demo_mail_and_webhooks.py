"""The demo's inbox and webhook receiver, over real SMTP and HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import aiohttp
import aiosmtplib
import pytest
from aiohttp import ClientSession
from standardwebhooks import Webhook

from vigie.demo.errors import NotRunningError
from vigie.demo.inbox import KEPT, Inbox, ReceivedMail, parse_mail
from vigie.demo.receiver import ReceivedEvent, WebhookReceiver


def message(subject: str = "Mali : la France suspend sa coopération") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "vigie@example.org"
    mail["To"] = "desk@example.org"
    mail["Subject"] = subject
    mail["Message-ID"] = "<alr_1@vigie.example>"
    mail.set_content("Paris suspend.\n")
    mail.add_alternative("<p>Paris suspend.</p>", subtype="html")
    return mail


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    inbox = Inbox()
    await inbox.start()
    yield inbox
    await inbox.stop()


async def test_a_mail_is_kept_parsed_and_told() -> None:
    told: list[ReceivedMail] = []
    inbox = Inbox(told.append)
    await inbox.start()
    try:
        before = datetime.now(UTC)
        await aiosmtplib.send(message(), hostname=inbox.host, port=inbox.port, timeout=5)
        (mail,) = inbox.mails
        assert told == [mail]
        assert mail.subject == "Mali : la France suspend sa coopération"
        assert mail.message_id == "<alr_1@vigie.example>"
        assert (mail.sender, mail.recipients) == ("vigie@example.org", ("desk@example.org",))
        assert (mail.text.strip(), mail.html.strip()) == ("Paris suspend.", "<p>Paris suspend.</p>")
        assert before <= mail.received_at <= datetime.now(UTC)
        assert ("To", "desk@example.org") in mail.headers
    finally:
        await inbox.stop()


async def test_what_arrived_stays_readable_after_stop(inbox: Inbox) -> None:
    await aiosmtplib.send(message("one"), hostname=inbox.host, port=inbox.port, timeout=5)
    await aiosmtplib.send(message("one"), hostname=inbox.host, port=inbox.port, timeout=5)
    await inbox.stop()
    assert [mail.subject for mail in inbox.mails] == ["one", "one"]
    with pytest.raises(NotRunningError):
        _ = inbox.port


async def test_stop_does_not_wait_for_an_open_connection(inbox: Inbox) -> None:
    client = aiosmtplib.SMTP(hostname=inbox.host, port=inbox.port, timeout=5)
    await client.connect()
    await inbox.stop()
    client.close()


def test_a_mail_without_parts_or_subject_is_still_a_mail() -> None:
    mail = parse_mail(b"\r\n", sender="", recipients=(), now=datetime(2025, 9, 19, tzinfo=UTC))
    assert (mail.subject, mail.message_id, mail.html) == ("", "", "")


def test_the_inbox_is_bounded() -> None:
    assert Inbox()._mails.maxlen == KEPT


# --- webhooks -----------------------------------------------------------------------------------------


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    receiver = WebhookReceiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    async with ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session


BODY = json.dumps({"type": "alert.new", "data": {"headline": "Coopération suspendue"}})


def signed(secret: str, body: str, *, event_id: str = "evt_1", when: datetime | None = None) -> dict[str, str]:
    moment = when or datetime.now(UTC)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, moment, body),
    }


async def post(client: ClientSession, url: str, body: str, headers: dict[str, str]) -> int:
    async with client.post(url, data=body.encode(), headers=headers) as response:
        return response.status


async def test_a_signed_event_is_kept_and_told_once(client: ClientSession) -> None:
    told: list[ReceivedEvent] = []
    receiver = WebhookReceiver(on_event=told.append)
    await receiver.start()
    try:
        headers = signed(receiver.secret, BODY)
        assert [await post(client, receiver.url, BODY, headers) for _ in range(3)] == [204, 204, 204]
        (event,) = receiver.events
        assert (event.id, event.type, event.repeats) == ("evt_1", "alert.new", 2)
        assert event.body["data"] == {"headline": "Coopération suspendue"}
        assert receiver.repeats == 2
        assert [known.id for known in told] == ["evt_1"]
        assert await post(client, receiver.url, BODY, signed(receiver.secret, BODY, event_id="evt_2")) == 204
        assert [known.id for known in receiver.events] == ["evt_1", "evt_2"]
    finally:
        await receiver.stop()


@pytest.mark.parametrize("fault", ["none", "other secret", "changed body", "old", "malformed", "not base64"])
async def test_an_event_without_valid_signature_is_refused(
    receiver: WebhookReceiver, client: ClientSession, fault: str
) -> None:
    body, headers = BODY, signed(receiver.secret, BODY)
    if fault == "none":
        headers = {}
    elif fault == "other secret":
        headers = signed("whsec_b3RoZXItc2VjcmV0LW90aGVyLXNlY3JldA==", BODY)
    elif fault == "changed body":
        body = BODY.replace("suspendue", "reprise")
    elif fault == "old":
        headers = signed(receiver.secret, BODY, when=datetime.now(UTC) - timedelta(minutes=10))
    elif fault == "malformed":
        headers["webhook-signature"] = "garbage"
    else:
        headers["webhook-signature"] = "v1,?"
    assert await post(client, receiver.url, body, headers) == 401
    assert receiver.events == ()
    assert receiver.refused == 1


@pytest.mark.parametrize(("body", "status"), [("[1]", 400), ("no json", 401)])
async def test_a_signed_body_that_is_no_object_is_refused(
    receiver: WebhookReceiver, client: ClientSession, body: str, status: int
) -> None:
    assert await post(client, receiver.url, body, signed(receiver.secret, body)) == status
    assert receiver.refused == 1


async def test_a_receiver_that_is_not_running_has_no_address() -> None:
    receiver = WebhookReceiver()
    with pytest.raises(NotRunningError):
        _ = receiver.url
    await receiver.stop()
