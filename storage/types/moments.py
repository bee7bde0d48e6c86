"""The one rule for times: aware, and in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(moment: datetime) -> datetime:
    """Return ``moment`` in UTC.

    Raises:
        ValueError: ``moment`` has no time zone; guessing one would move an event by hours.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a time without zone was given ({moment!s}); state its zone")
    return moment.astimezone(UTC)
