"""Saved pages leave as text to be kept, whatever they hold, and never as pages of ours."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from review.settings import ReviewSettings
from storage import articles, evidence
from storage.database import open_writer, transaction
from storage.types import Article, Evidence
from storage.warc import page_body
from tests.outbox_fill import NOW
from tests.test_review_app import RFI, Told, store
from tests.visitor import Visitor, application

BODY = b"<html><script>alert(1)</script> <p>Deux diplomates</p></html>"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = open_writer(tmp_path_factory.mktemp("snapshots"))
    store(opened, Told(when=NOW))
    page = Evidence(
        url="https://rfi.example/1", captured_at=NOW, status=200,
        headers=(("content-type", "text/html"), ("content-encoding", "gzip")),
        sha256=hashlib.sha256(BODY).hexdigest(), body_gzip=gzip.compress(BODY),
    )  # fmt: skip
    article = Article(source_id=RFI.id, url=page.url, title="T", paragraphs=("P",), fetched_at=NOW)
    with transaction(opened):
        evidence.save(opened, articles.get(opened, 1).revision_id, page, article)
    yield opened
    opened.conn.close()


@pytest.fixture(scope="module")
def visitor(database: Database) -> Visitor:
    folder = Path(database.execute("PRAGMA database_list").fetchone()[2]).parent
    settings = ReviewSettings(
        public_url="http://127.0.0.1", language="en", timezone="UTC", data_folder=folder, watches=(), version="0"
    )
    return Visitor(application(database, settings))


def test_a_saved_page_is_text_to_be_kept(visitor: Visitor, database: Database) -> None:
    linked = visitor.get("/articles/1").body
    assert 'href="/articles/1/snapshot/1" download' in linked
    assert hashlib.sha256(BODY).hexdigest() in linked
    kept = evidence.of_revision(database, 1)
    assert kept is not None
    assert page_body(kept.warc, 10_000) == BODY
    assert page_body(kept.warc, 6) == BODY[:6]
    assert page_body(b"no record", 100) is None
    assert page_body(kept.warc[:40], 100) is None


def test_a_browser_that_shows_it_all_the_same_runs_nothing_of_it(visitor: Visitor) -> None:
    headers = visitor.get("/articles/1/snapshot/1").headers
    assert headers["content-type"].startswith("text/plain")
    assert headers["content-disposition"] == 'attachment; filename="vigie-article-1-version-1.html.txt"'
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    ["/articles/1/snapshot/2", "/articles/2/snapshot/1", "/articles/1/snapshot/..%2f1", "/articles/x/snapshot/1"],
)
def test_what_is_not_kept_is_not_found(visitor: Visitor, path: str) -> None:
    assert visitor.get(path).status == 404
