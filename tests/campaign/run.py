"""``make campaign``: inject every fault into the real service and print a verdict as JSON; 1 when one fails.

    python -m tests.campaign.run [--only A1,C2] [--scale 0.1] [--seed 7] [--keep FOLDER]

It knows what its press served and what its receivers got, and asks SQLite whether the archive is whole; it never
imports the service.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from tests.campaign.context import Context
from tests.campaign.faults_kill import random_kills
from tests.campaign.oracle import Verdict, summary

Fault = Callable[[Context], Verdict]
FAULTS: dict[str, Fault] = {"A1": random_kills}
SEED = 20250919


def run(names: Iterable[str], context: Context) -> list[Verdict]:
    """Inject faults one after the other, each in a folder of its own."""
    verdicts = []
    for name in names:
        start = time.monotonic()
        folder = context.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        print(f"{name}: {(FAULTS[name].__doc__ or '').splitlines()[0]}", file=sys.stderr)  # noqa: T201
        try:
            until = start + context.minutes * 60
            verdict = FAULTS[name](replace(context, folder=folder, until=until))
        except Exception as error:  # noqa: BLE001 - one fault's accident must not hide the other verdicts
            traceback.print_exc()
            verdict = Verdict(id=name, wrong=[f"the campaign itself broke: {type(error).__name__}: {error}"])
        verdict.seconds = time.monotonic() - start
        if verdict.skipped:
            print(f"{name}: *** SKIPPED, and so not passed: {verdict.skipped} ***", file=sys.stderr)  # noqa: T201
        print(json.dumps(verdict.as_json(), ensure_ascii=False), file=sys.stderr)  # noqa: T201
        verdicts.append(verdict)
    return verdicts


def main() -> int:
    """Print the verdict."""
    parser = argparse.ArgumentParser(description="Inject faults into the real service and judge what arrived.")
    parser.add_argument("--only", help="ids of faults, with commas between")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the whole campaign")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="for each fault that repeats itself")
    parser.add_argument("--keep", type=Path, help="folder for archives and logs, kept afterwards")
    given = parser.parse_args()
    names = [name.strip() for name in given.only.split(",")] if given.only else list(FAULTS)
    unknown = [name for name in names if name not in FAULTS]
    if unknown:
        parser.error(f"there is no fault {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    with tempfile.TemporaryDirectory() as temporary:
        context = Context(
            folder=given.keep or Path(temporary), seed=given.seed, scale=given.scale, minutes=given.minutes
        )
        verdicts = run(names, context)
    facts = {"seed": given.seed, "scale": given.scale, "machine": f"{platform.system()} {platform.release()}"}
    shown = summary(verdicts, facts)
    print(json.dumps(shown, indent=2, ensure_ascii=False))  # noqa: T201
    return 0 if shown["pass"] else 1


if __name__ == "__main__":
    sys.exit(main())
