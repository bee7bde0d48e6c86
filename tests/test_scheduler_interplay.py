"""Where the rules of alerting meet each other, the configuration and faults of our own, on a real archive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlite_utils import Database

from alerts import alert_notices, holding
from alerts.digest_message import render_digest_email
from alerts.notice_message import render_notice_email
from alerts.notices import Speech, is_notice
from alerts.plain import plain_notice
from alerts.schedule import after
from alerts.settings import DeliverySettings
from scheduler import alerting, corrections, maintenance, occasions, outgoing, pipeline, silence_ends
from scheduler.building import routes
from scheduler.escalation import Escalation, build_escalation
from scheduler.outbox import ArchiveOutbox, lease_unsilenced
from storage import alerts, deliveries, silences, sources
from storage.database import open_writer, transaction
from storage.errors import NotFoundError
from storage.types import Alert, Article, DecisionKind, DeliveryState, Outcome, OutcomeClass
from tests.holding import DAILY, MORNING, NIGHT, OUTGOING, QUIET, gathering, hear, lists, rows, send, tick
from tests.test_scheduler_corrections import CANCELLED, CORRECTED, OWN_WORDS, REPLACED, mail, text_of, withdraw
from tests.test_scheduler_corrections import corrections as corrections_raised
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

MINUTE = timedelta(minutes=1)
SPEECH = Speech(public_url="https://vigie.example", language="fr", zone=ZoneInfo("Europe/Paris"))
CHIEF = replace(HOOK, id="chief")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        sources.sync(opened, SOURCES, NOW)
    yield opened
    opened.conn.close()


def broken(*_: object, **__: object) -> None:
    raise ZeroDivisionError("a fault of ours")


def escalation() -> Escalation:
    watch = replace(WATCH, escalate_after=15 * MINUTE, escalate_to=("chief",))
    return build_escalation((watch,), routes((MAIL, HOOK, CHIEF)), urgent_severity=4)


def escalate(database: Database, ladder: Escalation) -> Alert:
    """Send what waits, let nobody answer, and return what goes further."""
    for what in send(database, NOW, "hook"):
        ladder.sent(database, what.id, NOW)
    send(database, NOW, "mail")
    with transaction(database):
        assert ladder.look(database, NOW + HOUR, instance="i", speech=SPEECH) == 1
    return next(one for one in alerts.recent(database) if one.escalates is not None)


def states(database: Database, alert_id: str) -> set[tuple[str, DeliveryState]]:
    return {(row.channel_id, row.state) for row in rows(database, alert_id)}


# --- the configuration ------------------------------------------------------------------------------


def test_what_waits_for_a_channel_that_is_configured_no_more_is_a_dead_letter(database: Database) -> None:
    kept, _ = hear(database, replace(QUIET, quiet_hours=None, channels=("mail", "hook")), "un", NIGHT)
    with transaction(database):
        assert maintenance.give_up_removed(database, ("hook",)) == 2
        assert maintenance.give_up_removed(database, ("hook",)) == 0
    assert states(database, kept.id) == {("mail", DeliveryState.DEAD), ("hook", DeliveryState.PENDING)}
    assert "configured" in (next(row for row in rows(database, kept.id) if row.channel_id == "mail").last_error or "")


# --- two watches on one channel ---------------------------------------------------------------------


def test_one_watch_that_waits_keeps_no_other_waiting(database: Database) -> None:
    slow = replace(OUTGOING, holding=holding.HoldingSettings(group_wait=HOUR))
    plain = replace(QUIET, quiet_hours=None, cooldown=None)
    first, _ = hear(database, plain, "un", NIGHT, 3, outgoing=slow)
    grave, _ = hear(database, replace(plain, id="v"), "deux", NIGHT, 5, story_id=first.story_id, outgoing=slow)
    assert {what.id for what in send(database, NIGHT)} == {grave.id}


# --- escalations --------------------------------------------------------------------------------------


def test_who_heard_by_escalation_hears_the_correction(database: Database) -> None:
    line = build(database, channels=(MAIL, HOOK, CHIEF))
    process(database, line, REPORT)
    notice = escalate(database, escalation())
    process(database, line, CANCELLED, now=NOW + 2 * HOUR)
    (correction,) = corrections_raised(database)
    assert {channel for channel, _ in states(database, correction.id)} == {"mail", "hook", "chief"}
    silences.add(
        database, watch_id=None, author="Awa", reason="calme", starts_at=NOW, ends_at=NOW + 9 * HOUR
    )  # fmt: skip
    # The notice was told before, and so its correction is, whatever is silent.
    at = NOW + 2 * HOUR
    ((delivery, what),) = deliveries.lease(database, "chief", at, 9, HOUR)
    assert what.id == notice.id
    deliveries.record(
        database, delivery.id, Outcome(outcome=OutcomeClass.OK, detail="250"), state=DeliveryState.SENT,
        next_attempt_at=None, counts=True, maybe_delivered=False, started_at=at, ended_at=at,
    )  # fmt: skip
    leased = lease_unsilenced(database, "chief", at, 9, HOUR)
    assert [what.id for _, what in leased.taken] == [correction.id]


def test_a_correction_waits_for_the_escalation_that_it_corrects(database: Database) -> None:
    line = build(database, channels=(MAIL, HOOK, CHIEF))
    process(database, line, REPORT)
    notice = escalate(database, escalation())
    process(database, line, CANCELLED, now=NOW + 2 * HOUR)
    assert [what.id for _, what in deliveries.lease(database, "chief", NOW + 2 * HOUR, 9, HOUR)] == [notice.id]
    assert deliveries.lease(database, "chief", NOW + 2 * HOUR, 9, HOUR) == []


@pytest.mark.parametrize("page", [None, CANCELLED, REPLACED], ids=["withdrawn", "cancelled", "corrected"])
def test_what_was_taken_back_goes_no_further(database: Database, page: Article | None) -> None:
    line, ladder = build(database, channels=(MAIL, HOOK, CHIEF)), escalation()
    first = process(database, line, REPORT)
    for what in send(database, NOW, "hook"):
        ladder.sent(database, what.id, NOW)
    if page is None:
        withdraw(database, first.article_id, hours=0)
    else:
        process(database, line, page, now=NOW + MINUTE)
    for what in send(database, NOW + MINUTE, "hook"):
        ladder.sent(database, what.id, NOW + MINUTE)
    with transaction(database):
        assert ladder.look(database, NOW + HOUR, instance="i", speech=SPEECH) == 0
        assert ladder.look(database, NOW + 2 * HOUR, instance="i", speech=SPEECH) == 0
    kept = [one for one in alerts.recent(database) if one.escalates is not None]
    assert {row.reason for one in kept for row in rows(database, one.id)} == {"taken_back"}
    assert {state for one in kept for _, state in states(database, one.id)} == {DeliveryState.SUPPRESSED}
    assert send(database, NOW + HOUR, "chief") == []


@pytest.mark.parametrize("page", [CORRECTED, REFUTATION], ids=["corrected", "denied"])
def test_what_still_stands_or_is_in_doubt_goes_further(database: Database, page: Article) -> None:
    line = build(database, channels=(MAIL, HOOK, CHIEF))
    process(database, line, REPORT)
    process(database, line, page, now=NOW)
    assert len(corrections_raised(database)) == 1
    ladder = escalation()
    for what in send(database, NOW, "hook"):
        ladder.sent(database, what.id, NOW)
    with transaction(database):
        assert ladder.look(database, NOW + HOUR, instance="i", speech=SPEECH) >= 1
    assert send(database, NOW + HOUR, "chief")


def test_an_act_that_a_cancellation_left_standing_goes_further(database: Database) -> None:
    line, ladder = build(database, channels=(MAIL, HOOK, CHIEF)), escalation()
    both = article(paragraphs=(*EXPULSION, "Le Mali a rompu lundi ses relations diplomatiques avec la France."))
    process(database, line, both)
    process(database, line, REPLACED, now=NOW)
    told = send(database, NOW, "hook")
    for what in told:
        ladder.sent(database, what.id, NOW)
    with transaction(database):
        ladder.look(database, NOW + HOUR, instance="i", speech=SPEECH)
    first = next(what for what in told if what.type == "alert.new")
    assert first.id in {alerts.get(database, one.id).escalates for one in send(database, NOW + HOUR, "chief")}


def test_whoever_acknowledges_a_later_alert_ends_the_escalation_of_the_earlier(database: Database) -> None:
    line = build(database, channels=(MAIL, HOOK, CHIEF))
    process(database, line, REPORT)
    notice = escalate(database, escalation())
    process(database, line, CANCELLED, now=NOW + 2 * HOUR)
    (correction,) = corrections_raised(database)
    with transaction(database):
        alerts.acknowledge(database, correction.id, NOW + 3 * HOUR, author="Awa")
    assert states(database, notice.id) == {("chief", DeliveryState.SUPPRESSED)}


def test_one_escalation_that_cannot_be_worded_still_goes_out_and_holds_up_no_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    process(database, build(database, channels=(MAIL, HOOK, CHIEF)), REPORT)

    monkeypatch.setattr(alert_notices, "_facts", broken)
    notice = escalate(database, escalation())
    assert is_notice(notice)
    assert states(database, notice.id) == {("chief", DeliveryState.PENDING)}


# --- acknowledgements ---------------------------------------------------------------------------------


@pytest.mark.parametrize("which", [0, -1], ids=["the alert", "the cancellation"])
def test_what_is_told_anew_after_a_cancellation_rings_in_spite_of_an_acknowledgement(
    database: Database, which: int
) -> None:
    line = build(database)
    process(database, line, REPORT)
    if which == 0:
        alerts.acknowledge(database, raised(database)[0].id, NOW)
    process(database, line, CANCELLED, now=NOW + HOUR)
    if which == -1:
        alerts.acknowledge(database, raised(database)[-1].id, NOW + HOUR)
    anew = process(database, line, OWN_WORDS, now=NOW + 2 * HOUR)
    assert kinds(anew)["france-mali"] == (DecisionKind.UPDATE, "new_act")


def test_acknowledging_a_list_acknowledges_nothing_that_a_silence_kept_out_of_it(database: Database) -> None:
    hidden, _ = hear(database, QUIET, "un", NIGHT)
    others = [hear(database, QUIET, name, NIGHT)[0] for name in ("deux", "trois")]
    silences.add(
        database, watch_id=None, author="Awa", reason="suivi", starts_at=NIGHT, ends_at=MORNING + HOUR,
        story_id=hidden.story_id,
    )  # fmt: skip
    assert tick(database, gathering(QUIET), MORNING) == 1
    told = next(one for one in alerts.recent(database) if one.type == "alert.digest")
    alerts.acknowledge(database, told.id, MORNING)
    taken = {one.id for one in alerts.recent(database) if one.acknowledged_at is not None}
    assert taken == {told.id, *(one.id for one in others)}


# --- imports ------------------------------------------------------------------------------------------


def test_an_imported_alert_swallows_no_live_one_of_the_same_article(database: Database) -> None:
    line = build(database)
    process(database, line, REPORT, sending=False)
    page = replace(REPORT, paragraphs=(REPORT.paragraphs[0].replace("lundi", "mardi"), *REPORT.paragraphs[1:]))
    live = process(database, line, page, now=NOW + HOUR)
    assert kinds(live)["france-mali"] == (DecisionKind.NEW, "new_story")
    (alert,) = raised(database)
    assert {row.state for row in rows(database, alert.id)} == {DeliveryState.PENDING}
    assert len(rows(database, alert.id)) == 3


def test_an_imported_cancellation_silences_no_live_one(database: Database) -> None:
    line = build(database)
    process(database, line, REPORT)
    process(database, line, CANCELLED, sending=False)
    process(database, line, replace(CANCELLED, url="https://sahel.example/annule-2"), now=NOW + HOUR)
    assert [len(rows(database, one.id)) for one in corrections_raised(database)] == [0, 3]
    process(database, line, replace(CANCELLED, url="https://sahel.example/annule-3"), now=NOW + 2 * HOUR)
    assert len(corrections_raised(database)) == 2


# --- faults of our own --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (occasions, ("build_payload",)),
        (alerting, ("decide",)),
        (alerting, ("assess", "assessed")),
        (alerting, ("assess", "assessed", "decide")),
        (outgoing, ("_plan",)),
        (holding, ("plan",)),
        (pipeline, ("put_into_story",)),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_whatever_fails_an_alert_goes_out_once(
    database: Database, monkeypatch: pytest.MonkeyPatch, module: object, names: tuple[str, ...]
) -> None:
    for name in names:
        monkeypatch.setattr(module, name, broken)
    line = build(database)
    process(database, line, REPORT)
    again = replace(REPORT, paragraphs=(*REPORT.paragraphs, "Les rues étaient calmes."))
    process(database, line, again, now=NOW + HOUR)
    (alert,) = raised(database)
    assert {row.state for row in rows(database, alert.id)} == {DeliveryState.PENDING}
    assert len(rows(database, alert.id)) == 3
    assert alert.severity == 4


def test_an_alert_in_bare_facts_is_a_mail_like_any_other(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occasions, "build_payload", broken)
    process(database, build(database), REPORT)
    (alert,) = raised(database)
    assert alert.headline == f"[4/5] {REPORT.title}"
    assert REPORT.title in text_of(mail(alert, "fr"))


@pytest.mark.parametrize("name", ["signal_changes", "Before"])
def test_an_edit_that_cannot_be_compared_tells_what_it_adds(
    database: Database, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    line = build(database)
    process(database, line, REPORT)
    monkeypatch.setattr(pipeline, name, broken)
    process(database, line, replace(REPORT, paragraphs=(*REPORT.paragraphs, RECALL[0])), now=NOW + HOUR)
    assert len(raised(database)) == 2


def test_a_correction_that_fails_takes_no_alert_with_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    line = build(database)
    process(database, line, REPORT)

    monkeypatch.setattr(corrections, "send", broken)
    assert process(database, line, CANCELLED, now=NOW + HOUR).article_id
    assert len(raised(database)) == 1


def test_lists_close_although_the_next_digest_cannot_be_planned(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick(database, gathering(DAILY), NIGHT)
    hear(database, DAILY, "un", NIGHT)

    monkeypatch.setattr(holding, "daily", broken)
    assert tick(database, gathering(DAILY), MORNING + 2 * HOUR) == 1
    assert len(lists(database)) == 1


def test_a_silence_whose_end_cannot_be_worded_is_told_all_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    process(database, build(database), REPORT)
    silences.add(database, watch_id=None, author="Awa", reason="calme", starts_at=NOW, ends_at=NOW + HOUR)
    assert lease_unsilenced(database, "hook", NOW, 9, HOUR).taken == ()

    monkeypatch.setattr(alert_notices, "_facts", broken)
    with transaction(database):
        assert silence_ends.tell_ends(database, NOW + HOUR, instance="i", speech=SPEECH) == 1


# --- clocks -------------------------------------------------------------------------------------------


def test_what_a_clock_that_ran_ahead_queued_makes_no_storm(database: Database) -> None:
    plain = replace(QUIET, quiet_hours=None, cooldown=None)
    for n in range(25):
        hear(database, plain, f"a {n}", NIGHT + 1000 * HOUR, 5)
    _, found = hear(database, plain, "maintenant", NIGHT, 4)
    assert {row.reason for row in found} == {"at_once"}


# --- order --------------------------------------------------------------------------------------------


def test_a_correction_of_what_waits_waits_with_it_although_the_story_was_told(database: Database) -> None:
    line = build(database, replace(WATCH, cooldown=2 * HOUR))
    process(database, line, REPORT)
    for channel in ("mail", "hook"):
        send(database, NOW, channel)
    added = replace(REPORT, paragraphs=(*REPORT.paragraphs, RECALL[0]))
    process(database, line, added, now=NOW + 10 * MINUTE)
    taken = (*REPORT.paragraphs, "La France dément avoir rappelé son ambassadeur au Mali.")
    process(database, line, replace(REPORT, paragraphs=taken), now=NOW + 20 * MINUTE)
    waits, correction = raised(database)[-2:]
    assert (waits.type, correction.type) == ("alert.edited", "alert.correction")
    for one in (waits, correction):
        assert {(row.state, row.reason) for row in rows(database, one.id)} == {(DeliveryState.BATCHED, "cooldown")}
    # What corrects the news that was told goes at once.
    process(database, line, CANCELLED, now=NOW + 30 * MINUTE)
    assert {row.reason for row in rows(database, corrections_raised(database)[-1].id)} == {"at_once"}


# --- hostile words ------------------------------------------------------------------------------------

HOSTILE = "Fin\r\nBcc: x@example.org\u2028\u2029\x00\x85 \u202e" + "é" * 50_000


def test_hostile_words_are_words_in_lists_and_in_ends_of_silences(database: Database) -> None:
    for number in range(3):
        hear(database, QUIET, f"{HOSTILE}{number}", NIGHT + number * MINUTE, sentence=HOSTILE)
    tick(database, gathering(QUIET), MORNING)
    silences.add(
        database, watch_id=None, author=HOSTILE, reason=HOSTILE, starts_at=NIGHT, ends_at=MORNING + HOUR
    )  # fmt: skip
    alone, _ = hear(database, replace(QUIET, quiet_hours=None), f"{HOSTILE}9", MORNING, sentence=HOSTILE)
    assert lease_unsilenced(database, "mail", MORNING, 50, HOUR).taken == ()
    silence_ends.tell_ends(database, MORNING + HOUR, instance="i", speech=SPEECH)
    told = [one for one in alerts.recent(database) if one.type in {"alert.digest", "silence.ended"}]
    assert [one.type for one in told] == ["silence.ended", "alert.digest"]
    bare = plain_notice(
        "silence.ended", (alone,), alert_id="alr_x", since=NIGHT, now=MORNING, speech=SPEECH
    ).model_dump_json()  # fmt: skip
    told.append(replace(told[0], payload=bare))
    for one in told:
        assert len(one.payload.encode()) < 20_000
        for language in ("fr", "en"):
            render = render_digest_email if one.type == "alert.digest" else render_notice_email
            raw = render(
                delivery_key="msg_x", alert=one, channel=replace(MAIL, language=language), recipient="a@example.org",
                install_id="i", zone=SPEECH.zone,
            )  # fmt: skip
            message = message_from_bytes(raw, policy=default)
            assert (message["To"], message["Bcc"], message.defects) == ("a@example.org", None, [])
            assert len(message["Subject"]) < 250


@pytest.mark.parametrize(("code", "goes"), [(422, True), (503, False)])
def test_a_message_that_the_receiver_cannot_take_holds_up_no_news_on_its_story(
    database: Database, code: int, goes: bool
) -> None:
    plain = replace(QUIET, quiet_hours=None, cooldown=None, channels=("hook",))
    first, _ = hear(database, plain, "un", NIGHT, 4)
    ((delivery, _),) = deliveries.lease(database, "hook", NIGHT, 9, HOUR)
    kind = OutcomeClass.CHANNEL_CONFIG if goes else OutcomeClass.CHANNEL_TRANSIENT
    deliveries.record(
        database, delivery.id, Outcome(outcome=kind, code=code, detail="refused"), state=DeliveryState.PENDING,
        next_attempt_at=NIGHT + HOUR, counts=True, maybe_delivered=False, started_at=NIGHT, ended_at=NIGHT,
    )  # fmt: skip
    rise, _ = hear(database, plain, "deux", NIGHT + MINUTE, 5, story_id=first.story_id)
    assert [one.id for one in send(database, NIGHT + MINUTE, "hook")] == ([rise.id] if goes else [])
    assert {one.id for one in send(database, NIGHT + HOUR, "hook")} == ({first.id} if goes else {first.id, rise.id})


def test_what_a_list_told_cannot_be_discarded(database: Database) -> None:
    for name in ("un", "deux"):
        hear(database, QUIET, name, NIGHT)
    member = next(row for row in deliveries.listing(database) if row.state is DeliveryState.BATCHED)
    tick(database, gathering(QUIET), MORNING)
    with pytest.raises(NotFoundError):
        deliveries.discard(database, member.id, MORNING)


def test_what_went_out_in_plain_words_was_heard(database: Database) -> None:
    line = build(database, channels=(MAIL, HOOK, CHIEF))
    process(database, line, REPORT)
    ((delivery, what),) = deliveries.lease(database, "hook", NOW, 9, HOUR)
    outcome = Outcome(outcome=OutcomeClass.BUG, detail="could not be laid out; sent as plain text")
    following = after(outcome, delivery, HOOK, DeliverySettings(), NOW, 0.5)
    ladder = escalation()
    ArchiveOutbox._record(
        ArchiveOutbox(None, ladder), database, delivery, outcome, following, NOW, NOW  # type: ignore[arg-type]
    )  # fmt: skip
    assert ladder.look(database, NOW + HOUR, instance="i", speech=SPEECH) == 1
    process(database, line, CANCELLED, now=NOW + HOUR)
    silences.add(database, watch_id=None, author="Awa", reason="calme", starts_at=NOW, ends_at=NOW + 9 * HOUR)
    leased = lease_unsilenced(database, "hook", NOW + HOUR, 9, HOUR)
    assert [one.type for _, one in leased.taken] == ["alert.correction"]
    assert what.type == "alert.new"
