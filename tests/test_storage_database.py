"""The writer's promises: pragmas, one kind of transaction, named errors, an append-only schema."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import database as storage_database
from storage import migrations
from storage.database import open_reader, open_writer, transaction, wrapped_errors
from storage.errors import ArchiveBusyError, ArchiveFullError, DataRefusedError, StorageError
from storage.folder import APPLICATION_ID, read_header
from tests.begun import begin

SCHEMA = Path(__file__).parent / "data" / "schema-1.sql"

KILLED_IN_A_TRANSACTION = """
import os, signal, sys
from pathlib import Path
from storage.database import open_writer, transaction
database = open_writer(Path(sys.argv[1]))
with transaction(database):
    database.execute("INSERT INTO meta VALUES ('before', 'durable')")
with transaction(database):
    for number in range(5000):
        database.execute("INSERT INTO meta VALUES (?, ?)", (f"half {number}", "x" * 900))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_writer(tmp_path / "data")
    yield opened
    opened.conn.close()


def path_of(database: Database) -> Path:
    return Path(database.execute("PRAGMA database_list").fetchone()[2])


def put(database: Database, key: str) -> None:
    database.execute("INSERT INTO meta VALUES (?, 'value')", (key,))


def keys(database: Database) -> set[str]:
    return {row[0] for row in database.execute("SELECT key FROM meta WHERE key <> 'instance'")}


# --- pragmas ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", 5000),
        ("application_id", None),
    ],
)
def test_writer_is_configured_for_durability(database: Database, name: str, value: object) -> None:
    expected = APPLICATION_ID if name == "application_id" else value
    assert database.execute(f"PRAGMA {name}").fetchone()[0] == expected


def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError), transaction(database):
        database.execute(
            "INSERT INTO attempt (delivery_id, started_at, ended_at, outcome, detail) VALUES (99, '', '', '', '')"
        )


def test_reader_cannot_write_and_sees_what_was_committed(database: Database) -> None:
    with transaction(database):
        put(database, "seen")
    reader = open_reader(path_of(database).parent)
    assert keys(reader) == {"seen"}
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        put(reader, "never")
    reader.conn.close()


def test_reader_sees_nothing_of_an_open_transaction(database: Database) -> None:
    reader = open_reader(path_of(database).parent)
    with transaction(database):
        put(database, "open")
        assert keys(reader) == set()
    assert keys(reader) == {"open"}
    reader.conn.close()


# --- schema -----------------------------------------------------------------------------------------


def dump(connection: sqlite3.Connection) -> str:
    """Every statement of the schema as SQLite keeps it, blanks folded; without the index's own tables."""
    rows = connection.execute(
        """
        SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL
            AND NOT (type = 'table' AND name LIKE 'revision_search_%') ORDER BY type, name
        """
    )
    return "".join(f"-- {kind} {name}\n{' '.join(sql.split())};\n" for kind, name, sql in rows)


