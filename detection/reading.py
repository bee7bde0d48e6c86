"""A document made ready: folded, cut into tokens and sentences, its states found."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise

from detection.countries import Mention, find_mentions
from detection.dates import StatedDate, find_dates, is_background
from detection.sentences import Sentence, split_sentences
from detection.text import Tokens, tokenize


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Everything that rules, cues and roles look at."""

    #: ``title + "\\n" + text`` as printed
    text: str
    tokens: Tokens
    sentences: tuple[Sentence, ...]
    mentions: tuple[Mention, ...]
    #: mentions by the index of their first token
    by_token: Mapping[int, Mention]
    published: date | None

    @cached_property
    def news(self) -> tuple[Mention, ...]:
        """States named outside sentences that date themselves as background."""
        background = [sentence for sentence in self.sentences if self.is_background(sentence)]
        old = {mention.first for sentence in background for mention in self.mentions_in(sentence)}
        return tuple(mention for mention in self.mentions if mention.first not in old)

    @cached_property
    def _old_dates(self) -> dict[int, tuple[StatedDate, ...]]:
        return {}

    def old_dates(self, sentence: Sentence) -> tuple[StatedDate, ...]:
        """Return the dates in a sentence that are too old to be news."""
        known = self._old_dates.get(sentence.index)
        if known is None:
            dates = find_dates(self.tokens.words, sentence.first, sentence.last)
            known = tuple(stated for stated in dates if is_background(stated, self.published))
            self._old_dates[sentence.index] = known
        return known

    def is_background(self, sentence: Sentence) -> bool:
        """Say whether a sentence of the text dates itself as background."""
        return sentence.index > 0 and bool(self.old_dates(sentence))

    def mentions_in(self, sentence: Sentence) -> tuple[Mention, ...]:
        """Return the states named in a sentence, in order."""
        begin = bisect_left(self.mentions, sentence.first, key=lambda mention: mention.first)
        end = bisect_left(self.mentions, sentence.last, key=lambda mention: mention.first)
        return self.mentions[begin:end]

    def parties_in(self, sentence: Sentence) -> tuple[Mention, ...]:
        """Return the states that a sentence names, without a rubric that says whom it concerns: « Mali-France : … »."""
        mentions = self.mentions_in(sentence)
        if sentence.index or len(mentions) < 2 or len({one.code for one in self.news[2:]}) < 2:
            return mentions
        one, two = mentions[0], mentions[1]
        paired = one.first == sentence.first and one.code != two.code and two.first - one.last <= 1
        ends = self.tokens.ends[two.last - 1]
        rubric = paired and self.text[ends : ends + 3].lstrip(" \u00a0\u202f").startswith(":")
        return mentions[2:] if rubric else mentions

    def printed(self, sentence: Sentence) -> str:
        """Return a sentence as printed."""
        return self.text[sentence.start : sentence.end]


def _datelines(sentences: Sequence[Sentence]) -> frozenset[int]:
    """Return the tokens that belong to no sentence."""
    gaps = (range(one.last, two.first) for one, two in pairwise(sentences))
    return frozenset(token for gap in gaps for token in gap)


def read(text: str, folded: str, *, title_end: int, published: date | None) -> Reading | None:
    r"""Return the reading of ``title + "\n" + text``, or None when it names no state: an act needs one.

    Args:
        text: as printed.
        folded: the same text folded.
        title_end: length of the title.
        published: day of publication, if known.
    """
    tokens = tokenize(folded)
    sentences = split_sentences(text, tokens, title_end=title_end)
    mentions = find_mentions(tokens, text, _datelines(sentences))
    if not mentions:
        return None
    return Reading(
        text=text,
        tokens=tokens,
        sentences=sentences,
        mentions=mentions,
        by_token={mention.first: mention for mention in mentions},
        published=published,
    )
