"""When a source publishes, learnt from its polls: pure functions over :class:`storage.types.Rhythm`.

The model is a Poisson process whose rate depends on the hour of the week. A week has 168 hours and a
source may publish three articles a day, so each hour alone knows little: its rate is drawn towards what
the same hour shows on other days and the same day at other hours (a gamma prior a step, the neighbours
smoothed in). Old weeks fade. Beside it runs the *heat*: how much more or less than the rhythm lets
expect came of late.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from storage.types import WEEK_HOURS, Rhythm, utc

#: after this time a week counts half
FADE = timedelta(weeks=4)
#: after this time what came of late counts half
COOLING = timedelta(hours=1)
#: hours that the prior of an hour of the week, and of a whole source, weighs
PRIOR_HOURS = 6.0
#: new entries an hour of a source nothing is known of
USUAL_RATE = 0.5
#: entries expected that must be missing or in surplus before the heat says so
HEAT_PRIOR = 2.0
#: bounds of the heat
COLDEST, HOTTEST = 0.25, 8.0
#: longest time that a first look, or a look after a long pause, learns from
LONGEST_LOOK = timedelta(days=7)
#: share of unknown entries in a list from which its length in time can be told
TELLING_SHARE = 0.2

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What one poll of all addresses of a source brought."""

    #: publication times of the entries never seen before; None where the list gives none
    new: tuple[datetime | None, ...] = ()
    #: of the entries of a list, the greatest share that was unknown (0–1)
    unknown_share: float = 0.0
    #: every address failed: nothing can be said of this time
    blind: bool = False


def hour_of_week(moment: datetime) -> int:
    """Return the hour of the week of an aware time: 0 is Monday 00:00 UTC, 167 Sunday 23:00."""
    moment = utc(moment)
    return moment.weekday() * 24 + moment.hour


def hours_between(start: datetime, end: datetime) -> Iterator[tuple[int, datetime, float]]:
    """Yield (hour of the week, start, length in hours) of the pieces that full hours cut a time into."""
    at = utc(start)
    end = utc(end)
    while at < end:
        following = at.replace(minute=0, second=0, microsecond=0) + _HOUR
        stop = min(following, end)
        yield hour_of_week(at), at, (stop - at) / _HOUR
        at = stop


def learn(rhythm: Rhythm, sighting: Sighting, now: datetime) -> Rhythm:
    """Return the rhythm after a poll at ``now``.

    The first look learns from the dates the list itself gives. A poll that every address failed teaches
    nothing: what was published meanwhile is counted by the next one that works, over the whole time.
    """
    if sighting.blind:
        return rhythm
    since = rhythm.learnt_until
    if since is not None and since > now:
        # The clock was set back. Those hours were watched already.
        return replace(rhythm, learnt_until=now)
    if since is None or now - since > LONGEST_LOOK:
        return _first_look(rhythm, sighting, now)
    moments = sorted(_moments(sighting.new, since, now))
    fade = 0.5 ** ((now - since) / FADE)
    cool = 0.5 ** ((now - since) / COOLING)
    rates = rates_of(rhythm)
    expected = sum(rates[hour] * length for hour, _, length in hours_between(since, now))
    return Rhythm(
        entries=_added(rhythm.entries, fade, ((hour_of_week(moment), 1.0) for moment in moments)),
        watched=_added(rhythm.watched, fade, ((hour, length) for hour, _, length in hours_between(since, now))),
        recent=rhythm.recent * cool + len(moments),
        expected=rhythm.expected * cool + expected,
        window=_window(rhythm.window, len(moments), sighting.unknown_share),
        quiet_polls=0 if moments else rhythm.quiet_polls + 1,
        learnt_until=now,
    )


def rates_of(rhythm: Rhythm) -> tuple[float, ...]:
    """Return the expected new entries an hour, for each hour of the week."""
    entries, watched = rhythm.entries, rhythm.watched
    total = _shrunk(sum(entries), sum(watched), USUAL_RATE)
    by_hour = _smoothed([_shrunk(sum(entries[hour::24]), sum(watched[hour::24]), total) for hour in range(24)])
    days = [slice(24 * day, 24 * day + 24) for day in range(7)]
    by_day = [_shrunk(sum(entries[day]), sum(watched[day]), total) for day in days]
    rates = [
        _shrunk(entries[hour], watched[hour], by_hour[hour % 24] * by_day[hour // 24] / total)
        for hour in range(WEEK_HOURS)
    ]
    return tuple(_smoothed(rates))


def heat_of(rhythm: Rhythm) -> float:
    """Return how many times more than expected came of late; 1 is as expected."""
    heat = (HEAT_PRIOR + rhythm.recent) / (HEAT_PRIOR + rhythm.expected)
    return min(max(heat, COLDEST), HOTTEST)


def _first_look(rhythm: Rhythm, sighting: Sighting, now: datetime) -> Rhythm:
    """Learn from a list's own dates: how far it goes back is how long the source was watched."""
    dated = [utc(moment) for moment in sighting.new if moment is not None]
    dated = sorted(moment for moment in dated if now - LONGEST_LOOK <= moment <= now)
    watched: Iterable[tuple[int, float]] = ()
    # The oldest only marks where the list begins.
    if dated:
        watched = ((hour, length) for hour, _, length in hours_between(dated[0], now))
    return Rhythm(
        entries=_added(rhythm.entries, 1.0, ((hour_of_week(moment), 1.0) for moment in dated[1:])),
        watched=_added(rhythm.watched, 1.0, watched),
        window=rhythm.window,
        learnt_until=now,
    )


def _moments(new: Sequence[datetime | None], since: datetime, now: datetime) -> Iterator[datetime]:
    """Yield when each new entry came, within the time since the last poll: a list may show an old date late."""
    undated = sum(moment is None for moment in new)
    step = (now - since) / (undated + 1)
    places = itertools.count(1)
    for moment in new:
        yield since + step * next(places) if moment is None else min(max(utc(moment), since), now)


def _window(known: float | None, new: int, share: float) -> float | None:
    """Return after how many new entries the shortest list is replaced; the shorter of two tales is believed."""
    if share < TELLING_SHARE or not new:
        return known
    told = new / share
    # A list that grew is believed slowly: an overflow loses news, a poll too many does not.
    return told if known is None or told < known else known * 0.9 + told * 0.1


def _added(bins: Sequence[float], fade: float, more: Iterable[tuple[int, float]]) -> tuple[float, ...]:
    faded = [value * fade for value in bins]
    for hour, amount in more:
        faded[hour] += amount
    return tuple(faded)


def _shrunk(entries: float, watched: float, prior: float) -> float:
    """Return the mean of a gamma distribution: what was seen, drawn towards ``prior``."""
    return (entries + prior * PRIOR_HOURS) / (watched + PRIOR_HOURS)


def _smoothed(bins: Sequence[float]) -> list[float]:
    """Return each value with a quarter of its neighbours, the last being beside the first."""
    size = len(bins)
    return [bins[i] / 2 + (bins[i - 1] + bins[(i + 1) % size]) / 4 for i in range(size)]
