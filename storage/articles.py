"""Articles, their revisions and signals."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from storage.comparing import VERSION, Change, Reading, comparison_key, judge
from storage.errors import NotFoundError
from storage.times import from_text, from_text_or_none, to_text, to_text_or_none
from storage.types import Article, Revision, Signal, Status

#: how far ahead of the moment it was first seen a publication date may lie and still be believed
FUTURE_TOLERANCE = timedelta(hours=1)
#: no page is older: year 1 is how programs write "no date", and windows of time reach days before it
EARLIEST = datetime(1800, 1, 1, tzinfo=UTC)


class SaveKind(StrEnum):
    """What storing an article changed."""

    NEW = "new"
    SAME = "same"
    REVISION = "revision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Where an article was stored."""

    kind: SaveKind
    article_id: int
    revision_id: int
    #: the time that windows and lists use: the publication date where it can be believed
    effective_at: datetime
    #: what the new reading is to the last one; None for the first
    change: Change | None = None
    #: the revision that was current before, None for the first
    previous_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArticle:
    """An article with its current text, as lists, stories and explanations read it."""

    id: int
    key: str
    source_id: str
    source_name: str
    url: str
    title: str
    lede: str
    body: str
    language: str | None
    authors: tuple[str, ...]
    agency: str | None
    origin: str
    partial: bool
    published_at: datetime | None
    first_seen_at: datetime
    effective_at: datetime
    revision_id: int
    story_id: int | None
    copy_of: int | None
    #: since when the page is gone (404 or 410 after it was there)
    withdrawn_at: datetime | None = None

    @property
    def text(self) -> str:
        """Standfirst and body, see :func:`text_of`."""
        return text_of(self.lede, self.body)


def text_of(lede: str, body: str) -> str:
    """Return standfirst and body, a line each: what detection reads after the title."""
    return f"{lede}\n{body}" if lede else body


def content_hash(article: Article) -> str:
    """Return the SHA-256 over title, standfirst and paragraphs: equal hashes are the same revision."""
    parts = "\x00".join((article.title, article.lede, *article.paragraphs))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()


def effective_time(published_at: datetime | None, first_seen_at: datetime) -> datetime:
    """Return the publication date, unless it is missing, absurd, or lies in the future of being seen."""
    if published_at is None or not EARLIEST <= published_at <= first_seen_at + FUTURE_TOLERANCE:
        return first_seen_at
    return published_at


def known(database: Database, key: str) -> int | None:
    """Return the id of the article with this key."""
    row = database.execute("SELECT id FROM article WHERE key = ?", (key,)).fetchone()
    return None if row is None else int(row[0])


def save(database: Database, article: Article, *, key: str, origin: str, now: datetime) -> Saved:
    """Store an article, or its new revision; the same words again change nothing.

    A partial text never replaces a full one, nor does one that only lost its end. A revision fills in what was not
    known of the article before, and with a publication date that was missing also the time it counts for; dates that
    were known stay.
    """
    # Not by ``query``, whose savepoint makes the full-text index write what it gathered in this transaction.
    cursor = database.execute(
        """
        SELECT a.id, a.revision_id, a.partial, a.effective_at, a.published_at, a.first_seen_at,
            r.content_hash, r.number, r.comparison, r.modified_at, r.fetched_at
        FROM article a JOIN revision r ON r.id = a.revision_id WHERE a.key = ?
        """,
        (key,),
    )
    row = cursor.fetchone()
    if row is None:
        effective = effective_time(article.published_at, now)
        article_id = _insert_article(database, article, key, origin, effective, now)
        revision_id = _insert_revision(database, article, article_id, number=1, silent=False)
        return Saved(kind=SaveKind.NEW, article_id=article_id, revision_id=revision_id, effective_at=effective)
    known = dict(zip((column[0] for column in cursor.description), row, strict=True))
    change = _change(database, article, known)
    if content_hash(article) == known["content_hash"] or not change.is_revision:
        # The page said no more than the feed did, but now it is known to be all there is.
        database.execute(
            "UPDATE article SET partial = 0 WHERE id = ? AND partial AND NOT ?", (known["id"], article.partial)
        )
        if article.modified_at is not None and not article.partial:
            # A later edit is silent only when it leaves the date alone that the page shows now.
            database.execute(
                "UPDATE revision SET modified_at = ? WHERE id = ?",
                (to_text(article.modified_at), known["revision_id"]),
            )
        return Saved(
            kind=SaveKind.SAME, article_id=known["id"], revision_id=known["revision_id"],
            effective_at=from_text(known["effective_at"]), change=change, previous_id=known["revision_id"],
        )  # fmt: skip
    silent = change is Change.EDITED and _is_silent(article, known)
    revision_id = _insert_revision(database, article, known["id"], number=known["number"] + 1, silent=silent)
    effective = from_text(known["effective_at"])
    if known["published_at"] is None:
        effective = effective_time(article.published_at, from_text(known["first_seen_at"]))
    _fill_in(database, article, known["id"], effective)
    return Saved(
        kind=SaveKind.REVISION, article_id=known["id"], revision_id=revision_id, effective_at=effective,
        change=change, previous_id=known["revision_id"],
    )  # fmt: skip


