"""Texts that the tests of stories compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from detection.stories import Candidate, profile
from storage.types import Signal, Status

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
DISPATCH = (
    "Le gouvernement malien a ordonné lundi le départ de deux diplomates français, a annoncé le ministère des "
    "Affaires étrangères à Bamako.",
    "Les deux agents, dont le nom n’a pas été rendu public, disposent de quarante-huit heures pour quitter le "
    "territoire, précise le communiqué lu à l’antenne de la télévision nationale.",
    "Le texte leur reproche des activités incompatibles avec leur statut et rappelle que trois notes verbales "
    "étaient restées sans réponse depuis le début de l’année.",
    "Paris n’avait pas commenté cette décision en début de soirée. Une source diplomatique évoque une mesure "
    "attendue après la fermeture du centre culturel de Kayes.",
    "La coopération entre les deux pays s’est réduite à quelques programmes de santé et à l’accueil "
    "d’étudiants, selon un décompte publié en janvier par une organisation de Ségou.",
)
OTHER_EVENT = (
    "La campagne cotonnière s’ouvre sur un excédent de graines dans la région de Sikasso, où les coopératives "
    "réclament un prix plancher.",
    "Les transporteurs attendent encore le paiement de la saison passée et menacent de garer leurs camions devant "
    "les usines d’égrenage tant que les factures resteront impayées.",
    "Le syndicat des chauffeurs doit se réunir jeudi avec le directeur de la compagnie, qui promet un calendrier "
    "de versements avant la fin du mois prochain.",
)
FORM = (
    "Le bulletin de la douane de Kidira relève {} camions de riz, {} camions de ciment et {} citernes entrés "
    "cette semaine, pour une recette de {} millions de francs selon le bureau des statistiques du corridor."
)
TEASER = "Lire aussi : Kayes, le centre culturel ferme ses portes"
EXPELLED = Signal(
    type="expel_diplomats", severity=4, actor="MLI", target="FRA", status=Status.ASSERTED, sentence="…", start=0, end=1,
    rule="r",
)  # fmt: skip
DENIED = replace(EXPELLED, status=Status.DENIED)
ENDED = replace(EXPELLED, status=Status.ENDED)


def candidate(
    paragraphs: Sequence[str],
    *signals: Signal,
    article: int = 1,
    copy_of: int | None = None,
    at: datetime = NOW,
) -> Candidate:
    """Return a stored article with a text, in story 100 + its number."""
    return Candidate(
        article_id=article, story_id=100 + article, copy_of=copy_of, dispatched_at=at, profile=profile(paragraphs),
        signals=signals,
    )  # fmt: skip
