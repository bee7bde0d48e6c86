"""The press of the soak: 85 outlets, each a host of its own on loopback, living a day in a few minutes.

Sixty times the speed means that a simulated hour is a minute. Publications, polls and pauses between requests
shrink with it; what a host states in seconds (Crawl-delay, Retry-After) is stated and checked in real ones.
Every outlet behaves: some are slow, some ask for patience, some wall their pages, some forbid what they list.
"""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import hashlib
import random
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum

from aiohttp import web

from tests.bench_pace import NEWSROOMS, START, Newsroom, publications
from tests.logged_site import LoggedSite
from tests.politeness import Ledger, Rules

#: real seconds of a simulated hour
HOUR = 60.0
OUTLETS = 85
SEED = 60
#: articles listed when the day begins
BACKLOG = 2
#: every so-manieth link leads where robots.txt forbids
TRAP = 9


class Manner(StrEnum):
    """What is peculiar about an outlet."""

    PLAIN = "plain"
    #: episodes of 429 or 503 with Retry-After in seconds, or as a date
    SECONDS = "seconds"
    DATE = "date"
    #: episodes of 503 without any
    SILENT = "silent"
    #: pages answer 403, the feed does not
    WALLED = "walled"
    #: the feed fails for a third of the day
    BROKEN = "broken"
    #: every answer takes half a second
    SLOW = "slow"
    #: the feed has moved
    MOVED = "moved"
    #: its articles lie on another outlet's host
    GUEST = "guest"
    #: robots.txt forbids everything, or fails for the first hours
    CLOSED = "closed"
    ROBOTS_DOWN = "robots down"
    #: no robots.txt
    ROBOTS_MISSING = "robots missing"


_MANNERS = {
    1: Manner.SECONDS, 3: Manner.ROBOTS_MISSING, 5: Manner.DATE, 6: Manner.SECONDS, 7: Manner.SILENT, 9: Manner.WALLED,
    11: Manner.BROKEN, 13: Manner.SLOW, 15: Manner.MOVED, 16: Manner.DATE, 17: Manner.GUEST,
}  # fmt: skip
_SPECIAL = {40: Manner.CLOSED, 60: Manner.CLOSED, 20: Manner.ROBOTS_DOWN, 80: Manner.ROBOTS_DOWN}
#: simulated hours at which an episode begins, and real seconds it lasts
_EPISODES, _EPISODE_SECONDS = (1.2, 5.0, 9.5, 14.0, 19.5), 12.0


@dataclass(slots=True, kw_only=True)
class Outlet:
    """One outlet: what it publishes when, and how it behaves."""

    number: int
    newsroom: Newsroom
    manner: Manner
    rules: Rules
    #: real seconds after the start of the day, in order
    moments: list[float]
    chance: random.Random
    site: LoggedSite = field(init=False)
    host: Outlet = field(init=False)
    #: answers that asked for patience
    asked_patience: int = 0

    @property
    def address(self) -> str:
        """An address of its own on loopback, which Linux answers on all of 127.0.0.0/8."""
        return f"127.0.10.{self.number + 1}"

    @property
    def listing(self) -> str:
        """Path of its feed or sitemap."""
        return "/sitemap.xml" if self.is_map else "/feed.xml"

    @property
    def is_map(self) -> bool:
        """Whether it lists its articles in a news sitemap."""
        return self.number % 6 == 2

    @property
    def poll(self) -> int:
        """Configured interval, in real seconds: 15 or 30 simulated minutes."""
        return 15 if self.newsroom.articles > 20 else 30

    def published(self, seconds: float) -> int:
        """Return how many articles are out."""
        return bisect.bisect_right(self.moments, seconds)

    def path(self, number: int) -> str:
        """Return the path of an article, some of which robots.txt forbids."""
        folder = "private" if number % TRAP == TRAP - 1 else "news"
        return f"/{folder}/{self.number}-{number}.html"


