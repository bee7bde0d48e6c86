"""Indices by which a page of a list costs the same in an archive of a million articles.

Each stands for a question that pages ask, and holds all that the question reads: rows of articles are wide, and a
story may have hundreds.
"""

from __future__ import annotations

from sqlite_utils import Database


def create(database: Database) -> None:
    """Create them; called by a migration."""
    for statement in (
        # How many articles, outlets and origins a story has, and whether one is of a source or in a language.
        "DROP INDEX article_story",
        "CREATE INDEX article_story ON article "
        "(story_id, effective_at, id, source_id, origin, language, revision_id, copy_of, withdrawn_at)",
        # Which story a text of the full-text index, or a signal, belongs to.
        "DROP INDEX article_revision",
        "CREATE INDEX article_revision ON article (revision_id, story_id, source_id, language)",
        # Whether articles in a language are rare.
        "CREATE INDEX article_language ON article (language, story_id)",
        # What states did to each other, whatever it was.
        "CREATE INDEX signal_pair ON signal (actor, target)",
        # How much waits, and since when.
        "CREATE INDEX delivery_state ON delivery (state, created_at)",
    ):
        database.conn.execute(statement)
