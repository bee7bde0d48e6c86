"""A strict reader of Prometheus' text exposition format 0.0.4, for tests of ``/metrics``.

It takes what the format's description allows and nothing else: one HELP and one TYPE before the samples of a family,
samples of a family together, each series once, labels with the three escapes there are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"')
_SAMPLE = re.compile(rf"({_NAME})(?:\{{(.*)\}})? (NaN|[+-]Inf|[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)")
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


@dataclass
class Family:
    """One metric with its samples, by their labels."""

    help: str
    kind: str = ""
    samples: dict[tuple[tuple[str, str], ...], float] = field(default_factory=dict)


def read(text: str) -> dict[str, Family]:
    """Read an exposition; raises ValueError with the line for anything that is not one."""
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    families: dict[str, Family] = {}
    current = ""
    for line in text.split("\n")[:-1]:
        described = re.fullmatch(rf"# (HELP|TYPE) ({_NAME}) (.+)", line)
        if described:
            current = _describe(families, current, described[1], described[2], described[3])
            continue
        match = _SAMPLE.fullmatch(line)
        if match is None or match[1] != current or not families[current].kind:
            raise ValueError(f"not a sample of {current!r}: {line!r}")
        labels = _labels(match[2] or "")
        if labels in families[current].samples:
            raise ValueError(f"twice: {line!r}")
        families[current].samples[labels] = float(match[3])
    return families


def _describe(families: dict[str, Family], current: str, what: str, name: str, text: str) -> str:
    if what == "HELP":
        if name in families or re.search(r"\\(?![\\n])", text):
            raise ValueError(f"{name} is described twice, or its help is not escaped")
        families[name] = Family(text)
        return name
    family = families.get(name)
    if name != current or family is None or family.kind or family.samples:
        raise ValueError(f"the type of {name} does not follow its help")
    if text not in {"counter", "gauge", "histogram", "summary", "untyped"}:
        raise ValueError(f"{name} is no {text!r}")
    family.kind = text
    return name


def _labels(text: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    place = 0
    while place < len(text):
        match = _LABEL.match(text, place)
        if match is None:
            raise ValueError(f"not a label: {text[place:]!r}")
        found.append((match[1], re.sub(r'\\[\\"n]', lambda escape: _ESCAPES[escape[0]], match[2])))
        place = match.end()
        if place < len(text):
            if text[place] != ",":
                raise ValueError(f"no comma: {text[place:]!r}")
            place += 1
    if len({name for name, _ in found}) != len(found):
        raise ValueError(f"a label twice: {text!r}")
    return tuple(sorted(found))
