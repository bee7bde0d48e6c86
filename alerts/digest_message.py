"""A list as a mail: text and HTML, the same bytes on every attempt, as an alert's mail is."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from alerts import digest, identity, wording
from alerts import digest_wording as words
from alerts.digest import Act, Body, Coverage, Member
from alerts.laying_out import fill_mail
from alerts.message import COLOURS, mail_headers
from alerts.settings import EmailChannel, Language
from alerts.text import clean_line
from storage.types import Alert


def render_digest_email(
    *, delivery_key: str, alert: Alert, channel: EmailChannel, recipient: str, install_id: str, zone: ZoneInfo
) -> bytes:
    """Return the mail for one recipient, ready for SMTP: 7-bit lines that end in CR LF.

    A list on one story belongs to that story's thread; any other opens one of its own.

    Args:
        delivery_key: identity of the delivery.
        alert: the list; its facts are worded in the channel's language.
        channel: sender and language.
        recipient: the one address this mail goes to.
        install_id: the archive's own id, for the thread.
        zone: the reader's time zone, shown beside UTC.

    Raises:
        RenderError: the stored list is not readable.
    """
    body = digest.read_digest(alert)
    values = mail_values(body, channel.language, zone)
    message = mail_headers(
        delivery_key,
        alert,
        channel,
        recipient,
        install_id,
        # A person may get the lists of several watches: which one it is must show before the mail is opened.
        subject=f"{values['headline']} ({body.data.watch})",
        severity=alert.severity,
        thread=None if body.data.story is None else identity.story_subject(body.data.story),
    )
    return fill_mail(message, "digest", values, delivery_key=delivery_key)


def mail_values(body: Body, language: Language, zone: ZoneInfo) -> dict[str, Any]:
    """Return what the mail's templates show, worded in ``language``."""
    data = body.data
    return {
        "language": language,
        "colour": COLOURS.get(data.severity, COLOURS[3]),
        "headline": words.headline(data, language),
        "members": [_member(member, language, zone) for member in data.alerts],
        "more": words.more(data.more, language),
        "unnamed": data.more,
        "coverage": _coverage(data.coverage, language),
        "links": {"list": data.links.list, "ack": data.links.ack, "silence": data.links.silence},
        "why": words.why(data.kind, language),
        "footer": words.footer(data.alert, data.watch, language),
        "coverage_label": words.label("coverage", language),
        "why_label": words.label("why", language),
        "list_label": words.label("list", language),
        "ack_label": wording.label("ack", language),
        "silence_label": wording.label("silence", language),
        "list_link": words.label("list_link", language),
        "ack_link": wording.label("ack_link", language),
        "silence_link": wording.label("silence_link", language),
    }


def _member(member: Member, language: Language, zone: ZoneInfo) -> dict[str, str]:
    note = [words.kind_word(member.kind, language)] if member.kind else []
    note += [wording.moment(member.at, language, zone)] if member.at else []
    return {
        "line": _line(member, member.act, language),
        "url": member.url,
        "quote": wording.quoted(member.sentence, language) if member.sentence else "",
        "note": ", ".join(part for part in note if part),
        "colour": COLOURS.get(member.severity, COLOURS[3]),
    }


def _line(member: Member, act: Act | None, language: Language) -> str:
    """Word a member anew in the reader's language; one whose kind has a mark that is not known speaks for itself."""
    if act is None or (member.reason is None and member.kind not in ("new", "update")):
        return clean_line(member.headline)
    acts = [_Told(act, member.severity)] * (1 + max(0, act.more))
    return wording.headline(acts, language, severity=member.severity, mark=member.reason or "")


class _Told:
    """An act of a list as wording takes it."""

    def __init__(self, act: Act, severity: int) -> None:
        self.type, self.actor, self.target, self.severity = act.type, act.actor, act.target, severity


def _coverage(facts: Coverage | None, language: Language) -> tuple[str, ...]:
    if facts is None:
        return ()
    return words.covered(
        sources=(facts.sources_ok, facts.sources_silent, facts.sources_broken, facts.sources_new),
        articles=facts.articles,
        alerts=facts.alerts,
        dead_letters=facts.dead_letters,
        language=language,
    )
