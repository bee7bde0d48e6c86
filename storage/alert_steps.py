"""The steps of the schema that remade the outbox: see :mod:`storage.migrations`, whose rules hold here too."""

from __future__ import annotations

from sqlite_utils import Database


def batches(database: Database) -> None:
    """Gather deliveries in batches, and keep why each waits; a CHECK cannot be widened, so the outbox is made anew."""
    for statement in (
        """
        CREATE TABLE batch (
            id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL UNIQUE, watch_id TEXT NOT NULL,
            channel_id TEXT NOT NULL, opened_at TEXT NOT NULL, closes_at TEXT NOT NULL, closed_at TEXT,
            alert_id TEXT REFERENCES alert (id)
        )
        """,
        "CREATE INDEX batch_due ON batch (closes_at) WHERE closed_at IS NULL",
        "CREATE INDEX batch_open ON batch (watch_id, channel_id, kind) WHERE closed_at IS NULL",
        "CREATE INDEX batch_alert ON batch (alert_id) WHERE alert_id IS NOT NULL",
        """
        CREATE TABLE delivery_batched (
            id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, alert_id TEXT NOT NULL REFERENCES alert (id),
            channel_id TEXT NOT NULL, recipient TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('pending', 'leased', 'sent', 'dead', 'suppressed', 'batched')),
            attempts INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, next_attempt_at TEXT NOT NULL,
            lease_until TEXT, maybe_delivered INTEGER NOT NULL DEFAULT 0, last_error TEXT, sent_at TEXT,
            reason TEXT NOT NULL DEFAULT 'at_once', batch_id INTEGER REFERENCES batch (id),
            CHECK (state <> 'batched' OR batch_id IS NOT NULL)
        )
        """,
        """
        INSERT INTO delivery_batched (id, key, alert_id, channel_id, recipient, state, attempts, created_at,
            next_attempt_at, lease_until, maybe_delivered, last_error, sent_at)
        SELECT id, key, alert_id, channel_id, recipient, state, attempts, created_at, next_attempt_at, lease_until,
            maybe_delivered, last_error, sent_at FROM delivery
        """,
        # What refers to the outbox follows its renaming, so it is made to refer to the new one first.
        """
        CREATE TABLE attempt_batched (
            id INTEGER PRIMARY KEY, delivery_id INTEGER NOT NULL REFERENCES delivery_batched (id),
            started_at TEXT NOT NULL, ended_at TEXT NOT NULL, outcome TEXT NOT NULL, code INTEGER, detail TEXT NOT NULL
        )
        """,
        "INSERT INTO attempt_batched SELECT id, delivery_id, started_at, ended_at, outcome, code, detail FROM attempt",
        "DROP TABLE attempt",
        "DROP TABLE delivery",
        "ALTER TABLE delivery_batched RENAME TO delivery",
        "ALTER TABLE attempt_batched RENAME TO attempt",
        "CREATE INDEX attempt_delivery ON attempt (delivery_id)",
        "CREATE INDEX delivery_due ON delivery (channel_id, state, next_attempt_at)",
        "CREATE INDEX delivery_alert ON delivery (alert_id)",
        "CREATE INDEX delivery_traffic ON delivery (channel_id, created_at, alert_id) "
        "WHERE state NOT IN ('batched', 'suppressed')",
        "CREATE INDEX delivery_batch ON delivery (batch_id) WHERE batch_id IS NOT NULL",
    ):
        database.conn.execute(statement)


def silences_that_match(database: Database) -> None:
    """Silences with parts to match and an end to tell of; who acknowledged; alerts carried further."""
    for statement in (
        "ALTER TABLE silence ADD COLUMN story_id INTEGER",
        "ALTER TABLE silence ADD COLUMN pair TEXT",
        "ALTER TABLE silence ADD COLUMN one_way INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE silence ADD COLUMN types TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE silence ADD COLUMN max_severity INTEGER",
        "ALTER TABLE silence ADD COLUMN source_id TEXT",
        "ALTER TABLE silence ADD COLUMN closed_at TEXT",
        "ALTER TABLE delivery ADD COLUMN silence_id INTEGER",
        "ALTER TABLE delivery ADD COLUMN held_because TEXT",
        "ALTER TABLE delivery ADD COLUMN by_hand INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX delivery_silence ON delivery (silence_id) WHERE silence_id IS NOT NULL",
        "ALTER TABLE alert ADD COLUMN acknowledged_by TEXT",
        "ALTER TABLE alert ADD COLUMN escalates TEXT",
        "ALTER TABLE alert ADD COLUMN escalate_at TEXT",
        "CREATE INDEX alert_escalate ON alert (escalate_at) WHERE escalate_at IS NOT NULL",
        "CREATE INDEX alert_escalates ON alert (escalates) WHERE escalates IS NOT NULL",
    ):
        database.conn.execute(statement)
