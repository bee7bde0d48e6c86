"""Services that are broken on purpose, and services that die at a named point: the campaign must see them.

    python -m tests.campaign.mutants MUTANT -- -c vigie.toml run

The product knows nothing of this: a mutant patches the service in its own process and then runs its command line.
``sound`` patches nothing. The environment adds to that:

* ``CAMPAIGN_KILL=POINT:N`` kills the process when it reaches a point for the N-th time;
* ``CAMPAIGN_PAGES=FILE`` bounds the archive to as many pages as the file states (``PRAGMA max_page_count``);
* ``CAMPAIGN_UPSET=1`` makes jobs of the schedule raise, hang and outlast their interval;
* ``CAMPAIGN_HURRY=1`` shortens the waits that the configuration does not state.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import os
import secrets
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

Patch = Callable[[], None]
_reached: dict[str, int] = {}


def reach(point: str) -> None:
    """Die here if the environment says so."""
    name, _, number = os.environ.get("CAMPAIGN_KILL", "").partition(":")
    if name != point:
        return
    _reached[point] = _reached.get(point, 0) + 1
    if _reached[point] == int(number or 1):
        os.kill(os.getpid(), signal.SIGKILL)


def put(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Put in the place of a function what is made of it."""
    setattr(owner, name, make(getattr(owner, name)))


# --- mutants -------------------------------------------------------------------------------------------


def mark_before_send() -> None:
    """Record a message as sent when it is leased, before it leaves."""
    from scheduler.outbox import ArchiveOutbox
    from storage import deliveries

    def marking(lease: Any) -> Any:
        def take(database: Any, *args: Any, **kwargs: Any) -> Any:
            taken = lease(database, *args, **kwargs)
            for delivery, _ in taken:
                database.execute("UPDATE delivery SET state = 'sent', lease_until = NULL WHERE id = ?", (delivery.id,))
            return taken

        return take

    async def forget(*_: Any, **__: Any) -> None:
        return None

    put(deliveries, "lease", marking)
    put(ArchiveOutbox, "record", lambda _: forget)


def two_transactions() -> None:
    """Commit the article before its alerts."""
    from scheduler import pipeline

    def parted(take: Any) -> Any:
        def commit_first(database: Any, *args: Any, **kwargs: Any) -> Any:
            database.conn.execute("COMMIT")
            reach("decided")
            database.conn.execute("BEGIN IMMEDIATE")
            # What shares its commit with others stands in a savepoint.
            database.conn.execute("SAVEPOINT one")
            return take(database, *args, **kwargs)

        return commit_first

    put(pipeline, "take", parted)


def random_identity() -> None:
    """Give each attempt a webhook-id and a Message-ID of its own."""
    from alerts.email import EmailSender
    from alerts.webhook import WebhookSender

    def renamed(delivery: Any) -> Any:
        return dataclasses.replace(delivery, key="msg_" + secrets.token_hex(13))

    def post(transmit: Any) -> Any:
        async def under_another_name(self: Any, delivery: Any, *args: Any) -> Any:
            return await transmit(self, renamed(delivery), *args)

        return under_another_name

    put(WebhookSender, "transmit", post)
    put(EmailSender, "prepare", lambda prepare: lambda self, delivery, alert: prepare(self, renamed(delivery), alert))


def follow_redirects() -> None:
    """Go where a receiver's answer points."""
    import aiohttp

    def follow(post: Any) -> Any:
        return lambda self, url, **kwargs: post(self, url, **{**kwargs, "allow_redirects": True})

    put(aiohttp.ClientSession, "post", follow)


def drop_client_errors() -> None:
    """Give a webhook up when the receiver answers 4xx."""
    from alerts import webhook
    from storage.types import OutcomeClass

    def drop(judge: Any) -> Any:
        return lambda status: OutcomeClass.PERMANENT_RECIPIENT if 400 <= status < 500 else judge(status)

    put(webhook, "status_class", drop)


def lazy_disk() -> None:
    """Do not force commits to the disk."""
    from storage import database

    def lazily(configure: Any) -> Any:
        def then_lower(connection: Any) -> None:
            configure(connection)
            connection.execute("PRAGMA synchronous=NORMAL")

        return then_lower

    put(database, "_configure", lazily)


def second_reading() -> None:
    """Take a wall-clock time that comes twice the second time it comes."""
    from alerts import hours

    put(hours, "moment_of", lambda moment: lambda day, at, zone: moment(day, at.replace(fold=1), zone))


