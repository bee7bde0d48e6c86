"""What an article is about beyond its acts: topics of the press, by words that French and English know them by.

Many reports of an event name no act that a rule would see: « Retour à l'antenne » tells of a suspension lifted. In
their own words, and in two languages, they share few words with the others, but they share a subject. A few dozen
subjects with their words (``topics.toml``) tell a ban on flights from a ban on a broadcaster between the same states on
the same day, where likeness of words tells next to nothing (``docs/stories.md``).
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from math import sqrt
from pathlib import Path

_FILE = Path(__file__).with_name("topics.toml")
_WORD = re.compile(r"[^\W_]+(?:-[^\W\d_]+)?")
_SHORTEST, _LONGEST = 3, 12
#: what one mention counts in the title, in the first paragraph and below, and how many mentions count
_TITLE, _LEAD, _BODY = (3.0, 1), (1.5, 2), (0.5, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Data:
    """``topics.toml``."""

    whole: Mapping[str, frozenset[str]]
    beginnings: Mapping[str, frozenset[str]]
    weights: Mapping[str, float]


@cache
def _data() -> _Data:
    data = tomllib.loads(_FILE.read_text("utf-8"))
    whole: dict[str, set[str]] = {}
    beginnings: dict[str, set[str]] = {}
    for topic, held in data.items():
        for word in held["words"].split():
            known = whole if word.endswith(".") else beginnings
            known.setdefault(word.rstrip("."), set()).add(topic)
    return _Data(
        whole={word: frozenset(topics) for word, topics in whole.items()},
        beginnings={word: frozenset(topics) for word, topics in beginnings.items()},
        weights={topic: held["weight"] for topic, held in data.items()},
    )


@lru_cache(maxsize=32_768)
def _topics_of(word: str) -> frozenset[str]:
    data = _data()
    own = [data.whole.get(word, frozenset())]
    own += [data.beginnings.get(word[:end], frozenset()) for end in range(_SHORTEST, min(len(word), _LONGEST) + 1)]
    if "-" in word:
        own += [_topics_of(part) for part in word.split("-")]
    return frozenset().union(*own)


def topics(title: str, lead: str, body: str) -> Mapping[str, float]:
    """Return the share of each topic in an article, as a vector of length one; empty when it has none.

    Args:
        title: folded, see :func:`detection.text.fold`.
        lead: the first paragraph, folded.
        body: what follows, folded.
    """
    found: dict[str, float] = {}
    for text, (value, most) in ((title, _TITLE), (lead, _LEAD), (body, _BODY)):
        counts = Counter(topic for word in _WORD.findall(text) for topic in _topics_of(word))
        for topic, count in counts.items():
            found[topic] = found.get(topic, 0.0) + value * min(most, count) * _data().weights[topic]
    length = sqrt(sum(value * value for value in found.values()))
    return {topic: value / length for topic, value in found.items()}
