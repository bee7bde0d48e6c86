"""Texts at several addresses of one source, counted for a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import templates
from storage.database import open_writer
from storage.types import Article

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    yield opened
    opened.conn.close()


def page(text: str, source: str = "fleuve", title: str = "Titre") -> Article:
    return Article(source_id=source, url="https://x.example/", title=title, paragraphs=(text,), fetched_at=NOW)


def test_addresses_of_one_text_are_counted_by_source(database: Database) -> None:
    counted = [
        templates.addresses_with(database, page("Veuillez patienter", title=f"{n}"), f"k{n}", NOW) for n in "abc"
    ]
    assert counted == [1, 2, 3]
    assert templates.addresses_with(database, page("« Veuillez patienter… »"), "d", NOW) == 4, "typography is no text"
    assert templates.addresses_with(database, page("Veuillez patienter"), "d", NOW) == 4, "an address counts once"
    assert templates.addresses_with(database, page("Veuillez patienter", "sahel"), "e", NOW) == 1
    assert templates.addresses_with(database, page("Le fleuve monte"), "f", NOW) == 1


def test_a_day_later_it_is_forgotten(database: Database) -> None:
    assert templates.addresses_with(database, page("Une"), "a", NOW) == 1
    later = NOW + templates.REMEMBERED
    assert templates.addresses_with(database, page("Une"), "b", later) == 1
    templates.forget(database, later + timedelta(minutes=1))
    assert database.execute("SELECT entry_key FROM page_text").fetchall() == [("b",)]
