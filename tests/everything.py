"""Every page that the router has, over an archive with a row of everything; and the states pages can be in.

The pages are taken from the router: a new one is looked at by itself, or its parameters are asked for here.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gzip
import re
import tempfile
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import FastAPI
from sqlite_utils import Database

from detection.engine import load_folders
from detection.folders import Loaded
from review.app import create_app
from review.bench import Run
from review.guesses import FREE, Guesses
from review.health import Readiness
from storage import accounts, alerts, articles, evidence, rule_edits, sessions, shares, sources, views
from storage.database import open_writer, transaction
from storage.passwords import secret_hash
from storage.types import CrawlFailure, Done, Evidence, FailureReason, Person, Role
from storage.types.accounts import ShareKind
from tests.filled import Filled, fill
from tests.outbox_fill import NOW
from tests.programs import add_token
from tests.served import served
from tests.somebody import HERE
from tests.test_review_app import RFI, Told, store
from tests.test_review_rules import RULE
from tests.test_scheduler_pipeline import REPORT, build
from tests.test_vigie_source_desk import OPML, PROPOSAL, look_of
from tests.visitor import performer, routes
from vigie.adding import Proposal
from vigie.backtest_runs import BacktestRuns
from vigie.errors import VigieError
from vigie.running import review_settings
from vigie.settings import Settings, parse_settings
from vigie.source_desk import SourceDesk
from vigie.watch_bench import WatchBench

T = TypeVar("T")

FILE = """
[service]
data_dir = "data"
language = "fr"
timezone = "Europe/Zurich"
[[source]]
id = "rfi"
name = "RFI"
url = "https://rfi.example/"
feeds = ["https://rfi.example/feed"]
[[channel]]
id = "desk"
type = "webhook"
url = "https://hooks.example/vigie"
secret = "env:VIGIE_HOOK"
[[watch]]
id = "france-mali"
name = "France – Mali"
pairs = ["FRA-MLI"]
channels = ["desk"]
[[watch]]
id = "mines"
query = "Mali AND or"
"""
#: addresses that answer no page, and what they are
NO_PAGES = {
    "/api/": "JSON for programs",
    "/desk/new": "JSON for a script of the desk: how many events came since its list was made",
    "/articles/{article_id}/snapshot/": "a text to be saved",
    "/feeds/": "Atom and JSON Feed",
    "/views/{view_id}.": "a file of the events of a view",
    "/sources.opml": "a file of feeds",
    "/healthz": "one word for a supervisor",
    "/readyz": "JSON for a supervisor",
    "/metrics": "figures for Prometheus",
}


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A page in one of its states."""

    #: with the origin of its site
    address: str
    status: int = 200
    #: fields of a form that is sent from there, to this address; with the page's token unless there is one
    send: tuple[str, Mapping[str, str]] | None = None
    #: of who is logged in
    session: str | None = None
    #: is run in the page before it is looked at
    then: str | None = None

    @property
    def name(self) -> str:
        """What the page is called in a report."""
        path = "/" + self.address.split("/", 3)[3]
        return f"{path} → {self.send[0]} {sorted(self.send[1])}" if self.send else f"{path} {self.then or ''}".strip()


