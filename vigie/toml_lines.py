"""Finds the line a key of a TOML file stands on; the standard parser does not keep it."""

from __future__ import annotations

import re

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\"'-]+)\s*\]\]?")
_KEY = re.compile(r"^\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*=")

Location = tuple[str | int, ...]


def line_of(text: str, location: Location) -> int | None:
    """Return the 1-based line of a location such as ``("source", 2, "feeds")``.

    Where the key itself is missing, the line of the table it belongs in; None when that is absent too.
    """
    wanted = [part for part in location if isinstance(part, str)]
    # The number of a table comes second; any later one counts inside a list.
    index = location[1] if len(location) > 1 and isinstance(location[1], int) else None
    table: str | None = None
    seen: dict[str, int] = {}
    best: int | None = None
    # Only line feeds end a line of TOML; str.splitlines knows many more.
    for number, line in enumerate(text.split("\n"), start=1):
        header = _HEADER.match(line)
        if header is not None:
            table = header.group(2).strip("\"'")
            if header.group(1) == "[[":
                seen[table] = seen.get(table, -1) + 1
            if wanted and table == wanted[0] and (index is None or seen.get(table, 0) == index):
                best = number
                if len(wanted) == 1:
                    return number
            continue
        key = _KEY.match(line)
        if key is None:
            continue
        in_table = (
            table is not None and wanted and table == wanted[0] and (index is None or seen.get(table, 0) == index)
        )
        if (in_table and len(wanted) > 1 and key.group(1) == wanted[1]) or (
            table is None and wanted[:1] == [key.group(1)]
        ):
            return number
    return best
