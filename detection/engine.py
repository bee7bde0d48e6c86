"""The way in: load the rules once, then read documents with them.

>>> rules = load_rules()
>>> document = Document(title="Le Mali expulse deux diplomates français", text="", language="fr")
>>> [(signal.type, signal.actor, signal.target) for signal in detect(document, rules).signals]
[('expel_diplomats', 'MLI', 'FRA')]
"""

from __future__ import annotations

from pathlib import Path

from detection.answers import Detection, Document, Step
from detection.compiler import RuleSet
from detection.detector import MAX_CHARACTERS, MAX_MATCHES, detect
from detection.folders import Loaded, load_folders
from detection.passed import PassedTests, remembered
from detection.testing import check_rules

__all__ = [
    "MAX_CHARACTERS",
    "MAX_MATCHES",
    "Detection",
    "Document",
    "Loaded",
    "PassedTests",
    "RuleSet",
    "Step",
    "check_rules",
    "detect",
    "load_folders",
    "load_rules",
    "remembered",
]


def load_rules(extra: tuple[Path, ...] = ()) -> RuleSet:
    """Return the built-in rules and those of further files, compiled and tested.

    Where a fault in one rule must not cost the others, call :func:`detection.folders.load_folders`.

    Args:
        extra: rule files, or folders of them.

    Raises:
        RuleError: a file cannot be used or one of its tests fails; file, line and cure are named.
    """
    loaded = load_folders(extra)
    if loaded.refusals:
        raise loaded.refusals[0]
    return loaded.rules