def test_first_step_is_what_was_released(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A difference here means a released step was edited: put the change into a new step instead."""
    monkeypatch.setattr(migrations, "STEPS", migrations.STEPS[:1])
    connection = sqlite3.connect(tmp_path / "one.db")
    migrations.migrate(Database(connection))
    written = dump(connection)
    connection.close()
    assert written == SCHEMA.read_text(encoding="utf-8")


def test_schema_carries_the_number_of_its_steps(database: Database) -> None:
    assert len(migrations.STEPS) == migrations.NEWEST_VERSION
    assert database.execute("PRAGMA user_version").fetchone()[0] == migrations.NEWEST_VERSION
    # The marker exists, so the main file must show version and mark to whoever reads it as bytes.
    header = read_header(path_of(database))
    assert (header.user_version, header.application_id) == (migrations.NEWEST_VERSION, APPLICATION_ID)


def test_migrating_again_changes_nothing(database: Database) -> None:
    before = dump(database.conn)
    migrations.migrate(database)
    assert dump(database.conn) == before


def test_step_that_breaks_off_leaves_the_old_schema_and_the_archive_usable(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(opened: Database) -> None:
        opened.executescript("CREATE TABLE half (a); INSERT INTO half VALUES (1);")
        raise RuntimeError("no further")

    before = dump(database.conn)
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, breaks))
    with pytest.raises(RuntimeError, match="no further"):
        migrations.migrate(database)
    assert dump(database.conn) == before
    assert database.execute("PRAGMA user_version").fetchone()[0] == migrations.NEWEST_VERSION
    with transaction(database):
        put(database, "still works")


def test_later_step_runs_once_on_an_archive_with_data(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def adds(opened: Database) -> None:
        opened.execute("ALTER TABLE silence ADD COLUMN note TEXT")

    with transaction(database):
        put(database, "kept")
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, adds))
    for _ in range(2):
        migrations.migrate(database)
    assert database.execute("PRAGMA user_version").fetchone()[0] == len(migrations.STEPS)
    assert keys(database) == {"kept"}


# --- transactions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit, StorageError])
def test_any_exception_rolls_back(database: Database, error: type[BaseException]) -> None:
    with pytest.raises(error), transaction(database):
        put(database, "never")
        raise error
    assert keys(database) == set()
    assert not database.conn.in_transaction
    with transaction(database):
        put(database, "after")
    assert keys(database) == {"after"}


def test_writes_through_the_library_join_the_transaction(database: Database) -> None:
    """sqlite-utils commits by itself outside a transaction; inside one it must not."""
    row = {"id": "channel", "state": "{}", "updated_at": ""}
    with pytest.raises(ZeroDivisionError), transaction(database):
        database.table("channel").insert(row)
        database.table("channel").upsert({**row, "state": "[]"}, pk="id")
        database.table("channel").insert_all([{**row, "id": "other"}])
        database.conn.executemany("INSERT INTO meta VALUES (?, '')", [("a",), ("b",)])
        list(database.query("SELECT * FROM channel"))
        _ = 1 / 0
    assert database.table("channel").count == 0
    assert keys(database) == set()


def test_failed_statement_that_is_caught_leaves_the_rest_of_its_transaction(database: Database) -> None:
    with transaction(database):
        put(database, "first")
        with pytest.raises(sqlite3.IntegrityError):
            put(database, "first")
        put(database, "second")
    assert keys(database) == {"first", "second"}


def test_transaction_within_a_transaction_is_a_bug_that_undoes_both(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="within a transaction"), transaction(database):
        put(database, "outer")
        with transaction(database):
            put(database, "inner")
    assert keys(database) == set()


def test_committed_rows_outlive_a_kill_inside_the_next_transaction(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED_IN_A_TRANSACTION, str(tmp_path)], check=False)
    assert killed.returncode == -9
    database = open_writer(tmp_path)
    assert keys(database) == {"before"}
    assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    database.conn.close()


def test_writer_waits_for_another_programs_lock(database: Database) -> None:
    other = sqlite3.connect(path_of(database), check_same_thread=False, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    begun, freed = threading.Event(), threading.Event()

    def free() -> None:
        begun.wait(10)
        freed.set()
        other.execute("COMMIT")

    thread = threading.Thread(target=free)
    thread.start()
    database.conn.set_trace_callback(lambda _statement: begun.set())
    with transaction(database):
        # The lock was only given once the other program had let go.
        assert freed.is_set()
        put(database, "waited")
    thread.join()
    other.close()
    assert keys(database) == {"waited"}


def test_transaction_that_reads_first_holds_the_lock_from_its_start(database: Database) -> None:
    """A deferred one would fail at its first write, without waiting, when somebody wrote since it read."""
    other = sqlite3.connect(path_of(database), isolation_level=None, timeout=0)
    with transaction(database):
        assert keys(database) == set()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO meta VALUES ('other', '')")
        put(database, "ours")
    other.execute("INSERT INTO meta VALUES ('other', '')")
    other.close()
    assert keys(database) == {"ours", "other"}


def test_lock_that_is_never_given_back_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_database, "BUSY_TIMEOUT", 20)
    database = open_writer(tmp_path)
    other = sqlite3.connect(path_of(database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ArchiveBusyError, match="locked by another program") as caught, transaction(database):
        put(database, "never")
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    other.execute("ROLLBACK")
    with transaction(database):
        put(database, "later")
    assert keys(database) == {"later"}
    other.close()
    database.conn.close()


def test_full_database_is_named_and_heals_when_there_is_room(database: Database) -> None:
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count={pages + 4}")
    with pytest.raises(ArchiveFullError, match="free space"), transaction(database):
        put(database, "early")
        for number in range(100):
            database.execute("INSERT INTO meta VALUES (?, ?)", (str(number), "x" * 4000))
    assert keys(database) == set()
    assert not database.conn.in_transaction
    database.execute(f"PRAGMA max_page_count={pages + 4000}")
    with transaction(database):
        put(database, "healed")
    assert keys(database) == {"healed"}


@pytest.mark.parametrize(
    ("code", "named"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, ArchiveBusyError),
        (sqlite3.SQLITE_IOERR_WRITE, ArchiveFullError),
        (sqlite3.SQLITE_CORRUPT_INDEX, DataRefusedError),
        (sqlite3.SQLITE_CORRUPT_VTAB, DataRefusedError),
        (sqlite3.SQLITE_NOTADB, DataRefusedError),
    ],
)
def test_extended_codes_are_named_like_their_kind(code: int, named: type[StorageError]) -> None:
    kind = sqlite3.OperationalError if named is not DataRefusedError else sqlite3.DatabaseError
    error = kind("told by SQLite")
    error.sqlite_errorcode = code
    with pytest.raises(named, match=r"told by SQLite|locked") as caught, wrapped_errors():
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    "error", [sqlite3.OperationalError("no such table"), sqlite3.IntegrityError("unique"), PermissionError(13, "no")]
)
def test_bugs_pass_as_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, wrapped_errors():
        raise error
    assert caught.value is error


def test_disk_without_room_for_the_marker_is_named() -> None:
    with pytest.raises(ArchiveFullError, match="free space"), wrapped_errors():
        raise OSError(28, "No space left on device")


def test_damage_met_while_working_is_refused_not_traced(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    database = open_writer(folder)
    with transaction(database):
        for number in range(300):
            database.execute("INSERT INTO meta VALUES (?, ?)", (str(number), "x" * 2000))
    database.conn.close()
    path = folder / "vigie.db"
    raw = bytearray(path.read_bytes())
    for page in range(len(raw) // 4096 - 200, len(raw) // 4096):
        raw[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(raw)
    database = open_writer(folder)
    with pytest.raises(DataRefusedError, match="damaged"), transaction(database):
        database.execute("SELECT sum(length(value)) FROM meta").fetchone()
    database.conn.close()


def test_copied_archive_is_a_migrated_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Other tests begin with copies, see tests/begun.py.
    told: list[tuple[object, ...]] = []
    instances: set[str] = set()
    for name in ("migrated", "copied", "copied too"):
        if name == "copied":
            monkeypatch.setattr(storage_database, "migrate", begin)
        database = open_writer(tmp_path / name)
        instances.add(storage_database.instance_id(database))
        pragmas = ("user_version", "application_id", "journal_mode", "page_size", "page_count")
        settings = tuple(database.execute(f"PRAGMA {one}").fetchone()[0] for one in pragmas)
        database.execute("UPDATE meta SET value = '' WHERE key = 'instance'")
        told.append(
            (settings, "\n".join(database.conn.iterdump()), sorted(path.name for path in (tmp_path / name).iterdir()))
        )
        database.conn.close()
    assert told[0] == told[1] == told[2]
    assert len(instances) == 3
