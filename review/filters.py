"""What the desk is narrowed to: read from the address, written back into links."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from review.paging import read_numbered_place, write_place
from storage.reading import StoryFilter
from storage.types import Status

#: stories on one page
PAGE_SIZE = 50
#: longest search, in characters
LONGEST_SEARCH = 500
PERIODS: Mapping[str, timedelta] = {
    "12h": timedelta(hours=12),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskFilter:
    """The desk's conditions as an analyst sees them; None means any."""

    show_all: bool = False
    severity: int | None = None
    type: str | None = None
    pair: tuple[str, str] | None = None
    status: Status | None = None
    source: str | None = None
    #: language of the articles
    language: str | None = None
    period: str | None = None
    q: str | None = None
    #: keyset paging
    before: tuple[datetime, int] | None = None
    #: names of conditions in the address that cannot be read and were left out
    ignored: tuple[str, ...] = ()

    @property
    def narrowed(self) -> bool:
        """Whether any condition is set."""
        return any(self.parameters().keys() - {"show", "before"})

    def parameters(self) -> dict[str, str]:
        """Return the conditions as they stand in an address."""
        found = {
            "q": self.q,
            "severity": None if self.severity is None else str(self.severity),
            "type": self.type,
            "pair": None if self.pair is None else "-".join(self.pair),
            "status": self.status,
            "source": self.source,
            "language": self.language,
            "period": self.period,
            "show": "all" if self.show_all else None,
            "before": None if self.before is None else write_place(*self.before),
        }
        return {name: str(value) for name, value in found.items() if value is not None}

    def link(self, **changes: str | None) -> str:
        """Return the address of the desk with some conditions changed; None takes one away."""
        parameters = self.parameters() | changes
        if "before" not in changes:
            parameters.pop("before", None)
        query = urlencode({name: value for name, value in parameters.items() if value})
        return f"/?{query}" if query else "/"

    def for_archive(self, now: datetime) -> StoryFilter:
        """Return what to ask the archive for one page."""
        return StoryFilter(
            with_signals=not self.show_all,
            min_severity=self.severity,
            type=self.type,
            pair=self.pair,
            status=self.status,
            source_id=self.source,
            language=self.language,
            since=None if self.period is None else now - PERIODS[self.period],
            before=self.before,
            limit=PAGE_SIZE,
        )


def read_filter(parameters: Mapping[str, str]) -> DeskFilter:
    """Read the conditions of an address; what cannot be read is left out and named in ``ignored``."""
    values: dict[str, object] = {}
    ignored = []
    for name, reader in _READERS.items():
        text = parameters.get(name, "").strip()
        if not text:
            continue
        value = reader(text)
        if value is None:
            ignored.append(name)
        else:
            values["show_all" if name == "show" else name] = value
    known = {field.name for field in fields(DeskFilter)}
    assert values.keys() <= known
    return replace(DeskFilter(ignored=tuple(ignored)), **values)  # type: ignore[arg-type] # each reader gives its field's type


def _matching(pattern: str) -> Callable[[str], str | None]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda text: text if compiled.fullmatch(text) else None


def _read_pair(text: str) -> tuple[str, str] | None:
    match = re.fullmatch(r"([A-Z]{2,8})-([A-Z]{2,8})", text.upper(), re.ASCII)
    return None if match is None else (match[1], match[2])


def _read_text(text: str) -> str | None:
    clean = "".join(character if character.isprintable() else " " for character in text).strip()
    return clean if 0 < len(clean) <= LONGEST_SEARCH else None


_READERS: Mapping[str, Callable[[str], object]] = {
    "q": _read_text,
    "severity": lambda text: int(text) if text in {"1", "2", "3", "4", "5"} else None,
    "type": _matching(r"[a-z0-9_]{1,60}"),
    "pair": _read_pair,
    "status": lambda text: Status(text) if text in set(Status) else None,
    "source": _matching(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}"),
    "language": _matching(r"[a-z]{2,3}"),
    "period": lambda text: text if text in PERIODS else None,
    "show": lambda text: True if text == "all" else None,
    "before": read_numbered_place,
}
