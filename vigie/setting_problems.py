"""What is wrong with a configuration file, in words that tell its reader what to write."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from vigie import models
from vigie.errors import ConfigurationError, Problem
from vigie.models import ConfigurationFile
from vigie.toml_lines import Location, line_of

#: names pydantic puts into a path for the kind of channel
_BRANCHES = frozenset({"email", "webhook", "apprise"})
#: tables that come in numbers
_LISTED = frozenset({"source", "watch", "channel"})
_SHORT_FORMS = {
    "bool_type": "write true or false, without quotation marks",
    "int_type": "write a whole number, without quotation marks",
    "string_type": "write text in quotation marks",
}


def problems(error: ValidationError, text: str) -> Iterator[Problem]:
    """Yield what a check of the tables found, each with its key, line and cure."""
    for detail in error.errors(include_url=False):
        location = detail["loc"]
        if location[:1] == ("channel",):
            # The name of a union's branch ("email") comes after the index, and is no part of the path in the file.
            location = (*location[:2], *(part for part in location[2:3] if part not in _BRANCHES), *location[3:])
        message = _message(dict(detail), location)
        yield Problem(key=dotted(location), message=message, line=line_of(text, location))


class Faults:
    """Gathers what is found wrong while the tables are read, so that their author hears of everything at once."""

    def __init__(self, text: str) -> None:
        """Begin with nothing found; ``text`` is the file's, for line numbers."""
        self._text = text
        self.problems: list[Problem] = []
        #: what is accepted but deserves a word to the user
        self.warnings: list[str] = []

    def report(self, location: Location, message: str) -> None:
        """Add what cannot be used."""
        self.problems.append(Problem(key=dotted(location), message=message, line=line_of(self._text, location)))

    def take(self, place: Location, error: ConfigurationError) -> None:
        """Add what was found wrong in one table, at its place in the file."""
        for problem in error.problems:
            self.report((*place, problem.key), problem.message)

    def check_names(self, location: Location, what: str, names: Iterable[str], known: set[str]) -> None:
        """Add each name that nothing is called."""
        for name in names:
            if name not in known:
                self.report(location, f"there is no {what} {name!r}{suggest(name, known)}")


def _message(detail: dict[str, Any], location: Location) -> str:
    if detail["type"] == "extra_forbidden":
        known = _known_keys(location[:-1])
        return f"unknown key{suggest(str(location[-1]), known)}; known here: {', '.join(sorted(known))}"
    if detail["type"] == "missing":
        return "is required; add it"
    if detail["type"] == "union_tag_invalid":
        return 'there is no such channel type; write type = "email", "webhook" or "apprise"'
    if detail["type"] == "union_tag_not_found":
        return 'a channel needs type = "email", "webhook" or "apprise"'
    if detail["type"] == "tuple_type":
        table = location[0] if len(location) == 1 else None
        return f"write [[{table}]] with two brackets" if table in _LISTED else f'write a list: {location[-1]} = ["…"]'
    if detail["type"] in _SHORT_FORMS:
        return _SHORT_FORMS[detail["type"]]
    if detail["type"] == "string_pattern_mismatch":
        return _pattern_message(detail, location)
    return str(detail["msg"]).removeprefix("Value error, ")


def _pattern_message(detail: dict[str, Any], location: Location) -> str:
    if "listen" in location:
        form = "'127.0.0.1:8470'"
    elif {"language", "languages"} & set(location):
        form = "two small letters such as 'fr'"
    else:
        form = "three capitals such as 'MLI', or UN, EU, AU, ECOWAS, AES"
    return f"{detail['input']!r} is not understood; write {form}"


def _known_keys(location: Location) -> set[str]:
    if not location:
        return set(ConfigurationFile.model_fields)
    name = str(location[0])
    if name == "channel":
        kinds = (models.EmailTable, models.WebhookTable, models.AppriseTable)
        return {key for kind in kinds for key in kind.model_fields}
    tables: dict[str, type[BaseModel]] = {
        "service": models.Service,
        "network": models.Network,
        "detection": models.Detection,
        "source": models.SourceTable,
        "watch": models.WatchTable,
        "delivery": models.Delivery,
        "retention": models.Retention,
    }
    model = tables.get(name)
    return set(model.model_fields) if model else set()


def suggest(name: str, known: Iterable[str]) -> str:
    """Return a question after the known name that is nearest, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def dotted(location: Location) -> str:
    """Return a place in the file as its reader counts: ``source[2].feeds``."""
    text = ""
    for part in location:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