@dataclass(kw_only=True)
class House:
    """The sites with their pages."""

    #: an archive with a row of everything, whose reader sits at the machine
    base: str
    routes: list[tuple[str, str]]
    known: Filled
    #: an alert that somebody took in hand
    taken: str
    #: numbers of a backtest of the watch and of the rule that ended, of one that runs
    tried: tuple[int, int, int]
    shares: tuple[str, str]
    looks: tuple[str, ...]
    #: where people log in; where nothing was read; where no act was found; whose sources all fail
    others: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)

    def addresses(self) -> dict[str, str]:
        """Return an address for every GET of the router, its parameters filled in.

        Raises:
            KeyError: a parameter is new; say here what it stands for.
        """
        known = self.known
        values = {
            "story_id": known.story, "article_id": known.article, "alert_id": known.alert, "source_id": "rfi",
            "silence_id": known.silence, "watch_id": "france-mali", "view_id": "crise", "delivery_id": known.delivery,
        }  # fmt: skip
        whole = {
            "/articles/{article_id}/snapshot/{revision}": f"/articles/{known.article}/snapshot/2",
            "/watches/{name}/backtests/{number}": f"/watches/france-mali/backtests/{self.tried[0]}",
            "/watches/{name}": "/watches/france-mali",
            "/rules/{name}": "/rules/porte",
            "/rules/{name}/backtests/{number}": f"/rules/porte/backtests/{self.tried[1]}",
            "/shared/{secret}": f"/shared/{self.shares[0]}",
            "/share/{kind}/{about}": f"/share/story/{known.story}",
            "/new-source/{number}": f"/new-source/{self.looks[0]}",
            "/api/v1/articles/{article_id}/revisions/{number}": f"/api/v1/articles/{known.article}/revisions/1",
            "/desk/new": "/desk/new?newest=1",
            "/api/v1/ladder": "/api/v1/ladder?pair=FRA-MLI",
            "/stories/{story_id}/merge": f"/stories/{known.story}/merge?into={known.story + 2}",
            "/triage/bulk": "/triage/bulk?story=1&story=2&do=relevant",
        }
        paths = [path for method, path in self.routes if method == "GET"]
        return {path: whole.get(path) or re.sub(r"\{(\w+)[^}]*\}", lambda one: str(values[one[1]]), path)
                for path in paths}  # fmt: skip

    def pages(self) -> Iterator[Stop]:
        """Every page of the router, then the states of some."""
        for path, address in self.addresses().items():
            if path != "/login" and not path.startswith(tuple(NO_PAGES)):
                yield Stop(address=self.base + address)
        yield from self._reading()
        yield from self._changing()
        yield from self._people()

    def _reading(self) -> Iterator[Stop]:
        """Lists, what is open on the desk, and what there is not."""
        known, base = self.known, self.base
        for address in (
            "/?show=all", "/?q=Mali&severity=2", "/?density=compact", f"/?story={known.story}",
            f"/?article={known.article}", "/?q=nothinglikeit", f"/alerts?list={known.alert}",
            f"/articles/{known.article}?revision=2&changes=1", f"/articles/{known.article}?explain=1",
            f"/alerts/{self.taken}/ack", "/alerts?state=failed", "/sources?state=failed", "/charts?span=year",
            "/search/help", "/rules/new",
            f"/rules/new?article={known.article}&text=persona+non+grata", "/watches/new", "/watches/mines",
            f"/watches/france-mali/backtests/{self.tried[2]}", f"/shared/{self.shares[1]}", "/share/view/crise",
            *(f"/new-source/{look}" for look in self.looks[1:]),
        ):  # fmt: skip
            yield Stop(address=base + address)
        yield Stop(address=f"{base}/?q=%22never+closed", status=400)
        yield Stop(address=f"{base}/nowhere", status=404)
        yield Stop(address=f"{base}/?story=999999", status=404)
        yield Stop(address=f"{base}/shared/nothing", status=404)
        yield Stop(address=base, then="document.querySelector('[data-help]').click()")
        for other in ("nothing", "no_acts", "failing"):
            yield Stop(address=f"{self.others[other]}/")

    def _changing(self) -> Iterator[Stop]:
        """What a form answers: refused, lost against somebody else's, faulty, checked, confirmed."""
        base = self.base
        ack, watch = f"/alerts/{self.known.alert}/ack", "/watches/france-mali"
        for at, action, fields, status in (
            ("/silences/1", "/silences/1", {"token": "of another page"}, 403),
            ("/triage/bulk?story=1&story=2&do=relevant", "/triage/bulk", {"token": "of another page"}, 403),
            (watch, watch, {"sent": "1", "base": "7", "query": "Mali", "statuses": "asserted"}, 409),
            (watch, f"{watch}/check", {"sent": "1", "base": "0", "query": "Mali AND ("}, 200),
            (watch, watch, {"sent": "1", "base": "0", "query": "Mali AND ("}, 422),
            ("/rules/porte", "/rules/porte/check", {"base": "1", "text": "[[rule]"}, 200),
            (f"/alerts/{self.known.alert}/silence", f"/alerts/{self.known.alert}/silence", {"author": "Awa"}, 422),
            (ack, ack, {"author": ""}, 422),
            ("/new-source", "/new-source", {"url": ""}, 422),
            ("/views", "/views", {"name": "", "query": "severity=4"}, 422),
            ("/share/view/crise", "/share/view/crise", {"days": "1", "lasts": "1d"}, 200),
        ):  # fmt: skip
            yield Stop(address=base + at, send=(action, fields), status=status)

    def _people(self) -> Iterator[Stop]:
        """Where people log in: strangers, readers and administrators."""
        base = self.others["accounts"]
        yield Stop(address=f"{base}/login")
        wrong = {"name": "Ines", "password": "wrong"}
        yield Stop(address=f"{base}/login", send=("/login", wrong), status=403)
        yield Stop(address=f"{self.others['busy']}/login", send=("/login", wrong), status=429)
        yield Stop(address=f"{base}/shared/{self.shares[0]}")
        for who in ("reader", "admin"):
            for path in ("/", "/people", "/people/me", f"/stories/{self.known.story}", "/watches/france-mali"):
                status = 403 if who == "reader" and path == "/people" else 200
                yield Stop(address=base + path, session=self.sessions[who], status=status)
        yield Stop(
            address=f"{base}/people", session=self.sessions["admin"],
            send=("/people", {"name": "Karim", "role": "analyst"}), status=422,
        )  # fmt: skip
        story = f"/stories/{self.known.story}"
        yield Stop(
            address=base + story, session=self.sessions["admin"], status=409,
            send=(f"{story}/triage", {"do": "not_relevant", "version": "1"}),
        )  # fmt: skip


