"""Channels and delivery settings from their tables; secrets come from files or the environment only."""

from __future__ import annotations

import base64
import ipaddress
import os
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from alerts.errors import ChannelError
from alerts.settings import AppriseChannel, Channel, DeliverySettings, EmailChannel, WebhookChannel
from vigie.errors import ConfigurationError, Problem
from vigie.models import AppriseTable, Delivery, EmailTable, WebhookTable

#: settings of delivery that the file calls otherwise
_WRITTEN_AS = {"webhook_total": "webhook_deadline", "smtp_total": "email_deadline", "apprise_total": "apprise_deadline"}
_PORTS = {"none": 25, "starttls": 587, "tls": 465}


def build_channel(
    table: EmailTable | WebhookTable | AppriseTable,
    *,
    base: Path,
    language: Literal["fr", "en"],
    allow_cidrs: tuple[str, ...],
    with_secrets: bool = True,
) -> Channel:
    """Build a channel.

    Args:
        table: the checked table.
        base: the folder relative paths start from.
        language: for a channel that states none.
        allow_cidrs: private networks a webhook or a service may call.
        with_secrets: False leaves the secrets where they are; the channel then carries random ones, fit for nothing.

    Raises:
        ConfigurationError: a secret is missing or the settings cannot work; keys are relative to the table.
    """
    try:
        if isinstance(table, EmailTable):
            return _email(table, base, language, with_secrets=with_secrets)
        if isinstance(table, AppriseTable):
            return _apprise(table, base, language, allow_cidrs, with_secrets=with_secrets)
        return _webhook(table, base, language, allow_cidrs, with_secrets=with_secrets)
    except ChannelError as error:
        raise _in_the_file(error, error.key) from error


def _email(table: EmailTable, base: Path, language: Literal["fr", "en"], *, with_secrets: bool) -> EmailChannel:
    tls = table.tls or ("tls" if table.port == 465 else "none" if _is_loopback(table.host) else "starttls")
    return EmailChannel(
        id=table.id,
        language=table.language or language,
        min_severity=table.min_severity,
        host=table.host,
        port=table.port or _PORTS[tls],
        tls=tls,
        username=table.username,
        password=_secret("password", table.password, table.password_file, base, with_secrets=with_secrets),
        sender=table.sender,
        recipients=table.recipients,
    )


def _webhook(
    table: WebhookTable, base: Path, language: Literal["fr", "en"], allow_cidrs: tuple[str, ...], *, with_secrets: bool
) -> WebhookChannel:
    secret = _secret("secret", table.secret, table.secret_file, base, with_secrets=with_secrets)
    if secret is None:
        cure = (
            'alerts are signed: name the file that holds the key, secret_file = "webhook.key", or secret = "env:NAME"'
        )
        raise _problem("secret_file", cure)
    previous = _secret(
        "previous_secret", table.previous_secret, table.previous_secret_file, base, with_secrets=with_secrets
    )
    return WebhookChannel(
        id=table.id,
        language=table.language or language,
        min_severity=table.min_severity,
        url=table.url,
        secrets=(secret,) if previous is None else (secret, previous),
        allow_cidrs=allow_cidrs,
    )


def _apprise(
    table: AppriseTable, base: Path, language: Literal["fr", "en"], allow_cidrs: tuple[str, ...], *, with_secrets: bool
) -> AppriseChannel:
    if bool(table.urls) == (table.urls_file is not None):
        either = (
            'name the file that holds the addresses, urls_file = "chats.txt", or the variables, urls = ["env:NAME"]'
        )
        raise _problem("urls", "give urls or urls_file, not both" if table.urls else either)
    keys = table.urls or (None,)
    texts = [_secret("urls", key, table.urls_file, base, with_secrets=with_secrets) or "" for key in keys]
    # Without secrets nothing is sent, so that no name of an address is needed either.
    urls = tuple(url for text in texts for url in _addresses(text)) if with_secrets else ("unknown://unknown",)
    return AppriseChannel(
        id=table.id,
        language=table.language or language,
        min_severity=table.min_severity,
        urls=urls,
        allow_cidrs=allow_cidrs,
    )


def _addresses(text: str) -> Iterator[str]:
    """Yield one address a line; blank lines and those that begin with # are left out."""
    for line in text.splitlines():
        if (address := line.strip()) and not address.startswith("#"):
            yield address


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
        "apprise_total": table.apprise_deadline,
        "rate": table.rate,
        "group_wait": table.group_wait,
        "storm_limit": table.storm_limit,
        "storm_window": table.storm_window,
    }
    given = {key: value for key, value in changes.items() if value is not None}
    try:
        longest = max(given.get(key, timedelta(0)) for key in _WRITTEN_AS)
        defaults = DeliverySettings()
        lease = max(defaults.lease, longest + timedelta(minutes=5))
        return replace(defaults, lease=lease, **given)
    except ChannelError as error:
        key = _WRITTEN_AS.get(error.key, error.key)
        raise _in_the_file(error, key) from error


def build_address(
    key: str, value: str | None, file: str | None, base: Path, *, with_secrets: bool = True
) -> str | None:
    """Return an address that is a secret when it holds one: written plainly, as ``env:NAME``, or in a file.

    Without secrets, one that stands elsewhere is None.

    Raises:
        ConfigurationError: it cannot be had, or is no web address.
    """
    if value is not None and file is None and not value.startswith("env:"):
        address, where = value, key
    else:
        found = _secret(key, value, file, base, with_secrets=with_secrets)
        if found is None or not with_secrets:
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


def _secret(key: str, value: str | None, file: str | None, base: Path, *, with_secrets: bool) -> str | None:
    """Return a secret from ``<key>_file`` or from ``<key> = "env:NAME"``; it is never written in the file itself."""
    if value is not None and file is not None:
        raise _problem(key, f"give {key} or {key}_file, not both")
    if file is not None:
        if not with_secrets:
            return _stand_in()
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
    if not with_secrets:
        return _stand_in()
    if not os.environ.get(name):
        raise _problem(key, f"the environment variable {name} is not set; export it, or use {key}_file")
    return os.environ[name].strip()


def _stand_in() -> str:
    """Return a key that nobody knows: should it ever sign anything, nobody could have forged it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _problem(key: str, message: str) -> ConfigurationError:
    return ConfigurationError(None, (Problem(key=key, message=message),))
