"""One poll of a source, from the answers of its addresses to the plan for the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlite_utils import Database

from scheduler.pace import next_check
from scheduler.rhythm import Sighting, learn
from storage import rhythm as lessons
from storage import sources
from storage.types import CrawlFailure, FeedEntry, FeedState, PaceHints, Plan, PlanReason, PollResult, Rhythm, Source


@dataclass(slots=True, kw_only=True)
class PollRound:
    """Gathers what the addresses of a source answered."""

    #: the entries never seen before
    new: list[FeedEntry] = field(default_factory=list)
    #: of the entries of an address, the greatest share that was unknown
    unknown_share: float = 0.0
    #: the first failure, of an address asked now or left alone because it failed before
    failure: CrawlFailure | None = None
    worked: bool = False
    answers: list[tuple[FeedState, PollResult]] = field(default_factory=list)
    #: addresses that were left alone, with the time until which they are
    resting: list[FeedState] = field(default_factory=list)

    def rests(self, known: FeedState, now: datetime) -> bool:
        """Whether an address is left alone in this round: its own plan lies in the future."""
        if known.resume_at is None or known.resume_at <= now:
            return False
        # A look in the future, or a plan beyond every plan, was made by a clock that ran ahead.
        if known.checked_at is None or known.checked_at > now or known.resume_at > now + sources.LONGEST_BACKOFF:
            return False
        self.resting.append(known)
        if known.failure is not None and self.failure is None:
            self.failure = CrawlFailure(reason=known.failure, detail=f"{known.url}: {known.detail or known.failure}")
        return True

    def take(self, known: FeedState, result: PollResult, new: Sequence[FeedEntry]) -> None:
        """Note what an address answered, and which of its entries were new."""
        self.answers.append((known, result))
        if result.failure is None:
            self.worked = True
        elif self.failure is None:
            self.failure = _named(result.failure, result.url)
        self.new += new
        if result.entries:
            self.unknown_share = max(self.unknown_share, len(new) / len(result.entries))

    @property
    def sighting(self) -> Sighting:
        """What the round teaches of the source's rhythm."""
        moments = tuple(entry.published_at for entry in self.new)
        return Sighting(new=moments, unknown_share=self.unknown_share, blind=not self.worked)


def finish(
    database: Database, source: Source, done: PollRound, *, now: datetime, chance: float, floor: timedelta
) -> Plan:
    """Learn from a round, plan the next one, and store both; return the source's plan.

    Each address has a plan of its own, after its own failures and wishes; the source is polled when the
    first of them is due.
    """
    rhythm, hints = lessons.load(database, source.id)
    rhythm = learn(rhythm, done.sighting, now)
    plans: list[Plan] = []
    for known, result in done.answers:
        if result.failure is None:
            hints[result.url] = remembered(hints.get(result.url), result)
        plan = _address_plan(source, known, result, rhythm, hints.get(result.url), now, chance, floor)
        sources.plan_address(database, source.id, result.url, resume_at=plan.at, failure=result.failure)
        # An address that failed joins a later poll of those that work.
        if result.failure is None or not done.worked:
            plans.append(plan)
    if not done.worked:
        plans += [_rested(known) for known in done.resting]
    plan = min(plans, key=lambda each: each.at, default=None) or next_check(
        poll=source.poll, rhythm=rhythm, now=now, chance=chance, floor=floor
    )
    configured = {url for _, url in source.addresses}
    lessons.save(database, source.id, rhythm, {url: hints[url] for url in hints if url in configured}, plan)
    asked = any(result.failure is None or result.failure.sent for _, result in done.answers)
    sources.record_poll(
        database,
        source.id,
        failure=done.failure,
        new_entries=len(done.new),
        next_check_at=plan.at,
        now=now,
        worked=done.worked,
        asked=asked,
    )
    return plan


def remembered(known: PaceHints | None, result: PollResult) -> PaceHints:
    """Return an address's wishes after an answer: an unchanged list does not repeat those in its body."""
    said = result.hints
    if not result.unchanged or known is None:
        return said
    return PaceHints(
        max_age=said.max_age if said.max_age is not None else known.max_age,
        interval=said.interval if said.interval is not None else known.interval,
        skip_hours=said.skip_hours or known.skip_hours,
    )


def _address_plan(
    source: Source,
    known: FeedState,
    result: PollResult,
    rhythm: Rhythm,
    hints: PaceHints | None,
    now: datetime,
    chance: float,
    floor: timedelta,
) -> Plan:
    return next_check(
        poll=source.poll,
        now=now,
        chance=chance,
        rhythm=rhythm,
        hints=hints,
        failures=known.failures,
        failure=result.failure,
        floor=floor,
    )


def _rested(known: FeedState) -> Plan:
    """Return the plan of an address that was left alone in this round."""
    assert known.resume_at is not None
    return Plan(at=known.resume_at, reason=PlanReason.WISH, detail=f"{known.url} is left alone until then")


def _named(failure: CrawlFailure, url: str) -> CrawlFailure:
    return replace(failure, detail=f"{url}: {failure.detail}")
