"""The login from outside: nothing without it, guessing made hopeless, sessions that end when they should."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from argon2 import PasswordHasher

from scheduler import changes
from scheduler.errors import ForbiddenChangeError
from storage import accounts, audit, passwords, sessions, tokens
from storage.database import open_writer, transaction
from storage.types import Role
from storage.types.accounts import TokenScope
from tests.accounts import PASSWORD, Desk, add, hashed, log_in, settings_of
from tests.outbox_fill import NOW
from tests.visitor import Page, Visitor, routes


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("data")
    database = open_writer(folder)
    yield Desk(database, settings_of(folder))
    database.conn.close()


@pytest.fixture
def desk(opened: Desk) -> Desk:
    opened.begin_anew()
    return opened


def enter(visitor: Visitor, password: str = PASSWORD, name: str = "awa", **fields: str) -> Page:
    visitor.get("/login")
    return visitor.post("/login", {"name": name, "password": password} | fields)


# --- who is let in ---------------------------------------------------------------------------------


def test_every_route_asks_who_is_there(desk: Desk) -> None:
    add(desk.database)
    visitor, seen = desk.visitor(), 0
    for method, pattern in routes(desk.app):
        path = re.sub(r"\{\w+[^}]*\}", "1", pattern)
        if path in {"/login", "/healthz"} or path.startswith(("/static", "/shared/")):
            continue
        answer = visitor.get(path) if method == "GET" else visitor.post(path)
        if path.startswith(("/api/", "/feeds/", "/metrics", "/readyz")):
            assert answer.status == 401, path
            assert answer.headers["www-authenticate"].startswith('Bearer realm="Vigie"'), path
            assert answer.json()["detail"] == "not logged in"
        else:
            assert answer.status == 302, path
            assert answer.headers["location"].startswith("/login"), path
        seen += 1
    assert seen > 20
    assert visitor.get("/healthz").body == "ok"
    assert visitor.get("/static/base.css").status == 200
    assert visitor.get("/login").status == 200


def test_whoever_sits_at_the_machine_is_warned_until_there_is_an_account(desk: Desk) -> None:
    visitor = desk.visitor()
    page = visitor.get("/people")
    assert page.status == 200
    assert "There is no account yet" in page.text
    added = visitor.post("/people", {"name": "Awa", "password": PASSWORD, "again": PASSWORD})
    assert (added.status, added.headers["location"]) == (303, "/people")
    assert visitor.get("/people").headers["location"] == "/login?next=%2Fpeople"
    assert enter(visitor, next="/people").headers["location"] == "/people"
    page = visitor.get("/people")
    assert "There is no account yet" not in page.text
    assert accounts.named(desk.database, "AWA").role is Role.ADMIN


@pytest.mark.parametrize(
    "headers",
    [{"Host": "vigie.example"}, {"X-Forwarded-For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}, {"Via": "1.1 p"}],
    ids=str,
)
def test_before_the_first_account_nobody_comes_in_through_a_proxy(desk: Desk, headers: dict[str, str]) -> None:
    visitor = desk.visitor()
    assert visitor.get("/", headers).status == 302
    assert visitor.get("/api/v1/stories", headers).status == 401
    page = visitor.get("/login", headers)
    assert "vigie user add NAME" in page.text
    assert 'name="password"' not in page.body


def test_a_script_is_told_to_leave_the_page(desk: Desk) -> None:
    add(desk.database)
    answer = desk.visitor().get("/stories/1", {"HX-Request": "true"})
    assert (answer.status, answer.headers["hx-redirect"]) == (401, "/login?next=%2Fstories%2F1")


def test_no_address_climbs_out_of_its_folder(desk: Desk) -> None:
    visitor = desk.visitor()
    log_in(desk.database, visitor, add(desk.database))
    climbs = ("../vigie.db", "..%2fvigie.db", "%2e%2e/vigie.db", "..\\vigie.db", "....//vigie.db", "%00", "/etc/passwd",
              "..%252fvigie.db", ".%2e/.%2e/etc/passwd", "%5c..%5cvigie.db")  # fmt: skip
    for below in ("/static/", "/articles/", "/stories/", "/views/", "/feeds/", "/shared/"):
        for climb in climbs:
            assert visitor.get(below + climb).status == 404, below + climb


# --- logging in ------------------------------------------------------------------------------------


def test_a_login_leads_on_and_its_cookie_is_out_of_reach(desk: Desk) -> None:
    add(desk.database)
    visitor = desk.visitor()
    asked = visitor.get("/alerts?q=Mali&before=x")
    assert asked.headers["location"] == "/login?next=%2Falerts%3Fq%3DMali%26before%3Dx"
    answer = enter(visitor, next="/alerts?q=Mali")
    assert (answer.status, answer.headers["location"]) == (303, "/alerts?q=Mali")
    page = visitor.get("/alerts")
    assert page.status == 200
    assert "Log out" in page.text
    stored = [row["secret"] for row in desk.database.query("SELECT secret FROM session")]
    assert stored == [passwords.secret_hash(visitor.cookies["vigie_session"])]
    (line,) = audit.lines(desk.database)
    assert (line.name, line.change, line.about) == ("Awa", "open_session", "{}")


def test_under_tls_the_cookies_are_of_this_host_alone(desk: Desk) -> None:
    add(desk.database)
    secured = Desk(desk.database, replace(desk.settings, secure=True))
    visitor = secured.visitor()
    seen: list[str] = []
    for page in (visitor.get("/login"), visitor.get("/login?lang=fr"), enter(visitor)):
        seen += [value for name, value in page.headers.items() if name == "set-cookie"]
    assert {name for name in visitor.cookies if name != "vigie_language"} == {
        "__Host-vigie_form",
        "__Host-vigie_session",
    }
    for cookie in seen:
        assert "; Secure" in cookie
        assert "; HttpOnly" in cookie
        assert "; Path=/" in cookie
        assert "Domain" not in cookie
    assert visitor.get("/").status == 200


def test_the_session_and_the_tokens_of_forms_begin_anew_with_the_login(desk: Desk) -> None:
    account = add(desk.database)
    visitor = desk.visitor()
    visitor.get("/login")
    planted, seed = log_in(desk.database, visitor, account), visitor.cookies["vigie_form"]
    del visitor.cookies["vigie_session"]
    visitor.get("/login")
    visitor.cookies["vigie_session"] = planted
    assert visitor.post("/login", {"name": "Awa", "password": PASSWORD}).status == 303
    assert visitor.cookies["vigie_session"] != planted
    assert visitor.cookies["vigie_form"] != seed
    assert sessions.find(desk.database, passwords.secret_hash(planted), NOW) is None


@pytest.mark.parametrize(
    ("name", "password"), [("Awa", "wrong"), ("nobody", PASSWORD), ("", ""), ("Awa", ""), ("Awa", "x" * 5000)]
)
def test_what_is_wrong_is_not_told(desk: Desk, name: str, password: str, caplog: pytest.LogCaptureFixture) -> None:
    add(desk.database)
    answer = enter(desk.visitor(), password, name)
    assert answer.status == 403
    assert "Name and password do not fit together" in answer.text
    assert "vigie_session" not in answer.headers.get("set-cookie", "")
    assert "a login from 127.0.0.1 failed" in caplog.text
    assert name not in caplog.text or not name
    assert audit.lines(desk.database) == ()


def test_whose_account_is_disabled_cannot_log_in(desk: Desk) -> None:
    add(desk.database)
    other = add(desk.database, "Karim", Role.READER)
    with transaction(desk.database):
        accounts.set_enabled(desk.database, other.id, enabled=False, now=NOW)
    assert enter(desk.visitor(), name="Karim").status == 403


def test_the_same_letters_typed_in_another_way_are_the_same_password(desk: Desk) -> None:
    with transaction(desk.database):
        accounts.add(desk.database, "Zoé", None, passwords.hash_password("e\u0301lan vers l\u2019été ①"), NOW)
    visitor = desk.visitor()
    assert enter(visitor, "\u00e9lan vers l\u2019e\u0301te\u0301 1", "ZOE\u0301").status == 303


@pytest.mark.parametrize("field", ["token", "origin"])
def test_nobody_is_logged_in_by_another_site(desk: Desk, field: str) -> None:
    add(desk.database)
    visitor = desk.visitor()
    visitor.get("/login")
    fields = {"name": "Awa", "password": PASSWORD}
    if field == "token":
        answer = visitor.post("/login", fields | {"token": "0" * 64})
    else:
        answer = visitor.post("/login", fields, {"Origin": "https://evil.example"})
    assert answer.status == 403
    assert "vigie_session" not in visitor.cookies


@pytest.mark.parametrize(
    "then",
    [
        "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
        "https:evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "evil.example",
        "../x", "?q=x", " /x", "/x\n//evil.example", "/\t/evil.example", "\t//evil.example", "/\r/evil.example",
        "/\x00/evil.example", "//127.0.0.1@evil.example", "http://127.0.0.1.evil.example", "/%0d%0aSet-Cookie:x=y\r\n",
        "//evil.example/%2f..",
    ],
)  # fmt: skip
def test_a_login_leads_nowhere_else(desk: Desk, then: str) -> None:
    account = add(desk.database)
    visitor = desk.visitor()
    log_in(desk.database, visitor, account)
    assert visitor.get(f"/login?next={quote(then)}").headers["location"] == "/"
    other = desk.visitor()
    assert 'name="next" value="/"' in other.get(f"/login?next={quote(then)}").body


# --- guessing --------------------------------------------------------------------------------------


def test_a_thousand_guesses_from_a_thousand_places_are_compared_twenty_times_a_minute(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(desk.database)
    compared: list[str] = []
    monkeypatch.setattr(passwords, "matches", lambda _kept, password: compared.append(password))
    visitor = desk.visitor()
    visitor.get("/login")
    refused = 0
    for number in range(300):
        desk.seconds += 0.2
        answer = visitor.post(
            "/login",
            {"name": "Awa", "password": f"guess {number}"},
            {"X-Forwarded-For": f"198.51.{number % 100}.{number % 250}"},
        )
        if answer.status == 429:
            refused += 1
            assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert len(compared) <= 20
    assert refused == 300 - len(compared)


def test_guesses_without_a_page_of_ours_are_counted_and_those_of_other_sites_are_not(desk: Desk) -> None:
    add(desk.database)
    visitor = desk.visitor()
    guess = {"name": "Awa", "password": "guess", "token": "0" * 64}
    foreign = {"Origin": "https://evil.example"}
    assert {visitor.post("/login", guess, foreign).status for _ in range(30)} == {403}
    assert [visitor.post("/login", guess).status for _ in range(30)] == [403] * 5 + [429] * 25


def test_an_address_that_guesses_does_not_keep_others_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    add(desk.database)
    monkeypatch.setattr(passwords, "matches", lambda _kept, password: password == PASSWORD)
    guesser, other = desk.visitor(), desk.visitor()
    guesser.get("/login")
    statuses = [
        guesser.post("/login", {"name": "x", "password": "x"}, {"X-Forwarded-For": "198.51.100.1"}).status
        for _ in range(12)
    ]
    assert statuses == [403] * 5 + [429] * 7
    other.get("/login")
    fields = {"name": "Awa", "password": PASSWORD}
    assert other.post("/login", fields, {"X-Forwarded-For": "198.51.100.2"}).status == 303
    # What a client writes before the proxy's own entry is not believed.
    assert guesser.post("/login", fields, {"X-Forwarded-For": "198.51.100.77, 198.51.100.1"}).status == 429


# --- sessions --------------------------------------------------------------------------------------


def test_a_session_ends_when_it_is_not_used_and_after_a_week_whatever_happens(desk: Desk) -> None:
    account = add(desk.database)
    visitor = desk.visitor()
    log_in(desk.database, visitor, account)
    for _ in range(14):
        desk.now += timedelta(hours=11, minutes=50)
        assert visitor.get("/people/me").status == 200
    desk.now += timedelta(hours=2)
    assert visitor.get("/people/me").status == 200
    desk.now = NOW + timedelta(days=7)
    assert visitor.get("/people/me").status == 302
    log_in(desk.database, visitor, account)
    desk.now = NOW + timedelta(hours=12)
    assert visitor.get("/people/me").status == 302


def test_a_page_that_asks_for_news_by_itself_does_not_keep_a_session_alive(desk: Desk) -> None:
    account = add(desk.database)
    visitor = desk.visitor()
    log_in(desk.database, visitor, account)
    desk.now += timedelta(hours=11)
    assert visitor.get("/desk/new?newest=0").status == 200
    desk.now += timedelta(hours=1)
    assert visitor.get("/desk/new?newest=0").status == 302


def test_leaving_ends_the_session_wherever_its_cookie_is_kept(desk: Desk) -> None:
    account = add(desk.database)
    visitor = desk.visitor()
    secret = log_in(desk.database, visitor, account)
    visitor.get("/")
    answer = visitor.post("/logout")
    assert (answer.status, answer.headers["location"]) == (303, "/login")
    visitor.cookies["vigie_session"] = secret
    assert visitor.get("/").status == 302


def test_a_new_password_ends_all_sessions_but_the_one_that_set_it(desk: Desk) -> None:
    account = add(desk.database)
    here, elsewhere = desk.visitor(), desk.visitor()
    log_in(desk.database, elsewhere, account)
    log_in(desk.database, here, account)
    here.get("/people/me")
    new = {"password": "une autre phrase longue", "again": "une autre phrase longue"}
    assert here.post("/people/me/password", {"current": "wrong", **new}).status == 422
    assert elsewhere.get("/").status == 200
    assert here.post("/people/me/password", {"current": PASSWORD, **new, "again": "x"}).status == 422
    before = here.cookies["vigie_session"]
    assert here.post("/people/me/password", {"current": PASSWORD, **new}).status == 303
    assert here.cookies["vigie_session"] != before
    assert here.get("/").status == 200
    assert elsewhere.get("/").status == 302
    assert enter(elsewhere, new["password"]).status == 303


def test_a_login_under_way_does_not_survive_a_new_password(desk: Desk) -> None:
    account = add(desk.database)
    with transaction(desk.database):
        accounts.set_password(desk.database, account.id, hashed(), NOW + timedelta(seconds=1))
    given = {"account": account.id, "password_at": NOW.isoformat(), "session": "0" * 64}
    with pytest.raises(ForbiddenChangeError, match="changed meanwhile"), transaction(desk.database):
        changes.apply(desk.database, "open_session", given, NOW, by=account.person)


# --- tokens ----------------------------------------------------------------------------------------


def test_a_token_asks_instead_of_a_person(desk: Desk) -> None:
    account = add(desk.database, role=Role.ADMIN)
    secret = passwords.new_secret(tokens.PREFIX)
    with transaction(desk.database):
        token = tokens.add(
            desk.database, "ci", TokenScope.READ, passwords.secret_hash(secret), NOW,
            account_id=account.id, created_by="Awa", expires_at=NOW + timedelta(days=1),
        )  # fmt: skip
    visitor, shown = desk.visitor(), {"Authorization": f"Bearer {secret}"}
    assert visitor.get("/api/v1/stories", shown).status == 200
    assert visitor.get("/metrics", shown).status == 200
    assert tokens.get(desk.database, token.id).used_at == NOW
    assert visitor.get("/", shown).status == 401
    wrong = visitor.get("/api/v1/stories", {"Authorization": "Bearer vigie_other"})
    assert wrong.status == 401
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
    desk.now = NOW + timedelta(days=2)
    assert visitor.get("/api/v1/stories", shown).status == 401
    desk.now = NOW
    with transaction(desk.database):
        tokens.revoke(desk.database, token.id, NOW)
    assert visitor.get("/api/v1/stories", shown).status == 401


# --- how somebody likes the page -------------------------------------------------------------------


def test_language_and_looks_follow_an_account_to_another_browser(desk: Desk) -> None:
    account = add(desk.database)
    here, there = desk.visitor(), desk.visitor()
    log_in(desk.database, here, account)
    log_in(desk.database, there, account)
    assert '<html lang="en">' in there.get("/alerts").body
    here.get("/alerts?lang=fr&density=compact&keys=off")
    page = there.get("/alerts")
    assert '<html lang="fr">' in page.body
    assert 'data-keys="off"' in page.body
    assert accounts.get(desk.database, account.id).density == "compact"
    # A choice of the account goes before what the browser remembers; a later one before an earlier one.
    there.cookies["vigie_language"] = "en"
    assert '<html lang="fr">' in there.get("/alerts").body
    there.get("/alerts?lang=en&keys=on")
    assert '<html lang="en">' in here.get("/").body
    assert not audit.lines(desk.database)


def test_a_browser_keeps_the_language_of_who_has_no_account(desk: Desk) -> None:
    visitor = desk.visitor()
    visitor.get("/alerts?lang=fr")
    assert '<html lang="fr">' in visitor.get("/alerts").body
    account = add(desk.database)
    assert '<html lang="fr">' in visitor.get("/login").body
    log_in(desk.database, visitor, account)
    assert '<html lang="fr">' in visitor.get("/alerts").body
    assert accounts.get(desk.database, account.id).language is None


@pytest.mark.parametrize(
    ("address", "headers"),
    [("/alerts?lang=fr", {"Sec-Fetch-Site": "cross-site"}), ("/alerts?lang=de&density=x&keys=", {})],
)
def test_another_site_and_nonsense_choose_nothing_for_an_account(
    desk: Desk, address: str, headers: dict[str, str]
) -> None:
    account = add(desk.database)
    visitor = desk.visitor()
    log_in(desk.database, visitor, account)
    visitor.get(address, headers)
    kept = accounts.get(desk.database, account.id)
    assert (kept.language, kept.density, kept.keys) == (None, None, None)


def test_a_login_renews_a_hash_of_lower_costs(desk: Desk) -> None:
    account = add(desk.database)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with transaction(desk.database):
        accounts.renew_hash(desk.database, account.id, weak)
    visitor = desk.visitor()
    assert enter(visitor, password="not it").status == 403
    assert accounts.password_of(desk.database, account.id) == weak
    desk.guesses.right("127.0.0.1")
    assert enter(visitor).status == 303
    kept = accounts.password_of(desk.database, account.id)
    assert kept is not None
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.matches(kept, PASSWORD)
    assert not passwords.outdated(kept)
    # The password is the same: whoever is logged in stays so, and a hash of today's costs stays as it is.
    assert accounts.get(desk.database, account.id).password_at == account.password_at
    assert visitor.get("/alerts").status == 200
    assert enter(desk.visitor()).status == 303
    assert accounts.password_of(desk.database, account.id) == kept
