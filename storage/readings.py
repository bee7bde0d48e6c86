"""The journal of readings: what the archive was given, in the order in which it was given.

An article's row holds what is known of it now. A backtest goes through the past again and must give each reading as it
was: a feed's summary without a date, then the page with one. So each reading that changed something is kept here with
what came with the words: the moment, the date, the language. The words themselves stand in the revision.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage import looks
from storage.articles import Saved, SaveKind, signal_from_row
from storage.comparing import Change
from storage.ladder import advanced_to
from storage.listed import listed
from storage.times import from_text, from_text_or_none, to_text, to_text_or_none
from storage.types import Article, Signal

#: readings fetched in one go
_PAGE = 500


def changed_at(database: Database) -> datetime | None:
    """Return when the archive was last given an article, told of one, or changed by somebody; None for an empty one."""
    found = [
        row[0]
        for row in database.execute(
            """
            SELECT (SELECT at FROM reading ORDER BY id DESC LIMIT 1)
            UNION ALL SELECT (SELECT at FROM audit ORDER BY id DESC LIMIT 1)
            UNION ALL SELECT max(created_at) FROM alert
            """
        )
        if row[0] is not None
    ]
    return max((from_text(text) for text in found), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading of an article, as the archive was given it."""

    #: in the order in which they were given
    id: int
    article_id: int
    revision_id: int
    key: str
    #: when it was given
    at: datetime
    article: Article
    #: False for what was only recorded, as by an import
    sending: bool
    #: of the rules that it was read by, None when that is not known
    rules_version: str | None
    #: when the page was last looked at before an edit
    looked_at: datetime | None
    #: up to when the ladder had been kept
    ladder_at: datetime | None
    #: False for what was stored before the journal was kept: what the article's row says now stands for what it said
    exact: bool
    #: what the rules of that version found in it, in their order; None where it is not known to be of this reading
    signals: tuple[Signal, ...] | None


def create(database: Database) -> None:
    """Create the journal, and enter what the archive was given before; for :mod:`storage.migrations`."""
    for statement in (
        """CREATE TABLE reading (
            id INTEGER PRIMARY KEY, article_id INTEGER NOT NULL REFERENCES article (id),
            revision_id INTEGER NOT NULL REFERENCES revision (id), at TEXT NOT NULL, sent INTEGER NOT NULL,
            facts TEXT, rules_version TEXT, looked_at TEXT, ladder_at TEXT
        )""",
        """
        INSERT INTO reading (article_id, revision_id, at, sent, rules_version)
        SELECT r.article_id, r.id,
            coalesce(
                (SELECT min(d.decided_at) FROM decision d WHERE d.revision_id = r.id),
                CASE WHEN r.number = 1 THEN a.first_seen_at ELSE r.fetched_at END
            ),
            NOT EXISTS (SELECT 1 FROM decision d JOIN alert l ON l.id = d.alert_id
                WHERE d.revision_id = r.id AND l.recorded_only = 1),
            (SELECT min(d.rules_version) FROM decision d WHERE d.revision_id = r.id)
        FROM revision r JOIN article a ON a.id = r.article_id ORDER BY r.id
        """,
        "CREATE INDEX reading_at ON reading (at)",
        "CREATE INDEX reading_revision ON reading (revision_id)",
    ):
        database.conn.execute(statement)


def note(
    database: Database, article: Article, saved: Saved, *, now: datetime, sending: bool, rules_version: str
) -> None:
    """Enter a reading, in the transaction that stored it; the same words under the same facts are not entered.

    Args:
        database: the archive.
        article: what was read.
        saved: where it was stored.
        now: when.
        sending: False for what is only recorded.
        rules_version: of the rules that it is read by.
    """
    facts = json.dumps(_facts(article), ensure_ascii=False, separators=(",", ":"))
    if saved.kind is SaveKind.SAME:
        _note_same(database, article, saved, facts, now=now, sending=sending, rules_version=rules_version)
        return
    looked_at = looks.seen_at(database, saved.article_id) if saved.change is Change.EDITED else None
    _insert(database, saved, facts, now, sending, rules_version, looked_at)


def _note_same(
    database: Database, article: Article, saved: Saved, facts: str, *, now: datetime, sending: bool, rules_version: str
) -> None:
    """Enter the same words again only where the archive took something over from them.

    That is a whole text that was taken for a part of one, and a later date of change. A page that gives itself a new
    date at each look has one row for all of them.
    """
    if article.partial:
        return
    row = database.execute(
        "SELECT id, facts FROM reading WHERE revision_id = ? ORDER BY id DESC LIMIT 1", (saved.revision_id,)
    ).fetchone()
    before: dict[str, Any] = json.loads(row[1]) if row is not None and row[1] else {}
    full = bool(before.get("partial"))
    dated = article.modified_at is not None and to_text(article.modified_at) != before.get("modified_at")
    if not full and not dated:
        return
    if row is not None and before.get("same") and not full:
        database.execute("UPDATE reading SET at = ?, facts = ? WHERE id = ?", (to_text(now), _same(facts), row[0]))
    else:
        _insert(database, saved, _same(facts), now, sending, rules_version, None)


def _same(facts: str) -> str:
    return json.dumps({**json.loads(facts), "same": True}, ensure_ascii=False, separators=(",", ":"))


