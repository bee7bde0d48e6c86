"""Channels and delivery settings from their tables; secrets come from files or the environment only."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from alerts.errors import ChannelError
from alerts.settings import Channel, DeliverySettings, EmailChannel, WebhookChannel
from vigie.errors import ConfigurationError, Problem
from vigie.models import Delivery, EmailTable, WebhookTable

#: settings of delivery that the file calls otherwise
_WRITTEN_AS = {"webhook_total": "webhook_deadline", "smtp_total": "email_deadline"}
_PORTS = {"none": 25, "starttls": 587, "tls": 465}


def build_channel(
    table: EmailTable | WebhookTable, *, base: Path, language: Literal["fr", "en"], allow_cidrs: tuple[str, ...]
) -> Channel:
    """Build a channel.

    Args:
        table: the checked table.
        base: the folder relative paths start from.
        language: for a channel that states none.
        allow_cidrs: private networks a webhook may call.

    Raises:
        ConfigurationError: a secret is missing or the settings cannot work; keys are relative to the table.
    """
    try:
        if isinstance(table, EmailTable):
            return _email(table, base, language)
        return _webhook(table, base, language, allow_cidrs)
    except ChannelError as error:
        raise _in_the_file(error, error.key) from error


def _email(table: EmailTable, base: Path, language: Literal["fr", "en"]) -> EmailChannel:
    tls = table.tls or ("tls" if table.port == 465 else "none" if _is_loopback(table.host) else "starttls")
    return EmailChannel(
        id=table.id,
        language=table.language or language,
        min_severity=table.min_severity,
        host=table.host,
        port=table.port or _PORTS[tls],
        tls=tls,
        username=table.username,
        password=_secret("password", table.password, table.password_file, base),
        sender=table.sender,
        recipients=table.recipients,
    )


def _webhook(
    table: WebhookTable, base: Path, language: Literal["fr", "en"], allow_cidrs: tuple[str, ...]
) -> WebhookChannel:
    secret = _secret("secret", table.secret, table.secret_file, base)
    if secret is None:
        cure = (
            'alerts are signed: name the file that holds the key, secret_file = "webhook.key", or secret = "env:NAME"'
        )
        raise _problem("secret_file", cure)
    previous = _secret("previous_secret", table.previous_secret, table.previous_secret_file, base)
    return WebhookChannel(
        id=table.id,
        language=table.language or language,
        min_severity=table.min_severity,
        url=table.url,
        secrets=(secret,) if previous is None else (secret, previous),
        allow_cidrs=allow_cidrs,
    )


def build_delivery(table: Delivery) -> DeliverySettings:
    """Build delivery settings; what the table leaves out keeps its default.

    Raises:
        ConfigurationError: values that contradict each other.
    """
    changes: dict[str, Any] = {
        "webhook_retries": table.webhook_retries,
        "email_retries": table.email_retries,
        "webhook_horizon": table.webhook_horizon,
        "email_horizon": table.email_horizon,
        "webhook_total": table.webhook_deadline,
        "smtp_total": table.email_deadline,
        "group_wait": table.group_wait,
    }
    given = {key: value for key, value in changes.items() if value is not None}
    try:
        longest = max(given.get("webhook_total", timedelta(0)), given.get("smtp_total", timedelta(0)))
        defaults = DeliverySettings()
        lease = max(defaults.lease, longest + timedelta(minutes=5))
        return replace(defaults, lease=lease, **given)
    except ChannelError as error:
        key = _WRITTEN_AS.get(error.key, error.key)
        raise _in_the_file(error, key) from error


def build_address(key: str, value: str | None, file: str | None, base: Path) -> str | None:
    """Return an address that is a secret when it holds one: written plainly, as ``env:NAME``, or in a file.

    Raises:
        ConfigurationError: it cannot be had, or is no web address.
    """
    if value is not None and file is None and not value.startswith("env:"):
        address, where = value, key
    else:
        found = _secret(key, value, file, base)
        if found is None:
            return None
        address, where = found, key if file is None else f"{key}_file"
    try:
        parts = urlsplit(address)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not address.isprintable() or " " in address or "@" in urlsplit(address).netloc:
        # The address itself is not repeated: it may be the secret.
        raise _problem(where, "this is not a web address; write it like 'https://hc-ping.com/your-uuid'")
    return address


def _in_the_file(error: ChannelError, key: str) -> ConfigurationError:
    """Name a key as the file does; its place is told by the caller, once."""
    return _problem(key, str(error).removeprefix(f"{error.where}: {error.key}: "))


def _secret(key: str, value: str | None, file: str | None, base: Path) -> str | None:
    """Return a secret from ``<key>_file`` or from ``<key> = "env:NAME"``; it is never written in the file itself."""
    if value is not None and file is not None:
        raise _problem(key, f"give {key} or {key}_file, not both")
    if file is not None:
        try:
            text = (base / file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not text"
            raise _problem(
                f"{key}_file", f"{file!r} cannot be read ({reason}); create it, readable by you alone"
            ) from error
        if not text:
            raise _problem(f"{key}_file", f"{file!r} is empty; put the secret in it")
        return text
    if value is None:
        return None
    name = value.removeprefix("env:")
    if name == value:
        raise _problem(key, f'a secret is never written in this file; use {key}_file = "path" or {key} = "env:NAME"')
    if not name:
        raise _problem(key, f'name the environment variable: {key} = "env:NAME"')
    if not os.environ.get(name):
        raise _problem(key, f"the environment variable {name} is not set; export it, or use {key}_file")
    return os.environ[name].strip()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _problem(key: str, message: str) -> ConfigurationError:
    return ConfigurationError(None, (Problem(key=key, message=message),))
