"""What the watch tells of itself, in both languages, as a webhook body and as a mail."""

from __future__ import annotations

import email
import email.policy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from alerts import health_wording, notices
from alerts.errors import RenderError
from alerts.message import render_plain_email
from alerts.notice_message import render_notice_email
from alerts.notices import Body, Changed, Speech
from alerts.settings import EmailChannel, Language
from storage.types import (
    WELL,
    Alert,
    CanaryRun,
    Cause,
    Drift,
    FailureReason,
    Health,
    HealthEvent,
    HealthState,
    Network,
    NetworkState,
)

NOW = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
FRENCH = Speech(public_url="https://vigie.example.org/", language="fr", zone=PARIS)
LANGUAGES: tuple[Language, ...] = ("fr", "en")
CAUSE = Cause(
    failure=FailureReason.TLS, detail="certificate expired", address="https://fleuve.example/feed.xml", failing=1,
    addresses=2, polls=3, last_new_at=NOW - timedelta(days=3), usual=timedelta(hours=2), limit=timedelta(hours=24),
    pages=20, hit=12, drift=Drift.LENGTH, before="3000", after="400", moved_to="https://ailleurs.example/feed.xml",
)  # fmt: skip


def change(
    state: HealthState = HealthState.BROKEN_FEED,
    was: HealthState = HealthState.FRESH,
    name: str = "Le Fleuve",
    n: int = 0,
) -> Changed:
    health = Health(state=state, since=NOW, cause=CAUSE if state not in WELL else Cause())
    event = HealthEvent(source_id=f"fleuve-{n}", at=NOW, was=was, health=health)
    return Changed(event=event, name=name, url="https://fleuve.example/")


def stored(body: Body) -> Alert:
    return Alert(
        id=body.data.alert, key="k", type=body.type, watch_id="", story_id=None, severity=body.data.severity,
        headline=body.data.headline, payload=body.model_dump_json(), created_at=NOW, sequence=body.data.sequence,
    )  # fmt: skip


def channel(language: Language) -> EmailChannel:
    return EmailChannel(
        id="mail", language=language, host="127.0.0.1", port=25, tls="none", sender="vigie@example.org",
        recipients=("duty@example.org",),
    )  # fmt: skip


def mailed(body: Body, language: Language) -> EmailMessage:
    raw = render_notice_email(
        delivery_key="msg_x", alert=stored(body), channel=channel(language), recipient="duty@example.org",
        install_id="here", zone=PARIS,
    )  # fmt: skip
    return email.message_from_bytes(raw, policy=email.policy.default)


def text_of(message: EmailMessage) -> tuple[str, str]:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


@pytest.mark.parametrize(("state", "language"), list(product(HealthState, LANGUAGES)))
def test_every_state_has_a_reason_in_both_languages(state: HealthState, language: Language) -> None:
    sentence = health_wording.explain(Health(state=state, since=NOW, cause=CAUSE), language, PARIS)
    assert len(sentence) > 10
    assert "None" not in sentence
    assert health_wording.state_word(state, language)
    if language == "fr":
        for mark in ":;!?":
            assert f" {mark}" not in sentence


@pytest.mark.parametrize(("kind", "language"), list(product(Drift, LANGUAGES)))
def test_every_drift_has_words(kind: Drift, language: Language) -> None:
    health = Health(state=HealthState.DRIFTING, since=NOW, cause=replace(CAUSE, drift=kind))
    others = {
        health_wording.explain(replace(health, cause=replace(CAUSE, drift=other)), language, PARIS)
        for other in Drift
        if other is not kind
    }
    assert health_wording.explain(health, language, PARIS) not in others


@pytest.mark.parametrize(("failure", "language"), list(product(FailureReason, LANGUAGES)))
def test_every_failure_has_words(failure: FailureReason, language: Language) -> None:
    assert health_wording.failure_word(failure, language)


def test_reasons_hold_the_figures() -> None:
    def said(state: HealthState) -> str:
        return health_wording.explain(Health(state=state, since=NOW, cause=CAUSE), "en", ZoneInfo("UTC"))

    assert said(HealthState.SILENT) == (
        "Nothing new since 1\u00a0March 2026, 12:30 UTC; its rhythm explains no more than 24\u00a0h."
    )
    assert said(HealthState.WALLED).startswith("12 of the 20 pages of the last 24\u00a0h stood behind a wall")
    assert said(HealthState.FAILING) == (
        "Encryption or certificate refused, 3 times in a row, 1 of 2 addresses: https://fleuve.example/feed.xml"
    )
    assert "https://ailleurs.example/feed.xml" in said(HealthState.MOVED)
    assert "400 characters instead of 3000" in said(HealthState.DRIFTING)


def test_a_source_is_told_by_its_state() -> None:
    body = notices.sources_body([change()], alert_id="alr_1", now=NOW, speech=FRENCH)
    sent = json.loads(body.model_dump_json())
    assert sent["type"] == "source.broken"
    assert sent["timestamp"] == "2026-03-04T12:30:00Z"
    data = sent["data"]
    assert (data["source"], data["name"], data["state"]) == ("fleuve-0", "Le Fleuve", "broken_feed")
    assert data["since"] == "2026-03-04T12:30:00Z"
    assert data["last_new_at"] == "2026-03-01T12:30:00Z"
    assert data["links"]["sources"] == "https://vigie.example.org/sources"
    assert data["headline"] == "Source Le Fleuve\u202f: flux cassé"
    assert data["why"] == [data["reason"]]


