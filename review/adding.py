"""The pages on which sources are added: an outlet or a list of feeds is looked at, shown, and only then saved."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from review.changing import Changing
from review.errors import FaultError, PageNotFoundError
from review.forms import Fields, one_line
from review.outlets import LONGEST_LIST, Look, Outlets
from review.paging import read_id
from review.room import Room
from storage.types import Role

#: characters of an address
LONGEST_ADDRESS = 2_000
#: bytes of the form: what is no letter or digit takes three in it
_LARGEST = 3 * LONGEST_LIST + 4_096


def adding_routes(room: Room, changing: Changing, outlets: Outlets) -> APIRouter:
    """Return the routes of the pages."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/sources.opml")
    def export(request: Request) -> Response:
        # An address may hold a key that was given to this newsroom.
        if refused := _refused(room, request, Role.ANALYST):
            return refused
        headers = {"content-disposition": 'attachment; filename="vigie.opml"'}
        return Response(outlets.export(), media_type="text/x-opml; charset=utf-8", headers=headers)

    @router.get("/new-source")
    def begin(request: Request) -> HTMLResponse:
        if refused := _refused(room, request, Role.EDITOR):
            return refused
        return _begin(request)

    def _begin(request: Request, *, status: int = 200, **shown: Any) -> HTMLResponse:
        given = {"url": request.query_params.get("url", "")} | dict(shown.pop("given", {}))
        return room.page(
            request, "source_new.html", database=None, status=status, file=outlets.file, given=given, **shown
        )  # fmt: skip

    @router.post("/new-source")
    async def look(request: Request) -> Response:
        return await changing.form(
            request, work=_wanted, role=Role.EDITOR, then=lambda look: f"/new-source/{look.id}", largest=_LARGEST,
            show=lambda **shown: _begin(request, **shown),
        )  # fmt: skip

    @router.get("/new-source/{number}")
    def proposal(request: Request, number: str) -> HTMLResponse:
        if refused := _refused(room, request, Role.EDITOR):
            return refused
        return room.page(
            request, "source_look.html", database=None, look=_look(outlets, number), file=outlets.file
        )  # fmt: skip

    @router.post("/new-source/{number}/save")
    async def save(request: Request, number: str) -> Response:
        found = _look(outlets, number)

        def work(_fields: Fields) -> tuple[str, dict[str, Any]]:
            return "add_sources", {"look": found.number}

        return await changing.form(request, work=work, role=Role.EDITOR, then=f"/new-source/{found.number}")

    return router


def _refused(room: Room, request: Request, role: Role) -> HTMLResponse | None:
    """Return the page for whoever may not do this, None for the others."""
    if room.who(request).role.covers(role):
        return None
    return room.page(
        request, "refused.html", database=None, status=403, fault="forbidden", detail=None, back="/sources"
    )  # fmt: skip


def _look(outlets: Outlets, number: str) -> Look:
    wanted = read_id(number)
    found = None if wanted is None else outlets.look(wanted)
    if found is None:
        raise PageNotFoundError(f"there is no look {number!r} any more")
    return found


def _wanted(fields: Fields) -> tuple[str, dict[str, Any]]:
    """Return the change that a form asks for.

    Raises:
        FaultError: neither an address nor a list was given.
    """
    pasted = fields.get("list", "").strip()
    if len(pasted) > LONGEST_LIST:
        raise FaultError("too_long")
    if pasted:
        return "look_at_source", {"list": pasted}
    url = one_line(fields.get("url", ""), LONGEST_ADDRESS)
    if not url:
        raise FaultError("no_address")
    return "look_at_source", {"url": url if "://" in url else f"https://{url}"}
