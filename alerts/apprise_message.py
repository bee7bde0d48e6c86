"""An alert as a short message for chats and phones, the same on every attempt.

The first line is what a lock screen shows: severity, who to whom, act. The last holds the delivery's key, so that
a repeated message can be recognised as one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Self
from zoneinfo import ZoneInfo

from alerts import digest, digest_wording, notices, wording
from alerts.digest_message import mail_values as digest_values
from alerts.message import alert_values, plain_lines
from alerts.notice_message import mail_values as notice_values
from alerts.payload import read_payload
from alerts.settings import Language
from alerts.text import clean_line, shorten
from storage.types import Alert

#: articles that are linked; the story's page has all
MOST_ARTICLES = 3
#: characters of the sentence that proves the act
PROOF_LIMIT = 400
#: alerts named of a list; the page shows all
MOST_MEMBERS = 12
#: sources named in a notice
MOST_SOURCES = 6

#: Chats read ``@everyone`` and ``<!channel>`` as calls to everybody; text of the press must not ring bells.
_HARMLESS = str.maketrans({"<": "‹", ">": "›", "@": "@\u2060", "`": "'"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a service is given."""

    title: str
    body: str
    #: kept when a service takes less text than the body holds
    footer: str
    #: 1 to 5; services choose a colour or a sound by it
    severity: int

    def to_bytes(self) -> bytes:
        """Return the note as JSON in UTF-8."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, text: bytes) -> Self:
        """Read what :meth:`to_bytes` wrote.

        Raises:
            ValueError: it is something else.
        """
        try:
            found = json.loads(text)
            return cls(
                title=str(found["title"]), body=str(found["body"]), footer=str(found["footer"]),
                severity=int(found["severity"]),
            )  # fmt: skip
        except (KeyError, TypeError) as error:
            raise ValueError("not a note") from error


def render_note(*, delivery_key: str, alert: Alert, language: Language, zone: ZoneInfo) -> Note:
    """Return the message of an alert or a notice.

    Args:
        delivery_key: identity of the delivery, see :func:`alerts.identity.delivery_key`.
        alert: what is told; its stored payload is worded again in ``language``.
        language: of the channel.
        zone: the readers' time zone, shown beside UTC.

    Raises:
        RenderError: the stored payload is not readable.
    """
    if digest.is_digest(alert):
        values = digest_values(digest.read_digest(alert), language, zone)
        lines = _digest_lines(values)
    elif notices.is_notice(alert):
        values = notice_values(notices.read_notice(alert), language, zone)
        lines = _notice_lines(values)
    else:
        values = alert_values(read_payload(alert), language, zone)
        lines = _alert_lines(values)
    return _note(str(values["headline"]), lines, str(values["footer"]), delivery_key, alert.severity)


def render_plain_note(*, delivery_key: str, alert: Alert, language: Language, public_url: str) -> Note:
    """Return the message that goes out when :func:`render_note` fails: headline, ids and a link."""
    watch = clean_line(alert.watch_id)
    lines = list(plain_lines(alert, language, public_url))
    footer = wording.footer(clean_line(alert.id), watch, alert.sequence, language)
    return _note(shorten(alert.headline, wording.HEADLINE_LIMIT), lines, footer, delivery_key, alert.severity)


def _note(title: str, lines: list[str], footer: str, delivery_key: str, severity: int) -> Note:
    body = "\n".join(line for line in lines if line)
    return Note(title=harmless(title), body=body, footer=f"{harmless(footer)} · {delivery_key}", severity=severity)


def _alert_lines(values: dict[str, Any]) -> list[str]:
    links = values["links"]
    lines = [harmless(values["notice"])]
    lines += [shorten(harmless(values["proof"]), PROOF_LIMIT), harmless(f"{values['reach']}{values['origins']}")]
    lines.append(harmless(values["first_seen"]))
    for article in values["articles"][:MOST_ARTICLES]:
        lines.append(f"• {harmless(shorten(article['title'], 120))} — {harmless(article['credit'])}")
        lines.append(_address(article["url"]))
    lines += [f"{values[f'{name}_label']}{_address(links[name])}" for name in ("story", "ack", "silence")]
    return lines


def _digest_lines(values: dict[str, Any]) -> list[str]:
    lines = []
    for member in values["members"][:MOST_MEMBERS]:
        lines.append(f"• {harmless(member['line'])}")
        lines.append(_address(member["url"]))
    hidden = max(0, len(values["members"]) - MOST_MEMBERS) + values["unnamed"]
    lines.append(digest_wording.more(hidden, values["language"]))
    lines += [harmless(line) for line in values["coverage"]]
    return [*lines, f"{values['list_label']}{_address(values['links']['list'])}"]


def _notice_lines(values: dict[str, Any]) -> list[str]:
    lines = [harmless(values["summary"])]
    lines += [
        f"• {harmless(source['name'])} [{harmless(source['state'])}] {harmless(shorten(source['reason'], 200))}"
        for source in values["sources"][:MOST_SOURCES]
    ]
    for alert in values["alerts"][:MOST_MEMBERS]:
        lines += [f"• {harmless(alert['headline'])}", _address(alert["url"])]
    unnamed = max(0, len(values["alerts"]) - MOST_MEMBERS) + values["unnamed"]
    lines.append(digest_wording.more(unnamed, values["language"]) if values["alerts"] else values["more"])
    lines += [values["since"], f"{values['sources_link']}{values['colon']}{_address(values['links']['sources'])}"]
    if values["ack_link"]:
        lines.append(f"{values['ack_link']}{values['colon']}{_address(values['links']['ack'])}")
    return lines


def harmless(text: str) -> str:
    """Return a text as one line that calls nobody and opens no mark-up in a chat."""
    return clean_line(str(text)).translate(_HARMLESS)


def _address(url: str) -> str:
    return clean_line(url)
