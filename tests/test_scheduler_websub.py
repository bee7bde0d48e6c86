"""Subscriptions against a real hub on this machine, through the page's real server."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from crawler.settings import CrawlerSettings
from review.app import create_app
from review.health import Readiness
from review.server import open_listener, serve
from review.settings import ReviewSettings
from scheduler.archive import Archive
from scheduler.subscriptions import RENEW_AT, SHORTEST_OWN_POLL, STEADFAST
from scheduler.websub import Hubs
from storage import sources
from storage.types import AddressKind, FailureReason, PaceHints, PollResult, Source, SubscriptionState
from storage.types import CrawlFailure as Failure

START = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
FEED = "http://127.0.0.1:9/feed.xml"
SOURCE = Source(id="gazette", name="Gazette", url="http://127.0.0.1:9/", feeds=(FEED,), poll=timedelta(minutes=15))


class Hub:
    """A hub as the recommendation describes one."""

    def __init__(self) -> None:
        self.base = ""
        self.requests: list[dict[str, str]] = []
        #: status of answers to requests, and whether they are asked back about
        self.status = 202
        self.location: str | None = None
        self.asks_back = True
        self.lease = 864000
        self.answers: list[tuple[int, str, str]] = []
        self.subscribed: dict[str, str] = {}

    async def take(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.requests.append(form)
        if self.location is not None:
            location, self.location = self.location, None
            return web.Response(status=307, headers={"Location": location})
        if self.status == 202 and self.asks_back:
            # Some hubs ask back before they answer; the subscriber must stand that.
            await self.ask_back(form)
        return web.Response(status=self.status)

    async def ask_back(self, form: dict[str, str], **changes: str) -> tuple[int, str]:
        challenge = "<script>" + secrets.token_hex(8)
        query = {
            "hub.mode": form["hub.mode"],
            "hub.topic": form["hub.topic"],
            "hub.challenge": challenge,
            "hub.lease_seconds": str(self.lease),
        }
        query |= {f"hub.{name}": value for name, value in changes.items()}
        async with (
            aiohttp.ClientSession() as session,
            session.get(form["hub.callback"], params=query) as answer,
        ):
            text = await answer.text()
            self.answers.append((answer.status, answer.content_type, text))
            if answer.status == 200 and text == challenge:
                if form["hub.mode"] == "subscribe":
                    self.subscribed[form["hub.callback"]] = form["hub.secret"]
                else:
                    self.subscribed.pop(form["hub.callback"], None)
            return answer.status, text

    async def announce(self, *, secret: str | None = None, body: bytes = b"<rss/>", signed: bool = True) -> list[int]:
        statuses = []
        for callback, known in self.subscribed.items():
            digest = hmac.new((secret or known).encode(), body, hashlib.sha256).hexdigest()
            headers = {"X-Hub-Signature": f"sha256={digest}"} if signed else {}
            statuses.append(await post(callback, body, headers))
        return statuses


async def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    async with aiohttp.ClientSession() as session, session.post(url, data=io.BytesIO(body), headers=headers) as answer:
        return answer.status


class Bench:
    """Everything around one subscription: archive, clock, hub, the page's server."""

    def __init__(self, hub: Hub, archive: Archive) -> None:
        self.hub = hub
        self.archive = archive
        self.now = START
        self.polling: set[str] = set()
        self.public = ""
        self.configured = {SOURCE.id: SOURCE}
        self.hubs: Hubs

    def make(self, *, enabled: bool = True) -> Hubs:
        crawler = CrawlerSettings(user_agent="Vigie/0.1", allow_cidrs=("127.0.0.0/8",))
        return Hubs(
            self.archive,
            crawler,
            public_url=self.public,
            configured=self.configured,
            clock=lambda: self.now,
            polling=self.polling.__contains__,
            enabled=enabled,
        )

    # The server keeps one object for its life, while tests start Hubs anew.
    def known(self, token: str) -> bool:
        return self.hubs.known(token)

    async def verify(self, token: str, query: object) -> str | None:
        return await self.hubs.verify(token, query)  # type: ignore[arg-type]

    async def deliver(self, token: str, signature: str | None, body: bytes) -> None:
        await self.hubs.deliver(token, signature, body)

    async def poll(self, hub: str | None = None, topic: str = FEED, failure: Failure | None = None) -> None:
        """Do what a poll does: store its outcome and plan, then tell of the hub."""
        hints = PaceHints(hub=hub or self.hub.base, topic=topic)
        result = PollResult(order_id="1", source_id=SOURCE.id, url=FEED, hints=hints, failure=failure)
        later = self.now + timedelta(minutes=15)

        def store(database: object) -> None:
            sources.record_feed(database, result, self.now, kind=AddressKind.FEED)  # type: ignore[arg-type]
            sources.plan_address(database, SOURCE.id, FEED, resume_at=later, failure=failure)  # type: ignore[arg-type]
            sources.record_poll(
                database, SOURCE.id, failure=failure, new_entries=0, next_check_at=later, now=self.now  # type: ignore[arg-type]
            )  # fmt: skip

        await self.archive.write(store)
        await self.hubs.heard(SOURCE, result)
        await self.hubs.polled(SOURCE.id)

    async def due(self) -> bool:
        """Whether the source, and its feed, would be polled now."""
        feed = await self.archive.read(sources.feed_state, SOURCE.id, FEED)
        rests = feed.resume_at is not None and feed.resume_at > self.now
        return SOURCE.id in await self.archive.read(sources.due, self.now) and not rests


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    hub = Hub()
    app = web.Application()
    app.router.add_post("/{tail:.*}", hub.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hub.base = f"http://127.0.0.1:{runner.addresses[0][1]}/hub"
    archive = Archive(tmp_path)
    await archive.open()
    await archive.write(sources.sync, [SOURCE], START)
    bench = Bench(hub, archive)
    stop = asyncio.Event()
    listener = await open_listener("127.0.0.1", 0)
    bench.public = f"http://127.0.0.1:{listener.getsockname()[1]}"
    bench.hubs = bench.make()
    await bench.hubs.open()

    async def ready() -> Readiness:
        return Readiness(fit=True, checks=())

    settings = ReviewSettings(
        public_url=bench.public, language="fr", timezone="UTC", data_folder=tmp_path, version="0.0"
    )  # fmt: skip
    app_ = create_app(settings, readiness=ready, websub=bench)
    listening = asyncio.Event()
    serving = asyncio.create_task(serve(app_, listener, stop, on_listening=lambda _: listening.set()))
    await listening.wait()
    yield bench
    stop.set()
    await serving
    await runner.cleanup()
    await archive.close()


def states(bench: Bench) -> list[SubscriptionState]:
    return [subscription.state for subscription in bench.hubs.subscriptions]


async def subscribed(bench: Bench) -> None:
    await bench.poll()
    await bench.hubs.look()
    assert states(bench) == [SubscriptionState.ACTIVE]


async def test_the_whole_cycle(bench: Bench) -> None:
    await subscribed(bench)
    request = bench.hub.requests[0]
    assert request["hub.mode"] == "subscribe"
    assert request["hub.topic"] == FEED
    assert request["hub.callback"].startswith(f"{bench.public}/websub/")
    assert len(request["hub.callback"].rpartition("/")[2]) >= 43
    # The challenge comes back as it is, and as nothing a browser would run.
    status, kind, text = bench.hub.answers[0]
    assert (status, kind) == (200, "text/plain")
    assert text.startswith("<script>")

    # An announcement makes the feed due, though its own plan lies in the future.
    bench.now += timedelta(minutes=1)
    assert not await bench.due()
    assert await bench.hub.announce() == [202]
    assert await bench.due()

    # The lease is renewed before it ends, under the same callback.
    bench.now = START + timedelta(seconds=bench.hub.lease) * RENEW_AT
    await bench.hubs.look()
    assert len(bench.hub.requests) == 2
    assert bench.hub.requests[1]["hub.callback"] == request["hub.callback"]
    assert bench.hubs.subscriptions[0].lease_until == bench.now + timedelta(seconds=bench.hub.lease)
    await bench.hubs.look()
    assert len(bench.hub.requests) == 2

    # What is switched off is let go of, after a restart too.
    bench.configured = {SOURCE.id: replace(SOURCE, enabled=False)}
    bench.hubs = bench.make()
    await bench.hubs.open()
    await bench.hubs.look()
    assert bench.hub.requests[2]["hub.mode"] == "unsubscribe"
    assert bench.hub.subscribed == {}
    assert bench.hubs.subscriptions == ()
    assert await post(request["hub.callback"], b"", {}) == 404


async def test_subscriptions_survive_a_restart(bench: Bench) -> None:
    await subscribed(bench)
    before = bench.hubs.subscriptions
    bench.hubs = bench.make()
    await bench.hubs.open()
    assert bench.hubs.subscriptions == before
    await bench.hubs.look()
    assert len(bench.hub.requests) == 1


async def test_a_forged_announcement_changes_nothing_and_looks_the_same(bench: Bench) -> None:
    await subscribed(bench)
    bench.now += timedelta(minutes=1)
    assert await bench.hub.announce(secret="wrong") == [202]
    assert await bench.hub.announce(signed=False) == [202]
    assert not await bench.due()
    assert bench.hubs.subscriptions[0].announced_at is None


async def test_a_hub_cannot_have_a_source_polled_at_will(bench: Bench) -> None:
    await subscribed(bench)
    for _ in range(5):
        await bench.hub.announce()
    assert not await bench.due()
    bench.now += SHORTEST_OWN_POLL - timedelta(seconds=1)
    assert not await bench.due()
    bench.now += timedelta(seconds=1)
    assert await bench.due()


async def test_an_announcement_lifts_no_back_off(bench: Bench) -> None:
    await subscribed(bench)
    await bench.poll(failure=Failure(reason=FailureReason.RATE_LIMITED, detail="asked for patience", retry_after=900))
    bench.now += timedelta(minutes=5)
    await bench.hub.announce()
    assert not await bench.due()


async def test_what_is_announced_during_a_poll_is_polled_again(bench: Bench) -> None:
    await subscribed(bench)
    bench.now += timedelta(minutes=1)
    bench.polling.add(SOURCE.id)
    await bench.hub.announce()
    assert not await bench.due()
    bench.polling.discard(SOURCE.id)
    await bench.poll()
    bench.now += SHORTEST_OWN_POLL
    assert await bench.due()
    # Once only.
    await bench.poll()
    bench.now += SHORTEST_OWN_POLL
    assert not await bench.due()


async def test_questions_about_what_was_not_asked_for_get_nothing(bench: Bench) -> None:
    bench.hub.asks_back = False
    await bench.poll()
    await bench.hubs.look()
    form = bench.hub.requests[0]
    unknown = form | {"hub.callback": form["hub.callback"] + "x"}
    assert await bench.hub.ask_back(unknown) == (404, "There is nothing here.\n")
    assert await bench.hub.ask_back(form, topic="https://other.example/") == (404, "There is nothing here.\n")
    assert await bench.hub.ask_back(form, mode="unsubscribe") == (404, "There is nothing here.\n")
    assert states(bench) == [SubscriptionState.ASKED]
    assert (await bench.hub.ask_back(form))[0] == 200
    assert states(bench) == [SubscriptionState.ACTIVE]


async def test_a_denial_is_taken(bench: Bench) -> None:
    bench.hub.asks_back = False
    await bench.poll()
    await bench.hubs.look()
    assert await bench.hub.ask_back(bench.hub.requests[0], mode="denied", reason="no") == (200, "")
    assert states(bench) == [SubscriptionState.DENIED]
    await bench.poll()
    await bench.hubs.look()
    assert len(bench.hub.requests) == 1


async def test_a_hub_that_fails_is_asked_ever_later(bench: Bench) -> None:
    bench.hub.status = 500
    await bench.poll()
    asked = []
    for _ in range(60):
        before = len(bench.hub.requests)
        await bench.hubs.look()
        asked.append(len(bench.hub.requests) - before)
        bench.now += timedelta(minutes=5)
    assert sum(asked) == 6  # after 0, 5, 15, 35, 75 and 155 minutes
    bench.hub.status = 202
    bench.now += timedelta(days=1)
    await bench.hubs.look()
    assert states(bench) == [SubscriptionState.ACTIVE]
    assert bench.hubs.subscriptions[0].failures == 0


async def test_a_redirect_that_keeps_the_method_is_followed(bench: Bench) -> None:
    bench.hub.location = "/elsewhere"
    await subscribed(bench)
    assert len(bench.hub.requests) == 2


@pytest.mark.parametrize(
    "location", ["http://10.255.255.1/hub", "https://169.254.169.254/latest", "file:///etc/passwd"]
)
async def test_hubs_are_called_through_the_guard(bench: Bench, location: str) -> None:
    bench.hub.location = location
    await bench.poll()
    await bench.hubs.look()
    assert bench.hubs.subscriptions[0].failures == 1
    assert states(bench) == [SubscriptionState.WANTED]


async def test_another_hub_is_believed_after_a_day(bench: Bench) -> None:
    await subscribed(bench)
    other = f"{bench.hub.base}/other"
    await bench.poll(hub=other)
    await bench.hubs.look()
    assert len(bench.hub.requests) == 1
    bench.now += STEADFAST
    await bench.poll(hub=other)
    await bench.hubs.look()
    assert [request["hub.mode"] for request in bench.hub.requests[1:]].count("unsubscribe") == 1
    assert [subscription.hub for subscription in bench.hubs.subscriptions] == [other]
    assert len(bench.hub.subscribed) == 1


async def test_switched_off_it_forgets_and_answers_nobody(bench: Bench) -> None:
    await subscribed(bench)
    bench.hubs = bench.make(enabled=False)
    await bench.hubs.open()
    assert bench.hubs.subscriptions == ()
    await bench.poll()
    assert bench.hubs.subscriptions == ()
    assert await bench.hub.announce() == [404]


@pytest.mark.parametrize("public", ["http://vigie.example", "http://192.0.2.1:8470"])
async def test_without_a_way_to_call_back_nothing_is_subscribed_to(bench: Bench, public: str) -> None:
    bench.public = public
    assert not bench.make().active


async def test_the_address_takes_so_much_and_no_more(bench: Bench) -> None:
    await subscribed(bench)
    callback = bench.hub.requests[0]["hub.callback"]
    assert await post(callback, b"x" * (1024 * 1024 + 1), {}) == 413

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65536

    async with aiohttp.ClientSession() as session:
        status = 0
        try:
            async with session.post(callback, data=pieces()) as answer:
                status = answer.status
        except aiohttp.ClientError:
            status = 413  # it hung up while more was being sent
        assert status == 413
        for method, path in (("PUT", callback), ("DELETE", callback), ("POST", bench.public + "/")):
            async with session.request(method, path) as answer:
                assert answer.status == 405
        async with session.post(callback, headers={"Host": "evil.example"}, data=b"") as answer:
            assert answer.status == 421
    # A large announcement that fits is taken, signed over the whole of it.
    bench.now += timedelta(minutes=1)
    assert await bench.hub.announce(body=b"x" * (1024 * 1024)) == [202]
    assert await bench.due()
