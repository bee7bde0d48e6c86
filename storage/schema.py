"""The first step of the schema: the archive, its outbox and its full-text index."""

from __future__ import annotations

from uuid import uuid4

from sqlite_utils import Database

#: how the full-text index cuts words: by Unicode, diacritics removed
TOKENIZER = "unicode61 remove_diacritics 2"


def create(database: Database) -> None:
    """Step 1: sources, articles, signals, stories, alerts, the outbox and full-text search."""
    database.executescript(
        """
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

        CREATE TABLE source (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, url TEXT NOT NULL, language TEXT, country TEXT,
            state_affiliation TEXT, enabled INTEGER NOT NULL,
            next_check_at TEXT NOT NULL, last_checked_at TEXT, last_success_at TEXT, last_new_at TEXT,
            failures INTEGER NOT NULL DEFAULT 0, failure TEXT, detail TEXT
        );
        CREATE INDEX source_due ON source (enabled, next_check_at);

        CREATE TABLE feed (
            source_id TEXT NOT NULL REFERENCES source (id), url TEXT NOT NULL,
            etag TEXT, last_modified TEXT, body_hash TEXT,
            failure TEXT, detail TEXT, checked_at TEXT,
            PRIMARY KEY (source_id, url)
        ) WITHOUT ROWID;

        CREATE TABLE story (
            id INTEGER PRIMARY KEY, headline TEXT NOT NULL, severity INTEGER NOT NULL DEFAULT 0,
            first_seen_at TEXT NOT NULL, last_seen_at TEXT NOT NULL
        );
        CREATE INDEX story_last_seen ON story (last_seen_at);

        CREATE TABLE article (
            id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, source_id TEXT NOT NULL REFERENCES source (id),
            url TEXT NOT NULL, canonical_url TEXT, language TEXT, authors TEXT NOT NULL, agency TEXT,
            origin TEXT NOT NULL, partial INTEGER NOT NULL, published_at TEXT,
            first_seen_at TEXT NOT NULL, effective_at TEXT NOT NULL,
            revision_id INTEGER REFERENCES revision (id) DEFERRABLE INITIALLY DEFERRED,
            story_id INTEGER REFERENCES story (id), copy_of INTEGER REFERENCES article (id), coverage REAL
        );
        CREATE INDEX article_story ON article (story_id);
        CREATE INDEX article_effective ON article (effective_at);
        CREATE INDEX article_revision ON article (revision_id);
        CREATE INDEX article_source ON article (source_id, first_seen_at);

        CREATE TABLE revision (
            id INTEGER PRIMARY KEY, article_id INTEGER NOT NULL REFERENCES article (id), number INTEGER NOT NULL,
            title TEXT NOT NULL, lede TEXT NOT NULL, body TEXT NOT NULL, content_hash TEXT NOT NULL,
            fetched_at TEXT NOT NULL,
            UNIQUE (article_id, number)
        );

        CREATE TABLE evidence (
            id INTEGER PRIMARY KEY, revision_id INTEGER NOT NULL UNIQUE REFERENCES revision (id),
            url TEXT NOT NULL, captured_at TEXT NOT NULL, status INTEGER NOT NULL, headers TEXT NOT NULL,
            sha256 TEXT NOT NULL, body_gzip BLOB NOT NULL
        );

        CREATE TABLE entry (
            id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, source_id TEXT NOT NULL REFERENCES source (id),
            url TEXT NOT NULL, title TEXT NOT NULL, summary TEXT NOT NULL, authors TEXT NOT NULL, published_at TEXT,
            seen_at TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
            attempts INTEGER NOT NULL DEFAULT 0, next_attempt_at TEXT NOT NULL, failure TEXT, detail TEXT,
            article_id INTEGER REFERENCES article (id)
        );
        CREATE INDEX entry_due ON entry (state, next_attempt_at);

        CREATE TABLE signal (
            id INTEGER PRIMARY KEY, article_id INTEGER NOT NULL REFERENCES article (id),
            revision_id INTEGER NOT NULL REFERENCES revision (id),
            type TEXT NOT NULL, severity INTEGER NOT NULL, actor TEXT, target TEXT, status TEXT NOT NULL,
            sentence TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
            rule TEXT NOT NULL, cues TEXT NOT NULL
        );
        CREATE INDEX signal_article ON signal (article_id);
        CREATE INDEX signal_revision ON signal (revision_id);
        CREATE INDEX signal_act ON signal (type, actor, target);

        CREATE TABLE fingerprint (
            hash INTEGER NOT NULL, article_id INTEGER NOT NULL REFERENCES article (id),
            PRIMARY KEY (hash, article_id)
        ) WITHOUT ROWID;
        CREATE INDEX fingerprint_article ON fingerprint (article_id);

        CREATE TABLE decision (
            article_id INTEGER NOT NULL REFERENCES article (id), watch_id TEXT NOT NULL,
            revision_id INTEGER NOT NULL REFERENCES revision (id),
            kind TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, severity INTEGER NOT NULL,
            alert_id TEXT, rules_version TEXT NOT NULL, decided_at TEXT NOT NULL,
            PRIMARY KEY (article_id, watch_id, revision_id)
        ) WITHOUT ROWID;
        CREATE INDEX decision_revision ON decision (revision_id);

        CREATE TABLE alert (
            id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, type TEXT NOT NULL, watch_id TEXT NOT NULL,
            story_id INTEGER REFERENCES story (id), article_id INTEGER REFERENCES article (id),
            severity INTEGER NOT NULL, headline TEXT NOT NULL, payload TEXT NOT NULL, acts TEXT NOT NULL,
            sequence INTEGER NOT NULL, recorded_only INTEGER NOT NULL DEFAULT 0,
            created_at TEXT NOT NULL, acknowledged_at TEXT
        );
        CREATE INDEX alert_created ON alert (created_at);
        CREATE INDEX alert_story ON alert (watch_id, story_id);
        CREATE INDEX alert_story_only ON alert (story_id);
        CREATE INDEX alert_article ON alert (article_id);

        CREATE TABLE delivery (
            id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, alert_id TEXT NOT NULL REFERENCES alert (id),
            channel_id TEXT NOT NULL, recipient TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('pending', 'leased', 'sent', 'dead', 'suppressed')),
            attempts INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, next_attempt_at TEXT NOT NULL,
            lease_until TEXT, maybe_delivered INTEGER NOT NULL DEFAULT 0, last_error TEXT, sent_at TEXT
        );
        CREATE INDEX delivery_due ON delivery (channel_id, state, next_attempt_at);
        CREATE INDEX delivery_alert ON delivery (alert_id);

        CREATE TABLE attempt (
            id INTEGER PRIMARY KEY, delivery_id INTEGER NOT NULL REFERENCES delivery (id),
            started_at TEXT NOT NULL, ended_at TEXT NOT NULL, outcome TEXT NOT NULL, code INTEGER, detail TEXT NOT NULL
        );
        CREATE INDEX attempt_delivery ON attempt (delivery_id);

        CREATE TABLE channel (id TEXT PRIMARY KEY, state TEXT NOT NULL, updated_at TEXT NOT NULL) WITHOUT ROWID;

        CREATE TABLE silence (
            id INTEGER PRIMARY KEY, watch_id TEXT, author TEXT NOT NULL, reason TEXT NOT NULL,
            starts_at TEXT NOT NULL, ends_at TEXT NOT NULL
        );
        """
    )
    database.executescript(
        f"""
        CREATE VIRTUAL TABLE revision_search USING fts5 (
            title, lede, body, content='revision', content_rowid='id', tokenize='{TOKENIZER}'
        );
        """
    )
    for trigger in _SEARCH_TRIGGERS:
        database.conn.execute(trigger)
    database.conn.execute("INSERT INTO meta (key, value) VALUES ('instance', ?)", (str(uuid4()),))


# A trigger's body holds semicolons, so each is a statement of its own instead of part of a script.
_SEARCH_TRIGGERS = (
    """CREATE TRIGGER revision_search_insert AFTER INSERT ON revision BEGIN
        INSERT INTO revision_search (rowid, title, lede, body) VALUES (new.id, new.title, new.lede, new.body);
    END""",
    """CREATE TRIGGER revision_search_delete AFTER DELETE ON revision BEGIN
        INSERT INTO revision_search (revision_search, rowid, title, lede, body)
        VALUES ('delete', old.id, old.title, old.lede, old.body);
    END""",
    """CREATE TRIGGER revision_search_update AFTER UPDATE ON revision
        WHEN old.content_hash IS NOT new.content_hash BEGIN
        INSERT INTO revision_search (revision_search, rowid, title, lede, body)
        VALUES ('delete', old.id, old.title, old.lede, old.body);
        INSERT INTO revision_search (rowid, title, lede, body) VALUES (new.id, new.title, new.lede, new.body);
    END""",
)
