"""Keeps the collection of garbage short in a process that runs for months.

Rules, names, models and templates are some millions of objects that stay until the end. Python's collector looks
through all of them several times a minute (``gc`` in the library reference, :func:`gc.freeze`), and for a third of a
second no page is answered and no article read.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Iterator

#: seconds after the start at which what is made on first use is there as well
_LATER = 60.0


def settle() -> None:
    """Let the collector pass over what there is now; what is freed later is freed all the same.

    Only what stands in a circle now and is let go of later stays behind.
    """
    gc.collect()
    gc.freeze()
    # How often the collector looks through everything depends on how much it found the last time.
    gc.collect()


@contextlib.contextmanager
def settling() -> Iterator[None]:
    """Settle now and once more when the service is warm; afterwards nothing is passed over any longer."""
    settle()
    timer = asyncio.get_running_loop().call_later(_LATER, settle)
    try:
        yield
    finally:
        timer.cancel()
        gc.unfreeze()
