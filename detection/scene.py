"""A trigger in its sentence, and whose the things are that stand around it.

The nationality of a noun stands behind it (« deux diplomates maliens », "the envoy of France") or before it ("the
French envoy"); :mod:`detection.roles` turns it into actor and target.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from detection.arabic import is_arabic
from detection.countries import Mention, MentionKind, fused_preposition
from detection.patterns import Span
from detection.sentences import Sentence

_FILE = Path(__file__).with_name("roles.toml")
#: an object word further from the trigger than so many words is not what it acts on
_OBJECT_REACH = 22
#: a state belongs to a noun at most so many words before it
NATIONALITY_REACH = 9
#: between a noun and its apposition (« un Français, agent de l'ambassade »)
APPOSITION_REACH = 4
#: Russian names that stand so are subjects: « Франция », but « Франции »
_NOMINATIVE = ("ия", "ина")
#: her or its, their
_POSSESSED = ("ها", "هم")


@cache
def _small_words() -> Mapping[str, frozenset[str]]:
    return {key: frozenset(words) for key, words in tomllib.loads(_FILE.read_text("utf-8")).items()}


def small_words(kind: str) -> frozenset[str]:
    """Return the small words of a kind that ``roles.toml`` describes."""
    return _small_words()[kind]


def is_small(word: str, kind: str) -> bool:
    """Say whether a word is one of the small words of a kind."""
    return word in _small_words()[kind]


@cache
def _skipped() -> frozenset[str]:
    """Return the words between a mention and what tells its part in the sentence."""
    return small_words("articles") | small_words("described")


#: what a scene remembers of its objects
_OF_OBJECTS = ("near", "matched", "_own")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A trigger in its sentence: all that the search for roles looks at."""

    words: Sequence[str]
    sentence: Sentence
    #: states named in the sentence, in order
    mentions: tuple[Mention, ...]
    #: spans of the match's groups
    spans: tuple[Span, ...]
    head: Span
    #: from the first to after the last word of the match
    trigger: Span
    #: places of the rule's object words in the sentence
    objects: tuple[Span, ...]

    @cached_property
    def near(self) -> tuple[Span, ...]:
        """The object words that belong to the trigger: those it matched, then the nearest."""
        own = self._own
        rest = [span for span in self.objects if _within_reach(span, self.trigger) and span not in own]
        rest.sort(key=lambda span: min(abs(span[0] - self.head[1]), abs(self.head[0] - span[1])))
        return (*own, *rest)

    @cached_property
    def matched(self) -> tuple[Span, ...]:
        """The object words of the match itself, and those in apposition to them."""
        own = list(self._own)
        rest = [span for span in self.objects if _within_reach(span, self.trigger) and span not in own]
        for span in rest:
            for anchor in tuple(own):
                first, second = (anchor, span) if anchor <= span else (span, anchor)
                if second[0] - first[1] > APPOSITION_REACH:
                    continue
                if small_words("stops").isdisjoint(self.words[first[1] : second[0]]):
                    own.append(span)
                    break
        return tuple(own)

    @cached_property
    def _own(self) -> tuple[Span, ...]:
        """The object words among those of the match."""
        return tuple(span for span in self.objects if any(part[0] <= span[0] < part[1] for part in self.spans))

    def without(self, code: str) -> Scene:
        """Return the scene as if a state were not named in it."""
        rest = tuple(mention for mention in self.mentions if mention.code != code)
        scene = Scene(
            words=self.words,
            sentence=self.sentence,
            mentions=rest,
            spans=self.spans,
            head=self.head,
            trigger=self.trigger,
            objects=self.objects,
        )
        # Whose the objects are is another question now; which they are is not.
        scene.__dict__.update({name: self.__dict__[name] for name in _OF_OBJECTS if name in self.__dict__})
        return scene

    def places(self, kind: str, begin: int, end: int) -> list[int]:
        """Return where small words of a kind stand in the sentence, from ``begin`` to before ``end``."""
        words, wanted = self.words, small_words(kind)
        return [at for at in range(begin, min(end, self.sentence.last)) if words[at] in wanted]

    def before(self, mention: Mention) -> str:
        """Return the word before a mention, articles and descriptions left out; empty at the sentence's begin.

        In Arabic it may be written onto the mention: « ب » in « بمالي ».
        """
        fused = fused_preposition(self.words[mention.first])
        if fused:
            return fused
        at = mention.first - 1
        skipped = _skipped()
        while at >= self.sentence.first and self.words[at] in skipped:
            at -= 1
        return self.words[at] if at >= self.sentence.first else ""


