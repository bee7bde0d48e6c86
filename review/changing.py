"""How a form becomes a change: read it, check who sent it, make the change, lead on.

Nothing here writes; whoever owns the archive makes the change (:data:`Perform`). Links in messages lead to pages with
forms, and the scanners of mail programs follow links: nothing changes before somebody sends the form.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from review.errors import ChangeRefusedError, FaultError
from review.forms import LARGEST_FORM, LONGEST_NAME, Fields, Forms, one_line, read_form, safe_path
from review.room import Room
from storage.types import Done, Person, Role

#: makes a change by its name and plain values for somebody, and says what it did; raises ChangeRefusedError
Perform = Callable[[str, dict[str, Any], Person], Awaitable[Done]]
#: reads the fields of a form into the name and the values of a change; raises FaultError
Work = Callable[[Fields], tuple[str, dict[str, Any]]]
#: shows the form again with ``given``, ``fault``, ``detail`` and ``status``
Show = Callable[..., Response]
#: where to lead on: an address, or what makes one of what the change did
Then = str | Callable[[Done], str]


class Changing:
    """The one way in which a form changes something."""

    def __init__(self, room: Room, forms: Forms, perform: Perform | None) -> None:
        """Prepare.

        Args:
            room: what every page shares.
            forms: checks tokens.
            perform: makes changes; None where nothing can be changed.
        """
        self._room = room
        self._forms = forms
        self._perform = perform

    @property
    def able(self) -> bool:
        """Whether anything can be changed; where not, no route takes a form."""
        return self._perform is not None

    async def form(
        self,
        request: Request,
        *,
        work: Work,
        then: Then,
        elsewhere: Callable[[Fields], str | None] | None = None,
        role: Role = Role.ANALYST,
        show: Show | None = None,
        largest: int = LARGEST_FORM,
    ) -> Response:
        """Answer one form.

        Args:
            request: the POST; its body is read here.
            work: reads the fields; runs in a thread, so it may ask the archive.
            then: where to lead on; a safe ``back`` field goes before it.
            elsewhere: where to lead on though the form names a ``back``; None leads there.
            role: who may at least.
            show: shows the form again when something is wrong; without it a page says so and leads back.
            largest: bytes the form may have.
        """
        fields = await read_form(request, largest=largest)
        again = self._again(request, show, fields or Fields())
        if fields is None or not self._forms.accepts(request, fields):
            return await again(fault="expired", status=403)
        person = self._room.who(request)
        if not person.role.covers(role):
            return await again(fault="forbidden", status=403)
        if self._perform is None:
            return await again(fault="unable", status=503)
        try:
            name, values = await run_in_threadpool(work, fields)
            done = await self._perform(name, values, person)
        except FaultError as error:
            return await again(fault=error.fault, detail=error.detail, status=422)
        except ChangeRefusedError as error:
            return await again(fault="refused", detail=str(error), status=409)
        address = then if isinstance(then, str) else then(done)
        # A reload of the page that follows must not send the form again (RFC 9110 section 15.4.4).
        other = None if elsewhere is None else elsewhere(fields)
        answer = RedirectResponse(other or safe_path(fields.get("back", "")) or address, status_code=303)
        name_given = one_line(fields.get("author", ""), LONGEST_NAME) if person.id is None else None
        self._forms.keep(request, answer, self._forms.seed(request), name_given)
        return answer

    async def quietly(self, name: str, values: dict[str, Any], person: Person) -> None:
        """Make a change that nobody waits for; when it cannot be made, nobody is told either."""
        if self._perform is not None:
            with contextlib.suppress(ChangeRefusedError):
                await self._perform(name, values, person)

    async def asked(
        self,
        request: Request,
        *,
        answer: Callable[[Fields], Response],
        role: Role = Role.ANALYST,
        largest: int = LARGEST_FORM,
    ) -> Response:
        """Answer a form that changes nothing, such as a check of what somebody wrote; who may send it is the same.

        Args:
            request: the POST; its body is read here.
            answer: makes the page of the fields, in a thread.
            role: who may at least.
            largest: bytes the form may have.
        """
        fields = await read_form(request, largest=largest)
        again = self._again(request, None, fields or Fields())
        if fields is None or not self._forms.accepts(request, fields):
            return await again(fault="expired", status=403)
        if not self._room.who(request).role.covers(role):
            return await again(fault="forbidden", status=403)
        return await run_in_threadpool(answer, fields)

    def _again(self, request: Request, show: Show | None, fields: Fields) -> Callable[..., Awaitable[Response]]:
        async def again(*, fault: str, status: int, detail: str | None = None) -> Response:
            if show is not None:
                return await run_in_threadpool(show, given=fields, fault=fault, detail=detail, status=status)
            back = safe_path(fields.get("back", ""))
            return await run_in_threadpool(
                self._room.page,
                request, "refused.html", database=None, status=status, fault=fault, detail=detail, back=back,
            )  # fmt: skip

        return again


def author_of(person: Person, fields: Fields) -> str:
    """Return who makes a change: the account, else the name that was given on the form.

    Raises:
        FaultError: nobody logged in and no name was given.
    """
    if person.id is not None:
        return person.name
    author = one_line(fields.get("author", ""), LONGEST_NAME)
    if not author:
        raise FaultError("author")
    return author
