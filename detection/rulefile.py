"""Rule files: TOML in, validated values out.

A file states its language, may define word sets, and lists rules::

    language = "fr"

    [sets]
    dip = ["diplomate(s)", "attache(e)(s)"]

    [[rule]]
    id = "fr.expel_diplomats.verb"
    type = "expel_diplomats"
    match = ["~expulser .. {dip} <= 8"]
    object = "{dip}"
    actor = ["by", "subject", "place", "other", "context"]
    target = ["object", "other", "context"]
    test = [{ text = "Le Mali expulse un diplomate français.", actor = "MLI", target = "FRA" }]

Marks: ``~verb`` all its inflected forms · ``{set}`` any phrase of a set · ``(x)`` optional and
``(a|b)`` a choice · ``A > B`` in this order, ``A .. B`` in any · ``<= N`` at most N words between.
Sets that the language knows already: those of ``sets.toml`` beside the built-in rules, and
``{country}``, ``{state}``, ``{people}``, ``{outlet}``, ``{number}``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detection.errors import RuleError
from detection.taxonomy import event_types
from storage.types import Status

#: where a role may be looked for, see :mod:`detection.roles`
RoleSource = Literal[
    "by", "subject", "object", "matched", "direct", "author", "owner", "addressee", "posting", "with", "against", "at",
    "from", "speaker", "opposite", "other", "context"
]  # fmt: skip


class RuleTest(BaseModel):
    """A text and what the rule's type must give for it; ``none`` says that it must not match."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    title: str = ""
    published: date | None = None
    none: bool = False
    status: Status = Status.ASSERTED
    actor: str | None = None
    target: str | None = None


class RuleEntry(BaseModel):
    """One ``[[rule]]`` as written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.\-]*$")
    type: str
    match: tuple[str, ...] = Field(min_length=1)
    #: words whose nationality and posting give the roles
    object: str | None = None
    actor: tuple[RoleSource, ...] = ("by", "subject", "other", "context")
    target: tuple[RoleSource, ...] = ("object", "other", "context")
    #: none of these in the same sentence
    not_near: tuple[str, ...] = ()
    #: none of these right after the trigger (at most two words between)
    not_followed_by: tuple[str, ...] = ()
    #: none of these right before the trigger (at most two words between)
    not_preceded_by: tuple[str, ...] = ()
    #: none of these before the trigger in its clause
    subject_not: tuple[str, ...] = ()
    #: one of these must stand in the same sentence
    requires: tuple[str, ...] = ()
    #: where the match goes on with « avec » or "with", one of these must follow it
    only_with: tuple[str, ...] = ()
    #: words whose negation asserts the act (« plus les bienvenus »)
    event_negation: tuple[str, ...] = ()
    #: states and bodies that this act concerns as judges, never as parties
    not_role: tuple[str, ...] = ()
    #: the trigger says itself how real the act is
    status: Status | None = None
    #: the match names its act without telling it: before the colon of a headline that tells another act it recalls
    topic: bool = False
    #: gives way where a rule of these types matches the same words
    yields_to: tuple[str, ...] = ()
    test: tuple[RuleTest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """A rule file as read."""

    path: Path
    language: str
    sets: Mapping[str, tuple[str, ...]]
    rules: tuple[RuleEntry, ...]
    #: line of each rule's id, counted from 1
    lines: Mapping[str, int]


def _line_of(source: str, needle: str) -> int | None:
    offset = source.find(needle)
    return None if offset < 0 else source.count("\n", 0, offset) + 1


def _rule_lines(source: str) -> list[int]:
    return [source.count("\n", 0, match.start()) + 1 for match in re.finditer(r"(?m)^\s*\[\[rule\]\]", source)]


def _syntax_error(path: Path, error: tomllib.TOMLDecodeError) -> RuleError:
    place = re.search(r"line (\d+)", str(error))
    return RuleError(f"not valid TOML: {error}", file=path, line=int(place[1]) if place else None)


def _entry(path: Path, line: int | None, data: object) -> RuleEntry:
    try:
        entry = RuleEntry.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "rule"
        raise RuleError(f"{where}: {first['msg']}", file=path, line=line) from error
    if entry.type not in event_types():
        known = ", ".join(event_types())
        raise RuleError(f"{entry.id}: type {entry.type!r} is not one of: {known}", file=path, line=line)
    return entry


def _sets(path: Path, source: str, data: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(data, dict):
        raise RuleError("[sets] must be a table of lists", file=path, line=_line_of(source, "sets"))
    sets: dict[str, tuple[str, ...]] = {}
    for name, phrases in data.items():
        if not isinstance(phrases, list) or not all(isinstance(phrase, str) for phrase in phrases):
            raise RuleError(f"set {name!r} must be a list of phrases", file=path, line=_line_of(source, name))
        sets[name] = tuple(phrases)
    return sets


def parse_rule_file(source: str, path: Path) -> RuleFile:
    """Read the text of a rule file.

    Raises:
        RuleError: not TOML, a key missing or unknown, or a type outside the taxonomy.
    """
    try:
        data = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(path, error) from error
    language = data.pop("language", None)
    if not isinstance(language, str) or not re.fullmatch(r"[a-z]{2}", language):
        raise RuleError('say the language at the top of the file, such as language = "fr"', file=path, line=1)
    sets = _sets(path, source, data.pop("sets", {}))
    entries = data.pop("rule", [])
    if data:
        key = next(iter(data))
        raise RuleError(f"unknown key {key!r}; known: language, sets, rule", file=path, line=_line_of(source, key))
    if not isinstance(entries, list):
        raise RuleError("rules are written [[rule]]", file=path, line=_line_of(source, "[rule]"))
    lines = _rule_lines(source)
    rules = [_entry(path, lines[i] if i < len(lines) else None, entry) for i, entry in enumerate(entries)]
    by_id = {rule.id: line for rule, line in zip(rules, lines, strict=False)}
    return RuleFile(path=path, language=language, sets=sets, rules=tuple(rules), lines=by_id)


def read_rule_file(path: Path) -> RuleFile:
    """Read one rule file.

    Raises:
        RuleError: it cannot be read, or :func:`parse_rule_file` refuses it.
    """
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"cannot be read: {error}", file=path) from error
    return parse_rule_file(source, path)
