"""No page goes through a large table: every statement of every kind of page is answered by an index.

The plans are those of an archive of any size, as none has statistics of its tables (sqlite.org/eqp.html).
"""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlite_utils import Database

from review import readers
from review.settings import ReviewSettings
from storage.database import open_reader, open_writer
from tests import archive_rows, bench_pages
from tests.archive_press import Press
from tests.visitor import Visitor, application

END = datetime(2026, 9, 1, tzinfo=UTC)
#: tables that grow with every article, story or alert
LARGE = frozenset(
    {
        "alert", "article", "article_event", "attempt", "audit", "decision", "delivery", "entry", "fingerprint",
        "follow", "look", "name", "note", "page_outcome", "reading", "revision", "seen", "signal", "story", "story_act",
        "story_tag", "triage_event",
    }
)  # fmt: skip
#: indices that are walked in the order of a list until a page is full, or hold a row for an alert and no more
WALKED = frozenset(
    {
        "story_last_seen", "story_telling", "story_triage", "story_important", "story_assignee", "story_judged",
        "alert_created", "alert_notice", "alert_story", "alert_told", "delivery_channel", "article_effective",
        "story_tag_key",
    }
)  # fmt: skip
#: statements that stop after some rows
BOUNDED = ("FROM signal ORDER BY id DESC LIMIT", "SELECT EXISTS (SELECT 1 FROM article)")
PAGES = (
    "/charts",
    "/views",
    "/precision",
    "/watches",
    "/rules",
    "/api/v1/articles",
    "/api/v1/sources",
    "/silences",
    "/?following=yes&show=all",
    "/?following=new&show=all",
    "/?following=no",
    "/api/v1/stories?following=new",
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plans")
    archive_rows.fill(folder, Press(600, END, sentences=400))
    return folder


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What pages ask the archive for, filled while they are read."""
    said: list[str] = []

    def opened(folder: Path) -> Database:
        database = open_reader(folder)
        database.conn.set_trace_callback(said.append)
        return database

    monkeypatch.setattr(readers, "open_reader", opened)
    return said


def scans(database: Database, statement: str) -> list[str]:
    """Return what of a statement's plan goes through a large table."""
    named = re.findall(r"(?:FROM|JOIN|,)\s+([a-z_]+)(?:\s+(?:AS\s+)?([a-z]\w*))?", statement)
    tables = {alias or table: table for table, alias in named}
    found = []
    for *_, line in database.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall():
        match = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", line)
        if match and tables.get(match[1], match[1]) in LARGE and match[2] not in WALKED:
            found.append(line)
    return found


def test_no_page_goes_through_a_large_table(archive: Path, statements: list[str]) -> None:
    # Whoever opens a story has seen it, which is written.
    database = open_writer(archive)
    try:
        kinds = bench_pages.kinds(database, END, random.Random(1))
        settings = ReviewSettings(
            public_url="https://vigie.example/", allowed_hosts=("127.0.0.1",), language="en", timezone="Europe/Paris",
            data_folder=archive, version="0.0",
        )  # fmt: skip
        visitor = Visitor(application(database, settings))
        faults: dict[str, str] = {}
        for address in [*(kind.addresses[0] for kind in kinds), *PAGES]:
            statements.clear()
            assert visitor.get(address).status == 200, address
            asked = [one for one in statements if one.lstrip().startswith("SELECT")]
            assert asked, address
            for statement in asked:
                if not any(bound in statement for bound in BOUNDED):
                    for line in scans(database, statement):
                        faults.setdefault(f"{line}: {' '.join(statement.split())[:300]}", address)
        assert not faults, "\n".join(f"{address} {fault}" for fault, address in faults.items())
    finally:
        database.conn.close()


def test_a_scan_is_seen(archive: Path) -> None:
    database = open_reader(archive)
    try:
        assert scans(database, "SELECT a.id FROM article a JOIN source s ON s.id = a.source_id WHERE a.url = 'x'")
        assert scans(database, "SELECT count(*) FROM decision WHERE severity = 3")
        assert not scans(database, "SELECT id FROM source")
        assert not scans(database, "SELECT id FROM article WHERE id = 3")
        assert not scans(database, "SELECT id FROM story ORDER BY last_seen_at DESC, id DESC LIMIT 3")
    finally:
        database.conn.close()