@pytest.mark.parametrize("state", [state for state in HealthState if state not in WELL | {HealthState.NETWORK}])
def test_every_trouble_has_a_type_and_ends_as_recovered(state: HealthState) -> None:
    assert notices.type_of(change(state).event) in notices.TYPES
    assert notices.type_of(change(HealthState.FRESH, state).event) == "source.recovered"
    assert notices.worth_telling(change(state).event)
    assert notices.worth_telling(change(HealthState.QUIET, state).event)


def test_what_stays_well_is_not_told() -> None:
    for was, state in product(WELL, WELL):
        assert not notices.worth_telling(change(state, was).event)


def test_many_changes_are_one_list() -> None:
    few = [change(n=n) for n in range(5)]
    assert [len(group) for group in notices.grouped(few)] == [1] * 5
    many = [change(n=n, name=f"Journal {n}") for n in range(90)]
    assert [len(group) for group in notices.grouped(many)] == [90]
    assert notices.grouped([]) == []
    body = notices.sources_body(many, alert_id="alr_1", now=NOW, speech=FRENCH)
    assert (body.type, body.data.count, len(body.data.sources)) == ("source.several", 90, notices.MOST_SOURCES)
    assert len(body.model_dump_json().encode()) < 40_000
    plain, html = text_of(mailed(body, "en"))
    assert "90 sources changed state" in plain
    assert "… and 50 more" in plain
    assert "Journal 39" in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_tells_state_reason_and_cure_in_the_language_of_its_channel(language: Language) -> None:
    body = notices.sources_body([change()], alert_id="alr_1", now=NOW, speech=FRENCH)
    message = mailed(body, language)
    plain, html = text_of(message)
    subject = {"fr": "Source Le Fleuve\u202f: flux cassé", "en": "Source Le Fleuve: broken feed"}[language]
    assert message["Subject"] == subject
    for part in (plain, html):
        assert health_wording.explain(change().event.health, language, PARIS) in part
        assert health_wording.advice(HealthState.BROKEN_FEED, language) in part
        assert "certificate expired" in part
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == "<msg_x@vigie.invalid>"
    assert message["List-Id"] == "<operations.vigie.invalid>"


def test_failure_and_recovery_of_one_source_are_one_thread() -> None:
    failed = mailed(notices.sources_body([change()], alert_id="alr_1", now=NOW, speech=FRENCH), "fr")
    well = change(HealthState.FRESH, HealthState.BROKEN_FEED)
    back = mailed(notices.sources_body([well], alert_id="alr_2", now=NOW, speech=FRENCH), "fr")
    other = mailed(notices.sources_body([change(n=1)], alert_id="alr_3", now=NOW, speech=FRENCH), "fr")
    assert failed["References"] == back["References"] == back["In-Reply-To"]
    assert failed["In-Reply-To"] is None
    assert other["References"] != failed["References"]


def test_a_hostile_name_is_only_a_name() -> None:
    hostile = change(name="<script>alert(1)</script>\r\nBcc: all@example.org {{7*7}}\u2028")
    message = mailed(notices.sources_body([hostile], alert_id="alr_1", now=NOW, speech=FRENCH), "fr")
    plain, html = text_of(message)
    assert "<script>" not in html
    assert message["Bcc"] is None
    assert "{{7*7}}" in plain


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("failure", [FailureReason.DNS, None])
def test_the_network_is_told_with_its_figures(language: Language, failure: FailureReason | None) -> None:
    down = Network(state=NetworkState.DOWN, since=NOW, failed=61, asked=64, failure=failure)
    body = notices.network_body(down, alert_id="alr_1", now=NOW, speech=FRENCH)
    assert body.type == "network.down"
    plain, html = text_of(mailed(body, language))
    assert health_wording.network_sentence(down, language) in plain
    assert "61" in html
    up = notices.network_body(Network(since=NOW), alert_id="alr_2", now=NOW, speech=FRENCH)
    assert up.type == "network.up"
    assert mailed(up, language)["References"] == mailed(body, language)["References"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_canary_is_told_with_the_step_that_failed(language: Language) -> None:
    missed = CanaryRun(started_at=NOW, ended_at=NOW, stage="extract", detail="no text was found")
    body = notices.canary_body(missed, alert_id="alr_1", now=NOW, speech=FRENCH)
    assert (body.type, body.data.severity) == ("canary.missed", 4)
    assert "no text was found" in text_of(mailed(body, language))[0]
    back = notices.canary_body(CanaryRun(started_at=NOW, ended_at=NOW), alert_id="alr_2", now=NOW, speech=FRENCH)
    assert back.type == "canary.recovered"
    assert text_of(mailed(back, language))


def test_an_unreadable_notice_is_said_to_be_one_and_sent_plain() -> None:
    alert = replace(stored(notices.sources_body([change()], alert_id="a", now=NOW, speech=FRENCH)), payload="{}")
    with pytest.raises(RenderError):
        notices.read_notice(alert)
    plain = render_plain_email(
        delivery_key="msg_x", alert=alert, channel=channel("fr"), recipient="duty@example.org", install_id="here",
        public_url="https://vigie.example.org",
    )  # fmt: skip
    assert b"https://vigie.example.org/alerts/a/ack" in plain.replace(b"=\r\n", b"")


def test_an_alert_on_the_press_is_no_notice() -> None:
    notice = stored(notices.sources_body([change()], alert_id="a", now=NOW, speech=FRENCH))
    assert notices.is_notice(notice)
    assert not notices.is_notice(replace(notice, type="alert.new"))
