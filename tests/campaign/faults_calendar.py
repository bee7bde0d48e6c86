"""F2 and F4: the service lives through the changes of the clocks, a leap day and the ends of months and years.

Its wall clock is led over each such day from moment to moment, just past and just before everything that could go
wrong there, and the service is killed once on the way. Each watch must get its daily digest once for every local day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.campaign.context import Context
from tests.campaign.faults_clock import Clock, with_clock
from tests.campaign.oracle import Verdict
from tests.campaign.sinks import DayList, HookSink
from tests.campaign.stage import Stage
from tests.campaign.sut import until

DAY, MARGIN = timedelta(days=1), timedelta(minutes=10)
#: seconds within which what is due must arrive
PATIENCE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """The daily digest of a watch."""

    watch: str
    zone: str
    at: time

    def moments(self, day: date) -> tuple[datetime, datetime]:
        """Return when the zone's clocks show the time, by the time before a change on that day and by the one after."""
        here = ZoneInfo(self.zone)
        first, second = (datetime.combine(day, self.at.replace(fold=fold), tzinfo=here) for fold in (0, 1))
        return first.astimezone(UTC), second.astimezone(UTC)

    def days(self, since: datetime, to: datetime) -> list[date]:
        """Return the local days whose digest falls due after a moment and until another."""
        first = since.astimezone(ZoneInfo(self.zone)).date() - DAY
        days = [first + number * DAY for number in range((to - since).days + 4)]
        return [day for day in days if since < self.moments(day)[0] <= to]

    @property
    def keys(self) -> str:
        """The watch's keys in the configuration."""
        return f'digest = "{self.at:%H:%M}"\ntimezone = "{self.zone}"\n'


#: the watch that gathers nothing
AT_ONCE = "watch-1"
#: in Paris 02:30 is leapt over in spring and comes twice in autumn, in Havana 00:30 is and does
DAILY = (
    Daily(watch="watch-2", zone="Europe/Paris", at=time(2, 30)),
    Daily(watch="watch-3", zone="America/Havana", at=time(0, 30)),
    Daily(watch="watch-4", zone="Africa/Bamako", at=time(2, 30)),
    Daily(watch="watch-5", zone="Europe/Paris", at=time(8)),
)
#: watches that gather otherwise; of them each alert must arrive once
OTHERS = {"watch-6": 'digest = "hourly"\n', "watch-7": 'quiet_hours = "22:00-07:00"\ntimezone = "Europe/Paris"\n'}
#: Havana and Paris in spring, Paris and Havana in autumn
CHANGES = (date(2027, 3, 14), date(2027, 3, 28), date(2027, 10, 31), date(2027, 11, 7))
#: the end of a year, of a month of 31 days and of a short February; a leap day
TURNS = (date(2026, 12, 31), date(2027, 1, 31), date(2027, 2, 28), date(2028, 2, 29))


def clock_changes(context: Context) -> Verdict:
    """F2: the clocks change four times, in zones where they do and in one where they never do."""
    return _lived_through(context, Verdict(id="F2"), CHANGES)


def calendar_days(context: Context) -> Verdict:
    """F4: a year and months end, and a leap day passes."""
    return _lived_through(context, Verdict(id="F4"), TURNS)


def moments(day: date) -> list[datetime]:
    """Return where the clock stands one after the other: at noon around a day, and often on the day itself.

    There both readings of each digest's time are approached and passed.
    """
    found = {datetime.combine(day + number * DAY, time(12), tzinfo=UTC) for number in (-2, -1, 1)}
    for each in DAILY:
        found |= {moment + step for moment in each.moments(day) for step in (-MARGIN, MARGIN)}
    return sorted(found)


