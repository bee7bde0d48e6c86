"""Many phrases looked for in one reading: a tree of their words.

The cost of a word of text is one look-up, and a further one for each word that some phrase goes on with, however many
phrases there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from detection.countries import Mention, MentionKind

#: words a phrase is made of; ``@people`` and the like stand for mentions, ``stem*`` for a beginning
Phrase = tuple[str, ...]
#: (first token, token after the last)
Span = tuple[int, int]
#: spans by group number
Hits = Mapping[int, list[Span]]

NUMBER = "@number"
#: what stands for a mention, and the kinds that it takes
DYNAMIC: Mapping[str, frozenset[MentionKind]] = {
    "@country": frozenset(MentionKind) - {MentionKind.MEDIA},
    "@state": frozenset({MentionKind.NAME, MentionKind.SEAT}),
    "@people": frozenset({MentionKind.PEOPLE}),
    "@outlet": frozenset({MentionKind.MEDIA}),
}
#: beginnings are looked up by so many letters
_STEM_KEY = 3
#: words remembered; more than the press uses
_MOST_OPENED = 100_000
#: letters of the longest of them
_LONGEST_OPENED = 40


@dataclass(slots=True)
class _Node:
    """A place in the tree: what ends here, and how it may go on."""

    #: numbers of the groups of which a phrase ends here
    ends: list[int] = field(default_factory=list)
    words: dict[str, _Node] = field(default_factory=dict)
    #: by their first letters: beginnings of words and where they lead
    stems: dict[str, list[tuple[str, _Node]]] = field(default_factory=dict)
    dynamic: dict[str, _Node] = field(default_factory=dict)
    #: whether there are beginnings or mentions at all
    forks: bool = False

    def next(self, part: str) -> _Node:
        """Return the node that a part of a phrase leads to, made when there is none."""
        if part[0] == "@":
            self.forks = True
            return self.dynamic.setdefault(part, _Node())
        if part[-1] != "*":
            return self.words.setdefault(part, _Node())
        self.forks = True
        stem = part[:-1]
        known = self.stems.setdefault(stem[:_STEM_KEY], [])
        for other, node in known:
            if other == stem:
                return node
        known.append((stem, _Node()))
        return known[-1][1]


class PhraseTree:
    """Phrases of numbered groups."""

    def __init__(self) -> None:
        self._root = _Node()
        #: where words met lead, and whether a beginning or a number may fit them; texts repeat their words
        self._opened: dict[str, tuple[_Node | None, bool]] = {}

    def add(self, number: int, phrases: Iterable[Phrase]) -> None:
        """Add the phrases of a group; groups are added in the order of their numbers."""
        self._opened.clear()
        for phrase in phrases:
            node = self._root
            for part in phrase:
                node = node.next(part)
            if not node.ends or node.ends[-1] != number:
                node.ends.append(number)

    def scan(
        self, words: Sequence[str], first: int, last: int, mentions: Mapping[int, Mention]
    ) -> dict[int, list[Span]]:
        """Return where each group occurs among ``words[first:last]``; of phrases that begin together, the longest.

        Args:
            words: all words of the text.
            first: index of the first word to read.
            last: index after the last.
            mentions: states named, by the index of their first word.
        """
        hits: dict[int, list[Span]] = {}
        root, opened = self._root, self._opened
        dynamic = bool(root.dynamic)
        for at in range(first, last):
            word = words[at]
            known = opened.get(word)
            node, special = known if known is not None else self._open(word)
            special = special or (dynamic and at in mentions)
            if node is None and not special:
                continue
            after = at + 1
            goes_on = (
                node
                and after < last
                and (words[after] in node.words or (node.forks and _forks(node, words[after], after, mentions)))
            )
            if node and not special and not goes_on:  # most words: what ends here is all
                span = (at, after)
                for number in node.ends:
                    if number in hits:
                        hits[number].append(span)
                    else:
                        hits[number] = [span]
                continue
            found: dict[int, int] = {}
            if node is not None:
                _follow(node, words, after, last, mentions, found)
            if special:
                for other, end in _special(root, words, at, last, mentions):
                    _follow(other, words, end, last, mentions, found)
            for number, end in found.items():
                if number in hits:
                    hits[number].append((at, end))
                else:
                    hits[number] = [(at, end)]
        return hits

    def _open(self, word: str) -> tuple[_Node | None, bool]:
        """Return where a word leads from the root, and whether a beginning or a number may fit it as well."""
        root = self._root
        found = root.words.get(word), (bool(root.dynamic) and word.isdigit()) or _begins(root, word)
        if len(self._opened) >= _MOST_OPENED:
            self._opened.clear()
        if len(word) <= _LONGEST_OPENED:
            self._opened[word] = found
        return found


def _forks(node: _Node, word: str, at: int, mentions: Mapping[int, Mention]) -> bool:
    """Say whether a beginning, a number or a mention may lead on from a node."""
    return bool((node.dynamic and (at in mentions or word.isdigit())) or (node.stems and _begins(node, word)))


def _begins(node: _Node, word: str) -> bool:
    """Say whether some beginning may fit a word."""
    stems = node.stems
    return word[:_STEM_KEY] in stems or word[:2] in stems or word[:1] in stems


def _follow(
    node: _Node, words: Sequence[str], at: int, last: int, mentions: Mapping[int, Mention], found: dict[int, int]
) -> None:
    """Put into ``found`` the groups with a phrase that goes on from ``node``, and the index after the longest."""
    while True:
        if not found:
            found.update(dict.fromkeys(node.ends, at))
        else:
            for number in node.ends:
                if found.get(number, 0) < at:
                    found[number] = at
        if at >= last:
            return
        if node.forks and _forks(node, words[at], at, mentions):
            for other, end in _special(node, words, at, last, mentions):
                _follow(other, words, end, last, mentions, found)
        following = node.words.get(words[at])
        if following is None:
            return
        node = following
        at += 1


def _special(
    node: _Node, words: Sequence[str], at: int, last: int, mentions: Mapping[int, Mention]
) -> Iterable[tuple[_Node, int]]:
    """Yield where beginnings, numbers and mentions lead, and the index after them."""
    word = words[at]
    if node.stems:
        for size in range(1, _STEM_KEY + 1):
            for stem, other in node.stems.get(word[:size], ()) if len(word) >= size else ():
                if word.startswith(stem):
                    yield other, at + 1
    if node.dynamic:
        mention = mentions.get(at)
        for part, other in node.dynamic.items():
            if part == NUMBER:
                if word.isdigit():
                    yield other, at + 1
            elif mention is not None and mention.last <= last and mention.kind in DYNAMIC[part]:
                yield other, mention.last
