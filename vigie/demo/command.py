"""``vigie demo``: a crisis replayed on a newsroom inside this machine, through the very code of ``vigie run``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import tempfile
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.text import Text

from alerts.settings import DeliverySettings, EmailChannel, WebhookChannel
from review.ladder import read_ladder
from review.server import open_listener
from scheduler.clock import now_utc
from scheduler.pipeline import Processed
from scheduler.service import Service
from storage.types import Article, Watch
from vigie.demo.inbox import Inbox, ReceivedMail
from vigie.demo.newsroom import Newsroom
from vigie.demo.receiver import ReceivedEvent, WebhookReceiver
from vigie.demo.script import DemoArticle
from vigie.escalation import peak_lines
from vigie.running import serve_with, service_settings
from vigie.searching import open_archive
from vigie.settings import Settings, parse_settings

#: seconds the crisis takes
DURATION = 50.0
FAST_DURATION = 15.0
#: seconds after the last publication within which everything must have been read and told
SETTLE = 60.0
#: longer ago than anything that the script tells
HISTORY = timedelta(days=3_660)


@dataclass(slots=True)
class Board:
    """What happened so far, as the progress line and the summary tell it."""

    console: Console
    live: Live | None = None
    published: int = 0
    total: int = 0
    read: int = 0
    partial: int = 0
    silent: int = 0
    copies: int = 0
    outlets: set[str] = field(default_factory=set)
    last: str = ""

    def on_publish(self, article: DemoArticle) -> None:
        """A newsroom outlet published."""
        self.published += 1
        self.last = article.title
        self._show()

    def on_article(self, article: Article, processed: Processed) -> None:
        """An article was stored."""
        self.read += 1
        self.partial += article.partial
        self.copies += processed.copy_of is not None
        self.silent += not any(taken.alert for taken in processed.taken)
        self.outlets.add(article.source_id)
        self._show()

    def on_mail(self, mail: ReceivedMail) -> None:
        """The local inbox received a mail."""
        self.say(Text.assemble(("✉  ", "bold"), mail.subject))

    def on_event(self, event: ReceivedEvent) -> None:
        """The local receiver verified a webhook."""
        data = event.body["data"]
        self.say(Text.assemble(("⚓ ", "bold"), (f"{event.type} ", "cyan"), str(data["headline"])))
        if data["events"]:
            self.say(Text(f"     « {data['events'][0]['sentence']} »", style="italic dim"))

    def say(self, line: Text) -> None:
        """Print a line above the progress line."""
        self.console.print(line)

    def _show(self) -> None:
        if self.live is not None:
            self.live.update(
                Text.assemble(
                    (f"{self.published}/{self.total} published · {self.read} read ", "bold"), (self.last, "dim"),
                    overflow="ellipsis", no_wrap=True,
                )
            )  # fmt: skip


async def run_demo(*, port: int, fast: bool, wait: bool) -> bool:
    """Replay the crisis; return whether anything was missed or repeated.

    Args:
        port: of the review page on 127.0.0.1; 0, or a port in use, takes a free one.
        fast: replay in seconds.
        wait: keep the page up after the summary, until Ctrl-C.
    """
    console = Console(stderr=False, highlight=False)
    # The board tells what happens; the log would tell it twice.
    logging.getLogger().setLevel(logging.ERROR)
    board = Board(console=console)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    newsroom = Newsroom()
    inbox, receiver = Inbox(board.on_mail), WebhookReceiver(on_event=board.on_event)
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vigie-demo-")))
        for part in (newsroom, inbox, receiver):
            await part.start()
            stack.push_async_callback(part.stop)
        settings = demo_settings(newsroom, inbox, receiver, folder, _free_port(port))
        board.total = newsroom.total
        _introduce(board, newsroom, settings)
        running = replace(service_settings(settings), tick=timedelta(seconds=0.5))
        service = await stack.enter_async_context(Service(running, progress=board.on_article))
        listener = stack.enter_context(await open_listener(settings.host, settings.port))
        serving = asyncio.create_task(serve_with(service, settings, stop, listener))
        stack.push_async_callback(_finish, serving, stop)
        with _progress(board):
            await _until(stop, newsroom.play(FAST_DURATION if fast else DURATION, board.on_publish), serving)
            settled = await _settle(board, service, inbox, receiver, stop)
        _summarise(board, newsroom, inbox, receiver, settings, settled=settled)
        if wait and not stop.is_set():
            console.print("Ctrl-C ends the demo.")
            await asyncio.wait({serving, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    return not settled or bool(receiver.repeats)


def demo_settings(newsroom: Newsroom, inbox: Inbox, receiver: WebhookReceiver, folder: Path, port: int) -> Settings:
    """Return the settings of a service that reads the newsroom and alerts the local inbox and receiver."""
    local = ("127.0.0.0/8",)
    channels = (
        EmailChannel(
            id="duty-officer", host=inbox.host, port=inbox.port, tls="none",
            sender="Vigie <vigie@demo.invalid>", recipients=("duty@demo.invalid",),
        ),
        WebhookChannel(id="crisis-desk", url=receiver.url, secrets=(receiver.secret,), allow_cidrs=local),
    )  # fmt: skip
    base = parse_settings("", None, folder)
    return replace(
        base,
        data_dir=folder / "data",
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        allow_cidrs=local,
        sources=newsroom.sources(),
        watches=(
            Watch(
                id="france-mali",
                name="France – Mali",
                pairs=(("FRA", "MLI"),),
                channels=tuple(channel.id for channel in channels),
            ),
        ),
        channels=channels,
        delivery=DeliverySettings(),
        warnings=(),
    )


def _introduce(board: Board, newsroom: Newsroom, settings: Settings) -> None:
    board.console.print(
        f"[bold]Vigie demo[/]: {len(newsroom.outlets)} invented outlets replay the France–Mali crisis of "
        f"August–September 2025, {newsroom.total} articles.\nThe page: [link]{settings.public_url}[/]\n"
    )


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, None], serving: asyncio.Task[None]) -> None:
    """Run ``work`` until it is done, the user stops, or the service fails."""
    task, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopping, serving}, return_when=asyncio.FIRST_COMPLETED)
    for pending in (task, stopping):
        pending.cancel()
    if serving.done():
        serving.result()
    if task.done() and not task.cancelled():
        task.result()


async def _settle(board: Board, service: Service, inbox: Inbox, receiver: WebhookReceiver, stop: asyncio.Event) -> bool:
    """Wait until all that was published is read and told; return whether it happened in time."""
    deadline = asyncio.get_running_loop().time() + SETTLE
    while not stop.is_set() and asyncio.get_running_loop().time() < deadline:
        if board.read >= board.total and await service.idle():
            return len(inbox.mails) == len(receiver.events)
        await asyncio.sleep(0.2)
    return stop.is_set()


async def _finish(serving: asyncio.Task[None], stop: asyncio.Event) -> None:
    stop.set()
    await asyncio.wait({serving}, timeout=10)
    serving.cancel()


@contextlib.contextmanager
def _progress(board: Board) -> Iterator[None]:
    if not board.console.is_terminal:
        yield
        return
    with Live(console=board.console, transient=True, refresh_per_second=8) as live:
        board.live = live
        yield
        board.live = None


def _summarise(
    board: Board, newsroom: Newsroom, inbox: Inbox, receiver: WebhookReceiver, settings: Settings, *, settled: bool
) -> None:
    say = board.console.print
    say()
    say(f"[bold]{board.read}[/] articles read from {len(board.outlets)} outlets ({newsroom.total} published)")
    say(f"[bold]{len(receiver.events)}[/] alerts sent, each as mail and as signed webhook ({len(inbox.mails)} mails)")
    say(f"[bold]{board.silent}[/] articles kept silent: copies of told dispatches ({board.copies}), background, noise")
    say(f"{receiver.repeats} repeated, {receiver.refused} refused")
    if not settled:
        say("[yellow]not everything was read and told in time; see the lines above[/]")
    for line in _ladder(settings):
        say(line, markup=False)
    say(f"Review what was stored: [bold]{settings.public_url}[/]")


def _ladder(settings: Settings) -> list[str]:
    """Return how far both states went towards each other, as the archive tells it."""
    until = now_utc()
    with open_archive(settings) as database:
        return peak_lines(read_ladder(database, ("FRA", "MLI"), since=until - HISTORY, until=until))


def _free_port(wanted: int) -> int:
    """Return the wanted port if nobody listens there, else a free one."""
    for candidate in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", candidate))
                return int(probe.getsockname()[1])
    return wanted
