"""A rule as a draft, made of a sentence that somebody chose in an article. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from detection.text import words_of
from storage.types import Signal

#: characters of a selection and of a sentence
LONGEST_SELECTION, LONGEST_SENTENCE = 300, 600
#: words of a selection that a draft looks for
MOST_WORDS = 4
#: words between two of them
GAP = 6

#: words that tell nothing by themselves
_SMALL = frozenset(
    re.findall(
        r"\w+",
        """
        a ai au aux avec c ce ces cet cette d dans de des du elle elles en est et eu il ils l la le les leur leurs lui m
        mais n ne nous on ont ou par pas pour qu que qui s sa sans se ses son sont sur un une vous y the of to in on at
        by for from and or not no is are was were has have had be been it its his her their this that these those with
        as an after before
        """,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A rule file to begin with."""

    #: of the file, without its ending
    name: str
    text: str


def draft(
    selection: str, sentence: str, *, language: str, event_type: str, names: Iterable[str], article_id: int | None
) -> Draft:
    """Return a rule that matches what somebody chose, with its sentence as the test that it must pass.

    Args:
        selection: the words that tell the act.
        sentence: the sentence around them.
        language: ISO 639-1.
        event_type: type of the act.
        names: names of states and of their people, folded; words that are left to the roles.
        article_id: the article that it comes from, for a comment.
    """
    chosen = telling_words(selection, names) or telling_words(sentence, names)
    name = re.sub(r"[^a-z0-9]+", "-", "-".join(chosen))[:40].strip("-") or "rule"
    line = " > ".join(chosen) + (f" <= {GAP}" if len(chosen) > 1 else "") if chosen else "…"
    test = one_line(sentence or selection, LONGEST_SENTENCE)
    origin = "" if article_id is None else f"# from article {article_id}\n"
    text = (
        f"{origin}language = {quoted(language)}\n\n"
        f"[[rule]]\n"
        f"id = {quoted(f'own.{name}')}\n"
        f"type = {quoted(event_type)}\n"
        f"match = [{quoted(line)}]\n"
        f"test = [\n  {{ text = {quoted(test)} }},\n]\n"
    )
    return Draft(name=name, text=text)


def telling_words(text: str, names: Iterable[str]) -> list[str]:
    """Return the words of a text that tell something, folded as the notation of rules wants them."""
    left_to_roles = set(names)
    found = [word for word in words_of(text[:LONGEST_SELECTION]) if word.isalpha() and len(word) > 1]
    return [word for word in found if word not in _SMALL and word not in left_to_roles][:MOST_WORDS]


def one_line(text: str, longest: int) -> str:
    """Return a text as one line of printable characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:longest].strip()


def quoted(text: str) -> str:
    """Return a text as a basic string of TOML: all that JSON escapes is escaped there alike (toml.io, v1.0.0)."""
    return json.dumps(one_line(text, 2_000), ensure_ascii=False)


def sentence_of(text: str, selection: str) -> str:
    """Return the line of a text that holds a selection, cut to the sentence around it; the selection for none."""
    wanted = one_line(selection, LONGEST_SELECTION)
    for line in text.split("\n"):
        flat = one_line(line, 100_000)
        at = flat.find(wanted) if wanted else -1
        if at < 0:
            continue
        ends = [found.end() for found in re.finditer(r"[.!?…]+[»”\"']?\s", flat)]
        start = max((end for end in ends if end <= at), default=0)
        stop = min((end for end in ends if end >= at + len(wanted)), default=len(flat))
        return flat[start:stop].strip()[:LONGEST_SENTENCE]
    return wanted


def type_of(signals: Sequence[Signal], sentence: str) -> str | None:
    """Return the type of the gravest act that is known of a sentence, else of its whole article."""
    told = [one for one in signals if one.sentence and (one.sentence in sentence or sentence in one.sentence)]
    return max(told or signals, key=lambda one: one.severity).type if signals else None
