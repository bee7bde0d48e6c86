"""F1: the wall clock is set while the service runs, and while it is stopped."""

from __future__ import annotations

import shutil
import struct
import subprocess
import time
from datetime import timedelta
from pathlib import Path

from tests.campaign.context import Context
from tests.campaign.oracle import Verdict
from tests.campaign.sinks import HookSink
from tests.campaign.stage import Stage
from tests.campaign.sut import Sut

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: where the clock stands one after the other, against the right time
STANDS = (-HOUR, timedelta(0), HOUR, timedelta(0), -DAY, timedelta(0), DAY, timedelta(0), 3650 * DAY, timedelta(0))
#: longest gap in reading the press
GAP = 120.0
SOURCE = Path(__file__).with_name("skew.c")


class Clock:
    """The wall clock of a service, in a file that its processes map."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.seconds = self._before = 0
        file.write_bytes(struct.pack("=q", 0))

    def stand(self, off: timedelta) -> None:
        """Set the clock so far from the right time."""
        self._before = self.seconds
        self.seconds = round(off.total_seconds())
        # In place: a new file would not be the one that is mapped.
        with self.file.open("r+b") as mapped:
            mapped.write(struct.pack("=q", self.seconds))

    def stood(self, stated: int) -> float:
        """Return how far from the right time the clock stood when it stated a Unix second.

        What is on its way when the clock is set bears the time before that.
        """
        return min((self.seconds, self._before), key=lambda seconds: abs(stated - seconds - time.time()))


def build(folder: Path) -> Path:
    """Compile the library that moves the clock.

    Raises:
        OSError: it cannot be compiled here.
    """
    if shutil.which("gcc") is None:
        raise OSError("gcc is not installed")
    library = folder / "skew.so"
    command = ["gcc", "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"the clock's library cannot be compiled: {done.stderr.strip()}")
    return library


def with_clock(context: Context) -> tuple[Clock, Sut]:
    """Return a service, and the wall clock that its processes go by.

    Raises:
        OSError: the library that moves the clock cannot be compiled here.
    """
    clock, sut = Clock(context.folder / "skew.bin"), context.sut()
    sut.environment.update(LD_PRELOAD=str(build(context.folder)), CAMPAIGN_SKEW=str(clock.file))
    return clock, sut


def clock_jumps(context: Context) -> Verdict:
    """F1: the clock jumps an hour, a day and ten years, and back, at run time and while the service is stopped."""
    verdict = Verdict(id="F1")
    try:
        clock, sut = with_clock(context)
    except OSError as error:
        verdict.skipped = str(error)
        return verdict
    sink = HookSink(skew=clock.stood)
    stands = STANDS if context.scale >= 1 else STANDS[: max(2, round(len(STANDS) * context.scale)) // 2 * 2]
    gaps: dict[str, float] = {}
    # What is dated would be old news, or news of the future, for a clock that is wrong.
    with Stage(context.folder, context.seed, dated=False, hook_sink=sink, sut=sut) as stage:
        stage.publish(1)
        stage.start()
        stage.settle()
        for number, stand in enumerate(stands):
            clock.stand(stand)
            verdict.runs += 1
            start = time.monotonic()
            stage.publish(2, calm=1)
            stage.settle(quiet=GAP)
            gaps[f"{number + 1}: {stand}"] = round(time.monotonic() - start, 1)
        for stand in stands[:: max(1, len(stands) // 4)]:
            code = stage.sut.stop()
            verdict.check(code == 0, f"the service ended with {code}")
            clock.stand(stand)
            verdict.runs += 1
            start = time.monotonic()
            stage.publish(1)
            stage.start()
            stage.settle(quiet=GAP)
            gaps[f"stopped, {stand}"] = round(time.monotonic() - start, 1)
        longest = max(gaps.values())
        verdict.check(longest <= GAP, f"the press was not read for {longest:.0f} s")
        stage.finish(verdict)
    verdict.figures = {"gaps_seconds": gaps}
    return verdict
