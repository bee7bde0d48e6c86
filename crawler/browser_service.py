"""The event loop of the crawler that runs pages' scripts: Twisted's reactor around asyncio.

scrapy-playwright runs in reactor mode only, so this process installs the reactor before Scrapy is imported.
Temporary files of the browser lie in a folder named after the process; what a killed one left behind is
removed by the next.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, cast

_PREFIX = "vigie-browser-"


def run_in_reactor(serve: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run ``serve`` to its end inside the reactor and return the exit code it gives.

    Whatever it raises is raised here.
    """
    from twisted.internet import asyncioreactor

    folder = _temporary_folder()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)  # type: ignore[no-untyped-call]
    from twisted.internet import reactor as installed

    # The interface knows neither asyncio nor the arguments that the real one takes.
    reactor = cast("Any", installed)
    serving: list[asyncio.Task[int]] = []

    def start() -> None:
        task = loop.create_task(serve())
        task.add_done_callback(lambda _: reactor.stop())
        serving.append(task)

    reactor.callWhenRunning(start)
    try:
        reactor.run(installSignalHandlers=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return serving[0].result()


def _temporary_folder() -> Path:
    """Make this process's folder for temporary files, and remove those of processes that are gone."""
    parent = Path(tempfile.gettempdir())
    for left in parent.glob(f"{_PREFIX}*"):
        pid = left.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdecimal() and not Path(f"/proc/{pid}").exists() and left.stat().st_uid == os.geteuid():
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    # Chromium wants a home it can write to, which a service account may not have.
    os.environ.update({"TMPDIR": str(folder), "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)})
    tempfile.tempdir = str(folder)
    return folder
