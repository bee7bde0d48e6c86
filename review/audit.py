"""The page that says who changed what: for those who manage accounts, newest first, paged by the line it ended with."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from review.paging import read_id
from review.room import Room
from storage import audit
from storage.audit import AuditLine
from storage.types import Role

#: lines on a page
PAGE = 100


def audit_routes(room: Room) -> APIRouter:
    """Return the route of the page."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/people/audit")
    def show(request: Request) -> Response:
        if not room.who(request).role.covers(Role.ADMIN):
            return room.page(
                request, "refused.html", database=None, status=403, fault="forbidden", detail=None, back="/"
            )
        wanted = {
            name: text
            for name in ("name", "change", "about")
            if (text := request.query_params.get(name, "").strip()[:100])
        }
        with room.readers.reading() as database:
            lines = audit.lines(
                database, before=read_id(request.query_params.get("before", "")), limit=PAGE + 1, **wanted
            )
            last = lines[PAGE - 1].id if len(lines) > PAGE else None
            return room.page(
                request,
                "audit.html",
                database=database,
                lines=[(line, _about(line)) for line in lines[:PAGE]],
                wanted=wanted,
                names=audit.names(database),
                changes=audit.changes(database),
                next_page=None if last is None else f"/people/audit?{urlencode({**wanted, 'before': last})}",
            )

    return router


def _about(line: AuditLine) -> list[tuple[str, str]]:
    """Return what a line is about; one that was cut is shown as it is."""
    try:
        values = json.loads(line.about)
    except ValueError:
        return [("", line.about)]
    return [(key, _shown(value)) for key, value in values.items()]


def _shown(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
