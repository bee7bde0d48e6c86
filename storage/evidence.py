"""The pages that revisions with signals were read from, as WARC records in the archive itself.

They lie in the database so that a page and the revision it proves are stored in one transaction, and every backup
holds both.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from storage.articles import content_hash
from storage.times import from_text, to_text
from storage.types import Article, Evidence
from storage.warc import page_records, record_id


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvidence:
    """A saved page."""

    revision_id: int
    url: str
    captured_at: datetime
    status: int
    #: SHA-256 of the body kept, lower-case hexadecimal
    sha256: str
    #: ``WARC-Record-ID`` of the response
    record_id: str
    #: a response and a metadata record, each a gzip member
    warc: bytes


def save(database: Database, revision_id: int, page: Evidence, article: Article) -> None:
    """Keep the page a revision was read from, once."""
    body = gzip.decompress(page.body_gzip)
    extracted = {
        "title": article.title,
        "lede": article.lede,
        "paragraphs": list(article.paragraphs),
        "authors": list(article.authors),
        "published": article.published_at.isoformat() if article.published_at else None,
        "modified": article.modified_at.isoformat() if article.modified_at else None,
        "lang": article.language,
        "agency": article.agency,
        "canonical_url": article.canonical_url,
        "partial": article.partial,
        "content_hash": content_hash(article),
    }
    insert(database, "evidence", revision_id, page, body, extracted)


def insert(
    database: Database, table: str, revision_id: int, page: Evidence, body: bytes, extracted: dict[str, Any]
) -> None:
    """Store the records of one page; a second page for a revision is left out."""
    digest = hashlib.sha256(body).hexdigest()
    database.execute(
        f"""
        INSERT INTO {table} (revision_id, url, captured_at, status, sha256, record_id, warc)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (revision_id) DO NOTHING
        """,  # noqa: S608 (a name of ours)
        (
            revision_id, page.url, to_text(page.captured_at), page.status, digest,
            record_id(page.url, page.captured_at, digest), page_records(page, body, extracted),
        ),
    )  # fmt: skip


def convert(database: Database, *, old: str, new: str) -> None:
    """Carry pages that were kept as headers and body over into a table of records; unreadable ones are left out."""
    rows = database.execute(f"SELECT id FROM {old} ORDER BY id").fetchall()  # noqa: S608 (names of ours)
    for (number,) in rows:
        row = next(
            database.query(
                f"SELECT e.*, r.title, r.lede, r.body, r.content_hash FROM {old} e "  # noqa: S608
                "JOIN revision r ON r.id = e.revision_id WHERE e.id = ?",
                (number,),
            )
        )
        page = Evidence(
            url=row["url"],
            captured_at=from_text(row["captured_at"]),
            status=row["status"],
            headers=tuple((name, value) for name, value in json.loads(row["headers"])),
            sha256=row["sha256"],
            body_gzip=row["body_gzip"],
        )
        extracted = {
            "title": row["title"],
            "lede": row["lede"],
            "paragraphs": row["body"].split("\n"),
            "content_hash": row["content_hash"],
        }
        with contextlib.suppress(gzip.BadGzipFile, EOFError, zlib.error):
            insert(database, new, row["revision_id"], page, gzip.decompress(page.body_gzip), extracted)


def of_revision(database: Database, revision_id: int) -> StoredEvidence | None:
    """Return the page a revision was read from, or None when none is kept."""
    rows = list(database.query("SELECT * FROM evidence WHERE revision_id = ?", (revision_id,)))
    if not rows:
        return None
    row = rows[0]
    return StoredEvidence(
        revision_id=row["revision_id"],
        url=row["url"],
        captured_at=from_text(row["captured_at"]),
        status=row["status"],
        sha256=row["sha256"],
        record_id=row["record_id"],
        warc=row["warc"],
    )