def _lived_through(context: Context, verdict: Verdict, days: Sequence[date]) -> Verdict:
    try:
        clock, sut = with_clock(context)
    except OSError as error:
        verdict.skipped = str(error)
        return verdict
    keys = {each.watch: each.keys for each in DAILY} | OTHERS
    sink = HookSink(skew=clock.stood)
    days = days[: context.scaled(len(days))]
    with Stage(
        context.folder, context.seed, watches=1 + len(keys), watch_keys=keys, dated=False, hook_sink=sink, sut=sut
    ) as stage:
        walk = _Walk(stage, clock)
        for day in days:
            walk.over(verdict, moments(day))
        # What falls due last has nobody to gather for any more.
        walk.to(moments(days[-1])[-1] + 2 * DAY)
        verdict.check(
            walk.waited(lambda: not walk.missing()), f"{walk.missing()} daily digests did not arrive by the end"
        )
        stage.finish(verdict, quiet=context.quiet)
        verdict.raw_allowed = verdict.runs * 2
        _judge(verdict, walk, sink.day_lists)
        mailed = {(watch, day, identity) for watch, day, identity in stage.mail_sink.day_lists}
        told = len({(watch, day) for watch, day, _ in mailed})
        verdict.check(len(mailed) == told == len(walk.due), f"{len(mailed)} mails of {told} daily digests")
    verdict.figures = {
        "days": [str(day) for day in days], "stands": walk.steps, "kills": verdict.runs, "digests": len(walk.due),
    }  # fmt: skip
    return verdict


class _Walk:
    """Leads the clock, and knows which digests are due."""

    def __init__(self, stage: Stage, clock: Clock) -> None:
        self._stage = stage
        self._clock = clock
        self.now = datetime.min.replace(tzinfo=UTC)
        self.steps = 0
        self._patience = PATIENCE
        #: (watch, day) → when it may be sent at the earliest and at the latest
        self.due: dict[tuple[str, str], tuple[datetime, datetime]] = {}

    def over(self, verdict: Verdict, stands: Sequence[datetime]) -> None:
        """Stand at each moment, publish and wait for what is due; kill the service at one of them."""
        killed = self._stage.chance.choice(range(3, len(stands)))
        for number, moment in enumerate(stands):
            self.to(moment)
            self._stage.press.publish(self._stage.desk.protest(), self._stage.desk.alert())
            if not self._stage.sut.alive:
                verdict.check(self._stage.start(), f"{moment}: the service did not start")
            here = f"{moment:%Y-%m-%d %H:%M}Z"
            verdict.check(self.waited(self._told), f"{here}: what gathers nothing heard nothing")
            verdict.check(self.waited(lambda: not self.missing()), f"{here}: {self.missing()} digests are late")
            if number == killed:
                self._stage.sut.kill()
                verdict.runs += 1

    def waited(self, holds: Callable[[], bool]) -> bool:
        """Wait for a condition and tell whether it came; once one did not come, no other is worth a long wait."""
        came = until(holds, self._patience)
        self._patience = PATIENCE if came and self._patience == PATIENCE else PATIENCE / 20
        return came

    def to(self, moment: datetime) -> None:
        """Set the clock; what fell due since it stood before is due now, if the service had begun to gather for it."""
        for each in DAILY if self.steps else ():
            # What was gathered for a day is sent for that day, however late; of the days slept through none is told.
            for day in each.days(self.now, moment)[:1]:
                self.due[each.watch, str(day)] = (each.moments(day)[0], moment)
        self._clock.stand(moment - datetime.now(UTC))
        self.now = moment
        self.steps += 1

    def _told(self) -> bool:
        """Whether the watch that gathers nothing told of everything, by every channel."""
        told = {
            (each.channel, token) for each in self._stage.arrivals() if each.watch == AT_ONCE for token in each.tokens
        }
        channels = (*self._stage.hooks, *self._stage.mails)
        return all((channel, token) in told for channel in channels for token in self._stage.press.expected)

    def missing(self) -> int:
        """Return how many digests are due and did not arrive by webhook."""
        return len(self.due.keys() - {(each.watch, each.day) for each in self._stage.hook_sink.day_lists})


def _judge(verdict: Verdict, walk: _Walk, lists: Iterable[DayList]) -> None:
    """Judge the daily digests: one identity for each watch and local day, at its time."""
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in lists:
        ids[each.watch, each.day].add(each.id)
        earliest, latest = walk.due.get((each.watch, each.day), (None, None))
        sent = datetime.fromtimestamp(each.stated, UTC)
        if earliest is not None and latest is not None:
            timely = earliest <= sent <= latest + timedelta(seconds=2 * PATIENCE)
            verdict.check(timely, f"{each.watch}: the digest of {each.day} left at {sent:%Y-%m-%d %H:%M}Z")
    for key, found in sorted(ids.items()):
        verdict.dup += len(found) - 1
        verdict.check(key in walk.due, f"{key[0]}: a digest of {key[1]}, which was not due")
    for watch, day in sorted(walk.due.keys() - ids.keys()):
        verdict.check(False, f"{watch}: no digest of {day}")
