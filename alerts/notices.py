"""What the watch tells of itself: sources that fail and recover, the network, the canary, silences that end.

A notice is an alert without a story: it goes through the same outbox under an identity of its own. Its webhook
body follows Standard Webhooks 1.0 as an alert's does; the facts in it are values, so that a mail words them in
the language of its channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, ValidationError

from alerts import health_wording as words
from alerts import wording
from alerts.alert_facts import AlertFacts, SilenceFacts
from alerts.errors import RenderError
from alerts.settings import Language
from alerts.text import clean_line, shorten, web_address
from storage.health import cause_text
from storage.types import Alert, CanaryRun, HealthEvent, HealthState, Network, NetworkState, utc

#: sources named in one notice; the page shows all
MOST_SOURCES = 40
#: more changes at once than this become one list
STORM = 5
_PREFIXES = ("source.", "network.", "canary.", "channel.", "silence.", "escalation.")
_FINE = "\u202f"

SEVERAL, RECOVERED = "source.several", "source.recovered"
NETWORK_DOWN, NETWORK_UP = "network.down", "network.up"
CANARY_MISSED, CANARY_RECOVERED = "canary.missed", "canary.recovered"
SILENCE_ENDED, UNACKNOWLEDGED = "silence.ended", "escalation.unacknowledged"
CHANNEL_FAILING, CHANNEL_DISABLED, CHANNEL_RECOVERED = "channel.failing", "channel.disabled", "channel.recovered"
_TYPES = {
    HealthState.SILENT: "source.silent",
    HealthState.WALLED: "source.walled",
    HealthState.BROKEN_FEED: "source.broken",
    HealthState.MOVED: "source.moved",
    HealthState.DRIFTING: "source.drift",
    HealthState.FAILING: "source.failing",
    HealthState.GONE: "source.failing",
    HealthState.ROBOTS: "source.failing",
}
#: every type of notice there is
TYPES = tuple(
    sorted(
        {
            *_TYPES.values(), SEVERAL, RECOVERED, NETWORK_DOWN, NETWORK_UP, CANARY_MISSED, CANARY_RECOVERED,
            SILENCE_ENDED, UNACKNOWLEDGED, CHANNEL_FAILING, CHANNEL_DISABLED, CHANNEL_RECOVERED,
        }
    )
)  # fmt: skip
_SEVERITIES = {
    SEVERAL: 3, RECOVERED: 1, NETWORK_DOWN: 3, NETWORK_UP: 1, CANARY_MISSED: 4, CANARY_RECOVERED: 1,
    CHANNEL_FAILING: 4, CHANNEL_DISABLED: 4, CHANNEL_RECOVERED: 1,
}  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class SourceFacts(_Part):
    """One source that changed."""

    id: str
    name: str
    url: str
    state: str
    was: str
    since: datetime
    reason: str
    last_new_at: datetime | None
    #: what the reason rests on, as JSON; see :class:`storage.types.Cause`
    facts: str


class NetworkFacts(_Part):
    """The way to the press."""

    state: str
    since: datetime
    failed: int
    asked: int
    failure: str | None


class CanaryFacts(_Part):
    """The synthetic article."""

    started_at: datetime
    stage: str | None
    detail: str


class ChannelFacts(_Part):
    """A way to people."""

    id: str
    trouble: str
    detail: str


class Links(_Part):
    """Where people go from here."""

    sources: str
    ack: str
    #: the page that shows what the notice tells of, where that is no source
    page: str = ""


class Data(_Part):
    """What is told."""

    alert: str
    severity: int
    headline: str
    summary: str
    #: the first of ``sources``, for receivers that look at one
    source: str | None = None
    name: str | None = None
    state: str | None = None
    reason: str | None = None
    since: datetime
    last_new_at: datetime | None = None
    sources: tuple[SourceFacts, ...] = ()
    #: sources that changed, or alerts, those not named included
    count: int = 0
    network: NetworkFacts | None = None
    canary: CanaryFacts | None = None
    alerts: tuple[AlertFacts, ...] = ()
    silence: SilenceFacts | None = None
    channel: ChannelFacts | None = None
    why: tuple[str, ...] = ()
    links: Links
    sequence: int = 1


class Body(_Part):
    """The whole webhook body."""

    type: str
    timestamp: datetime
    data: Data


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A source that went from one state to another, with what people call it."""

    event: HealthEvent
    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """How a notice speaks."""

    public_url: str
    language: Language
    zone: ZoneInfo


def is_notice(alert: Alert) -> bool:
    """Whether an alert tells of the watch itself, not of the press."""
    return alert.type.startswith(_PREFIXES)


def type_of(event: HealthEvent) -> str:
    """Return the webhook type of a change."""
    return RECOVERED if event.health.well else _TYPES.get(event.health.state, "source.failing")


def worth_telling(event: HealthEvent) -> bool:
    """Whether people are told of a change: not while all stays well."""
    return not (event.health.well and event.was in {HealthState.NEW, HealthState.FRESH, HealthState.QUIET})


def grouped(changes: Sequence[Changed]) -> list[tuple[Changed, ...]]:
    """Return what is told together: each change by itself, or all as one list when they are many."""
    return [tuple(changes)] if len(changes) > STORM else [(change,) for change in changes]


