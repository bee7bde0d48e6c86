"""The page of alerts: one card for a watch and a story, what can be done in place, and what was given up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from review.app import create_app
from review.health import Readiness
from review.settings import ReviewSettings
from storage import alert_groups, audit, deliveries, silences
from storage.alert_groups import AlertFilter, AlertState
from storage.database import open_writer, transaction
from storage.types import Alert, DeliveryState, Done, Person, Role, Watch
from tests.outbox_fill import NOW, add_alert, signal
from tests.somebody import ANALYST, READER
from tests.visitor import Page, Visitor, application, performer

HOUR = timedelta(hours=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    yield opened
    opened.conn.close()


@pytest.fixture
def visitor(database: Database, tmp_path: Path) -> Visitor:
    watch = Watch(id="france-mali", name="France – Mali", pairs=(("FRA", "MLI"),))
    settings = ReviewSettings(
        public_url="http://127.0.0.1/", language="en", timezone="UTC", data_folder=tmp_path, version="0.0",
        watches=(watch,), channels=("hook", "spare"),
    )  # fmt: skip
    return Visitor(application(database, settings), person=ANALYST)


def cards(page: Page) -> list[str]:
    """The text of each group."""
    return [
        " ".join(re.sub(r"<[^>]+>", " ", card).split())
        for card in re.findall(r'<article class="group.*?</article>', page.body, re.DOTALL)
    ]


def set_state(database: Database, alert: Alert, state: DeliveryState, error: str | None = None) -> int:
    """Put the delivery of an alert into a state; return its number."""
    with transaction(database):
        database.execute(
            "UPDATE delivery SET state = ?, last_error = ?, attempts = 3 WHERE alert_id = ?", (state, error, alert.id)
        )
    return int(database.execute("SELECT id FROM delivery WHERE alert_id = ?", (alert.id,)).fetchone()[0])


def test_a_watch_and_a_story_are_one_card_with_all_that_rang(visitor: Visitor, database: Database) -> None:
    add_alert(database, "first", now=NOW - 3 * HOUR)
    add_alert(database, "second", now=NOW - HOUR, kind="alert.update")
    add_alert(database, "other watch", watch="autre", now=NOW - 2 * HOUR)
    add_alert(database, "other story", story=2, now=NOW)
    page = visitor.get("/alerts")
    found = cards(page)
    assert len(found) == 3
    assert [re.search(r"\d alerts?", card)[0] for card in found] == ["1 alert", "2 alerts", "1 alert"]  # type: ignore[index]
    assert "from 10 Mar 2026, 06:00" in found[1]
    assert "to 10 Mar 2026, 08:00" in found[1]
    assert "2 to acknowledge" in found[1]
    assert found[1].index("update") < found[1].index("new event")


def test_taking_the_newest_in_hand_takes_the_whole_card(visitor: Visitor, database: Database) -> None:
    add_alert(database, "first", now=NOW - 3 * HOUR)
    newest = add_alert(database, "second", now=NOW - HOUR)
    page = visitor.get("/alerts")
    assert f'action="/alerts/{newest.id}/ack" data-inplace="group-1-' in page.body
    answer = visitor.post(f"/alerts/{newest.id}/ack", {"back": "/alerts"})
    assert (answer.status, answer.headers["location"]) == (303, "/alerts")
    after = visitor.get("/alerts")
    assert 'data-state="acknowledged"' in after.body
    assert "to acknowledge" not in cards(after)[0]
    assert ANALYST.name in cards(after)[0]


def test_a_card_is_snoozed_where_it_stands(visitor: Visitor, database: Database) -> None:
    alert = add_alert(database, "first")
    visitor.get("/alerts")
    (reason,) = re.findall(r'name="reason" value="([^"]+)"', visitor.get("/alerts").body)
    fields = {"scope": "story", "for": "12h", "reason": reason, "back": "/alerts"}
    assert visitor.post(f"/alerts/{alert.id}/silence", fields).status == 303
    (running,) = silences.running(database, NOW)
    assert (running.story_id, running.ends_at - running.starts_at) == (1, 12 * HOUR)
    page = visitor.get("/alerts")
    assert "event “" in page.text
    assert "0 alerts held back" in page.text


def test_whoever_may_only_read_finds_no_form(visitor: Visitor, database: Database) -> None:
    set_state(database, add_alert(database, "first"), DeliveryState.DEAD, "550")
    reader = replace(visitor, person=READER)
    page = reader.get("/alerts")
    assert cards(page)
    assert 'method="post"' not in page.body.split('id="content"')[1]
    assert visitor.get("/alerts").body.count('method="post"') >= 3


def test_the_list_is_narrowed_by_state_watch_and_severity(visitor: Visitor, database: Database) -> None:
    waiting = add_alert(database, "waiting", story=1)
    failed = add_alert(database, "failed", story=2, watch="autre")
    calm = add_alert(database, "calm", story=3, signals=(signal(severity=2),))
    held = add_alert(database, "held", story=4)
    set_state(database, failed, DeliveryState.DEAD)
    set_state(database, calm, DeliveryState.SENT)
    set_state(database, held, DeliveryState.SUPPRESSED)
    visitor.get("/alerts")
    visitor.post(f"/alerts/{calm.id}/ack", {})

    def shown(query: str) -> set[str]:
        return set(re.findall(r'<li id="(alr_[^"]+)"', visitor.get(f"/alerts?{query}").body))

    assert shown("state=waiting") == {waiting.id}
    assert shown("state=failed") == {failed.id}
    assert shown("state=withheld") == {held.id}
    assert shown("state=unacknowledged") == {waiting.id, failed.id, held.id}
    assert shown("watch=autre") == {failed.id}
    assert shown("severity=3") == {waiting.id, failed.id, held.id}
    assert shown("state=waiting&severity=3&watch=france-mali") == {waiting.id}
    assert shown("state=<b>&severity=9") == {waiting.id, failed.id, calm.id, held.id}
    assert "No alert matches" in visitor.get("/alerts?watch=nobody").text


def test_every_card_stands_on_one_page(visitor: Visitor, database: Database) -> None:
    with transaction(database):
        raised = [add_alert(database, f"n{number}", story=number).id for number in range(1, 61)]
    path, seen, pages = "/alerts?severity=2", [], 0
    while path:
        body = visitor.get(path).body
        seen += re.findall(r'<li id="(alr_[^"]+)"', body)
        following = re.search(r'rel="next" href="([^"]+)"', body)
        path = following[1].replace("&amp;", "&") if following else ""
        pages += 1
    assert pages == 3
    assert sorted(seen) == sorted(raised)


def test_of_many_alerts_on_one_story_the_newest_are_shown_and_all_are_counted(database: Database) -> None:
    with transaction(database):
        for number in range(20):
            add_alert(database, f"n{number}", now=NOW + number * HOUR)
    (group,) = alert_groups.groups(database, AlertFilter(state=AlertState.UNACKNOWLEDGED))
    assert (group.alerts, group.unacknowledged, len(group.rows)) == (20, 20, alert_groups.MOST_MEMBERS)
    assert group.newest.headline == "Grave · n19"
    assert (group.first_at, group.last_at) == (NOW, NOW + 19 * HOUR)


def test_what_failed_is_sent_again_or_given_up(visitor: Visitor, database: Database) -> None:
    again = set_state(database, add_alert(database, "again"), DeliveryState.DEAD, "550 5.1.1 user unknown")
    never = set_state(database, add_alert(database, "never", story=2), DeliveryState.DEAD, "<b>410 Gone</b>")
    page = visitor.get("/alerts")
    assert "550 5.1.1 user unknown" in page.text
    assert "&lt;b&gt;410 Gone" in page.body
    assert visitor.post(f"/deliveries/{again}/replay").headers["location"] == "/alerts#dead"
    assert visitor.post(f"/deliveries/{never}/discard").status == 303
    states = {row.id: row.state for row in deliveries.listing(database)}
    assert states == {again: DeliveryState.PENDING, never: DeliveryState.SUPPRESSED}
    assert "None: all that had to leave" in visitor.get("/alerts").text
    # It stands in no list of failures any more: sending it again is refused, and nothing changes.
    assert visitor.post(f"/deliveries/{again}/replay").status == 409
    for path in ("/deliveries/0/replay", "/deliveries/x/discard", "/deliveries/1/burn"):
        assert visitor.post(path).status == 404


def test_a_channel_is_tested_and_says_what_the_far_end_answered(database: Database, tmp_path: Path) -> None:
    async def ready() -> Readiness:
        return Readiness(fit=True, checks=())

    make = performer(database)

    async def perform(name: str, given: dict[str, object], by: Person) -> Done:
        return await make(name, given | {"answer": f"ok 204 <i>from {given['channel']}</i>"}, by)

    settings = ReviewSettings(
        public_url="http://127.0.0.1/", language="en", timezone="UTC", data_folder=tmp_path, version="0",
        channels=("hook",),
    )  # fmt: skip
    app = create_app(settings, readiness=ready, perform=perform, now=lambda: NOW)
    editor = Visitor(app, person=replace(ANALYST, role=Role.EDITOR))
    assert "never sent" in editor.get("/alerts").text
    assert editor.post("/channels/hook/test").headers["location"] == "/alerts#channels"
    page = editor.get("/alerts")
    assert "ok 204 &lt;i&gt;from hook&lt;/i&gt;" in page.body
    assert [line.change for line in audit.lines(database)] == ["test_channel"]
    assert editor.post("/channels/other/test").status == 422
    assert replace(editor, person=ANALYST).post("/channels/hook/test").status == 403
