"""Settings: one TOML file, read once at the edge, checked as a whole, frozen from then on."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from alerts.settings import Channel, DeliverySettings
from crawler.browser import BrowserSettings, missing
from crawler.catalogue import catalogue
from detection.query import Query
from scheduler.heartbeat import HeartbeatSettings
from scheduler.rule_files import FOLDER
from storage.types import Source, Watch
from vigie import __version__
from vigie.channels import build_address, build_channel, build_delivery
from vigie.errors import ConfigurationError, Problem
from vigie.listening import Listening, build_listening
from vigie.models import ConfigurationFile
from vigie.setting_problems import Faults, problems
from vigie.source_tables import read_sources
from vigie.toml_lines import line_of
from vigie.watch_tables import read_watches

#: read from the working directory when no file is named
DEFAULT_NAME = "vigie.toml"
PROJECT_URL = "https://github.com/vigie-press/vigie"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a running Vigie needs to know."""

    #: None: the built-in defaults
    path: Path | None
    data_dir: Path
    host: str
    port: int
    #: how the page is protected
    listening: Listening
    public_url: str
    #: subscribe to hubs; only where ``public_url`` is given, and can be called back
    websub: bool
    timezone: str
    language: Literal["fr", "en"]
    user_agent: str
    allow_cidrs: tuple[str, ...]
    proxy: str | None
    #: the browser that runs pages' scripts; None: the system's
    chromium: str | None
    #: wait between two requests to one host; None: the crawler's own rule
    delay: timedelta | None
    #: folders of rule files beside the built-in ones
    rule_folders: tuple[Path, ...]
    sources: tuple[Source, ...]
    watches: tuple[Watch, ...]
    #: the parsed query of each watch that has one
    queries: dict[str, Query]
    channels: tuple[Channel, ...]
    #: ids of the channels that hear of sources, the network and the canary
    notify: tuple[str, ...]
    #: how often a synthetic article goes through the service; zero: never
    canary: timedelta
    #: how far back the page's period "one shift" goes
    shift: timedelta
    heartbeat: HeartbeatSettings
    delivery: DeliverySettings
    #: least time between two alerts on one story
    group_interval: timedelta
    keep_evidence: timedelta
    keep_attempts: timedelta
    keep_backups: int
    #: what is accepted but deserves a word to the user
    warnings: tuple[str, ...] = ()
    #: each ``[[watch]]`` as it is written, by its id
    watch_tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: ``notify`` stands in the file; else it follows from the channels of the watches
    notify_given: bool = False


def load(path: Path | None, *, with_secrets: bool = True) -> Settings:
    """Read the configuration: the named file, else ``vigie.toml`` here, else the built-in defaults.

    Args:
        path: the file, or None.
        with_secrets: False for what sends nothing: environment and files that hold secrets are left alone.

    Raises:
        ConfigurationError: the file is missing, is no TOML, or something in it cannot be used.
    """
    if path is None and Path(DEFAULT_NAME).is_file():
        path = Path(DEFAULT_NAME)
    if path is None:
        from vigie.example import default_text

        return parse_settings(default_text(), None, Path(), with_secrets=with_secrets)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        message = f"cannot be read ({error.strerror}); 'vigie init' writes a configuration to start from"
        raise ConfigurationError(path, (Problem(key="", message=message),)) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(path, (Problem(key="", message="is not UTF-8 text; save it as UTF-8"),)) from error
    return parse_settings(text, path, path.absolute().parent, with_secrets=with_secrets)


def parse_settings(text: str, path: Path | None, base: Path, *, with_secrets: bool = True) -> Settings:
    """Build settings from the text of a configuration file.

    Args:
        text: TOML.
        path: the file's name, for messages.
        base: the folder that relative paths in the file start from.
        with_secrets: as for :func:`load`.

    Raises:
        ConfigurationError: names every key that cannot be used, with its line and the cure.
    """
    data = _read_toml(text, path)
    try:
        file = ConfigurationFile.model_validate(data)
    except ValidationError as error:
        raise ConfigurationError(path, tuple(problems(error, text))) from error
    built = _Builder(file, text, path, base, with_secrets=with_secrets).build()
    return replace(built, watch_tables={table["id"]: table for table in data.get("watch", ())})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadWatch:
    """A definition of a watch that stands outside the file, and what is wrong with it."""

    #: None when it cannot be used
    watch: Watch | None
    query: Query | None
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]


