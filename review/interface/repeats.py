"""Orders that are sent twice: a program that got no answer sends its order again under the same key.

The header is ``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header). The answer to an order that was carried
out stands in the archive (:mod:`storage.order_keys`); here waits whoever repeats one that is still on its way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from storage.order_keys import OrderKey


class KeyReusedError(Exception):
    """A key came back with another order."""


@dataclass(slots=True)
class Repeats:
    """Carries out what is named by one key once at a time."""

    _under_way: dict[tuple[object, str], tuple[str, asyncio.Future[str]]] = field(default_factory=dict)

    async def once(self, who: object, named: OrderKey, make: Callable[[], Awaitable[str]]) -> str:
        """Carry out an order, or wait for the answer of the same order on its way; what failed may be tried again.

        Args:
            who: gives the order; keys are each person's own.
            named: its key, and what it is.
            make: carries it out, unless the archive knows its answer.

        Raises:
            KeyReusedError: the key stands for another order.
        """
        known = self._under_way.get((who, named.key))
        if known is not None:
            if known[0] != named.order:
                raise KeyReusedError
            return await asyncio.shield(known[1])
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._under_way[who, named.key] = (named.order, future)
        try:
            answer = await make()
        except BaseException as error:
            future.set_exception(error if isinstance(error, Exception) else RuntimeError("the order was broken off"))
            future.exception()  # nobody else may be waiting
            raise
        else:
            future.set_result(answer)
            return answer
        finally:
            del self._under_way[who, named.key]
