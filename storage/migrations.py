"""The schema, as an append-only list of steps.

``PRAGMA user_version`` counts the steps a database has seen. A released step is never edited: a change
is a new step at the end. Each step runs in one transaction with its version number, so a crash leaves
the old schema or the new one, never something between.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlite_utils import Database

from storage import (
    accounts_schema,
    alert_steps,
    audit,
    evidence,
    follows,
    health,
    indices,
    ladder,
    order_keys,
    pauses,
    polls,
    readings,
    rule_edits,
    schema,
    text_index,
    triage_schema,
    view_looks,
    views,
    watch_edits,
)
from storage.folder import APPLICATION_ID


def _kinds_of_address(database: Database) -> None:
    """Step 2: sitemaps and section pages beside feeds; the identity a feed gives an item."""
    database.conn.execute("ALTER TABLE feed ADD COLUMN kind TEXT NOT NULL DEFAULT 'feed'")
    database.conn.execute("ALTER TABLE feed ADD COLUMN learnt TEXT")
    database.conn.execute("ALTER TABLE entry ADD COLUMN guid TEXT")
    database.conn.execute("ALTER TABLE entry ADD COLUMN updated_at TEXT")


def _revisions_and_looks(database: Database) -> None:
    """Edits compared by words, pages that went, and second looks."""
    for statement in (
        "ALTER TABLE revision ADD COLUMN comparison TEXT",
        "ALTER TABLE revision ADD COLUMN modified_at TEXT",
        "ALTER TABLE revision ADD COLUMN silent INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE article ADD COLUMN withdrawn_at TEXT",
        """CREATE TABLE article_event (
            id INTEGER PRIMARY KEY, article_id INTEGER NOT NULL REFERENCES article (id),
            kind TEXT NOT NULL CHECK (kind IN ('edited', 'withdrawn', 'restored')), at TEXT NOT NULL,
            revision_id INTEGER REFERENCES revision (id), silent INTEGER NOT NULL DEFAULT 0,
            recorded_only INTEGER NOT NULL DEFAULT 0, detail TEXT NOT NULL
        )""",
        "CREATE INDEX article_event_article ON article_event (article_id)",
        "CREATE INDEX article_event_at ON article_event (at)",
        "CREATE INDEX article_event_revision ON article_event (revision_id)",
        """CREATE TABLE look (
            article_id INTEGER PRIMARY KEY REFERENCES article (id), host TEXT NOT NULL, next_look_at TEXT,
            looks INTEGER NOT NULL DEFAULT 0, changed_at TEXT, etag TEXT, last_modified TEXT,
            missing INTEGER NOT NULL DEFAULT 0, has_signal INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL,
            failure TEXT, detail TEXT
        )""",
        "CREATE INDEX look_due ON look (next_look_at)",
        """CREATE TABLE look_day (
            host TEXT NOT NULL, day TEXT NOT NULL, looks INTEGER NOT NULL, PRIMARY KEY (host, day)
        ) WITHOUT ROWID""",
    ):
        database.conn.execute(statement)


def _pace(database: Database) -> None:
    """When sources publish, and why each is polled next when it is; addresses that fail rest by themselves."""
    database.conn.execute(
        """
        CREATE TABLE rhythm (
            source_id TEXT PRIMARY KEY REFERENCES source (id),
            entries TEXT NOT NULL, watched TEXT NOT NULL, recent REAL NOT NULL, expected REAL NOT NULL, window REAL,
            quiet_polls INTEGER NOT NULL, learnt_until TEXT, hints TEXT NOT NULL, reason TEXT NOT NULL,
            detail TEXT NOT NULL
        ) WITHOUT ROWID
        """
    )
    database.conn.execute("ALTER TABLE feed ADD COLUMN failures INTEGER NOT NULL DEFAULT 0")
    database.conn.execute("ALTER TABLE feed ADD COLUMN resume_at TEXT")


def _health(database: Database) -> None:
    """Add states of sources with their history, the network's, the canary's; pauses through an index."""
    health.create(database)


def _fair_queue(database: Database) -> None:
    """Entries that wait, source by source: one outlet's backlog must not keep the others waiting."""
    database.conn.execute("CREATE INDEX entry_waiting ON entry (state, source_id, next_attempt_at)")


def _evidence_as_warc(database: Database) -> None:
    """Saved pages become WARC records."""
    database.conn.execute(
        """CREATE TABLE evidence_warc (
            id INTEGER PRIMARY KEY, revision_id INTEGER NOT NULL UNIQUE REFERENCES revision (id),
            url TEXT NOT NULL, captured_at TEXT NOT NULL, status INTEGER NOT NULL, sha256 TEXT NOT NULL,
            record_id TEXT NOT NULL, warc BLOB NOT NULL
        )"""
    )
    evidence.convert(database, old="evidence", new="evidence_warc")
    database.conn.execute("DROP TABLE evidence")
    database.conn.execute("ALTER TABLE evidence_warc RENAME TO evidence")
    database.conn.execute("CREATE INDEX evidence_captured ON evidence (captured_at)")


