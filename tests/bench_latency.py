"""How long it takes from a new entry being fetched to its webhook being received, at 85 sources.

The press is the one of the soak (:mod:`tests.soak_press`): every outlet is a host of its own, and some are slow, wall
their pages or ask for patience. Every third article tells an act of its own, each of which alerts at once
(``group_wait = 0``). The clock starts when the last byte of the page has been served and stops when the receiver has
the whole message. Beside it stands the time from the list that first showed the article, most of which is politeness: a
second between two requests to a host, and more where robots.txt asks for it.

    python -m tests.bench_latency [HOURS]    simulated hours, 4 by default; an hour takes a minute
"""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import tempfile
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from tests.campaign.oracle import percentile
from tests.campaign.sinks import SECRET, HookSink
from tests.campaign.words import Desk
from tests.soak_press import HOUR, Press, page
from tests.world import free_port

HOURS = 4.0
SEED = 85
#: seconds that the median and one alert in a hundred may take
MEDIAN, WORST = 1.0, 3.0
_PATH = re.compile(r"/(\d+)-(\d+)\.html$")


@dataclass(slots=True)
class Newsroom:
    """Writes the pages: every third tells of an act."""

    desk: Desk = field(default_factory=lambda: Desk(SEED))
    #: path → its page
    written: dict[str, str] = field(default_factory=dict)
    #: token → path
    paths: dict[str, str] = field(default_factory=dict)

    def write(self, path: str) -> str:
        """Return the page at a path."""
        found = _PATH.search(path)
        if found is None or int(found[2]) % 3:
            return page(path)
        if path not in self.written:
            story = self.desk.alert()
            self.paths[story.token] = path
            body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in story.paragraphs)
            self.written[path] = (
                "<!doctype html><html lang='fr'><head><meta charset='utf-8'>"
                f"<title>{escape(story.title)}</title></head><body><article><h1>{escape(story.title)}</h1>{body}</article></body></html>"
            )
        return self.written[path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """Seconds, an entry an alert."""

    from_page: tuple[float, ...]
    from_list: tuple[float, ...]
    #: articles that were served and never rang
    silent: int

    @property
    def holds(self) -> bool:
        """Whether the bar is met."""
        p50, p99 = percentile(self.from_page, 0.5), percentile(self.from_page, 0.99)
        return not self.silent and p50 <= MEDIAN and p99 <= WORST


async def measure(hours: float = HOURS) -> Delays:
    """Run the service through so many simulated hours."""
    newsroom, sink = Newsroom(), HookSink()
    press = Press(hours, newsroom.write)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        async with press.open():
            await sink.start()
            (folder / "webhook.key").write_text(SECRET, encoding="utf-8")
            config = folder / "vigie.toml"
            config.write_text(_configuration(press, sink, folder), encoding="utf-8")
            with (folder / "vigie.log").open("wb") as log:
                service = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "vigie", "-c", str(config), "run", stdout=log, stderr=log
                )
                try:
                    await asyncio.sleep(hours * HOUR)
                    await _drained(newsroom, sink)
                finally:
                    service.send_signal(signal.SIGTERM)
                    await asyncio.wait_for(service.wait(), 30)
                    await sink.stop()
        return _delays(press, newsroom, sink)


def _configuration(press: Press, sink: HookSink, folder: Path) -> str:
    text = press.configuration(str(folder / "data"), f"127.0.0.1:{free_port()}")
    watch = 'pairs = ["FRA-MLI"]'
    assert watch in text
    text = text.replace(watch, 'pairs = []\nchannels = ["hook"]')
    return (
        f'{text}[[channel]]\nid = "hook"\ntype = "webhook"\nurl = "{sink.url("hook")}"\nsecret_file = "webhook.key"\n'
        '[delivery]\ngroup_wait = "0s"\nstorm_limit = 10000\nstorm_window = "1s"\n'
    )


async def _drained(newsroom: Newsroom, sink: HookSink) -> None:
    """Wait for what was served and has not arrived, as long as anything might come."""
    for _ in range(100):
        if not set(newsroom.paths) - sink.ledger.tokens("hook"):
            break
        await asyncio.sleep(0.2)


def _delays(press: Press, newsroom: Newsroom, sink: HookSink) -> Delays:
    served: dict[str, float] = {}
    lists: dict[str, list[float]] = {}
    for each in press.ledger.asked:
        if each.path.endswith(".html") and each.status == 200:
            served.setdefault(each.path, each.end)
        elif each.path.endswith(".xml") and each.status == 200:
            lists.setdefault(each.host, []).append(each.end)
    received = {token: each.at for each in sink.ledger.arrived.values() for token in each.tokens}
    from_page, from_list = [], []
    for token, path in newsroom.paths.items():
        if token not in received:
            continue
        from_page.append(received[token] - served[path])
        found = _PATH.search(path)
        assert found is not None
        outlet = press.outlets[int(found[1])]
        published = press.start + outlet.moments[int(found[2])]
        shown = [moment for moment in lists.get(outlet.address, ()) if published <= moment <= served[path]]
        if shown:
            from_list.append(received[token] - min(shown))
    return Delays(
        from_page=tuple(from_page), from_list=tuple(from_list), silent=len(set(newsroom.paths) - set(received))
    )


def report(delays: Delays) -> str:
    """Return a line a figure."""
    lines = [f"{'alerts at 85 sources':40} {len(delays.from_page):10d}, {delays.silent} never rang"]
    for name, values in (("page fetched", delays.from_page), ("list fetched", delays.from_list)):
        p50, p99 = percentile(values, 0.5), percentile(values, 0.99)
        lines.append(f"{name + ' to webhook received':40} {p50:10.2f} s, p99 {p99:.2f} s")
    return "\n".join(lines)


def main(hours: float = HOURS) -> int:
    """Print the figures; 1 when the bar is not met."""
    delays = asyncio.run(measure(hours))
    print(report(delays))  # noqa: T201
    return 0 if delays.holds else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else HOURS))
