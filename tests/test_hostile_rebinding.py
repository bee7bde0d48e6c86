"""Names that answer with a public address first and with this machine afterwards, live.

Needs a network namespace: root, or a kernel that gives users namespaces of their own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.rebinding import INSIDE, NAMES, PUBLIC

ROOT = Path(__file__).parents[1]


def _unshare() -> list[str] | None:
    """Return the command that opens a namespace here, or None."""
    if shutil.which("unshare") is None or shutil.which("mount") is None:
        return None
    for options in (["--net", "--mount"], ["--map-root-user", "--net", "--mount"]):
        command = ["unshare", *options]
        tried = subprocess.run([*command, "true"], capture_output=True, check=False, timeout=20)
        if tried.returncode == 0:
            return command
    return None


@pytest.fixture(scope="module")
def campaign() -> dict[str, Any]:
    command = _unshare()
    if command is None:
        pytest.skip("NOT TESTED: live DNS rebinding needs unshare(1) and leave to open a network namespace")
    done = subprocess.run(
        [*command, sys.executable, "-m", "tests.rebinding"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    if done.returncode and ("Permission" in done.stderr or "not permitted" in done.stderr):
        pytest.skip(f"NOT TESTED: live DNS rebinding is not allowed here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_nobody_inside_is_called(campaign: dict[str, Any]) -> None:
    assert campaign["calls"].get(INSIDE, 0) == 0
    # The names did lead out at first: seven rules, two pages.
    assert campaign["calls"][PUBLIC] >= 8


def test_names_did_turn(campaign: dict[str, Any]) -> None:
    turning = [name for name in NAMES if name.startswith("turning")]
    assert all(campaign["asked"][name] >= 2 for name in turning), campaign["asked"]


def test_each_turn_is_named(campaign: dict[str, Any]) -> None:
    turned = {name: reason for name, reason in campaign["failures"].items() if name != "steady.test"}
    assert campaign["failures"]["steady.test"] is None
    assert len(turned) == len(NAMES) - 1
    assert set(turned.values()) == {"forbidden_address"}, turned
