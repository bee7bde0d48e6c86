"""Whether what is extracted of a source still looks as it used to: pure figures over its last pages.

The last pages are compared with the source's own pages before them. What was found when drift began stays the
measure until it is over, or until the new look has lasted so long that it is the look of the source.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.types import Cause, Drift, FailureReason

#: pages that are judged, and those before them that are needed to compare with
RECENT = 20
BASELINE = 40
#: the median length falls under this share of what it was
SHRUNK = 0.4
#: share of pages without a title, without text, or past the source's own selectors
UNTITLED, EMPTY, MISSED = 0.2, 0.5, 0.5
#: share of one language that makes it the source's language, before and after
DOMINANT = 0.8
#: share of pages behind a wall that alarms, and the share that ends the alarm
WALLED, OPEN = 0.3, 0.2
#: pages of a day that must be known to speak of shares
FEWEST_PAGES = 5
WALLS = frozenset(
    {
        FailureReason.BLOCKED,
        FailureReason.CHALLENGE,
        FailureReason.CONSENT,
        FailureReason.PAYWALL,
        FailureReason.SOFT_404,
    }
)
_EMPTY = frozenset({FailureReason.NO_TEXT, FailureReason.NOT_ARTICLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOutcome:
    """What reading one page gave."""

    at: datetime
    #: characters of its text, None when there was none to measure
    length: int | None = None
    titled: bool = True
    #: ISO 639-1
    language: str | None = None
    failure: FailureReason | None = None
    #: a selector of the source's own found nothing
    missed: bool = False


def walls(pages: Sequence[PageOutcome], now: datetime, *, already: bool) -> Cause | None:
    """Return the share of a day's pages behind a wall when it is too high.

    Args:
        pages: the source's last pages.
        now: the present.
        already: the source is known to be walled; a smaller share keeps it so.
    """
    today = [page for page in pages if now - page.at <= timedelta(days=1)]
    hit = [page.failure for page in today if page.failure in WALLS]
    if len(today) < FEWEST_PAGES or len(hit) / len(today) <= (OPEN if already else WALLED):
        return None
    return Cause(failure=Counter(hit).most_common(1)[0][0], pages=len(today), hit=len(hit))


def drift(pages: Sequence[PageOutcome]) -> Cause | None:
    """Return what changed in the last pages against those before, most telling first; oldest page first."""
    recent, before = pages[-RECENT:], pages[:-RECENT]
    if len(recent) < RECENT:
        return None
    return _shares(recent) or (_against(recent, before) if len(before) >= BASELINE else None)


def _shares(recent: Sequence[PageOutcome]) -> Cause | None:
    """Return what is wrong whatever the source looked like before."""
    total = len(recent)
    for kind, share, hit in (
        (Drift.TITLES, UNTITLED, sum(not page.titled or page.failure is FailureReason.NO_TITLE for page in recent)),
        (Drift.TEXT, EMPTY, sum(page.failure in _EMPTY for page in recent)),
        (Drift.OVERRIDES, MISSED, sum(page.missed for page in recent)),
    ):
        if hit > share * total:
            return Cause(drift=kind, pages=total, hit=hit)
    return None


def _against(recent: Sequence[PageOutcome], before: Sequence[PageOutcome]) -> Cause | None:
    now_long, was_long = _median(recent), _median(before)
    if now_long is not None and was_long is not None and now_long < SHRUNK * was_long:
        return Cause(drift=Drift.LENGTH, pages=len(recent), before=f"{was_long:.0f}", after=f"{now_long:.0f}")
    now_speaks, was_spoken = _language(recent), _language(before)
    if now_speaks is not None and was_spoken is not None and now_speaks != was_spoken:
        return Cause(drift=Drift.LANGUAGE, pages=len(recent), before=was_spoken, after=now_speaks)
    return None


def _median(pages: Sequence[PageOutcome]) -> float | None:
    lengths = [page.length for page in pages if page.length is not None]
    return statistics.median(lengths) if len(lengths) >= RECENT // 2 else None


def _language(pages: Sequence[PageOutcome]) -> str | None:
    """Return the language that nearly all pages are in."""
    spoken = [page.language for page in pages if page.language is not None]
    if len(spoken) < RECENT // 2:
        return None
    language, count = Counter(spoken).most_common(1)[0]
    return language if count > DOMINANT * len(spoken) else None
