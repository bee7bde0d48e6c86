"""A made-up press for measuring stories: dispatches and their copies, follow-ups, reports in set form, and the rest.

Words are made of French syllables and occur as often as words do (Zipf); texts share phrases of the trade, names,
and the lines that a paper sets under everything it prints. Whoever knows the seed knows every word, and an article of
the background is made from its number alone, so a million of them need no room.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate

OUTLETS = tuple(f"journal-{number:02d}" for number in range(40))
#: share of a stream that dispatches, their copies and follow-ups make, and that reports in set form make
WIRED, FORMED = 0.46, 0.06
#: share of dispatches that have a follow-up, and share of its words that repeat the dispatch
FOLLOWED, BACKGROUND = 0.4, 0.45
#: share of words that an editor changes
CHANGED = 0.1
#: share of articles under which a paper sets its own lines, and of articles that name states
FURNISHED, ABROAD = 0.3, 0.4

_FREQUENT = (
    "de", "la", "le", "et", "les", "des", "en", "un", "du", "une", "que", "est", "pour", "qui", "dans", "par", "sur",
    "au", "plus", "pas", "il", "a", "ce", "ne", "se", "sont", "avec", "son", "aux", "été", "mais", "cette", "ont",
    "ou", "sa", "lors", "même", "deux", "selon", "après", "entre", "leur", "sans", "depuis", "être", "fait", "ces",
    "comme", "nous", "avait", "aussi",
)  # fmt: skip
_BEGINNINGS = (
    "ba", "bre", "ca", "cha", "co", "dé", "fer", "gou", "jan", "la", "mé", "mor", "ni", "or", "pa", "pré", "ra",
    "sou", "ta", "tri", "va", "vou",
)  # fmt: skip
_MIDDLES = (
    "bli", "chi", "da", "for", "gne", "la", "li", "man", "no", "par", "que", "rê", "sa", "ti", "ver",
)  # fmt: skip
_ENDINGS = (
    "age", "aire", "ance", "ant", "eau", "elle", "ement", "er", "eur", "ie", "ière", "ille", "ique", "isme", "ité",
    "oir", "on", "té", "ure", "ées",
)  # fmt: skip
_GIVEN = (
    "Aminata", "Boubacar", "Claire", "Denis", "Fatou", "Georges", "Hélène", "Idrissa", "Jeanne", "Kadiatou", "Louis",
    "Moussa",
)  # fmt: skip
_STATES = ("Mali", "France", "Niger", "Sénégal", "Burkina Faso", "Russie", "Algérie", "Mauritanie", "Togo", "Tchad")
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_READ_ON = ("Lire aussi :", "À lire également :", "Notre dossier :")


class Kind(StrEnum):
    """What a document is."""

    DISPATCH = "dispatch"
    #: copies: with another title, paragraphs cut, the paper's own lines added, words changed, shortened to a brief
    RETITLED = "retitled"
    CUT = "cut"
    FURNISHED = "furnished"
    EDITED = "edited"
    BRIEF = "brief"
    #: news of its own above the background of an older dispatch
    FOLLOW_UP = "follow-up"
    #: the words of another report, other figures
    REPORT = "report"
    OTHER = "other"


COPIES = (Kind.RETITLED, Kind.CUT, Kind.FURNISHED, Kind.EDITED, Kind.BRIEF)


@dataclass(frozen=True, slots=True, kw_only=True)
class WireDocument:
    """A document as an outlet prints it, and what it truly is."""

    title: str
    paragraphs: tuple[str, ...]
    at: datetime
    outlet: str
    kind: Kind
    #: equal for the copies of one text, and for nothing else
    dispatch: str
    #: the dispatch that a follow-up or a report resembles
    resembles: str | None = None

    @property
    def size(self) -> int:
        """Bytes of its title and paragraphs."""
        return sum(len(text.encode()) for text in (self.title, *self.paragraphs))


class Wire:
    """Makes articles and streams of them; two of one seed make the same."""

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        chance = random.Random(f"{seed}/words")
        made: dict[str, None] = dict.fromkeys(_FREQUENT)
        while len(made) < 20_000:
            middle = "".join(chance.choices(_MIDDLES, k=chance.randint(0, 2)))
            made[chance.choice(_BEGINNINGS) + middle + chance.choice(_ENDINGS)] = None
        self._words = tuple(made)
        self._weights = tuple(accumulate(1 / (rank + 2.7) for rank in range(len(made))))
        self._phrases = tuple(" ".join(self._some(chance, chance.randint(4, 12))) for _ in range(3_000))
        self._phrase_weights = tuple(accumulate(1 / (rank + 10) for rank in range(len(self._phrases))))
        people = chance.choices(self._words[1_000:], k=2_500)
        self._people = tuple(f"{chance.choice(_GIVEN)} {family.capitalize()}" for family in people)
        self._places = tuple(word.capitalize() for word in chance.choices(self._words[1_000:], k=400))
        self._furniture = {outlet: self._lines_of_outlet(chance) for outlet in OUTLETS}

    def article(self, number: int, at: datetime) -> WireDocument:
        """Return an article of the background, which has nothing to do with any other."""
        chance = random.Random(f"{self.seed}/article/{number}")
        outlet = chance.choice(OUTLETS)
        title, paragraphs = self._text(chance, chance.randint(4, 14))
        if chance.random() < FURNISHED:
            paragraphs = (*paragraphs, chance.choice(self._furniture[outlet]))
        return WireDocument(
            title=title, paragraphs=paragraphs, at=at, outlet=outlet, kind=Kind.OTHER, dispatch=f"other-{number}"
        )

    def stream(self, count: int, begin: datetime, length: timedelta = timedelta(days=2)) -> list[WireDocument]:
        """Return ``count`` documents in order of time: see :data:`WIRED` and :data:`FORMED`, others for the rest."""
        chance = random.Random(f"{self.seed}/stream")
        found: list[WireDocument] = []
        serial = 0
        while len(found) < WIRED * count:
            at = begin + length * 0.6 * chance.random()
            found += self._affair(chance, f"wire-{serial}", at)
            serial += 1
        while len(found) < (WIRED + FORMED) * count:
            found += self._series(chance, f"form-{serial}", begin, length)
            serial += 1
        del found[count:]
        for number in range(count - len(found)):
            found.append(self.article(-1 - number, begin + length * chance.random()))
        return sorted(found, key=lambda one: (one.at, one.dispatch, one.outlet))

    def sentences(self, count: int) -> tuple[str, ...]:
        """Return sentences by themselves, with a name in every second one."""
        chance = random.Random(f"{self.seed}/sentences")
        return tuple(self._sentence(chance, self._cast(chance)) for _ in range(count))

    def _affair(self, chance: random.Random, name: str, at: datetime) -> list[WireDocument]:
        """Return a dispatch, its copies, and perhaps a follow-up with copies of its own."""
        title, paragraphs = self._text(chance, chance.randint(5, 12))
        first = WireDocument(
            title=title, paragraphs=paragraphs, at=at, outlet=chance.choice(OUTLETS), kind=Kind.DISPATCH, dispatch=name
        )
        found = [first, *self._copies(chance, first, int(chance.paretovariate(1.0) * 3))]
        if chance.random() < FOLLOWED:
            new_title, new = self._text(chance, len(paragraphs))
            size, kept = _size(new), 0
            while kept < len(paragraphs) and _size(paragraphs[:kept]) < size * BACKGROUND / (1 - BACKGROUND):
                kept += 1
            later = WireDocument(
                title=new_title,
                paragraphs=new + paragraphs[:kept],
                at=at + timedelta(hours=chance.uniform(5, 18)),
                outlet=chance.choice(OUTLETS),
                kind=Kind.FOLLOW_UP,
                dispatch=f"{name}-later",
                resembles=name,
            )
            found += [later, *self._copies(chance, later, int(chance.paretovariate(1.5)))]
        return found

    def _copies(self, chance: random.Random, first: WireDocument, count: int) -> list[WireDocument]:
        others = [outlet for outlet in OUTLETS if outlet != first.outlet]
        outlets = chance.sample(others, min(count, len(others)))
        return [self._copy(chance, first, outlet, chance.choice(COPIES)) for outlet in outlets]

    def _copy(self, chance: random.Random, first: WireDocument, outlet: str, kind: Kind) -> WireDocument:
        paragraphs = first.paragraphs
        if kind is Kind.CUT:
            paragraphs = paragraphs[: max(2, round(len(paragraphs) * chance.uniform(0.4, 0.75)))]
        elif kind is Kind.BRIEF:
            paragraphs = paragraphs[: chance.randint(1, 2)]
        elif kind is Kind.EDITED:
            paragraphs = tuple(self._edited(chance, paragraph) for paragraph in paragraphs)
        elif kind is Kind.FURNISHED:
            above, below = chance.sample(self._furniture[outlet], 2)
            paragraphs = (*paragraphs[:2], above, *paragraphs[2:], below)
        retitled = kind is Kind.RETITLED or chance.random() < 0.5
        return WireDocument(
            title=self._title(chance, self._cast(chance)) if retitled else first.title,
            paragraphs=paragraphs,
            at=first.at + min(timedelta(hours=chance.expovariate(1 / 2.5)), timedelta(hours=12)),
            outlet=outlet,
            kind=kind,
            dispatch=first.dispatch,
        )

    def _series(self, chance: random.Random, name: str, begin: datetime, length: timedelta) -> list[WireDocument]:
        """Return reports that fill in the same form, each of them a dispatch of its own."""
        title, paragraphs = self._text(chance, chance.randint(3, 5))
        form = [f"{paragraph[:-1]}, soit {{}} pour {{}} contre {{}} {{}}." for paragraph in paragraphs]
        found, at, number = [], begin + length / 8 * chance.random(), 0
        while at < begin + length:
            filled = tuple(
                line.format(
                    *(_figure(chance) for _ in range(3)), _DAYS[at.weekday()] if chance.random() < 0.5 else "hier"
                )
                for line in form
            )
            found.append(
                WireDocument(
                    title=title, paragraphs=filled, at=at, outlet=chance.choice(OUTLETS), kind=Kind.REPORT,
                    dispatch=f"{name}-{number}", resembles=f"{name}-{number - 1}" if number else None,
                )
            )  # fmt: skip
            at += timedelta(hours=chance.uniform(5, 14))
            number += 1
        return found

    def _text(self, chance: random.Random, count: int) -> tuple[str, tuple[str, ...]]:
        """Return a title and so many paragraphs on the same people."""
        cast = self._cast(chance)
        paragraphs = [" ".join(self._sentence(chance, cast) for _ in range(chance.randint(1, 3))) for _ in range(count)]
        return self._title(chance, cast), tuple(paragraphs)

    def _cast(self, chance: random.Random) -> list[str]:
        cast = chance.choices(self._people, k=chance.randint(2, 5)) + chance.choices(self._places, k=2)
        return cast + (chance.sample(_STATES, chance.randint(1, 3)) if chance.random() < ABROAD else [])

    def _title(self, chance: random.Random, cast: Sequence[str]) -> str:
        return f"{chance.choice(cast)} {' '.join(self._some(chance, chance.randint(5, 9)))}"

    def _sentence(self, chance: random.Random, cast: Sequence[str]) -> str:
        words = self._some(chance, chance.randint(8, 26))
        words[0] = words[0].capitalize()
        if chance.random() < 0.25:
            words.insert(len(words) // 2, chance.choices(self._phrases, cum_weights=self._phrase_weights)[0])
        if chance.random() < 0.5:
            words.insert(chance.randint(2, len(words)), chance.choice(cast))
        if chance.random() < 0.3:
            words.insert(chance.randint(2, len(words)), _figure(chance))
        return " ".join(words) + "."

    def _edited(self, chance: random.Random, paragraph: str) -> str:
        words = paragraph.split(" ")
        for at in chance.sample(range(len(words)), round(CHANGED * len(words))):
            words[at] = self._some(chance, 1)[0]
        return " ".join(words)

    def _lines_of_outlet(self, chance: random.Random) -> tuple[str, ...]:
        lines = [" ".join(self._some(chance, chance.randint(10, 35))).capitalize() + "." for _ in range(3)]
        return (*lines, f"{chance.choice(_READ_ON)} {' '.join(self._some(chance, 8))}")

    def _some(self, chance: random.Random, count: int) -> list[str]:
        return chance.choices(self._words, cum_weights=self._weights, k=count)


def _figure(chance: random.Random) -> str:
    shape = chance.random()
    if shape < 0.5:
        return str(chance.randint(3, 999))
    return (
        f"{chance.randint(1, 999)} {chance.randint(0, 999):03d}"
        if shape < 0.75
        else f"{chance.randint(1, 99)},{chance.randint(1, 9)}"
    )


def _size(paragraphs: Sequence[str]) -> int:
    return sum(len(paragraph.split()) for paragraph in paragraphs)