@contextlib.contextmanager
def house() -> Iterator[House]:
    """Serve all of it within the block."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = parse_settings(FILE, None, folder / "full", with_secrets=False)
        database = _archive(stack, settings.data_dir)
        known, taken, shared = _filled(database)
        runs = BacktestRuns(settings.data_dir, clock=lambda: NOW)
        tried = _apart(_tried(settings, runs))
        looks = _Looks()
        app = _app(database, settings, runs, looks.desk(settings))
        found = House(
            base=_serve(stack, app), routes=routes(app), known=known, taken=taken, tried=tried, shares=shared,
            looks=_apart(looks.taken()),
        )  # fmt: skip
        for name in ("nothing", "no_acts", "failing", "accounts", "busy"):
            own = parse_settings(FILE, None, folder / name, with_secrets=False)
            database = _archive(stack, own.data_dir)
            _fill_other(database, name, found)
            guesses = Guesses(clock=lambda: 0.0)
            for _ in range(FREE if name == "busy" else 0):
                guesses.wait("127.0.0.1")
            app = _app(database, own, BacktestRuns(own.data_dir, clock=lambda: NOW), None, guesses)
            found.others[name] = _serve(stack, app)
        yield found


def _apart(work: Coroutine[Any, Any, T]) -> T:
    """Run what waits in a thread: a browser may have a loop in this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result()


@functools.cache
def _rules() -> Loaded:
    return load_folders()


def _archive(stack: contextlib.ExitStack, folder: Path) -> Database:
    database = open_writer(folder)
    stack.callback(database.conn.close)
    return database


def _serve(stack: contextlib.ExitStack, app: FastAPI) -> str:
    return f"http://127.0.0.1:{stack.enter_context(served(app))}"


def _app(
    database: Database, settings: Settings, runs: BacktestRuns, desk: SourceDesk | None, guesses: Guesses | None = None
) -> FastAPI:
    loaded = _rules()
    bench = WatchBench(settings, lambda: loaded, runs)
    apply = performer(database)

    async def ready() -> Readiness:
        return Readiness(fit=True, checks=())

    async def perform(name: str, given: dict[str, Any], by: Person) -> Done:
        done = await bench.perform(name, given, by)
        if done is None and desk is not None:
            done = await desk.perform(name, given, by)
        return done or await apply(name, given, by)

    return create_app(
        review_settings(settings), readiness=ready, perform=perform, bench=bench, outlets=desk,
        rules=lambda: loaded.rules, now=lambda: NOW, guesses=guesses,
    )  # fmt: skip


