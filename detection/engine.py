"""The way in: load the rules once, then read documents with them.

>>> rules = load_rules()
>>> document = Document(title="Le Mali expulse deux diplomates français", text="", language="fr")
>>> [(signal.type, signal.actor, signal.target) for signal in detect(document, rules).signals]
[('expel_diplomats', 'MLI', 'FRA')]
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from functools import lru_cache
from pathlib import Path

from detection.compiler import RuleSet, compile_rules
from detection.detector import MAX_CHARACTERS, MAX_MATCHES, Detection, Document, Step, detect
from detection.errors import RuleError
from detection.rulefile import RuleEntry, RuleFile, RuleTest, read_rule_file
from storage.types import Signal

__all__ = [
    "MAX_CHARACTERS",
    "MAX_MATCHES",
    "Detection",
    "Document",
    "RuleSet",
    "Step",
    "check_rules",
    "detect",
    "load_rules",
]

_RULES = Path(__file__).with_name("rules")
_SETS = "sets.toml"


def _paths(extra: Sequence[Path]) -> list[Path]:
    paths = sorted(path for path in _RULES.glob("*/*.toml"))
    for place in extra:
        if place.is_dir():
            paths += sorted(place.rglob("*.toml"))
        elif place.is_file():
            paths.append(place)
        else:
            raise RuleError("no such rule file or folder; check the path", file=place)
    return paths


def _failure(entry: RuleEntry, test: RuleTest, language: str, rules: RuleSet) -> str | None:
    """Return what a rule's own test gave instead of what it expects, or None when it holds."""
    published = None if test.published is None else datetime.combine(test.published, time(12), UTC)
    document = Document(title=test.title, text=test.text, published_at=published, language=language)
    given = [signal for signal in detect(document, rules).signals if signal.type == entry.type]
    if test.none:
        return f"expected nothing, got {_told(given)}" if given else None
    for signal in given:
        roles = (test.actor in {None, signal.actor}) and (test.target in {None, signal.target})
        if roles and signal.status is test.status:
            return None
    wanted = f"{test.status} {test.actor or '?'}→{test.target or '?'}"
    return f"expected {wanted}, got {_told(given)}"


def _told(signals: Sequence[Signal]) -> str:
    return ", ".join(f"{one.status} {one.actor or '?'}→{one.target or '?'}" for one in signals) or "nothing"


def check_rules(files: Sequence[RuleFile], rules: RuleSet) -> None:
    """Run the tests inside rule files.

    Raises:
        RuleError: a test fails; the message quotes it and says what came instead.
    """
    for file in files:
        for entry in file.rules:
            for test in entry.test:
                failure = _failure(entry, test, file.language, rules)
                if failure is not None:
                    raise RuleError(
                        f"{entry.id}: {test.text!r}: {failure}", file=file.path, line=file.lines.get(entry.id)
                    )


@lru_cache(maxsize=8)
def load_rules(extra: tuple[Path, ...] = ()) -> RuleSet:
    """Return the built-in rules and those of further files, compiled and tested.

    Args:
        extra: rule files, or folders of them.

    Raises:
        RuleError: a file cannot be used or one of its tests fails; file, line and cure are named.
    """
    files: list[RuleFile] = []
    shared: dict[str, dict[str, tuple[str, ...]]] = {}
    for path in _paths(extra):
        file = read_rule_file(path)
        if path.name == _SETS and path.is_relative_to(_RULES):
            shared.setdefault(file.language, {}).update(file.sets)
        files.append(file)
    rules = compile_rules(files, shared)
    check_rules(files, rules)
    return rules
