"""The bench of a running service: its configuration, its rules, its backtests, for the pages that edit watches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlite_utils import Database

from detection.assess import assess
from detection.engine import Document, RuleSet, detect
from detection.query import Query, Subject, matches
from detection.taxonomy import event_types
from review.bench import Definition, ExampleVerdict, Names, Run, Standing, Trial
from review.errors import ChangeRefusedError
from storage import watch_edits
from storage.types import Person, Watch
from storage.watch_edits import WatchExample
from vigie.backtest_runs import BacktestRuns
from vigie.settings import Settings
from vigie.watch_definitions import check, standings


class WatchBench:
    """A :class:`review.bench.Bench`."""

    def __init__(self, settings: Settings, rules: Callable[[], RuleSet], runs: BacktestRuns) -> None:
        """Prepare.

        Args:
            settings: as the file gives them.
            rules: those in use.
            runs: the backtests.
        """
        self._settings = settings
        self._rules = rules
        self._runs = runs
        self._countries = {source.id: source.country for source in settings.sources if source.country}

    def standings(self, database: Database) -> list[Standing]:
        """Return every watch as it stands."""
        return standings(self._settings, watch_edits.latest(database))

    def names(self) -> Names:
        """Return what a definition may name."""
        return Names(
            sources=tuple((source.id, source.name) for source in self._settings.sources),
            channels=tuple(channel.id for channel in self._settings.channels),
            types=tuple(sorted(event_types())),
        )

    def check(self, definition: Definition, examples: Sequence[WatchExample]) -> Trial:
        """Read a definition and try it on examples; nothing is changed."""
        checked = check(definition, self._settings)
        if checked.watch is None:
            return Trial(checked=checked)
        rules = self._rules()
        watch, query = checked.watch, checked.query
        return Trial(checked=checked, examples=tuple(self._try(watch, query, rules, one) for one in examples))

    def _try(self, watch: Watch, query: Query | None, rules: RuleSet, example: WatchExample) -> ExampleVerdict:
        document = Document(
            title=example.title, text=example.text, published_at=example.at, language=example.language
        )  # fmt: skip
        found = detect(document, rules)
        # Pasted text comes from no outlet; a clause about outlets must not decide on it.
        source_id = example.source_id or (watch.sources[0] if watch.sources else "")
        language = example.language or found.language
        subject = Subject(
            title=example.title, text=example.text, source_id=source_id, language=language,
            country=self._countries.get(source_id), origin=source_id, authors=(), signals=found.signals,
        )  # fmt: skip
        holds = query is None or matches(query, subject)
        judged = assess(found.signals, watch, language=language, source_id=source_id, query_matches=holds)
        return ExampleVerdict(example=example, alert=judged.alert, reason=judged.reason, detail=judged.detail)

    def runs(self, about: str) -> list[Run]:
        """Return the backtests about a watch or a rule that are kept, the newest first, without their results."""
        return self._runs.runs(about)

    def run(self, number: int) -> Run | None:
        """Return one backtest with its results."""
        return self._runs.run(number)

    # --- what is no change of the archive ------------------------------------------------------------

    async def perform(self, name: str, given: dict[str, Any], by: Person) -> str | None:
        """Start or stop a backtest; None for what is none of the bench's.

        Raises:
            ChangeRefusedError: another one runs, or the definition cannot be used.
        """
        if name == "start_backtest":
            checked = check(given["definition"], self._settings)
            if checked.watch is None:
                raise ChangeRefusedError("; ".join(f"{fault.key}: {fault.message}" for fault in checked.faults))
            number = await self._runs.start(
                self._settings, (checked.watch,), about=f"watch:{checked.watch.id}", days=int(given["days"]),
                by=by.name, tried=given["definition"],
            )  # fmt: skip
            return str(number)
        if name == "stop_backtest":
            self._runs.stop(int(given["number"]))
            return str(given["number"])
        return None