class Press:
    """All outlets; the day begins with :meth:`open`.

    Args:
        hours: simulated ones.
        write: gives the page at a path; :func:`page` when None.
    """

    def __init__(self, hours: float, write: Callable[[str], str] | None = None) -> None:
        self.hours = hours
        self.write = write or page
        self.ledger = Ledger()
        self.start = time.monotonic()
        self.wall = datetime.now(UTC)
        self.outlets = [_outlet(number) for number in range(OUTLETS)]
        for outlet in self.outlets:
            outlet.host = self.outlets[outlet.number - 12] if outlet.manner is Manner.GUEST else outlet

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Serve every outlet."""
        async with contextlib.AsyncExitStack() as stack:
            port = 0
            for outlet in self.outlets:
                outlet.site = LoggedSite(
                    ledger=self.ledger, answer=_Desk(self, outlet).answer, address=outlet.address, port=port
                )
                await stack.enter_async_context(outlet.site)
                port = outlet.site.port
            self.start, self.wall = time.monotonic(), datetime.now(UTC)
            yield

    def seconds(self) -> float:
        """Return the real seconds since the day began."""
        return time.monotonic() - self.start

    def rules(self) -> dict[str, Rules]:
        """Return each host's rules, for the judge."""
        return {outlet.address: outlet.rules for outlet in self.outlets}

    def configuration(self, data: str, listen: str) -> str:
        """Return a configuration that reads every outlet."""
        sources = "".join(
            f'[[source]]\nid = "outlet-{outlet.number}"\n'
            f'{"sitemaps" if outlet.is_map else "feeds"} = ["{outlet.site.base}{outlet.listing}"]\n'
            f'language = "fr"\npoll = "{outlet.poll}s"\n'
            for outlet in self.outlets
        )
        return (
            f'[service]\ndata_dir = "{data}"\nlisten = "{listen}"\ncontact = "https://vigie.invalid/contact"\n'
            f'[network]\nallow_cidrs = ["127.0.0.0/8"]\ndelay = "1s"\n{sources}'
            '[[watch]]\nid = "watch"\npairs = ["FRA-MLI"]\n'
        )


def _outlet(number: int) -> Outlet:
    chance = random.Random(f"{SEED} {number}")
    newsroom = NEWSROOMS[number % len(NEWSROOMS)]
    # A host with a Crawl-delay publishes no more than it lets be read.
    delay = float(chance.randint(2, 5)) if number % 4 == 0 else 0.0
    manner = _SPECIAL.get(number, _MANNERS.get(number % 20, Manner.PLAIN))
    days = publications(newsroom, chance, weeks=1)
    # From Tuesday at six, an hour a minute; no host publishes faster than its pace lets it be read.
    day = [(moment - START).total_seconds() / 60 - 30 * HOUR for moment in days]
    moments = _thinned([moment for moment in day if 0 <= moment < 24 * HOUR], 3 * max(delay, 2.0))
    disallow: tuple[str, ...] = ("/private/",)
    if manner is Manner.ROBOTS_MISSING:
        disallow = ()
    elif manner is Manner.CLOSED:
        disallow = ("/",)
    rules = Rules(crawl_delay=0.0 if manner is Manner.ROBOTS_MISSING else delay, disallow=disallow)
    return Outlet(
        number=number,
        newsroom=newsroom,
        manner=manner,
        rules=rules,
        moments=[0.0] * BACKLOG + moments,
        chance=chance,
    )


def _thinned(moments: list[float], gap: float) -> list[float]:
    kept: list[float] = []
    for moment in moments:
        if not kept or moment - kept[-1] >= gap:
            kept.append(moment)
    return kept


