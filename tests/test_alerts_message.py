"""Mails: the same bytes each time, well formed whatever the press writes."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerts.errors import RenderError
from alerts.mail_policy import LONGEST_LINE, MAIL_POLICY
from alerts.message import TEST, render_email, render_plain_email
from alerts.payload import build_payload
from alerts.settings import EmailChannel
from storage.types import Alert, Decision, DecisionKind, Signal, Status, Story, StoryArticle, Watch

NOW = datetime(2026, 9, 19, 14, 5, 30, 250_000, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
KEY = "msg_abcdefghijklmnopqrstuvwxyz"
CHANNEL = EmailChannel(
    id="desk", language="fr", host="mail.example", port=587, sender="Vigie – veille <vigie@exämple.org>",
    recipients=("awa@example.org",),
)  # fmt: skip
SENTENCE = "Bamako a donné 72 heures à deux diplomates français."
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "References", "Auto-Submitted", "List-Id", "X-Vigie-Alert",
    "X-Vigie-Severity", "MIME-Version", "Content-Type",
}  # fmt: skip


def alert(sentence: str = SENTENCE, title: str = "Deux diplomates expulsés", *, update: bool = False) -> Alert:
    signal = Signal(
        type="expel_diplomats", severity=4, actor="MLI", target="FRA", status=Status.ASSERTED, sentence=sentence,
        start=1, end=2, rule="fr.expel",
    )  # fmt: skip
    kind = DecisionKind.UPDATE if update else DecisionKind.NEW
    payload = build_payload(
        watch=Watch(id="france-mali", name="France–Mali"),
        decision=Decision(
            watch_id="france-mali", kind=kind, reason="new_story", detail="", severity=4,
            signals=(signal, replace(signal, type="sanctions", severity=3)),
        ),
        story=Story(
            id=7, headline=title, first_seen_at=NOW, last_seen_at=NOW, articles=2, outlets=2, origins=(title,),
            severity=4,
        ),
        articles=(
            StoryArticle(
                id=1, title=title, url="https://journal.example/a?b=1&c=2", source_id="j", source_name=title,
                origin="AFP", published_at=None, first_seen_at=NOW, copy_of=None,
            ),
        ),
        alert_id="alr_x", public_url="https://vigie.example", language="en", created_at=NOW,
        sequence=2 if update else 1,
    )  # fmt: skip
    return Alert(
        id="alr_x", key="k", type="alert.update" if update else "alert.new", watch_id="france-mali", story_id=7,
        severity=4, headline=title, payload=payload, created_at=NOW, sequence=2 if update else 1,
    )  # fmt: skip


def render(what: Alert, channel: EmailChannel = CHANNEL, key: str = KEY) -> bytes:
    return render_email(
        delivery_key=key, alert=what, channel=channel, recipient="awa@example.org", install_id="i", zone=PARIS
    )


def parse(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        assert part.defects == []
        for value in part.values():
            assert value.defects == ()
    return message


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert isinstance(found, EmailMessage)
    content = found.get_content()
    assert isinstance(content, str)
    return content


def test_headers_name_the_alert_and_thread_the_story() -> None:
    message = parse(render(alert()))
    assert set(message.keys()) == HEADERS
    assert message["Message-ID"] == f"<{KEY}@vigie.invalid>"
    assert message["Date"].datetime == NOW.replace(microsecond=0)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "<france-mali.alerts.vigie.invalid>"
    assert message["X-Vigie-Severity"] == "4"
    assert message["From"].addresses[0].addr_spec == "vigie@xn--exmple-cua.org"
    assert message["From"].addresses[0].display_name == "Vigie – veille"
    assert message["To"] == "awa@example.org"
    assert message["Subject"] == "Grave · Mali → France\u202f: expulsion de diplomates (+\u202f1 autre)"
    assert message.get_content_type() == "multipart/alternative"


def test_an_update_threads_under_the_same_story() -> None:
    first, update = parse(render(alert())), parse(render(alert(update=True), key="msg_other"))
    assert update["References"] == first["References"]
    assert update["In-Reply-To"] == first["References"]
    assert "In-Reply-To" not in first
    assert update["Message-ID"] != first["Message-ID"]
    assert update["Subject"].startswith("Grave (suite) · ")


def test_text_and_html_state_the_same_facts() -> None:
    message = parse(render(alert()))
    plain, html = part(message, "plain"), part(message, "html")
    for fact in (
        SENTENCE, "Mali → France\u202f: expulsion de diplomates", "Origine\u202f: Deux diplomates expulsés",
        "2\u00a0articles, 2\u00a0médias", "14\u00a0h\u00a005 UTC (16\u00a0h\u00a005, Paris)", "alr_x",
        "https://vigie.example/stories/7", "Sérieux · Mali → France\u202f: sanctions",
    ):  # fmt: skip
        assert fact in plain
        assert fact in html
    assert plain.splitlines()[0] == message["Subject"]
    assert "https://journal.example/a?b=1&c=2" in plain
    assert 'href="https://journal.example/a?b=1&amp;c=2"' in html
    assert "http" not in html.replace("https://vigie.example", "").replace("https://journal.example", ""), (
        "no remote parts"
    )


def test_the_channels_language_rules() -> None:
    message = parse(render(alert(), replace(CHANNEL, language="en")))
    assert message["Subject"] == "Severe · Mali → France: diplomats expelled (+1 more)"
    assert f"“{SENTENCE}”" in part(message, "plain")
    assert '<html lang="en">' in part(message, "html")


def test_every_attempt_gives_the_same_bytes_and_every_delivery_its_own() -> None:
    assert render(alert()) == render(alert())
    assert render(alert()) != render(alert(), key="msg_other")


def test_lines_fit_smtp() -> None:
    raw = render(alert(sentence="mot " * 400))
    assert raw.isascii()
    assert all(len(line) <= 998 and b"\r" not in line and b"\n" not in line for line in raw.split(b"\r\n"))


def test_an_unreadable_payload_is_refused_and_the_plain_mail_still_works() -> None:
    broken = replace(alert(), payload='{"type": "alert.new"', headline="Grave\r\nBcc: spy@example.org \udc80 x")
    with pytest.raises(RenderError, match="alr_x"):
        render(broken)
    raw = render_plain_email(
        delivery_key=KEY, alert=broken, channel=CHANNEL, recipient="awa@example.org", install_id="i",
        public_url="https://vigie.example",
    )  # fmt: skip
    message = parse(raw)
    assert message["Bcc"] is None
    assert message["Message-ID"] == f"<{KEY}@vigie.invalid>"
    assert message["Subject"] == "Grave Bcc: spy@example.org \ufffd x"
    assert "https://vigie.example/stories/7" in message.get_content()


@pytest.mark.parametrize(("language", "says"), [("fr", "Ceci est un essai"), ("en", "This is a test")])
def test_a_test_says_so_and_leads_to_a_page_that_exists(language: Literal["fr", "en"], says: str) -> None:
    trial = replace(alert(), type=TEST, story_id=None, headline="[Test] Essai")
    raw = render_plain_email(
        delivery_key=KEY, alert=trial, channel=replace(CHANNEL, language=language), recipient="awa@example.org",
        install_id="i", public_url="https://vigie.example",
    )  # fmt: skip
    lines = parse(raw).get_content().splitlines()
    assert lines[2].startswith(says)
    assert lines[3] == "https://vigie.example"


HOSTILE = st.text(
    alphabet=st.characters() | st.sampled_from("\r\n\x00\x0b\x1c\x85\u2028\ud800\u202e:=?<>@, \u202f"), max_size=200
)
INJECTION = "x\r\nBcc: spy@example.org\r\n\r\n<script>alert(1)</script>\u2028\x85\x0b\x1c\x00\ud800\u202e.\r\n.\r\n"


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)


def check_hostile(text: str) -> None:
    raw = render(alert(sentence=text, title=text))
    message = parse(raw)
    assert set(message.keys()) == HEADERS
    assert message["To"] == "awa@example.org"
    assert len(list(message.walk())) == 3
    tags = Tags()
    tags.feed(part(message, "html"))
    assert not {"script", "img", "iframe", "form"} & set(tags.seen)
    assert tags.seen.count("style") == 1, "our own"
    plain = render_plain_email(
        delivery_key=KEY, alert=replace(alert(), headline=text), channel=CHANNEL, recipient="awa@example.org",
        install_id="i", public_url="https://vigie.example",
    )  # fmt: skip
    subject = parse(plain)["Subject"]
    legacy = email.message_from_bytes(plain)["Subject"]
    assert str(make_header(decode_header(legacy))).split() == str(subject).split()


def test_header_and_markup_injection_is_plain_text() -> None:
    check_hostile(INJECTION)
    assert "alert(1)" in part(parse(render(alert(sentence=INJECTION))), "plain")


@given(HOSTILE)
@settings(max_examples=120, deadline=None)
def test_any_text_gives_a_well_formed_mail(text: str) -> None:
    check_hostile(text)


@given(HOSTILE)
@settings(max_examples=150, deadline=None)
def test_subjects_survive_the_journey(text: str) -> None:
    from alerts.text import shorten
    from alerts.wording import HEADLINE_LIMIT

    raw = render_plain_email(
        delivery_key=KEY, alert=replace(alert(), headline=text), channel=CHANNEL, recipient="awa@example.org",
        install_id="i", public_url="https://vigie.example",
    )  # fmt: skip
    assert str(parse(raw)["Subject"]).split() == shorten(text, HEADLINE_LIMIT).split()


@given(st.text(alphabet="aé→ \u202f", max_size=120).map(str.strip).filter(bool))
@example("À suivre (deuxième source) · France → Mali\u202f: convocation de l’ambassadeur")
def test_no_space_of_a_subject_is_lost_where_its_line_is_cut(text: str) -> None:
    message = EmailMessage(policy=MAIL_POLICY)
    message["Subject"] = text
    raw = message.as_bytes()
    assert max(map(len, raw.split(b"\r\n"))) <= LONGEST_LINE
    assert str(email.message_from_bytes(raw, policy=email.policy.default)["Subject"]) == text
