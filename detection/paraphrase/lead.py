"""The lead of an article with its states made anonymous: what the model sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from detection.countries import Mention, MentionKind
from detection.reading import Reading

#: sentences that make the lead, the title not counted
SENTENCES = 5
#: and words: a lead is short
WORDS = 160

_KINDS = {
    MentionKind.NAME: "n",
    MentionKind.SEAT: "n",
    MentionKind.PEOPLE: "p",
    MentionKind.PLACE: "l",
    MentionKind.ASSET: "m",
    MentionKind.MEDIA: "m",
}
#: bodies of states are hardly ever one of two sides
_BODIES = frozenset({"UN", "EU", "ECOWAS", "AES", "AU"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A lead whose states are anonymous: ``<1n>`` is the first side by name, ``<2p>`` the second side's people."""

    words: tuple[str, ...]
    #: index of each word's token in the text
    tokens: tuple[int, ...]
    #: codes of the two sides, the one named first before the other
    sides: tuple[str, str]
    #: whether a third state or a body is named, so that the sides are in doubt
    crowded: bool


def read_lead(reading: Reading) -> Lead | None:
    """Return the lead of a text, or None when it does not name two states."""
    sentences = [sentence for sentence in reading.sentences if sentence.index <= SENTENCES]
    if not sentences:
        return None
    last = min(sentences[-1].last, sentences[0].first + WORDS)
    mentions = [mention for mention in reading.mentions if mention.first < last]
    sides = _sides(mentions)
    if sides is None:
        return None
    words, tokens = _anonymous(reading.tokens.words[:last], mentions, sides)
    strangers = {mention.code for mention in mentions} - set(sides)
    return Lead(words=words, tokens=tokens, sides=sides, crowded=bool(strangers))


def _sides(mentions: Sequence[Mention]) -> tuple[str, str] | None:
    """Return the two states named most, the first named first."""
    counts = Counter(mention.code for mention in mentions)
    first: dict[str, int] = {}
    for mention in mentions:
        first.setdefault(mention.code, mention.first)
    states = [code for code in counts if code not in _BODIES] or list(counts)
    if len(states) == 1:
        states += [code for code in counts if code in _BODIES]
    ranked = sorted(states, key=lambda code: (-counts[code], first[code]))[:2]
    if len(ranked) < 2:
        return None
    one, two = sorted(ranked, key=lambda code: first[code])
    return one, two


def _anonymous(
    words: Sequence[str], mentions: Sequence[Mention], sides: tuple[str, str]
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    by_first = {mention.first: mention for mention in mentions}
    masked: list[str] = []
    tokens: list[int] = []
    at = 0
    while at < len(words):
        mention = by_first.get(at)
        tokens.append(at)
        if mention is None:
            masked.append("0" if words[at].isdigit() else words[at])
            at += 1
        else:
            side = str(sides.index(mention.code) + 1) if mention.code in sides else "3"
            masked.append(f"<{side}{_KINDS[mention.kind]}>")
            at = mention.last
    return tuple(masked), tuple(tokens)
