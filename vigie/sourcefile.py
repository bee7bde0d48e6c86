"""Adds ``[[source]]`` tables to the configuration file, leaving every byte a person wrote as it is."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from crawler.clean import clean_line
from storage.types import Source
from vigie.errors import ConfigurationError, VigieError
from vigie.settings import DEFAULT_NAME, Settings, load, parse_settings

_NOT_IN_ID = re.compile(r"[^a-z0-9]+")


def file_of(path: Path | None) -> Path:
    """Return the configuration file that is in use, symbolic links followed.

    Raises:
        VigieError: the built-in defaults are in use; there is no file to add to.
    """
    named = path or Path(DEFAULT_NAME)
    if not named.is_file():
        raise VigieError(f"there is no configuration file {named}; 'vigie init' writes one")
    return named.resolve()


def table_of(source: Source) -> str:
    """Return a source as a ``[[source]]`` table; what has its default is left out."""
    lines = [
        "[[source]]",
        f"id = {_quoted(source.id)}",
        f"name = {_quoted(source.name)}",
        f"url = {_quoted(source.url)}",
    ]
    for key, addresses in (("feeds", source.feeds), ("sitemaps", source.sitemaps), ("sections", source.sections)):
        if len(addresses) == 1:
            lines.append(f"{key} = [{_quoted(addresses[0])}]")
        elif addresses:
            lines += [f"{key} = [", *(f"    {_quoted(address)}," for address in addresses), "]"]
    if source.language:
        lines.append(f"language = {_quoted(source.language)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return a basic string of TOML; JSON writes the same, once control characters are gone."""
    return json.dumps(clean_line(text), ensure_ascii=False)


def add(settings: Settings, path: Path, sources: Sequence[Source]) -> None:
    """Append sources to the configuration file, or change nothing.

    The new text is checked before it is written, replaces the file in one step and is read back; a file that cannot be
    read back is put back as it was.

    Raises:
        VigieError: an id or an address is in use already, or the file cannot be written.
        ConfigurationError: the file would not be a valid configuration.
    """
    refuse_duplicates(settings, sources)
    before = path.read_bytes()
    text = before.decode("utf-8-sig")
    end = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text or text.endswith(("\n\n", "\r\n\r\n")) else end if text.endswith("\n") else end * 2
    added = gap + "\n".join(table_of(source) for source in sources).replace("\n", end)
    parse_settings(text + added, path, path.parent, with_secrets=False)
    try:
        _replace(path, before + added.encode())
        load(path, with_secrets=False)
    except ConfigurationError:
        _replace(path, before)
        raise
    except OSError as error:
        raise VigieError(f"{path} cannot be written ({error.strerror}); nothing was changed") from error


def refuse_duplicates(settings: Settings, sources: Iterable[Source]) -> None:
    """Raise when an id or an address of the sources is in use already.

    Raises:
        VigieError: names what is in use, and by which source.
    """
    ids = {source.id for source in settings.sources}
    addresses = {url: source.id for source in settings.sources for _, url in source.addresses}
    for source in sources:
        if source.id in ids:
            raise VigieError(f"there is a source {source.id!r} already; give another one with --id")
        ids.add(source.id)
        for _, url in source.addresses:
            if url in addresses:
                raise VigieError(
                    f"{url} is read already, as an address of source {addresses[url]!r}; "
                    "name another address of the outlet, and with --as what it is"
                )


def _replace(path: Path, body: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o777)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def identifier(name: str, url: str, taken: Iterable[str]) -> str:
    """Return an id for an outlet, from its host or its name, that is not taken yet."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    stem = host.rsplit(".", 1)[0] if "." in host and not host.replace(".", "").isdigit() else name
    base = _NOT_IN_ID.sub("-", stem.lower()).strip("-")[:40] or "source"
    used = set(taken)
    candidates = (base if number == 1 else f"{base}-{number}" for number in range(1, len(used) + 2))
    return next(candidate for candidate in candidates if candidate not in used)
