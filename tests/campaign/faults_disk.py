"""A6, A7, A10 and A11: no room, a foreign lock, a second service."""

from __future__ import annotations

import contextlib
import errno
import resource
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.campaign.context import Context
from tests.campaign.oracle import Verdict
from tests.campaign.stage import Stage
from tests.campaign.sut import until

#: seconds within which a service must have recovered by itself
RECOVERY = 60.0
#: MiB of the small disk
DISK = 96
#: a fault is held for so long at scale 1
HELD = 60.0
#: exit code of a second service, and the processor seconds it may take to say so
OWNED, REFUSAL = 4, 2.0


def withheld(
    context: Context, stage: Stage, verdict: Verdict, begin: Callable[[], None], end: Callable[[], None]
) -> None:
    """Take away what the archive needs while the press goes on, give it back, and judge the recovery."""
    stage.publish(2, calm=1)
    stage.start()
    stage.settle()
    begin()
    verdict.runs = 1
    stage.publish(30, calm=3)
    # Longer than SQLite waits by itself, so that the service must cope.
    time.sleep(max(12.0, HELD * context.scale))
    verdict.check(stage.sut.alive, "the service ended by itself")
    verdict.check(stage.answers(), "the page did not answer meanwhile")
    verdict.check(stage.missing() > 0, "the fault did not bite")
    end()
    start = time.monotonic()
    stage.finish(verdict, quiet=max(RECOVERY, 90.0))
    recovery = time.monotonic() - start
    verdict.check(recovery <= RECOVERY, f"recovery took {recovery:.0f} s")
    verdict.figures["recovery_seconds"] = round(recovery, 1)


def full_disk(context: Context) -> Verdict:
    """A6: the disk of the archive fills up, and is freed again."""
    verdict = Verdict(id="A6")
    folder = context.folder / "disk"
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        verdict.skipped = f"no small disk can be mounted here: {mounted.stderr.strip()}"
        return verdict
    ballast = folder / "ballast"
    try:
        with Stage(folder, context.seed, outlets=3, sut=context.sut(folder)) as stage:
            # The log does not stand on the full disk.
            (folder / "vigie.log").symlink_to(context.folder / "vigie.log")
            withheld(context, stage, verdict, lambda: fill(ballast), ballast.unlink)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
    return verdict


def fill(file: Path) -> None:
    """Write until there is no room."""
    with file.open("wb", buffering=0) as ballast:
        for size in (1024 * 1024, 4096):
            try:
                while True:
                    ballast.write(b"\0" * size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def full_database(context: Context) -> Verdict:
    """A7: SQLite says that the database is full (``max_page_count``), and is given room again."""
    verdict = Verdict(id="A7")
    pages = context.folder / "pages"
    pages.write_text("1000000", encoding="ascii")
    sut = context.sut()
    sut.wrapper = context.debug_build
    sut.environment["CAMPAIGN_PAGES"] = str(pages)
    with Stage(context.folder, context.seed, outlets=3, sut=sut) as stage:
        withheld(
            context, stage, verdict, lambda: _write(pages, "1"), lambda: _write(pages, "1000000")
        )  # fmt: skip
    return verdict


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="ascii")


def locked_database(context: Context) -> Verdict:
    """A10: another program holds the database's lock."""
    verdict = Verdict(id="A10")
    with Stage(context.folder, context.seed, outlets=3, sut=context.sut()) as stage, contextlib.ExitStack() as lock:
        database = stage.sut.database
        withheld(context, stage, verdict, lambda: lock.enter_context(_locked(database)), lock.close)
    return verdict


@contextlib.contextmanager
def _locked(database: Path) -> Iterator[None]:
    connection = sqlite3.connect(database, timeout=60, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


def second_instance(context: Context) -> Verdict:
    """A11: a second service on the same archive is refused, and a killed first one blocks nobody."""
    verdict = Verdict(id="A11", runs=2)
    with Stage(context.folder, context.seed, sut=context.sut()) as stage:
        stage.publish(1, calm=1)
        stage.start()
        assert stage.sut.process is not None
        pid = stage.sut.process.pid
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        refused = stage.sut.run("run")
        seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        verdict.check(refused.returncode == OWNED, f"the second service ended with {refused.returncode}")
        verdict.check(str(pid) in refused.stderr, "the owner's process id is not named")
        verdict.check(spent <= REFUSAL, f"the refusal took {spent:.1f} s of a processor")
        verdict.check(stage.sut.alive, "the first service ended")
        stage.settle()
        stage.sut.kill()
        stage.publish(1)
        verdict.check(stage.start(), "nothing starts after the first service was killed")
        verdict.raw_allowed = 2
        stage.finish(verdict)
        verdict.check(until(lambda: not stage.sut.orphans(), 15), "children of a killed service run on")
    verdict.figures = {"refusal_seconds": round(seconds, 1), "refusal_processor_seconds": round(spent, 1)}
    return verdict
