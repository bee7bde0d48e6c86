"""Copies: whole, private, taken while the owner writes; and the way back that loses nothing on a refusal."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import accounts, sessions
from storage import backup as backups
from storage.backup import backup, prune, restore
from storage.database import instance_id, open_reader, open_writer, transaction
from storage.errors import DataRefusedError, StorageError
from tests.outbox_fill import NOW


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def database(folder: Path) -> Iterator[Database]:
    opened = open_writer(folder)
    fill(opened, "first", 200)
    yield opened
    opened.conn.close()


def fill(database: Database, name: str, rows: int) -> None:
    with transaction(database):
        for number in range(rows):
            database.execute("INSERT INTO meta VALUES (?, ?)", (f"{name} {number}", "x" * 2000))


def count(path: Path) -> int:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    rows = int(connection.execute("SELECT count(*) FROM meta WHERE key <> 'instance'").fetchone()[0])
    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    connection.close()
    return rows


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


# --- backup -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("database")
def test_copy_holds_what_is_committed_and_is_private(folder: Path, tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        copy = backup(folder, tmp_path / "copies" / "one.db")
    finally:
        os.umask(mask)
    assert count(copy) == 200
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    # One file and nothing beside it: a copy in WAL mode would lose what its log holds when it is moved.
    assert [path.name for path in copy.parent.iterdir()] == ["one.db"]


@pytest.mark.usefixtures("database")
def test_copy_into_a_folder_is_named_like_the_archive_and_never_replaces(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "copies").mkdir()
    copy = backup(folder, tmp_path / "copies")
    assert copy == tmp_path / "copies" / "vigie.db"
    before = copy.read_bytes()
    with pytest.raises(StorageError, match="exists already"):
        backup(folder, copy)
    with pytest.raises(StorageError, match="exists already"):
        backup(folder, tmp_path / "copies")
    assert copy.read_bytes() == before


def test_nothing_to_copy_is_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataRefusedError):
        backup(tmp_path / "empty", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_copy_ends_though_the_owner_never_stops_writing(
    database: Database, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite starts a copy again whenever another connection wrote between two steps."""
    monkeypatch.setattr(backups, "_PAGES", 1)
    fill(database, "bulk", 4000)
    written = threading.Event()
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            fill(database, f"more {number}", 2)
            written.set()

    writer = threading.Thread(target=write)
    writer.start()
    copies: list[Path] = []
    copier = threading.Thread(target=lambda: copies.append(backup(folder, tmp_path / "copy.db")), daemon=True)
    try:
        assert written.wait(10)
        copier.start()
        copier.join(10)
        assert not copier.is_alive(), "the copy starts again with every write"
    finally:
        stop.set()
        writer.join()
    kept = count(copies[0])
    assert kept >= 4200
    # A transaction is in the copy as a whole, or not at all.
    assert kept % 2 == 0


