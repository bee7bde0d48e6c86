"""The page of alerts: what rang, grouped by story; what waits, failed or is held back; what can be done about it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlite_utils import Database

from review.changing import Changing
from review.errors import FaultError, PageNotFoundError
from review.forms import Fields, remembered_name
from review.paging import read_id, read_place, write_place
from review.room import Room
from storage import alert_groups, alert_log, alerts, notes, overview, silences
from storage.alert_groups import AlertFilter, AlertGroup, AlertState
from storage.overview import ChannelHealth
from storage.silences import SilenceRow
from storage.types import Done, Person, Role

#: groups on one page, and alerts on one page of what a list told
GROUPS_PAGE, ALERTS_PAGE = 25, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What came of the last test through a channel."""

    at: datetime
    answer: str


def alert_routes(room: Room, changing: Changing) -> APIRouter:
    """Return the routes of the page of alerts.

    Args:
        room: what every page shares.
        changing: makes changes; where it cannot, the page only shows.
    """
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    tested: dict[str, Tested] = {}

    @router.get("/alerts")
    def alert_list(request: Request) -> HTMLResponse:
        return _told(room, request) if "list" in request.query_params else _groups(room, request, tested)

    if changing.able:
        _add_forms(router, room, changing, tested)
    return router


def _add_forms(router: APIRouter, room: Room, changing: Changing, tested: dict[str, Tested]) -> None:
    @router.post("/deliveries/{delivery_id}/{act}")
    async def handle(request: Request, delivery_id: str, act: str) -> Response:
        number = read_id(delivery_id)
        if act not in {"replay", "discard"} or number is None:
            raise PageNotFoundError(f"{request.url.path!r} is no delivery that could be handled")

        def work(_: Fields) -> tuple[str, dict[str, Any]]:
            return act, {"delivery": number}

        return await changing.form(request, work=work, then="/alerts#dead")

    @router.post("/channels/{channel_id}/test")
    async def test(request: Request, channel_id: str) -> Response:
        def work(_: Fields) -> tuple[str, dict[str, Any]]:
            if channel_id not in room.settings.channels:
                raise FaultError("channel")
            return "test_channel", {"channel": channel_id}

        def then(done: Done) -> str:
            tested[channel_id] = Tested(at=room.now(), answer=done.sentence)
            return "/alerts#channels"

        return await changing.form(request, work=work, then=then, role=Role.EDITOR)


def read_alert_filter(request: Request) -> AlertFilter:
    """Read the conditions of an address; what cannot be read is left out."""
    given = request.query_params
    state, severity = given.get("state"), given.get("severity")
    return AlertFilter(
        state=AlertState(state) if state in set(AlertState) else None,
        watch_id=given.get("watch") or None,
        min_severity=int(severity) if severity in {"1", "2", "3", "4", "5"} else None,
        before=read_place(given.get("before", "")),
        limit=GROUPS_PAGE,
    )


def _groups(room: Room, request: Request, tested: dict[str, Tested]) -> HTMLResponse:
    wanted = read_alert_filter(request)
    with room.readers.reading() as database:
        found = alert_groups.groups(database, replace(wanted, limit=GROUPS_PAGE + 1))
        shown = found[:GROUPS_PAGE]
        following = write_place(shown[-1].last_at, shown[-1].newest.id) if len(found) > GROUPS_PAGE else None
        return room.page(
            request,
            "alerts.html",
            database=database,
            wanted=wanted,
            groups=[(anchor(group), group) for group in shown],
            next_page=None if following is None else _link(wanted, before=following),
            first_page=None if wanted.before is None else _link(wanted),
            narrowed=replace(wanted, before=None, limit=0) != AlertFilter(limit=0),
            watches=_watches(database, room, wanted),
            states=list(AlertState),
            channels=_channels(database, room),
            tested=tested,
            dead=alert_groups.dead_letters(database),
            silences=(running := _running(database, room.now())),
            headlines=notes.headlines(database, [one.silence.story_id for one in running if one.silence.story_id]),
            author=author_known(room.who(request), request),
        )


def author_known(person: Person, request: Request) -> str:
    """Return the name under which somebody acts without being asked for it, empty when nothing is known."""
    return person.name if person.id is not None else remembered_name(request)


def anchor(group: AlertGroup) -> str:
    """Return what names a group on its page."""
    number = group.newest.id if group.story_id is None else str(group.story_id)
    return f"group-{number}-{zlib.crc32(group.watch_id.encode('utf-8', 'replace')):x}"


def _watches(database: Database, room: Room, wanted: AlertFilter) -> list[tuple[str, str]]:
    known = [watch.id for watch in room.settings.watches] + alert_groups.watch_ids(database)
    if wanted.watch_id is not None:
        known.append(wanted.watch_id)
    return [(one, room.settings.watch_name(one)) for one in dict.fromkeys(known)]


def _running(database: Database, now: datetime) -> list[SilenceRow]:
    return [
        SilenceRow(silence=one, hid=len({held.alert.id for held in silences.hidden(database, one.id)}))
        for one in silences.running(database, now)
    ]


def _channels(database: Database, room: Room) -> list[ChannelHealth]:
    """Return the outbox of each channel, those that never had a delivery too."""
    used = overview.channels(database)
    unused = set(room.settings.channels) - {channel.id for channel in used}
    return used + [
        ChannelHealth(id=one, waiting=0, sent=0, dead=0, suppressed=0, batched=0, last_sent_at=None)
        for one in sorted(unused)
    ]


def _link(wanted: AlertFilter, **more: str) -> str:
    parts = {
        "state": wanted.state,
        "watch": wanted.watch_id,
        "severity": None if wanted.min_severity is None else str(wanted.min_severity),
        **more,
    }
    query = urlencode({name: value for name, value in parts.items() if value is not None})
    return f"/alerts?{query}" if query else "/alerts"


def _told(room: Room, request: Request) -> HTMLResponse:
    """Show every alert that one list told."""
    wanted = request.query_params["list"]
    before = read_place(request.query_params.get("before", ""))
    with room.readers.reading() as database:
        listed = alerts.get(database, wanted)
        rows = alert_log.alerts(database, notices=False, list_id=wanted, before=before, limit=ALERTS_PAGE + 1)
        shown = rows[:ALERTS_PAGE]
        last = shown[-1].alert if len(rows) > ALERTS_PAGE else None
        following = None if last is None else write_place(last.created_at, last.id)
        return room.page(
            request,
            "alerts_told.html",
            database=database,
            rows=shown,
            paged=before is not None,
            listed=listed,
            next_page=None if following is None else "/alerts?" + urlencode({"before": following, "list": wanted}),
        )
