"""An alert in the language of whoever reads it: its payload keeps facts, so that its first line can be worded anew."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from alerts import digest, digest_wording, notice_message, notices, wording
from alerts.errors import RenderError
from alerts.message import alert_values
from alerts.payload import read_payload
from alerts.settings import Language
from storage.types import Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """What people read of an alert first."""

    headline: str
    #: one paragraph, empty where there is none
    summary: str
    #: why it was raised, each a sentence
    why: tuple[str, ...]


def worded_anew(alert: Alert, language: Language, zone: ZoneInfo) -> Worded | None:
    """Return a stored alert in a language, or None when its facts cannot be read."""
    try:
        if alert.type == digest.TYPE:
            listed = digest.read_digest(alert).data
            why = (digest_wording.why(listed.kind, language),)
            return Worded(headline=digest_wording.headline(listed, language), summary="", why=why)
        if alert.type in notices.TYPES:
            values = notice_message.mail_values(notices.read_notice(alert), language, zone)
            return Worded(headline=str(values["headline"]), summary=str(values["summary"]), why=())
        body = read_payload(alert)
        values = alert_values(body, language, zone)
    except RenderError:
        return None
    data, story = body.data, body.data.story
    reach = wording.Reach(articles=story.articles, outlets=story.outlets, origins=story.origins)
    return Worded(
        headline=str(values["headline"]),
        summary=wording.summary(data.events[0].sentence if data.events else "", reach, language),
        why=wording.why_again(data.why, data.reason, language),
    )
