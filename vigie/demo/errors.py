"""What can go wrong in the demo newsroom.

The tree::

    DemoError
    ├── ScriptError      outlets.toml or articles/*.toml are not valid
    └── NotRunningError  a server was asked for its address before it was started
"""

from __future__ import annotations

from pathlib import Path


class DemoError(Exception):
    """The root of everything this package raises on purpose."""


class ScriptError(DemoError):
    """The demo's data is not valid; the message names the file, the entry and the cure.

    Attributes:
        file: the data file at fault.
        entry: outlet id or article slug, or None when the whole file is at fault.
    """

    def __init__(self, message: str, *, file: Path, entry: str | None = None) -> None:
        place = f"{file.name}, “{entry}”" if entry else file.name
        super().__init__(f"{place}: {message}")
        self.file = file
        self.entry = entry


class NotRunningError(DemoError):
    """A demo server was asked for its address before ``start()``; await ``start()`` first."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} has no address yet; await its start() first")
