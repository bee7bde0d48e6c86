"""How the values of triage stand in the history: as text that says all of a value, so that it can be given back."""

from __future__ import annotations

import json
import unicodedata

from storage.times import from_text_or_none, to_text_or_none
from storage.types.triage import (
    UNJUDGED,
    Assignee,
    LinkKind,
    Standing,
    TriageState,
    Verdict,
    VerdictReason,
)

#: a note that stands, an important story, a link that holds; nothing is written as the empty text
YES, NO = "yes", ""


def standing_text(standing: Standing) -> str:
    """Return a standing as text; a story that nobody judged as the empty text."""
    if standing == UNJUDGED:
        return NO
    return json.dumps(
        {
            "state": standing.state,
            "verdict": standing.verdict,
            "reason": standing.reason,
            "by": standing.by,
            "at": to_text_or_none(standing.at),
        },
        ensure_ascii=False,
    )


def read_standing(text: str) -> Standing:
    """Read what :func:`standing_text` wrote."""
    if not text:
        return UNJUDGED
    found = json.loads(text)
    return standing_from(found["state"], found["verdict"], found["reason"], found["by"], found["at"])


def standing_from(state: str, verdict: str | None, reason: str | None, by: str | None, at: str | None) -> Standing:
    """Build a standing from the texts of its parts."""
    return Standing(
        state=TriageState(state),
        verdict=None if verdict is None else Verdict(verdict),
        reason=None if reason is None else VerdictReason(reason),
        by=by,
        at=from_text_or_none(at),
    )


def assignee_text(assignee: Assignee | None) -> str:
    """Return an assignee as text, nobody as the empty text."""
    return NO if assignee is None else json.dumps({"name": assignee.name, "id": assignee.id}, ensure_ascii=False)


def read_assignee(text: str) -> Assignee | None:
    """Read what :func:`assignee_text` wrote."""
    if not text:
        return None
    found = json.loads(text)
    return Assignee(name=found["name"], id=found["id"])


def link_subject(other_id: int, kind: LinkKind) -> str:
    """Return the subject of a link's events."""
    return f"{other_id}:{kind}"


def read_link_subject(subject: str) -> tuple[int, LinkKind]:
    """Read what :func:`link_subject` wrote."""
    number, _, kind = subject.partition(":")
    return int(number), LinkKind(kind)


def key_of(name: str) -> str:
    """Return the key under which a tag or a name is one and the same, however its letters are written."""
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()
