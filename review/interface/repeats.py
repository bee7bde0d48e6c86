"""Orders that are sent twice: a program that got no answer sends its order again under the same key.

The header is ``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header). Keys are remembered while the service
runs; most orders change nothing the second time anyway, but a second silence or note is one too many.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

#: keys remembered at most
MOST_KEYS = 1_000


class KeyReusedError(Exception):
    """A key came back with another order."""


@dataclass(slots=True)
class Repeats:
    """Remembers what was answered to which order."""

    most: int = MOST_KEYS
    _answers: OrderedDict[tuple[object, str], tuple[object, asyncio.Future[str]]] = field(default_factory=OrderedDict)

    async def once(self, who: object, key: str | None, order: object, make: Callable[[], Awaitable[str]]) -> str:
        """Carry out an order, or give the answer it got under the same key; what failed may be tried again.

        Args:
            who: gives the order; keys are each person's own.
            key: the order's, None carries it out in any case.
            order: what is ordered, compared by its value.
            make: carries it out.

        Raises:
            KeyReusedError: the key stands for another order.
        """
        if key is None:
            return await make()
        known = self._answers.get((who, key))
        if known is not None:
            if known[0] != order:
                raise KeyReusedError
            return await asyncio.shield(known[1])
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._answers[who, key] = (order, future)
        while len(self._answers) > self.most:
            self._answers.popitem(last=False)
        try:
            answer = await make()
        except BaseException as error:
            self._answers.pop((who, key), None)
            future.set_exception(error if isinstance(error, Exception) else RuntimeError("the order was broken off"))
            future.exception()  # nobody else may be waiting
            raise
        future.set_result(answer)
        return answer
