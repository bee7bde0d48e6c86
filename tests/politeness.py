"""What a crawler asked for, and the rules it is held to: robots.txt, Crawl-delay, Retry-After, one at a time."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

#: seconds by which two clocks and their rounding may differ
TOLERANCE = 0.01
#: what may stand in front of a User-Agent's contact address
PRODUCT = "Vigie/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as the far end saw it; times in seconds on one clock."""

    host: str
    path: str
    #: when the request had arrived, and when its answer was about to be written
    start: float
    end: float
    status: int
    agent: str = ""
    #: it bore If-None-Match or If-Modified-Since
    conditional: bool = False
    #: seconds the answer asked to wait
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one host's robots.txt says, and how it wants to be treated."""

    crawl_delay: float = 0.0
    #: prefixes of paths not to be asked for
    disallow: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Ledger:
    """Requests by host, in the order of their arrival."""

    asked: list[Asked] = field(default_factory=list)

    def by_host(self) -> dict[str, list[Asked]]:
        """Return each host's requests, earliest first."""
        found: dict[str, list[Asked]] = defaultdict(list)
        for each in sorted(self.asked, key=lambda each: each.start):
            found[each.host].append(each)
        return found


def violations(ledger: Ledger, rules: dict[str, Rules], *, delay: float, seconds: float = 0.0) -> list[str]:
    """Return every break of a rule, a sentence each.

    Args:
        ledger: what was asked for.
        rules: each host's rules.
        delay: seconds that must lie between two requests to any host.
        seconds: until when rules count, on the ledger's clock; 0 for the whole of it.
    """
    found: list[str] = []
    for host, asked in ledger.by_host().items():
        kept = [each for each in asked if not seconds or each.start <= seconds]
        found += _of_host(host, kept, rules.get(host, Rules()), delay)
    return found


def _of_host(host: str, asked: list[Asked], rules: Rules, delay: float) -> Iterator[str]:
    yield from _parallel(host, asked)
    yield from _hurried(host, asked, max(rules.crawl_delay, delay))
    yield from _impatient(host, asked)
    for each in asked:
        if each.path.startswith(rules.disallow) and rules.disallow and each.path != "/robots.txt":
            yield f"{host}: {each.path} is disallowed by robots.txt and was asked for at {each.start:.2f}"
        if not each.agent.startswith(PRODUCT) or "(+" not in each.agent:
            yield f"{host}: {each.path} was asked for by {each.agent!r}, which names no product and contact"


def _parallel(host: str, asked: Iterable[Asked]) -> Iterator[str]:
    for earlier, later in itertools.pairwise(asked):
        if later.start < earlier.end:
            yield f"{host}: {later.path} was asked for at {later.start:.2f}, before {earlier.path} was answered"


def _hurried(host: str, asked: list[Asked], delay: float) -> Iterator[str]:
    for earlier, later in itertools.pairwise(asked):
        # The pace is known once the rules are: the request after robots.txt is the first that can keep it.
        if later.start - earlier.start < delay - TOLERANCE:
            yield (
                f"{host}: {later.path} followed {earlier.path} after {later.start - earlier.start:.2f} s, "
                f"sooner than {delay:g} s"
            )


def _impatient(host: str, asked: list[Asked]) -> Iterator[str]:
    until, told = 0.0, ""
    for each in asked:
        if each.start < until:
            yield f"{host}: {each.path} was asked for at {each.start:.2f}, {told} until {until:.2f}"
        if each.retry_after is not None and each.end + each.retry_after > until:
            until, told = each.end + each.retry_after, f"though {each.path} ({each.status}) asked for patience"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A straight line through samples."""

    #: per second
    slope: float
    median: float
    highest: float


def trend(samples: Iterable[tuple[float, float]]) -> Trend:
    """Return the line of Theil and Sen, the median of all slopes between two samples: spikes do not tilt it."""
    points = list(samples)
    slopes = sorted(
        (second[1] - first[1]) / (second[0] - first[0])
        for first, second in itertools.combinations(points[:: max(1, len(points) // 200)], 2)
        if second[0] > first[0]
    )
    values = sorted(value for _, value in points)
    if not values:
        return Trend(slope=0.0, median=0.0, highest=0.0)
    slope = slopes[len(slopes) // 2] if slopes else 0.0
    return Trend(slope=slope, median=values[len(values) // 2], highest=values[-1])
