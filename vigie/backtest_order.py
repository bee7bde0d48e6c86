"""What a process of its own is to backtest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from storage.types import Watch
from vigie.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to try."""

    settings: Settings
    watches: tuple[Watch, ...]
    rule_folders: tuple[Path, ...]
    since: datetime
    until: datetime
