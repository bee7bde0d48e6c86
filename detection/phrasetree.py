"""Many phrases looked for in one reading: a tree of their words.

The cost of a word of text is one look-up, and a further one for each word that some phrase goes on with, however many
phrases there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, TypeVar, cast

from detection.countries import Mention, MentionKind

_Value = TypeVar("_Value")
#: words a phrase is made of; ``@people`` and the like stand for mentions, ``stem*`` for a beginning
Phrase = tuple[str, ...]
#: (first token, token after the last)
Span = tuple[int, int]
#: spans by group number
Hits = Mapping[int, tuple[Span, ...]]

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


#: what leads nowhere
_NOTHING: dict[str, Any] = {}


def _with(known: Mapping[str, _Value], key: str, value: _Value) -> dict[str, _Value]:
    """Return what is known with one thing more, in its own place once there is anything."""
    own = {} if known is _NOTHING else cast("dict[str, _Value]", known)
    own[key] = value
    return own


#: how many words a phrase takes, and the numbers of the groups that have such a phrase
_Runs = tuple[tuple[int, tuple[int, ...]], ...]


class _Node:
    """A place in the tree: what ends here, and how it may go on.

    Most places go on with one word or none, so what a place does not have is one empty thing for all of them.
    """

    __slots__ = ("dynamic", "ends", "forks", "known", "runs", "stems", "words")

    def __init__(self) -> None:
        #: numbers of the groups of which a phrase ends here
        self.ends: tuple[int, ...] = ()
        self.words: Mapping[str, _Node] = _NOTHING
        #: by their first letters: beginnings of words and where they lead
        self.stems: Mapping[str, list[tuple[str, _Node]]] = _NOTHING
        self.dynamic: Mapping[str, _Node] = _NOTHING
        #: whether there are beginnings or mentions at all
        self.forks = False
        #: what ends on the way here, where that is a way of words alone, once it is known: texts repeat their words
        self.runs: _Runs = ()
        self.known = False

    def next(self, part: str) -> _Node:
        """Return the node that a part of a phrase leads to, made when there is none."""
        if part[0] == "@":
            self.forks = True
            node = self.dynamic.get(part) or _Node()
            self.dynamic = _with(self.dynamic, part, node)
            return node
        if part[-1] != "*":
            node = self.words.get(part) or _Node()
            self.words = _with(self.words, part, node)
            return node
        self.forks = True
        stem = part[:-1]
        known = self.stems.get(stem[:_STEM_KEY], [])
        self.stems = _with(self.stems, stem[:_STEM_KEY], known)
        for other, node in known:
            if other == stem:
                return node
        known.append((stem, _Node()))
        return known[-1][1]


class PhraseTree:
    """Phrases of numbered groups."""

    def __init__(self) -> None:
        self._root = _Node()
        #: where words met lead, None where a beginning or a number may fit them as well; texts repeat their words
        self._opened: dict[str, _Node | None] = {}

    def add(self, number: int, phrases: Iterable[Phrase]) -> None:
        """Add the phrases of a group; groups are added in the order of their numbers."""
        if self._root.known:  # texts were read already: what they left in the nodes no longer holds
            self._opened.clear()
            _forget(self._root)
        for phrase in phrases:
            node = self._root
            for part in phrase:
                node = node.words.get(part) or node.next(part)
            if not node.ends or node.ends[-1] != number:
                node.ends += (number,)

    def scan(
        self, words: Sequence[str], first: int, last: int, mentions: Mapping[int, Mention]
    ) -> dict[int, tuple[Span, ...]]:
        """Return where each group occurs among ``words[first:last]``; of phrases that begin together, the longest.

        Args:
            words: all words of the text.
            first: index of the first word to read.
            last: index after the last.
            mentions: states named, by the index of their first word.
        """
        hits: dict[int, tuple[Span, ...]] = {}
        opened = self._opened
        named: Mapping[int, Mention] = mentions if self._root.dynamic else {}
        for at in range(first, last):
            word = words[at]
            node = opened[word] if word in opened else self._open(word)
            if node is not None and at not in named:
                after = at + 1
                if after < last and (node.forks or words[after] in node.words):
                    node = _walked(node, words, after, last, mentions)
            else:
                node = None
            if node is None:
                self._branch(words, at, last, mentions, hits)
                continue
            for length, numbers in node.runs:
                spans = ((at, at + length),)  # one for all: most groups occur once in a sentence
                for number in numbers:
                    hits[number] = hits[number] + spans if number in hits else spans
        return hits

    def _open(self, word: str) -> _Node | None:
        """Return where a word leads from the root, None where a beginning or a number may fit it as well."""
        root = self._root
        root.known = True
        found = root.words.get(word, _NOWHERE)
        found.runs = _longer((), 1, found.ends)
        node = None if (root.dynamic and word.isdigit()) or _begins(root, word) else found
        if len(self._opened) >= _MOST_OPENED:
            self._opened.clear()
        if len(word) <= _LONGEST_OPENED:
            self._opened[word] = node
        return node

    def _branch(
        self,
        words: Sequence[str],
        at: int,
        last: int,
        mentions: Mapping[int, Mention],
        hits: dict[int, tuple[Span, ...]],
    ) -> None:
        """Add to ``hits`` what begins at a place where words alone do not lead on."""
        found: dict[int, int] = {}
        node = self._root.words.get(words[at])
        if node is not None:
            _follow(node, words, at + 1, last, mentions, found)
        for other, end in _special(self._root, words, at, last, mentions):
            _follow(other, words, end, last, mentions, found)
        for number, end in found.items():
            hits[number] = (*hits.get(number, ()), (at, end))


#: where words lead that begin no phrase
_NOWHERE = _Node()


def _longer(runs: _Runs, length: int, ends: Sequence[int]) -> _Runs:
    """Return what ends on a way, ``runs`` and ``ends`` after ``length`` words; of a group, the longest phrase."""
    lengths = {number: shorter for shorter, numbers in runs for number in numbers}
    lengths.update(dict.fromkeys(ends, length))
    return tuple((size, tuple(numbers)) for size, numbers in groupby(lengths, lengths.__getitem__))


def _forget(node: _Node) -> None:
    """Forget what ends on the ways from a node."""
    open_nodes = [node]
    while open_nodes:
        node = open_nodes.pop()
        node.runs = ()
        node.known = False
        open_nodes += node.words.values()


def _walked(node: _Node, words: Sequence[str], at: int, last: int, mentions: Mapping[int, Mention]) -> _Node | None:
    """Return where the words from ``at`` lead from a node of the root, None where they are not the only way."""
    length = 1
    while at < last:
        word = words[at]
        if node.forks and _forks(node, word, at, mentions):
            return None
        further = node.words.get(word)
        if further is None:
            return node
        length += 1
        at += 1
        if not further.known:
            further.runs, further.known = _longer(node.runs, length, further.ends), True
        node = further
    return node


def _forks(node: _Node, word: str, at: int, mentions: Mapping[int, Mention]) -> bool:
    """Say whether a beginning, a number or a mention leads on from a node."""
    return bool((node.dynamic and (at in mentions or word.isdigit())) or (node.stems and _begins(node, word)))


def _begins(node: _Node, word: str) -> bool:
    """Say whether some beginning fits a word."""
    stems = node.stems
    return any(
        word.startswith(stem)
        for size in range(1, _STEM_KEY + 1)
        if word[:size] in stems
        for stem, _ in stems[word[:size]]
    )


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
