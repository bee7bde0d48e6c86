"""The data folder: one owner, and nothing touched that is not ours, whole and of our version."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import sqlite3
import stat
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import folder as data_folder
from storage.database import instance_id, open_reader, open_writer, transaction
from storage.errors import AlreadyOwnedError, DataRefusedError, StorageError
from storage.migrations import NEWEST_VERSION

HOLD_THE_LOCK = """
import sys
from pathlib import Path
from storage.folder import ownership
with ownership(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""

WRITE_UNTIL_KILLED = """
import sys
from pathlib import Path
from storage.database import open_writer, transaction
database = open_writer(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    with transaction(database):
        database.execute("INSERT INTO meta VALUES (?, ?)", (f"row {number}", "x" * 500))
    print(number, flush=True)
"""


def start(code: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def line_from(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def digests(folder: Path) -> dict[str, str]:
    """The hash of every file but the lock, which belongs to whoever runs."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != data_folder.LOCK_NAME
    }


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed archive of a few hundred pages; tests work on copies."""
    folder = tmp_path_factory.mktemp("filled") / "data"
    database = open_writer(folder)
    with transaction(database):
        for number in range(600):
            database.execute("INSERT INTO meta VALUES (?, ?)", (f"row {number}", "text " * 300))
    database.conn.close()
    return folder


@pytest.fixture
def archive(filled: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    shutil.copytree(filled, folder)
    return folder


def refused(folder: Path, reason: str) -> None:
    """Both ways of opening refuse, naming the reason, and leave every byte as it was."""
    before = digests(folder)
    with pytest.raises(DataRefusedError, match=reason) as caught:
        open_writer(folder)
    assert "vigie restore" in str(caught.value)
    assert str(folder) in str(caught.value)
    with pytest.raises(DataRefusedError):
        open_reader(folder)
    # An attempt to read may leave an empty log; what was there before is what counts.
    assert before.items() <= digests(folder).items()


# --- ownership ------------------------------------------------------------------------------------


def test_second_owner_is_refused_and_told_who_owns_the_folder(tmp_path: Path) -> None:
    owner = start(HOLD_THE_LOCK, tmp_path)
    try:
        assert line_from(owner) == "held"
        with pytest.raises(AlreadyOwnedError, match=str(owner.pid)) as caught, data_folder.ownership(tmp_path):
            pass
        assert caught.value.pid == owner.pid
    finally:
        kill(owner)


def test_lock_of_a_killed_owner_never_blocks(tmp_path: Path) -> None:
    owner = start(HOLD_THE_LOCK, tmp_path)
    assert line_from(owner) == "held"
    kill(owner)
    assert (tmp_path / data_folder.LOCK_NAME).read_text() == f"{owner.pid}\n"
    with data_folder.ownership(tmp_path):
        assert (tmp_path / data_folder.LOCK_NAME).read_text() == f"{os.getpid()}\n"


def test_folder_can_be_owned_again_after_its_owner_let_go(tmp_path: Path) -> None:
    for _ in range(2):
        with (
            data_folder.ownership(tmp_path / "new"),
            pytest.raises(AlreadyOwnedError) as caught,
            data_folder.ownership(tmp_path / "new"),
        ):
            pass
        assert caught.value.pid == os.getpid()


def test_lock_without_a_readable_pid_still_holds(tmp_path: Path) -> None:
    with data_folder.ownership(tmp_path):
        (tmp_path / data_folder.LOCK_NAME).write_text("not a number")
        with pytest.raises(AlreadyOwnedError, match="another process") as caught, data_folder.ownership(tmp_path):
            pass
    assert caught.value.pid is None


def test_folder_that_cannot_be_one_is_named_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StorageError, match="data_dir"), data_folder.ownership(folder):
            pass


def test_everything_in_the_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    mask = os.umask(0o022)
    try:
        with data_folder.ownership(folder):
            database = open_writer(folder)
            with transaction(database):
                database.execute("INSERT INTO meta VALUES ('a', 'b')")
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
            database.conn.close()
    finally:
        os.umask(mask)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {"vigie.db", "vigie.db-wal", "vigie.db-shm", "instance.json", "lock"} <= set(modes)
    assert set(modes.values()) == {0o600}


# --- what is refused ------------------------------------------------------------------------------


def test_database_cut_to_half_is_refused(archive: Path) -> None:
    path = archive / data_folder.DATABASE_NAME
    os.truncate(path, path.stat().st_size // 2)
    refused(archive, "cut off")


@pytest.mark.parametrize("size", [1, 99, 100, 4096, 4097])
def test_database_cut_to_a_few_bytes_is_refused(archive: Path, size: int) -> None:
    os.truncate(archive / data_folder.DATABASE_NAME, size)
    refused(archive, "cut off")


def test_database_cut_by_one_page_is_refused(archive: Path) -> None:
    path = archive / data_folder.DATABASE_NAME
    os.truncate(path, path.stat().st_size - 4096)
    refused(archive, "cut off")


def test_emptied_database_is_refused_because_the_marker_knows_better(archive: Path) -> None:
    os.truncate(archive / data_folder.DATABASE_NAME, 0)
    refused(archive, "instance.json says an archive exists")


def test_lost_database_is_refused_because_the_marker_knows_better(archive: Path) -> None:
    (archive / data_folder.DATABASE_NAME).unlink()
    refused(archive, "instance.json says an archive exists")
    assert not (archive / data_folder.DATABASE_NAME).exists()


def test_emptied_database_beside_a_write_ahead_log_is_refused(archive: Path) -> None:
    os.truncate(archive / data_folder.DATABASE_NAME, 0)
    (archive / data_folder.MARKER_NAME).unlink()
    (archive / "vigie.db-wal").write_bytes(b"\x37\x7f\x06\x82" + bytes(5000))
    refused(archive, "write-ahead log")


def test_garbage_is_refused(archive: Path) -> None:
    path = archive / data_folder.DATABASE_NAME
    path.write_bytes(random.Random(1).randbytes(path.stat().st_size))
    refused(archive, "not an SQLite database")


def test_garbage_behind_an_intact_header_is_refused(archive: Path) -> None:
    path = archive / data_folder.DATABASE_NAME
    raw = path.read_bytes()
    path.write_bytes(raw[:100] + random.Random(2).randbytes(len(raw) - 100))
    refused(archive, "damaged")


def test_garbage_behind_an_intact_header_is_refused_though_a_log_lies_beside_it(tmp_path: Path) -> None:
    live = tmp_path / "live"
    database = open_writer(live)
    with transaction(database):
        for number in range(50):
            database.execute("INSERT INTO meta VALUES (?, ?)", (f"row {number}", "text " * 300))
    killed = tmp_path / "killed"
    shutil.copytree(live, killed, ignore=shutil.ignore_patterns("*-shm"))
    database.conn.close()
    path = killed / data_folder.DATABASE_NAME
    raw = path.read_bytes()
    path.write_bytes(raw[:100] + random.Random(3).randbytes(len(raw) - 100))
    refused(killed, "damaged")


def foreign_tables(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE invoice (id INTEGER PRIMARY KEY, amount REAL)")
    connection.execute("INSERT INTO invoice (amount) VALUES (12.5)")


def foreign_tables_in_wal_mode(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    foreign_tables(connection)


def foreign_mark(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA application_id=252006673")
    foreign_tables(connection)


def foreign_version_without_tables(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA user_version=7")


@pytest.mark.parametrize(
    "build", [foreign_tables, foreign_tables_in_wal_mode, foreign_mark, foreign_version_without_tables]
)
def test_database_of_another_program_is_refused(tmp_path: Path, build: Callable[[sqlite3.Connection], None]) -> None:
    connection = sqlite3.connect(tmp_path / data_folder.DATABASE_NAME)
    build(connection)
    connection.commit()
    connection.close()
    refused(tmp_path, "another program")


def test_database_of_another_program_that_lies_in_its_log_is_refused(tmp_path: Path) -> None:
    origin = tmp_path / "origin.db"
    connection = sqlite3.connect(origin)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    foreign_tables(connection)
    connection.commit()
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copyfile(origin, folder / "vigie.db")
    shutil.copyfile(f"{origin}-wal", folder / "vigie.db-wal")
    connection.close()
    refused(folder, "another program")


def test_archive_of_a_newer_version_is_refused(archive: Path) -> None:
    connection = sqlite3.connect(archive / data_folder.DATABASE_NAME)
    connection.execute(f"PRAGMA user_version={NEWEST_VERSION + 1}")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    refused(archive, f"schema {NEWEST_VERSION + 1}")


def test_reader_refuses_a_folder_without_an_archive_and_creates_none(tmp_path: Path) -> None:
    with pytest.raises(DataRefusedError, match="no archive here yet"):
        open_reader(tmp_path)
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(raw=st.binary(max_size=300), header=st.booleans())
def test_no_bytes_at_all_get_past_the_header_check_changed(tmp_path: Path, raw: bytes, header: bool) -> None:
    path = tmp_path / data_folder.DATABASE_NAME
    path.write_bytes((b"SQLite format 3\x00" if header else b"") + raw)
    if path.stat().st_size:
        refused(tmp_path, ".")


# --- what is taken up again -----------------------------------------------------------------------


def test_own_first_start_killed_while_it_made_the_file_is_taken_up_again(tmp_path: Path) -> None:
    """A page without its end in the file, and beside it the journal that says there was none before."""
    folder = tmp_path / "half"
    data_folder.prepare(folder)
    path = folder / data_folder.DATABASE_NAME
    begun = sqlite3.connect(path)
    begun.execute("PRAGMA journal_mode=WAL")
    begun.close()
    # The file format's section 3: magic, records, nonce, pages before, sector and page size, filled up to a sector.
    header = bytes.fromhex("d9d505f920a163d7") + struct.pack(">5I", 0, 1, 0, 512, path.stat().st_size)
    Path(f"{path}-journal").write_bytes(header.ljust(512, b"\0"))
    database = open_writer(folder)
    assert instance_id(database)
    database.conn.close()


def test_own_first_start_killed_before_its_first_commit_is_taken_up_again(tmp_path: Path) -> None:
    path = tmp_path / data_folder.DATABASE_NAME
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TABLE half (done)")
    copy = tmp_path / "killed"
    copy.mkdir()
    shutil.copyfile(path, copy / path.name)
    connection.rollback()
    connection.close()
    database = open_writer(copy)
    assert instance_id(database)
    database.conn.close()


def test_own_first_start_killed_before_its_first_checkpoint_is_taken_up_again(tmp_path: Path) -> None:
    born = tmp_path / "born"
    database = open_writer(born)
    instance = instance_id(database)
    database.conn.close()
    young = tmp_path / "young"
    young.mkdir()
    connection = sqlite3.connect(young / "vigie.db")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    with sqlite3.connect(born / "vigie.db") as whole:
        for statement in whole.iterdump():
            if statement not in {"BEGIN TRANSACTION;", "COMMIT;"} and "revision_search" not in statement:
                connection.execute(statement)
    whole.close()
    connection.execute(f"PRAGMA application_id={data_folder.APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={NEWEST_VERSION}")
    connection.commit()
    killed = tmp_path / "killed"
    shutil.copytree(young, killed)
    connection.close()
    header = data_folder.read_header(killed / "vigie.db")
    assert (header.application_id, header.user_version) == (0, 0)
    reopened = open_writer(killed)
    assert instance_id(reopened) == instance
    reopened.conn.close()


def test_empty_file_without_a_marker_becomes_an_archive(tmp_path: Path) -> None:
    (tmp_path / data_folder.DATABASE_NAME).touch()
    database = open_writer(tmp_path)
    assert instance_id(database)
    database.conn.close()


def test_identity_survives_reopening(archive: Path) -> None:
    database = open_writer(archive)
    first = instance_id(database)
    database.conn.close()
    reader = open_reader(archive)
    assert instance_id(reader) == first
    reader.conn.close()
    assert first in (archive / data_folder.MARKER_NAME).read_text()


@pytest.mark.parametrize("rows", [1, 7, 40])
def test_no_committed_row_is_lost_to_a_kill(tmp_path: Path, rows: int) -> None:
    writer = start(WRITE_UNTIL_KILLED, tmp_path)
    acknowledged = 0
    while acknowledged < rows:
        acknowledged = int(line_from(writer))
    kill(writer)
    assert (tmp_path / "vigie.db-wal").stat().st_size > 0
    database = open_writer(tmp_path)
    kept = database.execute("SELECT count(*) FROM meta WHERE key LIKE 'row %'").fetchone()[0]
    assert kept >= acknowledged
    assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    database.conn.close()


def test_checkpoint_cut_half_way_is_completed_from_the_log(tmp_path: Path) -> None:
    live = tmp_path / "live"
    database = open_writer(live)
    database.execute("PRAGMA wal_autocheckpoint=0")
    with transaction(database):
        for number in range(300):
            database.execute("INSERT INTO meta VALUES (?, ?)", (f"row {number}", "text " * 300))
    cut = tmp_path / "cut"
    cut.mkdir()
    shutil.copyfile(live / "vigie.db-wal", cut / "vigie.db-wal")
    shutil.copyfile(live / "instance.json", cut / "instance.json")
    database.execute("PRAGMA wal_checkpoint(PASSIVE)")
    raw = (live / "vigie.db").read_bytes()
    (cut / "vigie.db").write_bytes(raw[: len(raw) // 2 // 4096 * 4096])
    database.conn.close()
    reopened = open_writer(cut)
    assert reopened.execute("SELECT count(*) FROM meta WHERE key LIKE 'row %'").fetchone()[0] == 300
    reopened.conn.close()


def test_cut_database_beside_a_log_that_does_not_complete_it_is_refused(archive: Path) -> None:
    path = archive / data_folder.DATABASE_NAME
    os.truncate(path, path.stat().st_size // 2)
    (archive / "vigie.db-wal").write_bytes(b"\x37\x7f\x06\x82" + bytes(5000))
    refused(archive, "cut off")


def test_marker_written_beside_a_leftover_of_a_crash_replaces_it(tmp_path: Path) -> None:
    (tmp_path / f"{data_folder.MARKER_NAME}.new").write_text("half")
    data_folder.write_marker(tmp_path, "one")
    assert '"one"' in (tmp_path / data_folder.MARKER_NAME).read_text()
    assert not (tmp_path / f"{data_folder.MARKER_NAME}.new").exists()
