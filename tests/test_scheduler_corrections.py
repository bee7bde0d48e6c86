"""What is corrected, cancelled, denied or gone is told to exactly those who were told, on a real archive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from sqlite_utils import Database

from alerts.message import render_email
from alerts.payload import read_payload
from alerts.wording import HEADLINE_LIMIT
from storage import alerts, deliveries, revisions, silences, sources, threads
from storage.database import open_writer, transaction
from storage.types import Alert, Article, DecisionKind, DeliveryState, Outcome, OutcomeClass
from tests.test_scheduler_pipeline import (
    EXPULSION,
    HOOK,
    HOUR,
    MAIL,
    NOW,
    RECALL,
    REFUTATION,
    REPORT,
    SOURCES,
    WATCH,
    article,
    build,
    kinds,
    process,
    raised,
)

CORRECTED = article(
    "fleuve",
    "CORRECTION : Le Mali expulse deux diplomates français",
    (EXPULSION[0].replace("lundi", "dimanche"), *EXPULSION[1:]),
    slug="corrige",
)
CANCELLED = article(
    "sahel",
    "ANNULATION : Le Mali expulse deux diplomates français",
    ("Veuillez ne pas utiliser la dépêche selon laquelle le Mali a expulsé deux diplomates français.",),
    slug="annule",
)
OWN_WORDS = article(
    "kayes",
    "Nouvel accès de fièvre entre Bamako et Paris",
    (
        "La junte au pouvoir à Bamako s’en prend de nouveau à Paris. Le Mali a expulsé deux diplomates français, selon "
        "un message que notre rédaction a pu consulter avant sa diffusion.",
    ),
    slug="propres-mots",
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        sources.sync(opened, SOURCES, NOW)
    yield opened
    opened.conn.close()


def corrections(database: Database) -> list[Alert]:
    return [alert for alert in raised(database) if alert.type == "alert.correction"]


def told(database: Database, alert: Alert) -> set[tuple[str, str]]:
    return {(row.channel_id, row.recipient) for row in deliveries.listing(database, alert_id=alert.id)}


def withdraw(database: Database, article_id: int, *, hours: int = 2) -> None:
    with transaction(database):
        now = NOW + hours * HOUR
        assert revisions.withdraw(database, article_id, "404", now)
        build(database).withdrawn(database, article_id, now)


def mail(alert: Alert, language: Literal["fr", "en"]) -> EmailMessage:
    raw = render_email(
        delivery_key=f"msg_{alert.id}", alert=alert, channel=replace(MAIL, language=language),
        recipient="duty@example.org", install_id="i", zone=ZoneInfo("Europe/Paris"),
    )  # fmt: skip
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    return str(body.get_content())


@pytest.mark.parametrize(
    ("page", "reason", "mark"),
    [
        (CORRECTED, "corrected", "(rectifié)"),
        (CANCELLED, "cancelled", "(dépêche annulée)"),
        (REFUTATION, "denied", "(démenti)"),
    ],
    ids=["corrected", "cancelled", "denied"],
)
def test_who_heard_the_alert_hears_what_takes_it_back(
    database: Database, page: Article, reason: str, mark: str
) -> None:
    line = build(database)
    first = process(database, line, REPORT)
    (alert,) = raised(database)
    second = process(database, line, page, now=NOW + HOUR)
    assert kinds(second)["france-mali"] == (DecisionKind.CORRECTION, reason)
    assert kinds(second)["russia"][0] is DecisionKind.NONE
    (correction,) = corrections(database)
    assert (correction.story_id, correction.sequence, correction.severity) == (first.story_id, 2, 4)
    assert told(database, correction) == told(database, alert)
    data = read_payload(correction).data
    assert (data.reason, data.correction_of, data.sequence) == (reason, alert.id, 2)
    assert correction.headline.startswith(f"Grave {mark} · Mali → France")
    assert data.articles[0].url == page.url
    row = next(one for one in alerts.decisions(database, second.article_id) if one.watch_id == "france-mali")
    assert (row.kind, row.reason, row.alert_id) == (DecisionKind.CORRECTION, reason, correction.id)


def test_reprints_of_a_correction_and_further_denials_are_not_told_again(database: Database) -> None:
    line = build(database)
    process(database, line, REPORT)
    process(database, line, CORRECTED, now=NOW + HOUR)
    for source in ("sahel", "rive"):
        reprint = replace(CORRECTED, source_id=source, url=f"https://{source}.example/corrige")
        found = process(database, line, reprint, now=NOW + 2 * HOUR)
        assert kinds(found)["france-mali"] == (DecisionKind.NONE, "already_told")
    process(database, line, REFUTATION, now=NOW + 3 * HOUR)
    again = replace(
        REFUTATION, source_id="rive", url="https://rive.example/d", title="Bamako dément avoir expulsé deux diplomates "
        "français", paragraphs=("« C’est faux », dit un porte-parole. Le Mali dément avoir expulsé des diplomates.",),
    )  # fmt: skip
    process(database, line, again, now=NOW + 4 * HOUR)
    assert [read_payload(alert).data.reason for alert in corrections(database)] == ["corrected", "denied"]


def test_nobody_who_was_not_told_is_told_of_a_correction(database: Database) -> None:
    process(database, build(database, channels=(MAIL, replace(HOOK, min_severity=5))), REPORT)
    process(database, build(database), REFUTATION, now=NOW + HOUR)
    (correction,) = corrections(database)
    assert told(database, correction) == {("mail", "duty@example.org"), ("mail", "desk@example.org")}


def test_whatever_the_watchs_channels_and_silences_are_today(database: Database) -> None:
    process(database, build(database), REPORT)
    silences.add(
        database, watch_id=None, author="Awa", reason="exercice", starts_at=NOW, ends_at=NOW + timedelta(days=1)
    )
    fewer = replace(WATCH, channels=("hook",))
    process(database, build(database, fewer), REFUTATION, now=NOW + HOUR)
    (correction,) = corrections(database)
    rows = deliveries.listing(database, alert_id=correction.id)
    assert {(row.channel_id, row.recipient) for row in rows} == {
        ("mail", "duty@example.org"), ("mail", "desk@example.org"), ("hook", ""),
    }  # fmt: skip
    assert {row.state for row in rows} == {DeliveryState.PENDING}
    assert {row.next_attempt_at for row in rows} == {NOW + HOUR}


def test_a_channel_that_is_configured_no_more_is_a_dead_letter(database: Database) -> None:
    process(database, build(database), REPORT)
    process(database, build(database, replace(WATCH, channels=("mail",)), channels=(MAIL,)), REFUTATION)
    (correction,) = corrections(database)
    rows = deliveries.listing(database, alert_id=correction.id)
    assert {row.channel_id: row.state for row in rows} == {"mail": DeliveryState.PENDING, "hook": DeliveryState.DEAD}


def test_a_correction_of_what_reached_nobody_is_recorded_only(database: Database) -> None:
    deaf = (replace(MAIL, min_severity=5), replace(HOOK, min_severity=5))
    process(database, build(database, channels=deaf), REPORT)
    process(database, build(database), REFUTATION, now=NOW + HOUR)
    (correction,) = corrections(database)
    assert told(database, correction) == set()
    assert alerts.without_deliveries(database, ["france-mali"]) == []


def test_a_correction_waits_behind_the_alert_and_not_behind_a_dead_letter(database: Database) -> None:
    process(database, build(database), REPORT)
    process(database, build(database), REFUTATION, now=NOW + HOUR)
    ((first, alert),) = deliveries.lease(database, "hook", NOW + HOUR, 10, HOUR)
    assert alert.type == "alert.new"
    deliveries.record(
        database, first.id, Outcome(outcome=OutcomeClass.OK, detail=""), state=DeliveryState.SENT, next_attempt_at=None,
        counts=True, maybe_delivered=False, started_at=NOW + HOUR, ended_at=NOW + HOUR,
    )  # fmt: skip
    ((_, after),) = deliveries.lease(database, "hook", NOW + HOUR, 10, HOUR)
    assert after.type == "alert.correction"
    deliveries.expire(database, "mail", NOW + HOUR / 2, "horizon")
    assert [one.type for _, one in deliveries.lease(database, "mail", NOW + HOUR, 10, HOUR)] == ["alert.correction"] * 2


def test_what_was_told_to_nobody_is_not_corrected(database: Database) -> None:
    line = build(database)
    denied = process(database, line, REFUTATION)
    assert kinds(denied)["france-mali"] == (DecisionKind.NONE, "status_denied")
    cancelled = process(database, line, CANCELLED)
    assert kinds(cancelled)["france-mali"][0] is DecisionKind.NONE
    assert raised(database) == []


def test_a_source_that_the_watch_does_not_read_corrects_nothing(database: Database) -> None:
    watch = replace(WATCH, sources=("fleuve",))
    process(database, build(database, watch), REPORT)
    assert kinds(process(database, build(database, watch), REFUTATION))["france-mali"] == (
        DecisionKind.NONE, "other_source",
    )  # fmt: skip


def test_a_page_that_is_gone_is_told_once_to_those_who_heard_of_it(database: Database) -> None:
    first = process(database, build(database), REPORT)
    (alert,) = raised(database)
    withdraw(database, first.article_id)
    (correction,) = corrections(database)
    data = read_payload(correction).data
    assert (data.reason, data.correction_of) == ("withdrawn", alert.id)
    assert correction.headline == "Grave (page retirée) · Mali → France\u202f: expulsion de diplomates"
    assert told(database, correction) == told(database, alert)
    with transaction(database):
        revisions.restore(database, first.article_id, NOW + 3 * HOUR)
    withdraw(database, first.article_id, hours=4)
    assert len(corrections(database)) == 1
    # A withdrawal is no decision on an article.
    assert database.table("decision").count == 2


def test_a_page_that_is_gone_is_no_news_while_another_origin_tells_the_act(database: Database) -> None:
    line = build(database)
    first = process(database, line, REPORT)
    other = process(database, line, OWN_WORDS, now=NOW + HOUR)
    assert other.origin != first.origin
    withdraw(database, first.article_id)
    assert corrections(database) == []
    withdraw(database, other.article_id, hours=3)
    assert [read_payload(alert).data.reason for alert in corrections(database)] == ["withdrawn"]


def test_copies_do_not_stand_behind_an_act_that_its_own_author_took_back(database: Database) -> None:
    line = build(database)
    first = process(database, line, REPORT)
    copy = process(database, line, article("sahel", slug="copie"))
    assert copy.copy_of == first.article_id
    withdraw(database, first.article_id)
    assert len(corrections(database)) == 1


def test_an_agency_stands_behind_its_dispatch_while_one_paper_carries_it(database: Database) -> None:
    line = build(database)
    first = process(database, line, replace(REPORT, agency="AFP"))
    second = process(database, line, replace(article("sahel", slug="afp"), agency="AFP"))
    withdraw(database, first.article_id)
    assert corrections(database) == []
    withdraw(database, second.article_id, hours=3)
    assert len(corrections(database)) == 1


@pytest.mark.parametrize("how", ["withdrawn", "cancelled"])
def test_what_was_taken_back_is_told_anew_when_somebody_reports_it_again(database: Database, how: str) -> None:
    line = build(database)
    first = process(database, line, REPORT)
    if how == "withdrawn":
        withdraw(database, first.article_id, hours=1)
    else:
        process(database, line, CANCELLED, now=NOW + HOUR)
    assert len(corrections(database)) == 1
    copy = process(database, line, article("rive", slug="tard"), now=NOW + 2 * HOUR)
    assert kinds(copy)["france-mali"] == (DecisionKind.NONE, "already_told")
    again = process(database, line, OWN_WORDS, now=NOW + 3 * HOUR)
    assert again.story_id == first.story_id
    assert kinds(again)["france-mali"] == (DecisionKind.UPDATE, "new_act")


ANSWER = article("rive", "La France rappelle son ambassadeur au Mali", RECALL, slug="reponse")
REPLACED = article(
    "fleuve",
    "CORRECTION : Le Mali dément avoir expulsé deux diplomates français",
    ("Le Mali dément avoir expulsé deux diplomates français, contrairement à ce que nous avons écrit lundi.",),
    slug="remplace",
)


def told_of_the_answer(database: Database) -> set[str]:
    process(database, build(database), ANSWER, now=NOW + 3 * HOUR)
    return {event.type for event in read_payload(raised(database)[-1]).data.events}


@pytest.mark.parametrize(
    "page", [None, CANCELLED, REFUTATION, REPLACED], ids=["withdrawn", "cancelled", "denied", "corrected"]
)
def test_what_was_taken_back_of_one_story_is_told_anew_by_another(database: Database, page: Article | None) -> None:
    first = process(database, build(database), REPORT)
    if page is None:
        withdraw(database, first.article_id)
    else:
        process(database, build(database), page, now=NOW + HOUR)
    assert len(corrections(database)) == 1
    assert told_of_the_answer(database) == {"recall_ambassador", "expel_diplomats"}


def test_what_a_correction_tells_as_well_is_still_told(database: Database) -> None:
    process(database, build(database), REPORT)
    process(database, build(database), CORRECTED, now=NOW + HOUR)
    assert len(corrections(database)) == 1
    assert told_of_the_answer(database) == {"recall_ambassador"}


def test_an_import_records_corrections_for_nobody(database: Database) -> None:
    line = build(database)
    for page in (REPORT, REFUTATION):
        process(database, line, page, sending=False)
    (correction,) = corrections(database)
    assert told(database, correction) == set()
    assert json.loads(correction.payload)["type"] == "alert.correction"


def test_a_correction_is_in_the_same_mail_thread(database: Database) -> None:
    process(database, build(database), REPORT)
    process(database, build(database), REFUTATION, now=NOW + HOUR)
    mails = [mail(alert, "fr") for alert in raised(database)]
    assert mails[0]["References"] == mails[1]["References"] == mails[1]["In-Reply-To"]
    text = text_of(mails[1])
    assert "Ce qui a été signalé est démenti" in text
    assert "Alerte du 10\xa0mars 2026, 9\xa0h\xa000 UTC (10\xa0h\xa000, Paris)." in text


def test_mails_stay_in_their_thread_when_stories_join(database: Database) -> None:
    process(database, build(database), REPORT)
    other = process(database, build(database), article(title="Le marché rouvre", paragraphs=("Étals.",), slug="m"))
    (first,) = raised(database)
    with transaction(database):
        threads.merge(database, first.story_id or 0, other.story_id, author="Awa", reason="test", now=NOW)
    process(database, build(database), REFUTATION, now=NOW + HOUR)
    before, correction = raised(database)
    assert (before.story_id, correction.story_id) == (other.story_id, other.story_id)
    assert before.thread == correction.thread == f"story:{first.story_id}"
    mails = [mail(alert, "fr") for alert in (first, before, correction)]
    assert len({message["References"] for message in mails}) == 1
    assert mails[0].as_bytes() == mails[1].as_bytes()


def test_an_origin_that_the_watch_does_not_read_uses_no_confirmation_up(database: Database) -> None:
    line = build(database, replace(WATCH, sources=("fleuve", "brousse")))
    process(database, line, REPORT)
    unread = process(database, line, OWN_WORDS, now=NOW + HOUR)
    assert kinds(unread)["france-mali"][1] == "other_source"
    text = (
        "Deux diplomates de France ont quitté le pays : le Mali a expulsé deux diplomates français, confirme un "
        "responsable joint par notre correspondant dans la capitale.",
    )
    third = process(
        database, line, article("brousse", "Le Mali expulse deux diplomates français", text, slug="t"),
        now=NOW + 2 * HOUR,
    )  # fmt: skip
    assert kinds(third)["france-mali"] == (DecisionKind.UPDATE, "second_origin")


@pytest.mark.parametrize("moved", ["what is corrected", "what corrects"])
def test_a_correction_stays_with_the_alert_that_it_corrects_when_a_story_is_split(
    database: Database, moved: str
) -> None:
    first = process(database, build(database), REPORT)
    second = process(database, build(database), CANCELLED, now=NOW + HOUR)
    assert second.story_id == first.story_id
    goes = first if moved == "what is corrected" else second
    with transaction(database):
        threads.split(database, [goes.article_id], author="Awa", reason="test", now=NOW + 2 * HOUR)
    told, correction = raised(database)
    assert correction.type == "alert.correction"
    assert correction.story_id == told.story_id


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_kind_of_message_says_what_it_is_in_a_line_that_a_lock_screen_shows(
    database: Database, language: Literal["fr", "en"]
) -> None:
    line = build(database)
    first = process(database, line, REPORT)
    process(database, line, OWN_WORDS, now=NOW + HOUR)
    process(database, line, replace(REPORT, paragraphs=(*EXPULSION, RECALL[0])), now=NOW + 2 * HOUR)
    process(database, line, replace(REPORT, paragraphs=EXPULSION), now=NOW + 3 * HOUR)
    process(database, line, CORRECTED, now=NOW + 4 * HOUR)
    process(database, line, REFUTATION, now=NOW + 5 * HOUR)
    process(database, line, CANCELLED, now=NOW + 6 * HOUR)
    lines = [str(mail(alert, language)["Subject"]) for alert in raised(database)]
    act = {
        "fr": "Grave{} · Mali → France\u202f: expulsion de diplomates",
        "en": "Severe{} · Mali → France: diplomats expelled",
    }[language]
    marks = {
        "fr": ("", " (deuxième source)", None, None, " (rectifié)", " (démenti)", " (dépêche annulée)"),
        "en": ("", " (second origin)", None, None, " (corrected)", " (denied)", " (dispatch cancelled)"),
    }[language]
    assert [one for one in lines if act.partition("{}")[0] in one] == [
        act.format(mark) for mark in marks if mark is not None
    ]
    added, removed = {
        "fr": ("Sérieux (phrase ajoutée)", "Sérieux (phrase retirée)"),
        "en": ("Serious (phrase added)", "Serious (phrase removed)"),
    }[language]
    assert (lines[2].partition(" · ")[0], lines[3].partition(" · ")[0]) == (added, removed)
    assert all(len(one) <= HEADLINE_LIMIT for one in lines)
    notices = [line.strip() for line in text_of(mail(raised(database)[1], language)).splitlines()]
    assert {
        "fr": "Une deuxième source indépendante rapporte ce qui a été signalé\u202f: Kayes.",
        "en": "A second independent origin reports what was told: Kayes.",
    }[language] in notices
    assert first.story_id == raised(database)[1].story_id
    texts = [text_of(mail(alert, language)) for alert in raised(database)]
    why = {
        "fr": "- Premier article retenu sur cet événement",
        "en": "- First article on this story that passed the bar",
    }
    assert why[language] in texts[0]
    assert ("Premier article" in texts[0]) is (language == "fr"), "a reader gets the reasons in one language"
    assert {"fr": "[affirmé, dépêche annulée]", "en": "[asserted, dispatch cancelled]"}[language] in texts[-1]
    assert {"fr": "[affirmé]", "en": "[asserted]"}[language] in texts[0]
