"""How soon news is discovered: adaptive polling against a fixed interval with the same number of requests.

Publication traces are made up, with a seed: newsrooms with a day and a week of their own, agencies that
never sleep, dailies that put a whole issue online before breakfast, bursts that follow an event. Time is
simulated; nothing waits.
"""

from __future__ import annotations

import bisect
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles

from scheduler.pace import PUBLIC_FLOOR, next_check
from scheduler.rhythm import Sighting, learn
from storage.types import Rhythm

#: a Monday
START = datetime(2026, 3, 2, tzinfo=UTC)
WEEKS = 6
POLL = timedelta(minutes=15)
SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsroom:
    """How an outlet publishes, and how long its list is."""

    name: str
    #: articles a day of the working week
    articles: float
    #: share of them on a Saturday or Sunday
    weekend: float
    #: relative activity by hour of the day (UTC)
    day: Callable[[float], float]
    #: share of articles that come as a burst within an hour and a half of another
    bursts: float
    #: entries its list holds
    listed: int
    poll: timedelta = POLL


def bump(centre: float, width: float) -> Callable[[float], float]:
    """Return a bell over the 24 hours of a day, around ``centre``."""

    def at(hour: float) -> float:
        away = min(abs(hour - centre), 24 - abs(hour - centre))
        return math.exp(-((away / width) ** 2) / 2)

    return at


def _office(hour: float) -> float:
    return 0.03 + bump(9, 1.8)(hour) + 0.8 * bump(15, 2.2)(hour)


def _agency(hour: float) -> float:
    return 0.35 + bump(8, 3)(hour) + bump(14, 4)(hour)


def _broadcaster(hour: float) -> float:
    return 0.12 + bump(6, 1.2)(hour) + 0.9 * bump(12, 2)(hour) + 1.1 * bump(18, 2)(hour)


def _daily(hour: float) -> float:
    return 0.02 + 6 * bump(4.5, 0.4)(hour) + 0.6 * bump(12, 3)(hour)


NEWSROOMS = (
    Newsroom(name="agency", articles=160, weekend=0.7, day=_agency, bursts=0.25, listed=50),
    Newsroom(name="broadcaster", articles=70, weekend=0.6, day=_broadcaster, bursts=0.2, listed=24),
    Newsroom(name="national daily", articles=90, weekend=0.5, day=_daily, bursts=0.1, listed=60),
    Newsroom(name="capital portal", articles=35, weekend=0.35, day=_office, bursts=0.15, listed=20),
    Newsroom(name="short list", articles=300, weekend=0.8, day=_broadcaster, bursts=0.2, listed=10),
    Newsroom(name="small weekly", articles=4, weekend=0.2, day=_office, bursts=0.1, listed=10),
    Newsroom(name="ministry", articles=3, weekend=0.05, day=bump(11, 2.5), bursts=0.3, listed=10),
)


def publications(newsroom: Newsroom, chance: random.Random, weeks: int = WEEKS) -> list[datetime]:
    """Return when the outlet publishes, in order."""
    scale = sum(newsroom.day(hour / 4) for hour in range(96)) / 96
    highest = max(newsroom.day(hour / 4) for hour in range(96)) / scale
    own = newsroom.articles * (1 - newsroom.bursts) / 24
    moments: list[datetime] = []
    at = START
    end = START + timedelta(weeks=weeks)
    while at < end:
        at += timedelta(hours=chance.expovariate(own * highest))
        share = newsroom.day(at.hour + at.minute / 60) / scale / highest
        if chance.random() < share * (newsroom.weekend if at.weekday() >= 5 else 1):
            moments.append(at)
            moments += _burst(at, newsroom.bursts, chance)
    return sorted(moment for moment in moments if moment < end)