def distance(span: Span, mention: Mention) -> int:
    """Return how many words stand between a span and a mention."""
    if mention.last <= span[0]:
        return span[0] - mention.last
    return max(0, mention.first - span[1])


def _within_reach(span: Span, trigger: Span) -> bool:
    return min(abs(span[0] - trigger[1]), abs(trigger[0] - span[1])) <= _OBJECT_REACH


def _belongs_right(scene: Scene, span: Span) -> Mention | None:
    """Return the state that follows a noun as its owner: « diplomates français », "envoy of France"."""
    by_first = {mention.first: mention for mention in scene.mentions}
    for at in range(span[1], min(span[1] + NATIONALITY_REACH, scene.sentence.last)):
        if at == span[1] and is_small(scene.words[at], "locative"):
            served = _served_at(scene, at)
            if served is not None:
                return served
        mention = by_first.get(at)
        if mention is not None:
            owns = (
                (mention.kind is MentionKind.PEOPLE and not _is_russian(scene.words[at]))
                or is_small(scene.before(mention), "genitive")
                or _owns_by_place(scene, mention, at)
            )
            return mention if owns and mention.kind is not MentionKind.PLACE else None
        housed = (
            at + 1 < scene.sentence.last and not scene.words[at].isascii() and is_small(scene.words[at + 1], "missions")
        )
        if (is_small(scene.words[at], "stops") and not housed) or (scene.head[0] <= at < scene.head[1]):
            return None
        if at > span[1] and scene.sentence.clause_of(at) != scene.sentence.clause_of(span[0]):
            return None
    return None


def _is_russian(word: str) -> bool:
    """Say whether a word is written in Cyrillic letters; there the adjective stands before its noun."""
    return "\u0400" <= word[:1] <= "\u04ff"


def _owns_by_place(scene: Scene, mention: Mention, at: int) -> bool:
    """Say whether a state owns the very word before it, as in Arabic and Russian: « سفير فرنسا », « посол Франции »."""
    word = scene.words[mention.first]
    if word.isascii() or mention.kind not in {MentionKind.NAME, MentionKind.SEAT} or fused_preposition(word):
        return False
    before = scene.words[at - 1]
    if scene.sentence.clause_of(at) != scene.sentence.clause_of(at - 1) or word.endswith(_NOMINATIVE):
        return False
    definite = is_arabic(before) and before.removeprefix("و").startswith(("ال", "لل", "بال"))
    return not (definite or is_possessed(before) or is_small(before, "stops") or is_small(before, "oblique"))


def is_possessed(noun: str) -> bool:
    """Say whether an Arabic noun says itself that it is somebody's: « سفيرها »."""
    return is_arabic(noun) and noun.endswith(_POSSESSED)


def _served_at(scene: Scene, at: int) -> Mention | None:
    """Return the state whose mission stands at a place: "an attaché at Mali's embassy"."""
    for mention in scene.mentions:
        if at < mention.first <= at + 3:
            rest = [word for word in scene.words[mention.last : mention.last + 2] if word != "s"]
            return mention if rest and is_small(rest[0], "missions") else None
    return None


def _belongs_left(scene: Scene, span: Span) -> Mention | None:
    """Return the state that qualifies a noun from before: "French military attaché", "Mali's envoy"."""
    by_last = {mention.last: mention for mention in scene.mentions}
    for at in range(span[0], max(span[0] - 4, scene.sentence.first - 1), -1):
        mention = by_last.get(at)
        if mention is not None and mention.last <= span[0]:
            owned = mention.last < len(scene.words) and (
                scene.words[mention.last] == "s" or is_small(scene.words[mention.last], "owning")
            )
            if mention.kind is MentionKind.PEOPLE or owned:
                return mention
            return None
        word = scene.words[at - 1] if at else ""
        inside = any(part[0] <= at - 1 < part[1] and part != span for part in scene.spans)
        adjective = word == "military" and at == span[0]  # "French military attaché"
        if (
            inside
            or (is_small(word, "institutions") and not adjective)
            or is_small(word, "stops")
            or is_small(word, "genitive")
        ):
            return None
    return None


def nationality(scene: Scene, span: Span) -> Mention | None:
    """Return the state that a noun is, or belongs to."""
    for mention in scene.mentions:
        if span[0] <= mention.first and mention.last <= span[1]:
            return mention  # the noun is the people itself: « un Français », or an outlet
    return _belongs_right(scene, span) or _belongs_left(scene, span)
