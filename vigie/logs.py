"""Logging, set up once: a line an event on standard error, for people on a terminal, JSON elsewhere."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


def set_up(*, verbose: bool) -> None:
    """Send every library's log through one formatter."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _escape_control_characters,
    ]
    on_terminal = sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=True)
        if on_terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    last = [renderer] if on_terminal else [structlog.processors.format_exc_info, renderer]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    # What these say at INFO is of use to their own developers only.
    for noisy in (
        "apscheduler",
        "asyncio",
        "mail.log",
        "uvicorn",
        "aiohttp.access",
        "urllib3",
        "trafilatura",
        "htmldate",
    ):
        logging.getLogger(noisy).setLevel(logging.INFO if verbose else logging.WARNING)


def _escape_control_characters(
    _logger: Any, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Keep what the press sends from drawing on the terminal or faking a log line."""
    event["event"] = _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", str(event.get("event", "")))
    return event
