"""F3: the schedule under strain.

Jobs raise, hang and outlast their turn, outlets hold every reader, the crawler stops, the whole service stands still.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from tests.campaign.context import Context
from tests.campaign.oracle import Verdict
from tests.campaign.stage import Stage
from tests.campaign.sut import until
from tests.campaign.world import Outlet
from tests.processes import descendants

#: outlets that answer nobody: more than the orders that a crawler takes at once (64)
HUNG = 70
#: longest gap in reading the outlets that answer, in seconds
GAP = 120.0
#: seconds an outlet thinks that is polled every second
SLOW = 3.0
#: seconds the whole service stands still
HALT = 20.0
#: requests that an outlet may see in the first second after that: the one that is late, and the next
AFTER = 2


def upset_schedule(context: Context) -> Verdict:
    """F3: jobs raise, hang and outlast their turn; readers all wait; the crawler stops; the service stands still."""
    verdict = Verdict(id="F3")
    sut = context.sut()
    sut.wrapper = context.debug_build
    sut.environment["CAMPAIGN_UPSET"] = "1"
    hung = context.scaled(HUNG, least=3)
    with Stage(context.folder, context.seed, outlets=2 + hung, sut=sut) as stage:
        prompt, slow, *others = stage.press.outlets
        slow.slowness = SLOW
        for each in others:
            each.mute, each.slowness = True, 3600.0
        stage.publish(2, calm=1)
        stage.start()
        stage.settle(quiet=GAP)
        gaps = {"every reader waits": _waited(stage)}
        # Longer than the deadline of a request: some of them came back and are asked again.
        until(lambda: sum(len(each.polls) > 1 for each in others) >= hung // 8 or not stage.sut.alive, GAP)
        gaps["after their deadline"] = _waited(stage)
        for each in others:
            each.slowness = 0.0
        cured = time.monotonic()
        verdict.check(
            until(lambda: all(each.polls[-1:] > [cured] for each in others), GAP),
            "an outlet that answers again was not read",
        )
        gaps["read again after a cure"] = round(time.monotonic() - cured, 1)
        stopped = _crawler(stage)
        verdict.check(stopped is not None, "there is no crawler process")
        if stopped is not None:
            os.kill(stopped, signal.SIGSTOP)
            gaps["a crawler that stopped"] = _waited(stage)
            verdict.check(not Path(f"/proc/{stopped}").exists(), "the crawler that stopped was not replaced")
        burst = _halted(stage)
        gaps["a service that stood still"] = _waited(stage)
        verdict.check(burst <= AFTER, f"{burst} requests in the second after the halt")
        verdict.check(max(gaps.values()) <= GAP, f"the press was not read for {max(gaps.values()):.0f} s")
        verdict.check(slow.widest == 1, f"{slow.widest} polls of one outlet at once")
        raised = stage.sut.log().count("broken on purpose")
        verdict.check(raised > 0, "no job raised")
        verdict.runs = 5
        stage.finish(verdict)
        verdict.figures = {
            "hung": hung, "gaps_seconds": gaps, "jobs_that_raised": raised, "after_the_halt": burst,
            "longest_gap_of_an_outlet": _longest((prompt, slow)),
        }  # fmt: skip
    return verdict


def _waited(stage: Stage) -> float:
    """Publish and return the seconds until everybody was told."""
    start = time.monotonic()
    stage.publish(2, calm=1)
    stage.settle(quiet=GAP)
    return round(time.monotonic() - start, 1)


def _crawler(stage: Stage) -> int | None:
    """Return the process that reads the press."""
    assert stage.sut.process is not None
    for pid in descendants(stage.sut.process.pid) - {stage.sut.process.pid}:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"crawler" in words:
            return pid
    return None


def _halted(stage: Stage) -> int:
    """Let the whole service stand still; return the most requests that an outlet saw in the second after that."""
    assert stage.sut.process is not None
    os.killpg(stage.sut.process.pid, signal.SIGSTOP)
    time.sleep(HALT)
    start = time.monotonic()
    os.killpg(stage.sut.process.pid, signal.SIGCONT)
    time.sleep(1.0)
    return max(sum(start <= at < start + 1.0 for at in each.polls) for each in stage.press.outlets)


def _longest(outlets: Sequence[Outlet]) -> float:
    """Return the longest pause between two polls of an outlet, in seconds."""
    return round(max(later - at for each in outlets for at, later in zip(each.polls, each.polls[1:], strict=False)), 1)
