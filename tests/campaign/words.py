"""The news of the campaign: each article is an act of its own between two states, and carries a token of its own."""

from __future__ import annotations

import itertools
import random
import re
from dataclasses import dataclass

#: name as it opens a sentence → its people, in the masculine plural
STATES = {
    "L'Algérie": "algériens", "L'Allemagne": "allemands", "La Belgique": "belges", "Le Bénin": "béninois",
    "Le Brésil": "brésiliens", "Le Burundi": "burundais", "Le Cameroun": "camerounais", "Le Canada": "canadiens",
    "La Chine": "chinois", "La Côte d'Ivoire": "ivoiriens", "L'Égypte": "égyptiens", "L'Espagne": "espagnols",
    "Le Gabon": "gabonais", "La Gambie": "gambiens", "Le Ghana": "ghanéens", "La Guinée": "guinéens",
    "L'Inde": "indiens", "L'Iran": "iraniens", "L'Italie": "italiens", "Le Japon": "japonais",
    "La Libye": "libyens", "Le Maroc": "marocains", "La Mauritanie": "mauritaniens", "Le Niger": "nigériens",
    "La Pologne": "polonais", "La Russie": "russes", "Le Rwanda": "rwandais", "Le Sénégal": "sénégalais",
    "Le Tchad": "tchadiens", "Le Togo": "togolais", "La Tunisie": "tunisiens", "La Turquie": "turcs",
    "L'Ukraine": "ukrainiens", "La Syrie": "syriens",
}  # fmt: skip
TOKEN = re.compile(r"tok-[a-z0-9]+-\d{5}")
_WORDS = (  # noqa: SIM905 (a list of forty lines says no more)
    "accord route marché école récolte fleuve budget région transport hôpital commerce dialogue pluie village énergie "
    "projet formation service jeunesse culture séance rapport visite production travaux agriculture élevage registre "
    "bureau dossier calendrier archive façade jardin couloir lampe carnet étage saison matinée bibliothèque musée pont"
).split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An article of the campaign's press."""

    token: str
    title: str
    paragraphs: tuple[str, ...]
    #: whether the watch must ring
    matters: bool


class Desk:
    """Writes articles, the same ones for the same seed; no act is told twice."""

    def __init__(self, seed: int, name: str = "a") -> None:
        self._chance = random.Random(seed)
        self._name = name
        pairs = [(one, other) for one, other in itertools.permutations(STATES, 2)]
        self._chance.shuffle(pairs)
        self._pairs = iter(pairs)
        self._count = 0

    def alert(self, tail: str = "") -> Story:
        """Return an article that must ring; ``tail`` ends its headline and its second sentence."""
        actor, target = next(self._pairs)
        token = self._token()
        title = f"{actor} expulse deux diplomates {STATES[target]}"
        told = (
            f"{actor} a expulsé mardi deux diplomates {STATES[target]}, a annoncé son ministère des Affaires "
            f"étrangères. Le communiqué porte le numéro {token}{tail}."
        )
        return Story(token=token, title=f"{title} ({token}){tail}", paragraphs=(told, *self._filling()), matters=True)

    def protest(self) -> Story:
        """Return an article whose alert may wait for a list: a protest, which is not urgent."""
        actor, target = next(self._pairs)
        token = self._token()
        told = (
            f"{actor} a convoqué mardi les diplomates {STATES[target]}, a annoncé son ministère des Affaires "
            f"étrangères. Le communiqué porte le numéro {token}."
        )
        title = f"{actor} convoque les diplomates {STATES[target]} ({token})"
        return Story(token=token, title=title, paragraphs=(told, *self._filling()), matters=True)

    def calm(self) -> Story:
        """Return an article that must not ring."""
        token = self._token()
        title = f"{' '.join(self._chance.sample(_WORDS, 5)).capitalize()} ({token})"
        return Story(token=token, title=title, paragraphs=self._filling(), matters=False)

    def _token(self) -> str:
        self._count += 1
        return f"tok-{self._name}-{self._count:05d}"

    def _filling(self) -> tuple[str, ...]:
        return tuple(f"{' '.join(self._chance.choices(_WORDS, k=40)).capitalize()}." for _ in range(2))
