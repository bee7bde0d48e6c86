"""From a source to an article: what the crawler is asked, what it answers, what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


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

    @property
    def addresses(self) -> tuple[tuple[AddressKind, str], ...]:
        """Every address that lists articles: feeds first, then sitemaps, then section pages."""
        return (
            *((AddressKind.FEED, url) for url in self.feeds),
            *((AddressKind.SITEMAP, url) for url in self.sitemaps),
            *((AddressKind.SECTION, url) for url in self.sections),
        )


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


class AddressKind(StrEnum):
    """How a source lists its articles at one address."""

    FEED = "feed"
    SITEMAP = "sitemap"
    SECTION = "section"
    #: a home page, asked once by a person for the addresses it names; never part of a source
    HOME = "home"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What is remembered of one address that lists articles: validators (RFC 9110 section 13), what it taught."""

    source_id: str
    url: str
    kind: AddressKind = AddressKind.FEED
    etag: str | None = None
    last_modified: str | None = None
    #: SHA-256 of the last body, because many feeds ignore If-None-Match
    body_hash: str | None = None
    #: see :attr:`PollOrder.learnt`
    learnt: str | None = None
    #: failed polls of this address in a row, and how the last one failed
    failures: int = 0
    failure: FailureReason | None = None
    detail: str | None = None
    checked_at: datetime | None = None
    #: this address is left alone until then, whatever the source's other addresses do
    resume_at: datetime | None = None


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
    #: a bot check or a consent dialog stands where the page should be
    CHALLENGE = "challenge"
    CONSENT = "consent"
    #: only a teaser, or nothing, is shown without a subscription
    PAYWALL = "paywall"
    #: an error, login or maintenance page that answers 200
    SOFT_404 = "soft_404"
    #: a page of links, a template or something else that is no article
    NOT_ARTICLE = "not_article"
    NOT_HTML = "not_html"
    NO_TITLE = "no_title"
    NO_TEXT = "no_text"
    EXTRACTION_TIMEOUT = "extraction_timeout"
    EXTRACTION_CRASH = "extraction_crash"
    #: the page needs its scripts run, and there is nothing to run them
    NO_BROWSER = "no_browser"
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
    #: False when nothing was sent, because the host had asked for patience before or its queue is full
    sent: bool = True
    #: what lies beneath, such as the timeout for which robots.txt could not be had
    beneath: FailureReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollOrder:
    """Ask the crawler for the entries of one address: a feed, a sitemap or a section page."""

    id: str
    source_id: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    kind: AddressKind = AddressKind.FEED
    #: what earlier polls of a section page learnt of its article addresses, as they gave it
    learnt: str | None = None
    #: the page must be run in a browser to show its links
    javascript: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """One item a feed lists; text is plain, markup removed."""

    url: str
    title: str
    summary: str = ""
    published_at: datetime | None = None
    authors: tuple[str, ...] = ()
    #: the identity the feed gives the item; never trusted alone
    guid: str | None = None
    #: when the feed says the item last changed
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceHints:
    """What an answer says of how soon to ask again; each None where it says nothing."""

    #: seconds a cache may keep it (Cache-Control max-age, RFC 9111)
    max_age: float | None = None
    #: seconds between updates that the feed states (``ttl``, ``sy:updatePeriod``)
    interval: float | None = None
    #: hours of the day (UTC) in which the feed asks not to be read (``skipHours``)
    skip_hours: tuple[int, ...] = ()
    #: the WebSub hub that announces updates, and the address to subscribe to
    hub: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedAddress:
    """An address that lists articles, as a home page or a robots.txt names it."""

    kind: AddressKind
    url: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """What a home page says of the outlet and of where its articles are listed."""

    title: str = ""
    #: ISO 639-1
    language: str | None = None
    #: what the address itself is, None for a page
    kind: AddressKind | None = None
    #: in the order of the page, declared ones first
    addresses: tuple[NamedAddress, ...] = ()


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
    #: marks the page that came instead of a feed: one mark from many hosts is a captive portal
    page_mark: str | None = None
    hints: PaceHints = PaceHints()
    #: what this poll learnt of a section page, for the next order
    learnt: str | None = None
    #: of a home page (:attr:`AddressKind.HOME`)
    home: HomePage | None = None
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
    #: the page must be run in a browser to show its text
    javascript: bool = False
    #: validators of the last reading, for a second look
    etag: str | None = None
    last_modified: str | None = None


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
    #: when the page says it last changed; never taken for the publication
    modified_at: datetime | None = None
    #: only the feed's title and summary are known
    partial: bool = False
    #: why it is partial
    failure: FailureReason | None = None
    #: fields whose per-site selectors found nothing, so that the general recipe read them: the site was rebuilt
    override_missed: tuple[str, ...] = ()
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
    #: the page has not changed since the validators of the order (HTTP 304)
    unchanged: bool = False
    #: validators for the next look
    etag: str | None = None
    last_modified: str | None = None
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
    #: when the page said it last changed
    modified_at: datetime | None = None
    #: an edit that the page's own date of change does not admit
    silent: bool = False