def sources_body(changes: Sequence[Changed], *, alert_id: str, now: datetime, speech: Speech) -> Body:
    """Return the body that tells of one source, or of several."""
    kind = type_of(changes[0].event) if len(changes) == 1 else SEVERAL
    facts = tuple(_source(change, speech) for change in changes[:MOST_SOURCES])
    first = facts[0]
    data = Data(
        alert=alert_id,
        severity=severity_of(kind),
        headline=sources_headline(kind, facts, len(changes), speech.language),
        summary=shorten(first.reason if len(changes) == 1 else _names(facts), 600),
        source=first.id if len(changes) == 1 else None,
        name=first.name if len(changes) == 1 else None,
        state=first.state if len(changes) == 1 else None,
        reason=first.reason if len(changes) == 1 else None,
        since=first.since,
        last_new_at=first.last_new_at if len(changes) == 1 else None,
        sources=facts,
        count=len(changes),
        why=tuple(_line(source) for source in facts) if len(changes) > 1 else (first.reason,),
        links=links(alert_id, speech),
        sequence=2 if kind == RECOVERED else 1,
    )
    return Body(type=kind, timestamp=utc(now), data=data)


def network_body(state: Network, *, alert_id: str, now: datetime, speech: Speech) -> Body:
    """Return the body that tells that the network is down, or up again."""
    down = state.state is NetworkState.DOWN
    since = utc(state.since or now)
    summary = words.network_sentence(state, speech.language) if down else headline_of(NETWORK_UP, speech.language)
    kind = NETWORK_DOWN if down else NETWORK_UP
    data = Data(
        alert=alert_id,
        severity=_SEVERITIES[kind],
        headline=headline_of(kind, speech.language),
        summary=summary,
        state=str(state.state),
        since=since,
        network=NetworkFacts(
            state=str(state.state), since=since, failed=state.failed, asked=state.asked, failure=state.failure
        ),
        why=(summary,),
        links=links(alert_id, speech),
        sequence=1 if down else 2,
    )
    return Body(type=kind, timestamp=utc(now), data=data)


def canary_body(run: CanaryRun, *, alert_id: str, now: datetime, speech: Speech) -> Body:
    """Return the body that tells that the canary was missed, or came through again."""
    kind = CANARY_RECOVERED if run.ok else CANARY_MISSED
    headline = headline_of(kind, speech.language)
    summary = headline if run.stage is None else words.canary_sentence(run.stage, run.detail, speech.language)
    data = Data(
        alert=alert_id,
        severity=_SEVERITIES[kind],
        headline=headline,
        summary=summary,
        state="ok" if run.ok else "missed",
        since=utc(run.started_at),
        canary=CanaryFacts(started_at=utc(run.started_at), stage=run.stage, detail=shorten(run.detail, 300)),
        why=(summary,),
        links=links(alert_id, speech),
        sequence=2 if run.ok else 1,
    )
    return Body(type=kind, timestamp=utc(now), data=data)


def read_notice(alert: Alert) -> Body:
    """Return what a stored notice tells.

    Raises:
        RenderError: the stored text is not such a body.
    """
    try:
        return Body.model_validate_json(alert.payload)
    except (ValidationError, UnicodeError) as error:
        raise RenderError(f"alert {alert.id}: the stored notice is not readable") from error


def _source(change: Changed, speech: Speech) -> SourceFacts:
    event = change.event
    url = web_address(change.url)
    return SourceFacts(
        id=event.source_id,
        name=shorten(clean_line(change.name), 80),
        url=url if len(url) <= 300 else "",
        state=str(event.health.state),
        was=str(event.was),
        since=utc(event.health.since),
        reason=shorten(words.explain(event.health, speech.language, speech.zone), 300),
        last_new_at=event.health.cause.last_new_at,
        facts=cause_text(event.health.cause),
    )


def sources_headline(kind: str, sources: Sequence[SourceFacts], count: int, language: Language) -> str:
    """Return the first line of a notice on sources."""
    french = language == "fr"
    if kind == SEVERAL:
        well = sum(HealthState(source.state) in {HealthState.FRESH, HealthState.QUIET} for source in sources)
        if well == len(sources):
            return f"{count} sources rétablies" if french else f"{count} sources recovered"
        return f"{count} sources changent d’état" if french else f"{count} sources changed state"
    source = sources[0]
    word = words.state_word(HealthState(source.state), language)
    if kind == RECOVERED:
        word = "rétablie" if french else "recovered"
    return shorten(f"Source {source.name}{wording.colon(language)}{word}", wording.HEADLINE_LIMIT)


def headline_of(kind: str, language: Language) -> str:
    """Return the first line of a notice on the network or the canary."""
    headlines: dict[str, tuple[str, str]] = {
        NETWORK_DOWN: ("Réseau coupé : la veille est aveugle", "Network down: the watch is blind"),
        NETWORK_UP: ("Réseau rétabli : la veille lit de nouveau", "Network back: the watch reads again"),
        CANARY_MISSED: ("Canari perdu : une alerte pourrait se perdre", "Canary missed: an alert could get lost"),
        CANARY_RECOVERED: ("Canari revenu : la chaîne est entière", "Canary back: the chain is whole"),
    }
    french, english = headlines.get(kind, (kind, kind))
    return french.replace(" :", f"{_FINE}:") if language == "fr" else english


def _names(sources: Sequence[SourceFacts]) -> str:
    return ", ".join(source.name for source in sources)


def _line(source: SourceFacts) -> str:
    return shorten(f"{source.name} — {source.reason}", 240)


def severity_of(kind: str) -> int:
    """Return the severity of a type of notice."""
    return _SEVERITIES.get(kind, 2)


def links(alert_id: str, speech: Speech) -> Links:
    """Return the addresses of the review page that concern a notice."""
    base = clean_line(speech.public_url).rstrip("/")
    return Links(sources=f"{base}/sources", ack=f"{base}/alerts/{alert_id}/ack")
