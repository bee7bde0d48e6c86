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
from storage.types import Article, Signal, Status

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
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
    return [one.signals for one in readings.between(database, None, NOW + 9 * HOUR)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(found=st.lists(_signals, max_size=5).map(tuple))
def test_signals_come_back_as_detection_gave_them(database: Database, found: tuple[Signal, ...]) -> None:
    with pytest.raises(StopAsyncIteration), transaction(database):
        given_to(database, PAGE, NOW, *found)
        assert signals_of(database) == [found]
        raise StopAsyncIteration  # undoes it


def test_each_version_has_its_own_and_the_same_words_under_another_date_have_none(database: Database) -> None:
    first = Signal(
        type="expel_diplomats", severity=4, actor="MLI", target="FRA", status=Status.ASSERTED, sentence="Lundi.",
        start=0, end=5, rule="expel",
    )  # fmt: skip
    with transaction(database):
        given_to(database, PAGE, NOW, first)
        given_to(database, replace(PAGE, modified_at=NOW + HOUR), NOW + HOUR)
        given_to(database, replace(PAGE, paragraphs=("Mardi, rien de tel.",)), NOW + 2 * HOUR)
    assert signals_of(database) == [(first,), None, ()]
    with transaction(database):
        database.execute("UPDATE reading SET facts = NULL")
    assert signals_of(database) == [None, None, None]
