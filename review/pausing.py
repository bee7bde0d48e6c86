"""Pausing a source and resuming it: what the forms on the page of a source want."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from review.changing import Changing, author_of
from review.errors import FaultError
from review.forms import LONGEST_REASON, Fields, one_line
from review.room import Room
from storage.types import Role

#: how long a source may be paused, in the order it is offered; the key stands in the form, None has no end
DURATIONS: dict[str, timedelta | None] = {
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "open": None,
}
#: what a pause lasts unless somebody chooses: one that ends by itself
USUAL_DURATION = "1d"


def add_pausing(router: APIRouter, room: Room, changing: Changing, show: Callable[..., Response]) -> None:
    """Add the routes that take the forms.

    Args:
        router: gets them.
        room: knows who asks.
        changing: makes the changes.
        show: shows the page of a source again, by request and id.
    """

    @router.post("/sources/{source_id:path}/pause")
    async def pause(request: Request, source_id: str) -> Response:
        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            return "pause_source", _wanted(source_id, fields, author_of(room.who(request), fields))

        return await changing.form(
            request, work=work, show=partial(show, request, source_id), role=Role.EDITOR, then=address_of(source_id)
        )

    @router.post("/sources/{source_id:path}/resume")
    async def resume(request: Request, source_id: str) -> Response:
        def work(_: Fields) -> tuple[str, dict[str, Any]]:
            return "resume_source", {"source": source_id}

        return await changing.form(
            request, work=work, show=partial(show, request, source_id), role=Role.EDITOR, then=address_of(source_id)
        )


def address_of(source_id: str) -> str:
    """Return the address of a source's page."""
    return f"/sources/{quote(source_id, safe='')}"


def _wanted(source_id: str, fields: Fields, author: str) -> dict[str, Any]:
    reason = one_line(fields.get("reason", ""), LONGEST_REASON)
    if not reason:
        raise FaultError("reason")
    chosen = fields.get("for", "")
    if chosen not in DURATIONS:
        raise FaultError("duration")
    lasts = DURATIONS[chosen]
    return {
        "source": source_id,
        "author": author,
        "reason": reason,
        "seconds": None if lasts is None else lasts.total_seconds(),
    }
