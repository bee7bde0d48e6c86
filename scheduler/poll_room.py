"""Who may be polled now: outlets that keep everybody waiting share a room of their own.

An outlet that takes a connection and never answers holds its place until the deadline. Were there one room for all,
some dozens of such outlets, a cable cut or an attack on a provider, would hold every place in it, and the press that
answers would be read minutes late.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

#: polls at once of outlets that answered in time when they were asked last, and as many of the others
POLLS_AT_ONCE = 16
#: seconds after which a poll makes room for others and its outlet counts as slow
PATIENCE = 5.0


class PollRoom:
    """Places for polls; to be used from one event loop.

    Args:
        places: how many for prompt outlets, and how many for slow ones and those not polled yet.
        patience: see :data:`PATIENCE`.
    """

    def __init__(self, places: int = POLLS_AT_ONCE, *, patience: float = PATIENCE) -> None:
        self._prompt_places = asyncio.Semaphore(places)
        self._other_places = asyncio.Semaphore(places)
        self._patience = patience
        self._prompt: set[str] = set()

    def is_prompt(self, source_id: str) -> bool:
        """Whether a source was polled and took no longer than it may."""
        return source_id in self._prompt

    @contextlib.asynccontextmanager
    async def place(self, source_id: str) -> AsyncIterator[None]:
        """Wait for a place and hold it; a prompt outlet that turns slow gives its own back at once."""
        loop = asyncio.get_running_loop()
        was_prompt = source_id in self._prompt
        places = self._prompt_places if was_prompt else self._other_places
        await places.acquire()
        start = loop.time()
        left = False

        def leave() -> None:
            nonlocal left
            left = True
            self._prompt.discard(source_id)
            places.release()

        # Few turn slow at a time, and only once: from then on they wait in the other room.
        leaving = loop.call_later(self._patience, leave) if was_prompt else None
        try:
            yield
            if loop.time() - start < self._patience:
                self._prompt.add(source_id)
        finally:
            if leaving is not None:
                leaving.cancel()
            if not left:
                places.release()
