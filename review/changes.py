"""What one version of an article changed, as the page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from detection.revisions import Op, Span, spans_by_line, word_diff
from storage.types import Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """A version beside the one before it."""

    #: number of the version before
    since: int
    title: tuple[Span, ...]
    #: the paragraphs that changed
    lines: tuple[tuple[Span, ...], ...]


def changes_of(revisions: list[Revision], shown: Revision) -> Changes | None:
    """Return what ``shown`` changed, or None for the first version."""
    before = next((revision for revision in revisions if revision.number == shown.number - 1), None)
    if before is None:
        return None
    lines = spans_by_line(word_diff(_text(before), _text(shown)))
    return Changes(
        since=before.number,
        title=word_diff(before.title, shown.title),
        lines=tuple(line for line in lines if any(span.op is not Op.EQUAL for span in line)),
    )


def _text(revision: Revision) -> str:
    return f"{revision.lede}\n{revision.text}" if revision.lede else revision.text
