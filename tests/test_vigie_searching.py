"""Over the archive a query finds just what a watch with that query matches, whatever it asks about."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from detection.query import Subject, matches, parse
from storage import articles, sources
from storage.database import open_writer, transaction
from storage.search import ArticleFilter
from storage.types import Article, Signal, Source, Status
from vigie.searching import found

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
#: id and country
SOURCES = [("rfi", "FRA"), ("Studio-Tamani", "MLI"), ("wire", None)]
AUTHORS = ["Awa Diarra", "Jean-Noël Le Roux", "AFP"]
ORIGINS = ["AFP", "Agence France-Presse", "RFI", "Œuvre & Cie"]
TYPES = ["sanctions", "expel_diplomats", "expel_ambassador", "accuse"]
LATIN = [
    "Mali",
    "MALI",
    "mali",
    "maliens",
    "France",
    "l’Élysée",
    "l'elysee",
    "cœur",
    "Coeur",
    "manœuvre",
    "manoeuvre",
    "œ",
]
LATIN += [
    "ambassadeur",
    "porte-parole",
    "72h",
    "15:30",
    "U.S.",
    "aujourd’hui",
    "ex æquo",
    "à",
    "a",
    "« Non »",
    "état-major",
]
OTHER = [
    "مالي",
    "السَّفير",
    "السفير",
    "Мали",
    "посол",
    "й",
    "lasigiden",
    "gɛn",
    "ß",
    "İ",
    "ﬁn",
    "𞤀𞤁",
    "日本",
    "e\u0301",
    "\u00ad",
    "—",
    "…",
]
WORDS = [*LATIN, *OTHER]


@dataclass(frozen=True)
class Archive:
    """An archive and its articles as a watch would be asked about them, by number."""

    database: Database
    subjects: dict[int, Subject]


def _text(chance: random.Random, most: int) -> str:
    words = [chance.choice(LATIN if chance.random() < 0.8 else OTHER) for _ in range(chance.randint(0, most))]
    text = " ".join(words)
    return unicodedata.normalize("NFD", text) if chance.random() < 0.2 else text


def _signals(chance: random.Random) -> tuple[Signal, ...]:
    return tuple(
        Signal(
            type=chance.choice(TYPES),
            severity=chance.randint(1, 5),
            actor=chance.choice(["MLI", "FRA", "UN", None]),
            target=chance.choice(["MLI", "FRA", None]),
            status=chance.choice(list(Status)),
            sentence="…",
            start=0,
            end=1,
            rule="r",
        )
        for _ in range(chance.choice([0, 0, 1, 2]))
    )


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    chance = random.Random(20)
    database = open_writer(tmp_path_factory.mktemp("archive"))
    subjects: dict[int, Subject] = {}
    with transaction(database):
        sources.sync(
            database,
            [Source(id=name, name=name, url=f"https://{name}.example/", country=country) for name, country in SOURCES],
            NOW,
        )
        for number in range(120):
            name, country = chance.choice(SOURCES)
            article = Article(
                source_id=name,
                url=f"https://{name}.example/{number}",
                title=_text(chance, 5),
                lede=_text(chance, 4),
                paragraphs=tuple(_text(chance, 6) for _ in range(chance.randint(0, 3))),
                authors=tuple(chance.sample(AUTHORS, chance.randint(0, 2))),
                language=chance.choice(["fr", "en", "ar", None]),
                fetched_at=NOW - timedelta(minutes=number),
            )
            origin, signals = chance.choice(ORIGINS), _signals(chance)
            saved = articles.save(database, article, key=article.url, origin=origin, now=NOW)
            articles.save_signals(database, saved.article_id, saved.revision_id, signals)
            subjects[saved.article_id] = Subject(
                title=article.title,
                text=article.text,
                source_id=name,
                language=article.language,
                country=country,
                origin=origin,
                authors=article.authors,
                signals=signals,
            )
    yield Archive(database, subjects)
    database.conn.close()


TERMS = st.sampled_from([word for word in WORDS if any(map(str.isalnum, word)) and " " not in word])
STARTS = st.builds(lambda word, size: word[:size], TERMS, st.integers(1, 6)).filter(lambda word: word[-1].isalpha())
STARTS = STARTS.filter(lambda word: not unicodedata.combining(word[-1])).map("{}*".format)
PHRASES = st.builds('"{}{}"'.format, st.lists(TERMS, min_size=1, max_size=3).map(" ".join), st.sampled_from(["", "*"]))
PHRASES = PHRASES.filter(lambda phrase: not phrase.endswith('*"') or phrase[-3].isalpha())
BARE = TERMS.filter(lambda word: ":" not in word)
OPERANDS = BARE | STARTS | PHRASES | st.builds("={}".format, BARE | PHRASES)
EITHER = st.lists(OPERANDS, min_size=2, max_size=3).map(lambda parts: f"({' OR '.join(parts)})")
NEARS = st.builds("({} NEAR/{} {})".format, OPERANDS | EITHER, st.integers(0, 6), OPERANDS | EITHER)
WORD_FIELDS = st.builds("{}:{}".format, st.sampled_from(["title", "text"]), OPERANDS | NEARS)
ACTS = st.one_of(
    st.sampled_from([f"type:{name}" for name in [*TYPES, "expel*", "*"]]),
    st.builds("{}:{}".format, st.sampled_from(["actor", "target"]), st.sampled_from(["MLI", "fra", "UN", "*"])),
    st.sampled_from(list(Status)).map("status:{}".format),
    st.builds("severity:{}{}".format, st.sampled_from(["", "=", ">", ">=", "<", "<="]), st.integers(1, 5)),
)
CODES = st.one_of(
    st.sampled_from(["source:rfi", "source:studio-tamani", "source:s*", "lang:fr", "lang:EN", "lang:*", "lang:ru"]),
    st.sampled_from(
        ["country:MLI", "country:fra", "country:*", "origin:afp", 'origin:"agence france*"', "origin:oeuvre"]
    ),
    st.sampled_from(["author:diarra", 'author:"jean-noel le roux"', "author:(awa diarra)", "author:a*"]),
)
LEAVES = OPERANDS | NEARS | WORD_FIELDS | ACTS | CODES
QUERIES = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "OR", "NOT", "ET", "SAUF", ""]), inner)
        | st.builds("NOT {}".format, inner)
    ),
    max_leaves=5,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES)
def test_a_search_finds_what_a_watch_matches(archive: Archive, query: str) -> None:
    parsed = parse(query)
    wanted = {number for number, subject in archive.subjects.items() if matches(parsed, subject)}
    event("none" if not wanted else "all" if len(wanted) == len(archive.subjects) else "some")
    got = [article.id for article in found(archive.database, query, ArticleFilter(limit=1_000))]
    assert len(got) == len(set(got))
    assert set(got) == wanted


@pytest.mark.parametrize("query", ["NOT Mali", "lang:*", "NOT (lang:fr OR type:*)", "Mali OR NOT Mali"])
def test_a_query_that_asks_for_no_word_reads_the_archive(archive: Archive, query: str) -> None:
    parsed = parse(query)
    wanted = {number for number, subject in archive.subjects.items() if matches(parsed, subject)}
    assert wanted
    assert {article.id for article in found(archive.database, query, ArticleFilter(limit=1_000))} == wanted


def test_a_limit_and_a_time_cut_the_same_list(archive: Archive) -> None:
    whole = [article.id for article in found(archive.database, "mali* NOT =MALI", ArticleFilter(limit=1_000))]
    assert len(whole) > 5
    assert [article.id for article in found(archive.database, "mali* NOT =MALI", ArticleFilter(limit=4))] == whole[:4]
