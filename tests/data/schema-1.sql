-- index alert_article
CREATE INDEX alert_article ON alert (article_id);
-- index alert_created
CREATE INDEX alert_created ON alert (created_at);
-- index alert_story
CREATE INDEX alert_story ON alert (watch_id, story_id);
-- index alert_story_only
CREATE INDEX alert_story_only ON alert (story_id);
-- index article_effective
CREATE INDEX article_effective ON article (effective_at);
-- index article_revision
CREATE INDEX article_revision ON article (revision_id);
-- index article_source
CREATE INDEX article_source ON article (source_id, first_seen_at);
-- index article_story
CREATE INDEX article_story ON article (story_id);
-- index attempt_delivery
CREATE INDEX attempt_delivery ON attempt (delivery_id);
-- index decision_revision
CREATE INDEX decision_revision ON decision (revision_id);
-- index delivery_alert
CREATE INDEX delivery_alert ON delivery (alert_id);
-- index delivery_due
CREATE INDEX delivery_due ON delivery (channel_id, state, next_attempt_at);
-- index entry_due
CREATE INDEX entry_due ON entry (state, next_attempt_at);
-- index fingerprint_article
CREATE INDEX fingerprint_article ON fingerprint (article_id);
-- index signal_act
CREATE INDEX signal_act ON signal (type, actor, target);
-- index signal_article
CREATE INDEX signal_article ON signal (article_id);
-- index signal_revision
CREATE INDEX signal_revision ON signal (revision_id);
-- index source_due
CREATE INDEX source_due ON source (enabled, next_check_at);
-- index story_last_seen
CREATE INDEX story_last_seen ON story (last_seen_at);
-- table alert
CREATE TABLE alert ( id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, type TEXT NOT NULL, watch_id TEXT NOT NULL, story_id INTEGER REFERENCES story (id), article_id INTEGER REFERENCES article (id), severity INTEGER NOT NULL, headline TEXT NOT NULL, payload TEXT NOT NULL, acts TEXT NOT NULL, sequence INTEGER NOT NULL, recorded_only INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, acknowledged_at TEXT );
-- table article
CREATE TABLE article ( id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, source_id TEXT NOT NULL REFERENCES source (id), url TEXT NOT NULL, canonical_url TEXT, language TEXT, authors TEXT NOT NULL, agency TEXT, origin TEXT NOT NULL, partial INTEGER NOT NULL, published_at TEXT, first_seen_at TEXT NOT NULL, effective_at TEXT NOT NULL, revision_id INTEGER REFERENCES revision (id) DEFERRABLE INITIALLY DEFERRED, story_id INTEGER REFERENCES story (id), copy_of INTEGER REFERENCES article (id), coverage REAL );
-- table attempt
CREATE TABLE attempt ( id INTEGER PRIMARY KEY, delivery_id INTEGER NOT NULL REFERENCES delivery (id), started_at TEXT NOT NULL, ended_at TEXT NOT NULL, outcome TEXT NOT NULL, code INTEGER, detail TEXT NOT NULL );
-- table channel
CREATE TABLE channel (id TEXT PRIMARY KEY, state TEXT NOT NULL, updated_at TEXT NOT NULL) WITHOUT ROWID;
-- table decision
CREATE TABLE decision ( article_id INTEGER NOT NULL REFERENCES article (id), watch_id TEXT NOT NULL, revision_id INTEGER NOT NULL REFERENCES revision (id), kind TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, severity INTEGER NOT NULL, alert_id TEXT, rules_version TEXT NOT NULL, decided_at TEXT NOT NULL, PRIMARY KEY (article_id, watch_id, revision_id) ) WITHOUT ROWID;
-- table delivery
CREATE TABLE delivery ( id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, alert_id TEXT NOT NULL REFERENCES alert (id), channel_id TEXT NOT NULL, recipient TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('pending', 'leased', 'sent', 'dead', 'suppressed')), attempts INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, next_attempt_at TEXT NOT NULL, lease_until TEXT, maybe_delivered INTEGER NOT NULL DEFAULT 0, last_error TEXT, sent_at TEXT );
-- table entry
CREATE TABLE entry ( id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, source_id TEXT NOT NULL REFERENCES source (id), url TEXT NOT NULL, title TEXT NOT NULL, summary TEXT NOT NULL, authors TEXT NOT NULL, published_at TEXT, seen_at TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed')), attempts INTEGER NOT NULL DEFAULT 0, next_attempt_at TEXT NOT NULL, failure TEXT, detail TEXT, article_id INTEGER REFERENCES article (id) );
-- table evidence
CREATE TABLE evidence ( id INTEGER PRIMARY KEY, revision_id INTEGER NOT NULL UNIQUE REFERENCES revision (id), url TEXT NOT NULL, captured_at TEXT NOT NULL, status INTEGER NOT NULL, headers TEXT NOT NULL, sha256 TEXT NOT NULL, body_gzip BLOB NOT NULL );
-- table feed
CREATE TABLE feed ( source_id TEXT NOT NULL REFERENCES source (id), url TEXT NOT NULL, etag TEXT, last_modified TEXT, body_hash TEXT, failure TEXT, detail TEXT, checked_at TEXT, PRIMARY KEY (source_id, url) ) WITHOUT ROWID;
-- table fingerprint
CREATE TABLE fingerprint ( hash INTEGER NOT NULL, article_id INTEGER NOT NULL REFERENCES article (id), PRIMARY KEY (hash, article_id) ) WITHOUT ROWID;
-- table meta
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- table revision
CREATE TABLE revision ( id INTEGER PRIMARY KEY, article_id INTEGER NOT NULL REFERENCES article (id), number INTEGER NOT NULL, title TEXT NOT NULL, lede TEXT NOT NULL, body TEXT NOT NULL, content_hash TEXT NOT NULL, fetched_at TEXT NOT NULL, UNIQUE (article_id, number) );
-- table revision_search
CREATE VIRTUAL TABLE revision_search USING fts5 ( title, lede, body, content='revision', content_rowid='id', tokenize='unicode61 remove_diacritics 2' );
-- table signal
CREATE TABLE signal ( id INTEGER PRIMARY KEY, article_id INTEGER NOT NULL REFERENCES article (id), revision_id INTEGER NOT NULL REFERENCES revision (id), type TEXT NOT NULL, severity INTEGER NOT NULL, actor TEXT, target TEXT, status TEXT NOT NULL, sentence TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, rule TEXT NOT NULL, cues TEXT NOT NULL );
-- table silence
CREATE TABLE silence ( id INTEGER PRIMARY KEY, watch_id TEXT, author TEXT NOT NULL, reason TEXT NOT NULL, starts_at TEXT NOT NULL, ends_at TEXT NOT NULL );
-- table source
CREATE TABLE source ( id TEXT PRIMARY KEY, name TEXT NOT NULL, url TEXT NOT NULL, language TEXT, country TEXT, state_affiliation TEXT, enabled INTEGER NOT NULL, next_check_at TEXT NOT NULL, last_checked_at TEXT, last_success_at TEXT, last_new_at TEXT, failures INTEGER NOT NULL DEFAULT 0, failure TEXT, detail TEXT );
-- table story
CREATE TABLE story ( id INTEGER PRIMARY KEY, headline TEXT NOT NULL, severity INTEGER NOT NULL DEFAULT 0, first_seen_at TEXT NOT NULL, last_seen_at TEXT NOT NULL );
-- trigger revision_search_delete
CREATE TRIGGER revision_search_delete AFTER DELETE ON revision BEGIN INSERT INTO revision_search (revision_search, rowid, title, lede, body) VALUES ('delete', old.id, old.title, old.lede, old.body); END;
-- trigger revision_search_insert
CREATE TRIGGER revision_search_insert AFTER INSERT ON revision BEGIN INSERT INTO revision_search (rowid, title, lede, body) VALUES (new.id, new.title, new.lede, new.body); END;
-- trigger revision_search_update
CREATE TRIGGER revision_search_update AFTER UPDATE ON revision WHEN old.content_hash IS NOT new.content_hash BEGIN INSERT INTO revision_search (revision_search, rowid, title, lede, body) VALUES ('delete', old.id, old.title, old.lede, old.body); INSERT INTO revision_search (rowid, title, lede, body) VALUES (new.id, new.title, new.lede, new.body); END;
