"""What the desk is narrowed to: read from the address, written back into links.

Everything stands in the address, so a view can be sent to somebody, saved and subscribed to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from urllib.parse import urlencode

from detection.query import MAX_LENGTH
from review.paging import read_numbered_place, write_place
from storage.reading import StoryFilter
from storage.triage_filter import TriageFilter
from storage.types import Status
from storage.types.triage import Following, TriageState, Verdict

#: stories on one page
PAGE_SIZE = 50
#: longest search, in characters: what the query language takes
LONGEST_SEARCH = MAX_LENGTH
#: longest name of a tag or a person
_LONGEST_NAME = 500
#: as far back as one shift of the desk, whose length the configuration says
SHIFT = "shift"
PERIODS: Mapping[str, timedelta | None] = {
    SHIFT: None,
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
    #: one of the two states
    side: str | None = None
    status: Status | None = None
    rule: str | None = None
    #: a watch that told of it
    watch: str | None = None
    source: str | None = None
    #: language of the articles
    language: str | None = None
    #: of one of its outlets
    country: str | None = None
    period: str | None = None
    #: last reported on from this day and up to that one, both included, in the desk's zone
    since: date | None = None
    until: date | None = None
    state: TriageState | None = None
    verdict: Verdict | None = None
    tag: str | None = None
    #: who works on it, by name
    assignee: str | None = None
    #: whether the reader saw all of it, whether it is marked as important, whether it has a note
    seen: bool | None = None
    important: bool | None = None
    noted: bool | None = None
    #: whether the reader follows it, or follows it and finds something new in it
    following: Following | None = None
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
            "side": self.side,
            "status": self.status,
            "rule": self.rule,
            "watch": self.watch,
            "source": self.source,
            "language": self.language,
            "country": self.country,
            "period": self.period,
            "since": self.since,
            "until": self.until,
            "state": self.state,
            "verdict": self.verdict,
            "tag": self.tag,
            "assignee": self.assignee,
            "seen": _WRITTEN[self.seen],
            "important": _WRITTEN[self.important],
            "noted": _WRITTEN[self.noted],
            "following": self.following,
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

    @property
    def query(self) -> str:
        """The conditions as a saved view keeps them: without the place in the list."""
        return urlencode({name: value for name, value in self.parameters().items() if name != "before"})

    def for_archive(
        self,
        now: datetime,
        *,
        zone: tzinfo = UTC,
        person_id: int | None = None,
        shift: timedelta = timedelta(hours=8),
    ) -> StoryFilter:
        """Return what to ask the archive for one page.

        Args:
            now: the moment that periods end at.
            zone: of the days.
            person_id: whose ``seen`` and ``following`` are meant.
            shift: how long a shift is.
        """
        starts = [] if self.since is None else [_midnight(self.since, zone)]
        starts += [] if self.period is None else [now - (PERIODS[self.period] or shift)]
        return StoryFilter(
            with_signals=not self.show_all,
            min_severity=self.severity,
            type=self.type,
            pair=self.pair,
            side=self.side,
            rule=self.rule,
            status=self.status,
            watch_id=self.watch,
            source_id=self.source,
            language=self.language,
            country=self.country,
            triage=self._triage(person_id),
            since=max(starts, default=None),
            until=None if self.until is None else _midnight(self.until + timedelta(days=1), zone),
            before=self.before,
            limit=PAGE_SIZE,
        )

    def _triage(self, person_id: int | None) -> TriageFilter | None:
        wanted = TriageFilter(
            states=() if self.state is None else (self.state,),
            verdict=self.verdict,
            seen=self.seen,
            person_id=person_id,
            important=self.important,
            noted=self.noted,
            following=self.following,
            tag=self.tag,
            assignee=self.assignee,
        )
        return None if wanted == TriageFilter(person_id=person_id) else wanted


def _midnight(day: date, zone: tzinfo) -> datetime:
    """The moment a day begins in a zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


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


def _read_name(text: str) -> str | None:
    clean = _read_text(text)
    return clean if clean is not None and len(clean) <= _LONGEST_NAME else None


def _read_day(text: str) -> date | None:
    """Read a day of the years that an archive can hold and a zone can reckon with."""
    if not re.fullmatch(r"(?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _read_whether(text: str) -> bool | None:
    return {"yes": True, "no": False}.get(text)


_WRITTEN: Mapping[bool | None, str | None] = {None: None, True: "yes", False: "no"}

_READERS: Mapping[str, Callable[[str], object]] = {
    "q": _read_text,
    "severity": lambda text: int(text) if text in {"1", "2", "3", "4", "5"} else None,
    "type": _matching(r"[a-z0-9_]{1,60}"),
    "pair": _read_pair,
    "status": lambda text: Status(text) if text in set(Status) else None,
    "side": lambda text: text if re.fullmatch(r"[A-Z]{2,8}", text, re.ASCII) else None,
    "rule": _matching(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}"),
    "watch": _matching(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"),
    "since": _read_day,
    "until": _read_day,
    "state": lambda text: TriageState(text) if text in set(TriageState) else None,
    "verdict": lambda text: Verdict(text) if text in set(Verdict) else None,
    "tag": _read_name,
    "assignee": _read_name,
    "seen": _read_whether,
    "important": _read_whether,
    "noted": _read_whether,
    "following": lambda text: Following(text) if text in set(Following) else None,
    "source": _matching(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}"),
    "language": _matching(r"[a-z]{2,3}"),
    "country": _matching(r"[A-Z]{2,8}"),
    "period": lambda text: text if text in PERIODS else None,
    "show": {"all": True, "signals": False}.get,
    "before": read_numbered_place,
}
#: names of the conditions in an address
CONDITIONS = frozenset(_READERS)


def readable(name: str, text: str) -> bool:
    """Whether a part of an address is a condition that can be read."""
    reader = _READERS.get(name)
    return reader is not None and bool(text.strip()) and reader(text.strip()) is not None
