"""What people want to be told, what is decided, and how it reaches them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storage.types.events import Signal, Status
from storage.types.holding import Digest, QuietHours


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What people want to be told about, and through which channels."""

    id: str
    name: str
    #: unordered pairs of states; empty means any pair
    pairs: tuple[tuple[str, str], ...] = ()
    #: types of the ladder; empty means any type
    types: tuple[str, ...] = ()
    min_severity: int = 2
    #: how sure the reading of an act must be, 0–1; 0 takes all
    min_confidence: float = 0.3
    statuses: tuple[Status, ...] = (Status.ASSERTED,)
    #: a query over the article that must hold as well
    query: str | None = None
    #: source ids; empty means any
    sources: tuple[str, ...] = ()
    #: ISO 639-1; empty means any
    languages: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    #: articles published longer ago than this when first seen are recorded, not told; None: no limit
    max_age: timedelta | None = None
    #: hours in which only what is critical goes out
    quiet_hours: QuietHours | None = None
    #: how what is not urgent is gathered; None: it is not
    digest: Digest | None = None
    #: after an alert on a story, what adds nothing graver waits so long and is told together
    cooldown: timedelta | None = None
    #: the zone of ``quiet_hours`` and ``digest`` (IANA name); None: the service's
    timezone: str | None = None
    #: a grave alert that nobody acknowledged for so long goes to ``escalate_to`` as well; None: never
    escalate_after: timedelta | None = None
    escalate_to: tuple[str, ...] = ()


class DecisionKind(StrEnum):
    """What alerting does with one article for one watch."""

    NEW = "new"
    UPDATE = "update"
    #: an edit brought a phrase in or took one out
    EDITED = "edited"
    #: what was told is corrected, taken back, denied, or gone
    CORRECTION = "correction"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision and its reason, kept for every article and watch."""

    watch_id: str
    kind: DecisionKind
    #: a stable machine word, such as ``new_story`` or ``already_told``
    reason: str
    #: a sentence for people
    detail: str
    severity: int = 0
    #: the signals that carry the alert
    signals: tuple[Signal, ...] = ()
    #: those of them that an edit took out
    removed: tuple[Signal, ...] = ()
    #: the two looks between which an edit was made
    between: tuple[datetime, datetime] | None = None
    #: who confirms what was told
    confirmed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One message to people, frozen when it was decided."""

    #: public id, stable over restarts (``alr_…``)
    id: str
    #: identity: equal keys are the same alert
    key: str
    #: webhook type, such as ``alert.new``
    type: str
    watch_id: str
    story_id: int | None
    severity: int
    headline: str
    #: the webhook body as JSON text, byte-identical on every attempt
    payload: str
    created_at: datetime
    #: 1 for the first alert of a story to a watch, then 2, 3, …
    sequence: int = 1
    acknowledged_at: datetime | None = None
    #: who took it in hand
    acknowledged_by: str | None = None
    #: id of the alert that this one carries further because nobody acknowledged it
    escalates: str | None = None
    #: what its mails are about, for their thread; the story when None
    thread: str | None = None


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    LEASED = "leased"
    SENT = "sent"
    DEAD = "dead"
    SUPPRESSED = "suppressed"
    #: gathered with others; the batch's own alert, or its end, tells it
    BATCHED = "batched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One alert to one recipient through one channel: a row of the outbox."""

    id: int
    #: identity over all attempts: ``webhook-id``, and the left part of ``Message-ID``
    key: str
    alert_id: str
    channel_id: str
    #: an address for e-mail, empty for a webhook
    recipient: str
    state: DeliveryState
    #: attempts that count against the schedule
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    lease_until: datetime | None = None
    #: an attempt was cut off after the message left: the far end may have it
    maybe_delivered: bool = False
    last_error: str | None = None
    sent_at: datetime | None = None
    #: why it left when it did, or waits: ``at_once``, ``group_wait``, ``quiet_hours``, …
    reason: str = "at_once"
    #: what it is gathered in
    batch_id: int | None = None
    #: the silence that holds it back, and what of it matched
    silence_id: int | None = None
    held_because: str | None = None


class OutcomeClass(StrEnum):
    """How a sending attempt ended, and so who must act."""

    OK = "ok"
    TRANSIENT_RECIPIENT = "transient_recipient"
    PERMANENT_RECIPIENT = "permanent_recipient"
    CHANNEL_TRANSIENT = "channel_transient"
    CHANNEL_CONFIG = "channel_config"
    GONE = "gone"
    #: cut off after the message was handed over: it may have arrived
    UNKNOWN = "unknown"
    #: our own rendering failed
    BUG = "bug"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one attempt gave; ``detail`` never holds a secret."""

    outcome: OutcomeClass
    detail: str
    #: HTTP status or SMTP reply code
    code: int | None = None
    #: the far end asked to wait, in seconds
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Alerts that match all of its parts are recorded, not sent, until it ends; a part that is None matches any."""

    id: int
    watch_id: str | None
    author: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    story_id: int | None = None
    #: two states; what either does to the other, or with ``one_way`` the first to the second
    pair: tuple[str, str] | None = None
    one_way: bool = False
    #: types of acts; empty means any
    types: tuple[str, ...] = ()
    #: holds back alerts up to this severity
    max_severity: int | None = None
    source_id: str | None = None
    #: when its end was dealt with; it holds nothing back from then on, whatever the clock says
    closed_at: datetime | None = None
