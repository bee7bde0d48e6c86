"""What of a story is no longer to be believed: corrected, cancelled, denied, withdrawn. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.acts import Act, among, same_act
from storage.types import Signal, Status

#: a correction of the same origin that comes so soon after another and says nothing new is the same one, reprinted
SAME_CORRECTION = timedelta(hours=48)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """That what people were told of a story does not hold any more, or not as it was told."""

    story_id: int
    #: ``corrected``, ``cancelled``, ``denied`` or ``withdrawn``
    reason: str
    detail: str
    severity: int
    #: what it is about: in the words of the article that corrects where it tells the act, else as it was told
    signals: tuple[Signal, ...]
    #: id of the alert that is corrected, and when it was decided
    corrects: str
    told_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A correction that people were sent before."""

    reason: str
    acts: tuple[Act, ...]
    origin: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An article that tells an act as done."""

    act: Act
    origin: str
    #: whether the origin itself printed it, rather than an outlet that carries its words
    own: bool


def is_reprint(reason: str, origin: str, *, novel: bool, now: datetime, earlier: Iterable[Earlier]) -> bool:
    """Whether a marked correction is one that people were sent already, in another paper.

    Args:
        reason: ``corrected`` or ``cancelled``.
        origin: of the article that corrects.
        novel: it brings text that its story had not seen.
        now: aware.
        earlier: what they were sent of the story.
    """
    return not novel and any(
        one.reason == reason and one.origin == origin and now - one.at <= SAME_CORRECTION for one in earlier
    )


def denied(signals: Iterable[Signal], told: Sequence[Act], earlier: Iterable[Earlier]) -> tuple[Signal, ...]:
    """Return the denials of acts that were told and that people have not heard denied yet.

    A text that tells the same act as done as well reports both sides, and denies nothing by itself.
    """
    given = tuple(signals)
    asserted = [signal.act for signal in given if signal.status is Status.ASSERTED]
    heard = [act for one in earlier if one.reason == "denied" for act in one.acts]
    return tuple(
        signal
        for signal in given
        if signal.status is Status.DENIED
        and among(signal.act, told)
        and not among(signal.act, heard)
        and not among(signal.act, asserted)
    )


def unsupported(
    told: Sequence[Act], gone: Sequence[Page], left: Sequence[Page], earlier: Iterable[Earlier]
) -> tuple[Act, ...]:
    """Return the acts that were told and that nobody stands behind any more, now that a page is gone.

    Copies do not stand behind an act whose own author took it back; other outlets that carry an agency's words do,
    because the agency has not.

    Args:
        told: acts that people were told of the story.
        gone: what the page that went told.
        left: what the pages that are still there tell.
        earlier: corrections that people were sent of the story.
    """
    heard = [act for one in earlier if one.reason == "withdrawn" for act in one.acts]
    lost = (page for page in gone if among(page.act, told) and not among(page.act, heard))
    return tuple(dict.fromkeys(page.act for page in lost if not any(_still(page, other) for other in left)))


def _still(gone: Page, other: Page) -> bool:
    return same_act(gone.act, other.act) and (gone.origin != other.origin or not gone.own)
