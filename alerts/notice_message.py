"""A notice as a mail: text and HTML, the same bytes on every attempt, as an alert's mail is."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from alerts import alert_wording, channel_wording, identity, notices, wording
from alerts import health_wording as words
from alerts.errors import RenderError
from alerts.laying_out import fill_mail
from alerts.message import COLOURS, mail_headers
from alerts.notices import Body, SourceFacts
from alerts.settings import EmailChannel, Language
from alerts.text import clean_line, shorten
from alerts.trouble import Trouble
from storage.health import read_cause
from storage.types import Alert, FailureReason, Health, HealthState, Network, NetworkState

_FINE = "\u202f"
#: the mailing list that notices belong to (RFC 2919)
LIST = "operations"


def render_notice_email(
    *, delivery_key: str, alert: Alert, channel: EmailChannel, recipient: str, install_id: str, zone: ZoneInfo
) -> bytes:
    """Return the mail for one recipient, ready for SMTP: 7-bit lines that end in CR LF.

    Args:
        delivery_key: identity of the delivery.
        alert: the notice; its facts are worded in the channel's language.
        channel: sender and language.
        recipient: the one address this mail goes to.
        install_id: the archive's own id, for the thread.
        zone: the reader's time zone, shown beside UTC.

    Raises:
        RenderError: the stored notice is not readable.
    """
    body = notices.read_notice(alert)
    values = mail_values(body, channel.language, zone)
    message = mail_headers(
        delivery_key,
        alert,
        channel,
        recipient,
        install_id,
        subject=str(values["headline"]),
        severity=alert.severity,
        thread=_thread(body),
        list_name=None if alert.watch_id else LIST,
    )
    return fill_mail(message, "notice", values, delivery_key=delivery_key)


def _thread(body: Body) -> str:
    """Return what a notice is about: trouble and its end are one thread."""
    if body.data.source is not None:
        return f"source:{body.data.source}"
    if body.data.silence is not None:
        return f"silence:{body.data.silence.id}"
    if body.type == notices.UNACKNOWLEDGED and body.data.alerts[0].story is not None:
        # It goes on from the first alert, in the thread of its story.
        return identity.story_subject(body.data.alerts[0].story)
    if body.data.channel is not None:
        return f"channel:{body.data.channel.id}"
    return body.type.partition(".")[0]


def mail_values(body: Body, language: Language, zone: ZoneInfo) -> dict[str, Any]:
    """Return what the mail's templates show, worded in ``language``.

    Raises:
        RenderError: the facts in the body cannot be read.
    """
    data = body.data
    try:
        sources = [_mail_source(source, language, zone) for source in data.sources]
        headline, summary = _mail_heading(body, language, zone)
    except (ValueError, KeyError, TypeError) as error:
        raise RenderError(f"alert {data.alert}: the facts of the notice are not readable") from error
    more = data.count - max(len(data.sources), len(data.alerts))
    french = language == "fr"
    return {
        "language": language,
        # What nobody answered is as grave as it was; news of the watch itself is no news of the world.
        "colour": COLOURS.get(data.severity, COLOURS[3]) if body.type == notices.UNACKNOWLEDGED else COLOURS[1],
        "headline": headline,
        "summary": summary,
        "sources": sources,
        "alerts": [alert_wording.mail_item(alert, language, zone) for alert in data.alerts],
        "unnamed": more,
        "more": (f"… et {more} autres" if french else f"… and {more} more") if more > 0 else "",
        "since": (f"Depuis{_FINE}: " if french else "Since: ") + wording.moment(data.since, language, zone),
        "links": {"sources": data.links.page or data.links.sources, "ack": data.links.ack},
        "colon": wording.colon(language),
        "ack_link": wording.label("ack_link", language) if body.type == notices.UNACKNOWLEDGED else "",
        "sources_link": alert_wording.page_link(body.type, language) if data.links.page else _sources_link(language),
        "footer": f"Vigie · {'avis' if french else 'notice'} {data.alert} · {body.type}",
    }


def _sources_link(language: Language) -> str:
    return "État des sources" if language == "fr" else "State of the sources"


def _mail_heading(body: Body, language: Language, zone: ZoneInfo) -> tuple[str, str]:
    data = body.data
    if body.type == notices.SILENCE_ENDED and data.silence is not None:
        return alert_wording.ended(data.count, language), alert_wording.ended_summary(data.silence, language, zone)
    if body.type == notices.UNACKNOWLEDGED and data.alerts:
        return alert_wording.unacknowledged(data.alerts[0], language), alert_wording.since(data.since, language, zone)
    if data.sources:
        return notices.sources_headline(body.type, data.sources, data.count, language), ""
    if data.channel is not None:
        way, trouble = data.channel, Trouble(data.channel.trouble)
        said = channel_wording.sentence(way.id, trouble, way.detail, language)
        return channel_wording.headline(way.id, trouble, language), said
    headline = notices.headline_of(body.type, language)
    if body.type == notices.NETWORK_DOWN and data.network is not None:
        facts = data.network
        network = Network(
            state=NetworkState(facts.state), since=facts.since, failed=facts.failed, asked=facts.asked,
            failure=_failure(facts.failure),
        )  # fmt: skip
        return headline, words.network_sentence(network, language)
    if body.type == notices.CANARY_MISSED and data.canary is not None and data.canary.stage is not None:
        return headline, words.canary_sentence(data.canary.stage, data.canary.detail, language)
    return headline, ""


def _mail_source(source: SourceFacts, language: Language, zone: ZoneInfo) -> dict[str, str]:
    health = Health(state=HealthState(source.state), since=source.since, cause=read_cause(source.facts))
    return {
        "name": source.name,
        "url": source.url,
        "state": words.state_word(health.state, language),
        "reason": words.explain(health, language, zone),
        "detail": shorten(clean_line(health.cause.detail or ""), 300),
        "advice": words.advice(health.state, language),
    }


def _failure(value: str | None) -> FailureReason | None:
    return FailureReason(value) if value else None