def _burst(at: datetime, bursts: float, chance: random.Random) -> Iterator[datetime]:
    """Yield follow-ups of one event: rarely any, then many."""
    if chance.random() < bursts / 6:
        for _ in range(chance.randint(3, 9)):
            yield at + timedelta(minutes=90 * chance.random() ** 1.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What polling one trace came to."""

    requests: int
    #: minutes from publication to discovery, an entry each
    delays: tuple[float, ...]
    #: entries that left the list before it was read
    lost: int


def adaptive(newsroom: Newsroom, moments: Sequence[datetime], chance: random.Random) -> Outcome:
    """Poll as the service does, from knowing nothing."""
    rhythm = Rhythm()

    def after(now: datetime, new: Sequence[datetime]) -> datetime:
        nonlocal rhythm
        share = min(len(new) / newsroom.listed, 1.0)
        rhythm = learn(rhythm, Sighting(new=tuple(new), unknown_share=share), now)
        plan = next_check(poll=newsroom.poll, now=now, chance=chance.random(), rhythm=rhythm, floor=PUBLIC_FLOOR)
        return plan.at

    return _replay(newsroom, moments, after)


def fixed(newsroom: Newsroom, moments: Sequence[datetime], chance: random.Random, requests: int) -> Outcome:
    """Poll at one interval, spread by chance as the service does, with so many requests in all."""
    interval = (_end(moments) - START) / requests
    return _replay(newsroom, moments, lambda now, _: now + interval * (0.9 + 0.2 * chance.random()))


def _end(moments: Sequence[datetime]) -> datetime:
    return START + timedelta(days=math.ceil((moments[-1] - START) / timedelta(days=1)))


def _replay(
    newsroom: Newsroom, moments: Sequence[datetime], after: Callable[[datetime, Sequence[datetime]], datetime]
) -> Outcome:
    at = START + timedelta(minutes=7)
    seen = requests = lost = 0
    delays: list[float] = []
    end = _end(moments)
    while at < end:
        upto = bisect.bisect_right(moments, at)
        new = moments[max(seen, upto - newsroom.listed) : upto]
        lost += upto - seen - len(new)
        delays += [(at - moment).total_seconds() / 60 for moment in new]
        seen = upto
        requests += 1
        at = after(at, new)
    return Outcome(requests=requests, delays=tuple(delays), lost=lost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Both ways over one newsroom, or over all."""

    name: str
    adaptive: Outcome
    fixed: Outcome

    @staticmethod
    def row(outcome: Outcome) -> tuple[float, float, float]:
        """Return median, mean and 90th percentile of the delay in minutes."""
        return median(outcome.delays), sum(outcome.delays) / len(outcome.delays), quantiles(outcome.delays, n=10)[-1]


def compare(seed: int = SEED, weeks: int = WEEKS) -> list[Comparison]:
    """Return a comparison a newsroom, and one over all entries at the end."""
    found = []
    for newsroom in NEWSROOMS:
        chance = random.Random(f"{seed} {newsroom.name}")
        moments = publications(newsroom, chance, weeks)
        ours = adaptive(newsroom, moments, chance)
        theirs = fixed(newsroom, moments, chance, ours.requests)
        found.append(Comparison(name=newsroom.name, adaptive=ours, fixed=theirs))
    everything = Comparison(
        name="all", adaptive=_sum([each.adaptive for each in found]), fixed=_sum([each.fixed for each in found])
    )
    return [*found, everything]


def _sum(outcomes: Sequence[Outcome]) -> Outcome:
    return Outcome(
        requests=sum(outcome.requests for outcome in outcomes),
        delays=tuple(delay for outcome in outcomes for delay in outcome.delays),
        lost=sum(outcome.lost for outcome in outcomes),
    )


def report(comparisons: Sequence[Comparison]) -> str:
    """Return a table: minutes from publication to discovery."""
    lines = [
        f"{f'discovery, {WEEKS} weeks simulated':26} {'requests':^15} {'median (min)':^15} {'mean (min)':^15} "
        f"{'90 % (min)':^15} {'missed':^13}",
        f"{'adaptive beside fixed':26} "
        + " ".join([f"{'adapt.':>7} {'fixed':>7}"] * 4)
        + f" {'adapt.':>6} {'fixed':>6}",
    ]
    for each in comparisons:
        ours, theirs = Comparison.row(each.adaptive), Comparison.row(each.fixed)
        pairs = " ".join(f"{mine:7.1f} {other:7.1f}" for mine, other in zip(ours, theirs, strict=True))
        lines.append(
            f"{each.name:26} {each.adaptive.requests:7} {each.fixed.requests:7} {pairs} "
            f"{each.adaptive.lost:6} {each.fixed.lost:6}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(report(compare()))  # noqa: T201
