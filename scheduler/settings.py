"""What the front door hands to the service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from alerts.settings import Channel, DeliverySettings
from crawler.settings import CrawlerSettings
from detection.query import Query
from scheduler.heartbeat import HeartbeatSettings
from scheduler.rulewatch import LOOK_EVERY
from scheduler.watch_source import ReadWatches
from scheduler.watching import HealthSettings
from storage.types import Source, Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """Everything the service runs by."""

    data_dir: Path
    sources: tuple[Source, ...]
    watches: tuple[Watch, ...]
    channels: tuple[Channel, ...]
    delivery: DeliverySettings
    crawler: CrawlerSettings
    public_url: str
    language: Literal["fr", "en"]
    timezone: str
    #: ids of the channels that hear of sources, the network and the canary
    notify: tuple[str, ...] = ()
    queries: Mapping[str, Query] = field(default_factory=dict)
    #: reads the watches that people edited on the page from the archive; None: those above hold
    read_watches: ReadWatches | None = None
    group_interval: timedelta = timedelta(0)
    keep_evidence: timedelta = timedelta(days=365)
    keep_attempts: timedelta = timedelta(days=90)
    keep_backups: int = 7
    #: how often a canary flies; zero: never
    canary: timedelta = timedelta(hours=1)
    heartbeat: HeartbeatSettings = field(default_factory=HeartbeatSettings)
    health: HealthSettings = field(default_factory=HealthSettings)
    #: folders of rule files beside the built-in ones
    rule_folders: tuple[Path, ...] = ()
    #: how often they are looked at for changes
    rules_every: timedelta = LOOK_EVERY
    #: subscribe to the hubs that feeds name, where they can call back
    websub: bool = False
    #: how often batches whose time has come are closed
    batches_every: timedelta = timedelta(seconds=5)
    #: how often the schedule looks for what is due
    tick: timedelta = timedelta(seconds=1)
