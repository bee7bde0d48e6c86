"""What programs may order over the JSON interface: who may, in which form, and what becomes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, Request
from sqlite_utils import Database

from review.interface.bodies import LARGEST_BODY, read_body
from review.interface.repeats import KeyReusedError, Repeats
from review.settings import ReviewSettings
from storage import audit, order_keys
from storage.database import open_writer, transaction
from storage.order_keys import OrderKey
from storage.times import to_text
from storage.types import Role, Watch
from storage.types.accounts import TokenScope
from tests.filled import Filled, fill
from tests.outbox_fill import NOW
from tests.programs import add_token
from tests.somebody import ANALYST, HERE
from tests.visitor import Page, Visitor, application, routes

WATCH = Watch(id="france-mali", name="France – Mali", pairs=(("FRA", "MLI"),))


class Program(Visitor):
    """Somebody who sends JSON instead of forms."""

    def order(self, path: str, values: object = None, headers: dict[str, str] | None = None) -> Page:
        body = values if isinstance(values, bytes) else json.dumps({} if values is None else values).encode()
        sent = {"content-type": "application/json"} | (headers or {})
        return asyncio.run(self._ask("POST", f"/api/v1{path}", body, sent))


@dataclass(frozen=True, kw_only=True)
class Place:
    """An archive with the page over it."""

    database: Database
    known: Filled
    program: Program


def program_of(database: Database, folder: Path) -> Program:
    """Start the page anew."""
    settings = ReviewSettings(
        public_url="http://127.0.0.1/", language="en", timezone="UTC", data_folder=folder, version="0.0",
        watches=(WATCH,),
    )  # fmt: skip
    return Program(application(database, settings))


def place_in(folder: Path) -> Iterator[Place]:
    opened = open_writer(folder)
    yield Place(database=opened, known=fill(opened), program=program_of(opened, folder))
    opened.conn.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    yield from place_in(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """For tests of orders that change nothing."""
    yield from place_in(tmp_path_factory.mktemp("orders"))


def paths(app: FastAPI, known: Filled) -> list[str]:
    """Return the addresses that take orders, their places filled in."""
    places = {
        "alert_id": known.alert, "delivery_id": known.delivery, "silence_id": known.silence, "story_id": known.story,
        "article_id": known.article, "source_id": "rfi", "watch_id": WATCH.id,
    }  # fmt: skip
    found = [path for method, path in routes(app) if method == "POST" and path.startswith("/api/v1/")]
    return [path.removeprefix("/api/v1").format(**places) for path in found]


def test_an_alert_is_taken_in_hand_once(place: Place) -> None:
    program, known, database = place.program, place.known, place.database
    first = program.order(f"/alerts/{known.alert}/acknowledge", {"author": "Awa"})
    assert (first.status, known.alert in first.json()["detail"]) == (200, True)
    program.order(f"/alerts/{known.alert}/acknowledge", {"author": "Karim"})
    assert program.get(f"/api/v1/alerts/{known.alert}").json()["acknowledged_by"] == "Awa"
    assert [line.change for line in audit.lines(database)] == ["acknowledge", "acknowledge"]


@pytest.mark.parametrize(
    ("order", "given"),
    [
        ("important", {"important": 1}),
        ("important", {"important": True, "version": False}),
        ("important", {"important": True, "version": "0"}),
        ("follow", {"follow": 0}),
        ("tags", {"tag": "piste", "version": True}),
    ],
)
def test_no_other_kind_of_value_passes_for_a_number_or_for_true(
    shared: Place, order: str, given: dict[str, object]
) -> None:
    answer = shared.program.order(f"/stories/{shared.known.story}/{order}", {"author": "Awa", **given})
    assert answer.status == 422
    assert len(answer.json()["faults"]) == 1


def test_an_account_signs_with_its_name_and_token(place: Place) -> None:
    program, known, database = place.program, place.known, place.database
    token = add_token(database)
    assert program.order(f"/alerts/{known.alert}/acknowledge", {"author": "Somebody"}, token).status == 200
    assert program.get(f"/api/v1/alerts/{known.alert}", token).json()["acknowledged_by"] == "Ines"
    (line,) = audit.lines(database)
    assert line.name == "Ines"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content-Type": ""}, 415),
        ({"Authorization": "Bearer vigie_unknown"}, 401),
        ({"X-Forwarded-For": "10.0.0.1"}, 401),
    ],
)
def test_no_order_is_taken_from_a_page_of_another_site(shared: Place, headers: dict[str, str], status: int) -> None:
    refused(shared, headers, status)


@pytest.mark.parametrize(
    ("role", "scope", "status"), [(Role.READER, "write", 403), (Role.ADMIN, "read", 403), (Role.ANALYST, "none", 401)]
)
def test_no_order_is_taken_without_a_token_that_may(place: Place, role: Role, scope: str, status: int) -> None:
    token = add_token(place.database, "Awa", role, TokenScope.READ if scope == "none" else TokenScope(scope))
    refused(place, {} if scope == "none" else token, status)


def test_a_login_alone_gives_no_orders(shared: Place) -> None:
    """The cookie of a login goes with requests of pages of other sites too."""
    shared.program.person = ANALYST
    try:
        refused(shared, {}, 403)
    finally:
        shared.program.person = None


def refused(place: Place, headers: dict[str, str], status: int) -> None:
    """Every address that takes orders refuses this one, before it looks at it, and changes nothing."""
    assert isinstance(place.program.app, FastAPI)
    found = paths(place.program.app, place.known)
    assert len(found) >= 12
    for path in found:
        answer = place.program.order(path, {"author": "Awa"}, headers)
        assert answer.status == status, (path, answer.body)
        assert answer.json()["detail"]
    assert audit.lines(place.database) == ()


def test_nobody_knows_who_gives_an_order_without_a_name(shared: Place) -> None:
    program, known = shared.program, shared.known
    answer = program.order(f"/alerts/{known.alert}/acknowledge")
    assert (answer.status, "author" in answer.json()["detail"]) == (422, True)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b"null", 422),
        (b'{"author": "\\ud800"}', 422),
        (b'{"author": 7}', 422),
        (b'{"author": "Awa", "admin": true}', 422),
        (b'{"author": "' + b"a" * 81 + b'"}', 422),
        (b'{"author": "\xff"}', 400),
        (b'{"author": ' + b"[" * 50_000 + b"]" * 10_000, 422),
        (b'{"author": "' + b"a" * LARGEST_BODY + b'"}', 413),
    ],
)
def test_a_body_that_cannot_be_used_is_refused(shared: Place, body: bytes, status: int) -> None:
    program, known, database = shared.program, shared.known, shared.database
    answer = program.order(f"/alerts/{known.alert}/acknowledge", body)
    assert answer.status in {status, 400 if status == 422 else status}
    assert answer.json()["detail"]
    assert audit.lines(database) == ()


def test_a_silence_begins_and_ends(place: Place) -> None:
    program, known = place.program, place.known
    order = {
        "author": "Awa", "watch_id": WATCH.id, "story_id": known.story, "pair": ["FRA", "MLI"], "one_way": True,
        "types": ["summon_ambassador"], "max_severity": 3, "reason": "sommet\nsuivi", "seconds": 3600,
    }  # fmt: skip
    assert program.order("/silences", order).status == 200
    found = program.get("/api/v1/silences").json()["silences"]
    (new,) = [one for one in found if one["id"] != known.silence]
    assert (new["state"], new["reason"], new["pair"], new["max_severity"]) == (
        "running", "sommet suivi", ["FRA", "MLI"], 3,
    )  # fmt: skip
    assert program.order(f"/silences/{new['id']}/end", {"author": "Awa"}).status == 200
    assert program.get(f"/api/v1/silences/{new['id']}").json()["state"] == "over"
    assert program.order(f"/silences/{new['id']}/end", {"author": "Awa"}).status == 409


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"watch_id": "nowhere"}, 422),
        ({"watch_id": None}, 422),
        ({"story_id": 4711}, 404),
        ({"pair": ["FRA", "FRA"]}, 422),
        ({"pair": ["FRA", "ZZZ"]}, 422),
        ({"pair": ["FRA"]}, 422),
        ({"one_way": True}, 422),
        ({"types": ["dance"]}, 422),
        ({"seconds": 1}, 422),
        ({"seconds": 10**12}, 422),
        ({"reason": " \n"}, 422),
        ({"max_severity": 6}, 422),
    ],
)
def test_a_silence_that_would_hold_nothing_is_refused(shared: Place, change: dict[str, Any], status: int) -> None:
    program = shared.program
    order = {"author": "Awa", "watch_id": WATCH.id, "reason": "sommet", "seconds": 3600} | change
    assert program.order("/silences", order).status == status
    assert len(program.get("/api/v1/silences").json()["silences"]) == 1


def test_a_dead_delivery_is_sent_again_or_given_up(place: Place) -> None:
    program, known = place.program, place.known
    path = f"/deliveries/{known.delivery}"
    assert program.get("/api/v1/deliveries?state=dead").json()["deliveries"][0]["id"] == known.delivery
    assert program.order(f"{path}/replay", {"author": "Awa"}).status == 200
    assert program.get(f"/api/v1{path}").json()["state"] == "pending"
    answer = program.order(f"{path}/replay", {"author": "Awa"})
    assert (answer.status, "no dead or suppressed" in answer.json()["detail"]) == (409, True)
    assert program.order(f"{path}/discard", {"author": "Awa"}).status == 200
    assert program.get(f"/api/v1{path}").json()["state"] == "suppressed"
    assert program.order("/deliveries/4711/replay", {"author": "Awa"}).status == 404


def test_an_order_sent_twice_under_one_key_is_carried_out_once(place: Place) -> None:
    program = place.program
    order = {"author": "Awa", "watch_id": WATCH.id, "reason": "sommet", "seconds": 3600}
    key = {"Idempotency-Key": "7f2c"}
    assert program.order("/silences", order, key).body == program.order("/silences", order, key).body
    assert len(program.get("/api/v1/silences").json()["silences"]) == 2
    other = program.order("/silences", order | {"seconds": 7200}, key)
    assert (other.status, "Idempotency-Key" in other.json()["detail"]) == (409, True)


async def test_an_order_still_on_its_way_is_waited_for_and_what_failed_may_be_tried_again() -> None:
    made: list[str] = []
    begun, go = asyncio.Event(), asyncio.Event()

    async def make() -> str:
        begun.set()
        await go.wait()
        made.append("x")
        if len(made) == 1:
            raise ValueError("busy")
        return "done"

    repeats, order = Repeats(), OrderKey.of("key", "note", {"text": "x"})
    first = asyncio.create_task(repeats.once(1, order, make))
    await begun.wait()
    second = asyncio.create_task(repeats.once(1, order, make))
    await asyncio.sleep(0)
    with pytest.raises(KeyReusedError):
        await repeats.once(1, OrderKey.of("key", "note", {"text": "y"}), make)
    go.set()
    for task in (first, second):
        with pytest.raises(ValueError, match="busy"):
            await task
    assert made == ["x"]
    assert await repeats.once(1, order, make) == "done"


def test_a_key_outlives_a_restart_and_a_day_at_most(place: Place, tmp_path: Path) -> None:
    order = {"author": "Awa", "watch_id": WATCH.id, "reason": "sommet", "seconds": 3600}
    key = {"Idempotency-Key": "7f2c"}
    first = place.program.order("/silences", order, key)
    again = program_of(place.database, tmp_path)
    assert again.order("/silences", order, key).body == first.body
    assert again.order("/silences", order | {"seconds": 7200}, key).status == 409
    assert len(again.get("/api/v1/silences").json()["silences"]) == 2
    with transaction(place.database):
        place.database.execute("UPDATE order_key SET at = ?", (to_text(NOW - order_keys.LASTS),))
    assert again.order("/silences", order, key).body != first.body


def test_keys_are_each_persons_own_and_so_many_at_most(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_keys, "MOST", 3)
    named = OrderKey.of("7f2c", "note", {"text": "x"})
    with transaction(place.database):
        for number in range(5):
            later = NOW + timedelta(seconds=number)
            other = OrderKey.of(str(number), "note", {})
            order_keys.remember(place.database, ANALYST, other, f"answer {number}", later)
        order_keys.remember(place.database, HERE, named, "made", NOW)
    known = [order_keys.answered(place.database, ANALYST, OrderKey.of(str(n), "", {}).key, NOW) for n in range(5)]
    assert [answer and answer[1] for answer in known] == [None, None, "answer 2", "answer 3", "answer 4"]
    assert order_keys.answered(place.database, ANALYST, named.key, NOW) is None
    assert "7f2c" not in str(list(place.database.query("SELECT * FROM order_key")))


async def test_a_body_that_does_not_arrive_is_not_waited_for() -> None:
    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", b"application/json")]}
    with pytest.raises(HTTPException) as raised:
        await read_body(Request(scope, receive), deadline=0.01)
    assert raised.value.status_code == 408


def test_a_story_is_judged_tagged_noted_assigned_and_given_back(place: Place) -> None:
    program, known = place.program, place.known
    path = f"/stories/{known.story}"
    read = program.get(f"/api/v1{path}/triage").json()["triage"]["version"]
    for where, order in (
        ("verdict", {"state": "not_relevant", "reason": "old", "version": read}),
        ("important", {"important": True}),
        ("follow", {"follow": True}),
        ("assignee", {"assignee": "Karim"}),
        ("tags", {"tag": "Sahel"}),
        ("tags", {"tag": "sommet", "do": "untag"}),
        ("notes", {"text": "Vu avec\nl’ambassade"}),
    ):
        assert program.order(f"{path}/{where}", {"author": "Ines"} | order).status == 200, where
    found = program.get(f"/api/v1{path}/triage").json()
    made = found["triage"]
    assert (made["state"], made["verdict"], made["reason"], made["judged_by"]) == (
        "not_relevant", "not_relevant", "old", "Ines",
    )  # fmt: skip
    assert (made["important"], made["assignee"], made["tags"], made["notes"]) == (True, "Karim", ["Sahel"], 2)
    assert program.get(f"/api/v1{path}").json()["triage"] == made
    assert {note["text"] for note in found["notes"]} == {"à vérifier", "Vu avec\nl’ambassade"}
    assert program.get("/api/v1/tags").json()["tags"] == [{"name": "Sahel", "stories": 1}]
    (listed,) = program.get("/api/v1/stories?tag=SAHEL&state=not_relevant&assignee=karim").json()["stories"]
    assert listed["triage"] == made
    assert program.get("/api/v1/stories?state=escalated").json()["stories"] == []
    # The archive's alert is later than the clock of this test.
    assert found["follow"] == {"articles": 0, "alerts": 1, "edited": False}
    for following in ("yes", "new"):
        (followed,) = program.get(f"/api/v1/stories?following={following}").json()["stories"]
        assert followed["story"]["id"] == known.story
    assert known.story not in [
        one["story"]["id"] for one in program.get("/api/v1/stories?following=no&show=all").json()["stories"]
    ]
    assert program.order(f"{path}/follow", {"author": "Ines", "follow": False}).status == 200
    assert program.get(f"/api/v1{path}/triage").json()["follow"] is None
    assert program.get("/api/v1/stories?following=new").json()["stories"] == []
    last = next(event for event in found["history"] if event["field"] == "standing")
    assert program.order("/triage/undo", {"author": "Ines", "event": last["id"]}).status == 200
    assert program.get(f"/api/v1{path}/triage").json()["triage"]["state"] == "relevant"
    precision = program.get("/api/v1/precision").json()
    assert [(one["name"], one["precision"]) for one in precision["watches"]] == [("france-mali", 1.0)]


def test_what_somebody_changed_since_is_not_overwritten(place: Place) -> None:
    program, known = place.program, place.known
    path = f"/stories/{known.story}"
    read = program.get(f"/api/v1{path}").json()["triage"]["version"]
    ines, karim = add_token(place.database, "Ines"), add_token(place.database, "Karim")
    assert program.order(f"{path}/verdict", {"state": "escalated", "version": read}, ines).status == 200
    late = program.order(f"{path}/verdict", {"state": "closed", "version": read}, karim)
    assert (late.status, "Ines changed story" in late.json()["detail"]) == (409, True)
    stories = [{"story_id": known.story, "version": read}]
    assert program.order("/triage/verdicts", {"stories": stories, "state": "closed"}, karim).status == 409
    stories = [{"story_id": known.story}]
    assert program.order("/triage/verdicts", {"stories": stories, "state": "closed"}, karim).status == 200


def test_watches_are_shown_as_they_hold(shared: Place) -> None:
    (found,) = shared.program.get("/api/v1/watches").json()["watches"]
    assert (found["id"], found["pairs"], found["min_severity"]) == ("france-mali", [["FRA", "MLI"]], 2)
    assert shared.program.get("/api/v1/watches/france-mali").json() == found
    assert shared.program.get("/api/v1/watches/nowhere").status == 404


def test_a_source_is_read_at_once(place: Place) -> None:
    program = place.program
    assert program.order("/sources/nowhere/poll", {"author": "Awa"}).status == 404
    assert program.order("/sources/rfi/poll", {"author": "Awa"}).status == 200
    assert datetime.fromisoformat(program.get("/api/v1/sources/rfi").json()["source"]["next_check_at"]) <= NOW


def test_silences_are_paged_by_key(place: Place) -> None:
    program, known = place.program, place.known
    for seconds in (3600, 7200, 7200, 90):
        order = {"author": "Awa", "watch_id": WATCH.id, "reason": "sommet", "seconds": seconds}
        assert program.order("/silences", order).status == 200
    seen: list[int] = []
    following = ""
    while True:
        found = program.get(f"/api/v1/silences?limit=2{following}").json()
        seen += [one["id"] for one in found["silences"]]
        if found["next"] is None:
            break
        following = f"&before={found['next']}"
    assert len(seen) == len(set(seen)) == 5
    assert known.silence in seen
