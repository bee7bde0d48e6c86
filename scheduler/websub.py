"""Subscribes to hubs and listens to them, so that a feed is polled when it changes (W3C WebSub).

:mod:`scheduler.subscriptions` decides; here hubs are called, answers are given, and both are stored before
they take effect. The page's server carries what hubs send to :class:`Hubs`, which knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import urljoin

import aiohttp

from crawler.guard import GuardedConnector
from crawler.settings import CrawlerSettings
from scheduler import subscriptions
from scheduler.archive import Archive
from scheduler.pace import floor_of
from scheduler.subscriptions import STEADFAST, Step
from storage import sources, websub
from storage.egress import refusal_in
from storage.types import AddressKind, PollResult, Source, Subscription, SubscriptionState

logger = logging.getLogger(__name__)

#: path under the public address that hubs call, the token follows
PATH = "/websub/"
#: seconds one call of a hub may take, redirects included
CALL_SECONDS = 20.0
#: hubs called at once
CALLS_AT_ONCE = 4
_MAX_TOPIC = 2048
_MAX_HOPS = 3
#: bytes of a hub's answer that are taken in; nothing of it is needed but its status
_MAX_ANSWER = 64 * 1024


class Hubs:
    """The subscriptions of all feeds; to be used from the owner's event loop.

    Args:
        archive: where subscriptions are kept.
        crawler: name, egress policy and proxy of calls.
        public_url: where hubs reach this service.
        configured: the sources as configured.
        clock: gives the aware present.
        polling: whether a source is being polled at this moment.
        enabled: False lets go of what was subscribed to and subscribes to nothing.
    """

    def __init__(
        self,
        archive: Archive,
        crawler: CrawlerSettings,
        *,
        public_url: str,
        configured: Mapping[str, Source],
        clock: Callable[[], datetime],
        polling: Callable[[str], bool],
        enabled: bool,
    ) -> None:
        self._archive = archive
        self._crawler = crawler
        self._base = f"{public_url.rstrip('/')}{PATH}"
        self._sources = configured
        self._clock = clock
        self._polling = polling
        self.active = enabled and subscriptions.can_be_called(public_url, crawler.policy)
        self._known: dict[str, Subscription] = {}
        #: feeds announced while their source was being polled, which may have read them just before
        self._announced: dict[str, set[str]] = {}
        self._room = asyncio.Semaphore(CALLS_AT_ONCE)

    async def open(self) -> None:
        """Read the subscriptions and let go of those that are no longer wanted."""
        now = self._clock()
        for subscription in await self._archive.read(websub.all_subscriptions):
            if not self.active or subscription.callback != self._base + subscription.token:
                # The hub cannot reach us to be told; it gets 404 from now on, and its lease runs out.
                await self._archive.write(websub.remove, subscription.token)
            elif not self._wanted(subscription) and subscription.state is not SubscriptionState.LEAVING:
                await self._save(_leaving(subscription, now))
            else:
                self._known[subscription.token] = subscription

    def _wanted(self, subscription: Subscription) -> bool:
        source = self._sources.get(subscription.source_id)
        return source is not None and source.enabled and (AddressKind.FEED, subscription.url) in source.addresses

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """Every subscription as it stands."""
        return tuple(self._known.values())

    # --- what polls tell -------------------------------------------------------------------------

    async def heard(self, source: Source, result: PollResult) -> None:
        """Take note of the hub that an answer names."""
        hub, topic = result.hints.hub, result.hints.topic
        if not self.active or hub is None or topic is None or len(topic) > _MAX_TOPIC or result.failure is not None:
            return
        if (AddressKind.FEED, result.url) not in source.addresses:
            return
        address = subscriptions.hub_address(hub, self._crawler.policy)
        if address is None:
            logger.info("source %s names a hub that is not called: %s", source.id, hub[:200])
            return
        now = self._clock()
        current = self._current(source.id, result.url)
        if current is not None:
            if (current.hub, current.topic) == (address, topic) or now - current.created_at < STEADFAST:
                return
            await self._save(_leaving(current, now))
        await self._save(self._new(source.id, result.url, address, topic, now))

    def paced(self, source: Source) -> Source:
        """Return the source with the interval it is polled at beside its hubs."""
        held = (known for known in self._known.values() if known.source_id == source.id)
        return replace(source, poll=subscriptions.pace(source.poll, len(source.addresses), held, self._clock()))

    def _current(self, source_id: str, url: str) -> Subscription | None:
        return next(
            (
                known
                for known in self._known.values()
                if (known.source_id, known.url) == (source_id, url) and known.state is not SubscriptionState.LEAVING
            ),
            None,
        )

    def _new(self, source_id: str, url: str, hub: str, topic: str, now: datetime) -> Subscription:
        token = secrets.token_urlsafe(32)
        return Subscription(
            token=token,
            source_id=source_id,
            url=url,
            hub=hub,
            topic=topic,
            callback=self._base + token,
            secret=secrets.token_hex(32),
            state=SubscriptionState.WANTED,
            created_at=now,
            next_step_at=now,
        )

    async def polled(self, source_id: str) -> None:
        """Catch up on what was announced while a source was being polled; call it after every poll."""
        for url in self._announced.pop(source_id, set()):
            await self._hasten(source_id, url)

    # --- what hubs ask and send ------------------------------------------------------------------

    def known(self, token: str) -> bool:
        """Whether a callback address is one of ours."""
        return token in self._known

    async def verify(self, token: str, query: Mapping[str, str]) -> str | None:
        """Answer a hub that asks whether a subscription, or its end, is meant; None is no answer."""
        subscription = self._known.get(token)
        verdict = None if subscription is None else subscriptions.verify(subscription, query, self._clock())
        if subscription is None or verdict is None:
            return None
        if verdict.subscription is None:
            await self._forget(subscription)
        else:
            await self._save(verdict.subscription)
            logger.info("hub %s: %s is %s", subscription.hub, subscription.topic, verdict.subscription.state)
        return verdict.answer

    async def deliver(self, token: str, signature: str | None, body: bytes) -> None:
        """Take an announcement: the feed is polled, at once if it may be; a forged one changes nothing."""
        subscription = self._known.get(token)
        if subscription is None or subscription.state is SubscriptionState.LEAVING:
            return
        if not subscriptions.signed(subscription.secret, signature, body):
            logger.warning("an announcement for %s is not signed by its hub and is ignored", subscription.topic)
            return
        await self._save(replace(subscription, announced_at=self._clock()))
        if self._polling(subscription.source_id):
            self._announced.setdefault(subscription.source_id, set()).add(subscription.url)
        else:
            await self._hasten(subscription.source_id, subscription.url)

    async def _hasten(self, source_id: str, url: str) -> None:
        """Have a feed polled as soon as the source's floor allows."""
        state = await self._archive.read(sources.state, source_id)
        last = None if state is None else state.last_checked_at
        floor = floor_of(self._sources[source_id], self._crawler.policy)
        at = subscriptions.earliest_poll(last, floor, self._clock())
        await self._archive.write(websub.hasten, source_id, url, at)

    # --- what is done by and by ------------------------------------------------------------------

    async def look(self) -> None:
        """Take the next step of every subscription that is due for one."""
        await asyncio.gather(*(self._step(token) for token in list(self._known)))

    async def _step(self, token: str) -> None:
        async with self._room:
            known = self._known.get(token)
            if known is None:
                return
            now = self._clock()
            current, step, why = subscriptions.next_step(known, now)
            if step is Step.FORGET:
                await self._forget(current)
                return
            if step is not None:
                logger.debug("%s %s at %s: %s", step, current.topic, current.hub, why)
                current = subscriptions.asking(current, now)
            if current != known:
                await self._save(current)
            if step is not None:
                await self._ask(current, step)

    async def _ask(self, subscription: Subscription, step: Step) -> None:
        failure = await self._call(subscription, step)
        # The hub may have asked back, or denied, before it answered: go on from what is stored now.
        current = self._known.get(subscription.token)
        if failure is None or current is None or current.state is SubscriptionState.DENIED:
            return
        logger.info("hub %s does not take %s of %s: %s", current.hub, step, current.topic, failure)
        await self._save(subscriptions.after_failure(current, failure, self._clock()))

    async def _call(self, subscription: Subscription, step: Step) -> str | None:
        """Ask a hub; return what went wrong, or None."""
        form = {
            "hub.mode": str(step),
            "hub.topic": subscription.topic,
            "hub.callback": subscription.callback,
        }
        if step is Step.SUBSCRIBE:
            lease = int(subscriptions.LEASE.total_seconds())
            form |= {"hub.lease_seconds": str(lease), "hub.secret": subscription.secret}
        try:
            async with asyncio.timeout(CALL_SECONDS), self._session() as session:
                return await self._post(session, subscription.hub, form)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            kind = "no answer in time" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
            return refusal_in(error) or kind

    def _session(self) -> aiohttp.ClientSession:
        connector = GuardedConnector(
            self._crawler.policy, limit=1, through_proxy=self._crawler.proxy is not None, max_body=_MAX_ANSWER
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self._crawler.user_agent},
            # A small answer can unpack to gigabytes.
            auto_decompress=False,
            trust_env=False,
        )

    async def _post(self, session: aiohttp.ClientSession, hub: str, form: dict[str, str]) -> str | None:
        """Post to a hub, following the two redirects that keep the method (WebSub section 5.1)."""
        for _ in range(_MAX_HOPS):
            async with session.post(hub, data=form, allow_redirects=False, proxy=self._crawler.proxy) as answer:
                if 200 <= answer.status < 300:
                    return None
                location = answer.headers.get("Location")
                if answer.status not in (307, 308) or location is None:
                    return f"HTTP {answer.status}"
            target = subscriptions.hub_address(urljoin(hub, location), self._crawler.policy)
            if target is None:
                return "it redirects to an address that is not called"
            hub = target
        return "it redirects again and again"

    async def _save(self, subscription: Subscription) -> None:
        self._known[subscription.token] = subscription
        await self._archive.write(websub.save, subscription)

    async def _forget(self, subscription: Subscription) -> None:
        self._known.pop(subscription.token, None)
        await self._archive.write(websub.remove, subscription.token)


def _leaving(subscription: Subscription, now: datetime) -> Subscription:
    return replace(subscription, state=SubscriptionState.LEAVING, next_step_at=now, failures=0)