def _subscriptions(database: Database) -> None:
    """Subscriptions at hubs that announce a feed's updates."""
    database.conn.execute(
        """
        CREATE TABLE subscription (
            token TEXT PRIMARY KEY, source_id TEXT NOT NULL REFERENCES source (id), url TEXT NOT NULL,
            hub TEXT NOT NULL, topic TEXT NOT NULL, callback TEXT NOT NULL, secret TEXT NOT NULL, state TEXT NOT NULL,
            created_at TEXT NOT NULL, next_step_at TEXT NOT NULL, asked_at TEXT, lease_until TEXT, announced_at TEXT,
            failures INTEGER NOT NULL DEFAULT 0, detail TEXT
        ) WITHOUT ROWID
        """
    )


def _holds(database: Database) -> None:
    """Hosts that asked for patience."""
    database.conn.execute(
        """
        CREATE TABLE host_hold (
            host TEXT NOT NULL, lane TEXT NOT NULL, until TEXT NOT NULL, strikes INTEGER NOT NULL,
            status INTEGER NOT NULL, PRIMARY KEY (host, lane)
        ) WITHOUT ROWID
        """
    )


def _arrivals(database: Database) -> None:
    """Entries by the kind of their address and by their identity; addresses that list more than is taken over."""
    database.conn.execute("ALTER TABLE entry ADD COLUMN kind TEXT")
    database.conn.execute("CREATE INDEX entry_guid ON entry (source_id, guid)")
    database.conn.execute("ALTER TABLE feed ADD COLUMN limited_at TEXT")


def _looks_by_host(database: Database) -> None:
    """Find the next look at each host without reading all that wait."""
    database.conn.execute("CREATE INDEX look_host ON look (host, has_signal, next_look_at)")


def _texts_of_pages(database: Database) -> None:
    """Add the texts of a day's pages, to know a template that stands at many addresses."""
    database.conn.execute(
        """
        CREATE TABLE page_text (
            source_id TEXT NOT NULL, text TEXT NOT NULL, entry_key TEXT NOT NULL, seen_at TEXT NOT NULL,
            PRIMARY KEY (source_id, text, entry_key)
        ) WITHOUT ROWID
        """
    )
    database.conn.execute("CREATE INDEX page_text_seen ON page_text (seen_at)")


def _telling_stories(database: Database) -> None:
    """Know the stories that tell an act without reading all the others."""
    database.conn.execute("ALTER TABLE story ADD COLUMN telling INTEGER NOT NULL DEFAULT 0")
    database.conn.execute(
        "UPDATE story SET telling = 1 WHERE id IN "
        "(SELECT a.story_id FROM article a JOIN signal g ON g.article_id = a.id WHERE a.story_id IS NOT NULL)"
    )
    database.conn.execute("CREATE INDEX story_telling ON story (last_seen_at, id) WHERE telling = 1")


def _confidence(database: Database) -> None:
    """Know how sure a reading is, and what raised its severity."""
    database.conn.execute("ALTER TABLE signal ADD COLUMN confidence REAL NOT NULL DEFAULT 1")
    database.conn.execute("ALTER TABLE signal ADD COLUMN modifiers TEXT NOT NULL DEFAULT '[]'")


def _looks_at_a_host(database: Database) -> None:
    """Know when a page was last looked at and since when it seems gone, to compare the pages of a host."""
    database.conn.execute("ALTER TABLE look ADD COLUMN looked_at TEXT")
    database.conn.execute("ALTER TABLE look ADD COLUMN missing_since TEXT")


def _fingerprints_by_period(database: Database) -> None:
    """Keep fingerprints, and names, by the time of their article; those of another making find nothing and go."""
    database.conn.execute("DROP TABLE fingerprint")
    for table in ("fingerprint", "name"):
        database.conn.execute(
            f"CREATE TABLE {table} (period INTEGER NOT NULL, hash INTEGER NOT NULL, article_id INTEGER NOT NULL, "
            "PRIMARY KEY (period, hash, article_id)) WITHOUT ROWID"
        )
    database.conn.execute("DROP INDEX article_story")
    database.conn.execute("CREATE INDEX article_story ON article (story_id, effective_at)")
    database.conn.execute("CREATE INDEX article_story_own ON article (story_id, effective_at) WHERE copy_of IS NULL")


def _threads(database: Database) -> None:
    """Link the stories of one affair; know what articles brought, how stories ended and what people changed."""
    for statement in (
        "ALTER TABLE story ADD COLUMN thread_id INTEGER",
        "ALTER TABLE story ADD COLUMN state TEXT NOT NULL DEFAULT 'told'",
        "UPDATE story SET thread_id = id",
        "CREATE INDEX story_thread ON story (thread_id)",
        "ALTER TABLE article ADD COLUMN novel TEXT NOT NULL DEFAULT '[]'",
        "CREATE TABLE story_change (id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, "
        "story_id INTEGER NOT NULL, other_id INTEGER NOT NULL, articles TEXT NOT NULL, author TEXT NOT NULL, "
        "reason TEXT NOT NULL)",
        "CREATE INDEX story_change_story ON story_change (story_id)",
        "CREATE INDEX story_change_other ON story_change (other_id)",
    ):
        database.conn.execute(statement)


