"""What the pages of sources ask of whoever holds the configuration and the crawler.

The page itself knows neither; the front door gives it :class:`Outlets`. What is found is kept there under a number
until somebody saves it, so that what is saved is what was shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from storage.types import AddressKind, Source

#: characters of a list of feeds that somebody pastes
LONGEST_LIST = 1024 * 1024


class LookState(StrEnum):
    """How far a look at an outlet has come."""

    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    SAVED = "saved"


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedAddress:
    """An address that was tried, and what it answered."""

    kind: AddressKind
    url: str
    entries: int
    failure: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewArticle:
    """What one entry would become."""

    url: str
    title: str
    published: datetime | None
    authors: tuple[str, ...]
    text: str
    failure: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A look at an outlet, or at a list of feeds, before anything is saved."""

    number: int
    #: the address that was given, empty for a list
    url: str
    state: LookState
    #: why it failed
    detail: str | None = None
    sources: tuple[Source, ...] = ()
    tried: tuple[TriedAddress, ...] = ()
    preview: tuple[PreviewArticle, ...] = ()
    #: nothing declares the addresses; they were found by convention
    guessed: bool = False
    #: of a list: feeds that are read already, and what was refused, by line
    known: int = 0
    refused: tuple[tuple[int, str], ...] = ()


class Outlets(Protocol):
    """Knows the configuration file, and can look at outlets.

    Its changes are ``look_at_source`` (``url`` or ``list``; answers the number of the look) and ``add_sources``
    (``look``), made by ``perform``.
    """

    @property
    def file(self) -> str | None:
        """The configuration file that sources are added to; None where there is none."""
        ...

    def look(self, number: int) -> Look | None:
        """Return a look by its number."""
        ...

    def export(self) -> bytes:
        """Return the feeds of the sources that are read as OPML 2.0."""
        ...