def _insert(
    database: Database, saved: Saved, facts: str, now: datetime, sending: bool, rules_version: str,  # noqa: FBT001
    looked_at: datetime | None,
) -> None:  # fmt: skip
    database.execute(
        """
        INSERT INTO reading (article_id, revision_id, at, sent, facts, rules_version, looked_at, ladder_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            saved.article_id, saved.revision_id, to_text(now), int(sending), facts, rules_version,
            to_text_or_none(looked_at), to_text_or_none(advanced_to(database)),
        ),
    )  # fmt: skip


def _facts(article: Article) -> dict[str, Any]:
    """Return what a later reading may overwrite in the article's row, what says nothing left out."""
    facts: dict[str, Any] = {
        "canonical_url": article.canonical_url,
        "language": article.language,
        "authors": list(article.authors),
        "agency": article.agency,
        "published_at": to_text_or_none(article.published_at),
        "modified_at": to_text_or_none(article.modified_at),
        "partial": article.partial,
    }
    return {name: value for name, value in facts.items() if value}


# --- reading it -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which readings are wanted."""

    #: None for the begin of the archive
    since: datetime | None
    #: to before then
    until: datetime
    #: before it only those of articles that tell an act in any of their versions
    whole_from: datetime | None = None

    @property
    def clause(self) -> tuple[str, tuple[str, ...]]:
        """The condition on a reading ``g``, with its values."""
        window = (to_text_or_none(self.since) or "", to_text(self.until))
        if self.whole_from is None:
            return "g.at >= ? AND g.at < ?", window
        telling = "EXISTS (SELECT 1 FROM signal s WHERE s.article_id = g.article_id)"
        return f"g.at >= ? AND g.at < ? AND (g.at >= ? OR {telling})", (*window, to_text(self.whole_from))


def count(database: Database, asked: Asked) -> int:
    """Return how many readings there are of those."""
    clause, values = asked.clause
    row = database.execute(f"SELECT count(*) FROM reading g WHERE {clause}", values).fetchone()  # noqa: S608 (fixed text)
    return int(row[0])


def first_at(database: Database) -> datetime | None:
    """Return when the first reading was given, None for an empty archive."""
    return from_text_or_none(database.execute("SELECT min(at) FROM reading").fetchone()[0])


def between(database: Database, asked: Asked) -> Iterator[Reading]:
    """Yield those readings in the order in which they were given; only some are held at once."""
    clause, values = asked.clause
    after = -1
    while True:
        rows = list(
            database.query(
                f"""
                SELECT g.*, a.key, a.source_id, a.url, a.canonical_url, a.language, a.authors, a.agency, a.partial,
                    a.published_at, r.title, r.lede, r.body, r.fetched_at, r.modified_at
                FROM reading g JOIN article a ON a.id = g.article_id JOIN revision r ON r.id = g.revision_id
                WHERE g.id > ? AND {clause} ORDER BY g.id LIMIT ?
                """,  # noqa: S608 (fixed text)
                (after, *values, _PAGE),
            )
        )
        found = _signals(database, {row["revision_id"] for row in rows})
        yield from (_reading(row, found.get(row["revision_id"], ())) for row in rows)
        if len(rows) < _PAGE:
            return
        after = rows[-1]["id"]


def _signals(database: Database, revision_ids: Collection[int]) -> dict[int, tuple[Signal, ...]]:
    """Return the signals of revisions in the order in which detection gave them."""
    marks, wanted = listed(sorted(revision_ids))
    found: dict[int, list[Signal]] = {}
    for row in database.query(f"SELECT * FROM signal WHERE revision_id IN ({marks}) ORDER BY id", wanted):  # noqa: S608 (placeholders)
        found.setdefault(row["revision_id"], []).append(signal_from_row(row))
    return {revision_id: tuple(own) for revision_id, own in found.items()}


def _reading(row: dict[str, Any], signals: tuple[Signal, ...]) -> Reading:
    given = row["facts"]
    facts: dict[str, Any] = json.loads(given) if given else {
        **{name: row[name] for name in ("canonical_url", "language", "agency", "published_at", "modified_at")},
        "authors": json.loads(row["authors"]),
        "partial": bool(row["partial"]),
    }  # fmt: skip
    return Reading(
        id=row["id"],
        article_id=row["article_id"],
        revision_id=row["revision_id"],
        key=row["key"],
        at=from_text(row["at"]),
        article=Article(
            source_id=row["source_id"],
            url=row["url"],
            title=row["title"],
            lede=row["lede"],
            paragraphs=tuple(row["body"].split("\n")) if row["body"] else (),
            canonical_url=facts.get("canonical_url"),
            authors=tuple(facts.get("authors") or ()),
            published_at=from_text_or_none(facts.get("published_at")),
            language=facts.get("language"),
            agency=facts.get("agency"),
            modified_at=from_text_or_none(facts.get("modified_at")),
            partial=bool(facts.get("partial")),
            fetched_at=from_text(row["fetched_at"]),
        ),
        sending=bool(row["sent"]),
        rules_version=row["rules_version"],
        looked_at=from_text_or_none(row["looked_at"]),
        ladder_at=from_text_or_none(row["ladder_at"]),
        exact=given is not None,
        # The same words under other dates were not read again: what they say now depends on the date.
        signals=signals if given is not None and not facts.get("same") else None,
    )