def _change(database: Database, article: Article, known: dict[str, Any]) -> Change:
    """Say what a reading is to the stored one; the stored text is fetched only when their keys differ."""
    if article.partial == bool(known["partial"]):
        if content_hash(article) == known["content_hash"]:
            return Change.SAME
        if _comparison(database, known) == comparison_key(article.title, article.lede, article.paragraphs):
            return Change.TYPOGRAPHY
    new = Reading(title=article.title, lede=article.lede, paragraphs=article.paragraphs, partial=article.partial)
    return judge(_stored_reading(database, known["revision_id"], partial=bool(known["partial"])), new)


def _comparison(database: Database, known: dict[str, Any]) -> str:
    """Return the key of a stored text; rows of before keys, or of an older way of comparing, get theirs now."""
    stored: str | None = known["comparison"]
    if stored is not None and stored.startswith(f"{VERSION}:"):
        return stored
    text = _stored_reading(database, known["revision_id"], partial=False)
    key = comparison_key(text.title, text.lede, text.paragraphs)
    database.execute("UPDATE revision SET comparison = ? WHERE id = ?", (key, known["revision_id"]))
    return key


def _stored_reading(database: Database, revision_id: int, *, partial: bool) -> Reading:
    title, lede, body = database.execute(
        "SELECT title, lede, body FROM revision WHERE id = ?", (revision_id,)
    ).fetchone()
    return Reading(title=title, lede=lede, paragraphs=tuple(body.split("\n")) if body else (), partial=partial)


def _is_silent(article: Article, known: dict[str, Any]) -> bool:
    """Whether a page that changed does not say so: its own date of change is missing, or older than the last look."""
    if article.modified_at is None:
        return True
    before = from_text_or_none(known["modified_at"]) or from_text(known["fetched_at"])
    return article.modified_at <= before


def _fill_in(database: Database, article: Article, article_id: int, effective: datetime) -> None:
    """Take over from a new revision what it knows besides its text."""
    database.execute(
        """
        UPDATE article SET partial = ?, language = coalesce(?, language), agency = coalesce(?, agency),
            canonical_url = coalesce(?, canonical_url), authors = CASE WHEN ? THEN ? ELSE authors END,
            published_at = coalesce(published_at, ?), effective_at = ?
        WHERE id = ?
        """,
        (
            int(article.partial), article.language, article.agency, article.canonical_url, bool(article.authors),
            json.dumps(article.authors), to_text_or_none(article.published_at), to_text(effective), article_id,
        ),
    )  # fmt: skip


def _insert_article(
    database: Database, article: Article, key: str, origin: str, effective: datetime, now: datetime
) -> int:
    cursor = database.execute(
        """
        INSERT INTO article (key, source_id, url, canonical_url, language, authors, agency, origin, partial,
            published_at, first_seen_at, effective_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            key, article.source_id, article.url, article.canonical_url, article.language, json.dumps(article.authors),
            article.agency, origin, int(article.partial), to_text_or_none(article.published_at), to_text(now),
            to_text(effective),
        ),
    )  # fmt: skip
    return int(cursor.lastrowid or 0)


def _insert_revision(database: Database, article: Article, article_id: int, *, number: int, silent: bool) -> int:
    cursor = database.execute(
        """
        INSERT INTO revision (article_id, number, title, lede, body, content_hash, fetched_at, comparison, modified_at,
            silent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            article_id, number, article.title, article.lede, "\n".join(article.paragraphs), content_hash(article),
            to_text(article.fetched_at), comparison_key(article.title, article.lede, article.paragraphs),
            to_text_or_none(article.modified_at), int(silent),
        ),
    )  # fmt: skip
    revision_id = int(cursor.lastrowid or 0)
    database.execute("UPDATE article SET revision_id = ? WHERE id = ?", (revision_id, article_id))
    return revision_id


