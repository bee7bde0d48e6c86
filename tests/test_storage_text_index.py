"""Title and running text are found as a reader reads them, also in an archive that kept them apart before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import migrations, text_index

#: standfirst and body of versions; the phrase begins in the one and ends in the other
TEXTS = {1: ("Bamako rappelle son", "ambassadeur à Paris."), 2: ("", "Le Mali rappelle son ambassadeur."), 3: ("", "")}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An archive as it was before the index held running texts."""
    before = migrations.STEPS[: migrations.STEPS.index(text_index.create)]
    with closing(sqlite3.connect(tmp_path / "vigie.db")) as connection:
        database = Database(connection)
        for step in before:
            step(database)
        connection.execute("PRAGMA foreign_keys=OFF")
        for number, (lede, body) in TEXTS.items():
            write(database, number, lede, body)
        yield database


def write(database: Database, number: int, lede: str, body: str) -> None:
    database.conn.execute(
        "INSERT INTO revision (id, article_id, number, title, lede, body, content_hash, fetched_at) "
        "VALUES (?, ?, 1, 'Titre', ?, ?, '', '')",
        (number, number, lede, body),
    )


def found(database: Database, expression: str) -> list[int]:
    rows = database.execute("SELECT rowid FROM revision_search WHERE revision_search MATCH ?", (expression,))
    return [row[0] for row in rows.fetchall()]


def check(database: Database) -> None:
    # Rank 1 compares with the texts of the table outside (sqlite.org/fts5.html section 6.4).
    database.conn.execute("INSERT INTO revision_search (revision_search, rank) VALUES ('integrity-check', 1)")


def test_stored_texts_are_read_anew(database: Database) -> None:
    assert found(database, '"son ambassadeur"') == [2]
    text_index.create(database)
    assert found(database, '"son ambassadeur"') == [1, 2]
    assert found(database, "{title} : titre") == [1, 2, 3]
    check(database)


def test_index_follows_the_versions(database: Database) -> None:
    text_index.create(database)
    write(database, 4, "Paris suspend sa", "coopération.")
    assert found(database, '"sa cooperation"') == [4]
    database.conn.execute("UPDATE revision SET body = 'décision.' WHERE id = 4")
    assert (found(database, "cooperation"), found(database, '"sa decision"')) == ([], [4])
    database.conn.execute("UPDATE revision SET comparison = 'x' WHERE id = 4")
    database.conn.execute("DELETE FROM revision WHERE id = 1")
    assert found(database, '"son ambassadeur"') == [2]
    check(database)
