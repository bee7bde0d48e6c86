"""Mail over relays that fail, lie and hang: B1 to B9 of docs/reliability.md."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from alerts.breaker import is_open
from alerts.email import transparent
from alerts.settings import Channel, DeliverySettings
from alerts.shrinking import shrunk
from storage.types import DeliveryState
from tests.certificates import write_certificates
from tests.delivering import PASSWORD, Receiver, Relay, hook, listening, mail, receiving, relaying, world

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PEOPLE = ("awa@example.org", "jean@example.org", "moussa@example.org")
QUICK = DeliverySettings(smtp_command=timedelta(seconds=5), smtp_final=timedelta(seconds=5))


def tokens(relay: Relay) -> list[str]:
    """The tokens that arrived, in order; a mail says its own in text and HTML."""
    found: list[str] = []
    for _, raw in relay.mails:
        told = set(re.findall(r"token\d{5}", parsed(raw).as_string()))
        assert len(told) == 1
        found += told
    return found


def parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


@pytest.mark.parametrize("fault", ["refused", "greeting", "name"])
async def test_relay_that_cannot_be_had_loses_nothing_and_uses_nothing_up(tmp_path: Path, fault: str) -> None:
    relay = Relay()
    async with relaying(relay):
        pass

    async def busy(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"421 too busy\r\n")

    channel = mail(relay.port, host="nosuch.invalid" if fault == "name" else "127.0.0.1")
    async with world(tmp_path, [channel], QUICK) as desk:
        sent = [await desk.alert(story=1) for _ in range(6)] + [await desk.alert(story=2)]
        async with AsyncExitStack() as stack:
            if fault == "greeting":
                await stack.enter_async_context(listening(busy, relay.port))
            for _ in range(12):
                await desk.look(5 * MINUTE)
        assert is_open(desk.dispatcher.breakers()["mail"], QUICK)
        assert {row.state for row in await desk.rows()} == {DeliveryState.PENDING}
        assert sum(row.attempts for row in await desk.rows()) < QUICK.breaker_failures, "a probe is no attempt"
        if fault == "name":
            return
        async with relaying(relay):
            for _ in range(12):
                await desk.look(15 * MINUTE)
    assert Counter(tokens(relay)) == Counter(sent), "each once"
    assert [token for token in tokens(relay) if token != sent[-1]] == sent[:-1], "one story in order"


@pytest.mark.parametrize("reply", ["450 greylisted", "451 try later", "452 mailbox full"])
@pytest.mark.parametrize("verb", ["RCPT", "DATA"])
async def test_recipient_who_cannot_be_served_now_is_served_later(tmp_path: Path, verb: str, reply: str) -> None:
    async with relaying(Relay(replies={verb: reply})) as relay, world(tmp_path, [mail(relay.port)], QUICK) as desk:
        token = await desk.alert()
        await desk.look()
        row = await desk.row()
        assert (row.state, row.attempts) == (DeliveryState.PENDING, 1)
        relay.replies.clear()
        await desk.look(MINUTE / 2)
        assert relay.mails == [], "not before its time"
        await desk.look(MINUTE)
        assert tokens(relay) == [token]


async def test_one_refused_of_three_is_one_dead_letter(tmp_path: Path) -> None:
    relay = Relay(replies={PEOPLE[1]: "550 5.1.1 no such user"})
    async with relaying(relay), world(tmp_path, [mail(relay.port, *PEOPLE)], QUICK) as desk:
        await desk.alert(1)
        await desk.alert(2)
        await desk.look()
        dead = [row for row in await desk.rows() if row.state is DeliveryState.DEAD]
        assert [row.recipient for row in dead] == [PEOPLE[1]] * 2
        assert "550 5.1.1 no such user" in (dead[0].last_error or "")
        assert Counter(to[0] for to, _ in relay.mails) == {PEOPLE[0]: 2, PEOPLE[2]: 2}
        await desk.look(HOUR)
        assert len(relay.mails) == 4, "nobody is written to twice"


async def test_refused_mail_is_dead_and_one_too_big_is_shrunk_once(tmp_path: Path) -> None:
    async with relaying(Relay()) as relay, world(tmp_path, [mail(relay.port)], QUICK) as desk:
        relay.replies["DATA"] = "554 5.7.1 no thanks"
        await desk.alert(1)
        await desk.look()
        assert relay.asked.count("DATA") == 1
        relay.replies.clear()
        relay.asked.clear()
        relay.limit = 3000
        small = await desk.alert(2, sentence="Un long texte. " * 30)
        await desk.look()
        assert relay.asked.count("DATA") == 2
        assert tokens(relay) == [small]
        message = parsed(relay.mails[0][1])
        assert (message.get_content_type(), message.defects) == ("text/plain", [])
        rows = await desk.rows()
        assert message["Message-ID"] == f"<{rows[1].key}@vigie.invalid>"
        relay.asked.clear()
        relay.limit = 10
        await desk.alert(3)
        await desk.look()
        await desk.look(HOUR)
        assert relay.asked.count("DATA") == 2, "no loop"
        assert [row.state for row in await desk.rows()] == [DeliveryState.DEAD, DeliveryState.SENT, DeliveryState.DEAD]


@pytest.mark.parametrize("fault", ["password", "expired", "stripped"])
async def test_relay_that_needs_a_person_is_told_of_elsewhere_and_hears_no_password(tmp_path: Path, fault: str) -> None:
    contexts = write_certificates(tmp_path, "127.0.0.1")
    heard = bytearray()

    async def strip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test\r\n")
        while line := await reader.readline():
            heard.extend(line)
            writer.write(b"250-mail.test\r\n250 AUTH PLAIN LOGIN\r\n" if line.startswith(b"EHLO") else b"500 what\r\n")

    relay = Relay(password="another" if fault == "password" else PASSWORD)
    options = {
        "tls_context": contexts["expired" if fault == "expired" else "sound"], "authenticator": relay.authenticate,
    }  # fmt: skip
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # the relay's side of a refused handshake
    async with relaying(relay, **options), listening(strip) as stripped, receiving(Receiver()) as receiver:
        to = mail(
            stripped if fault == "stripped" else relay.port, tls="starttls", username="vigie", password=PASSWORD,
            ca_file=tmp_path / "authority.pem",
        )  # fmt: skip
        async with world(tmp_path / "data", [to, hook(receiver.url)], QUICK, receiver=receiver) as desk:
            token = await desk.alert(channels=["mail"])
            await desk.look()
            assert is_open(desk.dispatcher.breakers()["mail"], QUICK), "at once: nothing else could leave either"
            asked = relay.asked.count("AUTH")
            assert asked <= (2 if fault == "password" else 0), "once for each method that the relay offers"
            await desk.look(10 * MINUTE)
            assert relay.asked.count("AUTH") == asked, "quick logins with a wrong password lock accounts"
            await desk.look(10 * MINUTE)
            assert receiver.types == ["channel.failing"], "told once"
            told = receiver.posts[0][1]["data"]
            assert (told["channel"]["id"], told["channel"]["trouble"]) == ("mail", "setup")
            assert PASSWORD not in str(told)
            assert PASSWORD.encode() not in heard
            assert b"AUTH" not in heard
            assert b"MAIL" not in heard
            assert relay.mails == []
            if fault == "password":
                relay.password = PASSWORD
                await desk.look(HOUR)
                await desk.look()
                assert tokens(relay) == [token]
                assert receiver.types == ["channel.failing", "channel.recovered"]


@pytest.mark.parametrize("moment", ["before the dot", "after the dot", "half-close after the dot"])
async def test_mail_that_may_have_arrived_is_repeated_later_and_is_the_same(tmp_path: Path, moment: str) -> None:
    seen: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test\r\n")
        for reply in (b"250 mail.test\r\n", b"250 OK\r\n", b"250 OK\r\n"):
            await reader.readline()
            writer.write(reply)
        await reader.readline()
        if moment == "before the dot" and not seen:
            seen.append(b"")
            await reader.read()
            return
        writer.write(b"354 go\r\n")
        seen.append(await reader.readuntil(b"\r\n.\r\n"))
        if len(seen) > 1:
            writer.write(b"250 accepted\r\n")
            return
        if moment.startswith("half"):
            writer.write_eof()
        await reader.read()

    settings = replace(QUICK, smtp_final=timedelta(seconds=0.2), smtp_command=timedelta(seconds=0.5))
    async with listening(talk) as port, world(tmp_path, [mail(port)], settings) as desk:
        await desk.alert()
        await desk.look()
        row = await desk.row()
        unsure = moment != "before the dot"
        assert (row.state, row.maybe_delivered) == (DeliveryState.PENDING, unsure)
        await desk.look(9 * MINUTE)
        assert len(seen) == (1 if unsure else 2)
        await desk.look(2 * MINUTE)
        assert len(seen) == 2
        assert (await desk.row()).state is DeliveryState.SENT
    assert seen[0] in (b"", seen[1]), "byte for byte"
    assert f"<{row.key}@vigie.invalid>".encode() in seen[1]


@pytest.mark.parametrize("where", ["greeting", "reply", "after the dot"])
async def test_relay_that_drips_frees_its_worker_at_the_deadline(tmp_path: Path, where: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if where != "greeting":
            writer.write(b"220 mail.test\r\n")
            for reply in (b"250 mail.test\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go\r\n"):
                await reader.readline()
                if where == "reply":
                    break
                writer.write(reply)
        while True:
            writer.write(b"2")
            await writer.drain()
            await asyncio.sleep(0.02)

    settings = replace(QUICK, smtp_total=timedelta(seconds=0.4))
    async with listening(talk) as port, world(tmp_path, [mail(port)], settings) as desk:
        await desk.alert()
        started = time.monotonic()
        await desk.look()
        assert time.monotonic() - started < 1.4
        row = await desk.row()
        assert (row.state, row.maybe_delivered) == (DeliveryState.PENDING, where == "after the dot")


HOSTILE = (
    "Titre\r\nBcc: victim@example.org",
    "Titre\nSubject: autre\n\nCorps",
    "a\u2028b\u2029c\x85d",
    "zéro\x00octet",
    "sépare\x1c\x1d\x1e\x1f",
    "seul \ud83d demi",
    "\u202eetirw si siht\u202c",
    "x" * 50_000,
    "🚨" * 400,
    "=?utf-8?q?Bcc:_a?= <b@c>, d@e",
    ".\r\n.\r\nMAIL FROM:<x@y>",
)


async def test_hostile_headlines_reach_one_person_and_stop_nobody(tmp_path: Path) -> None:
    async with relaying(Relay()) as relay, world(tmp_path, [mail(relay.port)], QUICK) as desk:
        sent = [await desk.alert(1, title=text, sentence=text) for text in HOSTILE[:-1]]
        sent.append(await desk.alert(1, title=HOSTILE[-1], sentence=HOSTILE[-1]))
        sent.append(await desk.alert(1))
        for _ in sent:
            await desk.look()
        assert {row.state for row in await desk.rows()} == {DeliveryState.SENT}
    assert len(relay.mails) == len(sent)
    for recipients, raw in relay.mails:
        message = parsed(raw)
        assert recipients == ["awa@example.org"]
        assert [part.defects for part in message.walk()] == [[], [], []]
        assert message["Bcc"] is None
        assert (len(message.get_all("To", [])), len(message.get_all("Subject", []))) == (1, 1)
        assert not set("\x00\x1c\u2028\u202e") & set(str(message["Subject"]) + message.get_body().get_content())  # type: ignore[union-attr]
        assert len(raw) < 40_000


async def test_relay_that_refuses_everybody_is_one_alarm_and_drops_nothing(tmp_path: Path) -> None:
    relay = Relay(replies={"RCPT": "550 5.7.1 listed"})
    async with receiving(Receiver()) as receiver, relaying(relay):
        channels: list[Channel] = [mail(relay.port, *PEOPLE), hook(receiver.url)]
        async with world(tmp_path, channels, QUICK, receiver=receiver) as desk:
            sent = [await desk.alert(1 + number % 3, channels=["mail"]) for number in range(10)]
            for _ in range(12):
                await desk.look(5 * MINUTE)
            assert {row.state for row in await desk.rows("mail")} == {DeliveryState.PENDING}, "no address is to blame"
            assert receiver.types == ["channel.failing"]
            assert receiver.posts[0][1]["data"]["channel"]["trouble"] == "refused"
            relay.replies.clear()
            for _ in range(12):
                await desk.look(15 * MINUTE)
            assert {row.state for row in await desk.rows("mail")} == {DeliveryState.SENT}
            assert Counter(tokens(relay)) == dict.fromkeys(sent, 3)
            assert receiver.types == ["channel.failing", "channel.recovered"]
            # One whom the relay really does not know is a dead letter again.
            relay.replies[PEOPLE[0]] = "550 no such user"
            await desk.alert(channels=["mail"])
            await desk.look()
            assert Counter(row.state for row in await desk.rows("mail"))[DeliveryState.DEAD] == 1


async def test_three_people_refused_at_once_are_not_given_up(tmp_path: Path) -> None:
    async with relaying(Relay(replies={"RCPT": "550 5.7.1 listed"})) as relay:  # noqa: SIM117 (the port is known only then)
        async with world(tmp_path, [mail(relay.port, *PEOPLE)], QUICK) as desk:
            await desk.alert()
            await desk.look()
            assert {row.state for row in await desk.rows()} == {DeliveryState.PENDING}


@pytest.mark.parametrize(("failing", "told"), [(23, []), (25, ["channel.failing"])])
async def test_channel_that_fails_for_a_day_is_told_of(tmp_path: Path, failing: int, told: list[str]) -> None:
    async with receiving(Receiver()) as receiver, relaying(Relay()) as relay:
        pass
    async with (
        receiving(receiver),
        world(tmp_path, [mail(relay.port), hook(receiver.url)], QUICK, receiver=receiver) as desk,
    ):
        for _ in range(5):
            await desk.alert(channels=["mail"])
            await desk.look(MINUTE)
        for _ in range(4 * failing):
            await desk.look(15 * MINUTE)
    assert receiver.types == told


async def test_channel_that_fails_for_five_days_is_switched_off_and_can_be_replayed(tmp_path: Path) -> None:
    settings = replace(QUICK, breaker_probes=(HOUR,))
    async with receiving(Receiver()) as receiver, relaying(Relay()) as relay:
        pass
    async with (
        receiving(receiver),
        world(tmp_path, [mail(relay.port), hook(receiver.url)], settings, receiver=receiver) as desk,
    ):
        sent = [await desk.alert(number % 3 + 1, channels=["mail"]) for number in range(8)]
        for _ in range(118):
            await desk.look(HOUR)
        late = await desk.alert(channels=["mail"])
        for _ in range(6):
            await desk.look(HOUR)
        assert receiver.types == ["channel.failing", "channel.disabled"]
        assert {row.state for row in await desk.rows("mail")} == {DeliveryState.DEAD}, "also what came late"
        async with relaying(relay):
            await desk.dispatcher.reset("mail")
            for row in await desk.rows("mail"):
                await desk.replay(row)
            for _ in range(5):
                await desk.look(MINUTE)
        assert Counter(tokens(relay)) == Counter([*sent, late])


def test_small_mails_do_not_shrink() -> None:
    plain = b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nshort\r\n"
    assert shrunk(plain) is None
    assert transparent(plain).endswith(b"\r\n.\r\n")