def _filled(database: Database) -> tuple[Filled, str, tuple[str, str]]:
    """Fill the archive; return also an alert that was taken in hand, and the secrets of links to a story and a view."""
    known = fill(database)
    with transaction(database):
        build(database).process(database, replace(REPORT, source_id="rfi"), key=REPORT.url, now=NOW)
    page = Evidence(
        url="https://rfi.example/1", captured_at=NOW, status=200, headers=(("content-type", "text/html"),),
        sha256="0" * 64, body_gzip=gzip.compress(b"<p>Le Mali expulse</p>"),
    )  # fmt: skip
    with transaction(database):
        evidence.save(database, articles.get(database, known.article).revision_id, page, REPORT)
        failure = CrawlFailure(reason=FailureReason.BLOCKED, detail="403 Forbidden", status=403)
        sources.record_poll(
            database, "ortm", failure=failure, new_entries=0, next_check_at=NOW + timedelta(hours=1), now=NOW
        )
        views.add(
            database, view_id="crise", name="La crise", query=urlencode({"pair": "FRA-MLI"}), person_id=None,
            created_by="Awa", on_dashboard=True, now=NOW,
        )  # fmt: skip
        rule_edits.save(database, "porte", RULE, base=0, by=HERE, now=NOW, article_id=known.article)
        for kind, about, secret in ((ShareKind.STORY, str(known.story), "story"), (ShareKind.VIEW, "crise", "view")):
            shares.add(database, kind, about, secret_hash(secret), NOW, by=HERE, lasts=timedelta(days=1))
        [(taken,)] = database.execute("SELECT id FROM alert WHERE id <> ?", (known.alert,)).fetchall()
        alerts.acknowledge(database, taken, NOW, author="Awa Diarra")
    return known, taken, ("story", "view")


async def _tried(settings: Settings, runs: BacktestRuns) -> tuple[int, int, int]:
    """Try the watch over the past, show the outcome for a rule as well, and leave one running."""
    watches = settings.watches[:1]
    first = await runs.start(settings, watches, about="watch:france-mali", days=30, by="Awa", tried={"query": "Mali"})
    await runs.ended()
    ended = runs.run(first)
    assert ended is not None
    assert ended.results
    second = first + 1
    runs._write(replace(ended, number=second, about="rule:porte", tried={"text": RULE}))
    runs._running = Run(
        number=second + 1, about="watch:france-mali", by="Awa", at=NOW, days=90, state="running", done=400, total=1000,
        tried={"query": "Mali AND or", "pairs": ["FRA-MLI"]},
    )  # fmt: skip
    return first, second, second + 1


class _Looks:
    """Looks at outlets: one that found something, one of a list, one that failed, one that has no end."""

    def desk(self, settings: Settings) -> SourceDesk:
        self._desk = SourceDesk(settings, self._ignore, self._ignore, ask=self._ask)
        return self._desk

    async def _ignore(self, *_: Any) -> Any:
        return Done(sentence="done")

    async def _ask(self, _: Settings, url: str) -> Proposal:
        if "slow" in url:
            await asyncio.Event().wait()
        if "fault" in url:
            raise VigieError("the outlet answers 403 to everything")
        return PROPOSAL

    async def taken(self) -> tuple[str, ...]:
        numbers = []
        for given in ({"url": "https://fleuve.example/"}, {"list": OPML}, {"url": "https://fault.example/"}):
            numbers.append(await self._taken(given))
            if "url" in given:
                assert self._desk._task is not None
                await self._desk._task
        numbers.append(await self._taken({"url": "https://slow.example/"}))
        return tuple(numbers)

    async def _taken(self, given: dict[str, str]) -> str:
        return str(look_of(await self._desk.perform("look_at_source", given, HERE)))


def _fill_other(database: Database, name: str, found: House) -> None:
    if name in {"accounts", "busy"}:
        fill(database)
        add_token(database)
        with transaction(database):
            for who, role in (("reader", Role.READER), ("admin", Role.ADMIN)):
                account = accounts.add(database, f"{who} of the desk", role, "!", NOW)
                sessions.start(database, account.id, secret_hash(who), NOW, agent="Firefox", address="192.0.2.7")
                found.sessions[who] = who
            shares.add(
                database, ShareKind.STORY, str(found.known.story), secret_hash(found.shares[0]), NOW, by=HERE,
                lasts=timedelta(days=1),
            )  # fmt: skip
    elif name == "no_acts":
        with transaction(database):
            sources.sync(database, [RFI], NOW)
        store(database, Told(title="Récolte de coton", url="https://rfi.example/3", signal=False))
    elif name == "failing":
        failure = CrawlFailure(reason=FailureReason.BLOCKED, detail="403 Forbidden", status=403)
        with transaction(database):
            sources.sync(database, [RFI], NOW - timedelta(days=2))
            sources.record_poll(
                database, "rfi", failure=failure, new_entries=0, next_check_at=NOW + timedelta(hours=1), now=NOW
            )
