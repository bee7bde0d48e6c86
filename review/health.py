"""Readiness: whether the service is fit, with the reasons, as the owner of the processes judges it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

_logger = logging.getLogger(__name__)

#: how long the checks may take before that alone is a reason, in seconds
CHECK_DEADLINE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must hold for the service to be fit."""

    #: a stable word, such as ``database`` or ``crawler``
    name: str
    ok: bool
    #: a sentence for people: what was found, and what to do when it is not well
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The verdict with all its reasons."""

    fit: bool
    checks: tuple[Check, ...] = ()


ReadinessCheck = Callable[[], Awaitable[Readiness]]


async def judge(readiness: ReadinessCheck, deadline: float = CHECK_DEADLINE) -> Readiness:
    """Run the owner's checks; checks that hang or break make the service unfit, never the page.

    Args:
        readiness: the checks.
        deadline: how long they may take, in seconds.
    """
    try:
        return await asyncio.wait_for(readiness(), deadline)
    except TimeoutError:
        check = Check(name="readiness", ok=False, detail=f"the checks did not end within {deadline:g} s")
    except Exception:
        _logger.exception("the readiness checks broke")
        check = Check(name="readiness", ok=False, detail="the checks broke; the log says where")
    return Readiness(fit=False, checks=(check,))
