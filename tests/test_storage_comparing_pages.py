"""From mark-up to a revision, or none: what changes around an article is no edit, what changes in it is one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.extract import extract_page
from storage.comparing import Change, Reading, judge
from storage.types import Article

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TITLE = "Bamako expulse deux diplomates français"
LEDE = "Les deux agents ont quarante-huit heures pour quitter le Mali, selon le ministère."
BODY = (
    "Le ministère malien des Affaires étrangères a annoncé lundi l’expulsion de deux diplomates français, déclarés "
    "persona non grata dans un communiqué lu à la télévision nationale.",
    "« La mesure prend effet aujourd’hui », dit le texte, qui reproche aux deux agents des activités contraires à la "
    "convention de Vienne sans donner plus de détails sur les faits.",
    "L’ambassade n’a pas souhaité répondre aux questions de la presse. Quelque 4 300 ressortissants vivent dans le "
    "pays, pour la plupart dans la capitale et dans la région de Kayes.",
    "Les relations entre les deux capitales se sont dégradées depuis trois ans, au fil des rappels d’ambassadeurs et "
    "des suspensions de visas décidées de part et d’autre.",
)


def page(
    title: str = TITLE,
    lede: str = LEDE,
    body: tuple[str, ...] = BODY,
    *,
    head: str = "",
    before: str = "",
    inside: str = "",
    after: str = "",
) -> bytes:
    paragraphs = "".join(f"<p>{text}</p>{inside if number == 1 else ''}" for number, text in enumerate(body))
    return (
        f"<!doctype html><html lang='fr'><head><meta charset='utf-8'><title>{title} – Le Fleuve</title>{head}</head>"
        "<body>"
        f"<nav><a href='/'>Accueil</a> <a href='/monde'>Monde</a></nav>{before}"
        f"<article><h1>{title}</h1><p class='chapo'>{lede}</p><div class='article-body'>{paragraphs}</div></article>"
        f"{after}<footer>© Le Fleuve</footer></body></html>"
    ).encode()


def read(raw: bytes) -> Article:
    found = extract_page(
        raw,
        url="https://fleuve.example/a",
        source_id="fleuve",
        fetched_at=NOW,
        encoding=None,
        entry=None,
        language="fr",
    )
    assert isinstance(found, Article)
    return found


def change(before: bytes, after: bytes) -> Change:
    old, new = (
        Reading(title=found.title, lede=found.lede, paragraphs=found.paragraphs, partial=found.partial)
        for found in (read(before), read(after))
    )
    return judge(old, new)


def related(*titles: str) -> str:
    items = "".join(f"<li><a href='/{number}'>{title}</a></li>" for number, title in enumerate(titles))
    return f"<aside class='related'><h2>Sur le même sujet</h2><ul>{items}</ul></aside>"


NOISE = {
    "related links": (
        {"after": related("Paris rappelle son ambassadeur", "Le fleuve monte")},
        {"after": related("Bamako suspend les visas", "La crue arrive à Mopti", "Marché de Kayes")},
    ),
    "related links inside the text": (
        {"inside": "<p><strong>Lire aussi :</strong> <a href='/x'>Paris rappelle son ambassadeur</a></p>"},
        {"inside": "<p><strong>Lire aussi :</strong> <a href='/y'>Trois ans de crise en cinq dates</a></p>"},
    ),
    "an advertisement": (
        {"inside": "<div class='ads'><p>Publicité</p><p>Voitures neuves dès 9 990 euros</p></div>"},
        {"inside": "<div class='ads'><p>Publicité</p><p>Billets d’avion à prix réduit</p></div>"},
    ),
    "the label of an advertisement": ({}, {"inside": "<p>La suite après cette publicité</p>"}),
    "the date of a change": (
        {"before": "<p class='date'>Publié le 10 mars 2026 à 10h02</p>"},
        {"before": "<p class='date'>Publié le 10 mars 2026 à 10h02 - Mis à jour le 10 mars 2026 à 11h40</p>"},
    ),
    "a relative date": (
        {"before": "<p>Publié il y a 5 minutes</p>"}, {"before": "<p>Publié il y a 3 heures</p>"},
    ),
    "the date in the mark-up": (
        {"head": "<meta property='article:modified_time' content='2026-03-10T10:02:00Z'>"},
        {"head": "<meta property='article:modified_time' content='2026-03-10T11:40:00Z'>"},
    ),
    "counters": (
        {"before": "<p>Temps de lecture : 2 min</p>", "after": "<p>12 commentaires</p>"},
        {"before": "<p>Temps de lecture : 3 min</p>", "after": "<p>47 commentaires</p>"},
    ),
    "comments": (
        {"after": "<section class='comments'><p>Bravo à la rédaction pour cet article.</p></section>"},
        {"after": "<section class='comments'><p>Je ne suis pas d’accord.</p><p>Moi non plus.</p></section>"},
    ),
    "a prompt to subscribe": (
        {}, {"after": "<div class='newsletter'><p>Inscrivez-vous à notre lettre du matin.</p></div>"},
    ),
    "a menu": ({}, {"before": "<nav><a href='/sport'>Sport</a> <a href='/direct'>Direct</a></nav>"}),
    "typography": (
        {"body": BODY},
        {"body": tuple(text.replace("’", "'").replace("« ", "“").replace(" »", "”") for text in BODY)},
    ),
    "no-break spaces": ({"body": BODY}, {"body": tuple(text.replace(" français", "&nbsp;français") for text in BODY)}),
    "bold and links in the text": (
        {}, {"body": (BODY[0].replace("persona non grata", "<a href='/z'><b>persona non grata</b></a>"), *BODY[1:])},
    ),
}  # fmt: skip
EDITS: dict[str, dict[str, object]] = {
    "a headline": {"title": "Bamako suspend deux diplomates français"},
    "a question mark": {"title": f"{TITLE} ?"},
    "a standfirst": {"lede": LEDE.replace("quarante-huit", "soixante-douze")},
    "a figure": {"body": (*BODY[:2], BODY[2].replace("4 300", "3 400"), BODY[3])},
    "a phrase taken out": {"body": (BODY[0].replace(", déclarés persona non grata", ""), *BODY[1:])},
    "a paragraph added": {"body": (*BODY, "La France a rappelé son ambassadeur au Mali pour consultations.")},
    "the last paragraph taken out": {"body": BODY[:3]},
    "a paragraph in the middle taken out": {"body": (BODY[0], *BODY[2:])},
    "a negation": {"body": (BODY[0].replace("a annoncé", "n’a pas annoncé"), *BODY[1:])},
    "an accent": {"body": (*BODY[:3], BODY[3].replace("décidées", "decidees"))},
}


@pytest.mark.parametrize("what", NOISE)
def test_what_changes_around_an_article_is_no_edit(what: str) -> None:
    before, after = NOISE[what]
    assert not change(page(**before), page(**after)).is_revision  # type: ignore[arg-type]
    assert not change(page(**after), page(**before)).is_revision  # type: ignore[arg-type]


@pytest.mark.parametrize("what", EDITS)
def test_what_changes_in_an_article_is_an_edit(what: str) -> None:
    assert change(page(), page(**EDITS[what])) is Change.EDITED  # type: ignore[arg-type]
    assert change(page(**EDITS[what]), page()) is Change.EDITED  # type: ignore[arg-type]


def test_an_edit_is_found_under_any_noise() -> None:
    noisy = page(body=(*BODY, "La France a rappelé son ambassadeur."), **NOISE["related links"][1])  # type: ignore[arg-type]
    assert change(page(**NOISE["related links"][0]), noisy) is Change.EDITED  # type: ignore[arg-type]
