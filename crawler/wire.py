"""The messages between the owner and the crawler process: one JSON object a line.

The owner writes one ``settings`` line, then ``poll`` and ``fetch`` orders; the crawler answers each order
once, says ``alive`` in between and tells of each ``hold`` that a host asks for. Bytes travel as base64. Lone
surrogates, which UTF-8 cannot carry, are replaced by U+FFFD.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from crawler.errors import WireError
from crawler.settings import CrawlerSettings
from storage.types import FetchOrder, FetchResult, HostHold, PollOrder, PollResult

Order: TypeAlias = PollOrder | FetchOrder
Result: TypeAlias = PollResult | FetchResult

#: longest line either side accepts, in bytes; a page of 16 MiB in base64 fits
MAX_LINE = 64 * 1024 * 1024

_Envelope = TypeVar("_Envelope")

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive:
    """The crawler's sign of life between answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    kind: Literal["settings"] = "settings"
    message: CrawlerSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class _PollOrder:
    kind: Literal["poll"] = "poll"
    message: PollOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class _FetchOrder:
    kind: Literal["fetch"] = "fetch"
    message: FetchOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class _PollResult:
    kind: Literal["poll"] = "poll"
    message: PollResult


@dataclass(frozen=True, slots=True, kw_only=True)
class _FetchResult:
    kind: Literal["fetch"] = "fetch"
    message: FetchResult


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alive:
    kind: Literal["alive"] = "alive"
    message: Alive


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hold:
    kind: Literal["hold"] = "hold"
    message: HostHold


_CONFIG = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="null")
_TO_CRAWLER: TypeAdapter[_Settings | _PollOrder | _FetchOrder] = TypeAdapter(
    Annotated[_Settings | _PollOrder | _FetchOrder, Field(discriminator="kind")], config=_CONFIG
)
_TO_OWNER: TypeAdapter[_PollResult | _FetchResult | _Alive | _Hold] = TypeAdapter(
    Annotated[_PollResult | _FetchResult | _Alive | _Hold, Field(discriminator="kind")], config=_CONFIG
)


def encode(message: CrawlerSettings | Order | Result | Alive | HostHold) -> bytes:
    """Return ``message`` as one line of UTF-8 JSON with its line end."""
    try:
        return _dump(message)
    except PydanticSerializationError:
        return _dump(_without_surrogates(message))


def decode_settings(line: bytes) -> CrawlerSettings:
    """Read the line the owner writes first.

    Raises:
        WireError: it is no settings line.
    """
    envelope = _load(_TO_CRAWLER, line)
    if not isinstance(envelope, _Settings):
        raise WireError(f"the first line must hold the settings, not a {envelope.kind} order")
    return envelope.message


def decode_order(line: bytes) -> Order:
    """Read one order.

    Raises:
        WireError: the line is no order.
    """
    envelope = _load(_TO_CRAWLER, line)
    if isinstance(envelope, _Settings):
        raise WireError("settings are read once, as the first line; an order was expected")
    return envelope.message


def decode_result(line: bytes) -> Result | Alive | HostHold:
    """Read one answer, the crawler's sign of life, or its word of a host that asked for patience.

    Raises:
        WireError: the line is none of them.
    """
    return _load(_TO_OWNER, line).message


def _dump(message: CrawlerSettings | Order | Result | Alive | HostHold) -> bytes:
    match message:
        case PollOrder() | FetchOrder() | CrawlerSettings():
            return _TO_CRAWLER.dump_json(_incoming(message)) + b"\n"
        case PollResult():
            return _TO_OWNER.dump_json(_PollResult(message=message)) + b"\n"
        case FetchResult():
            return _TO_OWNER.dump_json(_FetchResult(message=message)) + b"\n"
        case Alive():
            return _TO_OWNER.dump_json(_Alive(message=message)) + b"\n"
        case HostHold():
            return _TO_OWNER.dump_json(_Hold(message=message)) + b"\n"


def _incoming(message: CrawlerSettings | Order) -> _Settings | _PollOrder | _FetchOrder:
    match message:
        case PollOrder():
            return _PollOrder(message=message)
        case FetchOrder():
            return _FetchOrder(message=message)
        case CrawlerSettings():
            return _Settings(message=message)


def _load(adapter: TypeAdapter[_Envelope], line: bytes) -> _Envelope:
    try:
        return adapter.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "line"
        raise WireError(f"not a message of the crawler: {place}: {first['msg']}: {line[:80]!r}") from error


def _without_surrogates(value: Any) -> Any:
    """Return ``value`` with U+FFFD for every lone surrogate, down to the last field."""
    if isinstance(value, str):
        # str subclasses (enumerations) never hold a surrogate and must keep their type.
        return _SURROGATE.sub("\ufffd", value) if type(value) is str else value
    if isinstance(value, tuple):
        return tuple(_without_surrogates(part) for part in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (field.name for field in dataclasses.fields(value))
        return dataclasses.replace(value, **{name: _without_surrogates(getattr(value, name)) for name in fields})
    return value