@dataclass(slots=True)
class _Desk:
    """Answers for one outlet."""

    press: Press
    outlet: Outlet

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request as the outlet would at this hour."""
        outlet, now = self.outlet, self.press.seconds()
        if outlet.manner is Manner.SLOW:
            await asyncio.sleep(0.5)
        if request.path == "/robots.txt":
            return self._robots(now)
        patience = self._patience(now)
        if patience is not None:
            outlet.asked_patience += 1
            return patience
        if request.path in {outlet.listing, "/moved.xml"}:
            return self._listing(request, now)
        return self._page(request)

    def _robots(self, now: float) -> web.Response:
        outlet = self.outlet
        if outlet.manner is Manner.ROBOTS_MISSING:
            return web.Response(status=404)
        if outlet.manner is Manner.ROBOTS_DOWN and now < 2 * HOUR:
            return web.Response(status=500)
        lines = ["User-agent: *", *(f"Disallow: {prefix}" for prefix in outlet.rules.disallow)]
        if outlet.rules.crawl_delay:
            lines.append(f"Crawl-delay: {outlet.rules.crawl_delay:g}")
        return web.Response(text="\n".join(lines) + "\n")

    def _patience(self, now: float) -> web.Response | None:
        manner = self.outlet.manner
        if manner not in {Manner.SECONDS, Manner.DATE, Manner.SILENT}:
            return None
        offset = self.outlet.number % 7
        if not any(0 <= now - at * HOUR - offset < _EPISODE_SECONDS for at in _EPISODES):
            return None
        wait = self.outlet.chance.randint(5, 20)
        status = self.outlet.chance.choice([429, 503])
        if manner is Manner.SECONDS:
            return web.Response(status=status, headers={"Retry-After": str(wait)})
        if manner is Manner.DATE:
            later = datetime.now(UTC) + timedelta(seconds=wait)
            # A date has whole seconds; the wait noted for the judge is the one it states.
            stated = later.replace(microsecond=0)
            seconds = (stated - datetime.now(UTC)).total_seconds()
            return web.Response(
                status=status,
                headers={"Retry-After": format_datetime(stated, usegmt=True), "X-Wait": f"{seconds:.3f}"},
            )
        # Nothing is stated: a minute at least is what the crawler promises.
        return web.Response(status=503, headers={"X-Wait": "60"})

    def _listing(self, request: web.Request, now: float) -> web.Response:
        outlet = self.outlet
        if outlet.manner is Manner.BROKEN and 6 * HOUR < now < 14 * HOUR:
            return web.Response(status=500)
        if outlet.manner is Manner.MOVED and request.path == outlet.listing:
            return web.Response(status=302, headers={"Location": "/moved.xml"})
        count = outlet.published(now)
        etag = f'"{count}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        numbers = range(max(0, count - outlet.newsroom.listed), count)
        body = (self._map if outlet.is_map else self._feed)(numbers)
        return web.Response(text=body, content_type="application/xml", headers={"ETag": etag})

    def _feed(self, numbers: range) -> str:
        items = "".join(
            f"<item><title>{_title(self.outlet, number)}</title><link>{self._link(number)}</link>"
            f"<pubDate>{format_datetime(self._date(number))}</pubDate></item>"
            for number in reversed(numbers)
        )
        return f"<?xml version='1.0'?><rss version='2.0'><channel><title>Outlet</title>{items}</channel></rss>"

    def _map(self, numbers: range) -> str:
        items = "".join(
            f"<url><loc>{self._link(number)}</loc><n:news><n:publication><n:name>O</n:name><n:language>fr</n:language>"
            f"</n:publication><n:publication_date>{self._date(number).isoformat()}</n:publication_date>"
            f"<n:title>{_title(self.outlet, number)}</n:title></n:news></url>"
            for number in reversed(numbers)
        )
        return (
            "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' "
            f"xmlns:n='http://www.google.com/schemas/sitemap-news/0.9'>{items}</urlset>"
        )

    def _link(self, number: int) -> str:
        return f"{self.outlet.host.site.base}{self.outlet.path(number)}"

    def _date(self, number: int) -> datetime:
        return self.press.wall + timedelta(seconds=self.outlet.moments[number])

    def _page(self, request: web.Request) -> web.Response:
        if self.outlet.manner is Manner.WALLED:
            return web.Response(status=403)
        return web.Response(text=self.press.write(request.path), content_type="text/html")


_WORDS = [
    "accord",
    "route",
    "marché",
    "ministre",
    "école",
    "récolte",
    "fleuve",
    "conseil",
    "budget",
    "région",
    "transport",
    "hôpital",
    "commerce",
    "frontière",
    "assemblée",
    "dialogue",
    "enquête",
    "pluie",
    "village",
    "énergie",
    "projet",
    "partenaire",
    "formation",
    "service",
    "jeunesse",
    "culture",
    "sport",
    "capitale",
    "séance",
    "rapport",
    "mission",
    "délégation",
    "négociation",
    "visite",
    "production",
    "travaux",
    "agriculture",
    "élevage",
]


def _title(outlet: Outlet, number: int) -> str:
    chance = random.Random(f"{outlet.number}-{number}")
    return " ".join(chance.choices(_WORDS, k=7)).capitalize()


def page(path: str) -> str:
    """Return an article of its own for a path: some 500 words in paragraphs."""
    chance = random.Random(hashlib.sha256(path.encode()).digest())
    paragraphs = "".join(
        f"<p>{' '.join(chance.choices(_WORDS, k=60)).capitalize()}.</p>" for _ in range(chance.randint(5, 11))
    )
    title = " ".join(chance.choices(_WORDS, k=7)).capitalize()
    return (
        f"<!doctype html><html lang='fr'><head><meta charset='utf-8'><title>{title}</title></head><body><header><nav>"
        f"<a href='/'>Accueil</a></nav></header><article><h1>{title}</h1>{paragraphs}</article></body></html>"
    )
