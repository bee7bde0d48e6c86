"""Lists of alerts: bounded in size, never a member lost, well worded in both languages, well formed as a mail."""

from __future__ import annotations

import email
import email.policy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import digest_wording
from alerts.apprise_message import render_note
from alerts.digest import TYPE, Body, Coverage, Gathering, build_digest, is_digest, read_digest, to_json
from alerts.digest_message import mail_values, render_digest_email
from alerts.errors import RenderError
from alerts.payload import LIMIT
from alerts.settings import EmailChannel
from storage.types import Alert, BatchKind
from tests.holding import make_alert

NOW = datetime(2026, 3, 11, 6, tzinfo=UTC)
EVENING = datetime(2026, 3, 10, 21, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
KEY = "msg_abcdefghijklmnopqrstuvwxyz"
CHANNEL = EmailChannel(
    id="desk", language="fr", host="mail.example", port=587, sender="Vigie <vigie@example.org>",
    recipients=("awa@example.org",),
)  # fmt: skip
GATHERED = Gathering(kind=BatchKind.QUIET_HOURS, watch_id="france-mali", since=EVENING, until=NOW, night=True)
COVERED = Coverage(
    sources_ok=80, sources_silent=1, sources_broken=3, sources_new=0, articles=1412, alerts=7, dead_letters=0
)
FINE, NBSP = "\u202f", "\u00a0"


def member(n: int, severity: int = 3, **more: Any) -> Alert:
    return make_alert(
        f"n{n}", watch_id="france-mali", severity=severity, story_id=n, now=EVENING + timedelta(minutes=n), **more
    )


def build(members: list[Alert], gathering: Gathering = GATHERED, language: str = "fr") -> Body:
    return build_digest(
        members, gathering, alert_id="alr_list", public_url="https://vigie.example/",
        language="en" if language == "en" else "fr",
    )  # fmt: skip


def as_alert(body: Body) -> Alert:
    return Alert(
        id=body.data.alert, key="k", type=body.type, watch_id=body.data.watch, story_id=None,
        severity=body.data.severity, headline=body.data.headline, payload=to_json(body), created_at=NOW,
        sequence=body.data.sequence,
    )  # fmt: skip


def mail(body: Body, channel: EmailChannel = CHANNEL) -> bytes:
    return render_digest_email(
        delivery_key=KEY, alert=as_alert(body), channel=channel, recipient="awa@example.org", install_id="i", zone=PARIS
    )


def parse(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        assert part.defects == []
        for value in part.values():
            assert value.defects == ()
    return message


def text_of(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert isinstance(found, EmailMessage)
    return str(found.get_content())


# --- the body ------------------------------------------------------------------------------------


def test_the_gravest_comes_first_with_its_proof_and_link() -> None:
    body = build([member(1, 2), member(2, 4), member(3, 3), member(4, 4)])
    assert (body.type, body.data.severity, body.data.count, body.data.more) == (TYPE, 4, 4, 0)
    assert [(one.severity, one.url) for one in body.data.alerts] == [
        (4, "https://vigie.example/stories/2"),
        (4, "https://vigie.example/stories/4"),
        (3, "https://vigie.example/stories/3"),
        (2, "https://vigie.example/stories/1"),
    ]
    first = body.data.alerts[0]
    assert first.sentence is not None
    assert first.sentence.startswith("Bamako a donné 72 heures")
    assert first.act is not None
    assert (first.act.type, first.act.actor, first.act.target, first.kind) == ("expel_diplomats", "MLI", "FRA", "new")
    assert body.data.severities == {4: 2, 3: 1, 2: 1}
    assert body.data.links.list == "https://vigie.example/alerts?list=alr_list"


def test_what_is_stored_reads_back_and_tells_no_empty_keys() -> None:
    body = build([member(1), member(2)])
    assert read_digest(as_alert(body)) == body
    assert is_digest(as_alert(body))
    assert "null" not in to_json(body)


@pytest.mark.parametrize("count", [0, 1, 2, 7, 30, 60, 90, 130, 200, 480, 5000])
def test_a_list_stays_under_twenty_kilobytes_and_drops_nobody(count: int) -> None:
    sentence = "Le ministre a annoncé la fermeture de la frontière, « sans délai » et « sans appel ». " * 6
    five = [member(n, 1 + n % 5, sentence=sentence) for n in range(5)]
    members = [replace(five[n % 5], id=f"alr_{n:020}", story_id=n) for n in range(count)]
    body = build(members, replace(GATHERED, kind=BatchKind.DAILY, day="2026-03-11", coverage=COVERED))
    assert len(to_json(body).encode()) < LIMIT
    assert len(body.data.alerts) + body.data.more == body.data.count == count
    assert all(one.headline and one.url for one in body.data.alerts)
    if count <= 90:
        assert body.data.more == 0
    # What is named is graver than what is only counted.
    if body.data.more:
        assert len(body.data.alerts) >= 90
        ranked = sorted((one.severity for one in members), reverse=True)
        assert [one.severity for one in body.data.alerts] == ranked[: len(body.data.alerts)]


def test_less_is_told_of_each_before_anybody_is_only_counted() -> None:
    few, many = build([member(n) for n in range(5)]), build([member(n) for n in range(95)])
    assert all(one.sentence for one in few.data.alerts)
    assert not any(one.sentence for one in many.data.alerts)
    assert many.data.more == 0


@settings(max_examples=40)
@given(texts=st.lists(st.text(max_size=300), min_size=1, max_size=30))
def test_no_headline_of_the_press_breaks_a_list(texts: list[str]) -> None:
    members = [
        replace(member(n, 1 + n % 5, sentence=text), headline=text, payload=text if n % 3 == 0 else member(n).payload)
        for n, text in enumerate(texts)
    ]
    body = build(members)
    assert len(to_json(body).encode()) < LIMIT
    assert len(body.data.alerts) == len(texts)
    message = parse(mail(body))
    assert message["Subject"]


def test_a_correction_in_a_list_is_worded_in_the_readers_language() -> None:
    body = json.loads(member(1).payload)
    body["data"]["reason"] = "denied"
    denial = replace(member(1, 4), type="alert.correction", payload=json.dumps(body), headline="Grave (démenti) · …")
    listed = build([denial])
    (known,) = listed.data.alerts
    assert (known.kind, known.reason) == ("correction", "denied")
    for language, mark in (("fr", "Grave (démenti) · "), ("en", "Severe (denied) · ")):
        values = mail_values(listed, "en" if language == "en" else "fr", PARIS)
        assert values["members"][0]["line"].startswith(f"{mark}Mali → France")


def test_a_member_in_no_known_form_is_told_by_headline_and_link() -> None:
    odd = [replace(member(n), payload=payload) for n, payload in enumerate(("", "[]", '{"data": 3}', '{"data": {}}'))]
    body = build(odd)
    assert [one.headline for one in body.data.alerts] == [one.headline for one in odd]
    assert not any(one.sentence or one.act for one in body.data.alerts)
    parse(mail(body))


def test_an_unreadable_list_says_so() -> None:
    with pytest.raises(RenderError, match="the stored list is not readable"):
        read_digest(replace(as_alert(build([])), payload="{}"))


# --- the words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gathering", "severities", "french", "english"),
    [
        (GATHERED, (4, 4, 3, 3, 3, 2, 2), "7_alertes sur la nuit~: 2_graves", "7 alerts overnight: 2 severe"),
        (
            GATHERED,
            (5, 4, 3),
            "3_alertes sur la nuit~: 1_critique, 1_grave",
            "3 alerts overnight: 1 critical, 1 severe",
        ),
        (
            replace(GATHERED, night=False),
            (3, 3),
            "2_alertes pendant les heures calmes~: aucune grave",
            "2 alerts in quiet hours: none severe",
        ),
        (
            replace(GATHERED, kind=BatchKind.HOURLY, night=False),
            (3, 2),
            "2_alertes en une heure~: aucune grave",
            "2 alerts in an hour: none severe",
        ),
        (
            replace(GATHERED, kind=BatchKind.DAILY, day="2026-03-01", night=False),
            (4, 3),
            "Bilan du dimanche 1er_mars~: 2_alertes, dont 1_grave",
            "Digest for Sunday 1_March: 2 alerts, 1 severe",
        ),
        (
            replace(GATHERED, kind=BatchKind.DAILY, day="2026-12-31", night=False),
            (),
            "Bilan du jeudi 31_décembre~: aucune alerte",
            "Digest for Thursday 31_December: no alerts",
        ),
        (
            replace(GATHERED, kind=BatchKind.STORM, night=False, since=NOW - timedelta(minutes=10)),
            (3,) * 1234 + (5, 5),
            "Afflux~: 1~236_alertes en 10_min, dont 2_critiques",
            "Flood: 1,236 alerts in 10_min, 2 critical",
        ),
        (
            replace(GATHERED, kind=BatchKind.COOLDOWN, night=False),
            (3, 3),
            "Suite de l’événement~: 2_alertes",
            "More on the story: 2 alerts",
        ),
    ],
)
def test_headlines_are_typeset_in_both_languages(
    gathering: Gathering, severities: tuple[int, ...], french: str, english: str
) -> None:
    members = [member(n, severity) for n, severity in enumerate(severities)]
    for language, expected in (("fr", french), ("en", english)):
        wanted = expected.replace("_", NBSP).replace("~", FINE)
        assert build(members, gathering, language).data.headline == wanted
        assert len(wanted) <= 120


@pytest.mark.parametrize(
    ("raised", "french", "english"),
    [
        (1, "rien à ajouter à l’alerte", "nothing beyond the one alert"),
        (7, f"rien à ajouter aux 7{NBSP}alertes", "nothing beyond the 7 alerts"),
    ],
)
def test_an_empty_digest_does_not_hide_what_was_told_by_itself(raised: int, french: str, english: str) -> None:
    day = replace(
        GATHERED, kind=BatchKind.DAILY, day="2026-03-11", coverage=COVERED.model_copy(update={"alerts": raised})
    )
    assert build([], day).data.headline.endswith(french)
    assert build([], day, "en").data.headline.endswith(english)


def test_figures_agree_with_their_nouns() -> None:
    def lines(articles: int, alerts: int, dead: int, silent: int, language: str) -> tuple[str, ...]:
        return digest_wording.covered(
            sources=(80, silent, 3, 2), articles=articles, alerts=alerts, dead_letters=dead,
            language="en" if language == "en" else "fr",
        )  # fmt: skip

    assert lines(1412, 7, 0, 2, "fr") == (
        f"Sources{FINE}: 80 en ordre, 2 silencieuses, 3 en difficulté, 2 pas encore lues",
        f"1{FINE}412{NBSP}articles lus, 7{NBSP}alertes en tout",
        "Aucun envoi en échec",
    )
    assert lines(1, 0, 1, 1, "fr")[1:] == (f"1{NBSP}article lu, aucune alerte", f"1{NBSP}envoi en échec")
    assert "1 silencieuse," in lines(1, 0, 1, 1, "fr")[0]
    assert lines(1, 1, 2, 0, "en") == (
        "Sources: 80 in order, 0 silent, 3 in trouble, 2 not read yet",
        "1 article read, 1 alert in all",
        "2 failed deliveries",
    )


# --- the mail ------------------------------------------------------------------------------------


def test_the_mail_tells_each_alert_in_text_and_html() -> None:
    body = build([member(1, 2), member(2, 4), replace(member(3, 3, kind="update"))])
    message = parse(mail(body))
    assert message["Subject"] == f"3{NBSP}alertes sur la nuit{FINE}: 1{NBSP}grave (france-mali)"
    assert message["List-Id"] == "<france-mali.alerts.vigie.invalid>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == f"<{KEY}@vigie.invalid>"
    assert message["In-Reply-To"] is None
    for kind in ("plain", "html"):
        content = text_of(message, kind)
        for n in (1, 2, 3):
            assert f"https://vigie.example/stories/{n}" in content
        assert f"Grave · Mali → France{FINE}: expulsion de diplomates" in content
        assert f"«{NBSP}Bamako a donné 72 heures" in content
        assert "https://vigie.example/alerts?list=alr_list" in content
        assert "suite, 10" in content
    assert mail(body) == mail(body)


def test_the_mail_speaks_the_channels_language() -> None:
    body = build([member(1, 4), member(2, 4)])
    message = parse(mail(body, replace(CHANNEL, language="en")))
    assert message["Subject"] == "2 alerts overnight: 2 severe (france-mali)"
    assert "Severe · Mali → France: diplomats expelled" in text_of(message, "plain")


def test_a_list_on_one_story_joins_its_thread() -> None:
    from alerts import identity

    members = [replace(member(n), story_id=7, sequence=n) for n in (2, 3)]
    body = build(members, replace(GATHERED, kind=BatchKind.COOLDOWN))
    message = parse(mail(body))
    root = identity.thread_id(install_id="i", watch_id="france-mali", subject="story:7")
    assert message["References"] == root == message["In-Reply-To"]


def test_an_empty_digest_says_that_the_watch_is_alive() -> None:
    body = build([], replace(GATHERED, kind=BatchKind.DAILY, day="2026-03-11", coverage=COVERED, night=False))
    plain = text_of(parse(mail(body)), "plain")
    assert "Couverture de la veille" in plain
    assert f"Sources{FINE}: 80 en ordre, 1 silencieuse, 3 en difficulté" in plain
    assert f"1{FINE}412{NBSP}articles lus" in plain
    assert "envoyé même sans alerte" in plain


def test_what_is_only_counted_is_told_with_the_way_to_it() -> None:
    body = build([member(n) for n in range(500)])
    plain = text_of(parse(mail(body)), "plain")
    assert f"… et {body.data.more}{NBSP}autres, dans la liste entière" in plain


def test_press_markup_stays_text_in_the_mail() -> None:
    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: set[str] = set()

        def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
            self.found.add(tag)

    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    body = build([replace(member(n, sentence=hostile), headline=hostile, type="alert.correction") for n in range(2)])
    tags = Tags()
    tags.feed(text_of(parse(mail(body)), "html"))
    assert not tags.found & {"script", "img"}


def test_a_phone_gets_the_gravest_and_the_link() -> None:
    body = build([member(n, 4) for n in range(40)])
    note = render_note(delivery_key=KEY, alert=as_alert(body), language="fr", zone=PARIS)
    assert note.title == f"40{NBSP}alertes sur la nuit{FINE}: 40{NBSP}graves"
    assert note.body.count("•") == 12
    assert f"… et 28{NBSP}autres" in note.body
    assert "https://vigie.example/alerts?list=alr_list" in note.body


def test_the_wire_form() -> None:
    data = json.loads(to_json(build([member(1, 4), member(2)])))
    assert data["type"] == "alert.digest"
    assert data["timestamp"] == "2026-03-11T06:00:00Z"
    assert set(data["data"]) == {
        "alert", "watch", "severity", "headline", "kind", "since", "until", "night", "count", "severities", "alerts",
        "more", "why", "links", "sequence",
    }  # fmt: skip
    assert data["data"]["severities"] == {"4": 1, "3": 1}
