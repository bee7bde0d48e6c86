"""Where a running service has its watches from: the configuration file, and what people edited on the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlite_utils import Database

from detection.query import Query
from storage.types import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSet:
    """The watches that hold."""

    watches: tuple[Watch, ...]
    #: the parsed query of each watch that has one
    queries: Mapping[str, Query] = field(default_factory=dict)
    #: what a person should know of edits that cannot be used, or whose file changed since
    warnings: tuple[str, ...] = ()


#: reads the watches that hold from the archive; the front door gives it, which knows how definitions are written
ReadWatches = Callable[[Database], WatchSet]
