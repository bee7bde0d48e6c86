"""The pages on which people acknowledge and silence: real requests, a real archive, and no change without the form."""

from __future__ import annotations

import asyncio
import html
import http.client
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlite_utils import Database

from review.app import create_app
from review.errors import ChangeRefusedError
from review.health import Readiness
from review.settings import ReviewSettings
from scheduler import changes
from scheduler.outbox import lease_unsilenced
from storage import alerts, silences
from storage.database import open_writer, transaction
from storage.errors import StorageError
from storage.types import Alert, Done, Person, Silence, Watch
from tests.outbox_fill import NOW, add_alert
from tests.served import served

HOUR = timedelta(hours=1)
FORM = "application/x-www-form-urlencoded"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    cookies: dict[str, str]
    body: str

    @property
    def text(self) -> str:
        """The page without its tags."""
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", self.body)).split())

    @property
    def token(self) -> str:
        found = re.search(r'name="token" value="([0-9a-f]+)"', self.body)
        assert found, "the page has no form"
        return found[1]


@dataclass
class Browser:
    """Asks the page and keeps its cookies."""

    port: int
    database: Database
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: bytes = b"", /, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, path, body=body or None, headers=sent)
            response = connection.getresponse()
            given = dict(line.partition(";")[0].split("=", 1) for line in response.headers.get_all("set-cookie", []))
            self.cookies |= given
            headers_found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers_found, given, response.read().decode())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, b"", **headers)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        headers = {"Content_Type": FORM} | headers
        return self.send("POST", path, urlencode(fields).encode(), **headers)


