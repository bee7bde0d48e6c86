"""A press for measuring: outlets on loopback whose pages weigh what news pages weigh, in a process of its own.

``python -m tests.bench_press OUTLETS PAGES`` prints its base addresses as JSON and serves until its input ends.
Each poll of a feed lists the next items, so that there is always more to read until all pages are listed; with
``FIRST RATE`` behind it pages are numbered from ``FIRST`` and so many of them come out in a second.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from html import escape
from itertools import accumulate

from aiohttp import web

#: items a poll brings
ITEMS = 100
#: templates; real outlets differ in them, pages of one outlet do not
SHELLS = 12
#: of a hundred articles, how many tell an act between France and Mali
TELLING = 3

_VOCABULARY = (
    "le la les un une des du de au aux et mais ou donc car que qui dont quand avant après depuis pendant "
    "contre sans ville fleuve marché récolte conseil mairie école route pont usine saison pluie réforme "
    "budget chantier projet habitants agriculteurs élus enseignants commerçants pêcheurs étudiants "
    "responsables experts riverains jeunes annonce prévoit demande explique rappelle confirme attend "
    "propose finance inaugure étudie publie refuse soutient nouveau ancien grand local régional national "
    "public prochain dernier important difficile rapide gratuit mardi jeudi septembre matin soir semaine "
    "année trimestre million milliers pourcentage hausse baisse reprise"
)
_WORDS = _VOCABULARY.split()
#: « le » to « sans »: in running French nearly every second word is one of the small ones
_SMALL = _WORDS.index("sans") + 1
_WEIGHTS = tuple(accumulate(4 if index < _SMALL else 1 for index in range(len(_WORDS))))
_ACTS = (
    "Le Mali a expulsé jeudi deux diplomates français, sommés de quitter Bamako sous 72 heures.",
    "La France a suspendu vendredi sa coopération militaire avec le Mali, a annoncé le ministère.",
    "Bamako a rappelé son ambassadeur à Paris pour consultations.",
)
_NOISE = (
    '<article class="teaser teaser--{n}"><div class="teaser__media"><a href="/a{n}.html"><picture><source '
    'srcset="/i/{n}@2x.webp 2x" type="image/webp"><img src="/i/{n}.jpg" alt="" loading="lazy"></picture></a></div>'
    '<div class="teaser__content"><span class="teaser__section"><a href="/r{n}">{v}</a></span>'
    '<h3 class="teaser__title"><a href="/a{n}.html"><span>{t}</span></a></h3><p class="teaser__lead">{u}</p>'
    '<div class="teaser__meta"><time '
    'datetime="2026-11-01">1er nov.</time><button type="button" class="save"><svg viewBox="0 0 8 8">'
    '<path d="M0 0h8v8z"/></svg><span>Ajouter</span></button></div></div></article>'
)


def title_of(number: int) -> str:
    """Return the headline of page ``number``."""
    chance = random.Random(number)
    return " ".join(chance.choices(_WORDS, k=9)).capitalize() + f" ({number})"


def paragraphs_of(number: int) -> list[str]:
    """Return the text of page ``number``: different words on every page, some 4,000 characters."""
    chance = random.Random(-number - 1)
    texts = []
    for _ in range(10):
        sentences = [
            " ".join(chance.choices(_WORDS, cum_weights=_WEIGHTS, k=chance.randint(9, 22))).capitalize() + "."
            for _ in range(4)
        ]
        texts.append(" ".join(sentences))
    if number % 100 < TELLING:
        texts[0] = _ACTS[number % len(_ACTS)]
    return texts


@cache
def _shell(kind: int) -> tuple[str, str, str]:
    """Return what a template puts before the head's data, before and after the text.

    Together they weigh what saved pages of the French press do: some 200 kB, 30 ms for trafilatura.
    """
    chance = random.Random(1_000_003 * (kind + 1))

    def teasers(count: int) -> str:
        return "".join(
            _NOISE.format(
                n=chance.randint(1, 10**6),
                t=" ".join(chance.choices(_WORDS, k=8)),
                u=" ".join(chance.choices(_WORDS, k=18)),
                v=chance.choice(_WORDS),
            )
            for _ in range(count)
        )

    style = "".join(f".c{n}{{margin:{n % 9}px;color:#{n % 4096:03x}}}" for n in range(700))
    script = "window.__STATE__=" + json.dumps({f"k{n}": chance.random() for n in range(3_500 + 150 * kind)})
    menu = "".join(f'<li><a href="/r{n}">{chance.choice(_WORDS)}</a></li>' for n in range(120))
    head = f"<!doctype html><html lang=fr><head><meta charset=utf-8><style>{style}</style><script>{script}</script>"
    before = f'<body class="page"><header><nav><ul>{menu}</ul></nav></header><main>'
    after = f'</main><aside class="related">{teasers(40)}</aside><section class="most-read">{teasers(45)}</section>'
    return head, before, f"{after}<footer><ul>{menu}</ul></footer></body></html>"


def page(number: int, base: str) -> str:
    """Return page ``number`` as HTML."""
    head, before, after = _shell(number % SHELLS)
    title, texts = title_of(number), paragraphs_of(number)
    moment = _published(number).isoformat()
    data = json.dumps(
        {
            "@context": "https://schema.org", "@type": "NewsArticle", "headline": title, "datePublished": moment,
            "author": {"@type": "Person", "name": "Awa Diarra"}, "publisher": {"@type": "Organization", "name": "Banc"},
        },
        ensure_ascii=False,
    )  # fmt: skip
    meta = (
        f'<title>{escape(title)} | Banc</title><meta property="og:title" content="{escape(title)}">'
        f'<meta name="description" content="{escape(texts[1][:150])}">'
        f'<link rel="canonical" href="{base}/{number}.html">'
        f'<script type="application/ld+json">{data}</script></head>'
    )
    body = "".join(f"<p>{escape(text)}</p>" for text in texts)
    return (
        f'{head}{meta}{before}<article><h1>{escape(title)}</h1><p class="chapo">{escape(texts[1][:150])}</p>'
        f'<p class="byline">Par Awa Diarra</p><div class="article__body">{body}</div></article>{after}'
    )


def _published(number: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5 + number % 120)


class _Outlet:
    """One outlet: its share of the page numbers, listed a few at a time."""

    def __init__(self, numbers: range, rate: float | None) -> None:
        self._numbers = numbers
        self._listed = 0
        #: pages a second, None for as many as are asked for
        self._rate = rate
        self._begun = time.monotonic()
        self.base = ""

    async def feed(self, _request: web.Request) -> web.Response:
        if self._rate is not None:
            out = int((time.monotonic() - self._begun) * self._rate)
            numbers = self._numbers[max(0, out - ITEMS) : out]
        else:
            numbers = self._numbers[self._listed : self._listed + ITEMS]
            self._listed = min(self._listed + ITEMS, max(len(self._numbers) - ITEMS, 0))
        items = "".join(
            f"<item><title>{escape(title_of(number))}</title><link>{self.base}/{number}.html</link>"
            f"<pubDate>{format_datetime(_published(number))}</pubDate></item>"
            for number in numbers
        )
        text = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Banc</title>{items}</channel></rss>'
        return web.Response(text=text, content_type="application/rss+xml")

    async def page(self, request: web.Request) -> web.Response:
        return web.Response(text=page(int(request.match_info["number"]), self.base), content_type="text/html")


async def _serve(outlets: int, pages: int, first: int = 0, rate: float | None = None) -> None:
    runners, bases = [], []
    for number in range(outlets):
        numbers = range(first + number, first + pages, outlets)
        outlet = _Outlet(numbers, None if rate is None else rate / outlets)
        app = web.Application()
        app.router.add_get("/feed.xml", outlet.feed)
        app.router.add_get(r"/{number:\d+}.html", outlet.page)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        outlet.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        bases.append(outlet.base)
        runners.append(runner)
    sys.stdout.write(json.dumps(bases) + "\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for runner in runners:
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), *map(int, sys.argv[3:4]), *map(float, sys.argv[4:5])))
