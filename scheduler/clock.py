"""The present, and the moments when the system's clock jumped."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

#: a difference between wall clock and monotonic clock that is no drift but a jump
JUMP = timedelta(seconds=60)


def now_utc() -> datetime:
    """Return the present, aware, in UTC."""
    return datetime.now(UTC)


class JumpDetector:
    """Notices that the wall clock moved against the monotonic one: set by hand, by NTP, or after a suspend."""

    def __init__(self) -> None:
        self._offset = self._difference()

    def jumped(self) -> timedelta | None:
        """Return by how much the clock jumped since the last call, or None."""
        offset = self._difference()
        jump = timedelta(seconds=offset - self._offset)
        self._offset = offset
        return jump if abs(jump) > JUMP else None

    @staticmethod
    def _difference() -> float:
        return time.time() - time.monotonic()
