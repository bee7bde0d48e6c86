"""A notice as a mail: text and HTML, the same bytes on every attempt, as an alert's mail is."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from alerts import identity, notices, wording
from alerts.message import mail_headers
from alerts.notices import Body
from alerts.settings import EmailChannel
from storage.types import Alert

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
    values = notices.mail_values(body, channel.language, zone)
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
    message.set_content(wording.render("notice.txt.j2", **values), cte="quoted-printable")
    message.add_alternative(wording.render("notice.html.j2", **values), subtype="html", cte="quoted-printable")
    message.set_boundary(f"vigie-{delivery_key}")
    return message.as_bytes()


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
