"""How long a backtest takes by its pace so far, and how many days would end in time. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from scheduler.backtest import WARM_UP

#: so long a pace is only watched: a machine may be busy for a minute
PATIENCE = timedelta(minutes=3)
#: what would take so many times as long as it may is given up early
HOPELESS = 1.25
#: share of the time that is offered to a shorter one, for no two paces are the same
_OFFERED = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How far a backtest is."""

    #: readings gone through, of how many
    done: int
    total: int
    #: seconds since the first of them
    seconds: float

    @property
    def left(self) -> float | None:
        """Seconds until it ends, None while nothing says so."""
        return self.seconds * (self.total - self.done) / self.done if self.done and self.seconds > 0 else None

    def fits(self, days: int, deadline: timedelta) -> int | None:
        """Return how many days would end in time, None for the days that were asked: they do.

        Zero says that not even one does, for the days before it have to be gone through as well.

        Args:
            days: that were asked for.
            deadline: it may take so long.
        """
        if self.left is None or self.seconds + self.left <= deadline.total_seconds():
            return None
        warm_up = WARM_UP / timedelta(days=1)
        share = _OFFERED * deadline.total_seconds() / (self.seconds + self.left)
        return max(0, min(days - 1, int(share * (days + warm_up) - warm_up)))

    def is_hopeless(self, deadline: timedelta) -> bool:
        """Whether it cannot end in time, whatever the machine does besides."""
        if self.left is None or self.seconds < PATIENCE.total_seconds():
            return False
        return self.seconds + self.left > HOPELESS * deadline.total_seconds()
