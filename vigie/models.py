"""The configuration file as pydantic reads it: its keys, their forms and their defaults.

Every key is documented in ``docs/configuration.md``; a test holds the two together. Unknown keys are
errors, because a key nobody reads is an alert that nobody gets.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from alerts.holding import LONGEST_COOLDOWN
from storage.types import Digest, QuietHours, Status
from vigie.durations import parse_duration
from vigie.hours import parse_digest, parse_quiet_hours


def _duration(value: Any) -> Any:
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, timedelta):
        return value
    raise ValueError(f"{value} is not a duration; write a number and a unit in quotation marks, such as '15m'")


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("line breaks and control characters cannot stand here; write it on one line")
    return value


def _some(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise ValueError("the list is empty; name at least one")
    return values


def _path(value: str) -> str:
    if not value.strip() or "\x00" in value:
        raise ValueError(f"{value!r} is not the name of a file or folder")
    return value


def _web_address(value: str) -> str:
    if not value.isprintable() or " " in value:
        raise ValueError(f"{value!r} is not a web address; it holds a blank or a line break")
    try:
        parts = urlsplit(value)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError as error:
        raise ValueError(f"{value!r} is not a web address ({error})") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_fine:
        raise ValueError(f"{value!r} is not a web address; write it like 'https://example.org/feed.xml'")
    if parts.username is not None:
        raise ValueError("a web address must not carry a user name or password")
    return value


def _identifier(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", value):
        raise ValueError(f"{value!r} is not an id; use lower-case letters, digits, '-', '_' and '.', at most 64")
    return value


def _time_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"{value!r} is not a time zone; write a name such as 'Europe/Paris' or 'Africa/Bamako'")
    return value


def _hours(value: Any) -> Any:
    if isinstance(value, str):
        return parse_quiet_hours(value)
    raise ValueError(f"{value} are no quiet hours; write them like '22:00-07:00' or 'mon-fri 22:00-07:00'")


def _digest(value: Any) -> Any:
    if isinstance(value, str):
        return parse_digest(value)
    raise ValueError(f"{value} is no digest; write 'hourly', 'daily' or a time such as '08:00'")


def _cooldown(value: timedelta) -> timedelta:
    if not timedelta(0) < value <= LONGEST_COOLDOWN:
        raise ValueError("a cooldown lasts from one second to 24 hours; write '2h'")
    return value


def _pair(value: Any) -> Any:
    """Read ``["FRA", "MLI"]`` and ``"FRA-MLI"`` alike."""
    if isinstance(value, str):
        value = re.split(r"\s*(?:-|/|<->|↔)\s*", value.strip())
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
WebAddress = Annotated[str, BeforeValidator(lambda value: _web_address(value) if isinstance(value, str) else value)]
Identifier = Annotated[str, BeforeValidator(lambda value: _identifier(value) if isinstance(value, str) else value)]
TimeZone = Annotated[str, BeforeValidator(lambda value: _time_zone(value) if isinstance(value, str) else value)]
Hours = Annotated[QuietHours, BeforeValidator(_hours)]
DigestTimes = Annotated[Digest, BeforeValidator(_digest)]
#: flags and numbers are written as such: text is never turned into them
Flag = Annotated[bool, Field(strict=True)]
Severity = Annotated[int, Field(strict=True, ge=1, le=5)]
OneLine = Annotated[str, AfterValidator(_one_line)]
FilePath = Annotated[str, AfterValidator(_path)]
Actor = Annotated[str, Field(pattern=r"^(?:[A-Z]{3}|UN|EU|AU|ECOWAS|AES)$")]
Pair = Annotated[tuple[Actor, Actor], BeforeValidator(_pair)]
Language = Literal["fr", "en"]


class Table(BaseModel):
    """A table of the file: no unknown keys, no silent conversions of text to numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Service(Table):
    """``[service]``: where Vigie keeps its data and how it is reached."""

    data_dir: FilePath = "vigie-data"
    listen: str = Field(default="127.0.0.1:8470", pattern=r"^(\[[0-9a-fA-F:.]+\]|[^:\[\]]+):\d{1,5}$")
    public_url: WebAddress | None = None
    #: a proxy in front speaks TLS
    behind_tls: Flag = False
    certificate: FilePath | None = None
    key_file: FilePath | None = None
    trusted_proxies: tuple[str, ...] = ()
    timezone: TimeZone = "Europe/Paris"
    language: Language = "fr"
    contact: OneLine | None = None
    catalogue: Flag = False
    #: channels that hear of sources, the network and the canary; None: those that watches use
    notify: tuple[str, ...] | None = None
    websub: Flag = True
    #: how often a synthetic article goes through the service; 0s: never
    canary: Duration = timedelta(hours=1)
    #: how far back the page's period "one shift" goes
    shift: Duration = timedelta(hours=8)
    heartbeat_url: str | None = Field(default=None, repr=False)
    heartbeat_url_file: FilePath | None = None
    heartbeat_interval: Duration = timedelta(minutes=5)


