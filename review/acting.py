"""The pages on which people take an alert in hand, silence alerts, and end a silence.

Links in messages lead here, and the scanners of mail programs follow links: nothing changes before somebody sends the
form. The page itself never writes; it asks whoever owns the archive to (:data:`Perform`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from alerts.silencing import difference
from review.errors import ChangeRefusedError, PageNotFoundError
from review.forms import LONGEST_NAME, LONGEST_REASON, Forms, one_line, read_form, remembered_name
from review.paging import read_id
from review.room import Room
from review.scopes import DURATIONS, scopes, told_summary
from storage import alert_log, silences
from storage.alert_log import AlertRow
from storage.silences import SilenceRow

#: makes a change by its name and plain values, and says what it did; raises ChangeRefusedError
Perform = Callable[[str, dict[str, Any]], Awaitable[str]]
#: what a silence lasts unless somebody chooses
USUAL_DURATION = "4h"


def acting_routes(room: Room, forms: Forms, perform: Perform | None) -> APIRouter:
    """Return the routes of the pages with forms.

    Args:
        room: what every page shares.
        forms: makes and checks the tokens.
        perform: makes changes; None shows the pages without their forms.
    """
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    pages = _Pages(room, forms, able=perform is not None)

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

    if perform is None:
        return router

    async def change(request: Request, show: _Show, work: _Work, *, then: str) -> Response:
        """Check a form, make the change, and lead on; else show the form again with what is wrong."""
        fields = await read_form(request)
        if fields is None or not forms.accepts(request, fields):
            return await run_in_threadpool(show, given=fields or {}, fault="expired", status=403)
        try:
            name, values = await run_in_threadpool(work, fields)
            await perform(name, values)
        except _FaultError as error:
            return await run_in_threadpool(show, given=fields, fault=error.fault, status=422)
        except ChangeRefusedError as error:
            return await run_in_threadpool(show, given=fields, fault="refused", detail=str(error), status=409)
        # A reload of the page that follows must not send the form again (RFC 9110 section 15.4.4).
        answer = RedirectResponse(then, status_code=303)
        forms.keep(request, answer, forms.seed(request), one_line(fields.get("author", ""), LONGEST_NAME))
        return answer

    @router.post("/alerts/{alert_id}/ack")
    async def ack(request: Request, alert_id: str) -> Response:
        def work(fields: dict[str, str]) -> tuple[str, dict[str, Any]]:
            return "acknowledge", {"alert": alert_id, "author": _author(fields)}

        def show(**context: Any) -> HTMLResponse:
            return pages.ack(request, alert_id, **context)

        return await change(request, show, work, then=f"/alerts/{alert_id}/ack")

    @router.post("/alerts/{alert_id}/silence")
    async def silence(request: Request, alert_id: str) -> Response:
        def work(fields: dict[str, str]) -> tuple[str, dict[str, Any]]:
            return "silence", pages.wanted_silence(alert_id, fields)

        def show(**context: Any) -> HTMLResponse:
            return pages.silence(request, alert_id, **context)

        return await change(request, show, work, then=f"/alerts/{alert_id}/silence")

    @router.post("/silences/{silence_id}")
    async def end(request: Request, silence_id: str) -> Response:
        def work(_: dict[str, str]) -> tuple[str, dict[str, Any]]:
            return "end_silence", {"silence": _number(silence_id)}

        def show(**context: Any) -> HTMLResponse:
            return pages.one_silence(request, silence_id, **context)

        return await change(request, show, work, then=f"/silences/{silence_id}")

    return router


_Show = Callable[..., HTMLResponse]
_Work = Callable[[dict[str, str]], tuple[str, dict[str, Any]]]


class _FaultError(Exception):
    """A field that cannot be used; ``fault`` names its words."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        super().__init__(fault)


