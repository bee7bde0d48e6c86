"""``verify``: is an evidence packet whole and unchanged? Needs the packet alone: no archive, no configuration."""

from __future__ import annotations

import hashlib
import io
import json
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from vigie import packet
from vigie.errors import VigieError

#: a packet, and the pages in it unpacked, may not be larger, in bytes
LARGEST = 2 * 1024**3
_SUM = re.compile(r"([0-9a-f]{64})  ([^\n]+)")
_BLOCK = 1024 * 1024
#: whatever a damaged record makes the reader raise
_UNREADABLE = (
    ArchiveLoadFailed, zlib.error, OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What checking a packet gave."""

    #: each names its file; empty when all is well
    problems: tuple[str, ...]
    alert: str | None
    files: int
    pages: int
    #: SHA-256 of the list of hashes: one value that stands for the whole packet
    seal: str | None


def verify(path: Path) -> Verdict:
    """Check a packet: every hash, the digest of every page, nothing missing, nothing added.

    Raises:
        VigieError: there is no such folder or file.
    """
    problems: list[str] = []
    files, packed = _read(path, problems)
    listed = _listed(files, problems)
    for name, expected in listed.items():
        if name not in files:
            problems.append(f"{name}: is missing")
        elif packet.sha256(files[name]) != expected:
            problems.append(f"{name}: was changed, its SHA-256 is not the one in {packet.SUMS}")
    unlisted = sorted(set(files) - set(listed) - {packet.SUMS})
    problems += [f"{name}: is in no list of this packet" for name in unlisted]
    manifest = _manifest(files, problems)
    pages = _check_pages(files.get(packet.WARC), manifest, problems)
    if packed is not None and not problems and packet.zipped(files) != packed:
        problems.append(
            f"{path.name}: the files in it are unchanged, the archive around them is not the one that was written; "
            "unpack it and verify the folder"
        )
    return Verdict(
        problems=tuple(problems),
        alert=manifest.get("alert") if isinstance(manifest.get("alert"), str) else None,
        files=len(files),
        pages=pages,
        seal=packet.sha256(files[packet.SUMS]) if packet.SUMS in files else None,
    )


def _read(path: Path, problems: list[str]) -> tuple[dict[str, bytes], bytes | None]:
    """Return a packet's files, and the bytes of the archive they came in."""
    try:
        if path.is_dir():
            return dict(_folder(path, problems)), None
        if path.stat().st_size > LARGEST:
            raise VigieError(f"{path} is larger than any packet")
        packed = path.read_bytes()
    except OSError as error:
        raise VigieError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return dict(_archive(packed, problems)), packed
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, *_UNREADABLE) as error:
        problems.append(f"{path.name}: is no ZIP archive that can be read ({error})")
        return {}, None


def _folder(path: Path, problems: list[str]) -> Iterator[tuple[str, bytes]]:
    room = LARGEST
    for entry in sorted(path.iterdir()):
        status = entry.lstat()
        if not stat.S_ISREG(status.st_mode):
            problems.append(f"{entry.name}: is no plain file")
        elif status.st_size > room:
            problems.append(f"{entry.name}: is too large for a packet")
        else:
            room -= status.st_size
            yield entry.name, entry.read_bytes()


def _archive(packed: bytes, problems: list[str]) -> Iterator[tuple[str, bytes]]:
    """Read a ZIP archive into memory, never onto the disk; what is not stored plainly is refused unread."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        seen: set[str] = set()
        for entry in archive.infolist():
            if not packet.SAFE_NAME.fullmatch(entry.filename):
                problems.append(f"{entry.filename!r}: is no name of a file in a packet")
            elif entry.filename in seen:
                problems.append(f"{entry.filename}: is in the archive twice")
            elif entry.compress_type != zipfile.ZIP_STORED or entry.file_size > len(packed):
                problems.append(f"{entry.filename}: is not stored as packets store files")
            else:
                yield entry.filename, archive.read(entry)
            seen.add(entry.filename)


def _listed(files: Mapping[str, bytes], problems: list[str]) -> dict[str, str]:
    """Return name → hash of the list of hashes."""
    text = files.get(packet.SUMS)
    if text is None:
        problems.append(f"{packet.SUMS}: is missing")
        return {}
    listed: dict[str, str] = {}
    lines = text.decode("utf-8", "replace").split("\n")
    if lines.pop() != "":
        problems.append(f"{packet.SUMS}: its last line is cut off")
    for number, line in enumerate(lines, start=1):
        match = _SUM.fullmatch(line)
        if match is None or not packet.SAFE_NAME.fullmatch(match[2]) or match[2] in listed:
            problems.append(f"{packet.SUMS}: line {number} is no hash and name of a file")
        else:
            listed[match[2]] = match[1]
    needed = (packet.MANIFEST, packet.WARC, packet.ALERT, packet.ARTICLES)
    problems += [f"{packet.SUMS}: does not list {name}" for name in needed if name not in listed]
    return listed


def _manifest(files: Mapping[str, bytes], problems: list[str]) -> dict[str, Any]:
    """Return the manifest, once it agrees with the files."""
    try:
        manifest = json.loads(files.get(packet.MANIFEST, b"{}"))
    except (ValueError, RecursionError):
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("format") != packet.FORMAT:
        problems.append(f"{packet.MANIFEST}: is no manifest of the form {packet.FORMAT}")
        return {}
    stated = manifest.get("files")
    held = {name for name in files if name not in {packet.MANIFEST, packet.SUMS}}
    if not isinstance(stated, dict) or set(stated) != held:
        problems.append(f"{packet.MANIFEST}: does not list the files that are here")
        return manifest
    true = {name: {"sha256": packet.sha256(files[name]), "bytes": len(files[name])} for name in sorted(held)}
    other = [name for name, facts in true.items() if stated[name] != facts]
    problems += [f"{name}: is not the file that {packet.MANIFEST} describes" for name in other]
    return manifest


def _check_pages(warc: bytes | None, manifest: Mapping[str, Any], problems: list[str]) -> int:
    """Check the digest of every page, and that they are the captures of the manifest; return how many there are."""
    if warc is None:
        return 0
    found: dict[str, str] = {}
    try:
        for number, (identity, kind, stated, digest) in enumerate(_records(warc), start=1):
            if stated != f"sha256:{digest}":
                problems.append(f"{packet.WARC}: record {number} ({identity}) does not have the digest it states")
            if kind == "response":
                found[identity] = digest
    except _UNREADABLE as error:
        problems.append(f"{packet.WARC}: cannot be read ({error})")
    captures = manifest.get("captures")
    listed = {
        capture.get("record_id"): capture.get("sha256")
        for capture in (captures if isinstance(captures, list) else ())
        if isinstance(capture, dict)
    }
    if listed != found:
        problems.append(f"{packet.WARC}: does not hold exactly the captures that {packet.MANIFEST} lists")
    return len(found)


def _records(warc: bytes) -> Iterator[tuple[str, str, str, str]]:
    """Yield id, kind, stated and true digest of each record."""
    room = LARGEST
    for record in ArchiveIterator(io.BytesIO(warc)):
        hashed = hashlib.sha256()
        while data := record.raw_stream.read(_BLOCK):
            room -= len(data)
            if room < 0:
                raise ValueError("its pages are larger than any packet's")
            hashed.update(data)
        header = record.rec_headers.get_header
        name = "WARC-Block-Digest" if record.rec_type == "warcinfo" else "WARC-Payload-Digest"
        yield header("WARC-Record-ID", ""), record.rec_type or "", header(name, ""), hashed.hexdigest()
