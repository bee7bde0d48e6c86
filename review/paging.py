"""Places in a list as short texts for addresses: the time and the id of the last row shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"(-?\d{1,18})-([A-Za-z0-9_]{1,80})", re.ASCII)
#: SQLite's integers have 64 bits
LARGEST_ID = 2**63 - 1


def write_place(moment: datetime, row_id: int | str) -> str:
    """Return the place after a row, exact to the microsecond."""
    return f"{(moment - _EPOCH) // timedelta(microseconds=1)}-{row_id}"


def read_place(text: str) -> tuple[datetime, str] | None:
    """Read what :func:`write_place` wrote; None for anything else."""
    match = _PLACE.fullmatch(text)
    if match is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=int(match[1])), match[2]
    except OverflowError:
        return None


def read_numbered_place(text: str) -> tuple[datetime, int] | None:
    """Like :func:`read_place`, for rows whose id is a number."""
    place = read_place(text)
    number = None if place is None else read_id(place[1])
    return None if place is None or number is None else (place[0], number)


def read_id(text: str) -> int | None:
    """Return the number of a row, or None when no row can have it."""
    if not text.isascii() or not text.isdigit() or len(text) > len(str(LARGEST_ID)):
        return None
    number = int(text)
    return number if 1 <= number <= LARGEST_ID else None
