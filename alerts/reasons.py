"""Every reason an article can have for alerting or not: a closed set, so that they add up.

Each article, watch and version has exactly one decision with one of them; ``docs/alerts.md`` says what each means.
"""

from __future__ import annotations

from typing import Final

from storage.types import Status

#: reasons of an alert, by the type it has on the wire
NEW: Final = frozenset({"new_story"})
UPDATE: Final = frozenset({"new_act", "higher_severity", "second_origin", "other_side"})
EDITED: Final = frozenset({"phrase_added", "phrase_removed"})
CORRECTION: Final = frozenset({"corrected", "cancelled", "denied", "withdrawn"})
ALERTING: Final = NEW | UPDATE | EDITED | CORRECTION

#: the first clause of a watch that the best signal of an article fails
CLAUSES: Final = frozenset(
    {"no_signal", "other_source", "other_language", "query", "other_pair", "other_type"}
    | {f"status_{status.value}" for status in Status}
    | {"below_severity", "below_confidence"}
)
#: over the bar, and still nothing to tell
NOTHING_NEW: Final = frozenset({"too_old", "already_told", "told_in_affair", "no_change", "taken_back", "acknowledged"})
SILENT: Final = CLAUSES | NOTHING_NEW

REASONS: Final = ALERTING | SILENT
