"""``make evaluate``: scores detection on the project's labelled texts; a floor that sinks is a failure.

Further labelled files may be named on the command line; they are scored without a floor.
"""

from __future__ import annotations

import sys
from pathlib import Path

from vigie.evaluating import evaluate_lines
from vigie.settings import parse_settings

DATA = Path(__file__).parent / "data"
WATCH = '[[watch]]\nid = "france-mali"\npairs = [["FRA", "MLI"]]'
#: file → least (precision, recall, share of events right); raised with the rules, never lowered silently
FLOORS = {"detection_articles.jsonl": (0.98, 0.98, 0.86)}


def main(further: list[str]) -> int:
    """Print the figures of every file; return 1 when one sinks below its floor."""
    settings = parse_settings(WATCH, None, Path())
    failed = False
    for name, (precision, recall, events) in FLOORS.items():
        result = evaluate_lines(str(DATA / name), settings, None)
        share = result.events_found / result.events if result.events else 1.0
        sunk = result.alerts.precision < precision or result.alerts.recall < recall or share < events
        failed |= sunk
        print(f"{name}: {result.summary}{'  BELOW THE FLOOR' if sunk else ''}")  # noqa: T201
        for miss in result.misses:
            print(f"  {miss}")  # noqa: T201
    for name in further:
        print(f"{name}: {evaluate_lines(name, settings, None).summary}")  # noqa: T201
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
