"""Adds sources for the page: looks at outlets and lists of feeds, keeps what was found, saves it when somebody says so.

The configuration file stays the one place where sources stand. What is saved is appended to it as ``vigie sources add``
does, and read by the running service at once.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from review.errors import ChangeRefusedError
from review.outlets import Look, LookState, PreviewArticle, TriedAddress
from storage.types import Done, Person, Source
from vigie import opml, sourcefile
from vigie.adding import Proposal, propose
from vigie.errors import VigieError
from vigie.settings import Settings

logger = logging.getLogger(__name__)

#: looks that are kept; the oldest go
MOST_LOOKS = 20
#: seconds a look may take
DEADLINE = 240.0
#: characters of an article shown in a preview
_SHOWN = 400


class SourceDesk:
    """A :class:`review.outlets.Outlets`; used from one event loop."""

    def __init__(
        self,
        settings: Settings,
        take: Callable[[Sequence[Source]], Awaitable[None]],
        note: Callable[[str, dict[str, Any], Person], Awaitable[Done]],
        *,
        ask: Callable[[Settings, str], Awaitable[Proposal]] = propose,
    ) -> None:
        """Prepare.

        Args:
            settings: as the file gives them.
            take: has the running service read further sources.
            note: makes the change's line in the audit.
            ask: looks at an outlet.
        """
        self._settings = settings
        self._take = take
        self._note = note
        self._ask = ask
        self._looks: dict[int, Look] = {}
        self._numbers = itertools.count(1)
        self._task: asyncio.Task[None] | None = None
        self._saving = asyncio.Lock()

    @property
    def file(self) -> str | None:
        """The configuration file, where there is one that can be written."""
        try:
            path = sourcefile.file_of(self._settings.path)
        except VigieError:
            return None
        return str(path) if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK) else None

    def look(self, number: int) -> Look | None:
        """Return a look by its number."""
        return self._looks.get(number)

    def export(self) -> bytes:
        """Return the feeds of the enabled sources as OPML 2.0."""
        return opml.write_opml([source for source in self._settings.sources if source.enabled])

    async def perform(self, name: str, given: dict[str, Any], by: Person) -> Done | None:
        """Make a change of the pages of sources; None when it is another one.

        Raises:
            ChangeRefusedError: it cannot be made; the text says why.
        """
        try:
            if name == "look_at_source":
                return self._read(str(given["list"])) if given.get("list") else self._begin(str(given["url"]))
            if name == "add_sources":
                return await self._save(int(given["look"]), by)
        except VigieError as error:
            raise ChangeRefusedError(str(error)) from error
        return None

    async def close(self) -> None:
        """Give up what is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _keep(self, look: Look) -> Done:
        self._looks[look.number] = look
        for number in sorted(self._looks)[:-MOST_LOOKS]:
            del self._looks[number]
        return Done(sentence=f"look {look.number} is kept", id=str(look.number))

    def _begin(self, url: str) -> Done:
        if self._task is not None and not self._task.done():
            raise ChangeRefusedError("another outlet is being looked at; try again in a minute")
        look = Look(number=next(self._numbers), url=url, state=LookState.RUNNING)
        self._task = asyncio.create_task(self._find(look), name=f"look at {url}")
        return self._keep(look)

    async def _find(self, look: Look) -> None:
        try:
            async with asyncio.timeout(DEADLINE):
                found = await self._ask(self._settings, look.url)
            sourcefile.refuse_duplicates(self._settings, [found.source])
        except TimeoutError:
            self._keep(replace(look, state=LookState.FAILED, detail=f"it took longer than {DEADLINE:.0f} s"))
        except VigieError as error:
            self._keep(replace(look, state=LookState.FAILED, detail=str(error)))
        except Exception as error:
            logger.exception("looking at %s failed", look.url)
            self._keep(replace(look, state=LookState.FAILED, detail=f"{type(error).__name__}: {error}"[:300]))
        else:
            self._keep(_told(look, found))

    def _read(self, text: str) -> Done:
        reading = opml.read_opml("the list", text.encode())
        known = {url for source in self._settings.sources for _, url in source.addresses}
        fresh = [outline for outline in reading.outlines if outline.feed not in known]
        return self._keep(
            Look(
                number=next(self._numbers),
                url="",
                state=LookState.READY,
                sources=opml.sources_of(fresh, {source.id for source in self._settings.sources}),
                known=len(reading.outlines) - len(fresh),
                refused=reading.refused,
            )
        )

    async def _save(self, number: int, by: Person) -> Done:
        async with self._saving:
            look = self._looks.get(number)
            if look is None or look.state is not LookState.READY or not look.sources:
                raise ChangeRefusedError("there is nothing to save: it was saved already, or is too long ago")
            path = sourcefile.file_of(self._settings.path)
            await asyncio.to_thread(sourcefile.add, self._settings, path, look.sources)
            self._settings = replace(self._settings, sources=(*self._settings.sources, *look.sources))
            self._keep(replace(look, state=LookState.SAVED))
            await self._take(look.sources)
        return await self._note("add_sources", {"source": ", ".join(source.id for source in look.sources)}, by)


def _told(look: Look, found: Proposal) -> Look:
    return replace(
        look,
        state=LookState.READY,
        sources=(found.source,),
        guessed=found.guessed,
        tried=tuple(
            TriedAddress(
                kind=each.kind,
                url=each.url,
                entries=len(each.entries),
                failure=each.failure.detail if each.failure else None,
            )
            for each in found.tried
        ),
        preview=tuple(
            PreviewArticle(
                url=each.url,
                title=each.title,
                published=each.published,
                authors=each.authors,
                text=each.text if len(each.text) <= _SHOWN else f"{each.text[:_SHOWN].rstrip()}…",
                failure=each.failure,
            )
            for each in found.preview
        ),
    )
