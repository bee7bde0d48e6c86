"""Press, receivers and service of one fault, wired together."""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Self

from tests.campaign.oracle import Alert, Verdict, settled
from tests.campaign.sinks import HOST, PREVIOUS_SECRET, SECRET, Arrived, HookSink, MailSink
from tests.campaign.sut import Sut, until
from tests.campaign.words import Desk
from tests.campaign.world import Background, Press

#: seconds without any arrival after which what is missing counts as lost
QUIET = 60.0
#: short waits between attempts, and a message for each alert instead of lists in a storm
DELIVERY = {
    "webhook_retries": '["1s"]',
    "email_retries": '["1s"]',
    "storm_limit": "10000",
    "storm_window": '"1s"',
}
#: seconds a start may take on a busy machine
START = 90.0


class Stage:
    """Use as a context manager; servers run until it is left, and so does a service that was started.

    Args:
        folder: holds configuration, archive and log.
        seed: of the news and of where they appear.
        hooks: ids of webhook channels.
        mails: recipients by the id of their mail channel.
        watches: how many watches ring for every act.
        watch_keys: more of a watch's table, by its id.
        outlets: how many outlets.
        delivery: keys of ``[delivery]``; waits between attempts are short by default.
        hook_keys: more of each webhook channel's table.
        notify: channels that hear of the service's own trouble.
        extra: more of the configuration.
        dated: False serves articles without dates.
        sut: how the service is run.
    """

    def __init__(
        self,
        folder: Path,
        seed: int,
        *,
        hooks: Sequence[str] = ("hook",),
        mails: Mapping[str, Sequence[str]] = MappingProxyType({"mail": ("duty@example.org",)}),
        watches: int = 1,
        watch_keys: Mapping[str, str] = MappingProxyType({}),
        outlets: int = 2,
        delivery: Mapping[str, str] | None = None,
        mail_keys: str = "",
        hook_keys: str = "",
        notify: Sequence[str] = (),
        extra: str = "",
        dated: bool = True,
        hook_sink: HookSink | None = None,
        mail_tls: ssl.SSLContext | None = None,
        sut: Sut | None = None,
    ) -> None:
        self.chance = random.Random(seed)
        self.desk = Desk(seed)
        self.press = Press(outlets, seed, dated=dated)
        self.hooks, self.mail_channels = tuple(hooks), dict(mails)
        self.port = free_port()
        self.watches = tuple(f"watch-{number}" for number in range(1, watches + 1))
        self.hook_sink = hook_sink or HookSink()
        self.mail_sink = MailSink(mail_tls)
        self.sut = sut or Sut(folder)
        self.background = Background()
        self._folder = folder
        self._delivery = {**DELIVERY, **(delivery or {})}
        self._mail_keys = mail_keys
        self._hook_keys = hook_keys
        self._notify = tuple(notify)
        self._watch_keys = dict(watch_keys)
        self._extra = extra

    def __enter__(self) -> Self:
        self.background.__enter__()
        for server in (self.press, self.hook_sink, self.mail_sink):
            self.background.call(server.start())
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "webhook.key").write_text(SECRET, encoding="utf-8")
        (self._folder / "webhook-before.key").write_text(PREVIOUS_SECRET, encoding="utf-8")
        self.sut.config.write_text(self.configuration(), encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        if self.sut.alive:
            self.sut.kill()
        for server in (self.press, self.hook_sink, self.mail_sink):
            self.background.call(server.stop())
        self.background.__exit__()

    def configuration(self) -> str:
        """Return the configuration file."""
        channels = [*self.hooks, *self.mail_channels]
        mail_keys = self._mail_keys or f'host = "{HOST}"\n'
        parts = [
            f'[service]\ndata_dir = "data"\nlisten = "127.0.0.1:{self.port}"\ncatalogue = false\n'
            f"notify = {_list(self._notify)}\n",
            '[network]\nallow_cidrs = ["127.0.0.0/8"]\n',
            *(
                f'[[source]]\nid = "{outlet.id}"\nname = "{outlet.id.title()}"\nfeeds = ["{outlet.base}/feed.xml"]\n'
                f'language = "fr"\npoll = "1s"\n'
                for outlet in self.press.outlets
            ),
            *(
                f'[[watch]]\nid = "{watch}"\npairs = []\nchannels = {_list(channels)}\n'
                f"{self._watch_keys.get(watch, '')}"
                for watch in self.watches
            ),
            *(
                f'[[channel]]\nid = "{hook}"\ntype = "webhook"\nurl = "{self.hook_sink.url(hook)}"\n'
                f'secret_file = "webhook.key"\n{self._hook_keys}'
                for hook in self.hooks
            ),
            *(
                f'[[channel]]\nid = "{mail}"\ntype = "email"\n{mail_keys}port = {self.mail_sink.port}\n'
                f'sender = "vigie@example.org"\nrecipients = {_list(recipients)}\n'
                for mail, recipients in self.mail_channels.items()
            ),
        ]
        parts.append("[delivery]\n" + "".join(f"{key} = {value}\n" for key, value in self._delivery.items()))
        return "".join(parts) + self._extra

    @property
    def mails(self) -> tuple[str, ...]:
        """Every recipient of a mail."""
        return tuple(recipient for recipients in self.mail_channels.values() for recipient in recipients)

    @property
    def expected(self) -> set[Alert]:
        """Every alert that each channel must get."""
        return {(token, watch) for token in self.press.expected for watch in self.watches}

    def publish(self, alerts: int = 1, calm: int = 0) -> None:
        """Publish articles that must ring, and some that must not."""
        self.press.publish(*(self.desk.alert() for _ in range(alerts)), *(self.desk.calm() for _ in range(calm)))

    def missing(self, hooks: Sequence[str] | None = None, mails: Sequence[str] | None = None) -> int:
        """Return how many alerts have not arrived yet, over the given channels or all."""
        count = 0
        for ledger, channels in (
            (self.hook_sink.ledger, self.hooks if hooks is None else hooks),
            (self.mail_sink.ledger, self.mails if mails is None else mails),
        ):
            got = {(each.channel, token, each.watch) for each in list(ledger.arrived.values()) for token in each.tokens}
            count += sum((channel, *alert) not in got for channel in channels for alert in self.expected)
        return count

    def answers(self) -> bool:
        """Whether the page says that the service is alive."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def arrivals(self) -> list[Arrived]:
        """Return every message that was accepted."""
        return [*self.hook_sink.ledger.arrived.values(), *self.mail_sink.ledger.arrived.values()]

    def sign_of_life(self) -> int:
        """Return a number that grows with everything the service does to the world."""
        return self.press.requests + self.told()

    def told(self) -> int:
        """Return how many attempts to tell somebody the receivers saw."""
        attempts = [*self.hook_sink.ledger.attempts.values(), *self.mail_sink.ledger.attempts.values()]
        return sum(map(len, attempts))

    def start(self) -> bool:
        """Start the service and wait until the world hears of it; False when it ended before."""
        before = self.sign_of_life()
        self.sut.start()
        until(lambda: self.sign_of_life() > before or not self.sut.alive, START)
        return self.sut.alive

    def settle_some(self, *, hooks: Sequence[str] = (), mails: Sequence[str] = (), quiet: float = QUIET) -> bool:
        """Wait until nothing is missing at some receivers; False when it does not come."""
        return settled(lambda: self.missing(hooks, mails), quiet=quiet, alive=lambda: self.sut.alive)

    def settle(self, *, quiet: float = QUIET) -> bool:
        """Wait until nothing is missing; False when it does not come."""
        return settled(self.missing, quiet=quiet, alive=lambda: self.sut.alive)

    def finish(self, verdict: Verdict, *, quiet: float = QUIET) -> None:
        """Wait for what is missing and judge; ``verdict`` takes it all in."""
        self.settle(quiet=quiet)
        self.judge(verdict)
        self.end(verdict)

    def judge(self, verdict: Verdict) -> None:
        """Judge every channel."""
        verdict.judge(self.hook_sink.ledger, self.hooks, self.expected)
        verdict.judge(self.mail_sink.ledger, self.mails, self.expected)

    def end(self, verdict: Verdict) -> None:
        """Stop the service; it must end by itself and leave a sound archive."""
        code = self.sut.stop()
        verdict.check(code == 0, f"the service ended with {code}")
        check = self.sut.integrity()
        verdict.check(check == "ok", f"integrity_check: {check[:200]}")


def _list(items: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{item}"' for item in items) + "]"


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def staged(stage: Stage, *, started: bool = True) -> Iterator[Stage]:
    """Enter a stage with its service running."""
    with stage:
        if started and not stage.start():
            raise RuntimeError(f"the service did not start:\n{stage.sut.log()[-2000:]}")
        yield stage
