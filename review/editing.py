"""What the pages for watches and for rules share: a list, a form that is checked, saved and switched, backtests.

Each kind has its own :class:`Editor`, which renders its pages and reads its forms; the routes are the same.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from review.bench import Bench, Run
from review.changing import Changing
from review.errors import FaultError, PageNotFoundError
from review.forms import Fields
from review.paging import read_id
from review.room import Room
from review.watch_form import DAYS
from storage.types import Role

#: stands in the address for what is not there yet
NEW = "new"
#: what only this fragment asks for, a script that shows it beside the form
FRAGMENT = "x-vigie-fragment"
#: the name of a change and its values
Wanted = tuple[str, dict[str, Any]]


class Editor(ABC):
    """Renders the pages of one kind of thing that editors write, and reads what their forms want."""

    #: what it is called in changes and in what backtests are about
    kind: ClassVar[str]
    #: the address of the list
    root: ClassVar[str]
    #: bytes of its form
    largest: ClassVar[int]

    def __init__(self, room: Room, bench: Bench) -> None:
        """Prepare.

        Args:
            room: what every page shares.
            bench: knows the configuration, and tries what somebody wrote.
        """
        self._room = room
        self._bench = bench

    @abstractmethod
    def listing(self, request: Request) -> HTMLResponse:
        """Show all there are."""

    @abstractmethod
    def edit(self, request: Request, name: str, *, given: Fields | None = None, **context: Any) -> HTMLResponse:
        """Show one with its form: as it stands, as a backtest had it, or as somebody just filled it in."""

    @abstractmethod
    def checked(self, request: Request, name: str, fields: Fields) -> HTMLResponse:
        """Show what a form comes to, beside it or as a fragment of its page."""

    @abstractmethod
    def backtest(self, request: Request, name: str, number: str) -> HTMLResponse:
        """Show what a backtest found."""

    @abstractmethod
    def wanted(self, name: str, fields: Fields) -> Wanted:
        """Read a version to be saved."""

    @abstractmethod
    def switched(self, name: str, fields: Fields) -> Wanted:
        """Read whether one is to be switched on or off."""

    @abstractmethod
    def trial(self, name: str, fields: Fields) -> Wanted:
        """Read a backtest to be started; its values name what it is about by :attr:`kind`."""

    def run(self, name: str, number: str) -> Run:
        """Return a backtest with its results.

        Raises:
            PageNotFoundError: it is not kept, or about something else.
        """
        run = self._bench.run(number_of(number))
        if run is None or run.about != f"{self.kind}:{name}":
            raise PageNotFoundError(f"no backtest {number} of {self.kind} {name} is kept")
        return run

    def tried(self, request: Request, name: str) -> Mapping[str, Any] | None:
        """Return what a backtest tried that the address leads on from, to begin a form with."""
        number = read_id(request.query_params.get("from", ""))
        run = None if number is None else self._bench.run(number)
        if run is None:
            return None
        kind, _, about = run.about.partition(":")
        return run.tried if kind == self.kind and name in {NEW, about} else None


def editor_routes(pages: Editor, changing: Changing) -> APIRouter:
    """Return the routes that both kinds have.

    Args:
        pages: of the kind.
        changing: makes changes; where it cannot, the pages only show.
    """
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    one = f"{pages.root}/{{name}}"

    @router.get(pages.root)
    def listing(request: Request) -> HTMLResponse:
        return pages.listing(request)

    @router.get(one)
    def edit(request: Request, name: str) -> HTMLResponse:
        return pages.edit(request, name)

    @router.get(f"{one}/backtests/{{number}}")
    def backtest(request: Request, name: str, number: str) -> HTMLResponse:
        return pages.backtest(request, name, number)

    if changing.able:
        _add_forms(router, one, changing, pages)
        _add_backtests(router, one, changing, pages)
    return router


def _add_forms(router: APIRouter, one: str, changing: Changing, pages: Editor) -> None:
    @router.post(f"{one}/check")
    async def check(request: Request, name: str) -> Response:
        answer = partial(pages.checked, request, name)
        return await changing.asked(request, answer=answer, role=Role.EDITOR, largest=pages.largest)

    @router.post(one)
    async def save(request: Request, name: str) -> Response:
        return await changing.form(
            request, work=partial(pages.wanted, name), show=partial(pages.edit, request, name), role=Role.EDITOR,
            largest=pages.largest, then=lambda saved: f"{pages.root}/{saved.id}?saved=1",
        )  # fmt: skip

    @router.post(f"{one}/switch")
    async def switch(request: Request, name: str) -> Response:
        return await changing.form(
            request, work=partial(pages.switched, name), show=partial(pages.edit, request, name), role=Role.EDITOR,
            then=f"{pages.root}/{name}",
        )  # fmt: skip


def _add_backtests(router: APIRouter, one: str, changing: Changing, pages: Editor) -> None:
    @router.post(f"{one}/backtests")
    async def start(request: Request, name: str) -> Response:
        about = name

        def work(fields: Fields) -> Wanted:
            nonlocal about
            change, given = pages.trial(name, fields)
            about = str(given[pages.kind])
            return change, given

        return await changing.form(
            request, work=work, show=partial(pages.edit, request, name), role=Role.EDITOR, largest=pages.largest,
            then=lambda run: f"{pages.root}/{about}/backtests/{run.id}",
        )  # fmt: skip

    @router.post(f"{one}/backtests/{{number}}/stop")
    async def stop(request: Request, name: str, number: str) -> Response:
        def work(_: Fields) -> Wanted:
            return "stop_backtest", {"number": number_of(number)}

        address = f"{pages.root}/{name}/backtests/{number_of(number)}"
        return await changing.form(request, work=work, role=Role.EDITOR, then=address)


def days_of(fields: Fields) -> int:
    """Return how many days a backtest is to go back.

    Raises:
        FaultError: so many are not offered.
    """
    days = fields.get("days", "")
    if not days.isascii() or not days.isdigit() or int(days) not in DAYS:
        raise FaultError("backtest_days")
    return int(days)


def number_of(text: str) -> int:
    """Return a number of an address or a form, 0 for nothing.

    Raises:
        PageNotFoundError: it is none.
    """
    found = 0 if text in {"", "0"} else read_id(text)
    if found is None:
        raise PageNotFoundError(f"{text[:40]!r} is no number")
    return found
