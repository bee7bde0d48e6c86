"""How many passwords may be tried: few an address, few in all. What is refused is not even compared.

A wrong password makes its address wait, longer with each; all addresses together get a number a minute, so that a
thousand machines guess no faster than one. Whoever knows the password waits for nobody but those who guess.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

#: passwords compared in a minute at most, whoever asks
MOST_A_MINUTE = 20
#: and from one address
MOST_FROM_ONE = 10
#: wrong ones in a row before an address waits between two
FREE = 5
#: seconds an address waits at most
LONGEST_PAUSE = 60.0
#: addresses that are remembered
MOST_ADDRESSES = 10_000
_WINDOW = 60.0


def pause(wrong: int) -> float:
    """Return how many seconds an address waits after so many wrong passwords in a row."""
    return 0.0 if wrong < FREE else min(2.0 ** (min(wrong, 60) - FREE + 1), LONGEST_PAUSE)


def neighbourhood(address: str) -> str:
    """Return what counts as one address: an IPv6 customer has a whole /64 to ask from."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        return str(known.ipv4_mapped or ipaddress.ip_network((known, 64), strict=False))
    return address


@dataclass(slots=True)
class _Record:
    wrong: int
    last: float
    recent: deque[float]


class Guesses:
    """Counts what was tried lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing tried; ``clock`` gives seconds and never goes back."""
        self._clock = clock
        self._all: deque[float] = deque()
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def wait(self, address: str) -> float | None:
        """Return how many seconds to wait before a password is compared, or None, and count it, when it is at once."""
        now = self._clock()
        record = self._record(address, now)
        for tried in (self._all, record.recent):
            while tried and tried[0] <= now - _WINDOW:
                tried.popleft()
        waits = [record.last + pause(record.wrong) - now]
        if len(self._all) >= MOST_A_MINUTE:
            waits.append(self._all[0] + _WINDOW - now)
        if len(record.recent) >= MOST_FROM_ONE:
            waits.append(record.recent[0] + _WINDOW - now)
        if max(waits) > 0:
            return max(waits)
        self._all.append(now)
        record.recent.append(now)
        record.last = now
        # Until it turns out right it counts as wrong: many at once must not all count as the first.
        record.wrong += 1
        return None

    def right(self, address: str) -> None:
        """Take back the count of a password that was right."""
        record = self._records.pop(neighbourhood(address), None)
        if record is not None and record.recent and record.recent[-1] in self._all:
            self._all.remove(record.recent[-1])

    def _record(self, address: str, now: float) -> _Record:
        key = neighbourhood(address)
        record = self._records.setdefault(key, _Record(wrong=0, last=now, recent=deque()))
        self._records.move_to_end(key)
        while len(self._records) > MOST_ADDRESSES:
            self._records.popitem(last=False)
        return record
