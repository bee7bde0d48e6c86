"""How many messages a channel is given in a second, however many wait."""

from __future__ import annotations

import time
from collections import deque


class Pace:
    """Counts what began within the last second, by a clock that no correction of the time moves."""

    def __init__(self) -> None:
        self._begun: deque[float] = deque()

    def room(self, rate: int) -> int:
        """Return how many may begin now at ``rate`` a second."""
        now = time.monotonic()
        while self._begun and now - self._begun[0] >= 1.0:
            self._begun.popleft()
        return max(0, rate - len(self._begun))

    def take(self, count: int) -> None:
        """Note that ``count`` begin now."""
        self._begun.extend([time.monotonic()] * count)

    def wait(self, rate: int) -> float:
        """Return the seconds until one may begin, 0 when one may now."""
        return 0.0 if self.room(rate) > 0 else max(0.001, 1.0 - (time.monotonic() - self._begun[0]))
