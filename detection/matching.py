"""Rules against one sentence: which hold, which guard stops them, which gives way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from detection.compiler import LanguageRules, Rule
from detection.patterns import Hits, Line, Span, hull, match_line
from detection.scene import small_words
from detection.sentences import Sentence

#: how many words may stand between a trigger and what "right before" or "right after" it forbids
_BESIDE = 2
#: how many words after « avec » the other side may stand: « avec son ancienne puissance »
_COMPANY_REACH = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A rule that holds in a sentence."""

    rule: Rule
    spans: tuple[Span, ...]
    head: Span
    #: from the first to after the last word of the match
    trigger: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """What a sentence gave: matches that stand, and those dropped with the reason."""

    found: tuple[Found, ...]
    dropped: tuple[tuple[Found, str], ...]


#: what most sentences give
_NONE = Matches(found=(), dropped=())


def _goes_on_with(found: Found, hits: Hits, words: Sequence[str]) -> bool:
    """Say whether « avec » or "with" after a match, if there is one, leads to a word the rule allows."""
    end = found.trigger[1]
    after = next((at for at in range(end, min(end + _BESIDE, len(words))) if words[at] in small_words("company")), None)
    if after is None:
        return True
    reach = range(after + 1, min(after + 1 + _COMPANY_REACH, len(words)))
    last = next((at for at in reach if words[at] in small_words("stops")), reach.stop)
    return any(after < span[0] < last for group in found.rule.only_with for span in hits.get(group, ()))


def _guard(found: Found, hits: Hits, sentence: Sentence, words: Sequence[str]) -> str | None:
    """Return the guard that forbids a match, or None."""
    rule = found.rule
    start, end = found.trigger
    head = found.head
    if any(hits.get(group) for group in rule.not_near):
        return "not_near"
    if rule.requires and not any(hits.get(group) for group in rule.requires):
        return "requires"
    for group in rule.not_followed_by:
        if any(0 <= span[0] - stop <= _BESIDE for span in hits.get(group, ()) for stop in (end, head[1])):
            return "not_followed_by"
    for group in rule.not_preceded_by:
        if any(0 <= begin - span[1] <= _BESIDE for span in hits.get(group, ()) for begin in (start, head[0])):
            return "not_preceded_by"
    if rule.only_with and not _goes_on_with(found, hits, words):
        return "only_with"
    for group in rule.subject_not:
        spans = [span for span in hits.get(group, ()) if span[1] <= head[0]]
        if spans and sentence.clause_of(head[0]) in {sentence.clause_of(span[0]) for span in spans}:
            return "subject_not"
    return None


def _overlap(one: Span, two: Span) -> bool:
    return one[0] < two[1] and two[0] < one[1]


def _best_per_head(matches: Sequence[Found]) -> list[Found]:
    """Keep one match of a type per place: the one with most groups, then the tightest."""
    ranked = sorted(matches, key=lambda found: (-len(found.spans), found.trigger[1] - found.trigger[0], found.trigger))
    kept: list[Found] = []
    taken: dict[str, list[Span]] = {}
    for found in ranked:
        spans = taken.setdefault(found.rule.entry.type, [])
        if not any(_overlap(found.head, span) for span in spans):
            kept.append(found)
            spans.extend(found.spans)
    return kept


def _possible(rules: LanguageRules, hits: Hits) -> Iterator[tuple[Rule, Line]]:
    """Yield the lines all of whose groups occur, those of words that come first before others."""
    by_group = rules.by_group
    for group in hits:
        if group in by_group:
            for rule, line, others in by_group[group]:
                for other in others:
                    if other not in hits:
                        break
                else:
                    yield rule, line


def match_sentence(rules: LanguageRules, hits: Hits, sentence: Sentence, words: Sequence[str]) -> Matches:
    """Return the rules that hold in a sentence.

    Args:
        rules: of the language.
        hits: of every group, from the index's scan of the sentence.
        sentence: the sentence.
        words: of the whole text.
    """
    stands: list[Found] = []
    dropped: list[tuple[Found, str]] = []
    for rule, line in _possible(rules, hits):
        for spans in match_line(line, hits):
            found = Found(rule=rule, spans=spans, head=spans[line.head], trigger=hull(spans))
            reason = _guard(found, hits, sentence, words)
            if reason is None:
                stands.append(found)
            else:
                dropped.append((found, reason))
    if not stands:
        return Matches(found=(), dropped=tuple(dropped)) if dropped else _NONE
    best = _best_per_head(stands)
    kept: list[Found] = []
    for found in best:
        if any(_wins(other, found) for other in best):
            dropped.append((found, "yields"))
        else:
            kept.append(found)
    kept.sort(key=lambda found: (found.trigger, found.rule.entry.id))
    return Matches(found=tuple(kept), dropped=tuple(dropped))


def _wins(other: Found, found: Found) -> bool:
    """Say whether a match takes the words of another; where each would yield to the other, the longer one stays."""
    if other.rule.entry.type not in found.rule.entry.yields_to or not _overlap(other.trigger, found.trigger):
        return False
    mutual = found.rule.entry.type in other.rule.entry.yields_to
    return not mutual or _by_length(other) > _by_length(found)


def _by_length(found: Found) -> tuple[int, str]:
    return found.trigger[1] - found.trigger[0], found.rule.entry.id
