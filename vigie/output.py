"""Results on standard output: JSON for programs, text for people."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from storage.types import Signal

#: what a terminal would obey instead of showing: C0 and C1 controls, and marks that turn the reading direction
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class _HarmlessConsole(Console):
    """A console that shows what a terminal would obey."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print texts without their control characters; a replaced character keeps its place, so styles do too."""
        super().print(*(_harmless(value) for value in objects), **options)


def _harmless(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Text):
        value = value.copy()
        value.plain = printable(value.plain)
    return value


def console() -> Console:
    """Return the console results are printed to."""
    return _HarmlessConsole(highlight=False, soft_wrap=True)


def printable(text: str) -> str:
    """Return ``text`` with U+FFFD for what a terminal would obey; fetched text may hold anything."""
    return _COMMANDS.sub("\ufffd", text)


def plain(value: Any) -> Any:
    """Turn domain values into what JSON can say."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Path):
        return str(value)
    return value


def print_json(value: Any) -> None:
    """Print one JSON object on a line of its own."""
    text = json.dumps(plain(value), ensure_ascii=False)
    # A lone surrogate, legal in JSON input, cannot be written as UTF-8.
    sys.stdout.write(text.encode("utf-8", "replace").decode("utf-8") + "\n")


def print_rows(rows: Iterable[Any], *, as_json: bool, columns: tuple[str, ...]) -> None:
    """Print a list: a JSON object a line, or a table of some columns."""
    if as_json:
        for row in rows:
            print_json(row)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        # An id that is cut in two cannot be copied into the next command.
        whole = column in {"id", "alert_id", "check", "source"}
        table.add_column(column, overflow="fold", no_wrap=whole, min_width=None)
    for row in rows:
        record = row if isinstance(row, dict) else _fields(row)
        table.add_row(*(escape(_cell(record.get(column))) for column in columns))
    shown = console()
    if not shown.is_terminal:
        # Programs want whole cells on one line, however long.
        shown.width = _UNBOUNDED
    shown.print(table)


_UNBOUNDED = 100_000


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _cell(value: Any) -> str:
    """Return a value as a table shows it: minutes are enough for people, JSON has the rest."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return printable(str(plain(value)))


def signal_record(signal: Signal) -> dict[str, Any]:
    """Return a signal as ``flag`` prints it."""
    return {
        "type": signal.type,
        "severity": signal.severity,
        "actor": signal.actor,
        "target": signal.target,
        "status": signal.status.value,
        "sentence": signal.sentence,
        "start": signal.start,
        "end": signal.end,
        "rule": signal.rule,
        "cues": list(signal.cues),
        "confidence": signal.confidence,
        "modifiers": list(signal.modifiers),
    }
