"""The lead of an article with its states made anonymous: what the model sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from detection.countries import BODIES, Mention, MentionKind
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A lead whose states are anonymous: ``<1n>`` is the first side by name, ``<2p>`` the second side's people."""

    words: tuple[str, ...]
    #: index of each word's token in the text
    tokens: tuple[int, ...]
    #: codes of the two sides, the one named first before the other
    sides: tuple[str, str]
    #: whether a third state or a body is named in the title, twice, or as often as a side: the sides are in doubt then
    crowded: bool


def read_lead(reading: Reading) -> Lead | None:
    """Return the lead of a text, or None when it does not name two states."""
    places = _places(reading)
    if not places:
        return None
    mentions = [mention for mention in reading.mentions if mention.first in places]
    sides = _sides(mentions)
    if sides is None:
        return None
    words, tokens = _anonymous(reading.tokens.words, places, mentions, sides)
    strangers = [mention for mention in mentions if mention.code not in sides]
    headline = any(mention.first < reading.sentences[0].last for mention in strangers)
    least = min(sum(mention.code == side for mention in mentions) for side in sides)
    crowded = headline or len(strangers) > 1 or len(strangers) >= least
    return Lead(words=words, tokens=tokens, sides=sides, crowded=crowded)


def _places(reading: Reading) -> dict[int, None]:
    """Return the tokens of the lead in order: the title, then sentences that do not date themselves as background."""
    places: dict[int, None] = {}
    for sentence in reading.sentences[: SENTENCES + 1]:
        if not reading.is_background(sentence):
            places |= dict.fromkeys(range(sentence.first, sentence.last))
        if len(places) >= WORDS:
            break
    return dict.fromkeys(list(places)[:WORDS])


def _sides(mentions: Sequence[Mention]) -> tuple[str, str] | None:
    """Return the two states named most, the first named first."""
    counts = Counter(mention.code for mention in mentions)
    first: dict[str, int] = {}
    for mention in mentions:
        first.setdefault(mention.code, mention.first)
    # Unions of states are hardly ever one of two sides.
    states = [code for code in counts if code not in BODIES] or list(counts)
    if len(states) == 1:
        states += [code for code in counts if code in BODIES]
    ranked = sorted(states, key=lambda code: (-counts[code], first[code]))[:2]
    if len(ranked) < 2:
        return None
    one, two = sorted(ranked, key=lambda code: first[code])
    return one, two


def _anonymous(
    words: Sequence[str], places: Iterable[int], mentions: Sequence[Mention], sides: tuple[str, str]
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    named = {at: mention for mention in mentions for at in range(mention.first, mention.last)}
    masked: list[str] = []
    tokens: list[int] = []
    for at in places:
        mention = named.get(at)
        if mention is None:
            masked.append("0" if words[at].isdigit() else words[at])
        elif at == mention.first:
            side = str(sides.index(mention.code) + 1) if mention.code in sides else "3"
            masked.append(f"<{side}{_KINDS[mention.kind]}>")
        else:
            continue
        tokens.append(at)
    return tuple(masked), tuple(tokens)
