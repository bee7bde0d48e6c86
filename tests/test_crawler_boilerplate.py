"""Whole lines beside the article go, agency credits are read, prose stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from crawler.agencies import AGENCIES, closing_credit, credit_in, credit_line, is_byline
from crawler.boilerplate import is_boilerplate, prune


@pytest.mark.parametrize(
    "line",
    [
        "Lire aussi : Le Mali ferme un poste frontière",
        "À lire aussi",
        "À LIRE AUSSILe Mali ferme un poste",
        "A lire aussi : le reportage",
        "Voir aussi : la carte",
        "Lire aussi sur le même sujet : la carte",
        "Read also: the map of the region",
        "Lesen Sie auch: Die Karte",
        "Notre article sur le sujet",
        "Nos articles consacrés à la crise",
        "La suite après cette publicité",
        "Publicité",
        "ADVERTISEMENT",
        "Temps de lecture : 4 min.",
        "4 min de lecture",
        "Partager sur Facebook",
        "Partager",
        "Ajouter à mes favoris",
        "12 commentaires",
        "La Rédaction",
        "Tuesday 30 September 2025, 10:00",
        "Déjà abonné ? Se connecter",
        "Article réservé aux abonnés",
        "Inscrivez-vous à notre newsletter",
        "Mots-clés : Mali, France",
        "vendredi 19 septembre 2025",
        "19 septembre 2025 à 08h42",
        "(Reporting by Awa Diarra; Editing by Jane Doe)",
        "(Reportage Awa Diarra, version française Jean Petit, édité par Luc Martin)",
        "All rights reserved. This material may not be reproduced without permission.",
        "Reproduction totale ou partielle interdite sans l'accord du journal",
        "Contact: desk@journal.example",
        "15:42",
        "…",
        "—",
    ],
)
def test_line_beside_the_article_is_known(line: str) -> None:
    assert is_boilerplate(line)


@pytest.mark.parametrize(
    "line",
    [
        "« Non. »",
        "Lire le rapport entier lui a pris une nuit.",
        "Voir Bamako, puis partir : c'était son rêve.",
        "Share prices fell sharply on Monday.",
        "Partager le pouvoir ne va pas de soi.",
        "La publicité a été retirée.",
        "(Le reportage, diffusé jeudi, a fait réagir.)",
        "La reproduction du document est interdite.",
        "Le 19 septembre 2025, Paris a répondu.",
        "Le ministre a ajouté : « Lire aussi les annexes. »",
        "- Pourquoi avoir attendu ?",
        "Deux soldats ont été tués.",
        "Le commentaire du ministre n'a pas tardé.",
    ],
)
def test_prose_is_kept(line: str) -> None:
    assert not is_boilerplate(line)
    assert not is_byline(line)
    assert credit_line(line) is None


@pytest.mark.parametrize("line", ["Par Awa Diarra", "Par Awa Diarra et Jean Petit", "Par N.J. avec AFP", "By Jane Doe"])
def test_byline_is_known(line: str) -> None:
    assert is_byline(line)


@pytest.mark.parametrize("line", ["Par la voix de son porte-parole.", "Par ailleurs, Bamako se tait.", "Par décret"])
def test_sentence_that_opens_like_a_byline_is_none(line: str) -> None:
    assert not is_byline(line)


@pytest.mark.parametrize(
    ("line", "agency"),
    [
        ("(afp)", "AFP"),
        ("(AFP)", "AFP"),
        ("(afp/ats)", "AFP/Keystone-ATS"),
        ("(ats/nxp)", "Keystone-ATS"),
        ("(afp, reuters)", "AFP/Reuters"),
        ("(avec AFP)", "AFP"),
        ("avec AFP", "AFP"),
        ("Avec Reuters et AFP", "Reuters/AFP"),
        ("Source : AFP", "AFP"),
        ("AFP", "AFP"),
        ("© AFP 2025", "AFP"),
        ("Agence France-Presse", "AFP"),
        ("The Associated Press", "AP"),
        ("14/04/2025 13:25:25 - Paris (AFP) - © 2025 AFP", "AFP"),
        ("(afl)", "AFL"),
        ("afp/jeb", "AFP"),
        ("© 2025 AFP", "AFP"),
        ("jeb/ma", None),
        ("(AFL)", "AFL"),
        ("(sic)", None),
        ("(Bamako)", None),
        ("(photo)", None),
        ("(notre photo)", None),
        ("Bamako", None),
        ("", None),
    ],
)
def test_credit_on_its_own_line(line: str, agency: str | None) -> None:
    assert credit_line(line) == agency


@pytest.mark.parametrize(
    ("paragraph", "agency"),
    [
        ("Les discussions reprendront lundi. (ats)", "Keystone-ATS"),
        ("« Nous verrons », a-t-il dit. (afl)", "AFL"),
        ("« Nous verrons. » (afp/ats)", "AFP/Keystone-ATS"),
        ("BAMAKO (AFP) – Le gouvernement a annoncé vendredi", "AFP"),
        ("Dakar, 4 sept. (Reuters) - Le gouvernement", "Reuters"),
        ("selon l'Organisation des Nations unies (ONU)", None),
        ("Il a nié. (ndlr)", None),
        ("Il a rejoint l'Alliance des Etats du Sahel (AES).", None),
        ("Le ministre (UMP) a répondu.", None),
        ("", None),
    ],
)
def test_credit_inside_a_paragraph(paragraph: str, agency: str | None) -> None:
    assert credit_in(paragraph) == agency


@pytest.mark.parametrize(
    ("line", "signer"),
    [
        ("(La Voix du Fleuve)", "La Voix du Fleuve"),
        ("(The Harbour Dispatch)", "The Harbour Dispatch"),
        ("(Photo Awa Diarra)", None),
        ("(Bamako)", None),
        ("(la suite demain)", None),
        ("Le Courrier du Fleuve", None),
    ],
)
def test_signature_in_brackets_on_the_last_line(line: str, signer: str | None) -> None:
    assert closing_credit(line) == signer


def test_lines_of_publication_are_pruned_and_handed_back() -> None:
    slug, info = "<p>AFL-12 – jeudi</p>", "<p class='x'>Le Courrier – <time datetime='2025-09-18'>jeudi</time></p>"
    tree = html.document_fromstring(f"<body>{slug}{ARTICLE}{info}</body>")
    assert prune(tree) == ("AFL-12 – jeudi", "Le Courrier – jeudi")
    assert len(list(tree.iter("p"))) == 1


@pytest.mark.parametrize("name", AGENCIES)
def test_every_agency_is_read_in_brackets(name: str) -> None:
    if " " not in name:
        assert credit_line(f"({name})") == AGENCIES[name]


@given(st.text(max_size=200))
def test_any_line_is_judged(line: str) -> None:
    is_boilerplate(line)
    is_byline(line)
    credit_line(line)
    credit_in(line)


ARTICLE = "<article><h1>Titre</h1><p>" + "mot " * 100 + "</p></article>"


@pytest.mark.parametrize(
    "box",
    [
        "<div class='cookie-banner'><p>Nous utilisons des traceurs.</p></div>",
        "<aside role='dialog'><p>Nous utilisons des traceurs.</p></aside>",
        "<div id='onetrust-consent-sdk'><p>Vos choix</p></div>",
        "<section class='comments'><p>Bravo</p></section>",
        "<div class='newsletter-signup'><p>Recevez</p></div>",
        "<ul class='related-posts'><li>Autre</li></ul>",
        "<div class='a-lire'><p>Autre</p></div>",
        "<div class='share-bar'><p>Partager</p></div>",
        "<p class='wp-caption-text'>Une légende</p>",
        "<div class='message-paywall'><p>Abonnez-vous</p></div>",
    ],
)
def test_box_beside_the_article_is_pruned(box: str) -> None:
    tree = html.document_fromstring(f"<body>{ARTICLE}{box}<p>Fin.</p></body>")
    prune(tree)
    assert [p.text_content()[:4] for p in tree.iter("p", "li")] == ["mot ", "Fin."]


@pytest.mark.parametrize("name", ["comments", "share related", "tags", "paywall", "cookie"])
def test_box_that_is_the_article_stays_whatever_its_name(name: str) -> None:
    tree = html.document_fromstring(f"<body><div class='{name}'>{ARTICLE}</div></body>")
    prune(tree)
    assert tree.find(".//p") is not None


def test_short_article_flagged_for_its_paywall_stays() -> None:
    teasers = "<p>" + "autre " * 300 + "</p>"
    tree = html.document_fromstring(f"<body><div class='news__body paywall-on'><p>Le texte.</p></div>{teasers}</body>")
    prune(tree)
    assert "Le texte." in tree.text_content()


def test_pruned_notes_are_handed_back() -> None:
    tree = html.document_fromstring(
        f"<body>{ARTICLE}<p class='credit'>(afl)</p><p class='byline'>Par Awa Diarra</p></body>"
    )
    assert prune(tree) == ("(afl)", "Par Awa Diarra")
