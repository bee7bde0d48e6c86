"""The webhook body: built once when an alert is decided, stored as text, sent as it is.

The models below are the contract of the wire. Every text in them is cleaned and capped, so that the body
stays under 20 kB as Standard Webhooks 1.0 advises, whatever the press wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, ValidationError, model_serializer

from alerts import wording
from alerts.errors import RenderError
from alerts.settings import Language
from alerts.text import clean_line, shorten, web_address
from storage.types import Alert, Decision, DecisionKind, Signal, Story, StoryArticle, Watch, utc

#: bytes; Standard Webhooks 1.0 advises less than 20 kB
LIMIT = 20_000

#: types on the wire
TYPES: Mapping[DecisionKind, str] = {
    DecisionKind.NEW: "alert.new",
    DecisionKind.UPDATE: "alert.update",
    DecisionKind.EDITED: "alert.edited",
    DecisionKind.CORRECTION: "alert.correction",
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)
    #: keys that are left out where they say nothing
    _rare: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler) -> dict[str, object]:
        values: dict[str, object] = write(self)
        return {key: value for key, value in values.items() if value is not None or key not in self._rare}


class Event(_Part):
    """One act with the sentence that proves it."""

    _rare = frozenset({"change"})
    type: str
    actor: str | None
    target: str | None
    status: str
    severity: int
    sentence: str
    #: what an edit did to it: ``added`` or ``removed``
    change: Literal["added", "removed"] | None = None


class Between(_Part):
    """The two looks at a page between which it was edited."""

    since: datetime
    until: datetime


class StoryFacts(_Part):
    """The story when the alert was decided."""

    id: int
    url: str
    articles: int
    origins: tuple[str, ...]
    outlets: int
    first_seen: datetime


class ArticleFacts(_Part):
    """One article of the story."""

    title: str
    url: str
    source: str
    origin: str
    published: datetime | None
    first_seen: datetime


class Links(_Part):
    """Where people go from here."""

    story: str
    ack: str
    silence: str


class Data(_Part):
    """What is told."""

    _rare = frozenset({"correction_of", "told_at", "between", "confirmed_by"})
    alert: str
    watch: str
    severity: int
    headline: str
    summary: str
    events: tuple[Event, ...]
    story: StoryFacts
    articles: tuple[ArticleFacts, ...]
    why: tuple[str, ...]
    links: Links
    sequence: int
    #: the decision's reason, a stable machine word
    reason: str = ""
    #: id of the alert that this one corrects
    correction_of: str | None = None
    #: when that was decided
    told_at: datetime | None = None
    #: of an edit
    between: Between | None = None
    #: the origin that confirms what was told
    confirmed_by: str | None = None


class Body(_Part):
    """The whole webhook body."""

    type: str
    timestamp: datetime
    data: Data


@dataclass(frozen=True, slots=True)
class _Caps:
    """How much is told of each part; characters and counts."""

    articles: int
    events: int
    sentence: int
    title: int
    address: int
    origins: int


#: tried in this order until the body is short enough; the last always is
_CAPS = (
    _Caps(articles=10, events=12, sentence=600, title=300, address=2000, origins=20),
    _Caps(articles=6, events=8, sentence=400, title=200, address=1000, origins=12),
    _Caps(articles=3, events=5, sentence=300, title=150, address=500, origins=8),
    _Caps(articles=1, events=3, sentence=200, title=100, address=250, origins=5),
)


def ordered(signals: Sequence[Signal]) -> tuple[Signal, ...]:
    """Return signals as they are told: the most severe first, then those that say who did what to whom."""
    return tuple(sorted(signals, key=lambda s: (-s.severity, s.actor is None or s.target is None, s.start, s.type)))


def build_payload(
    *,
    watch: Watch,
    decision: Decision,
    story: Story,
    articles: Sequence[StoryArticle],
    alert_id: str,
    public_url: str,
    language: Language,
    created_at: datetime,
    sequence: int,
    background: Sequence[Signal] = (),
    correction_of: str | None = None,
    told_at: datetime | None = None,
    rises: Sequence[str] = (),
) -> str:
    """Return the webhook body as compact JSON text.

    Args:
        watch: whose people are told.
        decision: any but NONE, with the signals to tell.
        story: as it stands, this article included.
        articles: of the story, the most telling first; only the first few are named.
        alert_id: public id.
        public_url: where the review page answers, for links.
        language: of headline and summary.
        created_at: when the alert was decided; aware.
        sequence: 1 for the first alert of this story to this watch.
        background: further signals of the article between the same states, told after the decision's own.
        correction_of: id of the alert that this one corrects.
        told_at: when that was decided; aware.
        rises: how far the acts go beyond those before, told among the reasons.

    Raises:
        RenderError: the decision carries no signal.
    """
    if not decision.signals:
        raise RenderError(f"watch {watch.id!r}: a decision without signals cannot be told")
    text = ""
    for caps in _CAPS:
        data = _data(watch, decision, story, articles, alert_id, public_url, language, sequence, background, caps)
        why = (data.why[0], *(shorten(line, 240) for line in rises), *data.why[1:])
        data = data.model_copy(update={"correction_of": correction_of, "told_at": told_at, "why": why})
        text = Body(type=TYPES[decision.kind], timestamp=utc(created_at), data=data).model_dump_json()
        if len(text.encode()) < LIMIT:
            break
    return text


def _data(
    watch: Watch,
    decision: Decision,
    story: Story,
    articles: Sequence[StoryArticle],
    alert_id: str,
    public_url: str,
    language: Language,
    sequence: int,
    background: Sequence[Signal],
    caps: _Caps,
) -> Data:
    # What came is told before what went, however grave.
    signals = tuple(sorted(ordered(decision.signals), key=lambda signal: signal in decision.removed))
    told = (*signals, *ordered(background))
    origins = tuple(shorten(origin, 80) for origin in story.origins[: caps.origins])
    reach = wording.Reach(articles=story.articles, outlets=story.outlets, origins=origins)
    links = links_for(public_url, story_id=story.id, alert_id=alert_id, watch_id=watch.id)
    between = Between(since=decision.between[0], until=decision.between[1]) if decision.between else None
    removed = decision.removed if decision.kind is DecisionKind.EDITED else ()
    return Data(
        alert=alert_id,
        watch=watch.id,
        severity=decision.severity,
        headline=wording.headline(signals, language, severity=decision.severity, mark=_mark(decision)),
        summary=" ".join(
            part
            for part in (
                wording.notice(
                    decision.reason,
                    language,
                    between=decision.between,
                    title=_title(articles, signals[0]),
                    by=decision.confirmed_by or "",
                ),
                wording.summary(shorten(signals[0].sentence, caps.sentence), reach, language),
            )
            if part
        ),
        events=tuple(
            _event(signal, caps, "removed" if signal in removed else "added" if between and signal in signals else None)
            for signal in told[: caps.events]
        ),
        story=StoryFacts(
            id=story.id,
            url=links.story,
            articles=story.articles,
            origins=origins,
            outlets=story.outlets,
            first_seen=utc(story.first_seen_at),
        ),
        articles=tuple(_article(article, caps) for article in articles[: caps.articles]),
        why=_why(decision, signals[: caps.events], articles, language),
        links=links,
        sequence=sequence,
        reason=decision.reason,
        between=between,
        confirmed_by=shorten(decision.confirmed_by, 80) if decision.confirmed_by else None,
    )


def _mark(decision: Decision) -> str:
    """Return the word of :data:`wording.MARKS` for a decision: its reason, ``update`` where that has none."""
    return _mark_of(TYPES[decision.kind], decision.reason)


def mark_of(body: Body) -> str:
    """Return the same for a stored payload."""
    return _mark_of(body.type, body.data.reason)


def _mark_of(kind: str, reason: str) -> str:
    if kind == TYPES[DecisionKind.NEW]:
        return ""
    return reason if reason in wording.MARKS["en"] else "update"


def _title(articles: Sequence[StoryArticle], first: Signal) -> str:
    """Return the headline of the article in question, unless it is quoted anyway."""
    return shorten(articles[0].title, 200) if articles and articles[0].title != first.sentence else ""


def _event(signal: Signal, caps: _Caps, change: Literal["added", "removed"] | None) -> Event:
    return Event(
        type=signal.type,
        actor=signal.actor,
        target=signal.target,
        status=str(signal.status),
        severity=signal.severity,
        sentence=shorten(signal.sentence, caps.sentence),
        change=change,
    )


def _article(article: StoryArticle, caps: _Caps) -> ArticleFacts:
    url = web_address(article.url)
    return ArticleFacts(
        title=shorten(article.title, caps.title),
        url=url if len(url) <= caps.address else "",
        source=shorten(article.source_name, 80),
        origin=shorten(article.origin, 80),
        published=utc(article.published_at) if article.published_at else None,
        first_seen=utc(article.first_seen_at),
    )


def _why(
    decision: Decision, signals: Sequence[Signal], articles: Sequence[StoryArticle], language: Language
) -> tuple[str, ...]:
    """The decision's reason, how little is known where no page could be read, the rule and cues behind each event."""
    found = (wording.why_found(signal, language) for signal in signals)
    decided = wording.why_decided(decision.reason, decision.detail, language)
    unread = (wording.unread(language),) if articles and all(article.partial for article in articles) else ()
    return tuple(shorten(line, 240) for line in (decided, *unread, *found))


def links_for(public_url: str, *, story_id: int, alert_id: str, watch_id: str) -> Links:
    """Return the addresses of the review page that concern an alert."""
    base = clean_line(public_url).rstrip("/")
    return Links(
        story=f"{base}/stories/{story_id}",
        ack=f"{base}/alerts/{alert_id}/ack",
        silence=f"{base}/alerts/{alert_id}/silence",
    )


def read_payload(alert: Alert) -> Body:
    """Return what a stored alert tells.

    Raises:
        RenderError: the stored text is not such a body.
    """
    try:
        return Body.model_validate_json(alert.payload)
    except ValidationError as error:
        raise RenderError(
            f"alert {alert.id}: the stored payload is not readable: {error.error_count()} faults"
        ) from error
    except UnicodeError as error:
        raise RenderError(f"alert {alert.id}: the stored payload holds broken characters") from error
