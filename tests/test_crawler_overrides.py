"""Overrides: saved pages in the outlets' mark-up come out whole, mistakes are told, a rebuilt site is noticed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from crawler.errors import OverrideError, SelectorError
from crawler.extract import Reading, read_page
from crawler.overrides import built_in, override_for, parse_overrides
from crawler.selectors import Selector

PAGES = Path(__file__).parent / "data" / "pages"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in (PAGES / "manifest.jsonl").read_text("utf-8").splitlines()]
OURS = [row for row in ROWS if override_for(row["url"]) is not None]


def read(name: str, url: str, change: tuple[str, str] = ("", "")) -> Reading:
    body = (PAGES / name).read_text("utf-8").replace(*change) if change[0] else (PAGES / name).read_text("utf-8")
    return read_page(body.encode(), url=url, source_id="x", fetched_at=datetime(2027, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("row", ROWS, ids=[row["file"] for row in ROWS])
def test_saved_page_comes_out_whole(row: dict[str, Any]) -> None:
    reading = read(row["file"], row["url"])
    article = reading.article
    assert article is not None
    assert (article.title, article.lede) == (row["title"], row["lede"])
    assert list(article.paragraphs) == row["paragraphs"]
    assert list(article.authors) == row["authors"]
    assert article.agency == row["agency"]
    assert (reading.failure.reason if reading.failure else None) == row["failure"]
    assert article.override_missed == ()
    if row["date"] is not None:
        date = datetime.fromisoformat(row["date"])
        assert article.published_at is not None
        assert article.published_at.replace(microsecond=0) == (
            date if date.tzinfo else date.replace(tzinfo=UTC)
        ).replace(microsecond=0)


def test_enough_outlets_are_covered_and_each_has_its_page() -> None:
    used = {id(override_for(row["url"])) for row in OURS}
    assert len(used) >= 20
    assert used >= {id(override) for override in built_in().values()}


@pytest.mark.parametrize("row", OURS, ids=[row["file"] for row in OURS])
def test_rebuilt_site_falls_back_to_the_recipe_and_says_so(row: dict[str, Any]) -> None:
    override = override_for(row["url"])
    assert override is not None
    page = (PAGES / row["file"]).read_text("utf-8")
    tree = html.document_fromstring(page)
    for element in tree.iter():
        if isinstance(element.tag, str):
            for name in ("class", "id"):
                if element.get(name):
                    element.set(name, "n")
    body = html.tostring(tree)
    reading = read_page(body, url=row["url"], source_id="x", fetched_at=datetime(2027, 1, 1, tzinfo=UTC))
    assert reading.article is not None
    assert ("body" in reading.article.override_missed) == any(
        selector.text != "article" for selector in override.body[-1:]
    )
    assert reading.article.title


def test_longest_domain_counts_and_sub_domains_are_meant() -> None:
    sites = (
        override_for("https://www.rfi.fr/fr/x"),
        override_for("https://RFI.fr./x"),
        override_for("https://a.b.rfi.fr"),
    )
    assert sites[0] is not None
    assert sites[0] is sites[1] is sites[2]
    assert override_for("https://notrfi.fr/x") is None
    assert override_for("") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[site]]\ntitle = ['h1']", "site 1: 'hosts' must list"),
        ("[[site]]\nhosts = ['a.fr']\ntitel = ['h1']", "(a.fr): unknown key 'titel'; known are title"),
        ("[[site]]\nhosts = ['a.fr']\ntitle = 'h1'", "'title' must be a list"),
        ("[[site]]\nhosts = ['a.fr']\nbody = ['//div[']", "'body': '//div[' is no XPath"),
        ("[[site]]\nhosts = ['a.fr']\nbody = ['div:first-child']", "'body': 'div:first-child' is no simple CSS"),
        ("[[site]]\nhosts = ['a.fr']\nprune = 'no'", "'prune' must be true or false"),
        ("[[site]]\nhosts = ['a.fr']\n[[site]]\nhosts = ['A.fr']", "site 2 (A.fr): A.fr is listed twice"),
        ("[[site]", "overrides.toml:"),
    ],
)
def test_mistake_in_the_file_is_told_with_its_place(text: str, says: str) -> None:
    with pytest.raises(OverrideError) as error:
        parse_overrides(text, "overrides.toml")
    assert says in str(error.value)


TREE = html.document_fromstring(
    "<body><div id='x' class='a b'><p class='t'>1</p><section><p class='t u' data-n='v-1'>2</p></section></div>"
    "<p>3</p></body>"
)


@pytest.mark.parametrize(
    ("selector", "texts"),
    [
        ("p", ["1", "2", "3"]),
        (".t", ["1", "2"]),
        ("p.t.u", ["2"]),
        ("#x p", ["1", "2"]),
        ("#x > p", ["1"]),
        ("div.b section > .u", ["2"]),
        ("[data-n]", ["2"]),
        ("p[data-n='v-1']", ["2"]),
        ("[data-n^=v]", ["2"]),
        ("[data-n*='-']", ["2"]),
        (".u, #x > p", ["1", "2"]),
        ("//p[not(@class)]", ["3"]),
        ("(//p)[1]", ["1"]),
        ("//p/@class", []),
        ("//p/text()", []),
        ("(count(//p))", []),
        (".none", []),
    ],
)
def test_selector_selects(selector: str, texts: list[str]) -> None:
    assert [element.text_content() for element in Selector(selector).find(TREE)] == texts


@given(st.text(alphabet="adiv.#[]=>, '\"/*:()@", max_size=30))
def test_any_selector_is_compiled_or_refused(text: str) -> None:
    try:
        selector = Selector(text)
    except SelectorError:
        return
    selector.find(TREE)
