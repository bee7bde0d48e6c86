"""The pages of accounts, of one's own, of shared links and of the audit: who may do what there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from storage import accounts, audit, passwords, shares, tokens, views
from storage.database import open_writer, transaction
from storage.types import Role
from storage.types.accounts import Account, ShareKind
from tests.accounts import PASSWORD, Desk, add, log_in, settings_of
from tests.filled import Filled, fill
from tests.outbox_fill import NOW
from tests.visitor import Page, Visitor, routes

NEW = "une autre phrase longue"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Filled]]:
    folder = tmp_path_factory.mktemp("data")
    database = open_writer(folder)
    known = fill(database)
    yield Desk(database, settings_of(folder)), known
    database.conn.close()


@pytest.fixture
def known(opened: tuple[Desk, Filled]) -> Filled:
    return opened[1]


@pytest.fixture
def desk(opened: tuple[Desk, Filled]) -> Desk:
    opened[0].begin_anew()
    return opened[0]


@pytest.fixture
def admin(desk: Desk) -> Visitor:
    return as_account(desk, add(desk.database))


def as_account(desk: Desk, account: Account) -> Visitor:
    visitor = desk.visitor()
    log_in(desk.database, visitor, account)
    return visitor


def sent(visitor: Visitor, page: str, address: str, **fields: str) -> Page:
    visitor.get(page)
    return visitor.post(address, fields)


def made(visitor: Visitor, answer: Page) -> str:
    """Return the secret that the page after a form shows."""
    assert answer.status == 303, answer.text
    return str(re.findall(r'<code class="made">([^<]+)</code>', visitor.get(answer.headers["location"]).body)[0])


# --- accounts --------------------------------------------------------------------------------------


def test_accounts_are_added_changed_and_disabled(desk: Desk, admin: Visitor) -> None:
    fields = {"name": "Karim", "role": "analyst", "password": NEW, "again": NEW}
    assert sent(admin, "/people", "/people", **fields).status == 303
    karim = accounts.named(desk.database, "karim")
    visitor = as_account(desk, karim)
    assert visitor.get("/people").status == 403
    assert sent(admin, "/people", f"/people/{karim.id}/role", role="editor").status == 303
    assert accounts.named(desk.database, "karim").role is Role.EDITOR
    assert sent(admin, "/people", f"/people/{karim.id}/password", password=NEW + "!").status == 303
    assert visitor.get("/").status == 302
    visitor = as_account(desk, karim)
    assert sent(admin, "/people", f"/people/{karim.id}/enabled", enabled="no").status == 303
    assert visitor.get("/").status == 302
    assert "(may not log in)" in admin.get("/people").text
    assert sent(admin, "/people", f"/people/{karim.id}/enabled", enabled="yes").status == 303
    told = [(line.name, line.change, line.about) for line in reversed(audit.lines(desk.database))]
    assert [one[1] for one in told] == ["add_account", "set_role", "set_password", "set_enabled", "set_enabled"]
    assert told[1] == ("Awa", "set_role", '{"person": "Karim", "role": "editor"}')
    assert NEW not in str(told)


@pytest.mark.parametrize(
    ("address", "fields", "says"),
    [
        ("/people", {"name": "AWA", "password": NEW, "role": "reader"}, "an account of this name already"),
        ("/people", {"name": " ", "password": NEW, "role": "reader"}, "1 to 80 characters"),
        ("/people", {"name": "Karim", "password": "short", "role": "reader"}, "too short"),
        ("/people", {"name": "Karim", "password": NEW, "again": "x", "role": "reader"}, "two passwords differ"),
        ("/people", {"name": "Karim", "password": "karim karim", "role": "king"}, "choose a role"),
        ("/people/ME/role", {"role": "reader"}, "Nobody would be left"),
        ("/people/ME/enabled", {"enabled": "no"}, "Nobody would be left"),
        ("/people/ME/password", {"password": "motdepasse"}, "first that are guessed"),
    ],
)
def test_what_cannot_be_done_is_said_and_keeps_what_was_typed_but_no_password(
    desk: Desk, admin: Visitor, address: str, fields: dict[str, str], says: str
) -> None:
    me = accounts.named(desk.database, "Awa")
    answer = sent(admin, "/people", address.replace("ME", str(me.id)), **fields)
    assert answer.status == 422
    assert says in answer.text
    assert NEW not in answer.body
    assert len(accounts.listing(desk.database)) == 1
    assert audit.lines(desk.database) == ()


def test_nobody_else_manages_accounts(desk: Desk, admin: Visitor) -> None:
    karim = add(desk.database, "Karim", Role.EDITOR)
    visitor = as_account(desk, karim)
    assert 'href="/people"' in admin.get("/").body
    assert 'href="/people"' not in visitor.get("/").body
    token = tokens_of(desk, admin)
    for address, fields in (
        ("/people", {"name": "Eve", "password": NEW, "role": "admin"}),
        (f"/people/{karim.id}/role", {"role": "admin"}),
        (f"/people/{karim.id}/password", {"password": NEW}),
        (f"/tokens/{token}/revoke", {}),
    ):
        answer = sent(visitor, "/people/me", address, **fields)
        assert answer.status == 403, address
        assert "Your role does not allow this" in answer.text
    assert sent(visitor, "/people/me", f"/people/me/tokens/{token}/revoke").status == 409
    assert accounts.named(desk.database, "Karim") == karim


def tokens_of(desk: Desk, visitor: Visitor) -> int:
    """Make a token and return its number."""
    made(visitor, sent(visitor, "/people/me", "/people/me/tokens", name="ci", scope="read", days="30"))
    return tokens.listing(desk.database)[0].id


#: forms that a reader may send, and those an analyst may besides; all others are for editors and admins
FOR_READERS = re.compile(
    r"/logout|/people/me/.+|/views(/.+)?|/shares/\{share_id\}/end|/stories/\{story_id\}/(?:seen|follow)"
    r"|/triage/(?:bulk-seen|undo)"
)
FOR_ANALYSTS = re.compile(
    r"/alerts/\{alert_id\}/\w+|/silences/\{silence_id\}|/stories/\{story_id\}/\w+|/triage/\w+|/share/.+|/deliveries/.+"
    r"|/sources/.+/poll"
)


@pytest.mark.parametrize("role", [Role.READER, Role.ANALYST])
def test_no_role_changes_what_is_for_those_above_it(desk: Desk, known: Filled, role: Role) -> None:
    add(desk.database)
    account = add(desk.database, "Karim", role)
    visitor, tried, refused = as_account(desk, account), 0, 0
    visitor.get("/people/me")
    values = {
        "alert_id": known.alert, "story_id": str(known.story), "kind": "story", "about": str(known.story),
        "act": "replay", "watch_id": "france-mali", "delivery_id": str(known.delivery),
    }  # fmt: skip
    for method, pattern in routes(desk.app):
        for_them = FOR_READERS.fullmatch(pattern) or (role is Role.ANALYST and FOR_ANALYSTS.fullmatch(pattern))
        if method != "POST" or pattern.startswith("/api/") or pattern == "/login" or for_them:
            continue
        path = re.sub(r"\{(\w+)[^}]*\}", lambda place: values.get(place[1], "1"), pattern)
        answer = visitor.post(path)
        assert answer.status in {403, 404}, pattern
        tried, refused = tried + 1, refused + (answer.status == 403)
    assert tried > 20
    assert refused > tried / 2
    assert audit.lines(desk.database) == ()


# --- one's own -------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_does_what_its_scope_says(desk: Desk) -> None:
    visitor = as_account(desk, add(desk.database, "Karim", Role.ADMIN))
    answer = sent(visitor, "/people/me", "/people/me/tokens", name="feed reader", scope="read", days="")
    page = visitor.get(answer.headers["location"])
    secret = re.findall(r'<code class="made">(vigie_[\w-]{32})</code>', page.body)[0]
    assert secret not in visitor.get(answer.headers["location"]).body
    program = desk.visitor()
    shown = {"Authorization": f"Bearer {secret}"}
    assert program.get("/api/v1/stories", shown).status == 200
    assert program.get("/views/all.csv", shown).status == 200
    assert program.get(f"/feeds/all.atom?token={secret}").status == 200
    assert program.get(f"/api/v1/stories?token={secret}").status == 401
    refused = program.post("/api/v1/silences", headers={**shown, "content-type": "application/json"})
    assert refused.status == 403
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    (token,) = tokens.listing(desk.database)
    assert sent(visitor, "/people/me", f"/people/me/tokens/{token.id}/revoke").status == 303
    assert program.get("/api/v1/stories", shown).status == 401
    stored = "".join(str(row) for table in ("api_token", "audit") for row in desk.database[table].rows)
    assert secret not in stored


def test_sessions_are_listed_and_ended(desk: Desk) -> None:
    account = add(desk.database, "Karim")
    here, one, other = (as_account(desk, account) for _ in range(3))
    page = here.get("/people/me")
    assert page.text.count("this browser") == 1
    assert page.body.count('name="session"') == 2
    number = re.findall(r'name="session" value="(\d+)"', page.body)[1]
    assert sent(here, "/people/me", "/people/me/sessions", session=number).status == 303
    assert sorted(visitor.get("/people/me").status for visitor in (one, other)) == [200, 302]
    assert sent(here, "/people/me", "/people/me/sessions").status == 303
    assert [visitor.get("/people/me").status for visitor in (here, one, other)] == [200, 302, 302]
    stranger = as_account(desk, add(desk.database, "Eve"))
    mine = re.findall(r'name="session" value="(\d+)"', stranger.get("/people/me").body)
    assert mine == []
    (row,) = desk.database.query("SELECT id FROM session WHERE account_id = ?", (account.id,))
    assert sent(stranger, "/people/me", "/people/me/sessions", session=str(row["id"])).status == 409
    assert here.get("/people/me").status == 200


# --- sharing ---------------------------------------------------------------------------------------


def test_a_link_shows_one_event_and_nothing_else(desk: Desk, known: Filled, admin: Visitor) -> None:
    page = f"/share/story/{known.story}"
    address = made(admin, sent(admin, page, page, days="7"))
    assert address.startswith("https://vigie.example/shared/")
    path = address.removeprefix("https://vigie.example")
    stranger = desk.visitor()
    answer = stranger.get(path, {"Host": "vigie.example", "X-Forwarded-For": "203.0.113.9"})
    assert answer.status == 200
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["cache-control"] == "no-store"
    assert "Le Mali expulse deux diplomates" in answer.text
    assert "Bamako a expulsé mardi deux diplomates français." in answer.text
    # Neither forms nor scripts nor ways further in; nothing of what people made of it, or were told.
    assert not re.search(r"<(form|input|button|script|dialog)\b", answer.body)
    links = set(re.findall(r'href="([^"]+)"', answer.body))
    assert {link for link in links if link.startswith("/")} <= {
        link for link in links if link.startswith(("/static/", f"{path}?lang="))
    }
    for secret in ("à vérifier", "sommet", "relevant", "Alerte", "desk", "a@example.org"):
        assert secret not in answer.text, secret
    for other in ("/", f"/stories/{known.story}", "/api/v1/stories", page, "/people", "/feeds/all.atom"):
        assert stranger.get(other).status in {302, 401}, other
    assert stranger.get(f"{path}x").status == 404
    assert stranger.get("/shared/").status == 404
    desk.now = NOW + timedelta(days=7)
    assert stranger.get(path).status == 404


def test_a_link_to_a_view_shows_its_list_as_its_maker_has_it(desk: Desk, admin: Visitor) -> None:
    account = accounts.named(desk.database, "Awa")
    with transaction(desk.database):
        views.add(
            desk.database, view_id="grave-own", name="Mine alone", query="severity=4", person_id=account.id,
            created_by="Awa", on_dashboard=False, now=NOW,
        )  # fmt: skip
    other = as_account(desk, add(desk.database, "Karim", Role.ANALYST))
    assert other.get("/share/view/grave-own").status == 404
    path = made(admin, sent(admin, "/share/view/grave-own", "/share/view/grave-own", days="1"))
    path = path.removeprefix("https://vigie.example")
    stranger = desk.visitor()
    answer = stranger.get(path)
    assert answer.status == 200
    assert "Mine alone" in answer.text
    assert "Le Mali expulse deux diplomates" in answer.text
    assert "Récolte de coton" not in answer.text
    assert 'href="/stories' not in answer.body
    (share,) = shares.listing(desk.database, NOW)
    assert (share.kind, share.about) == (ShareKind.VIEW, "grave-own")
    assert sent(other, "/people/me", f"/shares/{share.id}/end").status == 409
    assert stranger.get(path).status == 200
    assert sent(admin, "/people", f"/shares/{share.id}/end", back="/people").headers["location"] == "/people"
    gone = stranger.get(path)
    assert gone.status == 404
    assert "shows nothing any more" in gone.text
    with transaction(desk.database):
        desk.database.conn.execute("DELETE FROM saved_view")


def test_links_end_with_the_account_of_whoever_made_them(desk: Desk, known: Filled, admin: Visitor) -> None:
    karim = add(desk.database, "Karim", Role.ANALYST)
    visitor = as_account(desk, karim)
    page = f"/share/story/{known.story}"
    path = made(visitor, sent(visitor, page, page, days="90")).removeprefix("https://vigie.example")
    assert desk.visitor().get(path).status == 200
    assert "Event" in visitor.get("/people/me").text
    assert sent(admin, "/people", f"/people/{karim.id}/enabled", enabled="no").status == 303
    assert desk.visitor().get(path).status == 404


def test_readers_share_nothing_and_nobody_for_ever(desk: Desk, known: Filled, admin: Visitor) -> None:
    reader, page = as_account(desk, add(desk.database, "Karim", Role.READER)), f"/share/story/{known.story}"
    assert reader.get(page).status == 403
    assert sent(reader, "/people/me", page, days="7").status in {403, 409}
    assert "Share" not in reader.get(f"/stories/{known.story}").text
    assert page in admin.get(f"/stories/{known.story}").body
    assert sent(admin, page, page, days="36500").status == 422
    assert admin.get("/share/story/999").status == 404
    assert admin.get("/share/article/1").status == 404
    assert shares.listing(desk.database, NOW) == ()


# --- audit -----------------------------------------------------------------------------------------


def test_who_changed_what_is_listed_narrowed_and_paged(desk: Desk, admin: Visitor) -> None:
    with transaction(desk.database):
        desk.database.conn.executemany(
            "INSERT INTO audit (at, person_id, name, change, about) VALUES (?, NULL, ?, ?, ?)",
            [
                (NOW.isoformat(), "Ana" if number % 2 else "Bo", "replay", f'{{"delivery": {number}}}')
                for number in range(230)
            ],
        )
    page = admin.get("/people/audit?name=Ana")
    assert page.body.count("<tr><td>") == 100
    assert "Bo<" not in page.body.split("<tbody>")[1]
    older = re.findall(r'href="(/people/audit\?[^"]+)" rel="next"', page.body)[0].replace("&amp;", "&")
    assert admin.get(older).body.count("<tr><td>") == 15
    found = admin.get("/people/audit?change=replay&about=%22delivery%22%3A+22%7D")
    assert found.body.count("<tr><td>") == 1
    assert admin.get("/people/audit?about=%25").body.count("<tr><td>") == 0
    assert as_account(desk, add(desk.database, "Karim", Role.EDITOR)).get("/people/audit").status == 403


# --- secrets ---------------------------------------------------------------------------------------


def test_secrets_stand_in_no_page_log_or_archive(
    desk: Desk, known: Filled, admin: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    canary = "S3CR3T-phrase-d-essai"
    password = {"current": PASSWORD, "password": canary, "again": canary}
    assert sent(admin, "/people/me", "/people/me/password", **password).status == 303
    assert sent(admin, "/people/me", "/people/me/password", current=canary, password="x").status == 422
    token = made(admin, sent(admin, "/people/me", "/people/me/tokens", name="ci", scope="write", days=""))
    page = f"/share/story/{known.story}"
    link = made(admin, sent(admin, page, page, days="1")).rpartition("/")[2]
    session = admin.cookies["vigie_session"]
    pages = [admin.get(path).body for path in ("/people", "/people/me", "/people/audit", page, "/metrics", "/readyz")]
    kept = "".join(desk.database.conn.iterdump())
    for secret in (canary, token, link, session, passwords.normal(canary)):
        assert secret not in caplog.text
        assert secret not in kept
        assert not [page for page in pages if secret in page]