class Network(Table):
    """``[network]``: how Vigie presents itself and where it may connect."""

    user_agent: OneLine | None = Field(default=None, min_length=3, max_length=300)
    allow_cidrs: tuple[str, ...] = ()
    proxy: WebAddress | None = None
    chromium: FilePath | None = None
    delay: Duration | None = None


class Detection(Table):
    """``[detection]``: what finds acts in texts beside the built-in rules."""

    #: folders of rule files, or single files
    rules: tuple[FilePath, ...] = ()


class SourceTable(Table):
    """``[[source]]``: an outlet to read, or a change to one of the built-in catalogue."""

    id: Identifier
    name: str | None = None
    url: WebAddress | None = None
    feeds: tuple[WebAddress, ...] | None = None
    sitemaps: tuple[WebAddress, ...] | None = None
    sections: tuple[WebAddress, ...] | None = None
    language: str | None = Field(default=None, pattern=r"^[a-z]{2}$")
    country: Actor | None = None
    state_affiliation: str | None = None
    poll: Duration | None = None
    full_text: Flag | None = None
    javascript: Flag | None = None
    enabled: Flag | None = None


class WatchTable(Table):
    """``[[watch]]``: what people want to be told."""

    id: Identifier
    name: str | None = None
    query: str | None = None
    pairs: tuple[Pair, ...] = ()
    types: tuple[str, ...] = ()
    min_severity: Severity = 2
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.3
    statuses: Annotated[tuple[Status, ...], AfterValidator(_some)] = (Status.ASSERTED,)
    sources: tuple[str, ...] = ()
    languages: tuple[Annotated[str, Field(pattern=r"^[a-z]{2}$")], ...] = ()
    channels: tuple[str, ...] = ()
    max_age: Duration | None = None
    quiet_hours: Hours | None = None
    digest: DigestTimes | None = None
    cooldown: Annotated[Duration, AfterValidator(_cooldown)] | None = None
    timezone: TimeZone | None = None
    #: a grave alert that nobody acknowledged for so long goes to ``escalate_to`` as well
    escalate_after: Duration | None = None
    escalate_to: tuple[str, ...] = ()


class ChannelTable(Table):
    """What every ``[[channel]]`` has."""

    id: Identifier
    language: Language | None = None
    min_severity: Severity = 1


class EmailTable(ChannelTable):
    """``[[channel]]`` with ``type = "email"``."""

    type: Literal["email"]
    host: str = Field(min_length=1, validation_alias=AliasChoices("host", "smtp_host"))
    port: int | None = Field(
        default=None, strict=True, ge=1, le=65535, validation_alias=AliasChoices("port", "smtp_port")
    )
    tls: Literal["none", "starttls", "tls"] | None = None
    username: str | None = None
    password: str | None = None
    password_file: FilePath | None = None
    sender: str = Field(validation_alias=AliasChoices("sender", "from"))
    recipients: Annotated[tuple[str, ...], AfterValidator(_some)] = Field(
        validation_alias=AliasChoices("recipients", "to")
    )

    @model_validator(mode="before")
    @classmethod
    def _one_recipient(cls, data: Any) -> Any:
        if isinstance(data, dict):
            for key in ("recipients", "to"):
                if isinstance(data.get(key), str):
                    data = {**data, key: (data[key],)}
        return data


class WebhookTable(ChannelTable):
    """``[[channel]]`` with ``type = "webhook"``."""

    type: Literal["webhook"]
    url: WebAddress
    secret: str | None = None
    secret_file: FilePath | None = None
    #: the key before a rotation: messages carry both signatures
    previous_secret: str | None = None
    previous_secret_file: FilePath | None = None


class AppriseTable(ChannelTable):
    """``[[channel]]`` with ``type = "apprise"``."""

    type: Literal["apprise"]
    #: ``env:NAME``, one or several: each address of a service is a secret
    urls: Annotated[tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)] = ()
    urls_file: FilePath | None = None


class Delivery(Table):
    """``[delivery]``: how hard an alert tries to arrive."""

    webhook_retries: tuple[Duration, ...] | None = None
    email_retries: tuple[Duration, ...] | None = None
    webhook_horizon: Duration | None = None
    email_horizon: Duration | None = None
    webhook_deadline: Duration | None = None
    email_deadline: Duration | None = None
    apprise_deadline: Duration | None = None
    rate: int | None = Field(default=None, strict=True, ge=1, le=10_000)
    group_wait: Duration = timedelta(0)
    group_interval: Duration = timedelta(0)
    storm_limit: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    storm_window: Duration | None = None


class Retention(Table):
    """``[retention]``: how long Vigie keeps what it read."""

    evidence: Duration = timedelta(days=365)
    attempts: Duration = timedelta(days=90)
    backups: int = Field(default=7, strict=True, ge=1, le=365)


class ConfigurationFile(Table):
    """The whole file."""

    service: Service = Service()
    network: Network = Network()
    detection: Detection = Detection()
    source: tuple[SourceTable, ...] = ()
    watch: tuple[WatchTable, ...] = ()
    channel: tuple[Annotated[EmailTable | WebhookTable | AppriseTable, Field(discriminator="type")], ...] = ()
    delivery: Delivery = Delivery()
    retention: Retention = Retention()
