"""Silences on the command line: what is asked for is checked, what is known of them is listed."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from alerts.silencing import describe
from detection.countries import countries
from detection.taxonomy import event_types
from storage.silences import SilenceRow
from vigie.errors import VigieError
from vigie.setting_problems import suggest
from vigie.settings import Settings

_PAIR = re.compile(r"\s*([A-Za-z]+)\s*(?:-|/|↔)\s*([A-Za-z]+)\s*")


def checked(
    settings: Settings,
    *,
    watch_id: str | None,
    story: int | None,
    pair: str | None,
    one_way: bool,
    types: tuple[str, ...],
    max_severity: int | None,
    source: str | None,
    author: str,
    reason: str,
) -> dict[str, Any]:
    """Return the values of a ``silence`` change.

    Raises:
        VigieError: something is named that does not exist, so that the silence would hold nothing back.
    """
    if watch_id is not None:
        _known("watch", watch_id, {watch.id for watch in settings.watches})
    if source is not None:
        _known("source", source, {one.id for one in settings.sources})
    for one in types:
        _known("type", one, set(event_types()))
    if one_way and pair is None:
        raise VigieError("--one-way says nothing without --pair; add --pair MLI-FRA")
    if not author.strip() or not reason.strip():
        raise VigieError("a silence needs an --author and a --reason; everybody sees them")
    return {
        "watch": watch_id,
        "story": story,
        "pair": None if pair is None else read_pair(pair),
        "one_way": one_way,
        "types": list(types),
        "max_severity": max_severity,
        "source": source,
        "author": author,
        "reason": reason,
    }


def read_pair(text: str) -> tuple[str, str]:
    """Return the two states of ``MLI-FRA``.

    Raises:
        VigieError: it is no such pair.
    """
    match = _PAIR.fullmatch(text)
    if match is None:
        raise VigieError(f"{text!r} is not a pair of states; write --pair MLI-FRA")
    first, second = (code.upper() for code in match.groups())
    for code in (first, second):
        _known("state", code, set(countries()))
    if first == second:
        raise VigieError(f"{text!r} names one state twice")
    return first, second


def silence_row(row: SilenceRow, now: datetime) -> dict[str, Any]:
    """Return what is known of a silence."""
    silence = row.silence
    return {
        "id": silence.id,
        "state": "running" if silence.closed_at is None and silence.ends_at > now else "over",
        "matches": describe(silence),
        "hid": row.hid,
        "watch_id": silence.watch_id,
        "story": silence.story_id,
        "pair": list(silence.pair) if silence.pair else None,
        "one_way": silence.one_way,
        "types": list(silence.types),
        "max_severity": silence.max_severity,
        "source": silence.source_id,
        "author": silence.author,
        "reason": silence.reason,
        "starts_at": silence.starts_at,
        "ends_at": silence.ends_at,
    }


def _known(what: str, name: str, known: set[str]) -> None:
    if name not in known:
        raise VigieError(f"there is no {what} {name!r}{suggest(name, known)}")
