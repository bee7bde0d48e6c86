"""Articles: one row a key, a revision a text, and a full text is never lost to a partial one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from storage import articles, sources
from storage.articles import Saved, SaveKind, effective_time
from storage.comparing import Change, comparison_key
from storage.database import open_writer, transaction
from storage.errors import NotFoundError
from storage.search import ArticleFilter
from storage.search import articles as search
from storage.types import Article, Signal, Source, Status

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)

FULL = Article(
    source_id="fleuve",
    url="https://fleuve.example/a?utm_source=x",
    title="Bamako expulse deux diplomates",
    lede="Ils ont quarante-huit heures.",
    paragraphs=("Le ministère l’a annoncé lundi.", "L’ambassade n’a pas réagi."),
    canonical_url="https://fleuve.example/a",
    authors=("Awa Koné",),
    published_at=NOW - HOUR,
    language="fr",
    agency="AFL",
    fetched_at=NOW,
)
BRIEF = replace(
    FULL, lede="", paragraphs=("Deux diplomates expulsés.",), partial=True, authors=(), canonical_url=None, agency=None
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        sources.sync(opened, [Source(id="fleuve", name="Le Fleuve", url="https://fleuve.example/")], NOW)
    yield opened
    opened.conn.close()


def save(database: Database, article: Article, *, key: str = "k", now: datetime = NOW) -> Saved:
    with transaction(database):
        return articles.save(database, article, key=key, origin=article.agency or "Le Fleuve", now=now)


def test_article_comes_back_as_it_was_stored(database: Database) -> None:
    saved = save(database, FULL)
    assert saved.kind is SaveKind.NEW
    stored = articles.get(database, saved.article_id)
    assert (stored.title, stored.lede, stored.body) == (FULL.title, FULL.lede, "\n".join(FULL.paragraphs))
    assert stored.text == FULL.text
    assert (stored.key, stored.url, stored.source_name) == ("k", FULL.url, "Le Fleuve")
    assert (stored.authors, stored.language, stored.agency, stored.origin) == (("Awa Koné",), "fr", "AFL", "AFL")
    assert (stored.published_at, stored.first_seen_at, stored.effective_at) == (NOW - HOUR, NOW, NOW - HOUR)
    assert (stored.partial, stored.story_id, stored.copy_of) == (False, None, None)
    assert articles.known(database, "k") == saved.article_id


def test_unknown_article_is_named(database: Database) -> None:
    assert articles.known(database, "k") is None
    with pytest.raises(NotFoundError, match="no article 7"):
        articles.get(database, 7)


def test_same_text_again_changes_nothing(database: Database) -> None:
    first = save(database, FULL)
    again = save(database, replace(FULL, fetched_at=NOW + HOUR, url="https://fleuve.example/b"), now=NOW + HOUR)
    assert again == replace(first, kind=SaveKind.SAME, change=Change.SAME, previous_id=first.revision_id)
    assert len(articles.revisions(database, first.article_id)) == 1
    assert articles.get(database, first.article_id).url == FULL.url


def test_each_new_text_is_a_revision_and_the_last_one_is_current(database: Database) -> None:
    first = save(database, FULL)
    corrected = replace(FULL, paragraphs=("Le ministère l’a annoncé mardi.",), fetched_at=NOW + HOUR)
    retitled = replace(corrected, title="Bamako expulse trois diplomates")
    later = save(database, corrected, now=NOW + HOUR)
    last = save(database, retitled, now=NOW + 2 * HOUR)
    assert (later.kind, last.kind) == (SaveKind.REVISION, SaveKind.REVISION)
    assert later.article_id == last.article_id == first.article_id
    revisions = articles.revisions(database, first.article_id)
    assert [revision.number for revision in revisions] == [1, 2, 3]
    assert [revision.text for revision in revisions] == [
        "\n".join(FULL.paragraphs), corrected.paragraphs[0], corrected.paragraphs[0],
    ]  # fmt: skip
    assert [revision.id for revision in revisions] == [first.revision_id, later.revision_id, last.revision_id]
    stored = articles.get(database, first.article_id)
    assert (stored.title, stored.revision_id) == (retitled.title, last.revision_id)
    assert stored.first_seen_at == NOW


def test_return_to_an_earlier_text_is_a_revision_of_its_own(database: Database) -> None:
    save(database, FULL)
    save(database, replace(FULL, title="Autre titre"))
    back = save(database, FULL)
    assert back.kind is SaveKind.REVISION
    assert [revision.number for revision in articles.revisions(database, back.article_id)] == [1, 2, 3]


def test_partial_text_never_replaces_a_full_one(database: Database) -> None:
    full = save(database, FULL)
    brief = save(database, BRIEF, now=NOW + HOUR)
    assert brief == replace(full, kind=SaveKind.SAME, change=Change.TEASER, previous_id=full.revision_id)
    stored = articles.get(database, full.article_id)
    assert (stored.body, stored.partial) == ("\n".join(FULL.paragraphs), False)


def test_typography_and_furniture_make_no_revision(database: Database) -> None:
    first = save(database, FULL)
    retouched = replace(
        FULL,
        title="Bamako expulse\u00a0deux diplomates",
        paragraphs=(
            "Le ministère l'a annoncé lundi.",
            "Mis à jour le 10 mars 2026 à 12h",
            "L'ambassade n'a pas réagi.",
        ),
    )
    again = save(database, retouched, now=NOW + HOUR)
    assert (again.kind, again.change, again.revision_id) == (SaveKind.SAME, Change.TYPOGRAPHY, first.revision_id)
    assert articles.get(database, first.article_id).title == FULL.title


def test_a_text_cut_to_its_beginning_never_replaces_the_whole(database: Database) -> None:
    first = save(database, FULL)
    cut = save(database, replace(FULL, paragraphs=()), now=NOW + HOUR)
    assert (cut.kind, cut.change, cut.revision_id) == (SaveKind.SAME, Change.SHRUNKEN, first.revision_id)


def test_texts_stored_before_there_were_keys_are_compared_all_the_same(database: Database) -> None:
    first = save(database, FULL)
    database.execute("UPDATE revision SET comparison = NULL")
    assert save(database, replace(FULL, title=FULL.title.upper())).change is Change.TYPOGRAPHY
    keys = [row[0] for row in database.execute("SELECT comparison FROM revision")]
    assert keys == [comparison_key(FULL.title, FULL.lede, FULL.paragraphs)]
    database.execute("UPDATE revision SET comparison = '0:older way'")
    assert save(database, replace(FULL, title="Bamako expulse trois diplomates")).change is Change.EDITED
    assert len(articles.revisions(database, first.article_id)) == 2


@pytest.mark.parametrize(
    ("before", "after", "silent"),
    [
        (None, None, True),
        (NOW, None, True),
        (NOW, NOW, True),
        (NOW, NOW + HOUR, False),
        (None, NOW - HOUR, True),
        (None, NOW + HOUR, False),
    ],
)
def test_an_edit_is_silent_when_the_page_does_not_date_it(
    database: Database, before: datetime | None, after: datetime | None, silent: bool
) -> None:
    first = save(database, replace(FULL, modified_at=before))
    save(database, replace(FULL, title="Autre titre", modified_at=after, fetched_at=NOW + 2 * HOUR))
    old, new = articles.revisions(database, first.article_id)
    assert (old.silent, new.silent, old.modified_at, new.modified_at) == (False, silent, before, after)


def test_a_date_that_moved_alone_is_the_one_a_silent_edit_leaves(database: Database) -> None:
    first = save(database, replace(FULL, modified_at=NOW))
    save(database, replace(FULL, modified_at=NOW + HOUR))
    save(database, replace(FULL, title="Autre titre", modified_at=NOW + HOUR))
    assert [revision.silent for revision in articles.revisions(database, first.article_id)] == [False, True]


def test_full_text_replaces_a_partial_one_and_brings_what_it_knows(database: Database) -> None:
    brief = save(database, replace(BRIEF, published_at=None, language=None))
    full = save(database, FULL, now=NOW + HOUR)
    assert full.kind is SaveKind.REVISION
    stored = articles.get(database, brief.article_id)
    assert (stored.partial, stored.authors, stored.agency, stored.language) == (False, ("Awa Koné",), "AFL", "fr")
    assert stored.published_at == stored.effective_at == full.effective_at == NOW - HOUR
    assert save(database, BRIEF).kind is SaveKind.SAME


def test_old_page_behind_an_undated_brief_counts_as_old(database: Database) -> None:
    """A brief without date counts as of now; the page behind it may turn out to be years old."""
    assert save(database, replace(BRIEF, published_at=None)).effective_at == NOW
    assert save(database, replace(FULL, published_at=NOW - timedelta(days=900))).effective_at == NOW - timedelta(
        days=900
    )


def test_date_that_was_known_stays(database: Database) -> None:
    save(database, FULL)
    revised = save(database, replace(FULL, title="Mis à jour", published_at=NOW + HOUR / 2, authors=()))
    assert revised.effective_at == NOW - HOUR
    stored = articles.get(database, revised.article_id)
    assert (stored.published_at, stored.authors) == (NOW - HOUR, ("Awa Koné",))


def test_page_that_says_no_more_than_the_feed_makes_the_article_full(database: Database) -> None:
    brief = save(database, BRIEF)
    assert articles.get(database, brief.article_id).partial
    assert save(database, replace(BRIEF, partial=False)).kind is SaveKind.SAME
    assert not articles.get(database, brief.article_id).partial
    assert save(database, replace(BRIEF, title="Autre")).kind is SaveKind.SAME


def test_partial_text_may_replace_a_partial_one(database: Database) -> None:
    save(database, BRIEF)
    assert save(database, replace(BRIEF, title="Trois diplomates")).kind is SaveKind.REVISION


def test_articles_of_different_keys_are_different_articles_though_their_text_is_one(database: Database) -> None:
    assert save(database, FULL, key="a").article_id != save(database, FULL, key="b").article_id


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "", "ab"]), min_size=2, max_size=5))
def test_hash_tells_texts_apart_by_where_their_words_stand(parts: list[str]) -> None:
    title, lede, *paragraphs = parts
    article = replace(FULL, title=title, lede=lede, paragraphs=tuple(paragraphs))
    moved = replace(FULL, title=title + lede, lede="", paragraphs=tuple(paragraphs))
    assert (articles.content_hash(article) == articles.content_hash(moved)) == (lede == "")
    joined = replace(article, paragraphs=("".join(paragraphs),))
    assert (articles.content_hash(article) == articles.content_hash(joined)) == (len(paragraphs) == 1)


@pytest.mark.parametrize(
    ("published", "effective"),
    [
        (None, NOW),
        (NOW - timedelta(days=4000), NOW - timedelta(days=4000)),
        (NOW + HOUR, NOW + HOUR),
        (NOW + HOUR + timedelta(seconds=1), NOW),
        (datetime.max.replace(tzinfo=UTC), NOW),
        (datetime.min.replace(tzinfo=UTC), NOW),
        (datetime(1960, 9, 22, tzinfo=UTC), datetime(1960, 9, 22, tzinfo=UTC)),
    ],
)
def test_date_is_believed_unless_it_is_absurd(published: datetime | None, effective: datetime) -> None:
    assert effective_time(published, NOW) == effective


def test_signals_come_back_in_the_order_of_the_text(database: Database) -> None:
    saved = save(database, FULL)
    signals = tuple(
        Signal(
            type="expel_diplomats", severity=4, actor="MLI", target=target, status=Status.DENIED, start=start,
            end=start + 5, sentence="« Faux », dit Bamako.", rule="fr.expel", cues=("dément", "faux"),
        )
        for target, start in (("FRA", 40), (None, 3))
    )  # fmt: skip
    with transaction(database):
        articles.save_signals(database, saved.article_id, saved.revision_id, signals)
        articles.save_signals(database, saved.article_id, saved.revision_id, ())
    assert articles.signals(database, saved.revision_id) == (signals[1], signals[0])
    assert articles.signals(database, saved.revision_id + 1) == ()


def test_text_with_odd_characters_is_found_as_it_is(database: Database) -> None:
    odd = replace(
        FULL, title="Point\u2028virgule ; 'guillemets\" – 😀", paragraphs=("a\u0085b", "--; DROP TABLE article")
    )
    stored = articles.get(database, save(database, odd).article_id)
    assert (stored.title, stored.body) == (odd.title, "a\u0085b\n--; DROP TABLE article")
    assert [found.id for found in search(database, ArticleFilter(expression='"drop table"'))] == [stored.id]
