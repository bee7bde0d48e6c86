"""A smaller form of a mail that a relay finds too big."""

from __future__ import annotations

import email
from email.errors import MessageError
from email.message import EmailMessage

from alerts.mail_policy import MAIL_POLICY

#: characters of text that are kept
TEXT_LIMIT = 4000


def shrunk(message: bytes) -> bytes | None:
    """Return a mail with the same headers and the beginning of its text alone, None when that is no smaller.

    The Message-ID stays: the bigger form was refused, so nobody has it.
    """
    try:
        whole = email.message_from_bytes(message, policy=MAIL_POLICY)
        part = whole.get_body(("plain",))
        text = str(part.get_content()) if part is not None else ""
    except (MessageError, LookupError, ValueError):
        return None
    small = EmailMessage(policy=MAIL_POLICY)
    for name, value in whole.items():
        if not name.lower().startswith(("content-", "mime-")):
            small[name] = value
    small.set_content(text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + "…\n", cte="quoted-printable")
    result = small.as_bytes()
    return result if len(result) < len(message) else None
