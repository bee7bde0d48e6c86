"""``make campaign``: inject every fault into the real service and print a verdict as JSON; 1 when one fails.

    python -m tests.campaign.run [--only A1,C2] [--scale 0.1] [--seed 7] [--keep FOLDER]

It knows what its press served and what its receivers got, and asks SQLite whether the archive is whole; it never
imports the service.
"""

from __future__ import annotations

import argparse
import functools
import json
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from tests.campaign import faults_hook, faults_mail
from tests.campaign.context import Context
from tests.campaign.faults_calendar import calendar_days, clock_changes
from tests.campaign.faults_clock import clock_jumps
from tests.campaign.faults_disk import full_database, full_disk, locked_database, second_instance
from tests.campaign.faults_hook import doubtful_certificates, rotated_secret
from tests.campaign.faults_kill import random_kills
from tests.campaign.faults_load import hung_channel, many_pending
from tests.campaign.faults_mail import dripping_relay, refused_connection, refused_everybody, refused_login
from tests.campaign.faults_schedule import upset_schedule
from tests.campaign.faults_sync import sweep, traced_sends
from tests.campaign.faults_text import hostile_headlines
from tests.campaign.mutants import MUTANTS
from tests.campaign.oracle import Verdict, summary

#: one or more faults that are injected together
Fault = Callable[[Context, Sequence[str]], list[Verdict]]


def _alone(fault: Callable[[Context], Verdict]) -> Fault:
    @functools.wraps(fault)
    def one(context: Context, _ids: Sequence[str]) -> list[Verdict]:
        return [fault(context)]

    return one


FAULTS: dict[str, Fault] = {
    "A2": _alone(sweep),
    "A6": _alone(full_disk),
    "A7": _alone(full_database),
    "A10": _alone(locked_database),
    "A11": _alone(second_instance),
    "S1": _alone(traced_sends),
    "B1": _alone(refused_connection),
    **dict.fromkeys(faults_mail.SCRIPTS, faults_mail.scripted_mails),
    "B5": _alone(refused_login),
    "B7": _alone(dripping_relay),
    "B8": _alone(hostile_headlines),
    "B9": _alone(refused_everybody),
    **dict.fromkeys(faults_hook.SCRIPTS, faults_hook.scripted_hooks),
    "C7": _alone(doubtful_certificates),
    "C8": _alone(rotated_secret),
    "C9": _alone(hung_channel),
    "C10": _alone(many_pending),
    "F1": _alone(clock_jumps),
    "F2": _alone(clock_changes),
    "F3": _alone(upset_schedule),
    "F4": _alone(calendar_days),
    # The longest comes last: where time runs out, only the number of kills is short.
    "A1": _alone(random_kills),
}
SEED = 20250919


def run(names: Iterable[str], context: Context) -> list[Verdict]:
    """Inject faults one after the other, each in a folder of its own; those that need only one service share it."""
    wanted = list(names)
    verdicts: list[Verdict] = []
    for fault in dict.fromkeys(FAULTS[name] for name in wanted):
        ids = [name for name in wanted if FAULTS[name] is fault]
        start = time.monotonic()
        folder = context.folder / "-".join(ids)
        folder.mkdir(parents=True, exist_ok=True)
        _tell(f"{', '.join(ids)}: {(fault.__doc__ or '').splitlines()[0]}")
        try:
            until = start + context.minutes * 60
            given = fault(replace(context, folder=folder, until=until), ids)
        except Exception as error:  # noqa: BLE001 - one fault's accident must not hide the other verdicts
            traceback.print_exc()
            wrong = [f"the campaign itself broke: {type(error).__name__}: {error}"]
            given = [Verdict(id=name, wrong=[*wrong]) for name in ids]
        for verdict in given:
            verdict.seconds = time.monotonic() - start
            if verdict.skipped:
                _tell(f"*** {verdict.id} SKIPPED, and so not passed: {verdict.skipped} ***")
            _tell(json.dumps(verdict.as_json(), ensure_ascii=False))
        verdicts += given
    return verdicts


def _tell(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201


def main() -> int:
    """Print the verdict."""
    parser = argparse.ArgumentParser(description="Inject faults into the real service and judge what arrived.")
    parser.add_argument("--only", help="ids of faults, with commas between")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the whole campaign")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--mutant", choices=[*MUTANTS], help="run it on a service that is broken on purpose")
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
        if given.mutant:
            context = replace(context, wrapper=("-m", "tests.campaign.mutants", given.mutant, "--"))
        verdicts = run(names, context)
    facts = {"seed": given.seed, "scale": given.scale, "machine": f"{platform.system()} {platform.release()}"}
    shown = summary(verdicts, facts)
    print(json.dumps(shown, indent=2, ensure_ascii=False))  # noqa: T201
    return 0 if shown["pass"] else 1


if __name__ == "__main__":
    sys.exit(main())
