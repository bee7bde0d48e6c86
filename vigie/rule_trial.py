"""Tries a rule file before it is used: its form at once, all of it in a process that can be stopped.

What somebody writes on a page is input like any other. The notation bounds each phrase, but not how many phrases a file
has; so a file is compiled and tested under a deadline and a bound on memory before the service ever reads it.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from detection.engine import load_folders, remembered
from detection.errors import RuleError
from detection.rulefile import RuleFile, parse_rule_file
from review.bench import RuleFault, RuleTrial
from scheduler.rule_files import FOLDER
from storage.rule_edits import LONGEST_RULE, usable_name

#: seconds that compiling and testing may take, the start of the process included
DEADLINE = 40.0
#: seconds of processor time that it may cost the service at each change of the rules
SLOWEST = 5.0
#: bytes of memory of that process
MOST_MEMORY = 3 * 1024**3
#: rules of one file
MOST_RULES = 50


def look(name: str, text: str) -> tuple[RuleTrial, RuleFile | None]:
    """Return what is wrong with the form of a file, and the file as far as it can be read."""
    path = Path(f"{name or 'rule'}.toml")
    if not usable_name(name):
        fault = RuleFault(message="the name is made of lower-case letters, digits, '-' and '_', at most 60")
        return RuleTrial(faults=(fault,)), None
    if len(text) > LONGEST_RULE:
        return RuleTrial(faults=(RuleFault(message=f"is longer than {LONGEST_RULE:,} characters; split it"),)), None
    try:
        file = parse_rule_file(text, path)
    except RuleError as error:
        return RuleTrial(faults=(fault_of(error),)), None
    faults = [fault_of(error) for error in file.refused]
    if len(file.rules) > MOST_RULES:
        faults.append(RuleFault(message=f"has more than {MOST_RULES} rules; split it"))
    if not file.rules and not file.refused and not file.disable:
        faults.append(RuleFault(message="has no rule; write one under [[rule]]"))
    return (
        RuleTrial(
            faults=tuple(faults),
            rules=tuple(rule.id for rule in file.rules),
            tests=sum(len(rule.test) for rule in file.rules),
        ),
        file,
    )


def fault_of(error: RuleError) -> RuleFault:
    """Return a refusal as the page shows it."""
    return RuleFault(message=error.reason, line=error.line, column=error.column, rule=error.rule, key=error.key)


@contextmanager
def folders_with(folders: Sequence[Path], data_folder: Path, name: str, text: str) -> Iterator[tuple[Path, ...]]:
    """Give the rule folders with one file of the page's in another form; the page's are copied for that."""
    with tempfile.TemporaryDirectory(prefix="vigie-rules-") as folder:
        yield (*copied(folders, data_folder, Path(folder), name, text),)


def copied(folders: Sequence[Path], data_folder: Path, folder: Path, name: str, text: str) -> list[Path]:
    """Fill a folder with the page's rules, one of them in another form; return all folders with it."""
    own = data_folder / FOLDER
    if own.is_dir():
        for path in sorted(own.glob("*.toml")):
            shutil.copyfile(path, folder / path.name)
    (folder / f"{name}.toml").write_text(text, "utf-8")
    return [*(one for one in folders if one != own), folder]


def compile_and_test(folders: Sequence[Path], data_folder: Path, name: str, text: str) -> RuleTrial:
    """Compile a file with all other rules and run its tests, in a process of its own."""
    seen, file = look(name, text)
    if seen.faults or file is None:
        return seen
    order = json.dumps({"folders": [str(one) for one in folders], "data": str(data_folder), "name": name, "text": text})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "vigie.rule_trial"], input=order.encode(), capture_output=True, timeout=DEADLINE,
            check=False, preexec_fn=_bound,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return _failed(seen, f"takes longer than {DEADLINE:.0f} seconds to compile and test; write fewer choices")
    if done.returncode != 0:
        return _failed(seen, "cannot be compiled within the memory that it may have; write fewer choices")
    faults = tuple(RuleFault(**one) for one in json.loads(done.stdout))
    return RuleTrial(faults=faults, rules=seen.rules, tests=seen.tests, whole=True)


def _failed(seen: RuleTrial, message: str) -> RuleTrial:
    return RuleTrial(faults=(RuleFault(message=message),), rules=seen.rules, tests=seen.tests, whole=True)


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def _answer(order: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is refused because of the file, in the process of its own."""
    folders, data = [Path(one) for one in order["folders"]], Path(order["data"])
    with folders_with(folders, data, order["name"], order["text"]) as places:
        begun = time.process_time()
        loaded = load_folders(places)
        cost = time.process_time() - begun
        mine = places[-1] / f"{order['name']}.toml"
    found: list[dict[str, Any]] = []
    others: list[RuleError] = []
    if cost > SLOWEST:
        message = f"takes {cost:.0f} s to compile and test, more than {SLOWEST:.0f}; write fewer choices and lines"
        found.append({"message": message})
    for error in loaded.refusals:
        if error.file == mine:
            fault = fault_of(error)
        else:
            others.append(error)
            continue
        found.append({name: getattr(fault, name) for name in ("message", "line", "column", "rule", "key")})
    known = {_told(error) for error in load_folders(folders, passed=remembered(data)).refusals} if others else set()
    # Rules of other files that work no more beside this one.
    found += [
        {"message": f"{Path(one.file or '').name}: {one.reason}", "rule": one.rule, "key": one.key}
        for one in others
        if _told(one) not in known
    ]
    return found


def _told(error: RuleError) -> tuple[str, str | None, str]:
    return Path(error.file or "").name, error.rule, error.reason


def main(read: Callable[[], str] = sys.stdin.read) -> int:
    """Read an order from standard input and print what is wrong."""
    sys.stdout.write(json.dumps(_answer(json.loads(read()))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
