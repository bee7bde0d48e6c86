"""A watch's form: its fields as a definition in the forms of the file, and the other way round. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from review.bench import Definition
from review.forms import Fields

#: keys that are one line of text, left out when empty
_LINES = (
    "name", "max_age", "quiet_hours", "digest", "cooldown", "timezone", "escalate_after",
)  # fmt: skip
#: keys of which each value is a box to tick
_BOXES = ("types", "statuses", "sources", "channels", "escalate_to")
#: bytes of the form
LARGEST = 96 * 1024
#: days of a backtest to choose from
DAYS = (7, 30, 90, 180, 365)
USUAL_DAYS = 90

_SPLIT = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchForm:
    """What stands in the fields."""

    id: str
    lines: Mapping[str, str]
    query: str
    pairs: str
    min_severity: str
    min_confidence: str
    languages: str
    boxes: Mapping[str, frozenset[str]]

    def line(self, key: str) -> str:
        """Return the text of a field, empty for none."""
        return self.lines.get(key, "")

    def ticked(self, key: str, value: str) -> bool:
        """Whether a box is ticked."""
        return value in self.boxes.get(key, frozenset())


def definition_of(fields: Fields, watch_id: str) -> dict[str, Any]:
    """Return the definition that a form holds; what cannot be read stays as it was written, for a check to name."""
    found: dict[str, Any] = {"id": watch_id}
    for key in _LINES:
        text = fields.get(key, "").strip()
        if text:
            found[key] = text
    query = fields.get("query", "").replace("\r\n", "\n").strip()
    if query:
        found["query"] = query
    pairs = [part.strip() for part in re.split(r"[\n,;]+", fields.get("pairs", "")) if part.strip()]
    if pairs:
        found["pairs"] = [pair.upper() for pair in pairs]
    languages = [part for part in _SPLIT.split(fields.get("languages", "")) if part]
    if languages:
        found["languages"] = [language.lower() for language in languages]
    found["min_severity"] = _whole(fields.get("min_severity", ""), 2)
    confidence = fields.get("min_confidence", "").strip().replace(",", ".")
    if confidence:
        found["min_confidence"] = _decimal(confidence)
    for key in _BOXES:
        values = list(dict.fromkeys(fields.all(key)))
        if values:
            found[key] = values
    found.setdefault("statuses", ["asserted"] if "sent" not in fields else [])
    return found


def _whole(text: str, usual: int) -> Any:
    text = text.strip()
    return int(text) if re.fullmatch(r"\d{1,4}", text, re.ASCII) else text or usual


def _decimal(text: str) -> Any:
    return float(text) if re.fullmatch(r"\d{1,4}(?:\.\d{1,6})?", text, re.ASCII) else text


def form_of(definition: Definition, watch_id: str) -> WatchForm:
    """Return the fields that show a definition."""
    boxes = {key: frozenset(str(value) for value in definition.get(key) or ()) for key in _BOXES}
    if "statuses" not in definition:
        boxes["statuses"] = frozenset({"asserted"})
    return WatchForm(
        id=watch_id,
        lines={key: str(definition[key]) for key in _LINES if key in definition},
        query=str(definition.get("query") or ""),
        pairs="\n".join(_pair(pair) for pair in definition.get("pairs") or ()),
        min_severity=str(definition.get("min_severity", 2)),
        min_confidence=str(definition.get("min_confidence", "")),
        languages=", ".join(str(one) for one in definition.get("languages") or ()),
        boxes=boxes,
    )


def _pair(pair: Any) -> str:
    return "-".join(str(one) for one in pair) if isinstance(pair, list | tuple) else str(pair)
