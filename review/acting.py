"""The pages on which people take an alert in hand, silence alerts, and end a silence.

Links in messages lead here, and the scanners of mail programs follow links: nothing changes before somebody sends the
form. The page itself never writes; it asks whoever owns the archive to (:mod:`review.changing`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlite_utils import Database

from alerts.silencing import difference
from review.changing import Changing, author_of
from review.errors import FaultError, PageNotFoundError
from review.forms import LONGEST_REASON, Fields, one_line
from review.paging import read_id
from review.room import Room
from review.scopes import DURATIONS, scopes
from storage import alert_log, notes, silences
from storage.alert_log import AlertRow
from storage.silences import SilenceRow
from storage.types import Silence

#: what a silence lasts unless somebody chooses
USUAL_DURATION = "4h"


def acting_routes(room: Room, changing: Changing) -> APIRouter:
    """Return the routes of the pages with forms.

    Args:
        room: what every page shares.
        changing: makes changes; where it cannot, the pages are shown without their forms.
    """
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    pages = _Pages(room)

    @router.get("/alerts/{alert_id}/ack")
    def ask_ack(request: Request, alert_id: str) -> HTMLResponse:
        return pages.ack(request, alert_id)

    @router.get("/alerts/{alert_id}/silence")
    def ask_silence(request: Request, alert_id: str) -> HTMLResponse:
        return pages.silence(request, alert_id)

    @router.get("/silences")
    def list_silences(request: Request) -> HTMLResponse:
        return pages.silences(request)

    @router.get("/silences/{silence_id}")
    def one_silence(request: Request, silence_id: str) -> HTMLResponse:
        return pages.one_silence(request, silence_id)

    if changing.able:
        _add_forms(router, room, changing, pages)
    return router


def _add_forms(router: APIRouter, room: Room, changing: Changing, pages: _Pages) -> None:
    @router.post("/alerts/{alert_id}/ack")
    async def ack(request: Request, alert_id: str) -> Response:
        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            return "acknowledge", {"alert": alert_id, "author": author_of(room.who(request), fields)}

        show = partial(pages.ack, request, alert_id)
        return await changing.form(request, work=work, show=show, then=f"/alerts/{alert_id}/ack")

    @router.post("/alerts/{alert_id}/silence")
    async def silence(request: Request, alert_id: str) -> Response:
        def work(fields: Fields) -> tuple[str, dict[str, Any]]:
            return "silence", pages.wanted_silence(alert_id, fields, author_of(room.who(request), fields))

        show = partial(pages.silence, request, alert_id)
        return await changing.form(request, work=work, show=show, then=f"/alerts/{alert_id}/silence")

    @router.post("/silences/{silence_id}")
    async def end(request: Request, silence_id: str) -> Response:
        def work(_: Fields) -> tuple[str, dict[str, Any]]:
            return "end_silence", {"silence": _number(silence_id)}

        show = partial(pages.one_silence, request, silence_id)
        return await changing.form(request, work=work, show=show, then=f"/silences/{silence_id}")


class _Pages:
    """Renders the pages, fresh or with what somebody entered."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def ack(self, request: Request, alert_id: str, **context: Any) -> HTMLResponse:
        with self._room.readers.reading() as database:
            row = _row(alert_log.one(database, alert_id), alert_id)
            return self._room.page(
                request,
                "ack.html",
                database=database,
                row=row,
                newer=alert_log.newer_unacknowledged(database, row.alert),
                **context,
            )

    def silence(self, request: Request, alert_id: str, **context: Any) -> HTMLResponse:
        now = self._room.now()
        with self._room.readers.reading() as database:
            row = _row(alert_log.one(database, alert_id), alert_id)
            matter = silences.matter(database, alert_id)
            holding = [one for one in silences.running(database, now) if matter and difference(one, matter) is None]
            return self._room.page(
                request,
                "silence.html",
                database=database,
                row=row,
                scopes=scopes(row),
                durations=tuple(DURATIONS),
                usual=USUAL_DURATION,
                holding=holding,
                headlines=_headlines(database, holding),
                **context,
            )

    def silences(self, request: Request) -> HTMLResponse:
        with self._room.readers.reading() as database:
            rows = silences.listing(database)
            return self._room.page(
                request,
                "silences.html",
                database=database,
                rows=rows,
                headlines=_headlines(database, [row.silence for row in rows]),
            )

    def one_silence(self, request: Request, silence_id: str, **context: Any) -> HTMLResponse:
        with self._room.readers.reading() as database:
            silence = silences.get(database, _number(silence_id))
            hidden = {one.alert.id: one.alert for one in silences.hidden(database, silence.id)}
            return self._room.page(
                request,
                "one_silence.html",
                database=database,
                silence=SilenceRow(silence=silence, hid=len(hidden)),
                headlines=_headlines(database, [silence]),
                hidden=sorted(hidden.values(), key=lambda alert: -alert.severity),
                **context,
            )

    def wanted_silence(self, alert_id: str, fields: Fields, author: str) -> dict[str, Any]:
        """Return the values of a ``silence`` change."""
        reason = one_line(fields.get("reason", ""), LONGEST_REASON)
        if not reason:
            raise FaultError("reason")
        with self._room.readers.reading() as database:
            row = _row(alert_log.one(database, alert_id), alert_id)
        chosen = next((scope for scope in scopes(row) if scope.id == fields.get("scope")), None)
        if chosen is None:
            raise FaultError("scope")
        duration = DURATIONS.get(fields.get("for", ""))
        if duration is None:
            raise FaultError("duration")
        graver_rings = "graver" in fields
        return {
            **chosen.parts,
            "max_severity": row.alert.severity if graver_rings else None,
            "author": author,
            "reason": reason,
            "seconds": duration.total_seconds(),
        }


def _headlines(database: Database, held: Iterable[Silence]) -> dict[int, str]:
    """Return the headlines of the stories that silences are about."""
    return notes.headlines(database, [one.story_id for one in held if one.story_id is not None])


def _row(row: AlertRow | None, alert_id: str) -> AlertRow:
    if row is None:
        raise PageNotFoundError(f"no alert {alert_id!r} is stored")
    return row


def _number(text: str) -> int:
    number = read_id(text)
    if number is None:
        raise PageNotFoundError(f"{text!r} is no number of a silence")
    return number
