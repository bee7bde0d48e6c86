"""An alert as a mail: text and HTML, the same bytes on every attempt.

Nothing in it depends on the time or the attempt: the Date is the alert's, the Message-ID and the MIME
boundary come from the delivery's key. So copies of a repeated mail are recognisable as one (RFC 5322
section 3.6.4), and mail programs thread a story's updates by References.
"""

from __future__ import annotations

from datetime import UTC
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from alerts import identity, wording
from alerts.laying_out import fill_mail
from alerts.mail_policy import MAIL_POLICY
from alerts.payload import ArticleFacts, Body, Event, links_for, mark_of, read_payload
from alerts.settings import EmailChannel, Language, recipient_address
from alerts.text import clean_line, shorten
from storage.types import Alert

#: type of the alert that tries a channel
TEST = "alert.test"
#: of each severity
COLOURS = {1: "#64748b", 2: "#a07d1c", 3: "#c2630b", 4: "#d2491c", 5: "#a8123a"}


def render_email(
    *,
    delivery_key: str,
    alert: Alert,
    channel: EmailChannel,
    recipient: str,
    install_id: str,
    zone: ZoneInfo,
) -> bytes:
    """Return the mail for one recipient, ready for SMTP: 7-bit lines that end in CR LF.

    Args:
        delivery_key: identity of the delivery, see :func:`alerts.identity.delivery_key`.
        alert: what is told; its stored payload is worded again in the channel's language.
        channel: sender and language.
        recipient: the one address this mail goes to.
        install_id: the archive's own id, for the thread.
        zone: the reader's time zone, shown beside UTC.

    Raises:
        RenderError: the stored payload is not readable.
    """
    body = read_payload(alert)
    values = alert_values(body, channel.language, zone)
    message = mail_headers(
        delivery_key, alert, channel, recipient, install_id, subject=str(values["headline"]), severity=alert.severity
    )
    return fill_mail(message, "alert", values, delivery_key=delivery_key)


def render_plain_email(
    *, delivery_key: str, alert: Alert, channel: EmailChannel, recipient: str, install_id: str, public_url: str
) -> bytes:
    """Return the mail that goes out when :func:`render_email` fails: headline, ids and a link, no layout."""
    headline = shorten(alert.headline, wording.HEADLINE_LIMIT)
    lines = (
        headline,
        "",
        *plain_lines(alert, channel.language, public_url),
        "",
        wording.footer(clean_line(alert.id), clean_line(alert.watch_id), alert.sequence, channel.language),
        "",
    )
    message = mail_headers(
        delivery_key, alert, channel, recipient, install_id, subject=headline, severity=alert.severity
    )
    message.set_content("\n".join(lines), cte="quoted-printable")
    return message.as_bytes()


def plain_lines(alert: Alert, language: Language, public_url: str) -> tuple[str, str]:
    """Return what a message without layout says, and the address that it leads to."""
    if alert.type == TEST:
        # A test is on no page.
        return wording.label("test", language), clean_line(public_url)
    links = links_for(public_url, story_id=alert.story_id or 0, alert_id=alert.id, watch_id=clean_line(alert.watch_id))
    return wording.label("unreadable", language), links.story if alert.story_id is not None else links.ack


def mail_headers(
    delivery_key: str,
    alert: Alert,
    channel: EmailChannel,
    recipient: str,
    install_id: str,
    *,
    subject: str,
    severity: int,
    thread: str | None = None,
    list_name: str | None = None,
) -> EmailMessage:
    """Return a mail without content.

    Args:
        delivery_key: identity of the delivery.
        alert: what is told.
        channel: sender and language.
        recipient: the one address this mail goes to.
        install_id: the archive's own id.
        subject: the headline.
        severity: as the X-Vigie-Severity header tells it.
        thread: what the mail is about, for the thread; the story or the alert when None.
        list_name: first part of the List-Id; the watch's when None.
    """
    message = EmailMessage(policy=MAIL_POLICY)
    message["From"] = Address(clean_line(channel.sender_name) or "Vigie", addr_spec=channel.sender_address)
    message["To"] = Address(addr_spec=recipient_address(channel, recipient))
    message["Subject"] = clean_line(subject)
    message["Date"] = format_datetime(alert.created_at.astimezone(UTC))
    message["Message-ID"] = identity.message_id(delivery_key)
    own = identity.story_subject(alert.story_id) if alert.story_id is not None else f"alert:{alert.id}"
    root = identity.thread_id(install_id=install_id, watch_id=alert.watch_id, subject=thread or alert.thread or own)
    if alert.sequence > 1:
        message["In-Reply-To"] = root
    message["References"] = root
    # RFC 3834 section 5: no out-of-office answers to a machine.
    message["Auto-Submitted"] = "auto-generated"
    list_id = f"{list_name}.{identity.MAIL_DOMAIN}" if list_name else identity.list_id(alert.watch_id)
    message["List-Id"] = f"<{list_id}>"
    message["X-Vigie-Alert"] = clean_line(alert.id)
    message["X-Vigie-Severity"] = str(severity)
    return message


