"""The one path of an article, with the real rules on a real archive: everything of it, or nothing."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from alerts import identity
from alerts.settings import DeliverySettings, EmailChannel, WebhookChannel
from crawler.settings import CrawlerSettings
from detection.query import parse
from scheduler.building import build_pipeline
from scheduler.pipeline import Pipeline, Processed
from scheduler.settings import ServiceSettings
from storage import alerts, articles, deliveries, entries, revisions, silences, sources, stories, threads
from storage.articles import SaveKind
from storage.database import instance_id, open_writer, transaction
from storage.revisions import EventKind
from storage.types import (
    Alert,
    Article,
    DecisionKind,
    DeliveryState,
    Evidence,
    FeedEntry,
    QuietHours,
    Source,
    Status,
    Watch,
)

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
OUTLETS = ("fleuve", "sahel", "kayes", "brousse", "rive")
SOURCES = tuple(
    Source(id=name, name=name.title(), url=f"https://{name}.example/", language="fr", country="MLI") for name in OUTLETS
)
MAIL = EmailChannel(
    id="mail", host="127.0.0.1", port=25, tls="none", sender="vigie@example.org",
    recipients=("duty@example.org", "desk@example.org"),
)  # fmt: skip
HOOK = WebhookChannel(id="hook", url="https://hooks.example.org/vigie", secrets=("whsec_c2VjcmV0",))
WATCH = Watch(id="france-mali", name="France – Mali", pairs=(("FRA", "MLI"),), channels=("mail", "hook"))
ELSEWHERE = Watch(id="russia", name="Russie", pairs=(("RUS", "UKR"),), channels=("mail",))

EXPULSION = (
    "Le Mali a expulsé lundi deux diplomates français, a annoncé le ministère des Affaires étrangères à Bamako dans "
    "un communiqué lu à la télévision nationale.",
    "Les deux agents disposent de quarante-huit heures pour faire leurs bagages. Leur nom n’a pas été rendu public "
    "et l’ambassade n’a pas souhaité répondre aux questions de la presse.",
    "Trois notes verbales étaient restées sans réponse depuis le début de l’année, selon le texte, qui invoque la "
    "convention de Vienne sans citer d’article précis.",
    "Dans les rues de la capitale, la nouvelle a été accueillie sans manifestation particulière. Les commerces du "
    "quartier du Fleuve sont restés ouverts toute la journée.",
)
RECALL = (
    "Paris a décidé mardi de rappeler son ambassadeur au Mali. La France a rappelé son ambassadeur à Bamako pour "
    "consultations, précise un message du Quai d’Orsay.",
    "Le Mali a expulsé lundi deux diplomates français, rappelle la diplomatie française, qui parle d’une décision "
    "infondée et promet une réponse à la hauteur.",
)
DENIAL = (
    "Le ministère malien des Affaires étrangères dément avoir expulsé deux diplomates français. Aucune mesure n’a "
    "été prise contre l’ambassade, assure-t-il dans un message publié mardi.",
)


def article(
    source: str = "fleuve",
    title: str = "Le Mali expulse deux diplomates français",
    paragraphs: tuple[str, ...] = EXPULSION,
    *,
    at: datetime = NOW - HOUR,
    slug: str = "a",
) -> Article:
    return Article(
        source_id=source, url=f"https://{source}.example/{slug}", title=title, paragraphs=paragraphs, language="fr",
        published_at=at, fetched_at=NOW,
    )  # fmt: skip


REPORT = article()
FOLLOW_UP = article(title="La France rappelle son ambassadeur au Mali", paragraphs=RECALL, slug="rappel")
REFUTATION = article("sahel", "Le Mali dément avoir expulsé deux diplomates français", DENIAL, slug="dementi")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        sources.sync(opened, SOURCES, NOW)
    yield opened
    opened.conn.close()


def build(
    database: Database,
    *watches: Watch,
    channels: tuple[EmailChannel | WebhookChannel, ...] = (MAIL, HOOK),
    delivery: DeliverySettings | None = None,
    group_interval: timedelta = timedelta(0),
) -> Pipeline:
    chosen = watches or (WATCH, ELSEWHERE)
    settings = ServiceSettings(
        data_dir=Path("unused"),
        sources=SOURCES,
        watches=chosen,
        channels=channels,
        delivery=delivery or DeliverySettings(),
        crawler=CrawlerSettings(user_agent="Vigie/test"),
        public_url="http://vigie.example",
        language="fr",
        timezone="Europe/Paris",
        queries={watch.id: parse(watch.query) for watch in chosen if watch.query is not None},
        group_interval=group_interval,
    )
    return build_pipeline(settings, instance_id(database))


def process(
    database: Database, line: Pipeline, page: Article, *, now: datetime = NOW, sending: bool = True
) -> Processed:
    with transaction(database):
        return line.process(database, page, key=page.url, now=now, sending=sending)


def kinds(processed: Processed) -> dict[str, tuple[DecisionKind, str]]:
    return {taken.watch_id: (taken.kind, taken.reason) for taken in processed.taken}


def raised(database: Database) -> list[Alert]:
    return alerts.recent(database)[::-1]


def counts(database: Database) -> dict[str, int]:
    names = ("article", "revision", "signal", "story", "fingerprint", "decision", "alert", "delivery", "evidence")
    return {name: database.table(name).count for name in names}


# --- the first report -------------------------------------------------------------------------------


def test_report_gives_one_alert_with_a_delivery_for_each_recipient(database: Database) -> None:
    processed = process(database, build(database), REPORT)
    assert processed.kind is SaveKind.NEW
    assert ("expel_diplomats", "MLI", "FRA", Status.ASSERTED) in {(*s.act, s.status) for s in processed.signals}
    assert kinds(processed)["france-mali"] == (DecisionKind.NEW, "new_story")
    (alert,) = raised(database)
    assert (alert.type, alert.watch_id, alert.story_id, alert.sequence) == (
        "alert.new", "france-mali", processed.story_id, 1,
    )  # fmt: skip
    rows = deliveries.listing(database)
    assert {(row.channel_id, row.recipient) for row in rows} == {
        ("mail", "duty@example.org"), ("mail", "desk@example.org"), ("hook", ""),
    }  # fmt: skip
    assert {row.state for row in rows} == {DeliveryState.PENDING}
    assert {row.next_attempt_at for row in rows} == {NOW}
    assert {row.alert_id for row in rows} == {alert.id}
    assert len({row.key for row in rows}) == 3


def test_alert_carries_the_sentence_that_proves_it(database: Database) -> None:
    process(database, build(database), REPORT)
    (alert,) = raised(database)
    data = json.loads(alert.payload)["data"]
    event = next(event for event in data["events"] if event["type"] == "expel_diplomats")
    assert event["sentence"] in {REPORT.title, *(part for text in EXPULSION for part in text.split("\n"))}
    assert data["story"]["articles"] == 1
    assert [found["url"] for found in data["articles"]] == [REPORT.url]
    assert alert.severity == data["severity"] == 4


def test_signals_are_stored_with_the_offsets_of_their_text(database: Database) -> None:
    processed = process(database, build(database), REPORT)
    assert articles.signals(database, processed.revision_id) == tuple(
        sorted(processed.signals, key=lambda signal: (signal.start, signal.end))
    )
    text = f"{REPORT.title}\n{REPORT.text}"
    for signal in processed.signals:
        assert signal.sentence in text
        assert text[signal.start : signal.end] in signal.sentence


@pytest.mark.parametrize("after", ["decision", "alert", "the whole article"])
def test_whatever_breaks_off_stores_nothing(database: Database, monkeypatch: pytest.MonkeyPatch, after: str) -> None:
    line = build(database)
    before = counts(database)
    with transaction(database):
        assert entries.add(database, "fleuve", REPORT.url, FeedEntry(url=REPORT.url, title=REPORT.title), NOW)
    (pending,) = entries.due(database, NOW, 1)

    def breaks(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("power cut")

    if after == "decision":
        monkeypatch.setattr(alerts, "record_decision", breaks)
    elif after == "alert":
        monkeypatch.setattr(identity, "delivery_key", breaks)
    with pytest.raises(RuntimeError, match="power cut"), transaction(database):
        line.process(database, REPORT, key=REPORT.url, now=NOW, entry_id=pending.id)
        breaks()
    assert counts(database) == before
    monkeypatch.undo()
    assert [row.id for row in entries.due(database, NOW, 1)] == [pending.id]
    with transaction(database):
        line.process(database, REPORT, key=REPORT.url, now=NOW, entry_id=pending.id)
    assert len(raised(database)) == 1
    assert entries.due(database, NOW, 1) == []


def test_same_article_again_changes_nothing(database: Database) -> None:
    line = build(database)
    first = process(database, line, REPORT)
    before = counts(database)
    again = process(database, line, replace(REPORT, fetched_at=NOW + HOUR), now=NOW + HOUR)
    assert (again.kind, again.taken, again.novel_paragraphs) == (SaveKind.SAME, (), ())
    assert (again.article_id, again.revision_id, again.story_id, again.origin) == (
        first.article_id, first.revision_id, first.story_id, first.origin,
    )  # fmt: skip
    assert set(again.signals) == set(first.signals)
    assert counts(database) == before


def test_page_is_kept_as_evidence_of_a_signal_only(database: Database) -> None:
    line = build(database)
    quiet = article(title="Le marché de Kayes rouvre", paragraphs=("Les étals ont retrouvé leur place.",), slug="m")
    for page in (REPORT, quiet):
        proof = Evidence(
            url=page.url, captured_at=NOW, status=200, headers=(), sha256="0", body_gzip=gzip.compress(b"x")
        )
        with transaction(database):
            line.process(database, page, key=page.url, now=NOW, evidence=proof)
    assert [row["url"] for row in database.query("SELECT url FROM evidence")] == [REPORT.url]


# --- one story, one alert ---------------------------------------------------------------------------


def test_dispatch_in_five_papers_is_one_story_and_one_alert(database: Database) -> None:
    line = build(database)
    titles = (
        "Le Mali expulse deux diplomates français", "Deux diplomates français expulsés par Bamako",
        "Mali : deux agents français priés de partir", "Bamako–Paris, le ton monte encore", "Dernière heure",
    )  # fmt: skip
    results = [
        process(database, line, article(source, title, at=NOW - HOUR + number * HOUR / 6), now=NOW + number * HOUR / 6)
        for number, (source, title) in enumerate(zip(OUTLETS, titles, strict=True))
    ]
    assert len({result.story_id for result in results}) == 1
    assert [result.copy_of for result in results] == [None, *[results[0].article_id] * 4]
    assert [kinds(result)["france-mali"][0] for result in results] == [DecisionKind.NEW, *[DecisionKind.NONE] * 4]
    assert {kinds(result)["france-mali"][1] for result in results[1:]} == {"already_told"}
    assert len(raised(database)) == 1
    assert len(deliveries.listing(database)) == 3
    story = stories.get(database, results[0].story_id)
    assert (story.articles, story.outlets, story.origins) == (5, 5, ("Fleuve",))
    assert all(result.novel_paragraphs == () for result in results[1:])
    # A copy is found through its original: reprints do not make the index grow.
    prints = database.execute("SELECT DISTINCT article_id FROM fingerprint")
    assert [row[0] for row in prints] == [results[0].article_id]


def test_own_words_on_the_same_act_join_the_story_and_confirm_it_once(database: Database) -> None:
    line = build(database)
    first = process(database, line, REPORT)
    told = (
        "La junte au pouvoir à Bamako s’en prend de nouveau à Paris. Le Mali a expulsé deux diplomates français, selon "
        "un message que notre rédaction a pu consulter avant sa diffusion.",
    )
    page = article("sahel", "Nouvel accès de fièvre entre Bamako et Paris", told)
    second = process(database, line, page, now=NOW + HOUR)
    assert (second.story_id, second.copy_of, second.origin) == (first.story_id, None, "Sahel")
    assert kinds(second)["france-mali"] == (DecisionKind.UPDATE, "second_origin")
    assert second.novel_paragraphs == (0,)
    copy = process(database, line, article("kayes", "Fièvre entre Bamako et Paris", told, slug="copie"))
    assert (copy.story_id, copy.copy_of) == (first.story_id, second.article_id)
    assert kinds(copy)["france-mali"] == (DecisionKind.NONE, "already_told")
    assert [alert.type for alert in raised(database)] == ["alert.new", "alert.update"]


def test_the_answer_is_a_story_of_its_own_in_the_same_affair(database: Database) -> None:
    line = build(database)
    first = process(database, line, REPORT)
    second = process(database, line, FOLLOW_UP, now=NOW + HOUR)
    assert second.story_id != first.story_id
    one, two = stories.get(database, first.story_id), stories.get(database, second.story_id)
    assert one.thread_id == two.thread_id == one.id
    assert [story.id for story in threads.thread(database, one.id)] == [one.id, two.id]
    assert kinds(second)["france-mali"] == (DecisionKind.NEW, "new_story")
    new, answer = raised(database)
    assert answer.key != new.key
    # The expulsion that it recalls was told already.
    assert {event["type"] for event in json.loads(answer.payload)["data"]["events"]} == {"recall_ambassador"}
    again = process(database, line, replace(FOLLOW_UP, url="https://rive.example/r", source_id="rive"), now=NOW + HOUR)
    assert kinds(again)["france-mali"] == (DecisionKind.NONE, "already_told")


def test_what_only_recalls_another_story_of_the_affair_rings_nobody(database: Database) -> None:
    line = build(database)
    process(database, line, REPORT)
    process(database, line, FOLLOW_UP, now=NOW + HOUR)
    recalls = article(
        "rive",
        "Paris et Bamako : ce que disent les rues des deux capitales",
        ("Les habitants attendent la suite.", "Lundi, le Mali a expulsé deux diplomates français."),
        at=NOW + 80 * HOUR,
        slug="rues",
    )
    told = process(database, line, recalls, now=NOW + 81 * HOUR)
    assert kinds(told)["france-mali"][0] is DecisionKind.NONE
    assert kinds(told)["france-mali"][1] in {"told_in_affair", "already_told"}


def test_an_edit_that_brings_a_new_act_is_told_in_the_same_story(database: Database) -> None:
    line = build(database)
    first = process(database, line, REPORT)
    revised = process(database, line, replace(REPORT, paragraphs=(*EXPULSION, RECALL[0])), now=NOW + HOUR)
    assert (revised.kind, revised.article_id, revised.story_id) == (
        SaveKind.REVISION, first.article_id, first.story_id,
    )  # fmt: skip
    assert kinds(revised)["france-mali"] == (DecisionKind.EDITED, "phrase_added")
    assert revised.novel_paragraphs == (4,)
    assert stories.get(database, first.story_id).articles == 1


def test_corrected_comma_tells_nobody(database: Database) -> None:
    line = build(database)
    process(database, line, REPORT)
    revised = process(database, line, replace(REPORT, paragraphs=(EXPULSION[0], *EXPULSION[1:3])), now=NOW + HOUR)
    assert kinds(revised)["france-mali"] == (DecisionKind.NONE, "no_change")
    assert len(raised(database)) == 1


def test_edits_to_and_fro_are_told_once_an_act_and_recorded_once_a_change(database: Database) -> None:
    line = build(database)
    versions = (EXPULSION, (*EXPULSION, RECALL[0]), EXPULSION, (*EXPULSION, RECALL[0]), (DENIAL[0], *EXPULSION[1:]))
    for hours, paragraphs in enumerate(versions):
        typographic = tuple(text.replace("’", "'") for text in paragraphs)
        process(database, line, replace(REPORT, paragraphs=paragraphs), now=NOW + hours * HOUR)
        process(database, line, replace(REPORT, paragraphs=typographic), now=NOW + hours * HOUR)
    assert [alert.type for alert in raised(database)] == ["alert.new", "alert.edited", "alert.edited"]
    found = revisions.events(database, 1)
    assert [event.kind for event in found] == [EventKind.EDITED] * 4
    recall = {"recall_ambassador"}
    assert [({act.type for act in event.added}, {act.type for act in event.dropped}) for event in found[:3]] == [
        (recall, set()), (set(), recall), (recall, set()),
    ]  # fmt: skip
    assert recall <= {act.type for act in found[3].dropped}


def test_edits_of_an_import_are_marked_as_recorded_only(database: Database) -> None:
    line = build(database)
    for paragraphs in (EXPULSION, EXPULSION[:2]):
        with transaction(database):
            line.process(database, replace(REPORT, paragraphs=paragraphs), key="k", now=NOW, sending=False)
    assert [event.recorded_only for event in revisions.events(database, 1)] == [True]


def test_denial_never_joins_the_story_that_asserts(database: Database) -> None:
    line = build(database)
    asserted = process(database, line, REPORT)
    denied = process(database, line, REFUTATION)
    assert {signal.status for signal in denied.signals if signal.type == "expel_diplomats"} == {Status.DENIED}
    assert denied.story_id != asserted.story_id
    assert kinds(denied)["france-mali"] == (DecisionKind.CORRECTION, "denied")
    # Nor the other way round, in the same words.
    late = process(database, line, article("kayes", slug="late"))
    assert late.story_id == asserted.story_id


def test_denial_in_the_words_of_the_dispatch_is_no_copy_of_it(database: Database) -> None:
    line = build(database)
    asserted = process(database, line, REPORT)
    first = EXPULSION[0].replace("a expulsé lundi", "dément avoir expulsé lundi")
    denied = process(
        database, line, article("sahel", "Le Mali dément avoir expulsé deux diplomates", (first, *EXPULSION[1:]))
    )
    assert denied.story_id != asserted.story_id
    assert denied.copy_of is None


def test_late_reprint_of_an_old_dispatch_is_still_its_copy_and_another_year_is_not(database: Database) -> None:
    line = build(database)
    first = process(database, line, REPORT)
    assert process(database, line, article("sahel", at=NOW + timedelta(days=6))).story_id == first.story_id
    year_on = article("rive", at=NOW + timedelta(days=365))
    assert process(database, line, year_on, now=NOW + timedelta(days=366)).story_id != first.story_id


# --- who is told ------------------------------------------------------------------------------------


def states(database: Database) -> dict[tuple[str, str], DeliveryState]:
    return {(row.channel_id, row.recipient): row.state for row in deliveries.listing(database)}


def test_silence_is_not_judged_before_something_is_about_to_be_sent(database: Database) -> None:
    silences.add(database, watch_id=None, author="Awa", reason="exercice", starts_at=NOW - HOUR, ends_at=NOW + HOUR)
    processed = process(database, build(database), REPORT)
    assert kinds(processed)["france-mali"][0] is DecisionKind.NEW
    assert set(states(database).values()) == {DeliveryState.PENDING}


def test_acknowledged_story_rings_for_a_new_act_alone(database: Database) -> None:
    line = build(database)
    process(database, line, REPORT)
    alerts.acknowledge(database, raised(database)[0].id, NOW, author="Awa")
    revised = process(database, line, replace(REPORT, paragraphs=(*EXPULSION, RECALL[0])), now=NOW + HOUR)
    assert kinds(revised)["france-mali"] == (DecisionKind.EDITED, "phrase_added")
    assert len(raised(database)) == 2
    # The recall is told, but nobody took it in hand yet.
    assert [alert.acknowledged_by for alert in raised(database)] == ["Awa", None]


def test_channel_for_grave_news_does_not_get_the_rest(database: Database) -> None:
    process(database, build(database, channels=(MAIL, replace(HOOK, min_severity=5))), REPORT)
    assert states(database) == {
        ("mail", "duty@example.org"): DeliveryState.PENDING,
        ("mail", "desk@example.org"): DeliveryState.PENDING,
        ("hook", ""): DeliveryState.SUPPRESSED,
    }


def test_import_records_alerts_for_nobody(database: Database) -> None:
    processed = process(database, build(database), REPORT, sending=False)
    assert kinds(processed)["france-mali"] == (DecisionKind.NEW, "new_story")
    assert len(raised(database)) == 1
    assert database.execute("SELECT recorded_only FROM alert").fetchone()[0] == 1
    assert deliveries.listing(database) == []
    assert alerts.without_deliveries(database, ["france-mali"]) == []


def test_watch_without_channels_shows_its_alerts_on_the_page_only(database: Database) -> None:
    process(database, build(database, replace(WATCH, channels=())), REPORT)
    assert len(raised(database)) == 1
    assert deliveries.listing(database) == []


def test_grave_news_never_waits_for_a_group(database: Database) -> None:
    line = build(database, delivery=DeliverySettings(group_wait=HOUR, urgent_severity=4), group_interval=5 * HOUR)
    process(database, line, REPORT)
    assert {row.next_attempt_at for row in deliveries.listing(database)} == {NOW}


def test_lesser_news_waits_for_its_group_and_after_an_earlier_alert(database: Database) -> None:
    waits = DeliverySettings(group_wait=HOUR / 2, urgent_severity=4)
    line = build(database, delivery=waits, group_interval=5 * HOUR)
    process(database, line, REPORT)
    process(database, line, replace(REPORT, paragraphs=(*EXPULSION, RECALL[0])), now=NOW + HOUR)
    update = raised(database)[1]
    assert update.severity == 3
    assert {row.next_attempt_at for row in deliveries.listing(database, alert_id=update.id)} == {NOW + 5 * HOUR}
    alone = article("rive", "La France convoque l’ambassadeur du Mali", ("Le Quai d’Orsay l’a reçu.",), slug="convoque")
    process(database, line, alone, now=NOW)
    first = alerts.recent(database, limit=10)
    summons = next(alert for alert in first if alert.severity == 2)
    assert {row.next_attempt_at for row in deliveries.listing(database, alert_id=summons.id)} == {NOW + HOUR / 2}


def test_a_watch_in_its_quiet_hours_gathers(database: Database) -> None:
    quiet = replace(WATCH, quiet_hours=QuietHours(start=time(9), end=time(11)))
    process(database, build(database, quiet), REPORT)
    rows = deliveries.listing(database)
    assert {(row.state, row.reason) for row in rows} == {(DeliveryState.BATCHED, "quiet_hours")}
    assert {row.next_attempt_at for row in rows} == {NOW + HOUR}
    assert len({row.batch_id for row in rows}) == 2, "one for each channel"
    assert alerts.without_deliveries(database, ["france-mali"]) == []


# --- decisions --------------------------------------------------------------------------------------


def test_every_article_and_watch_has_one_decision_with_its_reason(database: Database) -> None:
    line = build(database)
    quiet = article(title="Le marché de Kayes rouvre", paragraphs=("Les étals ont retrouvé leur place.",), slug="m")
    pages = (REPORT, FOLLOW_UP, REFUTATION, quiet, article("sahel"))
    results = [process(database, line, page) for page in pages]
    process(database, line, REPORT)
    rows = list(database.query("SELECT article_id, watch_id, reason, alert_id, rules_version FROM decision"))
    assert {(row["article_id"], row["watch_id"]) for row in rows} == {
        (result.article_id, watch.id) for result in results for watch in (WATCH, ELSEWHERE)
    }
    assert len(rows) == 2 * len(pages)
    assert all(row["reason"] and row["rules_version"] == line.rules.version for row in rows)
    told = {row["alert_id"] for row in rows} - {None}
    assert told == {alert.id for alert in raised(database)}
    by_article = {(row["article_id"], row["watch_id"]): row["reason"] for row in rows}
    assert by_article[results[3].article_id, "france-mali"] == "no_signal"
    assert by_article[results[0].article_id, "russia"] == "other_pair"


def test_two_watches_on_one_article_alert_apart(database: Database) -> None:
    second = Watch(id="all", name="Tout", channels=("mail",))
    processed = process(database, build(database, WATCH, second), REPORT)
    assert {taken.watch_id for taken in processed.taken if taken.alert} == {"france-mali", "all"}
    assert len({alert.key for alert in raised(database)}) == 2
    assert len(deliveries.listing(database)) == 5


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"query": '"centre culturel"'}, "query"),
        ({"sources": ("sahel",)}, "other_source"),
        ({"languages": ("en",)}, "other_language"),
        ({"types": ("recall_ambassador",)}, "other_type"),
        ({"min_severity": 5}, "below_severity"),
        ({"max_age": timedelta(minutes=30)}, "too_old"),
    ],
    ids=str,
)
def test_clause_that_does_not_hold_is_the_reason(database: Database, changed: dict[str, object], reason: str) -> None:
    watch = replace(WATCH, **changed)  # type: ignore[arg-type]
    processed = process(database, build(database, watch), REPORT)
    assert kinds(processed)["france-mali"] == (DecisionKind.NONE, reason)
    assert raised(database) == []
    assert [row.reason for row in alerts.decisions(database, processed.article_id)] == [reason]


def test_query_that_holds_lets_the_alert_through(database: Database) -> None:
    watch = replace(WATCH, query='"convention de Vienne" AND diplomat*')
    assert kinds(process(database, build(database, watch), REPORT))["france-mali"][0] is DecisionKind.NEW


# --- odd articles -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment",
    [
        datetime.min.replace(tzinfo=UTC),
        datetime(1, 1, 1, 12, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ],
)
def test_absurd_date_breaks_nothing(database: Database, moment: datetime) -> None:
    processed = process(database, build(database), article(at=moment))
    assert processed.kind is SaveKind.NEW


def test_article_without_text_or_title_breaks_nothing(database: Database) -> None:
    line = build(database)
    for number, (title, paragraphs) in enumerate([("", ()), ("Mali", ()), ("", ("Mali",)), ("\u2028", ("",))]):
        processed = process(database, line, article(title=title, paragraphs=paragraphs, slug=str(number)))
        assert stories.get(database, processed.story_id).articles == 1


def test_headline_alone_alerts_and_its_full_text_does_not_again(database: Database) -> None:
    line = build(database)
    brief = replace(article(paragraphs=()), partial=True, published_at=None)
    first = process(database, line, brief)
    assert kinds(first)["france-mali"][0] is DecisionKind.NEW
    full = process(database, line, REPORT, now=NOW + HOUR)
    assert (full.kind, full.story_id) == (SaveKind.REVISION, first.story_id)
    assert kinds(full)["france-mali"] == (DecisionKind.NONE, "already_told")
    assert full.novel_paragraphs == (0, 1, 2, 3)
    # From now on reprints find it.
    assert process(database, line, article("sahel"), now=NOW + HOUR).copy_of == first.article_id


def test_same_news_has_the_same_identity_in_a_restored_archive(database: Database, tmp_path: Path) -> None:
    """A receiver that dropped repeats must recognise the alert although row numbers were handed out again."""
    line = build(database)
    process(database, line, REPORT)
    (before,) = raised(database)
    keys = {row.key for row in deliveries.listing(database)}
    other = open_writer(tmp_path / "restored")
    with transaction(other):
        other.execute("UPDATE meta SET value = ? WHERE key = 'instance'", (instance_id(database),))
        sources.sync(other, SOURCES, NOW)
    fresh = build(other)
    process(other, fresh, article(title="Le marché de Kayes rouvre", paragraphs=("Étals.",), slug="m"))
    process(other, fresh, REPORT)
    (after,) = raised(other)
    assert (after.key, after.id) == (before.key, before.id)
    assert {row.key for row in deliveries.listing(other)} == keys
    other.conn.close()
