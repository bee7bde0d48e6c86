"""What is read and what it gives: a document, its signals, and the steps that explain them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.types import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text to read. ``lede`` is the standfirst where ``text`` does not hold it; it helps to tell the language."""

    title: str
    text: str
    published_at: datetime | None = None
    #: ISO 639-1, or None to have it identified
    language: str | None = None
    lede: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One match and what became of it: the material of explanations."""

    #: number of the sentence, 0 for the title
    sentence_index: int
    sentence: str
    rule: str
    type: str
    trigger: str
    actor: str | None = None
    target: str | None = None
    #: where the roles were found
    actor_from: str = ""
    target_from: str = ""
    status: str = ""
    cues: tuple[str, ...] = ()
    kept: bool = False
    #: why it was dropped, or ``kept``
    reason: str = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What a document gave."""

    #: ISO 639-1, or None when neither the document nor its text tells
    language: str | None
    signals: tuple[Signal, ...] = ()
    trace: tuple[Step, ...] = ()
    #: what was not read, in sentences for people; empty for any press article
    unread: tuple[str, ...] = ()
