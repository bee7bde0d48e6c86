"""Times as the database holds them: UTC, ISO 8601, fixed width, so that text order is time order."""

from __future__ import annotations

from datetime import UTC, datetime

from storage.types import utc


def to_text(moment: datetime) -> str:
    """Return ``moment`` as ``2026-01-31T08:00:00.000000+00:00``.

    Raises:
        ValueError: ``moment`` has no time zone.
    """
    return utc(moment).isoformat(timespec="microseconds")


def to_text_or_none(moment: datetime | None) -> str | None:
    """Like :func:`to_text`, with None for None."""
    return None if moment is None else to_text(moment)


def from_text(text: str) -> datetime:
    """Read what :func:`to_text` wrote."""
    return datetime.fromisoformat(text).astimezone(UTC)


def from_text_or_none(text: str | None) -> datetime | None:
    """Like :func:`from_text`, with None for None."""
    return None if text is None else from_text(text)
