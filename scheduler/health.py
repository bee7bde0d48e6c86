"""How a source is doing: one pure judgement over what polling and reading it gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler import drift, network, silence
from scheduler.drift import PageOutcome
from scheduler.silence import Rhythm
from storage.types import Cause, FailureReason, Health, HealthState

#: failed polls in a row that make a failure a fact
POLLS = 3
#: fewer are enough when they spread over so long: a host that asks for patience is not polled often
FEWER_POLLS, PATIENCE = 2, timedelta(hours=6)
#: a fault of the line must last so long besides: hosts hiccup
LINE_PATIENCE = timedelta(minutes=1)
#: polls in a row that were redirected for good to one address
MOVES = 2
#: a look that has lasted so long is the look of the source
ACCEPTED_AFTER = timedelta(days=7)

_STATES = {
    FailureReason.ROBOTS: HealthState.ROBOTS,
    FailureReason.NOT_FOUND: HealthState.GONE,
    FailureReason.GONE: HealthState.GONE,
    FailureReason.BLOCKED: HealthState.WALLED,
    FailureReason.CHALLENGE: HealthState.WALLED,
    FailureReason.CONSENT: HealthState.WALLED,
    FailureReason.PAYWALL: HealthState.WALLED,
    FailureReason.NOT_A_FEED: HealthState.BROKEN_FEED,
    FailureReason.BROKEN_FEED: HealthState.BROKEN_FEED,
    FailureReason.EMPTY_FEED: HealthState.BROKEN_FEED,
    FailureReason.SOFT_404: HealthState.BROKEN_FEED,
    FailureReason.NOT_HTML: HealthState.BROKEN_FEED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressFacts:
    """How polling one address of a source went."""

    url: str
    #: failed polls in a row
    failures: int = 0
    failing_since: datetime | None = None
    #: what failed last, beneath what it was told as
    failure: FailureReason | None = None
    detail: str | None = None
    #: where it redirects for good, and how many polls in a row it did
    moved_to: str | None = None
    moves: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is known of a source when it is judged."""

    polled: bool
    addresses: tuple[AddressFacts, ...] = ()
    #: when an entry never seen before last turned up
    last_new_at: datetime | None = None
    #: when it was first read
    first_read_at: datetime | None = None
    #: spans in which nobody looked, or nothing could be seen
    interruptions: tuple[tuple[datetime, datetime], ...] = ()
    rhythm: Rhythm | None = None
    #: what the source's own dates say, while there is no rhythm: their rhythm, and the newest of them
    dated: Rhythm | None = None
    newest: datetime | None = None
    #: its last pages, oldest first
    pages: Sequence[PageOutcome] = ()
    #: how it was judged before
    known: Health | None = None


def judge(facts: Facts, now: datetime) -> Health:
    """Return how a source is doing, with what that rests on and since when."""
    state, cause = _state(facts, now)
    known = facts.known
    if known is None or known.state is not state:
        return Health(state=state, since=now, cause=cause)
    return replace(known, cause=cause)


def _state(facts: Facts, now: datetime) -> tuple[HealthState, Cause]:
    if not facts.polled:
        return HealthState.NEW, Cause()
    failed = _failed(facts, now)
    if failed is not None and failed[1].failing == failed[1].addresses:
        return failed
    quiet = _silence(facts, now)
    if quiet is not None and quiet[0] is HealthState.SILENT:
        return quiet
    pages = _pages(facts, now)
    if pages is not None and pages[0] is HealthState.WALLED:
        return pages
    moved = _moved(facts)
    return failed or moved or pages or quiet or (HealthState.FRESH, Cause(last_new_at=facts.last_new_at))


def _failed(facts: Facts, now: datetime) -> tuple[HealthState, Cause] | None:
    """Return what is wrong with the source's addresses, once it is a fact."""
    # A failure that is a fact ends with the first success; one that is none yet changes nothing.
    confirmed = [address for address in facts.addresses if _confirmed(address, now)]
    if not confirmed:
        return None
    worst = max(confirmed, key=lambda address: address.failures)
    failure = worst.failure or FailureReason.INTERNAL
    return _STATES.get(failure, HealthState.FAILING), Cause(
        failure=failure,
        detail=worst.detail,
        address=worst.url,
        failing=len(confirmed),
        addresses=len(facts.addresses),
        polls=worst.failures,
        last_new_at=facts.last_new_at,
    )


def _confirmed(address: AddressFacts, now: datetime) -> bool:
    if address.failing_since is None:
        return False
    lasted = now - address.failing_since
    if address.failures < POLLS:
        return address.failures >= FEWER_POLLS and lasted >= PATIENCE
    return address.failure not in network.REASONS or lasted >= LINE_PATIENCE


def _silence(facts: Facts, now: datetime) -> tuple[HealthState, Cause] | None:
    """Return whether a source that answers has been without news for longer than usual."""
    rhythm, start = facts.rhythm, facts.last_new_at or facts.first_read_at
    if rhythm is None and facts.dated is not None and facts.newest is not None:
        # Nothing was learnt yet; a feed that has stood still for a year tells so by its own dates.
        if facts.first_read_at is None or now - facts.first_read_at < silence.FIRST_LOOK:
            return None
        rhythm, start = facts.dated, facts.newest
    if start is None:
        return None
    lasted = silence.watched(start, now, facts.interruptions)
    longest = silence.limit(rhythm, start, now)
    cause = Cause(last_new_at=start, usual=rhythm.usual if rhythm else None, limit=longest)
    if lasted > longest:
        return HealthState.SILENT, cause
    quiet_after = max(rhythm.usual, longest / 3) if rhythm else longest / 3
    return (HealthState.QUIET, cause) if lasted > quiet_after else None


def _pages(facts: Facts, now: datetime) -> tuple[HealthState, Cause] | None:
    known = facts.known
    walled = drift.walls(facts.pages, now, already=known is not None and known.state is HealthState.WALLED)
    if walled is not None:
        return HealthState.WALLED, walled
    if known is not None and known.state is HealthState.DRIFTING:
        if now - known.since > ACCEPTED_AFTER:
            return None
        # The measure is what came before the pages that told of the drift; what came since never becomes it.
        before = [page for page in facts.pages if page.at < known.since][: -drift.RECENT]
        changed = drift.drift([*before, *facts.pages[len(before) :][-drift.RECENT :]])
        return None if changed is None else (HealthState.DRIFTING, changed)
    changed = drift.drift(facts.pages)
    return None if changed is None else (HealthState.DRIFTING, changed)


def _moved(facts: Facts) -> tuple[HealthState, Cause] | None:
    for address in facts.addresses:
        if address.moved_to is not None and address.moves >= MOVES:
            return HealthState.MOVED, Cause(
                address=address.url, moved_to=address.moved_to, addresses=len(facts.addresses)
            )
    return None
