"""Which rules passed their tests before: a start need not run the same tests of the same rules again.

What passed is remembered by a hash over everything that has a say in it: the bytes of this package and of the types it
gives, the versions of Python and of the libraries it reads texts with, and the rules. It is kept as plain lines of
hashes; where they cannot be read, or hold something else, the tests run.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
import tempfile
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import storage.types
from detection.rulefile import RuleFile

#: the name of the file of hashes
NAME = "rules-passed"
#: hashes kept; a machine has few sets of rules in use at a time
_MOST = 20
_HASH = re.compile(r"[0-9a-f]{64}")
#: what the package reads texts with
_LIBRARIES = ("ahocorasick-rs", "pydantic", "numpy")


@cache
def _code() -> str:
    """Return a hash of the code that tests rules, once a process: what an upgrade writes later is not what runs."""
    hashed = hashlib.sha256(f"{sys.version}\0{unicodedata.unidata_version}\n".encode())
    for library in _LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            hashed.update(f"{library}\0{version(library)}\n".encode())
    for folder in (Path(__file__).parent, Path(storage.types.__file__).parent):
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".py", ".toml"}:
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                hashed.update(f"{path.relative_to(folder)}\0{content}\n".encode())
    return hashed.hexdigest()


def key_of(files: Iterable[RuleFile]) -> str:
    """Return the hash under which it is remembered that rules passed their tests.

    Args:
        files: all rule files in use, in order, with the rules of them that are.

    Raises:
        OSError: the package's own files cannot be read.
    """
    hashed = hashlib.sha256(_code().encode())
    for file in files:
        used = (file.path.name, file.language, sorted(file.sets.items()), [rule.id for rule in file.rules])
        source = hashlib.sha256(file.source.encode("utf-8", "surrogatepass")).hexdigest()
        hashed.update(f"{used!r}\0{source}\n".encode("utf-8", "surrogatepass"))
    return hashed.hexdigest()


class PassedTests:
    """The hashes of rules that passed, in files of which any may be missing."""

    def __init__(self, places: Sequence[Path]) -> None:
        """Args: ``places`` are folders; one that is not there, or cannot be written, is passed over."""
        self._files = tuple(folder / NAME for folder in places)

    def __contains__(self, key: str) -> bool:
        return any(key in _read(file) for file in self._files)

    def add(self, key: str) -> None:
        """Remember that the rules of a key passed; where that cannot be written down, they are tested again."""
        for file in self._files:
            with contextlib.suppress(OSError):
                _write(file, [*(known for known in _read(file) if known != key), key][-_MOST:])


def _read(file: Path) -> list[str]:
    try:
        with file.open("rb") as stream:
            lines = stream.read(_MOST * 65).decode("ascii").split("\n")
    except (OSError, UnicodeDecodeError):
        return []
    return [line for line in lines if _HASH.fullmatch(line)]


def _write(file: Path, keys: Sequence[str]) -> None:
    """Put a new file in the place of the old one: a reader sees the one or the other."""
    descriptor, name = tempfile.mkstemp(prefix=f".{NAME}-", dir=file.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write("".join(f"{key}\n" for key in keys))
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def remembered(data_folder: Path) -> PassedTests:
    """Return what passed on this machine, from the data folder and from the user's cache.

    The data folder serves a service that has no home; the cache, commands that have no data folder yet.
    """
    places = [data_folder]
    with contextlib.suppress(OSError, RuntimeError):  # nobody's home
        given = os.environ.get("XDG_CACHE_HOME", "")
        cache_folder = (Path(given) if Path(given).is_absolute() else Path.home() / ".cache") / "vigie"
        cache_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        places.append(cache_folder)
    return PassedTests(places)
