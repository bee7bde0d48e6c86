"""Where an article belongs: a copy, an event already known, or a story of its own.

A missed copy costs a second look; a wrong merge hides an event. So doubt always opens a new story, and
texts that contradict each other never share one, however alike they read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from detection.stories.coverage import Shingle, covered_by, share, shingles
from detection.stories.words import figures
from storage.types import Signal, Status

#: covered share from which a text is a copy of what another said
COPY = 0.65
#: share of an earlier text that a longer version repeats, with its opening
OPENING = 0.5
#: words that make the opening
OPENING_WORDS = 60
#: least share of the longer version that the earlier text covers
LEAST_NEW = 0.15
#: differing figures, in number and share, that make equal wording another report (tolls, market reports)
FIGURES = 3
FIGURES_SHARE = 0.35
#: severity from which a shared act makes two articles the same event
LEAST_SEVERITY = 2

Act = tuple[str, str | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A stored article that may be the original, or a copy of the same original."""

    article_id: int
    story_id: int
    #: the article it copies itself
    copy_of: int | None
    words: tuple[str, ...]
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The answer: ``story_id`` None opens a new story."""

    story_id: int | None
    copy_of: int | None
    coverage: float | None
    reason: str


def place(
    words: tuple[str, ...],
    signals: Sequence[Signal],
    candidates: Iterable[Candidate],
    acts_of_stories: Iterable[tuple[int, Act]],
) -> Placement:
    """Decide where an article belongs.

    Args:
        words: the article's text.
        signals: what it says happened.
        candidates: look-alikes, best first.
        acts_of_stories: (story, act) for every act that a story of the last days asserts, newest story first.
    """
    own = frozenset(shingles(words))
    for candidate in candidates:
        coverage = _copies(words, own, candidate.words)
        if coverage is not None and not (
            contradict(signals, candidate.signals) or other_acts(signals, candidate.signals)
        ):
            return Placement(
                story_id=candidate.story_id,
                copy_of=candidate.copy_of or candidate.article_id,
                coverage=coverage,
                reason="copy",
            )
    story = _same_event(signals, acts_of_stories)
    if story is not None:
        return Placement(story_id=story, copy_of=None, coverage=None, reason="same_act")
    return Placement(story_id=None, copy_of=None, coverage=None, reason="first_report")


def contradict(one: Iterable[Signal], other: Iterable[Signal]) -> bool:
    """Tell whether one text asserts an act that the other denies or says has ended.

    A text that reports both sides contradicts nobody, least of all its own copy.
    """
    first, second = list(one), list(other)
    return _denies(first, second) or _denies(second, first)


def _denies(one: Sequence[Signal], other: Sequence[Signal]) -> bool:
    """Tell whether ``one`` only undoes an act that ``other`` only asserts."""
    return _meet(_without(_undone(one), _asserted(one)), _without(_asserted(other), _undone(other)))


def _meet(acts: set[Act], others: set[Act]) -> bool:
    return any(same_act(act, other) for act in acts for other in others)


def _without(acts: set[Act], others: set[Act]) -> set[Act]:
    return {act for act in acts if not _meet({act}, others)}


def same_act(one: Act, other: Act) -> bool:
    """Tell whether two acts may be the same one: a side that a text leaves out agrees with any."""
    pairs = zip(one[1:], other[1:], strict=True)
    return one[0] == other[0] and all(a is None or b is None or a == b for a, b in pairs)


def other_acts(one: Iterable[Signal], other: Iterable[Signal]) -> bool:
    """Tell whether both texts assert acts and none is the same: one wording, other countries."""
    first, second = _asserted(one), _asserted(other)
    return bool(first) and bool(second) and not first & second


def _asserted(signals: Iterable[Signal]) -> set[Act]:
    return {signal.act for signal in signals if signal.status is Status.ASSERTED}


def _undone(signals: Iterable[Signal]) -> set[Act]:
    return {signal.act for signal in signals if signal.status in {Status.DENIED, Status.ENDED}}


def _copies(new: tuple[str, ...], own: frozenset[Shingle], old: tuple[str, ...]) -> float | None:
    """Return the coverage when ``new`` is a copy of ``old`` or the full text behind a brief.

    ``own`` are the shingles of ``new``.
    """
    flags = covered_by(new, own.intersection(shingles(old)))
    of_new = share(flags)
    if of_new < LEAST_NEW:
        return None
    opening = share(flags[:OPENING_WORDS])
    longer = opening >= OPENING and share(covered_by(old, own)) >= COPY
    if (of_new < COPY and not longer) or _other_figures(new, old):
        return None
    return of_new


def _other_figures(new: tuple[str, ...], old: tuple[str, ...]) -> bool:
    numbers, known = figures(new), set(figures(old))
    different = sum(1 for number in numbers if number not in known)
    return different >= FIGURES and different >= FIGURES_SHARE * len(numbers)


def _same_event(signals: Sequence[Signal], acts_of_stories: Iterable[tuple[int, Act]]) -> int | None:
    """Return the story that shares most acts, the newest of equals."""
    acts = {
        signal.act
        for signal in signals
        if signal.status is Status.ASSERTED and signal.severity >= LEAST_SEVERITY and signal.actor and signal.target
    }
    undone = _without(_undone(signals), _asserted(signals))
    shared: dict[int, int] = {}
    refuted: set[int] = set()
    for story, act in acts_of_stories:
        if act in acts:
            shared[story] = shared.get(story, 0) + 1
        if _meet({act}, undone):
            refuted.add(story)
    for story in refuted:
        shared.pop(story, None)
    return max(shared, key=lambda story: shared[story]) if shared else None
