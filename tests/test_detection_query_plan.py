"""A search through the full-text index means what a watch means: no match is lost, no answer differs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from detection.query import MAX_NESTING, MAX_TERMS, Subject, ask, matches, parse, plan
from storage import text_index
from storage.types import Signal, Status


@dataclass(frozen=True)
class Stored:
    """An article as the archive holds it: standfirst and body apart."""

    title: str
    lede: str
    body: str
    language: str | None = None
    signals: tuple[Signal, ...] = ()

    @property
    def subject(self) -> Subject:
        text = "\n".join(part for part in (self.lede, self.body) if part)
        return Subject(
            title=self.title, text=text, source_id="rfi", language=self.language, origin="AFP", signals=self.signals
        )


def archive(articles: Sequence[Stored]) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE TABLE revision (id INTEGER PRIMARY KEY, title TEXT NOT NULL, lede TEXT NOT NULL, body TEXT NOT NULL)"
    )
    database.executemany(
        "INSERT INTO revision VALUES (?, ?, ?, ?)",
        ((number, article.title, article.lede, article.body) for number, article in enumerate(articles)),
    )
    for statement in text_index.STATEMENTS:
        database.execute(statement)
    database.execute(text_index.FILL)
    return database


def found(database: sqlite3.Connection, expression: str) -> set[int]:
    rows = database.execute("SELECT rowid FROM revision_search WHERE revision_search MATCH ?", (expression,))
    return {number for (number,) in rows}


# --- strategies ------------------------------------------------------------------------------------

WORDS = [
    "Mali",
    "MALI",
    "France",
    "coup",
    "l’Élysée",
    "élysée",
    "cœur",
    "Coeur",
    "manœuvre",
    "manoeuvre",
    "æquo",
    "aequo",
]
OTHERS = [
    "maliens",
    "coupe",
    "co",
    "a",
    "o",
    "e",
    "ae",
    "ǽ",
    "ΆΛΦΑ",
    "Α\u0301λφα",
    "αλφα",
    "15:30",
    "porte-parole",
    "𞤀𞤁",
]
ODD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4)
# Few distinct words, so that queries and texts meet often.
PRINTED = st.sampled_from(WORDS) | st.sampled_from(WORDS + OTHERS) | ODD
TEXTS = st.lists(PRINTED, max_size=9).map(" ".join)
STATES = st.sampled_from(["MLI", "FRA", None])
SIGNALS = st.builds(
    Signal,
    type=st.sampled_from(["sanctions", "expel_diplomats"]),
    severity=st.integers(1, 5),
    actor=STATES,
    target=STATES,
    status=st.sampled_from(Status),
    sentence=st.just("…"),
    start=st.just(0),
    end=st.just(1),
    rule=st.just("r"),
)
ARTICLES = st.builds(
    Stored,
    title=TEXTS,
    lede=TEXTS,
    body=TEXTS,
    language=st.sampled_from(["fr", "en", None]),
    signals=st.lists(SIGNALS, max_size=2).map(tuple),
)

TERMS = st.sampled_from(WORDS + OTHERS)
BARE = TERMS.filter(lambda word: ":" not in word)
STARTS = st.builds(lambda word, length: f"{word[:length]}*", BARE, st.integers(1, 5)).filter(
    lambda text: text[-2].isalnum()
)
PHRASES = st.builds(
    lambda words, star: f'"{" ".join(words)}{star}"',
    st.lists(TERMS, min_size=1, max_size=3),
    st.sampled_from(["", "", "*"]),
)
OPERANDS = TERMS | STARTS | PHRASES | st.builds("={}".format, BARE | PHRASES)
EITHER = st.lists(OPERANDS, min_size=2, max_size=3).map(lambda parts: f"({' OR '.join(parts)})")
NEARS = st.builds("{} NEAR/{} {}".format, OPERANDS | EITHER, st.integers(0, 4), OPERANDS | EITHER)
CODES = st.sampled_from(["lang:fr", "lang:*", "type:exp*", "actor:MLI", "target:FRA", "severity:>=3", "status:denied"])
FIELDED = st.builds("{}:{}".format, st.sampled_from(["title", "text"]), OPERANDS | NEARS.map("({})".format))
LEAVES = OPERANDS | OPERANDS | FIELDED | NEARS.map("({})".format) | CODES


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return (
        st.builds("({} OR {})".format, inner, inner)
        | st.builds("({} {})".format, inner, inner)
        | st.builds("({} AND {})".format, inner, inner)
        | st.builds("({} NOT {})".format, inner, inner)
        | st.builds("NOT {}".format, inner)
    )


QUERIES = st.recursive(LEAVES, _grown, max_leaves=6)


# --- the property ------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=400)
@given(st.lists(ARTICLES, min_size=1, max_size=8), QUERIES)
def test_the_index_loses_no_match(articles: list[Stored], text: str) -> None:
    query = parse(text)
    wanted = {number for number, article in enumerate(articles) if matches(query, article.subject)}
    search = plan(query)
    event("everything" if search.expression is None else "exact" if search.exact else "too much")
    event("some match" if wanted else "none match")
    if search.expression is None:
        assert not search.exact
        return
    with closing(archive(articles)) as database:
        candidates = found(database, search.expression)
    assert wanted <= candidates
    if search.exact:
        assert candidates == wanted
    asked = ask(query)
    if asked.words.expression is not None:
        with closing(archive(articles)) as database:
            by_words = found(database, asked.words.expression)
        assert wanted == {
            number for number in by_words if asked.left is None or matches(asked.left, articles[number].subject)
        }


#: queries over titles beside what FTS5's own language says for the same thing
OWN_WORDS = st.sampled_from(["mali", "france", "coup", "junte", "maliens"])
OWN_PHRASES = (
    st.lists(OWN_WORDS, min_size=2, max_size=3).map(" ".join).map('"{}"'.format).map(lambda text: (text, text))
)
OWN_STARTS = st.builds(lambda word, length: (f"{word[:length]}*", f'"{word[:length]}" *'), OWN_WORDS, st.integers(1, 4))
OWN_NEARS = st.builds(
    lambda pair, distance: (f"({pair[0]} NEAR/{distance} {pair[1]})", f"NEAR({pair[0]} {pair[1]}, {distance})"),
    st.lists(OWN_WORDS, min_size=2, max_size=2, unique=True),
    st.integers(0, 3),
)
OWN_LEAVES = OWN_WORDS.map(lambda word: (word, word)) | OWN_PHRASES | OWN_STARTS | OWN_NEARS
PAIRS = st.recursive(
    OWN_LEAVES,
    lambda inner: st.builds(
        lambda one, operator, other: (f"({one[0]} {operator} {other[0]})", f"({one[1]} {operator} {other[1]})"),
        inner,
        st.sampled_from(["AND", "OR", "NOT"]),
        inner,
    ),
    max_leaves=4,
)


@settings(deadline=None, max_examples=500)
@given(st.lists(st.lists(OWN_WORDS, max_size=7).map(" ".join), min_size=1, max_size=8), PAIRS)
def test_words_phrases_and_near_mean_what_the_index_means(titles: list[str], pair: tuple[str, str]) -> None:
    ours, theirs = pair
    query = parse(ours)
    articles = [Stored(title, "", "") for title in titles]
    with closing(archive(articles)) as database:
        expected = found(database, theirs)
    assert {number for number, article in enumerate(articles) if matches(query, article.subject)} == expected


# --- cases worth seeing ------------------------------------------------------------------------------

DISPATCH = Stored(
    title="Bamako déclare persona non grata l’ambassadeur de France",
    lede="Le gouvernement de transition donne soixante-douze heures au diplomate pour quitter le territoire",
    body="malien. Une manœuvre de diversion, selon Paris.\nLe Quai d’Orsay « prend acte » de la décision.",
    language="fr",
)


@pytest.mark.parametrize(
    ("text", "expression", "exact"),
    [
        ("Élysée", '"elysee"', True),
        ("expuls*", '"expuls" *', True),
        ("cœur", '("coeur" OR "cœur")', True),
        ("title:Mali", '{title} : "mali"', True),
        ('title:"persona non grata"', '{title} : "persona non grata"', True),
        ("Mali NOT football", '("mali" NOT "football")', True),
        ("=Mali", '"mali"', False),
        # What the index over-selects may not be taken away.
        ("Mali NOT =Football", '"mali"', False),
        ("Mali lang:fr", '"mali"', False),
        ("Mali OR lang:fr", None, False),
        ("NOT Mali", None, False),
        ("lang:fr", None, False),
        ("type:sanctions actor:MLI", None, False),
    ],
)
def test_plans(text: str, expression: str | None, exact: bool) -> None:
    search = plan(parse(text))
    assert (search.expression, search.exact) == (expression, exact)


@pytest.mark.parametrize(
    "text",
    [
        '"territoire malien"',
        "text:(territoire NEAR/0 malien)",
        "(malien NEAR/5 quitter)",
        '"quitter le territoire" NEAR/4 diversion',
        "manoeuvre",
        "mano*",
        "MANŒUVRE",
        '"quai d\'orsay" NEAR/2 "prend acte"',
        '="Quai d’Orsay"',
        "title:ambassadeur text:diplomate",
    ],
)
def test_found_in_a_dispatch(text: str) -> None:
    query = parse(text)
    search = plan(query)
    assert matches(query, DISPATCH.subject)
    assert search.expression is not None
    with closing(archive([DISPATCH])) as database:
        assert found(database, search.expression) == {0}


@pytest.mark.parametrize("text", ['"France le gouvernement"', "(France NEAR/3 gouvernement)"])
def test_title_and_text_are_two_texts(text: str) -> None:
    assert not matches(parse(text), DISPATCH.subject)


def test_near_over_the_border_asks_for_both_sides() -> None:
    # Without it every article with one common word in standfirst and body would be read.
    search = plan(parse("Mali NEAR/5 Togo"))
    assert search.expression is not None
    with closing(archive([Stored("", "mali", "mali"), Stored("", "mali", "togo")])) as database:
        assert found(database, search.expression) == {1}


# --- the index takes whatever a plan says ------------------------------------------------------------


def _nested() -> Iterator[str]:
    yield "".join(f"(mali{n} {'OR' if n % 2 else 'AND'} " for n in range(MAX_NESTING)) + "x" + ")" * MAX_NESTING
    yield "".join(f'("a{n} b{n}" {"OR" if n % 2 else "NOT"} ' for n in range(MAX_NESTING)) + "x" + ")" * MAX_NESTING
    yield "NOT (a " * MAX_NESTING + "x" + ")" * MAX_NESTING
    yield "title:" + "(" * (MAX_NESTING - 1) + '"a b" NEAR/3 (c OR d)' + ")" * (MAX_NESTING - 1)


def _wide() -> Iterator[str]:
    yield " OR ".join(f"w{n}" for n in range(MAX_TERMS))
    yield " ".join(f"w{n}*" for n in range(MAX_TERMS))
    yield " OR ".join(f'"oe{n} ae"' for n in range(MAX_TERMS // 2))
    yield "x NOT (" + " OR ".join(f"w{n}" for n in range(MAX_TERMS - 1)) + ")"
    yield f"({' OR '.join('a' * (n + 1) for n in range(30))}) NEAR/9 ({' OR '.join('b' * (n + 1) for n in range(30))})"
    yield "oe" * 900
    yield '"' + "oe " * 300 + '"'
    yield " OR ".join("oeoeoeoeoeoe" for _ in range(MAX_TERMS - 80))


@pytest.mark.parametrize("text", [*_nested(), *_wide()])
def test_no_plan_is_too_much_for_the_index(text: str) -> None:
    search = plan(parse(text))
    if search.expression is not None:
        with closing(archive([DISPATCH])) as database:
            found(database, search.expression)


def test_a_deep_query_still_loses_nothing() -> None:
    deep = "".join(f"(w{n} {'OR' if n % 2 else 'AND'} " for n in range(MAX_NESTING)) + "x" + ")" * MAX_NESTING
    query = parse(deep)
    search = plan(query)
    article = Stored("", "", " ".join([*(f"w{n}" for n in range(0, MAX_NESTING, 2)), "x"]))
    assert matches(query, article.subject)
    assert search.expression is not None
    with closing(archive([article])) as database:
        assert found(database, search.expression) == {0}


def test_more_spellings_than_the_index_is_asked_for_are_read_one_by_one() -> None:
    query = parse("oe" * 7)
    assert plan(query).expression is None
    assert matches(query, Stored("œoeœoeœoeœ", "", "").subject)
    assert all(
        len(one) < len(other) for one, other in pairwise([plan(parse("oe" * n)).expression or "" for n in (1, 2, 3)])
    )