class _Pages:
    """Renders the pages, fresh or with what somebody entered."""

    def __init__(self, room: Room, forms: Forms, *, able: bool) -> None:
        self._room = room
        self._forms = forms
        self._able = able

    def ack(self, request: Request, alert_id: str, **context: Any) -> HTMLResponse:
        with self._room.readers.reading() as database:
            row = _row(alert_log.one(database, alert_id), alert_id)
            return self._page(
                request,
                "ack.html",
                database,
                row=row,
                summary=told_summary(row.alert),
                newer=alert_log.newer_unacknowledged(database, row.alert),
                **context,
            )

    def silence(self, request: Request, alert_id: str, **context: Any) -> HTMLResponse:
        now = self._room.now()
        with self._room.readers.reading() as database:
            row = _row(alert_log.one(database, alert_id), alert_id)
            matter = silences.matter(database, alert_id)
            holding = [one for one in silences.running(database, now) if matter and difference(one, matter) is None]
            return self._page(
                request,
                "silence.html",
                database,
                row=row,
                summary=told_summary(row.alert),
                scopes=scopes(row),
                durations=tuple(DURATIONS),
                usual=USUAL_DURATION,
                holding=holding,
                **context,
            )

    def silences(self, request: Request) -> HTMLResponse:
        with self._room.readers.reading() as database:
            return self._page(request, "silences.html", database, rows=silences.listing(database))

    def one_silence(self, request: Request, silence_id: str, **context: Any) -> HTMLResponse:
        with self._room.readers.reading() as database:
            silence = silences.get(database, _number(silence_id))
            hidden = {one.alert.id: one.alert for one in silences.hidden(database, silence.id)}
            return self._page(
                request,
                "one_silence.html",
                database,
                silence=SilenceRow(silence=silence, hid=len(hidden)),
                hidden=sorted(hidden.values(), key=lambda alert: -alert.severity),
                **context,
            )

    def wanted_silence(self, alert_id: str, fields: dict[str, str]) -> dict[str, Any]:
        """Return the values of a ``silence`` change."""
        author, reason = _author(fields), one_line(fields.get("reason", ""), LONGEST_REASON)
        if not reason:
            raise _FaultError("reason")
        with self._room.readers.reading() as database:
            row = _row(alert_log.one(database, alert_id), alert_id)
        chosen = next((scope for scope in scopes(row) if scope.id == fields.get("scope")), None)
        if chosen is None:
            raise _FaultError("scope")
        duration = DURATIONS.get(fields.get("for", ""))
        if duration is None:
            raise _FaultError("duration")
        graver_rings = "graver" in fields
        return {
            **chosen.parts,
            "max_severity": row.alert.severity if graver_rings else None,
            "author": author,
            "reason": reason,
            "seconds": duration.total_seconds(),
        }

    def _page(
        self,
        request: Request,
        template: str,
        database: Any,
        *,
        status: int = 200,
        given: dict[str, str] | None = None,
        fault: str | None = None,
        detail: str | None = None,
        **context: Any,
    ) -> HTMLResponse:
        seed = self._forms.seed(request)
        response = self._room.page(
            request,
            template,
            database=database,
            status=status,
            able=self._able,
            token=self._forms.token(seed, request.url.path),
            name=remembered_name(request),
            given=given or {},
            fault=fault,
            detail=detail,
            longest_name=LONGEST_NAME,
            longest_reason=LONGEST_REASON,
            **context,
        )
        self._forms.keep(request, response, seed)
        return response


def _row(row: AlertRow | None, alert_id: str) -> AlertRow:
    if row is None:
        raise PageNotFoundError(f"no alert {alert_id!r} is stored")
    return row


def _author(fields: dict[str, str]) -> str:
    author = one_line(fields.get("author", ""), LONGEST_NAME)
    if not author:
        raise _FaultError("author")
    return author


def _number(text: str) -> int:
    number = read_id(text)
    if number is None:
        raise PageNotFoundError(f"{text!r} is no number of a silence")
    return number
