"""Names that stay the same over attempts, restarts and restores.

None of them holds a time or a count of attempts: equal news has equal names, so a repeated message can be
recognised as one.
"""

from __future__ import annotations

import base64
import hashlib

from storage.types import Decision, DecisionKind, Signal

#: Right part of every Message-ID and List-Id. The top-level domain ``invalid`` belongs to nobody
#: (RFC 6761 section 6.4), so no host is impersonated, and a change of the sender's address renames nothing.
MAIL_DOMAIN = "vigie.invalid"


def _digest(*parts: str) -> bytes:
    """SHA-256 over the parts, each with its length, so that no two lists of parts are alike."""
    hashed = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        hashed.update(len(raw).to_bytes(8, "big") + raw)
    return hashed.digest()


def _base32(digest: bytes, length: int) -> str:
    return base64.b32encode(digest).decode("ascii").lower()[:length]


def story_subject(story_id: int) -> str:
    """Return what alerts on this story are about, as a part of their keys."""
    return f"story:{story_id}"


def trigger(decision: Decision) -> str:
    """Return what set an alert off: ``new``, or the acts and severities an update or an edit brings."""
    if decision.kind is DecisionKind.NEW:
        return "new"
    acts = sorted({_act(signal) for signal in decision.signals})
    return f"{decision.reason}:{'|'.join(acts)}"


def _act(signal: Signal) -> str:
    return f"{signal.type}/{signal.actor or '-'}/{signal.target or '-'}/{signal.severity}"


def alert_key(*, install_id: str, watch_id: str, subject: str, trigger: str) -> str:
    """Return the identity of an alert: equal keys are the same alert.

    Args:
        install_id: the archive's own id, so that two installations never share a key.
        watch_id: who is told.
        subject: what it is about, see :func:`story_subject`.
        trigger: what set it off, see :func:`trigger`.
    """
    return _digest("alert", install_id, watch_id, subject, trigger).hex()


def alert_id(key: str) -> str:
    """Return the public id of an alert, ``alr_`` and 20 characters."""
    return "alr_" + _base32(_digest("id", key), 20)


def delivery_key(*, alert_key: str, channel_id: str, recipient: str) -> str:
    """Return the identity of a delivery over all attempts, ``msg_`` and 26 characters.

    It is the ``webhook-id`` (Standard Webhooks 1.0 forbids a full stop in it) and the left part of the
    Message-ID.
    """
    return "msg_" + _base32(_digest("delivery", alert_key, channel_id, recipient), 26)


def message_id(key: str) -> str:
    """Return the Message-ID of a delivery (RFC 5322 section 3.6.4)."""
    return f"<{key}@{MAIL_DOMAIN}>"


def thread_id(*, install_id: str, watch_id: str, subject: str) -> str:
    """Return the message id that every mail on a story refers to, so that mail programs thread them."""
    return f"<sty_{_base32(_digest('thread', install_id, watch_id, subject), 26)}@{MAIL_DOMAIN}>"


def list_id(watch_id: str) -> str:
    """Return the List-Id of a watch without angle brackets (RFC 2919), so that mail rules can file its alerts."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c == "-") else "-" for c in watch_id.lower())
    return f"{safe.strip('-') or 'watch'}.alerts.{MAIL_DOMAIN}"
