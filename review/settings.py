"""What the review page needs to know of the configuration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import overload
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from review.errors import ReviewSettingsError
from storage.types import Watch

#: languages the interface speaks
LANGUAGES = ("fr", "en")
#: names under which a browser on this machine reaches the page
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


class LiveWatches(Sequence[Watch]):
    """The watches that hold in a running service: others, when people edit them."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        self._watches = tuple(watches)

    def take(self, watches: Sequence[Watch]) -> None:
        """Hold these from now on."""
        self._watches = tuple(watches)

    @overload
    def __getitem__(self, index: int) -> Watch: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Watch]: ...

    def __getitem__(self, index: int | slice) -> Watch | Sequence[Watch]:
        return self._watches[index]

    def __len__(self) -> int:
        return len(self._watches)

    def __iter__(self) -> Iterator[Watch]:
        # Whoever is reading them goes on with those it began with.
        return iter(self._watches)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSettings:
    """The page's part of the configuration."""

    #: address under which people reach the page, for the host allow-list
    public_url: str
    #: interface language where a reader chose none: ``fr`` or ``en``
    language: str
    #: IANA name of the zone in which times are shown beside UTC
    timezone: str
    #: further host names the page answers to, without port
    allowed_hosts: tuple[str, ...] = ()
    data_folder: Path
    watches: Sequence[Watch] = ()
    #: ids of the channels that messages leave by
    channels: tuple[str, ...] = ()
    version: str
    #: how long one shift of the desk is
    shift: timedelta = timedelta(hours=8)
    #: browsers reach the page over TLS, its own or a proxy's
    secure: bool = False
    #: networks of the proxies whose ``X-Forwarded-For`` is believed
    trusted_proxies: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise ReviewSettingsError(f"[service] language is {self.language!r}; choose one of {', '.join(LANGUAGES)}")
        self.zone()

    def zone(self) -> ZoneInfo:
        """Return the zone in which times are shown.

        Raises:
            ReviewSettingsError: there is no such zone.
        """
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ReviewSettingsError(
                f"[service] timezone is {self.timezone!r}, which is no IANA zone; write one like Europe/Zurich"
            ) from error

    def hosts(self) -> frozenset[str]:
        """Return the host names the page answers to, lower case, IPv6 addresses in brackets."""
        host = urlsplit(self.public_url).hostname
        public = (f"[{host}]" if ":" in host else host,) if host else ()
        return frozenset(name.lower() for name in (*_LOCAL_HOSTS, *public, *self.allowed_hosts))

    def watch_name(self, watch_id: str) -> str:
        """Return a watch's name for people, or its id when the configuration no longer has it."""
        return next((watch.name for watch in self.watches if watch.id == watch_id), watch_id)
