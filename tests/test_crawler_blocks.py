"""What a reader sees as paragraphs comes out as paragraphs, whatever a site builds them from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from crawler.blocks import Kind, read_blocks
from crawler.page import parse, undress

FIRST = "Le gouvernement a annoncé jeudi la fermeture de deux postes frontières au nord du pays."
SECOND = "Les transporteurs disposent de trois jours pour faire rentrer leurs véhicules."


def texts(markup: str) -> list[str]:
    tree = html.document_fromstring(f"<html><body>{markup}</body></html>")
    undress(tree)
    return [block.text for block in read_blocks(tree)]


@pytest.mark.parametrize(
    "markup",
    [
        f"<p>{FIRST}</p><p>{SECOND}</p>",
        f"<div>{FIRST}</div><div>{SECOND}</div>",
        f"<div><div><p>{FIRST}</p></div><div><p>{SECOND}</p></div></div>",
        f"<p>{FIRST}<br><br>{SECOND}</p>",
        f"<div>{FIRST}<br/>\n<br/>{SECOND}</div>",
        f"<div>{FIRST}<br>{SECOND}</div>",
        f"<div>{FIRST}<p>{SECOND}</p></div>",
        f"<div><p>{FIRST}</p>{SECOND}</div>",
        f"<blockquote>{FIRST}</blockquote><section><span>{SECOND}</span></section>",
        f"<p>{FIRST}</p><script>var x = '<p>non</p>';</script><style>p {{}}</style><p>{SECOND}</p>",
        f"<p>{FIRST}</p><figure><figcaption>Une légende</figcaption></figure><p>{SECOND}</p>",
        f"<x-app><x-body><p>{FIRST}</p><p>{SECOND}</p></x-body></x-app>",
        f"<p>{FIRST[:20]}<em>{FIRST[20:]}</em></p><p><a name='x'></a>{SECOND}</p>",
    ],
)
def test_two_paragraphs_are_two_in_any_mark_up(markup: str) -> None:
    assert texts(markup) == [FIRST, SECOND]


def test_line_ends_inside_a_sentence_are_blanks() -> None:
    assert texts("<p>Bamako<br>ferme deux<br>postes</p>") == ["Bamako ferme deux postes"]


def test_headings_items_and_rows_are_told_apart() -> None:
    markup = "<h2>Un intertitre</h2><ul><li>Un point</li></ul><table><tr><th>Ville</th><td>Gao</td></tr></table>"
    tree = html.document_fromstring(f"<html><body>{markup}</body></html>")
    assert [(block.kind, block.text) for block in read_blocks(tree)] == [
        (Kind.HEADING, "Un intertitre"),
        (Kind.ITEM, "Un point"),
        (Kind.ROW, "Ville | Gao"),
    ]


@pytest.mark.parametrize(
    ("markup", "linked"),
    [
        ("<p><a href='/x'>Un autre article</a></p>", True),
        ("<a href='/x'><h3>Un autre article</h3></a>", True),
        ("<p><a href='#note'>Une note</a></p>", False),
        ("<p>Un texte avec <a href='/x'>un lien</a> dedans</p>", False),
    ],
)
def test_links_to_other_pages_are_known(markup: str, linked: bool) -> None:
    tree = html.document_fromstring(f"<html><body>{markup}</body></html>")
    assert [block.is_link for block in read_blocks(tree)] == [linked]


@given(st.text(alphabet="<>/pdivbrahul li=\"'x é\n", max_size=300))
def test_any_tag_soup_gives_blocks_of_words(markup: str) -> None:
    tree = parse(f"<html><body>{markup}".encode())
    assert tree is not None
    undress(tree)
    assert all(block.text.strip() == block.text != "" for block in read_blocks(tree))
