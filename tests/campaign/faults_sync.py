"""A2 and S1: kills at every fsync and at named points; no message leaves before its commit is on disk."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from tests.campaign.context import Context
from tests.campaign.forge import Forge
from tests.campaign.mutants import POINTS
from tests.campaign.oracle import Verdict
from tests.campaign.stage import Stage

_SYNC = re.compile(r"^(\d+) +(fdatasync|fsync)\(")
_KEY = re.compile(r"msg_[a-z2-7]{26}")
_NO_STRACE = "strace is not installed, or may not trace (ptrace)"
ALERTS = 2
#: by so many syncs two cycles may differ
SPREAD = 8


def can_trace() -> bool:
    """Whether strace is here and allowed to trace."""
    if shutil.which("strace") is None:
        return False
    return (
        subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False, capture_output=True).returncode == 0
    )


def strace(log: Path, *options: str) -> list[str]:
    """Return the command that traces a service."""
    return ["strace", "-f", "-qq", "-o", str(log), *options]


def sweep(context: Context) -> Verdict:
    """A2: ``kill -9`` at every fsync of one full cycle of a fresh archive, and at named points."""
    if context.forge is not None:
        return _sweep(context)
    # What recovers after a kill need not load everything anew; what is killed under strace is started as ever.
    with Forge() as forge:
        return _sweep(replace(context, forge=forge))


def _sweep(context: Context) -> Verdict:
    verdict = Verdict(id="A2")
    for point in POINTS:
        one = killed_at(context, context.folder / point, point=point)
        verdict.check(one.runs == 1, f"the service was not killed at {point}")
        verdict.add(one)
    if not can_trace():
        verdict.skipped = _NO_STRACE
        return verdict
    calls = counted(context)
    verdict.figures = {"points": [*POINTS], "syncs_of_a_cycle": calls}
    # The later ones first: that is where messages leave.
    sites = [(call, when) for call, number in calls.items() for when in range(number, 0, -1)]
    for call, when in sites[:: max(1, round(1 / context.scale))]:
        if context.time_is_up:
            verdict.wrong.append(f"time was up at {call} {when}")
            break
        one = killed_at(context, context.folder / f"{call}-{when}", call=call, when=when)
        # A cycle makes a few syncs more or less, as its commits are shared or not.
        verdict.check(one.runs == 1 or when > calls[call] - SPREAD, f"not killed at {call} {when}")
        verdict.add(one)
    return verdict


def counted(context: Context) -> dict[str, int]:
    """Return how many syncs a cycle makes: of each call the most in one thread, as strace counts them."""
    folder = context.folder / "count"
    log = folder / "strace.log"
    sut = context.sut(folder, tracer=strace(log, "-e", "trace=fdatasync,fsync"))
    with Stage(folder, context.seed, sut=sut) as stage:
        stage.publish(ALERTS, calm=1)
        sut.run("run", "--once")
        return syncs(log.read_text(encoding="utf-8", errors="replace").splitlines())


def syncs(lines: Iterable[str]) -> dict[str, int]:
    """Return the most calls of one thread, by call."""
    counts = Counter(match.groups() for line in lines if (match := _SYNC.match(line)))
    most: dict[str, int] = {}
    for (_, call), number in counts.items():
        most[call] = max(most.get(call, 0), number)
    return most


def killed_at(
    context: Context, folder: Path, *, call: str = "", when: int = 0, point: str = "", nth: int = 1
) -> Verdict:
    """Kill one cycle of a fresh archive, at a system call or at a named point, and let the next one finish."""
    verdict = Verdict(id="A2", raw_allowed=2)
    killed, sound = context.sut(folder), context.sut(folder)
    if call:
        inject = f"inject={call}:signal=SIGKILL:when={when}"
        killed.tracer = tuple(strace(folder / "strace.log", "-e", f"trace={call}", "-e", inject))
    else:
        killed.wrapper = context.debug_build
        killed.environment["CAMPAIGN_KILL"] = f"{point}:{nth}"
    with Stage(folder, context.seed, sut=sound) as stage:
        stage.publish(ALERTS, calm=1 if call else 0)
        code = killed.run("run", "--once").returncode
        # Strace ends as what it traced did, or says so by its exit code.
        verdict.runs = int(code in (-signal.SIGKILL, 128 + signal.SIGKILL))
        for _ in range(2):
            # The second one sends what the first did not come to, such as a page whose first reading was cut off.
            if stage.missing():
                sound.run("run", "--once")
        stage.judge(verdict)
        check = sound.integrity()
        verdict.check(check == "ok", f"{folder.name}: integrity_check: {check[:200]}")
    if not verdict.passed:
        verdict.wrong.append(f"{folder.name}: lost {verdict.lost}, dup {verdict.dup}, raw {verdict.raw}")
    return verdict


# --- S1 ----------------------------------------------------------------------------------------------------


def traced_sends(context: Context) -> Verdict:
    """S1: no message leaves before the transaction that decided it is on disk, as the kernel sees it."""
    verdict = Verdict(id="S1", runs=1)
    if not can_trace():
        verdict.skipped = _NO_STRACE
        return verdict
    log = context.folder / "strace.log"
    calls = "trace=pwrite64,fdatasync,fsync,sendto,sendmsg,write,writev"
    sut = context.sut(tracer=strace(log, "--seccomp-bpf", "-yy", "-s", "5000", "-e", calls))
    with Stage(context.folder, context.seed, sut=sut) as stage:
        stage.publish(context.scaled(40, least=3), calm=1)
        sut.run("run", "--once", timeout=600)
        stage.judge(verdict)
        ports = (stage.hook_sink.port, stage.mail_sink.port)
    with log.open(encoding="utf-8", errors="replace") as lines:
        early, sends, forced = judge_trace(lines, ports)
    verdict.check(sends >= verdict.alerts, f"only {sends} sends were seen in the trace")
    verdict.check(not early, f"sent before their commit was on disk: {sorted(early)[:5]}")
    verdict.figures = {"sends": sends, "sends_before_commit": len(early), "syncs_of_the_log": forced}
    return verdict


def judge_trace(lines: Iterable[str], ports: tuple[int, ...]) -> tuple[set[str], int, int]:
    """Return (ids sent before they were on disk, messages sent, syncs of the write-ahead log).

    A message's id stands in its row, so the first page of the log that holds it belongs to the transaction that
    decided the message; the next sync of the log that ends puts it on disk.
    """
    written: set[str] = set()
    durable: set[str] = set()
    syncing: dict[str, set[str]] = {}
    sent: set[str] = set()
    early: set[str] = set()
    forced = 0
    to_sink = re.compile("|".join(rf"->127\.0\.0\.1:{port}\b" for port in ports))
    for line in lines:
        thread, _, call = line.partition(" ")
        call = call.lstrip()
        if call.startswith("pwrite64(") and "-wal>" in call[:400]:
            written.update(_KEY.findall(call))
        elif call.startswith(("fdatasync(", "fsync(")) and "-wal>" in call[:400]:
            syncing[thread] = set(written)
            if "unfinished" not in call:
                durable |= syncing.pop(thread)
                forced += 1
        elif call.startswith(("<... fdatasync resumed", "<... fsync resumed")) and thread in syncing:
            durable |= syncing.pop(thread)
            forced += 1
        elif call.startswith(("sendto(", "sendmsg(", "write(", "writev(")) and to_sink.search(call[:200]):
            keys = set(_KEY.findall(call))
            sent |= keys
            early |= keys - durable
    return early, len(sent), forced
