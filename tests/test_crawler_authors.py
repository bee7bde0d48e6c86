"""Bylines as they are printed and stated: people come out, agencies, outlets, places and offices do not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.authors import is_signature, people_in
from crawler.extract import extract_page
from storage.types import Article


@pytest.mark.parametrize(
    ("line", "people"),
    [
        ("Par Awa Diarra", ["Awa Diarra"]),
        ("Par AWA DIARRA", ["Awa Diarra"]),
        ("Par Awa DIARRA et Jean-Paul PETIT", ["Awa DIARRA", "Jean-Paul PETIT"]),
        ("Awa Diarra, Jean Petit et Moussa Ag Alhabib", ["Awa Diarra", "Jean Petit", "Moussa Ag Alhabib"]),
        ("Awa Diarra (avec Jean Petit et Lina Roux)", ["Awa Diarra", "Jean Petit", "Lina Roux"]),
        ("Awa Diarra avec AFP", ["Awa Diarra"]),
        ("Awa Diarra (à Gao) avec agences", ["Awa Diarra"]),
        ("Par Awa Diarra, à Bamako", ["Awa Diarra"]),
        ("Par Awa Diarra, correspondante à Dakar", ["Awa Diarra"]),
        ("Awa Diarra – Envoyée spéciale à Kidal", ["Awa Diarra"]),
        ("De notre correspondant à Bamako, Jean Petit", ["Jean Petit"]),
        ("Avec notre correspondante à Niamey, Awa Diarra", ["Awa Diarra"]),
        ("Propos recueillis par Awa Diarra", ["Awa Diarra"]),
        ("Recueilli par Jean Petit", ["Jean Petit"]),
        ("Propos recueillis à Bamako par Jean Petit", ["Jean Petit"]),
        ("Texte : Awa Diarra", ["Awa Diarra"]),
        ("Un article de Jean de La Tour", ["Jean de La Tour"]),
        ("J. Petit", ["J. Petit"]),
        ("Fondé en 1949, le journal paraît le lundi", []),
        ("Super User", []),
        ("PLAN DU SITE", []),
        ("Awa Diarra | Le Courrier", ["Awa Diarra"]),
        ("AFP", []),
        ("La rédaction", []),
        ("Rédaction Afrique", []),
        ("Le Courrier du fleuve", []),
        ("Service international", []),
        ("awa@courrier.example", []),
        ("https://www.courrier.example/awa-diarra", []),
        ("admin", []),
        ("Radio Rivages", []),
        ("18 septembre 2025", []),
        ("", []),
    ],
)
def test_people_are_read_from_a_byline(line: str, people: list[str]) -> None:
    assert people_in(line) == people


@pytest.mark.parametrize("line", ["Awa Diarra", "Moussa KEITA", "Awa Diarra et Jean Petit", "Awa Diarra / Le Courrier"])
def test_name_alone_is_a_signature(line: str) -> None:
    assert is_signature(line)


@pytest.mark.parametrize(
    "line",
    [
        "Une réponse attendue",
        "Bamako",
        "Que dit l'accord ?",
        "Awa Diarra a parlé.",
        "Deux morts à Kidal",
        "« Non »",
        "",
    ],
)
def test_subhead_is_no_signature(line: str) -> None:
    assert not is_signature(line)


@given(st.text(max_size=120))
def test_any_line_is_read(line: str) -> None:
    is_signature(line)
    assert all(name.strip() for name in people_in(line))


TEXT = "".join(
    f"<p>Le gouvernement a annoncé jeudi la fermeture du poste numéro {number}, sans donner de date.</p>"
    for number in range(4)
)


def authors(head: str = "", byline: str = "", after: str = "", url: str = "https://www.rives-info.example/a") -> object:
    page = (
        f"<html><head><title>Le poste ferme</title>{head}</head><body><article><h1>Le poste ferme</h1>{byline}{TEXT}"
        f"{after}</article></body></html>"
    )
    found = extract_page(page.encode(), url=url, source_id="x", fetched_at=datetime(2025, 9, 19, tzinfo=UTC))
    assert isinstance(found, Article)
    assert len(found.paragraphs) == 4
    return found.authors


def linked(author: str) -> str:
    return f'<script type="application/ld+json">{{"@type": "NewsArticle", "author": {author}}}</script>'


@pytest.mark.parametrize(
    "byline",
    [
        '<p class="author">Par <strong>AWA DIARRA</strong></p>',
        '<div>Par <a href="/auteur/awa-diarra">Awa Diarra</a></div>',
        '<span class="td-post-author-name">Par <a href="/author/awa">Awa Diarra</a></span>',
        '<a rel="author" href="/x">Awa Diarra</a>',
        '<div itemprop="author" itemscope><span itemprop="name">Awa Diarra</span></div>',
        "<p>Par Awa Diarra, à Bamako</p>",
        '<div class="c-Signature"><em>Awa Diarra</em></div>',
        "<ul><li><span>Author, </span><span>Awa Diarra</span></li></ul>",
        "<div>Auteur : Awa Diarra</div>",
        "<div>Soumis par <span>Awa Diarra</span> le sam 17/10/2026 - 09:12</div>",
    ],
)
def test_byline_is_found_in_many_mark_ups(byline: str) -> None:
    assert authors(byline=byline) == ("Awa Diarra",)


@pytest.mark.parametrize(
    "head",
    [
        linked('{"givenName": "Awa", "familyName": "Diarra", "@type": "Person"}'),
        '<meta name="parsely-author" content="Awa Diarra">',
        '<meta name="twitter:label1" content="Écrit par"><meta name="twitter:data1" content="Awa Diarra">',
        "<script>var config = {}; config.authors = 'Awa Diarra';</script>",
    ],
)
def test_name_is_found_in_many_heads(head: str) -> None:
    assert authors(head) == ("Awa Diarra",)


def test_printed_byline_that_names_more_people_wins() -> None:
    byline = '<p class="author">Par Awa Diarra, Jean Petit et Lina Roux</p>'
    assert authors(linked('"Awa Diarra"'), byline) == ("Awa Diarra", "Jean Petit", "Lina Roux")
    assert authors(linked('"Ali Ben Salah"'), byline) == ("Ali Ben Salah",)


def test_site_that_signs_as_a_person_is_no_author() -> None:
    assert authors(linked('{"@type": "Person", "name": "Rives Info"}')) == ()
    assert authors(linked('{"@type": "Person", "name": "Rives Info"}'), "<p>Par Awa Diarra</p>") == ("Awa Diarra",)


def test_signature_under_the_text_names_the_author() -> None:
    assert authors(linked('"Rédaction"'), after="<p><strong>Awa DIARRA</strong></p><p>Source : Le Courrier</p>") == (
        "Awa DIARRA",
    )


def test_names_in_comments_and_margins_are_none() -> None:
    after = '<section class="comments"><span class="author">Jean Petit</span></section>'
    assert authors(after=after + '<aside><span class="author">Jean Petit</span></aside>') == ()


@pytest.mark.parametrize(
    ("line", "people"),
    [
        ("Article rédigé par Awa Diarra", ["Awa Diarra"]),
        ("Awa Diarra Senior Defence Correspondent", ["Awa Diarra"]),
        ("By Awa Diarra Tuesday, Aug. 17", ["Awa Diarra"]),
        ("Posted by Awa Diarra on 12 May", ["Awa Diarra"]),
        ("Awa Diarra France Télévisions", ["Awa Diarra"]),
        ("Awa Diarra BBC Afrique", ["Awa Diarra"]),
        ("Texte : Awa Diarra - Photos : Jean Petit", ["Awa Diarra"]),
        ("Awa DIARRA / Le Quotidien", ["Awa DIARRA"]),
        ("JEAN PETIT / AFP", []),
        ("Voix de l'Amérique", []),
        ("Copy URL", []),
        ("Story Tools", []),
        ("River Wire", []),
    ],
)
def test_roles_houses_photographers_and_buttons_are_no_authors(line: str, people: list[str]) -> None:
    assert people_in(line) == people


_PROSE = "".join(
    f"<p>Le convoi numéro {n} est arrivé à Gao dans la soirée avec ses vivres et ses médicaments.</p>" for n in range(6)
)


def _page(head: str, body: str) -> Article:
    page = f"<html lang=fr><head>{head}</head><body>{body}</body></html>".encode()
    found = extract_page(
        page, url="https://fleuve.example/mali/a", source_id="s", fetched_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert isinstance(found, Article)
    return found


def test_only_author_of_the_markup_counts_even_in_a_margin_but_no_commenter_does() -> None:
    margin = '<div id="article_sidebar"><div class="bloc-auteur"><a rel="author" href="/s/a">Awa Diarra</a></div></div>'
    comments = '<div class="comments"><span itemprop="author">Jean Petit</span></div>'
    article = f"<h1>Le convoi atteint Gao avec ses vivres</h1><div class=text>{_PROSE}</div>"

    assert _page("", f"<div>{article}{margin}{comments}</div>").authors == ("Awa Diarra",)
    assert _page("", f"<div>{article}{comments}</div>").authors == ()


def test_two_authors_in_margins_are_somebody_elses() -> None:
    margin = "".join(
        f'<div class="sidebar"><a rel="author" href="/s/{name}">{name}</a></div>'
        for name in ("Awa Diarra", "Jean Petit")
    )
    found = _page("", f"<div><h1>Le convoi atteint Gao avec ses vivres</h1><div>{_PROSE}</div>{margin}</div>")

    assert found.authors == ()


def test_subject_of_the_headline_is_not_taken_for_a_signature() -> None:
    text = f"<article><h1>Awa Diarra ouvre le festival de Gao</h1>{_PROSE}<p>Awa Diarra</p></article>"

    assert _page("", text).authors == ()
    assert _page("", text.replace("<p>Awa Diarra<", "<p>Jean Petit<")).authors == ("Jean Petit",)