MUTANTS: dict[str, Patch] = {
    "sound": lambda: None,
    "mark_before_send": mark_before_send,
    "two_transactions": two_transactions,
    "random_identity": random_identity,
    "follow_redirects": follow_redirects,
    "drop_client_errors": drop_client_errors,
    "lazy_disk": lazy_disk,
    "second_reading": second_reading,
}


# --- what every service of this kind has ----------------------------------------------------------------


def add_points() -> None:
    """Name the moments at which a service can be told to die."""
    from scheduler import pipeline
    from scheduler.outbox import ArchiveOutbox

    def processing(process: Any) -> Any:
        def decide(self: Any, *args: Any, **kwargs: Any) -> Any:
            done = process(self, *args, **kwargs)
            reach("decided")
            return done

        return decide

    def leasing(lease: Any) -> Any:
        async def take(self: Any, *args: Any, **kwargs: Any) -> Any:
            taken = await lease(self, *args, **kwargs)
            if taken:
                reach("leased")
            return taken

        return take

    def recording(record: Any) -> Any:
        async def keep(self: Any, *args: Any, **kwargs: Any) -> Any:
            reach("sent")
            await record(self, *args, **kwargs)
            reach("recorded")

        return keep

    put(pipeline.Pipeline, "process", processing)
    put(ArchiveOutbox, "lease", leasing)
    put(ArchiveOutbox, "record", recording)


#: name → what the service is about to do or has just done
POINTS = {
    "decided": "an article and its alerts are decided, nothing is committed",
    "leased": "a message is leased, and not sent",
    "sent": "a message was sent, and not recorded",
    "recorded": "a message was recorded",
}


def bound_pages(file: Path) -> None:
    """Let the archive grow to so many pages as a file states, read anew before each transaction."""
    from scheduler import archive

    def bounded(transaction: Any) -> Any:
        def open_within(opened: Any) -> Any:
            opened.conn.execute(f"PRAGMA max_page_count={int(file.read_text())}")
            return transaction(opened)

        return open_within

    put(archive, "transaction", bounded)


def upset() -> None:
    """Break the jobs of the schedule: most raise now and then, one always, one hangs, one is slower than its turn."""
    from scheduler.batches import BatchDesk
    from scheduler.rulewatch import RuleWatch
    from scheduler.service import Service
    from scheduler.ticking import Ticker
    from scheduler.watching import HealthDesk

    def raising(each: int) -> Callable[[Any], Any]:
        def now_and_then(work: Any) -> Any:
            count = itertools.count(1)

            async def job(self: Any) -> Any:
                if next(count) % each == 0:
                    raise RuntimeError("broken on purpose")
                return await work(self)

            return job

        return now_and_then

    def slow(work: Any) -> Any:
        async def job(self: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(90)
            return await work(self, **kwargs)

        return job

    async def hanging(_self: Any) -> None:
        await asyncio.Event().wait()

    put(Ticker, "tick", raising(3))
    put(BatchDesk, "tick", raising(2))
    put(RuleWatch, "look", raising(1))
    put(HealthDesk, "tick", slow)
    put(Service, "_audit", lambda _: hanging)


def hurry() -> None:
    """Shorten what the configuration does not state: probes of a broken channel, the wait after a mail in doubt."""
    from alerts.settings import DeliverySettings

    second = timedelta(seconds=1)
    shorter = {"email_unknown_wait": 3 * second, "breaker_probes": (second, 2 * second), "idle": 2 * second}
    defaults: Any = DeliverySettings.__init__.__kwdefaults__
    assert set(shorter) <= set(defaults)
    defaults.update(shorter)


def apply(name: str) -> None:
    """Patch this process."""
    add_points()
    MUTANTS[name]()
    if "CAMPAIGN_PAGES" in os.environ:
        bound_pages(Path(os.environ["CAMPAIGN_PAGES"]))
    if "CAMPAIGN_UPSET" in os.environ:
        upset()
    if "CAMPAIGN_HURRY" in os.environ:
        hurry()


def become(name: str, arguments: Sequence[str]) -> None:
    """Patch this process and run the command line."""
    apply(name)
    from vigie.__main__ import main as command_line

    sys.argv = ["vigie", *arguments]
    command_line()


if __name__ == "__main__":
    become(sys.argv[1], sys.argv[3:])
