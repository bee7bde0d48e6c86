"""The domain types of Vigie: one frozen dataclass per stage an article passes through.

Every value is immutable, keyword-only and built from plain serialisable parts, so that an order or
a result can cross a process border unchanged. Times are aware UTC datetimes (:func:`utc` makes
sure); collections are tuples.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum


def utc(moment: datetime) -> datetime:
    """Return ``moment`` in UTC.

    Raises:
        ValueError: ``moment`` has no time zone; guessing one would move an event by hours.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a time without zone was given ({moment!s}); state its zone")
    return moment.astimezone(UTC)


# --- sources ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An outlet that Vigie reads, as the configuration or the built-in catalogue states it."""

    id: str
    name: str
    #: home page
    url: str
    #: RSS or Atom addresses, most precise first
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    #: ISO 639-1
    language: str | None = None
    #: ISO 3166-1 alpha-3 of the owner, or UN, EU, AU, ECOWAS, AES
    country: str | None = None
    state_affiliation: str | None = None
    #: how long to wait between two polls
    poll: timedelta = timedelta(minutes=15)
    #: False keeps title, link and a short extract only (text-and-data-mining reservations)
    full_text: bool = True
    javascript: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What the archive remembers of polling one source."""

    source_id: str
    next_check_at: datetime
    last_checked_at: datetime | None = None
    last_success_at: datetime | None = None
    #: when an entry never seen before last turned up
    last_new_at: datetime | None = None
    #: failed polls in a row
    failures: int = 0
    failure: FailureReason | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """Validators of one feed address for the next conditional GET (RFC 9110 section 13)."""

    source_id: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    #: SHA-256 of the last body, because many feeds ignore If-None-Match
    body_hash: str | None = None


# --- crawling: orders in, results out ----------------------------------------------------------


class FailureReason(StrEnum):
    """Why a poll or a fetch gave nothing: one word a person and a program can act on."""

    DNS = "dns"
    CONNECTION = "connection"
    TLS = "tls"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    TRUNCATED = "truncated"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    FORBIDDEN_ADDRESS = "forbidden_address"
    ROBOTS = "robots"
    NOT_FOUND = "not_found"
    GONE = "gone"
    BLOCKED = "blocked"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    HTTP_ERROR = "http_error"
    NOT_A_FEED = "not_a_feed"
    BROKEN_FEED = "broken_feed"
    EMPTY_FEED = "empty_feed"
    NOT_HTML = "not_html"
    NO_TITLE = "no_title"
    NO_TEXT = "no_text"
    EXTRACTION_TIMEOUT = "extraction_timeout"
    EXTRACTION_CRASH = "extraction_crash"
    CRAWLER_LOST = "crawler_lost"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlFailure:
    """A named reason with the sentence that helps a person, and what the far end said of pace."""

    reason: FailureReason
    detail: str
    status: int | None = None
    #: the far end asked not to be called again for so long (Retry-After), in seconds
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollOrder:
    """Ask the crawler for the entries of one feed."""

    id: str
    source_id: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """One item a feed lists; text is plain, markup removed."""

    url: str
    title: str
    summary: str = ""
    published_at: datetime | None = None
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """The answer to a :class:`PollOrder`: entries, or ``unchanged``, or a failure."""

    order_id: str
    source_id: str
    url: str
    entries: tuple[FeedEntry, ...] = ()
    unchanged: bool = False
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    #: address after permanent redirects, when it differs
    moved_to: str | None = None
    failure: CrawlFailure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOrder:
    """Ask the crawler for one article page."""

    id: str
    source_id: str
    url: str
    entry: FeedEntry | None = None
    #: language the source declares, a hint for extraction
    language: str | None = None
    full_text: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The page as the far end sent it."""

    url: str
    captured_at: datetime
    status: int
    headers: tuple[tuple[str, str], ...]
    #: SHA-256 of the body, lower-case hexadecimal
    sha256: str
    #: the body, gzip-compressed
    body_gzip: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What extraction found on a page. Text is NFC, paragraphs stay paragraphs."""

    source_id: str
    url: str
    title: str
    paragraphs: tuple[str, ...]
    lede: str = ""
    canonical_url: str | None = None
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    #: ISO 639-1
    language: str | None = None
    #: agency credit found on the page ("AFP", "Keystone-ATS"), evidence of wire copy
    agency: str | None = None
    #: only the feed's title and summary are known
    partial: bool = False
    fetched_at: datetime

    @property
    def text(self) -> str:
        """Standfirst and paragraphs, a line each: what detection reads after the title."""
        lines = ((self.lede,) if self.lede else ()) + self.paragraphs
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchResult:
    """The answer to a :class:`FetchOrder`: an article with its evidence, or a failure."""

    order_id: str
    source_id: str
    url: str
    article: Article | None = None
    evidence: Evidence | None = None
    failure: CrawlFailure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One stored state of an article's text."""

    id: int
    article_id: int
    #: 1 for the first text seen
    number: int
    title: str
    lede: str
    text: str
    #: SHA-256 over title, standfirst and text
    content_hash: str
    fetched_at: datetime


# --- detection ---------------------------------------------------------------------------------


class Status(StrEnum):
    """What the text says of an act's reality (PLOVER's auxiliary modes)."""

    ASSERTED = "asserted"
    THREATENED = "threatened"
    HYPOTHETICAL = "hypothetical"
    DENIED = "denied"
    PAST = "past"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One act found in one article: who did what to whom, how real it is, and the proof."""

    #: type of the ladder, such as ``expel_diplomats``
    type: str
    #: 1 (words) to 5 (rupture, arms)
    severity: int
    #: ISO 3166-1 alpha-3, or UN, EU, ECOWAS, AES, AU; None where the text does not say
    actor: str | None
    target: str | None
    status: Status
    #: the sentence that proves it, as printed
    sentence: str
    #: character offsets of the trigger in ``title + "\n" + text``
    start: int
    end: int
    #: id of the rule that matched
    rule: str
    #: words that decided the status
    cues: tuple[str, ...] = ()

    @property
    def act(self) -> tuple[str, str | None, str | None]:
        """(type, actor, target): what makes two signals the same act."""
        return (self.type, self.actor, self.target)


# --- stories -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All articles on one event."""

    id: int
    headline: str
    first_seen_at: datetime
    last_seen_at: datetime
    articles: int
    #: distinct sources
    outlets: int
    #: independent first-hand reporters: agencies and own reporting
    origins: tuple[str, ...]
    severity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryArticle:
    """A story's article, as lists and alerts show it."""

    id: int
    title: str
    url: str
    source_id: str
    source_name: str
    origin: str
    published_at: datetime | None
    first_seen_at: datetime
    copy_of: int | None


# --- watches, decisions, alerts ------------------------------------------------------------------


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


class DecisionKind(StrEnum):
    """What alerting does with one article for one watch."""

    NEW = "new"
    UPDATE = "update"
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


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    LEASED = "leased"
    SENT = "sent"
    DEAD = "dead"
    SUPPRESSED = "suppressed"


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
    """Alerts that match are recorded, not sent, until it ends."""

    id: int
    #: watch id, or None for every watch
    watch_id: str | None
    author: str
    reason: str
    starts_at: datetime
    ends_at: datetime
