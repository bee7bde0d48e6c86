"""The journal of readings gives back what the service's rules found, field by field and in their order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from storage import articles, readings, sources
from storage.articles import Saved
from storage.database import open_writer, transaction
from storage.readings import Asked
from storage.types import Article, Signal, Status

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVERY = Asked(since=None, until=NOW + 9 * HOUR)
PAGE = Article(
    source_id="fleuve", url="https://fleuve.example/a", title="Bamako", paragraphs=("Lundi.",), fetched_at=NOW
)

_words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
_codes = st.none() | st.sampled_from(("FRA", "MLI", "UN"))
_signals = st.builds(
    Signal,
    type=_words, severity=st.integers(1, 5), actor=_codes, target=_codes, status=st.sampled_from(Status),
    sentence=_words, start=st.integers(0, 200_000), end=st.integers(0, 200_000), rule=_words,
    cues=st.lists(_words, max_size=3).map(tuple), confidence=st.floats(0, 1),
    modifiers=st.lists(_words, max_size=2).map(tuple),
)  # fmt: skip
ACT = Signal(
    type="expel_diplomats", severity=4, actor="MLI", target="FRA", status=Status.ASSERTED, sentence="Lundi.", start=0,
    end=5, rule="expel",
)  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    sources.ensure(opened, "fleuve", "fleuve", "", NOW)
    yield opened
    opened.conn.close()


def given_to(database: Database, page: Article, at: datetime, *found: Signal) -> Saved:
    """Store a reading as the service does."""
    saved = articles.save(database, page, key=page.url, origin="fleuve", now=at)
    readings.note(database, page, saved, now=at, sending=True, rules_version="7")
    articles.save_signals(database, saved.article_id, saved.revision_id, found)
    return saved


def signals_of(database: Database) -> list[tuple[Signal, ...] | None]:
    return [one.signals for one in readings.between(database, EVERY)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(found=st.lists(_signals, max_size=5).map(tuple))
def test_signals_come_back_as_detection_gave_them(database: Database, found: tuple[Signal, ...]) -> None:
    with pytest.raises(StopAsyncIteration), transaction(database):
        given_to(database, PAGE, NOW, *found)
        assert signals_of(database) == [found]
        raise StopAsyncIteration  # undoes it


def test_each_version_has_its_own_and_the_same_words_under_another_date_have_none(database: Database) -> None:
    with transaction(database):
        given_to(database, PAGE, NOW, ACT)
        given_to(database, replace(PAGE, modified_at=NOW + HOUR), NOW + HOUR)
        given_to(database, replace(PAGE, paragraphs=("Mardi, rien de tel.",)), NOW + 2 * HOUR)
    assert signals_of(database) == [(ACT,), None, ()]
    with transaction(database):
        database.execute("UPDATE reading SET facts = NULL")
    assert signals_of(database) == [None, None, None]


def test_before_a_moment_only_articles_that_tell_an_act_in_some_version_are_given(database: Database) -> None:
    with transaction(database):
        given_to(database, PAGE, NOW, ACT)
        given_to(database, replace(PAGE, url="https://fleuve.example/b"), NOW + HOUR)
        given_to(database, replace(PAGE, paragraphs=("Mardi, rien de tel.",)), NOW + 2 * HOUR)
        given_to(database, replace(PAGE, url="https://fleuve.example/c"), NOW + 3 * HOUR)
    for hours, wanted in ((0, [1, 2, 3, 4]), (2, [1, 3, 4]), (4, [1, 3])):
        asked = replace(EVERY, whole_from=NOW + hours * HOUR)
        assert [one.id for one in readings.between(database, asked)] == wanted
        assert readings.count(database, asked) == len(wanted)
    asked = replace(EVERY, since=NOW + HOUR, until=NOW + 3 * HOUR, whole_from=NOW + 2 * HOUR)
    assert [one.id for one in readings.between(database, asked)] == [3]
