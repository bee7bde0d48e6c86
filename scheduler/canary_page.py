"""The synthetic article: its words, its page, and the server on loopback that shows it while a canary flies.

The port is reserved for as long as the service runs, and listened on only while it is needed: nobody else can put
a server behind the one loopback address that the crawler may ask.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from crawler.settings import CANARY_HOST

#: source that canaries are stored under, in a transaction that is rolled back
SOURCE_ID = "vigie-canary"
TITLE = "La France expulse deux diplomates maliens"
_PARAGRAPHS = (
    "La France a expulsé lundi deux diplomates maliens, a annoncé le ministère français des Affaires étrangères à "
    "Paris. Cet article est un exercice : il vérifie toutes les heures que la veille voit ce qu’elle doit voir.",
    "Les deux agents disposent de quarante-huit heures pour quitter le territoire. Leur nom n’est pas connu, et pour "
    "cause : ils n’existent pas, pas plus que le communiqué dont il est question ici.",
    "L’exercice porte le numéro {token}. Il passe par les mêmes étapes qu’un article de presse, de la lecture de la "
    "page à la décision d’alerter, puis tout ce qu’il a écrit est effacé.",
    "Si une seule de ces étapes venait à manquer, les personnes d’astreinte en seraient averties, et le signal envoyé "
    "au dehors cesserait de partir.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryPage:
    """One synthetic article."""

    #: what nobody else can know: part of its address and of its text
    token: str
    published_at: datetime

    @property
    def path(self) -> str:
        """Where it stands on the server."""
        return f"/{self.token}.html"

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """Its text."""
        return tuple(paragraph.format(token=self.token) for paragraph in _PARAGRAPHS)

    def html(self) -> str:
        """Return the page, with the structured data that news sites give (schema.org NewsArticle)."""
        facts = {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": TITLE,
            "datePublished": self.published_at.isoformat(),
            "author": {"@type": "Organization", "name": "Vigie"},
        }
        body = "".join(f"<p>{paragraph}</p>" for paragraph in self.paragraphs)
        return (
            f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{TITLE}</title>'
            f'<script type="application/ld+json">{json.dumps(facts)}</script></head>'
            f"<body><main><article><h1>{TITLE}</h1>{body}</article></main></body></html>"
        )


def new_page(now: datetime) -> CanaryPage:
    """Return a fresh article."""
    return CanaryPage(token=secrets.token_hex(16), published_at=now)


class Perch:
    """The reserved port, and the server that stands on it for a while."""

    def __init__(self) -> None:
        self._reserved = _bound(0)
        self.port: int = self._reserved.getsockname()[1]

    def url(self, page: CanaryPage) -> str:
        """Return the address of a page."""
        return f"http://{CANARY_HOST}:{self.port}{page.path}"

    @contextlib.asynccontextmanager
    async def showing(self, page: CanaryPage) -> AsyncIterator[None]:
        """Serve a page, and nothing else but a robots.txt that allows it.

        Raises:
            OSError: the port cannot be listened on.
        """
        app = web.Application()
        app.router.add_get("/robots.txt", _robots)
        app.router.add_get(page.path, _answer(page))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.SockSite(runner, _bound(self.port)).start()
            yield
        finally:
            await runner.cleanup()

    def close(self) -> None:
        """Give the port back."""
        self._reserved.close()


def _bound(port: int) -> socket.socket:
    """Return a socket bound to the port, which sockets of this process may share while none but one listens."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((CANARY_HOST, port))
    except BaseException:
        bound.close()
        raise
    return bound


async def _robots(_request: web.Request) -> web.Response:
    return web.Response(text="User-agent: *\nAllow: /\n")


def _answer(page: CanaryPage) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=page.html(), content_type="text/html", charset="utf-8")

    return answer
