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

A file of a rule folder may further say ``disable = ["fr.seizure"]`` at its top, and a rule of it
``replaces = true``, see :mod:`detection.folders`.

Marks: ``~verb`` all its inflected forms · ``{set}`` any phrase of a set · ``(x)`` optional and
``(a|b)`` a choice · ``A > B`` in this order, ``A .. B`` in any · ``<= N`` at most N words between.
Sets that the language knows already: those of ``sets.toml`` beside the built-in rules, and
``{country}``, ``{state}``, ``{people}``, ``{outlet}``, ``{number}``.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from detection.errors import RuleError
from detection.taxonomy import event_types
from detection.toml_places import KeyPath, Place, find_places, line_and_column
from storage.types import Status

#: no rule file that a person writes is larger, in bytes
MAX_BYTES = 1_000_000

#: where a role may be looked for, see :mod:`detection.roles`
RoleSource = Literal[
    "by", "subject", "object", "matched", "direct", "author", "owner", "addressee", "posting", "with", "against", "at",
    "from", "speaker", "backer", "by_owner", "opposite", "other", "context"
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
    #: stands in the place of the built-in rule of the same id; in rule folders only
    replaces: bool = Field(default=False, strict=True)
    test: tuple[RuleTest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """A rule file as read."""

    path: Path
    language: str
    sets: Mapping[str, tuple[str, ...]]
    rules: tuple[RuleEntry, ...]
    #: ids of built-in rules that are switched off
    disable: tuple[str, ...] = ()
    #: rules of the file that cannot be read, with the reason
    refused: tuple[RuleError, ...] = ()
    source: str = field(default="", repr=False, compare=False)
    places: Mapping[KeyPath, Place] = field(default_factory=dict, repr=False, compare=False)
    #: number of each rule within the file
    numbers: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)

    def error(self, reason: str, *path: str | int, rule: str | None = None, offset: int = 0) -> RuleError:
        """Return an error that points at a key of the file, or at the nearest table around it.

        Args:
            reason: what is wrong and how to put it right.
            path: the key; within the rule when one is given.
            rule: id of the rule at fault.
            offset: the character at fault within the value.
        """
        base: KeyPath = () if rule is None else ("rule", self.numbers.get(rule, 0))
        return _error(self.path, self.source, self.places, reason, (*base, *path), rule=rule, offset=offset)

    def value(self, *path: str | int, rule: str | None = None) -> tuple[int, str]:
        """Return the offset of a value, and the text from there on."""
        base: KeyPath = () if rule is None else ("rule", self.numbers.get(rule, 0))
        place = self.places.get((*base, *path))
        return (place.value, self.source[place.value :]) if place else (0, "")


def _error(
    file: Path,
    source: str,
    places: Mapping[KeyPath, Place],
    reason: str,
    path: KeyPath,
    *,
    rule: str | None = None,
    offset: int = 0,
    at_key: bool = False,
) -> RuleError:
    nearest = path
    while nearest and nearest not in places:
        nearest = nearest[:-1]
    # A table that is written as a list, or the other way round, stands under its first element.
    place = places.get(nearest) or places.get((*path, 0))
    line = column = None
    if place is not None:
        at = place.key if at_key or nearest != path else place.value + offset
        line, column = line_and_column(source, at)
    return RuleError(reason, file=file, line=line, column=column, rule=rule, key=dotted(path) or None)


def dotted(path: KeyPath) -> str:
    """Return a key as messages name it: ``match[2]``, counted from 1; the number of the rule is left out."""
    shown = path[2:] if path[:1] == ("rule",) and len(path) > 1 else path
    text = ""
    for part in shown:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def suggest(name: str, known: Iterable[str]) -> str:
    """Return « ; did you mean …? » when a known name is close, else nothing."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _syntax_error(path: Path, error: Exception) -> RuleError:
    place = re.search(r"line (\d+), column (\d+)", str(error))
    line, column = (int(place[1]), int(place[2])) if place else (None, None)
    return RuleError(
        f"is not TOML: {error}; https://toml.io shows how it is written", file=path, line=line, column=column
    )


_KEYS = ("language", "sets", "rule", "disable")
_LISTS = "write a list of texts in quotation marks"


def _advice(detail: Mapping[str, Any]) -> str:
    """Return what is wrong with a key of a rule, and the cure."""
    kind, path, given = detail["type"], detail["loc"], detail["input"]
    inside = RuleTest if path[:1] == ("test",) and len(path) > 2 else RuleEntry
    known = sorted(inside.model_fields)
    if kind == "extra_forbidden":
        return f"unknown key{suggest(str(path[-1]), known) or '; known: ' + ', '.join(known)}"
    if kind == "missing":
        return "is required; add it"
    if kind in {"tuple_type", "list_type"}:
        return f'{_LISTS}: {path[0]} = ["…"]'
    if kind == "too_short":
        return "the list is empty; write at least one line"
    if kind == "string_pattern_mismatch":
        return f"{given!r} is not an id; use lower-case letters, digits, '-', '_' and '.'"
    if kind in {"literal_error", "enum"}:
        choices = get_args(RoleSource) if kind == "literal_error" else [status.value for status in Status]
        return f"{given!r} is not one of {', '.join(choices)}{suggest(str(given), choices)}"
    if kind in {"bool_type", "bool_parsing"}:
        return "write true or false, without quotation marks"
    if kind == "string_type":
        return "write text in quotation marks"
    return str(detail["msg"])


class _Parser:
    """Reads one file; what is wrong with one rule leaves the others whole."""

    def __init__(self, source: str, path: Path) -> None:
        self._source = source
        self._path = path
        try:
            self._data = tomllib.loads(source)
        except (ValueError, RecursionError) as error:
            raise _syntax_error(path, error) from error
        self._places = find_places(source)

    def _error(self, reason: str, *path: str | int, rule: str | None = None, at_key: bool = False) -> RuleError:
        return _error(self._path, self._source, self._places, reason, path, rule=rule, at_key=at_key)

    def parse(self) -> RuleFile:
        for key in self._data:
            if key not in _KEYS:
                hint = suggest(key, _KEYS) or f"; known: {', '.join(_KEYS)}"
                raise self._error(f"unknown key {key!r}{hint}", key, at_key=True)
        language = self._data.get("language")
        if not isinstance(language, str) or not re.fullmatch(r"[a-z]{2}", language):
            reason = 'say the language at the top of the file, such as language = "fr"'
            error = self._error(reason, "language")
            raise error if error.line else RuleError(reason, file=self._path, line=1, key="language")
        rules, refused, numbers = self._rules()
        return RuleFile(
            path=self._path,
            language=language,
            sets=self._sets(),
            rules=rules,
            disable=self._disable(),
            refused=refused,
            source=self._source,
            places=self._places,
            numbers=numbers,
        )

    def _disable(self) -> tuple[str, ...]:
        ids = self._data.get("disable", [])
        if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
            raise self._error('write a list of ids: disable = ["fr.seizure"]', "disable")
        return tuple(ids)

    def _sets(self) -> dict[str, tuple[str, ...]]:
        data = self._data.get("sets", {})
        if not isinstance(data, dict):
            raise self._error("[sets] must be a table of lists", "sets")
        sets: dict[str, tuple[str, ...]] = {}
        for name, phrases in data.items():
            if not re.fullmatch(r"[a-z][a-z_]*", name):
                raise self._error(
                    f"{name!r} is not the name of a set; use small letters and '_'", "sets", name, at_key=True
                )
            if not isinstance(phrases, list) or not phrases or not all(isinstance(phrase, str) for phrase in phrases):
                raise self._error(f'set {name!r} must be a list of phrases: {name} = ["…"]', "sets", name)
            sets[name] = tuple(phrases)
        return sets

    def _rules(self) -> tuple[tuple[RuleEntry, ...], tuple[RuleError, ...], dict[str, int]]:
        entries = self._data.get("rule", [])
        if not isinstance(entries, list):
            raise self._error("rules are written [[rule]], with two brackets", "rule", at_key=True)
        rules: list[RuleEntry] = []
        refused: list[RuleError] = []
        numbers: dict[str, int] = {}
        for number, data in enumerate(entries):
            try:
                entry = self._entry(number, data)
            except RuleError as error:
                refused.append(error)
                continue
            if entry.id in numbers:
                refused.append(
                    self._error("stands twice in this file; give each its own id", "rule", number, "id", rule=entry.id)
                )
                continue
            rules.append(entry)
            numbers[entry.id] = number
        return tuple(rules), tuple(refused), numbers

    def _entry(self, number: int, data: object) -> RuleEntry:
        name = data.get("id") if isinstance(data, dict) else None
        rule = name if isinstance(name, str) else None
        try:
            entry = RuleEntry.model_validate(data)
        except ValidationError as error:
            # A key that is misspelt is missing too: the spelling is what there is to mend.
            detail = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
            at_key = detail["type"] == "extra_forbidden"
            raise self._error(
                _advice(dict(detail)), "rule", number, *detail["loc"], rule=rule, at_key=at_key
            ) from error
        if entry.type not in event_types():
            hint = suggest(entry.type, event_types()) or f"; it must be one of: {', '.join(event_types())}"
            raise self._error(f"there is no type {entry.type!r}{hint}", "rule", number, "type", rule=rule)
        for position, kind in enumerate(entry.yields_to):
            if kind not in event_types():
                hint = suggest(kind, event_types())
                raise self._error(f"there is no type {kind!r}{hint}", "rule", number, "yields_to", position, rule=rule)
        return entry


def parse_rule_file(source: str, path: Path) -> RuleFile:
    """Read the text of a rule file.

    A rule that cannot be read is left out and stands in :attr:`RuleFile.refused`.

    Raises:
        RuleError: not TOML, no language, or a key at the top that cannot be used: nothing of the file can be read.
    """
    return _Parser(source, path).parse()


def read_rule_file(path: Path) -> RuleFile:
    """Read one rule file.

    Raises:
        RuleError: it cannot be read, or :func:`parse_rule_file` refuses it.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RuleError(f"is larger than {MAX_BYTES} bytes; split it", file=path)
        source = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RuleError("is not UTF-8 text; save it as UTF-8", file=path) from error
    except OSError as error:
        raise RuleError(f"cannot be read: {error.strerror}", file=path) from error
    return parse_rule_file(source, path)
