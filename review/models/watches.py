"""Watches as they hold."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from review.models.base import Model, Pair
from storage.types import Status, Watch


class WatchModel(Model):
    """What somebody wants to be told about, and through which channels; an empty list means any."""

    id: str
    name: str
    pairs: tuple[Pair, ...] = Field(description="unordered pairs of states")
    types: tuple[str, ...]
    min_severity: int
    min_confidence: float
    statuses: tuple[Status, ...]
    query: str | None
    sources: tuple[str, ...]
    languages: tuple[str, ...]
    channels: tuple[str, ...]
    max_age_seconds: float | None = Field(description="what was published longer ago is recorded, not told")
    cooldown_seconds: float | None
    timezone: str | None
    escalate_after_seconds: float | None
    escalate_to: tuple[str, ...]

    @classmethod
    def of(cls, watch: Watch) -> WatchModel:
        """Build it from a watch."""
        timed = ("max_age", "cooldown", "escalate_after")
        names = cls.model_fields.keys() - {f"{name}_seconds" for name in timed}
        return cls(
            **{f"{name}_seconds": _seconds(getattr(watch, name)) for name in timed},
            **{name: getattr(watch, name) for name in names},
        )


class WatchList(Model):
    """The watches that hold."""

    watches: tuple[WatchModel, ...]


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()
