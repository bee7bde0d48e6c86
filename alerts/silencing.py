"""Whether a silence holds an alert back, and why.

Pure: a silence and what an alert is about give the same answer whenever they are asked.

An alert can tell several acts. A silence on a pair of states or on types of acts holds it back only when every act
fits: a new act must not go unheard because it came along with one that people know. For the same reason a side
that the text leaves out fits no pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from storage.types import Silence

#: (type, actor, target)
Act: TypeAlias = tuple[str, str | None, str | None]

#: alerts that take something back
CORRECTIONS = frozenset({"alert.correction"})


class Matter(Protocol):
    """What an alert is about, as far as a silence may ask."""

    @property
    def watch_id(self) -> str:
        """Whose alert it is; empty for what the watch tells of itself."""
        ...

    @property
    def story_id(self) -> int | None:
        """The story, if any."""
        ...

    @property
    def severity(self) -> int:
        """1 to 5."""
        ...

    @property
    def acts(self) -> Sequence[Act]:
        """What is told."""
        ...

    @property
    def source_id(self) -> str | None:
        """The outlet whose article raised it."""
        ...

    @property
    def type(self) -> str:
        """The webhook type."""
        ...

    @property
    def heard(self) -> bool:
        """Whether the recipient was sent an earlier alert of this watch on this story."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an alert is held back."""

    #: what holds it back, None: nothing does
    silence: Silence | None
    #: a stable machine word: ``silenced``, ``correction_of_heard``, ``other_watch``, ``other_story``,
    #: ``more_severe``, ``other_source``, ``other_pair``, ``other_type``, or ``no_silence``
    reason: str
    #: a sentence for people
    detail: str

    @property
    def held(self) -> bool:
        """Whether something holds it back."""
        return self.silence is not None


def judge(silences: Iterable[Silence], matter: Matter) -> Verdict:
    """Return whether one of the silences in force holds an alert back: the first that matches.

    A correction of what the recipient heard is never held back: whoever acted on the first message must learn that
    it was wrong.
    """
    if matter.type in CORRECTIONS and matter.heard:
        return Verdict(silence=None, reason="correction_of_heard", detail="takes back what this recipient was told")
    reason = "no_silence"
    for silence in silences:
        differs = difference(silence, matter)
        if differs is None:
            return Verdict(silence=silence, reason="silenced", detail=f"silence {silence.id}: {describe(silence)}")
        reason = differs
    return Verdict(silence=None, reason=reason, detail="no silence matches")


def difference(silence: Silence, matter: Matter) -> str | None:
    """Return the first part of a silence that an alert does not fit, as a machine word; None when all fit."""
    if silence.watch_id is not None and silence.watch_id != matter.watch_id:
        return "other_watch"
    if silence.story_id is not None and silence.story_id != matter.story_id:
        return "other_story"
    if silence.max_severity is not None and matter.severity > silence.max_severity:
        return "more_severe"
    if silence.source_id is not None and silence.source_id != matter.source_id:
        return "other_source"
    if silence.pair is not None and not (matter.acts and all(_fits(silence, act) for act in matter.acts)):
        return "other_pair"
    if silence.types and not (matter.acts and all(act[0] in silence.types for act in matter.acts)):
        return "other_type"
    return None


def _fits(silence: Silence, act: Act) -> bool:
    between = (act[1], act[2])
    return between == silence.pair or (not silence.one_way and between[::-1] == silence.pair)


def describe(silence: Silence) -> str:
    """Return what a silence holds back: ``watch france-mali, MLI → FRA, severity up to 3``."""
    parts = []
    if silence.watch_id is not None:
        parts.append(f"watch {silence.watch_id}")
    if silence.story_id is not None:
        parts.append(f"story {silence.story_id}")
    if silence.pair is not None:
        parts.append((" → " if silence.one_way else " ↔ ").join(silence.pair))
    if silence.types:
        parts.append("type " + " or ".join(silence.types))
    if silence.max_severity is not None:
        parts.append(f"severity up to {silence.max_severity}")
    if silence.source_id is not None:
        parts.append(f"source {silence.source_id}")
    return ", ".join(parts) or "everything"
