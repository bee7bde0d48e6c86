"""A made-up press of two and a half years for measuring the pages: which stories there were and who reported what when.

Words are made of French syllables and occur as often as words do (Zipf), sizes of stories have a heavy tail, a few
stories tell acts between states. Whoever knows the seed knows every word.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from heapq import heappop, heappush
from itertools import accumulate
from math import log2

from tests.wire_stream import Wire

#: how long the press wrote, and the largest story it has
SPAN = timedelta(days=912)
LARGEST = 600
#: where in it that one begins, as a share
_LATE = 0.9995
#: outlets, by how much they write (Zipf), and the languages they write in, the first ones most
OUTLETS = 96
_LANGUAGES = ("fr", "fr", "fr", "fr", "fr", "en", "fr", "fr", "es", "ar")
_COUNTRIES = ("FRA", "MLI", "DZA", "NER", "SEN", "MAR", "BFA", "BEL", "TCD", "CIV")
#: sentences that articles are made of, each used by many; what only few articles hold is put in besides
SENTENCES = 60_000
#: types of act and how grave they are, the frequent ones first, and pairs of states likewise
ACTS: tuple[tuple[str, int, str], ...] = (
    ("accuse", 1, "{actor} a accusé {target} de déstabiliser la région."),
    ("summon_ambassador", 2, "{actor} a convoqué l’ambassadeur de {target} pour protester."),
    ("sanctions", 3, "{actor} a imposé des sanctions contre {target}."),
    ("suspend_cooperation", 3, "{actor} a suspendu sa coopération avec {target}."),
    ("visa_restriction", 2, "{actor} ne délivre plus de visas aux ressortissants de {target}."),
    ("recall_ambassador", 4, "{actor} a rappelé son ambassadeur auprès de {target} pour consultations."),
    ("expel_diplomats", 4, "{actor} a expulsé deux diplomates de {target}."),
    ("detain_national", 4, "{actor} a arrêté un ressortissant de {target}."),
    ("close_mission", 4, "{actor} a fermé le consulat de {target}."),
    ("airspace_closure", 4, "{actor} a fermé son espace aérien aux avions de {target}."),
    ("sever_relations", 5, "{actor} a rompu ses relations diplomatiques avec {target}."),
)
PAIRS: tuple[tuple[str, str], ...] = (
    ("FRA", "MLI"), ("FRA", "DZA"), ("FRA", "NER"), ("DZA", "MAR"), ("MLI", "DZA"), ("FRA", "BFA"), ("RUS", "UKR"),
    ("USA", "CHN"), ("ISR", "IRN"), ("SEN", "MLI"), ("FRA", "RUS"), ("TCD", "SDN"), ("RWA", "COD"), ("ETH", "ERI"),
    ("GBR", "RUS"), ("POL", "BLR"), ("IND", "PAK"), ("ARM", "AZE"), ("USA", "IRN"), ("USA", "VEN"),
)  # fmt: skip
_NAMES = {
    "FRA": "La France", "MLI": "Le Mali", "DZA": "L’Algérie", "NER": "Le Niger", "MAR": "Le Maroc", "RUS": "La Russie",
}  # fmt: skip
STATUSES = ("asserted", "asserted", "asserted", "threatened", "denied", "past", "hypothetical")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """Who prints."""

    id: str
    name: str
    language: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a story tells that a state did to another."""

    type: str
    severity: int
    actor: str
    target: str
    status: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tale:
    """A story: how many report it, from when to when, and what it tells."""

    number: int
    size: int
    first_at: datetime
    last_at: datetime
    acts: tuple[Act, ...]
    #: about whom; in all of its articles, and in few others
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """An article of a story."""

    tale: Tale
    number: int
    #: how many of its story came before
    place: int
    at: datetime
    outlet: Outlet
    title: str
    lede: str
    paragraphs: tuple[str, ...]
    #: what of the story's acts it tells, with the place of the sentence in title, lede and body
    acts: tuple[tuple[Act, int, int], ...]


