"""``Last-Modified`` and ``If-Modified-Since`` (RFC 9110 sections 8.8.2 and 13.1.3) for feeds, without losing an event.

What a feed shows changes when the archive was given something or somebody changed something, not with the time of its
newest event: an event of yesterday may be read today. Whatever is written carries the time at which it was taken up,
which may lie a little before the moment others can see it; so no answer claims to know the last minute.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

#: by then whatever was taken up can be seen
SETTLING = timedelta(seconds=61)


def last_modified(changed: datetime | None, now: datetime) -> datetime:
    """Return the moment that an answer is of: of the archive's last change, yet never of the last minute.

    Args:
        changed: when the archive last changed, as far as can be seen; None for an empty one.
        now: when the answer is made.
    """
    settled = now - SETTLING
    return (settled if changed is None else min(changed, settled)).astimezone(UTC).replace(microsecond=0)


def unchanged(condition: str | None, changed: datetime | None) -> bool:
    """Whether an answer of the moment in ``If-Modified-Since`` still holds; a moment that cannot be read is none."""
    if condition is None or changed is None:
        return False
    try:
        known = parsedate_to_datetime(condition)
    except ValueError:
        return False
    known = known if known.tzinfo else known.replace(tzinfo=UTC)
    return changed.replace(microsecond=0) <= known


def http_date(moment: datetime) -> str:
    """Return a moment as HTTP writes it (RFC 9110 section 5.6.7)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
