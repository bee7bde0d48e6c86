"""Full-text search: by word without accents, over current texts only, and no expression breaks it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from storage import articles, hits, sources
from storage.database import open_writer, transaction
from storage.errors import SearchError
from storage.search import ArticleFilter
from storage.search import articles as search
from storage.types import Article, Source

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = open_writer(tmp_path_factory.mktemp("search"))
    with transaction(opened):
        names = ("fleuve", "sahel")
        sources.sync(opened, [Source(id=name, name=name, url=f"https://{name}.example/") for name in names], NOW)
        store(opened, "old", "Élection à Ségou", "Le scrutin s’est tenu sous un régime d’exception.", days=3)
        store(opened, "old", "Élection à Ségou", "Le vote a été reporté à l’été.", days=3)
        store(opened, "cafe", "Le café de Sikasso", "Œuvre d’une coopérative : naïveté ou courage ?", days=2)
        store(opened, "english", "Envoy recalled", "Paris recalls its envoy.", days=1, source="sahel", language="en")
        store(opened, "none", "Сообщение из Бамако", "Посол покинул столицу.", days=0, source="sahel", language="ru")
    yield opened
    opened.conn.close()


def store(
    database: Database, key: str, title: str, text: str, *, days: int, source: str = "fleuve", language: str = "fr"
) -> None:
    article = Article(
        source_id=source, url=f"https://{source}.example/{key}", title=title, paragraphs=(text,), language=language,
        published_at=NOW - timedelta(days=days), fetched_at=NOW,
    )  # fmt: skip
    articles.save(database, article, key=key, origin=source, now=NOW)


def found(database: Database, **wanted: object) -> list[str]:
    return [article.key for article in search(database, ArticleFilter(**wanted))]  # type: ignore[arg-type]


@pytest.mark.parametrize("word", ["élection", "ELECTION", "Election", "segou", "SÉGOU", "reporté", "REPORTE", "ete"])
def test_words_are_found_without_regard_to_accents_and_capitals(database: Database, word: str) -> None:
    assert found(database, expression=f'"{word}"') == ["old"]


@pytest.mark.parametrize("expression", ["посол", "ПОСОЛ", "title:бамако", "coop*", '"l été"', "vote NOT scrutin"])
def test_expressions_find_something(database: Database, expression: str) -> None:
    assert len(found(database, expression=expression)) == 1


@pytest.mark.parametrize("word", ["scrutin", "exception", "regime", "bateau", "lect"])
def test_only_the_current_text_is_searched_and_only_whole_words(database: Database, word: str) -> None:
    assert found(database, expression=word) == []


def test_list_is_newest_first_and_can_be_narrowed(database: Database) -> None:
    assert found(database) == ["none", "english", "cafe", "old"]
    assert found(database, source_id="sahel") == ["none", "english"]
    assert found(database, language="fr") == ["cafe", "old"]
    assert found(database, since=NOW - timedelta(days=2)) == ["none", "english", "cafe"]
    assert found(database, until=NOW - timedelta(days=2)) == ["old"]
    assert found(database, expression="paris OR sikasso", until=NOW - timedelta(days=1)) == ["cafe"]


def test_pages_put_together_are_the_whole_list(database: Database) -> None:
    seen: list[str] = []
    before = None
    while page := search(database, ArticleFilter(limit=2, before=before)):
        seen += [article.key for article in page]
        before = (page[-1].effective_at, page[-1].id)
    assert seen == found(database)


@pytest.mark.parametrize("walk", [False, True])
@pytest.mark.parametrize("newest", [1, 300])
def test_every_way_finds_the_same(database: Database, monkeypatch: pytest.MonkeyPatch, newest: int, walk: bool) -> None:
    for name in ("NEWEST", "MOST_NEWEST", "COMMON", "FEW"):
        monkeypatch.setattr(hits, name, newest)
    monkeypatch.setattr(hits, "is_walk_shorter", lambda **_: walk)
    assert found(database, expression="paris OR sikasso") == found_at_once(database, "paris OR sikasso")
    assert found(database, expression="p*", limit=1) == found_at_once(database, "p*")[:1]
    assert found(database, expression="nowhere") == []


def found_at_once(database: Database, expression: str) -> list[str]:
    rows = database.execute(
        "SELECT key FROM article "
        "WHERE revision_id IN (SELECT rowid FROM revision_search WHERE revision_search MATCH ?) "
        "ORDER BY effective_at DESC, id DESC",
        (expression,),
    )
    return [row[0] for row in rows.fetchall()]


def test_index_agrees_with_the_texts(database: Database) -> None:
    database.execute("INSERT INTO revision_search (revision_search, rank) VALUES ('integrity-check', 1)")


@pytest.mark.parametrize("expression", ['"open', "AND", "nowhere:word", "a NEAR(", "*", "\ud800"])
def test_unreadable_expression_is_a_search_error(database: Database, expression: str) -> None:
    with pytest.raises(SearchError):
        search(database, ArticleFilter(expression=expression))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(), st.text(alphabet='ab"*():^-+{}NOTARDE ', max_size=30)))
def test_no_expression_raises_anything_else(database: Database, expression: str) -> None:
    with contextlib.suppress(SearchError):
        search(database, ArticleFilter(expression=expression))


def test_trouble_with_the_database_is_no_search_error(tmp_path: Path) -> None:
    database = open_writer(tmp_path)
    assert search(database, ArticleFilter(expression="word")) == []
    database.conn.set_progress_handler(lambda: 1, 1)
    with pytest.raises(Exception, match="interrupted") as caught:
        search(database, ArticleFilter(expression="word"))
    assert not isinstance(caught.value, SearchError)
    database.conn.set_progress_handler(None, 0)
    database.conn.close()
