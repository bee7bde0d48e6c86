"""What the pages for watches and rules ask of whoever holds configuration, rules and backtests.

The page itself knows neither the configuration file nor the crawler's rules; the front door gives it a :class:`Bench`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlite_utils import Database

from detection.query import Query
from storage.types import Watch
from storage.watch_edits import WatchEdit, WatchExample

#: a definition of a watch: the keys of ``[[watch]]`` in the forms of the file
Definition = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with a definition."""

    #: key of ``[[watch]]``, empty for the whole
    key: str
    message: str
    #: character of the query, counted from 0
    position: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A definition that was read."""

    watch: Watch | None
    query: Query | None
    faults: tuple[Fault, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A watch as it stands: in the file, edited, made on the page, switched off."""

    watch_id: str
    #: the last version, None when nobody ever edited it
    edit: WatchEdit | None
    #: what the file says, None when it has no such watch
    in_file: Definition | None
    #: what holds; None for a watch that is switched off or gone
    watch: Watch | None
    query: Query | None
    #: what an editor begins with
    definition: Definition
    #: the file says something else than when the edit was made
    file_changed: bool
    #: short hash of what the file says, empty for nothing
    file_digest: str
    warnings: tuple[str, ...] = ()

    @property
    def edited(self) -> bool:
        """Whether what people edited stands in place of the file's."""
        return self.edit is not None and self.edit.definition is not None

    @property
    def version(self) -> int:
        """The number of the last version, 0 for none."""
        return 0 if self.edit is None else self.edit.version

    @property
    def enabled(self) -> bool:
        """Whether nobody switched it off."""
        return not self.edited or (self.edit is not None and self.edit.enabled)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleVerdict:
    """What a definition makes of one of its examples."""

    example: WatchExample
    alert: bool
    #: a stable machine word, and a sentence for people
    reason: str
    detail: str

    @property
    def passed(self) -> bool:
        """Whether it does what it must."""
        return self.alert == self.example.must


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A definition with what was found wrong, and what it makes of its examples."""

    checked: Checked
    examples: tuple[ExampleVerdict, ...] = ()

    @property
    def failing(self) -> tuple[ExampleVerdict, ...]:
        """The examples that do not do what they must."""
        return tuple(one for one in self.examples if not one.passed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a definition may name, each with how people call it."""

    sources: tuple[tuple[str, str], ...] = ()
    channels: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFault:
    """One thing wrong with a rule file."""

    message: str
    #: counted from 1, None where it is not known
    line: int | None = None
    column: int | None = None
    #: id of the rule, and the key in it
    rule: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTrial:
    """What a rule file comes to."""

    faults: tuple[RuleFault, ...]
    #: ids of its rules
    rules: tuple[str, ...] = ()
    #: tests inside it
    tests: int = 0
    #: False where only its form was looked at: nothing was compiled, no test was run
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A backtest that somebody started on the page."""

    number: int
    #: ``watch:ID`` or ``rule:NAME``
    about: str
    by: str
    at: datetime
    days: int
    #: ``running``, ``done``, ``failed``, ``stopped`` or ``interrupted``
    state: str
    done: int = 0
    total: int = 0
    #: what went wrong
    detail: str = ""
    #: when it ends by its pace so far, None while nothing says so
    ends_at: datetime | None = None
    #: days that would end in time where these do not by that pace; 0 for none, None where these do
    fits: int | None = None
    seconds: float = 0.0
    #: what each watch came to, as ``vigie backtest --json`` prints it; the lists of alerts are bounded
    results: tuple[Mapping[str, Any], ...] = ()
    #: what was tried: the definition, or the text of the rule file
    tried: Mapping[str, Any] = field(default_factory=dict)

    @property
    def share(self) -> int:
        """How far it is, in hundredths."""
        return min(100, 100 * self.done // self.total) if self.total else 0


class Bench(Protocol):
    """Knows the configuration, holds definitions to its rules, and runs backtests."""

    def standings(self, database: Database) -> list[Standing]:
        """Return every watch as it stands."""
        ...

    def names(self) -> Names:
        """Return what a definition may name."""
        ...

    def check(self, definition: Definition, examples: Sequence[WatchExample]) -> Trial:
        """Read a definition and try it on examples; nothing is changed."""
        ...

    def check_rule(self, name: str, text: str, *, whole: bool) -> RuleTrial:
        """Look at a rule file: at its form alone, or compiled with all others and its tests run; nothing is changed."""
        ...

    def refused_rules(self) -> Mapping[str, str]:
        """Return why files of the page's rules are not in use, by their names."""
        ...

    def runs(self, about: str) -> list[Run]:
        """Return the backtests about a watch or a rule that are kept, the newest first, without their results."""
        ...

    def run(self, number: int) -> Run | None:
        """Return one backtest with its results."""
        ...


class BareBench:
    """Stands in where no configuration is known, as in a program that only shows an archive: nothing can be tried."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        self._watches = watches

    def standings(self, database: Database) -> list[Standing]:
        """Return the watches that are known by name."""
        return [
            Standing(
                watch_id=one.id, edit=None, in_file={}, watch=one, query=None, file_changed=False, file_digest="",
                definition={"id": one.id, "name": one.name, "pairs": ["-".join(pair) for pair in one.pairs]},
            )
            for one in self._watches
        ]  # fmt: skip

    def names(self) -> Names:
        """Return nothing."""
        return Names()

    def check(self, definition: Definition, examples: Sequence[WatchExample]) -> Trial:
        """Say that nothing can be tried."""
        fault = Fault(key="", message="no configuration is known here; run 'vigie run'")
        return Trial(checked=Checked(watch=None, query=None, faults=(fault,), warnings=()))

    def check_rule(self, name: str, text: str, *, whole: bool) -> RuleTrial:
        """Say that nothing can be tried."""
        return RuleTrial(faults=(RuleFault(message="no configuration is known here; run 'vigie run'"),))

    def refused_rules(self) -> Mapping[str, str]:
        """Return nothing."""
        return {}

    def runs(self, about: str) -> list[Run]:
        """Return nothing."""
        return []

    def run(self, number: int) -> Run | None:
        """Return nothing."""
        return None
