"""What an article is about, in the few things by which reports of one event resemble each other whatever their words.

Reports of one event in other words, or in another language, share hardly more text than reports of two events
(0.58 to 0.75 BCubed F1 in the literature and in our own trials). They share what is said to have happened, between
whom, who is named, what it is about, and when.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

from detection.countries import Mention, find_mentions, may_name_state
from detection.stories.topics import topics
from detection.stories.words import words
from detection.text import Tokens, fold, tokenize, written_out
from storage.types import Signal, Status

#: characters read of an article, title included: what it is about stands there
READ = 4_000
#: and of it where only its states are asked for
OPENING = 1_000
#: confidence from which a signal says what an article is about
LEAST_CONFIDENCE = 0.3
#: states and topics of an article under which it is found
MOST_FIRST = 2
#: names kept of an article
MOST_NAMES = 40

_FILE = Path(__file__).with_name("sketch.toml")
_CAPITALISED = re.compile(r"(?<![^\W_])[^\W\d_a-zà-öø-ÿ][\w'’-]{2,}")
_YEAR = re.compile(r"(?<![\w.,])(?:19[5-9]|20\d)\d(?![\w%])")
_YEARS_AGO = re.compile(
    r"\b(?:il y a (?:\w+ ){1,2}ans\b|(?:\w+ ){1,2}ans (?:apres|plus tard|deja)\b|anniversair"
    r"|years? (?:ago|on|after|later)\b|anniversary|decades? (?:ago|later)\b|look(?:ing)? back\b|retrospecti)"
)
#: what comes before a word that is capitalised because something begins
_BEGINS = re.compile(r"(?:^|[.!?:;…«“\"(—–-][\s\u00a0\u202f]*|\n)$")
#: share of capitalised words from which a title is set in capitals or in title case
_TITLE_CASE = 0.6
#: letters by which a name is known, so that plurals and genitives agree
_NAME_LETTERS = 8


@dataclass(frozen=True, slots=True)
class Happening:
    """An act as a story knows it; ``polarity`` is 1 done, -1 undone or denied, 0 neither."""

    family: str
    actor: str | None
    target: str | None
    polarity: int
    denied: bool = False
    #: the type itself, which a denial or an end must share: « le Mali n'a pas rompu » does not deny a suspension
    type: str = ""

    @property
    def act(self) -> tuple[str, str | None, str | None]:
        """Who did what to whom, whatever its standing and its very type."""
        return self.family, self.actor, self.target

    @property
    def sides(self) -> frozenset[str | None]:
        """Both states, whoever acts."""
        return frozenset((self.actor, self.target))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """What an article is about."""

    #: acts told in the title
    headline: frozenset[Happening]
    #: whether its title and first paragraph tell acts both ways: an act and its answer
    exchange: bool
    #: acts told in the title, else in the first paragraph, else anywhere
    news: frozenset[Happening]
    #: share of each state among those named: in all of it, and in its beginning
    states: Mapping[str, float]
    leading_states: Mapping[str, float]
    #: numbers that stand for the persons, places and bodies named, states left out
    names: frozenset[int]
    #: how many words of its beginning speak of an end, a return or a denial; two say enough
    undoing: int
    #: whether its title speaks of a denial
    denying: bool
    #: the earliest year that its title names, 0 when it says that something happened years ago, None for neither
    looks_back_to: int | None
    #: share of each topic, as a vector of length one
    topics: Mapping[str, float]
    #: numbers that stand for what it is about in which states: by them it is found when it names nobody
    subjects: frozenset[int]

    @property
    def keys(self) -> frozenset[int]:
        """All numbers under which articles on the same event are found."""
        return self.names | self.subjects


def sketch(title: str, text: str, signals: Sequence[Signal]) -> Sketch | None:
    r"""Return what an article is about, None when it names no state.

    Args:
        title: as printed.
        text: a paragraph a line.
        signals: with offsets into ``title + "\n" + text``.
    """
    whole = f"{title}\n{text}"[:READ]
    folded = fold(whole)
    if not may_name_state(whole, folded, written_out(folded)):
        return None
    tokens = tokenize(folded)
    mentions = find_mentions(tokens, whole)
    if not mentions:
        return None
    headline_end = len(title) + 1
    lead_end = headline_end + len(text.split("\n", 1)[0])
    leading = [one for one in mentions if tokens.starts[one.first] < lead_end]
    shares, leading_shares = _shares(mentions), _shares(leading or mentions)
    about = topics(folded[: headline_end - 1], folded[headline_end:lead_end], folded[lead_end:])
    known = [signal for signal in signals if signal.confidence >= LEAST_CONFIDENCE]
    return Sketch(
        headline=_happenings(signal for signal in known if signal.start < headline_end),
        exchange=_is_exchange(_happenings(signal for signal in known if signal.start < lead_end)),
        news=_news(known, (headline_end, lead_end, len(whole) + 1)),
        states=shares,
        leading_states=leading_shares,
        names=_names(title, whole, tokens, mentions),
        undoing=min(2, sum(word in _data().undoing for word in words(whole[:lead_end]))),
        denying=_denies(folded[: headline_end - 1]),
        looks_back_to=_looks_back_to(folded[: headline_end - 1]),
        topics=about,
        subjects=_subjects(leading_shares, about),
    )


def states_in(text: str) -> Mapping[str, float]:
    """Return the share of each state among those named where a text begins, empty when none is."""
    beginning = text[:OPENING]
    folded = fold(beginning)
    if not may_name_state(beginning, folded, written_out(folded)):
        return {}
    return _shares(find_mentions(tokenize(folded), beginning))


def other_states(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether two texts speak of different states: the same wording then reports two events."""
    return bool(one) and bool(other) and sum(min(share, other.get(code, 0.0)) for code, share in one.items()) < 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Data:
    """``sketch.toml``."""

    undoing: frozenset[str]
    denying: tuple[str, ...]
    denials: tuple[str, ...]
    common: frozenset[str]
    accompanying: frozenset[str]
    private: frozenset[str]
    families: Mapping[str, str]


