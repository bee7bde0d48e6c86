"""Saved pages are WARC 1.1 records that other programs read and check."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database
from warcio.archiveiterator import ArchiveIterator

from storage import articles, evidence, migrations, sources
from storage.database import open_writer, transaction
from storage.types import Article, Evidence, Source
from storage.warc import info_record, page_records, record_id

NOW = datetime(2026, 3, 10, 9, 0, 0, 123456, tzinfo=UTC)
BODY = "<html><body><h1>Bamako expulse</h1><p>Deux agents français.</p></body></html>".encode()
PAGE = Evidence(
    url="https://fleuve.example/a?b=c%20d", captured_at=NOW, status=200,
    headers=(
        ("content-type", "text/html; charset=utf-8"), ("content-encoding", "gzip"), ("content-length", "99"),
        ("transfer-encoding", "chunked"), ("x-odd", "élan"), ("bad name", "x"),
    ),
    sha256=hashlib.sha256(BODY).hexdigest(), body_gzip=gzip.compress(BODY),
)  # fmt: skip
ARTICLE = Article(
    source_id="fleuve", url=PAGE.url, title="Bamako expulse", paragraphs=("Deux agents français.",), language="fr",
    fetched_at=NOW,
)  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path)
    with transaction(opened):
        sources.sync(opened, [Source(id="fleuve", name="Le Fleuve", url="https://fleuve.example/")], NOW)
    yield opened
    opened.conn.close()


def read(records: bytes) -> list[tuple[dict[str, str], Any, bytes]]:
    """Read records as warcio does, its own check of the digests included."""
    found = []
    for record in ArchiveIterator(io.BytesIO(records), check_digests="raise"):
        content = record.content_stream().read()
        found.append((dict(record.rec_headers.headers), record.http_headers, content))
        if record.rec_type != "warcinfo":
            assert record.digest_checker.passed
    return found


def test_a_page_is_a_response_record_with_what_was_read_beside_it() -> None:
    (response, http, body), (metadata, _, said) = read(page_records(PAGE, BODY, {"title": "Bamako"}))
    assert body == BODY
    assert response["WARC-Type"] == "response"
    assert response["WARC-Target-URI"] == PAGE.url
    assert response["WARC-Date"] == "2026-03-10T09:00:00.123456Z"
    assert response["WARC-Payload-Digest"] == f"sha256:{PAGE.sha256}"
    assert response["WARC-Record-ID"] == record_id(PAGE.url, NOW, PAGE.sha256)
    assert http.statusline == "200 OK"
    assert http.get_header("content-type") == "text/html; charset=utf-8"
    assert http.get_header("content-length") == str(len(BODY))
    assert http.get_header("content-encoding") is None
    assert http.get_header("x-archive-orig-content-encoding") == "gzip"
    assert http.get_header("x-archive-orig-transfer-encoding") == "chunked"
    assert http.get_header("x-odd") == "%C3%A9lan"
    assert http.get_header("bad name") is None
    assert (metadata["WARC-Type"], metadata["WARC-Refers-To"]) == ("metadata", response["WARC-Record-ID"])
    assert json.loads(said) == {"title": "Bamako"}


def test_records_of_one_page_are_the_same_bytes_each_a_member() -> None:
    records = page_records(PAGE, BODY, {"b": 1, "a": 2})
    assert records == page_records(PAGE, BODY, {"a": 2, "b": 1})
    assert records.count(b"\x1f\x8b\x08") >= 2
    assert gzip.decompress(records).startswith(b"WARC/1.1\r\n")


@settings(max_examples=50)
@given(
    st.text(max_size=60), st.lists(st.tuples(st.text(max_size=20), st.text(max_size=40)), max_size=6),
    st.binary(max_size=300), st.integers(100, 599),
)  # fmt: skip
def test_whatever_a_site_sends_makes_records_that_can_be_read(
    path: str, headers: list[tuple[str, str]], body: bytes, status: int
) -> None:
    page = replace(PAGE, url=f"https://x.example/{path}", headers=tuple(headers), status=status)
    response, metadata = read(page_records(page, body, {"title": path.encode("utf-8", "replace").decode()}))
    assert response[0]["WARC-Payload-Digest"] == f"sha256:{hashlib.sha256(body).hexdigest()}"
    assert response[1].get_header("content-length") == str(len(body))
    assert metadata[0]["WARC-Refers-To"] == response[0]["WARC-Record-ID"]


def test_the_opening_record_says_who_wrote_the_file() -> None:
    ((headers, _, said),) = read(info_record("alr_1", NOW, {"software": "Vigie\r\nx: y"}))
    assert headers["WARC-Type"] == "warcinfo"
    assert said == b"software: Vigie x: y\r\n"
    assert info_record("alr_1", NOW, {"a": "b"}) != info_record("alr_2", NOW, {"a": "b"})


def test_the_page_of_a_revision_is_kept_once(database: Database) -> None:
    saved = articles.save(database, ARTICLE, key="k", origin="o", now=NOW)
    evidence.save(database, saved.revision_id, PAGE, ARTICLE)
    evidence.save(database, saved.revision_id, replace(PAGE, status=500), ARTICLE)
    stored = evidence.of_revision(database, saved.revision_id)
    assert stored is not None
    assert (stored.url, stored.captured_at, stored.status, stored.sha256) == (PAGE.url, NOW, 200, PAGE.sha256)
    (response, _, body), (_, _, said) = read(stored.warc)
    assert (response["WARC-Record-ID"], body) == (stored.record_id, BODY)
    assert json.loads(said)["content_hash"] == articles.content_hash(ARTICLE)
    assert evidence.of_revision(database, saved.revision_id + 1) is None


def test_pages_kept_by_an_earlier_version_become_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = migrations.STEPS
    before = steps.index(migrations._evidence_as_warc)
    monkeypatch.setattr(migrations, "STEPS", steps[:before])
    monkeypatch.setattr("storage.database.NEWEST_VERSION", before)
    old = open_writer(tmp_path)
    with transaction(old):
        sources.sync(old, [Source(id="fleuve", name="Le Fleuve", url="https://fleuve.example/")], NOW)
        ids = [
            articles.save(old, replace(ARTICLE, title=title), key=title, origin="o", now=NOW).revision_id
            for title in ("whole", "broken")
        ]
        for revision_id, packed in zip(ids, (PAGE.body_gzip, b"no gzip"), strict=True):
            old.execute(
                "INSERT INTO evidence (revision_id, url, captured_at, status, headers, sha256, body_gzip) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (revision_id, PAGE.url, NOW.isoformat(), 200, json.dumps(PAGE.headers), PAGE.sha256, packed),
            )
    old.conn.close()
    monkeypatch.undo()
    new = open_writer(tmp_path)
    stored = evidence.of_revision(new, ids[0])
    assert stored is not None
    assert stored.sha256 == PAGE.sha256
    assert read(stored.warc)[0][2] == BODY
    assert json.loads(read(stored.warc)[1][2])["title"] == "whole"
    assert evidence.of_revision(new, ids[1]) is None
    with pytest.raises(sqlite3.OperationalError):
        new.execute("SELECT body_gzip FROM evidence")
    new.conn.close()
