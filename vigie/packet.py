"""The form of an evidence packet: a folder, or a ZIP archive whose every byte follows from what is inside.

Nothing here knows the archive or the configuration: :mod:`vigie.verifying` reads packets on any machine.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vigie.errors import VigieError

#: what a packet's manifest calls itself
FORMAT = "vigie-evidence/1"
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
WARC = "evidence.warc.gz"
ALERT = "alert.json"
ARTICLES = "articles.jsonl"
DECISIONS = "decisions.jsonl"
DELIVERIES = "deliveries.jsonl"
README = "README.txt"
#: flat and plain: a name can lead nowhere
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
#: the earliest date that ZIP can say; a real one would make two packets of one archive differ
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def seal(files: Mapping[str, bytes], about: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files of a packet with its manifest and the list of hashes that ``sha256sum -c`` reads."""
    listed = {name: {"sha256": sha256(files[name]), "bytes": len(files[name])} for name in sorted(files)}
    manifest = {"format": FORMAT, **about, "files": listed}
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    sealed = {**files, MANIFEST: text.encode("utf-8", "replace")}
    return {**sealed, SUMS: sums(sealed)}


def sums(files: Mapping[str, bytes]) -> bytes:
    """Return the list of hashes of ``files``."""
    return "".join(f"{sha256(files[name])}  {name}\n" for name in sorted(files)).encode()


def sha256(data: bytes) -> str:
    """Return the SHA-256 in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return the one ZIP archive of these files: in order, stored as they are, without dates."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name])
    return out.getvalue()


def write(files: Mapping[str, bytes], target: Path) -> None:
    """Write a packet: a ZIP archive where ``target`` ends in ``.zip``, else a folder; nothing is overwritten.

    Raises:
        VigieError: something is there already, or it cannot be written.
    """
    try:
        if target.suffix.lower() == ".zip":
            _write_new(target, zipped(files))
            return
        target.mkdir(mode=0o700)
        for name, data in files.items():
            _write_new(target / name, data)
    except FileExistsError as error:
        raise VigieError(f"{target} is there already; nothing is overwritten, name another one") from error
    except OSError as error:
        raise VigieError(f"{target} cannot be written: {error.strerror}") from error


def _write_new(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
