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


def create_for_figures(database: Database) -> None:
    """Create those of alerts, deliveries and acts, and keep how many decisions there are of each kind.

    An archive holds a decision for each article and watch; figures are asked for every few seconds. The counts are
    changed by the same statements as the decisions, so they cannot drift.
    """
    for statement in (
        # Whether an act of an article passes a filter, and which rule found it.
        "DROP INDEX signal_revision",
        "CREATE INDEX signal_revision ON signal (revision_id, severity, status, type, actor, target, rule)",
        # What a watch was told of a story, and what the watch tells of itself.
        "DROP INDEX alert_story",
        "CREATE INDEX alert_story ON alert "
        "(watch_id, story_id, created_at, id, severity, acknowledged_at, recorded_only, type)",
        "CREATE INDEX alert_notice ON alert (created_at, id) WHERE watch_id = ''",
        # What stands in the outbox of a channel.
        "CREATE INDEX delivery_channel ON delivery (channel_id, state, sent_at)",
        "CREATE TABLE decision_count (watch_id TEXT NOT NULL, reason TEXT NOT NULL, decisions INTEGER NOT NULL, "
        "PRIMARY KEY (watch_id, reason)) WITHOUT ROWID",
        "INSERT INTO decision_count SELECT watch_id, reason, count(*) FROM decision GROUP BY watch_id, reason",
        "DROP INDEX decision_reason",
        *_COUNTING,
    ):
        database.conn.execute(statement)


_ADD = """
    INSERT INTO decision_count (watch_id, reason, decisions) VALUES (new.watch_id, new.reason, 1)
    ON CONFLICT (watch_id, reason) DO UPDATE SET decisions = decisions + 1;
"""
_TAKE = """
    UPDATE decision_count SET decisions = decisions - 1 WHERE watch_id = old.watch_id AND reason = old.reason;
"""
_COUNTING = (
    f"CREATE TRIGGER decision_added AFTER INSERT ON decision BEGIN {_ADD} END",
    f"CREATE TRIGGER decision_taken AFTER DELETE ON decision BEGIN {_TAKE} END",
    f"CREATE TRIGGER decision_changed AFTER UPDATE ON decision "
    f"WHEN old.watch_id <> new.watch_id OR old.reason <> new.reason BEGIN {_TAKE} {_ADD} END",
)