def alert_values(body: Body, language: Language, zone: ZoneInfo) -> dict[str, Any]:
    """Return what the templates of an alert show, worded in ``language``."""
    data = body.data
    reach = wording.Reach(articles=data.story.articles, outlets=data.story.outlets, origins=data.story.origins)
    first = data.events[0] if data.events else None
    headline, proof = clean_line(data.headline), ""
    if first is not None:
        # The subject counts what happened, not the background that is told along with it.
        happened = [event for event in data.events if event.status == first.status]
        headline = wording.headline(happened, language, severity=data.severity, mark=mark_of(body))
        proof = wording.quoted(first.sentence, language)
    label = partial(wording.label, language=language)
    return {
        "language": language,
        "colour": COLOURS.get(data.severity, COLOURS[3]),
        "headline": headline,
        "notice": _notice(body, language, zone),
        "proof": proof,
        "reach": wording.reach(reach, language),
        "origins": wording.origins(reach.origins, language),
        "first_seen": label("first_seen") + wording.moment(data.story.first_seen, language, zone),
        "acts": [_act(event, language, mark_of(body)) for event in data.events],
        "articles": [_article(article, language, zone) for article in data.articles],
        "links": {"story": data.links.story, "ack": data.links.ack, "silence": data.links.silence},
        "why": wording.why_again(data.why, data.reason, language),
        "footer": wording.footer(data.alert, data.watch, data.sequence, language),
        "acts_label": label("acts"),
        "articles_label": label("articles"),
        "why_label": label("why"),
        "story_label": label("story"),
        "ack_label": label("ack"),
        "silence_label": label("silence"),
        "story_link": label("story_link"),
        "ack_link": label("ack_link"),
        "silence_link": label("silence_link"),
    }


def _notice(body: Body, language: Language, zone: ZoneInfo) -> str:
    """Return what an edit, a confirmation or a correction is, and when people were told what it corrects."""
    data = body.data
    between = (data.between.since, data.between.until) if data.between else None
    title = data.articles[0].title if data.articles and data.articles[0].title != data.events[0].sentence else ""
    by = data.confirmed_by or ""
    text = wording.notice(data.reason, language, between=between, title=title, by=by, zone=zone)
    if data.told_at is None:
        return text
    return f"{text} {wording.label('corrects', language)}{wording.moment(data.told_at, language, zone)}."


def _act(event: Event, language: Language, mark: str) -> dict[str, str]:
    # An act of a dispatch that was cancelled, or of a page that is gone, must not read as if it still stood.
    gone = wording.MARKS[language][mark] if mark in {"cancelled", "withdrawn"} else ""
    return {
        "line": f"{wording.severity_word(event.severity, language)} · {wording.act_line(event, language)}",
        "status": ", ".join(
            word
            for word in (
                wording.status_word(event.status, language),
                wording.changed(event.change, language) if event.change else gone,
            )
            if word
        ),
        "quote": wording.quoted(event.sentence, language),
    }


def _article(article: ArticleFacts, language: Language, zone: ZoneInfo) -> dict[str, str]:
    origin = f" ({article.origin})" if article.origin and article.origin != article.source else ""
    seen = wording.moment(article.published or article.first_seen, language, zone)
    return {"title": article.title, "url": article.url, "credit": f"{article.source}{origin}, {seen}"}