class Press:
    """Makes the same articles for the same seed, size and end."""

    def __init__(self, count: int, end: datetime, seed: int = 1, sentences: int = SENTENCES) -> None:
        self.count, self.end, self.seed = count, end, seed
        self.begin = end - SPAN
        self.outlets = tuple(
            Outlet(
                id=f"press-{number:02d}",
                name=f"Journal {number + 1}",
                language=_LANGUAGES[number % len(_LANGUAGES)],
                country=_COUNTRIES[number * 7 % len(_COUNTRIES)],
            )
            for number in range(OUTLETS)
        )
        self._outlet_weights = tuple(accumulate(1 / (rank + 5) for rank in range(OUTLETS)))
        self._pool = _sentences(seed, sentences)

    def pieces(self) -> Iterator[Piece]:
        """Yield the articles in the order of their time."""
        chance = random.Random(f"{self.seed}/pieces")
        waiting: list[tuple[datetime, int, int, Tale]] = []
        number = 0
        tales = self._tales()
        coming: tuple[Tale, list[datetime]] | None = next(tales)
        while coming is not None or waiting:
            while coming is not None and (not waiting or coming[0].first_at <= waiting[0][0]):
                tale, times = coming
                for place, at in enumerate(times):
                    heappush(waiting, (at, tale.number, place, tale))
                coming = next(tales, None)
            at, _, place, tale = heappop(waiting)
            yield self._piece(chance, tale, number, place, at)
            number += 1

    def _tales(self) -> Iterator[tuple[Tale, list[datetime]]]:
        """Yield stories in the order of their beginning, each with the times of its articles."""
        chance = random.Random(f"{self.seed}/tales")
        sizes: list[int] = [min(LARGEST, self.count // 4)]
        left = self.count - sizes[0]
        while left:
            sizes.append(min(left, LARGEST, int(chance.paretovariate(1.25))))
            left -= sizes[-1]
        # The largest comes late, so that its page is one of those that people open.
        beginnings = [_LATE, *(chance.random() for _ in sizes[1:])]
        for number, (share, size) in enumerate(sorted(zip(beginnings, sizes, strict=True)), 1):
            first = self.begin + SPAN * share
            pace = 6 + size / 20
            later = (first + timedelta(hours=min(240.0, chance.expovariate(1 / pace))) for _ in range(size - 1))
            times = sorted(min(at, self.end) for at in (first, *later))
            telling = chance.random() < min(0.5, 0.012 * (1 + log2(size))) or share == _LATE
            yield (
                Tale(
                    number=number,
                    size=size,
                    first_at=times[0],
                    last_at=times[-1],
                    acts=tuple(_act(chance) for _ in range(min(8, int(chance.paretovariate(1.5))))) if telling else (),
                    name=_name(chance),
                ),
                times,
            )

    def _piece(self, chance: random.Random, tale: Tale, number: int, place: int, at: datetime) -> Piece:
        outlet = chance.choices(self.outlets, cum_weights=self._outlet_weights)[0]
        first = chance.randrange(len(self._pool) - 40)
        count = max(4, min(36, int(chance.lognormvariate(2.75, 0.45))))
        sentences = self._pool[first : first + count]
        title = f"{tale.name} : {chance.choice(self._pool)[:90].rsplit(' ', 1)[0]}"
        lede = sentences[0] if chance.random() < 0.6 else ""
        told: tuple[Act, ...] = tale.acts if chance.random() < 0.8 or not place else ()
        begun = len(title) + 1 + (len(lede) + 1 if lede else 0)
        acts = []
        for act in told:
            acts.append((act, begun, begun + len(act.sentence)))
            begun += len(act.sentence) + 1
        lead = " ".join(act.sentence for act in told)
        body = [" ".join(sentences[at : at + 3]) for at in range(1, count, 3)]
        body[-1] += f" {tale.name}, {_name(chance)}."
        return Piece(
            tale=tale, number=number, place=place, at=at, outlet=outlet, title=title, lede=lede,
            paragraphs=(lead, *body) if lead else tuple(body), acts=tuple(acts),
        )  # fmt: skip


def _act(chance: random.Random) -> Act:
    kind, severity, sentence = chance.choices(ACTS, weights=[1 / (rank + 1) for rank in range(len(ACTS))])[0]
    sides: Sequence[str] = chance.choices(PAIRS, weights=[1 / (rank + 1) for rank in range(len(PAIRS))])[0]
    actor, target = sides if chance.random() < 0.5 else reversed(sides)
    return Act(
        type=kind, severity=severity, actor=actor, target=target, status=chance.choice(STATUSES),
        sentence=sentence.format(actor=_NAMES.get(actor, actor), target=_NAMES.get(target, target)),
    )  # fmt: skip


_SYLLABLES = (
    "ba", "ber", "cal", "dou", "dra", "fé", "gue", "jo", "ka", "lan", "mar", "mé", "nou", "or", "pé", "ra", "sy", "té",
    "va", "zan",
)  # fmt: skip


def _name(chance: random.Random) -> str:
    """Return one of 160,000 names: rare words, as archives are full of."""
    return "".join(chance.choices(_SYLLABLES, k=4)).capitalize()


@lru_cache(maxsize=1)
def _sentences(seed: int, count: int) -> tuple[str, ...]:
    return Wire(seed).sentences(count)
