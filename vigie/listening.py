"""Where the page may listen: on this machine as it is, elsewhere only with accounts and TLS."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from review.server import Tls
from vigie.errors import ConfigurationError, Problem
from vigie.models import Service


class Refusal(StrEnum):
    """Why the page does not listen; the text is the cure."""

    PLAIN = (
        "is reachable from elsewhere, where the login needs TLS and an account with a password: give certificate = "
        '"…" and key_file = "…", or, where a proxy in front speaks TLS, behind_tls = true (or --behind-tls), and make '
        "an account, 'vigie user add NAME'; or listen on 127.0.0.1"
    )
    NAMELESS = (
        "takes every address of this machine, so say under which one people reach the page: "
        'public_url = "https://vigie.example.org"'
    )
    NO_ACCOUNT = (
        "is reachable from elsewhere, and nobody can log in yet; make the first account, 'vigie user add NAME', "
        "or listen on 127.0.0.1"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What the configuration says about it."""

    host: str
    #: a certificate of our own
    tls: Tls | None = None
    #: a proxy in front speaks TLS
    behind_tls: bool = False
    #: networks of proxies that are believed
    trusted_proxies: tuple[str, ...] = ()
    #: whether ``public_url`` was given
    named: bool = False
    #: line of ``listen`` in the file
    line: int | None = None

    @property
    def local(self) -> bool:
        """Whether only this machine reaches it."""
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def secure(self) -> bool:
        """Whether browsers reach it over TLS."""
        return self.behind_tls or self.tls is not None


def judge(listening: Listening, *, accounts: bool) -> Refusal | None:
    """Return why the page may not listen so, or None.

    Args:
        listening: where, and how it is protected.
        accounts: whether somebody can log in.
    """
    if listening.local:
        return None
    if not listening.secure:
        return Refusal.PLAIN
    if not listening.named and listening.host in {"0.0.0.0", "::"}:  # noqa: S104 (refused)
        return Refusal.NAMELESS
    return None if accounts else Refusal.NO_ACCOUNT


def check_listening(listening: Listening, path: Path | None, *, accounts: bool) -> None:
    """Refuse to listen where it is not safe.

    Args:
        listening: where, and how it is protected.
        path: the configuration file, for messages.
        accounts: whether somebody can log in.

    Raises:
        ConfigurationError: says what is missing.
    """
    refusal = judge(listening, accounts=accounts)
    if refusal is not None:
        message = f"{listening.host!r} {refusal}"
        raise ConfigurationError(path, (Problem(key="service.listen", message=message, line=listening.line),))


def build_listening(table: Service, base: Path, *, line: int | None, with_secrets: bool) -> Listening:
    """Return what ``[service]`` says about it.

    Args:
        table: ``[service]``.
        base: the folder that relative paths start from.
        line: of ``listen``.
        with_secrets: False leaves certificate and key unread.

    Raises:
        ConfigurationError: certificate and key cannot be used; keys are relative to the table.
    """
    problems = [
        Problem(key="trusted_proxies", message=f"{text!r} is not an address or network ({error}); write '10.1.0.7'")
        for text in table.trusted_proxies
        if (error := _no_network(text)) is not None
    ]
    tls = None
    if table.key_file is not None and table.certificate is None:
        problems.append(Problem(key="key_file", message='a key needs its certificate: certificate = "fullchain.pem"'))
    elif table.certificate is not None:
        tls = Tls(
            certificate=base / table.certificate,
            key=None if table.key_file is None else base / table.key_file,
        )
        problems += _unusable(tls) if with_secrets else []
    if problems:
        raise ConfigurationError(None, tuple(problems))
    return Listening(
        host=table.listen.rpartition(":")[0].strip("[]"),
        tls=tls,
        behind_tls=table.behind_tls,
        trusted_proxies=table.trusted_proxies,
        named=table.public_url is not None,
        line=line,
    )


def _no_network(text: str) -> ValueError | None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        return error
    return None


def _unusable(tls: Tls) -> list[Problem]:
    files = {"certificate": tls.certificate} | ({} if tls.key is None else {"key_file": tls.key})
    missing = [Problem(key=key, message=f"{path} is not there") for key, path in files.items() if not path.is_file()]
    if missing:
        return missing
    key, secret = list(files.items())[-1]
    if secret.stat().st_mode & 0o007:
        return [Problem(key=key, message=f"{secret} can be read by everybody here; 'chmod o-rwx {secret}'")]
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(tls.certificate, tls.key, password="")
    except (OSError, ValueError) as error:
        message = f"cannot be used ({error}); give the chain of certificates and the key as PEM, without a password"
        return [Problem(key="certificate", message=message)]
    return []
