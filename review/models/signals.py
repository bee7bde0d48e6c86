"""Acts found in articles."""

from __future__ import annotations

from pydantic import Field

from review.models.base import Model
from storage.types import Status


class SignalModel(Model):
    """One act found in one article."""

    type: str
    severity: int = Field(ge=1, le=5)
    actor: str | None
    target: str | None
    status: Status
    sentence: str
    start: int = Field(description='offset of the trigger in title + "\\n" + text')
    end: int
    rule: str
    cues: tuple[str, ...]


class FoundSignalModel(Model):
    """A signal with the article whose current text holds it."""

    article_id: int
    signal: SignalModel
