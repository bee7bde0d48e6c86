"""Who is let in: the decision itself, with everything that may be shown."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.access import (
    FOR_PROGRAMS,
    NOBODY,
    OPEN,
    OPEN_BELOW,
    Asked,
    Reason,
    Shown,
    bearer_of,
    judge,
    shown_token,
)
from storage.types import Role
from storage.types.accounts import Account, ApiToken, TokenScope
from tests.outbox_fill import NOW
from tests.somebody import ANALYST

STRANGER = Asked(method="GET", path="/", local=True, accounts=True)
AWA = Account(id=3, name="Awa", role=Role.EDITOR, created_at=NOW, password_at=NOW, disabled_at=None)
TOKEN = ApiToken(
    id=1, account=AWA, name="ci", scope=TokenScope.READ, created_at=NOW, created_by="Awa", expires_at=None,
    used_at=None, revoked_at=None,
)  # fmt: skip


@pytest.mark.parametrize("path", ["/login", "/healthz", "/static/base.css", "/shared/x", "/websub/abc"])
def test_what_is_open_is_open_to_everybody(path: str) -> None:
    verdict = judge(replace(STRANGER, path=path, local=False, open_below="/websub/"))
    assert (verdict.admitted, verdict.reason, verdict.person) == (True, Reason.OPEN, NOBODY)


@given(st.text(max_size=12).map(lambda text: f"/{text}"), st.booleans(), st.sampled_from(["GET", "POST", "HEAD"]))
def test_without_anything_shown_nothing_else_is(path: str, local: bool, method: str) -> None:
    verdict = judge(replace(STRANGER, path=path, local=local, method=method))
    assert verdict.admitted is (path in OPEN or path.startswith(OPEN_BELOW))
    assert verdict.person is NOBODY


@pytest.mark.parametrize(
    ("local", "accounts", "reason"),
    [
        (True, False, Reason.AT_THE_MACHINE),
        (False, False, Reason.NO_ACCOUNT),
        (True, True, Reason.NO_SESSION),
        (False, True, Reason.NO_SESSION),
    ],
)
def test_only_before_the_first_account_the_machine_itself_is_enough(
    local: bool,
    accounts: bool,
    reason: Reason,
) -> None:
    assert judge(replace(STRANGER, local=local, accounts=accounts)).reason is reason


def test_a_session_is_let_in_everywhere() -> None:
    for path in ("/", "/api/v1/stories", "/people", "/metrics", "/login"):
        verdict = judge(replace(STRANGER, path=path, method="POST", session=ANALYST))
        assert (verdict.reason, verdict.person) == (Reason.SESSION, ANALYST)


@pytest.mark.parametrize(
    ("scope", "method", "path", "reason"),
    [
        (TokenScope.READ, "GET", "/api/v1/stories", Reason.TOKEN),
        (TokenScope.READ, "GET", "/metrics", Reason.TOKEN),
        (TokenScope.READ, "POST", "/api/v1/stories", Reason.SCOPE),
        (TokenScope.WRITE, "POST", "/api/v1/stories", Reason.TOKEN),
        (TokenScope.WRITE, "GET", "/", Reason.NOT_FOR_TOKENS),
        (TokenScope.WRITE, "POST", "/people", Reason.NOT_FOR_TOKENS),
    ],
)
def test_a_token_opens_what_is_for_programs(scope: TokenScope, method: str, path: str, reason: Reason) -> None:
    asked = replace(STRANGER, method=method, path=path, shown=Shown(text="x"), token=replace(TOKEN, scope=scope))
    assert judge(asked).reason is reason


def test_a_token_that_does_not_hold_is_refused_even_before_the_first_account_and_with_a_session() -> None:
    for asked in (replace(STRANGER, accounts=False), replace(STRANGER, session=ANALYST)):
        assert judge(replace(asked, path="/api/v1/stories", shown=Shown(text="x"))).reason is Reason.UNKNOWN_TOKEN


def test_what_may_change_something_does_not_stand_in_an_address() -> None:
    asked = replace(STRANGER, path="/feeds/all.atom", shown=Shown(text="x", in_address=True), token=TOKEN)
    assert judge(asked).reason is Reason.TOKEN
    assert judge(replace(asked, token=replace(TOKEN, scope=TokenScope.WRITE))).reason is Reason.IN_ADDRESS


def test_a_token_never_may_more_than_its_owner() -> None:
    assert bearer_of(TOKEN).role is Role.READER
    assert bearer_of(replace(TOKEN, scope=TokenScope.WRITE)).role is Role.EDITOR
    machine = bearer_of(replace(TOKEN, account=None, scope=TokenScope.WRITE))
    assert (machine.id, machine.name, machine.role) == (None, "ci", Role.EDITOR)


BASIC = base64.b64encode(b"anybody:vigie_x").decode()


@pytest.mark.parametrize(
    ("path", "header", "query", "shown"),
    [
        ("/api/v1/stories", "Bearer vigie_x", {}, Shown(text="vigie_x")),
        ("/api/v1/stories", "bearer  vigie_x ", {}, Shown(text="vigie_x")),
        ("/api/v1/stories", None, {"token": "vigie_x"}, None),
        ("/api/v1/stories", f"Basic {BASIC}", {}, None),
        ("/feeds/all.atom", None, {"token": "vigie_x"}, Shown(text="vigie_x", in_address=True)),
        ("/feeds/all.atom", f"Basic {BASIC}", {}, Shown(text="vigie_x")),
        ("/feeds/all.atom", "Basic ???", {}, Shown(text="")),
        ("/feeds/all.atom", None, {}, None),
    ],
)
def test_how_a_program_shows_its_token(
    path: str, header: str | None, query: dict[str, str], shown: Shown | None
) -> None:
    assert shown_token(path, header, query) == shown


def test_what_is_for_programs_is_not_open() -> None:
    for path in FOR_PROGRAMS:
        assert not judge(replace(STRANGER, path=f"{path}x")).admitted
