"""The full-text index: the title of every version of an article, and its running text.

Standfirst and body are one text to the reader, so they are one column: a phrase that begins in one and ends in the
other is found like any other, and no query need ask where the border runs.
"""

from __future__ import annotations

import logging

from sqlite_utils import Database

from storage.schema import TOKENIZER

logger = logging.getLogger(__name__)

#: texts from which on it is said that building the index takes a while
_WORTH_A_WORD = 20_000


def _running(row: str) -> str:
    """Return the running text of a row of ``revision``, as :func:`storage.articles.text_of` joins it."""
    return f"CASE WHEN {row}lede = '' THEN {row}body ELSE {row}lede || char(10) || {row}body END"


_ADD = f"INSERT INTO revision_search (rowid, title, text) VALUES (new.id, new.title, {_running('new.')});"  # noqa: S608 (fixed text)
# FTS5 has to be told the very text that goes (sqlite.org/fts5.html section 4.4.3).
_TAKE = (
    "INSERT INTO revision_search (revision_search, rowid, title, text) "  # noqa: S608 (fixed text)
    f"VALUES ('delete', old.id, old.title, {_running('old.')});"
)

#: make an empty index beside the table of versions, and keep it
STATEMENTS = (
    f"CREATE VIEW revision_text AS SELECT id, title, {_running('')} AS text FROM revision",  # noqa: S608 (fixed text)
    "CREATE VIRTUAL TABLE revision_search USING fts5 "
    f"(title, text, content='revision_text', content_rowid='id', tokenize='{TOKENIZER}')",
    f"CREATE TRIGGER revision_search_insert AFTER INSERT ON revision BEGIN {_ADD} END",
    f"CREATE TRIGGER revision_search_delete AFTER DELETE ON revision BEGIN {_TAKE} END",
    f"CREATE TRIGGER revision_search_update AFTER UPDATE OF title, lede, body ON revision BEGIN {_TAKE} {_ADD} END",
)
#: read into it what is stored already
FILL = "INSERT INTO revision_search (revision_search) VALUES ('rebuild')"
#: bytes of words that FTS5 gathers before it writes them, by itself and while many texts are read
_GATHERED, _GATHERED_AT_ONCE = 1 << 20, 64 << 20
_GATHER = "INSERT INTO revision_search (revision_search, rank) VALUES ('hashsize', ?)"


def create(database: Database) -> None:
    """Make the index of titles and running texts in place of the one of titles, standfirsts and bodies."""
    texts = int(database.execute("SELECT count(*) FROM revision").fetchone()[0])
    if texts >= _WORTH_A_WORD:
        logger.warning("building the full-text index anew for %d texts; a million take some minutes, once", texts)
    for name in ("insert", "delete", "update"):
        database.conn.execute(f"DROP TRIGGER revision_search_{name}")
    database.conn.execute("DROP TABLE revision_search")
    for statement in STATEMENTS:
        database.conn.execute(statement)
    # What is written in small portions is merged, and so written, many times over.
    database.conn.execute(_GATHER, (_GATHERED_AT_ONCE,))
    database.conn.execute(FILL)
    database.conn.execute(_GATHER, (_GATHERED,))