def save_signals(database: Database, article_id: int, revision_id: int, signals: tuple[Signal, ...]) -> None:
    """Store the signals of one revision."""
    database.conn.executemany(
        """
        INSERT INTO signal (article_id, revision_id, type, severity, actor, target, status, sentence, start, "end",
            rule, cues, confidence, modifiers) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            (
                article_id, revision_id, one.type, one.severity, one.actor, one.target, one.status, one.sentence,
                one.start, one.end, one.rule, json.dumps(one.cues), one.confidence, json.dumps(one.modifiers),
            )
            for one in signals
        ),
    )  # fmt: skip
    if signals:
        database.execute(
            "UPDATE story SET telling = 1 WHERE id = (SELECT story_id FROM article WHERE id = ?)", (article_id,)
        )


def signals(database: Database, revision_id: int) -> tuple[Signal, ...]:
    """Return the signals of one revision in the order of the text."""
    rows = database.query('SELECT * FROM signal WHERE revision_id = ? ORDER BY start, "end", id', (revision_id,))
    return tuple(signal_from_row(row) for row in rows)


def signal_from_row(row: dict[str, Any]) -> Signal:
    """Build a signal from its row."""
    return Signal(
        type=row["type"],
        severity=row["severity"],
        actor=row["actor"],
        target=row["target"],
        status=Status(row["status"]),
        sentence=row["sentence"],
        start=row["start"],
        end=row["end"],
        rule=row["rule"],
        cues=tuple(json.loads(row["cues"])),
        confidence=row["confidence"],
        modifiers=tuple(json.loads(row["modifiers"])),
    )


#: what every list of articles selects
ARTICLE_COLUMNS = """
    a.*, s.name AS source_name, r.title, r.lede, r.body
    FROM article a JOIN revision r ON r.id = a.revision_id JOIN source s ON s.id = a.source_id
"""


def get(database: Database, article_id: int) -> StoredArticle:
    """Return one article with its current text.

    Raises:
        NotFoundError: no article has this id.
    """
    rows = list(database.query(f"SELECT {ARTICLE_COLUMNS} WHERE a.id = ?", (article_id,)))
    if not rows:
        raise NotFoundError(f"no article {article_id} is stored; 'vigie search' lists what is")
    return article_from_row(rows[0])


def get_many(database: Database, ids: Iterable[int]) -> list[StoredArticle]:
    """Return articles by their ids, in the order of their time; ids that nothing has are left out."""
    wanted = tuple(ids)
    if not wanted:
        return []
    marks = ",".join("?" * len(wanted))
    rows = database.query(f"SELECT {ARTICLE_COLUMNS} WHERE a.id IN ({marks}) ORDER BY a.effective_at, a.id", wanted)
    return [article_from_row(row) for row in rows]


def article_from_row(row: dict[str, Any]) -> StoredArticle:
    """Build an article from a row that :data:`ARTICLE_COLUMNS` selected."""
    return StoredArticle(
        id=row["id"],
        key=row["key"],
        source_id=row["source_id"],
        source_name=row["source_name"],
        url=row["url"],
        title=row["title"],
        lede=row["lede"],
        body=row["body"],
        language=row["language"],
        authors=tuple(json.loads(row["authors"])),
        agency=row["agency"],
        origin=row["origin"],
        partial=bool(row["partial"]),
        published_at=from_text_or_none(row["published_at"]),
        first_seen_at=from_text(row["first_seen_at"]),
        effective_at=from_text(row["effective_at"]),
        revision_id=row["revision_id"],
        story_id=row["story_id"],
        copy_of=row["copy_of"],
        withdrawn_at=from_text_or_none(row["withdrawn_at"]),
    )


def revisions(database: Database, article_id: int) -> list[Revision]:
    """Return all stored states of an article's text, oldest first."""
    rows = database.query("SELECT * FROM revision WHERE article_id = ? ORDER BY number", (article_id,))
    return [_revision(row) for row in rows]


def revision(database: Database, revision_id: int) -> Revision:
    """Return one stored state of an article's text.

    Raises:
        NotFoundError: no revision has this id.
    """
    rows = list(database.query("SELECT * FROM revision WHERE id = ?", (revision_id,)))
    if not rows:
        raise NotFoundError(f"no revision {revision_id} is stored")
    return _revision(rows[0])


def _revision(row: dict[str, Any]) -> Revision:
    return Revision(
        id=row["id"],
        article_id=row["article_id"],
        number=row["number"],
        title=row["title"],
        lede=row["lede"],
        text=row["body"],
        content_hash=row["content_hash"],
        fetched_at=from_text(row["fetched_at"]),
        modified_at=from_text_or_none(row["modified_at"]),
        silent=bool(row["silent"]),
    )
