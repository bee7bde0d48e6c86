"""What must have arrived, and what did: lost, duplicate, repeated, false."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.campaign.sinks import Ledger

#: (token of the article, watch)
Alert = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class Verdict:
    """One fault's outcome; it passes when nothing is lost, double, false or wrong."""

    id: str
    #: times the fault was injected
    runs: int = 0
    #: alerts that had to arrive, over all channels
    alerts: int = 0
    lost: int = 0
    dup: int = 0
    raw: int = 0
    #: repeats that the fault explains
    raw_allowed: int = 0
    false: int = 0
    altered: int = 0
    seconds: float = 0.0
    skipped: str = ""
    #: what else had to hold and did not
    wrong: list[str] = field(default_factory=list)
    #: figures of this fault
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether it holds; a skipped fault proves nothing, so it does not."""
        counts = (self.lost, self.dup, self.false, self.altered)
        return not any(counts) and self.raw <= self.raw_allowed and not self.wrong and not self.skipped

    def check(self, holds: bool, what: str) -> None:
        """Note a condition that did not hold."""
        if not holds:
            self.wrong.append(what)

    def judge(self, ledger: Ledger, channels: Iterable[str], expected: set[Alert]) -> None:
        """Add what the channels of one sink got."""
        for channel in channels:
            found: dict[Alert, set[str]] = defaultdict(set)
            for each in ledger.arrived.values():
                if each.channel == channel:
                    self.raw += each.repeats
                    self.altered += each.altered
                    for token in each.tokens:
                        found[token, each.watch].add(each.id)
            self.alerts += len(expected)
            self.lost += len(expected - set(found))
            self.false += len(set(found) - expected)
            self.dup += sum(len(ids) - 1 for ids in found.values())
        self.wrong += ledger.invalid[:5]

    def add(self, other: Verdict) -> None:
        """Take in the outcome of a further run of the same fault."""
        for name in ("runs", "alerts", "lost", "dup", "raw", "raw_allowed", "false", "altered"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wrong += other.wrong

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as plain values."""
        shown = {
            "id": self.id, "pass": self.passed, "runs": self.runs, "alerts": self.alerts, "lost": self.lost,
            "dup": self.dup, "raw": self.raw, "raw_allowed": self.raw_allowed, "false": self.false,
            "seconds": round(self.seconds, 1),
        }  # fmt: skip
        extra = {"altered": self.altered, "skipped": self.skipped, "wrong": self.wrong[:20], **self.figures}
        return {**shown, **{name: value for name, value in extra.items() if value}}


def settled(
    missing: Callable[[], int], *, quiet: float, alive: Callable[[], bool] = lambda: True, longest: float = 1800
) -> bool:
    """Wait until nothing is missing; give up when nothing came for ``quiet`` seconds, or the service ended."""
    left, since, start = missing(), time.monotonic(), time.monotonic()
    while left:
        time.sleep(0.05)
        now = missing()
        if now < left:
            left, since = now, time.monotonic()
        late = time.monotonic() - since > quiet or time.monotonic() - start > longest
        if now and (late or not alive()):
            return False
    return True


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value that a share of the values does not exceed; infinite for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")


def summary(verdicts: Iterable[Verdict], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole campaign's outcome as plain values."""
    shown = list(verdicts)
    totals = {name: sum(getattr(each, name) for each in shown) for name in ("runs", "alerts", "lost", "dup", "raw")}
    return {
        **facts,
        "pass": bool(shown) and all(each.passed for each in shown),
        "totals": totals,
        "faults": [each.as_json() for each in shown],
    }
