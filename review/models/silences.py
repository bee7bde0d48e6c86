"""Silences."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from review.models.base import Model, Pair
from storage.types import Silence


class SilenceModel(Model):
    """A time in which alerts that match are recorded and not sent; a part that is null matches any."""

    id: int
    state: Literal["running", "over"]
    hid: int = Field(description="how many alerts it holds back")
    watch_id: str | None
    story_id: int | None
    pair: Pair | None
    one_way: bool
    types: tuple[str, ...]
    max_severity: int | None
    source_id: str | None
    author: str
    reason: str
    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, silence: Silence, hid: int, now: datetime) -> SilenceModel:
        """Build it from a silence and how many alerts it holds back."""
        names = cls.model_fields.keys() - {"state", "hid"}
        running = silence.closed_at is None and silence.ends_at > now
        return cls(state="running" if running else "over", hid=hid, **{name: getattr(silence, name) for name in names})


class SilenceList(Model):
    """A page of silences, the latest end first."""

    silences: tuple[SilenceModel, ...]
    next: str | None = Field(description="value of `before` for the following page, null on the last one")
