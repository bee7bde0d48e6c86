"""Why a search found a row: the sentence with the words marked, on the desk, in the article and over the interface."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from detection.query import Subject, parse, spans
from review import found
from review.found import best_sentence
from review.settings import ReviewSettings
from storage import articles, sources, stories
from storage.database import open_writer, transaction
from storage.types import Article, Source
from tests.visitor import Visitor, application

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LONG = tuple(f"Suite numéro {number} sans rien de neuf." for number in range(12))


def add(
    database: Database, title: str, *paragraphs: str, story: int | None = None, source: str = "rfi", hours: int = 0
) -> int:
    """Store an article in a story of its own, or in a given one; return the story."""
    when = NOW - timedelta(hours=hours)
    url = f"https://{source}.example/{abs(hash((title, paragraphs, hours)))}"
    article = Article(
        source_id=source, url=url, title=title, lede="", paragraphs=paragraphs, fetched_at=when, language="fr"
    )
    saved = articles.save(database, article, key=url, origin=source.upper(), now=when)
    number = story or stories.create(database, title, when)
    stories.attach(database, saved.article_id, number, when, severity=0, copy_of=None, coverage=None, origin=source)
    return number


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    folder = tmp_path_factory.mktemp("found") / "data"
    database = open_writer(folder)
    outlets = [
        Source(id=one, name=one.upper(), url=f"https://{one}.example/", country="FRA") for one in ("rfi", "ortm")
    ]
    with transaction(database):
        sources.sync(database, outlets, NOW)
        add(database, "Titre plat", "Rien ici. La manœuvre <hostile> de M. Diop, dit Paris. Fin.", *LONG, hours=1)
        story = add(database, "Bamako parle", "Le Conseil des ministres a tranché.", hours=5)
        add(
            database,
            "L’Élysée répond",
            "Une réponse de « l’Élysée » est arrivée. Et rien.",
            story=story,
            source="ortm",
            hours=4,
        )
        for hours in (3, 2):
            add(database, f"Encore {hours}", "Sans rapport.", story=story, hours=hours)
    settings = ReviewSettings(
        public_url="http://127.0.0.1", language="en", timezone="UTC", data_folder=folder, watches=(), version="0",
    )  # fmt: skip
    yield Visitor(application(database, settings))
    database.conn.close()


def line(body: str, story: int) -> str:
    """Return a row of the list."""
    match = re.search(rf'<li class="row[^>]*id="row-{story}".*?</li>', body, re.DOTALL)
    assert match
    return match[0]


def test_a_row_shows_the_sentence_that_matched(visitor: Visitor) -> None:
    row = line(visitor.get("/?show=all&q=manoeuvre").body, 1)
    assert 'La <mark class="hit">manœuvre</mark> &lt;hostile&gt; de M. Diop, dit Paris.' in row
    assert "Rien ici" not in row
    assert "RFI</a>" in row


@pytest.mark.parametrize("query", ["elysee", "elyse*", '"l elysee"', "reponse NEAR/3 elysee", "reponse /élys[ée]+e/"])
def test_the_article_that_matched_is_named_when_it_is_not_the_headlines(visitor: Visitor, query: str) -> None:
    row = line(visitor.get(f"/?show=all&q={quote_plus(query)}").body, 2)
    assert "ORTM · L’Élysée répond</a>" in row
    assert re.search(r'<mark class="hit">(?:l’)?Élysée</mark>', row)
    assert re.search(r'href="/\?show=all&amp;q=[^"]*article=3"', row)


def test_a_match_in_the_headline_is_marked_there(visitor: Visitor) -> None:
    row = line(visitor.get("/?show=all&q=title:plat").body, 1)
    assert re.search(r'data-open hx-boost="true">Titre <mark class="hit">plat</mark></a>', row)
    assert 'class="found"' not in row


def test_no_search_and_no_words_mark_nothing(visitor: Visitor) -> None:
    for address in ("/?show=all", "/?show=all&q=source:rfi", "/?show=all&q=source:rfi+-zzz"):
        body = visitor.get(address).body
        assert 'id="row-1"' in body
        assert 'class="hit"' not in body


@pytest.mark.parametrize("address", ["/articles/1?q=manoeuvre+plat", "/?show=all&q=manoeuvre+plat&article=1"])
def test_an_article_is_marked_where_it_was_found(visitor: Visitor, address: str) -> None:
    body = visitor.get(address).body
    assert '<mark class="hit" id="hit">plat</mark></h1>' in body
    assert 'La <mark class="hit">manœuvre</mark> &lt;hostile&gt;' in body
    assert '<a href="#hit">2 passages found' in body


def test_a_search_that_cannot_be_read_marks_nothing(visitor: Visitor) -> None:
    page = visitor.get("/articles/1?q=(manoeuvre")
    assert page.status == 200
    assert 'class="hit"' not in page.body


def test_programs_read_why_a_search_found_a_row(visitor: Visitor) -> None:
    (row,) = visitor.get("/api/v1/stories?show=all&q=elysee").json()["stories"]
    match = row["match"]
    assert (match["article_id"], match["source_name"], match["in_title"]) == (3, "ORTM", False)
    assert match["sentence"] == "Une réponse de « l’Élysée » est arrivée."
    assert [match["sentence"][start:end] for start, end in match["marks"]] == ["Élysée"]
    (article,) = visitor.get("/api/v1/articles?q=plat").json()["articles"]
    assert article["match"]["in_title"]
    assert article["match"]["sentence"] == "Titre plat"
    assert visitor.get("/api/v1/articles").json()["articles"][0]["match"] is None


def test_no_more_articles_are_read_than_a_page_may_cost(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    monkeypatch.setattr(found, "_MORE_READ", 1)
    monkeypatch.setattr(found, "match_of", lambda query, subject, article, certain: read.append(article.id))
    visitor.get("/?show=all&q=elyse*")
    # the newest of the one row, and two more of its four
    assert len(read) == 3


@given(st.text("ab. \n", min_size=1, max_size=1200), st.integers(0, 40))
def test_a_sentence_holds_its_marks_whatever_its_length(text: str, number: int) -> None:
    marks = spans(parse("ab* OR ba"), Subject(title="", text=text, source_id="rfi")).text[number:]
    if not marks:
        return
    sentence, within = best_sentence(text, marks)
    assert within
    assert len(sentence) <= found.LONGEST + 2
    words = {text[start:end] for start, end in marks}
    for start, end in within:
        assert any(sentence[start:end] in word for word in words)
        assert sentence[start:end]
