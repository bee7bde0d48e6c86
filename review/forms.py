"""Forms that change something: who may send them, and how what they send is read.

A page gives the browser a random cookie, and its forms a token that belongs to this cookie (HMAC-SHA256 under a key of
the running service); only a page of ours can show a form whose token fits. Beside that a browser that says where a
form comes from (``Sec-Fetch-Site``, ``Origin``) must name us.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from fastapi import Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

FORM_COOKIE = "vigie_form"
NAME_COOKIE = "vigie_name"
TOKEN_FIELD = "token"  # noqa: S105 (the name of a field)
#: bytes of a form, unless its page expects more
LARGEST_FORM = 16 * 1024
#: fields of a form; a bulk change has a box for each row
MOST_FIELDS = 1_100
#: seconds a form may take to arrive
FORM_DEADLINE = 10.0
#: characters of a name or a reason
LONGEST_NAME, LONGEST_REASON = 80, 300

_SEED = re.compile(r"[0-9a-f]{32}", re.ASCII)
_YEAR = 365 * 24 * 3600


class Fields(Mapping[str, str]):
    """What a form sent: the last value of each name, and all of them where a name stands several times."""

    def __init__(self, pairs: list[tuple[str, str]] | None = None) -> None:
        self._pairs = pairs or []
        self._last = dict(self._pairs)

    def __getitem__(self, name: str) -> str:
        return self._last[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._last)

    def __len__(self) -> int:
        return len(self._last)

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a name, such as the boxes that were ticked, in the order of the form."""
        return tuple(value for key, value in self._pairs if key == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """Makes and checks the tokens of one running service."""

    #: host names that are ours, lower case
    hosts: frozenset[str]
    #: the page is reached over TLS: cookies travel nowhere else, and no other host can set them
    secure: bool = False
    #: dies with the process: a form that outlives a restart is asked for once more
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    @property
    def cookie(self) -> str:
        """Name of the cookie behind the tokens."""
        return host_cookie(FORM_COOKIE, secure=self.secure)

    def seed(self, request: Request) -> str:
        """Return the random value behind a browser's tokens, a new one when it has none yet."""
        known = request.cookies.get(self.cookie, "")
        return known if _SEED.fullmatch(known) else secrets.token_hex(16)

    def token(self, seed: str) -> str:
        """Return the token of a browser's forms."""
        return hmac.new(self.key, seed.encode(), hashlib.sha256).hexdigest()

    def keep(self, request: Request, response: Response, seed: str, name: str | None = None) -> None:
        """Give the browser its random value, and the name of who used the form to remember."""
        if request.cookies.get(self.cookie) != seed:
            response.set_cookie(self.cookie, seed, httponly=True, samesite="lax", secure=self.secure)
        if name:
            response.set_cookie(
                NAME_COOKIE, quote(name), max_age=_YEAR, httponly=True, samesite="lax", secure=self.secure
            )

    def renew(self, response: Response) -> None:
        """Give the browser another random value, so that the tokens of its forms begin anew."""
        response.set_cookie(self.cookie, secrets.token_hex(16), httponly=True, samesite="lax", secure=self.secure)

    def accepts(self, request: Request, fields: Mapping[str, str]) -> bool:
        """Whether a form was sent from a page of ours."""
        if not self.from_here(request):
            return False
        seed = request.cookies.get(self.cookie, "")
        return bool(_SEED.fullmatch(seed)) and hmac.compare_digest(
            self.token(seed).encode(), fields.get(TOKEN_FIELD, "").encode("utf-8", "replace")
        )

    def from_here(self, request: Request) -> bool:
        """Whether nothing says that a request comes from a page of another site."""
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return False
        origin = request.headers.get("origin")
        return origin is None or self._ours(origin)

    def _ours(self, origin: str) -> bool:
        try:
            host = urlsplit(origin).hostname or ""
        except ValueError:
            return False
        return (f"[{host}]" if ":" in host else host) in self.hosts


def host_cookie(name: str, *, secure: bool) -> str:
    """Return the name of a cookie that only this host can set, where the page is reached over TLS (RFC 6265bis)."""
    return f"__Host-{name}" if secure else name


def remembered_name(request: Request) -> str:
    """Return the name that the browser's user gave last."""
    return one_line(unquote(request.cookies.get(NAME_COOKIE, "")), LONGEST_NAME)


def one_line(text: str, longest: int) -> str:
    """Return a field as one line of printable characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:longest].strip()


def safe_path(text: str) -> str | None:
    r"""Return an address of ours that a form may lead back to, or None for whatever could lead elsewhere.

    Browsers read ``//host`` and ``/\host`` as another site and drop tabs and line ends (WHATWG URL, section 4.4).
    """
    usable = len(text) <= LARGEST_FORM and text.isprintable() and not set(text) & {"\\", " "}
    return text if usable and text.startswith("/") and not text.startswith("//") else None


async def read_form(request: Request, *, largest: int = LARGEST_FORM) -> Fields | None:
    """Return the fields of a form; None for what is no form, too large (in bytes) or too slow.

    Only ``application/x-www-form-urlencoded`` is read: another site's script could send no other form without
    asking, but it could send JSON dressed up as plain text.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return None
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(FORM_DEADLINE):
            async for piece in request.stream():
                size += len(piece)
                if size > largest:
                    return None
                pieces.append(piece)
        text = b"".join(pieces).decode("ascii")
        return Fields(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace"))
    except (TimeoutError, ClientDisconnect, ValueError):
        return None
