"""How an order of a program becomes a change: who may give it, what it is about, who makes it.

A cookie alone gives no orders here. Once there are accounts, an order needs a token in ``Authorization: Bearer``; as
long as there are none, whoever sits at this machine may give one, unless a browser says that it comes from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import HTTPException, Request
from sqlite_utils import Database
from starlette.concurrency import run_in_threadpool

from review.access import REASON, Reason
from review.changing import Perform
from review.errors import ChangeRefusedError
from review.forms import LONGEST_NAME, one_line
from review.interface.repeats import KeyReusedError, Repeats
from review.models.orders import Done, Signed
from review.room import Room
from storage import order_keys
from storage.order_keys import FIELD, OrderKey
from storage.types import Person, Role

#: names an order, so that it may be sent twice
KEY_HEADER = "Idempotency-Key"


class Writing:
    """Gives the orders of programs to whoever owns the archive."""

    def __init__(self, room: Room, perform: Perform | None) -> None:
        """Prepare.

        Args:
            room: what every page shares.
            perform: makes changes; None where nothing can be changed.
        """
        self._room = room
        self._perform = perform
        self._repeats = Repeats()

    @property
    def able(self) -> bool:
        """Whether anything can be changed."""
        return self._perform is not None

    def allow(self, request: Request) -> None:
        """Let through who may give orders; analysts and above.

        Raises:
            HTTPException: 403, they may not.
        """
        person = self._room.who(request)
        by_token = request.scope.get(REASON) is Reason.TOKEN
        if person.id is not None and not by_token:
            raise HTTPException(status_code=403, detail="a login gives no orders here; send a token with scope write")
        if not by_token and not self._room.forms.from_here(request):
            raise HTTPException(status_code=403, detail="orders from pages of other sites are not taken")
        if not person.role.covers(Role.ANALYST):
            raise HTTPException(status_code=403, detail="this needs the role analyst, and a token with scope write")

    async def order(
        self,
        request: Request,
        change: str,
        values: dict[str, Any],
        *,
        order: Signed,
        about: Callable[[Database], object] | None = None,
    ) -> Done:
        """Carry out one order.

        Args:
            request: who asks.
            change: name of the change.
            values: its values but the author's name, which is added.
            order: what was sent.
            about: reads what the order is about; raises NotFoundError where there is none.

        Raises:
            HTTPException: 409 refused, 422 nobody's name, 503 nothing can be changed.
            NotFoundError: what the order is about is not stored.
        """
        person = self._room.who(request)
        known = person.id is not None or request.scope.get(REASON) is Reason.TOKEN
        author = person.name if known else one_line(order.author or "", LONGEST_NAME)
        if not author:
            raise HTTPException(status_code=422, detail="author is missing: say who gives the order")
        if self._perform is None:
            raise HTTPException(status_code=503, detail="nothing can be changed here")
        if about is not None:
            await run_in_threadpool(self._look, about)
        perform, given = self._perform, {**values, "author": author}
        key = request.headers.get(KEY_HEADER)
        try:
            if key:
                done = await self._once(OrderKey.of(key, change, given), perform, change, given, person)
            else:
                done = (await perform(change, given, person)).sentence
        except ChangeRefusedError as error:
            raise HTTPException(status_code=409, detail=str(error)) from error
        except KeyReusedError as error:
            raise HTTPException(status_code=409, detail="this Idempotency-Key stands for another order") from error
        return Done(detail=done)

    async def _once(self, named: OrderKey, perform: Perform, change: str, given: dict[str, Any], person: Person) -> str:
        """Carry out an order unless it was before: the archive remembers its key with the change itself."""

        async def make() -> str:
            known = await run_in_threadpool(self._answered, named, person)
            if known is not None:
                return known
            return (await perform(change, {**given, FIELD: named.plain}, person)).sentence

        return await self._repeats.once(person.id, named, make)

    def _answered(self, named: OrderKey, person: Person) -> str | None:
        with self._room.readers.reading() as database:
            known = order_keys.answered(database, person, named.key, self._room.now())
        if known is None:
            return None
        order, answer = known
        if order != named.order:
            raise KeyReusedError
        return answer

    def _look(self, about: Callable[[Database], object]) -> None:
        with self._room.readers.reading() as database:
            about(database)
