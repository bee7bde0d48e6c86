"""Backtests that were started on the page: one at a time, each in a process that can be stopped, its outcome kept.

A run is a file in the data folder (``backtests/N.json``), written whole or not at all; it can be shown again after a
restart. What still ran when the service ended is shown as interrupted.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import pickle
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from review.bench import Run
from review.errors import ChangeRefusedError
from storage.times import from_text, to_text
from storage.types import Watch
from vigie.backtest_order import Order
from vigie.backtest_pace import Pace
from vigie.settings import Settings

logger = logging.getLogger(__name__)

FOLDER = "backtests"
#: runs that are kept; the oldest go
MOST_RUNS = 60
#: a run may take so long
DEADLINE = timedelta(hours=2)
#: days that one may reach back
LONGEST_DAYS = 400
#: bytes of one line of an answer
_LONGEST_LINE = 32 * 1024 * 1024
_NAME = re.compile(r"(\d{1,9})\.json", re.ASCII)


class BacktestRuns:
    """Starts backtests, follows them and keeps what came of them; used from one event loop."""

    def __init__(self, data_folder: Path, *, clock: Callable[[], datetime]) -> None:
        self._folder = data_folder / FOLDER
        self._clock = clock
        self._running: Run | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(
        self,
        settings: Settings,
        watches: tuple[Watch, ...],
        *,
        about: str,
        days: int,
        by: str,
        rule_folders: tuple[Path, ...] | None = None,
        tried: Mapping[str, Any] | None = None,
        cleanup: Callable[[], None] = lambda: None,
    ) -> int:
        """Start a backtest and return its number.

        Args:
            settings: what the service runs by.
            watches: to try.
            about: ``watch:ID`` or ``rule:NAME``.
            days: so many days back.
            by: who wants it.
            rule_folders: in place of those of the settings.
            tried: what is tried, to show it beside the outcome.
            cleanup: is called when it has ended.

        Raises:
            ChangeRefusedError: another one runs, or the days are out of bounds.
        """
        if self._running is not None:
            cleanup()
            raise ChangeRefusedError(
                f"backtest {self._running.number} still runs ({self._running.share} %); wait for it, or stop it"
            )
        if not 1 <= days <= LONGEST_DAYS:
            cleanup()
            raise ChangeRefusedError(f"a backtest reaches back 1 to {LONGEST_DAYS} days")
        now = self._clock()
        run = Run(number=self._next(), about=about, by=by, at=now, days=days, state="running", tried=dict(tried or {}))
        order = Order(
            settings=replace(settings, watches=(), queries={}), watches=watches,
            since=now - timedelta(days=days), until=now,
            rule_folders=settings.rule_folders if rule_folders is None else rule_folders,
        )  # fmt: skip
        self._running, self._stopping = run, False
        self._write(run)
        self._task = asyncio.create_task(self._follow(order, cleanup), name=f"backtest {run.number}")
        return run.number

    def stop(self, number: int) -> None:
        """Stop a backtest.

        Raises:
            ChangeRefusedError: it does not run.
        """
        if self._running is None or self._running.number != number:
            raise ChangeRefusedError(f"backtest {number} does not run any more")
        self._stopping = True
        self._kill()

    async def close(self) -> None:
        """End what still runs."""
        self._stopping = True
        self._kill()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def ended(self) -> None:
        """Wait until nothing runs."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    # --- what is kept ---------------------------------------------------------------------------

    def runs(self, about: str) -> list[Run]:
        """Return the runs about a watch or a rule that are kept, the newest first, without their results."""
        found = (self.run(number) for number in sorted(self._numbers(), reverse=True))
        return [_without_results(run) for run in found if run is not None and run.about == about]

    def run(self, number: int) -> Run | None:
        """Return one run with its results, None when it is not kept."""
        running = self._running
        if running is not None and running.number == number:
            return running
        try:
            kept = json.loads((self._folder / f"{number}.json").read_text("utf-8"))
            run = _run(kept)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return _with_state(run, "interrupted") if run.state == "running" else run

    def _numbers(self) -> list[int]:
        try:
            names = [path.name for path in self._folder.iterdir()]
        except OSError:
            return []
        return [int(found[1]) for name in names if (found := _NAME.fullmatch(name))]

    def _next(self) -> int:
        return max(self._numbers(), default=0) + 1

    def _write(self, run: Run) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{run.number}.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(_record(run), ensure_ascii=True), "utf-8")
        fresh.replace(path)
        for number in sorted(self._numbers())[:-MOST_RUNS]:
            with contextlib.suppress(OSError):
                (self._folder / f"{number}.json").unlink()

    # --- the process ----------------------------------------------------------------------------

    async def _follow(self, order: Order, cleanup: Callable[[], None]) -> None:
        state, changes = "failed", {"detail": "it gave no answer"}
        try:
            async with asyncio.timeout(DEADLINE.total_seconds()):
                state, changes = await self._made(order)
        except TimeoutError:
            changes = {"detail": f"it took longer than {DEADLINE}"}
        except OSError as error:
            changes = {"detail": f"it could not be started ({error.strerror})"}
        finally:
            self._kill()
            if self._process is not None:
                await self._process.wait()
            run = self._running
            self._process = None
            if run is not None:
                if self._stopping:
                    state, changes = "stopped", {}
                self._keep(_with_state(run, state, **changes))
            self._running = None
            cleanup()

    async def _made(self, order: Order) -> tuple[str, dict[str, Any]]:
        process = self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "vigie.backtest_child", stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, limit=_LONGEST_LINE,
        )  # fmt: skip
        if self._stopping:
            # It was stopped while it was being started.
            return "stopped", {}
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the process has no pipes")
        process.stdin.write(pickle.dumps(order))
        await process.stdin.drain()
        process.stdin.close()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        async for line in process.stdout:
            said = json.loads(line)
            if "failed" in said:
                return "failed", {"detail": str(said["failed"]), "fits": None}
            if "results" in said:
                return "done", {"results": tuple(said["results"]), "seconds": float(said["seconds"])}
            if not self._goes_on(said, loop.time() - begun):
                return "failed", {"detail": "by its pace it would not have ended in time"}
            if not int(said["done"]):
                begun = loop.time()
        return "failed", {"detail": "the process ended before its answer", "fits": None}

    def _goes_on(self, said: Mapping[str, Any], seconds: float) -> bool:
        """Take in how far the process is; False when it is not worth waiting for."""
        pace = Pace(done=int(said["done"]), total=int(said["total"]), seconds=seconds)
        if self._running is not None:
            self._running = paced(self._running, pace, self._clock())
        return not pace.is_hopeless(DEADLINE)

    def _kill(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    def _keep(self, run: Run) -> None:
        try:
            self._write(run)
        except OSError:
            logger.exception("backtest %d could not be kept", run.number)
        logger.info("backtest %d (%s): %s %s", run.number, run.about, run.state, run.detail)


def paced(run: Run, pace: Pace, now: datetime) -> Run:
    """Return a run that says how far it is, when it ends, and what would end in time where it does not."""
    ends_at = None if pace.left is None else now + timedelta(seconds=pace.left)
    return replace(run, done=pace.done, total=pace.total, ends_at=ends_at, fits=pace.fits(run.days, DEADLINE))


def _with_state(run: Run, state: str, **changes: Any) -> Run:
    return replace(run, state=state, **changes)


def _without_results(run: Run) -> Run:
    results = tuple({key: value for key, value in one.items() if key != "alerts"} for one in run.results)
    return replace(run, results=results)


def _record(run: Run) -> dict[str, Any]:
    return {
        "number": run.number, "about": run.about, "by": run.by, "at": to_text(run.at), "days": run.days,
        "state": run.state, "done": run.done, "total": run.total, "detail": run.detail, "fits": run.fits,
        "seconds": run.seconds,
        "results": list(run.results), "tried": dict(run.tried),
    }  # fmt: skip


def _run(kept: dict[str, Any]) -> Run:
    return Run(**{**kept, "at": from_text(kept["at"]), "results": tuple(kept["results"])})
