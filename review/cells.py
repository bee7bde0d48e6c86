"""Records as lines of JSON and as cells of a table that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import Enum
from typing import Any

#: what a spreadsheet takes for the beginning of a formula (OWASP, CSV injection)
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
#: tells spreadsheets that what follows is UTF-8
BYTE_ORDER_MARK = "\ufeff"


def cell(value: Any) -> str:
    """Return a value as a cell that no spreadsheet runs as a formula: what looks like one gets an apostrophe."""
    if isinstance(value, list | tuple):
        text = " ".join(map(str, value))
    elif isinstance(value, datetime):
        text = value.isoformat()
    else:
        text = "" if value is None else str(value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"'{text}" if text[:1] in _FORMULA and not number else text


def csv_lines(records: Iterable[dict[str, Any]], columns: tuple[str, ...]) -> Iterator[str]:
    """Yield a table of records as CSV (RFC 4180), its head first."""
    held = io.StringIO()
    writer = csv.writer(held)
    writer.writerow(columns)
    yield held.getvalue()
    for record in records:
        held.seek(0)
        held.truncate()
        writer.writerow([cell(record[column]) for column in columns])
        yield held.getvalue()


def json_lines(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield records as JSON, one object a line; a lone surrogate becomes U+FFFD."""
    for record in records:
        text = json.dumps(record, ensure_ascii=False, default=_plain)
        yield text.encode("utf-8", "replace").decode("utf-8") + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} has no form in JSON")
