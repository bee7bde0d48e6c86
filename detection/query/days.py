"""Days in a query: ``date:2025-09-18..2025-09-20``, ``since:2025-09``, ``until:2025``.

Days are those of UTC, so a query means the same wherever it is asked.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

from detection.query.errors import QueryError
from detection.query.nodes import DateTest, Field
from detection.query.scanned import Sign

_DAY = re.compile(r"((?:19|20|21)[0-9]{2})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_RANGE = ".."
_EXAMPLES = {
    Field.DATE: "date:2025-09-18, date:2025-09 or date:2025-09-18..2025-09-20",
    Field.SINCE: "since:2025-09-18 or since:2025-09",
    Field.UNTIL: "until:2025-09-20 or until:2025-09",
}


def date_test(sign: Sign, field: Field, text: str) -> DateTest:
    """Read the days that an article may have appeared on; both ends count.

    Raises:
        QueryError: no such day, or the range ends before it begins.
    """
    value = sign.value.strip()
    if sign.star or not value:
        raise QueryError(f"{field}: takes days, such as {_EXAMPLES[field]}", sign.value_start, text)
    if field is Field.DATE and _RANGE in value:
        before, _, after = value.partition(_RANGE)
        first = _days(before, sign, field, text)[0] if before else None
        at = sign.value_start + len(before) + len(_RANGE)
        last = _days(after, sign, field, text, at)[1] if after else None
        if first is None and last is None:
            raise QueryError(f"date:.. has no day; write {_EXAMPLES[field]}", sign.value_start, text)
        if first is not None and last is not None and last < first:
            raise QueryError("the range ends before it begins; turn its days round", sign.value_start, text)
    else:
        first, last = _days(value, sign, field, text)
    return DateTest(
        start=sign.start,
        end=sign.end,
        first=None if field is Field.UNTIL else first,
        last=None if field is Field.SINCE else last,
    )


def _days(value: str, sign: Sign, field: Field, text: str, at: int | None = None) -> tuple[date, date]:
    """Return the first and the last day of what is written: a day, a month or a year."""
    at = sign.value_start if at is None else at
    read = _DAY.fullmatch(value)
    if read is None:
        raise QueryError(
            f'"{value}" is no day; write year-month-day, such as {_EXAMPLES[field]} (days of UTC, 1900 to 2199)',
            at, text,
        )  # fmt: skip
    year, month, day = int(read[1]), read[2], read[3]
    try:
        first = date(year, int(month or 1), int(day or 1))
    except ValueError:
        raise QueryError(f'there is no day "{value}" in the calendar', at, text) from None
    last = first if day else date(year, first.month, monthrange(year, first.month)[1]) if month else date(year, 12, 31)
    return first, last
