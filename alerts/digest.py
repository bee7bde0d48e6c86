"""The webhook body of a list: several alerts told together, built once when their batch closes.

Its facts are values, so that a mail words them in the language of its channel. It stays under 20 kB, as Standard
Webhooks 1.0 advises, by telling less of each alert: first shorter sentences, then none, then headline and link
alone. Only where even that is too long, with hundreds of them, the gravest are named, the rest is counted, and
``links.list`` leads to all.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from alerts import digest_wording as words
from alerts import wording
from alerts.errors import RenderError
from alerts.payload import LIMIT, links_for
from alerts.settings import Language
from alerts.text import clean_line, shorten
from storage.types import Alert, BatchKind, utc

TYPE = "alert.digest"
#: bytes kept free for what surrounds the members
_ROOM = 3_000


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Act(_Part):
    """The gravest act of a member."""

    type: str
    actor: str | None = None
    target: str | None = None
    #: acts of the member beside this one
    more: int = 0


class Member(_Part):
    """One alert in a list; absent is what there was no room for."""

    alert: str
    severity: int
    headline: str
    url: str
    #: ``new``, ``update``, ``correction``, …: what follows the full stop in its own type
    kind: str | None = None
    #: why it was raised, where that is a mark beside the severity: ``second_origin``, ``denied``, …
    reason: str | None = None
    sentence: str | None = None
    act: Act | None = None
    at: datetime | None = None


class Coverage(_Part):
    """How the watch did since the digest before; see :class:`storage.coverage.Coverage`."""

    sources_ok: int
    sources_silent: int
    sources_broken: int
    sources_new: int
    articles: int
    alerts: int
    dead_letters: int


class Links(_Part):
    """Where people go from here."""

    list: str
    ack: str
    silence: str


class Data(_Part):
    """What is told."""

    alert: str
    watch: str
    #: the highest of the members; 1 when there are none
    severity: int
    headline: str
    #: why they are told together: a kind of batch
    kind: str
    #: when gathering began and ended
    since: datetime
    until: datetime
    #: local date of a daily digest
    day: str | None = None
    #: gathered over a night
    night: bool = False
    #: the story they all tell of, when it is one
    story: int | None = None
    count: int
    #: how many there are of each severity that occurs
    severities: dict[int, int]
    #: the gravest first
    alerts: tuple[Member, ...]
    #: members that are counted and not named
    more: int
    coverage: Coverage | None = None
    why: tuple[str, ...] = ()
    links: Links
    sequence: int = 1

    @property
    def raised(self) -> int:
        """How many alerts were raised in that time, those told by themselves included."""
        return self.coverage.alerts if self.coverage is not None else self.count


class Body(_Part):
    """The whole webhook body."""

    type: str
    timestamp: datetime
    data: Data


@dataclass(frozen=True, slots=True, kw_only=True)
class _Caps:
    """How much is told of each member, in characters; 0 leaves it out."""

    sentence: int
    headline: int = 120
    facts: bool = True


#: tried in this order until the members fit
_CAPS = (
    _Caps(sentence=400),
    _Caps(sentence=200),
    _Caps(sentence=100),
    _Caps(sentence=0),
    _Caps(sentence=0, facts=False),
    _Caps(sentence=0, headline=70, facts=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """A batch as its list tells it."""

    kind: BatchKind
    watch_id: str
    since: datetime
    until: datetime
    #: local date of a daily digest, ISO 8601
    day: str | None = None
    #: whether the quiet hours crossed midnight
    night: bool = False
    coverage: Coverage | None = None


def build_digest(
    members: Sequence[Alert], gathering: Gathering, *, alert_id: str, public_url: str, language: Language
) -> Body:
    """Return the body of a list.

    Args:
        members: the alerts, in any order.
        gathering: what they were gathered in.
        alert_id: public id of the list.
        public_url: where the review page answers, for links.
        language: of headline and reason.
    """
    base = clean_line(public_url).rstrip("/")
    links = links_for(public_url, story_id=0, alert_id=alert_id, watch_id=gathering.watch_id)
    ranked = sorted(members, key=lambda member: (-member.severity, member.created_at, member.id))
    facts = [_facts(member, base) for member in ranked]
    named = _fitting(facts)
    levels = Counter(member.severity for member in members)
    stories = {member.story_id for member in members}
    one_story = gathering.kind is BatchKind.COOLDOWN
    data = Data(
        alert=alert_id,
        watch=gathering.watch_id,
        severity=max(levels, default=1),
        headline="",
        kind=gathering.kind,
        since=utc(gathering.since),
        until=utc(gathering.until),
        day=gathering.day,
        night=gathering.night,
        story=next(iter(stories)) if len(stories) == 1 else None,
        count=len(members),
        severities=dict(sorted(levels.items(), reverse=True)),
        alerts=named,
        more=len(members) - len(named),
        coverage=gathering.coverage,
        why=(words.why(gathering.kind, language),),
        links=Links(list=f"{base}/alerts?list={alert_id}", ack=links.ack, silence=links.silence),
        sequence=max((member.sequence for member in members), default=1) if one_story else 1,
    )
    data = data.model_copy(update={"headline": words.headline(data, language)})
    return Body(type=TYPE, timestamp=utc(gathering.until), data=data)


def to_json(body: Body) -> str:
    """Return a body as compact JSON text, without the keys that tell nothing."""
    return body.model_dump_json(exclude_none=True)


def is_digest(alert: Alert) -> bool:
    """Whether an alert is a list of others."""
    return alert.type == TYPE


def read_digest(alert: Alert) -> Body:
    """Return what a stored list tells.

    Raises:
        RenderError: the stored text is not such a body.
    """
    try:
        return Body.model_validate_json(alert.payload)
    except (ValidationError, UnicodeError) as error:
        raise RenderError(f"alert {alert.id}: the stored list is not readable") from error


def _fitting(facts: Sequence[Member]) -> tuple[Member, ...]:
    """Return the members with as much of each as all have room for; at the very end, those that fit."""
    told: list[Member] = []
    for caps in _CAPS:
        told = [_capped(member, caps) for member in facts]
        if sum(_size(member) for member in told) <= LIMIT - _ROOM:
            return tuple(told)
    room, kept = LIMIT - _ROOM, 0
    for member in told:
        room -= _size(member)
        if room < 0:
            break
        kept += 1
    return tuple(told[:kept])


def _size(member: Member) -> int:
    return len(member.model_dump_json(exclude_none=True).encode()) + 1


def _capped(member: Member, caps: _Caps) -> Member:
    return member.model_copy(
        update={
            "headline": shorten(member.headline, caps.headline),
            "sentence": shorten(member.sentence, caps.sentence) if caps.sentence and member.sentence else None,
            "kind": member.kind if caps.facts else None,
            "act": member.act if caps.facts else None,
            "at": member.at if caps.facts else None,
        }
    )


def _facts(alert: Alert, base: str) -> Member:
    """Return what a list can tell of an alert; of one whose body is in no known form, headline and link."""
    data = _data(alert)
    events = [event for event in data.get("events") or () if isinstance(event, dict)]
    first: dict[str, Any] = events[0] if events else {}
    happened = [event for event in events if event.get("status") == first.get("status")]
    act = None
    if isinstance(first.get("type"), str):
        act = Act(
            type=first["type"], actor=_text(first.get("actor")), target=_text(first.get("target")),
            more=len(happened) - 1,
        )  # fmt: skip
    return Member(
        alert=alert.id,
        severity=alert.severity,
        headline=clean_line(alert.headline),
        url=f"{base}/stories/{alert.story_id}" if alert.story_id is not None else f"{base}/alerts#{alert.id}",
        kind=alert.type.partition(".")[2] or None,
        reason=reason if (reason := _text(data.get("reason"))) in wording.MARKS["en"] else None,
        sentence=_text(first.get("sentence")),
        act=act,
        at=utc(alert.created_at),
    )


def _data(alert: Alert) -> dict[str, Any]:
    try:
        body = json.loads(alert.payload)
    except ValueError:
        return {}
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, dict) else {}


def _text(value: object) -> str | None:
    return clean_line(value) if isinstance(value, str) else None
