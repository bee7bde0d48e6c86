"""The tables of triage.

What lists are narrowed to stands in the story's own row, each with an index in the order of the list: a page of what is
escalated, important or mine costs the same however many stories there are.
"""

from __future__ import annotations

from sqlite_utils import Database


def create(database: Database) -> None:
    """Add standing, marks, notes, tags, links, what people saw, and the history of it."""
    for statement in (
        "ALTER TABLE story ADD COLUMN triage_state TEXT NOT NULL DEFAULT 'new'",
        "ALTER TABLE story ADD COLUMN verdict TEXT",
        "ALTER TABLE story ADD COLUMN verdict_reason TEXT",
        "ALTER TABLE story ADD COLUMN judged_by TEXT",
        "ALTER TABLE story ADD COLUMN judged_at TEXT",
        "ALTER TABLE story ADD COLUMN important INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE story ADD COLUMN assignee TEXT",
        "ALTER TABLE story ADD COLUMN assignee_id INTEGER",
        "ALTER TABLE story ADD COLUMN assignee_key TEXT",
        "ALTER TABLE story ADD COLUMN triage_version INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX story_triage ON story (triage_state, last_seen_at, id) WHERE triage_state <> 'new'",
        "CREATE INDEX story_judged ON story (judged_at) WHERE verdict IS NOT NULL",
        "CREATE INDEX story_important ON story (last_seen_at, id) WHERE important = 1",
        "CREATE INDEX story_assignee ON story (assignee_key, last_seen_at, id) WHERE assignee_key IS NOT NULL",
        # 0 stands for this machine, where nobody logs in.
        """CREATE TABLE seen (
            person_id INTEGER NOT NULL, story_id INTEGER NOT NULL REFERENCES story (id), name TEXT NOT NULL,
            at TEXT NOT NULL, up_to INTEGER NOT NULL, PRIMARY KEY (person_id, story_id)
        ) WITHOUT ROWID""",
        "CREATE INDEX seen_story ON seen (story_id, at)",
        """CREATE TABLE note (
            id INTEGER PRIMARY KEY, story_id INTEGER NOT NULL REFERENCES story (id), person_id INTEGER NOT NULL,
            author TEXT NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL, withdrawn_at TEXT
        )""",
        "CREATE INDEX note_story ON note (story_id, withdrawn_at)",
        """CREATE TABLE story_tag (
            story_id INTEGER NOT NULL REFERENCES story (id), key TEXT NOT NULL, name TEXT NOT NULL,
            PRIMARY KEY (story_id, key)
        ) WITHOUT ROWID""",
        "CREATE INDEX story_tag_key ON story_tag (key, story_id)",
        """CREATE TABLE story_link (
            story_id INTEGER NOT NULL REFERENCES story (id), other_id INTEGER NOT NULL REFERENCES story (id),
            kind TEXT NOT NULL, PRIMARY KEY (story_id, other_id, kind)
        ) WITHOUT ROWID""",
        "CREATE INDEX story_link_other ON story_link (other_id)",
        """CREATE TABLE triage_event (
            id INTEGER PRIMARY KEY, story_id INTEGER NOT NULL REFERENCES story (id), at TEXT NOT NULL,
            person_id INTEGER NOT NULL, name TEXT NOT NULL, field TEXT NOT NULL, subject TEXT NOT NULL,
            before_value TEXT NOT NULL, after_value TEXT NOT NULL, version INTEGER NOT NULL, batch INTEGER,
            undoes INTEGER
        )""",
        "CREATE INDEX triage_event_story ON triage_event (story_id, field, subject)",
        "CREATE INDEX triage_event_person ON triage_event (person_id, at)",
        "CREATE INDEX triage_event_batch ON triage_event (batch) WHERE batch IS NOT NULL",
    ):
        database.conn.execute(statement)