@pytest.mark.usefixtures("database")
def test_damaged_archive_gives_no_copy(folder: Path, tmp_path: Path) -> None:
    path = folder / "vigie.db"
    reader = open_reader(folder)
    reader.conn.close()
    sqlite3.connect(path).execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    raw = bytearray(path.read_bytes())
    for page in range(len(raw) // 4096 - 40, len(raw) // 4096):
        raw[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(raw)
    with pytest.raises(DataRefusedError, match="damaged"):
        backup(folder, tmp_path / "copies" / "one.db")
    assert list((tmp_path / "copies").iterdir()) == []


def test_only_the_newest_copies_are_kept(tmp_path: Path) -> None:
    names = [f"vigie-2026-03-{day:02}.db" for day in range(1, 6)]
    for name in (*names, "mine.db"):
        (tmp_path / name).touch()
    assert prune(tmp_path, 2) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.db", *names[3:]]
    assert prune(tmp_path, 2) == 0
    assert prune(tmp_path, 7) == 0
    assert prune(tmp_path, 0) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine.db"]


# --- restore ----------------------------------------------------------------------------------------


def test_restored_archive_is_the_one_that_was_copied(database: Database, folder: Path, tmp_path: Path) -> None:
    instance = instance_id(database)
    copy = backup(folder, tmp_path / "copy.db")
    fill(database, "later", 30)
    database.conn.close()
    restore(copy, folder)
    back = open_writer(folder)
    assert instance_id(back) == instance
    assert count(folder / "vigie.db") == 200
    back.conn.close()
    assert count(copy) == 200
    # What lay there before can be had back.
    (tmp_path / "before").mkdir()
    for name in ("vigie.db", "vigie.db-wal"):
        kept = folder / f"{name}.before-restore"
        if kept.exists():
            kept.rename(tmp_path / "before" / name)
    assert count(tmp_path / "before" / "vigie.db") == 230


def test_whoever_was_logged_in_logs_in_anew(database: Database, folder: Path, tmp_path: Path) -> None:
    with transaction(database):
        account = accounts.add(database, "Awa", None, "hash", NOW)
        sessions.start(database, account.id, "secret", NOW, agent="", address="")
    copy = backup(folder, tmp_path / "copy.db")
    database.conn.close()
    restore(copy, folder)
    back = open_writer(folder)
    assert accounts.named(back, "awa") == account
    assert sessions.of_account(back, account.id, NOW) == ()
    back.conn.close()


def test_killed_owners_log_never_mixes_into_a_restored_archive(folder: Path, tmp_path: Path) -> None:
    opened = open_writer(folder)
    copy = backup(folder, tmp_path / "copy.db")
    fill(opened, "logged", 10)
    log = (folder / "vigie.db-wal").read_bytes()
    opened.conn.close()
    (folder / "vigie.db-wal").write_bytes(log)
    restore(copy, folder)
    back = open_writer(folder)
    assert count(folder / "vigie.db") == 0
    back.conn.close()
    assert (folder / "vigie.db-wal.before-restore").read_bytes() == log


def test_restore_into_a_new_folder_marks_it(database: Database, folder: Path, tmp_path: Path) -> None:
    copy = backup(folder, tmp_path / "copy.db")
    restore(copy, tmp_path / "new" / "data")
    back = open_reader(tmp_path / "new" / "data")
    assert instance_id(back) == instance_id(database)
    back.conn.close()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new" / "data").iterdir()}
    assert modes == {0o600}


def test_restore_cures_a_folder_that_was_refused(database: Database, folder: Path, tmp_path: Path) -> None:
    copy = backup(folder, tmp_path / "copy.db")
    database.conn.close()
    os.truncate(folder / "vigie.db", 0)
    with pytest.raises(DataRefusedError):
        open_writer(folder)
    restore(copy, folder)
    open_writer(folder).conn.close()
    assert count(folder / "vigie.db") == 200


def spoil_cut(copy: Path) -> None:
    os.truncate(copy, copy.stat().st_size // 2)


def spoil_empty(copy: Path) -> None:
    os.truncate(copy, 0)


def spoil_text(copy: Path) -> None:
    copy.write_text("not a database " * 100)


def spoil_foreign(copy: Path) -> None:
    connection = sqlite3.connect(copy)
    connection.execute("PRAGMA application_id=1")
    connection.close()


def spoil_newer(copy: Path) -> None:
    connection = sqlite3.connect(copy)
    connection.execute("PRAGMA user_version=999")
    connection.close()


@pytest.mark.parametrize("spoil", [spoil_cut, spoil_empty, spoil_text, spoil_foreign, spoil_newer])
def test_copy_that_cannot_be_restored_leaves_the_archive_as_it_was(
    database: Database, folder: Path, tmp_path: Path, spoil: object
) -> None:
    copy = backup(folder, tmp_path / "copy.db")
    database.conn.close()
    before = hashes(folder)
    assert callable(spoil)
    spoil(copy)
    with pytest.raises(DataRefusedError, match=r"copy\.db"):
        restore(copy, folder)
    assert hashes(folder) == before


def test_missing_copy_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="not a file"):
        restore(tmp_path / "none.db", folder)
