"""What notices carry of alerts and silences, as parts of their webhook body."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class ActFacts(_Part):
    """The act that an alert tells first."""

    type: str
    actor: str | None
    target: str | None
    severity: int


class AlertFacts(_Part):
    """An alert that a notice tells of."""

    id: str
    watch: str
    story: int | None
    severity: int
    headline: str
    #: empty where the notice names many
    summary: str = ""
    created: datetime
    url: str
    #: None for a notice
    act: ActFacts | None
    #: acts that it tells
    acts: int
    update: bool
    #: why it was raised; empty for a notice
    reason: str = ""


class SilenceFacts(_Part):
    """A silence that ended."""

    id: int
    author: str
    reason: str
    starts: datetime
    ends: datetime
    #: what it held back, such as ``watch france-mali, severity up to 3``
    matches: str
