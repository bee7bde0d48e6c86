"""When to look at a page again: soon after publication, then ever rarer, for two days. Pure.

Articles that carry a signal get more looks, a change brings the next ones sooner. Sources that reserve their text, and
pages that need a browser, get two: enough to see a headline changed or a page gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.types import FailureReason

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
#: no look is planned later after publication, but those that follow a change
WINDOW = 48 * HOUR
#: looks at every article, counted from its publication
LOOKS = (15 * MINUTE, HOUR, 3 * HOUR, 8 * HOUR, 24 * HOUR, 48 * HOUR)
#: further looks at articles that carry a signal
SIGNAL_LOOKS = (5 * MINUTE, 30 * MINUTE, 6 * HOUR, 12 * HOUR, 36 * HOUR)
#: all looks at pages that are to be spared
SPARING_LOOKS = (HOUR, 24 * HOUR)
#: looks counted from the last change
CHANGE_LOOKS = (15 * MINUTE, HOUR, 3 * HOUR)
SIGNAL_CHANGE_LOOKS = (5 * MINUTE, 30 * MINUTE)
#: an article whose page changes at every look is not followed for ever
MAX_LOOKS = 24
#: a feed that says an article changed brings a look at once, while it had fewer than this
MAX_FEED_LOOKS = 12
#: a look that is due at once again would see the same page
LEAST_GAP = 3 * MINUTE
#: a page that seems gone is asked for again after this
CONFIRM = 5 * MINUTE
#: looks at one host within a day, and how many of them are kept for articles with signals
HOST_LOOKS = 500
RESERVED_LOOKS = 100
#: answers that say a page is gone, when they come twice
MISSING = frozenset({FailureReason.NOT_FOUND, FailureReason.GONE, FailureReason.SOFT_404})
#: how many answers in a row make a page withdrawn
CONFIRMED = 2
#: a page of whose host nothing else was seen meanwhile is believed gone after this: a failed deployment is over by then
ALONE = 30 * MINUTE
#: pages of a host that seems gone as a whole are asked for again after this
SITE_HOLD = HOUR
#: how long after the last planned look a host that asks for patience is waited for
PATIENCE = 24 * HOUR
_SPREAD = 0.1
_WIDEST_SPREAD = 10 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class NextLook:
    """When to look again, and why then or why not."""

    #: None: no more
    at: datetime | None
    #: ``planned``, ``after_change``, ``confirm``, ``site_missing``, ``asked`` (Retry-After), ``held``, ``backlog``,
    #: ``done``, ``enough``
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """Whether a page that seems gone is recorded as withdrawn."""

    gone: bool
    #: ``first`` (one answer may be an accident), ``site_answers``, ``site_missing``, ``alone``, ``stayed_missing``
    reason: str


def next_look(
    *,
    first_seen: datetime,
    published: datetime | None,
    now: datetime,
    looks: int,
    changed: datetime | None,
    has_signal: bool,
    sparing: bool = False,
    chance: float,
) -> NextLook:
    """Return when to look at an article's page again.

    Args:
        first_seen: when the article turned up.
        published: when it was published, as far as that can be believed.
        now: the present.
        looks: looks made so far, the first reading left out.
        changed: when the page was last found changed, gone or back.
        has_signal: its current text carries a signal.
        sparing: its source reserves the text, or the page needs a browser.
        chance: a random number in 0–1 that spreads the looks, later only.
    """
    begin = first_seen if published is None or published > first_seen else published
    if first_seen - begin > WINDOW:
        return NextLook(at=None, reason="backlog")
    if looks >= MAX_LOOKS:
        return NextLook(at=None, reason="enough")
    plan, after = waits(has_signal=has_signal, sparing=sparing)
    planned = [(begin + wait, wait, "planned") for wait in plan]
    if changed is not None:
        planned += [(changed + wait, wait, "after_change") for wait in after]
    coming = [look for look in planned if look[0] >= now + LEAST_GAP]
    if not coming:
        return NextLook(at=None, reason="done")
    at, wait, reason = min(coming)
    return NextLook(at=at + min(wait * _SPREAD, _WIDEST_SPREAD) * chance, reason=reason)


def waits(*, has_signal: bool, sparing: bool) -> tuple[tuple[timedelta, ...], tuple[timedelta, ...]]:
    """Return the looks counted from the publication, and those counted from a change."""
    if sparing:
        return SPARING_LOOKS, SPARING_LOOKS[:1]
    if has_signal:
        return LOOKS + SIGNAL_LOOKS, CHANGE_LOOKS + SIGNAL_CHANGE_LOOKS
    return LOOKS, CHANGE_LOOKS


def confirming(now: datetime, chance: float) -> NextLook:
    """Return when to ask again for a page that seems gone."""
    return NextLook(at=now + CONFIRM * (1 + chance), reason="confirm")


def withdrawal(*, missing: int, since: datetime, now: datetime, there: int, others_missing: int) -> Withdrawal:
    """Decide whether a page is withdrawn, or its whole site out of order for a while.

    Only what other pages of the host were found to be *since* this one seemed gone counts: what answered before a
    site broke does not show that it works. As long as more of them seem gone than are there, nothing is recorded.

    Args:
        missing: answers in a row that said the page is gone, the present one included.
        since: the first of them.
        now: the present.
        there: other pages of the host that were there since then.
        others_missing: other pages of the host that seemed gone since then.
    """
    if missing < CONFIRMED:
        return Withdrawal(gone=False, reason="first")
    if others_missing > there:
        return Withdrawal(gone=False, reason="site_missing")
    if there:
        return Withdrawal(gone=True, reason="site_answers")
    if now - since < ALONE:
        return Withdrawal(gone=False, reason="alone")
    return Withdrawal(gone=True, reason="stayed_missing")


def after_missing(verdict: Withdrawal, *, begin: datetime, since: datetime, now: datetime, chance: float) -> NextLook:
    """Return when to ask again for a page that seems gone and is not withdrawn yet.

    Args:
        verdict: why it is not.
        begin: when the article was published.
        since: when the page first seemed gone.
        now: the present.
        chance: a random number in 0–1.
    """
    if verdict.reason == "first":
        return confirming(now, chance)
    if verdict.reason == "alone":
        return NextLook(at=max(since + ALONE, now + CONFIRM) + CONFIRM * chance, reason="confirm")
    at = now + SITE_HOLD * (1 + _SPREAD * chance)
    return NextLook(at=None if at - begin > WINDOW + PATIENCE else at, reason="site_missing")


def not_before(look: NextLook, earliest: datetime) -> NextLook:
    """Return ``look``, put off to the moment a site asked for."""
    if look.at is None or look.at >= earliest:
        return look
    return NextLook(at=earliest, reason="asked")


def held(*, begin: datetime, now: datetime, seconds: float | None, chance: float) -> NextLook:
    """Return when to make a look that was not sent, because its host asked for patience.

    Args:
        begin: when the article was published.
        now: the present.
        seconds: how long the host is left alone.
        chance: a random number in 0–1.
    """
    wait = max(timedelta(seconds=min(seconds or 0.0, WINDOW.total_seconds())), LEAST_GAP)
    at = now + wait * (1 + _SPREAD * chance)
    if at - begin > WINDOW + PATIENCE:
        return NextLook(at=None, reason="done")
    return NextLook(at=at, reason="held")