def read_watch(table: Mapping[str, Any], sources: Iterable[str], channels: Iterable[str]) -> ReadWatch:
    """Read a ``[[watch]]`` by itself, held to the same rules as in the file.

    Args:
        table: its keys as the file writes them.
        sources: ids that it may name.
        channels: likewise.
    """
    try:
        file = ConfigurationFile.model_validate({"watch": [dict(table)]})
    except ValidationError as error:
        return ReadWatch(watch=None, query=None, problems=tuple(problems(error, "")), warnings=())
    return _Builder(file, "", None, Path(), with_secrets=False).one_watch(set(sources), set(channels))


def _read_toml(text: str, path: Path | None) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # The parser lets two limits of Python through as they are: brackets too deep, numbers too long.
        place = re.search(r"at line (\d+)", str(error))
        message = f"is not TOML: {error}; https://toml.io shows how it is written"
        line = int(place[1]) if place else text.count("\n") + 1 if "end of document" in str(error) else None
        problem = Problem(key="", message=message, line=line)
        raise ConfigurationError(path, (problem,)) from error


class _Builder:
    """Turns the checked file into settings, gathering what does not fit together."""

    def __init__(
        self, file: ConfigurationFile, text: str, path: Path | None, base: Path, *, with_secrets: bool
    ) -> None:
        self._file = file
        self._text = text
        self._faults = Faults(text)
        self._path = path
        self._base = base
        self._with_secrets = with_secrets

    def build(self) -> Settings:
        file = self._file
        host, _, port = file.service.listen.rpartition(":")
        self._check_networks()
        listening = self._listening(int(port))
        built_in = catalogue() if file.service.catalogue else ()
        sources = read_sources(file.source, built_in, self._faults)
        self._check_browser(sources)
        channels = self._channels()
        # One that stands in the file and cannot be used is told once, and is not said to be missing as well.
        source_ids = {source.id for source in sources} | {table.id for table in file.source}
        channel_ids = {table.id for table in file.channel}
        watches, queries = read_watches(file.watch, source_ids, channel_ids, self._faults)
        self._faults.check_names(("service", "notify"), "channel", file.service.notify or (), channel_ids)
        delivery, heartbeat = self._delivery(), self._heartbeat()
        if self._faults.problems or delivery is None or heartbeat is None or listening is None:
            raise ConfigurationError(self._path, tuple(self._faults.problems))
        scheme = "http" if listening.tls is None else "https"
        public_url = file.service.public_url or f"{scheme}://{file.service.listen}"
        contact = file.service.contact or file.service.public_url or PROJECT_URL
        return Settings(
            path=self._path,
            data_dir=(self._base / file.service.data_dir).absolute(),
            host=host.strip("[]"),
            port=int(port),
            listening=listening,
            public_url=public_url.rstrip("/"),
            websub=file.service.websub and file.service.public_url is not None,
            timezone=file.service.timezone,
            language=file.service.language,
            user_agent=file.network.user_agent or f"Vigie/{__version__} (+{contact})",
            allow_cidrs=file.network.allow_cidrs,
            proxy=file.network.proxy,
            chromium=file.network.chromium,
            delay=file.network.delay,
            rule_folders=self._rule_folders(),
            sources=sources,
            watches=watches,
            queries=queries,
            channels=channels,
            notify=self._notify(watches, channels),
            canary=file.service.canary,
            shift=file.service.shift,
            heartbeat=heartbeat,
            delivery=delivery,
            group_interval=file.delivery.group_interval,
            keep_evidence=file.retention.evidence,
            keep_attempts=file.retention.attempts,
            keep_backups=file.retention.backups,
            warnings=tuple(self._faults.warnings),
            notify_given=file.service.notify is not None,
        )

    def _rule_folders(self) -> tuple[Path, ...]:
        """Return the folders that the file names, then that of the rules of the page where there is one."""
        named = tuple((self._base / name).absolute() for name in self._file.detection.rules)
        own = (self._base / self._file.service.data_dir).absolute() / FOLDER
        return tuple(dict.fromkeys((*named, *((own,) if own.is_dir() else ()))))

    def one_watch(self, sources: set[str], channels: set[str]) -> ReadWatch:
        """Read the only watch of a file that has nothing else."""
        (watch,), queries = read_watches(self._file.watch, sources, channels, self._faults)
        return ReadWatch(
            watch=None if self._faults.problems else watch,
            query=queries.get(watch.id),
            problems=tuple(self._faults.problems),
            warnings=tuple(self._faults.warnings),
        )

    def _check_networks(self) -> None:
        for text in self._file.network.allow_cidrs:
            try:
                ipaddress.ip_network(text)
            except ValueError as error:
                self._faults.report(
                    ("network", "allow_cidrs"), f"{text!r} is not a network ({error}); write '10.1.0.0/16'"
                )

    def _listening(self, port: int) -> Listening | None:
        place = ("service", "listen")
        if port > 65535:
            self._faults.report(place, f"{port} is not a port; write '127.0.0.1:8470'")
        try:
            return build_listening(
                self._file.service, self._base, line=line_of(self._text, place), with_secrets=self._with_secrets
            )
        except ConfigurationError as error:
            self._faults.take(("service",), error)
            return None

    def _check_browser(self, sources: tuple[Source, ...]) -> None:
        asking = [source.id for source in sources if source.enabled and source.javascript]
        reason = missing(BrowserSettings(chromium=self._file.network.chromium)) if asking else None
        if reason is not None:
            self._faults.warnings.append(f"javascript = true for {', '.join(asking)}, but {reason}")

    def _channels(self) -> tuple[Channel, ...]:
        channels: list[Channel] = []
        for index, table in enumerate(self._file.channel):
            if table.id in {channel.id for channel in channels}:
                self._faults.report(
                    ("channel", index, "id"), f"two channels are called {table.id!r}; give each its own id"
                )
                continue
            try:
                channels.append(
                    build_channel(
                        table,
                        base=self._base,
                        language=self._file.service.language,
                        allow_cidrs=self._file.network.allow_cidrs,
                        with_secrets=self._with_secrets,
                    )
                )
            except ConfigurationError as error:
                self._faults.take(("channel", index), error)
        return tuple(channels)

    def _delivery(self) -> DeliverySettings | None:
        try:
            return build_delivery(self._file.delivery)
        except ConfigurationError as error:
            self._faults.take(("delivery",), error)
            return None

    def _heartbeat(self) -> HeartbeatSettings | None:
        service, network = self._file.service, self._file.network
        if service.canary and service.canary < timedelta(seconds=10):
            self._faults.report(
                ("service", "canary"), "a canary needs a few seconds to fly; write '1h', or '0s' for none"
            )
        if service.heartbeat_interval < timedelta(seconds=1):
            self._faults.report(
                ("service", "heartbeat_interval"), "a heartbeat goes out once a second at most; write '5m'"
            )
        try:
            url = build_address(
                "heartbeat_url",
                service.heartbeat_url,
                service.heartbeat_url_file,
                self._base,
                with_secrets=self._with_secrets,
            )
        except ConfigurationError as error:
            self._faults.take(("service",), error)
            return None
        agent = network.user_agent or f"Vigie/{__version__}"
        return HeartbeatSettings(
            url=url, every=service.heartbeat_interval, allow_cidrs=network.allow_cidrs, user_agent=agent
        )

    def _notify(self, watches: Iterable[Watch], channels: Iterable[Channel]) -> tuple[str, ...]:
        """Return the channels that hear of the watch itself: nobody is blind without having asked for it."""
        named = self._file.service.notify
        if named is None:
            used = {channel_id for watch in watches for channel_id in watch.channels}
            return tuple(channel.id for channel in channels if channel.id in used)
        if not named:
            self._faults.warnings.append("service: notify is empty; nobody hears when sources, network or canary fail")
        return tuple(dict.fromkeys(named))