@cache
def _data() -> _Data:
    data = tomllib.loads(_FILE.read_text("utf-8"))
    return _Data(
        undoing=frozenset(words(" ".join(data["undoing"]))),
        denying=words(" ".join(data["denying"])),
        denials=tuple(data["denials"]),
        common=frozenset(words(" ".join(data["common"]))),
        accompanying=frozenset(data["accompanying"]),
        private=frozenset(data["private"]),
        families={type_: name for name, types in data["families"].items() for type_ in types},
    )


def accompanies(family: str) -> bool:
    """Whether acts of a family accompany others: a headline on them is no sign of another event."""
    return family in _data().accompanying


def is_private(family: str) -> bool:
    """Whether acts of a family concern one person and no affair of states."""
    return family in _data().private


def _denies(title: str) -> bool:
    """Whether a folded title speaks of a denial."""
    return title.startswith(_data().denials) or any(word.startswith(_data().denying) for word in title.split())


def _looks_back_to(title: str) -> int | None:
    if _YEARS_AGO.search(title):
        return 0
    return min((int(year) for year in _YEAR.findall(title)), default=None)


_POLARITY = {Status.ASSERTED: 1, Status.ENDED: -1, Status.DENIED: -1}


def _happenings(signals: Iterable[Signal]) -> frozenset[Happening]:
    families = _data().families
    return frozenset(
        Happening(
            families.get(one.type, one.type),
            one.actor,
            one.target,
            _POLARITY.get(one.status, 0),
            one.status is Status.DENIED,
            one.type,
        )
        for one in signals
        if one.status is not Status.PAST
    )


def _news(signals: Sequence[Signal], ends: Sequence[int]) -> frozenset[Happening]:
    for end in ends:
        found = _happenings(signal for signal in signals if signal.start < end)
        if found:
            return found
    return frozenset()


def _is_exchange(opening: Iterable[Happening]) -> bool:
    """Whether acts that stand for themselves go both ways between two states."""
    done = [one for one in opening if one.polarity > 0 and not accompanies(one.family)]
    ways = {(one.actor, one.target) for one in done if one.actor and one.target}
    return any((target, actor) in ways for actor, target in ways)


def _shares(mentions: Sequence[Mention]) -> Mapping[str, float]:
    counts = Counter(one.code for one in mentions)
    return {code: count / len(mentions) for code, count in counts.items()}


def _subjects(states: Mapping[str, float], about: Mapping[str, float]) -> frozenset[int]:
    """Return numbers for the first topics in the states named most."""
    codes, subjects = (sorted(held, key=lambda key: (-held[key], key))[:MOST_FIRST] for held in (states, about))
    return frozenset(_number(f"{code} {topic}") for code in codes for topic in subjects)


def _names(title: str, whole: str, tokens: Tokens, mentions: Sequence[Mention]) -> frozenset[int]:
    """Return the names in a text: words capitalised where nothing begins."""
    states = {tokens.starts[at] for one in mentions for at in range(one.first, one.last)}
    printed = title.split()
    capitals = sum(word[:1].isupper() for word in printed)
    begin = len(title) + 1 if capitals > _TITLE_CASE * len(printed) else 0
    found: dict[str, None] = {}
    for match in _CAPITALISED.finditer(whole, begin):
        before = whole[max(0, match.start() - 4) : match.start()]
        if match.start() in states or _BEGINS.search(before) or not match[0][0].isupper():
            continue
        for word in words(match[0]):
            if len(word) > 2 and word not in _data().common and len(found) < MOST_NAMES:
                found[word[:_NAME_LETTERS]] = None
        if len(found) >= MOST_NAMES:
            break
    return frozenset(map(_number, found))


def _number(name: str) -> int:
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=6).digest(), "big") >> 1