def run_site(folder: Path, *, able: bool = True) -> Iterator[Browser]:
    database = open_writer(folder)

    def make(name: str, given: dict[str, Any], by: Person) -> Done:
        writer = open_writer(folder)
        try:
            with transaction(writer):
                return changes.apply(writer, name, given, NOW, by=by)
        except StorageError as error:
            raise ChangeRefusedError(str(error)) from error
        finally:
            writer.conn.close()

    async def perform(name: str, given: dict[str, Any], by: Person) -> Done:
        return await asyncio.to_thread(make, name, given, by)

    async def ready() -> Readiness:
        return Readiness(fit=True, checks=())

    settings = ReviewSettings(
        public_url="https://vigie.example:8443/", language="fr", timezone="Europe/Paris", data_folder=folder,
        watches=(Watch(id="france-mali", name="France – Mali", pairs=(("FRA", "MLI"),)),), version="0.0",
    )  # fmt: skip
    app = create_app(settings, readiness=ready, perform=perform if able else None, now=lambda: NOW)
    try:
        with served(app) as port:
            yield Browser(port, database)
    finally:
        database.conn.close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    yield from run_site(tmp_path)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A site with one alert, for tests that must change nothing."""
    for browser in run_site(tmp_path_factory.mktemp("shared")):
        with transaction(browser.database):
            add_alert(browser.database, "one")
        yield browser


@pytest.fixture
def visitor(site: Browser) -> Browser:
    """Somebody new at the site that must not change."""
    return Browser(site.port, site.database)


@pytest.fixture
def alert(browser: Browser) -> Alert:
    with transaction(browser.database):
        return add_alert(browser.database, "Mali → France : expulsion <b>", channels=(("hook", ""),))


def acknowledged(browser: Browser, alert: Alert) -> str | None:
    return alerts.get(browser.database, alert.id).acknowledged_by


def only_silence(browser: Browser) -> Silence:
    (row,) = silences.listing(browser.database)
    return row.silence


# --- acknowledging --------------------------------------------------------------------------------


def test_following_the_link_changes_nothing_and_sending_the_form_does(browser: Browser, alert: Alert) -> None:
    path = f"/alerts/{alert.id}/ack"
    for method in ("GET", "HEAD", "GET"):
        assert browser.send(method, path).status == 200
    assert alerts.get(browser.database, alert.id).acknowledged_at is None
    page = browser.get(path)
    assert "Mali → France : expulsion <b>" in page.text
    done = browser.post(path, {"token": page.token, "author": " Awa\n Diarra "})
    assert (done.status, done.headers["location"]) == (303, path)
    assert acknowledged(browser, alert) == "Awa Diarra"
    after = browser.get(path)
    assert "Prise en charge par Awa Diarra" in after.text
    assert '<form method="post"' not in after.body


def test_the_name_is_remembered(browser: Browser, alert: Alert) -> None:
    path = f"/alerts/{alert.id}/ack"
    browser.post(path, {"token": browser.get(path).token, "author": "Aïcha « N° 1 » ; x"})
    other = add_alert(browser.database, "other", story=2)
    assert 'value="Aïcha « N° 1 » ; x"' in html.unescape(browser.get(f"/alerts/{other.id}/ack").body)


def test_somebody_without_a_name_is_asked_for_it(browser: Browser, alert: Alert) -> None:
    path = f"/alerts/{alert.id}/ack"
    answer = browser.post(path, {"token": browser.get(path).token, "author": " \u202e\n"})
    assert answer.status == 422
    assert "Dites qui vous êtes" in answer.text
    assert acknowledged(browser, alert) is None
    assert browser.post(path, {"token": answer.token, "author": "Awa"}).status == 303


@pytest.mark.parametrize(
    "forged",
    [
        {"token": ""},
        {"token": "0" * 64},
        {"token": "é"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://vigie.example.evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/json"},
        {"Content_Type": "multipart/form-data; boundary=x"},
        {"cookie": "gone"},
        {"cookie": "other"},
    ],
    ids=str,
)
def test_a_form_that_is_not_ours_changes_nothing(visitor: Browser, forged: dict[str, str]) -> None:
    browser, forged = visitor, dict(forged)
    (alert,) = alerts.recent(browser.database)
    path = f"/alerts/{alert.id}/ack"
    fields = {"token": browser.get(path).token, "author": "Mallory"}
    if "token" in forged:
        fields["token"] = forged.pop("token")
    if (cookie := forged.pop("cookie", None)) is not None:
        browser.cookies = {} if cookie == "gone" else {"vigie_form": "1" * 32}
    answer = browser.post(path, fields, **forged)
    assert answer.status == 403
    assert "Rien n’a été modifié" in answer.text
    assert acknowledged(browser, alert) is None


def test_a_form_from_the_public_address_is_ours(browser: Browser, alert: Alert) -> None:
    path = f"/alerts/{alert.id}/ack"
    fields = {"token": browser.get(path).token, "author": "Awa"}
    origin = {"Origin": "https://vigie.example:8443", "Sec_Fetch_Site": "same-origin"}
    assert browser.post(path, fields, **origin).status == 303


def test_a_form_too_large_is_not_read(browser: Browser, alert: Alert) -> None:
    path = f"/alerts/{alert.id}/ack"
    fields = {"token": browser.get(path).token, "author": "A" * 20_000}
    assert browser.post(path, fields).status == 403
    assert browser.post(path, {f"{n}": "" for n in range(1_200)}).status == 403
    assert acknowledged(browser, alert) is None


def test_the_browser_may_tell_our_own_pages_where_a_form_comes_from(browser: Browser, alert: Alert) -> None:
    page = browser.get(f"/alerts/{alert.id}/ack")
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"
    cookie = page.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


@pytest.mark.parametrize("path", ["/alerts", "/", "/silences", "/sources", "/alerts/x/ack/y", "/api/v1/alerts"])
def test_no_other_address_takes_a_form(visitor: Browser, path: str) -> None:
    assert visitor.post(path, {"author": "Awa"}).status in {404, 405}


@pytest.mark.parametrize("path", ["/alerts/alr_none/ack", "/alerts/alr_none/silence", "/silences/9"])
def test_what_is_not_there_is_not_found(visitor: Browser, path: str) -> None:
    assert visitor.get(path).status == 404
    assert visitor.post(path, {}).status == 404


def test_newer_alerts_of_the_story_are_shown(browser: Browser, alert: Alert) -> None:
    newer = add_alert(browser.database, "rappel", now=NOW + timedelta(minutes=1), sequence=2)
    page = browser.get(f"/alerts/{alert.id}/ack")
    assert f"/alerts/{newer.id}/ack" in page.body
    assert "Signalé depuis" in page.text


# --- silencing ------------------------------------------------------------------------------------


def test_silencing_asks_what_for_how_long_and_why(browser: Browser, alert: Alert) -> None:
    path = f"/alerts/{alert.id}/silence"
    assert browser.get(path).status == 200
    assert silences.listing(browser.database) == []
    fields = {
        "token": browser.get(path).token, "scope": "pair", "for": "12h", "graver": "1", "author": "Awa",
        "reason": "sommet suivi en direct",
    }  # fmt: skip
    done = browser.post(path, fields)
    assert (done.status, done.headers["location"]) == (303, path)
    silence = only_silence(browser)
    assert (silence.watch_id, silence.pair, silence.max_severity) == ("france-mali", ("MLI", "FRA"), 4)
    assert (silence.author, silence.reason) == ("Awa", "sommet suivi en direct")
    assert (silence.starts_at, silence.ends_at) == (NOW, NOW + 12 * HOUR)
    after = browser.get(path)
    assert "Déjà en sourdine" in after.text
    assert "sommet suivi en direct" in after.text
    assert lease_unsilenced(browser.database, "hook", NOW, 9, HOUR).taken == ()


@pytest.mark.parametrize(
    ("scope", "parts"),
    [("story", {"story_id": 1, "pair": None}), ("watch", {"story_id": None, "pair": None})],
)
def test_what_is_chosen_is_what_is_silenced(
    browser: Browser, alert: Alert, scope: str, parts: dict[str, object]
) -> None:
    path = f"/alerts/{alert.id}/silence"
    fields = {"token": browser.get(path).token, "scope": scope, "for": "1h", "author": "Awa", "reason": "x"}
    assert browser.post(path, fields).status == 303
    silence = only_silence(browser)
    assert {name: getattr(silence, name) for name in parts} == parts
    assert (silence.watch_id, silence.max_severity) == ("france-mali", None)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"reason": " "}, "Dites pourquoi"),
        ({"author": ""}, "Dites qui vous êtes"),
        ({"scope": "everything"}, "Choisissez ce qui"),
        ({"for": "99y"}, "Choisissez une durée"),
    ],
    ids=str,
)
def test_what_is_missing_is_asked_for_and_what_was_entered_stays(
    browser: Browser, alert: Alert, change: dict[str, str], says: str
) -> None:
    path = f"/alerts/{alert.id}/silence"
    fields = {"token": browser.get(path).token, "scope": "watch", "for": "3d", "author": "Awa", "reason": "sommet"}
    answer = browser.post(path, fields | change)
    assert answer.status == 422
    assert says in answer.text
    for name in ("author", "reason"):
        if name not in change:
            assert f'name="{name}" value="{fields[name]}"' in answer.body
    if "for" not in change:
        assert 'value="3d" required checked' in answer.body
    assert silences.listing(browser.database) == []


def test_a_notice_on_a_source_offers_to_silence_that_source(browser: Browser) -> None:
    database = browser.database
    notice = add_alert(database, "notice", watch="", story=None, signals=(), kind="source.silent")
    database.execute("UPDATE alert SET payload = json_set(payload, '$.data.source', 'rfi') WHERE id = ?", (notice.id,))
    database.conn.commit() if database.conn.in_transaction else None
    path = f"/alerts/{notice.id}/silence"
    fields = {"token": browser.get(path).token, "scope": "source", "for": "7d", "author": "Awa", "reason": "en panne"}
    assert browser.post(path, fields).status == 303
    assert only_silence(browser).source_id == "rfi"
    assert lease_unsilenced(database, "hook", NOW, 9, HOUR).taken == ()


def test_a_silence_shows_what_it_hid_and_is_ended_with_a_form(browser: Browser, alert: Alert) -> None:
    silence = silences.add(
        browser.database, watch_id=None, author="Awa", reason="essai", starts_at=NOW, ends_at=NOW + HOUR
    )
    assert lease_unsilenced(browser.database, "hook", NOW, 9, HOUR).taken == ()
    path = f"/silences/{silence.id}"
    page = browser.get(path)
    assert "Mali → France : expulsion <b>" in page.text
    assert silences.running(browser.database, NOW) != []
    assert browser.post(path, {"token": "0" * 64}).status == 403
    assert silences.running(browser.database, NOW) != []
    assert browser.post(path, {"token": page.token}).status == 303
    assert silences.running(browser.database, NOW) == []
    assert '<form method="post"' not in browser.get(path).body
    listed = browser.get("/silences")
    assert "essai" in listed.text
    # Somebody else's page may still offer what is over by now.
    again = browser.post(path, {"token": page.token})
    assert again.status == 409
    assert "n’a pas pu être fait" in again.text


def test_both_languages_say_it(browser: Browser, alert: Alert) -> None:
    for language, words in (("en", ("Acknowledge", "Your name")), ("fr", ("Prendre en charge", "Votre nom"))):
        page = browser.get(f"/alerts/{alert.id}/ack?lang={language}")
        for word in words:
            assert word in page.text


def test_the_list_of_alerts_leads_to_the_forms(browser: Browser, alert: Alert) -> None:
    page = browser.get("/alerts")
    for action in ("ack", "silence"):
        assert f'href="/alerts/{alert.id}/{action}"' in page.body


def test_without_a_service_nothing_can_be_sent(tmp_path: Path) -> None:
    for browser in run_site(tmp_path, able=False):
        alert = add_alert(browser.database, "one")
        page = browser.get(f"/alerts/{alert.id}/ack")
        assert page.status == 200
        assert '<form method="post"' not in page.body
        assert browser.post(f"/alerts/{alert.id}/ack", {"author": "Awa"}).status == 405
