"""A backtest in a process of its own, so that the service goes on and the backtest can be stopped.

The order comes pickled over standard input, from the service that started this process and from nobody else. Lines of
JSON go back over standard output: how far it is, then what came of it.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from typing import Any

from scheduler.backtest import Backtest, Progress
from vigie import backtesting
from vigie.backtest_order import Order
from vigie.searching import open_archive

#: alerts of each kind that a result keeps
MOST_ROWS = 300


class _Progress:
    """Tells the service how far it is, and ends when the service is gone."""

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._told = -1

    def __call__(self, done: int, total: int) -> None:
        """Tell each hundredth once."""
        if os.getppid() != self._parent:
            raise SystemExit(1)
        share = 100 * done // total if total else 100
        if share != self._told:
            self._told = share
            _say({"done": done, "total": total})


def bounded(record: dict[str, Any]) -> dict[str, Any]:
    """Return a result with the first alerts of each kind, and how many were left out."""
    against = record.get("against_present")
    if against is not None:
        # What the change makes of the watch is what the page lists.
        record = {**record, "alerts": [], "against_present": bounded(against)}
    kept: list[dict[str, Any]] = []
    left_out: dict[str, int] = {}
    seen: dict[str, int] = {}
    for row in record["alerts"]:
        kind = row["difference"]
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] <= MOST_ROWS:
            kept.append(row)
        else:
            left_out[kind] = left_out.get(kind, 0) + 1
    return {**record, "alerts": kept, "left_out": left_out}


def make(order: Order, progress: Progress) -> Backtest:
    """Make the backtest of an order."""
    tried = backtesting.tried(order.settings, order.watches, order.rule_folders)
    with open_archive(order.settings) as database:
        return backtesting.backtest(database, tried, since=order.since, until=order.until, progress=progress)


def _say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Read the order, make it, answer."""
    os.nice(10)
    order = pickle.load(sys.stdin.buffer)  # noqa: S301 (of the process that started this one)
    if not isinstance(order, Order):
        raise TypeError("no order came")
    try:
        found = make(order, _Progress())
    except Exception as error:  # noqa: BLE001 (the process's edge: the service tells it)
        _say({"failed": f"{type(error).__name__}: {error}"[:500]})
        return 1
    _say({"results": [bounded(record) for record in backtesting.records(found)], "seconds": round(found.seconds, 3)})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