def _copies_of_an_article(database: Database) -> None:
    """Find the copies of an article without reading all the others."""
    database.conn.execute("CREATE INDEX article_copy ON article (copy_of) WHERE copy_of IS NOT NULL")


def _ladder(database: Database) -> None:
    """Add what stories tell of acts between states, and the changes of rung that followed."""
    ladder.create(database)


def _claims(database: Database) -> None:
    """Know which sources were being polled, and when they had been due: a crash leaves them claimed."""
    database.conn.execute("ALTER TABLE source ADD COLUMN claimed_from TEXT")


def _reasons_of_alerts(database: Database) -> None:
    """Know why each alert was raised and which acts an edit took out; count decisions by reason."""
    database.conn.execute("ALTER TABLE alert ADD COLUMN reason TEXT")
    database.conn.execute("ALTER TABLE alert ADD COLUMN removed TEXT NOT NULL DEFAULT '[]'")
    database.conn.execute("CREATE INDEX decision_reason ON decision (watch_id, reason)")


def _mail_threads(database: Database) -> None:
    """Keep the thread of an alert's mails, whatever becomes of its story."""
    database.conn.execute("ALTER TABLE alert ADD COLUMN thread TEXT")
    database.conn.execute("UPDATE alert SET thread = 'story:' || story_id WHERE story_id IS NOT NULL")


def _told_lately(database: Database) -> None:
    """Find what a watch told in the last days without reading all that it ever told."""
    database.conn.execute("CREATE INDEX alert_told ON alert (watch_id, created_at)")


def _audit(database: Database) -> None:
    """Remember who changed what."""
    audit.create(database)


def _readings(database: Database) -> None:
    """Keep what the archive was given in the order in which it was given, for a backtest to go through again."""
    readings.create(database)


def _triage(database: Database) -> None:
    """Add what people make of stories."""
    triage_schema.create(database)


def _watch_edits(database: Database) -> None:
    """Keep the versions of watches that people edited, and the examples that each must pass."""
    watch_edits.create(database)


def _saved_views(database: Database) -> None:
    """Keep views that people save."""
    views.create(database)


def _accounts(database: Database) -> None:
    """Add who may log in, their sessions and tokens, and links that share something."""
    accounts_schema.create(database)


def _arrangements(database: Database) -> None:
    """Know which changes of triage came with a merge, to take them back with it."""
    database.conn.execute("ALTER TABLE story_change ADD COLUMN batch INTEGER")


def _lists_of_a_million(database: Database) -> None:
    """Count over a story's articles, and find what is rare, without reading the articles themselves."""
    indices.create(database)


def _signals_by_rule(database: Database) -> None:
    """Let what a rule found be looked up."""
    database.conn.execute("CREATE INDEX signal_rule ON signal (rule)")


def _choices_of_accounts(database: Database) -> None:
    """Keep with each account how somebody likes the page."""
    accounts_schema.keep_choices(database)


def _views_in_order(database: Database) -> None:
    """Keep saved views in an order of one's own, and how far each person looked at each view."""
    views.create_places(database)
    view_looks.create(database)


def _pauses(database: Database) -> None:
    """Let people pause sources."""
    pauses.create(database)


def _order_keys(database: Database) -> None:
    """Remember the keys by which programs name their orders."""
    order_keys.create(database)


def _follows(database: Database) -> None:
    """Keep which stories each person follows."""
    follows.create(database)


#: in order; add new steps at the end, never edit one that was released
STEPS: tuple[Callable[[Database], None], ...] = (
    schema.create,
    _kinds_of_address,
    _revisions_and_looks,
    _pace,
    _health,
    _fair_queue,
    _evidence_as_warc,
    _subscriptions,
    _holds,
    _arrivals,
    _looks_by_host,
    _texts_of_pages,
    _telling_stories,
    _confidence,
    _looks_at_a_host,
    _fingerprints_by_period,
    _threads,
    _copies_of_an_article,
    alert_steps.batches,
    alert_steps.silences_that_match,
    _ladder,
    _claims,
    _reasons_of_alerts,
    _mail_threads,
    _told_lately,
    _audit,
    _readings,
    _triage,
    _watch_edits,
    _saved_views,
    _accounts,
    rule_edits.create,
    _arrangements,
    _lists_of_a_million,
    polls.create,
    _signals_by_rule,
    indices.create_for_figures,
    _choices_of_accounts,
    _views_in_order,
    _pauses,
    _order_keys,
    _follows,
    text_index.create,
)
NEWEST_VERSION = len(STEPS)


def migrate(database: Database) -> None:
    """Bring the schema to the newest version, a transaction a step."""
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    for number, step in enumerate(STEPS[version:], start=version + 1):
        database.conn.execute("BEGIN IMMEDIATE")
        try:
            step(database)
            database.conn.execute(f"PRAGMA application_id={APPLICATION_ID}")
            database.conn.execute(f"PRAGMA user_version={number}")
            database.conn.execute("COMMIT")
        except BaseException:
            if database.conn.in_transaction:
                database.conn.execute("ROLLBACK")
            raise
